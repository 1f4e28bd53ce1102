// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Components out of components: what plugs and graphs make, as the world that it is; what is refused, in which words;
// any text; memory that runs out; and components taken apart again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "component/component.h"
#include "component/text/cwat.h"
#include "compose/parts.h"
#include "wasm/canon.h"
#include "wit/decode.h"
#include "wit/print.h"

#define MAX_PARTS 4

// A component that exports an interface with functions which give 0.
#define GIVES(name, funcs, exports)                                                                                    \
  "(component (core module $M (func (export \"one\") (param i32) (result i32) i32.const 0)"                            \
  " (func (export \"none\") (result i32) i32.const 7))"                                                                \
  " (core instance $m (instantiate $M)) " funcs " (instance $i " exports ") (export \"" name "\" (instance $i)))"
#define ONE "(func $one (param \"x\" u32) (result u32) (canon lift (core func $m \"one\")))"
#define ONE_WRONG "(func $one (param \"x\" s32) (result u32) (canon lift (core func $m \"one\")))"
#define NONE "(func $none (result u32) (canon lift (core func $m \"none\")))"
#define MATH GIVES("test:m/math@1.2.0", ONE, "(export \"one\" (func $one))")
#define MATH_OLD GIVES("test:m/math@1.0.0", ONE, "(export \"one\" (func $one))")
#define MATH_WRONG GIVES("test:m/math@1.2.0", ONE_WRONG, "(export \"one\" (func $one))")
#define MATH_LESS GIVES("test:m/math@1.2.0", NONE, "(export \"none\" (func $none))")
#define WANTS_MATH(version)                                                                                            \
  "(component (import \"test:m/math@" version                                                                          \
  "\" (instance $m (export \"one\" (func (param \"x\" u32) (result u32)))))"                                           \
  " (alias export $m \"one\" (func $f)) (export \"twice\" (func $f)))"

// A resource and what makes and takes it.
#define SHELVES                                                                                                        \
  "(component (type $r (resource (rep i32))) (core func $new (canon resource.new $r))"                                 \
  " (core module $M (import \"\" \"new\" (func $new (param i32) (result i32)))"                                        \
  "  (func (export \"make\") (result i32) (call $new (i32.const 5)))"                                                  \
  "  (func (export \"look\") (param i32) (result i32) local.get 0))"                                                   \
  " (core instance $m (instantiate $M (with \"\" (instance (export \"new\" (func $new))))))"                           \
  " (func $make (result (own $r)) (canon lift (core func $m \"make\")))"                                               \
  " (func $look (param \"s\" (borrow $r)) (result u32) (canon lift (core func $m \"look\")))"                          \
  " (component $I (import \"r\" (type $r (sub resource))) (import \"make\" (func $make (result (own $r))))"            \
  "  (import \"look\" (func $look (param \"s\" (borrow $r)) (result u32)))"                                            \
  "  (export $e \"shelf\" (type $r)) (export \"make\" (func $make) (func (result (own $e))))"                          \
  "  (export \"look\" (func $look) (func (param \"s\" (borrow $e)) (result u32))))"                                    \
  " (instance $i (instantiate $I (with \"r\" (type $r)) (with \"make\" (func $make)) (with \"look\" (func $look))))"   \
  " (export \"test:s/store@1.0.0\" (instance $i)))"
#define SHELF_TYPE                                                                                                     \
  "(instance $s (export \"shelf\" (type $r (sub resource))) (export \"make\" (func (result (own $r))))"                \
  " (export \"look\" (func (param \"s\" (borrow $r)) (result u32))))"
#define IMPORT_STORE "(import \"test:s/store@1.0.0\" " SHELF_TYPE ") (alias export $s \"shelf\" (type $shelf))"
#define IMPORT_REPORT                                                                                                  \
  "(import \"test:s/report@1.0.0\" (instance $p (export \"shelf\" (type $r (eq $shelf)))"                              \
  " (export \"tell\" (func (param \"s\" (borrow $r)) (result u32)))))"
// Exports what it imports: an interface that speaks of the other's resource.
#define REPORTS                                                                                                        \
  "(component " IMPORT_STORE " (alias export $s \"look\" (func $look))"                                                \
  " (instance $i (export \"shelf\" (type $shelf)) (export \"tell\" (func $look)))"                                     \
  " (export \"test:s/report@1.0.0\" (instance $i)))"
#define APP "(component " IMPORT_STORE IMPORT_REPORT ")"

#define IMPORTS(name, body) "(component (import \"" name "\" (instance $i " body ")))"

