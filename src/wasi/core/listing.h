// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// listing.h: the entries of a directory one at a time, without "." and "..", and without names that are not UTF-8.
#ifndef COVE_WASI_CORE_LISTING_H
#define COVE_WASI_CORE_LISTING_H

#include "wasi/core/wasi.h"

typedef struct cv_listing {
  cv_wasi *w;      // borrowed; outlives it
  cv_file *dir;    // kept
  uint64_t cookie; // of what was not read yet
  bool ended;      // all was read
  cv_buf batch;    // read and not yet told, from `at` on: type (1 byte), length (2), name
  size_t at;
} cv_listing;

// CV_ERR_NOTDIR; CV_ERR_MFILE when the program has too much open.
CV_MUST_USE cv_err cv_listing_new(cv_wasi *w, cv_file *dir, cv_listing **out);
void cv_listing_delete(cv_listing *l); // NULL is allowed
// CV_ERR_END after the last one. The name is borrowed until the next call.
CV_MUST_USE cv_err cv_listing_next(cv_listing *l, cv_bytes *name, cv_filetype *type);

#endif
