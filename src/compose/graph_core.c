// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph_core.c: types of core modules in the binary format (Binary.md, "Type Definitions", core:moduletype), for
// compositions that import a core module.
#include "compose/graph.h"

#include "compose/modules.h"
#include "wasm/canon.h"

enum { CODE_MODULE = 0x50, DECL_IMPORT = 0x00, DECL_TYPE = 0x01, DECL_EXPORT = 0x03 };

typedef struct module_writer {
  cv_graph *g;
  cv_buf decls;
  uint32_t count; // of declarations
  uint32_t types;
  cv_status status;
} module_writer;

static void put_valtype(module_writer *w, cv_valtype type) {
  uint32_t heap = cv_type_heap(type);
  if (!cv_type_is_ref(type)) {
    cv_buf_byte(&w->decls, (uint8_t)cv_type_kind(type));
    return;
  }
  if (cv_heap_is_index(heap)) {
    if (w->status == CV_OK)
      w->status = cv_fail(w->g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                          "unsupported: import of a core module whose type has references to functions of a type");
    return;
  }
  cv_buf_byte(&w->decls, (uint8_t)cv_type_kind(type));
  cv_buf_byte(&w->decls, (uint8_t)heap);
}

enum { PAGE_LOG2 = 16 };

static void put_limits(module_writer *w, const cv_limits *limits, bool has_page_size) {
  cv_buf_byte(&w->decls, (uint8_t)(limits->has_max | limits->is_shared << 1 | limits->is_64 << 2 | has_page_size << 3));
  cv_buf_uleb(&w->decls, limits->min);
  if (limits->has_max)
    cv_buf_uleb(&w->decls, limits->max);
}

// A function type of its own; its index.
static uint32_t put_type(module_writer *w, cv_typeid id) {
  const cv_functype *type = &cv_canon_type_of(w->g->registry, id)->as.func;
  cv_buf_byte(&w->decls, DECL_TYPE);
  cv_buf_byte(&w->decls, CV_COMP_FUNC);
  cv_buf_uleb(&w->decls, type->param_count);
  for (uint32_t i = 0; i < type->param_count; i++)
    put_valtype(w, cv_functype_params(type)[i]);
  cv_buf_uleb(&w->decls, type->result_count);
  for (uint32_t i = 0; i < type->result_count; i++)
    put_valtype(w, cv_functype_results(type)[i]);
  w->count++;
  return w->types++;
}

static void put_extern(module_writer *w, const cv_coreextern *e, bool is_import) {
  uint32_t type = e->kind == CV_EXTERN_FUNC || e->kind == CV_EXTERN_TAG ? put_type(w, e->as.func) : 0;
  cv_buf_byte(&w->decls, is_import ? DECL_IMPORT : DECL_EXPORT);
  if (is_import)
    cv_compose_put_name(&w->decls, e->module);
  cv_compose_put_name(&w->decls, e->name);
  cv_buf_byte(&w->decls, (uint8_t)e->kind);
  switch (e->kind) {
  case CV_EXTERN_TAG:
    cv_buf_byte(&w->decls, 0x00);
    cv_buf_uleb(&w->decls, type);
    break;
  case CV_EXTERN_FUNC:
    cv_buf_uleb(&w->decls, type);
    break;
  case CV_EXTERN_TABLE:
    put_valtype(w, e->as.table.elem);
    put_limits(w, &e->as.table.limits, false);
    break;
  case CV_EXTERN_MEMORY:
    put_limits(w, &e->as.memory.limits, e->as.memory.page_log2 != PAGE_LOG2);
    if (e->as.memory.page_log2 != PAGE_LOG2)
      cv_buf_uleb(&w->decls, e->as.memory.page_log2);
    break;
  case CV_EXTERN_GLOBAL:
    put_valtype(w, e->as.global.type);
    cv_buf_byte(&w->decls, e->as.global.is_mutable);
    break;
  }
  w->count++;
}

cv_status cv_graph_put_module_type(cv_graph *g, const cv_coremoduletype *type, cv_buf *out) {
  module_writer w = {.g = g};
  cv_buf_init(&w.decls, g->mem);
  for (uint32_t i = 0; i < type->import_count; i++)
    put_extern(&w, &type->imports[i], true);
  for (uint32_t i = 0; i < type->export_count; i++)
    put_extern(&w, &type->exports[i], false);
  cv_buf_byte(out, CODE_MODULE);
  cv_buf_uleb(out, w.count);
  cv_buf_bytes(out, w.decls.data, w.decls.size);
  out->failed |= w.decls.failed;
  cv_buf_free(&w.decls);
  return w.status;
}
