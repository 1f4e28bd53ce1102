// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// glue_ownership.c: who owns a resource of the host when a call through glue ends, wherever it traps: every resource is
// dropped once, by the host's function that got it, by the call that lost it, or by the tables when the store goes. The
// glue here is what `cove bindgen host` writes for these functions. Sees include/cove only.
#include <cove/cove.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// ---- the host ------------------------------------------------------------------------------------------------------

enum { MOST = 12, PAIRS = 3 };

// A resource is a pointer to the count of its drops.
typedef struct host {
  int drops[MOST];
  int made;       // resources so far
  int kept[MOST]; // resources that a function of the host took, or a caller got
  int kept_count; //
  bool traps;     // the functions, when they have their arguments
  cove_component_func *again;
} host;

static void drop(void *env, void *rep) {
  (void)env;
  ++*(int *)rep;
}

static const cove_glue_resource thing = {"thing", "test:host/things/thing", drop};

static int *new_rep(host *h) {
  assert_in_range(h->made, 0, MOST - 1);
  return &h->drops[h->made++];
}

static cove_host_result took(host *h, cove_call *call, void *rep) {
  h->kept[h->kept_count++] = (int)((int *)rep - h->drops);
  return h->traps ? cove_call_trap(call, "the host traps") : COVE_HOST_OK;
}

static cove_host_result glue_new(void *env, cove_call *call, cove_value *values) {
  return cove_glue_lower_own(call, &thing, new_rep(env), &values[0].u32);
}

// take: func(a: thing, b: string)
static cove_host_result glue_take(void *env, cove_call *call, cove_value *values) {
  void *a;
  cove_string b;
  COVE_GLUE_TRY(cove_glue_lift_own(call, &thing, values[0].u32, &a));
  COVE_GLUE_TRY(cove_glue_lift_string(call, values[1].u32, values[2].u32, &b));
  cove_glue_give_all(call);
  return took(env, call, a);
}

// take-two: func(a: thing, b: thing)
static cove_host_result glue_take_two(void *env, cove_call *call, cove_value *values) {
  void *a, *b;
  COVE_GLUE_TRY(cove_glue_lift_own(call, &thing, values[0].u32, &a));
  COVE_GLUE_TRY(cove_glue_lift_own(call, &thing, values[1].u32, &b));
  cove_glue_give_all(call);
  COVE_GLUE_TRY(took(env, call, a));
  return took(env, call, b);
}

// pairs: func() -> list<tuple<thing, string>>
static cove_host_result glue_pairs(void *env, cove_call *call, cove_value *values) {
  uint8_t *result, *to;
  uint32_t address;
  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, 8, 4, &result));
  void *reps[PAIRS];
  cove_host_result noted = COVE_HOST_OK;
  for (int i = 0; i < PAIRS; i++)
    reps[i] = new_rep(env);
  for (int i = 0; i < PAIRS; i++)
    if (cove_glue_note_own(call, &thing, reps[i]) != COVE_HOST_OK)
      noted = COVE_HOST_TRAP;
  COVE_GLUE_TRY(noted);
  COVE_GLUE_TRY(cove_glue_alloc(call, PAIRS * 12, 4, &address, &to));
  for (int i = 0; i < PAIRS; i++, to += 12) {
    uint32_t handle, at, units;
    COVE_GLUE_TRY(cove_glue_lower_own(call, &thing, reps[i], &handle));
    cove_glue_store32(to, handle);
    COVE_GLUE_TRY(cove_glue_lower_string(call, (cove_string){"pair", 4}, &at, &units));
    cove_glue_store32(to + 4, at);
    cove_glue_store32(to + 8, units);
  }
  cove_glue_store32(result, address);
  cove_glue_store32(result + 4, PAIRS);
  return COVE_HOST_OK;
}

// again: func(): calls the export that is running.
static cove_host_result glue_again(void *env, cove_call *call, cove_value *values) {
  (void)values;
  host *h = env;
  cove_error *error = NULL;
  cove_call inner;
  cove_host_result run = cove_glue_enter(&inner, h->again, NULL);
  assert_int_equal(run, COVE_HOST_TRAP);
  assert_int_equal(cove_glue_leave(&inner, run, &error), COVE_TRAP);
  assert_non_null(strstr(cove_error_message(error), "cannot enter component instance"));
  cove_error_delete(error);
  return cove_call_trap(call, "not again");
}

