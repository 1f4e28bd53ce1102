// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Validation: each rule with a module that breaks it, what is unsupported, hostile sizes, and which function is blamed.
#include "wasm/limits.h"
#include "wasm_support.h"

typedef struct row {
  const char *wat, *text; // text NULL: valid; otherwise the beginning of the diagnostic
  cv_status status;
  cv_features features; // 0 for all
} row;

#define BAD CV_EINVALID
static const row rows[] = {
    // operands
    {"(func (result i32) i32.const 1)", NULL, CV_OK, 0},
    {"(func i32.const 1)", "type mismatch: block requires [] but stack has [i32]", BAD, 0},
    {"(func (result i32))", "type mismatch: instruction requires [i32] but stack has []", BAD, 0},
    {"(func (result i32) i64.const 1)", "type mismatch: instruction requires [i32] but stack has [i64]", BAD, 0},
    {"(func i32.add drop)", "type mismatch: instruction requires [i32] but stack has []", BAD, 0},
    {"(func (drop (f32.add (f32.const 1) (f64.const 1))))",
     "type mismatch: instruction requires [f32] but stack has [f64]", BAD, 0},
    {"(func drop)", "type mismatch: instruction requires a value but stack has []", BAD, 0},
    {"(func unreachable i32.add drop)", NULL, CV_OK, 0},
    {"(func unreachable (i64.const 1) i32.add drop)", "type mismatch: instruction requires [i32] but stack has [i64]",
     BAD, 0},
    {"(func (block (i32.const 1) (block drop)) )", "type mismatch", BAD, 0}, // an outer block's value
    // locals and globals
    {"(func (local i32) (local.set 1 (i32.const 0)))", "unknown local 1", BAD, 0},
    {"(func (param i64) (drop (i32.eqz (local.get 0))))", "type mismatch", BAD, 0},
    {"(func (global.set 0 (i32.const 0)))", "unknown global 0", BAD, 0},
    {"(global i32 (i32.const 0)) (func (global.set 0 (i32.const 0)))", "immutable global 0", BAD, 0},
    {"(type $t (func)) (func (local (ref $t)) (drop (local.get 0)))", "uninitialized local 0", BAD, 0},
    {"(type $t (func)) (func (param (ref $t)) (local (ref $t)) (local.set 1 (local.get 0)) (drop (local.get 1)))", NULL,
     CV_OK, 0},
    {"(type $t (func)) (func (param (ref $t)) (local (ref $t)) (block (local.set 1 (local.get 0))) (drop (local.get "
     "1)))",
     "uninitialized local 1", BAD, 0},
    {"(type $t (func)) (func (param (ref $t)) (local (ref $t)) (if (i32.const 1) (then (local.set 1 (local.get 0))) "
     "(else (drop (local.get 1)))))",
     "uninitialized local 1", BAD, 0},
    // blocks and branches
    {"(func (br 1))", "unknown label 1", BAD, 0},
    {"(func (result i32) (if (result i32) (i32.const 1) (then (i32.const 2))))",
     "type mismatch: if without else requires [i32] but has parameters []", BAD, 0},
    {"(func (if (i64.const 1) (then)))", "type mismatch: instruction requires [i32] but stack has [i64]", BAD, 0},
    {"(func (param i32) (result i32) (block (result i32) (br_table 0 0 (i32.const 1) (local.get 0))))", NULL, CV_OK, 0},
    {"(func (block (result i32) (block (br_table 0 1 (i32.const 1))) (i32.const 1)) drop)",
     "type mismatch: labels of br_table take 1 and 0 values", BAD, 0},
    {"(func (loop (param i32) (drop) (br 0)))", "type mismatch: instruction requires [i32] but stack has []", BAD, 0},
    {"(func (block (param i32) drop))", "type mismatch: instruction requires [i32] but stack has []", BAD, 0},
    {"(func (result i32) (return (i64.const 1)))", "type mismatch: instruction requires [i32] but stack has [i64]", BAD,
     0},
    {"(func (block (type 7)))", "unknown type 7", BAD, 0},
    // select
    {"(func (drop (select (i32.const 1) (f32.const 1) (i32.const 1))))",
     "type mismatch: instruction requires two values of one type but stack has [i32 f32]", BAD, 0},
    {"(func (drop (select (ref.null func) (ref.null func) (i32.const 1))))",
     "type mismatch: instruction requires numeric or vector type", BAD, 0},
    {"(func (drop (select (result funcref) (ref.null func) (ref.null func) (i32.const 1))))", NULL, CV_OK, 0},
    {"(func (drop (select (result i32 i32) (i32.const 1) (i32.const 1) (i32.const 1))))", "invalid result arity", BAD,
     0},
    {"(func unreachable select i32.eqz drop)", NULL, CV_OK, 0},
    // calls
    {"(func (call 7))", "unknown function 7", BAD, 0},
    {"(func $f (param i64)) (func (call $f (i32.const 1)))",
     "type mismatch: instruction requires [i64] but stack has [i32]", BAD, 0},
    {"(type $t (func)) (func (call_indirect (type $t) (i32.const 0)))", "unknown table 0", BAD, 0},
    {"(table 1 externref) (type $t (func)) (func (call_indirect (type $t) (i32.const 0)))",
     "type mismatch: instruction requires table of function type but table has element type externref", BAD, 0},
    {"(func $f (result i64) (i64.const 1)) (func (result i32) (return_call $f))",
     "type mismatch: current function requires result type [i32] but callee returns [i64]", BAD, 0},
    {"(type $t (func (param i32))) (func (param (ref null $t)) (call_ref $t (i32.const 1) (local.get 0)))", NULL, CV_OK,
     0},
    {"(type $t (func (param i32))) (func (param funcref) (call_ref $t (i32.const 1) (local.get 0)))",
     "type mismatch: instruction requires [(ref null 0)] but stack has [funcref]", BAD, 0},
    // references
    {"(func (drop (ref.func 0)))", "undeclared function reference 0", BAD, 0},
    {"(func $f (export \"f\") (drop (ref.func $f)))", NULL, CV_OK, 0},
    {"(func (drop (ref.is_null (i32.const 1))))",
     "type mismatch: instruction requires reference type but stack has i32", BAD, 0},
    {"(func (drop (ref.null 3)))", "unknown type 3", BAD, 0},
    {"(func (param funcref) (result i32) (block (br_on_null 0 (local.get 0)) drop (return (i32.const 1))) (i32.const "
     "0))",
     NULL, CV_OK, 0},
    {"(func (param funcref) (block (br_on_non_null 0 (local.get 0))))",
     "type mismatch: instruction requires reference type but label has []", BAD, 0},
    {"(func (param funcref) (result (ref func)) (ref.as_non_null (local.get 0)))", NULL, CV_OK, 0},
    {"(func (param funcref) (result (ref func)) (local.get 0))",
     "type mismatch: instruction requires [(ref func)] but stack has [funcref]", BAD, 0},
    // memories
    {"(func (drop (i32.load (i32.const 0))))", "unknown memory 0", BAD, 0},
    {"(memory 1) (func (drop (i32.load align=8 (i32.const 0))))", "alignment must not be larger than natural", BAD, 0},
    {"(memory 1) (func (drop (i32.load offset=0x100000000 (i32.const 0))))", "offset out of range", BAD, 0},
    {"(memory i64 1) (func (drop (i32.load offset=0x100000000 (i64.const 0))))", NULL, CV_OK, 0},
    {"(memory i64 1) (func (drop (i32.load (i32.const 0))))",
     "type mismatch: instruction requires [i64] but stack has [i32]", BAD, 0},
    {"(memory 1) (memory i64 1) (func (memory.copy 1 0 (i64.const 0) (i32.const 0) (i32.const 0)))", NULL, CV_OK, 0},
    {"(memory 1) (memory i64 1) (func (memory.copy 1 0 (i64.const 0) (i32.const 0) (i64.const 0)))", "type mismatch",
     BAD, 0},
    {"(memory 1) (func (data.drop 0)) (data \"\")", NULL, CV_OK, 0},
    {"(memory 1) (func (data.drop 1)) (data \"\")", "unknown data segment 1", BAD, 0},
    {"(memory 1) (func (drop (i32.atomic.load8_u align=1 (i32.const 0))) (drop (i32.atomic.load (i32.const 0))))", NULL,
     CV_OK, 0},
    {"(memory 1) (func (drop (i32.atomic.load align=2 (i32.const 0))))", "atomic alignment must be natural", BAD, 0},
    {"(memory 65537)", "memory size must be at most 65536 pages (4GiB)", BAD, 0},
    {"(memory 2 1)", "size minimum must not be greater than maximum", BAD, 0},
    {"(memory 1 shared)", "shared memory must have maximum", BAD, 0},
    {"(memory 1 (pagesize 2))", "invalid custom page size", BAD, 0},
    {"(memory 0xffffffff (pagesize 1))", NULL, CV_OK, 0},
    {"(memory 1) (memory 1)", "multiple memories", BAD, CV_FEATURES_WASM2},
    // tables
    {"(func (drop (table.get 0 (i32.const 0))))", "unknown table 0", BAD, 0},
    {"(table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null extern)))", "type mismatch", BAD, 0},
    {"(table 1 funcref) (table 1 externref) (func (table.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0)))",
     "type mismatch: source's element type externref does not match", BAD, 0},
    {"(table 1 funcref) (func (table.init 0 0 (i32.const 0) (i32.const 0) (i32.const 0)))", "unknown elem segment 0",
     BAD, 0},
    {"(table 1 (ref func))", "type mismatch: table of a type without default value", BAD, 0},
    {"(table 1 funcref) (table 1 funcref)", "multiple tables", BAD, CV_FEATURES_WASM1},
    // vectors
    {"(func (drop (i8x16.extract_lane_s 16 (v128.const i64x2 0 0))))", "invalid lane index", BAD, 0},
    {"(func (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 32 (v128.const i64x2 0 0) (v128.const i64x2 0 "
     "0))))",
     "invalid lane index", BAD, 0},
    {"(memory 1) (func (drop (v128.load64_lane 2 (i32.const 0) (v128.const i64x2 0 0))))", "invalid lane index", BAD,
     0},
    {"(func (param v128) (result i32) (i16x8.all_true (i16x8.shl (local.get 0) (i32.const 1))))", NULL, CV_OK, 0},
    {"(func (param v128))", "unsupported: value type v128 (the feature simd is off)", CV_EUNSUPPORTED,
     CV_FEATURES_WASM1},
    // exceptions
    {"(func (throw 0))", "unknown tag 0", BAD, 0},
    {"(tag (result i32))", "non-empty tag result type", BAD, 0},
    {"(tag $e (param i32)) (func (throw $e))", "type mismatch: instruction requires [i32] but stack has []", BAD, 0},
    {"(tag $e (param i32)) (func (block (try_table (catch $e 0))))",
     "type mismatch: catch handler requires [i32] but label has []", BAD, 0},
    {"(tag $e (param i32)) (func (result i32 exnref) (try_table (catch_ref $e 0)) unreachable)", NULL, CV_OK, 0},
    {"(func (throw_ref (ref.null exn)))", NULL, CV_OK, 0},
    {"(func (rethrow 0))", "invalid rethrow label 0", BAD, 0},
    {"(func (try (do) (catch_all (rethrow 0))))", NULL, CV_OK, 0},
    {"(func (try (do) (delegate 1)))", "unknown label 1", BAD, 0},
    {"(tag) (func (throw 0))", NULL, CV_OK, CV_FEATURES_WASM2 | CV_FEAT(LEGACY_EXCEPTIONS)},
    {"(func unreachable throw_ref)", "unsupported: throw_ref (the feature exceptions is off)", CV_EUNSUPPORTED,
     CV_FEATURES_WASM2 | CV_FEAT(LEGACY_EXCEPTIONS)},
    // constant expressions
    {"(global i32 (i64.const 0))", "type mismatch: constant expression requires [i32] but stack has [i64]", BAD, 0},
    {"(global i32 (i32.ctz (i32.const 0)))", "constant expression required: i32.ctz is not constant", BAD, 0},
    {"(global i32 (global.get 0))", "unknown global 0", BAD, 0},
    {"(global (mut i32) (i32.const 0)) (global i32 (global.get 0))",
     "constant expression required: global 0 is mutable", BAD, 0},
    {"(global i32 (i32.const 1)) (global i32 (i32.mul (global.get 0) (i32.const 3)))", NULL, CV_OK, 0},
    {"(global i32 (i32.add (i32.const 1) (i32.const 3)))",
     "constant expression required (the feature extended-const is off)", BAD, CV_FEATURES_WASM2},
    {"(memory 1) (data (i64.const 0) \"\")", "type mismatch", BAD, 0},
    {"(data (i32.const 0) \"\")", "unknown memory 0", BAD, 0},
    {"(table 1 externref) (func $f) (elem (i32.const 0) func $f)",
     "type mismatch: element segment's type (ref func) does not match table's element type externref", BAD, 0},
    // the module
    {"(func (export \"a\")) (func (export \"a\"))", "duplicate export name \"a\"", BAD, 0},
    {"(export \"a\" (func 0))", "unknown function 0", BAD, 0},
    {"(func $f (param i32)) (start $f)", "start function must not have parameters or results", BAD, 0},
    {"(func (type 0)) (type (struct))", "type mismatch: type 0 is not a function type", BAD, 0},
    {"(type (func (result i32 i32)))", "invalid result arity", BAD, CV_FEATURES_WASM1},
    // types
    {"(type (func (param (ref 1)))) (type (func))", "unknown type 1", BAD, 0},
    {"(rec (type (func (param (ref 1)))) (type (func)))", NULL, CV_OK, 0},
    {"(type $a (func)) (type (sub $a (func)))", "sub type 1 has final super type 0", BAD, 0},
    {"(type $a (sub (func (param i32)))) (type (sub $a (func)))", "sub type 1 does not match super type 0", BAD, 0},
    {"(rec (type (sub 1 (func))) (type (sub (func))))", "unknown type 1: forward use in sub type definition", BAD, 0},
    {"(type $a (sub (struct (field i32)))) (type (sub $a (struct (field i32) (field i64))))", NULL, CV_OK, 0},
    {"(type $a (sub (struct (field (mut anyref))))) (type (sub $a (struct (field (mut eqref)))))",
     "sub type 1 does not match super type 0", BAD, 0},
    // unsupported
    {"(type $s (struct)) (func (drop (struct.new $s)))", "unsupported: garbage collection (struct.new)",
     CV_EUNSUPPORTED, 0},
    {"(func (drop (ref.i31 (i32.const 1))))", "unsupported: garbage collection (ref.i31)", CV_EUNSUPPORTED, 0},
    {"(global anyref (ref.i31 (i32.const 1)))", "unsupported: garbage collection (ref.i31)", CV_EUNSUPPORTED, 0},
    {"(func $f (return_call $f))", "unsupported: return_call (the feature tail-call is off)", CV_EUNSUPPORTED,
     CV_FEATURES_WASM2},
    {"(func (drop (i32.extend8_s (i32.const 1))))", "unsupported: i32.extend8_s (the feature sign-extension is off)",
     CV_EUNSUPPORTED, CV_FEATURES_WASM1},
    {"(func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 2)))", NULL, CV_OK, 0},
};

