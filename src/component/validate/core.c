// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core.c: what is core WebAssembly in a component: types, module types, modules, instances of them, aliases of their
// exports (Explainer.md, "Core Type Definitions", "Core Instance Definitions").
#include <stdio.h>
#include <stdlib.h>

#include "component/validate/validator.h"
#include "wasm/binary/decode.h"
#include "wasm/validate/validate.h"

cv_status cv_coreexterns_sort(cv_cvalidator *v, const cv_coreextern *externs, uint32_t count,
                              const cv_coreextern *const **out) {
  const cv_coreextern **sorted = CV_ARENA_ARRAY(v->arena, const cv_coreextern *, count);
  if (sorted == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    sorted[i] = &externs[i];
  qsort(sorted, count, sizeof *sorted, cv_coreextern_compare);
  *out = sorted;
  return CV_OK;
}

// ---- types ----

static cv_status push_core_type(cv_cvalidator *v, cv_scope *scope, cv_type type, const cv_coremoduletype *module) {
  CV_TRY(cv_vec_push(v->mem, &scope->core_types, type));
  scope->core.types = scope->core_types.data;
  scope->core.type_count = (uint32_t)scope->core_types.count;
  return cv_vec_push(v->mem, &scope->core_type_modules, module);
}

// Types before the group that are module types are no types for core WebAssembly.
static cv_status check_named(cv_cvalidator *v, const cv_scope *scope, uint32_t start, uint32_t index) {
  if (index < start && scope->core_type_modules.data[index] != NULL)
    return cv_cinvalid(v, "core type index %u is a module type", index);
  return CV_OK;
}

static cv_status check_names(cv_cvalidator *v, const cv_scope *scope, uint32_t start, const cv_type *type) {
  bool is_func = type->kind == CV_COMP_FUNC;
  uint32_t count = is_func ? type->as.func.param_count + type->as.func.result_count : type->as.aggregate.count;
  for (uint32_t i = 0; i < count; i++) {
    cv_valtype t = is_func ? type->as.func.types[i] : type->as.aggregate.fields[i].type;
    if (cv_type_is_ref(t) && cv_heap_is_index(cv_type_heap(t)))
      CV_TRY(check_named(v, scope, start, cv_type_heap(t)));
  }
  return type->super == CV_NO_TYPE ? CV_OK : check_named(v, scope, start, type->super);
}

static cv_status define_group(cv_cvalidator *v, cv_scope *scope, const cv_syn_core_type *syntax) {
  if (syntax->type_count == 0)
    return CV_OK;
  uint32_t start = (uint32_t)scope->core_types.count;
  for (uint32_t i = 0; i < syntax->type_count; i++) {
    cv_type type = syntax->types[i];
    CV_TRY(check_names(v, scope, start, &type));
    type.group_start = start;
    CV_TRY(push_core_type(v, scope, type, NULL));
  }
  cv_type *types = scope->core_types.data;
  cv_status status = cv_type_group_validate(&scope->core, types, start, v->diag);
  if (types[start].id != CV_NO_TYPE)
    CV_TRY(cv_scope_hold(v, scope, types[start].id));
  return status;
}

cv_status cv_core_type_alias(cv_cvalidator *v, cv_scope *scope, uint32_t outer, uint32_t index) {
  cv_scope *from;
  bool crosses;
  CV_TRY(cv_scope_outer(v, scope, outer, &from, &crosses));
  CV_TRY(cv_scope_check(v, from, CV_CS_CORE_TYPE, index));
  cv_type type = from->core_types.data[index];
  type.group_start = (uint32_t)scope->core_types.count;
  type.group_size = 1;
  return push_core_type(v, scope, type, from->core_type_modules.data[index]);
}

// ---- module types ----

static cv_status check_core_func(cv_cvalidator *v, const cv_scope *scope, uint32_t index, cv_typeid *out) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_TYPE, index));
  const cv_type *type = &scope->core_types.data[index];
  if (type->kind != CV_COMP_FUNC || type->id == CV_NO_TYPE)
    return cv_cinvalid(v, "core type index %u is not a function type", index);
  *out = type->id;
  return CV_OK;
}

