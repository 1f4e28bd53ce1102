// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snapshot.c: cove/snapshot.h: an instance of a snapshot goes on where the instance stood, in each tier; what cannot be
// kept is refused by name; allocations that fail.
#include "fault_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "wasm/binary/decode.h"

// One module in a store of its own.
typedef struct fixture {
  cove_engine *engine; // borrowed
  cove_store *store;
  cove_linker *linker;
  cove_module *module;
  cove_instance *instance;
} fixture;

static cove_engine *engine_of(const char *tier, const char *features) {
  cove_engine *engine;
  cove_config *config = cove_config_new();
  assert_non_null(config);
  assert_int_equal(cove_config_set_tier(config, tier, NULL), COVE_OK);
  if (features != NULL)
    assert_int_equal(cove_config_set_features(config, features, NULL), COVE_OK);
  if (cove_engine_new(config, &engine, NULL) != COVE_OK)
    engine = NULL;
  cove_config_delete(config);
  return engine;
}

static cove_host_result seven(void *env, cove_caller *caller, cove_value *values) {
  values[0].i32 = 7;
  return COVE_HOST_OK;
}

static void begin(fixture *f, cove_engine *engine) {
  const cove_valtype i32 = COVE_I32;
  const cove_functype type = {NULL, 0, &i32, 1};
  *f = (fixture){.engine = engine};
  assert_int_equal(cove_store_new(engine, NULL, &f->store, NULL), COVE_OK);
  f->linker = cove_linker_new(f->store);
  assert_non_null(f->linker);
  assert_int_equal(cove_linker_define_func(f->linker, "host", "seven", &type, seven, NULL, NULL, NULL), COVE_OK);
}

