// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recursion and little else: Fibonacci, Ackermann, Takeuchi. What a call and its frame cost.
#include "kernel.h"

static __attribute__((noinline)) uint32_t fibonacci(uint32_t n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static __attribute__((noinline)) uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0)
    return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static __attribute__((noinline)) int takeuchi(int x, int y, int z) {
  return y >= x ? z : takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    sum = fold(sum, fibonacci(24 + (r & 1)));
    sum = fold(sum, ackermann(2, 200 + (r & 7)));
    sum = fold(sum, (uint32_t)takeuchi(14, 8, (int)(r & 3)));
  }
  return sum;
}

KERNEL_MAIN(650)
