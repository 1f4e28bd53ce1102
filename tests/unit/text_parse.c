// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text_parse.c: what the parser refuses, with its words and places; what it makes of abbreviations; its limits.
#include "text_support.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
  const char *text;
  const char *message; // the beginning
  unsigned line, column;
} refused[] = {
    {"(module", "unexpected token", 1, 8},
    {"(module))", "unexpected token", 1, 9},
    {"(func (i32.bad))", "unknown operator i32.bad", 1, 8},
    {"(func\n  (i32.const 0x))", "unknown operator 0x", 2, 14},
    {"(func (i32.const 4294967296))", "constant out of range", 1, 18},
    {"(func (local.get $x))", "unknown local $x", 1, 18},
    {"(func (br $x))", "unknown label $x", 1, 11},
    {"(func (call $x))", "unknown function $x", 1, 13},
    {"(func (param $x i32) (local $x i32))", "duplicate local $x", 1, 29},
    {"(func $f) (func $f)", "duplicate function $f", 1, 17},
    {"(func block $a end $b)", "mismatching label $b", 1, 20},
    {"(func block)", "unexpected token )", 1, 12},
    {"(func end)", "unexpected token end", 1, 7},
    {"(func (i32.load align=3 (i32.const 0)))", "alignment must be a power of two", 1, 17},
    {"(func (i32.load align=x (i32.const 0)))", "unknown operator align=x", 1, 17},
    {"(type (func)) (func (type 0) (param i32))", "inline function type", 1, 21},
    {"(func (type 3) (param i32))", "unknown type", 1, 7},
    {"(func) (import \"a\" \"b\" (func))", "import after function", 1, 8},
    {"(func $f) (start $f) (start $f)", "multiple start sections", 1, 29},
    {"(import \"\\ff\" \"b\" (func))", "malformed UTF-8 encoding", 1, 9},
    {"(func) \"abc", "unclosed string", 1, 12},
    {"(func) (; (; ;)", "unclosed comment", 1, 8},
    {"(func $)", "empty identifier", 1, 7},
    {"(@a (", "unclosed annotation", 1, 1},
    {"(memory 1 (pagesize 3))", "invalid custom page size", 1, 21},
    {"(func (i8x16.shuffle 0 1 2))", "invalid lane length", 1, 22},
    {"(func (v128.const i32x4 1 2 3))", "wrong number of lane literals", 1, 19},
    {"(func (i8x16.extract_lane_s 256))", "i8 constant out of range", 1, 29},
    {"(func (try))", "unexpected token )", 1, 11},
    {"(func (if (then) (then)))", "unexpected token then", 1, 19},
    {"(rec (func))", "unexpected token (", 1, 6},
    {"(func (@name \"a\" 1))", "@name annotation: unexpected token", 1, 7},
    {"(func (nop (@custom \"x\")))", "misplaced @custom annotation", 1, 12},
};

static void refuse(void **state) {
  for (size_t i = 0; i < CV_COUNT(refused); i++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf out;
    cv_buf_init(&out, &mem);
    cv_diag diag;
    cv_status status = parse(refused[i].text, strlen(refused[i].text), &mem, &out, &diag);
    if (status != CV_EMALFORMED || strncmp(diag.text, refused[i].message, strlen(refused[i].message)) != 0 ||
        diag.line != refused[i].line || diag.column != refused[i].column)
      show(refused[i].text, &diag);
    assert_int_equal(status, CV_EMALFORMED);
    assert_int_equal(strncmp(diag.text, refused[i].message, strlen(refused[i].message)), 0);
    assert_int_equal(diag.line, refused[i].line);
    assert_int_equal(diag.column, refused[i].column);
    cv_buf_free(&out);
    assert_int_equal(mem.used, 0);
  }
}

static void name_components(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf out;
  cv_buf_init(&out, &mem);
  cv_diag diag;
  assert_int_equal(parse("(component)", 11, &mem, &out, &diag), CV_EUNSUPPORTED);
  assert_non_null(strstr(diag.text, "unsupported: component"));
}

// Pairs of texts that stand for the same module.
static const struct {
  const char *short_form, *long_form;
} abbreviations[] = {
    {"(func (i32.add (i32.const 1) (i32.const 2)) drop)", "(module (func i32.const 1 i32.const 2 i32.add drop))"},
    {"(func (if (i32.const 1) (then nop) (else unreachable)))", "(func i32.const 1 if nop else unreachable end)"},
    {"(func (export \"a\") (export \"b\"))", "(func) (export \"a\" (func 0)) (export \"b\" (func 0))"},
    {"(func (import \"a\" \"b\") (param i32 i64))",
     "(type (func (param i32) (param i64))) (import \"a\" \"b\" (func (type 0)))"},
    {"(memory (data \"ab\" \"c\"))", "(memory 1 1) (data (memory 0) (offset i32.const 0) \"abc\")"},
    {"(memory i64 (data))", "(memory i64 0 0) (data (i64.const 0))"},
    {"(table funcref (elem 0 0)) (func)",
     "(table 2 2 funcref) (elem (table 0) (offset (i32.const 0)) func 0 0) (func)"},
    {"(elem (i32.const 0) 0) (func) (table 1 funcref)", "(table 1 funcref) (func) (elem (i32.const 0) func 0)"},
    {"(func (block (result i32) (i32.const 1)) drop)", "(func block (result i32) i32.const 1 end drop)"},
    {"(func (param i32 i32)) (func (param i32) (param i32))",
     "(type (func (param i32 i32))) (func (type 0)) (func (type 0))"},
    {"(memory 1) (func i32.const 0 i32.load offset=0 align=4 drop)", "(memory 1) (func i32.const 0 i32.load 0 drop)"},
    {"(global (mut i32) (i32.const 0))", "(global (mut i32) i32.const 0)"},
    {"(type (func)) (type (sub final (func)))", "(rec (type (func))) (type (func))"},
    {"(func (local i32 i32) (local i32))", "(func (local i32) (local i32 i32))"},
    {"(func (f32.const 0x1.8p1) drop)", "(func (f32.const 3) drop)"},
    {"(tag (param i32))", "(type (func (param i32))) (tag (type 0))"},
    {"(func (try (do nop) (catch_all)))", "(func try nop catch_all end)"},
    {"(;(;;);)(func);;x", "(func)"},
};

