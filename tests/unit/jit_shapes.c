// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Entries and thunks of tier 1: signatures of any size pass every value both ways, and their number has an end however
// many signatures there are.
#include "runtime_support.h"

#include "runtime/extern.h"

#include "exec/code/stubs.h"
#include "runtime/tier.h"

#include <stdio.h>

static const cv_engine_options jit = {.tier = "jit", .features = CV_FEATURES_ALL};

// A signature of `count` parameters and as many results, of all types in turn, some values beyond the registers.
static const cv_valtype turn[] = {CV_I32, CV_F64, CV_I64, CV_F32, CV_V128, CV_EXTERNREF};
static const char *const names[] = {"i32", "f64", "i64", "f32", "v128", "externref"};

enum { MOST = 120 };

static void *refs[MOST]; // of the store at hand

static void fill(cv_value *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    memset(&values[i], 0x80 + (int)i, sizeof values[i]);
    if (turn[i % 6] == CV_EXTERNREF)
      values[i].ref = i % 12 == 5 ? NULL : refs[i];
  }
}

static void expect(const cv_value *got, const cv_value *wanted, uint32_t count) {
  static const size_t sizes[] = {4, 8, 8, 4, 16, 8};
  for (uint32_t i = 0; i < count; i++)
    assert_memory_equal(&got[i], &wanted[i], sizes[i % 6]);
}

// Gets the values and gives them back in the same order, after a look.
static cv_run same(void *env, cv_instance *caller, cv_value *values) {
  cv_value wanted[MOST];
  uint32_t count = *(const uint32_t *)env;
  fill(wanted, count);
  expect(values, wanted, count);
  memset(values, 0, count * sizeof *values);
  memcpy(values, wanted, count * sizeof *values);
  return CV_RUN_OK;
}

static void types_text(char *out, size_t size, uint32_t count) {
  size_t used = 0;
  for (uint32_t i = 0; i < count; i++)
    used += (size_t)snprintf(out + used, size - used, " %s", names[i % 6]);
}

// From the host to wasm, through a thunk to a host function, and back; the larger ones take the general pieces.
static void values_of_any_number(void **state) {
  if (!tier_here("jit"))
    skip();
  for (uint32_t count = 1; count <= MOST; count += count < 20 ? 1 : 25) {
    world w = world_new(&jit, NULL);
    cv_valtype types[MOST];
    for (uint32_t i = 0; i < count; i++) {
      types[i] = turn[i % 6];
      refs[i] = cv_externref_new(w.store, NULL, NULL);
    }
    cv_extern import = host_func(&w, types, count, types, count, same, &count);
    static char list[MOST * 12], wat[8 * MOST * 12];
    types_text(list, sizeof list, count);
    size_t used = (size_t)snprintf(wat, sizeof wat,
                                   "(module (import \"h\" \"same\" (func $same (param%s) (result%s)))"
                                   " (func (export \"f\") (param%s) (result%s)",
                                   list, list, list, list);
    for (uint32_t i = 0; i < count; i++)
      used += (size_t)snprintf(wat + used, sizeof wat - used, " local.get %u", i);
    snprintf(wat + used, sizeof wat - used, " call $same))");
    cv_instance *i = instantiate(w.store, wat, &import, 1);
    cv_value values[MOST], wanted[MOST];
    fill(values, count);
    fill(wanted, count);
    assert_int_equal(cv_call(w.context, exported(i, "f"), values), CV_RUN_OK);
    expect(values, wanted, count);
    // The host function itself, from the host.
    assert_int_equal(cv_call(w.context, import.as.func, values), CV_RUN_OK);
    expect(values, wanted, count);
    world_delete(&w);
  }
}

static cv_run fails(void *env, cv_instance *caller, cv_value *values) {
  return cv_trap_set(caller->context, CV_TRAP_HOST, "asked for");
}

// A trap and an exception pass through the general pieces.
static void failures_pass(void **state) {
  if (!tier_here("jit"))
    skip();
  world w = world_new(&jit, NULL);
  cv_valtype types[40];
  for (uint32_t i = 0; i < CV_COUNT(types); i++)
    types[i] = CV_I64;
  cv_extern import = host_func(&w, types, 40, NULL, 0, fails, NULL);
  static char list[40 * 6], zeros[40 * 16], wat[4096];
  for (uint32_t i = 0; i < 40; i++) {
    strcat(list, " i64");
    strcat(zeros, " (i64.const 0)");
  }
  snprintf(wat, sizeof wat,
           "(module (import \"h\" \"fails\" (func $fails (param%s))) (tag $t)"
           " (func $throw (export \"throw\") (param%s) (throw $t))"
           " (func (export \"trap\") (param i32) (result i32) (call $fails%s) (i32.const 1))"
           " (func (export \"catch\") (param i32) (result i32)"
           "  (block $h (try_table (catch $t $h) (call $throw%s)) (unreachable)) (i32.const 7)))",
           list, list, zeros, zeros);
  cv_instance *i = instantiate(w.store, wat, &import, 1);
  assert_int_equal(call1(i, "trap", 0, NULL), CV_RUN_TRAP);
  assert_int_equal(w.context->trap.kind, CV_TRAP_HOST);
  assert_int_equal(w.context->trap.frame_count, 1);
  assert_int_equal(result1(i, "catch", 0), 7);
  cv_value values[40] = {{.i64 = 0}};
  assert_int_equal(cv_call(w.context, exported(i, "throw"), values), CV_RUN_EXCEPTION);
  assert_null(w.context->top);
  world_delete(&w);
}

// Strangers' modules with ever new signatures.
static void their_number_has_an_end(void **state) {
  if (!tier_here("jit"))
    skip();
  enum { SIGNATURES = 6000, PARAMS = 8 };
  static char wat[SIGNATURES * 120];
  size_t used = (size_t)snprintf(wat, sizeof wat, "(module");
  for (uint32_t n = 0; n < SIGNATURES; n++) {
    used += (size_t)snprintf(wat + used, sizeof wat - used, " (func (export \"f%u\") (param", n);
    for (uint32_t i = 0, left = n; i < PARAMS; i++, left /= 3)
      used += (size_t)snprintf(wat + used, sizeof wat - used, " %s",
                               left % 3 == 0   ? "i32"
                               : left % 3 == 1 ? "i64"
                                               : "f64");
    used += (size_t)snprintf(wat + used, sizeof wat - used, " i32) (result i32) (local.get %u))", (unsigned)PARAMS);
  }
  snprintf(wat + used, sizeof wat - used, ")");
  world w = world_new(&jit, NULL);
  cv_instance *i = instantiate(w.store, wat, NULL, 0);
  for (uint32_t n = 0; n < SIGNATURES; n++) {
    char name[16];
    snprintf(name, sizeof name, "f%u", n);
    cv_value values[PARAMS + 1] = {{.i64 = 0}};
    values[PARAMS].u32 = n;
    assert_int_equal(cv_call(w.context, exported(i, name), values), CV_RUN_OK);
    assert_int_equal(values[0].u32, n);
  }
  assert_in_range(cv_native_shape_count(), 2000, 4096);
  world_delete(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_of_any_number),
      cmocka_unit_test(failures_pass),
      cmocka_unit_test(their_number_has_an_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
