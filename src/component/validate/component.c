// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.c: validation of a component: its definitions in the order of the binary, nested components at their place
// among them.
#include <stdlib.h>

#include "component/validate/validator.h"

#include "wasm/validate/validate.h"

static cv_status define_alias(cv_cvalidator *v, cv_scope *scope, cv_cdef *def) {
  if (def->kind == CV_CDEF_ALIAS_CORE_EXPORT || def->space == CV_CS_CORE_TYPE)
    return cv_core_alias_define(v, scope, def);
  cv_syn_alias alias = {.kind = def->kind == CV_CDEF_ALIAS_OUTER ? CV_SYN_ALIAS_OUTER : CV_SYN_ALIAS_EXPORT,
                        .space = def->space,
                        .source = def->source,
                        .outer = def->outer,
                        .name = def->name};
  CV_TRY(cv_alias_define(v, scope, &alias, &def->type));
  return cv_scope_push(v, scope, &def->type);
}

static cv_status define_type(cv_cvalidator *v, cv_scope *scope, cv_cdef *def, uint32_t index) {
  def->first_resource = (uint32_t)scope->resources.count;
  def->type.sort = CV_SORT_TYPE;
  CV_TRY(cv_type_define(v, scope, def->syntax, &def->type.as.type));
  def->resource_count = (uint32_t)(scope->resources.count - def->first_resource);
  if (def->resource_count != 0)
    CV_TRY(cv_vec_push(v->mem, &scope->resource_definitions, index));
  return cv_scope_push(v, scope, &def->type);
}

static cv_status define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def, uint32_t index) {
  v->offset = def->entry;
  switch (def->kind) {
  case CV_CDEF_CORE_MODULE:
    return cv_core_module_define(v, scope, def);
  case CV_CDEF_CORE_INSTANTIATE:
  case CV_CDEF_CORE_BUNDLE:
    scope->component->core_instance_count++;
    return cv_core_instance_define(v, scope, def);
  case CV_CDEF_CORE_TYPE:
    return cv_core_type_define(v, scope, def->syntax);
  case CV_CDEF_COMPONENT:
    CV_TRY(cv_component_check(v, def->as.component, scope));
    def->type = (cv_cexterntype){.sort = CV_SORT_COMPONENT, .as.component = &def->as.component->type};
    return cv_scope_push(v, scope, &def->type);
  case CV_CDEF_INSTANTIATE:
    scope->component->instance_count++;
    return cv_instantiate_define(v, scope, def);
  case CV_CDEF_BUNDLE:
    scope->component->instance_count++;
    return cv_bundle_define(v, scope, def);
  case CV_CDEF_ALIAS_EXPORT:
  case CV_CDEF_ALIAS_CORE_EXPORT:
  case CV_CDEF_ALIAS_OUTER:
    return define_alias(v, scope, def);
  case CV_CDEF_TYPE:
    return define_type(v, scope, def, index);
  case CV_CDEF_CANON:
    return cv_canon_define(v, scope, def);
  case CV_CDEF_IMPORT:
    return cv_import_define(v, scope, def);
  case CV_CDEF_EXPORT:
    return cv_export_define(v, scope, def);
  case CV_CDEF_START:
    return cv_fail(v->diag, CV_EUNSUPPORTED, v->offset, "unsupported: start");
  case CV_CDEF_VALUE:
    break;
  }
  return cv_fail(v->diag, CV_EUNSUPPORTED, v->offset, "unsupported: value definitions");
}

// ---- the component's own type ----

// Finds the resources that the exports introduce: those that a type export names and that no import introduced, each
// at the first export that does.
typedef struct collector {
  cv_cvalidator *v;
  const cv_cresource *const *numbering; // the component's resources
  size_t numbers;
  bool *seen; // by resource number
  const cv_cresource **out;
  uint32_t count;
} collector;

static cv_status collect(collector *c, cv_cextern *externs, uint32_t count);

// An inline instance says (eq) of a resource that its component defines: in the component's type the first is fresh.
static cv_status collect_instance(collector *c, cv_cexterntype *type) {
  const cv_cinstancetype *old = type->as.instance;
  if (!old->traits.has_resource)
    return CV_OK;
  CV_TRY(cv_cvalidator_step(c->v, CV_COPY_STEPS * (1 + (uint64_t)old->export_count)));
  cv_cextern *exports = cv_arena_copy(c->v->arena, old->exports, old->export_count * sizeof *exports);
  if (exports == NULL)
    return CV_ENOMEM;
  CV_TRY(collect(c, exports, old->export_count));
  return cv_instancetype_new(c->v, exports, old->export_count, old->resources, old->resource_count, &type->as.instance);
}

