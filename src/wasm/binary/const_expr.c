// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// const_expr.c: finds the end of a constant expression. Any well-formed instruction may stand in it here; validation
// says which are constant.
#include "wasm/binary/sections.h"

void cv_decode_declare_func(cv_decoder *d, uint32_t index) {
  if (index < d->funcs.count)
    d->funcs.data[index].is_declared = true;
}

cv_status cv_decode_const_expr(cv_decoder *d, cv_const_expr *out) {
  cv_reader *r = &d->r;
  uint32_t start = cv_reader_offset(r), depth = 1;
  const uint8_t *after = cv_plain_const(r->at, r->end);
  if (after != NULL) {
    r->at = after;
    depth = 0;
  }
  while (depth != 0) {
    cv_instr instr;
    CV_TRY(cv_read_instr(r, &instr));
    switch (instr.code) {
    case CV_OPC_BLOCK:
    case CV_OPC_LOOP:
    case CV_OPC_IF:
    case CV_OPC_TRY:
    case CV_OPC_TRY_TABLE:
      depth++;
      break;
    case CV_OPC_END:
    case CV_OPC_DELEGATE:
      depth--;
      break;
    case CV_OPC_REF_FUNC:
      cv_decode_declare_func(d, instr.index);
      break;
    default:
      break;
    }
    if (depth == 0 && instr.code == CV_OPC_DELEGATE)
      return cv_fail(r->diag, CV_EMALFORMED, instr.offset, "END opcode expected");
  }
  out->code = (cv_span){start, cv_reader_offset(r) - start};
  return CV_OK;
}
