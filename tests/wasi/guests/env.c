// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// env.c: prints its arguments, environment and standard input, on standard output and error in turn.
#include <stdio.h>

extern char **environ;

int main(int argc, char **argv) {
  char line[256];
  for (int i = 1; i < argc; i++)
    printf("arg %d: [%s]\n", i, argv[i]);
  for (char **e = environ; *e != NULL; e++)
    printf("env: [%s]\n", *e);
  while (fgets(line, sizeof line, stdin) != NULL)
    printf("in: %s", line);
  fprintf(stderr, "err\n");
  return 0;
}
