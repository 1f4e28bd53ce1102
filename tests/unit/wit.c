// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WIT: what parses and what does not, with the place and the sentence; resolution; text, component types and back;
// signatures; components out of core modules.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "component/component.h"
#include "compose/compose.h"
#include "wasm/canon.h"
#include "wasm/text/wat.h"
#include "wit/bindgen.h"
#include "wit/decode.h"
#include "wit/encode.h"
#include "wit/layout.h"
#include "wit/load.h"
#include "wit/print.h"

static cv_mem mem;
static cv_diag diag;

static cv_status read_into(cv_wit *wit, const char *text) {
  static const cv_wit_options all = {.all_features = true};
  cv_diag_init(&diag);
  cv_status status = cv_wit_add_text(wit, 0, "t.wit", text, strlen(text), &diag);
  return status == CV_OK ? cv_wit_resolve(wit, &all, &diag) : status;
}

static cv_wit *read_good(const char *text) {
  cv_wit *wit = cv_wit_new(&mem);
  assert_non_null(wit);
  if (read_into(wit, text) != CV_OK)
    fail_msg("%u:%u %s", diag.line, diag.column, diag.text);
  return wit;
}

// ---- what is wrong -------------------------------------------------------------------------------------------------

static const struct {
  const char *text, *sentence; // a part of it
  uint32_t line, column;
} wrong[] = {
    {"interface i {}", "no file says which package", 1, 1},
    {"package a:b; interface i {", "found the end of the file", 1, 27},
    {"package a:b; interface i { f: func(a: x); }", "`x` is not defined", 1, 39},
    {"package a:b;\ninterface i {\n  type t = t;\n}", "contains itself", 3, 8},
    {"package a:b; interface i { record r { a: s } record s { a: list<r> } }", "contains itself", 1, 35},
    {"package a:b; interface i { type t = u8; type t = u16; }", "`t` is defined twice", 1, 46},
    {"package a:b; interface i { f: func(); F: func(); }", "`F` is defined twice", 1, 39},
    {"package a:b; interface i { type a = result<u8, u8>; type b = result<a, a>; type c = result<b, b>; "
     "type d = result<c, c>; type e = result<d, d>; type f = result<e, e>; type g = result<f, f>; "
     "type h = result<g, g>; type j = result<h, h>; type k = result<j, j>; type l = result<k, k>; "
     "type m = result<l, l>; type n = result<m, m>; type o = result<n, n>; type p = result<o, o>; "
     "type q = result<p, p>; }",
     "more than 100000 types", 1, 380},
    {"package a:b; interface i {} interface i {}", "`i` is defined twice", 1, 39},
    {"package a:b; interface i { resource r { m: func(self: u8); } }", "a parameter `self` already", 1, 49},
    {"package a:b; interface i { resource r { r: static func(); } }", "the name of the resource", 1, 41},
    {"package a:b; interface i { enum e { } }", "is empty", 1, 33},
    {"package a:b; interface i { record: func(); }", "expected", 1, 34},
    {"package a:b; interface i { use j.{t}; }", "no interface `j`", 1, 32},
    {"package a:b; interface j {} interface i { use j.{t}; }", "no type `t`", 1, 50},
    {"package a:b; interface i { use j.{a}; type b = u8; } interface j { use i.{b}; type a = u8; }", "circle", 1, 75},
    {"package a:b; interface i { use c:d/e.{t}; }", "package c:d is not here", 1, 32},
    {"package a:b; world w { import w; }", "is a world", 1, 31},
    {"package a:b; world w { include w; }", "circle", 1, 32},
    {"package a:b; world w { import f: func(); import f: func(); }", "defined twice", 1, 42},
    {"package a:b; world v { import g: func(); } world w { include v with { g as L } import l: func(); }",
     "defined twice", 1, 80},
    {"package a:b; interface i { borrowed: func(x: borrow<u8>); }", "keyword", 1, 53},
    {"package a:b; interface i { type t = u8; f: func(x: borrow<t>); }", "not a resource", 1, 59},
    {"package a:b; interface i { f: func() -> list<u8, 0>; }", "length", 1, 50},
    {"package a:b; interface aB {}", "not an identifier", 1, 24},
    {"package a:b; interface i { @since(version = 1.0) f: func(); }", "expected a version", 1, 45},
    {"package a:b; interface i { @deprecated(version = 1.0.0) f: func(); }", "@deprecated goes with", 1, 28},
    {"package a:b; /* interface", "no end", 1, 14},
    {"package a:b; interface i { f: func() -> \xff; }", "not UTF-8", 1, 41},
    {"package a:b; package c:d;", "comes first", 1, 22},
    {"package a:b; package a:b {}", "defined twice", 1, 22},
};

