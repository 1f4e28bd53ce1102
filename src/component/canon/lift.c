// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lift.c: values out of a guest (CanonicalABI.md, "Loading", "Flat Lifting"): from its memory (load_*) and from core
// values (lift_flat_*).
//
// A core value sits in a slot whose low bits hold it, whatever its type. So what the specification says of values in
// the shared slots of a variant (wrapping an i64 to the i32 that was put there, reinterpreting an i32 as an f32) is
// here the reading of the slot's low bits. Slots are counted by cv_ctype.flat_count.
#include "base/utf8.h"
#include "component/canon/access.h"
#include "component/canon/scalar.h"

#include <stdarg.h>
#include <stdio.h>

cv_run cv_canon_trap(const cv_canon_context *cx, const char *fmt, ...) {
  char text[sizeof cx->instance->context->trap.text];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  size_t at = n < 0 ? 0 : CV_MIN((size_t)n, sizeof text - 1);
  cv_bytes name = cx->part != NULL ? cx->part->name : (cv_bytes){0};
  if (name.size != 0)
    n = snprintf(text + at, sizeof text - at, ": parameter \"%.*s\"", (int)CV_MIN(name.size, 64),
                 (const char *)name.data);
  else
    n = cx->func_name.size != 0 ? snprintf(text + at, sizeof text - at, ": result") : 0;
  at = n < 0 ? at : CV_MIN(at + (size_t)n, sizeof text - 1);
  if (cx->func_name.size != 0)
    snprintf(text + at, sizeof text - at, " of \"%.*s\"", (int)CV_MIN(cx->func_name.size, 64),
             (const char *)cx->func_name.data);
  return cv_trap_set(cx->instance->context, CV_TRAP_COMPONENT, "%s", text);
}

cv_run cv_canon_value_limit(cv_cinstance *i) {
  cv_context *c = i->context;
  cv_run run = cv_trap_set(c, CV_TRAP_VALUE_LIMIT, "a call brings more than %llu bytes of lists and strings",
                           (unsigned long long)i->value_limit);
  c->trap.limit = i->value_limit;
  return run;
}

cv_run cv_canon_count(cv_canon_context *cx, uint64_t bytes) {
  cx->lifted_bytes += bytes; // each is below 2^28: no overflow in any time
  return CV_LIKELY(cx->lifted_bytes <= cx->instance->value_limit) ? CV_RUN_OK : cv_canon_value_limit(cx->instance);
}

// ---- handles ----

void cv_taken_drop(cv_taken **list) {
  for (const cv_taken *t = cv_taken_next(*list, NULL); t != NULL; t = cv_taken_next(*list, t))
    t->type->drop(t->type->env, t->rep);
  *list = NULL;
}

cv_run cv_taken_note_one(cv_canon_context *cx, const cv_resource_type *type, uint64_t rep) {
  if (cx->taken == NULL || type->impl != NULL || type->drop == NULL)
    return CV_RUN_OK;
  bool room = cx->taken_room != NULL && cx->taken_room->type == NULL;
  cv_taken *taken = room ? cx->taken_room : cv_canon_array(cx, 1, sizeof *taken);
  if (taken == NULL)
    return CV_RUN_TRAP;
  cv_taken *newest = *cx->taken;
  *taken = (cv_taken){.next = newest != NULL ? newest->next : taken, .type = type, .rep = rep};
  if (newest != NULL)
    newest->next = taken;
  *cx->taken = taken;
  return CV_RUN_OK;
}

// What does not fit its type is not looked at: lowering will refuse it.
cv_run cv_taken_note(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v) {
  if (!t->has_handle || v->kind != t->kind)
    return CV_RUN_OK;
  if (t->kind == CV_CT_OWN)
    return v->as.handle.type != NULL ? cv_taken_note_one(cx, v->as.handle.type, v->as.handle.rep) : CV_RUN_OK;
  if (cv_ctype_is_variant(t)) {
    const cv_ctype *payload = v->which < t->count ? t->fields[v->which].type : NULL;
    return payload != NULL && v->as.payload != NULL ? cv_taken_note(cx, payload, v->as.payload) : CV_RUN_OK;
  }
  if (t->kind == CV_CT_BORROW || t->has_async || v->as.list.items == NULL)
    return CV_RUN_OK;
  bool is_map = t->kind == CV_CT_MAP, is_record = cv_ctype_is_record(t);
  size_t count = is_record ? CV_MIN(v->as.list.count, (size_t)t->count) : v->as.list.count * (is_map ? 2 : 1);
  for (size_t i = 0; i < count; i++)
    if (cv_taken_note(cx, t->fields[is_record ? i : is_map ? i % 2 : 0].type, &v->as.list.items[i]) != CV_RUN_OK)
      return CV_RUN_TRAP;
  return CV_RUN_OK;
}

