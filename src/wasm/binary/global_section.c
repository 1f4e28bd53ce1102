// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// global_section.c: core specification, 5.5.9.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

cv_status cv_decode_global_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_GLOBALS, "globals", &count));
  for (uint32_t i = 0; i < count; i++) {
    cv_global_decl global = {.entry = cv_reader_offset(&d->r)};
    CV_TRY(cv_read_global_type(&d->r, &global.type));
    CV_TRY(cv_decode_const_expr(d, &global.init));
    CV_TRY(cv_vec_push(d->mem, &d->globals, global));
  }
  return CV_OK;
}
