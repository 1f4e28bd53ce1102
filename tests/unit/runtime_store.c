// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a store owns: instantiation and its failures at every allocation, recycling that leaves nothing of the former
// tenant, collection of exceptions and externrefs.
#include "runtime_support.h"

#include <stdio.h>

#include "runtime/extern.h"
#include "runtime/internal.h"

static const char rich_wat[] =
    "(module (memory (export \"m\") 4) (memory 1) (table (export \"t\") 8 funcref) (table 2 externref)"
    " (global (export \"g\") (mut i32) (i32.const 4)) (global funcref (ref.func $f)) (tag (export \"tag\") (param i64))"
    " (data (i32.const 100) \"hello\") (data (i32.const 70000) \"world\") (data (memory 1) (i32.const 0) \"second\")"
    " (elem (i32.const 1) $f $start) (elem funcref (ref.func $f) (ref.null func))"
    " (func $f (export \"f\") (param i32) (result i32) (i32.load8_u (local.get 0)))"
    " (func (export \"dirty\") (param i32) (result i32)"
    "  (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 262144))"
    "  (memory.fill (i32.add (memory.grow (i32.const 2)) (i32.const 262140)) (i32.const 0xa5) (i32.const 1000))"
    "  (i32.const 0))"
    " (func $start (global.set 0 (i32.const 9))) (start $start))";

static cv_run give_number(void *env, cv_instance *caller, cv_value *values) {
  values[0].u32 = *(uint32_t *)env;
  return CV_RUN_OK;
}

static void every_allocation_may_fail(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_code *code = compile(w.engine, rich_wat);
    cv_mem *mem = cv_store_mem(w.store), *engine_mem = cv_engine_mem(w.engine);
    cv_mem *const quotas[] = {mem, engine_mem};
    for (size_t q = 0; q < CV_COUNT(quotas); q++) {
      bool succeeded = false;
      for (uint64_t n = 1; !succeeded && n < 200; n++) {
        size_t memories = w.store->memories.count, tables = w.store->tables.count, instances = w.store->instances.count;
        quotas[q]->fail_at = quotas[q]->calls + n;
        cv_diag diag;
        cv_diag_init(&diag);
        cv_instance *i;
        cv_status status = cv_instantiate(w.store, code, NULL, 0, NULL, &i, &diag);
        quotas[q]->fail_at = 0;
        succeeded = status == CV_OK;
        if (succeeded) {
          assert_int_equal(result1(i, "f", 100), 'h');
          continue;
        }
        assert_null(i);
        if (status == CV_ETRAP) // the start function had no stack to run on; the instance stays
          assert_int_equal(w.context->trap.kind, CV_TRAP_OUT_OF_MEMORY);
        else {
          assert_int_equal(status, CV_ENOMEM);
          assert_int_equal(w.store->memories.count, memories);
          assert_int_equal(w.store->tables.count, tables);
          assert_int_equal(w.store->instances.count, instances);
        }
      }
      assert_true(succeeded);
    }
    cv_code_release(code);
    world_delete(&w);
  }
}

static void stores_may_fail(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_mem *mem = cv_engine_mem(w.engine);
    uint64_t used = mem->used;
    mem->fail_at = mem->calls + 1;
    cv_store *s;
    assert_int_equal(cv_store_new(w.engine, NULL, &s, NULL), CV_ENOMEM);
    mem->fail_at = 0;
    assert_int_equal(mem->used, used);
    world_delete(&w);
  }
}