static const struct {
  const char *name;
  const char *graph; // NULL: the first part is a socket, the others are plugs
  const char *parts[MAX_PARTS];
  const char *world; // of the composition; NULL when it is refused
  const char *sentence;
} rows[] = {
    {"a plug", NULL, {WANTS_MATH("1.2.0"), MATH}, "export twice: func(x: u32) -> u32; } }", NULL},
    {"a newer plug", NULL, {WANTS_MATH("1.0.0"), MATH}, "export twice: func(x: u32) -> u32; } }", NULL},
    {"an older plug",
     NULL,
     {WANTS_MATH("1.2.0"), MATH_OLD},
     NULL,
     "b.wasm plugs nothing: it offers `test:m/math@1.0.0`, and a.wasm asks for the newer `test:m/math@1.2.0`"},
    {"another type",
     NULL,
     {WANTS_MATH("1.2.0"), MATH_WRONG},
     NULL,
     "b.wasm does not give a.wasm the import `test:m/math@1.2.0` that it wants: type mismatch in instance export "
     "`one`: "
     "type mismatch in function parameter `x`: expected primitive `u32` found primitive `s32`"},
    {"a function less",
     NULL,
     {WANTS_MATH("1.2.0"), MATH_LESS},
     NULL,
     "b.wasm does not give a.wasm the import `test:m/math@1.2.0` that it wants: missing expected export `one`"},
    {"two plugs for one",
     NULL,
     {WANTS_MATH("1.0.0"), MATH, MATH_OLD},
     NULL,
     "b.wasm and c.wasm both offer `test:m/math@1.0.0`, which a.wasm imports: leave one of them out, or say which in a "
     "graph"},
    {"a plug for nothing",
     NULL,
     {WANTS_MATH("1.0.0"), MATH, SHELVES},
     NULL,
     "c.wasm plugs nothing: no import of a.wasm has the name of one of its exports (`test:s/store@1.0.0`)"},
    {"a socket without imports", NULL, {MATH, MATH}, NULL, "b.wasm plugs nothing: a.wasm has no imports"},
    {"a plug without exports",
     NULL,
     {WANTS_MATH("1.0.0"), "(component)"},
     NULL,
     "b.wasm plugs nothing: it has no exports"},
    {"no component", NULL, {"(module)"}, NULL, "a.wasm is not a component"},
    {"resources",
     NULL,
     {REPORTS, SHELVES},
     "export test:s/report@1.0.0; } } package test:s@1.0.0 { interface report { resource shelf; tell: func(s: "
     "borrow<shelf>) -> u32; } }",
     NULL},
    {"resources from one instance",
     "let s = new t:b {}; let r = new t:c { store: s.store }; export new t:a { ...s, ...r } as \"whole\"; export r...;",
     {APP, SHELVES, REPORTS},
     "export whole: interface { } export test:s/report@1.0.0; } } package test:s@1.0.0 { interface report { resource "
     "shelf; tell: func(s: borrow<shelf>) -> u32; } }",
     NULL},
    {"resources from two instances",
     "let s = new t:b {}; let other = new t:b {}; let r = new t:c { store: other.store };"
     "export new t:a { ...s, ...r }...;",
     {APP, SHELVES, REPORTS},
     NULL,
     "1:110: t:c does not give t:a the import `test:s/report@1.0.0` that it wants: type mismatch in instance export "
     "`shelf`: resource types are not the same: expected `shelf`, found `shelf`"},
    {"an import that speaks of what a plug makes",
     NULL,
     {APP, SHELVES},
     NULL,
     "the import `test:s/report@1.0.0` of a.wasm is left to the host, but it speaks of the resource `shelf`, which "
     "b.wasm "
     "makes: nothing outside of the composition can know it. Give the import an instance too"},
    {"imports are merged",
     "let a = new t:a {...}; let b = new t:b {...};",
     {IMPORTS("test:l/log@0.2.0",
              "(export \"r\" (type $r (sub resource))) (export \"f\" (func (param \"x\" (own $r))))"),
      IMPORTS("test:l/log@0.2.3", "(export \"r\" (type $r (sub resource))) (export \"g\" (func (result (own $r))))"
                                  "(type $t u32) (export \"t\" (type (eq $t)))")},
     "import test:l/log@0.2.3; } } package test:l@0.2.3 { interface log { resource r; type t = u32; f: func(x: r); g: "
     "func() -> r; } }",
     NULL},
    {"incompatible versions are two imports",
     "let a = new t:a {...}; let b = new t:b {...};",
     {IMPORTS("test:l/log@0.2.0", "(export \"f\" (func))"), IMPORTS("test:l/log@0.3.0", "(export \"f\" (func))")},
     "import test:l/log@0.2.0; import test:l/log@0.3.0; } } package test:l@0.2.0 { interface log { f: func(); } } "
     "package test:l@0.3.0 { interface log { f: func(); } }",
     NULL},
    {"imports that differ",
     "let a = new t:a {...}; let b = new t:b {...};",
     {IMPORTS("test:l/log@0.2.0", "(export \"f\" (func (param \"x\" u32)))"),
      IMPORTS("test:l/log@0.2.3", "(export \"f\" (func (param \"x\" string)))")},
     NULL,
     "1:51: t:a and t:b both import `test:l/log@0.2.3`, but not of one type: type mismatch in instance export `f`: "
     "type "
     "mismatch in function parameter `x`: expected primitive `string` found primitive `u32`"},
    // The second adds to the first's import what needs an import that comes later.
    {"imports in order",
     "let a = new t:a {...}; let b = new t:b {...};",
     {IMPORTS("test:l/x@1.0.0", "(export \"f\" (func))"),
      "(component (type $e' (enum \"a\" \"b\")) (import \"test:l/y@1.0.0\" (instance $y (export \"r\" (type (sub "
      "resource)))"
      "  (alias outer 1 $e' (type $e')) (export \"e\" (type (eq $e')))))"
      " (alias export $y \"r\" (type $r)) (alias export $y \"e\" (type $e))"
      " (import \"test:l/x@1.0.0\" (instance (export \"r\" (type $r' (eq $r))) (export \"e\" (type $e'' (eq $e)))"
      "  (export \"g\" (func (param \"r\" (borrow $r')) (result $e''))))))"},
     "import test:l/y@1.0.0; import test:l/x@1.0.0; } } package test:l@1.0.0 { interface y { resource r; enum e { a, "
     "b, } } interface x { use y.{r}; use y.{e}; f: func(); g: func(r: borrow<r>) -> e; } }",
     NULL},
    {"functions and types of the world",
     "export new t:a {...}...; export new t:b {...}.g;",
     {"(component (type $t' u32) (import \"t\" (type $t (eq $t'))) (import \"r\" (type $r (sub resource)))"
      " (import \"f\" (func $f (param \"x\" (own $r)) (result $t))) (export \"f\" (func $f)))",
      "(component (import \"r\" (type $r (sub resource))) (import \"g\" (func $g (param \"x\" (borrow $r)) (result "
      "(list "
      "string)))) (export \"g\" (func $g)))"},
     "type t = u32; resource r; import f: func(x: r) -> u32; import g: func(x: borrow<r>) -> list<string>; export f: "
     "func(x: r) -> u32; export g: func(x: borrow<r>) -> list<string>; } }",
     NULL},
    {"every kind of type",
     "export new t:a {...}...;",
     {"(component (import \"test:k/kinds\" (instance $i"
      " (type $a' (record (field \"x\" u8) (field \"y\" (tuple s64 char bool)))) (export \"a\" (type $a (eq $a')))"
      " (type $b' (variant (case \"p\" $a) (case \"q\"))) (export \"b\" (type $b (eq $b')))"
      " (type $c' (flags \"f\" \"g\")) (export \"c\" (type $c (eq $c')))"
      " (type $d' (enum \"v\" \"w\")) (export \"d\" (type $d (eq $d')))"
      " (export \"r\" (type $r (sub resource)))"
      " (export \"f\" (func (param \"b\" (list $b)) (param \"o\" (option (own $r))) (result (result $c (error $d)))))"
      " (export \"g\" (func (param \"l\" (list u8 4)) (param \"e\" (result)) (result (result (error f32)))))"
      " (export \"h\" (func async (param \"s\" (stream u8)) (param \"e\" error-context) (result (future))))"
      " (export \"n\" (instance (export \"k\" (func (param \"r\" (borrow $r))))))))"
      " (alias export $i \"f\" (func $f)) (export \"test:k/kinds\" (instance $i)))"},
     "import test:k/kinds; export test:k/kinds; } } package test:k { interface kinds { record a { x: u8, y: tuple<s64, "
     "char, bool>, } variant b { p(a), q, } flags c { f, g, } enum d { v, w, } resource r; f: func(b: list<b>, o: "
     "option<r>) -> result<c, d>; g: func(l: list<u8, 4>, e: result) -> result<_, f32>; h: async func(s: stream<u8>, "
     "e: error-context) -> future; } }",
     NULL},
    {"types of the world that a plug makes",
     NULL,
     {"(component " IMPORT_STORE " (import \"shelf\" (type $mine (eq $shelf)))"
      " (type $all' (variant (case \"one\" (own $shelf)) (case \"none\"))) (import \"n\" (type $n (eq $all')))"
      " (alias export $s \"look\" (func $look))"
      " (instance $i (export \"shelf\" (type $mine)) (export \"tell\" (func $look)))"
      " (export \"test:s/report@1.0.0\" (instance $i)))",
      SHELVES},
     NULL,
     "the import `n` of a.wasm is left to the host, but it speaks of the resource `shelf`, which b.wasm makes: nothing "
     "outside of the composition can know it. Give the import an instance too"},
    {"a resource of the world that a plug makes",
     NULL,
     {"(component " IMPORT_STORE " (import \"shelf\" (type $mine (eq $shelf)))"
      " (alias export $s \"look\" (func $look))"
      " (instance $i (export \"shelf\" (type $mine)) (export \"tell\" (func $look)))"
      " (export \"test:s/report@1.0.0\" (instance $i)))",
      SHELVES},
     "export test:s/report@1.0.0; } } package test:s@1.0.0 { interface report { resource shelf; tell: func(s: "
     "borrow<shelf>) -> u32; } }",
     NULL},
    {"a resource of the world that an import makes",
     "let a = new t:a {...};",
     {"(component " IMPORT_STORE
      " (import \"shelf\" (type $mine (eq $shelf))) (import \"f\" (func (param \"x\" (own $mine)))))"},
     "use test:s/store@1.0.0.{shelf}; import test:s/store@1.0.0; import f: func(x: shelf); } } package test:s@1.0.0 { "
     "interface store { resource shelf; make: func() -> shelf; look: func(s: borrow<shelf>) -> u32; } }",
     NULL},
    {"a core module to import",
     "let a = new t:a {...};",
     {"(component (import \"m\" (core module $M (import \"x\" \"f\" (func (param i32 externref) (result f64)))"
      " (import \"x\" \"t\" (table 1 2 funcref)) (import \"x\" \"m\" (memory i64 1 3)) (export \"g\" (global (mut "
      "i64)))"
      " (export \"e\" (tag (param i32))) (export \"r\" (global (ref func)))))"
      " (import \"n\" (instance (export \"m\" (core module (export \"f\" (func)))))))"},
     "not WIT: `m` is a module: WIT cannot say this",
     NULL},
    {"a core module whose type refers to others",
     "let a = new t:a {...};",
     {"(component (import \"m\" (core module (type $f (func)) (export \"g\" (global (ref null $f))))))"},
     NULL,
     "unsupported: import of a core module whose type has references to functions of a type"},
    {"an export that speaks of what is exported before",
     "let s = new t:b {}; export s.store as x; export s.store[\"make\"];",
     {APP, SHELVES},
     "use x.{shelf}; export x: interface { resource shelf; make: func() -> shelf; look: func(s: borrow<shelf>) -> u32; "
     "} "
     "export make: func() -> shelf; } }",
     NULL},
    {"an export that speaks of what is inside",
     "let s = new t:b {}; let t = new t:a { ...s };\n  export t.f;",
     {"(component " IMPORT_STORE " (alias export $s \"make\" (func $f)) (export \"f\" (func $f)))", SHELVES},
     NULL,
     "2:3: the export `f` speaks of a type that nobody outside can know: the composition neither imports nor exports "
     "what "
     "defines it, which must be exported first"},
    {"explicit imports",
     "import s: test:s/store@1.0.0; import m as \"other\": test:m/math@1.0.0; let r = new t:b { s }; let t = new t:c { "
     "m };"
     "export r...; export t.twice as again;",
     {APP, REPORTS, WANTS_MATH("1.2.0")},
     "import test:s/store@1.0.0; import other: interface { one: func(x: u32) -> u32; } export test:s/report@1.0.0; "
     "export again: func(x: u32) -> u32; } } package test:s@1.0.0 { interface store { resource shelf; make: func() -> "
     "shelf; look: func(s: borrow<shelf>) -> u32; } interface report { use store.{shelf}; tell: func(s: borrow<shelf>) "
     "-> u32; } }",
     NULL},
    {"an import for nobody",
     "import s: test:s/store@1.0.0;",
     {APP},
     NULL,
     "1:16: the import `test:s/store@1.0.0` is given to no instance, so that nobody says what it is"},
    {"an argument twice",
     "let m = new t:b {}.math; let s = new t:a { m, math: m };",
     {WANTS_MATH("1.2.0"), MATH},
     NULL,
     "1:62: the import `test:m/math@1.2.0` is given twice"},
    {"a spread of nothing",
     "let m = new t:b {}; let s = new t:a { ...m, ...m };",
     {WANTS_MATH("1.2.0"), MATH},
     NULL,
     "1:60: `...m` gives nothing: none of its exports is an import that is still to be given"},
    {"two exports of one name",
     "let m = new t:b {}; export m...; export m.math;",
     {WANTS_MATH("1.2.0"), MATH},
     NULL,
     "1:49: `test:m/math@1.2.0` is exported twice"},
    {"a name twice", "let m = new t:a {}; let m = new t:a {};", {MATH}, NULL, "1:36: `m` is bound twice"},
    {"exports of a function",
     "export new t:a {...}.twice.x;",
     {WANTS_MATH("1.2.0")},
     NULL,
     "1:43: a func has no exports: only an instance has"},
};