static void test_wrong(void **state) {
  (void)state;
  for (size_t i = 0; i < CV_COUNT(wrong); i++) {
    cv_wit *wit = cv_wit_new(&mem);
    assert_non_null(wit);
    cv_status status = read_into(wit, wrong[i].text);
    if (status == CV_OK || !strstr(diag.text, wrong[i].sentence) || diag.line != wrong[i].line ||
        diag.column != wrong[i].column)
      fail_msg("%s: got %u:%u %s", wrong[i].text, diag.line, diag.column, diag.text);
    cv_wit_delete(wit);
    assert_int_equal(mem.used, 0);
  }
}

// Names of one scope are compared with each other: how many there can be has an end, and a document of many times
// as many is refused as soon.
static void test_many_names(void **state) {
  static const char *const forms[][3] = {
      {"interface i {", "n%d: func();", "}"},
      {"interface i {", "type n%d = u8;", "}"},
      {"interface i { record r {", "n%d: u8,", "} }"},
      {"interface i { f: func(", "n%d: u8,", "); }"},
      {"interface i { resource r {", "n%d: func();", "} }"},
      {"", "interface n%d {}", ""},
      {"", "world n%d {}", ""},
      {"world w {", "import n%d: func();", "}"},
      {"", "package n%d:x {}", ""},
      {"interface i {}", "use i as n%d;", ""},
      {"world v {} world w { include v with {", "n%d as other,", "} }"},
  };
  static const int counts[] = {2000, 300000};
  for (size_t i = 0; i < CV_COUNT(forms); i++)
    for (size_t c = 0; c < CV_COUNT(counts); c++) {
      cv_buf text;
      cv_buf_init(&text, &mem);
      cv_buf_printf(&text, "package a:b; %s", forms[i][0]);
      for (int k = 0; k < counts[c]; k++)
        cv_buf_printf(&text, forms[i][1], k);
      cv_buf_text(&text, forms[i][2]);
      cv_wit *wit = cv_wit_new(&mem);
      assert_non_null(wit);
      cv_status status = read_into(wit, cv_buf_cstr(&text));
      if (status != (c == 0 ? CV_OK : CV_ELIMIT))
        fail_msg("%s, %d: %s", forms[i][1], counts[c], diag.text);
      cv_wit_delete(wit);
      cv_buf_free(&text);
      assert_int_equal(mem.used, 0);
    }
}

// Interfaces that use two types each of the one before: there are 2^n ways to the first, and each interface is walked
// through once. What is walked through by recursion is not longer than anyone writes.
static void put_chain(cv_buf *out, int count, const char *format) {
  cv_buf_text(out, "package a:b; interface i0 { type a = u8; type b = u8; }");
  for (int i = 1; i < count; i++)
    cv_buf_printf(out, format, i, i - 1);
}

static void test_chains(void **state) {
  static const char uses[] = "interface i%d { use i%d.{a, b}; }";
  static const struct {
    int count;
    const char *format, *world;
    cv_status want;
  } chains[] = {
      {60, uses, "world w { import i59; }", CV_OK},
      {60, uses, "world w { import i59; export i59; export i58; }", CV_OK},
      {199, uses, "world w { import i198; }", CV_OK},
      {3000, uses, "", CV_ELIMIT},
      {300, "interface i%d { use i%d.{b as x}; type b = u8; }", "", CV_ELIMIT}, // the interfaces, not their types
      {300, "world v%d { include v%d; }", "world v0 { }", CV_OK},               // one by one
  };
  (void)state;
  for (size_t i = 0; i < CV_COUNT(chains); i++) {
    cv_buf text;
    cv_buf_init(&text, &mem);
    put_chain(&text, chains[i].count, chains[i].format);
    cv_buf_text(&text, chains[i].world);
    cv_wit *wit = cv_wit_new(&mem);
    assert_non_null(wit);
    if (read_into(wit, cv_buf_cstr(&text)) != chains[i].want)
      fail_msg("chain %zu: %u:%u %s", i, diag.line, diag.column, diag.text);
    cv_wit_delete(wit);
    cv_buf_free(&text);
    assert_int_equal(mem.used, 0);
  }
}

