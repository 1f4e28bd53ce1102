// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// function_section.c: the types of the defined functions (core specification, 5.5.6).
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

cv_status cv_decode_function_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_FUNCTIONS, "functions", &count));
  CV_TRY(cv_vec_reserve(d->mem, &d->funcs, count));
  for (uint32_t i = 0; i < count; i++) {
    cv_func_decl func = {.entry = cv_reader_offset(&d->r)};
    CV_TRY(cv_read_u32(&d->r, &func.type));
    d->funcs.data[d->funcs.count++] = func;
  }
  return CV_OK;
}
