// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tier 1 compiles functions when they are first called: arguments of every kind survive, each way of calling finds the
// code, several threads meet in one module, traps and exceptions pass through code that came late, and a lack of memory
// is a trap.
#include "runtime_support.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/code/native.h"
#include "runtime/internal.h"

static const cv_engine_options lazy = {.tier = "jit", .features = CV_FEATURES_ALL, .compile = {.lazy = true}};

// Every parameter register and some slots beyond them; a different weight for each, so that no two can be swapped.
#define MANY_PARAMS "(param i32 i64 i32 i64 i32 i64 i32 i64 f32 f64 f32 f64 f32 f64 f32 f64 f64 v128)"
static const char many[] =
    "(module (type $t (func " MANY_PARAMS " (result i32 f64 i64)))"
    " (table 1 funcref) (elem (i32.const 0) $sum)"
    " (func $sum " MANY_PARAMS " (result i32 f64 i64)"
    "  (i32.add (i32.add (local.get 0) (i32.mul (i32.const 3) (local.get 2)))"
    "   (i32.add (i32.mul (i32.const 5) (local.get 4)) (i32.mul (i32.const 7) (local.get 6))))"
    "  (f64.add (f64.add (f64.add (local.get 9) (f64.mul (f64.const 3) (local.get 11)))"
    "     (f64.add (f64.mul (f64.const 5) (local.get 13)) (f64.mul (f64.const 7) (local.get 15))))"
    "   (f64.add (f64.mul (f64.const 11) (local.get 16)) (f64.promote_f32 (f32.add (f32.add (local.get 8)"
    "     (f32.mul (f32.const 3) (local.get 10))) (f32.add (f32.mul (f32.const 5) (local.get 12))"
    "     (f32.mul (f32.const 7) (local.get 14)))))))"
    "  (i64.add (i64.add (i64.add (local.get 1) (i64.mul (i64.const 3) (local.get 3)))"
    "     (i64.add (i64.mul (i64.const 5) (local.get 5)) (i64.mul (i64.const 7) (local.get 7))))"
    "   (i64x2.extract_lane 1 (local.get 17))))"
    " (func $fold (param i32 f64 i64) (result i32)"
    "  (i32.add (local.get 0) (i32.add (i32.trunc_f64_s (local.get 1)) (i32.wrap_i64 (local.get 2)))))"
#define ARGUMENTS                                                                                                      \
  "(i32.const 1) (i64.const 2) (i32.const 3) (i64.const 4) (i32.const 5) (i64.const 6) (i32.const 7) (i64.const 8)"    \
  "(f32.const 9) (f64.const 10) (f32.const 11) (f64.const 12) (f32.const 13) (f64.const 14) (f32.const 15)"            \
  "(f64.const 16) (f64.const 17) (v128.const i64x2 18 19)"
    " (func (export \"direct\") (result i32) (call $fold (call $sum " ARGUMENTS ")))"
    " (func (export \"indirect\") (result i32) (call $fold (call_indirect (type $t) " ARGUMENTS " (i32.const 0)))))";
enum {
  MANY_RESULT = (1 + 3 * 3 + 5 * 5 + 7 * 7) + (10 + 3 * 12 + 5 * 14 + 7 * 16 + 11 * 17) +
                (9 + 3 * 11 + 5 * 13 + 7 * 15) + (2 + 3 * 4 + 5 * 6 + 7 * 8 + 19)
};

static void arguments_survive(void **state) {
  static const char *const order[][2] = {{"direct", "indirect"}, {"indirect", "direct"}};
  for (size_t o = 0; o < CV_COUNT(order); o++) {
    world w = world_new(&lazy, NULL);
    cv_instance *i = instantiate(w.store, many, NULL, 0);
    for (unsigned times = 0; times < 3; times++)
      for (size_t k = 0; k < 2; k++)
        assert_int_equal(result1(i, order[o][k], 0), MANY_RESULT);
    world_delete(&w);
  }
}

// A function object taken before the function has code goes to the code itself once the store has called it.
static void objects_learn_their_code(void **state) {
  world w = world_new(&lazy, NULL);
  cv_instance *i = instantiate(w.store, "(module (func (export \"f\") (result i32) (i32.const 6)))", NULL, 0);
  cv_func *f = exported(i, "f");
  const void *before = f->code;
  assert_int_equal(result1(i, "f", 0), 6);
  assert_ptr_not_equal(f->code, before);
  assert_ptr_equal(cv_code_map_find((uintptr_t)f->code), i->code);
  assert_int_equal(result1(i, "f", 0), 6);
  world_delete(&w);
}

