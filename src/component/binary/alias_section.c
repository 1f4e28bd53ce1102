// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// alias_section.c: aliases of exports, of core exports, of outer scopes (Binary.md, "Alias Definitions").
#include "component/binary/sections.h"

// What a scope may take from one outside of it. Whether a type may name it too is for validation.
static cv_status outer_sort(cv_reader *r, cv_sort_bytes bytes, cv_cspace *out) {
  if (bytes.sort == 0 && bytes.core == 0x10) {
    *out = CV_CS_CORE_TYPE;
  } else if (bytes.sort == 0 && bytes.core == 0x11) {
    *out = CV_CS_CORE_MODULE;
  } else if (bytes.sort == 3) {
    *out = CV_CS_TYPE;
  } else if (bytes.sort == 4) {
    *out = CV_CS_COMPONENT;
  } else {
    r->at = bytes.at + (bytes.sort == 0);
    return cv_reader_fail(r, "invalid leading byte (0x%x) for component outer alias kind",
                          bytes.sort == 0 ? bytes.core : bytes.sort);
  }
  return CV_OK;
}

cv_status cv_cread_alias(cv_reader *r, cv_syn_alias *out) {
  cv_sort_bytes bytes;
  uint8_t code;
  CV_TRY(cv_cread_sort_bytes(r, &bytes));
  CV_TRY(cv_read_byte(r, &code));
  *out = (cv_syn_alias){.kind = (cv_syn_alias_kind)code};
  switch (code) {
  case CV_SYN_ALIAS_EXPORT:
    CV_TRY(cv_csort_external(r, bytes, &out->space));
    CV_TRY(cv_read_u32(r, &out->source));
    return cv_read_name(r, &out->name);
  case CV_SYN_ALIAS_CORE_EXPORT:
    CV_TRY(cv_csort_core(r, bytes, &out->space));
    CV_TRY(cv_read_u32(r, &out->source));
    return cv_read_name(r, &out->name);
  case CV_SYN_ALIAS_OUTER:
    CV_TRY(outer_sort(r, bytes, &out->space));
    CV_TRY(cv_read_u32(r, &out->outer));
    return cv_read_u32(r, &out->source);
  default:
    return cv_cread_leading(r, code, "alias");
  }
}

cv_status cv_cdecode_alias(cv_cdecoder *d) {
  static const cv_cdef_kind kinds[] = {
      [CV_SYN_ALIAS_EXPORT] = CV_CDEF_ALIAS_EXPORT,
      [CV_SYN_ALIAS_CORE_EXPORT] = CV_CDEF_ALIAS_CORE_EXPORT,
      [CV_SYN_ALIAS_OUTER] = CV_CDEF_ALIAS_OUTER,
  };
  cv_cdef def = {.entry = cv_reader_offset(&d->r)};
  cv_syn_alias alias;
  CV_TRY(cv_cread_alias(&d->r, &alias));
  def.kind = kinds[alias.kind];
  def.source = alias.source;
  def.outer = alias.outer;
  def.name = alias.name;
  return cv_cdecoder_add(d, def, alias.space, 1);
}
