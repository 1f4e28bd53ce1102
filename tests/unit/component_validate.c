// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The validator of components: rules that the published scripts do not reach, the facts that instantiation reads, and
// types that are small to write and huge to look at.
#include "component_support.h"

typedef struct row {
  const char *text, *fault; // fault: NULL for a valid one, else how the message begins
  cv_status status;         // 0: CV_EINVALID
} row;

#define LIBC                                                                                                           \
  "(core module $M (memory (export \"mem\") 1) (memory (export \"shared\") 1 1 shared) (memory (export \"m64\") i64 "  \
  "1)"                                                                                                                 \
  "  (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable)"                                     \
  "  (func (export \"realloc64\") (param i64 i64 i64 i64) (result i64) unreachable)"                                   \
  "  (func (export \"cb\") (param i32 i32 i32) (result i32) unreachable)"                                              \
  "  (func (export \"f\")) (func (export \"i\") (result i32) unreachable))"                                            \
  "(core instance $i (instantiate $M))"                                                                                \
  "(alias core export $i \"mem\" (core memory $mem)) (alias core export $i \"shared\" (core memory $shared))"          \
  "(alias core export $i \"m64\" (core memory $m64))"                                                                  \
  "(alias core export $i \"realloc\" (core func $realloc)) (alias core export $i \"cb\" (core func $cb))"              \
  "(alias core export $i \"realloc64\" (core func $realloc64))"                                                        \
  "(alias core export $i \"f\" (core func $f)) (alias core export $i \"i\" (core func $fi))"

static const row rows[] = {
    {"(component (type (future (borrow 0))))", "unknown type 0: type index out of bounds", 0},
    {"(component (type $r (resource (rep i32))) (type (list (borrow $r))))", NULL, 0},
    {"(component (type $r (resource (rep i32))) (type $b (borrow $r)) (type (stream $b)))",
     "stream element type cannot contain a `borrow` type", 0},
    {"(component (type $r (resource (rep i64))))", "resources can only be represented by `i32`", 0},
    {"(component (type (map f32 u8)))", "map key type must be", 0},
    {"(component (type (map (list u8) u8)))", "map key type must be", 0},
    {"(component (type (map char (list u8))))", NULL, 0},
    {"(component (type (list u8 0)))", "fixed-length list type must have more than 0 elements", 0},
    {"(component (import \"a:b/c@0.2\" (versionsuffix \".6-rc.1\") (instance)))", NULL, 0},
    {"(component (import \"a:b/c@0.2.6\" (versionsuffix \".6\") (instance)))", "`versionsuffix` needs a name", 0},
    {"(component (import \"a:b/c@0.2\" (versionsuffix \"6\") (instance)))", "`versionsuffix` does not make", 0},
    {"(component (import \"a:b/c@01.0.0\" (func)))", "import name `a:b/c@01.0.0` is not a valid extern name", 0},
    {"(component (import \"a\" (func (param \"x\" u8) (param \"X\" u8))))",
     "function parameter name `X` conflicts with previous parameter name `x`", 0},
    {"(component " LIBC "(type $ft (func async)) (func (type $ft) (canon lift (core func $fi) async (callback $cb))))",
     NULL, 0},
    {"(component " LIBC "(type $ft (func async)) (func (type $ft) (canon lift (core func $fi) async (callback $f))))",
     "canonical option `callback` uses a core function with an incorrect signature", 0},
    {"(component " LIBC "(type $ft (func async)) (func (type $ft) (canon lift (core func $f) (callback $cb))))",
     "cannot specify callback without async", 0},
    {"(component " LIBC "(type $ft (func async)) (func (type $ft) (canon lift (core func $f) async (post-return $f))))",
     "canonical option `post-return` cannot be specified with `async`", 0},
    {"(component " LIBC "(func (canon lift (core func $f) (memory $shared))))", "mismatch in the shared flag", 0},
    {"(component " LIBC "(func (result string) (canon lift (core func $fi) (memory $mem))))", NULL, 0},
    {"(component " LIBC
     "(import \"p\" (func $p (param \"s\" string))) (core func $l (canon lower (func $p) (memory $m64)))"
     "(core module $N (import \"\" \"l\" (func (param i64 i64))))"
     "(core instance (instantiate $N (with \"\" (instance (export \"l\" (func $l)))))))",
     NULL, 0},
    {"(component " LIBC "(import \"p\" (func $p (result string)))"
     "(core func (canon lower (func $p) (memory $m64) (realloc $realloc))))",
     "canonical option `realloc` uses a core function with an incorrect signature", 0},
    {"(component " LIBC "(import \"p\" (func $p (result string)))"
     "(core func (canon lower (func $p) (memory $m64) (realloc $realloc64))))",
     NULL, 0},
    {"(component (core func (canon context.get i32 2)))", "immediate must be zero or one", 0},
    {"(component (core func (canon context.get f32 0)))", "`context.get` is of i32 or i64", 0},
    {"(component (type $s (stream u8)) (core func (canon stream.new $s)))", NULL, 0},
    {"(component (type $s (stream u8)) (core func (canon future.new $s)))", "`future.new` requires a future type", 0},
    {"(component (type $s (stream u8)) (core func (canon stream.read $s)))", "canonical option `memory` is required",
     0},
    {"(component (type $s (stream)) (core func (canon stream.read $s)))", NULL, 0},
    {"(component (core type $t (func)) (core module $m (table (export \"t\") 1 funcref)) (core instance $i "
     "(instantiate $m))"
     "(alias core export $i \"t\" (core table $t)) (core func (canon thread.new-indirect $t (core table $t))))",
     "start function of `thread.new-indirect` must take a single `i32` argument", 0},
    {"(component (import \"f\" (func $f)) (export \"g\" (func $f) (func (param \"x\" u8))))",
     "ascribed type of export is not compatible: expected 1 parameters, found 0", 0},
    {"(component (core type $m (module)) (core type (func (param (ref $m)))))", "core type index 0 is a module type",
     0},
    {"(component (core type $a (struct (field i32))) (core type (module (alias outer 1 $a (type $b))"
     "  (import \"\" \"\" (global (ref null $b))))))",
     NULL, 0},
    {"(component (core type $m (module)) (core type (module (alias outer 1 $m (type)))))",
     "core type index 0 is a module type", 0},
};

