// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints each environment variable that is named by an argument, or the whole environment without arguments.
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *value = getenv(argv[i]);
    printf("%s=%s\n", argv[i], value != NULL ? value : "(unset)");
  }
  if (argc == 1)
    for (char **entry = environ; *entry != NULL; entry++)
      puts(*entry);
  return 0;
}
