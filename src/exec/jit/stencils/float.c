// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// float.c: floating point, scalar and vector, but for the conversions. Relaxed operations as in wasm/simd.h.
#include "source.h"

// ---- what both scalars and both shapes have ----
// By the scalar instructions: an operation on the whole register would work on what lies above the value, and a
// denormal number there costs time.
#define SCALAR2(T, letter, machine_type, name, op)                                                                     \
  STENCIL(T##_##name, letter##letter##_##letter, x = (v128)op((machine_type)x, (machine_type)y))
#define COMPARE(T, letter, of, name, op) STENCIL(T##_##name, letter##letter##_i, a = of(x) op of(y))
#define SCALAR(T, letter, of, to, machine_type, suffix)                                                                \
  SCALAR2(T, letter, machine_type, ADD, _mm_add_##suffix)                                                              \
  SCALAR2(T, letter, machine_type, SUB, _mm_sub_##suffix)                                                              \
  SCALAR2(T, letter, machine_type, MUL, _mm_mul_##suffix)                                                              \
  SCALAR2(T, letter, machine_type, DIV, _mm_div_##suffix)                                                              \
  COMPARE(T, letter, of, EQ, ==)                                                                                       \
  COMPARE(T, letter, of, NE, !=)                                                                                       \
  COMPARE(T, letter, of, LT, <)                                                                                        \
  COMPARE(T, letter, of, GT, >)                                                                                        \
  COMPARE(T, letter, of, LE, <=)                                                                                       \
  COMPARE(T, letter, of, GE, >=)                                                                                       \
  STENCIL(T##_SQRT, letter##_##letter, x = to(__builtin_elementwise_sqrt(of(x))))                                      \
  STENCIL(T##_CEIL, letter##_##letter, x = to(__builtin_elementwise_ceil(of(x))))                                      \
  STENCIL(T##_FLOOR, letter##_##letter, x = to(__builtin_elementwise_floor(of(x))))                                    \
  STENCIL(T##_TRUNC, letter##_##letter, x = to(__builtin_elementwise_trunc(of(x))))                                    \
  STENCIL(T##_NEAREST, letter##_##letter, x = to(__builtin_elementwise_roundeven(of(x))))
SCALAR(F32, f, f32_of, of_f32, __m128, ss)
SCALAR(F64, F, f64_of, of_f64, __m128d, sd)

// Sign bits, by integer constants. The whole register changes: bits above the value may.
#define SIGN(T, letter, view, sign)                                                                                    \
  STENCIL(T##_ABS, letter##_##letter, x = (v128)((view)x & ~SPLAT(view, sign)))                                        \
  STENCIL(T##_NEG, letter##_##letter, x = (v128)((view)x ^ SPLAT(view, sign)))                                         \
  STENCIL(T##_COPYSIGN, letter##letter##_##letter, x = pick((v128)SPLAT(view, sign), y, x))
SIGN(F32, f, u32x4, 0x80000000u)
SIGN(F64, F, u64x2, 0x8000000000000000u)

// min and max of scalars by branches: which of the two is smaller is decided by minss, and what is tested (equal,
// unordered) is rare.
#define MINMAX(T, letter, of, sum, name, machine, combine)                                                             \
  STENCIL(T##_##name, letter##letter##_##letter, {                                                                     \
    if (__builtin_expect(__builtin_isunordered(of(x), of(y)), 0))                                                      \
      x = (v128)sum(x, y);                                                                                             \
    else if (__builtin_expect(of(x) == of(y), 0))                                                                      \
      x = x combine y;                                                                                                 \
    else                                                                                                               \
      x = (v128)machine(x, y);                                                                                         \
  })
#define SUM_SS(p, q) _mm_add_ss((__m128)(p), (__m128)(q))
#define SUM_SD(p, q) _mm_add_sd((__m128d)(p), (__m128d)(q))
#define MIN_SS(p, q) _mm_min_ss((__m128)(p), (__m128)(q))
#define MAX_SS(p, q) _mm_max_ss((__m128)(p), (__m128)(q))
#define MIN_SD(p, q) _mm_min_sd((__m128d)(p), (__m128d)(q))
#define MAX_SD(p, q) _mm_max_sd((__m128d)(p), (__m128d)(q))
MINMAX(F32, f, f32_of, SUM_SS, MIN, MIN_SS, |)
MINMAX(F32, f, f32_of, SUM_SS, MAX, MAX_SS, &)
MINMAX(F64, F, f64_of, SUM_SD, MIN, MIN_SD, |)
MINMAX(F64, F, f64_of, SUM_SD, MAX, MAX_SD, &)

// ---- vectors ----
// The machine's min gives its second operand when they are equal or unordered. Both ways round, the two results differ
// only then. min: or them, for the sign of zero and the bits of a NaN. max: where they differ, or, then take the
// difference away again, which makes +0 of two zeroes and leaves a NaN one. Last, a NaN keeps sign, exponent and its
// quiet bit only.
#define VECTOR(S, view, bits, machine_type, suffix, payload)                                                           \
  STENCIL(S##_ADD, vv_v, x = (v128)((view)x + (view)y))                                                                \
  STENCIL(S##_SUB, vv_v, x = (v128)((view)x - (view)y))                                                                \
  STENCIL(S##_MUL, vv_v, x = (v128)((view)x * (view)y))                                                                \
  STENCIL(S##_DIV, vv_v, x = (v128)((view)x / (view)y))                                                                \
  STENCIL(S##_EQ, vv_v, x = (v128)((view)x == (view)y))                                                                \
  STENCIL(S##_NE, vv_v, x = (v128)((view)x != (view)y))                                                                \
  STENCIL(S##_LT, vv_v, x = (v128)((view)x < (view)y))                                                                 \
  STENCIL(S##_GT, vv_v, x = (v128)((view)x > (view)y))                                                                 \
  STENCIL(S##_LE, vv_v, x = (v128)((view)x <= (view)y))                                                                \
  STENCIL(S##_GE, vv_v, x = (v128)((view)x >= (view)y))                                                                \
  STENCIL(S##_SQRT, v_v, x = (v128)__builtin_elementwise_sqrt((view)x))                                                \
  STENCIL(S##_CEIL, v_v, x = (v128)__builtin_elementwise_ceil((view)x))                                                \
  STENCIL(S##_FLOOR, v_v, x = (v128)__builtin_elementwise_floor((view)x))                                              \
  STENCIL(S##_TRUNC, v_v, x = (v128)__builtin_elementwise_trunc((view)x))                                              \
  STENCIL(S##_NEAREST, v_v, x = (v128)__builtin_elementwise_roundeven((view)x))                                        \
  STENCIL(S##_PMIN, vv_v, x = (v128)_mm_min_##suffix((machine_type)y, (machine_type)x))                                \
  STENCIL(S##_PMAX, vv_v, x = (v128)_mm_max_##suffix((machine_type)y, (machine_type)x))                                \
  STENCIL(S##_RELAXED_MIN, vv_v, x = (v128)_mm_min_##suffix((machine_type)x, (machine_type)y))                         \
  STENCIL(S##_RELAXED_MAX, vv_v, x = (v128)_mm_max_##suffix((machine_type)x, (machine_type)y))                         \
  STENCIL(S##_MIN, vv_v, {                                                                                             \
    bits either = (bits)_mm_min_##suffix((machine_type)y, (machine_type)x) |                                           \
                  (bits)_mm_min_##suffix((machine_type)x, (machine_type)y);                                            \
    bits nan = (bits)_mm_cmpunord_##suffix((machine_type)x, (machine_type)y);                                          \
    x = (v128)((either | nan) & ~(nan >> (payload)));                                                                  \
  })                                                                                                                   \
  STENCIL(S##_MAX, vv_v, {                                                                                             \
    bits one = (bits)_mm_max_##suffix((machine_type)y, (machine_type)x);                                               \
    bits other = (bits)_mm_max_##suffix((machine_type)x, (machine_type)y);                                             \
    bits nan = (bits)_mm_cmpunord_##suffix((machine_type)x, (machine_type)y);                                          \
    bits differ = one ^ other;                                                                                         \
    bits sum = (bits)((view)(one | differ) - (view)differ);                                                            \
    x = (v128)(sum & ~(nan >> (payload)));                                                                             \
  })                                                                                                                   \
  STENCIL(S##_RELAXED_MADD, vvv_v, view product = (view)x * (view)y; x = (v128)(product + (view)z))                    \
  STENCIL(S##_RELAXED_NMADD, vvv_v, view product = (view)x * (view)y; x = (v128)((view)z - product))
VECTOR(F32X4, f32x4, u32x4, __m128, ps, 10)
VECTOR(F64X2, f64x2, u64x2, __m128d, pd, 13)
#define VECTOR_SIGN(S, view, sign)                                                                                     \
  STENCIL(S##_ABS, v_v, x = (v128)((view)x & ~SPLAT(view, sign)))                                                      \
  STENCIL(S##_NEG, v_v, x = (v128)((view)x ^ SPLAT(view, sign)))
VECTOR_SIGN(F32X4, u32x4, 0x80000000u)
VECTOR_SIGN(F64X2, u64x2, 0x8000000000000000u)

// ---- canonical NaNs: what the option canonical_nan adds behind an operation that can make a NaN ----
STENCIL(X_CANON_F32, f_f, if (__builtin_expect(f32_of(x) != f32_of(x), 0)) x = (v128)SPLAT(u32x4, 0x7fc00000u))
STENCIL(X_CANON_F64, F_F, if (__builtin_expect(f64_of(x) != f64_of(x), 0)) x = SPLAT(u64x2, 0x7ff8000000000000u))
STENCIL(X_CANON_F32X4, v_v, x = pick((v128)((f32x4)x == (f32x4)x), x, (v128)SPLAT(u32x4, 0x7fc00000u)))
STENCIL(X_CANON_F64X2, v_v, x = pick((v128)((f64x2)x == (f64x2)x), x, SPLAT(u64x2, 0x7ff8000000000000u)))