// Instance after instance in the same slots: memory, stack and globals show nothing of the one before.
static void recycling_leaves_nothing(void **state) {
  cv_engine_options options = {.pool_slots = 2};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_code *code = compile(w.engine, rich_wat);
    uint8_t *former = NULL;
    uint32_t reused = 0;
    for (int round = 0; round < 6; round++) {
      cv_store *s;
      cv_diag diag;
      cv_diag_init(&diag);
      must(cv_store_new(w.engine, NULL, &s, &diag), &diag);
      cv_instance *i;
      must(cv_instantiate(s, code, NULL, 0, NULL, &i, &diag), &diag);
      const cv_memory *m = cv_instance_memory(i, 0);
      assert_int_equal(m->size, 4 << 16);
      reused += m->base == former;
      former = m->base;
      for (uint64_t k = 0; k < m->size; k++) {
        uint8_t want = k - 100 < 5 ? (uint8_t)"hello"[k - 100] : k - 70000 < 5 ? (uint8_t)"world"[k - 70000] : 0;
        if (m->base[k] != want)
          fail_msg("round %d: byte %llu is %u", round, (unsigned long long)k, m->base[k]);
      }
      assert_int_equal(cv_instance_global(i, 0)->value.u32, 9);
      result1(i, "dirty", 0);
      assert_int_equal(m->size, 6 << 16);
      cv_store_delete(s);
    }
    assert_true(reused > 0);
    cv_code_release(code);
    world_delete(&w);
  }
}

// A block that waited has the functions of the former instance, and nothing else of it.
static void blocks_are_used_again(void **state) {
  enum { FUNCS = 400 };
  static char wat[1 << 16];
  size_t at = (size_t)snprintf(wat, sizeof wat,
                               "(module (import \"h\" \"f\" (func $h (result i32))) (type $t (func (result i32)))"
                               " (memory (export \"m\") 1) (data (i32.const 0) \"x\") (data $passive \"y\")"
                               " (table (export \"t\") 500 funcref) (global $g (export \"g\") (mut i32) (i32.const 5))"
                               " (func (export \"call\") (param i32) (result i32)"
                               "  (call_indirect (type $t) (local.get 0)))"
                               " (func (export \"spoil\") (param i32) (result i32)"
                               "  (table.set (i32.const 7) (ref.null func)) (table.set (i32.const 450) (ref.func $f3))"
                               "  (table.fill (i32.const 20) (ref.func $f0) (i32.const 50))"
                               "  (memory.init $passive (i32.const 9) (i32.const 0) (i32.const 1)) (data.drop $passive)"
                               "  (global.set $g (i32.const 6)) (i32.const 0))"
                               " (func (export \"init\") (param i32) (result i32)"
                               "  (memory.init $passive (i32.const 9) (i32.const 0) (i32.const 1))"
                               "  (i32.load8_u (i32.const 9)))");
  for (int k = 0; k < FUNCS; k++)
    at += (size_t)snprintf(wat + at, sizeof wat - at, "(func $f%d (result i32) (i32.const %d))", k, k * 3);
  at += (size_t)snprintf(wat + at, sizeof wat - at, "(elem (i32.const 400) $h $f1) (elem (i32.const 0)");
  for (int k = 0; k < FUNCS; k++)
    at += (size_t)snprintf(wat + at, sizeof wat - at, " $f%d", k);
  snprintf(wat + at, sizeof wat - at, "))");
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_code *code = compile(w.engine, wat);
    cv_valtype i32 = CV_I32;
    const cv_instance *former = NULL;
    unsigned reused = 0;
    for (uint32_t round = 0; round < 6; round++) {
      world own = {.engine = w.engine};
      cv_diag diag;
      cv_diag_init(&diag);
      must(cv_store_new(w.engine, NULL, &own.store, &diag), &diag);
      uint32_t number = 1000 + round;
      cv_extern import = host_func(&own, NULL, 0, &i32, 1, give_number, &number);
      cv_instance *i;
      must(cv_instantiate(own.store, code, &import, 1, NULL, &i, &diag), &diag);
      reused += i == former;
      former = i;
      for (uint32_t k = 0; k < FUNCS; k += 7)
        assert_int_equal(result1(i, "call", k), 3 * k);
      assert_int_equal(result1(i, "call", 400), number); // this store's import
      assert_int_equal(result1(i, "call", 401), 3);
      assert_int_equal(call1(i, "call", 450, NULL), CV_RUN_TRAP);
      assert_int_equal(i->context->trap.kind, CV_TRAP_UNINITIALIZED_ELEMENT);
      assert_int_equal(cv_instance_global(i, 0)->value.u32, 5);
      assert_int_equal(cv_instance_memory(i, 0)->base[0], 'x');
      assert_int_equal(cv_instance_memory(i, 0)->base[9], 0);
      assert_int_equal(result1(i, "init", 0), 'y');
      result1(i, "spoil", 0);
      assert_int_equal(call1(i, "init", 0, NULL), CV_RUN_TRAP);
      assert_int_equal(cv_func_store(cv_instance_func(i, 3)) == own.store, 1);
      assert_true(cv_store_mem(own.store)->used >= code->layout.size); // counted for the store while it has it
      cv_store_delete(own.store);
    }
    assert_true(reused >= 4);
    uint64_t used = cv_engine_mem(w.engine)->used;
    cv_code_release(code);
    assert_true(cv_engine_mem(w.engine)->used + 8192 < used);
    world_delete(&w);
  }
}

