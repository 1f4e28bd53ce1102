// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// convert.c: conversions between integers and floating point, scalar and vector.
//
// The machine's float to integer conversions give the smallest integer ("indefinite") for a NaN and for what does not
// fit, so one comparison finds nearly every bad value.
#include "source.h"

#define RARE(condition) __builtin_expect((condition), 0)
#define INDEFINITE ((s64)1 << 63)

static inline s64 s64_of_f32(v128 x) {
  return _mm_cvttss_si64((__m128)x);
}
static inline s64 s64_of_f64(v128 x) {
  return _mm_cvttsd_si64((__m128d)x);
}

// ---- to integer, with traps ----
#define FAIL(of)                                                                                                       \
  do {                                                                                                                 \
    if (of(x) != of(x))                                                                                                \
      TRAP(CONVERSION);                                                                                                \
    TRAP(OVERFLOW);                                                                                                    \
  } while (0)
// Everything that fits 32 bits, of either sign, fits the 64 that are converted to.
#define TRUNC32(F, letter, of, convert)                                                                                \
  STENCIL(I32_TRUNC_##F##_S, letter##_i, {                                                                             \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide != (s32)wide))                                                                                       \
      FAIL(of);                                                                                                        \
    a = (u32)wide;                                                                                                     \
  })                                                                                                                   \
  STENCIL(I32_TRUNC_##F##_U, letter##_i, {                                                                             \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide != (u32)wide))                                                                                       \
      FAIL(of);                                                                                                        \
    a = (u32)wide;                                                                                                     \
  })
TRUNC32(F32, f, f32_of, s64_of_f32)
TRUNC32(F64, F, f64_of, s64_of_f64)
// -2^63 is a value as well as the sign of failure. Unsigned: the upper half of the range is converted less 2^63.
#define TRUNC64(F, letter, of, to, convert)                                                                            \
  STENCIL(I64_TRUNC_##F##_S, letter##_I, {                                                                             \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide == INDEFINITE) && of(x) != -0x1p63)                                                                  \
      FAIL(of);                                                                                                        \
    a = (u64)wide;                                                                                                     \
  })                                                                                                                   \
  STENCIL(I64_TRUNC_##F##_U, letter##_I, {                                                                             \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide < 0)) {                                                                                              \
      wide = convert(to(of(x) - 0x1p63f));                                                                             \
      if (of(x) < 0x1p63f || wide < 0 || of(x) != of(x))                                                               \
        FAIL(of);                                                                                                      \
      wide ^= INDEFINITE;                                                                                              \
    }                                                                                                                  \
    a = (u64)wide;                                                                                                     \
  })
TRUNC64(F32, f, f32_of, of_f32, s64_of_f32)
TRUNC64(F64, F, f64_of, of_f64, s64_of_f64)

// ---- to integer, saturating ----
#define SAT32(F, letter, of, convert)                                                                                  \
  STENCIL(I32_TRUNC_SAT_##F##_S, letter##_i, {                                                                         \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide != (s32)wide))                                                                                       \
      wide = of(x) != of(x) ? 0 : of(x) < 0 ? (s64)0x80000000 : 0x7fffffff;                                            \
    a = (u32)wide;                                                                                                     \
  })                                                                                                                   \
  STENCIL(I32_TRUNC_SAT_##F##_U, letter##_i, {                                                                         \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide != (u32)wide))                                                                                       \
      wide = of(x) > 0 ? 0xffffffff : 0;                                                                               \
    a = (u32)wide;                                                                                                     \
  })
