// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd.h: the vector instructions as functions of cv_v128, named cv_ and the mnemonic (core specification, 4.3 and
// 4.4). Written with the vector extension of gcc and clang, so that plain ones become one instruction, and as loops
// over lanes where there is no operator.
//
// Relaxed operations have one fixed meaning on every machine, among those the specification offers:
//   relaxed_swizzle          indices 16..127 select lane index mod 16, 128..255 give 0 (pshufb)
//   relaxed_trunc signed     out of range and NaN give the smallest integer (cvttps2dq, cvttpd2dq)
//   relaxed_trunc unsigned   as trunc_sat
//   relaxed_madd, nmadd      unfused: two roundings, so that a machine without FMA agrees with one that has it
//   relaxed_laneselect       as bitselect
//   relaxed_min, max         the second operand unless the first is strictly smaller, greater (minps, maxps)
//   relaxed_q15mulr          -32768 * -32768 gives -32768 (pmulhrsw)
//   relaxed_dot              second operand unsigned, pairs summed with signed saturation (pmaddubsw)
#ifndef COVE_WASM_SIMD_H
#define COVE_WASM_SIMD_H

#include "wasm/numeric.h"
#include "wasm/types.h"

typedef int8_t cv_i8x16 __attribute__((vector_size(16)));
typedef uint8_t cv_u8x16 __attribute__((vector_size(16)));
typedef int16_t cv_i16x8 __attribute__((vector_size(16)));
typedef uint16_t cv_u16x8 __attribute__((vector_size(16)));
typedef int32_t cv_i32x4 __attribute__((vector_size(16)));
typedef uint32_t cv_u32x4 __attribute__((vector_size(16)));
typedef int64_t cv_i64x2 __attribute__((vector_size(16)));
typedef uint64_t cv_u64x2 __attribute__((vector_size(16)));
typedef float cv_f32x4 __attribute__((vector_size(16)));
typedef double cv_f64x2 __attribute__((vector_size(16)));

// Where mask has a bit take it from a, else from b.
static inline cv_v128 cv_v128_bitselect(cv_v128 a, cv_v128 b, cv_v128 mask) {
  return (a & mask) | (b & ~mask);
}
static inline cv_v128 cv_v128_not(cv_v128 a) {
  return ~a;
}
static inline cv_v128 cv_v128_and(cv_v128 a, cv_v128 b) {
  return a & b;
}
static inline cv_v128 cv_v128_andnot(cv_v128 a, cv_v128 b) {
  return a & ~b;
}
static inline cv_v128 cv_v128_or(cv_v128 a, cv_v128 b) {
  return a | b;
}
static inline cv_v128 cv_v128_xor(cv_v128 a, cv_v128 b) {
  return a ^ b;
}
static inline uint32_t cv_v128_any_true(cv_v128 a) {
  cv_u64x2 v = (cv_u64x2)a;
  return (v[0] | v[1]) != 0;
}

// One function from an expression in the typed views x and y of its operands a and b.
#define CV_LANES1(name, view, expr)                                                                                    \
  static inline cv_v128 cv_##name(cv_v128 a) {                                                                         \
    view x = (view)a;                                                                                                  \
    return (cv_v128)(expr);                                                                                            \
  }
#define CV_LANES2(name, view, expr)                                                                                    \
  static inline cv_v128 cv_##name(cv_v128 a, cv_v128 b) {                                                              \
    view x = (view)a, y = (view)b;                                                                                     \
    return (cv_v128)(expr);                                                                                            \
  }
// The same lane by lane: `expr` in the loop variable i gives lane i of the result.
#define CV_EACH1(name, view, out_view, lanes, expr)                                                                    \
  static inline cv_v128 cv_##name(cv_v128 a) {                                                                         \
    view x = (view)a;                                                                                                  \
    out_view r = {0};                                                                                                  \
    for (int i = 0; i < (lanes); i++)                                                                                  \
      r[i] = (expr);                                                                                                   \
    return (cv_v128)r;                                                                                                 \
  }
#define CV_EACH2(name, view, out_view, lanes, expr)                                                                    \
  static inline cv_v128 cv_##name(cv_v128 a, cv_v128 b) {                                                              \
    view x = (view)a, y = (view)b;                                                                                     \
    out_view r = {0};                                                                                                  \
    for (int i = 0; i < (lanes); i++)                                                                                  \
      r[i] = (expr);                                                                                                   \
    return (cv_v128)r;                                                                                                 \
  }

