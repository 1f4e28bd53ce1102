// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bindings of both kinds: every allocation fails once, comments stay comments, and what bindings do not have is said by
// name. That what they write is right is tested by running it (tests/bindings, tests/guests).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "wit/bindgen.h"

static cv_diag diag;

typedef cv_status generate_fn(const cv_wit_world *world, const cv_bindgen_options *options, cv_mem *mem, cv_buf *header,
                              cv_buf *source, cv_diag *diag);

static const struct {
  const char *name;
  generate_fn *generate;
} kinds[] = {{"host", cv_bindgen_host}, {"guest", cv_bindgen_guest}};

static cv_wit *read_wit(cv_mem *mem, const char *text) {
  static const cv_wit_options all = {.all_features = true};
  cv_wit *wit = cv_wit_new(mem);
  assert_non_null(wit);
  cv_diag_init(&diag);
  if (cv_wit_add_text(wit, 0, "t.wit", text, strlen(text), &diag) != CV_OK || cv_wit_resolve(wit, &all, &diag) != CV_OK)
    fail_msg("%u:%u %s", diag.line, diag.column, diag.text);
  return wit;
}

// *header and *source are text, and to be freed.
static cv_status generate(generate_fn *fn, const cv_wit *wit, cv_mem *mem, cv_buf *header, cv_buf *source) {
  static const cv_bindgen_options options = {.prefix = "w", .header = "w.h"};
  cv_wit_world *world;
  cv_diag_init(&diag);
  cv_buf_init(header, mem);
  cv_buf_init(source, mem);
  assert_int_equal(cv_wit_find_world(wit, NULL, &world, &diag), CV_OK);
  return fn(world, &options, mem, header, source, &diag);
}

static const char every[] =
    "package a:b@1.0.0; interface i { resource r { constructor(x: u32); m: func(y: borrow<r>) -> string; s: static "
    "func(x: own<r>) -> list<r>; } record q { a: list<string>, b: option<f32>, c: tuple<u8, s64> } enum e { x, y } "
    "flags bits { x, y } variant v { a(f32), b(u64), c(q), d } f: func(a: v, b: e, c: bits) -> result<q, v>; "
    "g: func(a: q, b: q, c: q, d: list<r>) -> v; k: func(x: map<string, v>, y: list<u8, 2>) -> result; } "
    "world w { import i; export i; import p: func(x: string) -> u8; export z: func(x: list<u16>) -> list<string>; }";

static void allocations_fail(void **state) {
  (void)state;
  cv_mem mem, limited;
  cv_mem_init(&mem, UINT64_MAX);
  cv_wit *wit = read_wit(&mem, every);
  for (size_t i = 0; i < CV_COUNT(kinds); i++) {
    cv_status status = CV_ENOMEM;
    for (uint64_t at = 1; status != CV_OK; at++) {
      cv_buf header, source;
      cv_mem_init(&limited, UINT64_MAX);
      limited.fail_at = at;
      status = generate(kinds[i].generate, wit, &limited, &header, &source);
      if (status != CV_OK && status != CV_ENOMEM)
        fail_msg("%s: allocation %u fails: %s", kinds[i].name, (unsigned)at, diag.text);
      cv_buf_free(&header);
      cv_buf_free(&source);
      assert_int_equal(limited.used, 0);
      assert_true(at < 100000);
    }
  }
  cv_wit_delete(wit);
}

// A line of documentation is a line of C, whatever it ends with.
static void comments(void **state) {
  (void)state;
  static const char text[] = "package a:b;\n/// one\rint bad1;\n/// two \\ \n/// three ?"
                             "?/\n/// four\vint bad2;\n"
                             "interface i { f: func(); }\nworld w { import i; }";
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_wit *wit = read_wit(&mem, text);
  for (size_t i = 0; i < CV_COUNT(kinds); i++) {
    cv_buf header, source;
    assert_int_equal(generate(kinds[i].generate, wit, &mem, &header, &source), CV_OK);
    const char *out = cv_buf_cstr(&header);
    assert_non_null(strstr(out, "// one int bad1;\n// two \\.\n// three ?"
                                "?/.\n// four int bad2;\n"));
    assert_null(strpbrk(out, "\r\v"));
    cv_buf_free(&header);
    cv_buf_free(&source);
  }
  cv_wit_delete(wit);
}

static const struct {
  const char *text, *sentence;
} refused[] = {
    {"package a:b; world w { export f: async func(); }", "unsupported: async function"},
    {"package a:b; world w { import f: func(x: future<u8>); }", "unsupported: future"},
    {"package a:b; world w { export f: func() -> stream<u8>; }", "unsupported: stream"},
    {"package a:b; world w { import f: func(x: error-context); }", "unsupported: error-context"},
    {"package a:b; world w { import f: func(x: list<list<list<u64, 65536>, 65536>, 65536>); }", "too long"},
};

static void unsupported(void **state) {
  (void)state;
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  for (size_t i = 0; i < CV_COUNT(refused); i++)
    for (size_t k = 0; k < CV_COUNT(kinds); k++) {
      cv_wit *wit = read_wit(&mem, refused[i].text);
      cv_buf header, source;
      if (generate(kinds[k].generate, wit, &mem, &header, &source) == CV_OK ||
          strstr(diag.text, refused[i].sentence) == NULL)
        fail_msg("%s of %s: %s", kinds[k].name, refused[i].text, diag.text);
      cv_buf_free(&header);
      cv_buf_free(&source);
      cv_wit_delete(wit);
    }
}

// One interface under two names is two interfaces; resources of both cannot be told apart by a type in C.
static void two_names(void **state) {
  (void)state;
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf header, source;
  cv_wit *wit = read_wit(&mem, "package a:b; interface i { record q { x: u8 } f: func(x: q); } "
                               "world w { import one: i; import two: i; }");
  assert_int_equal(generate(cv_bindgen_guest, wit, &mem, &header, &source), CV_OK);
  assert_non_null(strstr(cv_buf_cstr(&header), "void one_f(const a_b_i_q *x);"));
  assert_non_null(strstr(cv_buf_cstr(&header), "void two_f(const a_b_i_q *x);"));
  assert_non_null(strstr(cv_buf_cstr(&source), "COVE_IMPORT(\"two\", \"f\")"));
  cv_buf_free(&header);
  cv_buf_free(&source);
  cv_wit_delete(wit);
  wit = read_wit(&mem,
                 "package a:b; interface i { resource r; f: func(x: r); } world w { import one: i; import two: i; }");
  assert_int_equal(generate(cv_bindgen_guest, wit, &mem, &header, &source), CV_EUNSUPPORTED);
  assert_non_null(strstr(diag.text, "under two names in guest bindings: `one` and `two`"));
  cv_buf_free(&header);
  cv_buf_free(&source);
  cv_wit_delete(wit);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(allocations_fail),
      cmocka_unit_test(comments),
      cmocka_unit_test(unsupported),
      cmocka_unit_test(two_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
