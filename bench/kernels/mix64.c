// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 64-bit mixing: a xoshiro-like generator and a keyed hash with multiply, rotate and xor, all values in registers.
#include "kernel.h"

static inline uint64_t rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}

static uint64_t kernel(uint32_t rounds) {
  uint64_t s0 = 0x9e3779b97f4a7c15u, s1 = 0xbf58476d1ce4e5b9u, s2 = 0x94d049bb133111ebu, s3 = 0x2545f4914f6cdd1du;
  uint64_t h0 = 1, h1 = 2, sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    for (int i = 0; i < 1000; i++) {
      uint64_t out = rotate(s1 * 5, 7) * 9, t = s1 << 17;
      s2 ^= s0, s3 ^= s1, s1 ^= s2, s0 ^= s3, s2 ^= t;
      s3 = rotate(s3, 45);
      h0 += out, h1 = rotate(h1, 13) ^ h0;
      h0 = rotate(h0, 32) * 0xff51afd7ed558ccdu;
      h1 += h0 ^ (out >> 29);
      if ((int64_t)h1 < 0)
        h1 = ~h1 / 3;
    }
    sum = fold(sum, h0 ^ h1);
  }
  return sum;
}

KERNEL_MAIN(48000)
