// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose_adapter.c: components with adapters that work in the memory of the module they serve: where they get their
// stack from, what they see of it, and what is left of them.
#include <cove/cove.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static cove_engine *engine;

static void parse(const char *text, cove_buffer *binary) {
  cove_error *error = NULL;
  if (cove_text_parse(engine, text, strlen(text), binary, &error) != COVE_OK)
    fail_msg("%s: %s", text, cove_error_message(error));
}

#define WORLD "package test:adapters; world w { export f: func() -> u32; }"
#define STACK "(global $__stack_pointer (mut i32) (i32.const 0))"
#define STATE "(global $allocation_state (mut i32) (i32.const 0))"
#define ENV_MEMORY "(import \"env\" \"memory\" (memory 0))"
#define ENV_REALLOC "(import \"__main_module__\" \"cabi_realloc\" (func $realloc (param i32 i32 i32 i32) (result i32)))"
#define CALLS "(import \"a\" \"g\" (func $g (result i32)))"
#define SAYS(what) "(func $g (export \"g\") (result i32) " what ")"
// Its allocator begins at 4096, and shows in memory[0] how often it was asked; it asks the adapter in turn.
#define MAIN_REALLOC                                                                                                   \
  "(func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)"                                               \
  "  (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))"                                   \
  "  (i32.store8 (i32.const 1) (call $g)) (i32.const 4096))"
#define F "(func (export \"f\") (result i32) (call $g))"
#define SAY_STACK SAYS("(global.get $__stack_pointer)")
#define SAY_STATE SAYS("(global.get $allocation_state)")