SAT32(F32, f, f32_of, s64_of_f32)
SAT32(F64, F, f64_of, s64_of_f64)
#define SAT64(F, letter, of, to, convert)                                                                              \
  STENCIL(I64_TRUNC_SAT_##F##_S, letter##_I, {                                                                         \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide == INDEFINITE))                                                                                      \
      wide = of(x) != of(x) ? 0 : of(x) < 0 ? INDEFINITE : ~INDEFINITE;                                                \
    a = (u64)wide;                                                                                                     \
  })                                                                                                                   \
  STENCIL(I64_TRUNC_SAT_##F##_U, letter##_I, {                                                                         \
    s64 wide = convert(x);                                                                                             \
    if (RARE(wide < 0)) {                                                                                              \
      if (of(x) >= 0x1p64f)                                                                                            \
        wide = -1;                                                                                                     \
      else if (of(x) >= 0x1p63f)                                                                                       \
        wide = convert(to(of(x) - 0x1p63f)) ^ INDEFINITE;                                                              \
      else                                                                                                             \
        wide = 0;                                                                                                      \
    }                                                                                                                  \
    a = (u64)wide;                                                                                                     \
  })
SAT64(F32, f, f32_of, of_f32, s64_of_f32)
SAT64(F64, F, f64_of, of_f64, s64_of_f64)

// ---- from integer; between the two ----
// Into a register made zero first, so that the conversion does not wait for what was in it. In assembly: the compiler
// knows only the value, and converts into whatever register is at hand.
#ifdef __AVX__
#define CONVERT_TO(op) asm("v" op " %1,%0,%0" : "+x"(x) : "r"(number))
#else
#define CONVERT_TO(op) asm(op " %1,%0" : "+x"(x) : "r"(number))
#endif
static inline v128 f32_of_s32(s32 number) {
  v128 x = {0};
  CONVERT_TO("cvtsi2ssl");
  return x;
}
static inline v128 f32_of_s64(s64 number) {
  v128 x = {0};
  CONVERT_TO("cvtsi2ssq");
  return x;
}
static inline v128 f64_of_s32(s32 number) {
  v128 x = {0};
  CONVERT_TO("cvtsi2sdl");
  return x;
}
static inline v128 f64_of_s64(s64 number) {
  v128 x = {0};
  CONVERT_TO("cvtsi2sdq");
  return x;
}
STENCIL(F32_CONVERT_I32_S, i_f, x = f32_of_s32((s32)a))
STENCIL(F32_CONVERT_I32_U, i_f, x = f32_of_s64((s64)(u32)a))
STENCIL(F32_CONVERT_I64_S, I_f, x = f32_of_s64((s64)a))
STENCIL(F64_CONVERT_I32_S, i_F, x = f64_of_s32((s32)a))
STENCIL(F64_CONVERT_I32_U, i_F, x = f64_of_s64((s64)(u32)a))
STENCIL(F64_CONVERT_I64_S, I_F, x = f64_of_s64((s64)a))
// Halved with the lost bit kept for rounding when the sign bit is set.
#define CONVERT_U64(F, letter, convert, twice)                                                                         \
  STENCIL(F##_CONVERT_I64_U, I_##letter, {                                                                             \
    if (RARE((s64)a < 0)) {                                                                                            \
      v128 half = convert((s64)(a >> 1 | (a & 1)));                                                                    \
      x = twice;                                                                                                       \
    } else {                                                                                                           \
      x = convert((s64)a);                                                                                             \
    }                                                                                                                  \
  })
CONVERT_U64(F32, f, f32_of_s64, (v128)_mm_add_ss((__m128)half, (__m128)half))
CONVERT_U64(F64, F, f64_of_s64, (v128)_mm_add_sd((__m128d)half, (__m128d)half))
STENCIL(F32_DEMOTE_F64, F_f, x = of_f32((float)f64_of(x)))
STENCIL(F64_PROMOTE_F32, f_F, x = of_f64((double)f32_of(x)))
STENCIL(I32_REINTERPRET_F32, f_i, a = ((u32x4)x)[0])
STENCIL(I64_REINTERPRET_F64, F_I, a = x[0])
STENCIL(F32_REINTERPRET_I32, i_f, x = (v128)_mm_cvtsi32_si128((s32)a))
STENCIL(F64_REINTERPRET_I64, I_F, x = of_u64(a))

