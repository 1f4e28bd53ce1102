// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// decls.c: component types and instance types: scopes of declarations (Binary.md, "Type Definitions").
#include "component/validate/validator.h"

static cv_status check_alias(cv_cvalidator *v, const cv_syn_alias *alias) {
  bool allowed = alias->kind == CV_SYN_ALIAS_EXPORT  ? alias->space == CV_CS_INSTANCE || alias->space == CV_CS_TYPE
                 : alias->kind == CV_SYN_ALIAS_OUTER ? alias->space == CV_CS_CORE_TYPE || alias->space == CV_CS_TYPE
                                                     : false;
  return allowed ? CV_OK
                 : cv_cinvalid(v, "aliases in component and instance types may only refer to types or instances");
}

static cv_status declare(cv_cvalidator *v, cv_scope *scope, const cv_syn_decl *decl) {
  v->offset = decl->entry;
  cv_cexterntype type = {0};
  switch (decl->kind) {
  case CV_SYN_DECL_CORE_TYPE:
    return cv_core_type_define(v, scope, decl->as.core_type);
  case CV_SYN_DECL_TYPE:
    type.sort = CV_SORT_TYPE;
    CV_TRY(cv_type_define(v, scope, decl->as.type, &type.as.type));
    return cv_scope_push(v, scope, &type);
  case CV_SYN_DECL_ALIAS:
    CV_TRY(check_alias(v, decl->as.alias));
    if (decl->as.alias->space == CV_CS_CORE_TYPE)
      return cv_core_type_alias(v, scope, decl->as.alias->outer, decl->as.alias->source);
    CV_TRY(cv_alias_define(v, scope, decl->as.alias, &type));
    return cv_scope_push(v, scope, &type);
  case CV_SYN_DECL_IMPORT:
  case CV_SYN_DECL_EXPORT:
    break;
  }
  bool is_import = decl->kind == CV_SYN_DECL_IMPORT;
  const cv_syn_extern *syntax = decl->as.external;
  CV_TRY(cv_externtype_resolve(v, scope, &syntax->type, syntax->name, is_import, &type));
  CV_TRY(cv_extern_add(v, scope, is_import, syntax, &type, NULL));
  return cv_scope_push(v, scope, &type);
}

static cv_status finish_instance(cv_cvalidator *v, const cv_scope *scope, cv_cdeftype *out) {
  const cv_cextern *exports = cv_arena_copy(v->arena, scope->exports.data, scope->exports.count * sizeof *exports);
  const cv_cresource **resources =
      cv_arena_copy(v->arena, scope->resources.data, scope->resources.count * sizeof *resources);
  if (exports == NULL || resources == NULL)
    return CV_ENOMEM;
  out->kind = CV_DEF_INSTANCE;
  return cv_instancetype_new(v, exports, (uint32_t)scope->exports.count, resources, (uint32_t)scope->resources.count,
                             &out->as.instance);
}

static cv_status finish_component(cv_cvalidator *v, const cv_scope *scope, cv_cdeftype *out) {
  cv_ccomponenttype *type = CV_ARENA_NEW(v->arena, cv_ccomponenttype);
  const cv_cresource **resources = CV_ARENA_ARRAY(v->arena, const cv_cresource *, scope->resources.count);
  if (type == NULL || resources == NULL)
    return CV_ENOMEM;
  for (size_t i = 0; i < scope->resources.count; i++)
    if (scope->resources.data[i]->is_imported)
      resources[type->resource_count++] = scope->resources.data[i];
  type->imported_resource_count = type->resource_count;
  for (size_t i = 0; i < scope->resources.count; i++)
    if (!scope->resources.data[i]->is_imported)
      resources[type->resource_count++] = scope->resources.data[i];
  type->resources = resources;
  type->import_count = (uint32_t)scope->imports.count;
  type->export_count = (uint32_t)scope->exports.count;
  type->imports = cv_arena_copy(v->arena, scope->imports.data, scope->imports.count * sizeof *type->imports);
  type->exports = cv_arena_copy(v->arena, scope->exports.data, scope->exports.count * sizeof *type->exports);
  if (type->imports == NULL || type->exports == NULL)
    return CV_ENOMEM;
  out->kind = CV_DEF_COMPONENT;
  out->as.component = type;
  return cv_componenttype_finish(v, type);
}

cv_status cv_type_decls(cv_cvalidator *v, cv_scope *outer, const cv_syn_type *syntax, cv_cdeftype *out) {
  bool is_component = syntax->code == CV_SYN_COMPONENT;
  cv_scope *scope = cv_mem_alloc(v->mem, sizeof *scope); // scopes are large, and nest
  if (scope == NULL)
    return CV_ENOMEM;
  cv_scope_init(v, scope, is_component ? CV_SCOPE_COMPONENT_TYPE : CV_SCOPE_INSTANCE_TYPE, outer);
  cv_status status = CV_OK;
  for (uint32_t i = 0; i < syntax->decl_count && status == CV_OK; i++)
    status = declare(v, scope, &syntax->decls[i]);
  if (status == CV_OK) {
    v->offset = syntax->entry;
    status = is_component ? finish_component(v, scope, out) : finish_instance(v, scope, out);
  }
  cv_scope_free(v, scope);
  cv_mem_free(v->mem, scope, sizeof *scope);
  return status;
}
