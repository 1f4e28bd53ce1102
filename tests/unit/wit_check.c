// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit_check.c: whether components fit worlds, by the public interface: what fits, and the place and the sentence of
// what does not. Sees include/cove only.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <cove/cove.h>

// A row: the world's contents, a component, and the misfits, a line for each: "where: what [world | component]".
static const struct {
  const char *world, *component, *misfits;
} rows[] = {
    // What fits.
    {"import f: func(a: u8);", "(component)", ""},
    {"import f: func(a: u8);", "(component (import \"f\" (func (param \"a\" u8))))", ""},
    {"import i;", "(component (import \"t:p/i@1.2.0\" (instance (export \"g\" (func)))))", ""},
    {"import i;", "(component (import \"t:p/i@1.0.3\" (instance (export \"g\" (func)))))", ""},
    {"import i; export i;",
     "(component (import \"t:p/i@1.2.0\" (instance $i (export \"g\" (func))"
     " (export \"h\" (func (param \"n\" string) (result (option u32))))))"
     " (export \"t:p/i@1.5.0\" (instance $i)))",
     ""},
    {"import r;",
     "(component (import \"t:p/r@1.2.0\" (instance (export \"x\" (type $x (sub resource)))"
     " (export \"[method]x.m\" (func (param \"self\" (borrow $x)))))))",
     ""},
    // Imports that are not offered, and exports that are not there.
    {"import i;", "(component (import \"f\" (func (param \"a\" u8))))",
     "import function `f`: the world does not offer it [- | func(a: u8)]\n"},
    {"import i;", "(component (import \"t:p/i@1.3.0\" (instance (export \"g\" (func)))))",
     "import `t:p/i@1.3.0`: the world offers version 1.2.0 of it, which is older [- | -]\n"},
    {"import i;", "(component (import \"t:p/i@2.0.0\" (instance (export \"g\" (func)))))",
     "import `t:p/i@2.0.0`: the world offers version 1.2.0 of it, which is not compatible [- | -]\n"},
    {"import i;", "(component (import \"t:p/j@1.2.0\" (instance (export \"g\" (func)))))",
     "import `t:p/j@1.2.0`: the world does not offer it [- | -]\n"},
    {"import i;", "(component (import \"t:p/i@1.2.0\" (instance (export \"k\" (func)))))",
     "import `t:p/i@1.2.0`, function `k`: the component needs it, the world's interface does not have it "
     "[- | func()]\n"},
    {"export f: func(a: u8);", "(component)",
     "export function `f`: the component does not export it [func(a: u8) | -]\n"},
    {"import i; export i;",
     "(component (import \"t:p/i@1.2.0\" (instance $i (export \"g\" (func)))) (export \"t:p/i@1.1.0\" (instance $i)))",
     "export `t:p/i@1.2.0`: the component exports version 1.1.0 of it, which is older [- | -]\n"},
    {"import i; export i;",
     "(component (import \"t:p/i@1.2.0\" (instance $i (export \"g\" (func)))) (export \"t:p/i@1.2.0\" (instance $i)))",
     "export `t:p/i@1.2.0`, function `h`: the world demands it, the component's interface does not have it "
     "[func(n: string) -> option<u32> | -]\n"},
    // Types.
    {"import f: func(a: u8);", "(component (import \"f\" (func (param \"a\" s8))))",
     "import function `f`, parameter `a`: the types differ [u8 | s8]\n"},
    {"import f: func(a: u8);", "(component (import \"f\" (func (param \"b\" u8))))",
     "import function `f`: the names of the parameters differ [func(a: u8) | func(b: u8)]\n"},
    {"import f: func(a: u8);", "(component (import \"f\" (func (param \"a\" u8) (param \"b\" u8))))",
     "import function `f`: the number of parameters differs [func(a: u8) | func(a: u8, b: u8)]\n"},
    {"import f: func() -> u8;", "(component (import \"f\" (func)))",
     "import function `f`: one has a result, the other has none [func() -> u8 | func()]\n"},
    {"import f: func() -> result<tuple<u8, list<string>>, u32>;",
     "(component (import \"f\" (func (result (result (tuple u8 (list u32)) (error u32))))))",
     "import function `f`, result, the result's `ok`, part 2, element of list: the types differ [string | u32]\n"},
    {"import f: func() -> result<_, option<bool>>;",
     "(component (import \"f\" (func (result (result (error (option u8)))))))",
     "import function `f`, result, the result's `err`, in option: the types differ [bool | u8]\n"},
    {"import f: func() -> result<_, u8>;", "(component (import \"f\" (func (result (result)))))",
     "import function `f`, result, the result's `err`: the types differ [u8 | nothing]\n"},
    {"import f: func() -> tuple<u8, u8>;", "(component (import \"f\" (func (result (tuple u8)))))",
     "import function `f`, result: the types differ [tuple<u8, u8> | tuple<u8>]\n"},
    {"import f: func(); ", "(component (import \"f\" (instance)))",
     "import `f`: it is a function in the world and an interface in the component [- | -]\n"},
    {"import r;", "(component (import \"t:p/r@1.2.0\" (instance (export \"x\" (func)))))",
     "import `t:p/r@1.2.0`, function `x`: it is a resource in the world and a function in the component [- | -]\n"},
    // A type that differs is told where it is defined, not again where it is used.
    {"import types;",
     "(component (import \"t:p/types@1.2.0\" (instance"
     " (type $p (record (field \"a\" u8) (field \"c\" u8))) (export \"pair\" (type $q (eq $p)))"
     " (export \"swap\" (func (param \"p\" $q) (result $q))))))",
     "import `t:p/types@1.2.0`, type `pair`: field `c` is not in the world "
     "[record { a, b } | record { a, c }]\n"},
    {"import types;",
     "(component (import \"t:p/types@1.2.0\" (instance"
     " (type $e (enum \"on\" \"off\")) (export \"mode\" (type (eq $e))))))",
     "import `t:p/types@1.2.0`, type `mode`: the order of the cases differs [enum { off, on } | enum { on, off }]\n"},
    {"import types;",
     "(component (import \"t:p/types@1.2.0\" (instance"
     " (type $e (flags \"off\")) (export \"mode\" (type (eq $e))))))",
     "import `t:p/types@1.2.0`, type `mode`: the types differ [mode (enum) | mode (flags)]\n"},
    // Functions of an interface that is missing are not missed one by one, nor is the resource that others take.
    {"import f: func();",
     "(component (import \"t:p/r@1.2.0\" (instance $r (export \"x\" (type (sub resource)))))"
     " (alias export $r \"x\" (type $x)) (import \"f\" (func (param \"x\" (own $x)))))",
     "import `t:p/r@1.2.0`: the world does not offer it [- | -]\n"
     "import function `f`: the number of parameters differs [func() | func(x: x)]\n"},
};

