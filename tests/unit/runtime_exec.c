// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls in every tier: traps with their frames, host functions in between, exceptions across them, tail calls without
// stack growth, deep recursion on any stack, several stores on one thread.
#include "runtime_support.h"

static void basic(void **state) {
  static const char wat[] = "(module (memory 1) (data (i32.const 16) \"\\2a\\00\\00\\00\")"
                            " (table 2 funcref) (elem (i32.const 0) $fac)"
                            " (global $g (mut i32) (i32.const 5))"
                            " (func $fac (export \"fac\") (param i32) (result i32)"
                            "  (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))"
                            "   (else (i32.mul (local.get 0) (call $fac (i32.sub (local.get 0) (i32.const 1)))))))"
                            " (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0)))"
                            " (func (export \"indirect\") (param i32) (result i32)"
                            "  (call_indirect (param i32) (result i32) (i32.const 5) (local.get 0)))"
                            " (func (export \"count\") (param i32) (result i32) (local i32)"
                            "  (block $out (loop $l (br_if $out (i32.eqz (local.get 0)))"
                            "   (local.set 1 (i32.add (local.get 1) (local.get 0)))"
                            "   (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br $l))) (local.get 1))"
                            " (func (export \"switch\") (param i32) (result i32)"
                            "  (block (block (block (br_table 0 1 2 (local.get 0))) (return (i32.const 10)))"
                            "   (return (i32.const 20))) (i32.const 30))"
                            " (func (export \"global\") (param i32) (result i32)"
                            "  (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g)))";
  static const struct {
    const char *name;
    uint32_t arg, result;
  } rows[] = {{"fac", 5, 120},   {"load", 16, 42},  {"indirect", 0, 120}, {"count", 1000, 500500}, {"switch", 0, 10},
              {"switch", 1, 20}, {"switch", 2, 30}, {"switch", 77, 30},   {"global", 2, 7},        {"global", 1, 8}};
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    for (size_t r = 0; r < CV_COUNT(rows); r++)
      assert_int_equal(result1(i, rows[r].name, rows[r].arg), rows[r].result);
    world_delete(&w);
  }
}

static void traps_have_kind_and_frames(void **state) {
  static const char wat[] =
      "(module (memory 1) (table 3 funcref) (elem (i32.const 1) $inner)"
      " (func $inner (export \"inner\") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))"
      " (func (export \"divide\") (param i32) (result i32) (call $inner (local.get 0)))"
      " (func (export \"overflow\") (param i32) (result i32) (i32.div_s (i32.const 0x80000000) (local.get 0)))"
      " (func (export \"bounds\") (param i32) (result i32) (i32.load (local.get 0)))"
      " (func (export \"far\") (param i32) (result i32) (i32.load offset=0xffffffff (local.get 0)))"
      " (func (export \"unreachable\") (param i32) (result i32) unreachable)"
      " (func (export \"null\") (param i32) (result i32) (call_indirect (i32.const 2)) (i32.const 0))"
      " (func (export \"undefined\") (param i32) (result i32) (call_indirect (local.get 0)) (i32.const 0))"
      " (func (export \"mismatch\") (param i32) (result i32) (call_indirect (i32.const 1)) (i32.const 0))"
      " (func (export \"convert\") (param i32) (result i32) (i32.trunc_f32_s (f32.const nan)))"
      " (func (export \"fill\") (param i32) (result i32)"
      "  (memory.fill (local.get 0) (i32.const 1) (i32.const 2)) (i32.const 0)))";
  static const struct {
    const char *name;
    uint32_t arg;
    cv_trap_kind kind;
    uint32_t frames;
  } rows[] = {{"divide", 0, CV_TRAP_DIVIDE_BY_ZERO, 2},         {"overflow", UINT32_MAX, CV_TRAP_INTEGER_OVERFLOW, 1},
              {"bounds", 65536, CV_TRAP_MEMORY_BOUNDS, 1},      {"bounds", 65533, CV_TRAP_MEMORY_BOUNDS, 1},
              {"bounds", UINT32_MAX, CV_TRAP_MEMORY_BOUNDS, 1}, {"far", UINT32_MAX, CV_TRAP_MEMORY_BOUNDS, 1},
              {"unreachable", 0, CV_TRAP_UNREACHABLE, 1},       {"null", 0, CV_TRAP_UNINITIALIZED_ELEMENT, 1},
              {"undefined", 3, CV_TRAP_UNDEFINED_ELEMENT, 1},   {"mismatch", 0, CV_TRAP_INDIRECT_TYPE, 1},
              {"convert", 0, CV_TRAP_INVALID_CONVERSION, 1},    {"fill", 65535, CV_TRAP_MEMORY_BOUNDS, 1}};
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    for (size_t r = 0; r < CV_COUNT(rows); r++) {
      assert_int_equal(call1(i, rows[r].name, rows[r].arg, NULL), CV_RUN_TRAP);
      const cv_trap *t = &w.context->trap;
      if (t->kind != rows[r].kind || t->frame_count != rows[r].frames)
        fail_msg("%s: %s: trap \"%s\" with %u frames", options.tier, rows[r].name, cv_trap_text(t->kind),
                 t->frame_count);
      assert_ptr_equal(t->frames[0].instance, i);
      const cv_export *item = cv_instance_export(i, cv_bytes_of(rows[r].name), CV_EXTERN_FUNC);
      assert_int_equal(t->frames[rows[r].frames - 1].func, item->index);
      cv_span body = i->module->funcs[t->frames[0].func].body;
      assert_in_range(t->frames[0].offset, body.offset, body.offset + body.size - 1);
      // The store goes on.
      assert_int_equal(result1(i, "inner", 1), 1);
    }
    assert_null(w.context->top);
    world_delete(&w);
  }
}

