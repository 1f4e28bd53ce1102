// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exit.c: ends as its first argument says.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  if (strcmp(how, "return") == 0)
    return 3;
  if (strcmp(how, "exit") == 0)
    exit(33);
  if (strcmp(how, "large") == 0)
    _Exit(255);
  if (strcmp(how, "abort") == 0)
    abort();
  if (strcmp(how, "trap") == 0)
    __builtin_trap();
  if (strcmp(how, "write") == 0)
    for (int i = 0; i < 100; i++) {
      puts("0123456789");
      fflush(stdout);
    }
  if (strcmp(how, "sleep") == 0)
    sleep(1000000);
  if (strcmp(how, "read") == 0)
    return getchar() == EOF ? 7 : 8;
  return 0;
}
