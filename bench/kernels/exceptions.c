// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Errors by setjmp and longjmp, as interpreters in C report them: sections that are entered and end well, and errors
// thrown from some calls deep and caught. In the guest clang makes WebAssembly's exceptions of them, the older form
// that clang 19 knows; the three functions that it calls for it are those of setjmp.h and sjlj.c in
// tests/guests/c/shim.
#include "kernel.h"
#include <setjmp.h>

struct section {
  struct section *outer;
  int error;
  jmp_buf at;
};

static struct section *current;

static _Noreturn void fail(int error) {
  current->error = error;
  longjmp(current->at, 1);
}

static __attribute__((noinline)) uint32_t work(uint32_t x, uint32_t depth) {
  if (depth == 0) {
    if ((x & 31) == 7)
      fail((int)(x >> 5 & 0xffff));
    return x * 0x9e3779b1u >> 3;
  }
  return work(x ^ x >> 3, depth - 1) + 1;
}

// Runs work(x), with an error's number in the place of the result where there is one.
static __attribute__((noinline)) uint32_t guarded(uint32_t x) {
  struct section here = {.outer = current};
  volatile uint32_t result = 0;
  current = &here;
  if (setjmp(here.at) == 0)
    result = work(x, x & 3);
  current = here.outer;
  return here.error != 0 ? (uint32_t)here.error ^ 0xffff0000u : result;
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 21;
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++)
    sum = fold(sum, guarded(next_random(&seed)));
  return sum;
}

KERNEL_MAIN(25000000)
