// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// api.c: the public interface, by what its headers promise. Sees include/cove only.
#include <cove/cove.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// A store with one instance of a module in text.
typedef struct fixture {
  cove_engine *engine;
  cove_store *store;
  cove_linker *linker;
  cove_module *module;
  cove_instance *instance;
} fixture;

static cove_module *compile(cove_engine *engine, const char *text) {
  cove_error *error = NULL;
  cove_buffer binary;
  cove_module *module = NULL;
  if (cove_text_parse(engine, text, strlen(text), &binary, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  if (cove_module_new(engine, binary.data, binary.size, &module, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  cove_buffer_delete(&binary);
  return module;
}

static void open_fixture(fixture *f, const cove_config *config, const cove_limits *limits) {
  *f = (fixture){0};
  assert_int_equal(cove_engine_new(config, &f->engine, NULL), COVE_OK);
  assert_int_equal(cove_store_new(f->engine, limits, &f->store, NULL), COVE_OK);
  f->linker = cove_linker_new(f->store);
  assert_non_null(f->linker);
}

static void instantiate(fixture *f, const char *text) {
  cove_error *error = NULL;
  f->module = compile(f->engine, text);
  if (cove_linker_instantiate(f->linker, f->module, &f->instance, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
}

static void close_fixture(fixture *f) {
  cove_linker_delete(f->linker);
  cove_store_delete(f->store);
  cove_module_delete(f->module);
  cove_engine_delete(f->engine);
}

static void count_release(void *env) {
  ++*(int *)env;
}

// The call fails with this trap, whose message begins so.
static void expect_trap(cove_func *func, cove_trap_kind kind, const char *message) {
  cove_error *error = NULL;
  cove_value values[4] = {0};
  assert_non_null(func);
  assert_int_equal(cove_func_call_in_place(func, values, &error), COVE_TRAP);
  const cove_trap *trap = cove_error_trap(error);
  assert_non_null(trap);
  assert_int_equal(cove_trap_kind_of(trap), kind);
  if (strncmp(cove_trap_message(trap), message, strlen(message)) != 0)
    fail_msg("%s", cove_trap_message(trap));
  cove_error_delete(error);
}

// ---- errors ----

// A type that does not fit is shown as the text format has it, beside the one that is wanted.
static void test_import_types(void **state) {
  (void)state;
  static const struct {
    const char *wanted, *given, *text;
  } rows[] = {
      {"(func (param i32 f64) (result v128 externref))", "(func (export \"e\") (param i64))",
       "expected (func (param i32 f64) (result v128 externref)), got (func (param i64))"},
      {"(func)", "(memory (export \"e\") 1)", "expected (func), got (memory 1)"},
      {"(memory i64 2)", "(memory (export \"e\") 1 3 shared)", "expected (memory i64 2), got (memory 1 3 shared)"},
      {"(table 1 2 funcref)", "(table (export \"e\") 1 externref)",
       "expected (table 1 2 funcref), got (table 1 externref)"},
      {"(global (mut i32))", "(global (export \"e\") i32 (i32.const 1))",
       "expected (global (mut i32)), got (global i32)"},
      {"(tag (param i32))", "(tag (export \"e\"))", "expected (tag (param i32)), got (tag)"},
      {"(func (param (ref 0)))", "(func (export \"e\") (param (ref null 0)))",
       "expected (func (param (ref 0))), got (func (param (ref null 0)))"},
      {"(func (param (ref 0)))", "(type $t (func (result f32))) (func (export \"e\") (param (ref null $t)))",
       "expected (func (param (ref 0))), got (func (param (ref null (;not in this module;))))"},
      {"(func (type 1))", "(type $t (sub (func))) (func (export \"e\") (type $t))",
       "expected (func), got (func) of another recursive group or with another supertype"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    fixture f;
    cove_error *error = NULL;
    char text[512];
    open_fixture(&f, NULL, NULL);
    snprintf(text, sizeof text, "(module (type (func)) %s)", rows[i].given);
    instantiate(&f, text);
    assert_int_equal(cove_linker_define_instance(f.linker, "m", f.instance, NULL), COVE_OK);
    snprintf(text, sizeof text, "(module (type (func)) (type (func)) (import \"m\" \"e\" %s))", rows[i].wanted);
    cove_module *module = compile(f.engine, text);
    cove_instance *instance;
    assert_int_equal(cove_linker_instantiate(f.linker, module, &instance, &error), COVE_UNLINKABLE);
    snprintf(text, sizeof text, "incompatible import type: \"m\" \"e\": %s", rows[i].text);
    assert_string_equal(cove_error_text(error), text);
    cove_error_delete(error);
    cove_module_delete(module);
    close_fixture(&f);
  }
  // A type that is too long to show is cut.
  fixture f;
  cove_error *error = NULL;
  open_fixture(&f, NULL, NULL);
  instantiate(&f, "(module (memory (export \"e\") 1))");
  assert_int_equal(cove_linker_define_instance(f.linker, "m", f.instance, NULL), COVE_OK);
  char text[4096] = "(module (import \"m\" \"e\" (func (param";
  for (size_t i = 0; i < 900; i++)
    strcat(text, " i32");
  strcat(text, "))))");
  cove_module *module = compile(f.engine, text);
  cove_instance *instance;
  assert_int_equal(cove_linker_instantiate(f.linker, module, &instance, &error), COVE_UNLINKABLE);
  assert_non_null(strstr(cove_error_text(error), " i32 i..., got (memory 1)"));
  cove_error_delete(error);
  cove_module_delete(module);
  close_fixture(&f);
}

static void test_error_places(void **state) {
  (void)state;
  cove_engine *engine;
  cove_error *error = NULL;
  cove_buffer binary;
  uint32_t line, column, index;
  uint64_t offset;
  const char *name;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);

  const char *bad = "(module\n  (func (i32.bad)))";
  assert_int_equal(cove_text_parse(engine, bad, strlen(bad), &binary, &error), COVE_MALFORMED);
  assert_true(cove_error_line(error, &line, &column));
  assert_int_equal(line, 2);
  assert_false(cove_error_offset(error, &offset));
  cove_error_delete(error);

  const char *invalid = "(module (func $first) (func $second (result i32)))";
  assert_int_equal(cove_text_parse(engine, invalid, strlen(invalid), &binary, NULL), COVE_OK);
  assert_int_equal(cove_module_validate(engine, binary.data, binary.size, &error), COVE_INVALID);
  assert_true(cove_error_offset(error, &offset));
  assert_true(cove_error_func(error, &index, &name));
  assert_int_equal(index, 1);
  assert_string_equal(name, "second");
  assert_non_null(strstr(cove_error_text(error), "type mismatch"));
  assert_null(cove_error_trap(error));
  cove_error_delete(error);
  // Nobody has to take the error.
  assert_int_equal(cove_module_validate(engine, binary.data, binary.size, NULL), COVE_INVALID);
  cove_buffer_delete(&binary);

  assert_int_equal(cove_module_validate(engine, "\0asm\x0d\0\1\0", 8, &error), COVE_UNSUPPORTED);
  assert_string_equal(cove_error_text(error), "unsupported: component");
  cove_error_delete(error);
  cove_engine_delete(engine);
}

static void test_config_refuses(void **state) {
  (void)state;
  cove_config *config = cove_config_new();
  cove_error *error = NULL;
  assert_int_equal(cove_config_set_tier(config, "warp", &error), COVE_USAGE);
  assert_non_null(strstr(cove_error_message(error), "warp"));
  cove_error_delete(error);
  assert_int_equal(cove_config_set_features(config, "wasm2,nonsense", &error), COVE_USAGE);
  assert_non_null(strstr(cove_error_message(error), "nonsense"));
  cove_error_delete(error);
  assert_int_equal(cove_config_set_profile(config, "gprof", NULL), COVE_USAGE);
  assert_int_equal(cove_config_set_features(config, "wasm1", NULL), COVE_OK);
  cove_engine *engine;
  assert_int_equal(cove_engine_new(config, &engine, NULL), COVE_OK);
  cove_config_delete(config);
  cove_buffer binary;
  const char *simd = "(module (func (result v128) (v128.const i64x2 0 0)))";
  assert_int_equal(cove_text_parse(engine, simd, strlen(simd), &binary, NULL), COVE_OK);
  assert_int_not_equal(cove_module_validate(engine, binary.data, binary.size, NULL), COVE_OK);
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
}

// ---- looking into modules ----

static void test_module_facts(void **state) {
  (void)state;
  cove_engine *engine;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  cove_module *module = compile(engine, "(module $name"
                                        " (type $t (func (param i32) (result (ref null $t))))"
                                        " (import \"a\" \"f\" (func (type $t)))"
                                        " (import \"a\" \"g\" (global (mut i64)))"
                                        " (table (export \"t\") 2 8 externref)"
                                        " (memory (export \"m\") 1 3)"
                                        " (tag (export \"e\") (param f32)))");
  cove_import import;
  cove_export item;
  char name[32];
  assert_int_equal(cove_module_import_count(module), 2);
  assert_true(cove_module_import(module, 0, &import));
  assert_memory_equal(import.name.data, "f", 1);
  assert_int_equal(import.type.as.func.param_count, 1);
  assert_int_equal(import.type.as.func.params[0], COVE_I32);
  assert_true(cove_valtype_is_ref(import.type.as.func.results[0]));
  assert_memory_equal(cove_valtype_name(import.type.as.func.results[0], name, sizeof name), "(ref null ", 10);
  assert_true(cove_module_import(module, 1, &import));
  assert_true(import.type.as.global.is_mutable);
  assert_false(cove_module_import(module, 2, &import));
  assert_int_equal(cove_module_export_count(module), 3);
  assert_true(cove_module_find_export(module, "t", &item));
  assert_int_equal(item.type.as.table.element, COVE_EXTERNREF);
  assert_int_equal(item.type.as.table.maximum, 8);
  assert_true(cove_module_find_export(module, "m", &item));
  assert_int_equal(item.type.as.memory.maximum, 3);
  assert_int_equal(item.type.as.memory.page_size, 65536);
  assert_true(cove_module_find_export(module, "e", &item));
  assert_int_equal(item.type.kind, COVE_EXTERN_TAG);
  assert_false(cove_module_find_export(module, "absent", &item));
  assert_memory_equal(cove_module_name(module).data, "name", 4);
  bool needed;
  const char *feature;
  for (size_t i = 0; (feature = cove_feature_name(i, NULL, NULL)) != NULL; i++) {
    assert_int_equal(cove_module_needs_feature(module, i, &needed, NULL), COVE_OK);
    if (strcmp(feature, "function-references") == 0 || strcmp(feature, "mutable-globals") == 0)
      assert_true(needed);
    if (strcmp(feature, "simd") == 0 || strcmp(feature, "threads") == 0)
      assert_false(needed);
  }
  cove_module_delete(module);
  cove_engine_delete(engine);
}

// ---- linking ----

static void test_linking(void **state) {
  (void)state;
  fixture f;
  cove_error *error = NULL;
  cove_bytes module, name;
  open_fixture(&f, NULL, NULL);
  f.module = compile(f.engine, "(module (import \"lib\" \"one\" (func (result i32)))"
                               " (export \"one\" (func 0)))");
  assert_int_equal(cove_linker_instantiate(f.linker, f.module, &f.instance, &error), COVE_UNLINKABLE);
  assert_true(cove_error_import(error, &module, &name));
  assert_memory_equal(module.data, "lib", 3);
  assert_memory_equal(name.data, "one", 3);
  cove_error_delete(error);

  // Another instance gives it; the wrong type is refused.
  cove_module *wrong = compile(f.engine, "(module (func (export \"one\") (result i64) (i64.const 1)))");
  cove_module *right = compile(f.engine, "(module (func (export \"one\") (result i32) (i32.const 1)))");
  cove_instance *instance;
  assert_int_equal(cove_linker_instantiate(f.linker, wrong, &instance, NULL), COVE_OK);
  assert_int_equal(cove_linker_define_instance(f.linker, "lib", instance, NULL), COVE_OK);
  assert_int_equal(cove_linker_instantiate(f.linker, f.module, &f.instance, &error), COVE_UNLINKABLE);
  assert_non_null(strstr(cove_error_text(error), "incompatible import type"));
  cove_error_delete(error);
  assert_int_equal(cove_linker_instantiate(f.linker, right, &instance, NULL), COVE_OK);
  assert_int_equal(cove_linker_define_instance(f.linker, "lib", instance, NULL), COVE_OK);
  assert_int_equal(cove_linker_instantiate(f.linker, f.module, &f.instance, NULL), COVE_OK);
  // Modules may go before their instances are used.
  cove_module_delete(wrong);
  cove_module_delete(right);
  cove_value value;
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "one"), NULL, 0, &value, 1, NULL), COVE_OK);
  assert_int_equal(value.i32, 1);
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "one"), NULL, 0, NULL, 0, &error), COVE_USAGE);
  cove_error_delete(error);
  // A module belongs to its engine, and one that was only inspected to nobody.
  cove_engine *other;
  assert_int_equal(cove_engine_new(NULL, &other, NULL), COVE_OK);
  cove_module *foreign = compile(other, "(module)");
  assert_int_equal(cove_linker_instantiate(f.linker, foreign, &instance, NULL), COVE_USAGE);
  cove_module_delete(foreign);
  cove_engine_delete(other);
  cove_module *seen;
  assert_int_equal(cove_module_inspect(f.engine, "\0asm\1\0\0\0", 8, &seen, NULL), COVE_OK);
  assert_int_equal(cove_linker_instantiate(f.linker, seen, &instance, NULL), COVE_USAGE);
  cove_module_delete(seen);
  close_fixture(&f);
}

