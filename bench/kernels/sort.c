// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quicksort with insertion sort at the leaves, heap sort, and a merge sort that calls its compare function.
#include "kernel.h"

enum { COUNT = 20000 };
static uint32_t source[COUNT], work[COUNT];

static void quick_sort(uint32_t *a, int lo, int hi) {
  while (hi - lo > 16) {
    uint32_t pivot = a[(lo + hi) / 2];
    int i = lo, j = hi;
    while (i <= j) {
      while (a[i] < pivot)
        i++;
      while (a[j] > pivot)
        j--;
      if (i <= j) {
        uint32_t t = a[i];
        a[i++] = a[j], a[j--] = t;
      }
    }
    if (j - lo < hi - i) {
      quick_sort(a, lo, j);
      lo = i;
    } else {
      quick_sort(a, i, hi);
      hi = j;
    }
  }
  for (int i = lo + 1; i <= hi; i++) {
    uint32_t x = a[i];
    int j = i - 1;
    for (; j >= lo && a[j] > x; j--)
      a[j + 1] = a[j];
    a[j + 1] = x;
  }
}

static void sift(uint32_t *a, int root, int n) {
  for (int child = 2 * root + 1; child < n; root = child, child = 2 * root + 1) {
    if (child + 1 < n && a[child] < a[child + 1])
      child++;
    if (a[root] >= a[child])
      return;
    uint32_t t = a[root];
    a[root] = a[child], a[child] = t;
  }
}

static void heap_sort(uint32_t *a, int n) {
  for (int i = n / 2 - 1; i >= 0; i--)
    sift(a, i, n);
  for (int end = n - 1; end > 0; end--) {
    uint32_t t = a[0];
    a[0] = a[end], a[end] = t;
    sift(a, 0, end);
  }
}

// Merge sort through a compare function: qsort itself differs between C libraries, which would compare two programs.
static void merge_sort(uint32_t *a, uint32_t *spare, int n, int (*less)(const void *, const void *)) {
  if (n < 2)
    return;
  int half = n / 2, i = 0, j = half, k = 0;
  merge_sort(a, spare, half, less);
  merge_sort(a + half, spare, n - half, less);
  while (i < half && j < n)
    spare[k++] = less(&a[j], &a[i]) ? a[j++] : a[i++];
  while (i < half)
    spare[k++] = a[i++];
  for (i = 0; i < k; i++)
    a[i] = spare[i];
}

static int by_low_bits(const void *a, const void *b) {
  return (*(const uint32_t *)a & 0xffff) < (*(const uint32_t *)b & 0xffff);
}

static int by_value(const void *a, const void *b) {
  return *(const uint32_t *)a > *(const uint32_t *)b;
}

static uint64_t checksum(uint64_t sum) {
  for (int i = 0; i < COUNT; i += 97)
    sum = fold(sum, work[i]);
  return sum;
}

static uint64_t kernel(uint32_t rounds) {
  static uint32_t spare[COUNT];
  int (*volatile compare[2])(const void *, const void *) = {by_low_bits, by_value};
  uint32_t seed = 99;
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    for (int i = 0; i < COUNT; i++)
      source[i] = next_random(&seed);
    memcpy(work, source, sizeof work);
    quick_sort(work, 0, COUNT - 1);
    sum = checksum(sum);
    memcpy(work, source, sizeof work);
    heap_sort(work, COUNT);
    sum = checksum(sum);
    memcpy(work, source, sizeof work);
    merge_sort(work, spare, COUNT, compare[r & 1]);
    sum = checksum(sum);
  }
  return sum;
}

KERNEL_MAIN(90)
