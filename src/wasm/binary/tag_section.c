// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tag_section.c: core specification, 5.5.15.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

cv_status cv_decode_tag_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_TAGS, "tags", &count));
  for (uint32_t i = 0; i < count; i++) {
    cv_tag_decl tag = {.entry = cv_reader_offset(&d->r)};
    CV_TRY(cv_read_tag_type(&d->r, &tag.type));
    CV_TRY(cv_vec_push(d->mem, &d->tags, tag));
  }
  return CV_OK;
}
