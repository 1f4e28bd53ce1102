// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library for the world in tables.wit that builds tables before it answers, and says how often it has.
#include <stdio.h>
#include <stdlib.h>

#include "tables.h"

enum { NUMBERS = 300000 };

static unsigned char composite[NUMBERS];
static unsigned *primes, count, constructed, built;

__attribute__((constructor)) static void construct(void) {
  constructed++;
}

void exports_tables_wizer_initialize(void) {
  primes = calloc(NUMBERS, sizeof *primes);
  for (unsigned n = 2; n < NUMBERS; n++) {
    if (composite[n])
      continue;
    primes[count++] = n;
    for (unsigned long m = (unsigned long)n * n; m < NUMBERS; m += n)
      composite[m] = 1;
  }
  built++;
}

cove_string exports_tables_answer(uint32_t n) {
  if (built == 0)
    exports_tables_wizer_initialize();
  char *text = malloc(100);
  int size = snprintf(text, 100, "%u of %u, constructed %u, built %u", primes[n % count], count, constructed, built);
  printf("asked for %u\n", (unsigned)n);
  fflush(stdout);
  return (cove_string){text, (size_t)size};
}
