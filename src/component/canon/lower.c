// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lower.c: values into a guest (CanonicalABI.md, "Storing", "Flat Lowering"): into its memory (store_*) and into core
// values (lower_flat_*).
//
// Values come from lifting, or from the host, which may err: what does not fit its type is a trap, never trusted.
// Guest code runs in between (realloc): an address stays good all the same, because memories only grow and never move.
#include "component/canon/access.h"
#include "component/canon/scalar.h"

CV_COLD static cv_run misfit(cv_canon_context *cx, const cv_ctype *t) {
  char text[96];
  cv_canon_trap(cx, "the host gave a value that is no %s", cv_ctype_text(t, text, sizeof text));
  return CV_RUN_TRAP;
}

// ---- realloc ----

CV_COLD static cv_run bad_realloc(cv_canon_context *cx, bool aligned) {
  if (cx->host_side)
    return cv_canon_trap(cx, aligned ? "realloc return: beyond end of memory" : "realloc return: result not aligned");
  if (!aligned)
    return cv_canon_trap(cx, "unaligned pointer");
  if (cx->content == NULL)
    return cv_canon_trap(cx, "pointer out of bounds of memory");
  return cv_canon_trap(cx, "%s content out-of-bounds", cx->content);
}

cv_run cv_canon_realloc(cv_canon_context *cx, uint64_t old, uint64_t old_size, uint32_t align, uint64_t new_size,
                        uint64_t *out) {
  cv_cinstance *i = cx->instance;
  const cv_canon_env *options = cx->options;
  if (options->give != NULL)
    return options->give(cx, old, old_size, align, new_size, out);
  if (options->realloc == NULL)
    return cv_canon_trap(cx, "a value needs memory, but no realloc is given");
  cv_value values[4] = {{.u64 = old}, {.u64 = old_size}, {.u64 = align}, {.u64 = new_size}};
  cv_task task;
  bool in_task = cv_cinstance_uses_tasks(i);
  if (in_task)
    cv_task_push(i->context, &task, i);
  cv_cinstance_set_may_leave(i, false);
  cv_run run = cv_task_call_core(i->context, options->realloc, values);
  if (in_task)
    cv_task_pop(i->context, &task);
  if (run != CV_RUN_OK)
    return run;
  cv_cinstance_set_may_leave(i, true);
  uint64_t address = options->is_64 ? values[0].u64 : values[0].u32;
  if (CV_UNLIKELY(!cv_is_aligned(address, align)))
    return bad_realloc(cx, false);
  if (CV_UNLIKELY(!cv_canon_fits(cx, address, new_size)))
    return bad_realloc(cx, true);
  *out = address;
  return CV_RUN_OK;
}

// ---- handles ----

// It has its new owner.
static void forget_taken(cv_canon_context *cx, const cv_resource_type *type, uint64_t rep) {
  cv_taken *newest = cx->taken != NULL ? *cx->taken : NULL, *before = newest;
  for (cv_taken *t = cv_taken_next(newest, NULL); t != NULL; before = t, t = cv_taken_next(newest, t))
    if (t->type == type && t->rep == rep) {
      before->next = t->next;
      if (t == newest)
        *cx->taken = before != t ? before : NULL;
      return;
    }
}

cv_run cv_lower_handle(cv_canon_context *cx, const cv_resource_type *type, bool own, uint64_t rep, uint32_t *index) {
  cv_handle_entry entry = {.kind = CV_HANDLE_OWN, .type = type, .rep = rep};
  if (own) {
    if (cv_handles_add(cx->instance, &entry, index) != CV_RUN_OK)
      return CV_RUN_TRAP;
    forget_taken(cx, type, rep);
    return CV_RUN_OK;
  }
  if (type->impl == cx->instance) { // who implements a resource gets what it stands for
    *index = (uint32_t)rep;
    return CV_RUN_OK;
  }
  if (cx->task == NULL)
    return cv_canon_trap(cx, "a borrow goes to a call only");
  entry.kind = CV_HANDLE_BORROW;
  entry.scope = cx->task;
  if (cv_handles_add(cx->instance, &entry, index) != CV_RUN_OK)
    return CV_RUN_TRAP;
  cx->task->borrows++;
  return CV_RUN_OK;
}

