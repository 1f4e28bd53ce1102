// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_print.c: the component printer: its text parses to the same binary, for each kind of definition and for the
// components of the reference scripts (COVE_CONFORMANCE) when they are there.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "component/text/cwat.h"
#include "component/text/wast.h"
#include "read_file.h"
#include "wasm/canon.h"

// The text of a binary. False when it is no component. With a registry it is validated first, so that its modules are
// text too.
static bool print(const cv_buf *binary, cv_type_registry *registry, cv_mem *mem, cv_buf *text) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_component *c;
  if (cv_component_decode(&c, mem, binary->data, binary->size, false, CV_FEATURES_DEFAULT, &diag) != CV_OK)
    return false;
  bool good = registry == NULL || cv_component_validate(c, registry, 0, &diag) == CV_OK;
  if (good)
    assert_int_equal(cv_cwat_print(c, NULL, mem, text, &diag), CV_OK);
  cv_component_delete(c);
  return good;
}

static void parse(const char *text, size_t size, cv_mem *mem, cv_buf *out) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_status status = cv_cwat_parse(text, size, CV_FEATURES_DEFAULT, mem, out, &diag);
  if (status != CV_OK)
    printf("%.*s\n%u:%u: %s\n", (int)size, text, diag.line, diag.column, diag.text);
  assert_int_equal(status, CV_OK);
}

// Binary to text and back is the same binary. False when the binary is no component, or is not valid.
static bool round_trip(const cv_buf *binary, cv_type_registry *registry, cv_mem *mem) {
  cv_buf text, again;
  cv_buf_init(&text, mem);
  cv_buf_init(&again, mem);
  bool printed = print(binary, registry, mem, &text);
  if (printed) {
    parse((const char *)text.data, text.size, mem, &again);
    if (again.size != binary->size || memcmp(again.data, binary->data, again.size) != 0)
      printf("%.*s\n", (int)text.size, (const char *)text.data);
    assert_int_equal(again.size, binary->size);
    assert_memory_equal(again.data, binary->data, again.size);
  }
  cv_buf_free(&again);
  cv_buf_free(&text);
  return printed;
}

