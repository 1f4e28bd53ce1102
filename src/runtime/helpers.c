// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// helpers.c: bulk operations and the other things that every tier has C do (core specification, 4.6.8 to 4.6.11). Each
// checks all its bounds before it changes anything. Long ones look every MiB whether the call is to end: a signal never
// leaves them midway.
#include "runtime/internal.h"

static const uint64_t CHUNK = 1 << 20;

static cv_trap_kind interrupted(const cv_context *c) {
  return (cv_trap_kind)__atomic_load_n(&c->interrupt, __ATOMIC_RELAXED);
}

static int64_t limit_result(cv_context *c, int64_t result, bool refused, cv_trap_kind kind) {
  if (refused && c->trap_on_limit)
    cv_raise_trap(c, kind);
  return result;
}

int64_t cv_helper_memory_grow(cv_memory *m, uint64_t delta_pages) {
  bool refused;
  int64_t old = cv_memory_grow(m, delta_pages, &refused);
  return limit_result(&m->store->context, old, refused, CV_TRAP_MEMORY_LIMIT);
}

int64_t cv_helper_table_grow(cv_table *t, void *init, uint64_t delta) {
  bool refused;
  int64_t old = cv_table_grow(t, init, delta, &refused);
  return limit_result(&t->store->context, old, refused, CV_TRAP_TABLE_LIMIT);
}

cv_trap_kind cv_helper_memory_copy(cv_memory *to, cv_memory *from, uint64_t d, uint64_t s, uint64_t n) {
  if (!cv_range_fits(s, n, cv_memory_size(from)) || !cv_range_fits(d, n, cv_memory_size(to)))
    return CV_TRAP_MEMORY_BOUNDS;
  uint8_t *dst = to->base + d;
  const uint8_t *src = from->base + s;
  // Overlapping ranges go in the direction that reads each byte before it is written.
  bool backwards = (uintptr_t)dst > (uintptr_t)src;
  while (n > CHUNK) {
    uint64_t at = backwards ? n - CHUNK : 0;
    memmove(dst + at, src + at, CHUNK);
    if (!backwards) {
      dst += CHUNK;
      src += CHUNK;
    }
    n -= CHUNK;
    cv_trap_kind trap = interrupted(&to->store->context);
    if (trap != CV_TRAP_NONE)
      return trap;
  }
  memmove(dst, src, n);
  return CV_TRAP_NONE;
}

cv_trap_kind cv_helper_memory_fill(cv_memory *m, uint64_t d, uint32_t byte, uint64_t n) {
  if (!cv_range_fits(d, n, cv_memory_size(m)))
    return CV_TRAP_MEMORY_BOUNDS;
  uint8_t *dst = m->base + d;
  for (; n > CHUNK; dst += CHUNK, n -= CHUNK) {
    memset(dst, (uint8_t)byte, CHUNK);
    cv_trap_kind trap = interrupted(&m->store->context);
    if (trap != CV_TRAP_NONE)
      return trap;
  }
  memset(dst, (uint8_t)byte, n);
  return CV_TRAP_NONE;
}

cv_trap_kind cv_helper_memory_init(cv_instance *i, uint32_t mem, uint32_t seg, uint64_t d, uint32_t s, uint32_t n) {
  cv_memory *m = cv_instance_memory(i, mem);
  const cv_data_decl *decl = &i->module->datas[seg];
  uint64_t size = i->dropped_datas[seg] ? 0 : decl->bytes.size;
  if (!cv_range_fits(s, n, size) || !cv_range_fits(d, n, cv_memory_size(m)))
    return CV_TRAP_MEMORY_BOUNDS;
  if (n != 0)
    memcpy(m->base + d, cv_span_start(i->module, decl->bytes) + s, n);
  return CV_TRAP_NONE;
}

void cv_helper_data_drop(cv_instance *i, uint32_t seg) {
  i->dropped_datas[seg] = 1;
}

cv_trap_kind cv_helper_table_copy(cv_table *to, cv_table *from, uint64_t d, uint64_t s, uint64_t n) {
  if (!cv_range_fits(s, n, from->size) || !cv_range_fits(d, n, to->size))
    return CV_TRAP_TABLE_BOUNDS;
  if (n != 0)
    memmove(to->elems + d, from->elems + s, n * sizeof *to->elems);
  return CV_TRAP_NONE;
}

cv_trap_kind cv_helper_table_fill(cv_table *t, uint64_t d, void *value, uint64_t n) {
  if (!cv_range_fits(d, n, t->size))
    return CV_TRAP_TABLE_BOUNDS;
  for (uint64_t k = 0; k < n; k++)
    t->elems[d + k] = value;
  return CV_TRAP_NONE;
}

// The function objects are there: their addresses are enough.
static void init_with_funcs(const cv_instance *i, void **to, const uint32_t *funcs, uint32_t count) {
  uint32_t imported = i->module->imported_funcs;
  const char *block = (const char *)i;
  void *const *others = (void *const *)(block + i->layout->imported_funcs);
  cv_func *first = (cv_func *)(block + i->layout->funcs);
  for (uint32_t k = 0; k < count; k++)
    to[k] = funcs[k] < imported ? others[funcs[k]] : (void *)(first + (funcs[k] - imported));
}

cv_trap_kind cv_helper_table_init(cv_instance *i, uint32_t table, uint32_t seg, uint64_t d, uint32_t s, uint32_t n) {
  cv_table *t = cv_instance_table(i, table);
  const cv_elem_decl *decl = &i->module->elems[seg];
  uint64_t size = i->dropped_elems[seg] ? 0 : decl->count;
  if (!cv_range_fits(s, n, size) || !cv_range_fits(d, n, t->size))
    return CV_TRAP_TABLE_BOUNDS;
  if (i->has_elem_funcs && decl->mode == CV_SEGMENT_ACTIVE && decl->funcs != NULL) {
    init_with_funcs(i, t->elems + d, decl->funcs + s, n);
    return CV_TRAP_NONE;
  }
  for (uint32_t k = 0; k < n; k++) {
    void *ref;
    if (decl->funcs != NULL) {
      ref = cv_instance_func(i, decl->funcs[s + k]);
      if (ref == NULL)
        return CV_TRAP_OUT_OF_MEMORY;
    } else {
      // Constant expressions have no effects and read immutable globals only, so the moment does not matter.
      cv_value v;
      if (cv_const_eval(i, &decl->exprs[s + k], &v) != CV_OK)
        return CV_TRAP_OUT_OF_MEMORY;
      ref = v.ref;
    }
    t->elems[d + k] = ref;
  }
  return CV_TRAP_NONE;
}

void cv_helper_elem_drop(cv_instance *i, uint32_t seg) {
  i->dropped_elems[seg] = 1;
}

bool cv_helper_type_matches(cv_instance *i, cv_typeid actual, cv_typeid expected) {
  return actual == expected || cv_type_is_subtype(i->module->registry, actual, expected);
}
