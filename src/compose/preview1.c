// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// preview1.c: which adapter a program gets.
#include "compose/preview1.h"

#include <string.h>

// The functions that only the adapter with files has: all on paths, and those that ask for what was granted.
static bool needs_files(cv_bytes name) {
  static const char *const others[] = {"fd_prestat_get", "fd_prestat_dir_name", "fd_readdir"};
  if (name.size > 5 && memcmp(name.data, "path_", 5) == 0)
    return true;
  for (size_t i = 0; i < CV_COUNT(others); i++)
    if (cv_bytes_equal(name, cv_bytes_of(others[i])))
      return true;
  return false;
}

cv_bytes cv_preview1_adapter(const cv_module *main) {
  for (uint32_t i = 0; i < main->import_count; i++)
    if (cv_bytes_equal(main->imports[i].module, CV_BYTES_LITERAL(CV_PREVIEW1_NAME)) &&
        needs_files(main->imports[i].name))
      return (cv_bytes){cv_preview1_with_files, cv_preview1_with_files_size};
  return (cv_bytes){cv_preview1_without_files, cv_preview1_without_files_size};
}
