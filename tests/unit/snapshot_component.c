// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snapshot_component.c: cove_component_instance_snapshot: modules that share a memory and a table, components inside of
// components; what is refused; allocations that fail.
#include "fault_support.h"

// A module that calls another by way of a table, as tools make them: the shim has the table, the last one fills it and
// starts the library. The adapter works in the memory of the main module, which it imports.
#define MODULES                                                                                                        \
  "(core module $shim (type $t (func (result i32))) (table (export \"t\") 2 funcref)"                                  \
  " (func (export \"f\") (result i32) (call_indirect (type $t) (i32.const 1))))"                                       \
  "(core instance $s (instantiate $shim))"                                                                             \
  "(core module $main (import \"s\" \"f\" (func $f (result i32))) (memory (export \"m\") 1)"                           \
  " (global $n (export \"n\") (mut i32) (i32.const 1)) (data (i32.const 8) \"\\07\")"                                  \
  " (func (export \"_initialize\") (global.set $n (i32.mul (global.get $n) (i32.const 2))))"                           \
  " (func (export \"init\") (drop (memory.grow (i32.const 1)))"                                                        \
  "  (i32.store (i32.const 66000) (call $f)) (global.set $n (i32.add (global.get $n) (i32.const 100))))"               \
  " (func (export \"go\") (result i32) (i32.add (i32.mul (call $f) (memory.size)) (i32.add (i32.load8_u (i32.const "   \
  "8))"                                                                                                                \
  "  (i32.add (i32.load (i32.mul (i32.const 33000) (memory.size))) (global.get $n))))))"                               \
  "(core instance $m (instantiate $main (with \"s\" (instance $s))))"                                                  \
  "(core module $adapter (import \"m\" \"m\" (memory 1)) (import \"m\" \"n\" (global $n (mut i32)))"                   \
  " (data (i32.const 16) \"\\05\") (global $calls (mut i32) (i32.const 0))"                                            \
  " (func (export \"0\") (result i32) (global.set $calls (i32.add (global.get $calls) (i32.const 1000)))"              \
  "  (global.set $n (i32.add (global.get $n) (i32.const 3)))"                                                          \
  "  (i32.store8 (i32.const 16) (i32.add (i32.load8_u (i32.const 16)) (i32.const 1)))"                                 \
  "  (i32.add (global.get $calls) (i32.load8_u (i32.const 16)))))"                                                     \
  "(core instance $a (instantiate $adapter (with \"m\" (instance $m))))"                                               \
  "(core module $fix (import \"\" \"t\" (table 2 funcref)) (import \"\" \"0\" (func $f (result i32)))"                 \
  " (import \"\" \"start\" (func $start)) (elem (i32.const 1) func $f) (start $start))"                                \
  "(core instance (instantiate $fix (with \"\" (instance (export \"t\" (table $s \"t\")) (export \"0\" (func $a "      \
  "\"0\"))"                                                                                                            \
  " (export \"start\" (func $m \"_initialize\"))))))"                                                                  \
  "(func $init (canon lift (core func $m \"init\"))) (func $go (result u32) (canon lift (core func $m \"go\")))"       \
  "(export \"init\" (func $init)) (export \"go\" (func $go))"

static const char flat[] = "(component " MODULES ")";
static const char nested[] = "(component (component $c " MODULES ") (instance $i (instantiate $c))"
                             " (export \"init\" (func $i \"init\")) (export \"go\" (func $i \"go\"))"
                             " (core module $unused (memory 1)))";
// The second instance of a module without state is no matter.
static const char twice[] = "(component (core module $id (func (export \"f\") (result i32) (i32.const 3)))"
                            " (core instance (instantiate $id)) (core instance (instantiate $id)) " MODULES ")";

typedef struct fixture {
  cove_engine *engine; // borrowed
  cove_store *store;
  cove_component_linker *linker;
  cove_component *component;
  cove_component_instance *instance;
} fixture;

