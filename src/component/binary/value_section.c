// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// value_section.c: value definitions and start definitions (Binary.md, "Start Definitions", "Value Definitions").
// Values are kept as bytes.
#include "component/binary/sections.h"

cv_status cv_cdecode_value(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_VALUE, .entry = cv_reader_offset(&d->r)};
  cv_syn_value *value = CV_ARENA_NEW(d->arena, cv_syn_value);
  if (value == NULL)
    return CV_ENOMEM;
  cv_bytes bytes;
  CV_TRY(cv_cread_type_ref(&d->r, &value->type));
  CV_TRY(cv_read_byte_vector(&d->r, &bytes));
  value->bytes = (cv_span){(uint32_t)(bytes.data - d->r.start), (uint32_t)bytes.size};
  def.syntax = value;
  return cv_cdecoder_add(d, def, CV_CS_VALUE, 1);
}

cv_status cv_cdecode_start(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_START, .entry = cv_reader_offset(&d->r)};
  cv_syn_start *start = CV_ARENA_NEW(d->arena, cv_syn_start);
  if (start == NULL)
    return CV_ENOMEM;
  CV_TRY(cv_read_u32(&d->r, &start->func));
  CV_TRY(cv_read_count(&d->r, CV_MAX_CARGS, "arguments of the start function", &start->arg_count));
  uint32_t *args = CV_ARENA_ARRAY(d->arena, uint32_t, start->arg_count);
  if (args == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < start->arg_count; i++)
    CV_TRY(cv_read_u32(&d->r, &args[i]));
  start->args = args;
  CV_TRY(cv_read_u32(&d->r, &start->result_count));
  def.syntax = start;
  return cv_cdecoder_add(d, def, CV_CS_VALUE, start->result_count);
}