static void test_borrowed_bytes(void **state) {
  (void)state;
  static const unsigned char binary[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  int released = 0;
  fixture f;
  open_fixture(&f, NULL, NULL);
  assert_int_equal(cove_module_new_borrowed(f.engine, binary, 4, count_release, &released, &f.module, NULL),
                   COVE_MALFORMED);
  assert_int_equal(released, 0);
  assert_int_equal(cove_module_new_borrowed(f.engine, binary, sizeof binary, count_release, &released, &f.module, NULL),
                   COVE_OK);
  assert_int_equal(cove_linker_instantiate(f.linker, f.module, &f.instance, NULL), COVE_OK);
  cove_module_delete(f.module);
  f.module = NULL;
  assert_int_equal(released, 0); // an instance still has it
  close_fixture(&f);
  assert_int_equal(released, 1);
}

// ---- host functions ----

static cove_host_result exit_five(void *env, cove_caller *caller, cove_value *values) {
  (void)env;
  (void)values;
  return cove_caller_exit(caller, 5);
}

static cove_host_result throw_tag(void *env, cove_caller *caller, cove_value *values) {
  (void)values; // neither parameters nor results: there is no room in it
  const cove_value payload = {.i32 = 77};
  return cove_caller_throw(caller, *(cove_tag **)env, &payload);
}

static void test_host_exit_and_throw(void **state) {
  (void)state;
  fixture f;
  cove_error *error = NULL;
  cove_tag *tag;
  const cove_valtype i32 = COVE_I32;
  const cove_functype payload = {&i32, 1, NULL, 0}, nothing = {NULL, 0, NULL, 0};
  open_fixture(&f, NULL, NULL);
  assert_int_equal(cove_tag_new(f.store, &payload, &tag, NULL), COVE_OK);
  const cove_functype with_result = {NULL, 0, &i32, 1};
  cove_tag *refused;
  assert_int_equal(cove_tag_new(f.store, &with_result, &refused, NULL), COVE_USAGE);
  cove_extern item = {.kind = COVE_EXTERN_TAG};
  item.as.tag = tag;
  int finalized = 0;
  assert_int_equal(cove_linker_define(f.linker, "h", "tag", &item, NULL), COVE_OK);
  assert_int_equal(cove_linker_define_func(f.linker, "h", "exit", &nothing, exit_five, &finalized, count_release, NULL),
                   COVE_OK);
  assert_int_equal(cove_linker_define_func(f.linker, "h", "throw", &nothing, throw_tag, &tag, NULL, NULL), COVE_OK);
  instantiate(&f, "(module (import \"h\" \"tag\" (tag $t (param i32)))"
                  " (import \"h\" \"exit\" (func $exit)) (import \"h\" \"throw\" (func $throw))"
                  " (func (export \"exit\") (call $exit) unreachable)"
                  " (func (export \"throw\") (call $throw))"
                  " (func (export \"catch\") (result i32)"
                  "  (block $h (result i32) (try_table (catch $t $h) (call $throw)) unreachable)))");
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "exit"), NULL, 0, NULL, 0, &error), COVE_EXIT);
  assert_int_equal(cove_error_exit_status(error), 5);
  assert_null(cove_error_trap(error));
  cove_error_delete(error);
  cove_value value;
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "catch"), NULL, 0, &value, 1, NULL), COVE_OK);
  assert_int_equal(value.i32, 77);
  expect_trap(cove_instance_func(f.instance, "throw"), COVE_TRAP_UNCAUGHT_EXCEPTION, "uncaught exception");
  // The host calls its own function.
  cove_func *own;
  assert_int_equal(cove_func_new(f.store, &nothing, exit_five, NULL, NULL, &own, NULL), COVE_OK);
  assert_int_equal(cove_func_call(own, NULL, 0, NULL, 0, NULL), COVE_EXIT);
  close_fixture(&f);
  assert_int_equal(finalized, 1);
}

