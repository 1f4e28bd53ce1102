// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instances.c: instantiation of components, inline instances, aliases of exports and of outer scopes (Binary.md,
// "Instance Definitions", "Alias Definitions").
#include "component/validate/validator.h"

// ---- instantiate ----

static cv_status enter_args(cv_cvalidator *v, const cv_scope *scope, const cv_cdef *def, cv_map *args) {
  for (uint32_t i = 0; i < def->arg_count; i++) {
    const cv_carg *arg = &def->args[i];
    v->offset = arg->entry;
    CV_TRY(cv_scope_check(v, scope, arg->item.space, arg->item.index));
    bool existed;
    CV_TRY(cv_map_put(args, arg->name, i, &existed));
    if (existed)
      return cv_cinvalid(v, "instantiation argument `%.*s` conflicts with previous argument `%.*s`", CV_NAME(arg->name),
                         CV_NAME(arg->name));
  }
  return CV_OK;
}

static cv_status match_args(cv_cvalidator *v, const cv_scope *scope, const cv_cdef *def, const cv_map *args,
                            const cv_ccomponenttype *type, const cv_rframe *frame) {
  for (uint32_t i = 0; i < type->import_count; i++) {
    const cv_cextern *import = &type->imports[i];
    const uint64_t *found = cv_map_get(args, import->name);
    v->offset = def->entry;
    if (found == NULL)
      return cv_cinvalid(v, "missing import named `%.*s`", CV_NAME(import->name));
    const cv_carg *arg = &def->args[*found];
    cv_cexterntype actual;
    v->offset = arg->entry;
    CV_TRY(cv_scope_item(v, scope, arg->item, &actual));
    CV_TRY(cv_in_context(v, cv_match_extern(v, frame, &actual, &import->type), "type mismatch for import `%.*s`",
                         CV_NAME(import->name)));
  }
  v->offset = def->entry;
  return CV_OK;
}

// The instance has new resources where the component's exports introduce some.
static cv_status make_instance(cv_cvalidator *v, cv_scope *scope, const cv_ccomponenttype *type, cv_rframe *frame,
                               cv_cdef *def) {
  def->first_resource = (uint32_t)scope->resources.count;
  for (uint32_t i = type->imported_resource_count; i < type->resource_count; i++) {
    cv_cresource *resource = cv_scope_resource(v, scope, type->resources[i]->name);
    if (resource == NULL)
      return CV_ENOMEM;
    frame->actual[i] = resource;
  }
  def->resource_count = (uint32_t)(scope->resources.count - def->first_resource);
  def->type.sort = CV_SORT_INSTANCE;
  if (type->traits.has_resource || frame->types->by_serial.count != 0) {
    const cv_cextern *exports;
    CV_TRY(cv_subst_externs(v, frame, type->exports, type->export_count, &exports));
    return cv_instancetype_new(v, exports, type->export_count, NULL, 0, &def->type.as.instance);
  }
  // Nothing changes: every instance shares the exports of the component's type.
  cv_cinstancetype *instance = CV_ARENA_NEW(v->arena, cv_cinstancetype);
  if (instance == NULL)
    return CV_ENOMEM;
  *instance = (cv_cinstancetype){.exports = type->exports,
                                 .export_count = type->export_count,
                                 .sorted = type->sorted_exports,
                                 .traits = type->traits};
  instance->traits.serial = ++v->next_serial;
  def->type.as.instance = instance;
  return CV_OK;
}

cv_status cv_instantiate_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_COMPONENT, def->source));
  const cv_ccomponenttype *type = scope->components.data[def->source];
  cv_rframe frame;
  CV_TRY(cv_cvalidator_step(v, CV_COPY_STEPS * (uint64_t)type->resource_count));
  CV_TRY(cv_rframe_init(v, &frame, NULL, type->resources, type->imported_resource_count, type->resource_count));
  cv_map args;
  cv_given_types types;
  cv_map_init(&args, v->mem);
  cv_given_types_init(&types, v->mem);
  frame.types = &types;
  cv_status status = enter_args(v, scope, def, &args);
  if (status == CV_OK)
    status = match_args(v, scope, def, &args, type, &frame);
  if (status == CV_OK)
    status = make_instance(v, scope, type, &frame, def);
  cv_map_free(&args);
  cv_given_types_free(&types);
  CV_TRY(status);
  return cv_scope_push(v, scope, &def->type);
}

