// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_fault.c: a component's whole way through the public interface, with each allocation failing in turn: those
// of the interface itself, of the engine (decode, validate, compile) and of the store (link, instantiate, call). A
// failure is told as COVE_NO_MEMORY, or as the trap of a guest that got no memory; nothing leaks (the sanitizer build
// sees to that), and in the end the way is free.
#include "fault_support.h"

// A component inside calls the host with a string and a list of resources' sizes; the one around it calls that.
static const char text[] =
    "(component"
    " (import \"test:host/things@1.0.0\" (instance $h"
    "  (export \"thing\" (type $t (sub resource)))"
    "  (export \"[constructor]thing\" (func (param \"name\" string) (result (own $t))))"
    "  (export \"[method]thing.name\" (func (param \"self\" (borrow $t)) (result string)))))"
    " (alias export $h \"thing\" (type $thing))"
    " (component $Inner"
    "  (import \"make\" (func $make (param \"name\" string) (result string)))"
    "  (core module $Memory (memory (export \"memory\") 1) (global $top (mut i32) (i32.const 1024))"
    "   (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "    (global.set $top (i32.add (global.get $top) (i32.const 64))) (global.get $top)))"
    "  (core instance $memory (instantiate $Memory))"
    "  (core func $make (canon lower (func $make) (memory (core memory $memory \"memory\"))"
    "   (realloc (core func $memory \"realloc\"))))"
    "  (core module $M (import \"x\" \"make\" (func $make (param i32 i32 i32)))"
    "   (func (export \"go\") (param i32 i32) (result i32)"
    "    (call $make (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))"
    "  (core instance $m (instantiate $M (with \"x\" (instance (export \"make\" (func $make))))))"
    "  (func (export \"go\") (param \"name\" string) (result string) (canon lift (core func $m \"go\")"
    "   (memory (core memory $memory \"memory\")) (realloc (core func $memory \"realloc\")))))"
    " (core module $Memory (memory (export \"memory\") 1) (global $top (mut i32) (i32.const 1024))"
    "  (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "   (global.set $top (i32.add (global.get $top) (i32.const 64))) (global.get $top)))"
    " (core instance $memory (instantiate $Memory))"
    " (core func $new (canon lower (func $h \"[constructor]thing\") (memory (core memory $memory \"memory\"))))"
    " (core func $name (canon lower (func $h \"[method]thing.name\") (memory (core memory $memory \"memory\"))"
    "  (realloc (core func $memory \"realloc\"))))"
    " (core module $M (import \"x\" \"new\" (func $new (param i32 i32) (result i32)))"
    "  (import \"x\" \"name\" (func $name (param i32 i32)))"
    "  (func (export \"make\") (param i32 i32) (result i32)"
    "   (call $name (call $new (local.get 0) (local.get 1)) (i32.const 16)) (i32.const 16)))"
    " (core instance $m (instantiate $M (with \"x\" (instance (export \"new\" (func $new)) (export \"name\" (func "
    "$name))))))"
    " (func $make (param \"name\" string) (result string) (canon lift (core func $m \"make\")"
    "  (memory (core memory $memory \"memory\")) (realloc (core func $memory \"realloc\"))))"
    " (instance $inner (instantiate $Inner (with \"make\" (func $make))))"
    " (export \"go\" (func $inner \"go\")))";

// ---- the host ----

static int alive;

static void drop(void *host, void *rep) {
  alive--;
}

static const cove_glue_resource thing = {"thing", "test:host/things/thing", drop};

static cove_host_result new_thing(void *host, cove_call *call, cove_value *values) {
  cove_string name;
  COVE_GLUE_TRY(cove_glue_lift_string(call, values[0].u32, values[1].u32, &name));
  alive++;
  return cove_glue_lower_own(call, &thing, host, &values[0].u32);
}

static cove_host_result thing_name(void *host, cove_call *call, const cove_component_value *args, size_t arg_count,
                                   cove_component_value *result) {
  char *copy = cove_call_alloc(call, 5);
  if (copy == NULL)
    return cove_call_trap(call, "out of memory");
  memcpy(copy, "a new", 5);
  result->as.string = (cove_string){copy, 5};
  return COVE_HOST_OK;
}

