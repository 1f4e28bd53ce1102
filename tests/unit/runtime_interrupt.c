// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ending calls from outside: deadlines and cancellation from another thread, in loops, bulk operations, waits and
// blocking host functions. Nothing here looks at how long anything took: a call that is not ended hangs, and the test's
// time limit fails it.
#include "runtime_support.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

static const char wat[] =
    "(module (import \"h\" \"block\" (func $block (param i32) (result i32)))"
    " (import \"h\" \"started\" (func $started (param i32) (result i32)))"
    " (memory 1 1 shared) (memory $big 4096)"
    " (func (export \"loop\") (param i32) (result i32) (drop (call $started (i32.const 0))) (loop (br 0)) (i32.const "
    "0))"
    " (func (export \"branchy\") (param i32) (result i32) (drop (call $started (i32.const 0)))"
    "  (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
    "   (br_table $l $l (local.get 0))) (i32.const 0))"
    " (func $a (param i32) (result i32) (return_call $b (local.get 0)))"
    " (func $b (param i32) (result i32) (return_call $a (local.get 0)))"
    " (func (export \"tail\") (param i32) (result i32) (drop (call $started (i32.const 0)))"
    "  (return_call $a (local.get 0)))"
    " (func (export \"bulk\") (param i32) (result i32) (drop (call $started (i32.const 0)))"
    "  (loop (memory.fill $big (i32.const 0) (i32.const 1) (i32.const 0x10000000)) (br 0)) (i32.const 0))"
    " (func (export \"wait\") (param i32) (result i32) (drop (call $started (i32.const 0)))"
    "  (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))"
    " (func (export \"host\") (param i32) (result i32) (drop (call $started (i32.const 0)))"
    "  (loop (br_if 0 (call $block (i32.const 0)))) (i32.const 0))"
    " (func (export \"quick\") (param i32) (result i32) (local.get 0)))";

static const char *const endless[] = {"loop", "branchy", "tail", "bulk", "wait", "host"};

static uint32_t running; // set by the guest once it is inside its call

static cv_run started(void *env, cv_instance *caller, cv_value *values) {
  __atomic_store_n(&running, 1, __ATOMIC_RELEASE);
  return CV_RUN_OK;
}

// Sleeps for an hour unless interrupted.
static cv_run block(void *env, cv_instance *caller, cv_value *values) {
  struct timespec hour = {.tv_sec = 3600};
  while (!cv_context_interrupted(caller->context)) {
    if (clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, NULL) != EINTR)
      return CV_RUN_OK;
  }
  return cv_context_interrupt_trap(caller->context);
}

static cv_instance *make(const world *w) {
  static const cv_valtype i32 = CV_I32;
  cv_extern imports[2] = {host_func(w, &i32, 1, &i32, 1, block, NULL), host_func(w, &i32, 1, &i32, 1, started, NULL)};
  return instantiate(w->store, wat, imports, 2);
}

static void *cancel_when_running(void *context) {
  while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) == 0)
    usleep(100);
  if (cv_context_cancel(context) != CV_OK)
    return context;
  return NULL;
}

static void cancelled_from_another_thread(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = make(&w);
    for (size_t k = 0; k < CV_COUNT(endless); k++) {
      running = 0;
      pthread_t thread;
      assert_int_equal(pthread_create(&thread, NULL, cancel_when_running, w.context), 0);
      assert_int_equal(call1(i, endless[k], 0, NULL), CV_RUN_TRAP);
      void *failed;
      pthread_join(thread, &failed);
      assert_null(failed);
      assert_int_equal(w.context->trap.kind, CV_TRAP_CANCELLED);
      assert_null(w.context->top);
      // A cancellation ends one call.
      assert_int_equal(result1(i, "quick", 4), 4);
    }
    world_delete(&w);
  }
}

static void deadline_ends_calls(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = make(&w);
    for (size_t k = 0; k < CV_COUNT(endless); k++) {
      assert_int_equal(cv_context_set_deadline(w.context, 5000000), CV_OK);
      assert_int_equal(call1(i, endless[k], 0, NULL), CV_RUN_TRAP);
      assert_int_equal(w.context->trap.kind, CV_TRAP_DEADLINE);
      // It stays in force until it is changed.
      assert_int_equal(call1(i, "quick", 0, NULL), CV_RUN_TRAP);
      assert_int_equal(w.context->trap.kind, CV_TRAP_DEADLINE);
      assert_int_equal(cv_context_set_deadline(w.context, 0), CV_OK);
      assert_int_equal(result1(i, "quick", 1), 1);
    }
    // A far deadline changes nothing, and goes with its store.
    assert_int_equal(cv_context_set_deadline(w.context, 3600ull * 1000000000), CV_OK);
    assert_int_equal(result1(i, "quick", 1), 1);
    world_delete(&w);
  }
}