// What the backtrace of an exception shows: the names of its frames, innermost first.
static void expect_frames(const cove_error *error, const char *const *names, size_t count) {
  const cove_trap *trap = cove_error_trap(error);
  size_t total;
  assert_int_equal(cove_trap_kind_of(trap), COVE_TRAP_UNCAUGHT_EXCEPTION);
  assert_int_equal(cove_trap_frame_count(trap, &total), count);
  assert_int_equal(total, count);
  for (size_t i = 0; i < count; i++) {
    cove_frame frame;
    assert_true(cove_trap_frame(trap, i, &frame));
    assert_int_equal(frame.func_name.size, strlen(names[i]));
    assert_memory_equal(frame.func_name.data, names[i], frame.func_name.size);
    assert_int_not_equal(frame.offset, 0);
  }
}

// Calls the export "inner" of the instance, expects its exception, and throws one itself.
static cove_host_result calls_back(void *env, cove_caller *caller, cove_value *values) {
  fixture *f = env;
  cove_error *error = NULL;
  static const char *const names[] = {"inner", "outer", "start"};
  assert_int_equal(cove_func_call(cove_instance_func(f->instance, "inner"), NULL, 0, NULL, 0, &error), COVE_TRAP);
  expect_frames(error, names, 3);
  cove_error_delete(error);
  (void)values;
  cove_value payload = {.i32 = 1};
  cove_extern tag;
  assert_true(cove_instance_export(f->instance, "tag", &tag));
  return cove_caller_throw(caller, tag.as.tag, &payload);
}

