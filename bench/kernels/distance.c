// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Edit distance of two generated strings by dynamic programming over rows: minimum of three, byte compares.
#include "kernel.h"

enum { LENGTH = 600 };

static int smaller(int a, int b) {
  return a < b ? a : b;
}

static int distance(const char *a, int n, const char *b, int m) {
  static int row[LENGTH + 1];
  for (int j = 0; j <= m; j++)
    row[j] = j;
  for (int i = 1; i <= n; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= m; j++) {
      int cost = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = smaller(smaller(row[j], row[j - 1]) + 1, cost);
    }
  }
  return row[m];
}

static uint64_t kernel(uint32_t rounds) {
  static char a[LENGTH], b[LENGTH];
  uint32_t seed = 41;
  uint64_t sum = 0;
  for (int i = 0; i < LENGTH; i++)
    a[i] = b[i] = (char)('a' + next_random(&seed) % 4);
  for (uint32_t r = 0; r < rounds; r++) {
    a[next_random(&seed) % LENGTH] = 'x';
    b[next_random(&seed) % LENGTH] = (char)('a' + r % 26);
    sum = fold(sum, (uint32_t)distance(a, LENGTH - (int)(r % 50), b, LENGTH));
  }
  return sum;
}

KERNEL_MAIN(600)
