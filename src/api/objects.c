// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// objects.c: memories, tables, globals, tags and externrefs.
#include "api/api.h"
#include "runtime/check.h"
#include "runtime/extern.h"
#include "runtime/tier.h"

static cv_limits limits_of(uint64_t minimum, uint64_t maximum, bool is_64, bool is_shared) {
  return (cv_limits){
      .min = minimum, .max = maximum, .has_max = maximum != COVE_NO_MAXIMUM, .is_64 = is_64, .is_shared = is_shared};
}

// Without a value it is null.
static bool fits(const cv_store *store, cv_valtype type, const cove_value *value) {
  static const cv_value null;
  return cv_value_fits(store, type, value != NULL ? (const cv_value *)value : &null);
}

static cove_status misfit(cove_error **error, const char *what) {
  return cv_api_fail(error, COVE_USAGE, "the reference is not of the type of the %s", what);
}

// ---- memories ----

cove_status cove_memory_new(cove_store *store, const cove_memorytype *type, cove_memory **out, cove_error **error) {
  if (type->page_size != 65536 && type->page_size != 1)
    return cv_api_fail(error, COVE_USAGE, "the page size of a memory is 65536 or 1");
  const cv_memtype t = {.limits = limits_of(type->minimum, type->maximum, type->is_64, type->is_shared),
                        .page_log2 = type->page_size == 1 ? 0 : 16};
  if (t.limits.has_max && t.limits.max < t.limits.min)
    return cv_api_fail(error, COVE_USAGE, "size minimum must not be greater than maximum");
  if (t.limits.is_shared && !t.limits.has_max)
    return cv_api_fail(error, COVE_USAGE, "shared memory must have maximum");
  const uint64_t most = type->is_64 ? UINT64_MAX >> t.page_log2 : t.page_log2 == 0 ? UINT32_MAX : 65536;
  if (t.limits.min > most || (t.limits.has_max && t.limits.max > most))
    return cv_api_fail(error, COVE_USAGE, "a memory of this type has at most %llu pages", (unsigned long long)most);
  cv_diag diag;
  cv_diag_init(&diag);
  cv_memory *memory;
  cv_status status = cv_store_memory_new(store->store, &t, &memory, &diag);
  if (status != CV_OK)
    return cv_api_diag(error, status, &diag);
  *out = (cove_memory *)memory;
  return COVE_OK;
}

cove_memorytype cove_memory_type(const cove_memory *memory) {
  const cv_memory *m = (const cv_memory *)memory;
  cove_memorytype type = cv_api_memorytype(&m->type);
  type.minimum = cv_memory_size(m) >> m->type.page_log2;
  return type;
}

uint8_t *cove_memory_data(cove_memory *memory) {
  return ((cv_memory *)memory)->base;
}

uint64_t cove_memory_size(const cove_memory *memory) {
  return cv_memory_size((const cv_memory *)memory);
}

cove_status cove_memory_grow(cove_memory *memory, uint64_t delta, uint64_t *old_pages, cove_error **error) {
  cv_memory *m = (cv_memory *)memory;
  bool refused; // by a limit: nothing to trap here, whatever the store's limits say
  int64_t old = cv_memory_grow(m, delta, &refused);
  if (old < 0)
    return cv_api_fail(error, COVE_LIMIT, "the memory cannot grow by %llu pages", (unsigned long long)delta);
  if (old_pages != NULL)
    *old_pages = (uint64_t)old;
  return COVE_OK;
}

void *cove_memory_range(cove_memory *memory, uint64_t offset, uint64_t size) {
  cv_memory *m = (cv_memory *)memory;
  return cv_range_fits(offset, size, cv_memory_size(m)) ? m->base + offset : NULL;
}

// ---- tables ----

cove_status cove_table_new(cove_store *store, const cove_tabletype *type, const cove_value *init, cove_table **out,
                           cove_error **error) {
  if (!cv_type_is_ref(type->element))
    return cv_api_fail(error, COVE_USAGE, "the elements of a table are references");
  if (!fits(store->store, type->element, init))
    return misfit(error, "table");
  const cv_tabletype t = {.limits = limits_of(type->minimum, type->maximum, type->is_64, false), .elem = type->element};
  if (t.limits.has_max && t.limits.max < t.limits.min)
    return cv_api_fail(error, COVE_USAGE, "size minimum must not be greater than maximum");
  cv_diag diag;
  cv_diag_init(&diag);
  cv_table *table;
  cv_status status = cv_store_table_new(store->store, &t, init != NULL ? init->ref : NULL, &table, &diag);
  if (status != CV_OK)
    return cv_api_diag(error, status, &diag);
  *out = (cove_table *)table;
  return COVE_OK;
}