static const cove_glue_func funcs[] = {
    {"[constructor]thing", "(string)->own<test:host/things/thing>", new_thing, "name"}};
static const cove_glue_resource *const resources[] = {&thing};
static const cove_glue_interface things = {"test:host/things@1.0.0", funcs, 1, resources, 1};

// ---- the way ----

typedef struct way {
  cove_engine *engine;
  cove_buffer binary;
  cove_component *component;
  cove_store *store;
  cove_wasi_config *config;
  cove_wasi *wasi;
  cove_component_linker *linker;
  cove_component_value result;
} way;

static cove_status go(way *w, quota which, uint64_t nth) {
  cove_component_instance *instance;
  if (which == QUOTA_API)
    arm(&cv_api_mem, nth);
  STEP(cove_engine_new(NULL, &w->engine, NULL));
  if (which == QUOTA_ENGINE)
    arm(cv_engine_mem((cv_engine *)w->engine), nth);
  STEP(cove_text_parse(w->engine, text, sizeof text - 1, &w->binary, NULL));
  STEP(cove_component_new(w->engine, w->binary.data, w->binary.size, &w->component, NULL));
  STEP(cove_store_new(w->engine, NULL, &w->store, NULL));
  if (which == QUOTA_STORE)
    arm(cv_store_mem(w->store->store), nth);
  w->config = cove_wasi_config_new();
  if (w->config == NULL)
    return COVE_NO_MEMORY;
  STEP(cove_wasi_new(w->config, &w->wasi, NULL));
  w->linker = cove_component_linker_new(w->store);
  if (w->linker == NULL)
    return COVE_NO_MEMORY;
  STEP(cove_component_linker_define_wasi(w->linker, w->wasi, NULL));
  STEP(cove_component_linker_define_interface(w->linker, &things, &alive, NULL));
  STEP(cove_component_linker_define_func(w->linker, "test:host/things@1.0.0", "[method]thing.name", NULL, thing_name,
                                         NULL, NULL, NULL));
  STEP(cove_component_linker_instantiate(w->linker, w->component, &instance, NULL));
  cove_component_func *func = cove_component_instance_func(instance, NULL, "go");
  if (func == NULL)
    return COVE_NO_MEMORY;
  cove_error *error = NULL;
  const cove_component_value arg = {.kind = COVE_COMPONENT_STRING, .as.string = {"thing", 5}};
  cove_status status = cove_component_func_call(func, &arg, 1, &w->result, &error);
  if (status == COVE_TRAP && cove_error_status(error) == COVE_TRAP) {
    cove_trap_kind kind = cove_trap_kind_of(cove_error_trap(error));
    assert_true(kind == COVE_TRAP_OUT_OF_MEMORY || kind == COVE_TRAP_HOST);
    status = COVE_NO_MEMORY;
  } else if (status == COVE_TRAP) {
    status = COVE_NO_MEMORY; // not even for the error
  }
  cove_error_delete(error);
  return status;
}

static cove_status attempt(void *env, quota which, uint64_t nth) {
  way w = {0};
  cove_status status = go(&w, which, nth);
  cv_api_mem.fail_at = 0;
  if (status == COVE_OK)
    assert_string_equal(w.result.as.string.data, "a new");
  cove_component_value_delete(&w.result);
  cove_component_linker_delete(w.linker);
  cove_store_delete(w.store);
  cove_wasi_delete(w.wasi);
  cove_wasi_config_delete(w.config);
  cove_component_delete(w.component);
  cove_buffer_delete(&w.binary);
  cove_engine_delete(w.engine);
  assert_int_equal(alive, 0);
  return status;
}

static void api_allocations_fail(void **state) {
  sweep(attempt, NULL, QUOTA_API, 3);
}

static void engine_allocations_fail(void **state) {
  sweep(attempt, NULL, QUOTA_ENGINE, 3);
}

static void store_allocations_fail(void **state) {
  sweep(attempt, NULL, QUOTA_STORE, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(api_allocations_fail),
      cmocka_unit_test(engine_allocations_fail),
      cmocka_unit_test(store_allocations_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