// ---- what memory and core values have in common ----

static cv_run lower_scalar(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, uint64_t *bits) {
  if (t->kind == CV_CT_OWN || t->kind == CV_CT_BORROW) {
    const cv_resource_type *type = cx->instance->resources[t->resource->index];
    uint32_t index;
    if (v->as.handle.type != type)
      return misfit(cx, t);
    if (cv_lower_handle(cx, type, t->kind == CV_CT_OWN, v->as.handle.rep, &index) != CV_RUN_OK)
      return CV_RUN_TRAP;
    *bits = index;
    return CV_RUN_OK;
  }
  if (t->kind == CV_CT_STREAM || t->kind == CV_CT_FUTURE || t->kind == CV_CT_ERROR_CONTEXT)
    return cv_trap_set(cx->instance->context, CV_TRAP_UNSUPPORTED, "unsupported: async: a stream, future or error");
  return cv_scalar_lower(t, v, bits) ? CV_RUN_OK : misfit(cx, t);
}

// Which case, and its payload: NULL exactly when the case has none.
static cv_run case_of(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, const cv_ctype **payload) {
  if (v->which >= t->count)
    return misfit(cx, t);
  *payload = t->fields[v->which].type;
  return *payload != NULL && v->as.payload == NULL ? misfit(cx, t) : CV_RUN_OK;
}

// Records, tuples and fixed lists.
static uint32_t part_count(const cv_ctype *t) {
  return t->kind == CV_CT_FIXED_LIST ? t->length : t->count;
}

// ---- into memory ----

static cv_run store(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, uint64_t at);

static void store_pointer(const cv_canon_context *cx, uint64_t at, uint64_t value) {
  cv_scalar_store(cv_canon_at(cx, at), cx->options->is_64 ? 8 : 4, value);
}

static cv_run store_fields(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, const cv_cval *items,
                           uint64_t at) {
  unsigned ptr = cv_canon_ptr(cx);
  for (uint32_t i = 0; i < count; i++) {
    const cv_clayout *layout = &fields[i].type->layout[ptr];
    at = cv_align_up(at, layout->align);
    if (store(cx, fields[i].type, &items[i], at) != CV_RUN_OK)
      return CV_RUN_TRAP;
    at += layout->size;
  }
  return CV_RUN_OK;
}

static cv_run store_elements(cv_canon_context *cx, const cv_ctype *element, const cv_cval *items, uint64_t count,
                             uint64_t at) {
  uint32_t size = element->layout[cv_canon_ptr(cx)].size;
  for (uint64_t i = 0; i < count; i++)
    if (store(cx, element, &items[i], at + i * size) != CV_RUN_OK)
      return CV_RUN_TRAP;
  return CV_RUN_OK;
}

static cv_run store_entries(cv_canon_context *cx, const cv_ctype *entry, const cv_cval *items, uint64_t count,
                            uint64_t at) {
  uint32_t size = entry->layout[cv_canon_ptr(cx)].size;
  for (uint64_t i = 0; i < count; i++)
    if (store_fields(cx, entry->fields, 2, &items[2 * i], at + i * size) != CV_RUN_OK)
      return CV_RUN_TRAP;
  return CV_RUN_OK;
}

