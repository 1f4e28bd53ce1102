// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 128-bit SIMD written by hand: a dot product and saxpy in f32x4, a brightness clamp in u8x16, a mix in i32x4. The
// guest uses wasm_simd128.h (built with -msimd128); the twin uses SSE2, operation for operation.
#include "kernel.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
typedef v128_t vec;
#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)
#define F_SPLAT wasm_f32x4_splat
#define F_ADD wasm_f32x4_add
#define F_MUL wasm_f32x4_mul
#define F_LANE_SUM(v)                                                                                                  \
  (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1) + wasm_f32x4_extract_lane(v, 2) +                     \
   wasm_f32x4_extract_lane(v, 3))
#define B_SPLAT(x) wasm_i8x16_splat(x)
#define B_ADD_SAT wasm_u8x16_add_sat
#define B_SUB_SAT wasm_u8x16_sub_sat
#define B_AVERAGE wasm_u8x16_avgr
#define I_SPLAT(x) wasm_i32x4_splat((int32_t)(x))
#define I_ADD wasm_i32x4_add
#define I_XOR wasm_v128_xor
#define I_SHL(v, n) wasm_i32x4_shl(v, n)
#define I_SHR(v, n) wasm_u32x4_shr(v, n)
#define I_TURN(v) wasm_i32x4_shuffle(v, v, 1, 2, 3, 0)
#else
#include <emmintrin.h>
typedef __m128i vec;
#define LOAD(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(void *)(p), v)
#define F(v) _mm_castsi128_ps(v)
#define I(v) _mm_castps_si128(v)
#define F_SPLAT(x) I(_mm_set1_ps(x))
#define F_ADD(a, b) I(_mm_add_ps(F(a), F(b)))
#define F_MUL(a, b) I(_mm_mul_ps(F(a), F(b)))
static inline float lane_sum(__m128i v) {
  float lanes[4];
  _mm_storeu_ps(lanes, F(v));
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}
#define F_LANE_SUM(v) lane_sum(v)
#define B_SPLAT(x) _mm_set1_epi8((char)(x))
#define B_ADD_SAT _mm_adds_epu8
#define B_SUB_SAT _mm_subs_epu8
#define B_AVERAGE _mm_avg_epu8
#define I_SPLAT(x) _mm_set1_epi32((int32_t)(x))
#define I_ADD _mm_add_epi32
#define I_XOR _mm_xor_si128
#define I_SHL(v, n) _mm_slli_epi32(v, n)
#define I_SHR(v, n) _mm_srli_epi32(v, n)
#define I_TURN(v) _mm_shuffle_epi32(v, 0x39)
#endif

enum { COUNT = 4096 };
static float x[COUNT], y[COUNT];
static uint8_t image[COUNT];
static uint32_t words[COUNT];

static float dot_and_saxpy(float a) {
  vec sum = F_SPLAT(0.0f), factor = F_SPLAT(a), damp = F_SPLAT(0.75f);
  for (int i = 0; i < COUNT; i += 4) {
    vec vx = LOAD(x + i), vy = LOAD(y + i);
    sum = F_ADD(sum, F_MUL(vx, vy));
    STORE(y + i, F_MUL(F_ADD(vy, F_MUL(factor, vx)), damp));
  }
  return F_LANE_SUM(sum);
}

static void brighten(uint8_t by) {
  vec up = B_SPLAT(by), down = B_SPLAT((uint8_t)(by / 2 + 1));
  for (int i = 0; i < COUNT; i += 16) {
    vec pixels = LOAD(image + i);
    STORE(image + i, B_AVERAGE(B_SUB_SAT(B_ADD_SAT(pixels, up), down), pixels));
  }
}

static void mix(uint32_t key) {
  vec state = I_SPLAT(key);
  for (int i = 0; i < COUNT; i += 4) {
    vec v = I_ADD(LOAD(words + i), state);
    v = I_XOR(v, I_SHL(v, 13));
    v = I_XOR(v, I_SHR(v, 17));
    state = I_TURN(I_XOR(v, I_SHL(v, 5)));
    STORE(words + i, state);
  }
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 55;
  uint64_t sum = 0;
  for (int i = 0; i < COUNT; i++) {
    x[i] = (float)(next_random(&seed) % 1000) / 512.0f, y[i] = (float)(next_random(&seed) % 1000) / 1024.0f;
    image[i] = (uint8_t)next_random(&seed), words[i] = next_random(&seed);
  }
  for (uint32_t r = 0; r < rounds; r++) {
    sum = fold_f64(sum, (double)dot_and_saxpy((float)(r & 15) / 16.0f));
    brighten((uint8_t)(r % 37));
    mix(r);
    sum = fold(sum, image[r % COUNT] + words[r * 3 % COUNT]);
  }
  return sum;
}

KERNEL_MAIN(92000)