static void test_uncaught_backtrace(void **state) {
  (void)state;
  static const char *const tiers[] = {"interp", "auto"};
  const cove_functype nothing = {0};
  for (size_t i = 0; i < 2; i++) {
    fixture f;
    cove_config *config = cove_config_new();
    cove_error *error = NULL;
    assert_int_equal(cove_config_set_tier(config, tiers[i], NULL), COVE_OK);
    open_fixture(&f, config, NULL);
    cove_config_delete(config);
    assert_int_equal(cove_linker_define_func(f.linker, "h", "back", &nothing, calls_back, &f, NULL, NULL), COVE_OK);
    instantiate(
        &f, "(module (import \"h\" \"back\" (func $back)) (tag $t (export \"tag\") (param i32))"
            " (func $inner (export \"inner\") (throw $t (i32.const 5)))"
            " (func $outer (call $back))"
            " (func $start (export \"start\") (call $outer))"
            " (func $deep (param i32) (if (i32.eqz (local.get 0)) (then (call $inner)))"
            "  (call $deep (i32.sub (local.get 0) (i32.const 1))))"
            " (func (export \"deep\") (call $deep (i32.const 200)))"
            " (func (export \"caught\") (block $h (result i32) (try_table (catch $t $h) (call $inner)) (unreachable))"
            "  (drop)))");
    assert_int_equal(cove_func_call(cove_instance_func(f.instance, "start"), NULL, 0, NULL, 0, &error), COVE_TRAP);
    static const char *const names[] = {"outer", "start"};
    expect_frames(error, names, 2);
    cove_error_delete(error);
    // What was caught leaves nothing behind for the next one.
    assert_int_equal(cove_func_call(cove_instance_func(f.instance, "caught"), NULL, 0, NULL, 0, NULL), COVE_OK);
    static const char *const inner[] = {"inner"};
    assert_int_equal(cove_func_call(cove_instance_func(f.instance, "inner"), NULL, 0, NULL, 0, &error), COVE_TRAP);
    expect_frames(error, inner, 1);
    cove_error_delete(error);
    assert_int_equal(cove_func_call(cove_instance_func(f.instance, "deep"), NULL, 0, NULL, 0, &error), COVE_TRAP);
    size_t total;
    assert_int_equal(cove_trap_frame_count(cove_error_trap(error), &total), 64);
    assert_int_equal(total, 203);
    cove_error_delete(error);
    close_fixture(&f);
  }
}

// ---- objects ----

static void test_objects(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, NULL, NULL);
  instantiate(&f, "(module (memory (export \"m\") 1 2) (global (export \"c\") i32 (i32.const 4))"
                  " (global (export \"g\") (mut i64) (i64.const 5)) (table (export \"t\") 2 3 funcref)"
                  " (func (export \"f\")))");
  cove_memory *memory = cove_instance_memory(f.instance, "m");
  uint64_t old;
  assert_int_equal(cove_memory_size(memory), 65536);
  assert_non_null(cove_memory_range(memory, 65535, 1));
  assert_null(cove_memory_range(memory, 65535, 2));
  assert_null(cove_memory_range(memory, UINT64_MAX, 2));
  uint8_t *data = cove_memory_data(memory);
  assert_int_equal(cove_memory_grow(memory, 1, &old, NULL), COVE_OK);
  assert_int_equal(old, 1);
  assert_ptr_equal(cove_memory_data(memory), data);
  assert_int_equal(cove_memory_grow(memory, 1, &old, NULL), COVE_LIMIT);
  assert_int_equal(cove_memory_type(memory).minimum, 2);

  cove_global *constant = cove_instance_global(f.instance, "c"), *variable = cove_instance_global(f.instance, "g");
  cove_value value = {.i64 = 9};
  assert_int_equal(cove_global_get(constant).i32, 4);
  assert_int_equal(cove_global_set(constant, &value, NULL), COVE_USAGE);
  assert_int_equal(cove_global_set(variable, &value, NULL), COVE_OK);
  assert_int_equal(cove_global_get(variable).i64, 9);

  cove_table *table = cove_instance_table(f.instance, "t");
  value.func = cove_instance_func(f.instance, "f");
  assert_int_equal(cove_table_set(table, 1, &value, NULL), COVE_OK);
  assert_int_equal(cove_table_set(table, 2, &value, NULL), COVE_LIMIT);
  assert_int_equal(cove_table_get(table, 0, &value, NULL), COVE_OK);
  assert_null(value.func);
  assert_int_equal(cove_table_get(table, 1, &value, NULL), COVE_OK);
  assert_ptr_equal(value.func, cove_instance_func(f.instance, "f"));
  assert_int_equal(cove_table_grow(table, 1, NULL, &old, NULL), COVE_OK);
  assert_int_equal(cove_table_size(table), 3);
  assert_int_equal(cove_table_grow(table, 1, NULL, &old, NULL), COVE_LIMIT);
  assert_null(cove_instance_func(f.instance, "m"));

  cove_memory *made;
  const cove_memorytype bad = {.minimum = 2, .maximum = 1, .page_size = 65536};
  assert_int_equal(cove_memory_new(f.store, &bad, &made, NULL), COVE_USAGE);
  int dropped = 0;
  void *ref = cove_externref_new(f.store, &dropped, count_release);
  assert_ptr_equal(cove_externref_data(ref), &dropped);
  assert_null(cove_externref_data(NULL));
  close_fixture(&f);
  assert_int_equal(dropped, 1);
}

static cove_host_result give(void *env, cove_caller *caller, cove_value *values) {
  (void)caller;
  values[0].func = *(cove_func **)env;
  return COVE_HOST_OK;
}

