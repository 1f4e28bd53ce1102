// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// custom_section.c: a name and contents that are kept as they are (core specification, 5.5.3).
#include "wasm/binary/sections.h"

cv_status cv_decode_custom_section(cv_decoder *d) {
  cv_custom_section custom = {.after = d->last_section};
  CV_TRY(cv_read_name(&d->r, &custom.name));
  if (d->r.at > d->section_end)
    return cv_read_end(&d->r);
  custom.bytes = (cv_span){cv_reader_offset(&d->r), (uint32_t)(d->section_end - d->r.at)};
  d->r.at = d->section_end;
  return cv_vec_push(d->mem, &d->customs, custom);
}