// A list or map into memory of its own.
static cv_run store_range(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, uint64_t *address) {
  bool is_map = t->kind == CV_CT_MAP;
  const cv_ctype *element = is_map ? t->entry : t->fields[0].type;
  const cv_clayout *layout = &element->layout[cv_canon_ptr(cx)];
  uint64_t count = v->as.list.count, size;
  if (count != 0 && v->as.list.items == NULL)
    return misfit(cx, t);
  if (cv_mul_overflows(count, (uint64_t)layout->size, &size) || size > UINT32_MAX)
    return cv_canon_trap(cx, "a list of %llu elements of %u bytes is too long", (unsigned long long)count,
                         (unsigned)layout->size);
  cx->content = "list";
  if (cv_canon_realloc(cx, 0, 0, layout->align, size, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  return is_map ? store_entries(cx, element, v->as.list.items, count, *address)
                : store_elements(cx, element, v->as.list.items, count, *address);
}

static cv_run store_variant(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, uint64_t at) {
  const cv_ctype *payload = NULL;
  if (case_of(cx, t, v, &payload) != CV_RUN_OK)
    return CV_RUN_TRAP;
  cv_scalar_store(cv_canon_at(cx, at), t->discriminant, v->which);
  if (payload == NULL)
    return CV_RUN_OK;
  return store(cx, payload, v->as.payload, at + t->layout[cv_canon_ptr(cx)].payload_offset);
}

// At an address that is aligned and inside memory.
static cv_run store(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, uint64_t at) {
  const cv_clayout *layout = &t->layout[cv_canon_ptr(cx)];
  uint64_t a, b;
  if (v->kind != t->kind)
    return misfit(cx, t);
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_STRING:
    if (cv_lower_string(cx, v, &a, &b) != CV_RUN_OK)
      return CV_RUN_TRAP;
    store_pointer(cx, at, a);
    store_pointer(cx, at + layout->align, b);
    return CV_RUN_OK;
  case CV_CT_LIST:
  case CV_CT_MAP:
    if (store_range(cx, t, v, &a) != CV_RUN_OK)
      return CV_RUN_TRAP;
    store_pointer(cx, at, a);
    store_pointer(cx, at + layout->align, v->as.list.count);
    return CV_RUN_OK;
  case CV_CT_FIXED_LIST:
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    if (v->as.list.count != part_count(t) || v->as.list.items == NULL)
      return misfit(cx, t);
    return t->kind == CV_CT_FIXED_LIST ? store_elements(cx, t->fields[0].type, v->as.list.items, t->length, at)
                                       : store_fields(cx, t->fields, t->count, v->as.list.items, at);
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return store_variant(cx, t, v, at);
  default:
    if (lower_scalar(cx, t, v, &a) != CV_RUN_OK)
      return CV_RUN_TRAP;
    cv_scalar_store(cv_canon_at(cx, at), layout->size, a);
    return CV_RUN_OK;
  }
}

static cv_run check_place(cv_canon_context *cx, uint32_t align, uint64_t size, uint64_t address) {
  if (!cv_is_aligned(address, align))
    return cv_canon_trap(cx, "unaligned pointer");
  if (!cv_canon_fits(cx, address, size))
    return cv_canon_trap(cx, "pointer out of bounds of memory");
  return CV_RUN_OK;
}

cv_run cv_lower_at(cv_canon_context *cx, const cv_ctype *t, const cv_cval *value, uint64_t address) {
  const cv_clayout *layout = &t->layout[cv_canon_ptr(cx)];
  if (check_place(cx, layout->align, layout->size, address) != CV_RUN_OK)
    return CV_RUN_TRAP;
  return store(cx, t, value, address);
}

// ---- into core values ----

static cv_run lower_flat(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, cv_value *slots);

static cv_run lower_flat_fields(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, cv_value *slots) {
  if (v->as.list.count != part_count(t) || v->as.list.items == NULL)
    return misfit(cx, t);
  for (uint32_t i = 0; i < v->as.list.count; i++) {
    const cv_ctype *part = t->fields[t->kind == CV_CT_FIXED_LIST ? 0 : i].type;
    if (lower_flat(cx, part, &v->as.list.items[i], slots) != CV_RUN_OK)
      return CV_RUN_TRAP;
    slots += part->flat_count;
  }
  return CV_RUN_OK;
}

// Slots that the case does not use are zero; narrower values are zero-extended in wider slots.
static cv_run lower_flat_variant(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, cv_value *slots) {
  const cv_ctype *payload = NULL;
  if (case_of(cx, t, v, &payload) != CV_RUN_OK)
    return CV_RUN_TRAP;
  memset(slots, 0, t->flat_count * sizeof *slots);
  slots[0].u32 = v->which;
  return payload != NULL ? lower_flat(cx, payload, v->as.payload, slots + 1) : CV_RUN_OK;
}

static cv_run lower_flat(cv_canon_context *cx, const cv_ctype *t, const cv_cval *v, cv_value *slots) {
  uint64_t a, b;
  if (v->kind != t->kind)
    return misfit(cx, t);
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_STRING:
    if (cv_lower_string(cx, v, &a, &b) != CV_RUN_OK)
      return CV_RUN_TRAP;
    slots[0] = (cv_value){.u64 = a};
    slots[1] = (cv_value){.u64 = b};
    return CV_RUN_OK;
  case CV_CT_LIST:
  case CV_CT_MAP:
    if (store_range(cx, t, v, &a) != CV_RUN_OK)
      return CV_RUN_TRAP;
    slots[0] = (cv_value){.u64 = a};
    slots[1] = (cv_value){.u64 = v->as.list.count};
    return CV_RUN_OK;
  case CV_CT_FIXED_LIST:
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    return lower_flat_fields(cx, t, v, slots);
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    return lower_flat_variant(cx, t, v, slots);
  default:
    if (lower_scalar(cx, t, v, &a) != CV_RUN_OK)
      return CV_RUN_TRAP;
    slots[0] = (cv_value){.u64 = a};
    return CV_RUN_OK;
  }
}

