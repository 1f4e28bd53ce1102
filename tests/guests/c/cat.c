// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies files, or standard input, to standard output. A file that does not open is named on standard error.
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int copy(FILE *from) {
  static char buffer[8192];
  size_t n;
  while ((n = fread(buffer, 1, sizeof buffer, from)) > 0)
    if (fwrite(buffer, 1, n, stdout) != n)
      return 1;
  return ferror(from) != 0;
}

int main(int argc, char **argv) {
  int failed = argc == 1 ? copy(stdin) : 0;
  for (int i = 1; i < argc; i++) {
    FILE *file = fopen(argv[i], "rb");
    if (file == NULL) {
      fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
      failed = 1;
      continue;
    }
    failed |= copy(file);
    fclose(file);
  }
  return failed;
}