// A function of another type, of another store, or none, is refused wherever a host could hand it to code that trusts
// its type.
static void test_references_are_checked(void **state) {
  (void)state;
  static const char *const tiers[] = {"interp", "auto"};
  static const char text[] =
      "(module (type $a (func (result i32))) (type $b (func (result i64)))"
      " (import \"h\" \"give\" (func $give (result (ref $a)))) (tag $t (export \"tag\") (param (ref $a)))"
      " (func (export \"a\") (type $a) (i32.const 7)) (func (export \"b\") (type $b) (i64.const -1))"
      " (func (export \"call\") (param (ref $a)) (result i32) (call_ref $a (local.get 0)))"
      " (func (export \"maybe\") (param (ref null $a)) (result i32) (ref.is_null (local.get 0)))"
      " (func (export \"given\") (result i32) (call_ref $a (call $give)))"
      " (global (export \"g\") (mut (ref null $a)) (ref.null $a)) (table (export \"t\") 2 (ref null $a))"
      " (func (export \"typed\") (result (ref $a)) (unreachable)) (table (export \"any\") 1 funcref))";
  for (size_t i = 0; i < 2; i++) {
    fixture f, other;
    cove_config *config = cove_config_new();
    assert_int_equal(cove_config_set_tier(config, tiers[i], NULL), COVE_OK);
    open_fixture(&f, config, NULL);
    cove_config_delete(config);
    // The type of the host's function comes from the module that wants it.
    cove_func *given = NULL;
    f.module = compile(f.engine, text);
    cove_import import;
    assert_true(cove_module_import(f.module, 0, &import));
    assert_int_equal(cove_linker_define_func(f.linker, "h", "give", &import.type.as.func, give, &given, NULL, NULL),
                     COVE_OK);
    assert_int_equal(cove_linker_instantiate(f.linker, f.module, &f.instance, NULL), COVE_OK);
    other = (fixture){.engine = f.engine};
    assert_int_equal(cove_store_new(f.engine, NULL, &other.store, NULL), COVE_OK);
    other.linker = cove_linker_new(other.store);
    assert_int_equal(cove_linker_define_func(other.linker, "h", "give", &import.type.as.func, give, &given, NULL, NULL),
                     COVE_OK);
    assert_int_equal(cove_linker_instantiate(other.linker, f.module, &other.instance, NULL), COVE_OK);

    cove_func *call = cove_instance_func(f.instance, "call"), *maybe = cove_instance_func(f.instance, "maybe");
    cove_global *global = cove_instance_global(f.instance, "g");
    cove_table *table = cove_instance_table(f.instance, "t"), *any = cove_instance_table(f.instance, "any");
    cove_value right = {.func = cove_instance_func(f.instance, "a")}, null = {.func = NULL}, out;
    const cove_value wrong[] = {{.func = cove_instance_func(f.instance, "b")},
                                {.func = cove_instance_func(other.instance, "a")},
                                {.func = cove_instance_func(other.instance, "b")}};
    cove_table *made;
    cove_global *made_global;
    const cove_tabletype table_type = {.element = cove_table_type(table).element, .minimum = 1, .maximum = 2};
    const cove_globaltype global_type = cove_global_type(global);
    for (size_t k = 0; k < 3; k++) {
      assert_int_equal(cove_func_call(call, &wrong[k], 1, &out, 1, NULL), COVE_USAGE);
      assert_int_equal(cove_func_call(maybe, &wrong[k], 1, &out, 1, NULL), COVE_USAGE);
      assert_int_equal(cove_global_set(global, &wrong[k], NULL), COVE_USAGE);
      assert_int_equal(cove_table_set(table, 0, &wrong[k], NULL), COVE_USAGE);
      assert_int_equal(cove_table_grow(table, 1, &wrong[k], NULL, NULL), COVE_USAGE);
      assert_int_equal(cove_table_new(f.store, &table_type, &wrong[k], &made, NULL), COVE_USAGE);
      assert_int_equal(cove_global_new(f.store, &global_type, &wrong[k], &made_global, NULL), COVE_USAGE);
      assert_int_equal(cove_table_set(any, 0, &wrong[k], NULL), k == 0 ? COVE_OK : COVE_USAGE);
      given = wrong[k].func;
      expect_trap(cove_instance_func(f.instance, "given"), COVE_TRAP_HOST, "result 1 of a host function");
    }
    assert_int_equal(cove_func_call(call, &null, 1, &out, 1, NULL), COVE_USAGE);
    given = NULL;
    expect_trap(cove_instance_func(f.instance, "given"), COVE_TRAP_HOST, "result 1 of a host function");

    assert_int_equal(cove_func_call(call, &right, 1, &out, 1, NULL), COVE_OK);
    assert_int_equal(out.i32, 7);
    assert_int_equal(cove_func_call(maybe, &null, 1, &out, 1, NULL), COVE_OK);
    assert_int_equal(out.i32, 1);
    given = right.func;
    assert_int_equal(cove_func_call(cove_instance_func(f.instance, "given"), NULL, 0, &out, 1, NULL), COVE_OK);
    assert_int_equal(out.i32, 7);
    assert_int_equal(cove_global_set(global, &right, NULL), COVE_OK);
    assert_int_equal(cove_global_set(global, &null, NULL), COVE_OK);
    assert_int_equal(cove_table_set(table, 0, &right, NULL), COVE_OK);
    assert_int_equal(cove_table_new(f.store, &table_type, &right, &made, NULL), COVE_OK);
    assert_int_equal(cove_table_new(f.store, &table_type, NULL, &made, NULL), COVE_OK);
    assert_int_equal(cove_global_new(f.store, &global_type, NULL, &made_global, NULL), COVE_OK);
    assert_null(cove_global_get(made_global).func);
    assert_int_equal(cove_global_new(f.store, &(cove_globaltype){.type = COVE_I64}, NULL, &made_global, NULL), COVE_OK);
    assert_int_equal(cove_global_get(made_global).i64, 0);
    assert_int_equal(cove_global_new(f.store, &global_type, &right, &made_global, NULL), COVE_OK);
    // A global of another store is refused by the linker, as everything else.
    cove_extern item = {.kind = COVE_EXTERN_GLOBAL};
    item.as.global = made_global;
    assert_int_equal(cove_linker_define(other.linker, "h", "g", &item, NULL), COVE_USAGE);
    cove_linker_delete(other.linker);
    cove_store_delete(other.store);
    close_fixture(&f);
  }
}

typedef struct gift {
  cove_value value; // a reference
  const cove_tag *tag;
} gift;

static cove_host_result hand_over(void *env, cove_caller *caller, cove_value *values) {
  *values = ((gift *)env)->value;
  return COVE_HOST_OK;
}

static cove_host_result throw_gift(void *env, cove_caller *caller, cove_value *values) {
  return cove_caller_throw(caller, ((gift *)env)->tag, values);
}

