// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The smallest program that says something.
#include <stdio.h>

int main(void) {
  puts("hello, world");
  return 0;
}
