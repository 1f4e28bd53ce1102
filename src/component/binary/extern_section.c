// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// extern_section.c: imports and exports, their names with attributes, their types (Binary.md, "Import and Export
// Definitions").
#include "component/binary/sections.h"

static cv_status read_attribute(cv_reader *r, cv_syn_extern *out) {
  uint8_t code;
  CV_TRY(cv_read_byte(r, &code));
  cv_bytes *text;
  bool *has;
  switch (code) {
  case CV_SYN_IMPLEMENTS:
    text = &out->implements;
    has = &out->has_implements;
    break;
  case CV_SYN_VERSION_SUFFIX:
    text = &out->version_suffix;
    has = &out->has_version_suffix;
    break;
  case CV_SYN_EXTERNAL_ID:
    text = &out->external_id;
    has = &out->has_external_id;
    break;
  default:
    return cv_cread_leading(r, code, "name option");
  }
  if (*has)
    out->duplicate |= (uint8_t)(1u << code);
  *has = true;
  return cv_read_name(r, text);
}

cv_status cv_cread_extern_name(cv_reader *r, cv_syn_extern *out) {
  *out = (cv_syn_extern){.entry = cv_reader_offset(r)};
  CV_TRY(cv_read_byte(r, &out->form));
  if (out->form > 2)
    return cv_cread_leading(r, out->form, "component name");
  CV_TRY(cv_read_name(r, &out->name));
  if (out->form != 2)
    return CV_OK;
  uint32_t count;
  CV_TRY(cv_read_count(r, CV_MAX_NAME_ATTRIBUTES, "attributes of a name", &count));
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_attribute(r, out));
  return CV_OK;
}

static cv_status read_bound(cv_reader *r, const char *what, cv_syn_externtype *out) {
  uint8_t code;
  CV_TRY(cv_read_byte(r, &code));
  if (code > 1)
    return cv_cread_leading(r, code, what);
  out->is_eq = code == 0;
  if (out->is_eq)
    return cv_read_u32(r, &out->index);
  return out->sort == CV_SORT_VALUE ? cv_cread_type_ref(r, &out->type) : CV_OK;
}

cv_status cv_cread_extern_type(cv_reader *r, cv_syn_externtype *out) {
  *out = (cv_syn_externtype){.entry = cv_reader_offset(r)};
  cv_sort_bytes bytes;
  cv_cspace space;
  CV_TRY(cv_cread_sort_bytes(r, &bytes));
  CV_TRY(cv_csort_external(r, bytes, &space));
  out->sort = (cv_csort)bytes.sort;
  if (out->sort == CV_SORT_TYPE)
    return read_bound(r, "type bound", out);
  if (out->sort == CV_SORT_VALUE)
    return read_bound(r, "value bound", out);
  return cv_read_u32(r, &out->index);
}

cv_cspace cv_csort_space(cv_csort sort) {
  static const cv_cspace spaces[] = {
      [CV_SORT_MODULE] = CV_CS_CORE_MODULE, [CV_SORT_FUNC] = CV_CS_FUNC,           [CV_SORT_VALUE] = CV_CS_VALUE,
      [CV_SORT_TYPE] = CV_CS_TYPE,          [CV_SORT_COMPONENT] = CV_CS_COMPONENT, [CV_SORT_INSTANCE] = CV_CS_INSTANCE,
  };
  return spaces[sort];
}

cv_status cv_cdecode_import(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_IMPORT, .entry = cv_reader_offset(&d->r)};
  cv_syn_extern *syntax = CV_ARENA_NEW(d->arena, cv_syn_extern);
  if (syntax == NULL)
    return CV_ENOMEM;
  CV_TRY(cv_cread_extern_name(&d->r, syntax));
  CV_TRY(cv_cread_extern_type(&d->r, &syntax->type));
  syntax->has_type = true;
  def.syntax = syntax;
  def.name = syntax->name;
  return cv_cdecoder_add(d, def, cv_csort_space(syntax->type.sort), 1);
}

cv_status cv_cdecode_export(cv_cdecoder *d) {
  cv_cdef def = {.kind = CV_CDEF_EXPORT, .entry = cv_reader_offset(&d->r)};
  cv_syn_extern *syntax = CV_ARENA_NEW(d->arena, cv_syn_extern);
  if (syntax == NULL)
    return CV_ENOMEM;
  CV_TRY(cv_cread_extern_name(&d->r, syntax));
  CV_TRY(cv_cread_sort_index(&d->r, &def.item));
  uint8_t code;
  CV_TRY(cv_read_byte(&d->r, &code));
  if (code > 1)
    return cv_cread_leading(&d->r, code, "optional component export type");
  syntax->has_type = code == 1;
  if (syntax->has_type)
    CV_TRY(cv_cread_extern_type(&d->r, &syntax->type));
  def.syntax = syntax;
  def.name = syntax->name;
  return cv_cdecoder_add(d, def, def.item.space, 1);
}
