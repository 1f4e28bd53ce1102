// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a host does with compiled programs (cove/compiled.h): what they say of themselves, what is taken out of them,
// and what is refused.
#include <cove/cove.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// Neither is taken without being asked for.
static const char wide[] = "(module (func (export \"f\") (result i64 i64)"
                           " (i64.add128 (i64.const -1) (i64.const 0) (i64.const 1) (i64.const 0))))";
static const char component[] = "(component (core module (func (export \"f\"))))";

static cove_engine *engine_of(cove_config *config, const char *tier) {
  cove_engine *engine;
  assert_int_equal(cove_config_set_tier(config, tier, NULL), COVE_OK);
  assert_int_equal(cove_engine_new(config, &engine, NULL), COVE_OK);
  cove_config_delete(config);
  return engine;
}

static cove_engine *plain_engine(const char *tier) {
  return engine_of(cove_config_new(), tier);
}

static cove_buffer compiled(const char *text, bool rules) {
  cove_buffer binary, out;
  cove_config *config = cove_config_new();
  assert_int_equal(cove_config_set_features(config, "all", NULL), COVE_OK);
  cove_config_set_fuel(config, rules);
  cove_config_set_canonical_nan(config, rules);
  cove_engine *engine = engine_of(config, "jit");
  assert_int_equal(cove_text_parse(NULL, text, strlen(text), &binary, NULL), COVE_OK);
  assert_int_equal(cove_compile(engine, binary.data, binary.size, NULL, &out, NULL), COVE_OK);
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
  return out;
}

static void says(cove_error *error, const char *what) {
  assert_non_null(error);
  if (strstr(cove_error_text(error), what) == NULL)
    fail_msg("\"%s\" does not say \"%s\"", cove_error_text(error), what);
  cove_error_delete(error);
}

static void kinds_are_told(void **state) {
  (void)state;
  cove_buffer files[] = {compiled(wide, false), compiled(component, false)};
  cove_engine *engine = plain_engine("jit");
  for (unsigned i = 0; i < 2; i++) {
    bool is_component = i == 0;
    cove_module *m = NULL;
    cove_component *c = NULL;
    cove_bytes program;
    assert_int_equal(cove_compiled_is_component(files[i].data, files[i].size, &is_component, NULL), COVE_OK);
    assert_int_equal(is_component, i == 1);
    assert_int_equal(cove_compiled_program(files[i].data, files[i].size, &program, &is_component, NULL), COVE_OK);
    assert_int_equal(is_component, i == 1);
    assert_int_equal(cove_input_kind_of(program.data, program.size, NULL),
                     is_component ? COVE_INPUT_COMPONENT : COVE_INPUT_MODULE);
    assert_int_equal(cove_module_load_compiled(engine, files[i].data, files[i].size, NULL, NULL, &m, NULL),
                     i == 0 ? COVE_OK : COVE_USAGE);
    assert_int_equal(cove_component_load_compiled(engine, files[i].data, files[i].size, NULL, NULL, &c, NULL),
                     i == 1 ? COVE_OK : COVE_USAGE);
    cove_module_delete(m);
    cove_component_delete(c);
  }
  bool is_component;
  assert_int_equal(cove_compiled_is_component("\0asm\1\0\0\0", 8, &is_component, NULL), COVE_MALFORMED);
  assert_int_equal(cove_compiled_is_component(files[0].data, files[0].size - 1, &is_component, NULL), COVE_MALFORMED);
  cove_engine_delete(engine);
  cove_buffer_delete(&files[0]);
  cove_buffer_delete(&files[1]);
}

// Compiled again with what the first file says, the second one has the same features and rules.
static void rules_are_kept(void **state) {
  (void)state;
  cove_buffer file = compiled(wide, true), again;
  cove_bytes program;
  bool is_component;
  cove_error *error = NULL;
  assert_int_equal(cove_compiled_program(file.data, file.size, &program, &is_component, NULL), COVE_OK);
  cove_engine *plain = plain_engine("jit");
  assert_int_equal(cove_compile(plain, program.data, program.size, NULL, &again, &error), COVE_UNSUPPORTED);
  says(error, "wide-arithmetic");
  cove_engine_delete(plain);
  cove_config *config = cove_config_new();
  assert_int_equal(cove_config_set_compiled(config, file.data, 100, &error), COVE_MALFORMED);
  says(error, "damaged");
  assert_int_equal(cove_config_set_compiled(config, file.data, file.size, NULL), COVE_OK);
  cove_engine *engine = engine_of(config, "jit");
  assert_int_equal(cove_compile(engine, program.data, program.size, NULL, &again, NULL), COVE_OK);
  assert_int_equal(again.size, file.size);
  assert_memory_equal(again.data, file.data, file.size);
  cove_buffer_delete(&again);
  cove_buffer_delete(&file);
  cove_engine_delete(engine);
}

static void what_is_compiled_is_not_compiled_again(void **state) {
  (void)state;
  cove_buffer file = compiled(wide, false), again;
  cove_engine *engine = plain_engine("jit");
  cove_error *error = NULL;
  assert_int_equal(cove_compile(engine, file.data, file.size, NULL, &again, &error), COVE_UNSUPPORTED);
  says(error, "this is a compiled program");
  cove_engine_delete(engine);
  cove_buffer_delete(&file);
}

// A tier without machine code takes the program, which has to be as it was: its code section is all that it runs.
static void damaged_programs_are_not_taken(void **state) {
  (void)state;
  cove_buffer file = compiled(component, false);
  cove_engine *machine = plain_engine("jit"), *engine = plain_engine("interp");
  cove_bytes program;
  bool is_component;
  cove_component *c;
  cove_error *error = NULL;
  assert_int_equal(cove_compiled_program(file.data, file.size, &program, &is_component, NULL), COVE_OK);
  size_t at = program.size - 1; // the end of the function's body
  while (program.data[at] != 0x0b)
    at--;
  file.data[program.data - file.data + (ptrdiff_t)at] = 0x00;
  assert_int_equal(cove_component_load_compiled(machine, file.data, file.size, NULL, NULL, &c, NULL), COVE_OK);
  cove_component_delete(c);
  assert_int_equal(cove_component_load_compiled(engine, file.data, file.size, NULL, NULL, &c, &error), COVE_MALFORMED);
  says(error, "compile the original");
  assert_int_equal(cove_compiled_program(file.data, file.size, &program, &is_component, &error), COVE_MALFORMED);
  says(error, "compile the original");
  cove_engine_delete(engine);
  cove_engine_delete(machine);
  cove_buffer_delete(&file);
}

int main(void) {
  cove_engine *engine = plain_engine("auto");
  char name[COVE_CACHE_NAME_SIZE];
  bool can = cove_cache_name(engine, "", 0, name);
  cove_engine_delete(engine);
  if (!can)
    return 77; // no machine code here, or no digests
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_are_told),
      cmocka_unit_test(rules_are_kept),
      cmocka_unit_test(what_is_compiled_is_not_compiled_again),
      cmocka_unit_test(damaged_programs_are_not_taken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
