// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd_lane.c: vector operations that move lanes, and vector memory operations.
#include "source.h"

// pshufb gives zero for an index with bit 7: saturate 16 and more to there.
STENCIL(I8X16_SWIZZLE, vv_v, {
  __m128i index = _mm_adds_epu8((__m128i)y, _mm_set1_epi8(0x70));
  x = (v128)_mm_shuffle_epi8((__m128i)x, index);
})
STENCIL(I8X16_RELAXED_SWIZZLE, vv_v, x = (v128)_mm_shuffle_epi8((__m128i)x, (__m128i)y))

// ---- shuffles; cv_stencil_shuffle chooses ----
#define SELECTOR(low, high)                                                                                            \
  ({                                                                                                                   \
    u64 low_, high_;                                                                                                   \
    asm("movabsq %1,%0" : "=r"(low_) : "i"(HOLE_IMM64_##low));                                                         \
    asm("movabsq %1,%0" : "=r"(high_) : "i"(HOLE_IMM64_##high));                                                       \
    _mm_set_epi64x((long long)high_, (long long)low_);                                                                 \
  })
// Bytes of x by selector A B, of y by C D; a byte that the other gives has bit 7 set.
STENCIL(I8X16_SHUFFLE, vv_v, {
  x = (v128)_mm_or_si128(_mm_shuffle_epi8((__m128i)x, SELECTOR(A, B)), _mm_shuffle_epi8((__m128i)y, SELECTOR(C, D)));
})
STENCIL(X_SHUFFLE_X, vv_v, x = (v128)_mm_shuffle_epi8((__m128i)x, SELECTOR(A, B)))
STENCIL(X_SHUFFLE_Y, vv_v, x = (v128)_mm_shuffle_epi8((__m128i)y, SELECTOR(A, B)))
#ifdef __AVX__
#define SELECT2(op) asm("v" op " %2,%1,%0,%0" : "+x"(x) : "x"(y), "i"(HOLE_IMM8))
#define SELECT2_REVERSED(op) asm("v" op " %2,%0,%1,%0" : "+x"(x) : "x"(y), "i"(HOLE_IMM8))
#define SELECT1(op, from) asm("v" op " %2,%1,%0" : "=x"(x) : "x"(from), "i"(HOLE_IMM8))
#else
#define SELECT2(op) asm(op " %2,%1,%0" : "+x"(x) : "x"(y), "i"(HOLE_IMM8))
#define SELECT2_REVERSED(op)                                                                                           \
  v128 other = y;                                                                                                      \
  asm(op " %2,%1,%0" : "+x"(other) : "x"(x), "i"(HOLE_IMM8));                                                          \
  x = other
#define SELECT1(op, from) asm(op " %2,%1,%0" : "=x"(x) : "x"(from), "i"(HOLE_IMM8))
#endif
STENCIL(X_SHUFFLE_PSHUFD_X, vv_v, SELECT1("pshufd", x))
STENCIL(X_SHUFFLE_PSHUFD_Y, vv_v, SELECT1("pshufd", y))
STENCIL(X_SHUFFLE_SHUFPS_XY, vv_v, SELECT2("shufps"))
STENCIL(X_SHUFFLE_SHUFPS_YX, vv_v, SELECT2_REVERSED("shufps"))
STENCIL(X_SHUFFLE_PALIGNR_XY, vv_v, SELECT2_REVERSED("palignr")) // bytes i to i + 15 of x followed by y
STENCIL(X_SHUFFLE_PALIGNR_YX, vv_v, SELECT2("palignr"))          // of y followed by x
STENCIL(X_SHUFFLE_PBLENDW, vv_v, SELECT2("pblendw"))             // words of y where the bit is set
#define UNPACK(suffix, op_low, op_high)                                                                                \
  STENCIL(X_SHUFFLE_UNPACKL_##suffix##_XY, vv_v, x = (v128)op_low((__m128i)x, (__m128i)y))                             \
  STENCIL(X_SHUFFLE_UNPACKL_##suffix##_YX, vv_v, x = (v128)op_low((__m128i)y, (__m128i)x))                             \
  STENCIL(X_SHUFFLE_UNPACKH_##suffix##_XY, vv_v, x = (v128)op_high((__m128i)x, (__m128i)y))                            \
  STENCIL(X_SHUFFLE_UNPACKH_##suffix##_YX, vv_v, x = (v128)op_high((__m128i)y, (__m128i)x))
UNPACK(8, _mm_unpacklo_epi8, _mm_unpackhi_epi8)
UNPACK(16, _mm_unpacklo_epi16, _mm_unpackhi_epi16)
UNPACK(32, _mm_unpacklo_epi32, _mm_unpackhi_epi32)
UNPACK(64, _mm_unpacklo_epi64, _mm_unpackhi_epi64)

// ---- splats ----
STENCIL(I8X16_SPLAT, i_v, x = (v128)_mm_set1_epi8((char)a))
STENCIL(I16X8_SPLAT, i_v, x = (v128)_mm_set1_epi16((s16)a))
STENCIL(I32X4_SPLAT, i_v, x = (v128)_mm_set1_epi32((s32)a))
STENCIL(I64X2_SPLAT, I_v, x = (v128)_mm_set1_epi64x((long long)a))
STENCIL(F32X4_SPLAT, f_v, x = (v128)_mm_set1_ps(f32_of(x)))
STENCIL(F64X2_SPLAT, F_v, x = (v128)_mm_set1_pd(f64_of(x)))

// ---- extract, replace ----
#define BYTE_LANE(n, ...)                                                                                              \
  LANE(I8X16_EXTRACT_LANE_S, v_i, n, a = (u32)(s32)((s8x16)x)[n])                                                      \
  LANE(I8X16_EXTRACT_LANE_U, v_i, n, a = ((u8x16)x)[n])                                                                \
  LANE(I8X16_REPLACE_LANE, vi_v, n, u8x16 t = (u8x16)x; t[n] = (u8)a; x = (v128)t)                                     \
  LANE(V128_LOAD8_LANE, av_v, n, u8x16 t = (u8x16)x; t[n] = *(const u8 *)a; x = (v128)t)                               \
  LANE(V128_STORE8_LANE, av_n, n, *(u8 *)a = ((u8x16)x)[n])
EACH16(BYTE_LANE, )
// Unaligned access of a lane.
#define UNALIGNED(bits) typedef u##bits u##bits##_at __attribute__((aligned(1), may_alias))
UNALIGNED(16);
UNALIGNED(32);
UNALIGNED(64);
#define WORD_LANE(n, ...)                                                                                              \
  LANE(I16X8_EXTRACT_LANE_S, v_i, n, a = (u32)(s32)((s16x8)x)[n])                                                      \
  LANE(I16X8_EXTRACT_LANE_U, v_i, n, a = ((u16x8)x)[n])                                                                \
  LANE(I16X8_REPLACE_LANE, vi_v, n, u16x8 t = (u16x8)x; t[n] = (u16)a; x = (v128)t)                                    \
  LANE(V128_LOAD16_LANE, av_v, n, u16x8 t = (u16x8)x; t[n] = *(const u16_at *)a; x = (v128)t)                          \
  LANE(V128_STORE16_LANE, av_n, n, *(u16_at *)a = ((u16x8)x)[n])
EACH8(WORD_LANE, )
#define LONG_LANE(n, ...)                                                                                              \
  LANE(I32X4_EXTRACT_LANE, v_i, n, a = ((u32x4)x)[n])                                                                  \
  LANE(I32X4_REPLACE_LANE, vi_v, n, u32x4 t = (u32x4)x; t[n] = (u32)a; x = (v128)t)                                    \
  LANE(F32X4_EXTRACT_LANE, v_f, n, x = (v128)__builtin_shufflevector((f32x4)x, (f32x4)x, n, -1, -1, -1))               \
  LANE(F32X4_REPLACE_LANE, vf_v, n, f32x4 t = (f32x4)x; t[n] = f32_of(y); x = (v128)t)                                 \
  LANE(V128_LOAD32_LANE, av_v, n, u32x4 t = (u32x4)x; t[n] = *(const u32_at *)a; x = (v128)t)                          \
  LANE(V128_STORE32_LANE, av_n, n, *(u32_at *)a = ((u32x4)x)[n])
EACH4(LONG_LANE, )
#define QUAD_LANE(n, ...)                                                                                              \
  LANE(I64X2_EXTRACT_LANE, v_I, n, a = x[n])                                                                           \
  LANE(I64X2_REPLACE_LANE, vI_v, n, x[n] = a)                                                                          \
  LANE(F64X2_EXTRACT_LANE, v_F, n, x = (v128)__builtin_shufflevector((f64x2)x, (f64x2)x, n, -1))                       \
  LANE(F64X2_REPLACE_LANE, vF_v, n, f64x2 t = (f64x2)x; t[n] = f64_of(y); x = (v128)t)                                 \
  LANE(V128_LOAD64_LANE, av_v, n, x[n] = *(const u64_at *)a)                                                           \
  LANE(V128_STORE64_LANE, av_n, n, *(u64_at *)a = x[n])
EACH2(QUAD_LANE, )

// ---- loads and stores ----
#define LOAD(name, expr) STENCIL(name, a_v, x = (v128)(expr))
LOAD(V128_LOAD, _mm_loadu_si128((const __m128i *)a))
STENCIL(V128_STORE, av_n, _mm_storeu_si128((__m128i *)a, (__m128i)x))
LOAD(V128_LOAD8X8_S, _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)a)))
LOAD(V128_LOAD8X8_U, _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)a)))
LOAD(V128_LOAD16X4_S, _mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)a)))
LOAD(V128_LOAD16X4_U, _mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)a)))
LOAD(V128_LOAD32X2_S, _mm_cvtepi32_epi64(_mm_loadl_epi64((const __m128i *)a)))
LOAD(V128_LOAD32X2_U, _mm_cvtepu32_epi64(_mm_loadl_epi64((const __m128i *)a)))
LOAD(V128_LOAD8_SPLAT, _mm_set1_epi8(*(const char *)a))
LOAD(V128_LOAD16_SPLAT, _mm_set1_epi16((s16) * (const u16_at *)a))
LOAD(V128_LOAD32_SPLAT, _mm_set1_epi32((s32) * (const u32_at *)a))
LOAD(V128_LOAD64_SPLAT, _mm_set1_epi64x((long long)*(const u64_at *)a))
LOAD(V128_LOAD32_ZERO, _mm_cvtsi32_si128((s32) * (const u32_at *)a))
LOAD(V128_LOAD64_ZERO, _mm_loadl_epi64((const __m128i *)a))
