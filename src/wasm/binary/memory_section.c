// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory_section.c: core specification, 5.5.8.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

cv_status cv_decode_memory_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_MEMORIES, "memories", &count));
  for (uint32_t i = 0; i < count; i++) {
    cv_memtype memory;
    CV_TRY(cv_read_memory_type(&d->r, &memory));
    CV_TRY(cv_vec_push(d->mem, &d->memories, memory));
  }
  return CV_OK;
}
