// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From tier 1 to the LLVM tier while functions run: the state of a frame moves whole, calls of every kind reach the new
// code, fuel, traps, backtraces and exceptions stay what they are, threads find what is hot, and code may be deleted at
// any time.
#include "runtime_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/tier_up.h"

static cv_engine_options options_for(cv_tier_up_mode mode, uint32_t seed) {
  return (cv_engine_options){.tier = "jit",
                             .features = CV_FEATURES_ALL,
                             .compile = {.lazy = true, .tier_up = (uint8_t)mode, .tier_up_seed = seed}};
}

static const cv_engine_options interpreter = {.tier = "interp", .features = CV_FEATURES_ALL};

enum { SEEDS = 12 };

// ---- the state of a frame ----

// Locals and operands of every type, more of them than there are registers; loops with parameters, with operands below
// them, in blocks, ifs and tries, and calls in between.
static const char frames[] =
    "(module (tag $e (param i32)) (global $g (mut i64) (i64.const 0)) (memory 1) (elem declare func $leaf)"
    " (func $leaf (param i32) (result i32) (i32.xor (local.get 0) (i32.const 0x55)))"
    " (func (export \"mix\") (param $n i32) (result i32)"
    "  (local $i i32) (local $j i32) (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64)"
    "  (local $f f32) (local $g f64) (local $v v128) (local $w v128) (local $r funcref) (local $x externref)"
    "  (local $h f64) (local $k f64) (local $l f64) (local $m f64) (local $o f64) (local $p f64) (local $q f64)"
    "  (local.set $a (i64.const 3)) (local.set $g (f64.const 0.5)) (local.set $v (v128.const i32x4 1 2 3 4))"
    "  (i64.const 11) (f64.const 1.25) (local.get $v) (ref.null func) (i32.const 7)"
    "  (loop $outer (param i32) (result i32)"
    "   (i32.add (local.get $i))"
    "   (f32.const 0.5) (i64.extend_i32_u (local.get $i))"
    "   (local.set $j (i32.const 0))"
    "   (i32.const 1)"
    "   (block $done (param i32) (result i32)"
    "    (loop $inner (param i32) (result i32)"
    "     (i32.add (i32.const 3))"
    "     (local.set $a (i64.add (i64.mul (local.get $a) (i64.const 0x5851f42d4c957f2d)) (i64.const 1)))"
    "     (local.set $b (i64.xor (local.get $b) (local.get $a)))"
    "     (local.set $c (i64.add (local.get $c) (i64.rotl (local.get $b) (i64.const 7))))"
    "     (local.set $d (i64.sub (local.get $d) (local.get $c)))"
    "     (local.set $e (i64.xor (local.get $e) (i64.shr_u (local.get $d) (i64.const 3))))"
    "     (local.set $f (f32.add (local.get $f) (f32.const 0.25)))"
    "     (local.set $g (f64.add (local.get $g) (f64.const 1)))"
    "     (local.set $h (f64.add (local.get $h) (local.get $g))) (local.set $k (f64.sub (local.get $k) (local.get $h)))"
    "     (local.set $l (f64.add (local.get $l) (local.get $k))) (local.set $m (f64.add (local.get $m) (local.get $l)))"
    "     (local.set $o (f64.sub (local.get $o) (local.get $m))) (local.set $p (f64.add (local.get $p) (local.get $o)))"
    "     (local.set $q (f64.sub (local.get $q) (local.get $p)))"
    "     (local.set $v (i32x4.add (local.get $v) (i32x4.splat (i32.wrap_i64 (local.get $a)))))"
    "     (local.set $w (v128.xor (local.get $w) (local.get $v)))"
    "     (if (i32.and (local.get $j) (i32.const 4)) (then (local.set $r (ref.func $leaf))) (else (local.set $r "
    "(ref.null func))))"
    "     (global.set $g (i64.add (global.get $g) (local.get $a)))"
    "     (br_if $done (i32.gt_u (local.get $j) (i32.const 20)))"
    "     (local.set $j (i32.add (local.get $j) (i32.const 1)))"
    "     (call $leaf)"
    "     (br_if $inner (i32.lt_u (local.get $j) (local.get $i)))))"
    "   (i64.extend_i32_u) (i64.add) (i32.wrap_i64) (local.set $j) (i32.trunc_f32_s) (i32.add) (i32.add (local.get $j))"
    "   (i32.add (ref.is_null (local.get $r)))"
    "   (try_table (result) (catch $e $outer) (if (i32.eq (local.get $i) (i32.const 900)) (then (throw $e (i32.const "
    "5)))))"
    "   (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))"
    "  (local.set $i) (local.set $r) (local.set $v (i32x4.add (local.get $v))) (local.set $g (f64.add (local.get $g)))"
    "  (local.set $a (i64.add (local.get $a)))"
    "  (local.set $a (i64.xor (local.get $a) (i64.xor (local.get $b) (i64.xor (local.get $c) (i64.xor (local.get $d) "
    "(local.get $e))))))"
    "  (local.set $a (i64.xor (local.get $a) (i64.xor (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 "
    "(local.get $w)))))"
    "  (local.set $a (i64.xor (local.get $a) (i64.reinterpret_f64 (f64.add (local.get $q) (f64.add (local.get $g) "
    "(f64.promote_f32 (local.get $f)))))))"
    "  (local.set $a (i64.xor (local.get $a) (global.get $g)))"
    "  (i32.add (local.get $i) (i32.xor (i32.wrap_i64 (local.get $a)) (i32.wrap_i64 (i64.shr_u (local.get $a) "
    "(i64.const 32)))))))";