static void rules(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const row *r = &rows[i];
    fixture f;
    fixture_init(&f);
    fixture_wat(&f, r->wat);
    cv_status status = fixture_check(&f, r->features != 0 ? r->features : CV_FEATURES_ALL);
    const char *text = r->text != NULL ? r->text : "";
    assert_int_equal(status != CV_OK, f.diag.offset < f.size); // every failure says where
    if (status != r->status || strncmp(f.diag.text, text, strlen(text)) != 0)
      fail_msg("%s: got %s: %s", r->wat, cv_status_text(status), f.diag.text);
    fixture_free(&f);
  }
}

// Bodies that no text has.
static void malformed_bodies(void **state) {
  static const struct {
    const char *name, *body;
    uint64_t offset;
    cv_status status;
    const char *text;
  } bodies[] = {
      {"no end, nothing follows", "41 00 1a", 26, CV_EMALFORMED, "unexpected end of section or function"},
      {"after the end", "0b 01", 24, CV_EMALFORMED,
       "section size mismatch: instructions after the end of the function"},
      {"misplaced else", "05 0b", 23, CV_EMALFORMED, "misplaced ELSE opcode"},
      {"misplaced catch", "07 00 0b", 23, CV_EMALFORMED, "misplaced CATCH opcode"},
      {"misplaced catch_all", "19 0b", 23, CV_EMALFORMED, "misplaced CATCH_ALL opcode"},
      {"misplaced delegate", "18 00 0b", 23, CV_EMALFORMED, "misplaced DELEGATE opcode"},
      {"catch after catch_all", "06 40 19 19 0b 0b", 26, CV_EMALFORMED, "misplaced CATCH_ALL opcode"},
      {"illegal opcode", "27 0b", 23, CV_EMALFORMED, "illegal opcode 27"},
      {"illegal sub-opcode", "fd 9a 01 0b", 23, CV_EMALFORMED, "illegal opcode fd 9a"},
      {"sub-opcode beyond 12 bits", "fd 80 a0 80 01 0b", 23, CV_EMALFORMED, "illegal opcode fd 201000"},
      {"huge sub-opcode", "fc ff ff ff ff 0f 0b", 23, CV_EMALFORMED, "illegal opcode fc ffffffff"},
      {"constant too long", "41 80 80 80 80 80 00 1a 0b", 29, CV_EMALFORMED, "integer representation too long"},
      {"constant too large", "41 ff ff ff ff 4f 1a 0b", 28, CV_EMALFORMED, "integer too large"},
      {"fence operand", "fe 03 01 0b", 25, CV_EMALFORMED, "zero byte expected"},
      {"catch clause kind", "1f 40 01 04 00 0b 0b", 26, CV_EMALFORMED, "malformed catch clause"},
      {"block type", "02 41 0b 0b", 24, CV_EMALFORMED, "malformed value type"},
      {"more labels than bytes", "0e ff ff ff ff 0f 0b", 24, CV_EMALFORMED, "length out of bounds"},
      {"memory.init without data count", "41 00 41 00 41 00 fc 08 00 00 0b", 29, CV_EINVALID, "unknown memory 0"},
      {"data.drop without data count", "fc 09 00 0b", 23, CV_EMALFORMED, "data count section required"},
  };
  for (size_t i = 0; i < CV_COUNT(bodies); i++) {
    size_t size = 1; // of the body with its empty local declarations
    for (const char *p = bodies[i].body; *p != '\0'; p++)
      size += *p == ' ';
    char hex[200];
    snprintf(hex, sizeof hex, PREAMBLE "01 04 01600000 03 02 0100 0a %02zx 01 %02zx 00 %s", size + 3, size + 1,
             bodies[i].body);
    fixture f;
    fixture_init(&f);
    fixture_hex(&f, hex);
    cv_status status = fixture_check(&f, CV_FEATURES_ALL);
    if (status != bodies[i].status || strcmp(f.diag.text, bodies[i].text) != 0 || f.diag.offset != bodies[i].offset ||
        f.diag.func != 0)
      fail_msg("%s: got %s, offset %llu: %s", bodies[i].name, cv_status_text(status), (unsigned long long)f.diag.offset,
               f.diag.text);
    fixture_free(&f);
  }
}