// A reference of another store would be used when that store has ended.
static void test_references_of_another_store(void **state) {
  static const char text[] =
      "(module (import \"h\" \"func\" (func $func (result funcref)))"
      " (import \"h\" \"extern\" (func $extern (result externref)))"
      " (import \"h\" \"exn\" (func $exn (result exnref)))"
      " (import \"h\" \"throw\" (func $throw (param i32)))"
      " (tag $t (export \"tag\") (param i32))"
      " (func (export \"take func\") (param funcref)) (func (export \"take extern\") (param externref))"
      " (func (export \"take exn\") (param exnref))"
      " (func (export \"call func\") (drop (call $func))) (func (export \"call extern\") (drop (call $extern)))"
      " (func (export \"call exn\") (drop (call $exn)))"
      " (func (export \"call throw\") (block $b (try_table (catch_all $b) (call $throw (i32.const 1)))))"
      " (func (export \"make exn\") (result exnref)"
      "  (block $b (result exnref) (try_table (catch_all_ref $b) (throw $t (i32.const 1))) (unreachable)))"
      " (table (export \"func\") 1 funcref) (table (export \"extern\") 1 externref) (table (export \"exn\") 1 exnref))";
  static const char *const kinds[] = {"func", "extern", "exn"};
  fixture f[2];
  gift gifts[2];
  cove_value refs[2][3];
  open_fixture(&f[0], NULL, NULL);
  f[0].module = compile(f[0].engine, text);
  f[1] = (fixture){.engine = f[0].engine};
  assert_int_equal(cove_store_new(f[0].engine, NULL, &f[1].store, NULL), COVE_OK);
  f[1].linker = cove_linker_new(f[1].store);
  for (int s = 0; s < 2; s++) {
    for (size_t k = 0; k < 4; k++) {
      cove_import import;
      assert_true(cove_module_import(f[0].module, k, &import));
      const char *name = k < 3 ? kinds[k] : "throw";
      assert_int_equal(cove_linker_define_func(f[s].linker, "h", name, &import.type.as.func,
                                               k < 3 ? hand_over : throw_gift, &gifts[s], NULL, NULL),
                       COVE_OK);
    }
    assert_int_equal(cove_linker_instantiate(f[s].linker, f[0].module, &f[s].instance, NULL), COVE_OK);
    refs[s][0].func = cove_instance_func(f[s].instance, "take func");
    refs[s][1].ref = cove_externref_new(f[s].store, &gifts[s], NULL);
    assert_int_equal(cove_func_call(cove_instance_func(f[s].instance, "make exn"), NULL, 0, &refs[s][2], 1, NULL),
                     COVE_OK);
    cove_extern tag;
    assert_true(cove_instance_export(f[s].instance, "tag", &tag));
    gifts[s].tag = tag.as.tag;
    assert_int_equal(cove_linker_define(f[0].linker, "h", "tag", &tag, NULL), s == 0 ? COVE_OK : COVE_USAGE);
  }
  for (int s = 0; s < 2; s++)
    for (size_t k = 0; k < 3; k++) {
      char name[32];
      cove_table *table = cove_instance_table(f[0].instance, kinds[k]);
      const cove_status want = s == 0 ? COVE_OK : COVE_USAGE;
      snprintf(name, sizeof name, "take %s", kinds[k]);
      assert_int_equal(cove_func_call(cove_instance_func(f[0].instance, name), &refs[s][k], 1, NULL, 0, NULL), want);
      assert_int_equal(cove_table_set(table, 0, &refs[s][k], NULL), want);
      gifts[0].value = refs[s][k];
      snprintf(name, sizeof name, "call %s", kinds[k]);
      cove_func *call = cove_instance_func(f[0].instance, name);
      if (s == 0)
        assert_int_equal(cove_func_call(call, NULL, 0, NULL, 0, NULL), COVE_OK);
      else
        expect_trap(call, COVE_TRAP_HOST, "result 1 of a host function");
    }
  cove_func *thrower = cove_instance_func(f[0].instance, "call throw");
  assert_int_equal(cove_func_call(thrower, NULL, 0, NULL, 0, NULL), COVE_OK);
  gifts[0].tag = gifts[1].tag;
  expect_trap(thrower, COVE_TRAP_HOST, "a host threw an exception of another store's tag");
  cove_linker_delete(f[1].linker);
  cove_store_delete(f[1].store);
  close_fixture(&f[0]);
}

static void test_wasi_serves_one_store(void **state) {
  (void)state;
  fixture f;
  cove_store *second;
  cove_wasi *wasi;
  cove_error *error = NULL;
  open_fixture(&f, NULL, NULL);
  cove_wasi_config *config = cove_wasi_config_new();
  assert_int_equal(cove_wasi_new(config, &wasi, NULL), COVE_OK);
  cove_wasi_config_delete(config);
  assert_int_equal(cove_linker_define_wasi(f.linker, wasi, NULL), COVE_OK);
  cove_linker *again = cove_linker_new(f.store);
  assert_int_equal(cove_linker_define_wasi(again, wasi, NULL), COVE_OK);
  assert_int_equal(cove_store_new(f.engine, NULL, &second, NULL), COVE_OK);
  cove_linker *linker = cove_linker_new(second);
  assert_int_equal(cove_linker_define_wasi(linker, wasi, &error), COVE_USAGE);
  assert_non_null(strstr(cove_error_message(error), "another store"));
  cove_error_delete(error);
  cove_linker_delete(linker);
  cove_linker_delete(again);
  cove_store_delete(second);
  close_fixture(&f);
  cove_wasi_delete(wasi);
}

// ---- limits ----

static void test_fuel(void **state) {
  (void)state;
  static const char *const tiers[] = {"interp", "auto"};
  uint64_t left[2];
  for (size_t i = 0; i < 2; i++) {
    fixture f;
    cove_config *config = cove_config_new();
    assert_int_equal(cove_config_set_tier(config, tiers[i], NULL), COVE_OK);
    cove_config_set_fuel(config, true);
    open_fixture(&f, config, NULL);
    cove_config_delete(config);
    instantiate(&f, "(module (func (export \"spin\") (loop (br 0)))"
                    " (func (export \"sum\") (result i32) (local i32 i32)"
                    "  (loop $l (local.set 1 (i32.add (local.get 1) (local.get 0)))"
                    "   (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100))))"
                    "  (local.get 1)))");
    cove_value value;
    assert_int_equal(cove_store_set_fuel(f.store, 100000, NULL), COVE_OK);
    assert_int_equal(cove_func_call(cove_instance_func(f.instance, "sum"), NULL, 0, &value, 1, NULL), COVE_OK);
    assert_int_equal(value.i32, 4950);
    left[i] = cove_store_fuel(f.store);
    assert_in_range(left[i], 1, 99900);
    expect_trap(cove_instance_func(f.instance, "spin"), COVE_TRAP_OUT_OF_FUEL, "fuel limit 100,000 used up");
    assert_int_equal(cove_store_fuel(f.store), 0);
    close_fixture(&f);
  }
  assert_int_equal(left[0], left[1]);
  fixture f;
  open_fixture(&f, NULL, NULL);
  assert_int_equal(cove_store_set_fuel(f.store, 1, NULL), COVE_USAGE);
  close_fixture(&f);
}

