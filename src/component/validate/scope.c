// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// scope.c: index spaces of a component, component type or instance type.
#include "component/validate/validator.h"

cv_status cv_cvalidator_step(cv_cvalidator *v, uint64_t steps) {
  v->steps += steps;
  if (v->steps > CV_MAX_TYPE_STEPS)
    return cv_fail(v->diag, CV_ELIMIT, v->offset, "types are too large to be compared");
  return CV_OK;
}

void cv_scope_init(cv_cvalidator *v, cv_scope *scope, cv_scope_kind kind, cv_scope *outer) {
  *scope = (cv_scope){.outer = outer, .kind = kind, .component = outer == NULL ? v->root : outer->component};
  scope->core.registry = v->registry;
  scope->core.features = v->root->features;
  cv_map_init(&scope->import_names, v->mem);
  cv_map_init(&scope->export_names, v->mem);
  cv_map_init(&scope->import_resources, v->mem);
  cv_map_init(&scope->export_resources, v->mem);
  cv_map_init(&scope->named, v->mem);
}

void cv_scope_free(cv_cvalidator *v, cv_scope *scope) {
  cv_vec_free(v->mem, &scope->core_types);
  cv_vec_free(v->mem, &scope->core_type_modules);
  cv_vec_free(v->mem, &scope->core_funcs);
  cv_vec_free(v->mem, &scope->tables);
  cv_vec_free(v->mem, &scope->memories);
  cv_vec_free(v->mem, &scope->globals);
  cv_vec_free(v->mem, &scope->tags);
  cv_vec_free(v->mem, &scope->modules);
  cv_vec_free(v->mem, &scope->core_instances);
  cv_vec_free(v->mem, &scope->funcs);
  cv_vec_free(v->mem, &scope->types);
  cv_vec_free(v->mem, &scope->components);
  cv_vec_free(v->mem, &scope->instances);
  cv_vec_free(v->mem, &scope->imports);
  cv_vec_free(v->mem, &scope->exports);
  cv_vec_free(v->mem, &scope->resources);
  cv_vec_free(v->mem, &scope->resource_definitions);
  cv_map_free(&scope->import_names);
  cv_map_free(&scope->export_names);
  cv_map_free(&scope->import_resources);
  cv_map_free(&scope->export_resources);
  cv_map_free(&scope->named);
}

size_t cv_scope_count(const cv_scope *scope, cv_cspace space) {
  switch (space) {
  case CV_CS_CORE_FUNC:
    return scope->core_funcs.count;
  case CV_CS_CORE_TABLE:
    return scope->tables.count;
  case CV_CS_CORE_MEMORY:
    return scope->memories.count;
  case CV_CS_CORE_GLOBAL:
    return scope->globals.count;
  case CV_CS_CORE_TAG:
    return scope->tags.count;
  case CV_CS_CORE_TYPE:
    return scope->core_types.count;
  case CV_CS_CORE_MODULE:
    return scope->modules.count;
  case CV_CS_CORE_INSTANCE:
    return scope->core_instances.count;
  case CV_CS_FUNC:
    return scope->funcs.count;
  case CV_CS_TYPE:
    return scope->types.count;
  case CV_CS_COMPONENT:
    return scope->components.count;
  case CV_CS_INSTANCE:
    return scope->instances.count;
  case CV_CS_VALUE:
  case CV_CS_COUNT:
    break;
  }
  return 0;
}

cv_status cv_scope_check(cv_cvalidator *v, const cv_scope *scope, cv_cspace space, uint32_t index) {
  static const struct {
    char what[14], unknown[14];
  } texts[CV_CS_COUNT] = {
      [CV_CS_CORE_FUNC] = {"function", "core func"},
      [CV_CS_CORE_TABLE] = {"table", "table"},
      [CV_CS_CORE_MEMORY] = {"memory", "memory"},
      [CV_CS_CORE_GLOBAL] = {"global", "global"},
      [CV_CS_CORE_TAG] = {"tag", "tag"},
      [CV_CS_CORE_TYPE] = {"type", "core type"},
      [CV_CS_CORE_MODULE] = {"module", "module"},
      [CV_CS_CORE_INSTANCE] = {"core instance", "core instance"},
      [CV_CS_FUNC] = {"function", "func"},
      [CV_CS_VALUE] = {"value", "value"},
      [CV_CS_TYPE] = {"type", "type"},
      [CV_CS_COMPONENT] = {"component", "component"},
      [CV_CS_INSTANCE] = {"instance", "instance"},
  };
  if (space == CV_CS_VALUE)
    return cv_fail(v->diag, CV_EUNSUPPORTED, v->offset, "unsupported: value definitions");
  size_t count = cv_scope_count(scope, space);
  if (index < count)
    return CV_OK;
  return cv_cinvalid(v, "unknown %s %u: %s index out of bounds (there are %zu)", texts[space].unknown, index,
                     texts[space].what, count);
}