static cv_status canonical(cv_cvalidator *v, const cv_scope *scope, cv_valtype *type) {
  if (cv_type_is_ref(*type) && cv_heap_is_index(cv_type_heap(*type))) {
    CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_TYPE, cv_type_heap(*type)));
    CV_TRY(check_named(v, scope, UINT32_MAX, cv_type_heap(*type)));
  }
  *type = cv_valtype_canonical(scope->core_types.data, *type);
  return CV_OK;
}

static cv_status resolve_extern(cv_cvalidator *v, const cv_scope *scope, const cv_syn_core_extern *syntax,
                                cv_coreextern *out) {
  const char *fault = NULL;
  out->kind = syntax->kind;
  switch (syntax->kind) {
  case CV_EXTERN_FUNC:
    return check_core_func(v, scope, syntax->as.type, &out->as.func);
  case CV_EXTERN_TABLE:
    out->as.table = syntax->as.table;
    fault = cv_table_type_fault(&out->as.table);
    CV_TRY(canonical(v, scope, &out->as.table.elem));
    break;
  case CV_EXTERN_MEMORY:
    out->as.memory = syntax->as.memory;
    fault = cv_memory_type_fault(&out->as.memory);
    break;
  case CV_EXTERN_GLOBAL:
    out->as.global = syntax->as.global;
    return canonical(v, scope, &out->as.global.type);
  case CV_EXTERN_TAG:
    CV_TRY(check_core_func(v, scope, syntax->as.type, &out->as.func));
    if (cv_canon_type_of(v->registry, out->as.func)->as.func.result_count != 0)
      fault = "non-empty tag result type";
    break;
  }
  return fault == NULL ? CV_OK : cv_cinvalid(v, "%s", fault);
}

static cv_status check_module_names(cv_cvalidator *v, const cv_coremoduletype *type) {
  for (uint32_t i = 1; i < type->import_count; i++) {
    const cv_coreextern *a = type->sorted_imports[i - 1], *b = type->sorted_imports[i];
    if (cv_coreextern_compare(&a, &b) == 0)
      return cv_cinvalid(v, "duplicate import name `%.*s:%.*s`", CV_NAME(a->module), CV_NAME(a->name));
  }
  for (uint32_t i = 1; i < type->export_count; i++) {
    const cv_coreextern *a = type->sorted_exports[i - 1], *b = type->sorted_exports[i];
    if (cv_coreextern_compare(&a, &b) == 0)
      return cv_cinvalid(v, "export name `%.*s` already defined", CV_NAME(a->name));
  }
  return CV_OK;
}

static cv_status finish_module(cv_cvalidator *v, cv_coremoduletype *type) {
  CV_TRY(cv_coreexterns_sort(v, type->imports, type->import_count, &type->sorted_imports));
  CV_TRY(cv_coreexterns_sort(v, type->exports, type->export_count, &type->sorted_exports));
  return check_module_names(v, type);
}

static cv_status read_module_decls(cv_cvalidator *v, cv_scope *scope, const cv_syn_core_type *syntax,
                                   cv_coremoduletype *out) {
  cv_coreextern *imports = CV_ARENA_ARRAY(v->arena, cv_coreextern, syntax->decl_count);
  cv_coreextern *exports = CV_ARENA_ARRAY(v->arena, cv_coreextern, syntax->decl_count);
  if (imports == NULL || exports == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < syntax->decl_count; i++) {
    const cv_syn_core_decl *decl = &syntax->decls[i];
    v->offset = decl->entry;
    switch (decl->kind) {
    case CV_SYN_CORE_TYPE:
      CV_TRY(define_group(v, scope, decl->type));
      break;
    case CV_SYN_CORE_ALIAS:
      CV_TRY(cv_core_type_alias(v, scope, decl->outer, decl->index));
      CV_TRY(check_named(v, scope, UINT32_MAX, (uint32_t)scope->core_types.count - 1));
      break;
    case CV_SYN_CORE_IMPORT:
      CV_TRY(resolve_extern(v, scope, &decl->external, &imports[out->import_count]));
      imports[out->import_count].module = decl->module;
      imports[out->import_count++].name = decl->name;
      break;
    case CV_SYN_CORE_EXPORT:
      CV_TRY(resolve_extern(v, scope, &decl->external, &exports[out->export_count]));
      exports[out->export_count++].name = decl->name;
      break;
    }
  }
  out->imports = imports;
  out->exports = exports;
  return CV_OK;
}

