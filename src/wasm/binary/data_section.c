// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// data_section.c: core specification, 5.5.14.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

enum { KIND_ACTIVE = 0, KIND_PASSIVE = 1, KIND_EXPLICIT = 2 };

static cv_status read_segment(cv_decoder *d, cv_data_decl *out) {
  uint32_t offset = cv_reader_offset(&d->r), kind;
  out->entry = offset;
  CV_TRY(cv_read_u32(&d->r, &kind));
  if (kind > KIND_EXPLICIT || (kind != KIND_ACTIVE && (d->r.features & CV_FEAT(BULK_MEMORY)) == 0))
    return cv_fail(d->r.diag, CV_EMALFORMED, offset, "malformed data segment kind");
  out->mode = kind == KIND_PASSIVE ? CV_SEGMENT_PASSIVE : CV_SEGMENT_ACTIVE;
  if (kind == KIND_EXPLICIT)
    CV_TRY(cv_read_u32(&d->r, &out->memory));
  if (kind != KIND_PASSIVE)
    CV_TRY(cv_decode_const_expr(d, &out->offset));
  cv_bytes bytes;
  CV_TRY(cv_read_byte_vector(&d->r, &bytes));
  out->bytes = (cv_span){(uint32_t)(bytes.data - d->r.start), (uint32_t)bytes.size};
  return CV_OK;
}

cv_status cv_decode_data_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_DATA_SEGMENTS, "data segments", &count));
  cv_data_decl *datas = CV_ARENA_ARRAY(&d->m->arena, cv_data_decl, count);
  if (datas == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_segment(d, &datas[i]));
  d->m->datas = datas;
  d->m->data_count = count;
  return CV_OK;
}