static void check_row(fixture *f, const row *r, unsigned *wrong) {
  fixture_text(f, r->text);
  cv_status status = fixture_check(f), wanted = r->fault == NULL ? CV_OK : r->status != 0 ? r->status : CV_EINVALID;
  if (status == wanted && (r->fault == NULL || strncmp(f->diag.text, r->fault, strlen(r->fault)) == 0))
    return;
  print_error("%s: %s: %s\n", r->text, cv_status_text(status), f->diag.text);
  ++*wrong;
}

static void test_rules(void **state) {
  fixture f;
  fixture_init(&f);
  unsigned wrong = 0;
  for (size_t i = 0; i < CV_COUNT(rows); i++)
    check_row(&f, &rows[i], &wrong);
  assert_int_equal(wrong, 0);
  fixture_free(&f);
}

// What is not built says so by name.
static void test_unsupported(void **state) {
  static const struct {
    const char *hex, *text;
  } cases[] = {
      {PREAMBLE "0c04 0179 0105", "unsupported: value definitions"},
      {PREAMBLE "0903 000000", "unsupported: start"},
      {PREAMBLE "0a07 0100 0161 020179", "unsupported: value definitions"},
      {PREAMBLE "0804 01 400100", "unsupported: shared-everything threads"},
  };
  fixture f;
  fixture_init(&f);
  for (size_t i = 0; i < CV_COUNT(cases); i++) {
    fixture_hex(&f, cases[i].hex);
    assert_int_equal(fixture_check(&f), CV_EUNSUPPORTED);
    assert_string_equal(f.diag.text, cases[i].text);
  }
  fixture_free(&f);
}

// ---- facts ----

static const cv_cdef *def_of(const fixture *f, cv_cdef_kind kind, unsigned skip) {
  for (uint32_t i = 0; i < f->component->def_count; i++)
    if (f->component->defs[i].kind == kind && skip-- == 0)
      return &f->component->defs[i];
  fail_msg("no such definition");
  return NULL;
}

