// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text_print.c: printing and parsing again gives the same bytes: for texts that cover the format, and for every module
// of the specification's suite (COVE_CONFORMANCE) when there is one.
#include "text_support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "component/text/wast.h"
#include "read_file.h"

// Prints `bytes`, which our parser made, and parses the result. False, with output, when that gives other bytes.
static bool round_trip_in(const char *name, const cv_buf *bytes, const cv_wat_print_options *options, cv_mem *mem) {
  cv_buf text, again;
  cv_buf_init(&text, mem);
  cv_buf_init(&again, mem);
  cv_diag diag;
  bool ok = decode_and_print(bytes, options, mem, &text, &diag) == CV_OK &&
            parse((const char *)text.data, text.size, mem, &again, &diag) == CV_OK;
  if (!ok)
    show(name, &diag);
  else if (again.size != bytes->size || memcmp(again.data, bytes->data, again.size) != 0) {
    print_error("%s: other bytes after printing\n", name);
    ok = false;
  }
  cv_buf_free(&text);
  cv_buf_free(&again);
  return ok;
}

static bool round_trip(const char *name, const cv_buf *bytes, cv_mem *mem) {
  return round_trip_in(name, bytes, NULL, mem) &&
         round_trip_in(name, bytes, &(cv_wat_print_options){.fold = true, .offsets = true}, mem);
}

static const char *const modules[] = {
    "(module)",
    "(module $\"a b\" (func $\"\\u{1f600}\" (param $\"p q\" i32)) (func $\"x\\00y\"))",
    "(func $f (@name \"g\")) (func $g (@name \"g\")) (func (@name \"g\")) (func (@name \"\") (call 0) (call $f))",
    "(func $a (@name \"b\")) (func $b (@name \"b_0\")) (func $b_0)",
    "(func (param $x (@name \"y\") i32) (param $y i32) (local $z i64) (local f32 f32) (local $w f32))",
    "(func block $a block $a br 0 br 1 br $a end br 0 br $a end block $b br $b end)",
    "(func (loop $l (br_table $l 1 $l 0 (i32.const 3))))",
    "(func (f32.const nan:0x12345) (f64.const -nan:0x1) (f32.const 1e-45) (f64.const 1e300) unreachable)",
    "(func (v128.const f64x2 0x1p-1074 -0) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) unreachable)",
    "(memory $m 1 2) (memory $n i64 3 4 shared) (memory 1 (pagesize 1)) (data $d (memory $n) (i64.const 1) "
    "\"\\00\\ff\\22\")",
    "(table $t 1 funcref) (table i64 2 3 externref) (elem $e declare func $f) (elem (table 1) (i64.const 0) externref)"
    "(func $f (table.init 1 $e (i32.const 0) (i32.const 0) (i32.const 0)) (table.copy $t 1) unreachable)",
    "(type $s (struct (field $a i8) (field (mut (ref null $s))))) (rec (type $p (sub (func))) (type (sub final $p "
    "(func))))"
    "(func (param (ref $s)) (struct.set $s $a (local.get 0) (i32.const 1)) (struct.get_u $s $a (local.get 0)) drop)",
    "(tag $e (param i32 i64)) (func (try (do) (catch $e drop drop) (catch_all rethrow 0)) try try delegate 0 end)"
    "(func (block $l (result i32 i64 exnref) (try_table (catch_ref $e $l) (catch_all 1)) unreachable) unreachable)",
    "(func (param i32) (@metadata.code.branch_hint \"\\00\") (if (local.get 0) (then (@metadata.code.branch_hint "
    "\"\\01\")"
    " (br_if 0 (local.get 0)))))",
    "(@custom \"a\" (before first) \"1\") (@custom \"b\" (after code)) (func $f) (@custom \"c\" (before func) \"\\00\")"
    "(@custom \"d\" \"after the names\") (@custom \"\" (after type) \"e\")",
    "(import \"\" \"a\\22\\5c\" (global $g (mut v128))) (import \"m\" \"t\" (tag (param f32))) (export \"\" (global "
    "$g))",
    "(func (result i32) (select (result i32) (i32.const 0) (i32.const 0) (i32.const 0)) (select (result)) unreachable)",
    "(memory 1) (func (i32.load offset=4294967295 align=1 (i32.const 0)) (v128.load16_lane align=1 7 (i32.const 0)) "
    "drop)",
    "(func (param anyref) (br_on_cast 0 anyref (ref i31) (local.get 0)) (ref.test (ref null none)) (ref.cast (ref eq)) "
    "drop)",
};

static void keep_bytes(void **state) {
  for (size_t i = 0; i < CV_COUNT(modules); i++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf bytes;
    cv_buf_init(&bytes, &mem);
    cv_diag diag;
    if (parse(modules[i], strlen(modules[i]), &mem, &bytes, &diag) != CV_OK)
      show(modules[i], &diag);
    assert_int_equal(diag.status, CV_OK);
    assert_true(round_trip(modules[i], &bytes, &mem));
    cv_buf_free(&bytes);
    assert_int_equal(mem.used, 0);
  }
}

