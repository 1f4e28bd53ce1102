// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Grows the heap in steps to 96 MiB, writes and checks every page, frees, and starts again.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 3 << 20, STEPS = 32 };

int main(void) {
  static unsigned char *blocks[STEPS];
  for (int pass = 0; pass < 2; pass++) {
    uint64_t sum = 0;
    for (int i = 0; i < STEPS; i++) {
      if ((blocks[i] = calloc(1, STEP)) == NULL) {
        printf("no memory at %d\n", i);
        return 1;
      }
      for (size_t at = 0; at < STEP; at += 4096) {
        sum += blocks[i][at];
        blocks[i][at] = (unsigned char)(i + pass);
      }
    }
    for (int i = 0; i < STEPS; i++) {
      for (size_t at = 0; at < STEP; at += 4096)
        sum += blocks[i][at];
      free(blocks[i]);
    }
    printf("pass %d: %llu\n", pass, (unsigned long long)sum);
  }
  return 0;
}