// ---- what is made --------------------------------------------------------------------------------------------------

static cv_mem mem;
static cv_diag diag;

static void parse(const char *text, cv_buf *out) {
  cv_buf_init(out, &mem);
  cv_diag_init(&diag);
  if (cv_cwat_parse(text, strlen(text), CV_FEATURES_ALL, &mem, out, &diag) != CV_OK)
    fail_msg("%u:%u %s\n%s", diag.line, diag.column, diag.text, text);
}

static const char *const titles[MAX_PARTS] = {"a.wasm", "b.wasm", "c.wasm", "d.wasm"};
static const char *const names[MAX_PARTS] = {"t:a", "t:b", "t:c", "t:d"};

typedef struct given {
  cv_buf bytes[MAX_PARTS];
  cv_compose_part parts[MAX_PARTS];
  uint32_t count;
} given;

static void give(const char *const *texts, bool is_graph, given *g) {
  for (g->count = 0; g->count < MAX_PARTS && texts[g->count]; g->count++) {
    uint32_t i = g->count;
    parse(texts[i], &g->bytes[i]);
    g->parts[i] = (cv_compose_part){.name = cv_bytes_of(names[i]),
                                    .title = is_graph ? names[i] : titles[i],
                                    .bytes = {g->bytes[i].data, g->bytes[i].size}};
  }
}

