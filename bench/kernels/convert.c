// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions and division: integers to and from floats of both sizes, fixed point, division and remainder by numbers
// that are not constant, greatest common divisors, digits of 64-bit numbers.
#include "kernel.h"

enum { COUNT = 1024 };
static double reals[COUNT];
static float singles[COUNT];
static int32_t fixed[COUNT];

static void to_fixed_and_back(uint32_t r) {
  double scale = 16.0 + (double)(r & 7);
  for (int i = 0; i < COUNT; i++) {
    int32_t n = (int32_t)(reals[i] * scale);
    int64_t wide = (int64_t)(reals[i] * 4096.0) + n;
    singles[i] = (float)n + (float)(uint32_t)(singles[i] + 1.0f) * 0.5f;
    if (singles[i] > 100000.0f)
      singles[i] = 1.0f;
    fixed[i] = (int32_t)(wide >> 4) + (int32_t)singles[i];
    reals[i] = (double)(wide % 100003) / scale;
  }
}

static uint32_t gcd32(uint32_t a, uint32_t b) {
  while (b != 0) {
    uint32_t rest = a % b;
    a = b, b = rest;
  }
  return a;
}

static uint64_t gcd64(uint64_t a, uint64_t b) {
  while (b != 0) {
    uint64_t rest = a % b;
    a = b, b = rest;
  }
  return a;
}

static uint32_t digit_sum(uint64_t n) {
  uint32_t sum = 0;
  for (; n != 0; n /= 10)
    sum += (uint32_t)(n % 10);
  return sum;
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 31;
  uint64_t sum = 0;
  for (int i = 0; i < COUNT; i++)
    reals[i] = (double)(next_random(&seed) >> 8) / 300.0, singles[i] = 1.0f;
  for (uint32_t r = 0; r < rounds; r++) {
    to_fixed_and_back(r);
    uint64_t wide = 1;
    for (int i = 1; i < COUNT; i += 4) {
      wide = wide * 6364136223846793005u + (uint32_t)fixed[i];
      sum += gcd32((uint32_t)fixed[i] | 1, (uint32_t)(wide >> 40) | 1) + digit_sum(wide);
      if ((i & 31) == 1)
        sum += gcd64(wide | 1, wide >> 17 | 1);
      sum += (uint64_t)((int64_t)wide / (fixed[i - 1] | 1)) + (uint32_t)(fixed[i + 1] / ((fixed[i] & 1023) | 1));
    }
    sum = fold_f64(sum, reals[r % COUNT]);
  }
  return sum;
}

KERNEL_MAIN(11000)
