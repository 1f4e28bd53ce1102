// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Limits of stores as a table: what is refused, with which sentence, and the same as a trap. Fuel to the unit.
#include "runtime_support.h"

static const char grow_wat[] =
    "(module (memory (export \"m\") 1) (table (export \"t\") 1 100 funcref)"
    " (func (export \"memory\") (param i32) (result i32) (memory.grow (local.get 0)))"
    " (func (export \"table\") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))";

static void growing(void **state) {
  static const struct {
    cv_store_options limits;
    const char *what;
    uint32_t by, result;
    cv_trap_kind trap; // with trap_on_limit
    const char *text;
  } rows[] = {
      {{0}, "memory", 3, 1, CV_TRAP_NONE, ""},
      {{0}, "memory", 65535, 1, CV_TRAP_NONE, ""},
      {{0}, "memory", 65536, UINT32_MAX, CV_TRAP_NONE, ""},
      {{.memory_bytes = 64 << 10},
       "memory",
       1,
       UINT32_MAX,
       CV_TRAP_MEMORY_LIMIT,
       "memory limit 64 KiB reached growing by 1 page"},
      {{.memory_bytes = 64 << 20},
       "memory",
       1024,
       UINT32_MAX,
       CV_TRAP_MEMORY_LIMIT,
       "memory limit 64 MiB reached growing by 1024 pages"},
      {{.memory_bytes = 64 << 20}, "memory", 1023, 1, CV_TRAP_NONE, ""},
      {{.memory_total = 128 << 10},
       "memory",
       2,
       UINT32_MAX,
       CV_TRAP_MEMORY_LIMIT,
       "limit of all memories 128 KiB reached growing by 2 pages"},
      {{0}, "table", 99, 1, CV_TRAP_NONE, ""},
      {{0}, "table", 100, UINT32_MAX, CV_TRAP_NONE, ""},
      {{.table_elements = 10}, "table", 9, 1, CV_TRAP_NONE, ""},
      {{.table_elements = 10},
       "table",
       10,
       UINT32_MAX,
       CV_TRAP_TABLE_LIMIT,
       "table limit of 10 elements reached growing by 10"},
  };
  cv_engine_options options = {0};
  EACH_TIER(options) {
    for (size_t r = 0; r < CV_COUNT(rows); r++) {
      world w = world_new(&options, &rows[r].limits);
      cv_instance *i = instantiate(w.store, grow_wat, NULL, 0);
      assert_int_equal(result1(i, rows[r].what, rows[r].by), rows[r].result);
      assert_string_equal(cv_store_refusal(w.store), rows[r].text);
      world_delete(&w);

      cv_store_options trapping = rows[r].limits;
      trapping.trap_on_limit = true;
      w = world_new(&options, &trapping);
      i = instantiate(w.store, grow_wat, NULL, 0);
      cv_value out;
      cv_run run = call1(i, rows[r].what, rows[r].by, &out);
      assert_int_equal(run, rows[r].trap == CV_TRAP_NONE ? CV_RUN_OK : CV_RUN_TRAP);
      if (run == CV_RUN_TRAP) {
        assert_int_equal(w.context->trap.kind, rows[r].trap);
        assert_string_equal(w.context->trap.text, rows[r].text);
      }
      world_delete(&w);
    }
  }
}

static void instantiating(void **state) {
  static const struct {
    cv_store_options limits;
    const char *wat, *text;
  } rows[] = {
      {{.memory_bytes = 64 << 10}, "(module (memory 2))", "memory limit 64 KiB reached making a memory of 2 pages"},
      {{.memory_total = 192 << 10},
       "(module (memory 2) (memory 2))",
       "limit of all memories 192 KiB reached making a memory of 2 pages"},
      {{.table_elements = 5}, "(module (table 6 funcref))", "table limit of 5 elements reached making a table of 6"},
  };
  cv_engine_options options = {0};
  EACH_TIER(options) {
    for (size_t r = 0; r < CV_COUNT(rows); r++) {
      world w = world_new(&options, &rows[r].limits);
      cv_instance *i;
      cv_diag diag;
      assert_int_equal(try_instantiate(w.store, rows[r].wat, NULL, 0, &i, &diag), CV_ELIMIT);
      assert_string_equal(diag.text, rows[r].text);
      assert_null(i);
      // What the failed one took was given back.
      i = instantiate(w.store, "(module (memory 1) (table 1 funcref))", NULL, 0);
      assert_non_null(i);
      world_delete(&w);
    }
    world w = world_new(&options, &(cv_store_options){.instances = 2});
    instantiate(w.store, "(module)", NULL, 0);
    instantiate(w.store, "(module)", NULL, 0);
    cv_instance *i;
    cv_diag diag;
    assert_int_equal(try_instantiate(w.store, "(module)", NULL, 0, &i, &diag), CV_ELIMIT);
    assert_string_equal(diag.text, "limit of 2 instances reached");
    world_delete(&w);
  }
}

