// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// data_count_section.c: core specification, 5.5.16.
#include "wasm/binary/sections.h"

cv_status cv_decode_data_count_section(cv_decoder *d) {
  d->m->has_data_count = true;
  return cv_read_u32(&d->r, &d->data_count);
}