// ---- what is right -------------------------------------------------------------------------------------------------

static const char *const everything =
    "package my:pkg@1.0.0;\n"
    "interface types {\n"
    "  resource r { constructor(a: u32); m: func() -> result<list<u8>, string>; s: static func(x: borrow<r>) -> r; }\n"
    "  record p { x: s32, y: option<f64> } type q = p; flags f { a, b-c } enum e { one, two }\n"
    "  variant v { a, b(p), c(list<v2>) } record v2 { z: char }\n"
    "  f1: func(a: p, b: q, c: f, d: e, e: v) -> tuple<u8, string>;\n"
    "}\n"
    "interface user { use types.{r, p as pp}; type rr = r; go: func(x: r, y: borrow<rr>, z: pp) -> result; }\n"
    "interface api { use types.{p}; use user.{pp}; resource own-res { get: func() -> p; } f: func(p: pp) -> own-res; "
    "}\n"
    "world w {\n"
    "  use types.{e}; import user; import free: func(e: e) -> e; import inl: interface { use types.{v}; x: func(v: v); "
    "}\n"
    "  export api; export types; export run: func(); export lab: interface { y: func(); } type wt = list<u8>;\n"
    "  import g: func(w: wt);\n"
    "}\n";

static void print(const cv_wit *wit, cv_buf *out) {
  cv_buf_init(out, &mem);
  cv_wit_print(wit, cv_wit_root(wit), out);
  assert_int_equal(cv_buf_status(out), CV_OK);
}

static void test_text_round_trip(void **state) {
  (void)state;
  cv_buf first, second;
  cv_wit *wit = read_good(everything);
  print(wit, &first);
  cv_wit_delete(wit);
  wit = read_good(cv_buf_cstr(&first));
  print(wit, &second);
  cv_wit_delete(wit);
  assert_int_equal(first.size, second.size);
  assert_memory_equal(first.data, second.data, first.size);
  cv_buf_free(&first);
  cv_buf_free(&second);
  assert_int_equal(mem.used, 0);
}

// Documentation of every form of comment. Only what begins a comment is a mark: "/" at the start of a line inside of
// one is text, which was once cut in the middle of a character.
static void test_docs(void **state) {
  (void)state;
  static const char text[] = "package a:b;\n"
                             "/// one\r\n///  two\n///\n/** three */ /** four\n   * five\n\n     /\u00e9\u00e9 six\n"
                             "   */\n/***/ interface i {}\n"
                             "/// not this // one\n// nor this\ninterface j {}\n"
                             "/** a /* nested */ one */\ninterface k {}\n";
  static const char expected[] = "package a:b;\n\n"
                                 "/// one\n///  two\n///\n/// three\n/// four\n/// five\n///\n/// /\u00e9\u00e9 six\n"
                                 "interface i {\n}\n\ninterface j {\n}\n\n/// a /* nested */ one\ninterface k {\n}\n";
  cv_buf out;
  cv_wit *wit = read_good(text);
  print(wit, &out);
  assert_string_equal(cv_buf_cstr(&out), expected);
  cv_buf_free(&out);
  cv_wit_delete(wit);
}

static void encode(const cv_wit_world *world, cv_buf *out) {
  cv_buf_init(out, &mem);
  if (cv_wit_encode_world(world, &mem, out, &diag) != CV_OK)
    fail_msg("%s", diag.text);
}

// The world of an encoding, which is valid.
static cv_wit *decode(const cv_buf *binary, cv_wit_world **world) {
  cv_component *component;
  cv_type_registry *registry = cv_type_registry_new(&mem);
  cv_wit *wit = cv_wit_new(&mem);
  cv_diag_init(&diag);
  if (cv_component_decode(&component, &mem, binary->data, binary->size, false, CV_FEATURES_ALL, &diag) != CV_OK ||
      cv_component_validate(component, registry, 0, &diag) != CV_OK ||
      cv_wit_from_package(wit, component, world, &diag) != CV_OK)
    fail_msg("%s", diag.text);
  cv_component_delete(component);
  cv_type_registry_delete(registry);
  return wit;
}

