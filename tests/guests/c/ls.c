// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lists a directory: kind, size of files, name; sorted by name, so that hosts agree.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
  static char *names[4096];
  const char *path = argc > 1 ? argv[1] : ".";
  size_t count = 0;
  DIR *dir = opendir(path);
  if (dir == NULL) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
  }
  for (struct dirent *entry; count < 4096 && (entry = readdir(dir)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      names[count++] = strdup(entry->d_name);
  closedir(dir);
  qsort(names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count; i++) {
    char full[4096];
    struct stat st;
    snprintf(full, sizeof full, "%s/%s", path, names[i]);
    if (lstat(full, &st) != 0) {
      printf("? %s: %s\n", names[i], strerror(errno));
      continue;
    }
    char kind = S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : '-';
    printf("%c %lld %s\n", kind, kind == '-' ? (long long)st.st_size : 0LL, names[i]);
  }
  return 0;
}