static void blames_the_function(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_wat(&f, "(import \"a\" \"b\" (func)) (func $good) (func $bad (i32.const 1))");
  assert_int_equal(fixture_check(&f, CV_FEATURES_ALL), CV_EINVALID);
  assert_int_equal(f.diag.func, 2);
  assert_string_equal(f.diag.func_name, "bad");
  assert_true(f.diag.offset < f.size);
  char message[800];
  cv_diag_message(&f.diag, message, sizeof message);
  assert_non_null(strstr(message, "function 2 (bad): type mismatch"));
  fixture_free(&f);
}

// ---- hostile sizes ----

// A module of one function type, one function and this body, repeated parts put together.
static void build(fixture *f, const char *type, const char *head, const char *part, uint32_t times, const char *tail) {
  cv_buf body, out;
  cv_buf_init(&body, &f->mem);
  cv_buf_init(&out, &f->mem);
  fixture_hex(f, head);
  cv_buf_bytes(&body, f->bytes, f->size);
  fixture_hex(f, part);
  for (uint32_t i = 0; i < times; i++)
    cv_buf_bytes(&body, f->bytes, f->size);
  fixture_hex(f, tail);
  cv_buf_bytes(&body, f->bytes, f->size);
  fixture_hex(f, type);
  cv_buf_bytes(&out, f->bytes, f->size);
  cv_buf size;
  cv_buf_init(&size, &f->mem);
  cv_buf_uleb(&size, body.size);
  cv_buf_byte(&out, 10);
  cv_buf_uleb(&out, 1 + size.size + body.size);
  cv_buf_byte(&out, 1);
  cv_buf_bytes(&out, size.data, size.size);
  cv_buf_bytes(&out, body.data, body.size);
  assert_int_equal(cv_buf_status(&out), CV_OK);
  fixture_drop_module(f);
  f->bytes = malloc(out.size);
  assert_non_null(f->bytes);
  memcpy(f->bytes, out.data, out.size);
  f->size = out.size;
  cv_buf_free(&size);
  cv_buf_free(&body);
  cv_buf_free(&out);
}