static void take_back(given *g) {
  for (uint32_t i = 0; i < g->count; i++)
    cv_buf_free(&g->bytes[i]);
}

static cv_status find(void *env, cv_bytes name, cv_compose_part *part, bool *found, cv_diag *where) {
  const given *g = env;
  for (uint32_t i = 0; i < g->count; i++)
    if (cv_bytes_equal(g->parts[i].name, name)) {
      *part = g->parts[i];
      *found = true;
    }
  return CV_OK;
}

static cv_status compose(const char *graph, given *g, cv_buf *out) {
  char text[1024];
  cv_buf_init(out, &mem);
  cv_diag_init(&diag);
  if (!graph)
    return cv_compose_plug(g->parts, g->count, &mem, out, &diag);
  int size = snprintf(text, sizeof text, "package t:it;  %s", graph);
  assert_in_range(size, 1, sizeof text - 1);
  return cv_compose_text(text, (size_t)size, find, g, &mem, out, &diag);
}

// The world of a component as WIT, runs of white space as one space, without what all have around it.
static void put_world(const cv_buf *binary, cv_buf *out) {
  static const char head[] = "package root:component { world root { ";
  cv_component *component = NULL;
  cv_wit_world *world;
  cv_wit *wit = cv_wit_new(&mem);
  cv_type_registry *registry = cv_type_registry_new(&mem);
  cv_buf text;
  cv_buf_init(&text, &mem);
  cv_status status = cv_component_decode(&component, &mem, binary->data, binary->size, false, CV_FEATURES_ALL, &diag);
  if (status == CV_OK)
    status = cv_component_validate(component, registry, 0, &diag);
  if (status == CV_OK)
    status = cv_wit_from_type(wit, &component->type, (cv_bytes){NULL, 0}, &world, &diag);
  if (status == CV_OK)
    cv_wit_print(wit, NULL, &text);
  else if (status == CV_EUNSUPPORTED)
    cv_buf_printf(&text, "%snot WIT: %s", head, diag.text);
  else
    fail_msg("%s", diag.text);
  for (size_t i = 0; i < text.size; i++) {
    bool is_space = text.data[i] == ' ' || text.data[i] == '\n';
    if (!is_space || (out->size != 0 && out->data[out->size - 1] != ' '))
      cv_buf_byte(out, is_space ? ' ' : text.data[i]);
  }
  cv_buf_free(&text);
  cv_component_delete(component);
  cv_type_registry_delete(registry);
  cv_wit_delete(wit);
  assert_true(out->size > sizeof head && memcmp(out->data, head, sizeof head - 1) == 0);
  out->size -= out->data[out->size - 1] == ' ';
  memmove(out->data, out->data + sizeof head - 1, out->size - (sizeof head - 1));
  out->size -= sizeof head - 1;
}