static void frames_move_whole(void **state) {
  static const uint32_t sizes[] = {1, 2, 3, 5, 17, 40};
  world r = world_new(&interpreter, NULL);
  cv_instance *reference = instantiate(r.store, frames, NULL, 0);
  uint32_t expected[CV_COUNT(sizes)];
  for (size_t k = 0; k < CV_COUNT(sizes); k++)
    expected[k] = result1(reference, "mix", sizes[k]);
  uint64_t entered = 0;
  for (uint32_t seed = 0; seed < SEEDS; seed++) {
    cv_engine_options options = options_for(CV_TIER_UP_RANDOM, seed);
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, frames, NULL, 0);
    for (size_t k = 0; k < CV_COUNT(sizes); k++)
      assert_int_equal(result1(i, "mix", sizes[k]), expected[k]);
    cv_tier_up_counts counts = cv_tier_up_count(i->code);
    assert_int_equal(counts.failed, 0);
    entered += counts.entered;
    world_delete(&w);
  }
  assert_true(entered > SEEDS);
  world_delete(&r);
}

// ---- what a program can observe ----

static const char observed[] =
    "(module (type $t (func (param i32) (result i32))) (tag $e (param i32)) (memory 1) (table 4 funcref)"
    " (elem (i32.const 0) $direct $other $tail $throws)"
    " (func $direct (type $t) (local $i i32) (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) "
    "(i32.const 1)))"
    "   (i32.and (local.get 0) (i32.const 15))))) (i32.add (local.get $i) (local.get 0)))"
    " (func $other (type $t) (i32.mul (call $direct (local.get 0)) (i32.const 3)))"
    " (func $tail (type $t) (return_call $other (i32.sub (local.get 0) (i32.const 1))))"
    " (func $throws (type $t) (if (i32.and (local.get 0) (i32.const 1)) (then (throw $e (local.get 0))))"
    "   (call $direct (local.get 0)))"
    " (func $recursive (type $t) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))"
    "   (else (i32.add (call $recursive (i32.sub (local.get 0) (i32.const 1)))"
    "     (call $recursive (i32.sub (local.get 0) (i32.const 2)))))))"
    " (func (export \"calls\") (param $n i32) (result i32) (local $i i32) (local $sum i32)"
    "  (loop $l"
    "   (block $caught (result i32)"
    "    (try_table (catch $e $caught)"
    "     (local.set $sum (i32.add (local.get $sum)"
    "       (call_indirect (type $t) (local.get $i) (i32.and (local.get $i) (i32.const 3))))))"
    "    (i32.const 9))"
    "   (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 3))))"
    "   (local.set $sum (i32.xor (local.get $sum) (call $recursive (i32.and (local.get $i) (i32.const 7)))))"
    "   (i32.store (i32.and (local.get $sum) (i32.const 0xfffc)) (local.get $sum))"
    "   (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))"
    "  (local.get $sum))"
    " (func $store (param i32) (i32.store (local.get 0) (i32.const 1)))"
    " (func (export \"runs-out\") (param $n i32) (result i32) (local $at i32)"
    "  (loop $l (call $store (local.get $at)) (local.set $at (i32.add (local.get $at) (local.get $n))) (br $l)) "
    "(unreachable))"
    " (func (export \"forever\") (param i32) (result i32) (loop $l (br $l)) (unreachable))"
    " (func (export \"counts\") (param i32) (result i32) (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1))) "
    "(br $l))"
    "  (unreachable)))";

