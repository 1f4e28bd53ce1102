// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// code_section.c: where each body is (core specification, 5.5.13). The instructions are left to validation, the local
// declarations are read to find where those begin.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

// The declarations are counted, not expanded, so that four thousand million locals cost nothing here.
static cv_status count_locals(cv_reader *r, uint32_t *out) {
  uint32_t offset = cv_reader_offset(r), runs;
  CV_TRY(cv_read_count(r, UINT32_MAX, "local declarations", &runs));
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

// The reader's limit is the end of the module here too: a body that ends too early is told by validation.
static cv_status read_body(cv_decoder *d, cv_func_decl *func) {
  cv_reader *r = &d->r;
  uint32_t offset = cv_reader_offset(r), size;
  CV_TRY(cv_read_u32(r, &size));
  if (size > cv_reader_left(r))
    return cv_fail(r->diag, CV_EMALFORMED, offset, "length out of bounds");
  if (size > CV_MAX_FUNCTION_SIZE)
    return cv_fail(r->diag, CV_ELIMIT, offset, "function body too large: %u bytes, at most %u", size,
                   CV_MAX_FUNCTION_SIZE);
  const uint8_t *end = r->at + size;
  func->body = (cv_span){cv_reader_offset(r), size};
  CV_TRY(count_locals(r, &func->local_count));
  if (r->at > end)
    return cv_reader_fail(r, "section size mismatch");
  func->code = (cv_span){cv_reader_offset(r), (uint32_t)(end - r->at)};
  r->at = end;
  return CV_OK;
}

cv_status cv_decode_code_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_FUNCTIONS, "function bodies", &count));
  if (d->m->without_bodies) {
    d->bodies = count;
    d->r.at = d->section_end;
    return CV_OK;
  }
  for (uint32_t i = 0; i < count; i++) {
    cv_func_decl surplus, *func = &surplus; // more bodies than functions: told when all sections were read
    if (i < d->funcs.count - d->m->imported_funcs)
      func = &d->funcs.data[d->m->imported_funcs + i];
    CV_TRY(read_body(d, func));
    d->bodies++;
  }
  return CV_OK;
}

cv_status cv_decode_scan_bodies(cv_decoder *d) {
  for (uint32_t i = 0; i < CV_MIN(d->bodies, d->funcs.count - d->m->imported_funcs); i++) {
    cv_span code = d->funcs.data[d->m->imported_funcs + i].code;
    cv_reader r = d->r;
    r.at = r.start + code.offset;
    const uint8_t *end = r.at + code.size;
    while (r.at < end) {
      cv_instr instr;
      CV_TRY(cv_read_instr(&r, &instr));
    }
    if (r.at > end) // malformed here, but not in an instruction; going on could read the same bytes many times
      return CV_OK;
  }
  return CV_OK;
}