static void compositions(void **state) {
  int wrong = 0;
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    given g;
    cv_buf out, world;
    char said[600];
    give(rows[i].parts, rows[i].graph != NULL, &g);
    cv_status status = compose(rows[i].graph, &g, &out);
    cv_buf_init(&world, &mem);
    if (status == CV_OK)
      put_world(&out, &world);
    else if (diag.line)
      snprintf(said, sizeof said, "%u:%u: %s", diag.line, diag.column, diag.text);
    else
      snprintf(said, sizeof said, "%s", diag.text);
    const char *is = status == CV_OK ? cv_buf_cstr(&world) : said;
    const char *want = rows[i].world ? rows[i].world : rows[i].sentence;
    if ((status == CV_OK) != (rows[i].world != NULL) || strcmp(is, want) != 0) {
      print_message("%s\n  is   %s\n  want %s\n", rows[i].name, is, want);
      wrong++;
    }
    cv_buf_free(&world);
    cv_buf_free(&out);
    take_back(&g);
    assert_int_equal(mem.used, 0);
  }
  assert_int_equal(wrong, 0);
}

// ---- texts ---------------------------------------------------------------------------------------------------------

static const struct {
  const char *text, *sentence;
  cv_status status;
} texts[] = {
    {"", "1:1: expected `package namespace:name;`, with which a composition begins, but the text ends", CV_EMALFORMED},
    {"package a;", "1:10: expected `:` and the name of a package, found `;`", CV_EMALFORMED},
    {"package a:b@;", "1:13: expected a version like 1.2.3 after `@`", CV_EMALFORMED},
    {"package a:b;\n\n  lett x = y;", "3:3: expected `import`, `let` or `export`, found `lett`", CV_EMALFORMED},
    {"package a:b; let x = ;", "1:22: expected a name, `new` or `(`, found `;`", CV_EMALFORMED},
    {"package a:b; let let = x;", "1:18: `let` is a keyword: as a name it is written `%let`", CV_EMALFORMED},
    {"package a:b; let x = new t:a { a b };", "1:34: expected `,` or `}`, found `b`", CV_EMALFORMED},
    {"package a:b; let x = new t:a { \"a\" };", "1:36: expected `:`, found `}`", CV_EMALFORMED},
    {"package a:b; let x = new t:a { \"a", "1:32: a string does not end", CV_EMALFORMED},
    {"package a:b; /* /* */", "1:14: a comment does not end", CV_EMALFORMED},
    {"package a:b; let -x = y;", "1:18: `-x` is no name: words of letters and digits, joined by hyphens",
     CV_EMALFORMED},
    {"package a:b; \xff", "1:14: unexpected byte 0xff", CV_EMALFORMED},
    {"package a:b; #", "1:14: unexpected `#`", CV_EMALFORMED},
    {"package a:b; export x[y];", "1:23: expected a string, found `y`", CV_EMALFORMED},
    {"package a:b targets c:d/e;", "1:13: unsupported: targets", CV_EUNSUPPORTED},
    {"package a:b; world w {}", "1:14: unsupported: declarations of types (interface, world, type and their like)",
     CV_EUNSUPPORTED},
    {"package a:b; import f: func();",
     "1:24: unsupported: types of imports that are written out; an import of a package's interface has a path",
     CV_EUNSUPPORTED},
    {"package a:b; import i: t:m/math@1.0.0; let x = i.one;", "1:50: unsupported: exports of an import",
     CV_EUNSUPPORTED},
    {"package a:b; import i: t:m/math@1.0.0; export i;",
     "1:40: unsupported: export of an import that no instance was given before", CV_EUNSUPPORTED},
    {"package a:b; let x = y;", "1:22: there is no `y`: names are bound by `let` and `import`, before they are used",
     CV_EINVALID},
    {"package a:b; let x = new t:b@1.0.0 {};", "1:26: there is no component `t:b@1.0.0`", CV_EINVALID},
    {"package a:b; let x = new t:a { y: (new t:a {}) };", "1:32: t:a has no import `y`: it has none at all",
     CV_EINVALID},
    {"package a:b; let x = new t:a {}.foo;", "1:33: t:a has no export `foo`; it has `test:m/math@1.2.0`", CV_EINVALID},
    {"package a:b; export new t:a {};",
     "1:14: an instance has no name of its own: export it `as \"name\"`, or its exports with `...`", CV_EINVALID},
    {"package a:b; export new t:a {} as foo...;", "1:38: expected `;`, found `...`", CV_EMALFORMED},
};

