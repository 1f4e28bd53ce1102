// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sieve of Eratosthenes over bytes and over bits: simple loops with strided stores.
#include "kernel.h"

enum { LIMIT = 200000 };
static uint8_t bytes[LIMIT];
static uint32_t bits[LIMIT / 32 + 1];

static uint32_t by_bytes(void) {
  memset(bytes, 1, sizeof bytes);
  for (uint32_t i = 2; i * i < LIMIT; i++)
    if (bytes[i] != 0)
      for (uint32_t j = i * i; j < LIMIT; j += i)
        bytes[j] = 0;
  uint32_t count = 0;
  for (uint32_t i = 2; i < LIMIT; i++)
    count += bytes[i];
  return count;
}

static uint32_t by_bits(void) {
  uint32_t count = 1;
  memset(bits, 0, sizeof bits);
  for (uint32_t i = 3; i < LIMIT; i += 2) {
    if ((bits[i / 32] >> (i % 32) & 1) != 0)
      continue;
    count++;
    if (i < 448)
      for (uint32_t j = i * i; j < LIMIT; j += 2 * i)
        bits[j / 32] |= 1u << (j % 32);
  }
  return count;
}

static uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++)
    sum = fold(sum, by_bytes() * 31 + by_bits() + r);
  return sum;
}

KERNEL_MAIN(640)
