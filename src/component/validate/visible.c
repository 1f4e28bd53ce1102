// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// visible.c: which types an import or export may mention (Explainer.md, "External Visibility of Types"): records,
// variants, enums, flags and resources that an import, or for exports an export too, has named before. An instance type
// is not held to it until an instance of it is imported or exported.
#include "component/validate/validator.h"

static bool is_named(const cv_scope *scope, uint32_t serial, unsigned by) {
  const uint64_t *found = cv_map_get(&scope->named, (cv_bytes){(const uint8_t *)&serial, sizeof serial});
  return found != NULL && (*found & by) != 0;
}

// `serial` lives as long as its type, which is longer than the scope.
static cv_status name_serial(cv_scope *scope, const uint32_t *serial, unsigned by) {
  cv_bytes key = {(const uint8_t *)serial, sizeof *serial};
  const uint64_t *found = cv_map_get(&scope->named, key);
  return cv_map_put(&scope->named, key, (found == NULL ? 0 : *found) | by, NULL);
}

typedef struct walk {
  cv_cvalidator *v;
  cv_scope *scope;
  unsigned by; // what counts as named
  bool visible;
} walk;

static cv_status walk_parts(walk *w, const cv_ctype *type);

// A type that is mentioned.
static cv_status walk_value(walk *w, const cv_ctype *type) {
  switch (type->kind) {
  case CV_CT_RECORD:
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_FLAGS:
    w->visible = w->visible && is_named(w->scope, type->traits.serial, w->by);
    return CV_OK;
  default:
    return walk_parts(w, type);
  }
}

static cv_status walk_parts(walk *w, const cv_ctype *type) {
  CV_TRY(cv_cvalidator_step(w->v, 1 + type->count));
  if (type->resource != NULL)
    w->visible = w->visible && is_named(w->scope, type->resource->serial, w->by);
  for (uint32_t i = 0; i < type->count && w->visible; i++)
    if (type->fields[i].type != NULL)
      CV_TRY(walk_value(w, type->fields[i].type));
  return CV_OK;
}

static cv_status walk_func(walk *w, const cv_cfunctype *type) {
  CV_TRY(cv_cvalidator_step(w->v, 1 + type->param_count));
  for (uint32_t i = 0; i < type->param_count && w->visible; i++)
    CV_TRY(walk_value(w, type->params[i].type));
  return type->result == NULL ? CV_OK : walk_value(w, type->result);
}

static cv_status walk_deftype(walk *w, cv_cdeftype type);

// An export of such a type names what follows in the type.
static cv_status walk_exported(walk *w, cv_cdeftype type) {
  CV_TRY(walk_deftype(w, type));
  return w->visible ? name_serial(w->scope, cv_deftype_serial(type), w->by) : CV_OK;
}

// The exports of an instance type that is mentioned by its name only.
static cv_status walk_instance(walk *w, const cv_cinstancetype *type) {
  CV_TRY(cv_cvalidator_step(w->v, 1 + type->export_count));
  for (uint32_t i = 0; i < type->export_count && w->visible; i++) {
    const cv_cexterntype *e = &type->exports[i].type;
    if (e->sort == CV_SORT_FUNC)
      CV_TRY(walk_func(w, e->as.func));
    else if (e->sort == CV_SORT_TYPE)
      CV_TRY(walk_exported(w, e->as.type));
    else if (e->sort == CV_SORT_INSTANCE)
      CV_TRY(walk_instance(w, e->as.instance));
  }
  return CV_OK;
}

static cv_status walk_deftype(walk *w, cv_cdeftype type) {
  switch (type.kind) {
  case CV_DEF_VALUE:
    return walk_parts(w, type.as.value);
  case CV_DEF_FUNC:
    return walk_func(w, type.as.func);
  case CV_DEF_INSTANCE:
    return walk_instance(w, type.as.instance);
  case CV_DEF_COMPONENT: // closed
  case CV_DEF_RESOURCE:
    break;
  }
  return CV_OK;
}

static cv_status walk_extern(walk *w, const cv_cexterntype *type) {
  switch (type->sort) {
  case CV_SORT_FUNC:
    return walk_func(w, type->as.func);
  case CV_SORT_TYPE:
    CV_TRY(walk_deftype(w, type->as.type));
    // What an import names is named for exports too.
    return w->visible ? name_serial(w->scope, cv_deftype_serial(type->as.type),
                                    w->by == CV_NAMED_IMPORT ? CV_NAMED_IMPORT | CV_NAMED_EXPORT : CV_NAMED_EXPORT)
                      : CV_OK;
  case CV_SORT_INSTANCE: {
    const cv_cinstancetype *instance = type->as.instance;
    CV_TRY(cv_cvalidator_step(w->v, 1 + instance->export_count));
    for (uint32_t i = 0; i < instance->export_count && w->visible; i++)
      CV_TRY(walk_extern(w, &instance->exports[i].type));
    return CV_OK;
  }
  case CV_SORT_VALUE:
    return walk_value(w, type->as.value);
  case CV_SORT_MODULE:
  case CV_SORT_COMPONENT: // closed
    break;
  }
  return CV_OK;
}

cv_status cv_visible_check(cv_cvalidator *v, cv_scope *scope, bool is_import, const cv_cexterntype *type,
                           bool *visible) {
  *visible = true;
  if (scope->kind == CV_SCOPE_INSTANCE_TYPE || scope->kind == CV_SCOPE_BUNDLE)
    return CV_OK;
  walk w = {.v = v, .scope = scope, .by = is_import ? CV_NAMED_IMPORT : CV_NAMED_EXPORT, .visible = true};
  CV_TRY(walk_extern(&w, type));
  *visible = w.visible;
  return CV_OK;
}