static void linking(void **state) {
  static const char wat[] = "(module (import \"a\" \"b\" (memory 2 4)))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    static const struct {
      cv_limits limits;
      const char *text;
    } rows[] = {
        {{.min = 2, .max = 4, .has_max = true}, NULL},
        {{.min = 3, .max = 3, .has_max = true}, NULL},
        {{.min = 1, .max = 4, .has_max = true},
         "incompatible import type: \"a\" \"b\": expected (memory 2 4), got (memory 1 4)"},
        {{.min = 2, .max = UINT64_MAX}, "incompatible import type: \"a\" \"b\": expected (memory 2 4), got (memory 2)"},
        {{.min = 2, .max = 4, .has_max = true, .is_64 = true},
         "incompatible import type: \"a\" \"b\": expected (memory 2 4), got (memory i64 2 4)"}};
    for (size_t r = 0; r < CV_COUNT(rows); r++) {
      world w = world_new(&options, NULL);
      cv_diag diag;
      cv_diag_init(&diag);
      cv_memory *m;
      cv_memtype type = {.limits = rows[r].limits, .page_log2 = 16};
      must(cv_store_memory_new(w.store, &type, &m, &diag), &diag);
      cv_extern import = {.kind = CV_EXTERN_MEMORY, .as.memory = m};
      cv_instance *i;
      cv_status status = try_instantiate(w.store, wat, &import, 1, &i, &diag);
      assert_int_equal(status, rows[r].text == NULL ? CV_OK : CV_EUNLINKABLE);
      if (rows[r].text != NULL)
        assert_string_equal(diag.text, rows[r].text);
      import.as.object = NULL;
      assert_int_equal(try_instantiate(w.store, wat, &import, 1, &i, &diag), CV_EUNLINKABLE);
      assert_string_equal(diag.text, "unknown import: \"a\" \"b\"");
      world_delete(&w);
    }
  }
}

// Costs by hand, from the rule in runtime/fuel.h.
static void fuel_is_exact(void **state) {
  static const char wat[] = "(module (memory 1)"
                            " (func (export \"two\") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))"
                            " (func (export \"loop\") (param i32) (result i32)"
                            "  (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0))"
                            " (func (export \"fill\") (param i32) (result i32)"
                            "  (memory.fill (i32.const 0) (i32.const 0) (local.get 0)) (i32.const 0))"
                            " (func $f (param i32) (result i32) (nop) (drop (local.get 0)) (local.get 0))"
                            " (func (export \"call\") (param i32) (result i32) (call $f (local.get 0))))";
  static const struct {
    const char *name;
    uint32_t arg;
    int64_t cost;
  } rows[] = {
      {"two", 1, 3},            // local.get, i32.const, i32.add
      {"loop", 10, 5 * 10 + 1}, // five a round, then local.get
      {"fill", 0, 5},           // three operands, memory.fill, i32.const
      {"fill", 6400, 5 + 100},
      {"call", 1, 2 + 2},
  };
  cv_engine_options options = {.compile = {.fuel = true}};
  EACH_TIER(options) {
    world w = world_new(&options, NULL);
    cv_instance *i = instantiate(w.store, wat, NULL, 0);
    for (size_t r = 0; r < CV_COUNT(rows); r++) {
      w.context->fuel = rows[r].cost;
      result1(i, rows[r].name, rows[r].arg);
      assert_int_equal(w.context->fuel, 0);
      w.context->fuel = rows[r].cost - 1;
      assert_int_equal(call1(i, rows[r].name, rows[r].arg, NULL), CV_RUN_TRAP);
      assert_int_equal(w.context->trap.kind, CV_TRAP_OUT_OF_FUEL);
    }
    world_delete(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(growing),
      cmocka_unit_test(instantiating),
      cmocka_unit_test(linking),
      cmocka_unit_test(fuel_is_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