// ---- vectors ----
STENCIL(F32X4_CONVERT_I32X4_S, v_v, x = (v128) __builtin_convertvector((s32x4)x, f32x4))
STENCIL(F32X4_CONVERT_I32X4_U, v_v, x = (v128) __builtin_convertvector((u32x4)x, f32x4))
STENCIL(F64X2_CONVERT_LOW_I32X4_S, v_v, x = (v128)_mm_cvtepi32_pd((__m128i)x))
// The lanes become the low halves of doubles from 2^52.
STENCIL(F64X2_CONVERT_LOW_I32X4_U, v_v, {
  __m128i biased = _mm_unpacklo_epi32((__m128i)x, _mm_set1_epi32(0x43300000));
  x = (v128)((f64x2)biased - SPLAT(f64x2, 0x1p52));
})
STENCIL(F32X4_DEMOTE_F64X2_ZERO, v_v, x = (v128)_mm_cvtpd_ps((__m128d)x))
STENCIL(F64X2_PROMOTE_LOW_F32X4, v_v, x = (v128)_mm_cvtps_pd((__m128)x))

// NaNs become zeroes first; what is too large turns from the smallest into the largest.
static inline v128 trunc_sat_f32x4_s(v128 x) {
  v128 number = x & (v128)((f32x4)x == (f32x4)x);
  v128 large = (v128)((f32x4)number >= SPLAT(f32x4, 0x1p31f));
  return (v128)_mm_cvttps_epi32((__m128)number) ^ large;
}
// The value below 2^31, plus how far it reaches beyond, cut at 2^32 - 1.
static inline v128 trunc_sat_f32x4_u(v128 x) {
  __m128 positive = _mm_max_ps((__m128)x, _mm_setzero_ps());
  __m128 beyond = (__m128)((f32x4)positive - SPLAT(f32x4, 0x1p31f));
  v128 large = (v128)((f32x4)beyond >= SPLAT(f32x4, 0x1p31f));
  __m128i rest = _mm_max_epi32((__m128i)((v128)_mm_cvttps_epi32(beyond) ^ large), _mm_setzero_si128());
  return (v128)((u32x4)_mm_cvttps_epi32(positive) + (u32x4)rest);
}
static inline v128 trunc_sat_f64x2_s(v128 x) {
  v128 number = x & (v128)((f64x2)x == (f64x2)x);
  return (v128)_mm_cvttpd_epi32(_mm_min_pd((__m128d)number, _mm_set1_pd(2147483647.0)));
}
// A whole number below 2^32 added to 2^52 is the low half of the sum.
static inline v128 trunc_sat_f64x2_u(v128 x) {
  __m128d positive = _mm_max_pd((__m128d)x, _mm_setzero_pd());
  __m128d whole = _mm_round_pd(_mm_min_pd(positive, _mm_set1_pd(4294967295.0)), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
  __m128 sum = (__m128)((f64x2)whole + SPLAT(f64x2, 0x1p52));
  return (v128)_mm_shuffle_ps(sum, _mm_setzero_ps(), _MM_SHUFFLE(0, 0, 2, 0));
}
STENCIL(I32X4_TRUNC_SAT_F32X4_S, v_v, x = trunc_sat_f32x4_s(x))
STENCIL(I32X4_TRUNC_SAT_F32X4_U, v_v, x = trunc_sat_f32x4_u(x))
STENCIL(I32X4_TRUNC_SAT_F64X2_S_ZERO, v_v, x = trunc_sat_f64x2_s(x))
STENCIL(I32X4_TRUNC_SAT_F64X2_U_ZERO, v_v, x = trunc_sat_f64x2_u(x))
STENCIL(I32X4_RELAXED_TRUNC_F32X4_S, v_v, x = (v128)_mm_cvttps_epi32((__m128)x))
STENCIL(I32X4_RELAXED_TRUNC_F32X4_U, v_v, x = trunc_sat_f32x4_u(x))
STENCIL(I32X4_RELAXED_TRUNC_F64X2_S_ZERO, v_v, x = (v128)_mm_cvttpd_epi32((__m128d)x))
STENCIL(I32X4_RELAXED_TRUNC_F64X2_U_ZERO, v_v, x = trunc_sat_f64x2_u(x))
