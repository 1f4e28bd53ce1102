// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// look.c: tries to read, and with a leading "+" to write, each path that an argument names, and says what came of it.
#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    int writes = argv[i][0] == '+';
    FILE *f = fopen(argv[i] + writes, writes ? "w" : "r");
    char text[64] = "";
    if (f != NULL && !writes)
      fgets(text, sizeof text, f);
    printf("%s: %s\n", argv[i], f == NULL ? strerror(errno) : writes ? "writable" : text);
    if (f != NULL)
      fclose(f);
  }
  return 0;
}