static const char *const samples[] = {
    "(component)",
    "(component $c (core module $m (memory 1)) (component $d (component)))",
    "(component (core module) (core module $m) (core instance $i (instantiate $m)))",
    "(component (core module (@own-name \"own\")) (core module $a (@own-name \"own\") (func)) (core module $b "
    "(@own-name"
    " \"\")) (core module (@name \"x\")) (core module $c (@name \"y\")) (core module $d (@name \"a\") (@own-name "
    "\"z\")))",
    "(component $a (component (@own-name \"own\")) (component $b (@own-name \"other\") (type u8)) (component $c"
    " (@own-name \"\")) (component (@name \"x\")) (component $d (@name \"b\") (@own-name \"b\")))",
    "(component (type $\"a b\" u8) (type $t (list $\"a b\")) (type (list $t 3)) (type (tuple u8 1 $t)))",
    "(component (type (record (field \"a\" u8) (field \"b\" 0))) (type (variant (case \"a\") (case \"b\" string)))"
    " (type (flags \"x\" \"y\")) (type (enum \"z\")) (type (option char)) (type (result)) (type (result u8))"
    " (type (result (error u8))) (type (result u8 (error s64))) (type (map string f32)) (type (stream))"
    " (type (stream u8)) (type (future)) (type (future f64)) (type error-context) (type bool))",
    "(component (core func $f (canon resource.drop 0)) (type $r (resource (rep i32) (dtor (core func $f))))"
    " (type (resource (rep i64))) (type (own $r)) (type (borrow $r)) (type (func)) (type (func async (param \"a\" u8)"
    " (param \"b\" (own $r)) (result $r))))",
    "(component (type $t u8) (type (component (alias outer 1 $t (type $u)) (import \"a\" (type $x (sub resource)))"
    " (import \"b\" (func (param \"p\" (own $x)) (result $u))) (export \"c\" (instance (export \"d\" (value u8))))"
    " (core type (func)) (core type (module)))))",
    "(component $c (type $t u8) (component (type (list $t)) (component (alias outer $c $t (type)))))",
    "(component (core type $f (func (param i32 (ref null func)) (result i64))) (core type (sub (func)))"
    " (core type (sub final 1 (func))) (core rec (type (struct (field i8))) (type (array (mut (ref 3))))) (core rec))",
    "(component (core type $f (func)) (core type $m (module (alias outer 1 $f (type $g)) (type $h (func (param i32)))"
    " (rec (type (func)) (type (func))) (import \"a\" \"b\" (func (type $h))) (import \"a\" \"c\" (global (mut i32)))"
    " (export \"d\" (table 1 funcref)) (export \"e\" (memory i64 1 2)) (export \"f\" (tag (type $g)))"
    " (export \"g\" (func (param f32))))))",
    "(component (import \"a\" (core module $m)) (import \"b\" (func $f (param \"x\" u8))) (import \"c\" (value $v u8))"
    " (import \"d\" (value (eq $v))) (import \"e\" (type $t (sub resource))) (import \"f\" (type (eq $t)))"
    " (import \"g\" (component $c)) (import \"h\" (instance $i))"
    " (import \"i\" (external-id \"\\\"\\u{1f600}\") (implements \"a:b/c\") (versionsuffix \"1\") (instance))"
    " (export \"a\" (core module $m)) (export $fe \"b\" (func $f) (func (param \"x\" u8))) (export \"c\" (value $v))"
    " (export \"d\" (implements \"a:b/c\") (instance $i)) (export \"e\" (type $t)) (export \"f\" (component $c))"
    " (start $fe (value $v) (value 1) (result (value $w)) (result (value))))",
    "(component (import \"i\" (instance $i)) (import \"c\" (component $c)) (alias export $i \"f\" (func $f))"
    " (alias export $i \"m\" (core module $m)) (alias export $i \"t\" (type)) (instance $j (export \"x\" (func $f))"
    " (export \"y\" (implements \"a:b/c\") (instance $i))) (instance (instantiate $c (with \"j\" (instance $j))"
    " (with \"f\" (func $f)) (with \"m\" (core module $m)))) (instance) (instance (instantiate $c)))",
    "(component (core module $m) (core instance $a (instantiate $m)) (alias core export $a \"f\" (core func $f))"
    " (core instance $b (export \"f\" (func $f)) (export \"m\" (memory $a \"m\")) (export \"t\" (table $a \"t\"))"
    " (export \"g\" (global $a \"g\")) (export \"e\" (tag $a \"e\"))) (core instance (instantiate $m"
    " (with \"b\" (instance $b)) (with \"\" (instance)))))",
    "(component (type $t (func)) (core func $a (canon lower (func 0) async (realloc 1) string-encoding=latin1+utf16"
    " (memory 2))) (func $l (type $t) (canon lift (core func $a) (memory 0) (callback 3)"
    " (post-return $a) string-encoding=utf16)) (core func (canon task.return (result u8) (memory 0)))"
    " (core func (canon task.return)) (core func (canon waitable-set.poll cancellable (memory 1)))"
    " (core func (canon waitable-set.wait (memory 1))) (core func (canon context.get i64 1))"
    " (core func (canon stream.read 0 async)) (core func (canon stream.cancel-write 0 async))"
    " (core func (canon subtask.cancel)) (core func (canon thread.spawn-indirect shared 0 1))"
    " (core func (canon thread.new-indirect 0 1)) (core func (canon thread.yield cancellable))"
    " (core func (canon error-context.new (memory 0))) (core func (canon resource.new $t))"
    " (core func (canon thread.available-parallelism shared)))",
    "(component (value $v string (binary \"\\02hi\")) (value bool (binary \"\\01\")))",
    "(component $n (@custom \"a\" \"b\") (type u8) (@custom \"c\" \"\") (@component-name) (type u16) (@custom \"d\" "
    "\"\\00\\ff\"))",
    "(component (type (list 1)) (type $later u8) (core type (func (param (ref 1)))) (core type $f (func)))",
    "(component (type $x u8) (type $y (@name \"x\") u16) (type (@name \"\") u16))",
};

static void keep_definitions(void **state) {
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf binary;
    cv_buf_init(&binary, &mem);
    parse(samples[i], strlen(samples[i]), &mem, &binary);
    bool printed = round_trip(&binary, NULL, &mem);
    if (!printed)
      printf("%s\n", samples[i]);
    assert_true(printed);
    cv_buf_free(&binary);
    assert_int_equal(mem.used, 0);
  }
  (void)state;
}