static const struct {
  const char *name, *main, *adapter;
  uint32_t result;
  const char *gone; // NULL, or what the component's text does not have
} rows[] = {
    {"a stack from memory.grow", "(module " CALLS "(memory (export \"memory\") 2)" F ")",
     "(module " ENV_MEMORY STACK SAY_STACK ")", 3 * 65536, NULL},
    {"its state then", "(module " CALLS "(memory (export \"memory\") 2)" F ")",
     "(module " ENV_MEMORY STACK STATE SAY_STATE ")", 2, NULL},
    {"a start function of its own comes after", "(module " CALLS "(memory (export \"memory\") 2)" F ")",
     "(module " ENV_MEMORY STACK
     "(global $seen (mut i32) (i32.const 0)) (func $start (global.set $seen (global.get $__stack_pointer)))"
     "(start $start)" SAYS("(global.get $seen)") ")",
     3 * 65536, NULL},
    {"nobody to allocate from but memory.grow",
     "(module " CALLS "(memory (export \"memory\") 2)(func (export \"f\") (result i32)"
     " (drop (call $g)) (i32.add (call $g) (memory.size))))",
     // The stack is page 2; each call takes two pages and one: the last is page 8 of 9.
     "(module " ENV_MEMORY ENV_REALLOC STACK
     "(func $g (export \"g\") (result i32) (drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const "
     "65537))) (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 65536))))",
     8 * 65536 + 9, NULL},
    {"what is grown keeps its contents", "(module " CALLS "(memory (export \"memory\") 1)" F ")",
     "(module " ENV_MEMORY ENV_REALLOC STACK "(func $g (export \"g\") (result i32) (local i32)"
     " (local.set 0 (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 8)))"
     " (i32.store (local.get 0) (i32.const 77))"
     " (i32.load (call $realloc (local.get 0) (i32.const 8) (i32.const 8) (i32.const 70000)))))",
     77, NULL},
    {"a stack from the module's allocator", "(module " CALLS "(memory (export \"memory\") 2)" MAIN_REALLOC F ")",
     "(module " ENV_MEMORY ENV_REALLOC STACK STATE SAY_STACK ")", 4096 + 65536, NULL},
    {"state after the first call", "(module " CALLS "(memory (export \"memory\") 2)" MAIN_REALLOC F ")",
     "(module " ENV_MEMORY ENV_REALLOC STACK STATE SAY_STATE ")", 2, NULL},
    {"state while it is allocated, and how often that is",
     "(module " CALLS "(memory (export \"memory\") 2)" MAIN_REALLOC
     "(func (export \"f\") (result i32) (drop (call $g)) (drop (call $g)) (i32.load16_u (i32.const 0))))",
     "(module " ENV_MEMORY ENV_REALLOC STACK STATE SAY_STATE ")", 0x101, NULL},
    {"no state: the module's allocator is not called before it is started",
     "(module " CALLS "(memory (export \"memory\") 2)" MAIN_REALLOC
     "(func (export \"f\") (result i32) (drop (call $g)) (i32.load16_u (i32.const 0))))",
     "(module " ENV_MEMORY ENV_REALLOC STACK SAY_STACK ")", 0, NULL},
    {"a memory of its own: a stack of its own", "(module " CALLS "(memory (export \"memory\") 2)" F ")",
     "(module (memory (export \"memory\") 1) (global $__stack_pointer (mut i32) (i32.const 1234))" SAY_STACK ")", 1234,
     NULL},
    {"not the convention's globals", "(module " CALLS "(memory (export \"memory\") 2)" F ")",
     "(module " ENV_MEMORY
     "(global $__stack_pointer (mut i64) (i64.const 7))" SAYS("(i32.wrap_i64 (global.get $__stack_pointer))") ")",
     7, NULL},
    {"names like those that imports get when they come twice",
     "(module " CALLS "(import \"a\" \"g\" (func $h (result i32))) (import \"a\" \"g [v2]\" (func $i (result i32)))"
     "(func (export \"f\") (result i32) (i32.add (call $h) (call $i))))",
     "(module (func (export \"g [v2]\") (result i32) (i32.const 40))" SAYS("(i32.const 2)") ")", 42, NULL},
    {"what is not used is gone", "(module " CALLS F ")",
     "(module (func $other (export \"other\") (result i32) (i32.const 31337))" SAYS("(i32.const 5)") ")", 5, "31337"},
    {"an adapter that is not used is gone", "(module (func (export \"f\") (result i32) (i32.const 6)))",
     "(module " ENV_MEMORY STACK SAYS("(i32.const 31337)") ")", 6, "31337"},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static void make(size_t row, cove_buffer *out) {
  cove_error *error = NULL;
  cove_buffer main, adapter;
  cove_wit *wit;
  parse(rows[row].main, &main);
  parse(rows[row].adapter, &adapter);
  assert_int_equal(cove_wit_parse(WORLD, strlen(WORLD), NULL, &wit, NULL), COVE_OK);
  const cove_adapter adapters[] = {{"a", adapter.data, adapter.size}};
  const cove_componentize_options options = {.adapters = adapters, .adapter_count = 1, .wit = wit, .world = "w"};
  if (cove_module_componentize(main.data, main.size, &options, out, &error) != COVE_OK)
    fail_msg("%s: %s", rows[row].name, cove_error_message(error));
  cove_wit_delete(wit);
  cove_buffer_delete(&main);
  cove_buffer_delete(&adapter);
}

static void check_text(size_t row, const cove_component *component) {
  cove_buffer text;
  assert_int_equal(cove_text_print_component(component, 0, &text, NULL), COVE_OK);
  if (rows[row].gone != NULL && memmem(text.data, text.size, rows[row].gone, strlen(rows[row].gone)) != NULL)
    fail_msg("%s: %s is still there", rows[row].name, rows[row].gone);
  cove_buffer_delete(&text);
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < ROW_COUNT; i++) {
    cove_error *error = NULL;
    cove_buffer binary;
    cove_component *component;
    cove_store *store;
    cove_component_instance *instance;
    cove_component_value result;
    make(i, &binary);
    if (cove_component_new(engine, binary.data, binary.size, &component, &error) != COVE_OK)
      fail_msg("%s: %s", rows[i].name, cove_error_message(error));
    check_text(i, component);
    assert_int_equal(cove_store_new(engine, NULL, &store, NULL), COVE_OK);
    cove_component_linker *linker = cove_component_linker_new(store);
    if (cove_component_linker_instantiate(linker, component, &instance, &error) != COVE_OK)
      fail_msg("%s: %s", rows[i].name, cove_error_message(error));
    cove_component_func *f = cove_component_instance_func(instance, NULL, "f");
    if (cove_component_func_call(f, NULL, 0, &result, &error) != COVE_OK)
      fail_msg("%s: %s", rows[i].name, cove_error_message(error));
    if (result.as.u64 != rows[i].result)
      fail_msg("%s: %u, want %u", rows[i].name, (unsigned)result.as.u64, rows[i].result);
    cove_component_linker_delete(linker);
    cove_store_delete(store);
    cove_component_delete(component);
    cove_buffer_delete(&binary);
  }
}

int main(void) {
  if (cove_engine_new(NULL, &engine, NULL) != COVE_OK)
    return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  cove_engine_delete(engine);
  return failed;
}