static void texts_that_are_wrong(void **state) {
  static const char *const parts[MAX_PARTS] = {MATH};
  given g;
  give(parts, true, &g);
  for (size_t i = 0; i < CV_COUNT(texts); i++) {
    char said[600];
    cv_buf out;
    cv_buf_init(&out, &mem);
    cv_diag_init(&diag);
    cv_status status = cv_compose_text(texts[i].text, strlen(texts[i].text), find, &g, &mem, &out, &diag);
    snprintf(said, sizeof said, "%u:%u: %s", diag.line, diag.column, diag.text);
    assert_string_equal(said, texts[i].sentence);
    assert_int_equal(status, texts[i].status);
    cv_buf_free(&out);
  }
  take_back(&g);
  assert_int_equal(mem.used, 0);
}

// As deep as anyone may write; one more is refused rather than followed.
static void deep_expressions(void **state) {
  static const char *const parts[MAX_PARTS] = {MATH};
  given g;
  give(parts, true, &g);
  for (int depth = 99; depth <= 100000; depth = depth == 99 ? 100 : depth * 1000) {
    cv_buf text, out;
    cv_buf_init(&text, &mem);
    cv_buf_init(&out, &mem);
    cv_buf_text(&text, "package a:b; let x = ");
    for (int i = 0; i < depth; i++)
      cv_buf_byte(&text, '(');
    cv_buf_text(&text, "new t:a {}");
    for (int i = 0; i < depth; i++)
      cv_buf_byte(&text, ')');
    cv_buf_byte(&text, ';');
    cv_diag_init(&diag);
    assert_int_equal(cv_compose_text((const char *)text.data, text.size, find, &g, &mem, &out, &diag),
                     depth == 99 ? CV_OK : CV_ELIMIT);
    cv_buf_free(&text);
    cv_buf_free(&out);
  }
  take_back(&g);
}

