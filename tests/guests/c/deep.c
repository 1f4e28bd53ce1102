// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recursion that is deep but fair: 8,000 frames with a little state each, within wasi-libc's own stack.
#include <stdint.h>
#include <stdio.h>

__attribute__((noinline)) static uint64_t descend(uint32_t depth, uint64_t a, uint64_t b, double c) {
  if (depth == 0)
    return a ^ b ^ (uint64_t)c;
  return descend(depth - 1, b + depth, a * 31 + depth, c * 0.5 + depth) * 3 + (a ^ depth);
}

int main(void) {
  printf("%llu\n", (unsigned long long)descend(8000, 1, 2, 3));
  return 0;
}
