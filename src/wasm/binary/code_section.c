// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// code_section.c: where each body is (core specification, 5.5.13). The instructions are left to validation, the local
// declarations are read to find where those begin.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

// The declarations are counted, not expanded, so that four thousand million locals cost nothing here.
static cv_status count_locals(cv_reader *r, uint32_t *out) {
  uint32_t offset = cv_reader_offset(r), runs;
  CV_TRY(cv_read_count(r, 2, UINT32_MAX, "local declarations", &runs));
  uint64_t total = 0;
  for (uint32_t i = 0; i < runs; i++) {
    uint32_t count;
    cv_valtype type;
    CV_TRY(cv_read_u32(r, &count));
    CV_TRY(cv_read_val_type(r, &type));
    total += count;
  }
  if (total > UINT32_MAX)
    return cv_fail(r->diag, CV_EMALFORMED, offset, "too many locals");
  *out = (uint32_t)total;
  return CV_OK;
}

static cv_status read_body(cv_decoder *d, cv_func_decl *func) {
  cv_reader *r = &d->r;
  uint32_t offset = cv_reader_offset(r), size;
  CV_TRY(cv_read_u32(r, &size));
  if (size > cv_reader_left(r))
    return cv_fail(r->diag, CV_EMALFORMED, offset, "length out of bounds");
  if (size > CV_MAX_FUNCTION_SIZE)
    return cv_fail(r->diag, CV_ELIMIT, offset, "function body too large: %u bytes, at most %u", size,
                   CV_MAX_FUNCTION_SIZE);
  func->body = (cv_span){cv_reader_offset(r), size};
  cv_reader body = *r;
  body.end = r->at + size;
  CV_TRY(count_locals(&body, &func->local_count));
  func->code = (cv_span){cv_reader_offset(&body), (uint32_t)cv_reader_left(&body)};
  r->at += size;
  return CV_OK;
}

cv_status cv_decode_code_section(cv_decoder *d) {
  d->m->code_section = (cv_span){cv_reader_offset(&d->r), (uint32_t)cv_reader_left(&d->r)};
  uint32_t offset = cv_reader_offset(&d->r), count;
  CV_TRY(cv_read_count(&d->r, 1, CV_MAX_FUNCTIONS, "function bodies", &count));
  if (count != d->funcs.count - d->m->imported_funcs)
    return cv_fail(d->r.diag, CV_EMALFORMED, offset, "function and code section have inconsistent lengths");
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_body(d, &d->funcs.data[d->m->imported_funcs + i]));
  d->bodies = count;
  return CV_OK;
}