// With stubs for good: calls, function objects and tables lead to a function's stub, and one store exchanges it.
static void functions_are_exchanged(void **state) {
  static const char wat[] =
      "(module (type $t (func (result i32))) (table 1 funcref) (elem (i32.const 0) $f)"
      " (func $f (export \"f\") (result i32) (i32.const 1))"
      " (func $g (export \"g\") (result i32) (i32.const 2))"
      " (func (export \"direct\") (result i32) (call $f))"
      " (func (export \"indirect\") (result i32) (call_indirect (type $t) (i32.const 0)))"
      " (func $self (export \"self\") (param i32) (result i32)"
      "  (if (result i32) (local.get 0) (then (call $self (i32.const 0))) (else (i32.const 3)))))";
  static const char *const ways[] = {"f", "direct", "indirect"};
  world w = world_new(&lazy, NULL);
  cv_instance *i = instantiate(w.store, wat, NULL, 0);
  cv_native_code *code = (cv_native_code *)i->code;
  code->through_stubs = true; // no function has been compiled yet
  for (unsigned times = 0; times < 2; times++)
    for (size_t k = 0; k < CV_COUNT(ways); k++)
      assert_int_equal(result1(i, ways[k], 0), 1);
  assert_int_equal(result1(i, "g", 0), 2);
  assert_int_equal(result1(i, "self", 1), 3);
  const uint8_t *g = cv_native_entry_of(&code->funcs[1]) + CV_EXTERNAL_ENTRY;
  assert_int_equal(cv_native_lead(code, 0, g), CV_OK);
  assert_int_equal(cv_native_lead(code, 4, g), CV_OK);
  for (size_t k = 0; k < CV_COUNT(ways); k++)
    assert_int_equal(result1(i, ways[k], 0), 2);
  assert_int_equal(result1(i, "self", 1), 2);
  // What is bound from now on goes there, too.
  cv_func bound = {.instance = i, .index = exported(i, "f")->index};
  cv_native_bind(&code->base, &bound);
  assert_ptr_equal(bound.code, exported(i, "f")->code);
  world_delete(&w);
}

static void traps_and_exceptions_pass(void **state) {
  static const char wat[] =
      "(module (tag $e (param i32))"
      " (func $thrower (param i32) (if (local.get 0) (then (throw $e (i32.const 9)))) (unreachable))"
      " (func $middle (param i32) (call $thrower (local.get 0)))"
      " (func (export \"run\") (param i32) (result i32)"
      "  (block $caught (result i32) (try_table (catch $e $caught) (call $middle (local.get 0))) (i32.const 1)))"
      " (func $tail (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 4))))"
      "  (return_call $other (i32.sub (local.get 0) (i32.const 1))))"
      " (func $other (param i32) (result i32) (return_call $tail (local.get 0)))"
      " (func (export \"tail\") (param i32) (result i32) (return_call $tail (local.get 0)))"
      " (func $deep (export \"deep\") (param i32) (result i32) (call $deeper (local.get 0)))"
      " (func $deeper (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0)))))";
  world w = world_new(&lazy, NULL);
  cv_instance *i = instantiate(w.store, wat, NULL, 0);
  assert_int_equal(result1(i, "run", 1), 9);
  assert_int_equal(call1(i, "run", 0, NULL), CV_RUN_TRAP);
  assert_int_equal(w.context->trap.kind, CV_TRAP_UNREACHABLE);
  assert_int_equal(w.context->trap.frames_total, 3);
  for (uint32_t f = 0; f < 3; f++)
    assert_int_equal(w.context->trap.frames[f].func, f);
  assert_int_equal(result1(i, "tail", 100000), 4);
  assert_int_equal(call1(i, "deep", 0, NULL), CV_RUN_TRAP);
  assert_int_equal(w.context->trap.kind, CV_TRAP_STACK_OVERFLOW);
  world_delete(&w);
}