static void cancelled_before_the_call(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = make(&w);
    assert_int_equal(cv_context_cancel(w.context), CV_OK);
    assert_int_equal(call1(i, "quick", 0, NULL), CV_RUN_TRAP);
    assert_int_equal(w.context->trap.kind, CV_TRAP_CANCELLED);
    assert_int_equal(result1(i, "quick", 1), 1);
    world_delete(&w);
  }
}

// A deadline after another number of microseconds each time finds the guest at ever other places: in prologues, calls,
// returns, host functions, bulk operations, throwing. Whatever it finds, the call ends cleanly with frames that make
// sense.
static const char busy_wat[] =
    "(module (import \"h\" \"nothing\" (func $nothing (param i32) (result i32))) (memory 2) (tag $t (param i32))"
    " (table 1 funcref) (elem (i32.const 0) $fib)"
    " (func $fib (param i32) (result i32)"
    "  (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))"
    "   (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))"
    "    (call_indirect (param i32) (result i32) (i32.sub (local.get 0) (i32.const 2)) (i32.const 0))))))"
    " (func $throw (param i32) (throw $t (local.get 0)))"
    " (func (export \"busy\") (param i32) (result i32)"
    "  (loop $l"
    "   (drop (call $fib (i32.const 8)))"
    "   (drop (call $nothing (i32.const 1)))"
    "   (memory.fill (i32.const 0) (i32.const 1) (i32.const 70000))"
    "   (block $h (result i32) (try_table (catch $t $h) (call $throw (i32.const 1))) (unreachable))"
    "   (drop) (br $l))"
    "  (i32.const 0))"
    " (func (export \"quick\") (param i32) (result i32) (call $fib (local.get 0))))";

static void interrupted_anywhere(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    static const cv_valtype i32 = CV_I32;
    cv_extern import = host_func(&w, &i32, 1, &i32, 1, started, NULL);
    cv_instance *i = instantiate(w.store, busy_wat, &import, 1);
    for (uint32_t k = 0; k < 400; k++) {
      assert_int_equal(cv_context_set_deadline(w.context, 1000 * (20 + k * 37 % 211)), CV_OK);
      assert_int_equal(call1(i, "busy", 0, NULL), CV_RUN_TRAP);
      const cv_trap *t = &w.context->trap;
      assert_int_equal(t->kind, CV_TRAP_DEADLINE);
      for (uint32_t f = 0; f < t->frame_count; f++) {
        assert_ptr_equal(t->frames[f].instance, i);
        assert_in_range(t->frames[f].func, 1, i->module->func_count - 1);
      }
      assert_null(w.context->top);
      assert_null(w.context->fiber);
      assert_int_equal(cv_context_set_deadline(w.context, 0), CV_OK);
      assert_int_equal(result1(i, "quick", 10), 55);
    }
    world_delete(&w);
  }
}

// Two stores share a memory: one waits, the other notifies.
typedef struct waiting {
  cv_instance *instance;
  uint32_t result;
} waiting;

static const char wait_wat[] =
    "(module (import \"m\" \"m\" (memory 1 2 shared))"
    " (func (export \"wait\") (param i32) (result i32)"
    "  (memory.atomic.wait32 (i32.const 8) (local.get 0) (i64.const -1)))"
    " (func (export \"timeout\") (param i32) (result i32)"
    "  (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 1000)))"
    " (func (export \"notify\") (param i32) (result i32) (memory.atomic.notify (i32.const 8) (local.get 0)))"
    " (func (export \"unaligned\") (param i32) (result i32) (memory.atomic.notify (i32.const 9) (local.get 0)))"
    " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    " (func (export \"size\") (param i32) (result i32) (memory.size)))";

static void *wait_in_thread(void *p) {
  waiting *w = p;
  w->result = result1(w->instance, "wait", 0);
  return NULL;
}

static void notified_by_another_store(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world a = world_new(&options, NULL), b = a;
    cv_diag diag;
    cv_diag_init(&diag);
    must(cv_store_new(a.engine, NULL, &b.store, &diag), &diag);
    b.context = cv_store_context(b.store);
    cv_memtype type = {.limits = {.min = 1, .max = 2, .has_max = true, .is_shared = true}, .page_log2 = 16};
    cv_memory *ma, *mb;
    must(cv_store_memory_new(a.store, &type, &ma, &diag), &diag);
    must(cv_store_memory_share(b.store, ma, &mb, &diag), &diag);
    cv_extern import_a = {.kind = CV_EXTERN_MEMORY, .as.memory = ma};
    cv_extern import_b = {.kind = CV_EXTERN_MEMORY, .as.memory = mb};
    cv_instance *ia = instantiate(a.store, wait_wat, &import_a, 1), *ib = instantiate(b.store, wait_wat, &import_b, 1);
    assert_int_equal(result1(ia, "wait", 1), 1);
    assert_int_equal(result1(ia, "timeout", 0), 2);
    waiting waiter = {.instance = ib};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait_in_thread, &waiter), 0);
    while (result1(ia, "notify", 1) == 0)
      usleep(100);
    pthread_join(thread, NULL);
    assert_int_equal(waiter.result, 0);
    assert_int_equal(call1(ia, "unaligned", 0, NULL), CV_RUN_TRAP);
    assert_int_equal(a.context->trap.kind, CV_TRAP_UNALIGNED_ATOMIC);
    // Growth is seen by both.
    assert_int_equal(result1(ib, "grow", 1), 1);
    assert_int_equal(result1(ia, "size", 0), 2);
    assert_int_equal(result1(ia, "grow", 1), UINT32_MAX);
    cv_store_delete(a.store); // the memory outlives the store that made it
    assert_int_equal(result1(ib, "size", 0), 2);
    cv_store_delete(b.store);
    cv_engine_release(a.engine);
  }
}