// ---- inline instances ----

static cv_status add_exports(cv_cvalidator *v, const cv_scope *scope, cv_scope *names, const cv_cdef *def) {
  for (uint32_t i = 0; i < def->arg_count; i++) {
    const cv_carg *arg = &def->args[i];
    cv_cexterntype type;
    v->offset = arg->entry;
    CV_TRY(cv_scope_item(v, scope, arg->item, &type));
    CV_TRY(cv_extern_add(v, names, false, arg->syntax, &type, NULL));
  }
  v->offset = def->entry;
  return CV_OK;
}

cv_status cv_bundle_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def) {
  cv_scope names;
  cv_scope_init(v, &names, CV_SCOPE_BUNDLE, scope);
  cv_status status = add_exports(v, scope, &names, def);
  const cv_cextern *exports = NULL;
  uint32_t count = (uint32_t)names.exports.count;
  if (status == CV_OK) {
    exports = cv_arena_copy(v->arena, names.exports.data, count * sizeof *exports);
    status = exports == NULL ? CV_ENOMEM : CV_OK;
  }
  cv_scope_free(v, &names);
  CV_TRY(status);
  def->type.sort = CV_SORT_INSTANCE;
  CV_TRY(cv_instancetype_new(v, exports, count, NULL, 0, &def->type.as.instance));
  return cv_scope_push(v, scope, &def->type);
}

// ---- aliases ----

static bool sort_of_space(cv_cspace space, cv_csort *out) {
  switch (space) {
  case CV_CS_CORE_MODULE:
    *out = CV_SORT_MODULE;
    return true;
  case CV_CS_FUNC:
    *out = CV_SORT_FUNC;
    return true;
  case CV_CS_VALUE:
    *out = CV_SORT_VALUE;
    return true;
  case CV_CS_TYPE:
    *out = CV_SORT_TYPE;
    return true;
  case CV_CS_COMPONENT:
    *out = CV_SORT_COMPONENT;
    return true;
  case CV_CS_INSTANCE:
    *out = CV_SORT_INSTANCE;
    return true;
  default:
    return false;
  }
}

static cv_status alias_export(cv_cvalidator *v, const cv_scope *scope, const cv_syn_alias *alias,
                              cv_cexterntype *type) {
  CV_TRY(cv_scope_check(v, scope, CV_CS_INSTANCE, alias->source));
  const cv_cinstancetype *instance = scope->instances.data[alias->source];
  const cv_cextern *found = cv_cextern_find(instance->sorted, instance->export_count, alias->name);
  if (found == NULL)
    return cv_cinvalid(v, "instance %u has no export named `%.*s`", alias->source, CV_NAME(alias->name));
  cv_csort sort;
  if (!sort_of_space(alias->space, &sort) || found->type.sort != sort)
    return cv_cinvalid(v, "export `%.*s` for instance %u is not a %s", CV_NAME(alias->name), alias->source,
                       sort_of_space(alias->space, &sort) ? cv_csort_text(sort) : "core item");
  *type = found->type;
  return CV_OK;
}

static cv_status alias_outer(cv_cvalidator *v, cv_scope *scope, const cv_syn_alias *alias, cv_cexterntype *type) {
  cv_scope *from;
  bool crosses, is_free = false;
  CV_TRY(cv_scope_outer(v, scope, alias->outer, &from, &crosses));
  CV_TRY(cv_scope_item(v, from, (cv_csortidx){alias->space, alias->source}, type));
  if (crosses && type->sort == CV_SORT_TYPE)
    CV_TRY(cv_type_mentions(v, type->as.type, &is_free));
  if (is_free)
    return cv_cinvalid(v, "cannot alias outer type which transitively refers to resources not defined in the current "
                          "component");
  return CV_OK;
}

cv_status cv_alias_define(cv_cvalidator *v, cv_scope *scope, const cv_syn_alias *alias, cv_cexterntype *type) {
  return alias->kind == CV_SYN_ALIAS_EXPORT ? alias_export(v, scope, alias, type) : alias_outer(v, scope, alias, type);
}
