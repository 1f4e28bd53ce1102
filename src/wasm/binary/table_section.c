// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// table_section.c: core specification, 5.5.7.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

// 0x40 0x00 before the type says that an expression for the elements follows it.
static cv_status read_table(cv_decoder *d) {
  cv_reader *r = &d->r;
  cv_table_decl table = {.entry = cv_reader_offset(r)};
  if (r->at < r->end && *r->at == 0x40 && (r->features & CV_FEAT(FUNCTION_REFERENCES)) != 0) {
    uint8_t zero;
    r->at++;
    CV_TRY(cv_read_byte(r, &zero));
    if (zero != 0) {
      r->at--;
      return cv_reader_fail(r, "zero byte expected");
    }
    table.has_init = true;
  }
  CV_TRY(cv_read_table_type(r, &table.type));
  if (table.has_init)
    CV_TRY(cv_decode_const_expr(d, &table.init));
  return cv_vec_push(d->mem, &d->tables, table);
}

cv_status cv_decode_table_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_TABLES, "tables", &count));
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_table(d));
  return CV_OK;
}