// A world as a component and back. What cannot be told from the binary (which of two names of one type was written) is
// lost the first time; from then on nothing changes.
static void test_component_type_round_trip(void **state) {
  (void)state;
  cv_buf first, second, third;
  cv_wit_world *world;
  cv_wit *wit = read_good(everything);
  assert_int_equal(cv_wit_find_world(wit, "w", &world, &diag), CV_OK);
  encode(world, &first);
  cv_wit_delete(wit);
  wit = decode(&first, &world);
  encode(world, &second);
  cv_wit_delete(wit);
  wit = decode(&second, &world);
  encode(world, &third);
  cv_wit_delete(wit);
  assert_int_equal(second.size, third.size);
  assert_memory_equal(second.data, third.data, second.size);
  cv_buf_free(&first);
  cv_buf_free(&second);
  cv_buf_free(&third);
  assert_int_equal(mem.used, 0);
}

static void test_gates(void **state) {
  (void)state;
  static const char text[] = "package a:b@2.0.0; interface i { @unstable(feature = new) f: func();"
                             " @since(version = 1.0.0) g: func(); }";
  static const char *const features[] = {"new"};
  for (uint32_t on = 0; on < 2; on++) {
    cv_wit *wit = cv_wit_new(&mem);
    const cv_wit_options options = {.features = features, .feature_count = on};
    cv_diag_init(&diag);
    assert_int_equal(cv_wit_add_text(wit, 0, "t", text, strlen(text), &diag), CV_OK);
    assert_int_equal(cv_wit_resolve(wit, &options, &diag), CV_OK);
    const cv_wit_func *first = cv_wit_root(wit)->interfaces->funcs;
    assert_int_equal(first->head.name.data[0], on ? 'f' : 'g');
    cv_wit_delete(wit);
  }
}

static void test_folder(void **state) {
  (void)state;
  cv_wit_world *world;
  cv_wit *wit = cv_wit_new(&mem);
  cv_diag_init(&diag);
  if (cv_wit_load(wit, COVE_SOURCE_DIR "/wit", &mem, &diag) != CV_OK || cv_wit_resolve(wit, NULL, &diag) != CV_OK)
    fail_msg("%s", diag.text);
  assert_int_equal(cv_wit_find_world(wit, "wasi:cli/command@0.2.12", &world, &diag), CV_OK);
  assert_non_null(world->exports);
  assert_int_equal(cv_wit_find_world(wit, "nowhere", &world, &diag), CV_EUSAGE);
  cv_wit_delete(wit);
  wit = cv_wit_new(&mem);
  assert_int_equal(cv_wit_load(wit, COVE_SOURCE_DIR "/no such folder", &mem, &diag), CV_EIO);
  cv_wit_delete(wit);
  assert_int_equal(mem.used, 0);
}

// ---- signatures and layouts ----------------------------------------------------------------------------------------

static const struct {
  const char *type, *signature;
  uint32_t size, align, flat;
} shapes[] = {
    {"u8", "u8", 1, 1, 1},
    {"string", "string", 8, 4, 2},
    {"option<u64>", "option<u64>", 16, 8, 2},
    {"result", "result", 1, 1, 1},
    {"result<_, string>", "result<_,string>", 12, 4, 3},
    {"result<u8>", "result<u8>", 2, 1, 2},
    {"tuple<u8, u16, u64>", "tuple<u8,u16,u64>", 16, 8, 3},
    {"list<list<u8>, 3>", "list<list<u8>,3>", 24, 4, 6},
    {"r", "record{a:char,b-c:flags{x,y}}", 8, 4, 2},
    {"v", "variant{n,s(f64)}", 16, 8, 2},
    {"t", "own<a:b/i/t>", 4, 4, 1},
    {"borrow<t>", "borrow<a:b/i/t>", 4, 4, 1},
};