static cv_status define_module_type(cv_cvalidator *v, cv_scope *outer, const cv_syn_core_type *syntax) {
  cv_coremoduletype *type = CV_ARENA_NEW(v->arena, cv_coremoduletype);
  if (type == NULL)
    return CV_ENOMEM;
  cv_scope scope;
  cv_scope_init(v, &scope, CV_SCOPE_INSTANCE_TYPE, outer);
  cv_status status = read_module_decls(v, &scope, syntax, type);
  cv_scope_free(v, &scope);
  CV_TRY(status);
  v->offset = syntax->entry;
  CV_TRY(finish_module(v, type));
  cv_type entry = {.super = CV_NO_TYPE, .id = CV_NO_TYPE, .group_start = (uint32_t)outer->core_types.count};
  entry.group_size = 1;
  return push_core_type(v, outer, entry, type);
}

cv_status cv_core_type_define(cv_cvalidator *v, cv_scope *scope, const cv_syn_core_type *syntax) {
  v->offset = syntax->entry;
  return syntax->is_module ? define_module_type(v, scope, syntax) : define_group(v, scope, syntax);
}

// ---- modules ----

static void extern_of(const cv_module *m, cv_extern_kind kind, uint32_t index, cv_coreextern *out) {
  out->kind = kind;
  switch (kind) {
  case CV_EXTERN_FUNC:
    out->as.func = m->types[m->funcs[index].type].id;
    break;
  case CV_EXTERN_TABLE:
    out->as.table = m->tables[index].type;
    out->as.table.elem = cv_valtype_canonical(m->types, out->as.table.elem);
    break;
  case CV_EXTERN_MEMORY:
    out->as.memory = m->memories[index];
    break;
  case CV_EXTERN_GLOBAL:
    out->as.global = m->globals[index].type;
    out->as.global.type = cv_valtype_canonical(m->types, out->as.global.type);
    break;
  case CV_EXTERN_TAG:
    out->as.func = m->types[m->tags[index].type].id;
    break;
  }
}

static cv_status type_of_module(cv_cvalidator *v, const cv_module *m, const cv_coremoduletype **out) {
  cv_coremoduletype *type = CV_ARENA_NEW(v->arena, cv_coremoduletype);
  cv_coreextern *imports = CV_ARENA_ARRAY(v->arena, cv_coreextern, m->import_count);
  cv_coreextern *exports = CV_ARENA_ARRAY(v->arena, cv_coreextern, m->export_count);
  if (type == NULL || imports == NULL || exports == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < m->import_count; i++) {
    imports[i].module = m->imports[i].module;
    imports[i].name = m->imports[i].name;
    extern_of(m, m->imports[i].kind, m->imports[i].index, &imports[i]);
  }
  for (uint32_t i = 0; i < m->export_count; i++) {
    exports[i].name = m->exports[i].name;
    extern_of(m, m->exports[i].kind, m->exports[i].index, &exports[i]);
  }
  *type = (cv_coremoduletype){
      .imports = imports, .import_count = m->import_count, .exports = exports, .export_count = m->export_count};
  *out = type;
  return finish_module(v, type);
}