static const cove_glue_func funcs[] = {
    {"[constructor]thing", "()->own<test:host/things/thing>", glue_new, NULL},
    {"again", "()", glue_again, NULL},
    {"pairs", "()->list<tuple<own<test:host/things/thing>,string>>", glue_pairs, NULL},
    {"take", "(own<test:host/things/thing>,string)", glue_take, "a b"},
    {"take-two", "(own<test:host/things/thing>,own<test:host/things/thing>)", glue_take_two, "a b"},
};
static const cove_glue_resource *const resources[] = {&thing};
static const cove_glue_interface things = {"test:host/things@1.0.0", funcs, 5, resources, 1};

// ---- the component -------------------------------------------------------------------------------------------------

// "arm" makes the realloc that comes after n good ones go wrong in the way that is asked for, "trap-after" makes
// post-return trap. "go" calls the host: what it does is its argument.
static const char text[] =
    "(component"
    " (import \"test:host/things@1.0.0\" (instance $h"
    "  (export \"thing\" (type $t (sub resource)))"
    "  (export \"[constructor]thing\" (func (result (own $t))))"
    "  (export \"again\" (func))"
    "  (export \"pairs\" (func (result (list (tuple (own $t) string)))))"
    "  (export \"take\" (func (param \"a\" (own $t)) (param \"b\" string)))"
    "  (export \"take-two\" (func (param \"a\" (own $t)) (param \"b\" (own $t))))))"
    " (alias export $h \"thing\" (type $thing))"
    " (core module $Memory (memory (export \"memory\") 1)"
    "  (data (i32.const 64) \"good\") (data (i32.const 80) \"b\\ffd!\")"
    "  (global $top (mut i32) (i32.const 1024)) (global $left (mut i32) (i32.const -1)) (global $how (mut i32)"
    "   (i32.const 0)) (global $after (mut i32) (i32.const 0))"
    "  (table (export \"table\") 1 funcref) (type $none (func))"
    "  (func (export \"arm\") (param i32 i32) (global.set $left (local.get 0)) (global.set $how (local.get 1)))"
    "  (func (export \"trap-after\") (global.set $after (i32.const 1)))"
    "  (func (export \"post\") (param i32) (if (global.get $after) (then unreachable)))"
    "  (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "   (if (i32.eqz (global.get $left)) (then"
    "    (if (i32.eq (global.get $how) (i32.const 0)) (then unreachable))"
    "    (if (i32.eq (global.get $how) (i32.const 1)) (then (return (i32.const 65535))))"
    "    (if (i32.eq (global.get $how) (i32.const 2)) (then (return (i32.const -1))))"
    "    (if (i32.eq (global.get $how) (i32.const 3)) (then (call_indirect (type $none) (i32.const 0))))))"
    "   (global.set $left (i32.sub (global.get $left) (i32.const 1)))"
    "   (global.set $top (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))"
    "   (global.get $top)"
    "   (global.set $top (i32.add (global.get $top) (local.get 3)))))"
    " (core instance $memory (instantiate $Memory))"
    " (alias core export $memory \"memory\" (core memory $mem))"
    " (alias core export $memory \"realloc\" (core func $realloc))"
    " (alias core export $memory \"post\" (core func $post))"
    " (core func $new (canon lower (func $h \"[constructor]thing\")))"
    " (core func $again (canon lower (func $h \"again\")))"
    " (core func $pairs (canon lower (func $h \"pairs\") (memory $mem) (realloc $realloc)))"
    " (core func $take (canon lower (func $h \"take\") (memory $mem)))"
    " (core func $take-two (canon lower (func $h \"take-two\")))"
    " (core module $M"
    "  (import \"m\" \"memory\" (memory 1)) (import \"m\" \"table\" (table 1 funcref))"
    "  (import \"h\" \"new\" (func $new (result i32))) (import \"h\" \"again\" (func $again))"
    "  (import \"h\" \"pairs\" (func $pairs (param i32))) (import \"h\" \"take\" (func $take (param i32 i32 i32)))"
    "  (import \"h\" \"take-two\" (func $take-two (param i32 i32)))"
    "  (elem (i32.const 0) $again)"
    "  (func (export \"go\") (param $what i32)"
    "   (if (i32.eq (local.get $what) (i32.const 0)) (then (call $take (call $new) (i32.const 64) (i32.const 4))))"
    "   (if (i32.eq (local.get $what) (i32.const 1)) (then (call $take (call $new) (i32.const 80) (i32.const 4))))"
    "   (if (i32.eq (local.get $what) (i32.const 2)) (then (call $take (call $new) (i32.const -1) (i32.const 4))))"
    "   (if (i32.eq (local.get $what) (i32.const 3)) (then (call $take-two (call $new) (i32.const 99))))"
    "   (if (i32.eq (local.get $what) (i32.const 4)) (then (call $take-two (call $new) (call $new))))"
    "   (if (i32.eq (local.get $what) (i32.const 5)) (then (call $pairs (i32.const 16))))"
    "   (if (i32.eq (local.get $what) (i32.const 6)) (then (call $take-two (i32.const 1) (i32.const 1))))"
    "   (if (i32.eq (local.get $what) (i32.const 7)) (then (call $again))))"
    // give: func(bad: u32) -> tuple<thing, string>
    "  (func (export \"give\") (param $bad i32) (result i32)"
    "   (i32.store (i32.const 16) (call $new))"
    "   (i32.store (i32.const 20) (select (i32.const 80) (i32.const 64) (local.get $bad)))"
    "   (i32.store (i32.const 24) (i32.const 4)) (i32.const 16))"
    // get: func(a: thing, b: string, c: thing)
    "  (func (export \"get\") (param i32 i32 i32 i32)))"
    " (core instance $m (instantiate $M (with \"m\" (instance $memory)) (with \"h\" (instance"
    "  (export \"new\" (func $new)) (export \"again\" (func $again)) (export \"pairs\" (func $pairs))"
    "  (export \"take\" (func $take)) (export \"take-two\" (func $take-two))))))"
    " (func (export \"arm\") (param \"after\" u32) (param \"how\" u32) (canon lift (core func $memory \"arm\")))"
    " (func (export \"trap-after\") (canon lift (core func $memory \"trap-after\")))"
    " (func (export \"go\") (param \"what\" u32) (canon lift (core func $m \"go\")))"
    " (func (export \"give\") (param \"bad\" u32) (result (tuple (own $thing) string))"
    "  (canon lift (core func $m \"give\") (memory $mem) (realloc $realloc) (post-return $post)))"
    " (func (export \"get\") (param \"a\" (own $thing)) (param \"b\" string) (param \"c\" (own $thing))"
    "  (canon lift (core func $m \"get\") (memory $mem) (realloc $realloc))))";

typedef struct fixture {
  host host;
  cove_engine *engine;
  cove_component *component;
  cove_store *store;
  cove_component_instance *instance;
} fixture;

static void open_store(fixture *f, uint32_t handles) {
  f->host = (host){0};
  cove_error *error = NULL;
  cove_limits *limits = cove_limits_new();
  assert_non_null(limits);
  if (handles != 0)
    cove_limits_set_handles(limits, handles);
  assert_int_equal(cove_store_new(f->engine, limits, &f->store, NULL), COVE_OK);
  cove_limits_delete(limits);
  cove_component_linker *linker = cove_component_linker_new(f->store);
  assert_non_null(linker);
  assert_int_equal(cove_component_linker_define_interface(linker, &things, &f->host, NULL), COVE_OK);
  if (cove_component_linker_instantiate(linker, f->component, &f->instance, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  cove_component_linker_delete(linker);
}

// What the host kept is its own; the rest was dropped once. `dropped` are those that were dropped before the store
// went.
static void close_store(fixture *f, const char *name, int dropped) {
  host *h = &f->host;
  int before = 0;
  for (int i = 0; i < h->made; i++)
    before += h->drops[i];
  if (before != dropped)
    fail_msg("%s: %d of %d resources dropped by the call instead of %d", name, before, h->made, dropped);
  cove_store_delete(f->store);
  for (int i = 0; i < h->kept_count; i++)
    drop(NULL, &h->drops[h->kept[i]]);
  for (int i = 0; i < h->made; i++)
    if (h->drops[i] != 1)
      fail_msg("%s: resource %d of %d was dropped %d times", name, i, h->made, h->drops[i]);
}

static void open_fixture(fixture *f) {
  *f = (fixture){0};
  cove_error *error = NULL;
  cove_buffer binary;
  assert_int_equal(cove_engine_new(NULL, &f->engine, NULL), COVE_OK);
  if (cove_text_parse(f->engine, text, sizeof text - 1, &binary, &error) != COVE_OK ||
      cove_component_new(f->engine, binary.data, binary.size, &f->component, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  cove_buffer_delete(&binary);
}

static void close_fixture(fixture *f) {
  cove_component_delete(f->component);
  cove_engine_delete(f->engine);
}

static cove_component_func *find(fixture *f, const char *name, const char *signature) {
  const cove_glue_export what = {"", name, signature};
  cove_component_func *func = NULL;
  cove_error *error = NULL;
  if (cove_glue_find_export(f->instance, &what, &func, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  return func;
}

static cove_status call_numbers(fixture *f, const char *name, const char *signature, uint32_t a, uint32_t b,
                                cove_error **error) {
  cove_call call;
  cove_value values[COVE_GLUE_SLOTS];
  cove_host_result run = cove_glue_enter(&call, find(f, name, signature), NULL);
  values[0].u64 = a;
  values[1].u64 = b;
  if (run == COVE_HOST_OK)
    run = cove_glue_invoke(&call, values);
  return cove_glue_leave(&call, run, error);
}

static void arm(fixture *f, uint32_t after, uint32_t how) {
  assert_int_equal(call_numbers(f, "arm", "(u32,u32)", after, how, NULL), COVE_OK);
}

static void expect(const char *name, cove_status status, cove_error **error, const char *trap) {
  if (status != (trap != NULL ? COVE_TRAP : COVE_OK) ||
      (trap != NULL && strstr(cove_error_message(*error), trap) == NULL))
    fail_msg("%s: \"%s\"", name, status != COVE_OK ? cove_error_message(*error) : "no trap");
  cove_error_delete(*error);
  *error = NULL;
}

// How realloc goes wrong.
enum { NEVER = -1, TRAPS = 0, MISALIGNED = 1, OUTSIDE = 2, CALLS = 3 };

// ---- functions of the host -----------------------------------------------------------------------------------------

static void arguments_of_host_functions(void **state) {
  (void)state;
  static const struct {
    const char *name;
    uint32_t what;
    bool traps;
    int dropped, kept;
    const char *trap;
  } rows[] = {
      {"taken", 0, false, 0, 1, NULL},
      {"taken, then the host traps", 0, true, 0, 1, "the host traps"},
      {"a string that is not UTF-8 after it", 1, false, 1, 0, "invalid utf-8"},
      {"a string out of bounds after it", 2, false, 1, 0, "out of bounds of memory"},
      {"an unknown handle after it", 3, false, 1, 0, "unknown handle index 99"},
      {"two taken", 4, false, 0, 2, NULL},
      {"the same handle twice", 6, false, 0, 0, "unknown handle index 1"},
  };
  fixture f;
  open_fixture(&f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cove_error *error = NULL;
    open_store(&f, 0);
    f.host.traps = rows[i].traps;
    expect(rows[i].name, call_numbers(&f, "go", "(u32)", rows[i].what, 0, &error), &error, rows[i].trap);
    assert_int_equal(f.host.kept_count, rows[i].kept);
    close_store(&f, rows[i].name, rows[i].dropped);
  }
  close_fixture(&f);
}

static void results_of_host_functions(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int after;
    uint32_t how, handles;
    int dropped;
    const char *trap;
  } rows[] = {
      {"lowered", NEVER, TRAPS, 0, 0, NULL},
      {"realloc of the list traps", 0, TRAPS, 0, 3, "unreachable"},
      {"realloc of the first string traps", 1, TRAPS, 0, 2, "unreachable"},
      {"realloc of the last string traps", 3, TRAPS, 0, 0, "unreachable"},
      {"realloc gives a misaligned list", 0, MISALIGNED, 0, 3, "not aligned"},
      {"realloc gives memory outside", 2, OUTSIDE, 0, 1, "beyond end of memory"},
      {"realloc calls the host", 1, CALLS, 0, 2, "cannot leave component instance"},
      {"no room for the second", NEVER, TRAPS, 1, 2, "limit of 1 handles"},
  };
  fixture f;
  open_fixture(&f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cove_error *error = NULL;
    open_store(&f, rows[i].handles);
    if (rows[i].after != NEVER)
      arm(&f, (uint32_t)rows[i].after, rows[i].how);
    expect(rows[i].name, call_numbers(&f, "go", "(u32)", 5, 0, &error), &error, rows[i].trap);
    close_store(&f, rows[i].name, rows[i].dropped);
  }
  close_fixture(&f);
}

static void no_entering_again(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  open_store(&f, 0);
  cove_error *error = NULL;
  f.host.again = find(&f, "go", "(u32)");
  expect("again", call_numbers(&f, "go", "(u32)", 7, 0, &error), &error, "not again");
  // What trapped is not entered any more.
  expect("and again", call_numbers(&f, "go", "(u32)", 0, 0, &error), &error, "cannot enter component instance");
  close_store(&f, "again", 0);
  close_fixture(&f);
}

// ---- calls of exports ----------------------------------------------------------------------------------------------

static cove_host_result lift_give(cove_call *call, const cove_value *values, void **rep, cove_string *out) {
  uint8_t *from;
  COVE_GLUE_TRY(cove_glue_range(call, values[0].u32, 12, 4, &from));
  COVE_GLUE_TRY(cove_glue_lift_own(call, &thing, cove_glue_load32(from), rep));
  return cove_glue_keep_string(call, cove_glue_load32(from + 4), cove_glue_load32(from + 8), out);
}

static void results_of_exports(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool bad, after;
    int dropped;
    const char *trap;
  } rows[] = {
      {"given", false, false, 0, NULL},
      {"a string that is not UTF-8 after it", true, false, 1, "invalid utf-8"},
      {"post-return traps", false, true, 1, "unreachable"},
  };
  fixture f;
  open_fixture(&f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    open_store(&f, 0);
    if (rows[i].after)
      assert_int_equal(call_numbers(&f, "trap-after", "()", 0, 0, NULL), COVE_OK);
    cove_error *error = NULL;
    cove_results results = {0};
    cove_call call;
    cove_value values[COVE_GLUE_SLOTS];
    cove_string string = {0};
    void *rep = NULL;
    cove_host_result run =
        cove_glue_enter(&call, find(&f, "give", "(u32)->tuple<own<test:host/things/thing>,string>"), &results);
    values[0].u64 = rows[i].bad;
    if (run == COVE_HOST_OK)
      run = cove_glue_invoke(&call, values);
    if (run == COVE_HOST_OK)
      run = lift_give(&call, values, &rep, &string);
    cove_status status = cove_glue_leave(&call, run, &error);
    if (status == COVE_OK) {
      assert_string_equal(string.data, "good");
      f.host.kept[f.host.kept_count++] = (int)((int *)rep - f.host.drops);
    }
    expect(rows[i].name, status, &error, rows[i].trap);
    cove_results_free(&results);
    close_store(&f, rows[i].name, rows[i].dropped);
  }
  close_fixture(&f);
}

static cove_host_result lower_get(cove_call *call, cove_value *values, void *a, cove_string b, void *c) {
  COVE_GLUE_TRY(cove_glue_lower_own(call, &thing, a, &values[0].u32));
  COVE_GLUE_TRY(cove_glue_lower_string(call, b, &values[1].u32, &values[2].u32));
  return cove_glue_lower_own(call, &thing, c, &values[3].u32);
}

static void arguments_of_exports(void **state) {
  (void)state;
  static const struct {
    const char *name;
    const char *string;
    int after;
    uint32_t how, handles;
    bool poisoned;
    int dropped;
    const char *trap;
  } rows[] = {
      {"got", "good", NEVER, TRAPS, 0, false, 0, NULL},
      {"a string that is not UTF-8 in between", "\xff", NEVER, TRAPS, 0, false, 1, "invalid utf-8"},
      {"realloc traps in between", "good", 0, TRAPS, 0, false, 1, "unreachable"},
      {"realloc gives memory outside", "good", 0, OUTSIDE, 0, false, 1, "beyond end of memory"},
      {"realloc calls the host", "good", 0, CALLS, 0, false, 1, "cannot leave component instance"},
      {"no room for the second", "good", NEVER, TRAPS, 1, false, 1, "limit of 1 handles"},
      {"the instance is not entered", "good", NEVER, TRAPS, 0, true, 2, "cannot enter component instance"},
  };
  fixture f;
  open_fixture(&f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    open_store(&f, rows[i].handles);
    cove_error *error = NULL;
    if (rows[i].after != NEVER)
      arm(&f, (uint32_t)rows[i].after, rows[i].how);
    if (rows[i].poisoned)
      expect("poison", call_numbers(&f, "go", "(u32)", 6, 0, &error), &error, "unknown handle");
    error = NULL;
    cove_call call;
    cove_value values[COVE_GLUE_SLOTS];
    void *a = new_rep(&f.host), *c = new_rep(&f.host);
    cove_host_result noted = COVE_HOST_OK;
    cove_host_result run = cove_glue_enter(
        &call, find(&f, "get", "(own<test:host/things/thing>,string,own<test:host/things/thing>)"), NULL);
    if (cove_glue_note_own(&call, &thing, a) != COVE_HOST_OK)
      noted = COVE_HOST_TRAP;
    if (cove_glue_note_own(&call, &thing, c) != COVE_HOST_OK)
      noted = COVE_HOST_TRAP;
    if (run == COVE_HOST_OK)
      run = noted;
    if (run == COVE_HOST_OK)
      run = lower_get(&call, values, a, (cove_string){rows[i].string, strlen(rows[i].string)}, c);
    if (run == COVE_HOST_OK)
      run = cove_glue_invoke(&call, values);
    expect(rows[i].name, cove_glue_leave(&call, run, &error), &error, rows[i].trap);
    close_store(&f, rows[i].name, rows[i].dropped);
  }
  close_fixture(&f);
}

// Results stay until they are freed or reset, in however many pieces; memory is used again.
static void results_are_kept(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  open_store(&f, 0);
  cove_component_func *func = find(&f, "go", "(u32)");
  cove_results results = {0};
  for (int round = 0; round < 3; round++) {
    cove_call call;
    cove_host_result run = cove_glue_enter(&call, func, &results);
    assert_int_equal(run, COVE_HOST_OK);
    uint8_t *pieces[40];
    for (size_t i = 0; i < 40; i++) {
      void *piece;
      assert_int_equal(cove_glue_keep(&call, 100 * i, &piece), COVE_HOST_OK);
      assert_int_equal((uintptr_t)piece % 16, 0);
      memset(piece, (int)i, 100 * i);
      pieces[i] = piece;
    }
    for (size_t i = 0; i < 40; i++)
      for (size_t k = 0; k < 100 * i; k++)
        assert_int_equal(pieces[i][k], i);
    void *huge;
    assert_int_equal(cove_glue_keep(&call, SIZE_MAX - 8, &huge), COVE_HOST_TRAP);
    cove_value values[COVE_GLUE_SLOTS] = {{.u64 = 99}};
    assert_int_equal(cove_glue_invoke(&call, values), COVE_HOST_OK);
    assert_int_equal(cove_glue_leave(&call, COVE_HOST_OK, NULL), COVE_OK);
    cove_results_reset(&results);
    run = cove_glue_enter(&call, func, &results);
    void *piece, *again;
    assert_int_equal(cove_glue_keep(&call, 8, &piece), COVE_HOST_OK);
    cove_results_reset(&results);
    assert_int_equal(cove_glue_keep(&call, 8, &again), COVE_HOST_OK);
    assert_ptr_equal(piece, again);
    assert_int_equal(cove_glue_invoke(&call, values), COVE_HOST_OK);
    assert_int_equal(cove_glue_leave(&call, run, NULL), COVE_OK);
  }
  cove_results_free(&results);
  assert_null(results.chunks);
  cove_results_free(&results);
  cove_results_reset(&results);
  close_store(&f, "results", 0);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arguments_of_host_functions), cmocka_unit_test(results_of_host_functions),
      cmocka_unit_test(no_entering_again),           cmocka_unit_test(results_of_exports),
      cmocka_unit_test(arguments_of_exports),        cmocka_unit_test(results_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