// Traps of one kind in one function are told apart, whatever a compiler would like to join.
static void equal_traps_have_places_of_their_own(void **state) {
  static const char wat[] =
      "(module (memory 1)"
      " (func (export \"f\") (param i32) (result i32)"
      "  (if (i32.eq (local.get 0) (i32.const 0)) (then unreachable))"
      "  (i32.store (i32.const 8) (local.get 0))"
      "  (if (i32.eq (local.get 0) (i32.const 1)) (then unreachable))"
      "  (if (i32.load (i32.const 8)) (then (if (i32.eq (local.get 0) (i32.const 2))"
      "   (then (i32.store (i32.const 8) (i32.const 3)) unreachable))))"
      "  (i32.div_s (i32.const 3) (i32.div_u (i32.const 5) (i32.sub (local.get 0) (i32.const 3))))))";
  enum { CALLS = 4 };
  uint32_t places[CALLS];
  bool first = true;
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    for (uint32_t k = 0; k < CALLS; k++) {
      assert_int_equal(call1(i, "f", k, NULL), CV_RUN_TRAP);
      uint32_t offset = w.context->trap.frames[0].offset;
      if (first)
        places[k] = offset;
      assert_int_equal(offset, places[k]);
      assert_true(k == 0 || offset > places[k - 1]);
    }
    first = false;
    world_delete(&w);
  }
}

// Calls the export "again" of its caller with one less, and passes on how that ended.
typedef struct relay {
  int calls, traps, exceptions;
} relay;

static cv_run call_again(void *env, cv_instance *caller, cv_value *values) {
  relay *r = env;
  r->calls++;
  cv_value args[2] = {values[0]};
  cv_run run = cv_call(caller->context, exported(caller, "again"), args);
  r->traps += run == CV_RUN_TRAP;
  r->exceptions += run == CV_RUN_EXCEPTION;
  values[0] = args[0];
  return run;
}

static const char relay_wat[] = "(module (import \"host\" \"relay\" (func $relay (param i32) (result i32)))"
                                " (tag $t (param i32))"
                                " (func (export \"again\") (param i32) (result i32)"
                                "  (if (i32.eqz (local.get 0)) (then unreachable))"
                                "  (if (i32.eq (local.get 0) (i32.const 100)) (then (throw $t (i32.const 77))))"
                                "  (i32.add (i32.const 1) (call $relay (i32.sub (local.get 0) (i32.const 1)))))"
                                " (func (export \"catching\") (param i32) (result i32)"
                                "  (block $h (result i32)"
                                "   (try_table (result i32) (catch $t $h) (call $relay (local.get 0))))))";