static void look_as_people_write(void **state) {
  static const char *const expected = "(component $c\n"
                                      "  (type $t (;0;) (func (param \"a\" u8)))\n"
                                      "  (import \"f\" (func $f (;0;) (type $t)))\n"
                                      "  (core func $l (;0;) (canon lower (func $f)))\n"
                                      "  (core instance $i (;0;)\n"
                                      "    (export \"f\" (func $l)))\n"
                                      "  (component $d (;0;)\n"
                                      "    (alias outer 1 $t (type (;0;))))\n"
                                      "  (instance (;0;) (instantiate $d\n"
                                      "    (with \"x\" (func $f))))\n"
                                      "  (export (;1;) \"g\" (func $f)))\n";
  static const char *const source =
      "(component $c (type $t (func (param \"a\" u8))) (import \"f\" (func $f (type $t))) (core func $l (canon lower"
      " (func $f))) (core instance $i (export \"f\" (func $l))) (component $d (alias outer $c $t (type)))"
      " (instance (instantiate $d (with \"x\" (func $f)))) (export \"g\" (func $f)))";
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf binary, text;
  cv_buf_init(&binary, &mem);
  cv_buf_init(&text, &mem);
  parse(source, strlen(source), &mem, &binary);
  assert_true(print(&binary, NULL, &mem, &text));
  assert_string_equal(cv_buf_cstr(&text), expected);
  cv_buf_free(&binary);
  cv_buf_free(&text);
  (void)state;
}

static void survive_no_memory(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    cv_buf binary;
    cv_buf_init(&binary, &mem);
    parse(samples[i], strlen(samples[i]), &mem, &binary);
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
      cv_diag diag;
      cv_diag_init(&diag);
      cv_component *c;
      assert_int_equal(cv_component_decode(&c, &mem, binary.data, binary.size, false, CV_FEATURES_DEFAULT, &diag),
                       CV_OK);
      cv_mem failing;
      cv_mem_init(&failing, UINT64_MAX);
      failing.fail_at = n;
      cv_buf text;
      cv_buf_init(&text, &failing);
      cv_status status = cv_cwat_print(c, NULL, &failing, &text, &diag);
      done = status == CV_OK;
      assert_true(done || status == CV_ENOMEM);
      cv_buf_free(&text);
      assert_int_equal(failing.used, 0);
      cv_component_delete(c);
    }
    cv_buf_free(&binary);
  }
  assert_int_equal(mem.used, 0);
  (void)state;
}

// ---- the reference scripts -----------------------------------------------------------------------------------------

static unsigned tripped, validated;

// Components in the binary format may be encoded in other ways than ours, so only those in text count.
static void trip_script(const char *path) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  size_t size;
  char *source = read_file(path, &size);
  cv_diag diag;
  cv_diag_init(&diag);
  cv_text text;
  assert_int_equal(cv_text_init(&text, &mem, source, size, &diag), CV_OK);
  cv_wast script;
  cv_wast_init(&script, &text, &mem);
  for (bool more = true; more;) {
    cv_wast_command c;
    cv_buf binary;
    cv_buf_init(&binary, &mem);
    cv_diag_init(&diag);
    cv_status status = cv_wast_next(&script, &c, &more, &diag);
    if (status == CV_OK && more && c.module.is_component && c.module.body != 0 && c.module.form == CV_WAST_TEXT &&
        cv_wast_module_bytes(&script, &c.module, CV_FEATURES_DEFAULT, &binary, &diag) == CV_OK) {
      tripped += round_trip(&binary, NULL, &mem);
      cv_type_registry *registry = cv_type_registry_new(&mem);
      assert_non_null(registry);
      validated += round_trip(&binary, registry, &mem);
      cv_type_registry_delete(registry);
    }
    cv_buf_free(&binary);
  }
  cv_wast_free(&script);
  cv_text_free(&text);
  free(source);
  assert_int_equal(mem.used, 0);
}

static void trip_folder(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    const char *name = entries[i]->d_name;
    size_t n = strlen(name);
    char below[4096];
    snprintf(below, sizeof below, "%s/%s", path, name);
    if (n > 5 && strcmp(name + n - 5, ".wast") == 0)
      trip_script(below);
    else if (strchr(name, '.') == NULL)
      trip_folder(below);
    free(entries[i]);
  }
  if (count >= 0)
    free(entries);
}

static void keep_reference_components(void **state) {
  const char *root = getenv("COVE_CONFORMANCE");
  char path[2048];
  snprintf(path, sizeof path, "%s/component", root != NULL ? root : COVE_SOURCE_DIR "/../shared/conformance");
  trip_folder(path);
  if (tripped == 0) {
    printf("no components at %s (COVE_CONFORMANCE names its folder)\n", path);
    skip();
  }
  assert_true(tripped > 600);
  assert_true(validated > 250);
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keep_definitions),
      cmocka_unit_test(look_as_people_write),
      cmocka_unit_test(survive_no_memory),
      cmocka_unit_test(keep_reference_components),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
