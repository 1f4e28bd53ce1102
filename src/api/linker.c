// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linker.c: instances, and the table of what imports get. A key of the table is the module name, its size, and the
// name: unambiguous whatever bytes the names have.
#include "api/linker.h"
#include "runtime/tier.h"

// ---- instances ----

static cove_extern extern_of(cv_extern item) {
  cove_extern out = {.kind = (cove_extern_kind)item.kind};
  out.as.func = item.as.object;
  return out;
}

bool cove_instance_export_at(cove_instance *instance, size_t index, cove_extern *out) {
  cv_instance *i = (cv_instance *)instance;
  if (index >= i->module->export_count)
    return false;
  cv_extern item = cv_instance_extern(i, &i->module->exports[index]);
  if (item.as.object == NULL)
    return false;
  *out = extern_of(item);
  return true;
}

bool cove_instance_export(cove_instance *instance, const char *name, cove_extern *out) {
  const cv_module *m = ((cv_instance *)instance)->module;
  for (size_t i = 0; i < m->export_count; i++)
    if (cv_bytes_equal(m->exports[i].name, cv_bytes_of(name)))
      return cove_instance_export_at(instance, i, out);
  return false;
}

static void *find(cove_instance *instance, const char *name, cove_extern_kind kind) {
  cove_extern item;
  return cove_instance_export(instance, name, &item) && item.kind == kind ? (void *)item.as.func : NULL;
}

cove_func *cove_instance_func(cove_instance *instance, const char *name) {
  return find(instance, name, COVE_EXTERN_FUNC);
}

cove_memory *cove_instance_memory(cove_instance *instance, const char *name) {
  return find(instance, name, COVE_EXTERN_MEMORY);
}

cove_global *cove_instance_global(cove_instance *instance, const char *name) {
  return find(instance, name, COVE_EXTERN_GLOBAL);
}

cove_table *cove_instance_table(cove_instance *instance, const char *name) {
  return find(instance, name, COVE_EXTERN_TABLE);
}

// ---- the linker ----

cove_linker *cove_linker_new(cove_store *store) {
  cove_linker *linker = cv_mem_zalloc(&cv_api_mem, sizeof *linker);
  if (linker == NULL)
    return NULL;
  linker->store = store;
  cv_arena_init(&linker->arena, &cv_api_mem);
  cv_map_init(&linker->map, &cv_api_mem);
  return linker;
}

void cove_linker_delete(cove_linker *linker) {
  if (linker == NULL)
    return;
  cv_map_free(&linker->map);
  cv_vec_free(&cv_api_mem, &linker->items);
  cv_arena_free(&linker->arena);
  cv_mem_free(&cv_api_mem, linker, sizeof *linker);
}

// The key in `linker->arena`; its data is NULL when out of memory.
static cv_bytes key_of(cove_linker *linker, cv_bytes module, cv_bytes name) {
  uint64_t module_size = module.size;
  size_t size = sizeof module_size + module.size + name.size;
  uint8_t *key = cv_arena_alloc(&linker->arena, size);
  if (key == NULL)
    return (cv_bytes){0};
  memcpy(key, &module_size, sizeof module_size);
  if (module.size != 0)
    memcpy(key + sizeof module_size, module.data, module.size);
  if (name.size != 0)
    memcpy(key + sizeof module_size + module.size, name.data, name.size);
  return (cv_bytes){key, size};
}

cv_status cv_linker_put(cove_linker *linker, cv_bytes module, cv_bytes name, cv_extern item) {
  cv_bytes key = key_of(linker, module, name);
  if (key.data == NULL)
    return CV_ENOMEM;
  CV_TRY(cv_vec_push(&cv_api_mem, &linker->items, item));
  return cv_map_put(&linker->map, key, linker->items.count - 1, NULL);
}

static const cv_store *owner(cv_extern e) {
  switch (e.kind) {
  case CV_EXTERN_FUNC:
    return cv_func_store(e.as.func);
  case CV_EXTERN_TABLE:
    return e.as.table->store;
  case CV_EXTERN_MEMORY:
    return e.as.memory->store;
  case CV_EXTERN_GLOBAL:
    return e.as.global->store;
  case CV_EXTERN_TAG:
    return e.as.tag->store;
  }
  return NULL;
}

static bool is_foreign(const cove_linker *linker, const cv_store *store) {
  return store != linker->store->store;
}

cove_status cove_linker_define(cove_linker *linker, const char *module, const char *name, const cove_extern *item,
                               cove_error **error) {
  cv_extern e = {.kind = (cv_extern_kind)item->kind};
  e.as.object = item->as.func;
  if (e.as.object == NULL)
    return cv_api_fail(error, COVE_USAGE, "nothing to define as \"%s\" \"%s\"", module, name);
  if (is_foreign(linker, owner(e)))
    return cv_api_fail(error, COVE_USAGE, "\"%s\" \"%s\" belongs to another store", module, name);
  return cv_linker_put(linker, cv_bytes_of(module), cv_bytes_of(name), e) == CV_OK ? COVE_OK : cv_api_no_memory(error);
}

