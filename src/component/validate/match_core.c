// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// match_core.c: matching of core externs and module types (core specification, 3.3.15; Explainer.md, "Type
// Definitions"). Value types hold canonical ids.
#include "base/buf.h"
#include "component/validate/validator.h"

static const char *kind_text(cv_extern_kind kind) {
  static const char *const texts[] = {"func", "table", "memory", "global", "tag"};
  return (unsigned)kind < CV_COUNT(texts) ? texts[kind] : "?";
}

static bool limits_match(const cv_limits *a, const cv_limits *w) {
  return a->min >= w->min && (!w->has_max || (a->has_max && a->max <= w->max));
}

static void put_types(cv_buf *buf, const char *what, const cv_valtype *types, uint32_t count) {
  char text[CV_VALTYPE_TEXT_SIZE];
  if (count != 0)
    cv_buf_printf(buf, " (%s", what);
  for (uint32_t i = 0; i < count && i < 20; i++)
    cv_buf_printf(buf, " %s", cv_valtype_text(types[i], text));
  cv_buf_text(buf, count == 0 ? "" : count > 20 ? " ...)" : ")");
}

static void put_func(cv_cvalidator *v, cv_buf *buf, cv_typeid id) {
  const cv_functype *type = &cv_canon_type_of(v->registry, id)->as.func;
  cv_buf_text(buf, "(func");
  put_types(buf, "param", cv_functype_params(type), type->param_count);
  put_types(buf, "result", cv_functype_results(type), type->result_count);
  cv_buf_text(buf, ")");
}

static cv_status funcs_differ(cv_cvalidator *v, cv_typeid a, cv_typeid w) {
  cv_buf buf;
  cv_buf_init(&buf, v->mem);
  cv_buf_text(&buf, "expected: ");
  put_func(v, &buf, w);
  cv_buf_text(&buf, ", found: ");
  put_func(v, &buf, a);
  const char *text = cv_buf_cstr(&buf);
  cv_status status = cv_cinvalid(v, "%s", text == NULL ? "function types differ" : text);
  cv_buf_free(&buf);
  return status;
}

static cv_status match_table(cv_cvalidator *v, const cv_tabletype *a, const cv_tabletype *w) {
  char expected[CV_VALTYPE_TEXT_SIZE], found[CV_VALTYPE_TEXT_SIZE];
  if (a->elem != w->elem)
    return cv_cinvalid(v, "expected table element type %s, found %s", cv_valtype_text(w->elem, expected),
                       cv_valtype_text(a->elem, found));
  if (a->limits.is_64 != w->limits.is_64)
    return cv_cinvalid(v, "mismatch in index type used for tables");
  return limits_match(&a->limits, &w->limits) ? CV_OK : cv_cinvalid(v, "mismatch in table limits");
}

static cv_status match_memory(cv_cvalidator *v, const cv_memtype *a, const cv_memtype *w) {
  if (a->limits.is_shared != w->limits.is_shared)
    return cv_cinvalid(v, "mismatch in the shared flag for memories");
  if (a->limits.is_64 != w->limits.is_64)
    return cv_cinvalid(v, "mismatch in index type used for memories");
  if (a->page_log2 != w->page_log2)
    return cv_cinvalid(v, "mismatch in custom page size for memories");
  return limits_match(&a->limits, &w->limits) ? CV_OK : cv_cinvalid(v, "mismatch in memory limits");
}

static cv_status match_global(cv_cvalidator *v, const cv_globaltype *a, const cv_globaltype *w) {
  char expected[CV_VALTYPE_TEXT_SIZE], found[CV_VALTYPE_TEXT_SIZE];
  if (a->is_mutable != w->is_mutable)
    return cv_cinvalid(v, "global types differ in mutability");
  bool same = w->is_mutable ? a->type == w->type : cv_canon_matches(v->registry, a->type, w->type);
  return same ? CV_OK
              : cv_cinvalid(v, "expected global type %s, found %s", cv_valtype_text(w->type, expected),
                            cv_valtype_text(a->type, found));
}

cv_status cv_match_core_extern(cv_cvalidator *v, const cv_coreextern *a, const cv_coreextern *w) {
  CV_TRY(cv_cvalidator_step(v, 1));
  if (a->kind != w->kind)
    return cv_cinvalid(v, "expected %s, found %s", kind_text(w->kind), kind_text(a->kind));
  switch (w->kind) {
  case CV_EXTERN_FUNC:
    return cv_type_is_subtype(v->registry, a->as.func, w->as.func) ? CV_OK : funcs_differ(v, a->as.func, w->as.func);
  case CV_EXTERN_TABLE:
    return match_table(v, &a->as.table, &w->as.table);
  case CV_EXTERN_MEMORY:
    return match_memory(v, &a->as.memory, &w->as.memory);
  case CV_EXTERN_GLOBAL:
    return match_global(v, &a->as.global, &w->as.global);
  case CV_EXTERN_TAG:
    break;
  }
  return a->as.func == w->as.func ? CV_OK : funcs_differ(v, a->as.func, w->as.func);
}

cv_status cv_match_module(cv_cvalidator *v, const cv_coremoduletype *a, const cv_coremoduletype *w) {
  if (a == w)
    return CV_OK;
  for (uint32_t i = 0; i < a->import_count; i++) {
    const cv_coreextern *needed = &a->imports[i];
    const cv_coreextern *given = cv_coreextern_find(w->sorted_imports, w->import_count, needed->module, needed->name);
    if (given == NULL)
      return cv_cinvalid(v, "missing expected import `%.*s::%.*s`", CV_NAME(needed->module), CV_NAME(needed->name));
    CV_TRY(cv_in_context(v, cv_match_core_extern(v, given, needed), "type mismatch in import `%.*s::%.*s`",
                         CV_NAME(needed->module), CV_NAME(needed->name)));
  }
  for (uint32_t i = 0; i < w->export_count; i++) {
    const cv_coreextern *wanted = &w->exports[i];
    const cv_coreextern *found = cv_coreextern_find(a->sorted_exports, a->export_count, (cv_bytes){0}, wanted->name);
    if (found == NULL)
      return cv_cinvalid(v, "missing expected export `%.*s`", CV_NAME(wanted->name));
    CV_TRY(cv_in_context(v, cv_match_core_extern(v, found, wanted), "type mismatch in export `%.*s`",
                         CV_NAME(wanted->name)));
  }
  return CV_OK;
}
