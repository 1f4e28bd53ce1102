// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// flat.c: flattening. A variant's cases share slots whose core type is the join of what each case has there.
#include "wit/flat.h"

void cv_wit_flat_add(cv_wit_flat *out, cv_wit_core type) {
  if (out->count < CV_WIT_MANY_FLAT)
    out->types[out->count++] = type;
}

cv_wit_core cv_wit_scalar_core(uint16_t kind) {
  return kind == CV_CT_S64 || kind == CV_CT_U64 ? CV_WIT_I64
         : kind == CV_CT_F32                    ? CV_WIT_F32
         : kind == CV_CT_F64                    ? CV_WIT_F64
                                                : CV_WIT_I32;
}

// CanonicalABI.md, "join"
static cv_wit_core join(cv_wit_core a, cv_wit_core b) {
  if (a == b)
    return a;
  return (a == CV_WIT_I32 || a == CV_WIT_F32) && (b == CV_WIT_I32 || b == CV_WIT_F32) ? CV_WIT_I32 : CV_WIT_I64;
}

// One more case of a variant, whose payloads begin at `first`.
static void add_case(cv_wit_flat *out, uint32_t first, const cv_wit_type *payload) {
  cv_wit_flat one = {.count = 0};
  cv_wit_flatten(payload, &one);
  for (uint32_t i = 0; i < one.count; i++)
    if (first + i < out->count)
      out->types[first + i] = join(out->types[first + i], one.types[i]);
    else
      cv_wit_flat_add(out, one.types[i]);
}

static void flatten_def(const cv_wit_typedef *def, cv_wit_flat *out) {
  uint32_t first;
  switch (def->kind) {
  case CV_WIT_ALIAS:
    cv_wit_flatten(def->type, out);
    return;
  case CV_WIT_RECORD:
    for (const cv_wit_part *part = def->parts; part && out->count < CV_WIT_MANY_FLAT; part = part->next)
      cv_wit_flatten(part->type, out);
    return;
  case CV_WIT_VARIANT:
    cv_wit_flat_add(out, CV_WIT_I32);
    first = out->count;
    for (const cv_wit_part *part = def->parts; part; part = part->next)
      add_case(out, first, part->type);
    return;
  case CV_WIT_ENUM:
  case CV_WIT_FLAGS:
  case CV_WIT_RESOURCE:
  case CV_WIT_USE:
    cv_wit_flat_add(out, CV_WIT_I32);
    return;
  }
}

void cv_wit_flatten(const cv_wit_type *type, cv_wit_flat *out) {
  uint32_t first;
  if (!type || type->is_absent)
    return;
  switch (type->kind) {
  case CV_CT_STRING:
  case CV_CT_LIST:
  case CV_CT_MAP:
    cv_wit_flat_add(out, CV_WIT_I32);
    cv_wit_flat_add(out, CV_WIT_I32);
    return;
  case CV_CT_TUPLE:
    for (const cv_wit_type *part = type->parts; part && out->count < CV_WIT_MANY_FLAT; part = part->next)
      cv_wit_flatten(part, out);
    return;
  case CV_CT_FIXED_LIST:
    for (uint32_t i = 0; i < type->length && out->count < CV_WIT_MANY_FLAT; i++)
      cv_wit_flatten(type->parts, out);
    return;
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    cv_wit_flat_add(out, CV_WIT_I32);
    first = out->count;
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      add_case(out, first, part);
    return;
  case CV_WIT_NAMED:
    flatten_def(cv_wit_definition(type->def), out);
    return;
  default:
    cv_wit_flat_add(out, cv_wit_scalar_core(type->kind));
    return;
  }
}
