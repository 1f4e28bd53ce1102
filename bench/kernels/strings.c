// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory and strings: copies short and long, forward and overlapping, fills, compares, searches. Our own loops and the
// C library's (so the library's own code is part of what is measured, in the guest as in the twin).
#include "kernel.h"

enum { SIZE = 32768 };
static char a[SIZE + 64], b[SIZE + 64];

static size_t count_words(const char *s) {
  size_t words = 0;
  int inside = 0;
  for (; *s != 0; s++) {
    int letter = *s > ' ';
    words += (size_t)(letter & ~inside);
    inside = letter;
  }
  return words;
}

static void reverse(char *s, size_t n) {
  for (size_t i = 0, j = n; i + 1 < j; i++) {
    char t = s[i];
    s[i] = s[--j], s[j] = t;
  }
}

static void to_upper(char *to, const char *from) {
  while ((*to = *from++) != 0) {
    if (*to >= 'a' && *to <= 'z')
      *to = (char)(*to - 32);
    to++;
  }
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 21;
  uint64_t sum = 0;
  for (int i = 0; i < SIZE; i++) {
    uint32_t r = next_random(&seed) >> 7;
    a[i] = r % 6 == 0 ? ' ' : (char)('a' + r % 26);
  }
  for (uint32_t r = 0; r < rounds; r++) {
    memcpy(b, a, SIZE);
    memmove(b + 5, b, SIZE - 5);
    for (uint32_t i = 0; i < 1000; i++) { // short copies of every length under 32
      uint32_t from = next_random(&seed) % (SIZE - 64), to = next_random(&seed) % (SIZE - 64);
      memcpy(a + to, b + from, i & 31);
    }
    memset(b + 100, 'q', r % 200);
    b[SIZE] = a[SIZE] = 0;
    sum = fold(sum, count_words(b));
    reverse(b, SIZE);
    sum = fold(sum, strlen(b) + (size_t)(memcmp(a, b, SIZE) < 0));
    const char *hit = strstr(a, "qxz");
    sum = fold(sum, hit == NULL ? 0 : (uint64_t)(hit - a));
    hit = memchr(b, 'Q', SIZE);
    sum = fold(sum, hit == NULL);
    to_upper(b, a);
    for (int i = 0; i < SIZE; i += 512)
      sum = fold(sum, (uint64_t)(strncmp(a + i, b + i, 40) < 0) + (uint8_t)b[i]);
  }
  return sum;
}

KERNEL_MAIN(2600)