// Each limit says its number, in words and to the host.
static void test_limit_numbers(void **state) {
  (void)state;
  static const struct {
    const char *export;
    cove_trap_kind kind;
    uint64_t limit;
    const char *message;
  } rows[] = {
      {"spin", COVE_TRAP_OUT_OF_FUEL, 1234567, "fuel limit 1,234,567 used up"},
      {"memory", COVE_TRAP_MEMORY_LIMIT, 3 << 16, "memory limit 192 KiB reached growing by 1 page"},
      {"table", COVE_TRAP_TABLE_LIMIT, 1500, "table limit of 1,500 elements reached growing by 1,000"},
      {"stop", COVE_TRAP_UNREACHABLE, 0, "unreachable"},
  };
  cove_config *config = cove_config_new();
  cove_config_set_fuel(config, true);
  cove_limits *limits = cove_limits_new();
  cove_limits_set_memory(limits, 3 << 16);
  cove_limits_set_table(limits, 1500);
  cove_limits_set_trap(limits, true);
  fixture f;
  open_fixture(&f, config, limits);
  cove_config_delete(config);
  cove_limits_delete(limits);
  instantiate(&f, "(module (memory 1) (table 1 funcref) (func (export \"stop\") unreachable)"
                  " (func (export \"spin\") (loop (br 0)))"
                  " (func (export \"memory\") (loop (drop (memory.grow (i32.const 1))) (br 0)))"
                  " (func (export \"table\") (loop (drop (table.grow (ref.null func) (i32.const 1000))) (br 0))))");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cove_error *error = NULL;
    uint64_t limit;
    assert_int_equal(cove_store_set_fuel(f.store, 1234567, NULL), COVE_OK);
    cove_func *func = cove_instance_func(f.instance, rows[i].export);
    assert_int_equal(cove_func_call(func, NULL, 0, NULL, 0, &error), COVE_TRAP);
    const cove_trap *trap = cove_error_trap(error);
    assert_int_equal(cove_trap_kind_of(trap), rows[i].kind);
    assert_string_equal(cove_trap_message(trap), rows[i].message);
    assert_string_equal(cove_error_message(error), rows[i].message);
    assert_int_equal(cove_trap_limit(trap, &limit), rows[i].limit != 0);
    assert_int_equal(limit, rows[i].limit);
    assert_int_equal(cove_trap_kind_is_limit(rows[i].kind), rows[i].limit != 0);
    cove_error_delete(error);
  }
  close_fixture(&f);
}

static void *cancel(void *canceller) {
  cove_canceller_cancel(canceller);
  return NULL;
}

static void test_deadline_and_cancel(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, NULL, NULL);
  instantiate(&f, "(module (func (export \"spin\") (loop (br 0))) (func (export \"quick\")))");
  cove_func *spin = cove_instance_func(f.instance, "spin"), *quick = cove_instance_func(f.instance, "quick");
  assert_int_equal(cove_store_set_deadline(f.store, 20000000, NULL), COVE_OK);
  expect_trap(spin, COVE_TRAP_DEADLINE, "deadline of 20 ms passed");
  assert_int_equal(cove_store_set_deadline(f.store, 0, NULL), COVE_OK);
  assert_int_equal(cove_func_call(quick, NULL, 0, NULL, 0, NULL), COVE_OK);
  cove_canceller *canceller = cove_canceller_new(f.store);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, cancel, canceller), 0);
  expect_trap(spin, COVE_TRAP_CANCELLED, "cancelled");
  pthread_join(thread, NULL);
  assert_int_equal(cove_func_call(quick, NULL, 0, NULL, 0, NULL), COVE_OK);
  close_fixture(&f);
  cove_canceller_cancel(canceller); // the store is gone
  cove_canceller_delete(canceller);
}

static void test_memory_limit(void **state) {
  (void)state;
  fixture f;
  cove_limits *limits = cove_limits_new();
  cove_limits_set_memory(limits, 131072);
  open_fixture(&f, NULL, limits);
  instantiate(&f, "(module (memory 1) (func (export \"grow\") (result i32) (memory.grow (i32.const 2))))");
  cove_value value;
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "grow"), NULL, 0, &value, 1, NULL), COVE_OK);
  assert_int_equal(value.i32, -1);
  assert_string_equal(cove_store_refusal(f.store), "memory limit 128 KiB reached growing by 2 pages");
  close_fixture(&f);
  cove_limits_set_trap(limits, true);
  open_fixture(&f, NULL, limits);
  instantiate(&f, "(module (memory 1) (func (export \"grow\") (result i32) (memory.grow (i32.const 2))))");
  expect_trap(cove_instance_func(f.instance, "grow"), COVE_TRAP_MEMORY_LIMIT,
              "memory limit 128 KiB reached growing by 2 pages");
  close_fixture(&f);
  cove_limits_delete(limits);
}

static int replaced, replacements_gone;

static void replace(void *data) {
  if (replaced < 500 && cove_externref_new(data, &replacements_gone, count_release) != NULL)
    replaced++;
}

// A finalizer may make new references, which nobody but their owner releases.
static void test_finalizer_makes_references(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, NULL, NULL);
  for (unsigned i = 0; i < 5000; i++) {
    void *ref = cove_externref_new(f.store, f.store, replace);
    assert_non_null(ref);
    cove_externref_release(ref);
  }
  assert_int_equal(replaced, 500);
  assert_int_equal(replacements_gone, 0);
  close_fixture(&f);
  assert_int_equal(replacements_gone, 500);
}

// What a guest can make the store hold is bounded without being asked for: 20 tables of 80 MB are too much.
static void test_host_memory_default(void **state) {
  (void)state;
  fixture f;
  char text[1024] = "(module";
  for (unsigned i = 0; i < 20; i++)
    strcat(text, " (table 10000000 externref)");
  strcat(text, ")");
  open_fixture(&f, NULL, NULL);
  f.module = compile(f.engine, text);
  assert_int_equal(cove_linker_instantiate(f.linker, f.module, &f.instance, NULL), COVE_NO_MEMORY);
  close_fixture(&f);
  cove_limits *limits = cove_limits_new();
  cove_limits_set_host_memory(limits, UINT64_C(4) << 30);
  open_fixture(&f, NULL, limits);
  instantiate(&f, text);
  close_fixture(&f);
  cove_limits_delete(limits);
}

// Misuse that could be known is answered, and the host is never unwound.
static void test_misuse_of_objects(void **state) {
  (void)state;
  fixture f, other;
  cove_limits *limits = cove_limits_new();
  cove_limits_set_memory(limits, 131072);
  cove_limits_set_table(limits, 4);
  cove_limits_set_trap(limits, true);
  open_fixture(&f, NULL, limits);
  open_fixture(&other, NULL, limits);
  const char *text = "(module (memory (export \"m\") 1) (table (export \"t\") 1 funcref) (func (export \"f\")))";
  instantiate(&f, text);
  instantiate(&other, text);
  // A limit traps guests, not the host.
  assert_int_equal(cove_memory_grow(cove_instance_memory(f.instance, "m"), 2, NULL, NULL), COVE_LIMIT);
  assert_int_equal(cove_table_grow(cove_instance_table(f.instance, "t"), 9, NULL, NULL, NULL), COVE_LIMIT);
  static const char *const names[] = {"m", "t", "f"};
  for (unsigned i = 0; i < 3; i++) {
    cove_extern item;
    assert_true(cove_instance_export(other.instance, names[i], &item));
    assert_int_equal(cove_linker_define(f.linker, "o", names[i], &item, NULL), COVE_USAGE);
    assert_int_equal(cove_linker_define(other.linker, "o", names[i], &item, NULL), COVE_OK);
  }
  assert_int_equal(cove_linker_define_instance(f.linker, "o", other.instance, NULL), COVE_USAGE);
  cove_memory *memory;
  cove_memorytype type = {.minimum = 65537, .maximum = COVE_NO_MAXIMUM, .page_size = 65536};
  assert_int_equal(cove_memory_new(f.store, &type, &memory, NULL), COVE_USAGE);
  type = (cove_memorytype){.minimum = 1, .maximum = UINT64_C(1) << 32, .page_size = 1};
  assert_int_equal(cove_memory_new(f.store, &type, &memory, NULL), COVE_USAGE);
  close_fixture(&other);
  close_fixture(&f);
  cove_limits_delete(limits);
}