static void introduces(const cv_cdef *def, uint32_t first, uint32_t count) {
  assert_int_equal(def->resource_count, count);
  if (count != 0)
    assert_int_equal(def->first_resource, first);
}

static void test_resources(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid(&f, "(component"
                    "  (import \"i\" (instance $i (export \"r\" (type (sub resource)))"
                    "    (export \"j\" (instance (export \"s\" (type (sub resource)))))))"
                    "  (type $l (resource (rep i32)))"
                    "  (component $c (import \"x\" (type $x (sub resource))) (type $y (resource (rep i32)))"
                    "    (export \"y\" (type $y)) (export \"x2\" (type $x)))"
                    "  (alias export $i \"r\" (type $r))"
                    "  (instance $n (instantiate $c (with \"x\" (type $r))))"
                    "  (export \"n\" (instance $n) (instance (export \"y\" (type (sub resource)))))"
                    "  (export \"l\" (type $l))"
                    "  (core func (canon resource.drop $l)))");
  const cv_component *c = f.component;
  assert_int_equal(c->resource_count, 5);
  assert_int_equal(c->resource_definition_count, 1);
  assert_ptr_equal(&c->defs[c->resource_definitions[0]], def_of(&f, CV_CDEF_TYPE, 1));
  introduces(def_of(&f, CV_CDEF_IMPORT, 0), 0, 2);
  introduces(def_of(&f, CV_CDEF_TYPE, 1), 2, 1);
  introduces(def_of(&f, CV_CDEF_INSTANTIATE, 0), 3, 1);
  introduces(def_of(&f, CV_CDEF_EXPORT, 0), 4, 1);
  introduces(def_of(&f, CV_CDEF_EXPORT, 1), 0, 0);
  // The new instance gives what it was given, and what it makes.
  const cv_cinstancetype *n = def_of(&f, CV_CDEF_INSTANTIATE, 0)->type.as.instance;
  const cv_cextern *y = cv_cextern_find(n->sorted, n->export_count, CV_BYTES_LITERAL("y"));
  const cv_cextern *x2 = cv_cextern_find(n->sorted, n->export_count, CV_BYTES_LITERAL("x2"));
  assert_int_equal(y->type.as.type.as.resource->index, 3);
  assert_int_equal(x2->type.as.type.as.resource->index, 0);
  const cv_canon *drop = def_of(&f, CV_CDEF_CANON, 0)->as.canon;
  assert_int_equal(drop->resource->index, 2);
  assert_true(drop->resource->is_local);
  // The component's own type binds its imports' two and the two that are exported.
  assert_int_equal(c->type.imported_resource_count, 2);
  assert_int_equal(c->type.resource_count, 4);
  assert_true(c->type.exports[1].type.is_fresh);
  fixture_free(&f);
}

static void test_canons(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid(&f, "(component (import \"p\" (func $p (param \"a\" u8) (param \"b\" f64) (result u64)))"
                    "  (core func $l (canon lower (func $p)))"
                    "  (core module $m (func (export \"g\") (param i32 f64) (result i64) i64.const 0))"
                    "  (core instance $i (instantiate $m))"
                    "  (func (param \"a\" u8) (param \"b\" f64) (result u64) (canon lift (core func $i \"g\")))"
                    "  (type $s (stream u8)) (core func (canon stream.new $s)))");
  const cv_canon *lower = def_of(&f, CV_CDEF_CANON, 0)->as.canon, *lift = def_of(&f, CV_CDEF_CANON, 1)->as.canon;
  const cv_functype *core = &cv_canon_type_of(f.registry, lower->core_type)->as.func;
  assert_int_equal(core->param_count, 2);
  assert_int_equal(core->types[0], CV_I32);
  assert_int_equal(core->types[1], CV_F64);
  assert_int_equal(core->types[2], CV_I64);
  assert_true(cv_ctype_equal(lift->func_type->result, lower->func_type->result));
  const cv_canon *stream = def_of(&f, CV_CDEF_CANON, 2)->as.canon;
  assert_int_equal(stream->element->kind, CV_CT_U8);
  assert_int_equal(f.component->core_instance_count, 1);
  assert_int_equal(f.component->instance_count, 0);
  fixture_free(&f);
}