// Every beginning of a text, and every text with one byte changed, ends in an answer and leaves nothing behind.
static void damaged_texts(void **state) {
  static const char whole[] =
      "package a:b@1.0; /* x */ import m as \"x\": t:m/math@1.2.0; let %new = (new t:a { ...\n}); "
      "export %new[\"test:m/math@1.2.0\"] as y; export %new...; // end";
  static const char *const parts[MAX_PARTS] = {MATH};
  static const char bytes[] = {'\0', ' ', '"', '{', '}', ';', '.', ',', '%', '/', '*', 'x', '@', '\xff'};
  given g;
  give(parts, true, &g);
  uint64_t used = mem.used;
  for (size_t at = 0; at < sizeof whole - 1; at++)
    for (size_t b = 0; b <= sizeof bytes; b++) {
      char text[sizeof whole];
      size_t size = b == sizeof bytes ? at : sizeof whole - 1;
      cv_buf out;
      memcpy(text, whole, sizeof whole);
      if (b < sizeof bytes)
        text[at] = bytes[b];
      cv_buf_init(&out, &mem);
      cv_diag_init(&diag);
      cv_status status = cv_compose_text(text, size, find, &g, &mem, &out, &diag);
      assert_true(status == CV_OK || (diag.status == status && diag.text[0] != '\0'));
      cv_buf_free(&out);
      assert_int_equal(mem.used, used);
    }
  take_back(&g);
}

// A part that ends early, or has one byte changed, is refused by its name, or fits as it is.
static void damaged_parts(void **state) {
  static const char *const parts[MAX_PARTS] = {WANTS_MATH("1.2.0"), MATH};
  given g;
  give(parts, false, &g);
  uint64_t used = mem.used;
  size_t size = g.parts[1].bytes.size;
  for (size_t at = 0; at < size; at++)
    for (int change = 0; change < 3; change++) {
      cv_buf out;
      uint8_t kept = g.bytes[1].data[at];
      g.parts[1].bytes.size = change == 0 ? at : size;
      g.bytes[1].data[at] ^= change == 0 ? 0 : change == 1 ? 0x01 : 0x80;
      cv_status status = compose(NULL, &g, &out);
      if (status != CV_OK && !strstr(diag.text, "b.wasm"))
        fail_msg("byte %zu: %s", at, diag.text);
      cv_buf_free(&out);
      g.bytes[1].data[at] = kept;
      assert_int_equal(mem.used, used);
    }
  take_back(&g);
}

// A tuple of two tuples of two tuples...: a few bytes that stand for thousands of parts, in many functions.
static void shared_parts(void **state) {
  cv_buf text, out;
  given g = {.count = 1};
  cv_buf_init(&text, &mem);
  cv_buf_text(&text, "(component (type $t0 (tuple u8 u8))");
  for (int i = 1; i <= 12; i++)
    cv_buf_printf(&text, "(type $t%d (tuple $t%d $t%d))", i, i - 1, i - 1);
  cv_buf_text(&text, "(import \"i\" (instance (alias outer 1 $t12 (type $t))");
  for (int i = 0; i < 50; i++)
    cv_buf_printf(&text, "(export \"f%d\" (func (param \"x%d\" $t)))", i, i);
  cv_buf_text(&text, ")))");
  parse(cv_buf_cstr(&text), &g.bytes[0]);
  g.parts[0] = (cv_compose_part){.name = cv_bytes_of("t:a"), .title = "t:a"};
  g.parts[0].bytes = (cv_bytes){g.bytes[0].data, g.bytes[0].size};
  uint64_t before = mem.calls;
  if (compose("let a = new t:a {...};", &g, &out) != CV_OK)
    fail_msg("%s", diag.text);
  assert_in_range(mem.calls - before, 1, 50000); // what is written for each way to it takes half a million
  assert_in_range(out.size, g.bytes[0].size, 4 * g.bytes[0].size);
  cv_buf_free(&text);
  cv_buf_free(&out);
  take_back(&g);
}

// The plug asks for instances in one order, the socket for resources in them in the other: each import of the
// composition needs the one after it to be written first. Some are; very many are refused rather than followed.
static void imports_in_a_chain(void **state) {
  (void)state;
  for (int count = 50; count <= 5000; count *= 100) {
    cv_buf text, out;
    given g = {.count = 2};
    cv_buf_init(&text, &mem);
    cv_buf_text(&text, "(component");
    for (int i = 0; i < count; i++)
      cv_buf_printf(&text, "(import \"x:y/i%d\" (instance))", i);
    cv_buf_text(&text, "(component $c) (instance $k (instantiate $c)) (export \"x:y/api\" (instance $k)))");
    parse(cv_buf_cstr(&text), &g.bytes[1]);
    text.size = 0;
    cv_buf_printf(&text, "(component (import \"x:y/i%d\" (instance $i%d (export \"r\" (type (sub resource)))))",
                  count - 1, count - 1);
    for (int i = count - 2; i >= 0; i--)
      cv_buf_printf(&text,
                    "(alias export $i%d \"r\" (type $r%d)) (import \"x:y/i%d\" (instance $i%d"
                    " (export \"r\" (type (sub resource))) (alias outer 1 $r%d (type $o))"
                    " (export \"f\" (func (param \"x\" (own $o))))))",
                    i + 1, i + 1, i, i, i + 1);
    cv_buf_text(&text, "(import \"x:y/api\" (instance)))");
    parse(cv_buf_cstr(&text), &g.bytes[0]);
    for (uint32_t i = 0; i < g.count; i++)
      g.parts[i] = (cv_compose_part){.title = titles[i], .bytes = {g.bytes[i].data, g.bytes[i].size}};
    if (compose(NULL, &g, &out) != (count == 50 ? CV_OK : CV_ELIMIT))
      fail_msg("%d: %s", count, diag.text);
    cv_buf_free(&text);
    cv_buf_free(&out);
    take_back(&g);
  }
}