// A host function that runs an endless call of another store.
typedef struct nested {
  cv_instance *inner;
  const char *name;
  cv_context *set_deadline; // of this store, before the call: so that the call is made before it passes
  cv_run run;
} nested;

static cv_run run_inner(void *env, cv_instance *caller, cv_value *values) {
  nested *n = env;
  if (n->set_deadline != NULL)
    assert_int_equal(cv_context_set_deadline(n->set_deadline, 5000000), CV_OK);
  n->set_deadline = NULL;
  n->run = call1(n->inner, n->name, 0, NULL);
  values[0].i32 = 1; // the guest calls again, whatever became of it: its own call has to end by itself
  return CV_RUN_OK;
}

// A deadline or a cancellation of the store that runs ends the calls of other stores that its host functions make.
static void ends_calls_of_other_stores(void **state) {
  static const cv_valtype i32 = CV_I32;
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world inner = world_new(&options, NULL), outer = world_new(&options, NULL);
    nested n = {.inner = make(&inner)};
    cv_extern imports[2] = {host_func(&outer, &i32, 1, &i32, 1, run_inner, &n),
                            host_func(&outer, &i32, 1, &i32, 1, started, NULL)};
    cv_instance *o = instantiate(outer.store, wat, imports, 2);
    for (size_t k = 0; k < CV_COUNT(endless); k++) {
      n.name = endless[k];
      n.set_deadline = outer.context;
      assert_int_equal(call1(o, "host", 0, NULL), CV_RUN_TRAP);
      assert_int_equal(outer.context->trap.kind, CV_TRAP_DEADLINE);
      assert_string_equal(cv_trap_sentence(outer.context), "deadline of 5 ms passed");
      assert_int_equal(n.run, CV_RUN_TRAP);
      assert_int_equal(inner.context->trap.kind, CV_TRAP_DEADLINE);
      assert_string_equal(cv_trap_sentence(inner.context), "deadline of the store that made this call passed");
      assert_int_equal(cv_context_set_deadline(outer.context, 0), CV_OK);
      running = 0;
      pthread_t thread;
      assert_int_equal(pthread_create(&thread, NULL, cancel_when_running, outer.context), 0);
      assert_int_equal(call1(o, "host", 0, NULL), CV_RUN_TRAP);
      assert_int_equal(pthread_join(thread, NULL), 0);
      assert_int_equal(outer.context->trap.kind, CV_TRAP_CANCELLED);
      // Neither store has anything left of it.
      assert_int_equal(result1(n.inner, "quick", 4), 4);
      assert_int_equal(result1(o, "quick", 5), 5);
      // A deadline of the inner store is its own.
      assert_int_equal(cv_context_set_deadline(inner.context, 5000000), CV_OK);
      assert_int_equal(call1(n.inner, endless[k], 0, NULL), CV_RUN_TRAP);
      assert_string_equal(cv_trap_sentence(inner.context), "deadline of 5 ms passed");
      assert_int_equal(cv_context_set_deadline(inner.context, 0), CV_OK);
    }
    world_delete(&inner);
    world_delete(&outer);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cancelled_from_another_thread), cmocka_unit_test(deadline_ends_calls),
      cmocka_unit_test(cancelled_before_the_call),     cmocka_unit_test(interrupted_anywhere),
      cmocka_unit_test(notified_by_another_store),     cmocka_unit_test(ends_calls_of_other_stores),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