static void traps_and_exceptions_cross_host_frames(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    relay r = {0};
    static const cv_valtype i32 = CV_I32;
    cv_extern import = host_func(&w, &i32, 1, &i32, 1, call_again, &r);
    cv_instance *i = instantiate(w.store, relay_wat, &import, 1);
    assert_int_equal(call1(i, "again", 20, NULL), CV_RUN_TRAP);
    assert_int_equal(w.context->trap.kind, CV_TRAP_UNREACHABLE);
    assert_int_equal(r.calls, 20);
    assert_int_equal(r.traps, 20);
    assert_int_equal(w.context->trap.frame_count, 21);
    r = (relay){0};
    assert_int_equal(result1(i, "catching", 110), 77);
    assert_int_equal(r.exceptions, 11);
    // Nobody catches: the host gets it.
    assert_int_equal(call1(i, "again", 105, NULL), CV_RUN_EXCEPTION);
    assert_non_null(w.context->exception);
    assert_int_equal(w.context->exception->payload[0].u32, 77);
    assert_null(w.context->top);
    assert_null(w.context->fiber);
    world_delete(&w);
  }
}

// A guest that recurses through the host without end is stopped by the stack, not by the host's crash.
static void recursion_through_the_host_ends(void **state) {
  cv_engine_options options = {.stack_bytes = 512 << 10};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    relay r = {0};
    static const cv_valtype i32 = CV_I32;
    cv_extern import = host_func(&w, &i32, 1, &i32, 1, call_again, &r);
    cv_instance *i = instantiate(w.store, relay_wat, &import, 1);
    assert_int_equal(call1(i, "again", UINT32_MAX, NULL), CV_RUN_TRAP);
    assert_int_equal(w.context->trap.kind, CV_TRAP_STACK_OVERFLOW);
    assert_true(r.calls > 10);
    world_delete(&w);
  }
}

static void deep_recursion_is_a_trap(void **state) {
  static const char wat[] = "(module (func $f (export \"deep\") (param i32) (result i32)"
                            "  (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))"
                            "   (else (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))))"
                            " (func $g (export \"forever\") (param i32) (result i32) (call $g (local.get 0)))"
                            " (func $odd (export \"odd\") (param i32) (result i32)"
                            "  (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))"
                            "   (else (return_call $even (i32.sub (local.get 0) (i32.const 1))))))"
                            " (func $even (param i32) (result i32)"
                            "  (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))"
                            "   (else (return_call $odd (i32.sub (local.get 0) (i32.const 1)))))))";
  static const uint64_t stacks[] = {256 << 10, 1 << 20, 8 << 20};
  cv_engine_options options = {0};
  EACH_TIER(options) {
    for (size_t k = 0; k < CV_COUNT(stacks); k++) {
      world w = world_new(&options, &(cv_store_options){.stack_bytes = stacks[k]});
      cv_instance *i = instantiate(w.store, wat, NULL, 0);
      assert_int_equal(result1(i, "deep", 10), 10);
      for (int again = 0; again < 2; again++) {
        assert_int_equal(call1(i, "forever", 0, NULL), CV_RUN_TRAP);
        assert_int_equal(w.context->trap.kind, CV_TRAP_STACK_OVERFLOW);
        assert_true(w.context->trap.frames_total > 10); // sanitizers make frames of 10 KiB
        assert_int_equal(w.context->trap.frame_count, CV_MIN(w.context->trap.frames_total, CV_MAX_BACKTRACE));
      }
      assert_int_equal(result1(i, "odd", 1000001), 1); // a million tail calls need no stack
      world_delete(&w);
    }
    world w = world_new(&options, &(cv_store_options){.stack_bytes = 256 << 20});
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    assert_int_equal(result1(i, "deep", 20000), 20000);
    world_delete(&w);
    // Too small for the host's own functions: it is made larger.
    w = world_new(&options, &(cv_store_options){.stack_bytes = 1});
    i = instantiate(w.store, wat, NULL, 0);
    assert_int_equal(result1(i, "deep", 2), 2);
    world_delete(&w);
  }
}

static cv_run add_host(void *env, cv_instance *caller, cv_value *values) {
  values[0].u32 += *(uint32_t *)env;
  return CV_RUN_OK;
}

