// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multiplication of two 120 x 120 matrices of doubles, in the order i, k, j and transposed with a dot product.
#include "kernel.h"

enum { N = 120 };
static double a[N][N], b[N][N], c[N][N], bt[N][N];

static void multiply_rows(void) {
  memset(c, 0, sizeof c);
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) {
      double x = a[i][k];
      for (int j = 0; j < N; j++)
        c[i][j] += x * b[k][j];
    }
}

static void multiply_dot(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      bt[j][i] = c[i][j];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double dot = 0;
      for (int k = 0; k < N; k++)
        dot += a[i][k] * bt[j][k];
      b[i][j] = dot * 0.01;
    }
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 5;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = (double)(int32_t)next_random(&seed) / 2147483648.0;
      b[i][j] = (double)(int32_t)next_random(&seed) / 2147483648.0;
    }
  for (uint32_t r = 0; r < rounds; r++) {
    multiply_rows();
    multiply_dot();
    b[r % N][r % N] += 1.0;
  }
  uint64_t sum = 0;
  for (int i = 0; i < N; i++)
    sum = fold_f64(sum, b[i][N - 1 - i]);
  return sum;
}

KERNEL_MAIN(320)