// The core decoder counts offsets from the module.
static cv_status load_module(cv_cvalidator *v, cv_cdef *def) {
  cv_diag inner;
  cv_diag_init(&inner);
  cv_module *module = NULL;
  bool compiled = (v->module_flags & CV_VALIDATE_WITHOUT_BODIES) != 0;
  cv_status status =
      cv_module_decode(&module, v->mem, v->registry, v->root->features, v->root->bytes + def->span.offset,
                       def->span.size, compiled ? CV_DECODE_WITHOUT_BODIES : CV_DECODE_BORROW, &inner);
  if (status == CV_OK) {
    def->as.module = module; // the component deletes it
    status = cv_module_validate(module, v->module_flags, &inner);
  }
  if (status != CV_OK && v->diag->status == CV_OK) {
    *v->diag = inner;
    if (inner.offset != CV_NO_OFFSET)
      v->diag->offset += def->span.offset;
    size_t used = strlen(v->diag->text);
    snprintf(v->diag->text + used, sizeof v->diag->text - used, " (in core module %u)", def->index);
  }
  return status;
}

cv_status cv_core_module_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def) {
  CV_TRY(load_module(v, def));
  const cv_coremoduletype *type;
  CV_TRY(type_of_module(v, def->as.module, &type));
  def->type = (cv_cexterntype){.sort = CV_SORT_MODULE, .as.module = type};
  return cv_vec_push(v->mem, &scope->modules, type);
}

// ---- instances ----

static cv_status check_args(cv_cvalidator *v, const cv_scope *scope, const cv_cdef *def, cv_map *args) {
  for (uint32_t i = 0; i < def->arg_count; i++) {
    const cv_carg *arg = &def->args[i];
    v->offset = arg->entry;
    CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_INSTANCE, arg->item.index));
    bool existed;
    CV_TRY(cv_map_put(args, arg->name, arg->item.index, &existed));
    if (existed)
      return cv_cinvalid(v, "duplicate module instantiation argument named `%.*s`", CV_NAME(arg->name));
  }
  v->offset = def->entry;
  return CV_OK;
}

static cv_status check_imports(cv_cvalidator *v, const cv_scope *scope, const cv_coremoduletype *module,
                               const cv_map *args) {
  for (uint32_t i = 0; i < module->import_count; i++) {
    const cv_coreextern *import = &module->imports[i];
    const uint64_t *index = cv_map_get(args, import->module);
    if (index == NULL)
      return cv_cinvalid(v, "missing module instantiation argument named `%.*s`", CV_NAME(import->module));
    const cv_coreinstancetype *instance = scope->core_instances.data[*index];
    const cv_coreextern *found =
        cv_coreextern_find(instance->sorted, instance->export_count, (cv_bytes){0}, import->name);
    if (found == NULL)
      return cv_cinvalid(v, "module instantiation argument `%.*s` does not export an item named `%.*s`",
                         CV_NAME(import->module), CV_NAME(import->name));
    CV_TRY(cv_in_context(v, cv_match_core_extern(v, found, import),
                         "type mismatch for export `%.*s` of module instantiation argument `%.*s`",
                         CV_NAME(import->name), CV_NAME(import->module)));
  }
  return CV_OK;
}

static cv_status instantiate(cv_cvalidator *v, const cv_scope *scope, const cv_cdef *def, cv_coreinstancetype *out) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_MODULE, def->source));
  const cv_coremoduletype *module = scope->modules.data[def->source];
  cv_map args;
  cv_map_init(&args, v->mem);
  cv_status status = check_args(v, scope, def, &args);
  if (status == CV_OK)
    status = check_imports(v, scope, module, &args);
  cv_map_free(&args);
  *out = (cv_coreinstancetype){
      .exports = module->exports, .export_count = module->export_count, .sorted = module->sorted_exports};
  return status;
}

static void core_item(const cv_scope *scope, cv_csortidx item, cv_coreextern *out) {
  switch (item.space) {
  case CV_CS_CORE_FUNC:
    out->kind = CV_EXTERN_FUNC;
    out->as.func = scope->core_funcs.data[item.index];
    break;
  case CV_CS_CORE_TABLE:
    out->kind = CV_EXTERN_TABLE;
    out->as.table = scope->tables.data[item.index];
    break;
  case CV_CS_CORE_MEMORY:
    out->kind = CV_EXTERN_MEMORY;
    out->as.memory = scope->memories.data[item.index];
    break;
  case CV_CS_CORE_GLOBAL:
    out->kind = CV_EXTERN_GLOBAL;
    out->as.global = scope->globals.data[item.index];
    break;
  default:
    out->kind = CV_EXTERN_TAG;
    out->as.func = scope->tags.data[item.index];
    break;
  }
}