// Each depth around the one where the stack ends calls a function without code: it is compiled and traps, or returns,
// just as one that has code does.
static void late_where_the_stack_ends(void **state) {
  enum { LATE = 40, BELOW = 30 };
  static char wat[8192];
  size_t at = (size_t)snprintf(wat, sizeof wat, "(module (table %u funcref) (elem (i32.const 0) func", LATE);
  for (unsigned k = 0; k < LATE; k++)
    at += (size_t)snprintf(wat + at, sizeof wat - at, " $late%u", k);
  at += (size_t)snprintf(wat + at, sizeof wat - at,
                         ") (func $zero (result i32) (i32.const 0))"
                         " (func (export \"deep\") (param i32 i32) (result i32)"
                         "  (if (result i32) (i32.eqz (local.get 0)) (then (call_indirect (result i32) (local.get 1)))"
                         "   (else (i32.add (i32.const 1)"
                         "    (call 1 (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))))");
  for (unsigned k = 0; k < LATE; k++)
    at += (size_t)snprintf(wat + at, sizeof wat - at,
                           "(func $late%u (result i32) (i32.add (call $zero) (i32.const %u)))", k, k * 100000);
  snprintf(wat + at, sizeof wat - at, ")");
  world w = world_new(&lazy, &(cv_store_options){.stack_bytes = 128 << 10});
  cv_instance *i = instantiate(w.store, wat, NULL, 0);
  cv_func *deep = exported(i, "deep");
  uint32_t end = 1;
  for (cv_run run = CV_RUN_OK; run == CV_RUN_OK; end++) {
    cv_value values[2] = {{.u32 = end}, {.u32 = 0}};
    run = cv_call(w.context, deep, values);
    assert_true(end < 1000000);
  }
  end--; // the least depth that is too deep
  assert_true(end > BELOW);
  for (uint32_t k = 1; k < LATE; k++) {
    uint32_t depth = end - BELOW + k;
    cv_value values[2] = {{.u32 = depth}, {.u32 = k}};
    cv_run run = cv_call(w.context, deep, values);
    assert_int_equal(run, depth < end ? CV_RUN_OK : CV_RUN_TRAP);
    if (run == CV_RUN_OK)
      assert_int_equal(values[0].u32, depth + k * 100000);
    else
      assert_int_equal(w.context->trap.kind, CV_TRAP_STACK_OVERFLOW);
  }
  world_delete(&w);
}

// The engine's memory is taken away after instantiation: the first call cannot compile, a call after it is back can.
static void no_memory_is_a_trap(void **state) {
  world w = world_new(&lazy, NULL);
  cv_instance *i = instantiate(w.store,
                               "(module (func (export \"f\") (result i32) (call $g))"
                               " (func $g (result i32) (i32.const 3)))",
                               NULL, 0);
  (void)exported(i, "f");
  cv_mem *mem = cv_engine_mem(w.engine);
  cv_store *other; // brings stack and thread to be ready
  must(cv_store_new(w.engine, NULL, &other, NULL), NULL);
  cv_store_delete(other);
  cv_run last = CV_RUN_TRAP;
  unsigned failed = 0;
  for (uint64_t n = 1; last == CV_RUN_TRAP; n++) {
    assert_true(n < 1000);
    cv_value out;
    __atomic_store_n(&mem->fail_at, mem->calls + n, __ATOMIC_RELAXED);
    last = call1(i, "f", 0, &out);
    mem->fail_at = 0;
    if (last == CV_RUN_TRAP) {
      assert_int_equal(w.context->trap.kind, CV_TRAP_OUT_OF_MEMORY);
      failed++;
    } else {
      assert_int_equal(out.u32, 3);
    }
  }
  assert_true(failed > 2);
  world_delete(&w);
}

// ---- threads ----

enum { THREADS = 4, CHAIN = 200, ROUNDS = 12 };

typedef struct visitor {
  cv_engine *engine;
  cv_code *code;
  pthread_barrier_t *start;
  uint32_t first, sum, traps;
  bool ok;
} visitor;

