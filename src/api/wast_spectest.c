// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wast_spectest.c: the host module that test scripts import. Its print functions print nothing: no test reads them.
#include "api/wast.h"

static cv_run print(void *env, cv_instance *caller, cv_value *values) {
  return CV_RUN_OK;
}

static const struct {
  const char *name;
  uint32_t count;
  cv_valtype params[2];
} functions[] = {
    {"print", 0, {0}},
    {"print_i32", 1, {CV_I32}},
    {"print_i64", 1, {CV_I64}},
    {"print_f32", 1, {CV_F32}},
    {"print_f64", 1, {CV_F64}},
    {"print_i32_f32", 2, {CV_I32, CV_F32}},
    {"print_f64_f64", 2, {CV_F64, CV_F64}},
};

static const struct {
  const char *name;
  cv_valtype type;
  cv_value value;
} globals[] = {
    {"global_i32", CV_I32, {.i32 = 666}},
    {"global_i64", CV_I64, {.i64 = 666}},
    {"global_f32", CV_F32, {.f32 = 666.6f}},
    {"global_f64", CV_F64, {.f64 = 666.6}},
};

static_assert(CV_COUNT(functions) + CV_COUNT(globals) + 4 == CV_SPECTEST_COUNT, "spectest is complete");

static cv_status make_memory(cv_store *store, const char *name, bool is_shared, cv_wast_item *out, cv_diag *diag) {
  cv_memtype type = {.limits = {.min = 1, .max = 2, .has_max = true, .is_shared = is_shared}, .page_log2 = 16};
  *out = (cv_wast_item){cv_bytes_of(name), {.kind = CV_EXTERN_MEMORY}};
  return cv_store_memory_new(store, &type, &out->item.as.memory, diag);
}

static cv_status make_table(cv_store *store, const char *name, bool is_64, cv_wast_item *out, cv_diag *diag) {
  cv_tabletype type = {.limits = {.min = 10, .max = 20, .has_max = true, .is_64 = is_64}, .elem = CV_FUNCREF};
  *out = (cv_wast_item){cv_bytes_of(name), {.kind = CV_EXTERN_TABLE}};
  return cv_store_table_new(store, &type, NULL, &out->item.as.table, diag);
}

cv_status cv_wast_spectest(cv_store *store, cv_wast_item items[CV_SPECTEST_COUNT], cv_diag *diag) {
  cv_engine *engine = cv_store_engine(store);
  cv_wast_item *at = items;
  for (size_t i = 0; i < CV_COUNT(functions); i++, at++) {
    cv_typeid type = cv_engine_functype(engine, functions[i].params, functions[i].count, NULL, 0);
    *at = (cv_wast_item){cv_bytes_of(functions[i].name), {.kind = CV_EXTERN_FUNC}};
    at->item.as.func = type != CV_NO_TYPE ? cv_store_func_new(store, type, print, NULL, NULL) : NULL;
    if (at->item.as.func == NULL)
      return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for the module spectest");
  }
  for (size_t i = 0; i < CV_COUNT(globals); i++, at++) {
    *at = (cv_wast_item){cv_bytes_of(globals[i].name), {.kind = CV_EXTERN_GLOBAL}};
    at->item.as.global = cv_store_global_new(store, &(cv_globaltype){globals[i].type, false}, &globals[i].value);
    if (at->item.as.global == NULL)
      return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for the module spectest");
  }
  CV_TRY(make_table(store, "table", false, at++, diag));
  CV_TRY(make_table(store, "table64", true, at++, diag));
  CV_TRY(make_memory(store, "memory", false, at++, diag));
  return make_memory(store, "shared_memory", true, at, diag);
}
