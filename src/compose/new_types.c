// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_types.c: the core types that functions of a world have (CanonicalABI.md, "Flattening"), and whether the modules'
// imports and exports have them.
#include "compose/new.h"
#include "wit/flat.h"

static_assert(CV_WIT_MANY_FLAT == CV_NEW_MAX_FLAT_PARAMS + 1, "the same limit");

static void flatten_params(const cv_wit_func *func, cv_wit_flat *out) {
  *out = (cv_wit_flat){.count = 0};
  if (func->kind == CV_WIT_METHOD)
    cv_wit_flat_add(out, CV_WIT_I32);
  for (const cv_wit_part *part = func->params; part; part = part->next)
    cv_wit_flatten(part->type, out);
}

static void flatten_result(const cv_wit_func *func, cv_wit_flat *out) {
  *out = (cv_wit_flat){.count = 0};
  if (func->kind == CV_WIT_CONSTRUCTOR && !func->result)
    cv_wit_flat_add(out, CV_WIT_I32);
  cv_wit_flatten(func->result, out);
}

static bool has_pointer(const cv_wit_type *type) {
  if (!type || type->is_absent)
    return false;
  if (type->kind == CV_CT_STRING || type->kind == CV_CT_LIST || type->kind == CV_CT_MAP)
    return true;
  if (type->kind == CV_WIT_NAMED) {
    const cv_wit_typedef *def = cv_wit_definition(type->def);
    for (const cv_wit_part *part = def->parts; part; part = part->next)
      if (has_pointer(part->type))
        return true;
    return def->kind == CV_WIT_ALIAS && has_pointer(def->type);
  }
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    if (has_pointer(part))
      return true;
  return false;
}

cv_new_needs cv_new_needs_of(const cv_wit_func *func) {
  cv_new_needs needs = {.result_pointers = has_pointer(func->result)};
  cv_wit_flat params, result;
  for (const cv_wit_part *part = func->params; part; part = part->next)
    needs.param_pointers |= has_pointer(part->type);
  flatten_params(func, &params);
  flatten_result(func, &result);
  needs.spills = params.count > CV_NEW_MAX_FLAT_PARAMS;
  needs.memory =
      needs.param_pointers || needs.result_pointers || needs.spills || result.count > CV_NEW_MAX_FLAT_RESULTS;
  return needs;
}

// ---- core types ----------------------------------------------------------------------------------------------------

static const cv_valtype core_types[] = {
    [CV_WIT_I32] = CV_I32, [CV_WIT_I64] = CV_I64, [CV_WIT_F32] = CV_F32, [CV_WIT_F64] = CV_F64};

static void put(cv_new_signature *s, bool is_result, cv_valtype type) {
  s->types[s->type.param_count + s->type.result_count] = type;
  if (is_result)
    s->type.result_count++;
  else
    s->type.param_count++;
  s->type.types = s->types;
}

void cv_new_signature_of(const cv_wit_func *func, bool is_lifted, cv_new_signature *out) {
  cv_wit_flat params, result;
  *out = (cv_new_signature){.type = {0}};
  flatten_params(func, &params);
  flatten_result(func, &result);
  if (params.count > CV_NEW_MAX_FLAT_PARAMS)
    put(out, false, CV_I32);
  else
    for (uint32_t i = 0; i < params.count; i++)
      put(out, false, core_types[params.types[i]]);
  if (result.count > CV_NEW_MAX_FLAT_RESULTS)
    put(out, is_lifted, CV_I32); // a place in memory, given or returned
  else if (result.count > 0)
    put(out, true, core_types[result.types[0]]);
}

void cv_new_signature_parse(const char *text, cv_new_signature *out) {
  bool is_result = false;
  *out = (cv_new_signature){.type = {0}};
  out->type.types = out->types;
  for (; *text; text++)
    if (*text == '>')
      is_result = true;
    else
      put(out, is_result, CV_I32);
}