static void print_exactly(void **state) {
  static const struct {
    const char *text, *printed;
    cv_wat_print_options options;
  } rows[] = {
      {"(module $m (func $f (param $x i32) (result i32) local.get $x i32.const 1 i32.add))",
       "(module $m\n  (type (;0;) (func (param i32) (result i32)))\n"
       "  (func $f (;0;) (type 0) (param $x i32) (result i32)\n    local.get $x\n    i32.const 1\n    i32.add))\n",
       {.fold = false}},
      {"(func $f (export \"e\") (block $b (br $b)))",
       "(module\n  (type (;0;) (func))\n  (export \"e\" (func 0))\n"
       "  (func (;0;) (type 0)\n    (;@1e;) block\n      (;@20;) br 0\n    (;@22;) end))\n",
       {.no_names = true, .offsets = true}},
      {"(func (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 2)) (call 0 (i32.const 3)))"
       " (block (br_if 0 (local.get 0)) (nop)))",
       "(module\n  (type (;0;) (func (param i32) (result i32)))\n  (func (;0;) (type 0) (param i32) (result i32)\n"
       "    (i32.add (i32.mul (local.get 0) (i32.const 2)) (call 0 (i32.const 3)))\n"
       "    block\n      (br_if 0 (local.get 0))\n      nop\n    end))\n",
       {.fold = true}},
      {"(global f64 (f64.const 0.25)) (data \"a\\\"\\80\")",
       "(module\n  (global (;0;) f64 (f64.const 0.25))\n  (data (;0;) \"a\\\"\\80\"))\n",
       {.fold = false}},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf bytes, text;
    cv_buf_init(&bytes, &mem);
    cv_buf_init(&text, &mem);
    cv_diag diag;
    assert_int_equal(parse(rows[i].text, strlen(rows[i].text), &mem, &bytes, &diag), CV_OK);
    assert_int_equal(decode_and_print(&bytes, &rows[i].options, &mem, &text, &diag), CV_OK);
    assert_string_equal(cv_buf_cstr(&text), rows[i].printed);
    cv_buf_free(&bytes);
    cv_buf_free(&text);
  }
}

static void run_out_of_memory(void **state) {
  cv_mem plenty;
  cv_mem_init(&plenty, UINT64_MAX);
  for (size_t i = 0; i < CV_COUNT(modules); i++) {
    cv_buf bytes;
    cv_buf_init(&bytes, &plenty);
    cv_diag diag;
    assert_int_equal(parse(modules[i], strlen(modules[i]), &plenty, &bytes, &diag), CV_OK);
    cv_status status = CV_ENOMEM;
    for (uint64_t n = 1; status != CV_OK; n++) {
      cv_mem mem;
      cv_mem_init(&mem, UINT64_MAX);
      mem.fail_at = n;
      cv_buf text;
      cv_buf_init(&text, &mem);
      status = decode_and_print(&bytes, &(cv_wat_print_options){.fold = i % 2 != 0}, &mem, &text, &diag);
      cv_buf_free(&text);
      assert_true(status == CV_OK || status == CV_ENOMEM);
      assert_int_equal(mem.used, 0);
    }
    cv_buf_free(&bytes);
  }
}

// ---- the suite -----------------------------------------------------------------------------------------------------

typedef struct totals {
  unsigned modules, failures;
} totals;

static void check_script(const char *path, const char *source, size_t size, totals *t) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_text text;
  cv_wast script;
  cv_diag diag;
  cv_diag_init(&diag);
  assert_int_equal(cv_text_init(&text, &mem, source, size, &diag), CV_OK);
  cv_wast_init(&script, &text, &mem);
  for (bool more = true; more;) {
    cv_wast_command c;
    cv_diag_init(&diag);
    cv_status status = cv_wast_next(&script, &c, &more, &diag);
    if (status != CV_OK || !more || (c.kind != CV_WAST_MODULE && c.kind != CV_WAST_DEFINITION))
      continue;
    char name[600];
    snprintf(name, sizeof name, "%s:%u", path, c.line);
    cv_buf bytes;
    cv_buf_init(&bytes, &mem);
    if (cv_wast_module_bytes(&script, &c.module, TEXT_FEATURES, &bytes, &diag) == CV_OK &&
        c.module.form != CV_WAST_BINARY) {
      t->modules++;
      t->failures += !round_trip(name, &bytes, &mem);
    }
    cv_buf_free(&bytes);
  }
  cv_wast_free(&script);
  cv_text_free(&text);
  assert_int_equal(mem.used, 0);
}

static void check_folder(const char *folder, totals *t) {
  DIR *dir = opendir(folder);
  if (dir == NULL)
    return;
  for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    size_t n = strlen(path);
    // Custom descriptors change the grammar of types.
    if (e->d_name[0] == '.' || strcmp(e->d_name, "custom-descriptors") == 0)
      continue;
    if (n < 5 || strcmp(path + n - 5, ".wast") != 0) {
      check_folder(path, t);
      continue;
    }
    size_t size;
    char *source = read_file(path, &size);
    check_script(path, source, size, t);
    free(source);
  }
  closedir(dir);
}

static void keep_suite(void **state) {
  const char *root = getenv("COVE_CONFORMANCE");
  char folder[900];
  snprintf(folder, sizeof folder, "%s/core", root != NULL ? root : COVE_SOURCE_DIR "/../shared/conformance");
  totals t = {0};
  check_folder(folder, &t);
  if (t.modules == 0) {
    print_message("no test suite at %s\n", folder);
    skip();
  }
  print_message("%u modules\n", t.modules);
  assert_int_equal(t.failures, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keep_bytes),
      cmocka_unit_test(print_exactly),
      cmocka_unit_test(run_out_of_memory),
      cmocka_unit_test(keep_suite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