static void calls_reach_the_new_code(void **state) {
  world r = world_new(&interpreter, NULL);
  uint32_t expected = result1(instantiate(r.store, observed, NULL, 0), "calls", 300);
  uint32_t funcs = 0;
  for (uint32_t seed = 0; seed < SEEDS; seed++) {
    cv_engine_options options = options_for(CV_TIER_UP_RANDOM, seed);
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, observed, NULL, 0);
    for (unsigned times = 0; times < 3; times++)
      assert_int_equal(result1(i, "calls", 300), expected);
    funcs += cv_tier_up_count(i->code).funcs;
    world_delete(&w);
  }
  assert_true(funcs > 2 * SEEDS);
  world_delete(&r);
}

// A trap in code of either tier, with the frames of both.
static void traps_and_backtraces_are_the_same(void **state) {
  world r = world_new(&interpreter, NULL);
  cv_instance *reference = instantiate(r.store, observed, NULL, 0);
  assert_int_equal(call1(reference, "runs-out", 64, NULL), CV_RUN_TRAP);
  const cv_trap *expected = &r.context->trap;
  assert_int_equal(expected->kind, CV_TRAP_MEMORY_BOUNDS);
  for (uint32_t seed = 0; seed < SEEDS; seed++) {
    cv_engine_options options = options_for(CV_TIER_UP_RANDOM, seed);
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, observed, NULL, 0);
    assert_int_equal(call1(i, "runs-out", 64, NULL), CV_RUN_TRAP);
    const cv_trap *trap = &w.context->trap;
    assert_int_equal(trap->kind, expected->kind);
    assert_int_equal(trap->frame_count, expected->frame_count);
    for (uint32_t k = 0; k < trap->frame_count; k++) {
      assert_ptr_equal(trap->frames[k].instance, i);
      assert_int_equal(trap->frames[k].func, expected->frames[k].func);
      assert_int_equal(trap->frames[k].offset, expected->frames[k].offset);
    }
    world_delete(&w);
  }
  world_delete(&r);
}

// Every amount of fuel ends at the same instruction: the memory tells.
static void fuel_is_the_same(void **state) {
  cv_engine_options plain = interpreter;
  plain.compile.fuel = true;
  for (uint32_t fuel = 1; fuel < 6000; fuel += 311) {
    cv_engine_options options = options_for(CV_TIER_UP_RANDOM, fuel);
    options.compile.fuel = true;
    world w[2] = {world_new(&plain, NULL), world_new(&options, NULL)};
    cv_instance *i[2];
    for (unsigned k = 0; k < 2; k++) {
      i[k] = instantiate(w[k].store, observed, NULL, 0);
      w[k].context->fuel_enabled = true;
      cv_context_set_fuel(w[k].context, fuel);
      assert_int_equal(call1(i[k], "calls", 300, NULL), CV_RUN_TRAP);
      assert_int_equal(w[k].context->trap.kind, CV_TRAP_OUT_OF_FUEL);
    }
    assert_int_equal(w[0].context->fuel, w[1].context->fuel);
    assert_memory_equal(i[0]->memory0_base, i[1]->memory0_base, 1 << 16);
    world_delete(&w[0]);
    world_delete(&w[1]);
  }
}

static void deadlines_end_loops(void **state) {
  for (uint32_t seed = 0; seed < 3; seed++) {
    cv_engine_options options = options_for(CV_TIER_UP_RANDOM, seed);
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, observed, NULL, 0);
    assert_int_equal(cv_context_set_deadline(w.context, 50000000), CV_OK);
    assert_int_equal(call1(i, seed % 2 ? "counts" : "forever", 0, NULL), CV_RUN_TRAP);
    assert_int_equal(w.context->trap.kind, CV_TRAP_DEADLINE);
    world_delete(&w);
  }
}

