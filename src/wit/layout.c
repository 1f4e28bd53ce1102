// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layout.c: sizes, alignments and flat values of WIT types, for memories with 32-bit addresses.
#include "wit/layout.h"

// Sizes and counts are no larger than this: what is over it is too large for any memory, and stays comparable.
enum { LARGEST = 1 << 30 };

static uint32_t clamped(uint64_t x) {
  return x < LARGEST ? (uint32_t)x : LARGEST;
}

static uint32_t up(uint32_t value, uint32_t align) {
  return (value + align - 1) & ~(align - 1);
}

static void add_field(cv_wit_layout *layout, cv_wit_layout field) {
  layout->size = clamped((uint64_t)up(layout->size, field.align) + field.size);
  layout->align = CV_MAX(layout->align, field.align);
  layout->flat = clamped((uint64_t)layout->flat + field.flat);
}

static cv_wit_layout variant_layout(uint32_t cases, const cv_wit_layout *payloads, uint32_t count) {
  uint32_t disc = cases <= 0x100 ? 1 : cases <= 0x10000 ? 2 : 4;
  cv_wit_layout l = {.size = 0, .align = 1, .discriminant = disc};
  for (uint32_t i = 0; i < count; i++) {
    l.size = CV_MAX(l.size, payloads[i].size);
    l.align = CV_MAX(l.align, payloads[i].align);
    l.flat = CV_MAX(l.flat, payloads[i].flat);
  }
  l.payload = up(disc, l.align);
  l.align = CV_MAX(l.align, disc);
  l.size = up(l.payload + l.size, l.align);
  l.flat++;
  return l;
}

static cv_wit_layout merged(cv_wit_layout a, cv_wit_layout b) {
  return (cv_wit_layout){CV_MAX(a.size, b.size), CV_MAX(a.align, b.align), CV_MAX(a.flat, b.flat), 0, 0};
}

static cv_wit_layout scalar(uint32_t size) {
  return (cv_wit_layout){.size = size, .align = size, .flat = 1};
}

cv_wit_layout cv_wit_layout_of_def(const cv_wit_typedef *given) {
  const cv_wit_typedef *def = cv_wit_definition(given);
  cv_wit_layout all = {.align = 1};
  uint32_t count = 0;
  switch (def->kind) {
  case CV_WIT_ALIAS:
    return cv_wit_layout_of(def->type);
  case CV_WIT_RECORD:
    for (const cv_wit_part *part = def->parts; part; part = part->next)
      add_field(&all, cv_wit_layout_of(part->type));
    all.size = up(all.size, all.align);
    return all;
  case CV_WIT_VARIANT:
  case CV_WIT_ENUM:
    for (const cv_wit_part *part = def->parts; part; part = part->next, count++)
      all = merged(all, cv_wit_layout_of(part->type));
    return variant_layout(count, &all, 1);
  case CV_WIT_FLAGS:
    for (const cv_wit_part *part = def->parts; part; part = part->next)
      count++;
    return scalar(count <= 8 ? 1 : count <= 16 ? 2 : 4);
  case CV_WIT_RESOURCE:
  case CV_WIT_USE:
    break;
  }
  return scalar(4);
}

cv_wit_layout cv_wit_layout_of(const cv_wit_type *type) {
  cv_wit_layout all = {.align = 1};
  if (!type || type->is_absent)
    return all;
  switch (type->kind) {
  case CV_CT_BOOL:
  case CV_CT_S8:
  case CV_CT_U8:
    return scalar(1);
  case CV_CT_S16:
  case CV_CT_U16:
    return scalar(2);
  case CV_CT_S64:
  case CV_CT_U64:
  case CV_CT_F64:
    return scalar(8);
  case CV_CT_STRING:
  case CV_CT_LIST:
  case CV_CT_MAP:
    return (cv_wit_layout){.size = 8, .align = 4, .flat = 2};
  case CV_CT_TUPLE:
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      add_field(&all, cv_wit_layout_of(part));
    all.size = up(all.size, all.align);
    return all;
  case CV_CT_FIXED_LIST:
    all = cv_wit_layout_of(type->parts);
    all.size = clamped((uint64_t)all.size * type->length);
    all.flat = clamped((uint64_t)all.flat * type->length);
    return all;
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    for (const cv_wit_type *part = type->parts; part; part = part->next)
      all = merged(all, cv_wit_layout_of(part));
    return variant_layout(2, &all, 1);
  case CV_WIT_NAMED:
    return cv_wit_layout_of_def(type->def);
  default:
    return scalar(4); // 32-bit integers and floats, characters, handles
  }
}