bool cv_new_is_numeric(const cv_functype *type) {
  for (uint32_t i = 0; i < type->param_count + type->result_count; i++)
    if (cv_type_kind(type->types[i]) < CV_KIND_V128)
      return false;
  return true;
}

cv_status cv_new_has_type(cv_new_builder *b, const cv_module *module, uint32_t func, const cv_functype *type,
                          bool *out) {
  *out = false;
  if (!cv_new_is_numeric(type))
    return CV_OK;
  cv_typeid id = cv_type_registry_func(b->registry, type);
  if (id == CV_NO_TYPE)
    return cv_new_no_memory(b);
  *out = module->types[module->funcs[func].type].id == id;
  cv_type_registry_release(b->registry, id);
  return CV_OK;
}

static void put_types(const char *word, const cv_valtype *types, uint32_t count, cv_buf *out) {
  char text[CV_VALTYPE_TEXT_SIZE];
  for (uint32_t i = 0; i < count; i++)
    cv_buf_printf(out, "%s%s", i == 0 ? word : " ", cv_valtype_text(types[i], text));
  if (count > 0)
    cv_buf_byte(out, ')');
}

const char *cv_new_type_text(cv_new_builder *b, const cv_functype *type) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_buf_text(&out, "(func");
  put_types(" (param ", cv_functype_params(type), type->param_count, &out);
  put_types(" (result ", cv_functype_results(type), type->result_count, &out);
  cv_buf_bytes(&out, ")", 2); // with its end
  const char *text = (const char *)cv_new_text_of(b, &out).data;
  return text ? text : "";
}

cv_status cv_new_check_import(cv_new_builder *b, const cv_new_unit *u, const cv_import *import,
                              const cv_functype *wanted, const char *whose, const char *remedy) {
  bool fits;
  CV_TRY(cv_new_has_type(b, u->module, import->index, wanted, &fits));
  if (fits)
    return CV_OK;
  return CV_NEW_FAIL(b, "%s imports `%.*s` from `%.*s` as %s, but %s it is %s%s", cv_new_unit_title(u),
                     CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module),
                     cv_new_type_text(b, cv_module_func_type(u->module, import->index)), whose,
                     cv_new_type_text(b, wanted), remedy);
}

cv_status cv_new_check_export(cv_new_builder *b, const cv_new_unit *u, const cv_export *export,
                              const cv_functype *wanted, const char *whose, const char *remedy) {
  bool fits;
  CV_TRY(cv_new_has_type(b, u->module, export->index, wanted, &fits));
  if (fits)
    return CV_OK;
  return CV_NEW_FAIL(b, "%s exports `%.*s` as %s, but %s it is %s%s", cv_new_unit_title(u), CV_BYTES_ARG(export->name),
                     cv_new_type_text(b, cv_module_func_type(u->module, export->index)), whose,
                     cv_new_type_text(b, wanted), remedy);
}

// ---- names that mean something by convention -----------------------------------------------------------------------

static const struct {
  const char *name, *type;
} conventions[] = {
    {"cabi_realloc", "iiii>i"},
    {"cabi_import_realloc", "iiii>i"},
    {"cabi_export_realloc", "iiii>i"},
    {"_initialize", ""},
};

cv_status cv_new_check_conventions(cv_new_builder *b, const cv_new_unit *u) {
  for (size_t i = 0; i < CV_COUNT(conventions); i++) {
    const cv_export *export = cv_new_export_called(u->module, conventions[i].name);
    cv_new_signature wanted;
    cv_new_signature_parse(conventions[i].type, &wanted);
    if (export && export->kind == CV_EXTERN_FUNC)
      CV_TRY(cv_new_check_export(b, u, export, &wanted.type, "by convention", ""));
  }
  return CV_OK;
}

// Why a component cannot use it; NULL when it can.
const char *cv_new_memory_fault(const cv_module *module, uint32_t memory) {
  const cv_memtype *type = &module->memories[memory];
  if (type->limits.is_64)
    return "has 64-bit addresses";
  return type->limits.is_shared ? "is shared" : type->page_log2 != 16 ? "has pages of another size" : NULL;
}