cove_tabletype cove_table_type(const cove_table *table) {
  const cv_table *t = (const cv_table *)table;
  cove_tabletype type = cv_api_tabletype(&t->type);
  type.minimum = t->size;
  return type;
}

uint64_t cove_table_size(const cove_table *table) {
  return ((const cv_table *)table)->size;
}

static cove_status outside(const cv_table *t, uint64_t index, cove_error **error) {
  return cv_api_fail(error, COVE_LIMIT, "element %llu is outside the table of %llu", (unsigned long long)index,
                     (unsigned long long)t->size);
}

cove_status cove_table_get(const cove_table *table, uint64_t index, cove_value *out, cove_error **error) {
  const cv_table *t = (const cv_table *)table;
  if (index >= t->size)
    return outside(t, index, error);
  out->ref = t->elems[index];
  return COVE_OK;
}

cove_status cove_table_set(cove_table *table, uint64_t index, const cove_value *value, cove_error **error) {
  cv_table *t = (cv_table *)table;
  if (index >= t->size)
    return outside(t, index, error);
  if (!fits(t->store, t->type.elem, value))
    return misfit(error, "table");
  t->elems[index] = value->ref;
  return COVE_OK;
}

cove_status cove_table_grow(cove_table *table, uint64_t delta, const cove_value *init, uint64_t *old_size,
                            cove_error **error) {
  cv_table *t = (cv_table *)table;
  void *ref = init != NULL ? init->ref : NULL;
  bool refused;
  if (!fits(t->store, t->type.elem, init))
    return misfit(error, "table");
  int64_t old = cv_table_grow(t, ref, delta, &refused);
  if (old < 0)
    return cv_api_fail(error, COVE_LIMIT, "the table cannot grow by %llu elements", (unsigned long long)delta);
  if (old_size != NULL)
    *old_size = (uint64_t)old;
  return COVE_OK;
}

// ---- globals ----

cove_status cove_global_new(cove_store *store, const cove_globaltype *type, const cove_value *value, cove_global **out,
                            cove_error **error) {
  const cv_globaltype t = {.type = type->type, .is_mutable = type->is_mutable};
  static const cv_value zero;
  if (!fits(store->store, t.type, value))
    return misfit(error, "global");
  cv_global *global = cv_store_global_new(store->store, &t, value != NULL ? (const cv_value *)value : &zero);
  if (global == NULL)
    return cv_api_no_memory(error);
  *out = (cove_global *)global;
  return COVE_OK;
}

cove_globaltype cove_global_type(const cove_global *global) {
  const cv_global *g = (const cv_global *)global;
  return (cove_globaltype){.type = g->type.type, .is_mutable = g->type.is_mutable};
}

cove_value cove_global_get(const cove_global *global) {
  cove_value value;
  memcpy(&value, &((const cv_global *)global)->value, sizeof value);
  return value;
}

cove_status cove_global_set(cove_global *global, const cove_value *value, cove_error **error) {
  cv_global *g = (cv_global *)global;
  if (!g->type.is_mutable)
    return cv_api_fail(error, COVE_USAGE, "the global is immutable");
  if (!fits(g->store, g->type.type, value))
    return misfit(error, "global");
  memcpy(&g->value, value, sizeof g->value);
  return COVE_OK;
}

// ---- tags ----

cove_status cove_tag_new(cove_store *store, const cove_functype *type, cove_tag **out, cove_error **error) {
  if (type->result_count != 0)
    return cv_api_fail(error, COVE_USAGE, "non-empty tag result type");
  cv_typeid id = cv_engine_functype(store->engine, type->params, (uint32_t)type->param_count, NULL, 0);
  cv_tag *tag = id != CV_NO_TYPE ? cv_store_tag_new(store->store, id) : NULL;
  if (tag == NULL)
    return cv_api_no_memory(error);
  *out = (cove_tag *)tag;
  return COVE_OK;
}

cove_functype cove_tag_type(const cove_tag *tag) {
  return cv_api_functype(((const cv_tag *)tag)->signature);
}

// ---- externrefs ----

void *cove_externref_new(cove_store *store, void *data, void (*finalize)(void *data)) {
  return cv_externref_new(store->store, data, finalize);
}

void *cove_externref_data(void *ref) {
  return cv_externref_data(ref);
}

void cove_externref_release(void *ref) {
  cv_externref_unpin(ref);
}
