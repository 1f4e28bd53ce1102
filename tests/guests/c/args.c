// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints its arguments, one a line, quoted; the program's own name is left out, for it is the host's choice.
#include <stdio.h>

int main(int argc, char **argv) {
  printf("%d\n", argc - 1);
  for (int i = 1; i < argc; i++)
    printf("[%s]\n", argv[i]);
  return 0;
}
