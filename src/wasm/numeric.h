// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// numeric.h: the numeric instructions that are more than a C operator (core specification, 4.3): what opcodes.def
// names in its expressions. Exact under gcc and clang without -ffast-math; f32 is computed in float throughout.
//
// NaNs: arithmetic on a NaN gives a quiet NaN with the payload the processor keeps, which the specification allows
// (an arithmetic NaN; a canonical one when all inputs are). abs, neg and copysign change the sign bit only.
#ifndef COVE_WASM_NUMERIC_H
#define COVE_WASM_NUMERIC_H

#include "base/base.h"

// Whether an instruction that can trap did.
typedef enum cv_num_status {
  CV_NUM_OK = 0,
  CV_NUM_DIV_ZERO = 1,           // "integer divide by zero"
  CV_NUM_OVERFLOW = 2,           // "integer overflow"
  CV_NUM_INVALID_CONVERSION = 3, // "invalid conversion to integer"
} cv_num_status;

static inline uint32_t cv_f32_bits(float a) {
  uint32_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}
static inline float cv_f32_of_bits(uint32_t bits) {
  float a;
  memcpy(&a, &bits, sizeof a);
  return a;
}
static inline uint64_t cv_f64_bits(double a) {
  uint64_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}
static inline double cv_f64_of_bits(uint64_t bits) {
  double a;
  memcpy(&a, &bits, sizeof a);
  return a;
}

static inline uint32_t cv_i32_clz(uint32_t a) {
  return a == 0 ? 32 : (uint32_t)__builtin_clz(a);
}
static inline uint32_t cv_i32_ctz(uint32_t a) {
  return a == 0 ? 32 : (uint32_t)__builtin_ctz(a);
}
static inline uint32_t cv_i32_popcnt(uint32_t a) {
  return (uint32_t)__builtin_popcount(a);
}
static inline uint64_t cv_i64_clz(uint64_t a) {
  return a == 0 ? 64 : (uint64_t)__builtin_clzll(a);
}
static inline uint64_t cv_i64_ctz(uint64_t a) {
  return a == 0 ? 64 : (uint64_t)__builtin_ctzll(a);
}
static inline uint64_t cv_i64_popcnt(uint64_t a) {
  return (uint64_t)__builtin_popcountll(a);
}

// Division and remainder. The remainder of the smallest number by -1 is 0, not an overflow.
#define CV_DEFINE_DIV(t, unsigned_t, signed_t, smallest)                                                               \
  static inline cv_num_status cv_##t##_div_s(unsigned_t a, unsigned_t b, unsigned_t *result) {                         \
    if (CV_UNLIKELY(b == 0))                                                                                           \
      return CV_NUM_DIV_ZERO;                                                                                          \
    if (CV_UNLIKELY(a == (unsigned_t)(smallest) && b == (unsigned_t) - 1))                                             \
      return CV_NUM_OVERFLOW;                                                                                          \
    *result = (unsigned_t)((signed_t)a / (signed_t)b);                                                                 \
    return CV_NUM_OK;                                                                                                  \
  }                                                                                                                    \
  static inline cv_num_status cv_##t##_div_u(unsigned_t a, unsigned_t b, unsigned_t *result) {                         \
    if (CV_UNLIKELY(b == 0))                                                                                           \
      return CV_NUM_DIV_ZERO;                                                                                          \
    *result = a / b;                                                                                                   \
    return CV_NUM_OK;                                                                                                  \
  }                                                                                                                    \
  static inline cv_num_status cv_##t##_rem_s(unsigned_t a, unsigned_t b, unsigned_t *result) {                         \
    if (CV_UNLIKELY(b == 0))                                                                                           \
      return CV_NUM_DIV_ZERO;                                                                                          \
    *result = b == (unsigned_t) - 1 ? 0 : (unsigned_t)((signed_t)a % (signed_t)b);                                     \
    return CV_NUM_OK;                                                                                                  \
  }                                                                                                                    \
  static inline cv_num_status cv_##t##_rem_u(unsigned_t a, unsigned_t b, unsigned_t *result) {                         \
    if (CV_UNLIKELY(b == 0))                                                                                           \
      return CV_NUM_DIV_ZERO;                                                                                          \
    *result = a % b;                                                                                                   \
    return CV_NUM_OK;                                                                                                  \
  }
CV_DEFINE_DIV(i32, uint32_t, int32_t, INT32_MIN)
CV_DEFINE_DIV(i64, uint64_t, int64_t, INT64_MIN)
#undef CV_DEFINE_DIV

// Float to integer. `above` < a < `below` (or `above` <= a, where the bound itself is a number of the source type that
// truncates into range) is what fits; `lowest` and `highest` are the ends of the range for the saturating form.
#define CV_DEFINE_TRUNC(to, from, sign, to_c, from_c, fits, middle_c, lowest, highest)                                 \
  static inline cv_num_status cv_##to##_trunc_##from##_##sign(from_c a, to_c *result) {                                \
    if (CV_UNLIKELY(a != a))                                                                                           \
      return CV_NUM_INVALID_CONVERSION;                                                                                \
    if (CV_UNLIKELY(!(fits)))                                                                                          \
      return CV_NUM_OVERFLOW;                                                                                          \
    *result = (to_c)(middle_c)a;                                                                                       \
    return CV_NUM_OK;                                                                                                  \
  }                                                                                                                    \
  static inline to_c cv_##to##_trunc_sat_##from##_##sign(from_c a) {                                                   \
    if (CV_LIKELY(fits))                                                                                               \
      return (to_c)(middle_c)a;                                                                                        \
    return a != a ? 0 : a < 0 ? (to_c)(lowest) : (to_c)(highest);                                                      \
  }
