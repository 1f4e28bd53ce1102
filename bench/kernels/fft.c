// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Radix-2 fast Fourier transform of 1,024 complex doubles, forward and back; twiddles by recurrence, so no libm.
#include "kernel.h"
#include <math.h>

enum { N = 1024, LOG = 10 };
static double re[N], im[N], wr[N / 2], wi[N / 2];

static void make_twiddles(void) {
  // The principal root of order N, by halving the angle from cos(pi) = -1.
  double c = -1, s = 0;
  for (int i = 1; i < LOG; i++) {
    s = sqrt((1 - c) / 2);
    c = i == 1 ? 0 : sqrt((1 + c) / 2);
  }
  wr[0] = 1, wi[0] = 0;
  for (int i = 1; i < N / 2; i++)
    wr[i] = wr[i - 1] * c - wi[i - 1] * s, wi[i] = wr[i - 1] * s + wi[i - 1] * c;
}

static void transform(double sign) {
  for (uint32_t i = 0, j = 0; i < N; i++) {
    if (i < j) {
      double t = re[i];
      re[i] = re[j], re[j] = t;
      t = im[i], im[i] = im[j], im[j] = t;
    }
    uint32_t bit = N / 2;
    for (; (j & bit) != 0; bit /= 2)
      j ^= bit;
    j |= bit;
  }
  for (int length = 2, stride = N / 2; length <= N; length *= 2, stride /= 2)
    for (int from = 0; from < N; from += length)
      for (int k = 0; k < length / 2; k++) {
        int a = from + k, b = a + length / 2;
        double ur = wr[k * stride], ui = sign * wi[k * stride];
        double tr = re[b] * ur - im[b] * ui, ti = re[b] * ui + im[b] * ur;
        re[b] = re[a] - tr, im[b] = im[a] - ti;
        re[a] += tr, im[a] += ti;
      }
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 9;
  make_twiddles();
  for (int i = 0; i < N; i++)
    re[i] = (double)(next_random(&seed) % 1000) - 500, im[i] = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    transform(1);
    re[r % N] += 1;
    transform(-1);
    for (int i = 0; i < N; i++)
      re[i] *= 1.0 / N, im[i] *= 1.0 / N;
  }
  uint64_t sum = 0;
  for (int i = 0; i < N; i += 3)
    sum = fold_f64(fold_f64(sum, re[i]), im[i]);
  return sum;
}

KERNEL_MAIN(19000)