static void open_binary(fixture *f, const void *data, size_t size) {
  cove_error *error = NULL;
  if (cove_module_new(f->engine, data, size, &f->module, &error) != COVE_OK ||
      cove_linker_instantiate(f->linker, f->module, &f->instance, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
}

static void open_text(fixture *f, const char *text) {
  cove_error *error = NULL;
  cove_buffer binary;
  if (cove_text_parse(f->engine, text, strlen(text), &binary, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
  open_binary(f, binary.data, binary.size);
  cove_buffer_delete(&binary);
}

static void end(fixture *f) {
  cove_linker_delete(f->linker);
  cove_store_delete(f->store);
  cove_module_delete(f->module);
}

static cove_status try_call(fixture *f, const char *name, int32_t *out, cove_error **error) {
  cove_value result = {0};
  cove_func *func = cove_instance_func(f->instance, name);
  assert_non_null(func);
  cove_status status = cove_func_call(func, NULL, 0, &result, cove_func_type(func).result_count, error);
  *out = result.i32;
  return status;
}

static int32_t call(fixture *f, const char *name) {
  int32_t result;
  cove_error *error = NULL;
  if (try_call(f, name, &result, &error) != COVE_OK)
    fail_msg("%s: %s", name, cove_error_message(error));
  return result;
}

static void take(fixture *f, const cove_snapshot_options *options, cove_buffer *out) {
  cove_error *error = NULL;
  if (cove_instance_snapshot(f->instance, options, out, &error) != COVE_OK)
    fail_msg("%s", cove_error_message(error));
}

// Refused with this status and text; NULL for any text.
static void refused(fixture *f, const cove_snapshot_options *options, cove_status status, const char *text) {
  cove_error *error = NULL;
  cove_buffer out;
  assert_int_equal(cove_instance_snapshot(f->instance, options, &out, &error), status);
  assert_string_equal(cove_error_text(error), text);
  cove_error_delete(error);
}

// ---- what is kept --------------------------------------------------------------------------------------------------

// Each row: `init` is called, then `go`; it gives the same in an instance of the snapshot that was taken in between,
// and another number than without `init`.
static const struct {
  const char *name, *text;
} kept[] = {
    {"memory", "(memory 1 3) (data (i32.const 5) \"five\")"
               "(func (export \"init\") (drop (memory.grow (i32.const 1)))"
               " (i64.store (i32.const 100000) (i64.const 0x1122334455667788)) (i32.store8 (i32.const 6) (i32.const 0))"
               " (i32.store8 (i32.const 131071) (i32.const 9)))"
               "(func (export \"go\") (result i32) (i32.add (i32.mul (memory.size) (i32.load (i32.const 5)))"
               " (i32.add (i32.load (i32.const 100002)) (i32.load8_u (i32.const 131071)))))"},
    {"memories", "(memory $a 1) (memory $b i64 0 2)"
                 "(func (export \"init\") (drop (memory.grow $b (i64.const 2)))"
                 " (i32.store $b (i64.const 131068) (i32.const -2)) (i32.store $a (i32.const 0) (i32.const 3)))"
                 "(func (export \"go\") (result i32) (i32.mul (i32.load $a (i32.const 0))"
                 " (select (i32.load $b (i64.sub (i64.mul (memory.size $b) (i64.const 65536)) (i64.const 4)))"
                 " (i32.const 1) (i64.ne (memory.size $b) (i64.const 0)))))"},
    {"globals",
     "(global $i (mut i32) (i32.const 1)) (global $l (mut i64) (i64.const 1))"
     "(global $f (mut f32) (f32.const 1)) (global $d (mut f64) (f64.const 1))"
     "(global $v (mut v128) (v128.const i32x4 1 1 1 1)) (global $k i32 (i32.add (i32.const 4) (i32.const 5)))"
     "(func (export \"init\") (global.set $i (i32.const -5)) (global.set $l (i64.const 0x8000000000000000))"
     " (global.set $f (f32.const nan:0x200001)) (global.set $d (f64.const -0x1p-1074))"
     " (global.set $v (v128.const i64x2 0x1111111122222222 0x3333333344444445)))"
     "(func (export \"go\") (result i32) (i32.xor (i32.xor (global.get $i) (i32.wrap_i64 (i64.shr_u "
     "(global.get $l) (i64.const 40)))) (i32.xor (i32.xor (i32.reinterpret_f32 (global.get $f)) (i32.wrap_i64 "
     "(i64.reinterpret_f64 (global.get $d)))) (i32.xor (global.get $k) (i32x4.extract_lane 2 "
     "(global.get $v))))))"},
    {"references",
     "(type $t (func (result i32))) (global $g (mut funcref) (ref.null func))"
     "(global $n (mut externref) (ref.null extern)) (global $r (mut (ref null $t)) (ref.null $t))"
     "(global $s (ref $t) (ref.func $one)) (table $x 1 funcref)"
     "(func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))"
     "(elem declare func $two)"
     "(func (export \"init\") (global.set $g (ref.func $two)) (global.set $r (ref.func $two)))"
     "(func (export \"go\") (result i32) (if (ref.is_null (global.get $g)) (then (return (i32.const 90))))"
     " (table.set $x (i32.const 0) (global.get $g)) (i32.add (i32.add (call_ref $t (global.get $r)) "
     "(call_ref $t (global.get $s))) (i32.add (call_indirect $x (type $t) (i32.const 0)) (ref.is_null "
     "(global.get $n)))))"},
    {"tables",
     "(type $t (func (result i32))) (import \"host\" \"seven\" (func $seven (result i32)))"
     "(table $a 3 10 funcref) (table $b 1 (ref $t) (ref.func $one)) (table $c 2 (ref null $t))"
     "(elem (table $a) (i32.const 0) func $one $one) (elem declare func $seven $two)"
     "(func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))"
     "(func (export \"init\") (drop (table.grow $a (ref.func $seven) (i32.const 3)))"
     " (table.set $a (i32.const 0) (ref.func $two)) (table.set $a (i32.const 1) (ref.null func))"
     " (table.set $b (i32.const 0) (ref.func $two)) (table.set $c (i32.const 1) (ref.func $seven)))"
     "(func (export \"go\") (result i32) (i32.add (i32.add (call_indirect $a (type $t) (i32.const 0)) (i32.mul "
     "(i32.const 100) (call_indirect $b (type $t) (i32.const 0)))) (if (result i32) (ref.is_null (table.get $a "
     "(i32.const 1))) (then (i32.add (i32.mul (i32.const 1000) (table.size $a)) (i32.mul (i32.const 10) "
     "(i32.add (call_indirect $a (type $t) (i32.const 5)) (call_indirect $c (type $t) (i32.const 1))))))"
     " (else (i32.const 0)))))"},
    {"segments",
     "(type $t (func (result i32))) (memory 1) (table $x 4 funcref) (table $y 1 (ref null $t))"
     "(data $kept \"abcd\") (data $used \"efgh\") (data $active (i32.const 64) \"ijkl\")"
     "(elem $k func $two) (elem $u func $one) (elem $a (table $x) (i32.const 2) func $one)"
     "(elem $e (ref null $t) (ref.func $two)) (elem $o (table $y) (i32.const 0) (ref null $t) (ref.func $one))"
     "(elem declare func $three)"
     "(func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))"
     "(func $three (result i32) (i32.const 3))"
     "(func (export \"init\") (memory.init $used (i32.const 8) (i32.const 0) (i32.const 4)) (data.drop $used)"
     " (table.init $x $u (i32.const 1) (i32.const 0) (i32.const 1)) (elem.drop $u))"
     "(func (export \"go\") (result i32)"
     " (if (i32.eqz (i32.load (i32.const 8))) (then (return (i32.const -1))))"
     " (memory.init $used (i32.const 0) (i32.const 0) (i32.const 0))"
     " (memory.init $active (i32.const 0) (i32.const 0) (i32.const 0))"
     " (memory.init $kept (i32.const 0) (i32.const 0) (i32.const 4)) (data.drop $kept)"
     " (table.init $x $k (i32.const 0) (i32.const 0) (i32.const 1))"
     " (table.init $x $u (i32.const 0) (i32.const 0) (i32.const 0))"
     " (table.init $x $a (i32.const 0) (i32.const 0) (i32.const 0))"
     " (table.init $y $o (i32.const 0) (i32.const 0) (i32.const 0))"
     " (table.set $x (i32.const 3) (ref.func $three))"
     " (i32.add (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 8))) (i32.add (i32.load (i32.const 64))"
     " (i32.add (i32.add (call_indirect $x (type $t) (i32.const 0)) (call_indirect $x (type $t) (i32.const 1)))"
     " (i32.add (call_indirect $x (type $t) (i32.const 3)) (call_indirect $y (type $t) (i32.const 0)))))))"},
    {"start", "(global $g (mut i32) (i32.const 0)) (func $s (global.set $g (i32.add (global.get $g) (i32.const 1))))"
              "(start $s) (func (export \"init\") (global.set $g (i32.mul (global.get $g) (i32.const 5))))"
              "(func (export \"go\") (result i32) (global.get $g))"},
};

static void check_kept(cove_engine *engine, size_t row) {
  fixture whole, fresh, next;
  cove_buffer snapshot;
  begin(&whole, engine);
  begin(&next, engine);
  begin(&fresh, engine);
  open_text(&whole, kept[row].text);
  open_text(&fresh, kept[row].text);
  call(&whole, "init");
  take(&whole, NULL, &snapshot);
  open_binary(&next, snapshot.data, snapshot.size);
  int32_t result = call(&whole, "go");
  if (call(&next, "go") != result)
    fail_msg("%s: an instance of the snapshot differs", kept[row].name);
  int32_t other;
  if (try_call(&fresh, "go", &other, NULL) == COVE_OK && other == result)
    fail_msg("%s: init makes no difference", kept[row].name);
  cove_buffer_delete(&snapshot);
  end(&whole);
  end(&next);
  end(&fresh);
}

static void test_kept(void **state) {
  for (size_t i = 0; cove_tier_name(i) != NULL; i++) {
    if (!cove_tier_available(i))
      continue;
    cove_engine *engine = engine_of(cove_tier_name(i), "all");
    assert_non_null(engine);
    for (size_t row = 0; row < CV_COUNT(kept); row++)
      check_kept(engine, row);
    cove_engine_delete(engine);
  }
}

// A snapshot of a snapshot is the same file: what is written says nothing about how it came to be.
static void test_again(void **state) {
  cove_engine *engine = engine_of("interp", "all");
  for (size_t row = 0; row < CV_COUNT(kept); row++) {
    fixture f, g;
    cove_buffer one, two;
    begin(&f, engine);
    begin(&g, engine);
    open_text(&f, kept[row].text);
    take(&f, NULL, &one);
    open_binary(&g, one.data, one.size);
    take(&g, NULL, &two);
    if (strcmp(kept[row].name, "segments") != 0) { // there the empty old ones are followed by those of the first
      assert_int_equal(one.size, two.size);
      assert_memory_equal(one.data, two.data, one.size);
    }
    cove_buffer_delete(&one);
    cove_buffer_delete(&two);
    end(&f);
    end(&g);
  }
  cove_engine_delete(engine);
}

// A module of WebAssembly 1.0 stays one.
static void test_old(void **state) {
  fixture f, g;
  cove_buffer snapshot;
  cove_engine *engine = engine_of("interp", "wasm1");
  begin(&f, engine);
  begin(&g, engine);
  open_text(&f, "(module (memory 1) (data (i32.const 0) \"a\") (data (i32.const 9) \"b\") (table 2 funcref)"
                " (elem (i32.const 0) $f) (elem (i32.const 1) $f) (func $f) (global (mut i32) (i32.const 1))"
                " (func (export \"go\") (result i32) (call_indirect (i32.const 1))"
                " (i32.add (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 9)))))");
  take(&f, NULL, &snapshot);
  open_binary(&g, snapshot.data, snapshot.size);
  assert_int_equal(call(&g, "go"), 'a' + 'b');
  cove_buffer_delete(&snapshot);
  end(&f);
  end(&g);
  cove_engine_delete(engine);
}

// Zeros are left out, but not at the price of any number of segments.
static void test_runs(void **state) {
  static const struct {
    uint32_t step, size;  // a byte of each `step` is set
    uint32_t least, most; // data segments
    uint32_t bytes;       // the most that the module has
  } rows[] = {
      {1, 65536, 1, 1, 66000},
      {10, 65536, 1, 1, 66000},
      {64, 65536, 1024, 1024, 16000},
      {32768, 65536, 2, 2, 300},
      {17, 1 << 20, 1, 4000, (1 << 20) + 500},
      {4096, 8 << 20, 2048, 2048, 30000},
      {256, 8 << 20, 1, 4000, 9 << 20},
  };
  cove_engine *engine = engine_of("interp", NULL);
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    fixture f, g;
    cove_buffer snapshot;
    begin(&f, engine);
    begin(&g, engine);
    open_text(&f, "(memory (export \"m\") 128)");
    cove_memory *memory = cove_instance_memory(f.instance, "m");
    uint8_t *data = cove_memory_data(memory);
    for (uint32_t at = rows[i].step - 1; at < rows[i].size; at += rows[i].step)
      data[at] = (uint8_t)(at % 255 + 1);
    take(&f, NULL, &snapshot);
    open_binary(&g, snapshot.data, snapshot.size);
    assert_memory_equal(cove_memory_data(cove_instance_memory(g.instance, "m")), data, 128 * 65536);
    assert_in_range(g.module->module->data_count, rows[i].least, rows[i].most);
    assert_in_range(snapshot.size, 1, rows[i].bytes);
    cove_buffer_delete(&snapshot);
    end(&f);
    end(&g);
  }
  cove_engine_delete(engine);
}

// ---- exports and custom sections -----------------------------------------------------------------------------------

static const char named[] = "(module $named (@custom \"sourceMappingURL\" (before first) \"\\04a.js\")"
                            " (@custom \"own\" (after code) \"kept\") (memory $m (export \"memory\") 1)"
                            " (data $rodata (i32.const 0) \"x\")"
                            " (func $one (export \"one\") (result i32) (i32.const 1))"
                            " (func $two (export \"two\") (export \"zwei\") (result i32) (i32.const 2))"
                            " (func (export \"init\")))";

static bool exports(const fixture *f, const char *name) {
  cove_export item;
  return cove_module_find_export(f->module, name, &item);
}

static void test_exports(void **state) {
  static const char *const without[] = {"init", "none", "zwei"};
  static const cove_snapshot_rename renames[] = {{"one", "two"}, {"uno", "one"}, {"deux", "two"}};
  const cove_snapshot_options options = {without, 3, renames, 3};
  fixture f, g;
  cove_buffer snapshot;
  cove_engine *engine = engine_of("interp", NULL);
  begin(&f, engine);
  begin(&g, engine);
  open_text(&f, named);
  take(&f, &options, &snapshot);
  open_binary(&g, snapshot.data, snapshot.size);
  assert_int_equal(call(&g, "one"), 2);
  assert_int_equal(call(&g, "deux"), 2);
  assert_int_equal(call(&g, "uno"), 1);
  assert_true(exports(&g, "memory"));
  assert_false(exports(&g, "init"));
  assert_false(exports(&g, "two"));
  assert_false(exports(&g, "zwei"));
  cove_buffer_delete(&snapshot);
  end(&f);
  end(&g);
  cove_engine_delete(engine);
}

static void test_wrong_renames(void **state) {
  static const struct {
    cove_snapshot_rename renames[2];
    size_t count;
    const char *text;
  } rows[] = {
      {{{"a", "none"}}, 1, "no function is exported as \"none\""},
      {{{"a", "memory"}}, 1, "no function is exported as \"memory\""},
      {{{"memory", "one"}}, 1, "what is exported as \"memory\" is no function"},
      {{{"a", "one"}, {"a", "two"}}, 2, "two functions are to be exported as \"a\""},
  };
  fixture f;
  cove_engine *engine = engine_of("interp", NULL);
  begin(&f, engine);
  open_text(&f, named);
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const cove_snapshot_options options = {NULL, 0, rows[i].renames, rows[i].count};
    refused(&f, &options, COVE_INVALID, rows[i].text);
  }
  end(&f);
  cove_engine_delete(engine);
}

static void test_custom_sections(void **state) {
  fixture f, g;
  cove_buffer snapshot;
  cove_engine *engine = engine_of("interp", NULL);
  begin(&f, engine);
  begin(&g, engine);
  open_text(&f, named);
  take(&f, NULL, &snapshot);
  open_binary(&g, snapshot.data, snapshot.size);
  const cv_module *before = f.module->module, *after = g.module->module;
  cv_name_cursor cursor;
  cv_name_cursor_init(&cursor, before, CV_NAMES_DATA);
  assert_true(cv_name_cursor_next(&cursor));
  cv_name_cursor_init(&cursor, after, CV_NAMES_DATA);
  assert_false(cv_name_cursor_next(&cursor));
  assert_true(cv_bytes_equal(after->funcs[1].name, CV_BYTES_LITERAL("two")));
  assert_true(cv_bytes_equal(after->name, CV_BYTES_LITERAL("named")));
  assert_int_equal(before->custom_count, 3);
  assert_int_equal(after->custom_count, 2);
  assert_true(cv_bytes_equal(after->customs[0].name, CV_BYTES_LITERAL("own")));
  // The code is the same to the byte.
  assert_int_equal(before->code_section.size, after->code_section.size);
  assert_memory_equal(cv_span_start(before, before->code_section), cv_span_start(after, after->code_section),
                      before->code_section.size);
  cove_buffer_delete(&snapshot);
  end(&f);
  end(&g);
  cove_engine_delete(engine);
}

// ---- what is refused -----------------------------------------------------------------------------------------------

static const char foreign[] = "unsupported: snapshot of a reference that is no function of the module, in ";

static void test_imports(void **state) {
  static const struct {
    const char *text, *what;
  } rows[] = {
      {"(import \"other\" \"m\" (memory 0))", "a memory"},
      {"(import \"other\" \"t\" (table 0 funcref))", "a table"},
      {"(import \"other\" \"g\" (global i32))", "a global"},
  };
  cove_engine *engine = engine_of("interp", NULL);
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    fixture f;
    char text[120];
    begin(&f, engine);
    open_text(&f,
              "(memory (export \"m\") 1) (table (export \"t\") 1 funcref) (global (export \"g\") i32 (i32.const 1))");
    assert_int_equal(cove_linker_define_instance(f.linker, "other", f.instance, NULL), COVE_OK);
    cove_module *first = f.module;
    open_text(&f, rows[i].text);
    snprintf(text, sizeof text, "unsupported: snapshot of a module that imports %s: its state is another's",
             rows[i].what);
    refused(&f, NULL, COVE_UNSUPPORTED, text);
    end(&f);
    cove_module_delete(first);
  }
  cove_engine_delete(engine);
}

static void begin_with_many(fixture *f, cove_engine *engine, int count) {
  const cove_valtype i32 = COVE_I32;
  const cove_functype type = {NULL, 0, &i32, 1};
  begin(f, engine);
  for (int k = 0; k < count; k++) {
    char name[16];
    snprintf(name, sizeof name, "%d", k);
    assert_int_equal(cove_linker_define_func(f->linker, "many", name, &type, seven, NULL, NULL, NULL), COVE_OK);
  }
}

// Tens of thousands of imports, a million references to the last of them, and half a million sections: the time that
// is taken grows with the largest of these numbers, not with their product.
static void test_many(void **state) {
  enum { IMPORTS = 40000, ELEMENTS = 1000000, SECTIONS = 500000, EACH = 64 };
  static const char head[] = "(module",
                    tail[] =
                        "(table $t 1000000 funcref) (type $i (func (result i32)))"
                        " (func (export \"init\") (table.fill $t (i32.const 0) (ref.func $last) (i32.const 1000000)))"
                        " (elem declare func $last)"
                        " (func (export \"go\") (result i32) (call_indirect (type $i) (i32.const 999999))))";
  char *text = malloc(IMPORTS * EACH + sizeof head + sizeof tail);
  assert_non_null(text);
  size_t at = (size_t)sprintf(text, "%s", head);
  for (int k = 0; k < IMPORTS; k++)
    at += (size_t)sprintf(text + at, "(import \"many\" \"%d\" (func %s (result i32)))", k,
                          k == IMPORTS - 1 ? "$last" : "");
  sprintf(text + at, "%s", tail);
  cove_engine *engine = engine_of("interp", NULL);
  cove_buffer binary, out;
  assert_int_equal(cove_text_parse(engine, text, strlen(text), &binary, NULL), COVE_OK);
  free(text);
  static const uint8_t section[] = {0, 2, 1, 'a'}; // custom, of the name "a", empty
  size_t size = binary.size + SECTIONS * sizeof section;
  uint8_t *module = malloc(size);
  assert_non_null(module);
  memcpy(module, binary.data, binary.size);
  for (size_t k = 0; k < SECTIONS; k++)
    memcpy(module + binary.size + k * sizeof section, section, sizeof section);
  cove_buffer_delete(&binary);
  fixture f;
  begin_with_many(&f, engine, IMPORTS);
  open_binary(&f, module, size);
  call(&f, "init");
  take(&f, NULL, &out);
  end(&f);
  free(module);
  assert_true(out.size > ELEMENTS + SECTIONS * sizeof section);
  begin_with_many(&f, engine, IMPORTS);
  open_binary(&f, out.data, out.size);
  assert_int_equal(call(&f, "go"), 7);
  end(&f);
  cove_buffer_delete(&out);
  cove_engine_delete(engine);
}

static void test_foreign(void **state) {
  fixture f;
  char text[160];
  cove_engine *engine = engine_of("interp", NULL);
  begin(&f, engine);
  open_text(&f, "(func (export \"f\"))");
  cove_value func = {.func = cove_instance_func(f.instance, "f")}, null = {0};
  cove_module *first = f.module;
  open_text(&f, "(table (export \"t\") 2 funcref) (global (export \"g\") (mut externref) (ref.null extern))"
                "(global (export \"h\") (mut funcref) (ref.null func)) (table (export \"u\") 1 externref)");
  cove_value external = {.ref = cove_externref_new(f.store, &f, NULL)};
  assert_int_equal(cove_table_set(cove_instance_table(f.instance, "t"), 1, &func, NULL), COVE_OK);
  snprintf(text, sizeof text, "%stable 0", foreign);
  refused(&f, NULL, COVE_UNSUPPORTED, text);
  assert_int_equal(cove_table_set(cove_instance_table(f.instance, "t"), 1, &null, NULL), COVE_OK);
  assert_int_equal(cove_global_set(cove_instance_global(f.instance, "g"), &external, NULL), COVE_OK);
  snprintf(text, sizeof text, "%sglobal 0", foreign);
  refused(&f, NULL, COVE_UNSUPPORTED, text);
  assert_int_equal(cove_global_set(cove_instance_global(f.instance, "g"), &null, NULL), COVE_OK);
  assert_int_equal(cove_global_set(cove_instance_global(f.instance, "h"), &func, NULL), COVE_OK);
  snprintf(text, sizeof text, "%sglobal 1", foreign);
  refused(&f, NULL, COVE_UNSUPPORTED, text);
  assert_int_equal(cove_global_set(cove_instance_global(f.instance, "h"), &null, NULL), COVE_OK);
  assert_int_equal(cove_table_set(cove_instance_table(f.instance, "u"), 0, &external, NULL), COVE_OK);
  snprintf(text, sizeof text, "%stable 1", foreign);
  refused(&f, NULL, COVE_UNSUPPORTED, text);
  cove_externref_release(external.ref);
  end(&f);
  cove_module_delete(first);
  cove_engine_delete(engine);
}

static cove_host_result in_call(void *env, cove_caller *caller, cove_value *values) {
  fixture *f = env;
  refused(f, NULL, COVE_USAGE, "a snapshot is taken between calls, not in one");
  return COVE_HOST_OK;
}

static void test_in_call(void **state) {
  const cove_functype type = {0};
  for (size_t i = 0; cove_tier_name(i) != NULL; i++) {
    if (!cove_tier_available(i))
      continue;
    fixture f;
    cove_engine *engine = engine_of(cove_tier_name(i), NULL);
    begin(&f, engine);
    assert_int_equal(cove_linker_define_func(f.linker, "host", "in", &type, in_call, &f, NULL, NULL), COVE_OK);
    open_text(&f, "(import \"host\" \"in\" (func $in)) (func (export \"go\") (result i32) (call $in) (i32.const 3))");
    assert_int_equal(call(&f, "go"), 3);
    end(&f);
    cove_engine_delete(engine);
  }
}

// ---- faults --------------------------------------------------------------------------------------------------------

static cove_status attempt(void *env, quota which, uint64_t nth) {
  static const char *const without[] = {"init"};
  static const cove_snapshot_rename renames[] = {{"gone", "go"}};
  const cove_snapshot_options options = {without, 1, renames, 1};
  cove_buffer out = {0};
  cove_error *error = NULL;
  arm(&cv_api_mem, nth);
  cove_status status = cove_instance_snapshot(((fixture *)env)->instance, &options, &out, &error);
  arm(&cv_api_mem, 0);
  cove_error_delete(error);
  cove_buffer_delete(&out);
  return status;
}

static void test_fault(void **state) {
  cove_engine *engine = engine_of("interp", "all");
  for (size_t row = 0; row < CV_COUNT(kept); row++) {
    fixture f;
    begin(&f, engine);
    open_text(&f, kept[row].text);
    call(&f, "init");
    sweep(attempt, &f, QUOTA_API, 4);
    end(&f);
  }
  cove_engine_delete(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kept),
      cmocka_unit_test(test_again),
      cmocka_unit_test(test_old),
      cmocka_unit_test(test_runs),
      cmocka_unit_test(test_exports),
      cmocka_unit_test(test_wrong_renames),
      cmocka_unit_test(test_custom_sections),
      cmocka_unit_test(test_imports),
      cmocka_unit_test(test_many),
      cmocka_unit_test(test_foreign),
      cmocka_unit_test(test_in_call),
      cmocka_unit_test(test_fault),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
