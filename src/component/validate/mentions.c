// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mentions.c: which types speak of resources of the component around them, as a type that an inner component takes from
// an outer one must not (Binary.md, "Alias Definitions").
#include "component/validate/validator.h"

static cv_status mentions_value(cv_cvalidator *v, const cv_rframe *bound, const cv_ctype *type, bool *out) {
  if (!type->traits.has_resource || *out)
    return CV_OK;
  CV_TRY(cv_cvalidator_step(v, 1 + type->count));
  if (type->resource != NULL && cv_rframe_find(bound, type->resource) == NULL)
    *out = true;
  for (uint32_t i = 0; i < type->count; i++)
    if (type->fields[i].type != NULL)
      CV_TRY(mentions_value(v, bound, type->fields[i].type, out));
  return CV_OK;
}

static cv_status mentions_func(cv_cvalidator *v, const cv_rframe *bound, const cv_cfunctype *type, bool *out) {
  for (uint32_t i = 0; i < type->param_count; i++)
    CV_TRY(mentions_value(v, bound, type->params[i].type, out));
  return type->result == NULL ? CV_OK : mentions_value(v, bound, type->result, out);
}

static cv_status mentions_deftype(cv_cvalidator *v, const cv_rframe *bound, cv_cdeftype type, bool *out);

static cv_status mentions_externs(cv_cvalidator *v, const cv_rframe *bound, const cv_cextern *externs, uint32_t count,
                                  bool *out) {
  CV_TRY(cv_cvalidator_step(v, 1 + count));
  for (uint32_t i = 0; i < count && !*out; i++) {
    const cv_cexterntype *e = &externs[i].type;
    cv_cdeftype type = {0};
    switch (e->sort) {
    case CV_SORT_MODULE:
      continue;
    case CV_SORT_FUNC:
      type = (cv_cdeftype){.kind = CV_DEF_FUNC, .as.func = e->as.func};
      break;
    case CV_SORT_VALUE:
      type = (cv_cdeftype){.kind = CV_DEF_VALUE, .as.value = e->as.value};
      break;
    case CV_SORT_TYPE:
      type = e->as.type;
      break;
    case CV_SORT_COMPONENT:
      type = (cv_cdeftype){.kind = CV_DEF_COMPONENT, .as.component = e->as.component};
      break;
    case CV_SORT_INSTANCE:
      type = (cv_cdeftype){.kind = CV_DEF_INSTANCE, .as.instance = e->as.instance};
      break;
    }
    CV_TRY(mentions_deftype(v, bound, type, out));
  }
  return CV_OK;
}

static cv_status mentions_deftype(cv_cvalidator *v, const cv_rframe *bound, cv_cdeftype type, bool *out) {
  if (!cv_deftype_traits(type).has_resource || *out)
    return CV_OK;
  cv_rframe frame = {.outer = bound};
  switch (type.kind) {
  case CV_DEF_VALUE:
    return mentions_value(v, bound, type.as.value, out);
  case CV_DEF_FUNC:
    return mentions_func(v, bound, type.as.func, out);
  case CV_DEF_INSTANCE: {
    const cv_cinstancetype *t = type.as.instance;
    CV_TRY(cv_rframe_init(v, &frame, bound, t->resources, t->resource_count, t->resource_count));
    return mentions_externs(v, &frame, t->exports, t->export_count, out);
  }
  case CV_DEF_COMPONENT: {
    const cv_ccomponenttype *t = type.as.component;
    CV_TRY(cv_rframe_init(v, &frame, bound, t->resources, t->imported_resource_count, t->resource_count));
    CV_TRY(mentions_externs(v, &frame, t->imports, t->import_count, out));
    return mentions_externs(v, &frame, t->exports, t->export_count, out);
  }
  case CV_DEF_RESOURCE:
    break;
  }
  *out = cv_rframe_find(bound, type.as.resource) == NULL;
  return CV_OK;
}

cv_status cv_type_mentions(cv_cvalidator *v, cv_cdeftype type, bool *out) {
  *out = false;
  return mentions_deftype(v, NULL, type, out);
}
