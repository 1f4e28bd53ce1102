// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// branch_hints.c: the custom section metadata.code.branch_hint (branch hinting proposal): for each function, offsets of
// branches from the start of its body (local declarations included) with a byte that says whether they are likely.
// Malformed contents, or hints out of order, end the hints; those before count.
#include "wasm/binary/sections.h"

typedef CV_VEC(cv_branch_hint) hint_vec;

static bool is_after(const hint_vec *hints, uint32_t func, uint32_t offset) {
  if (hints->count == 0)
    return true;
  const cv_branch_hint *last = &cv_vec_last(hints);
  return func > last->func || (func == last->func && offset > last->offset);
}

// CV_EMALFORMED ends the reading.
static cv_status read_hint(cv_decoder *d, cv_reader *r, uint32_t func, hint_vec *hints) {
  uint32_t offset, size;
  uint8_t value;
  CV_TRY(cv_read_u32(r, &offset));
  CV_TRY(cv_read_u32(r, &size));
  CV_TRY(cv_read_byte(r, &value));
  if (size != 1 || value > 1 || !is_after(hints, func, offset))
    return CV_EMALFORMED;
  return cv_vec_push(d->mem, hints, (cv_branch_hint){func, offset, value == 1});
}

static cv_status read_hints(cv_decoder *d, cv_reader *r, hint_vec *hints) {
  uint32_t funcs;
  CV_TRY(cv_read_count(r, UINT32_MAX, "functions", &funcs));
  for (uint32_t i = 0; i < funcs; i++) {
    uint32_t func, count;
    CV_TRY(cv_read_u32(r, &func));
    CV_TRY(cv_read_count(r, UINT32_MAX, "hints", &count));
    for (uint32_t k = 0; k < count; k++)
      CV_TRY(read_hint(d, r, func, hints));
  }
  return CV_OK;
}

cv_status cv_decode_branch_hints(cv_decoder *d) {
  cv_module *m = d->m;
  for (uint32_t i = 0; i < m->custom_count; i++) {
    const cv_custom_section *custom = &m->customs[i];
    if (!cv_bytes_equal(custom->name, CV_BYTES_LITERAL("metadata.code.branch_hint")))
      continue;
    const uint8_t *at = m->bytes + custom->bytes.offset;
    cv_reader r = {.start = at, .at = at, .end = at + custom->bytes.size};
    hint_vec hints = {0};
    cv_status status = read_hints(d, &r, &hints);
    if (status != CV_ENOMEM && hints.count != 0) {
      m->hints = cv_arena_copy(&m->arena, hints.data, hints.count * sizeof *hints.data);
      m->hint_count = (uint32_t)hints.count;
      status = m->hints != NULL ? CV_OK : CV_ENOMEM;
    }
    cv_vec_free(d->mem, &hints);
    return status == CV_ENOMEM ? CV_ENOMEM : CV_OK;
  }
  return CV_OK;
}