// The tuple of all values, in memory that the caller made room for, or that realloc makes.
static cv_run lower_spilled(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, const cv_cval *values,
                            const uint64_t *out_pointer, cv_value *flat) {
  cv_tuple_layout layout = cv_fields_layout(fields, count, cv_canon_ptr(cx));
  uint64_t at;
  if (out_pointer != NULL) {
    at = *out_pointer;
    if (check_place(cx, layout.align, layout.size, at) != CV_RUN_OK)
      return CV_RUN_TRAP;
  } else {
    cx->content = NULL;
    if (layout.size > UINT32_MAX)
      return cv_canon_trap(cx, "parameters of %llu bytes are too large", (unsigned long long)layout.size);
    if (cv_canon_realloc(cx, 0, 0, layout.align, layout.size, &at) != CV_RUN_OK)
      return CV_RUN_TRAP;
    flat[0] = (cv_value){.u64 = at};
  }
  for (uint32_t i = 0; i < count; i++) {
    const cv_clayout *part = &fields[i].type->layout[cv_canon_ptr(cx)];
    cx->part = &fields[i];
    at = cv_align_up(at, part->align);
    if (store(cx, fields[i].type, &values[i], at) != CV_RUN_OK)
      return CV_RUN_TRAP;
    at += part->size;
  }
  cx->part = NULL;
  return CV_RUN_OK;
}

cv_run cv_lower_values(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, uint32_t max_flat,
                       const cv_cval *values, const uint64_t *out_pointer, cv_value *flat) {
  if (cv_flat_count(fields, count) > max_flat)
    return lower_spilled(cx, fields, count, values, out_pointer, flat);
  for (uint32_t i = 0; i < count; i++) {
    cx->part = &fields[i];
    if (lower_flat(cx, fields[i].type, &values[i], flat) != CV_RUN_OK)
      return CV_RUN_TRAP;
    flat += fields[i].type->flat_count;
  }
  cx->part = NULL;
  return CV_RUN_OK;
}
