// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// replay.c: main of a fuzz target in builds without libFuzzer. Runs the target over each file named, and over each file
// of each folder named, in the order of their names. Fails when it was given nothing to run.
#include "target.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned inputs_run;

static int run_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    return 1;
  }
  uint8_t *data = NULL;
  size_t size = 0, capacity = 0;
  for (;;) {
    if (size == capacity) {
      capacity = capacity == 0 ? 4096 : capacity * 2;
      uint8_t *bigger = realloc(data, capacity);
      if (bigger == NULL) {
        perror("realloc");
        break;
      }
      data = bigger;
    }
    size_t got = fread(data + size, 1, capacity - size, file);
    if (got == 0)
      break;
    size += got;
  }
  fclose(file);
  // A copy of the exact size, so that a sanitizer sees the first byte read past it.
  uint8_t *exact = malloc(size != 0 ? size : 1);
  if (exact != NULL) {
    if (size != 0)
      memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    inputs_run++;
  }
  free(exact);
  free(data);
  return exact != NULL ? 0 : 1;
}

static int run_folder(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort);
  if (count < 0) {
    perror(path);
    return 1;
  }
  int failures = 0;
  for (int i = 0; i < count; i++) {
    char name[4096];
    snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.')
      failures += run_file(name);
    free(entries[i]);
  }
  free(entries);
  return failures;
}

int main(int argc, char **argv) {
  int failures = 0;
  for (int i = 1; i < argc; i++) {
    struct stat st;
    if (stat(argv[i], &st) != 0) {
      perror(argv[i]);
      failures++;
    } else {
      failures += S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
    }
  }
  printf("%u inputs\n", inputs_run);
  return failures != 0 || inputs_run == 0;
}
