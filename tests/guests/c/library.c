// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library for the world in library.wit, with the bindings of `cove bindgen guest`, which uses the C library for
// output.
#include <stdio.h>

#include "library.h"

static unsigned ready;

__attribute__((constructor)) static void initialise(void) {
  ready = 100;
  puts("initialised");
  fflush(stdout);
}

uint32_t exports_library_twice(uint32_t n) {
  printf("twice %u\n", (unsigned)n);
  fflush(stdout);
  return 2 * n + ready;
}

cove_string exports_library_greet(cove_string name) {
  cove_string greeting = {malloc(name.size + 7), name.size + 7};
  memcpy(greeting.data, "hello, ", 7);
  memcpy(greeting.data + 7, name.data, name.size);
  cove_string_free(&name);
  return greeting;
}