// ---- in the background ----

static const char hot[] =
    "(module (func $f (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 1664525)) (i32.const "
    "1013904223)))"
    " (func (export \"loop\") (param $n i32) (result i32) (local $i i32) (local $x i32)"
    "  (loop $l (local.set $x (i32.add (i32.rotl (local.get $x) (i32.const 5)) (local.get $i)))"
    "   (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))) (local.get $x))"
    " (func (export \"calls\") (param $n i32) (result i32) (local $i i32) (local $x i32)"
    "  (loop $l (local.set $x (call $f (local.get $x)))"
    "   (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))) (local.get $x)))";

// Turns of a loop in one call; enough calls for a machine with much else to do.
enum { TURNS = 20000000, MOST_CALLS = 3000 };

static void hot_loops_are_entered(void **state) {
  world r = world_new(&(cv_engine_options){.tier = "jit", .compile = {.lazy = true}}, NULL);
  cv_instance *reference = instantiate(r.store, hot, NULL, 0);
  uint32_t expected = result1(reference, "loop", TURNS), expected_calls = result1(reference, "calls", TURNS);
  cv_engine_options options = options_for(CV_TIER_UP_BACKGROUND, 0);
  world w = world_new(&options, NULL);
  cv_instance *i = instantiate(w.store, hot, NULL, 0);
  for (unsigned k = 0; k < MOST_CALLS && cv_tier_up_count(i->code).entered == 0; k++)
    assert_int_equal(result1(i, "loop", TURNS), expected);
  assert_true(cv_tier_up_count(i->code).entered > 0);
  for (unsigned k = 0; k < MOST_CALLS && cv_tier_up_count(i->code).funcs == 0; k++)
    assert_int_equal(result1(i, "calls", TURNS), expected_calls);
  assert_true(cv_tier_up_count(i->code).funcs > 0);
  assert_int_equal(result1(i, "calls", TURNS), expected_calls);
  assert_int_equal(cv_tier_up_count(i->code).failed, 0);
  world_delete(&w);
  world_delete(&r);
}

// ---- large functions ----

typedef struct piece {
  const char *text;
  uint32_t count;
} piece;

// A module in the text format: the pieces one after the other, each so many times. To be freed.
static char *text_of(const piece *pieces, size_t count) {
  size_t size = 1;
  for (size_t k = 0; k < count; k++)
    size += pieces[k].count * strlen(pieces[k].text);
  char *text = malloc(size), *at = text;
  assert_non_null(text);
  for (size_t k = 0; k < count; k++)
    for (uint32_t i = 0; i < pieces[k].count; i++)
      at = stpcpy(at, pieces[k].text);
  return text;
}

// What LLVM could only compile badly stays where it is: a body of more than 128 KB; more loops than it can take; more
// values that come to one place than there is memory for; more locals, times blocks, than can be made values.
static void costly_functions_stay(void **state) {
#define BEGIN "(module (func (export \"f\") (param i32) (result i32)"
  static const struct {
    piece pieces[6];
    uint32_t sum;
  } shapes[] = {
      {{{BEGIN " local.get 0", 1}, {" i32.const 3 i32.add", 45000}, {"))", 1}}, 3 * 45000},
      {{{BEGIN " local.get 0", 1}, {" loop end", 500}, {"))", 1}}, 0},
      {{{BEGIN " (local", 1},
        {" i32", 1000},
        {") block", 1},
        {" local.get 0 local.set 1", 1000},
        {" local.get 1 i32.eqz br_if 0", 1000},
        {" end local.get 0))", 1}},
       0},
      {{{BEGIN " (local", 1},
        {" i32", 5000},
        {") ", 1},
        {" local.get 0 local.set 1 block local.get 1 br_if 0 end", 3000},
        {" local.get 0))", 1}},
       0},
  };
  for (size_t k = 0; k < CV_COUNT(shapes); k++) {
    const piece *pieces = shapes[k].pieces;
    size_t count = 0;
    while (count < CV_COUNT(shapes[k].pieces) && pieces[count].text != NULL)
      count++;
    char *text = text_of(pieces, count);
    cv_engine_options options = options_for(CV_TIER_UP_RANDOM, 1);
    world w = world_new(&options, NULL);
    cv_instance *instance = instantiate(w.store, text, NULL, 0);
    for (uint32_t i = 0; i < 60; i++)
      assert_int_equal(result1(instance, "f", i), i + shapes[k].sum);
    cv_tier_up_counts counts = cv_tier_up_count(instance->code);
    assert_true(counts.failed > 0);
    assert_int_equal(counts.funcs + counts.loops, 0);
    world_delete(&w);
    free(text);
  }
}

