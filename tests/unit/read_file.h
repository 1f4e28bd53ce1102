// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// read_file.h: whole files, for tests that go over many.
#ifndef COVE_TESTS_READ_FILE_H
#define COVE_TESTS_READ_FILE_H

#include <stdio.h>
#include <stdlib.h>

// Its contents, which the caller frees.
static inline char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *contents = malloc(*size + 1);
  assert_non_null(contents);
  assert_int_equal(fread(contents, 1, *size, file), *size);
  fclose(file);
  return contents;
}

#endif