// ---- memory that runs out ------------------------------------------------------------------------------------------

// Each allocation fails in turn, and with it all later ones.
static void sweep(const char *graph, given *g, const cv_buf *want) {
  uint64_t used = mem.used;
  for (uint64_t nth = 1;; nth++) {
    cv_buf out;
    mem.fail_at = mem.calls + nth;
    cv_status status = compose(graph, g, &out);
    mem.fail_at = 0;
    bool same = status == CV_OK && out.size == want->size && memcmp(out.data, want->data, want->size) == 0;
    cv_buf_free(&out);
    assert_int_equal(mem.used, used);
    if (same)
      break;
    if (want->size == 0 && status == CV_EINVALID)
      break;
    if (status != CV_ENOMEM || diag.status != CV_ENOMEM)
      fail_msg("allocation %u: %s", (unsigned)nth, diag.text);
    assert_in_range(nth, 1, 20000);
  }
}

static void memory_runs_out(void **state) {
  static const char *const sought[] = {
      "resources from one instance", "imports in order", "every kind of type", "another type", "resources",
      "imports are merged"};
  size_t found = 0;
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    for (size_t k = 0; k < CV_COUNT(sought); k++) {
      given g;
      cv_buf want;
      if (strcmp(rows[i].name, sought[k]) != 0)
        continue;
      found++;
      give(rows[i].parts, rows[i].graph != NULL, &g);
      if (compose(rows[i].graph, &g, &want) != CV_OK)
        want.size = 0;
      sweep(rows[i].graph, &g, &want);
      cv_buf_free(&want);
      take_back(&g);
    }
  assert_int_equal(found, CV_COUNT(sought));
  assert_int_equal(mem.used, 0);
}

// ---- apart ---------------------------------------------------------------------------------------------------------

static cv_status list(void *env, const cv_split_part *part, cv_diag *where) {
  cv_buf_printf(env, "%s%s ", (const char *)part->path.data, part->is_component ? "/" : "");
  assert_memory_equal(part->bytes.data, "\0asm", 4);
  return CV_OK;
}

static const struct {
  const char *name, *component, *parts;
} apart[] = {
    {"nothing", "(component)", ""},
    {"indices", "(component (core module) (component (core module) (core module)) (core module))",
     "module-0 component-0/ component-0.module-0 component-0.module-1 module-1 "},
    {"names of the component", "(component (core module $main) (component $inner (core module $m) (component $deep)))",
     "main inner/ inner.m inner.deep/ "},
    {"names that are no file names",
     "(component (core module $../../etc/passwd) (core module $.) (core module $a/b) (core module $-x-))",
     "etc-passwd module-1 a-b x "},
    {"one name twice", "(component (core module $a) (component $b (core module $a)) (core module $a/) (component $a))",
     "a b/ b.a a-module-1 a-component-1/ "},
};

static void parts_of_components(void **state) {
  for (size_t i = 0; i < CV_COUNT(apart); i++) {
    cv_buf bytes, listed;
    parse(apart[i].component, &bytes);
    cv_buf_init(&listed, &mem);
    cv_diag_init(&diag);
    cv_bytes component = {bytes.data, bytes.size};
    if (cv_compose_split(component, list, &listed, &mem, &diag) != CV_OK)
      fail_msg("%s: %s", apart[i].name, diag.text);
    assert_string_equal(cv_buf_cstr(&listed), apart[i].parts);
    uint64_t used = mem.used;
    for (uint64_t nth = 1; nth != 0; nth++) {
      cv_buf again;
      cv_buf_init(&again, &mem);
      mem.fail_at = mem.calls + nth;
      cv_status status = cv_compose_split(component, list, &again, &mem, &diag);
      mem.fail_at = 0;
      bool done = status == CV_OK && !again.failed;
      cv_buf_free(&again);
      assert_int_equal(mem.used, used);
      assert_true(status == CV_OK || status == CV_ENOMEM);
      if (done)
        break;
    }
    cv_buf_free(&listed);
    cv_buf_free(&bytes);
  }
  assert_int_equal(mem.used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(compositions),    cmocka_unit_test(texts_that_are_wrong), cmocka_unit_test(deep_expressions),
      cmocka_unit_test(damaged_texts),   cmocka_unit_test(damaged_parts),        cmocka_unit_test(shared_parts),
      cmocka_unit_test(memory_runs_out), cmocka_unit_test(parts_of_components),  cmocka_unit_test(imports_in_a_chain),
  };
  cv_mem_init(&mem, UINT64_MAX);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