// ---- small to write, huge to look at ----

static void repeat(cv_buf *text, const char *before, const char *format, unsigned count, const char *after) {
  cv_buf_text(text, before);
  for (unsigned i = 0; i < count; i++)
    cv_buf_printf(text, format, i, i);
  cv_buf_text(text, after);
}

static void test_explosions(void **state) {
  static const struct {
    const char *before, *format;
    unsigned count;
    const char *after, *fault; // fault: NULL when valid
  } cases[] = {
      {"(component (type (tuple u8 u8))", "(type (tuple %u %u))", 15, ")", NULL},
      {"(component (type (tuple u8 u8))", "(type (tuple %u %u))", 40, ")", "effective type size exceeds the limit"},
      {"(component (type (list u8))", "(type (option %u))", 90, ")", NULL},
      {"(component (type (list u8))", "(type (option %u))", 200, ")", "type nesting is too deep"},
      {"(component (type (instance))",
       "(type (instance (alias outer 1 %u (type $p)) (export \"a%u\" (instance (type $p)))"
       " (export \"b\" (instance (type $p)))))",
       30, ")", "effective type size exceeds the limit"},
      {"(component (type (instance))",
       "(type (instance (alias outer 1 %u (type $p)) (export \"a%u\" (instance (type $p)))))", 300, ")",
       "types nested too deeply"},
      {"(component (type (list u8 65536))", "(type (list %u 16 (; %u ;)))", 6, ")",
       "the type exceeds maximum byte size"},
  };
  fixture f;
  fixture_init(&f);
  for (size_t i = 0; i < CV_COUNT(cases); i++) {
    cv_buf text;
    cv_buf_init(&text, &f.mem);
    repeat(&text, cases[i].before, cases[i].format, cases[i].count, cases[i].after);
    const char *whole = cv_buf_cstr(&text);
    assert_non_null(whole);
    fixture_text(&f, whole);
    cv_buf_free(&text);
    cv_status status = fixture_check(&f);
    const char *fault = cases[i].fault;
    if ((status == CV_OK) != (fault == NULL) || (fault != NULL && strncmp(f.diag.text, fault, strlen(fault)) != 0))
      fail_msg("%s %s: %s", cases[i].before, cases[i].format, f.diag.text);
  }
  fixture_free(&f);
}

// Types whose parts are shared are rewritten part by part, and an ordinary size of them is compared often.
static void test_shared_parts(void **state) {
  fixture f;
  fixture_init(&f);
  cv_buf text;
  cv_buf_init(&text, &f.mem);
  cv_buf_text(&text, "(component $A (component $c (import \"r\" (type $r (sub resource))) (type (own $r))");
  for (unsigned i = 1; i < 12; i++)
    cv_buf_printf(&text, "(type (tuple %u %u))", i, i);
  cv_buf_text(&text, "(import \"f\" (func $f (param \"x\" 12))) (export \"f2\" (func $f)))"
                     "(import \"r\" (type $r (sub resource))) (type (own $r))");
  for (unsigned i = 1; i < 12; i++)
    cv_buf_printf(&text, "(type (tuple %u %u))", i, i);
  cv_buf_text(&text, "(import \"f\" (func $f (param \"x\" 12)))");
  for (unsigned i = 0; i < 20; i++)
    cv_buf_text(&text, "(instance (instantiate $c (with \"r\" (type $r)) (with \"f\" (func $f))))");
  cv_buf_text(&text, ")");
  const char *whole = cv_buf_cstr(&text);
  assert_non_null(whole);
  fixture_valid(&f, whole);
  cv_buf_free(&text);
  fixture_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rules),  cmocka_unit_test(test_unsupported), cmocka_unit_test(test_resources),
      cmocka_unit_test(test_canons), cmocka_unit_test(test_explosions),  cmocka_unit_test(test_shared_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