static cv_status collect(collector *c, cv_cextern *externs, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    cv_cexterntype *type = &externs[i].type;
    if (type->sort == CV_SORT_INSTANCE)
      CV_TRY(collect_instance(c, type));
    if (type->sort != CV_SORT_TYPE || type->as.type.kind != CV_DEF_RESOURCE)
      continue;
    const cv_cresource *resource = type->as.type.as.resource;
    if (resource->index >= c->numbers || c->numbering[resource->index]->id != resource->id)
      continue;
    type->is_fresh = !c->seen[resource->index];
    if (type->is_fresh)
      c->out[c->count++] = resource;
    c->seen[resource->index] = true;
  }
  return CV_OK;
}

static int by_id(const void *a, const void *b) {
  const cv_cresource *x = *(const cv_cresource *const *)a, *y = *(const cv_cresource *const *)b;
  return (x->id > y->id) - (x->id < y->id);
}

static cv_status finish_type(cv_cvalidator *v, const cv_scope *scope, cv_ccomponenttype *type) {
  size_t count = scope->resources.count;
  collector c = {.v = v, .numbering = scope->resources.data, .numbers = count};
  c.seen = CV_ARENA_ARRAY(v->arena, bool, count);
  c.out = CV_ARENA_ARRAY(v->arena, const cv_cresource *, count);
  cv_cextern *imports = cv_arena_copy(v->arena, scope->imports.data, scope->imports.count * sizeof *imports);
  cv_cextern *exports = cv_arena_copy(v->arena, scope->exports.data, scope->exports.count * sizeof *exports);
  if (c.seen == NULL || c.out == NULL || imports == NULL || exports == NULL)
    return CV_ENOMEM;
  for (size_t i = 0; i < count; i++)
    if (scope->resources.data[i]->is_imported) {
      c.out[c.count++] = scope->resources.data[i];
      c.seen[i] = true;
    }
  type->imported_resource_count = c.count;
  CV_TRY(collect(&c, exports, (uint32_t)scope->exports.count));
  qsort(c.out + type->imported_resource_count, c.count - type->imported_resource_count, sizeof *c.out, by_id);
  type->resources = c.out;
  type->resource_count = c.count;
  type->imports = imports;
  type->import_count = (uint32_t)scope->imports.count;
  type->exports = exports;
  type->export_count = (uint32_t)scope->exports.count;
  return cv_componenttype_finish(v, type);
}

static cv_status check_defs(cv_cvalidator *v, cv_scope *scope, cv_component *c) {
  for (uint32_t i = 0; i < c->def_count; i++)
    CV_TRY(define(v, scope, &c->defs[i], i));
  v->offset = c->span.offset;
  CV_TRY(finish_type(v, scope, &c->type));
  c->resource_count = (uint32_t)scope->resources.count;
  c->resource_definition_count = (uint32_t)scope->resource_definitions.count;
  c->resource_definitions =
      cv_arena_copy(v->arena, scope->resource_definitions.data, scope->resource_definitions.count * sizeof(uint32_t));
  return c->resource_definitions == NULL ? CV_ENOMEM : CV_OK;
}

cv_status cv_component_check(cv_cvalidator *v, cv_component *c, cv_scope *outer) {
  cv_scope *scope = cv_mem_alloc(v->mem, sizeof *scope); // scopes are large, and nest
  if (scope == NULL)
    return CV_ENOMEM;
  c->registry = v->registry;
  cv_scope_init(v, scope, CV_SCOPE_COMPONENT, outer);
  scope->component = c;
  cv_status status = check_defs(v, scope, c);
  cv_scope_free(v, scope);
  cv_mem_free(v->mem, scope, sizeof *scope);
  return status;
}

cv_status cv_component_validate(cv_component *component, cv_type_registry *registry, unsigned module_flags,
                                cv_diag *diag) {
  cv_diag ignored;
  if (diag == NULL) {
    cv_diag_init(&ignored);
    diag = &ignored;
  }
  cv_cvalidator v = {.root = component,
                     .mem = component->mem,
                     .arena = &component->arena,
                     .registry = registry,
                     .module_flags = module_flags,
                     .diag = diag};
  cv_status status = cv_component_check(&v, component, NULL);
  return status == CV_ENOMEM ? cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory") : status;
}
