// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd_int.c: vector operations on integers, and on bits.
#include "source.h"

#define V1(name, expr) STENCIL(name, v_v, x = (v128)(expr))
#define V2(name, expr) STENCIL(name, vv_v, x = (v128)(expr))
#define V3(name, expr) STENCIL(name, vvv_v, x = (v128)(expr))
#define TEST(name, expr) STENCIL(name, v_i, a = (u32)(expr))

// ---- bits ----
V1(V128_NOT, ~x)
V2(V128_AND, x &y)
V2(V128_ANDNOT, x & ~y)
V2(V128_OR, x | y)
V2(V128_XOR, x ^ y)
V3(V128_BITSELECT, pick(z, x, y))
V3(I8X16_RELAXED_LANESELECT, pick(z, x, y))
V3(I16X8_RELAXED_LANESELECT, pick(z, x, y))
V3(I32X4_RELAXED_LANESELECT, pick(z, x, y))
V3(I64X2_RELAXED_LANESELECT, pick(z, x, y))
TEST(V128_ANY_TRUE, !_mm_testz_si128((__m128i)x, (__m128i)x))

// ---- what every shape has ----
#define SHAPE(S, s, u, zero_mask)                                                                                      \
  V1(S##_NEG, -(u)x)                                                                                                   \
  V2(S##_ADD, (u)x + (u)y)                                                                                             \
  V2(S##_SUB, (u)x - (u)y)                                                                                             \
  V2(S##_EQ, (u)x == (u)y)                                                                                             \
  V2(S##_NE, (u)x != (u)y)                                                                                             \
  V2(S##_LT_S, (s)x < (s)y)                                                                                            \
  V2(S##_GT_S, (s)x > (s)y)                                                                                            \
  V2(S##_LE_S, (s)x <= (s)y)                                                                                           \
  V2(S##_GE_S, (s)x >= (s)y)                                                                                           \
  TEST(S##_ALL_TRUE,                                                                                                   \
       _mm_testz_si128(zero_mask((__m128i)x, _mm_setzero_si128()), zero_mask((__m128i)x, _mm_setzero_si128())))
SHAPE(I8X16, s8x16, u8x16, _mm_cmpeq_epi8)
SHAPE(I16X8, s16x8, u16x8, _mm_cmpeq_epi16)
SHAPE(I32X4, s32x4, u32x4, _mm_cmpeq_epi32)
SHAPE(I64X2, s64x2, u64x2, _mm_cmpeq_epi64)
V1(I8X16_ABS, _mm_abs_epi8((__m128i)x))
V1(I16X8_ABS, _mm_abs_epi16((__m128i)x))
V1(I32X4_ABS, _mm_abs_epi32((__m128i)x))
V1(I64X2_ABS, __builtin_elementwise_abs((s64x2)x))
TEST(I8X16_BITMASK, _mm_movemask_epi8((__m128i)x))
TEST(I16X8_BITMASK, _mm_movemask_epi8(_mm_packs_epi16((__m128i)x, _mm_setzero_si128())))
TEST(I32X4_BITMASK, _mm_movemask_ps((__m128)x))
TEST(I64X2_BITMASK, _mm_movemask_pd((__m128d)x))

// ---- what the three smaller have ----
#define ORDERED(S, s, u)                                                                                               \
  V2(S##_LT_U, (u)x < (u)y)                                                                                            \
  V2(S##_GT_U, (u)x > (u)y)                                                                                            \
  V2(S##_LE_U, (u)x <= (u)y)                                                                                           \
  V2(S##_GE_U, (u)x >= (u)y)                                                                                           \
  V2(S##_MIN_S, __builtin_elementwise_min((s)x, (s)y))                                                                 \
  V2(S##_MIN_U, __builtin_elementwise_min((u)x, (u)y))                                                                 \
  V2(S##_MAX_S, __builtin_elementwise_max((s)x, (s)y))                                                                 \
  V2(S##_MAX_U, __builtin_elementwise_max((u)x, (u)y))
ORDERED(I8X16, s8x16, u8x16)
ORDERED(I16X8, s16x8, u16x8)
ORDERED(I32X4, s32x4, u32x4)

// ---- what the two smallest have ----
#define SATURATING(S, s, u, average)                                                                                   \
  V2(S##_ADD_SAT_S, __builtin_elementwise_add_sat((s)x, (s)y))                                                         \
  V2(S##_ADD_SAT_U, __builtin_elementwise_add_sat((u)x, (u)y))                                                         \
  V2(S##_SUB_SAT_S, __builtin_elementwise_sub_sat((s)x, (s)y))                                                         \
  V2(S##_SUB_SAT_U, __builtin_elementwise_sub_sat((u)x, (u)y))                                                         \
  V2(S##_AVGR_U, average((__m128i)x, (__m128i)y))
SATURATING(I8X16, s8x16, u8x16, _mm_avg_epu8)
SATURATING(I16X8, s16x8, u16x8, _mm_avg_epu16)

V2(I16X8_MUL, (u16x8)x *(u16x8)y)
V2(I32X4_MUL, (u32x4)x *(u32x4)y)
V2(I64X2_MUL, (u64x2)x *(u64x2)y)

// Counts of the nibbles, looked up.
STENCIL(I8X16_POPCNT, v_v, {
  __m128i counts = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4), low = _mm_set1_epi8(15);
  __m128i lows = _mm_and_si128((__m128i)x, low), highs = _mm_and_si128(_mm_srli_epi16((__m128i)x, 4), low);
  x = (v128)_mm_add_epi8(_mm_shuffle_epi8(counts, lows), _mm_shuffle_epi8(counts, highs));
})

// ---- shifts: by the i32 in a, modulo the width ----
static inline __m128i count_of(u64 count, unsigned width) {
  return _mm_cvtsi32_si128((int)((u32)count & (width - 1)));
}
#define SHIFT(name, width, op) STENCIL(name, vi_v, x = (v128)op((__m128i)x, count_of(a, width)))
SHIFT(I16X8_SHL, 16, _mm_sll_epi16)
SHIFT(I16X8_SHR_S, 16, _mm_sra_epi16)
SHIFT(I16X8_SHR_U, 16, _mm_srl_epi16)
SHIFT(I32X4_SHL, 32, _mm_sll_epi32)
SHIFT(I32X4_SHR_S, 32, _mm_sra_epi32)
SHIFT(I32X4_SHR_U, 32, _mm_srl_epi32)
SHIFT(I64X2_SHL, 64, _mm_sll_epi64)
SHIFT(I64X2_SHR_U, 64, _mm_srl_epi64)
// No 64-bit arithmetic shift before AVX-512: shift the sign bit as well, and extend from where it arrives.
STENCIL(I64X2_SHR_S, vi_v, {
  __m128i count = count_of(a, 64), sign = _mm_srl_epi64(_mm_set1_epi64x((long long)1 << 63), count);
  x = (v128)((u64x2)((u64x2)_mm_srl_epi64((__m128i)x, count) ^ (u64x2)sign) - (u64x2)sign);
})
// No shift of bytes at all: of words, with what came from the neighbour masked off.
STENCIL(I8X16_SHL, vi_v, {
  __m128i count = count_of(a, 8), mask = _mm_sll_epi16(_mm_set1_epi8(-1), count);
  mask = _mm_shuffle_epi8(mask, _mm_setzero_si128());
  x = (v128)_mm_and_si128(_mm_sll_epi16((__m128i)x, count), mask);
})
STENCIL(I8X16_SHR_U, vi_v, {
  __m128i count = count_of(a, 8), mask = _mm_srl_epi16(_mm_srli_epi16(_mm_set1_epi8(-1), 8), count);
  x = (v128)_mm_and_si128(_mm_srl_epi16((__m128i)x, count), _mm_packus_epi16(mask, mask));
})
STENCIL(I8X16_SHR_S, vi_v, {
  __m128i count = _mm_cvtsi32_si128((int)((a & 7) + 8)), low = _mm_unpacklo_epi8((__m128i)x, (__m128i)x);
  __m128i high = _mm_unpackhi_epi8((__m128i)x, (__m128i)x);
  x = (v128)_mm_packs_epi16(_mm_sra_epi16(low, count), _mm_sra_epi16(high, count));
})

// The same by a constant, already reduced, in IMM8.
#ifdef __AVX__
#define SHIFT_BY_HOLE(op) asm("v" op " %1,%0,%0" : "+x"(x) : "i"(HOLE_IMM8))
#else
#define SHIFT_BY_HOLE(op) asm(op " %1,%0" : "+x"(x) : "i"(HOLE_IMM8))
#endif
#define SHIFT_CONST(name, op) STENCIL(X_##name##_CONST, v_v, SHIFT_BY_HOLE(op))
SHIFT_CONST(I16X8_SHL, "psllw")
SHIFT_CONST(I16X8_SHR_S, "psraw")
SHIFT_CONST(I16X8_SHR_U, "psrlw")
SHIFT_CONST(I32X4_SHL, "pslld")
SHIFT_CONST(I32X4_SHR_S, "psrad")
SHIFT_CONST(I32X4_SHR_U, "psrld")
SHIFT_CONST(I64X2_SHL, "psllq")
SHIFT_CONST(I64X2_SHR_U, "psrlq")
#define BYTE_SHIFT_CONST(n, ...)                                                                                       \
  LANE(X_I8X16_SHL_CONST, v_v, n, x = (v128)((u8x16)x << n))                                                           \
  LANE(X_I8X16_SHR_U_CONST, v_v, n, x = (v128)((u8x16)x >> n))                                                         \
  LANE(X_I8X16_SHR_S_CONST, v_v, n, x = (v128)((s8x16)x >> n))
EACH8(BYTE_SHIFT_CONST, )
#define QUAD_SHIFT_CONST(n, ...) LANE(X_I64X2_SHR_S_CONST, v_v, n, x = (v128)((s64x2)x >> n))
EACH64(QUAD_SHIFT_CONST)

// ---- widening and narrowing ----
#define HALF8(v, from)                                                                                                 \
  __builtin_shufflevector(v, v, from, from + 1, from + 2, from + 3, from + 4, from + 5, from + 6, from + 7)
#define HALF4(v, from) __builtin_shufflevector(v, v, from, from + 1, from + 2, from + 3)
#define HALF2(v, from) __builtin_shufflevector(v, v, from, from + 1)
#define WIDEN(TO, FROM, SIGN, wide, narrow, half, lanes)                                                               \
  V1(TO##_EXTEND_LOW_##FROM##_##SIGN, __builtin_convertvector(half((narrow)x, 0), wide))                               \
  V1(TO##_EXTEND_HIGH_##FROM##_##SIGN, __builtin_convertvector(half((narrow)x, lanes), wide))                          \
  V2(TO##_EXTMUL_LOW_##FROM##_##SIGN,                                                                                  \
     __builtin_convertvector(half((narrow)x, 0), wide) * __builtin_convertvector(half((narrow)y, 0), wide))            \
  V2(TO##_EXTMUL_HIGH_##FROM##_##SIGN,                                                                                 \
     __builtin_convertvector(half((narrow)x, lanes), wide) * __builtin_convertvector(half((narrow)y, lanes), wide))
WIDEN(I16X8, I8X16, S, s16x8, s8x16, HALF8, 8)
WIDEN(I16X8, I8X16, U, u16x8, u8x16, HALF8, 8)
WIDEN(I32X4, I16X8, S, s32x4, s16x8, HALF4, 4)
WIDEN(I32X4, I16X8, U, u32x4, u16x8, HALF4, 4)
WIDEN(I64X2, I32X4, S, s64x2, s32x4, HALF2, 2)
WIDEN(I64X2, I32X4, U, u64x2, u32x4, HALF2, 2)
V1(I16X8_EXTADD_PAIRWISE_I8X16_S, _mm_maddubs_epi16(_mm_set1_epi8(1), (__m128i)x))
V1(I16X8_EXTADD_PAIRWISE_I8X16_U, _mm_maddubs_epi16((__m128i)x, _mm_set1_epi8(1)))
V1(I32X4_EXTADD_PAIRWISE_I16X8_S, _mm_madd_epi16((__m128i)x, _mm_set1_epi16(1)))
V1(I32X4_EXTADD_PAIRWISE_I16X8_U, ((u32x4)x & 0xffff) + ((u32x4)x >> 16))
V2(I32X4_DOT_I16X8_S, _mm_madd_epi16((__m128i)x, (__m128i)y))
V2(I8X16_NARROW_I16X8_S, _mm_packs_epi16((__m128i)x, (__m128i)y))
V2(I8X16_NARROW_I16X8_U, _mm_packus_epi16((__m128i)x, (__m128i)y))
V2(I16X8_NARROW_I32X4_S, _mm_packs_epi32((__m128i)x, (__m128i)y))
V2(I16X8_NARROW_I32X4_U, _mm_packus_epi32((__m128i)x, (__m128i)y))
// pmulhrsw, but -1 * -1 is the largest number rather than -1.
STENCIL(I16X8_Q15MULR_SAT_S, vv_v, {
  u16x8 product = (u16x8)_mm_mulhrs_epi16((__m128i)x, (__m128i)y);
  x = (v128)(product ^ (u16x8)(product == SPLAT(u16x8, (u16)0x8000)));
})
V2(I16X8_RELAXED_Q15MULR_S, _mm_mulhrs_epi16((__m128i)x, (__m128i)y))
V2(I16X8_RELAXED_DOT_I8X16_I7X16_S, _mm_maddubs_epi16((__m128i)y, (__m128i)x))
V3(I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S,
   (u32x4)_mm_madd_epi16(_mm_maddubs_epi16((__m128i)y, (__m128i)x), _mm_set1_epi16(1)) + (u32x4)z)