static void test_shapes(void **state) {
  (void)state;
  for (size_t i = 0; i < CV_COUNT(shapes); i++) {
    char text[400], expected[200];
    snprintf(text, sizeof text,
             "package a:b; interface i { resource t; flags f { x, y } record r { a: char, b-c: f }"
             " variant v { n, s(f64) } g: func(p: %s); }",
             shapes[i].type);
    cv_wit *wit = read_good(text);
    const cv_wit_func *func = cv_wit_root(wit)->interfaces->funcs;
    cv_wit_layout layout = cv_wit_layout_of(func->params->type);
    assert_int_equal(layout.size, shapes[i].size);
    assert_int_equal(layout.align, shapes[i].align);
    assert_int_equal(layout.flat, shapes[i].flat);
    cv_buf out;
    cv_buf_init(&out, &mem);
    cv_bindgen_signature(func, &out);
    snprintf(expected, sizeof expected, "(%s)", shapes[i].signature);
    if (strcmp(shapes[i].type, "v") == 0)
      snprintf(expected, sizeof expected, "(variant{n,s:f64})");
    assert_string_equal(cv_buf_cstr(&out), expected);
    cv_buf_free(&out);
    cv_wit_delete(wit);
  }
}

// ---- components out of core modules --------------------------------------------------------------------------------

static const char *const plugin_wit = "package t:p; interface log { w: func(s: string); }\n"
                                      "world plugin { import log; export run: func(n: list<u8>) -> string; }";

static const struct {
  const char *module, *sentence; // NULL: it becomes a component
} modules[] = {
    {"(module (import \"t:p/log\" \"w\" (func (param i32 i32))) (memory (export \"memory\") 1)"
     " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 8))"
     " (func (export \"cabi_post_run\") (param i32))"
     " (func (export \"run\") (param i32 i32) (result i32) (i32.const 8)))",
     NULL},
    {"(module (memory (export \"memory\") 1)"
     " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 8))"
     " (func (export \"_initialize\"))"
     " (func (export \"run\") (param i32 i32) (result i32) (i32.const 8)))",
     NULL},
    {"(module (memory (export \"memory\") 1))", "does not export a function `run`"},
    {"(module (func (export \"run\") (param i32 i32) (result i32) (i32.const 8)))", "needs a memory"},
    {"(module (memory (export \"memory\") 1) (func (export \"run\") (param i32 i32) (result i32) (i32.const 8)))",
     "cabi_realloc"},
    {"(module (import \"t:p/log\" \"v\" (func)))", "does not have"},
    {"(module (import \"t:p/lag\" \"w\" (func)))", "does not import"},
    {"(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func)))", "adapter"},
};

static void test_componentize(void **state) {
  (void)state;
  cv_wit *wit = read_good(plugin_wit);
  cv_type_registry *registry = cv_type_registry_new(&mem);
  cv_new_options options = {.world = cv_wit_root(wit)->worlds};
  for (size_t i = 0; i < CV_COUNT(modules); i++) {
    cv_buf module, out;
    cv_component *component;
    cv_buf_init(&module, &mem);
    cv_buf_init(&out, &mem);
    cv_diag_init(&diag);
    assert_int_equal(cv_wat_parse(modules[i].module, strlen(modules[i].module), CV_FEATURES_ALL, &mem, &module, &diag),
                     CV_OK);
    cv_status status = cv_compose_new((cv_bytes){module.data, module.size}, &options, &mem, &out, &diag);
    if ((status == CV_OK) != (modules[i].sentence == NULL) ||
        (modules[i].sentence && !strstr(diag.text, modules[i].sentence)))
      fail_msg("module %zu: %s", i, diag.text);
    if (status == CV_OK) {
      assert_int_equal(cv_component_decode(&component, &mem, out.data, out.size, false, CV_FEATURES_ALL, &diag), CV_OK);
      if (cv_component_validate(component, registry, 0, &diag) != CV_OK)
        fail_msg("module %zu: %s", i, diag.text);
      cv_component_delete(component);
    }
    cv_buf_free(&module);
    cv_buf_free(&out);
  }
  cv_type_registry_delete(registry);
  cv_wit_delete(wit);
  assert_int_equal(mem.used, 0);
}

