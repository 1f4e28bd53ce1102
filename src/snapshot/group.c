// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// group.c: how the instances of a group call functions. A table can refer to an imported function millions of times,
// and a module can import it under thousands of numbers: so imports are sorted, and an instance uses the least number.
#include "snapshot/sections.h"

#include <stdlib.h>

typedef struct cv_snapshot_import {
  const cv_func *func;
  uint32_t instance; // its number in the group
  uint32_t index;
} cv_snapshot_import;

static int compare(const void *a, const void *b) {
  const cv_snapshot_import *x = a, *y = b;
  if (x->func != y->func)
    return (uintptr_t)x->func < (uintptr_t)y->func ? -1 : 1;
  if (x->instance != y->instance)
    return x->instance < y->instance ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

cv_status cv_snapshot_group_init(cv_snapshot_group *g, cv_instance *const *instances, uint32_t count, cv_mem *mem,
                                 cv_diag *diag) {
  *g = (cv_snapshot_group){.instances = instances, .count = count};
  for (uint32_t i = 0; i < count; i++)
    g->import_count += instances[i]->module->imported_funcs;
  g->imports = cv_mem_calloc(mem, g->import_count, sizeof *g->imports);
  if (g->imports == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  cv_snapshot_import *to = g->imports;
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = 0; k < instances[i]->module->imported_funcs; k++)
      *to++ = (cv_snapshot_import){cv_instance_func(instances[i], k), i, k};
  qsort(g->imports, g->import_count, sizeof *g->imports, compare);
  return CV_OK;
}

void cv_snapshot_group_free(cv_snapshot_group *g, cv_mem *mem) {
  cv_mem_free(mem, g->imports, g->import_count * sizeof *g->imports);
}

bool cv_snapshot_can_name(const cv_snapshot_group *g, uint32_t instance, const cv_func *func, uint32_t *index) {
  if (func->instance == g->instances[instance]) {
    *index = func->index;
    return true;
  }
  const cv_snapshot_import key = {func, instance, 0};
  size_t low = 0, high = g->import_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare(&g->imports[middle], &key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == g->import_count || g->imports[low].func != func || g->imports[low].instance != instance)
    return false;
  *index = g->imports[low].index;
  return true;
}