static void expand(void **state) {
  for (size_t i = 0; i < CV_COUNT(abbreviations); i++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf a, b;
    cv_buf_init(&a, &mem);
    cv_buf_init(&b, &mem);
    cv_diag diag;
    const char *first = abbreviations[i].short_form, *second = abbreviations[i].long_form;
    if (parse(first, strlen(first), &mem, &a, &diag) != CV_OK ||
        parse(second, strlen(second), &mem, &b, &diag) != CV_OK)
      show(first, &diag);
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0)
      print_error("different: %s\n", first);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    cv_buf_free(&a);
    cv_buf_free(&b);
  }
}

// `depth` times `open`, then `middle`, then as often `close`, in a function.
static cv_status parse_nested(const char *open, const char *middle, const char *close, size_t depth, cv_diag *diag) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf text, out;
  cv_buf_init(&text, &mem);
  cv_buf_init(&out, &mem);
  cv_buf_text(&text, "(func ");
  for (size_t i = 0; i < depth; i++)
    cv_buf_text(&text, open);
  cv_buf_text(&text, middle);
  for (size_t i = 0; i < depth; i++)
    cv_buf_text(&text, close);
  cv_buf_byte(&text, ')');
  cv_status status = parse((const char *)text.data, text.size, &mem, &out, diag);
  cv_buf_free(&text);
  cv_buf_free(&out);
  assert_int_equal(mem.used, 0);
  return status;
}

// Nesting takes no stack: operands may be as deep as the text is long, blocks have a limit with a message.
static void nest(void **state) {
  cv_diag diag;
  assert_int_equal(parse_nested("(i32.eqz ", "(i32.const 0)", ")", 1000000, &diag), CV_OK);
  assert_int_equal(parse_nested("(block ", "", ")", 90000, &diag), CV_OK);
  assert_int_equal(parse_nested("block ", "", "end ", 90000, &diag), CV_OK);
  assert_int_equal(parse_nested("(block ", "", ")", 200000, &diag), CV_ELIMIT);
  assert_non_null(strstr(diag.text, "nested deeper"));
  assert_int_equal(parse_nested("(@a (", "", "))", 300000, &diag), CV_OK);
  assert_int_equal(parse_nested("(;", "", ";)", 300000, &diag), CV_OK);
  assert_int_equal(parse_nested("((", "", "", 300000, &diag), CV_EMALFORMED);
}

static const char sample[] =
    "(module $m (@custom \"c\" (after func) \"x\")\n"
    "  (rec (type $a (struct (field $x i32) (field $y (ref null $b)))) (type $b (array i8)))\n"
    "  (import \"a\" \"b\" (func $i (param $p i32)))\n"
    "  (func $\"f\\u{41}\" (export \"e\") (param $x i32) (result i32) (local $l i64)\n"
    "    (block $k (result i32) (@metadata.code.branch_hint \"\\01\") (br_if $k (i32.const 1) (local.get $x))))\n"
    "  (table $t 2 funcref) (elem $s (i32.const 0) $i) (memory $mem 1) (data $d (i32.const 0) \"ab\\00\")\n"
    "  (global $g f32 (f32.const 0.1)) (tag $tag (param i64)))";

// Every allocation fails in turn: an error, and nothing leaks.
static void run_out_of_memory(void **state) {
  uint64_t n = 1;
  for (;; n++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    mem.fail_at = n;
    cv_buf out;
    cv_buf_init(&out, &mem);
    cv_diag diag;
    cv_status status = parse(sample, sizeof sample - 1, &mem, &out, &diag);
    cv_buf_free(&out);
    assert_int_equal(mem.used, 0);
    if (status == CV_OK)
      break;
    if (status != CV_ENOMEM)
      show("with failing allocations", &diag);
    assert_int_equal(status, CV_ENOMEM);
    assert_int_equal(diag.status, CV_ENOMEM);
  }
  assert_true(n > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuse), cmocka_unit_test(name_components),   cmocka_unit_test(expand),
      cmocka_unit_test(nest),   cmocka_unit_test(run_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