static const char *or_dash(const char *text) {
  return text != NULL ? text : "-";
}

static void check_rows(void **state) {
  cove_engine *engine;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[2000], got[2000] = "";
    cove_buffer binary;
    cove_error *error = NULL;
    cove_wit *wit;
    cove_wit_fit *fit;
    cove_misfit m;
    size_t size = 0;
    snprintf(text, sizeof text,
             "package t:p@1.2.0; interface i { g: func(); h: func(n: string) -> option<u32>; }"
             " interface r { resource x { m: func(); } }"
             " interface types { record pair { a: u8, b: u8 } enum mode { off, on } swap: func(p: pair) -> pair; }"
             " world w { %s }",
             rows[i].world);
    if (cove_wit_parse(text, strlen(text), NULL, &wit, &error) != COVE_OK ||
        cove_text_parse(engine, rows[i].component, strlen(rows[i].component), &binary, &error) != COVE_OK ||
        cove_wit_check(wit, "w", binary.data, binary.size, &fit, &error) != COVE_OK)
      fail_msg("row %zu: %s", i, cove_error_message(error));
    for (size_t k = 0; cove_wit_fit_misfit(fit, k, &m); k++)
      size += (size_t)snprintf(got + size, sizeof got - size, "%s: %s [%s | %s]\n", m.where, m.what, or_dash(m.world),
                               or_dash(m.component));
    assert_string_equal(got, rows[i].misfits);
    assert_string_equal(cove_wit_fit_world(fit), "t:p/w@1.2.0");
    cove_wit_fit_delete(fit);
    cove_wit_delete(wit);
    cove_buffer_delete(&binary);
  }
  cove_engine_delete(engine);
}