#define ONE_FUNC PREAMBLE "01 04 01600000 03 02 0100"

static void hostile_sizes(void **state) {
  static const struct {
    const char *name, *type, *head, *part, *tail;
    uint32_t times;
    cv_status status;
    const char *text;
  } cases[] = {
      {"deepest blocks", ONE_FUNC, "00", "02 40", "00 0b", CV_MAX_BLOCK_DEPTH - 1, CV_EMALFORMED, ""},
      {"too deep blocks", ONE_FUNC, "00", "02 40", "0b", CV_MAX_BLOCK_DEPTH, CV_ELIMIT, "blocks nested too deep"},
      {"many values", ONE_FUNC, "00", "41 00", "0b", 100000, CV_EINVALID, "type mismatch: block requires []"},
      {"too many values", ONE_FUNC, "00", "41 00", "0b", 3000000, CV_ELIMIT, "operand stack too deep"},
      {"many locals", ONE_FUNC, "01 d0 86 03 7f", "01", "0b", 10, CV_OK, ""},
      {"too many locals", ONE_FUNC, "01 d1 86 03 7f", "01", "0b", 10, CV_ELIMIT, "too many locals: 50001"},
      {"a wide br_table", ONE_FUNC, "00 00 0e c0 84 3d", "00", "00 0b", 1000000, CV_OK, ""},
      {"too wide a br_table", ONE_FUNC, "00 00 0e c1 84 3d", "00", "00 0b", 1000001, CV_ELIMIT, "too many labels"},
  };
  for (size_t i = 0; i < CV_COUNT(cases); i++) {
    fixture f;
    fixture_init(&f);
    build(&f, cases[i].type, cases[i].head, cases[i].part, cases[i].times, cases[i].tail);
    cv_status status = fixture_check(&f, CV_FEATURES_ALL);
    if (status != cases[i].status || strncmp(f.diag.text, cases[i].text, strlen(cases[i].text)) != 0)
      fail_msg("%s: got %s: %s", cases[i].name, cv_status_text(status), f.diag.text);
    fixture_free(&f);
  }
}

