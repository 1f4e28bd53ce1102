// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv_sqlite_no_libsqlite3.c: stands in for kv_sqlite_libsqlite3.c where SQLite's header was absent.
#include "wasi/core/kv.h"

cv_status cv_bucket_sqlite_new(cv_wasi *w, const char *file, const char *name, bool read_only, cv_bucket **out,
                               cv_diag *diag) {
  *out = NULL;
  return cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: buckets in files (built without SQLite)");
}
