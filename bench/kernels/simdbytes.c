// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SIMD over small and large lanes, with clang's vector types: text scanned sixteen bytes at a time (compare, bit mask),
// pixels blended in 16-bit lanes (widen, multiply, narrow), Mandelbrot's iteration on pairs of doubles with masks. The
// guest is built with -msimd128; the twin's vectors become SSE2.
#include "kernel.h"

typedef uint8_t bytes __attribute__((vector_size(16)));
typedef int8_t signs __attribute__((vector_size(16)));
typedef uint16_t halves __attribute__((vector_size(32)));
typedef double reals __attribute__((vector_size(16)));
typedef int64_t longs __attribute__((vector_size(16)));

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
static inline uint32_t bit_mask(signs v) {
  return wasm_i8x16_bitmask((v128_t)v);
}
#else
#include <emmintrin.h>
static inline uint32_t bit_mask(signs v) {
  return (uint32_t)_mm_movemask_epi8((__m128i)v);
}
#endif

enum { SIZE = 16384 };
static uint8_t text[SIZE], above[SIZE], below[SIZE];

static bytes load(const uint8_t *p) {
  bytes v;
  memcpy(&v, p, sizeof v);
  return v;
}

// Lines, and starts of words, in the text.
static uint64_t scan(void) {
  uint32_t lines = 0, words = 0, before = 1;
  for (int i = 0; i < SIZE; i += 16) {
    bytes v = load(text + i);
    uint32_t newline = bit_mask((signs)(v == '\n')), blank = bit_mask((signs)(v <= ' '));
    lines += (uint32_t)__builtin_popcount(newline);
    words += (uint32_t)__builtin_popcount(~blank & (blank << 1 | before) & 0xffff);
    before = blank >> 15;
  }
  return (uint64_t)lines << 32 | words;
}

static void blend(uint16_t alpha) {
  for (int i = 0; i < SIZE; i += 16) {
    halves a = __builtin_convertvector(load(above + i), halves), b = __builtin_convertvector(load(below + i), halves);
    halves mixed = (a * alpha + b * (uint16_t)(256 - alpha)) >> 8;
    bytes out = __builtin_convertvector(mixed, bytes);
    memcpy(below + i, &out, sizeof out);
  }
}

static uint64_t escape(double y) {
  uint64_t sum = 0;
  for (int column = 0; column < 32; column += 2) {
    reals cx = {column / 12.0 - 2.0, (column + 1) / 12.0 - 2.0}, zx = {0, 0}, zy = {0, 0};
    longs count = {0, 0};
    for (int i = 0; i < 100; i++) {
      reals xx = zx * zx, yy = zy * zy;
      longs inside = (xx + yy) < 4.0;
      if (inside[0] == 0 && inside[1] == 0)
        break;
      count -= inside;
      reals next = xx - yy + cx;
      zy = 2.0 * zx * zy + y;
      zx = next;
    }
    sum = fold(sum, (uint64_t)(count[0] * 1000 + count[1]));
  }
  return sum;
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 5;
  uint64_t sum = 0;
  for (int i = 0; i < SIZE; i++) {
    uint32_t r = next_random(&seed);
    text[i] = (uint8_t)(r % 40 == 0 ? '\n' : r % 6 == 0 ? ' ' : 'a' + r % 26);
    above[i] = (uint8_t)(r >> 8), below[i] = (uint8_t)(r >> 16);
  }
  for (uint32_t r = 0; r < rounds; r++) {
    text[r % SIZE] ^= 1;
    sum = fold(sum, scan());
    blend((uint16_t)(r * 11 & 255));
    sum = fold(sum, below[r * 5 % SIZE]);
    sum = fold(sum, escape((double)(r % 24) / 12.0 - 1.0));
  }
  return sum;
}

KERNEL_MAIN(50000)