cv_status cv_scope_item(cv_cvalidator *v, const cv_scope *scope, cv_csortidx item, cv_cexterntype *out) {
  *out = (cv_cexterntype){0};
  CV_TRY(cv_scope_check(v, scope, item.space, item.index));
  switch (item.space) {
  case CV_CS_CORE_MODULE:
    out->sort = CV_SORT_MODULE;
    out->as.module = scope->modules.data[item.index];
    return CV_OK;
  case CV_CS_FUNC:
    out->sort = CV_SORT_FUNC;
    out->as.func = scope->funcs.data[item.index];
    return CV_OK;
  case CV_CS_TYPE:
    out->sort = CV_SORT_TYPE;
    out->as.type = scope->types.data[item.index];
    return CV_OK;
  case CV_CS_COMPONENT:
    out->sort = CV_SORT_COMPONENT;
    out->as.component = scope->components.data[item.index];
    return CV_OK;
  case CV_CS_INSTANCE:
    out->sort = CV_SORT_INSTANCE;
    out->as.instance = scope->instances.data[item.index];
    return CV_OK;
  default:
    return cv_cinvalid(v, "core items other than modules cannot be imported, exported or given");
  }
}

cv_status cv_scope_push(cv_cvalidator *v, cv_scope *scope, const cv_cexterntype *type) {
  switch (type->sort) {
  case CV_SORT_MODULE:
    return cv_vec_push(v->mem, &scope->modules, type->as.module);
  case CV_SORT_FUNC:
    return cv_vec_push(v->mem, &scope->funcs, type->as.func);
  case CV_SORT_TYPE:
    return cv_vec_push(v->mem, &scope->types, type->as.type);
  case CV_SORT_COMPONENT:
    return cv_vec_push(v->mem, &scope->components, type->as.component);
  case CV_SORT_INSTANCE:
    return cv_vec_push(v->mem, &scope->instances, type->as.instance);
  case CV_SORT_VALUE:
    break;
  }
  return cv_fail(v->diag, CV_EUNSUPPORTED, v->offset, "unsupported: value definitions");
}

cv_status cv_scope_type(cv_cvalidator *v, const cv_scope *scope, uint32_t index, cv_cdeftype *out) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_TYPE, index));
  *out = scope->types.data[index];
  return CV_OK;
}

cv_status cv_scope_core_func_type(cv_cvalidator *v, const cv_scope *scope, uint32_t index, const cv_functype **out) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_FUNC, index));
  *out = &cv_canon_type_of(v->registry, scope->core_funcs.data[index])->as.func;
  return CV_OK;
}

cv_cresource *cv_scope_resource(cv_cvalidator *v, cv_scope *scope, cv_bytes name) {
  cv_cresource *resource = CV_ARENA_NEW(v->arena, cv_cresource);
  if (resource == NULL)
    return NULL;
  *resource = (cv_cresource){
      .index = (uint32_t)scope->resources.count, .id = ++v->next_id, .serial = ++v->next_serial, .name = name};
  return cv_vec_push(v->mem, &scope->resources, resource) == CV_OK ? resource : NULL;
}

cv_status cv_scope_outer(cv_cvalidator *v, cv_scope *scope, uint32_t count, cv_scope **out, bool *crosses) {
  *crosses = false;
  cv_scope *at = scope;
  for (uint32_t i = 0; i < count; i++) {
    if (at->kind == CV_SCOPE_COMPONENT)
      *crosses = true;
    at = at->outer;
    if (at == NULL)
      return cv_cinvalid(v, "invalid outer alias count of %u", count);
  }
  *out = at;
  return CV_OK;
}

cv_status cv_scope_hold(cv_cvalidator *v, cv_scope *scope, cv_typeid id) {
  cv_component *c = scope->component;
  if (c->held_type_count == c->held_type_capacity &&
      cv_vec_grow(v->mem, (void **)&c->held_types, &c->held_type_capacity, c->held_type_count, 1, sizeof id) != CV_OK) {
    cv_type_registry_release(v->registry, id);
    return CV_ENOMEM;
  }
  c->held_types[c->held_type_count++] = id;
  return CV_OK;
}
