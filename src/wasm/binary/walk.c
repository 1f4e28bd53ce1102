// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// walk.c: see walk.h. Sizes were checked by the decoder.
#include "wasm/binary/walk.h"

#include "base/leb.h"

bool cv_section_next(cv_section *section, const uint8_t *end) {
  const uint8_t *at = section->after;
  if (at >= end)
    return false;
  section->start = at;
  section->id = *at++;
  section->size = cv_leb_u32(&at);
  section->contents = at;
  section->after = at + section->size;
  return true;
}

// The module lists them in their order; their contents follow a name of one byte at least.
const cv_custom_section *cv_section_custom(const cv_module *m, const cv_section *section) {
  if (section->id != CV_SECT_CUSTOM)
    return NULL;
  uint32_t low = 0, high = m->custom_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (cv_span_start(m, m->customs[middle].bytes) <= section->contents)
      low = middle + 1;
    else
      high = middle;
  }
  return low < m->custom_count ? &m->customs[low] : NULL;
}
