// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// externs.c: imports and exports of components and of their types (Binary.md, "Import and Export Definitions").
#include "component/validate/validator.h"

static cv_status resolve_type(cv_cvalidator *v, cv_scope *scope, const cv_syn_externtype *syntax, cv_bytes name,
                              bool is_import, cv_cexterntype *out) {
  if (syntax->is_eq) {
    cv_cdeftype type;
    CV_TRY(cv_scope_type(v, scope, syntax->index, &type));
    return cv_type_rename(v, type, name, &out->as.type);
  }
  cv_cresource *resource = cv_scope_resource(v, scope, name);
  if (resource == NULL)
    return CV_ENOMEM;
  resource->is_imported = is_import;
  out->is_fresh = true;
  out->as.type = (cv_cdeftype){.kind = CV_DEF_RESOURCE, .as.resource = resource};
  return CV_OK;
}

cv_status cv_externtype_resolve(cv_cvalidator *v, cv_scope *scope, const cv_syn_externtype *syntax, cv_bytes name,
                                bool is_import, cv_cexterntype *out) {
  *out = (cv_cexterntype){.sort = syntax->sort};
  cv_cdeftype type;
  switch (syntax->sort) {
  case CV_SORT_MODULE:
    CV_TRY(cv_scope_check(v, scope, CV_CS_CORE_TYPE, syntax->index));
    out->as.module = scope->core_type_modules.data[syntax->index];
    return out->as.module != NULL ? CV_OK : cv_cinvalid(v, "core type index %u is not a module type", syntax->index);
  case CV_SORT_TYPE:
    return resolve_type(v, scope, syntax, name, is_import, out);
  case CV_SORT_VALUE:
    return cv_fail(v->diag, CV_EUNSUPPORTED, v->offset, "unsupported: value definitions");
  case CV_SORT_FUNC:
    CV_TRY(cv_scope_type(v, scope, syntax->index, &type));
    out->as.func = type.as.func;
    return type.kind == CV_DEF_FUNC ? CV_OK : cv_cinvalid(v, "type index %u is not a function type", syntax->index);
  case CV_SORT_COMPONENT:
    CV_TRY(cv_scope_type(v, scope, syntax->index, &type));
    out->as.component = type.as.component;
    return type.kind == CV_DEF_COMPONENT ? CV_OK
                                         : cv_cinvalid(v, "type index %u is not a component type", syntax->index);
  case CV_SORT_INSTANCE:
    break;
  }
  CV_TRY(cv_scope_type(v, scope, syntax->index, &type));
  if (type.kind != CV_DEF_INSTANCE)
    return cv_cinvalid(v, "type index %u is not an instance type", syntax->index);
  return cv_instancetype_open(v, scope, type.as.instance, is_import, &out->as.instance);
}

cv_status cv_extern_add(cv_cvalidator *v, cv_scope *scope, bool is_import, const cv_syn_extern *syntax,
                        const cv_cexterntype *type, const cv_cextern **out) {
  bool visible;
  CV_TRY(cv_visible_check(v, scope, is_import, type, &visible));
  if (!visible)
    return cv_cinvalid(v, "%s not valid to be used as %s: `%.*s` mentions a type that no import or export names",
                       cv_csort_text(type->sort), is_import ? "import" : "export", CV_NAME(syntax->name));
  CV_TRY(cv_extern_name_check(v, scope, is_import, syntax, type));
  cv_cextern *e = CV_ARENA_NEW(v->arena, cv_cextern);
  if (e == NULL)
    return CV_ENOMEM;
  *e = (cv_cextern){.name = syntax->name,
                    .implements = syntax->implements,
                    .external_id = syntax->external_id,
                    .version_suffix = syntax->version_suffix,
                    .type = *type};
  if (out != NULL)
    *out = e;
  bool is_resource = type->sort == CV_SORT_TYPE && type->as.type.kind == CV_DEF_RESOURCE;
  if (is_resource && scope->kind != CV_SCOPE_BUNDLE) { // an inline instance names nothing
    const uint32_t *serial = &type->as.type.as.resource->serial;
    CV_TRY(cv_map_put(is_import ? &scope->import_resources : &scope->export_resources,
                      (cv_bytes){(const uint8_t *)serial, sizeof *serial}, (uint64_t)(uintptr_t)&e->name, NULL));
  }
  return is_import ? cv_vec_push(v->mem, &scope->imports, *e) : cv_vec_push(v->mem, &scope->exports, *e);
}

// The definition introduced the scope's resources from `first` on.
static void note_resources(const cv_scope *scope, size_t first, cv_cdef *def) {
  def->first_resource = (uint32_t)first;
  def->resource_count = (uint32_t)(scope->resources.count - first);
}

cv_status cv_import_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def) {
  const cv_syn_extern *syntax = def->syntax;
  size_t first = scope->resources.count;
  CV_TRY(cv_externtype_resolve(v, scope, &syntax->type, syntax->name, true, &def->type));
  CV_TRY(cv_extern_add(v, scope, true, syntax, &def->type, &def->as.external));
  note_resources(scope, first, def);
  return cv_scope_push(v, scope, &def->type);
}

// The ascribed type has resources of its own, which stand for those of what is exported.
static cv_status ascribe(cv_cvalidator *v, cv_scope *scope, const cv_syn_extern *syntax, const cv_cexterntype *actual,
                         cv_cexterntype *out) {
  size_t first = scope->resources.count;
  CV_TRY(cv_externtype_resolve(v, scope, &syntax->type, syntax->name, false, out));
  uint32_t count = (uint32_t)(scope->resources.count - first);
  cv_rframe frame;
  CV_TRY(cv_rframe_init(v, &frame, NULL, count == 0 ? NULL : &scope->resources.data[first], count, count));
  return cv_in_context(v, cv_match_extern(v, &frame, actual, out), "ascribed type of export is not compatible");
}

cv_status cv_export_define(cv_cvalidator *v, cv_scope *scope, cv_cdef *def) {
  const cv_syn_extern *syntax = def->syntax;
  size_t first = scope->resources.count;
  cv_cexterntype actual;
  CV_TRY(cv_scope_item(v, scope, def->item, &actual));
  if (syntax->has_type) {
    CV_TRY(ascribe(v, scope, syntax, &actual, &def->type));
  } else {
    def->type = actual;
    if (actual.sort == CV_SORT_TYPE)
      CV_TRY(cv_type_rename(v, actual.as.type, syntax->name, &def->type.as.type));
  }
  CV_TRY(cv_extern_add(v, scope, false, syntax, &def->type, &def->as.external));
  note_resources(scope, first, def);
  return cv_scope_push(v, scope, &def->type);
}
