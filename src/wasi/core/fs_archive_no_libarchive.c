// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fs_archive_no_libarchive.c: stands in for fs_archive_libarchive.c where libarchive's headers were absent.
#include "wasi/core/fs.h"

cv_status cv_fs_archive_new(cv_mem *mem, const char *host_path, uint64_t byte_limit, cv_fs **out, cv_diag *diag) {
  *out = NULL;
  return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                 "unsupported: archives as directories (built without libarchive)");
}
