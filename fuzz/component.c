// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decoding and validating any bytes as a component. Nothing may leak, a failure must be told, and what validation
// leaves in a valid component must be in bounds: indices of definitions, numbers of resources, names of index spaces.
// Bytes that do not begin with a preamble get one.
#include <stdlib.h>

#include "base/buf.h"
#include "component/component.h"
#include "target.h"
#include "wasm/canon.h"

static void require(bool condition) {
  if (!condition)
    abort();
}

static void check_value(const cv_component *c, const cv_ctype *t) {
  char text[64];
  cv_ctype_text(t, text, sizeof text);
  require(cv_ctype_equal(t, t) && t->depth <= CV_MAX_TYPE_DEPTH);
  for (unsigned p = 0; p < CV_PTR_SIZES; p++)
    require(t->layout[p].size <= CV_MAX_TYPE_SIZE && t->layout[p].align >= 1 && t->layout[p].align <= 8);
  if (t->resource != NULL)
    require(t->resource->index < c->resource_count);
}

static void check_func(const cv_component *c, const cv_cfunctype *t) {
  for (uint32_t i = 0; i < t->param_count; i++)
    check_value(c, t->params[i].type);
  if (t->result != NULL)
    check_value(c, t->result);
}

static void check_externs(const cv_component *c, const cv_cextern *externs, uint32_t count,
                          const cv_cextern *const *sorted) {
  for (uint32_t i = 0; i < count; i++) {
    require(cv_cextern_find(sorted, count, externs[i].name) == &externs[i]);
    if (externs[i].type.sort == CV_SORT_INSTANCE) {
      const cv_cinstancetype *t = externs[i].type.as.instance;
      require(t->resource_count == 0);
      check_externs(c, t->exports, t->export_count, t->sorted);
    }
  }
}

static void check_component(const cv_component *c, cv_type_registry *registry) {
  uint32_t counts[CV_CS_COUNT] = {0};
  for (uint32_t i = 0; i < c->def_count; i++) {
    const cv_cdef *d = &c->defs[i];
    require(d->resource_count == 0 || d->first_resource + d->resource_count <= c->resource_count);
    if (d->space != CV_CS_COUNT) {
      require(d->index == counts[d->space]);
      counts[d->space] += d->adds;
    }
    if (d->kind == CV_CDEF_CANON && d->space == CV_CS_CORE_FUNC)
      require(cv_canon_type_of(registry, d->as.canon->core_type)->kind == CV_COMP_FUNC);
    else if (d->space == CV_CS_FUNC)
      check_func(c, d->type.as.func);
    else if (d->space == CV_CS_INSTANCE)
      check_externs(c, d->type.as.instance->exports, d->type.as.instance->export_count, d->type.as.instance->sorted);
    else if (d->kind == CV_CDEF_COMPONENT)
      check_component(d->as.component, registry);
  }
  for (unsigned space = 0; space < CV_CS_COUNT; space++)
    require(counts[space] == c->space_counts[space]);
  for (uint32_t i = 0; i < c->resource_definition_count; i++)
    require(c->defs[c->resource_definitions[i]].kind == CV_CDEF_TYPE);
  check_externs(c, c->type.imports, c->type.import_count, c->type.sorted_imports);
  check_externs(c, c->type.exports, c->type.export_count, c->type.sorted_exports);
}

static void read_names(const cv_component *c) {
  for (unsigned space = 0; space < CV_CS_COUNT; space++) {
    cv_cname_cursor cursor;
    cv_cname_cursor_init(&cursor, c, (cv_cspace)space);
    while (cv_cname_cursor_next(&cursor))
      require(cursor.name.size <= c->size);
  }
}

static void run(const uint8_t *data, size_t size) {
  cv_mem mem;
  cv_mem_init(&mem, (uint64_t)1 << 30);
  cv_type_registry *registry = cv_type_registry_new(&mem);
  if (registry == NULL)
    return;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_component *c;
  cv_status status = cv_component_decode(&c, &mem, data, size, false, CV_FEATURES_ALL, &diag);
  require((status == CV_OK) == (c != NULL));
  if (status == CV_OK) {
    read_names(c);
    status = cv_component_validate(c, registry, 0, &diag);
    if (status == CV_OK)
      check_component(c, registry);
  }
  require(status == diag.status);
  cv_component_delete(c);
  require(cv_type_registry_count(registry) == 0);
  cv_type_registry_delete(registry);
  require(mem.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t preamble[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf bytes;
  cv_buf_init(&bytes, &mem);
  if (size < 4 || memcmp(data, "\0asm", 4) != 0)
    cv_buf_bytes(&bytes, preamble, sizeof preamble);
  cv_buf_bytes(&bytes, data, size);
  if (cv_buf_status(&bytes) == CV_OK)
    run(bytes.data, bytes.size);
  cv_buf_free(&bytes);
  return 0;
}
