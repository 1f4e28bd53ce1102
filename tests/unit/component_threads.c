// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_threads.c: one compiled component in several threads, each with a store of its own, that call it for the
// first time at once: what is made by a first call is made by all of them together. Sees include/cove only; the thread
// sanitizer is what looks at it most closely.
#include <cove/cove.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 6, CALLS = 20 };

#define MEMORY                                                                                                         \
  "(core module $Memory (memory (export \"memory\") 1) (global $top (mut i32) (i32.const 1024))"                       \
  " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (local $at i32)"                                   \
  "  (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))"                               \
  "  (global.set $top (i32.add (local.get $at) (local.get 3))) (local.get $at)))"                                      \
  " (core instance $memory (instantiate $Memory))"
#define OPTIONS "(memory (core memory $memory \"memory\")) (realloc (core func $memory \"realloc\"))"

// $Back gives strings back as they are; $Relay calls it by an adapter, and lends it a resource that it implements.
static const char TEXT[] =
    "(component"
    " (component $Back " MEMORY "  (core module $M (import \"\" \"memory\" (memory 1))"
    "   (func (export \"back\") (param i32 i32) (result i32)"
    "    (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16))"
    "   (func (export \"look\") (param i32 i32) (result i32) (i32.load (local.get 0))))"
    "  (core instance $m (instantiate $M (with \"\" (instance $memory))))"
    "  (type $R (resource (rep i32))) (export $r \"r\" (type $R))"
    "  (core func $new (canon resource.new $r))"
    "  (func (export \"make\") (param \"n\" u32) (result (own $r)) (canon lift (core func $new)))"
    "  (func (export \"look\") (param \"r\" (list (borrow $r))) (result u32)"
    "   (canon lift (core func $m \"look\") " OPTIONS "))"
    "  (func (export \"back\") (param \"s\" string) (result string) (canon lift (core func $m \"back\") " OPTIONS ")))"
    " (component $Relay"
    "  (import \"i\" (instance $i (export \"r\" (type $r (sub resource)))"
    "   (export \"make\" (func (param \"n\" u32) (result (own $r))))"
    "   (export \"look\" (func (param \"r\" (list (borrow $r))) (result u32)))"
    "   (export \"back\" (func (param \"s\" string) (result string)))))"
    "  " MEMORY "  (core func $make (canon lower (func $i \"make\")))"
    "  (core func $look (canon lower (func $i \"look\") " OPTIONS "))"
    "  (core func $back (canon lower (func $i \"back\") " OPTIONS "))"
    "  (core instance $imports (export \"memory\" (memory $memory \"memory\")) (export \"make\" (func $make))"
    "   (export \"look\" (func $look)) (export \"back\" (func $back)))"
    "  (core module $M (import \"\" \"memory\" (memory 1)) (import \"\" \"make\" (func $make (param i32) (result i32)))"
    "   (import \"\" \"look\" (func $look (param i32 i32) (result i32)))"
    "   (import \"\" \"back\" (func $back (param i32 i32 i32)))"
    "   (func (export \"relay\") (param i32 i32) (result i32)"
    "    (i32.store (i32.const 32) (call $make (i32.const 77)))"
    "    (if (i32.ne (call $look (i32.const 32) (i32.const 1)) (i32.const 77)) (then unreachable))"
    "    (call $back (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))"
    "  (core instance $m (instantiate $M (with \"\" (instance $imports))))"
    "  (func (export \"relay\") (param \"s\" string) (result string)"
    "   (canon lift (core func $m \"relay\") " OPTIONS ")))"
    " (instance $back (instantiate $Back))"
    " (instance $relay (instantiate $Relay (with \"i\" (instance $back))))"
    " (export \"relay\" (func $relay \"relay\")))";

typedef struct worker {
  cove_engine *engine;
  const cove_component *component;
  pthread_barrier_t *start;
  const char *went_wrong; // NULL: nothing did
} worker;

static const char *call(cove_component_func *relay) {
  cove_component_value arg = {.kind = COVE_COMPONENT_STRING, .as.string = {"all at once", 11}}, result;
  cove_error *error = NULL;
  if (cove_component_func_call(relay, &arg, 1, &result, &error) != COVE_OK) {
    cove_error_delete(error);
    return "the call fails";
  }
  bool same = result.as.string.size == 11 && memcmp(result.as.string.data, "all at once", 11) == 0;
  cove_component_value_delete(&result);
  return same ? NULL : "another string comes back";
}

static const char *work(const worker *w, cove_component_linker *linker) {
  cove_component_instance *instance = NULL;
  cove_component_func *relay = NULL;
  if (linker != NULL && cove_component_linker_instantiate(linker, w->component, &instance, NULL) == COVE_OK)
    relay = cove_component_instance_func(instance, NULL, "relay");
  pthread_barrier_wait(w->start); // whatever happened: the others wait
  const char *wrong = relay == NULL ? "no instance" : NULL;
  for (int i = 0; i < CALLS && wrong == NULL; i++)
    wrong = call(relay);
  return wrong;
}

static void *run(void *env) {
  worker *w = env;
  cove_store *store = NULL;
  cove_component_linker *linker = NULL;
  if (cove_store_new(w->engine, NULL, &store, NULL) == COVE_OK)
    linker = cove_component_linker_new(store);
  w->went_wrong = work(w, linker);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  return NULL;
}

static void first_calls_at_once(void **state) {
  (void)state;
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_buffer binary;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  if (cove_text_parse(engine, TEXT, strlen(TEXT), &binary, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  for (int round = 0; round < ROUNDS; round++) {
    cove_component *component = NULL;
    if (cove_component_new(engine, binary.data, binary.size, &component, &error) != COVE_OK)
      fail_msg("%s", cove_error_message(error));
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    worker workers[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
      workers[i] = (worker){engine, component, &start, NULL};
      assert_int_equal(pthread_create(&threads[i], NULL, run, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
      pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    for (size_t i = 0; i < THREADS; i++)
      if (workers[i].went_wrong != NULL)
        fail_msg("%s", workers[i].went_wrong);
    cove_component_delete(component);
  }
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(first_calls_at_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
