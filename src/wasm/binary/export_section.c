// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// export_section.c: core specification, 5.5.10.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

static cv_status read_export(cv_decoder *d, cv_export *out) {
  cv_reader *r = &d->r;
  out->entry = cv_reader_offset(r);
  CV_TRY(cv_read_name(r, &out->name));
  uint8_t kind;
  CV_TRY(cv_read_byte(r, &kind));
  bool tags = (r->features & (CV_FEAT(EXCEPTIONS) | CV_FEAT(LEGACY_EXCEPTIONS))) != 0;
  if (kind > CV_EXTERN_TAG || (kind == CV_EXTERN_TAG && !tags)) {
    r->at--;
    return cv_reader_fail(r, "malformed export kind");
  }
  out->kind = (cv_extern_kind)kind;
  CV_TRY(cv_read_u32(r, &out->index));
  if (kind == CV_EXTERN_FUNC)
    cv_decode_declare_func(d, out->index);
  return CV_OK;
}

cv_status cv_decode_export_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_EXPORTS, "exports", &count));
  cv_export *exports = CV_ARENA_ARRAY(&d->m->arena, cv_export, count);
  if (exports == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_export(d, &exports[i]));
  d->m->exports = exports;
  d->m->export_count = count;
  return CV_OK;
}