cv_run cv_lift_handle(cv_canon_context *cx, const cv_resource_type *type, bool own, uint32_t index, uint64_t *rep) {
  cv_handle_entry *e;
  if (cv_handles_get(cx->instance, type, index, &e) != CV_RUN_OK)
    return CV_RUN_TRAP;
  *rep = e->rep;
  if (own) {
    if (e->lends != 0)
      return cv_canon_trap(cx, "cannot remove owned resource while borrowed");
    if (e->kind != CV_HANDLE_OWN)
      return cv_canon_trap(cx, "cannot lift own resource from a borrow");
    if (cv_taken_note_one(cx, type, e->rep) != CV_RUN_OK)
      return CV_RUN_TRAP;
    cv_handles_remove(cx->instance, index);
    return CV_RUN_OK;
  }
  return cv_canon_lend(cx->call, index);
}

static cv_run lift_handle(cv_canon_context *cx, const cv_ctype *t, uint32_t index, cv_cval *out) {
  const cv_resource_type *type = cx->instance->resources[t->resource->index];
  uint64_t rep;
  if (cv_lift_handle(cx, type, t->kind == CV_CT_OWN, index, &rep) != CV_RUN_OK)
    return CV_RUN_TRAP;
  out->as.handle.type = type;
  out->as.handle.rep = rep;
  return CV_RUN_OK;
}

// ---- what memory and core values have in common ----

// The kinds whose value is one core value: `bits` is what was there, at its size in memory or more.
static cv_run lift_scalar(cv_canon_context *cx, const cv_ctype *t, uint64_t bits, cv_cval *out) {
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_CHAR:
    out->as.character = (uint32_t)bits;
    if ((uint32_t)bits >= 0x110000 || ((uint32_t)bits >= 0xd800 && (uint32_t)bits <= 0xdfff))
      return cv_canon_trap(cx, "invalid `char` bit pattern 0x%x", (unsigned)bits);
    return CV_RUN_OK;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    return lift_handle(cx, t, (uint32_t)bits, out);
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
  case CV_CT_ERROR_CONTEXT:
    return cv_trap_set(cx->instance->context, CV_TRAP_UNSUPPORTED, "unsupported: async: a value of type %s",
                       t->kind == CV_CT_STREAM   ? "stream"
                       : t->kind == CV_CT_FUTURE ? "future"
                                                 : "error-context");
  default:
    cv_scalar_lift(t, bits, out);
    return CV_RUN_OK;
  }
}

static cv_run check_case(cv_canon_context *cx, const cv_ctype *t, uint32_t which) {
  if (CV_LIKELY(which < t->count))
    return CV_RUN_OK;
  return cv_canon_trap(cx, "invalid variant discriminant %u of %u cases", (unsigned)which, (unsigned)t->count);
}

// ---- from memory ----

static cv_run load(cv_canon_context *cx, const cv_ctype *t, uint64_t at, cv_cval *out);

static uint64_t load_pointer(const cv_canon_context *cx, uint64_t at) {
  const uint8_t *p = cv_canon_at(cx, at);
  return cx->options->is_64 ? cv_load_le64(p) : cv_load_le32(p);
}

static cv_run load_fields(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, uint64_t at, cv_cval *items) {
  unsigned ptr = cv_canon_ptr(cx);
  for (uint32_t i = 0; i < count; i++) {
    const cv_clayout *layout = &fields[i].type->layout[ptr];
    at = cv_align_up(at, layout->align);
    if (load(cx, fields[i].type, at, &items[i]) != CV_RUN_OK)
      return CV_RUN_TRAP;
    at += layout->size;
  }
  return CV_RUN_OK;
}

static cv_run load_elements(cv_canon_context *cx, const cv_ctype *element, uint64_t at, uint64_t count,
                            cv_cval *items) {
  uint32_t size = element->layout[cv_canon_ptr(cx)].size;
  for (uint64_t i = 0; i < count; i++)
    if (load(cx, element, at + i * size, &items[i]) != CV_RUN_OK)
      return CV_RUN_TRAP;
  return CV_RUN_OK;
}

