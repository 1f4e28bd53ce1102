// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// element_section.c: core specification, 5.5.12. The flags of a segment: bit 0 passive or declarative, bit 1 an
// explicit table (or declarative, with bit 0), bit 2 expressions instead of function indices.
#include "wasm/binary/sections.h"
#include "wasm/limits.h"

enum { FLAG_NOT_ACTIVE = 1, FLAG_EXPLICIT = 2, FLAG_EXPRESSIONS = 4 };

static cv_status read_funcs(cv_decoder *d, cv_elem_decl *out) {
  CV_TRY(cv_read_count(&d->r, CV_MAX_TABLE_INIT, "elements", &out->count));
  uint32_t *funcs = CV_ARENA_ARRAY(&d->m->arena, uint32_t, out->count);
  if (funcs == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < out->count; i++) {
    CV_TRY(cv_read_u32(&d->r, &funcs[i]));
    cv_decode_declare_func(d, funcs[i]);
  }
  out->funcs = funcs;
  return CV_OK;
}

static cv_status read_exprs(cv_decoder *d, cv_elem_decl *out) {
  CV_TRY(cv_read_count(&d->r, CV_MAX_TABLE_INIT, "elements", &out->count));
  cv_const_expr *exprs = CV_ARENA_ARRAY(&d->m->arena, cv_const_expr, out->count);
  if (exprs == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < out->count; i++)
    CV_TRY(cv_decode_const_expr(d, &exprs[i]));
  out->exprs = exprs;
  return CV_OK;
}

static cv_status read_type(cv_decoder *d, uint32_t flags, cv_elem_decl *out) {
  bool implicit = (flags & (FLAG_NOT_ACTIVE | FLAG_EXPLICIT)) == 0;
  if (flags & FLAG_EXPRESSIONS) {
    out->type = CV_FUNCREF;
    return implicit ? CV_OK : cv_read_ref_type(&d->r, &out->type);
  }
  out->type = CV_REF_TYPE(false, CV_HEAP_FUNC); // function indices are never null
  if (implicit)
    return CV_OK;
  uint8_t kind;
  CV_TRY(cv_read_byte(&d->r, &kind));
  if (kind != 0) {
    d->r.at--;
    return cv_reader_fail(&d->r, "malformed element kind");
  }
  return CV_OK;
}

static cv_status read_segment(cv_decoder *d, cv_elem_decl *out) {
  uint32_t offset = cv_reader_offset(&d->r), flags;
  out->entry = offset;
  CV_TRY(cv_read_u32(&d->r, &flags));
  bool bulk = (d->r.features & (CV_FEAT(BULK_MEMORY) | CV_FEAT(REFERENCE_TYPES))) != 0;
  if (flags > 7 || (flags != 0 && !bulk))
    return cv_fail(d->r.diag, CV_EMALFORMED, offset, "malformed elements segment kind");
  if ((flags & FLAG_NOT_ACTIVE) == 0) {
    out->mode = CV_SEGMENT_ACTIVE;
    if (flags & FLAG_EXPLICIT)
      CV_TRY(cv_read_u32(&d->r, &out->table));
    CV_TRY(cv_decode_const_expr(d, &out->offset));
  } else {
    out->mode = flags & FLAG_EXPLICIT ? CV_SEGMENT_DECLARATIVE : CV_SEGMENT_PASSIVE;
  }
  CV_TRY(read_type(d, flags, out));
  return flags & FLAG_EXPRESSIONS ? read_exprs(d, out) : read_funcs(d, out);
}

cv_status cv_decode_element_section(cv_decoder *d) {
  uint32_t count;
  CV_TRY(cv_read_count(&d->r, CV_MAX_ELEM_SEGMENTS, "element segments", &count));
  cv_elem_decl *elems = CV_ARENA_ARRAY(&d->m->arena, cv_elem_decl, count);
  if (elems == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    CV_TRY(read_segment(d, &elems[i]));
  d->m->elems = elems;
  d->m->elem_count = count;
  return CV_OK;
}