static cv_status bundle(cv_cvalidator *v, const cv_scope *scope, const cv_cdef *def, cv_coreinstancetype *out) {
  cv_coreextern *exports = CV_ARENA_ARRAY(v->arena, cv_coreextern, def->arg_count);
  if (exports == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < def->arg_count; i++) {
    v->offset = def->args[i].entry;
    CV_TRY(cv_scope_check(v, scope, def->args[i].item.space, def->args[i].item.index));
    core_item(scope, def->args[i].item, &exports[i]);
    exports[i].name = def->args[i].name;
  }
  v->offset = def->entry;
  cv_coremoduletype type = {.exports = exports, .export_count = def->arg_count};
  CV_TRY(finish_module(v, &type));
  *out = (cv_coreinstancetype){.exports = exports, .export_count = def->arg_count, .sorted = type.sorted_exports};
  return CV_OK;
}

cv_status cv_core_instance_define(cv_cvalidator *v, cv_scope *scope, const cv_cdef *def) {
  cv_coreinstancetype *type = CV_ARENA_NEW(v->arena, cv_coreinstancetype);
  if (type == NULL)
    return CV_ENOMEM;
  CV_TRY(def->kind == CV_CDEF_CORE_INSTANTIATE ? instantiate(v, scope, def, type) : bundle(v, scope, def, type));
  return cv_vec_push(v->mem, &scope->core_instances, type);
}

// ---- aliases ----

static cv_status push_core_item(cv_cvalidator *v, cv_scope *scope, const cv_coreextern *item) {
  switch (item->kind) {
  case CV_EXTERN_FUNC:
    return cv_vec_push(v->mem, &scope->core_funcs, item->as.func);
  case CV_EXTERN_TABLE:
    return cv_vec_push(v->mem, &scope->tables, item->as.table);
  case CV_EXTERN_MEMORY:
    return cv_vec_push(v->mem, &scope->memories, item->as.memory);
  case CV_EXTERN_GLOBAL:
    return cv_vec_push(v->mem, &scope->globals, item->as.global);
  case CV_EXTERN_TAG:
    break;
  }
  return cv_vec_push(v->mem, &scope->tags, item->as.func);
}

cv_status cv_core_alias_define(cv_cvalidator *v, cv_scope *scope, const cv_cdef *def) {
  if (def->kind == CV_CDEF_ALIAS_OUTER)
    return cv_core_type_alias(v, scope, def->outer, def->source);
  static const struct {
    cv_extern_kind kind;
    const char *text;
  } kinds[] = {
      [CV_CS_CORE_FUNC] = {CV_EXTERN_FUNC, "func"},       [CV_CS_CORE_TABLE] = {CV_EXTERN_TABLE, "table"},
      [CV_CS_CORE_MEMORY] = {CV_EXTERN_MEMORY, "memory"}, [CV_CS_CORE_GLOBAL] = {CV_EXTERN_GLOBAL, "global"},
      [CV_CS_CORE_TAG] = {CV_EXTERN_TAG, "tag"},
  };
  CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_INSTANCE, def->source));
  const cv_coreinstancetype *instance = scope->core_instances.data[def->source];
  const cv_coreextern *found = cv_coreextern_find(instance->sorted, instance->export_count, (cv_bytes){0}, def->name);
  if (found == NULL)
    return cv_cinvalid(v, "core instance %u has no export named `%.*s`", def->source, CV_NAME(def->name));
  if (found->kind != kinds[def->space].kind)
    return cv_cinvalid(v, "export `%.*s` for core instance %u is not a %s", CV_NAME(def->name), def->source,
                       kinds[def->space].text);
  return push_core_item(v, scope, found);
}
