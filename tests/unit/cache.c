// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code of a program that is kept for its next run: what was there is used, what was not is compiled, and an entry
// that does not fit is not used.
#include <cove/cove.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/archive.h"
#include "runtime/engine.h"

// "one" and "two" are called in different runs; both reach "both". Calls, an indirect one, a tail call, exceptions, a
// loop, a trap.
static const char program[] =
    "(module (type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $both)"
    " (tag $e (param i32))"
    " (func $both (type $t) (local i32) (loop $l (local.set 1 (i32.add (local.get 1) (local.get 0)))"
    "  (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0))) (local.get 1))"
    " (func $throw (type $t) (throw $e (local.get 0)))"
    " (func (export \"one\") (type $t) (i32.add (call $both (local.get 0))"
    "  (block $caught (result i32) (try_table (catch $e $caught) (drop (call $throw (i32.const 5)))) (i32.const 1))))"
    " (func $two (export \"two\") (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))"
    " (func (export \"three\") (type $t) (call $two (local.get 0)))"
    " (func (export \"wrong\") (type $t) (call_indirect (type $t) (i32.const 1) (local.get 0))))";

static const char other_program[] = "(module (func (export \"one\") (param i32) (result i32) (local.get 0)))";

static const char component[] =
    "(component (core module $m (func (export \"one\") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))"
    "  (func (export \"two\") (param i32) (result i32) (i32.add (local.get 0) (i32.const 2))))"
    " (core module $n (func (export \"f\") (param i32) (result i32) (i32.const 9)))"
    " (core instance $i (instantiate $m)) (core instance $j (instantiate $n))"
    " (func (export \"one\") (param \"a\" u32) (result u32) (canon lift (core func $i \"one\")))"
    " (func (export \"two\") (param \"a\" u32) (result u32) (canon lift (core func $i \"two\")))"
    " (func (export \"other\") (param \"a\" u32) (result u32) (canon lift (core func $j \"f\"))))";

