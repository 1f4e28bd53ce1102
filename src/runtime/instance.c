// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instance.c: the layout of an instance's block, and access to what is in it.
#include "runtime/internal.h"

static uint64_t place(uint64_t *at, uint64_t count, uint64_t size) {
  uint64_t start = cv_align_up(*at, 16);
  *at = start + count * size;
  return start;
}

// Counts are below 10^6 and sizes below 200 bytes: sums stay far below 2^64, and are checked against 2^32.
cv_status cv_layout_of(const cv_module *m, cv_layout *layout, cv_diag *diag) {
  uint64_t at = sizeof(cv_instance);
  // In the order of use by native code, so that the first 4 KiB hold what most modules address.
  uint64_t imported_globals = place(&at, m->imported_globals, sizeof(void *));
  uint64_t imported_memories = place(&at, m->imported_memories, sizeof(void *));
  uint64_t imported_tables = place(&at, m->imported_tables, sizeof(void *));
  uint64_t globals = place(&at, m->global_count - m->imported_globals, sizeof(cv_global));
  uint64_t tables = place(&at, m->table_count - m->imported_tables, sizeof(cv_table));
  uint64_t memories = place(&at, m->memory_count - m->imported_memories, sizeof(cv_memory));
  uint64_t tags = place(&at, m->tag_count, sizeof(void *) + sizeof(cv_tag));
  uint64_t imported_funcs = place(&at, m->imported_funcs, sizeof(void *));
  uint64_t funcs = place(&at, cv_module_defined(m), sizeof(cv_func));
  uint64_t size = cv_align_up(at, 16) + m->elem_count + m->data_count;
  if (size > UINT32_MAX)
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "an instance of this module would take %llu bytes",
                   (unsigned long long)size);
  *layout = (cv_layout){.imported_funcs = (uint32_t)imported_funcs,
                        .imported_tables = (uint32_t)imported_tables,
                        .imported_memories = (uint32_t)imported_memories,
                        .imported_globals = (uint32_t)imported_globals,
                        .tags = (uint32_t)tags,
                        .tables = (uint32_t)tables,
                        .memories = (uint32_t)memories,
                        .globals = (uint32_t)globals,
                        .funcs = (uint32_t)funcs,
                        .size = (uint32_t)size};
  return CV_OK;
}

static void *at(const cv_instance *i, uint32_t offset) {
  return (char *)i + offset;
}

cv_func *cv_instance_func(cv_instance *i, uint32_t index) {
  const cv_module *m = i->module;
  if (index < m->imported_funcs)
    return ((cv_func **)at(i, i->layout->imported_funcs))[index];
  cv_func *f = (cv_func *)at(i, i->layout->funcs) + (index - m->imported_funcs);
  if (CV_LIKELY(f->instance != NULL))
    return f;
  cv_typeid type = m->types[m->funcs[index].type].id;
  f->type = type;
  f->index = index;
  f->signature = &cv_canon_type_of(m->registry, type)->as.func;
  f->instance = i;
  i->code->tier->bind(i->code, f);
  return f;
}

cv_memory *cv_instance_memory(const cv_instance *i, uint32_t index) {
  uint32_t imported = i->module->imported_memories;
  return index < imported ? ((cv_memory **)at(i, i->layout->imported_memories))[index]
                          : (cv_memory *)at(i, i->layout->memories) + (index - imported);
}

cv_table *cv_instance_table(const cv_instance *i, uint32_t index) {
  uint32_t imported = i->module->imported_tables;
  return index < imported ? ((cv_table **)at(i, i->layout->imported_tables))[index]
                          : (cv_table *)at(i, i->layout->tables) + (index - imported);
}

cv_global *cv_instance_global(const cv_instance *i, uint32_t index) {
  uint32_t imported = i->module->imported_globals;
  return index < imported ? ((cv_global **)at(i, i->layout->imported_globals))[index]
                          : (cv_global *)at(i, i->layout->globals) + (index - imported);
}

cv_tag *cv_instance_tag(const cv_instance *i, uint32_t index) {
  return ((cv_tag **)at(i, i->layout->tags))[index];
}

const cv_export *cv_instance_export(const cv_instance *i, cv_bytes name, cv_extern_kind kind) {
  for (uint32_t e = 0; e < i->module->export_count; e++) {
    const cv_export *item = &i->module->exports[e];
    if (item->kind == kind && cv_bytes_equal(item->name, name))
      return item;
  }
  return NULL;
}

// The cache is no part of what the instance is, so it is filled behind `const`.
cv_memory *cv_instance_wasi_memory(const cv_instance *i) {
  if (CV_LIKELY(i->wasi_memory != NULL))
    return i->wasi_memory;
  const cv_export *item = cv_instance_export(i, CV_BYTES_LITERAL("memory"), CV_EXTERN_MEMORY);
  cv_memory *memory = item != NULL ? cv_instance_memory(i, item->index) : i->memory0;
  ((cv_instance *)(uintptr_t)i)->wasi_memory = memory;
  return memory;
}

cv_extern cv_instance_extern(cv_instance *i, const cv_export *item) {
  cv_extern e = {.kind = item->kind};
  switch (item->kind) {
  case CV_EXTERN_FUNC:
    e.as.func = cv_instance_func(i, item->index);
    break;
  case CV_EXTERN_TABLE:
    e.as.table = cv_instance_table(i, item->index);
    break;
  case CV_EXTERN_MEMORY:
    e.as.memory = cv_instance_memory(i, item->index);
    break;
  case CV_EXTERN_GLOBAL:
    e.as.global = cv_instance_global(i, item->index);
    break;
  case CV_EXTERN_TAG:
    e.as.tag = cv_instance_tag(i, item->index);
    break;
  }
  return e;
}
