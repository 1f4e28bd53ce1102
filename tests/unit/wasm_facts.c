// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What validation leaves for the tiers: side tables, handlers, heights, weights, flags.
#include "wasm_support.h"

typedef struct golden {
  const char *name, *wat;
  uint32_t max_height, max_depth, flags;
  cv_side_entry side[8]; // target_pc, target_entry, keep, height; up to side_count
  uint32_t side_count;
  cv_handler handlers[4];
  uint32_t handler_count;
} golden;

static const golden rows[] = {
    // 0 block, 2 get, 4 get, 6 br_if, 8 drop, 9 const, 11 end, 12 end
    {"br_if out of a block",
     "(func (param i32) (result i32) block (result i32) local.get 0 local.get 0 br_if 0 drop i32.const 1 end)",
     2,
     2,
     0,
     {{12, 1, 1, 0}},
     1,
     {{0}},
     0},
    // 0 loop, 2 get, 4 if, 6 br 1, 8 else, 9 nop, 10 end, 11 end, 12 end
    {"if and else in a loop",
     "(func (param i32) loop local.get 0 if br 1 else nop end end)",
     1,
     3,
     CV_FACT_LOOPS,
     {{9, 3, 0, 0}, {2, 0, 0, 0}, {11, 3, 0, 0}},
     3,
     {{0}},
     0},
    // 0 get, 2 if, 4 nop, 5 end, 6 end
    {"if without else", "(func (param i32) local.get 0 if nop end)", 1, 2, 0, {{6, 1, 0, 0}}, 1, {{0}}, 0},
    // 0 const, 2 block, 4 get, 6 br_table 0 1 (4 bytes), 10 end, 11 drop, 12 end: both ways out
    {"br_table to a block and to the function",
     "(func (param i32) i32.const 7 drop block local.get 0 br_table 0 1 0 end)",
     1,
     2,
     0,
     {{13, 3, 0, 0}, {13, 3, 0, 0}, {13, 3, 0, 0}},
     3,
     {{0}},
     0},
    // 0 const, 2 const, 4 loop (param), 6 br_if ..: values below the loop stay
    {"loop with a parameter above another value",
     "(func (param i32) i64.const 1 f32.const 2 loop (param f32) (result f32) local.get 0 br_if 0 end drop drop)",
     3,
     2,
     CV_FACT_LOOPS,
     {{9, 0, 1, 1}},
     1,
     {{0}},
     0},
    // 0 block, 2 try_table block-type, count, kind, tag, label; 8 call 0, 10 end, 11 i32.const, 13 end, 14 drop, 15 end
    {"try_table",
     "(tag $e (param i32)) (func $f block (result i32) try_table (catch 0 0) call $f end i32.const 1 end drop)",
     1,
     3,
     CV_FACT_CALLS | CV_FACT_HANDLERS,
     {{14, 1, 1, 0}},
     1,
     {{8, 10, CV_HANDLER_CATCH, 0, 2, 0, {14, 1, 1, 0}}},
     1},
    // 0 try, 2 call, 4 catch, 6 drop, 7 catch_all, 8 rethrow 0, 10 end, 11 end
    {"legacy try",
     "(tag $e (param i32)) (func $f try call $f catch 0 drop catch_all rethrow 0 end)",
     1,
     2,
     CV_FACT_CALLS | CV_FACT_HANDLERS,
     {{11, 3, 0, 0}, {11, 3, 0, 0}, {0, 0, 0, 1}},
     3,
     {{2, 4, CV_HANDLER_LEGACY_CATCH, 0, 1, 0, {6, 1, 1, 0}},
      {2, 4, CV_HANDLER_LEGACY_CATCH_ALL, 0, 1, 0, {8, 2, 0, 0}}},
     2},
    // 0 try, 2 try, 4 call, 6 delegate 0, 8 catch_all, 9 end, 10 end
    {"legacy delegate",
     "(func $f try try call $f delegate 0 catch_all end)",
     0,
     3,
     CV_FACT_CALLS | CV_FACT_HANDLERS,
     {{10, 1, 0, 0}},
     1,
     {{4, 6, CV_HANDLER_LEGACY_DELEGATE, 0, 2, 1, {0, 0, 0, 0}},
      {2, 8, CV_HANDLER_LEGACY_CATCH_ALL, 0, 1, 0, {9, 1, 0, 0}}},
     2},
    {"flags",
     "(memory 1) (table 1 funcref) (func (result i32) (drop (v128.const i64x2 0 0)) (drop (i32.load (i32.const 0)))"
     " (return_call_indirect (result i32) (i32.const 0)))",
     1,
     1,
     CV_FACT_SIMD | CV_FACT_MEMORY | CV_FACT_CALLS | CV_FACT_TAIL_CALLS,
     {{0}},
     0,
     {{0}},
     0},
};

static void check_side(const char *name, const cv_side_entry *got, const cv_side_entry *want) {
  if (memcmp(got, want, sizeof *got) != 0)
    fail_msg("%s: entry to pc %u, entry %u, keep %u, height %u", name, got->target_pc, got->target_entry, got->keep,
             got->height);
}