static cove_buffer binary_of(const char *text) {
  cove_buffer binary;
  cove_error *error = NULL;
  if (cove_text_parse(NULL, text, strlen(text), &binary, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  return binary;
}

// A file in memory. The library wants it at a multiple of 8.
typedef struct file {
  char *data;
  size_t size, capacity;
  size_t fails_at; // bytes; 0: never
} file;

static bool put(void *env, const void *data, size_t size) {
  file *f = env;
  if (f->fails_at != 0 && f->size + size > f->fails_at)
    return false;
  if (f->size + size > f->capacity) {
    f->capacity = (f->size + size) * 2;
    f->data = realloc(f->data, f->capacity);
    assert_non_null(f->data);
  }
  memcpy(f->data + f->size, data, size);
  f->size += size;
  return true;
}

typedef struct run {
  cove_engine *engine;
  cove_store *store;
  cove_linker *linker;
  cove_module *module; // NULL: the entry was not used
  cove_instance *instance;
} run;

static cove_engine *engine_of(const char *tier, const char *features, bool fuel) {
  cove_config *config = cove_config_new();
  cove_engine *engine;
  assert_int_equal(cove_config_set_tier(config, tier, NULL), COVE_OK);
  assert_int_equal(cove_config_set_features(config, features, NULL), COVE_OK);
  cove_config_set_fuel(config, fuel);
  assert_int_equal(cove_engine_new(config, &engine, NULL), COVE_OK);
  cove_config_delete(config);
  return engine;
}

static run begin_with(cove_engine *engine, const cove_buffer *binary, const file *entry) {
  run r = {.engine = engine};
  cove_error *error = NULL;
  cove_status status = cove_module_new_cached(engine, binary->data, binary->size, entry != NULL ? entry->data : NULL,
                                              entry != NULL ? entry->size : 0, NULL, NULL, &r.module, &error);
  if (status != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  if (r.module == NULL)
    return r;
  assert_int_equal(cove_store_new(engine, NULL, &r.store, NULL), COVE_OK);
  r.linker = cove_linker_new(r.store);
  assert_int_equal(cove_linker_instantiate(r.linker, r.module, &r.instance, NULL), COVE_OK);
  return r;
}

static run begin(const char *tier, const cove_buffer *binary, const file *entry) {
  return begin_with(engine_of(tier, "all", false), binary, entry);
}

static void end(run *r) {
  cove_linker_delete(r->linker);
  cove_store_delete(r->store);
  cove_module_delete(r->module);
  cove_engine_delete(r->engine);
}

static file entry_of(const run *r) {
  file f = {0};
  assert_int_equal(cove_module_write_entry(r->module, put, &f, NULL), COVE_OK);
  return f;
}

static int32_t call(const run *r, const char *name, int32_t argument) {
  cove_value value = {.i32 = argument};
  cove_error *error = NULL;
  if (cove_func_call_in_place(cove_instance_func(r->instance, name), &value, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  return value.i32;
}

static void check_results(const run *r) {
  assert_int_equal(call(r, "one", 4), 15);
  assert_int_equal(call(r, "two", 3), 6);
  assert_int_equal(call(r, "three", 5), 15);
  cove_value value = {.i32 = 7};
  cove_error *error = NULL;
  assert_int_equal(cove_func_call_in_place(cove_instance_func(r->instance, "wrong"), &value, &error), COVE_TRAP);
  const cove_trap *trap = cove_error_trap(error);
  cove_frame frame;
  assert_true(cove_trap_frame(trap, 0, &frame));
  assert_int_equal(frame.func, 5);
  cove_error_delete(error);
}

static void each_tier(void (*test)(const char *tier)) {
  for (size_t i = 0; cove_tier_name(i) != NULL; i++)
    if (cove_tier_available(i) && strcmp(cove_tier_name(i), "interp") != 0)
      test(cove_tier_name(i));
  test("auto");
}

static void later_runs_begin_with_it_in(const char *tier) {
  cove_buffer binary = binary_of(program);
  run first = begin(tier, &binary, NULL);
  assert_int_equal(call(&first, "one", 4), 15);
  assert_true(cove_module_wants_entry(first.module));
  file one = entry_of(&first);
  end(&first);
  run second = begin(tier, &binary, &one);
  assert_non_null(second.module);
  assert_int_equal(call(&second, "one", 4), 15);
  assert_false(cove_module_wants_entry(second.module)); // nothing was compiled
  check_results(&second);
  assert_true(cove_module_wants_entry(second.module));
  file two = entry_of(&second);
  assert_true(two.size > one.size);
  end(&second);
  free(one.data);
  run third = begin(tier, &binary, &two);
  assert_non_null(third.module);
  check_results(&third);
  assert_false(cove_module_wants_entry(third.module));
  end(&third);
  free(two.data);
  cove_buffer_delete(&binary);
}

static void later_runs_begin_with_it(void **state) {
  (void)state;
  each_tier(later_runs_begin_with_it_in);
}

// Functions of an entry that have an object, in the tier of the code, or in the one above.
static uint32_t objects_in(const file *entry, const cove_buffer *binary, bool above) {
  cv_archive archive;
  cv_code_objects own, upper;
  const cv_bytes bytes = {(const uint8_t *)binary->data, binary->size};
  assert_int_equal(cv_archive_open_entry(&archive, (const uint8_t *)entry->data, entry->size, bytes, NULL), CV_OK);
  assert_true(cv_archive_find(&archive, 0, &own, &upper));
  const cv_code_objects *asked = above ? &upper : &own;
  uint32_t found = 0;
  for (uint32_t i = 0; asked->index != NULL && i < asked->count; i++)
    found += cv_code_objects_text_size(asked, i) != 0;
  return found;
}

// What has moved to the tier above begins there in the next run, also without the library that compiles for it, and
// where it is damaged, it begins as if it were not there.
static void the_tier_above_is_kept(void **state) {
  (void)state;
  if (cv_tier_llvm.upper_new == NULL || !cv_tier_llvm.available())
    skip();
  cove_buffer binary = binary_of(program);
  setenv("COVE_TIER_UP", "random:5", 1);
  run first = begin("auto", &binary, NULL);
  for (int i = 0; i < 20; i++)
    check_results(&first);
  file entry = entry_of(&first);
  end(&first);
  unsetenv("COVE_TIER_UP");
  assert_true(objects_in(&entry, &binary, true) >= 1);
  run second = begin("auto", &binary, &entry);
  check_results(&second);
  check_results(&second);
  assert_false(cove_module_wants_entry(second.module));
  file again = entry_of(&second);
  assert_int_equal(again.size, entry.size);
  assert_memory_equal(again.data, entry.data, entry.size);
  end(&second);
  free(again.data);
  for (size_t at = entry.size - 1; at > entry.size - 1500; at -= 7) { // objects of the tier above are the last ones
    entry.data[at] ^= 0x40;
    run r = begin("auto", &binary, &entry);
    check_results(&r);
    end(&r);
    entry.data[at] ^= 0x40;
  }
  // Code with polls is of no use where nothing is above.
  setenv("COVE_TIER_UP", "off", 1);
  run r = begin("auto", &binary, &entry);
  assert_null(r.module);
  end(&r);
  unsetenv("COVE_TIER_UP");
  free(entry.data);
  cove_buffer_delete(&binary);
}

// Each byte changed: the entry is not used, or the function is compiled again, or it is of no concern.
static void damage_does_no_harm(void **state) {
  (void)state;
  cove_buffer binary = binary_of(program);
  run first = begin("jit", &binary, NULL);
  check_results(&first);
  file entry = entry_of(&first);
  end(&first);
  size_t unused = 0, mended = 0;
  for (size_t at = 0; at < entry.size; at++) {
    entry.data[at] ^= 0x10;
    run r = begin("jit", &binary, &entry);
    if (r.module != NULL) {
      check_results(&r);
      mended += cove_module_wants_entry(r.module);
    } else {
      unused++;
    }
    end(&r);
    entry.data[at] ^= 0x10;
  }
  assert_true(unused > binary.size); // the head and the program
  assert_true(mended > 100);
  for (size_t size = 0; size < entry.size; size += 8) {
    file cut = {.data = entry.data, .size = size};
    run r = begin("jit", &binary, &cut);
    assert_null(r.module);
    end(&r);
  }
  free(entry.data);
  cove_buffer_delete(&binary);
}

static void what_does_not_fit_is_not_used(void **state) {
  (void)state;
  cove_buffer binary = binary_of(program), other = binary_of(other_program);
  run first = begin("jit", &binary, NULL);
  check_results(&first);
  file entry = entry_of(&first);
  end(&first);
  run r = begin("jit", &other, &entry);
  assert_null(r.module);
  end(&r);
  r = begin_with(engine_of("jit", "all", true), &binary, &entry);
  assert_null(r.module);
  end(&r);
  r = begin_with(engine_of("jit", "default", false), &binary, &entry);
  assert_null(r.module);
  end(&r);
  // It is no compiled program, and a compiled program is no entry.
  cove_engine *engine = engine_of("jit", "all", false);
  cove_module *module;
  assert_int_equal(cove_module_load_compiled(engine, entry.data, entry.size, NULL, NULL, &module, NULL),
                   COVE_UNSUPPORTED);
  cove_buffer compiled;
  assert_int_equal(cove_compile(engine, binary.data, binary.size, NULL, &compiled, NULL), COVE_OK);
  file file_of = {0};
  assert_true(put(&file_of, compiled.data, compiled.size));
  r = begin_with(engine, &binary, &file_of);
  assert_null(r.module);
  end(&r);
  free(file_of.data);
  cove_buffer_delete(&compiled);
  free(entry.data);
  cove_buffer_delete(&binary);
  cove_buffer_delete(&other);
}

static void names_differ(void **state) {
  (void)state;
  cove_buffer binary = binary_of(program), other = binary_of(other_program);
  cove_engine *engine = engine_of("jit", "all", false), *fuel = engine_of("jit", "all", true);
  cove_engine *interpreter = engine_of("interp", "all", false);
  char one[COVE_CACHE_NAME_SIZE], two[COVE_CACHE_NAME_SIZE];
  assert_true(cove_cache_name(engine, binary.data, binary.size, one));
  assert_int_equal(strlen(one), COVE_CACHE_NAME_SIZE - 1);
  assert_true(cove_cache_name(engine, binary.data, binary.size, two));
  assert_string_equal(one, two);
  assert_true(cove_cache_name(engine, other.data, other.size, two));
  assert_string_not_equal(one, two);
  assert_true(cove_cache_name(fuel, binary.data, binary.size, two));
  assert_string_not_equal(one, two);
  assert_false(cove_cache_name(interpreter, binary.data, binary.size, two));
  cove_module *module;
  assert_int_equal(cove_module_new_cached(interpreter, binary.data, binary.size, NULL, 0, NULL, NULL, &module, NULL),
                   COVE_USAGE);
  assert_int_equal(cove_module_new(engine, binary.data, binary.size, &module, NULL), COVE_OK);
  assert_false(cove_module_wants_entry(module));
  file f = {0};
  assert_int_equal(cove_module_write_entry(module, put, &f, NULL), COVE_USAGE);
  cove_module_delete(module);
  cove_engine_delete(engine);
  cove_engine_delete(fuel);
  cove_engine_delete(interpreter);
  cove_buffer_delete(&binary);
  cove_buffer_delete(&other);
}

static void writing_may_fail(void **state) {
  (void)state;
  cove_buffer binary = binary_of(program);
  run r = begin("jit", &binary, NULL);
  check_results(&r);
  file entry = entry_of(&r);
  for (size_t at = 1; at < entry.size; at += 40) {
    file f = {.fails_at = at};
    assert_int_equal(cove_module_write_entry(r.module, put, &f, NULL), COVE_IO);
    free(f.data);
  }
  free(entry.data);
  end(&r);
  cove_buffer_delete(&binary);
}

// Whatever allocation fails: the program begins, or does not for want of memory; the same with writing an entry.
static void memory_may_be_short(void **state) {
  (void)state;
  cove_buffer binary = binary_of(program);
  run first = begin("jit", &binary, NULL);
  assert_int_equal(call(&first, "one", 4), 15);
  file entry = entry_of(&first);
  end(&first);
  uint32_t made = 0, written = 0, failed = 0;
  for (uint64_t n = 1; n < 200; n++) {
    cove_engine *engine = engine_of("jit", "all", false);
    cv_mem *mem = cv_engine_mem((cv_engine *)engine);
    cove_module *module;
    mem->fail_at = mem->calls + n;
    cove_status status = cove_module_new_cached(engine, binary.data, binary.size, n % 2 != 0 ? entry.data : NULL,
                                                n % 2 != 0 ? entry.size : 0, NULL, NULL, &module, NULL);
    mem->fail_at = 0;
    if (status == COVE_OK) {
      made++;
      assert_non_null(module);
      file f = {0};
      mem->fail_at = mem->calls + made;
      status = cove_module_write_entry(module, put, &f, NULL);
      mem->fail_at = 0;
      written += status == COVE_OK;
      free(f.data);
      cove_module_delete(module);
    }
    if (status != COVE_OK) {
      assert_int_equal(status, COVE_NO_MEMORY);
      failed++;
    }
    cove_engine_delete(engine);
  }
  assert_true(made > 10 && written > 5 && failed > 10);
  free(entry.data);
  cove_buffer_delete(&binary);
}

// ---- components ----

static uint32_t call_component(cove_engine *engine, cove_component *c, const char *name) {
  cove_store *store;
  cove_component_instance *instance;
  assert_int_equal(cove_store_new(engine, NULL, &store, NULL), COVE_OK);
  cove_component_linker *linker = cove_component_linker_new(store);
  assert_int_equal(cove_component_linker_instantiate(linker, c, &instance, NULL), COVE_OK);
  cove_component_value argument = {.kind = COVE_COMPONENT_U32, .as.u64 = 40}, result = {.kind = 0};
  cove_component_func *func = cove_component_instance_func(instance, NULL, name);
  assert_non_null(func);
  assert_int_equal(cove_component_func_call(func, &argument, 1, &result, NULL), COVE_OK);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  return (uint32_t)result.as.u64;
}

static void components_are_kept(void **state) {
  (void)state;
  cove_buffer binary = binary_of(component);
  file entry = {0}, more = {0};
  cove_component *c;
  cove_engine *engine = engine_of("jit", "all", false);
  assert_int_equal(cove_component_new_cached(engine, binary.data, binary.size, NULL, 0, NULL, NULL, &c, NULL), COVE_OK);
  assert_int_equal(call_component(engine, c, "one"), 41);
  assert_true(cove_component_wants_entry(c));
  assert_int_equal(cove_component_write_entry(c, put, &entry, NULL), COVE_OK);
  cove_component_delete(c);
  assert_int_equal(
      cove_component_new_cached(engine, binary.data, binary.size, entry.data, entry.size, NULL, NULL, &c, NULL),
      COVE_OK);
  assert_non_null(c);
  assert_int_equal(call_component(engine, c, "one"), 41);
  assert_false(cove_component_wants_entry(c));
  assert_int_equal(call_component(engine, c, "two"), 42);
  assert_int_equal(call_component(engine, c, "other"), 9);
  assert_true(cove_component_wants_entry(c));
  assert_int_equal(cove_component_write_entry(c, put, &more, NULL), COVE_OK);
  assert_true(more.size > entry.size);
  cove_component_delete(c);
  entry.data[entry.size / 2] ^= 1;
  assert_int_equal(cove_component_new_cached(engine, binary.data, binary.size, entry.data, 100, NULL, NULL, &c, NULL),
                   COVE_OK);
  assert_null(c);
  free(entry.data);
  free(more.data);
  cove_engine_delete(engine);
  cove_buffer_delete(&binary);
}

int main(void) {
  cove_engine *engine = engine_of("auto", "default", false);
  char name[COVE_CACHE_NAME_SIZE];
  bool can = cove_cache_name(engine, "", 0, name);
  cove_engine_delete(engine);
  if (!can)
    return 77; // no machine code here, or no digests
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(later_runs_begin_with_it),
      cmocka_unit_test(damage_does_no_harm),
      cmocka_unit_test(what_does_not_fit_is_not_used),
      cmocka_unit_test(names_differ),
      cmocka_unit_test(memory_may_be_short),
      cmocka_unit_test(the_tier_above_is_kept),
      cmocka_unit_test(writing_may_fail),
      cmocka_unit_test(components_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
