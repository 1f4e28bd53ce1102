// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// glue_scratch.c: a call through glue of a component with a 64-bit memory, with each allocation on the way failing in
// turn: whatever fails, the resource that the host gives away is dropped once, or comes back once.
#include "api/api.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int drops;

static void drop(void *env, void *rep) {
  (void)env;
  ++*(int *)rep;
}

static const cove_glue_resource thing = {"thing", "test:host/things/thing", drop};
static const cove_glue_resource *const resources[] = {&thing};
static const cove_glue_interface things = {"test:host/things@1.0.0", NULL, 0, resources, 1};

// swap: func(a: thing, b: string) -> tuple<thing, string>: gives both back.
static const char text[] =
    "(component"
    " (import \"test:host/things@1.0.0\" (instance $h (export \"thing\" (type $t (sub resource)))))"
    " (alias export $h \"thing\" (type $thing))"
    " (core module $M (memory (export \"memory\") i64 1) (global $top (mut i64) (i64.const 1024))"
    "  (func (export \"realloc\") (param i64 i64 i64 i64) (result i64) (global.get $top)"
    "   (global.set $top (i64.and (i64.add (i64.add (global.get $top) (local.get 3)) (i64.const 15)) (i64.const -16))))"
    "  (func (export \"swap\") (param i32 i64 i64) (result i64)"
    "   (i32.store (i64.const 16) (local.get 0)) (i64.store (i64.const 24) (local.get 1))"
    "   (i64.store (i64.const 32) (local.get 2)) (i64.const 16)))"
    " (core instance $m (instantiate $M))"
    " (func (export \"swap\") (param \"a\" (own $thing)) (param \"b\" string) (result (tuple (own $thing) string))"
    "  (canon lift (core func $m \"swap\") (memory (core memory $m \"memory\")) (realloc (core func $m "
    "\"realloc\")))))";

static cove_host_result lower(cove_call *call, cove_value *values, void *rep) {
  COVE_GLUE_TRY(cove_glue_lower_own(call, &thing, rep, &values[0].u32));
  return cove_glue_lower_string(call, (cove_string){"text", 4}, &values[1].u32, &values[2].u32);
}

static cove_host_result lift(cove_call *call, const cove_value *values, void **rep, cove_string *string) {
  uint8_t *from;
  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, 12, 4, &from));
  COVE_GLUE_TRY(cove_glue_lift_own(call, &thing, cove_glue_load32(from), rep));
  return cove_glue_keep_string(call, cove_glue_load32(from + 4), cove_glue_load32(from + 8), string);
}

// What `cove bindgen host` writes.
static cove_status swap(cove_component_func *func, void *rep, void **back, cove_string *string, cove_results *results) {
  cove_call call;
  cove_value values[COVE_GLUE_SLOTS];
  cove_error *error = NULL;
  cove_host_result run = cove_glue_enter(&call, func, results);
  cove_host_result noted = cove_glue_note_own(&call, &thing, rep);
  if (run == COVE_HOST_OK)
    run = noted;
  if (run == COVE_HOST_OK)
    run = lower(&call, values, rep);
  if (run == COVE_HOST_OK)
    run = cove_glue_invoke(&call, values);
  if (run == COVE_HOST_OK)
    run = lift(&call, values, back, string);
  cove_status status = cove_glue_leave(&call, run, &error);
  cove_error_delete(error);
  return status;
}

// True when the call went well: nothing failed. `of_store`: the store's allocations, else those of the interface.
static bool call_with_failure(cove_engine *engine, const cove_component *component, bool of_store, uint64_t nth) {
  static const cove_glue_export what = {
      "", "swap", "(own<test:host/things/thing>,string)->tuple<own<test:host/things/thing>,string>"};
  cove_store *store = NULL;
  cove_component_instance *instance = NULL;
  cove_component_func *func = NULL;
  cove_error *error = NULL;
  assert_int_equal(cove_store_new(engine, NULL, &store, NULL), COVE_OK);
  cove_component_linker *linker = cove_component_linker_new(store);
  assert_non_null(linker);
  assert_int_equal(cove_component_linker_define_interface(linker, &things, NULL, NULL), COVE_OK);
  if (cove_component_linker_instantiate(linker, component, &instance, &error) != COVE_OK ||
      cove_glue_find_export(instance, &what, &func, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  cv_mem *mem = of_store ? cv_store_mem(store->store) : &cv_api_mem;
  void *back = NULL;
  cove_string string = {0};
  cove_results results = {0};
  drops = 0;
  mem->fail_at = mem->calls + nth;
  cove_status status = swap(func, &drops, &back, &string, &results);
  mem->fail_at = 0;
  if (status == COVE_OK) {
    assert_ptr_equal(back, &drops);
    assert_int_equal(drops, 0);
    assert_int_equal(string.size, 4);
    assert_memory_equal(string.data, "text", 4);
  }
  cove_results_free(&results);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  assert_int_equal(drops, status != COVE_OK);
  return status == COVE_OK;
}

static void each_allocation_fails(void **state) {
  (void)state;
  cove_engine *engine = NULL;
  cove_component *component = NULL;
  cove_buffer binary;
  cove_error *error = NULL;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  if (cove_text_parse(engine, text, sizeof text - 1, &binary, &error) != COVE_OK ||
      cove_component_new(engine, binary.data, binary.size, &component, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  for (int of_store = 0; of_store < 2; of_store++) {
    uint64_t nth = 1;
    while (!call_with_failure(engine, component, of_store, nth))
      nth++;
    assert_in_range(nth, 2, 100);
  }
  cove_buffer_delete(&binary);
  cove_component_delete(component);
  cove_engine_delete(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