// What a component that is made of a module for a world says of itself.
static void tell_component(const char *text, const char *module, cv_buf *out) {
  cv_wit *wit = read_good(text), *told = cv_wit_new(&mem);
  cv_new_options options = {.world = cv_wit_root(wit)->worlds};
  cv_type_registry *registry = cv_type_registry_new(&mem);
  cv_wit_world *world;
  cv_component *component;
  cv_buf core, binary;
  cv_buf_init(&core, &mem);
  cv_buf_init(&binary, &mem);
  cv_buf_init(out, &mem);
  cv_diag_init(&diag);
  if (cv_wat_parse(module, strlen(module), CV_FEATURES_ALL, &mem, &core, &diag) != CV_OK ||
      cv_compose_new((cv_bytes){core.data, core.size}, &options, &mem, &binary, &diag) != CV_OK ||
      cv_component_decode(&component, &mem, binary.data, binary.size, false, CV_FEATURES_ALL, &diag) != CV_OK ||
      cv_component_validate(component, registry, 0, &diag) != CV_OK ||
      cv_wit_from_type(told, &component->type, CV_BYTES_LITERAL("root"), &world, &diag) != CV_OK)
    fail_msg("%s", diag.text);
  cv_wit_print(told, NULL, out);
  cv_buf_free(&core);
  cv_buf_free(&binary);
  cv_component_delete(component);
  cv_type_registry_delete(registry);
  cv_wit_delete(told);
  cv_wit_delete(wit);
}

// An interface that is exported with types of another is told with `use`, of types that speak of each other too. A type
// that needs no name has one only where it was given one: a world cannot `use` what an interface of its own defines.
static void test_used_types_of_component(void **state) {
  (void)state;
  cv_buf text;
  tell_component("package x:y; interface t { record m { a: u8 } variant v { p, c(m) } }\n"
                 "interface f { use t.{m, v}; apply: func(x: m) -> v; } world w { import t; export f; }",
                 "(module (memory (export \"memory\") 1)"
                 " (func (export \"x:y/f#apply\") (param i32) (result i32) (i32.const 0)))",
                 &text);
  assert_non_null(
      strstr(cv_buf_cstr(&text), "interface f {\n    use t.{m};\n    use t.{v};\n    apply: func(x: m) -> v;"));
  cv_buf_free(&text);
  tell_component("package x:y; world w { export load: interface { type self = option<s8>; f: func(a: self); }\n"
                 "export k: func(a: option<s8>); }",
                 "(module (func (export \"load#f\") (param i32 i32)) (func (export \"k\") (param i32 i32)))", &text);
  assert_non_null(strstr(cv_buf_cstr(&text), "f: func(a: self);"));
  assert_non_null(strstr(cv_buf_cstr(&text), "export k: func(a: option<s8>);"));
  cv_buf_free(&text);
  assert_int_equal(mem.used, 0);
}

// Every allocation on the way may fail.
static void test_no_memory(void **state) {
  (void)state;
  for (uint64_t site = 1;; site++) {
    cv_buf out;
    cv_wit_world *world;
    cv_mem_init(&mem, UINT64_MAX);
    mem.fail_at = site;
    cv_diag_init(&diag);
    cv_buf_init(&out, &mem);
    cv_wit *wit = cv_wit_new(&mem);
    cv_status status = wit ? read_into(wit, everything) : CV_ENOMEM;
    if (status == CV_OK)
      status = cv_wit_find_world(wit, NULL, &world, &diag);
    if (status == CV_OK)
      status = cv_wit_encode_world(world, &mem, &out, &diag);
    cv_buf_free(&out);
    cv_wit_delete(wit);
    assert_int_equal(mem.used, 0);
    if (status == CV_OK)
      break;
    assert_int_equal(status, CV_ENOMEM);
  }
  cv_mem_init(&mem, UINT64_MAX);
}

int main(void) {
  cv_mem_init(&mem, UINT64_MAX);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wrong),
      cmocka_unit_test(test_many_names),
      cmocka_unit_test(test_chains),
      cmocka_unit_test(test_text_round_trip),
      cmocka_unit_test(test_docs),
      cmocka_unit_test(test_component_type_round_trip),
      cmocka_unit_test(test_gates),
      cmocka_unit_test(test_folder),
      cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_componentize),
      cmocka_unit_test(test_used_types_of_component),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