// ---- traps ----

static void test_backtrace(void **state) {
  (void)state;
  fixture f;
  cove_error *error = NULL;
  open_fixture(&f, NULL, NULL);
  instantiate(&f, "(module $m (func $inner unreachable) (func $outer (call $inner)) (export \"run\" (func $outer)))");
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "run"), NULL, 0, NULL, 0, &error), COVE_TRAP);
  close_fixture(&f); // the error outlives all of it
  const cove_trap *trap = cove_error_trap(error);
  size_t total;
  cove_frame frame;
  assert_int_equal(cove_trap_frame_count(trap, &total), 2);
  assert_int_equal(total, 2);
  assert_true(cove_trap_frame(trap, 0, &frame));
  assert_memory_equal(frame.func_name.data, "inner", 5);
  assert_memory_equal(frame.module_name.data, "m", 1);
  assert_int_not_equal(frame.offset, 0);
  assert_true(cove_trap_frame(trap, 1, &frame));
  assert_int_equal(frame.func, 1);
  assert_false(cove_trap_frame(trap, 2, &frame));
  assert_false(cove_trap_kind_is_limit(cove_trap_kind_of(trap)));
  cove_error_delete(error);
}

// A frame that is large by the depth of its handlers only: the function calls none, but what it has C do needs a stack.
static void test_handlers_in_large_frame(void **state) {
  (void)state;
  enum { DEPTH = 20000 };
  static char text[DEPTH * 20 + 512];
  size_t n = (size_t)snprintf(text, sizeof text, "(module (memory 1) (func $f (export \"f\") ");
  for (unsigned i = 0; i < DEPTH; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "try ");
  n += (size_t)snprintf(text + n, sizeof text - n, "(drop (memory.grow (i32.const 0))) ");
  for (unsigned i = 0; i < DEPTH; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "catch_all end ");
  snprintf(text + n, sizeof text - n, ") (func $g (export \"g\") (call $f) (call $g)))");
  fixture f;
  cove_config *config = cove_config_new();
  cove_limits *limits = cove_limits_new();
  assert_int_equal(cove_config_set_features(config, "all", NULL), COVE_OK);
  cove_limits_set_stack(limits, 512 << 10);
  open_fixture(&f, config, limits);
  instantiate(&f, text);
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "f"), NULL, 0, NULL, 0, NULL), COVE_OK);
  expect_trap(cove_instance_func(f.instance, "g"), COVE_TRAP_STACK_OVERFLOW, "call stack exhausted");
  close_fixture(&f);
  cove_limits_delete(limits);
  cove_config_delete(config);
}

// ---- WASI ----

static void test_wasi_collects_and_refuses(void **state) {
  (void)state;
  fixture f;
  cove_error *error = NULL;
  cove_wasi_config *config = cove_wasi_config_new();
  cove_wasi *wasi;
  open_fixture(&f, NULL, NULL);
  assert_int_equal(cove_wasi_config_env(config, "A=B", "x", NULL), COVE_USAGE);
  assert_int_equal(cove_wasi_config_stdio_collect(config, 0, NULL), COVE_USAGE);
  assert_int_equal(cove_wasi_config_stdio_collect(config, 1, NULL), COVE_OK);
  assert_int_equal(cove_wasi_config_tmpfs(config, "/tmp", NULL), COVE_OK);
  assert_int_equal(cove_wasi_new(config, &wasi, NULL), COVE_OK);
  cove_wasi_config_delete(config);
  assert_int_equal(cove_linker_define_wasi(f.linker, wasi, NULL), COVE_OK);
  instantiate(&f, "(module"
                  " (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) (result i32)))"
                  " (import \"wasi_snapshot_preview1\" \"random_get\" (func $r (param i32 i32) (result i32)))"
                  " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $x (param i32)))"
                  " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\03\\00\\00\\00\")"
                  " (data (i32.const 16) \"abc\")"
                  " (func (export \"_start\")"
                  "  (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
                  "  (call $x (call $r (i32.const 0) (i32.const 4)))))");
  assert_int_equal(cove_func_call(cove_instance_func(f.instance, "_start"), NULL, 0, NULL, 0, &error), COVE_EXIT);
  assert_int_not_equal(cove_error_exit_status(error), 0); // randomness was not granted
  cove_error_delete(error);
  cove_bytes output = cove_wasi_output(wasi, 1);
  assert_int_equal(output.size, 3);
  assert_memory_equal(output.data, "abc", 3);
  close_fixture(&f);
  cove_wasi_delete(wasi);
  // A grant that cannot be made says which.
  config = cove_wasi_config_new();
  assert_int_equal(cove_wasi_config_dir(config, "/nonexistent/folder", "/", false, NULL), COVE_OK);
  assert_int_not_equal(cove_wasi_new(config, &wasi, &error), COVE_OK);
  assert_non_null(strstr(cove_error_message(error), "/nonexistent/folder"));
  cove_error_delete(error);
  cove_wasi_config_delete(config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_error_places),
      cmocka_unit_test(test_config_refuses),
      cmocka_unit_test(test_module_facts),
      cmocka_unit_test(test_linking),
      cmocka_unit_test(test_borrowed_bytes),
      cmocka_unit_test(test_host_exit_and_throw),
      cmocka_unit_test(test_objects),
      cmocka_unit_test(test_limit_numbers),
      cmocka_unit_test(test_references_are_checked),
      cmocka_unit_test(test_references_of_another_store),
      cmocka_unit_test(test_wasi_serves_one_store),
      cmocka_unit_test(test_import_types),
      cmocka_unit_test(test_uncaught_backtrace),
      cmocka_unit_test(test_fuel),
      cmocka_unit_test(test_deadline_and_cancel),
      cmocka_unit_test(test_memory_limit),
      cmocka_unit_test(test_finalizer_makes_references),
      cmocka_unit_test(test_host_memory_default),
      cmocka_unit_test(test_misuse_of_objects),
      cmocka_unit_test(test_backtrace),
      cmocka_unit_test(test_handlers_in_large_frame),
      cmocka_unit_test(test_wasi_collects_and_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
