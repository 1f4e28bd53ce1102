// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// table.c: tables (core specification, 4.2.7 and 4.6.8). Elements are references; a table owns its array, which moves
// when it grows.
#include "base/text.h"
#include "runtime/internal.h"

static void refuse(cv_store *store, const char *doing, uint64_t count) {
  char limit[CV_TEXT_SIZE], text[CV_TEXT_SIZE];
  uint64_t most = store->limits.table_elements;
  cv_store_refuse(store, most, "table limit of %s element%s reached %s %s", cv_count_text(most, limit, sizeof limit),
                  most == 1 ? "" : "s", doing, cv_count_text(count, text, sizeof text));
}

cv_status cv_table_init(cv_store *store, cv_table *t, const cv_tabletype *type, void *init, cv_diag *diag) {
  uint64_t min = type->limits.min;
  if (min > store->limits.table_elements) {
    refuse(store, "making a table of", min);
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "%s", store->refusal);
  }
  CV_TRY(cv_vec_reserve(&store->mem, &store->tables, 1));
  void **elems = cv_mem_calloc(&store->mem, min, sizeof *elems);
  if (elems == NULL)
    return CV_ENOMEM;
  if (init != NULL)
    for (uint64_t i = 0; i < min; i++)
      elems[i] = init;
  uint64_t most = type->limits.is_64 ? UINT64_MAX : UINT32_MAX;
  *t = (cv_table){.elems = elems,
                  .size = min,
                  .max = type->limits.has_max ? CV_MIN(type->limits.max, most) : most,
                  .capacity = min,
                  .type = *type,
                  .store = store};
  store->tables.data[store->tables.count++] = t;
  return CV_OK;
}

void cv_table_free(cv_table *t) {
  cv_mem_free(&t->store->mem, t->elems, t->capacity * sizeof *t->elems);
}

cv_tabletype cv_table_present_type(const cv_table *t) {
  cv_tabletype type = t->type;
  type.limits.min = t->size;
  return type;
}

int64_t cv_table_grow(cv_table *t, void *init, uint64_t delta, bool *refused) {
  *refused = false;
  cv_store *store = t->store;
  uint64_t old = t->size, size;
  if (cv_add_overflows(old, delta, &size) || size > t->max)
    return -1;
  if (size > store->limits.table_elements) {
    refuse(store, "growing by", delta);
    *refused = true;
    return -1;
  }
  if (size > t->capacity) {
    // In steps of half the size, but not beyond what the type and the limit allow.
    uint64_t most = CV_MIN(t->max, store->limits.table_elements);
    uint64_t capacity = CV_MIN(CV_MAX(size, old + old / 2), most);
    void **elems = cv_mem_realloc(&store->mem, t->elems, t->capacity * sizeof *elems, capacity * sizeof *elems);
    if (elems == NULL)
      return -1;
    t->elems = elems;
    t->capacity = capacity;
  }
  for (uint64_t i = old; i < size; i++)
    t->elems[i] = init;
  t->size = size;
  return (int64_t)old;
}
