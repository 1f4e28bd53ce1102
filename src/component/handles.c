// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// handles.c: component instances' flags and tables (CanonicalABI.md, "Component Instances", "Table State", "Resource
// State"). A freed entry is the head of the free list, so that indices come back last in, first out.
#include "component/instance.h"
#include "runtime/store.h"

enum {
  MAX_LENGTH = (1 << 28) - 1, // of a table, by the specification
  FIRST_CAPACITY = 8,
};

static cv_global flag(bool value) {
  return (cv_global){.value.u64 = value, .type = {.type = CV_I32, .is_mutable = true}};
}

void cv_cinstance_init(cv_cinstance *i, cv_store *store, const cv_component *component, cv_cinstance *parent) {
  i->may_enter = i->may_leave = flag(true);
  i->store = store;
  i->context = cv_store_context(store);
  i->component = component;
  i->parent = parent;
  i->level = parent != NULL ? parent->level + 1 : 0;
  i->value_limit = cv_store_limits(store)->value_bytes;
  i->handles = (cv_handles){.limit = cv_store_limits(store)->handles};
  i->lent = (cv_lent){0};
  i->spare_tasks = NULL;
  i->tasks = CV_TASKS_UNKNOWN;
}

static cv_run grow(cv_cinstance *i) {
  cv_handles *h = &i->handles;
  uint32_t capacity = h->capacity != 0 ? h->capacity * 2 : FIRST_CAPACITY;
  cv_handle_entry *entries =
      cv_mem_realloc(cv_store_mem(i->store), h->entries, h->capacity * sizeof *entries, capacity * sizeof *entries);
  if (entries == NULL)
    return cv_trap_set(i->context, CV_TRAP_OUT_OF_MEMORY, "no host memory for %u handles", (unsigned)capacity);
  h->entries = entries;
  h->capacity = capacity;
  if (h->count == 0) {
    h->entries[0] = (cv_handle_entry){0};
    h->count = 1;
  }
  return CV_RUN_OK;
}

cv_run cv_handles_add(cv_cinstance *i, const cv_handle_entry *entry, uint32_t *index) {
  cv_handles *h = &i->handles;
  if (CV_UNLIKELY(h->used >= h->limit)) {
    cv_trap_set(i->context, CV_TRAP_HANDLE_LIMIT, "limit of %u handles in a component instance reached",
                (unsigned)h->limit);
    i->context->trap.limit = h->limit;
    return CV_RUN_TRAP;
  }
  uint32_t at = h->free;
  if (at != 0) {
    h->free = h->entries[at].lends;
  } else {
    if (CV_UNLIKELY(h->count > MAX_LENGTH))
      return cv_trap_set(i->context, CV_TRAP_HANDLE_LIMIT, "the table of handles has its greatest length");
    if (h->count == h->capacity && grow(i) != CV_RUN_OK)
      return CV_RUN_TRAP;
    at = h->count++;
  }
  h->entries[at] = *entry;
  h->used++;
  *index = at;
  return CV_RUN_OK;
}

static const char *kind_of(const cv_resource_type *type) {
  return type->impl != NULL ? "guest-defined resource" : "host-defined resource";
}

CV_COLD static cv_run wrong_type(cv_cinstance *i, uint32_t index, const cv_resource_type *want,
                                 const cv_resource_type *have) {
  bool same_kind = (want->impl != NULL) == (have->impl != NULL);
  return cv_trap_set(i->context, CV_TRAP_COMPONENT,
                     "handle index %u used with the wrong type, expected %s but found a %s%s", (unsigned)index,
                     kind_of(want), same_kind ? "different " : "", kind_of(have));
}

cv_run cv_handles_get(cv_cinstance *i, const cv_resource_type *type, uint32_t index, cv_handle_entry **out) {
  const cv_handles *h = &i->handles;
  if (CV_UNLIKELY(index >= h->count || h->entries[index].kind == CV_HANDLE_FREE))
    return cv_trap_set(i->context, CV_TRAP_COMPONENT, "unknown handle index %u", (unsigned)index);
  cv_handle_entry *e = &h->entries[index];
  if (CV_UNLIKELY(e->type != type))
    return wrong_type(i, index, type, e->type);
  *out = e;
  return CV_RUN_OK;
}

void cv_handles_remove(cv_cinstance *i, uint32_t index) {
  cv_handles *h = &i->handles;
  h->entries[index] = (cv_handle_entry){.kind = CV_HANDLE_FREE, .lends = h->free};
  h->free = index;
  h->used--;
}

void cv_handles_free(cv_cinstance *i) {
  cv_handles *h = &i->handles;
  for (uint32_t at = 0; at < h->count; at++) {
    const cv_handle_entry e = h->entries[at];
    if (e.kind == CV_HANDLE_OWN && e.type->impl == NULL && e.type->drop != NULL)
      e.type->drop(e.type->env, e.rep);
  }
  cv_mem_free(cv_store_mem(i->store), h->entries, h->capacity * sizeof *h->entries);
  cv_mem_free(cv_store_mem(i->store), i->lent.items, i->lent.capacity * sizeof *i->lent.items);
  *h = (cv_handles){0};
  i->lent = (cv_lent){0};
}