static void tail_calls_reach_the_host(void **state) {
  static const char wat[] =
      "(module (import \"h\" \"add\" (func $add (param i32) (result i32))) (table funcref (elem $add))"
      " (type $t (func (param i32) (result i32)))"
      " (func (export \"direct\") (param i32) (result i32) (return_call $add (local.get 0)))"
      " (func (export \"indirect\") (param i32) (result i32)"
      "  (return_call_indirect (type $t) (local.get 0) (i32.const 0)))"
      " (func (export \"ref\") (param i32) (result i32) (return_call_ref $t (local.get 0) (ref.func $add))))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    uint32_t more = 9;
    static const cv_valtype i32 = CV_I32;
    cv_extern import = host_func(&w, &i32, 1, &i32, 1, add_host, &more);
    cv_instance *i = instantiate(w.store, wat, &import, 1);
    assert_int_equal(result1(i, "direct", 1), 10);
    assert_int_equal(result1(i, "indirect", 2), 11);
    assert_int_equal(result1(i, "ref", 3), 12);
    world_delete(&w);
  }
}

// The host function of one store calls into another, which calls back: each runs on stacks of its own.
typedef struct bounce {
  cv_instance *other;
  int depth;
} bounce;

static cv_run call_other(void *env, cv_instance *caller, cv_value *values) {
  bounce *b = env;
  if (values[0].u32 == 0)
    return cv_trap_set(caller->context, CV_TRAP_HOST, "the end");
  cv_value args[2] = {{.u32 = values[0].u32 - 1}};
  b->depth++;
  cv_run run = cv_call(b->other->context, exported(b->other, "go"), args);
  if (run == CV_RUN_TRAP)
    return cv_trap_set(caller->context, CV_TRAP_HOST, "passed on");
  values[0] = args[0];
  return run;
}

static void stores_call_each_other(void **state) {
  static const char wat[] = "(module (import \"h\" \"other\" (func $other (param i32) (result i32)))"
                            " (func (export \"go\") (param i32) (result i32) (call $other (local.get 0))))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world a = world_new(&options, NULL), b = a;
    cv_diag diag;
    cv_diag_init(&diag);
    must(cv_store_new(a.engine, NULL, &b.store, &diag), &diag);
    b.context = cv_store_context(b.store);
    static const cv_valtype i32 = CV_I32;
    bounce from_a = {0}, from_b = {0};
    cv_extern import_a = host_func(&a, &i32, 1, &i32, 1, call_other, &from_a);
    cv_extern import_b = host_func(&b, &i32, 1, &i32, 1, call_other, &from_b);
    cv_instance *ia = instantiate(a.store, wat, &import_a, 1), *ib = instantiate(b.store, wat, &import_b, 1);
    from_a.other = ib;
    from_b.other = ia;
    assert_int_equal(call1(ia, "go", 10, NULL), CV_RUN_TRAP);
    assert_int_equal(from_a.depth + from_b.depth, 10);
    assert_string_equal(a.context->trap.text, "passed on");
    assert_null(a.context->fiber);
    assert_null(b.context->fiber);
    assert_int_equal(a.context->thread, 0);
    cv_store_delete(b.store);
    world_delete(&a);
  }
}

// A host function throws: a guest catches what it throws, and what it passes on.
static cv_run throw_tag(void *env, cv_instance *caller, cv_value *values) {
  cv_context *c = caller->context;
  const cv_tag *tag = *(cv_tag **)env;
  c->exception = cv_exception_new(c, tag, values);
  return c->exception != NULL ? CV_RUN_EXCEPTION : cv_trap_set(c, CV_TRAP_OUT_OF_MEMORY, NULL);
}

static void the_host_throws(void **state) {
  static const char wat[] = "(module (import \"h\" \"throw\" (func $throw (param i32) (result i32)))"
                            " (import \"h\" \"tag\" (tag $t (param i32)))"
                            " (func (export \"f\") (param i32) (result i32)"
                            "  (block $h (result i32)"
                            "   (drop (try_table (result i32) (catch $t $h) (call $throw (local.get 0))))"
                            "   (i32.const 0))))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    static const cv_valtype i32 = CV_I32;
    cv_tag *tag = cv_store_tag_new(w.store, cv_engine_functype(w.engine, &i32, 1, NULL, 0));
    assert_non_null(tag);
    cv_extern imports[2] = {host_func(&w, &i32, 1, &i32, 1, throw_tag, &tag), {.kind = CV_EXTERN_TAG, .as.tag = tag}};
    cv_instance *i = instantiate(w.store, wat, imports, 2);
    assert_int_equal(result1(i, "f", 31), 31);
    assert_int_equal(result1(i, "f", 32), 32);
    world_delete(&w);
  }
}