static void side_tables(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const golden *r = &rows[i];
    fixture f;
    fixture_init(&f);
    fixture_valid_wat(&f, r->wat);
    const cv_func_facts *facts = &f.module->facts[0];
    if (facts->max_height != r->max_height || facts->max_depth != r->max_depth || facts->flags != r->flags ||
        facts->side_count != r->side_count || facts->handler_count != r->handler_count)
      fail_msg("%s: height %u, depth %u, flags %x, %u entries, %u handlers", r->name, facts->max_height,
               facts->max_depth, facts->flags, facts->side_count, facts->handler_count);
    for (uint32_t k = 0; k < facts->side_count; k++)
      check_side(r->name, &facts->side[k], &r->side[k]);
    for (uint32_t k = 0; k < facts->handler_count; k++) {
      const cv_handler *got = &facts->handlers[k], *want = &r->handlers[k];
      if (got->start_pc != want->start_pc || got->end_pc != want->end_pc || got->kind != want->kind ||
          got->tag != want->tag || got->depth != want->depth || got->delegate_to != want->delegate_to)
        fail_msg("%s: handler %u of pc %u to %u, kind %d, depth %u, delegate to %u", r->name, k, got->start_pc,
                 got->end_pc, (int)got->kind, got->depth, got->delegate_to);
      check_side(r->name, &got->target, &want->target);
    }
    fixture_free(&f);
  }
}

static void without_side_tables(void **state) {
  fixture f;
  fixture_init(&f);
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    fixture_wat(&f, rows[i].wat);
    assert_int_equal(fixture_decode(&f, CV_FEATURES_ALL), CV_OK);
    assert_int_equal(cv_module_validate(f.module, 0, &f.diag), CV_OK);
    const cv_func_facts *facts = &f.module->facts[0];
    assert_null(facts->side);
    assert_int_equal(facts->max_height, rows[i].max_height);
    assert_int_equal(facts->handler_count, rows[i].handler_count);
    for (uint32_t k = 0; k < facts->handler_count; k++) {
      assert_int_equal(facts->handlers[k].target.keep, rows[i].handlers[k].target.keep);
      assert_int_equal(facts->handlers[k].target.height, rows[i].handlers[k].target.height);
      assert_int_equal(facts->handlers[k].target.target_pc, rows[i].handlers[k].target.target_pc);
    }
  }
  fixture_free(&f);
}

static void locals_and_weights(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid_wat(&f,
                    "(func $g (param $a i32) (param $b f64) (local $c i64) (local $d i64) (local $e v128)"
                    " (local.set $c (i64.const 1))"
                    " (loop (drop (local.get $a)) (call $h)"
                    "  (loop (drop (local.get $a)) (call $h) (loop (loop (loop (loop (local.set $d (i64.const 0)))))))"
                    "  (drop (local.get $b)))"
                    " (drop (local.get $c)))"
                    "(func $h)");
  const cv_func_facts *facts = &f.module->facts[0];
  static const cv_valtype types[] = {CV_I32, CV_F64, CV_I64, CV_I64, CV_V128};
  static const uint16_t weights[] = {8 + 64, 8, 2, UINT16_MAX, 0};
  assert_int_equal(facts->local_count, CV_COUNT(types));
  for (size_t i = 0; i < CV_COUNT(types); i++) {
    assert_int_equal(facts->locals[i], types[i]);
    assert_int_equal(facts->local_weight[i], weights[i]);
  }
  assert_int_equal(facts->call_weight, 8 + 64);
  assert_int_equal(facts->calling_loops, 3);
  assert_int_equal(facts->flags, CV_FACT_LOOPS | CV_FACT_CALLS | CV_FACT_SIMD);
  assert_int_equal(f.module->facts[1].local_count, 0);
  fixture_free(&f);
}

// Parts of a module may be validated by different validators and into different arenas.
static void functions_one_by_one(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_wat(&f, "(import \"m\" \"f\" (func)) (func (block (br 0))) (func (i32.const 1)) (func (loop))");
  assert_int_equal(fixture_decode(&f, CV_FEATURES_ALL), CV_OK);
  assert_int_equal(cv_module_validate_head(f.module, &f.diag), CV_OK);
  cv_arena arena;
  cv_arena_init(&arena, &f.mem);
  cv_validator *a = cv_validator_new(f.module, &f.mem, CV_VALIDATE_SIDE_TABLES);
  cv_validator *b = cv_validator_new(f.module, &f.mem, 0);
  assert_true(a != NULL && b != NULL);
  assert_int_equal(cv_func_validate(b, 3, &arena, &f.module->facts[2], &f.diag), CV_OK);
  assert_int_equal(cv_func_validate(a, 2, &arena, &f.module->facts[1], NULL), CV_EINVALID);
  assert_int_equal(cv_func_validate(a, 1, &arena, &f.module->facts[0], &f.diag), CV_OK);
  assert_int_equal(f.module->facts[0].side_count, 1);
  assert_int_equal(f.module->facts[2].flags, CV_FACT_LOOPS);
  assert_int_equal(cv_func_validate(a, 2, &arena, &f.module->facts[1], &f.diag), CV_EINVALID);
  assert_int_equal(f.diag.func, 2);
  cv_validator_delete(a);
  cv_validator_delete(b);
  cv_arena_free(&arena);
  fixture_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(side_tables),
      cmocka_unit_test(without_side_tables),
      cmocka_unit_test(locals_and_weights),
      cmocka_unit_test(functions_one_by_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