// Every byte of a block that waited: function objects say where the block is, and what the code has for each; all else
// is empty, whatever the former instance had there.
static void blocks_are_empty(void **state) {
  static char wat[1 << 15];
  size_t at = (size_t)snprintf(
      wat, sizeof wat,
      "(module (import \"h\" \"f\" (func $h (result i32))) (import \"h\" \"g\" (global $hg i32))"
      " (memory (export \"m\") 1) (memory 1 2 shared) (data (i32.const 0) \"x\") (data $d \"passive\")"
      " (table $t 9 funcref) (table $u 3 9 externref) (tag $tag (param v128))"
      " (global $v (mut v128) (v128.const i64x2 0x5a5a5a5a5a5a5a5a 0x5a5a5a5a5a5a5a5a))"
      " (global $f (mut funcref) (ref.func $h)) (global $e (mut exnref) (ref.null exn))"
      " (elem (table $t) (i32.const 0) func $h $f1 $f2) (elem $p funcref (ref.func $f3))"
      " (func (export \"spoil\") (param i32) (result i32)"
      "  (global.set $v (v128.const i64x2 0xa5a5a5a5a5a5a5a5 0xa5a5a5a5a5a5a5a5)) (global.set $f (ref.func $f9))"
      "  (block $b (result exnref) (try_table (catch_all_ref $b) (throw $tag (global.get $v))) (unreachable))"
      "  (global.set $e) (table.init $t $p (i32.const 5) (i32.const 0) (i32.const 1)) (elem.drop $p) (data.drop $d)"
      "  (drop (table.grow $t (ref.func $f4) (i32.const 20))) (drop (memory.grow (i32.const 2))) (call $h))");
  for (int k = 0; k < 200; k++)
    at += (size_t)snprintf(wat + at, sizeof wat - at, " (func $f%d (export \"f%d\"))", k, k);
  snprintf(wat + at, sizeof wat - at, ")");
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_code *code = compile(w.engine, wat);
    cv_valtype i32 = CV_I32;
    for (uint32_t round = 0; round < 3; round++) {
      world own = {.engine = w.engine};
      cv_diag diag;
      cv_diag_init(&diag);
      must(cv_store_new(w.engine, NULL, &own.store, &diag), &diag);
      uint32_t number = 7;
      cv_globaltype type = {.type = CV_I32};
      cv_extern imports[] = {host_func(&own, NULL, 0, &i32, 1, give_number, &number), {.kind = CV_EXTERN_GLOBAL}};
      imports[1].as.global = cv_store_global_new(own.store, &type, &(cv_value){.u32 = 0x5a5a5a5a});
      cv_instance *former;
      must(cv_instantiate(own.store, code, imports, 2, own.store, &former, &diag), &diag);
      assert_int_equal(result1(former, "spoil", 0), 7);
      cv_store_delete(own.store);

      must(cv_store_new(w.engine, NULL, &own.store, &diag), &diag);
      cv_instance *block = cv_block_new(own.store, code);
      assert_ptr_equal(block, former);
      assert_true(block->has_elem_funcs);
      block->has_elem_funcs = false;
      uint64_t low = code->layout.funcs, high = low;
      for (uint32_t k = 1; k < code->module->func_count; k++, high += sizeof(cv_func)) {
        const cv_func *f = (const cv_func *)((const char *)block + high);
        assert_true(f->instance == NULL || f->instance == block);
        assert_true(f->instance == NULL || f->index == k);
        assert_true(f->host == NULL && f->host_env == NULL && f->store == NULL);
      }
      for (uint64_t k = 0; k < code->layout.size; k++)
        if ((k < low || k >= high) && ((const uint8_t *)block)[k] != 0)
          fail_msg("round %u: byte %llu is %u", round, (unsigned long long)k, ((const uint8_t *)block)[k]);
      cv_block_free(own.store, block);
      cv_store_delete(own.store);
    }
    cv_code_release(code);
    world_delete(&w);
  }
}

