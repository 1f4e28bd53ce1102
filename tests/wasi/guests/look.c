// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// look.c: tries to read, and with a leading "+" to write, each path that an argument names, and says what came of it.
// One that ends in a slash is listed, sorted.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void list(const char *path) {
  struct dirent **entries;
  int n = scandir(path, &entries, NULL, by_name);
  printf("%s:", path);
  for (int i = 0; i < n; i++)
    printf(" %s", entries[i]->d_name);
  printf("\n");
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (argv[i][strlen(argv[i]) - 1] == '/') {
      list(argv[i]);
      continue;
    }
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