// Calls every function of the chain, each thread from another start; function k is k + (function k - 1), trapping in
// between so that signal handlers walk frames while others compile.
static void *visit(void *arg) {
  visitor *v = arg;
  cv_store *store;
  cv_instance *instance;
  cv_diag diag;
  cv_diag_init(&diag);
  v->ok = cv_store_new(v->engine, NULL, &store, &diag) == CV_OK;
  if (!v->ok)
    return NULL;
  v->ok = cv_instantiate(store, v->code, NULL, 0, NULL, &instance, &diag) == CV_OK;
  pthread_barrier_wait(v->start);
  for (uint32_t n = 0; v->ok && n < CHAIN; n++) {
    uint32_t k = (v->first + n) % CHAIN;
    cv_value values[2] = {{.u32 = 0}};
    v->ok = cv_call(cv_store_context(store), cv_instance_func(instance, k), values) == CV_RUN_OK;
    v->sum += values[0].u32;
    values[0].u32 = 1; // the innermost one divides by zero
    if (cv_call(cv_store_context(store), cv_instance_func(instance, k), values) == CV_RUN_TRAP)
      v->traps += cv_store_context(store)->trap.kind == CV_TRAP_DIVIDE_BY_ZERO &&
                  cv_store_context(store)->trap.frames_total == k + 1;
  }
  cv_store_delete(store);
  return NULL;
}

static void threads_meet(void **state) {
  static char wat[CHAIN * 128];
  size_t at = (size_t)snprintf(wat, sizeof wat,
                               "(module (func (param i32) (result i32)"
                               " (i32.div_u (i32.const 0) (i32.sub (i32.const 1) (local.get 0))))");
  for (unsigned k = 1; k < CHAIN; k++)
    at +=
        (size_t)snprintf(wat + at, sizeof wat - at,
                         "(func (param i32) (result i32) (i32.add (i32.const %u) (call %u (local.get 0))))", k, k - 1);
  snprintf(wat + at, sizeof wat - at, ")");
  uint32_t sum = 0;
  for (uint32_t k = 0; k < CHAIN; k++)
    sum += k * (k + 1) / 2;
  cv_engine *engine;
  cv_diag diag;
  cv_diag_init(&diag);
  must(cv_engine_new(&engine, &lazy, &diag), &diag);
  keep_fault_handlers();
  for (unsigned round = 0; round < ROUNDS; round++) {
    cv_code *code = compile(engine, wat);
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    visitor v[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t t = 0; t < THREADS; t++) {
      v[t] = (visitor){.engine = engine, .code = code, .start = &start, .first = t * CHAIN / THREADS};
      assert_int_equal(pthread_create(&threads[t], NULL, visit, &v[t]), 0);
    }
    for (uint32_t t = 0; t < THREADS; t++)
      pthread_join(threads[t], NULL);
    for (uint32_t t = 0; t < THREADS; t++) {
      assert_true(v[t].ok);
      assert_int_equal(v[t].sum, sum);
      assert_int_equal(v[t].traps, CHAIN);
    }
    pthread_barrier_destroy(&start);
    cv_code_release(code);
  }
  cv_engine_release(engine);
}

// Each compiles into its own memory what neither had called before the fork.
static void forked_processes_have_code_of_their_own(void **state) {
  world w = world_new(&lazy, NULL);
  cv_instance *i = instantiate(w.store,
                               "(module (func (export \"before\") (result i32) (i32.const 1))"
                               " (func (export \"parents\") (result i32) (i32.const 2))"
                               " (func (export \"childs\") (result i32) (i32.const 3)))",
                               NULL, 0);
  assert_int_equal(result1(i, "before", 0), 1);
  int turn[2];
  assert_int_equal(pipe(turn), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    char none;
    close(turn[1]);
    bool ended = read(turn[0], &none, 1) == 0;
    _exit(ended && result1(i, "childs", 0) == 3 && result1(i, "parents", 0) == 2 && result1(i, "before", 0) == 1 ? 0
                                                                                                                 : 1);
  }
  assert_int_equal(result1(i, "parents", 0), 2);
  close(turn[1]);
  close(turn[0]);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  assert_int_equal(result1(i, "parents", 0), 2);
  assert_int_equal(result1(i, "before", 0), 1);
  world_delete(&w);
}

int main(void) {
  if (!tier_here("jit")) {
    print_message("skipped: tier 1 cannot run here\n");
    return 77;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arguments_survive),         cmocka_unit_test(objects_learn_their_code),
      cmocka_unit_test(traps_and_exceptions_pass), cmocka_unit_test(late_where_the_stack_ends),
      cmocka_unit_test(no_memory_is_a_trap),       cmocka_unit_test(threads_meet),
      cmocka_unit_test(functions_are_exchanged),   cmocka_unit_test(forked_processes_have_code_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