// A data segment that does not fit traps after the ones before it were written, image or not.
static void segments_apply_in_order(void **state) {
  static const char wat[] = "(module (import \"h\" \"m\" (memory 1)) (data (i32.const 0) \"one\")"
                            " (data (i32.const 65535) \"two\") (data (i32.const 8) \"three\"))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_diag diag;
    cv_diag_init(&diag);
    cv_memory *m;
    cv_memtype type = {.limits = {.min = 1, .max = UINT64_MAX}, .page_log2 = 16};
    must(cv_store_memory_new(w.store, &type, &m, &diag), &diag);
    cv_extern import = {.kind = CV_EXTERN_MEMORY, .as.memory = m};
    for (int round = 0; round < 3; round++) {
      memset(m->base, 0, 64);
      cv_instance *i;
      assert_int_equal(try_instantiate(w.store, wat, &import, 1, &i, &diag), CV_ETRAP);
      assert_int_equal(w.context->trap.kind, CV_TRAP_MEMORY_BOUNDS);
      assert_memory_equal(m->base, "one\0", 4);
      assert_memory_equal(m->base + 8, "\0\0\0", 3);
    }
    world_delete(&w);
  }
}

static void exceptions_do_not_accumulate(void **state) {
  static const char wat[] =
      "(module (tag $t (param i32)) (table $kept 4 exnref) (global $g (mut exnref) (ref.null exn))"
      " (func $throw (param i32) (throw $t (local.get 0)))"
      " (func (export \"run\") (param i32) (result i32) (local $first exnref)"
      "  (block $done"
      "   (loop $l"
      "    (block $h (result i32 exnref)"
      "     (try_table (catch_ref $t $h) (call $throw (local.get 0))) (unreachable))"
      "    (if (param exnref) (ref.is_null (local.get $first)) (then (local.set $first)) (else (drop)))"
      "    drop"
      "    (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"
      "  (block $again (result i32) (try_table (catch $t $again) (throw_ref (local.get $first))) (unreachable))))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, &(cv_store_options){.exceptions = 5000});
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    // A hundred thousand exceptions, of which the first is needed at the end.
    assert_int_equal(result1(i, "run", 100000), 100000);
    assert_true(w.store->exception_count < 5000);
    world_delete(&w);
  }
}

// The backtrace of an exception begins anew, also where the memory of a collected one is used again.
static void collected_exceptions_leave_no_frames(void **state) {
  static const char wat[] = "(module (tag $t) (func $inner (export \"inner\") (throw $t))"
                            " (func (export \"caught\") (param i32) (result i32)"
                            "  (block $h (try_table (catch $t $h) (call $inner)) (unreachable)) (local.get 0)))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    assert_int_equal(result1(i, "caught", 3), 3);
    cv_heap_collect(w.store);
    assert_int_equal(w.store->exception_count, 0);
    assert_int_equal(cv_call(w.context, exported(i, "inner"), NULL), CV_RUN_EXCEPTION);
    cv_trap_uncaught(w.context);
    assert_int_equal(w.context->trap.frames_total, 1);
    world_delete(&w);
  }
}

static int finalized;
static void on_finalize(void *data) {
  finalized++;
  *(int *)data = 0;
}