static cv_run load_entries(cv_canon_context *cx, const cv_ctype *entry, uint64_t at, uint64_t count, cv_cval *items) {
  uint32_t size = entry->layout[cv_canon_ptr(cx)].size;
  for (uint64_t i = 0; i < count; i++)
    if (load_fields(cx, entry->fields, 2, at + i * size, &items[2 * i]) != CV_RUN_OK)
      return CV_RUN_TRAP;
  return CV_RUN_OK;
}

// A list or map of `count` elements at an address that is not checked yet.
static cv_run load_range(cv_canon_context *cx, const cv_ctype *t, uint64_t address, uint64_t count, cv_cval *out) {
  bool is_map = t->kind == CV_CT_MAP;
  const cv_ctype *element = is_map ? t->entry : t->fields[0].type;
  const cv_clayout *layout = &element->layout[cv_canon_ptr(cx)];
  if (count > CV_MAX_VALUE_BYTES / layout->size)
    return cv_canon_trap(cx, "list of %llu elements: at most 268435455 bytes are allowed", (unsigned long long)count);
  if (!cv_is_aligned(address, layout->align))
    return cv_canon_trap(cx, "unaligned pointer");
  if (!cv_canon_fits(cx, address, count * layout->size))
    return cv_canon_trap(cx,
                         cx->host_side ? "list pointer/length out of bounds of memory" : "list content out-of-bounds");
  if (cv_canon_count(cx, count * layout->size) != CV_RUN_OK)
    return CV_RUN_TRAP;
  out->as.list.count = count;
  out->as.list.items = cv_canon_array(cx, is_map ? 2 * count : count, sizeof *out->as.list.items);
  if (out->as.list.items == NULL)
    return CV_RUN_TRAP;
  return is_map ? load_entries(cx, element, address, count, out->as.list.items)
                : load_elements(cx, element, address, count, out->as.list.items);
}

static cv_run load_variant(cv_canon_context *cx, const cv_ctype *t, uint64_t at, cv_cval *out) {
  out->which = (uint32_t)cv_scalar_load(cv_canon_at(cx, at), t->discriminant);
  if (check_case(cx, t, out->which) != CV_RUN_OK)
    return CV_RUN_TRAP;
  const cv_ctype *payload = t->fields[out->which].type;
  if (payload == NULL)
    return CV_RUN_OK;
  out->as.payload = cv_canon_array(cx, 1, sizeof *out->as.payload);
  if (out->as.payload == NULL)
    return CV_RUN_TRAP;
  return load(cx, payload, at + t->layout[cv_canon_ptr(cx)].payload_offset, out->as.payload);
}

static cv_run make_items(cv_canon_context *cx, size_t count, cv_cval *out) {
  out->as.list.count = count;
  out->as.list.items = cv_canon_array(cx, count, sizeof *out->as.list.items);
  return out->as.list.items != NULL ? CV_RUN_OK : CV_RUN_TRAP;
}

// At an address that is aligned and inside memory.
static cv_run load(cv_canon_context *cx, const cv_ctype *t, uint64_t at, cv_cval *out) {
  const cv_clayout *layout = &t->layout[cv_canon_ptr(cx)];
  *out = (cv_cval){.kind = t->kind};
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_STRING:
    return cv_lift_string(cx, load_pointer(cx, at), load_pointer(cx, at + layout->align), false, out);
  case CV_CT_LIST:
  case CV_CT_MAP:
    return load_range(cx, t, load_pointer(cx, at), load_pointer(cx, at + layout->align), out);
  case CV_CT_FIXED_LIST:
    if (make_items(cx, t->length, out) != CV_RUN_OK)
      return CV_RUN_TRAP;
    return load_elements(cx, t->fields[0].type, at, t->length, out->as.list.items);
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    if (make_items(cx, t->count, out) != CV_RUN_OK)
      return CV_RUN_TRAP;
    return load_fields(cx, t->fields, t->count, at, out->as.list.items);
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return load_variant(cx, t, at, out);
  default:
    return lift_scalar(cx, t, cv_scalar_load(cv_canon_at(cx, at), layout->size), out);
  }
}

cv_run cv_lift_at(cv_canon_context *cx, const cv_ctype *t, uint64_t address, cv_cval *out) {
  const cv_clayout *layout = &t->layout[cv_canon_ptr(cx)];
  if (!cv_is_aligned(address, layout->align))
    return cv_canon_trap(cx, "unaligned pointer");
  if (!cv_canon_fits(cx, address, layout->size))
    return cv_canon_trap(cx, "pointer out of bounds of memory");
  return load(cx, t, address, out);
}