static void legacy_exceptions(void **state) {
  static const char wat[] =
      "(module (tag $a (param i32)) (tag $b)"
      " (func $throw (param i32) (if (local.get 0) (then (throw $a (local.get 0))) (else (throw $b))))"
      " (func (export \"catch\") (param i32) (result i32)"
      "  (try (result i32) (do (call $throw (local.get 0)) (i32.const 1))"
      "   (catch $a (i32.add (i32.const 100))) (catch_all (i32.const 7))))"
      " (func (export \"rethrow\") (param i32) (result i32)"
      "  (try (result i32)"
      "   (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 1))"
      "        (catch_all (block (br_if 0 (i32.const 1))) (rethrow 0))))"
      "   (catch $a)))"
      " (func (export \"delegate\") (param i32) (result i32)"
      "  (try $outer (result i32)"
      "   (do (try (result i32)"
      "     (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 1)) (delegate $outer)))"
      "     (catch $a drop (i32.const 1000))))"
      "   (catch $a (i32.add (i32.const 1))))))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    assert_int_equal(result1(i, "catch", 5), 105);
    assert_int_equal(result1(i, "catch", 0), 7);
    assert_int_equal(result1(i, "rethrow", 9), 9);
    assert_int_equal(call1(i, "rethrow", 0, NULL), CV_RUN_EXCEPTION);
    assert_int_equal(result1(i, "delegate", 9), 10);
    world_delete(&w);
  }
}

// A function that calls itself only may have a convention of its own inside: from outside nothing shows, whatever the
// types of its parameters.
static void recursion_keeps_frames(void **state) {
  static const char wat[] =
      "(module (memory 1)"
      " (func $walk (param i32 f64 i64 f32 i32) (result f64)"
      "  (if (i32.eqz (local.get 0)) (then (return (f64.load (local.get 4)))))"
      "  (f64.add (call $walk (i32.sub (local.get 0) (i32.const 1)) (f64.add (local.get 1) (f64.const 2))"
      "    (i64.sub (local.get 2) (i64.const 3)) (f32.mul (local.get 3) (f32.const 2)) (local.get 4))"
      "   (f64.add (f64.add (local.get 1) (f64.convert_i64_s (local.get 2))) (f64.promote_f32 (local.get 3)))))"
      " (func (export \"walk\") (param i32) (result i32)"
      "  (i32.trunc_f64_s (call $walk (i32.const 9) (f64.const 1) (i64.const -5) (f32.const 0.5) (local.get 0))))"
      " (func $none (local i32) (global.set $g (i32.add (global.get $g) (i32.const 1)))"
      "  (if (i32.lt_s (global.get $g) (i32.const 100)) (then (call $none))))"
      " (global $g (mut i32) (i32.const 0))"
      " (func (export \"none\") (param i32) (result i32) (call $none) (global.get $g)))";
  cv_engine_options options = {0};
  cv_trap first = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    double sum = 0, a = 1, b = -5, c = 0.5;
    for (int n = 9; n > 0; n--, a += 2, b -= 3, c *= 2)
      sum += a + b + c;
    assert_int_equal((int32_t)result1(i, "walk", 64), (int32_t)sum);
    assert_int_equal(result1(i, "none", 0), 100);
    assert_int_equal(call1(i, "walk", UINT32_MAX, NULL), CV_RUN_TRAP);
    const cv_trap *trap = &w.context->trap;
    assert_int_equal(trap->frames_total, 11);
    if (first.frames_total == 0)
      first = *trap;
    for (uint32_t n = 0; n < trap->frame_count; n++) {
      assert_int_equal(trap->frames[n].func, first.frames[n].func);
      assert_int_equal(trap->frames[n].offset, first.frames[n].offset);
    }
    world_delete(&w);
  }
}

