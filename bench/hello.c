// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program of `bench/run startup`: its whole life is start, one line, exit.
#include <stdio.h>

int main(void) {
  puts("hello, world");
  return 0;
}
