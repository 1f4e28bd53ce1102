// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// random_wit.c: prints the WIT document of a seed (tests/bindings/random_wit.h).
//
// usage: random_wit SEED
#include "random_wit.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  cv_mem mem;
  cv_buf out;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf_init(&out, &mem);
  random_wit(argc > 1 ? strtoul(argv[1], NULL, 10) : 1, &out);
  const char *text = cv_buf_cstr(&out);
  bool good = text != NULL && fputs(text, stdout) >= 0;
  cv_buf_free(&out);
  return good ? 0 : 1;
}