// Locals are limited over all functions together, so that a small module cannot make the facts large.
static void locals_in_all(void **state) {
  fixture f;
  fixture_init(&f);
  cv_buf out;
  cv_buf_init(&out, &f.mem);
  const uint32_t count = CV_MAX_LOCALS_IN_ALL / CV_MAX_LOCALS + 1;
  static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0};
  static const uint8_t body[] = {6, 1, 0xd0, 0x86, 3, 0x7f, 0x0b};
  cv_buf_bytes(&out, head, sizeof head);
  cv_buf_byte(&out, 3);
  cv_buf_uleb(&out, count + 2);
  cv_buf_uleb(&out, count);
  for (uint32_t i = 0; i < count; i++)
    cv_buf_byte(&out, 0);
  cv_buf_byte(&out, 10);
  cv_buf_uleb(&out, count * sizeof body + 2);
  cv_buf_uleb(&out, count);
  for (uint32_t i = 0; i < count; i++)
    cv_buf_bytes(&out, body, sizeof body);
  assert_int_equal(cv_buf_status(&out), CV_OK);
  f.bytes = malloc(out.size);
  assert_non_null(f.bytes);
  memcpy(f.bytes, out.data, out.size);
  f.size = out.size;
  cv_buf_free(&out);
  assert_int_equal(fixture_check(&f, CV_FEATURES_ALL), CV_ELIMIT);
  assert_string_equal(f.diag.text, "too many locals in all functions: at most 20000000");
  assert_true(f.mem.peak < 1 << 20);
  fixture_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rules),         cmocka_unit_test(malformed_bodies), cmocka_unit_test(blames_the_function),
      cmocka_unit_test(hostile_sizes), cmocka_unit_test(locals_in_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