cove_status cove_linker_define_func(cove_linker *linker, const char *module, const char *name,
                                    const cove_functype *type, cove_host_fn *fn, void *env, void (*finalize)(void *env),
                                    cove_error **error) {
  cove_extern item = {.kind = COVE_EXTERN_FUNC};
  cove_status status = cove_func_new(linker->store, type, fn, env, finalize, &item.as.func, error);
  return status == COVE_OK ? cove_linker_define(linker, module, name, &item, error) : status;
}

cove_status cove_linker_define_instance(cove_linker *linker, const char *module, cove_instance *instance,
                                        cove_error **error) {
  cv_instance *from = (cv_instance *)instance;
  if (is_foreign(linker, from->store))
    return cv_api_fail(error, COVE_USAGE, "the instance \"%s\" belongs to another store", module);
  for (size_t i = 0; i < from->module->export_count; i++) {
    const cv_export *item = &from->module->exports[i];
    cv_extern e = cv_instance_extern(from, item);
    if (e.as.object == NULL || cv_linker_put(linker, cv_bytes_of(module), item->name, e) != CV_OK)
      return cv_api_no_memory(error);
  }
  return COVE_OK;
}

// Functions of WASI are made when a module first imports them, which spares a start the making of all. False when there
// is none of that name; the object is NULL when out of memory.
static bool define_wasi_function(cove_linker *linker, const cv_import *import, cv_extern *out) {
  cv_p1_function f;
  if (linker->p1 == NULL || !cv_p1_find(linker->p1, import->module, import->name, &f))
    return false;
  *out = (cv_extern){.kind = CV_EXTERN_FUNC};
  const cv_functype *t = &f.type;
  cv_typeid id = cv_engine_functype(linker->store->engine, cv_functype_params(t), t->param_count,
                                    cv_functype_results(t), t->result_count);
  cv_func *func = id != CV_NO_TYPE ? cv_store_func_new(linker->store->store, id, f.fn, f.env, NULL) : NULL;
  if (func != NULL) {
    out->as.func = func;
    if (cv_linker_put(linker, import->module, import->name, *out) != CV_OK)
      out->as.func = NULL;
  }
  return true;
}

// Fills `imports`, one for each import of the module.
static cove_status resolve(cove_linker *linker, const cv_module *m, cv_extern *imports, cove_error **error) {
  for (uint32_t i = 0; i < m->import_count; i++) {
    const cv_import *import = &m->imports[i];
    cv_arena_mark mark = cv_arena_save(&linker->arena);
    cv_bytes key = key_of(linker, import->module, import->name);
    if (key.data == NULL)
      return cv_api_no_memory(error);
    const uint64_t *at = cv_map_get(&linker->map, key);
    cv_arena_restore(&linker->arena, mark);
    if (at != NULL)
      imports[i] = linker->items.data[*at];
    else if (!define_wasi_function(linker, import, &imports[i]))
      return cv_api_unlinkable(error, import->module, import->name, "unknown import", "");
    if (imports[i].as.object == NULL)
      return cv_api_no_memory(error);
    if (!cv_extern_matches(&imports[i], m, import)) {
      char why[CV_MISMATCH_TEXT_SIZE];
      return cv_api_unlinkable(error, import->module, import->name, "incompatible import type",
                               cv_extern_mismatch(&imports[i], m, import, why));
    }
  }
  return COVE_OK;
}

cove_status cove_linker_instantiate(cove_linker *linker, const cove_module *module, cove_instance **out,
                                    cove_error **error) {
  cove_store *store = linker->store;
  const cv_module *m = module->module;
  if (module->code == NULL)
    return cv_api_fail(error, COVE_USAGE, "the module was only inspected");
  if (module->engine != store->engine)
    return cv_api_fail(error, COVE_USAGE, "the module belongs to another engine");
  cv_extern *imports = cv_mem_calloc(&cv_api_mem, m->import_count, sizeof *imports);
  if (imports == NULL && m->import_count != 0)
    return cv_api_no_memory(error);
  cove_status result = resolve(linker, m, imports, error);
  if (result == COVE_OK && cv_api_keep_module(store, (cove_module *)module) != CV_OK)
    result = cv_api_no_memory(error);
  if (result == COVE_OK) {
    cv_diag diag;
    cv_diag_init(&diag);
    cv_instance *instance;
    cv_status status =
        cv_instantiate(store->store, module->code, imports, m->import_count, linker->host_data, &instance, &diag);
    if (status == CV_OK)
      *out = (cove_instance *)instance;
    else
      result = status == CV_ETRAP ? cv_api_trap(error, store, CV_RUN_TRAP) : cv_api_diag(error, status, &diag);
  }
  cv_mem_free(&cv_api_mem, imports, m->import_count * sizeof *imports);
  return result;
}
