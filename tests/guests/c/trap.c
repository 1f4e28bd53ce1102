// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Traps in the way that the argument names; each leaves through functions with names worth seeing in a backtrace.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static volatile uint32_t zero, far = 0xfffffff0u;

__attribute__((noinline)) static int divide(int by) {
  return 100 / by;
}

__attribute__((noinline)) static int load(uint32_t at) {
  return *(volatile int *)(uintptr_t)at;
}

__attribute__((noinline)) static uint32_t recurse(volatile uint32_t *depth) {
  volatile uint32_t here = *depth + 1;
  return far == 0 ? here : recurse(&here) + here;
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  volatile uint32_t depth = 0;
  puts("before");
  fflush(stdout);
  if (strcmp(how, "unreachable") == 0)
    __builtin_trap();
  else if (strcmp(how, "divide") == 0)
    printf("%d\n", divide((int)zero));
  else if (strcmp(how, "load") == 0)
    printf("%d\n", load(far));
  else if (strcmp(how, "recurse") == 0)
    printf("%u\n", recurse(&depth));
  else if (strcmp(how, "call") == 0)
    ((void (*)(void))(uintptr_t)far)();
  else
    return 2;
  puts("after");
  return 0;
}
