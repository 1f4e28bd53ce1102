// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_context.h: contexts of the resource core, for its tests.
#ifndef COVE_TESTS_WASI_CONTEXT_H
#define COVE_TESTS_WASI_CONTEXT_H

#include "wasi_tree.h"

#include "wasi/core/wasi.h"

static inline cv_wasi_config *config_new(cv_mem *mem) {
  cv_mem_init(mem, UINT64_MAX);
  cv_wasi_config *c = cv_wasi_config_new(mem);
  assert_non_null(c);
  return c;
}

static inline cv_wasi *context_new(cv_mem *mem, cv_wasi_config *c) {
  cv_wasi *w;
  cv_diag diag;
  cv_diag_init(&diag);
  if (cv_wasi_new(mem, c, &w, &diag) != CV_OK)
    fail_msg("%s", diag.text);
  cv_wasi_config_delete(c);
  return w;
}

static inline void finish(cv_wasi *w, cv_mem *mem) {
  assert_int_equal(w->held, 0);
  cv_wasi_delete(w);
  assert_int_equal(mem->used, 0);
}

#endif