// A component fits the world that is printed of it.
static void own_world(void **state) {
  cove_engine *engine;
  assert_int_equal(cove_engine_new(NULL, &engine, NULL), COVE_OK);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cove_buffer binary, text;
    cove_error *error = NULL;
    cove_wit *wit, *again;
    cove_wit_fit *fit;
    cove_misfit m;
    if (cove_text_parse(engine, rows[i].component, strlen(rows[i].component), &binary, &error) != COVE_OK ||
        cove_wit_of_binary(binary.data, binary.size, &wit, &error) != COVE_OK ||
        cove_wit_text(wit, &text, &error) != COVE_OK ||
        cove_wit_parse(text.data, text.size, NULL, &again, &error) != COVE_OK ||
        cove_wit_check(again, NULL, binary.data, binary.size, &fit, &error) != COVE_OK)
      fail_msg("row %zu: %s", i, cove_error_message(error));
    if (cove_wit_fit_misfit(fit, 0, &m))
      fail_msg("row %zu: %s: %s\n%s", i, m.where, m.what, text.data);
    cove_wit_fit_delete(fit);
    cove_wit_delete(again);
    cove_wit_delete(wit);
    cove_buffer_delete(&text);
    cove_buffer_delete(&binary);
  }
  cove_engine_delete(engine);
}

static void refuse(void **state) {
  static const char wit_text[] = "package t:p; world w { import f: func(); }";
  static const char module[] = "\0asm\1\0\0", broken[] = "\0asm\x0d\0\1\0\x07\1";
  cove_error *error = NULL;
  cove_wit *wit;
  cove_wit_fit *fit = NULL;
  assert_int_equal(cove_wit_parse(wit_text, strlen(wit_text), NULL, &wit, NULL), COVE_OK);
  assert_int_equal(cove_wit_check(wit, NULL, module, sizeof module, &fit, &error), COVE_USAGE);
  assert_string_equal(cove_error_text(error), "this is a core module: worlds are for components");
  cove_error_delete(error);
  assert_int_equal(cove_wit_check(wit, NULL, broken, 10, &fit, &error), COVE_MALFORMED);
  cove_error_delete(error);
  assert_int_equal(cove_wit_check(wit, "v", broken, 8, &fit, &error), COVE_USAGE);
  cove_error_delete(error);
  assert_null(fit);
  assert_int_equal(cove_wit_check(wit, NULL, broken, 8, &fit, NULL), COVE_OK);
  assert_int_equal(cove_wit_fit_count(fit, NULL), 0);
  cove_wit_fit_delete(fit);
  cove_wit_delete(wit);
}

// A long list is cut, and says so.
static void many(void **state) {
  enum { COUNT = 250 };
  static char text[COUNT * 40];
  static const char empty[] = "\0asm\x0d\0\1\0";
  cove_wit *wit;
  cove_wit_fit *fit;
  bool more;
  size_t size = (size_t)snprintf(text, sizeof text, "package t:p; world w {");
  for (int i = 0; i < COUNT; i++)
    size += (size_t)snprintf(text + size, sizeof text - size, " export e%d: func();", i);
  snprintf(text + size, sizeof text - size, " }");
  assert_int_equal(cove_wit_parse(text, strlen(text), NULL, &wit, NULL), COVE_OK);
  assert_int_equal(cove_wit_check(wit, NULL, empty, 8, &fit, NULL), COVE_OK);
  assert_int_equal(cove_wit_fit_count(fit, &more), 200);
  assert_true(more);
  cove_wit_fit_delete(fit);
  cove_wit_delete(wit);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(check_rows),
      cmocka_unit_test(own_world),
      cmocka_unit_test(refuse),
      cmocka_unit_test(many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
