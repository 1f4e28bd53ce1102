// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// api_fault.c: a program's whole way through the public interface, with each allocation failing in turn: those of the
// interface itself, of the engine (decode, validate, compile) and of the store (instantiate, run). A failure is told as
// COVE_NO_MEMORY, nothing leaks (the sanitizer build sees to that), and in the end the way is free.
#include "fault_support.h"

static const char text[] =
    "(module"
    " (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $x (param i32)))"
    " (import \"host\" \"f\" (func $f (param i32) (result i32)))"
    " (memory (export \"memory\") 1) (table 2 funcref) (elem (i32.const 0) $f $w)"
    " (global $g (mut i32) (i32.const 1)) (data (i32.const 16) \"text\\n\")"
    " (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
    " (func (export \"_start\")"
    "  (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
    "  (call $x (call $f (global.get $g)))))";

static cove_host_result add_one(void *env, cove_caller *caller, cove_value *values) {
  values[0].i32++;
  return COVE_HOST_OK;
}

typedef struct way {
  cove_engine *engine;
  cove_buffer binary;
  cove_module *module;
  cove_store *store;
  cove_wasi_config *config;
  cove_wasi *wasi;
  cove_linker *linker;
} way;

static cove_status go(way *w, quota which, uint64_t nth) {
  const cove_valtype i32 = COVE_I32;
  const cove_functype type = {&i32, 1, &i32, 1};
  cove_error *error = NULL;
  cove_instance *instance;
  if (which == QUOTA_API)
    arm(&cv_api_mem, nth);
  STEP(cove_engine_new(NULL, &w->engine, NULL));
  if (which == QUOTA_ENGINE)
    arm(cv_engine_mem((cv_engine *)w->engine), nth);
  STEP(cove_text_parse(w->engine, text, sizeof text - 1, &w->binary, NULL));
  STEP(cove_module_new(w->engine, w->binary.data, w->binary.size, &w->module, NULL));
  STEP(cove_store_new(w->engine, NULL, &w->store, NULL));
  if (which == QUOTA_STORE)
    arm(cv_store_mem(w->store->store), nth);
  w->config = cove_wasi_config_new();
  if (w->config == NULL)
    return COVE_NO_MEMORY;
  STEP(cove_wasi_config_arg(w->config, "program", NULL));
  STEP(cove_wasi_config_env(w->config, "KEY", "value", NULL));
  STEP(cove_wasi_config_stdio_collect(w->config, 1, NULL));
  STEP(cove_wasi_config_tmpfs(w->config, "/tmp", NULL));
  STEP(cove_wasi_new(w->config, &w->wasi, NULL));
  w->linker = cove_linker_new(w->store);
  if (w->linker == NULL)
    return COVE_NO_MEMORY;
  STEP(cove_linker_define_wasi(w->linker, w->wasi, NULL));
  STEP(cove_linker_define_func(w->linker, "host", "f", &type, add_one, NULL, NULL, NULL));
  STEP(cove_linker_instantiate(w->linker, w->module, &instance, NULL));
  cove_func *start = cove_instance_func(instance, "_start");
  if (start == NULL)
    return COVE_NO_MEMORY;
  cove_status status = cove_func_call(start, NULL, 0, NULL, 0, &error);
  // The program itself sees the failure of a write as an error, and goes on to exit with 2.
  if (status == COVE_EXIT && error != NULL && cove_error_status(error) == COVE_EXIT)
    assert_int_equal(cove_error_exit_status(error), 2);
  else if (status == COVE_TRAP && cove_error_status(error) == COVE_TRAP)
    assert_int_equal(cove_trap_kind_of(cove_error_trap(error)), COVE_TRAP_OUT_OF_MEMORY);
  bool whole = status == COVE_EXIT && cove_error_status(error) == COVE_EXIT && cove_wasi_output(w->wasi, 1).size == 5;
  cove_error_delete(error);
  return whole ? COVE_OK : COVE_NO_MEMORY;
}

static cove_status attempt(void *env, quota which, uint64_t nth) {
  way w = {0};
  cove_status status = go(&w, which, nth);
  cv_api_mem.fail_at = 0;
  cove_linker_delete(w.linker);
  cove_store_delete(w.store);
  cove_wasi_delete(w.wasi);
  cove_wasi_config_delete(w.config);
  cove_module_delete(w.module);
  cove_buffer_delete(&w.binary);
  cove_engine_delete(w.engine);
  return status;
}

static void test_api(void **state) {
  sweep(attempt, NULL, QUOTA_API, 3);
}

static void test_engine(void **state) {
  sweep(attempt, NULL, QUOTA_ENGINE, 3);
}

static void test_store(void **state) {
  sweep(attempt, NULL, QUOTA_STORE, 3);
}

// What is left of the grants of a component when they are deleted before its store, which keeps what its tables need.
static uint64_t kept_for_store(bool fails_first) {
  way w = {0};
  assert_int_equal(cove_engine_new(NULL, &w.engine, NULL), COVE_OK);
  assert_int_equal(cove_store_new(w.engine, NULL, &w.store, NULL), COVE_OK);
  w.config = cove_wasi_config_new();
  assert_non_null(w.config);
  assert_int_equal(cove_wasi_new(w.config, &w.wasi, NULL), COVE_OK);
  cove_component_linker *linker = cove_component_linker_new(w.store);
  assert_non_null(linker);
  if (fails_first) {
    arm(cv_store_mem(w.store->store), 1);
    assert_int_equal(cove_component_linker_define_wasi(linker, w.wasi, NULL), COVE_NO_MEMORY);
    arm(cv_store_mem(w.store->store), 0);
  }
  assert_int_equal(cove_component_linker_define_wasi(linker, w.wasi, NULL), COVE_OK);
  cove_component_linker_delete(linker);
  cove_wasi_delete(w.wasi);
  uint64_t used = cv_api_mem.used;
  cove_store_delete(w.store);
  cove_wasi_config_delete(w.config);
  cove_engine_delete(w.engine);
  return used;
}

static void test_grants_after_a_failure(void **state) {
  assert_int_equal(kept_for_store(true), kept_for_store(false));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_api),
      cmocka_unit_test(test_engine),
      cmocka_unit_test(test_store),
      cmocka_unit_test(test_grants_after_a_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