CV_DEFINE_TRUNC(i32, f32, s, uint32_t, float, a >= -0x1p31f && a < 0x1p31f, int32_t, INT32_MIN, INT32_MAX)
CV_DEFINE_TRUNC(i32, f32, u, uint32_t, float, a > -1.0f && a < 0x1p32f, uint32_t, 0, UINT32_MAX)
CV_DEFINE_TRUNC(i32, f64, s, uint32_t, double, a > -0x1.000000020p31 && a < 0x1p31, int32_t, INT32_MIN, INT32_MAX)
CV_DEFINE_TRUNC(i32, f64, u, uint32_t, double, a > -1.0 && a < 0x1p32, uint32_t, 0, UINT32_MAX)
CV_DEFINE_TRUNC(i64, f32, s, uint64_t, float, a >= -0x1p63f && a < 0x1p63f, int64_t, INT64_MIN, INT64_MAX)
CV_DEFINE_TRUNC(i64, f32, u, uint64_t, float, a > -1.0f && a < 0x1p64f, uint64_t, 0, UINT64_MAX)
CV_DEFINE_TRUNC(i64, f64, s, uint64_t, double, a >= -0x1p63 && a < 0x1p63, int64_t, INT64_MIN, INT64_MAX)
CV_DEFINE_TRUNC(i64, f64, u, uint64_t, double, a > -1.0 && a < 0x1p64, uint64_t, 0, UINT64_MAX)
#undef CV_DEFINE_TRUNC

// Floating-point functions. Rounding goes to the C library or one instruction; a NaN is quieted first, since not every
// C library does. nearest is to even: rint in the default rounding mode, which the library never changes.
#define CV_DEFINE_FLOAT(t, c, bits_c, sign, suffix)                                                                    \
  static inline c cv_##t##_abs(c a) {                                                                                  \
    return cv_##t##_of_bits(cv_##t##_bits(a) & ~(bits_c)(sign));                                                       \
  }                                                                                                                    \
  static inline c cv_##t##_neg(c a) {                                                                                  \
    return cv_##t##_of_bits(cv_##t##_bits(a) ^ (bits_c)(sign));                                                        \
  }                                                                                                                    \
  static inline c cv_##t##_copysign(c a, c b) {                                                                        \
    return cv_##t##_of_bits((cv_##t##_bits(a) & ~(bits_c)(sign)) | (cv_##t##_bits(b) & (bits_c)(sign)));               \
  }                                                                                                                    \
  static inline c cv_##t##_ceil(c a) {                                                                                 \
    return a != a ? a + a : __builtin_ceil##suffix(a);                                                                 \
  }                                                                                                                    \
  static inline c cv_##t##_floor(c a) {                                                                                \
    return a != a ? a + a : __builtin_floor##suffix(a);                                                                \
  }                                                                                                                    \
  static inline c cv_##t##_trunc(c a) {                                                                                \
    return a != a ? a + a : __builtin_trunc##suffix(a);                                                                \
  }                                                                                                                    \
  static inline c cv_##t##_nearest(c a) {                                                                              \
    return a != a ? a + a : __builtin_rint##suffix(a);                                                                 \
  }                                                                                                                    \
  static inline c cv_##t##_sqrt(c a) {                                                                                 \
    return __builtin_sqrt##suffix(a);                                                                                  \
  }                                                                                                                    \
  /* Equal numbers differ at most in the sign of zero: -0 is the smaller one. */                                       \
  static inline c cv_##t##_min(c a, c b) {                                                                             \
    if (a < b)                                                                                                         \
      return a;                                                                                                        \
    if (a > b)                                                                                                         \
      return b;                                                                                                        \
    return a == b ? cv_##t##_of_bits(cv_##t##_bits(a) | cv_##t##_bits(b)) : a + b;                                     \
  }                                                                                                                    \
  static inline c cv_##t##_max(c a, c b) {                                                                             \
    if (a > b)                                                                                                         \
      return a;                                                                                                        \
    if (a < b)                                                                                                         \
      return b;                                                                                                        \
    return a == b ? cv_##t##_of_bits(cv_##t##_bits(a) & cv_##t##_bits(b)) : a + b;                                     \
  }
CV_DEFINE_FLOAT(f32, float, uint32_t, 0x80000000u, f)
CV_DEFINE_FLOAT(f64, double, uint64_t, 0x8000000000000000ull, )
#undef CV_DEFINE_FLOAT

// Wide arithmetic: 128-bit numbers as a low and a high half.
typedef struct cv_i128 {
  uint64_t low, high;
} cv_i128;

static inline cv_i128 cv_i64_add128(uint64_t a_low, uint64_t a_high, uint64_t b_low, uint64_t b_high) {
  uint64_t low = a_low + b_low;
  return (cv_i128){low, a_high + b_high + (low < a_low)};
}
static inline cv_i128 cv_i64_sub128(uint64_t a_low, uint64_t a_high, uint64_t b_low, uint64_t b_high) {
  return (cv_i128){a_low - b_low, a_high - b_high - (a_low < b_low)};
}
static inline cv_i128 cv_i64_mul_wide_u(uint64_t a, uint64_t b) {
  __extension__ unsigned __int128 product = (unsigned __int128)a * b;
  return (cv_i128){(uint64_t)product, (uint64_t)(product >> 64)};
}
static inline cv_i128 cv_i64_mul_wide_s(uint64_t a, uint64_t b) {
  __extension__ __int128 product = (__int128)(int64_t)a * (int64_t)b;
  return (cv_i128){(uint64_t)product, (uint64_t)(product >> 64)};
}

#endif
