// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// start_section.c: core specification, 5.5.11.
#include "wasm/binary/sections.h"

cv_status cv_decode_start_section(cv_decoder *d) {
  d->m->has_start = true;
  return cv_read_u32(&d->r, &d->m->start);
}
