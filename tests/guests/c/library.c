// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library for the world in library.wit, which uses the C library for output and memory.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define EXPORT(name)
#endif

typedef struct text {
  char *data;
  size_t size;
} text;

static unsigned ready;
static text greeting;

__attribute__((constructor)) static void initialise(void) {
  ready = 100;
  puts("initialised");
  fflush(stdout);
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old_size, (void)align;
  return realloc(old, size);
}

EXPORT("twice") unsigned twice(unsigned n) {
  printf("twice %u\n", n);
  fflush(stdout);
  return 2 * n + ready;
}

EXPORT("greet") text *greet(char *name, size_t size) {
  greeting.size = size + 7;
  greeting.data = malloc(greeting.size);
  memcpy(greeting.data, "hello, ", 7);
  memcpy(greeting.data + 7, name, size);
  free(name);
  return &greeting;
}

EXPORT("cabi_post_greet") void greet_end(text *result) {
  free(result->data);
}