static void open_binary(fixture *f, cove_engine *engine, const void *data, size_t size) {
  cove_error *error = NULL;
  *f = (fixture){.engine = engine};
  assert_int_equal(cove_store_new(engine, NULL, &f->store, NULL), COVE_OK);
  f->linker = cove_component_linker_new(f->store);
  assert_non_null(f->linker);
  if (cove_component_new(engine, data, size, &f->component, &error) != COVE_OK ||
      cove_component_linker_instantiate(f->linker, f->component, &f->instance, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
}

static void open_text(fixture *f, cove_engine *engine, const char *text) {
  cove_error *error = NULL;
  cove_buffer binary;
  if (cove_text_parse(engine, text, strlen(text), &binary, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  open_binary(f, engine, binary.data, binary.size);
  cove_buffer_delete(&binary);
}

static void end(fixture *f) {
  cove_component_linker_delete(f->linker);
  cove_store_delete(f->store);
  cove_component_delete(f->component);
}

static uint32_t call(fixture *f, const char *name) {
  cove_component_value result = {0};
  cove_error *error = NULL;
  cove_component_func *func = cove_component_instance_func(f->instance, NULL, name);
  assert_non_null(func);
  if (cove_component_func_call(func, NULL, 0, &result, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  return (uint32_t)result.as.u64;
}

static void check_kept(cove_engine *engine, const char *text) {
  fixture whole, fresh, next;
  cove_buffer snapshot;
  cove_error *error = NULL;
  open_text(&whole, engine, text);
  open_text(&fresh, engine, text);
  call(&whole, "init");
  call(&whole, "go");
  if (cove_component_instance_snapshot(whole.instance, &snapshot, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  open_binary(&next, engine, snapshot.data, snapshot.size);
  uint32_t result = call(&whole, "go");
  assert_int_equal(call(&next, "go"), result);
  assert_int_not_equal(call(&fresh, "go"), result);
  cove_buffer_delete(&snapshot);
  end(&whole);
  end(&fresh);
  end(&next);
}

static void test_kept(void **state) {
  for (size_t i = 0; cove_tier_name(i) != NULL; i++) {
    cove_engine *engine;
    cove_config *config = cove_config_new();
    if (cove_tier_available(i)) {
      assert_int_equal(cove_config_set_tier(config, cove_tier_name(i), NULL), COVE_OK);
      assert_int_equal(cove_engine_new(config, &engine, NULL), COVE_OK);
      check_kept(engine, flat);
      check_kept(engine, nested);
      check_kept(engine, twice);
      cove_engine_delete(engine);
    }
    cove_config_delete(config);
  }
}

static void test_refused(void **state) {
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"(component (core module $m (memory 1)) (core instance (instantiate $m)) (core instance (instantiate $m))"
       " (core module $n (func (export \"f\"))) (core instance $i (instantiate $n))"
       " (func (export \"init\") (canon lift (core func $i \"f\"))))",
       "unsupported: snapshot of a component that has several instances of one core module: m"},
      {"(component (type $r (resource (rep i32))) (core func $new (canon resource.new $r))"
       " (core module $n (import \"\" \"new\" (func $new (param i32) (result i32)))"
       "  (func (export \"f\") (drop (call $new (i32.const 1)))))"
       " (core instance $i (instantiate $n (with \"\" (instance (export \"new\" (func $new))))))"
       " (func (export \"init\") (canon lift (core func $i \"f\"))))",
       "unsupported: snapshot of a component that holds a resource"},
      {"(component (core module $a (type $t (func)) (table (export \"t\") 1 funcref) (elem declare func $own)"
       "  (func $own) (func (export \"f\")))"
       " (core instance $i (instantiate $a))"
       " (core module $b (import \"\" \"t\" (table 1 funcref)) (elem declare func $g) (func $g)"
       "  (global (mut funcref) (ref.null func)) (func $s (table.set (i32.const 0) (ref.func $g))) (start $s))"
       " (core instance $j (instantiate $b (with \"\" (instance $i))))"
       " (core module $c (import \"\" \"t\" (table 1 funcref)) (global $g (mut funcref) (ref.null func))"
       "  (func $s (global.set $g (table.get (i32.const 0)))) (start $s))"
       " (core instance (instantiate $c (with \"\" (instance $i))))"
       " (func (export \"init\") (canon lift (core func $i \"f\"))))",
       "unsupported: snapshot of a reference that is no function of the module, in global 0, in the core module c"},
  };
  cove_engine *engine;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    fixture f;
    cove_buffer out;
    cove_error *error = NULL;
    open_text(&f, engine, rows[i].text);
    call(&f, "init");
    assert_int_equal(cove_component_instance_snapshot(f.instance, &out, &error), COVE_UNSUPPORTED);
    assert_string_equal(cove_error_text(error), rows[i].why);
    cove_error_delete(error);
    end(&f);
  }
  cove_engine_delete(engine);
}

static cove_status attempt(void *env, quota which, uint64_t nth) {
  cove_buffer out = {0};
  cove_error *error = NULL;
  arm(&cv_api_mem, nth);
  cove_status status = cove_component_instance_snapshot(((fixture *)env)->instance, &out, &error);
  arm(&cv_api_mem, 0);
  cove_error_delete(error);
  cove_buffer_delete(&out);
  return status;
}

static void test_fault(void **state) {
  fixture f;
  cove_engine *engine;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  open_text(&f, engine, nested);
  call(&f, "init");
  sweep(attempt, &f, QUOTA_API, 10);
  end(&f);
  cove_engine_delete(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kept),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_fault),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