// What every integer shape has. Shifts count modulo the width of the lane.
#define CV_INTEGER_SHAPE(shape, s_view, u_view, s_lane, u_lane, lanes, width)                                          \
  CV_LANES1(shape##_neg, u_view, -x)                                                                                   \
  CV_LANES1(shape##_abs, u_view, (x ^ (u_view)((s_view)x >> ((width) - 1))) - (u_view)((s_view)x >> ((width) - 1)))    \
  CV_LANES2(shape##_add, u_view, x + y)                                                                                \
  CV_LANES2(shape##_sub, u_view, x - y)                                                                                \
  CV_LANES2(shape##_eq, u_view, x == y)                                                                                \
  CV_LANES2(shape##_ne, u_view, x != y)                                                                                \
  CV_LANES2(shape##_lt_s, s_view, x < y)                                                                               \
  CV_LANES2(shape##_gt_s, s_view, x > y)                                                                               \
  CV_LANES2(shape##_le_s, s_view, x <= y)                                                                              \
  CV_LANES2(shape##_ge_s, s_view, x >= y)                                                                              \
  static inline cv_v128 cv_##shape##_splat_lane(u_lane value) {                                                        \
    u_view r;                                                                                                          \
    for (int i = 0; i < (lanes); i++)                                                                                  \
      r[i] = value;                                                                                                    \
    return (cv_v128)r;                                                                                                 \
  }                                                                                                                    \
  static inline cv_v128 cv_##shape##_shl(cv_v128 a, uint32_t count) {                                                  \
    return (cv_v128)((u_view)a << (u_lane)(count & ((width) - 1)));                                                    \
  }                                                                                                                    \
  static inline cv_v128 cv_##shape##_shr_s(cv_v128 a, uint32_t count) {                                                \
    return (cv_v128)((s_view)a >> (s_lane)(count & ((width) - 1)));                                                    \
  }                                                                                                                    \
  static inline cv_v128 cv_##shape##_shr_u(cv_v128 a, uint32_t count) {                                                \
    return (cv_v128)((u_view)a >> (u_lane)(count & ((width) - 1)));                                                    \
  }                                                                                                                    \
  static inline uint32_t cv_##shape##_all_true(cv_v128 a) {                                                            \
    return !cv_v128_any_true((cv_v128)((u_view)a == (u_view){0}));                                                     \
  }                                                                                                                    \
  static inline uint32_t cv_##shape##_bitmask(cv_v128 a) {                                                             \
    u_view x = (u_view)a;                                                                                              \
    uint32_t r = 0;                                                                                                    \
    for (int i = 0; i < (lanes); i++)                                                                                  \
      r |= (uint32_t)(x[i] >> ((width) - 1)) << i;                                                                     \
    return r;                                                                                                          \
  }
CV_INTEGER_SHAPE(i8x16, cv_i8x16, cv_u8x16, int8_t, uint8_t, 16, 8)
CV_INTEGER_SHAPE(i16x8, cv_i16x8, cv_u16x8, int16_t, uint16_t, 8, 16)
CV_INTEGER_SHAPE(i32x4, cv_i32x4, cv_u32x4, int32_t, uint32_t, 4, 32)
CV_INTEGER_SHAPE(i64x2, cv_i64x2, cv_u64x2, int64_t, uint64_t, 2, 64)
#undef CV_INTEGER_SHAPE

// What the three smaller shapes have.
#define CV_PICK(mask, x, y) cv_v128_bitselect((cv_v128)(x), (cv_v128)(y), (cv_v128)(mask))
#define CV_ORDERED_SHAPE(shape, s_view, u_view)                                                                        \
  CV_LANES2(shape##_lt_u, u_view, x < y)                                                                               \
  CV_LANES2(shape##_gt_u, u_view, x > y)                                                                               \
  CV_LANES2(shape##_le_u, u_view, x <= y)                                                                              \
  CV_LANES2(shape##_ge_u, u_view, x >= y)                                                                              \
  CV_LANES2(shape##_min_s, s_view, CV_PICK(x < y, x, y))                                                               \
  CV_LANES2(shape##_min_u, u_view, CV_PICK(x < y, x, y))                                                               \
  CV_LANES2(shape##_max_s, s_view, CV_PICK(x > y, x, y))                                                               \
  CV_LANES2(shape##_max_u, u_view, CV_PICK(x > y, x, y))
CV_ORDERED_SHAPE(i8x16, cv_i8x16, cv_u8x16)
CV_ORDERED_SHAPE(i16x8, cv_i16x8, cv_u16x8)
CV_ORDERED_SHAPE(i32x4, cv_i32x4, cv_u32x4)
#undef CV_ORDERED_SHAPE

// What the two smallest have: saturating sums and the rounding average. A signed sum overflowed when its sign differs
// from that of both operands; it then becomes the end of the range on the side of the first operand.
#define CV_SATURATING_SHAPE(shape, s_view, u_view, width, largest)                                                     \
  CV_LANES2(shape##_add_sat_u, u_view, (x + y) | (u_view)(x + y < x))                                                  \
  CV_LANES2(shape##_sub_sat_u, u_view, (x - y) & (u_view)(x >= y))                                                     \
  CV_LANES2(shape##_avgr_u, u_view, (x | y) - ((x ^ y) >> 1))                                                          \
  CV_LANES2(shape##_add_sat_s, u_view,                                                                                 \
            CV_PICK((s_view)((x ^ (x + y)) & (y ^ (x + y))) >> ((width) - 1),                                          \
                    (s_view)x >> ((width) - 1) ^ (s_view)(largest), x + y))                                            \
  CV_LANES2(shape##_sub_sat_s, u_view,                                                                                 \
            CV_PICK((s_view)((x ^ y) & (x ^ (x - y))) >> ((width) - 1),                                                \
                    (s_view)x >> ((width) - 1) ^ (s_view)(largest), x - y))
#define CV_ALL_I8 (cv_i8x16){0} + (int8_t)INT8_MAX
#define CV_ALL_I16 (cv_i16x8){0} + (int16_t)INT16_MAX
CV_SATURATING_SHAPE(i8x16, cv_i8x16, cv_u8x16, 8, CV_ALL_I8)
CV_SATURATING_SHAPE(i16x8, cv_i16x8, cv_u16x8, 16, CV_ALL_I16)
#undef CV_ALL_I8
#undef CV_ALL_I16
#undef CV_SATURATING_SHAPE

CV_LANES2(i16x8_mul, cv_u16x8, x *y)
CV_LANES2(i32x4_mul, cv_u32x4, x *y)
CV_LANES2(i64x2_mul, cv_u64x2, x *y)
CV_EACH1(i8x16_popcnt, cv_u8x16, cv_u8x16, 16, (uint8_t)__builtin_popcount(x[i]))
CV_EACH2(i8x16_swizzle, cv_u8x16, cv_u8x16, 16, y[i] < 16 ? x[y[i] & 15] : 0)
CV_EACH2(i8x16_relaxed_swizzle, cv_u8x16, cv_u8x16, 16, y[i] < 128 ? x[y[i] & 15] : 0)

static inline cv_v128 cv_i8x16_shuffle(cv_v128 a, cv_v128 b, const uint8_t lanes[16]) {
  cv_v128 r;
  for (int i = 0; i < 16; i++)
    r[i] = lanes[i] < 16 ? a[lanes[i]] : b[lanes[i] & 15];
  return r;
}

static inline cv_v128 cv_i8x16_splat(uint32_t a) {
  return cv_i8x16_splat_lane((uint8_t)a);
}
static inline cv_v128 cv_i16x8_splat(uint32_t a) {
  return cv_i16x8_splat_lane((uint16_t)a);
}
static inline cv_v128 cv_i32x4_splat(uint32_t a) {
  return cv_i32x4_splat_lane(a);
}
static inline cv_v128 cv_i64x2_splat(uint64_t a) {
  return cv_i64x2_splat_lane(a);
}
static inline cv_v128 cv_f32x4_splat(float a) {
  return (cv_v128)(cv_f32x4){a, a, a, a};
}
static inline cv_v128 cv_f64x2_splat(double a) {
  return (cv_v128)(cv_f64x2){a, a};
}

// Widening: the low or high half of the lanes, their products, sums of neighbours.
#define CV_WIDEN(to, from, sign, view, out_view, lanes, wide)                                                          \
  CV_EACH1(to##_extend_low_##from##_##sign, view, out_view, lanes, x[i])                                               \
  CV_EACH1(to##_extend_high_##from##_##sign, view, out_view, lanes, x[i + (lanes)])                                    \
  CV_EACH2(to##_extmul_low_##from##_##sign, view, out_view, lanes, (wide)x[i] * (wide)y[i])                            \
  CV_EACH2(to##_extmul_high_##from##_##sign, view, out_view, lanes, (wide)x[i + (lanes)] * (wide)y[i + (lanes)])
CV_WIDEN(i16x8, i8x16, s, cv_i8x16, cv_i16x8, 8, int32_t)
CV_WIDEN(i16x8, i8x16, u, cv_u8x16, cv_u16x8, 8, uint32_t)
CV_WIDEN(i32x4, i16x8, s, cv_i16x8, cv_i32x4, 4, int32_t)
CV_WIDEN(i32x4, i16x8, u, cv_u16x8, cv_u32x4, 4, uint32_t)
CV_WIDEN(i64x2, i32x4, s, cv_i32x4, cv_i64x2, 2, int64_t)
CV_WIDEN(i64x2, i32x4, u, cv_u32x4, cv_u64x2, 2, uint64_t)
#undef CV_WIDEN
CV_EACH1(i16x8_extadd_pairwise_i8x16_s, cv_i8x16, cv_i16x8, 8, (int16_t)(x[2 * i] + x[2 * i + 1]))
CV_EACH1(i16x8_extadd_pairwise_i8x16_u, cv_u8x16, cv_u16x8, 8, (uint16_t)(x[2 * i] + x[2 * i + 1]))
CV_EACH1(i32x4_extadd_pairwise_i16x8_s, cv_i16x8, cv_i32x4, 4, x[2 * i] + x[2 * i + 1])
CV_EACH1(i32x4_extadd_pairwise_i16x8_u, cv_u16x8, cv_u32x4, 4, (uint32_t)x[2 * i] + x[2 * i + 1])
// -32768 * -32768 twice is the one sum that wraps.
CV_EACH2(i32x4_dot_i16x8_s, cv_i16x8, cv_u32x4, 4,
         (uint32_t)(x[2 * i] * y[2 * i]) + (uint32_t)(x[2 * i + 1] * y[2 * i + 1]))

static inline int32_t cv_clamp_i32(int32_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : value;
}
CV_EACH2(i8x16_narrow_i16x8_s, cv_i16x8, cv_i8x16, 16, (int8_t)cv_clamp_i32(i < 8 ? x[i & 7] : y[i & 7], -128, 127))
CV_EACH2(i8x16_narrow_i16x8_u, cv_i16x8, cv_u8x16, 16, (uint8_t)cv_clamp_i32(i < 8 ? x[i & 7] : y[i & 7], 0, 255))
CV_EACH2(i16x8_narrow_i32x4_s, cv_i32x4, cv_i16x8, 8,
         (int16_t)cv_clamp_i32(i < 4 ? x[i & 3] : y[i & 3], INT16_MIN, INT16_MAX))
CV_EACH2(i16x8_narrow_i32x4_u, cv_i32x4, cv_u16x8, 8,
         (uint16_t)cv_clamp_i32(i < 4 ? x[i & 3] : y[i & 3], 0, UINT16_MAX))
CV_EACH2(i16x8_q15mulr_sat_s, cv_i16x8, cv_i16x8, 8,
         (int16_t)cv_clamp_i32((x[i] * y[i] + 0x4000) >> 15, INT16_MIN, INT16_MAX))
CV_EACH2(i16x8_relaxed_q15mulr_s, cv_i16x8, cv_i16x8, 8, (int16_t)((x[i] * y[i] + 0x4000) >> 15))
CV_EACH2(i16x8_relaxed_dot_i8x16_i7x16_s, cv_i8x16, cv_i16x8, 8,
         (int16_t)cv_clamp_i32(x[2 * i] * (uint8_t)y[2 * i] + x[2 * i + 1] * (uint8_t)y[2 * i + 1], INT16_MIN,
                               INT16_MAX))
static inline cv_v128 cv_i32x4_relaxed_dot_i8x16_i7x16_add_s(cv_v128 a, cv_v128 b, cv_v128 c) {
  return cv_i32x4_add(cv_i32x4_extadd_pairwise_i16x8_s(cv_i16x8_relaxed_dot_i8x16_i7x16_s(a, b)), c);
}

// Floating point. min and max: an ordered pair gives the one asked for, an equal pair the or (min) or the and (max) of
// its bits, which differs only for zeroes of two signs, and an unordered pair the quiet NaN of the sum.
#define CV_FLOAT_SHAPE(shape, scalar, view, bits_view, lanes, sign)                                                    \
  CV_LANES1(shape##_abs, bits_view, x & ~(bits_view)((bits_view){0} + (sign)))                                         \
  CV_LANES1(shape##_neg, bits_view, x ^ (bits_view)((bits_view){0} + (sign)))                                          \
  CV_LANES2(shape##_add, view, x + y)                                                                                  \
  CV_LANES2(shape##_sub, view, x - y)                                                                                  \
  CV_LANES2(shape##_mul, view, x *y)                                                                                   \
  CV_LANES2(shape##_div, view, x / y)                                                                                  \
  CV_LANES2(shape##_eq, view, x == y)                                                                                  \
  CV_LANES2(shape##_ne, view, x != y)                                                                                  \
  CV_LANES2(shape##_lt, view, x < y)                                                                                   \
  CV_LANES2(shape##_gt, view, x > y)                                                                                   \
  CV_LANES2(shape##_le, view, x <= y)                                                                                  \
  CV_LANES2(shape##_ge, view, x >= y)                                                                                  \
  CV_LANES2(shape##_pmin, view, CV_PICK(y < x, y, x))                                                                  \
  CV_LANES2(shape##_pmax, view, CV_PICK(x < y, y, x))                                                                  \
  CV_LANES2(shape##_relaxed_min, view, CV_PICK(x < y, x, y))                                                           \
  CV_LANES2(shape##_relaxed_max, view, CV_PICK(x > y, x, y))                                                           \
  CV_LANES2(shape##_min, view, CV_PICK(x == y, a | b, CV_PICK(x < y, x, CV_PICK(x > y, y, x + y))))                    \
  CV_LANES2(shape##_max, view, CV_PICK(x == y, a & b, CV_PICK(x > y, x, CV_PICK(x < y, y, x + y))))                    \
  CV_EACH1(shape##_ceil, view, view, lanes, cv_##scalar##_ceil(x[i]))                                                  \
  CV_EACH1(shape##_floor, view, view, lanes, cv_##scalar##_floor(x[i]))                                                \
  CV_EACH1(shape##_trunc, view, view, lanes, cv_##scalar##_trunc(x[i]))                                                \
  CV_EACH1(shape##_nearest, view, view, lanes, cv_##scalar##_nearest(x[i]))                                            \
  CV_EACH1(shape##_sqrt, view, view, lanes, cv_##scalar##_sqrt(x[i]))                                                  \
  static inline cv_v128 cv_##shape##_relaxed_madd(cv_v128 a, cv_v128 b, cv_v128 c) {                                   \
    return cv_##shape##_add(cv_##shape##_mul(a, b), c);                                                                \
  }                                                                                                                    \
  static inline cv_v128 cv_##shape##_relaxed_nmadd(cv_v128 a, cv_v128 b, cv_v128 c) {                                  \
    return cv_##shape##_add(cv_##shape##_mul(cv_##shape##_neg(a), b), c);                                              \
  }
CV_FLOAT_SHAPE(f32x4, f32, cv_f32x4, cv_u32x4, 4, 0x80000000u)
CV_FLOAT_SHAPE(f64x2, f64, cv_f64x2, cv_u64x2, 2, 0x8000000000000000ull)
#undef CV_FLOAT_SHAPE

#define CV_LANESELECT(shape)                                                                                           \
  static inline cv_v128 cv_##shape##_relaxed_laneselect(cv_v128 a, cv_v128 b, cv_v128 mask) {                          \
    return cv_v128_bitselect(a, b, mask);                                                                              \
  }
CV_LANESELECT(i8x16)
CV_LANESELECT(i16x8)
CV_LANESELECT(i32x4)
CV_LANESELECT(i64x2)
#undef CV_LANESELECT

// Conversions. Lanes that a narrower source does not fill are zero.
static inline int32_t cv_i32_relaxed_trunc_f64_s(double a) {
  return a > -0x1.000000020p31 && a < 0x1p31 ? (int32_t)a : INT32_MIN;
}
CV_EACH1(f32x4_demote_f64x2_zero, cv_f64x2, cv_f32x4, 2, (float)x[i])
CV_EACH1(f64x2_promote_low_f32x4, cv_f32x4, cv_f64x2, 2, (double)x[i])
CV_EACH1(f32x4_convert_i32x4_s, cv_i32x4, cv_f32x4, 4, (float)x[i])
CV_EACH1(f32x4_convert_i32x4_u, cv_u32x4, cv_f32x4, 4, (float)x[i])
CV_EACH1(f64x2_convert_low_i32x4_s, cv_i32x4, cv_f64x2, 2, (double)x[i])
CV_EACH1(f64x2_convert_low_i32x4_u, cv_u32x4, cv_f64x2, 2, (double)x[i])
CV_EACH1(i32x4_trunc_sat_f32x4_s, cv_f32x4, cv_u32x4, 4, cv_i32_trunc_sat_f32_s(x[i]))
CV_EACH1(i32x4_trunc_sat_f32x4_u, cv_f32x4, cv_u32x4, 4, cv_i32_trunc_sat_f32_u(x[i]))
CV_EACH1(i32x4_trunc_sat_f64x2_s_zero, cv_f64x2, cv_u32x4, 2, cv_i32_trunc_sat_f64_s(x[i]))
CV_EACH1(i32x4_trunc_sat_f64x2_u_zero, cv_f64x2, cv_u32x4, 2, cv_i32_trunc_sat_f64_u(x[i]))
CV_EACH1(i32x4_relaxed_trunc_f32x4_s, cv_f32x4, cv_i32x4, 4, cv_i32_relaxed_trunc_f64_s(x[i]))
CV_EACH1(i32x4_relaxed_trunc_f32x4_u, cv_f32x4, cv_u32x4, 4, cv_i32_trunc_sat_f32_u(x[i]))
CV_EACH1(i32x4_relaxed_trunc_f64x2_s_zero, cv_f64x2, cv_i32x4, 2, cv_i32_relaxed_trunc_f64_s(x[i]))
CV_EACH1(i32x4_relaxed_trunc_f64x2_u_zero, cv_f64x2, cv_u32x4, 2, cv_i32_trunc_sat_f64_u(x[i]))

// Loads that are more than 16 bytes copied, from the bytes loaded.
#define CV_LOAD_EXTEND(name, half)                                                                                     \
  static inline cv_v128 cv_v128_load##name(uint64_t bytes) {                                                           \
    return cv_##half((cv_v128)(cv_u64x2){bytes, 0});                                                                   \
  }
CV_LOAD_EXTEND(8x8_s, i16x8_extend_low_i8x16_s)
CV_LOAD_EXTEND(8x8_u, i16x8_extend_low_i8x16_u)
CV_LOAD_EXTEND(16x4_s, i32x4_extend_low_i16x8_s)
CV_LOAD_EXTEND(16x4_u, i32x4_extend_low_i16x8_u)
CV_LOAD_EXTEND(32x2_s, i64x2_extend_low_i32x4_s)
CV_LOAD_EXTEND(32x2_u, i64x2_extend_low_i32x4_u)
#undef CV_LOAD_EXTEND
static inline cv_v128 cv_v128_load8_splat(uint8_t bytes) {
  return cv_i8x16_splat_lane(bytes);
}
static inline cv_v128 cv_v128_load16_splat(uint16_t bytes) {
  return cv_i16x8_splat_lane(bytes);
}
static inline cv_v128 cv_v128_load32_splat(uint32_t bytes) {
  return cv_i32x4_splat_lane(bytes);
}
static inline cv_v128 cv_v128_load64_splat(uint64_t bytes) {
  return cv_i64x2_splat_lane(bytes);
}
static inline cv_v128 cv_v128_load32_zero(uint32_t bytes) {
  return (cv_v128)(cv_u32x4){bytes, 0, 0, 0};
}
static inline cv_v128 cv_v128_load64_zero(uint64_t bytes) {
  return (cv_v128)(cv_u64x2){bytes, 0};
}

#undef CV_LANES1
#undef CV_LANES2
#undef CV_EACH1
#undef CV_EACH2
#undef CV_PICK

#endif