static void externrefs_are_found(void **state) {
  static const char wat[] =
      "(module (table (export \"t\") 4 externref) (global $g (mut externref) (ref.null extern))"
      " (func (export \"keep\") (param externref) (result externref)"
      "  (table.set (i32.const 2) (local.get 0)) (local.get 0))"
      " (func (export \"global\") (param externref) (result externref) (global.set $g (local.get 0)) (local.get 0))"
      " (func (export \"forget\") (param i32) (result i32)"
      "  (table.set (i32.const 2) (ref.null extern)) (global.set $g (ref.null extern)) (i32.const 0)))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    finalized = 0;
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    int data[3] = {1, 2, 3};
    void *refs[3];
    static const char *const into[3] = {"keep", "global", NULL};
    for (int k = 0; k < 3; k++) {
      refs[k] = cv_externref_new(w.store, &data[k], on_finalize);
      assert_ptr_equal(cv_externref_data(refs[k]), &data[k]);
      cv_value values[2] = {{.ref = refs[k]}};
      if (into[k] != NULL) {
        assert_int_equal(cv_call(w.context, exported(i, into[k]), values), CV_RUN_OK);
        assert_ptr_equal(values[0].ref, refs[k]);
      }
    }
    cv_heap_collect(w.store);
    assert_int_equal(finalized, 0);
    for (int k = 0; k < 3; k++)
      cv_externref_unpin(refs[k]);
    memset(w.context->args, 0, sizeof w.context->args);
    cv_heap_collect(w.store);
    assert_int_equal(finalized, 1);
    assert_int_equal(data[2], 0);
    result1(i, "forget", 0);
    cv_heap_collect(w.store);
    assert_int_equal(finalized, 3);
    refs[0] = cv_externref_new(w.store, &data[0], on_finalize);
    world_delete(&w);
    assert_int_equal(finalized, 4);
  }
}

static void memories_of_all_kinds(void **state) {
  static const struct {
    const char *wat;
    uint32_t probe; // last readable address
  } rows[] = {
      {"(module (memory 1) (func (export \"f\") (param i32) (result i32) (i32.load8_u (local.get 0))))", 65535},
      {"(module (memory 0 0) (func (export \"f\") (param i32) (result i32) (i32.load8_u (local.get 0))))", UINT32_MAX},
      {"(module (memory i64 1) (func (export \"f\") (param i32) (result i32)"
       " (i32.load8_u (i64.extend_i32_u (local.get 0)))))",
       65535},
      {"(module (memory i64 1 1) (func (export \"f\") (param i32) (result i32)"
       " (i32.load8_u (i64.extend_i32_u (local.get 0)))))",
       65535},
      {"(module (memory 1 3 shared) (func (export \"f\") (param i32) (result i32) (i32.load8_u (local.get 0))))",
       65535},
      {"(module (memory 1000 (pagesize 1)) (func (export \"f\") (param i32) (result i32) (i32.load8_u (local.get 0))))",
       999},
  };
  cv_engine_options options = {.features = CV_FEATURES_DEFAULT | CV_FEAT(CUSTOM_PAGE_SIZES)};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    for (size_t r = 0; r < CV_COUNT(rows); r++) {
      cv_instance *i = instantiate(w.store, rows[r].wat, NULL, 0);
      if (rows[r].probe != UINT32_MAX)
        assert_int_equal(result1(i, "f", rows[r].probe), 0);
      assert_int_equal(call1(i, "f", rows[r].probe + 1, NULL), CV_RUN_TRAP);
      assert_int_equal(w.context->trap.kind, CV_TRAP_MEMORY_BOUNDS);
      assert_int_equal(call1(i, "f", UINT32_MAX, NULL), CV_RUN_TRAP);
    }
    world_delete(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(stores_may_fail),
      cmocka_unit_test(recycling_leaves_nothing),
      cmocka_unit_test(blocks_are_used_again),
      cmocka_unit_test(blocks_are_empty),
      cmocka_unit_test(segments_apply_in_order),
      cmocka_unit_test(exceptions_do_not_accumulate),
      cmocka_unit_test(collected_exceptions_leave_no_frames),
      cmocka_unit_test(externrefs_are_found),
      cmocka_unit_test(memories_of_all_kinds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
