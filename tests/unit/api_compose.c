// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cove/compose.h as its users see it: what comes back, where errors are, and allocations that fail.
#include "api/api.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <cove/compose.h>

static cove_buffer plug, socket;

static void parse(const char *text, cove_buffer *out) {
  cove_engine *engine;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  assert_int_equal(cove_text_parse(engine, text, strlen(text), out, NULL), COVE_OK);
  cove_engine_delete(engine);
}

static int set_up(void **state) {
  parse("(component (core module $m (func (export \"f\") (result i32) i32.const 6)) (core instance $i (instantiate $m))"
        " (func $f (result u32) (canon lift (core func $i \"f\"))) (export \"six\" (func $f)))",
        &plug);
  parse("(component (import \"six\" (func $f (result u32))) (export \"number\" (func $f)))", &socket);
  return 0;
}

static int tear_down(void **state) {
  cove_buffer_delete(&plug);
  cove_buffer_delete(&socket);
  return 0;
}

static cove_component_file file_of(const char *name, const cove_buffer *buffer) {
  return (cove_component_file){name, buffer->data, buffer->size};
}

static bool find(void *env, const char *name, cove_component_file *out) {
  ++*(int *)env;
  if (strcmp(name, "a:plug") == 0)
    *out = file_of("plug.wasm", &plug);
  else if (strcmp(name, "a:socket@1.0.0") == 0)
    *out = file_of("socket.wasm", &socket);
  else
    return false;
  return true;
}

static const char graph[] = "package a:b;\nlet p = new a:plug {};\nexport new a:socket@1.0.0 { ...p }...;\n";

// What was made has the number.
static void check(const cove_buffer *made) {
  cove_engine *engine;
  cove_store *store;
  cove_component *component;
  cove_component_instance *instance;
  cove_component_value result = {0};
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  assert_int_equal(cove_store_new(engine, NULL, &store, NULL), COVE_OK);
  assert_int_equal(cove_component_new(engine, made->data, made->size, &component, NULL), COVE_OK);
  cove_component_linker *linker = cove_component_linker_new(store);
  assert_int_equal(cove_component_linker_instantiate(linker, component, &instance, NULL), COVE_OK);
  cove_component_func *number = cove_component_instance_func(instance, NULL, "number");
  assert_int_equal(cove_component_func_call(number, NULL, 0, &result, NULL), COVE_OK);
  assert_int_equal(result.as.u64, 6);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  cove_component_delete(component);
  cove_engine_delete(engine);
}

static void plugs(void **state) {
  const cove_component_file s = file_of("socket.wasm", &socket), p[] = {file_of("plug.wasm", &plug), s};
  cove_buffer made;
  cove_error *error = NULL;
  assert_int_equal(cove_component_plug(&s, p, 1, &made, &error), COVE_OK);
  check(&made);
  cove_buffer_delete(&made);
  assert_int_equal(cove_component_plug(&s, p, 2, &made, &error), COVE_INVALID);
  assert_non_null(strstr(cove_error_text(error), "socket.wasm plugs nothing"));
  cove_error_delete(error);
}

static void graphs(void **state) {
  static const char wrong[] = "package a:b;\nlet p = new a:plug {};\n  export new a:other { ...p }...;\n";
  cove_buffer made;
  cove_error *error = NULL;
  uint32_t line, column;
  int asked = 0;
  assert_int_equal(cove_component_compose(graph, sizeof graph - 1, find, &asked, &made, &error), COVE_OK);
  assert_int_equal(asked, 2);
  check(&made);
  cove_buffer_delete(&made);
  assert_int_equal(cove_component_compose(wrong, sizeof wrong - 1, find, &asked, &made, &error), COVE_INVALID);
  assert_string_equal(cove_error_text(error), "there is no component `a:other`");
  assert_true(cove_error_line(error, &line, &column));
  assert_int_equal(line, 3);
  assert_int_equal(column, 14);
  cove_error_delete(error);
}

static cove_status each(void *env, const cove_component_piece *piece) {
  int *left = env;
  assert_true(piece->size > 8 && memcmp(piece->data, "\0asm", 4) == 0);
  assert_true(!piece->is_component || !strchr(piece->path, '.'));
  return --*left == 0 ? COVE_LIMIT : COVE_OK;
}

static void pieces(void **state) {
  const cove_component_file s = file_of("dir/socket.wasm", &socket), p = file_of("plug.part.wasm", &plug);
  cove_buffer made;
  int left = 100;
  assert_int_equal(cove_component_plug(&s, &p, 1, &made, NULL), COVE_OK);
  assert_int_equal(cove_component_split(made.data, made.size, each, &left, NULL), COVE_OK);
  assert_int_equal(left, 97); // socket, plug, and the module of that
  left = 2;
  assert_int_equal(cove_component_split(made.data, made.size, each, &left, NULL), COVE_LIMIT);
  cove_buffer_delete(&made);
}

// Each allocation fails in turn, with and without an error to tell it.
static void memory_runs_out(void **state) {
  const cove_component_file s = file_of("socket.wasm", &socket), p = file_of("plug.wasm", &plug);
  for (int which = 0; which < 6; which++)
    for (uint64_t nth = 1;; nth++) {
      cove_buffer made = {0};
      cove_error *error = NULL, **told = which % 2 == 0 ? &error : NULL;
      uint64_t used = cv_api_mem.used;
      int count = 100;
      cv_api_mem.fail_at = cv_api_mem.calls + nth;
      cove_status status = which / 2 == 0   ? cove_component_plug(&s, &p, 1, &made, told)
                           : which / 2 == 1 ? cove_component_compose(graph, sizeof graph - 1, find, &count, &made, told)
                                            : cove_component_split(plug.data, plug.size, each, &count, told);
      cv_api_mem.fail_at = 0;
      cove_buffer_delete(&made);
      cove_error_delete(error);
      assert_int_equal(cv_api_mem.used, used);
      if (status == COVE_OK)
        break;
      assert_int_equal(status, COVE_NO_MEMORY);
      assert_in_range(nth, 1, 10000);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plugs),
      cmocka_unit_test(graphs),
      cmocka_unit_test(pieces),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
