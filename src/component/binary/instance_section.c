// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instance_section.c: core instances and instances, and the sorts that they and others name (Binary.md, "Instance
// Definitions").
#include "component/binary/sections.h"

enum { CODE_INSTANTIATE = 0x00, CODE_BUNDLE = 0x01, CODE_CORE_INSTANCE = 0x12 };

// ---- sorts ----

cv_status cv_cread_sort_bytes(cv_reader *r, cv_sort_bytes *out) {
  *out = (cv_sort_bytes){.at = r->at};
  CV_TRY(cv_read_byte(r, &out->sort));
  return out->sort == 0 ? cv_read_byte(r, &out->core) : CV_OK;
}

static cv_status bad_sort(cv_reader *r, cv_sort_bytes bytes, const char *what) {
  r->at = bytes.at + (bytes.sort == 0);
  return cv_reader_fail(r, "invalid leading byte (0x%x) for %s", bytes.sort == 0 ? bytes.core : bytes.sort, what);
}

cv_status cv_csort_external(cv_reader *r, cv_sort_bytes bytes, cv_cspace *out) {
  static const cv_cspace spaces[] = {CV_CS_CORE_MODULE, CV_CS_FUNC,      CV_CS_VALUE,
                                     CV_CS_TYPE,        CV_CS_COMPONENT, CV_CS_INSTANCE};
  if (bytes.sort >= CV_COUNT(spaces) || (bytes.sort == 0 && bytes.core != 0x11))
    return bad_sort(r, bytes, "component external kind");
  *out = spaces[bytes.sort];
  return CV_OK;
}

static const cv_cspace core_spaces[] = {CV_CS_CORE_FUNC, CV_CS_CORE_TABLE, CV_CS_CORE_MEMORY, CV_CS_CORE_GLOBAL,
                                        CV_CS_CORE_TAG};

cv_status cv_csort_core(cv_reader *r, cv_sort_bytes bytes, cv_cspace *out) {
  if (bytes.sort != 0 || bytes.core >= CV_COUNT(core_spaces))
    return bad_sort(r, bytes, "external kind");
  *out = core_spaces[bytes.core];
  return CV_OK;
}

cv_status cv_cread_sort_index(cv_reader *r, cv_csortidx *out) {
  cv_sort_bytes bytes;
  CV_TRY(cv_cread_sort_bytes(r, &bytes));
  CV_TRY(cv_csort_external(r, bytes, &out->space));
  return cv_read_u32(r, &out->index);
}

cv_status cv_cread_core_sort_index(cv_reader *r, cv_csortidx *out) {
  cv_sort_bytes bytes = {.at = r->at - 1};
  CV_TRY(cv_read_byte(r, &bytes.core));
  CV_TRY(cv_csort_core(r, bytes, &out->space));
  return cv_read_u32(r, &out->index);
}

// ---- instances ----

static cv_status read_core_arg(cv_cdecoder *d, cv_carg *out) {
  CV_TRY(cv_read_name(&d->r, &out->name));
  CV_TRY(cv_cread_expect(&d->r, CODE_CORE_INSTANCE, "instantiation arg kind"));
  out->item.space = CV_CS_CORE_INSTANCE;
  return cv_read_u32(&d->r, &out->item.index);
}

static cv_status read_core_export(cv_cdecoder *d, cv_carg *out) {
  CV_TRY(cv_read_name(&d->r, &out->name));
  return cv_cread_core_sort_index(&d->r, &out->item);
}

static cv_status read_arg(cv_cdecoder *d, cv_carg *out) {
  CV_TRY(cv_read_name(&d->r, &out->name));
  return cv_cread_sort_index(&d->r, &out->item);
}

static cv_status read_export(cv_cdecoder *d, cv_carg *out) {
  cv_syn_extern *syntax = CV_ARENA_NEW(d->arena, cv_syn_extern);
  if (syntax == NULL)
    return CV_ENOMEM;
  CV_TRY(cv_cread_extern_name(&d->r, syntax));
  out->name = syntax->name;
  out->syntax = syntax;
  return cv_cread_sort_index(&d->r, &out->item);
}

typedef cv_status arg_fn(cv_cdecoder *d, cv_carg *out);

static cv_status read_args(cv_cdecoder *d, arg_fn *read, const char *what, cv_cdef *def) {
  CV_TRY(cv_read_count(&d->r, CV_MAX_CARGS, what, &def->arg_count));
  cv_carg *args = CV_ARENA_ARRAY(d->arena, cv_carg, def->arg_count);
  if (args == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < def->arg_count; i++) {
    args[i].entry = cv_reader_offset(&d->r);
    CV_TRY(read(d, &args[i]));
  }
  def->args = args;
  return CV_OK;
}

static cv_status read_instance(cv_cdecoder *d, bool is_core) {
  cv_cdef def = {.entry = cv_reader_offset(&d->r)};
  uint8_t code;
  CV_TRY(cv_read_byte(&d->r, &code));
  if (code == CODE_INSTANTIATE) {
    def.kind = is_core ? CV_CDEF_CORE_INSTANTIATE : CV_CDEF_INSTANTIATE;
    CV_TRY(cv_read_u32(&d->r, &def.source));
    CV_TRY(read_args(d, is_core ? read_core_arg : read_arg, "instantiation arguments", &def));
  } else if (code == CODE_BUNDLE) {
    def.kind = is_core ? CV_CDEF_CORE_BUNDLE : CV_CDEF_BUNDLE;
    CV_TRY(read_args(d, is_core ? read_core_export : read_export, "inline exports", &def));
  } else {
    return cv_cread_leading(&d->r, code, is_core ? "core instance" : "instance");
  }
  return cv_cdecoder_add(d, def, is_core ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE, 1);
}

cv_status cv_cdecode_core_instance(cv_cdecoder *d) {
  return read_instance(d, true);
}

cv_status cv_cdecode_instance(cv_cdecoder *d) {
  return read_instance(d, false);
}