// A fork waits for the function that is being compiled, not for all that wait for it.
static void a_fork_waits_for_one_function(void **state) {
  enum { FUNCTIONS = 60, MOST_ROUNDS = 200, MOST_MEANWHILE = 2 };
  static const piece body[] = {{"(func (param i32) (result i32) (local i32)"
                                " (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) local.get 0",
                                1},
                               {" i32.const 7 i32.add i32.const 5 i32.rotl local.get 1 i32.xor", 600},
                               {" local.set 0 (br_if 0 (i32.lt_u (local.get 1) (i32.const 3000)))) local.get 0)", 1}};
  char *one = text_of(body, CV_COUNT(body));
  enum { CALL = 40, REST = 200 }; // characters, at most
  char *module = malloc(FUNCTIONS * (strlen(one) + CALL) + REST), *at = stpcpy(module, "(module");
  for (unsigned i = 0; i < FUNCTIONS; i++)
    at = stpcpy(at, one);
  at = stpcpy(at, "(func (export \"all\") (param i32) (result i32)");
  for (unsigned i = 0; i < FUNCTIONS; i++)
    at += sprintf(at, " local.get 0 call %u drop", i);
  stpcpy(at, " local.get 0))");
  cv_engine_options options = options_for(CV_TIER_UP_BACKGROUND, 0);
  world w = world_new(&options, NULL);
  cv_instance *i = instantiate(w.store, module, NULL, 0);
  for (unsigned k = 0; k < MOST_ROUNDS && cv_tier_up_count(i->code).funcs == 0; k++)
    (void)result1(i, "all", k);
  uint32_t before = cv_tier_up_count(i->code).funcs;
  assert_true(before > 0);
  pid_t child = fork();
  if (child == 0)
    _exit(0);
  uint32_t meanwhile = cv_tier_up_count(i->code).funcs - before;
  assert_true(meanwhile <= MOST_MEANWHILE);
  assert_int_equal(waitpid(child, NULL, 0), child);
  world_delete(&w);
  free(module);
  free(one);
}

// Code goes while a function of it waits for the compiler, or is in it.
static void code_is_deleted_at_any_time(void **state) {
  cv_engine_options options = options_for(CV_TIER_UP_BACKGROUND, 0);
  for (unsigned k = 0; k < 30; k++) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, hot, NULL, 0);
    (void)result1(i, k % 2 ? "loop" : "calls", TURNS / 8 * (k % 4 + 1));
    world_delete(&w);
  }
}

// A forked process runs on in tier 1.
static void forked_processes_go_on(void **state) {
  cv_engine_options options = options_for(CV_TIER_UP_BACKGROUND, 0);
  world w = world_new(&options, NULL);
  cv_instance *i = instantiate(w.store, hot, NULL, 0);
  uint32_t expected = result1(i, "loop", TURNS / 2);
  pid_t child = fork();
  if (child == 0) {
    uint32_t got = result1(i, "loop", TURNS / 2);
    world_delete(&w);
    _exit(got == expected ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  world_delete(&w);
}

int main(void) {
  if (!tier_here("jit") || !tier_here("llvm"))
    return 77;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_move_whole),
      cmocka_unit_test(calls_reach_the_new_code),
      cmocka_unit_test(traps_and_backtraces_are_the_same),
      cmocka_unit_test(fuel_is_the_same),
      cmocka_unit_test(deadlines_end_loops),
      cmocka_unit_test(hot_loops_are_entered),
      cmocka_unit_test(costly_functions_stay),
      cmocka_unit_test(a_fork_waits_for_one_function),
      cmocka_unit_test(code_is_deleted_at_any_time),
      cmocka_unit_test(forked_processes_go_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