// Small callees may be inlined: the frames are the same.
static void small_callees_keep_frames(void **state) {
  static const char wat[] =
      "(module (memory 1) (global $g (mut i32) (i32.const 0))"
      " (func $load (param i32 i32) (result i32) (local i64)"
      "  (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))"
      "  (local.set 2 (i64.add (local.get 2) (i64.const 5)))"
      "  (i32.add (i32.wrap_i64 (local.get 2)) (i32.load offset=4 (local.get 1))))"
      " (func $divide (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))"
      " (func $note (param i32) (global.set $g (local.get 0)))"
      " (func $pages (result i32) (memory.grow (i32.const 0)))"
      " (func $both (param i32) (result i32 i64) (i32.add (local.get 0) (i32.const 1)) (i64.const 3))"
      " (func $pick (param i32) (result i32)"
      "  (block (block (block (br_table 0 1 2 (local.get 0))) (return (i32.const 10))) (return (i32.const 20)))"
      "  (i32.const 30))"
      " (func $middle (param i32) (result i32) (local i32 i32)"
      "  (loop (call $note (local.get 1))"
      "   (local.set 2 (i32.add (local.get 2) (call $load (local.get 1) (i32.const 0))))"
      "   (local.set 2 (i32.add (local.get 2) (call $pick (local.get 1))))"
      "   (local.set 1 (i32.add (local.get 1) (call $pages)))"
      "   (call $both (local.get 1)) (drop) (drop)"
      "   (br_if 0 (i32.lt_u (local.get 1) (i32.const 5))))"
      "  (i32.add (local.get 2) (i32.add (call $load (i32.const 1) (local.get 0)) (call $divide (local.get 0)))))"
      " (func (export \"f\") (param i32) (result i32) (call $middle (local.get 0)))"
      " (func (export \"divide\") (param i32) (result i32) (i32.add (i32.const 1) (call $divide (local.get 0))))"
      " (func (export \"g\") (param i32) (result i32) (global.get $g)))";
  static const struct {
    const char *name;
    uint32_t arg, frames;
    cv_trap_kind trap;
  } rows[] = {{"f", UINT32_MAX - 40, 3, CV_TRAP_MEMORY_BOUNDS},
              {"f", 65536, 3, CV_TRAP_MEMORY_BOUNDS},
              {"f", 0, 3, CV_TRAP_DIVIDE_BY_ZERO},
              {"divide", 0, 2, CV_TRAP_DIVIDE_BY_ZERO}};
  cv_engine_options options = {0};
  cv_trap first[CV_COUNT(rows)] = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    assert_int_equal(result1(i, "f", 50), 7 + 4 * 5 + 10 + 20 + 3 * 30 + 5 + 2);
    assert_int_equal(result1(i, "g", 0), 4);
    for (size_t r = 0; r < CV_COUNT(rows); r++) {
      assert_int_equal(call1(i, rows[r].name, rows[r].arg, NULL), CV_RUN_TRAP);
      const cv_trap *trap = &w.context->trap;
      assert_int_equal(trap->kind, rows[r].trap);
      assert_int_equal(trap->frames_total, rows[r].frames);
      if (first[r].frames_total == 0)
        first[r] = *trap;
      for (uint32_t n = 0; n < trap->frame_count; n++) {
        assert_int_equal(trap->frames[n].func, first[r].frames[n].func);
        assert_int_equal(trap->frames[n].offset, first[r].frames[n].offset);
        assert_ptr_equal(trap->frames[n].instance, i);
      }
    }
    world_delete(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(basic),
      cmocka_unit_test(traps_have_kind_and_frames),
      cmocka_unit_test(recursion_keeps_frames),
      cmocka_unit_test(small_callees_keep_frames),
      cmocka_unit_test(equal_traps_have_places_of_their_own),
      cmocka_unit_test(traps_and_exceptions_cross_host_frames),
      cmocka_unit_test(recursion_through_the_host_ends),
      cmocka_unit_test(deep_recursion_is_a_trap),
      cmocka_unit_test(tail_calls_reach_the_host),
      cmocka_unit_test(stores_call_each_other),
      cmocka_unit_test(the_host_throws),
      cmocka_unit_test(legacy_exceptions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