// ---- from core values ----

static uint64_t flat_pointer(const cv_canon_context *cx, const cv_value *slot) {
  return cx->options->is_64 ? slot->u64 : slot->u32;
}

static cv_run lift_flat(cv_canon_context *cx, const cv_ctype *t, const cv_value *slots, cv_cval *out);

static cv_run lift_flat_fields(cv_canon_context *cx, const cv_ctype *t, const cv_value *slots, cv_cval *out) {
  uint32_t count = t->kind == CV_CT_FIXED_LIST ? t->length : t->count;
  if (make_items(cx, count, out) != CV_RUN_OK)
    return CV_RUN_TRAP;
  for (uint32_t i = 0; i < count; i++) {
    const cv_ctype *part = t->fields[t->kind == CV_CT_FIXED_LIST ? 0 : i].type;
    if (lift_flat(cx, part, slots, &out->as.list.items[i]) != CV_RUN_OK)
      return CV_RUN_TRAP;
    slots += part->flat_count;
  }
  return CV_RUN_OK;
}

static cv_run lift_flat_variant(cv_canon_context *cx, const cv_ctype *t, const cv_value *slots, cv_cval *out) {
  out->which = slots[0].u32;
  if (check_case(cx, t, out->which) != CV_RUN_OK)
    return CV_RUN_TRAP;
  const cv_ctype *payload = t->fields[out->which].type;
  if (payload == NULL)
    return CV_RUN_OK;
  out->as.payload = cv_canon_array(cx, 1, sizeof *out->as.payload);
  if (out->as.payload == NULL)
    return CV_RUN_TRAP;
  return lift_flat(cx, payload, slots + 1, out->as.payload);
}

static cv_run lift_flat(cv_canon_context *cx, const cv_ctype *t, const cv_value *slots, cv_cval *out) {
  *out = (cv_cval){.kind = t->kind};
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_STRING:
    return cv_lift_string(cx, flat_pointer(cx, &slots[0]), flat_pointer(cx, &slots[1]), false, out);
  case CV_CT_LIST:
  case CV_CT_MAP:
    return load_range(cx, t, flat_pointer(cx, &slots[0]), flat_pointer(cx, &slots[1]), out);
  case CV_CT_FIXED_LIST:
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    return lift_flat_fields(cx, t, slots, out);
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return lift_flat_variant(cx, t, slots, out);
  default:
    return lift_scalar(cx, t, slots[0].u64, out);
  }
}

cv_tuple_layout cv_fields_layout(const cv_cfield *fields, uint32_t count, unsigned ptr) {
  cv_tuple_layout tuple = {.align = 1};
  for (uint32_t i = 0; i < count; i++) {
    const cv_clayout *layout = &fields[i].type->layout[ptr];
    tuple.size = cv_align_up(tuple.size, layout->align) + layout->size;
    tuple.align = CV_MAX(tuple.align, layout->align);
  }
  tuple.size = cv_align_up(tuple.size, tuple.align);
  return tuple;
}

cv_run cv_lift_values(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, uint32_t max_flat,
                      const cv_value *flat, cv_cval *out) {
  bool spilled = cv_flat_count(fields, count) > max_flat;
  uint64_t at = 0;
  if (spilled) {
    cv_tuple_layout layout = cv_fields_layout(fields, count, cv_canon_ptr(cx));
    at = flat_pointer(cx, flat);
    if (!cv_is_aligned(at, layout.align))
      return cv_canon_trap(cx, "unaligned pointer");
    if (!cv_canon_fits(cx, at, layout.size))
      return cv_canon_trap(cx, "pointer out of bounds of memory");
  }
  for (uint32_t i = 0; i < count; i++) {
    const cv_ctype *t = fields[i].type;
    cx->part = &fields[i];
    cv_run run;
    if (spilled) {
      const cv_clayout *layout = &t->layout[cv_canon_ptr(cx)];
      at = cv_align_up(at, layout->align);
      run = load(cx, t, at, &out[i]);
      at += layout->size;
    } else {
      run = lift_flat(cx, t, flat, &out[i]);
      flat += t->flat_count;
    }
    if (run != CV_RUN_OK)
      return CV_RUN_TRAP;
  }
  cx->part = NULL;
  return CV_RUN_OK;
}
