// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eleven queens by bit masks, and population counts: recursion with integer work, counts of leading and trailing zeros.
#include "kernel.h"

static uint64_t place(uint32_t all, uint32_t columns, uint32_t down, uint32_t up) {
  if (columns == all)
    return 1;
  uint64_t found = 0;
  for (uint32_t open = all & ~(columns | down | up); open != 0; open &= open - 1) {
    uint32_t bit = open & -open;
    found += place(all, columns | bit, (down | bit) << 1, (up | bit) >> 1);
  }
  return found;
}

static uint64_t count_bits(uint64_t x) {
  uint64_t sum = 0;
  for (int i = 0; i < 2000; i++) {
    sum += (uint64_t)__builtin_popcountll(x) + (uint64_t)__builtin_ctzll(x | 1u << 30) * 3 +
           (uint64_t)__builtin_clz((uint32_t)x | 2);
    x = x * 6364136223846793005u + 1442695040888963407u;
  }
  return sum;
}

static uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    sum = fold(sum, place((1u << (9 + r % 3)) - 1, 0, 0, 0));
    sum = fold(sum, count_bits(sum));
  }
  return sum;
}

KERNEL_MAIN(700)
