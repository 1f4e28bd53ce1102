// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The decoder of components: what is malformed and where, syntax trees, names, truncation at every byte, allocation
// failure at every site.
#include "component_support.h"

typedef struct row {
  const char *name, *hex;
  cv_status status;
  uint64_t offset;
  const char *text;
} row;

#define BAD CV_EMALFORMED
static const row rows[] = {
    {"empty file", "", BAD, 0, "unexpected end-of-file"},
    {"no magic", "00617363 0d000100", BAD, 0, "magic header not detected"},
    {"a core module", "0061736d 01000000", BAD, 4, "expected a version header for a component, found a core module's"},
    {"version 14", "0061736d 0e000100", BAD, 4, "unknown binary version and encoding combination: 0xe and 0x1"},
    {"empty", PREAMBLE, CV_OK, 0, ""},
    {"section id 13", PREAMBLE "0d00", BAD, 8, "malformed section id: 13"},
    {"section beyond the file", PREAMBLE "0705 00", BAD, 11, "unexpected end-of-file"},
    {"section too large", PREAMBLE "0702 0000", BAD, 11,
     "section size mismatch: unexpected content in the component section"},
    {"a module that is a component", PREAMBLE "0108 0061736d 0d000100", BAD, 14,
     "expected a version header for a module"},
    {"core instance", PREAMBLE "0202 0102", BAD, 11, "invalid leading byte (0x2) for core instance"},
    {"core sort", PREAMBLE "0206 0101 01 0161 05", BAD, 15, "invalid leading byte (0x5) for external kind"},
    {"core argument", PREAMBLE "0207 0100 0001 0161 11", BAD, 16,
     "invalid leading byte (0x11) for instantiation arg kind"},
    {"core type", PREAMBLE "0302 0161", BAD, 11, "malformed definition type"},
    {"sub type without prefix's end", PREAMBLE "0303 0100 60", BAD, 12,
     "invalid leading byte (0x60) for non-final sub type"},
    {"module declaration", PREAMBLE "0304 015001 04", BAD, 13, "invalid leading byte (0x4) for type definition"},
    {"module type in a module type", PREAMBLE "0308 015001 015001 0100", CV_EINVALID, 17,
     "invalid leading byte for a sub type (a module type cannot be in a module type): malformed definition type"},
    {"instance", PREAMBLE "0502 0102", BAD, 11, "invalid leading byte (0x2) for instance"},
    {"core function as an argument", PREAMBLE "0508 010000 01 0161 0000", BAD, 17,
     "invalid leading byte (0x0) for component external kind"},
    {"alias", PREAMBLE "0605 0103 030000", BAD, 12, "invalid leading byte (0x3) for alias"},
    {"outer alias of a function", PREAMBLE "0605 0101 020000", BAD, 11,
     "invalid leading byte (0x1) for component outer alias kind"},
    {"type", PREAMBLE "0702 0162", BAD, 11, "invalid leading byte (0x62) for component defined type"},
    {"value type", PREAMBLE "0703 017062", BAD, 12, "invalid leading byte (0x62) for component value type"},
    {"value type in two bytes", PREAMBLE "0704 0170ff7f", BAD, 12, "integer representation too long"},
    {"case without zero", PREAMBLE "0707 0171 01 0163 0001", BAD, 16,
     "invalid leading byte (0x1) for zero byte required"},
    {"result", PREAMBLE "0704 0140 0002", BAD, 13, "invalid leading byte (0x2) for component function results"},
    {"results", PREAMBLE "0705 0140 000101", BAD, 14, "invalid leading byte (0x1) for number of results"},
    {"destructor", PREAMBLE "0704 013f 7f02", BAD, 13, "invalid leading byte (0x2) for resource destructor"},
    {"import in an instance type", PREAMBLE "0708 0142 01 03000161 0301", BAD, 13,
     "invalid leading byte (0x3) for component or instance type declaration"},
    {"more declarations than bytes", PREAMBLE "0704 0141 ff00", BAD, 14, "unexpected end-of-file"},
    {"canonical definition", PREAMBLE "0802 0107", BAD, 11, "invalid leading byte (0x7) for canonical function"},
    {"canonical option", PREAMBLE "0806 0101 0000 0108", BAD, 15, "invalid leading byte (0x8) for canonical option"},
    {"two memories", PREAMBLE "0809 0101 0000 02 0300 0300", CV_EINVALID, 17,
     "canonical option `memory` is specified more than once"},
    {"flag", PREAMBLE "0803 010c 02", BAD, 12, "invalid boolean value"},
    {"name", PREAMBLE "0a06 0103 0161 0100", BAD, 11, "invalid leading byte (0x3) for component name"},
    {"attribute", PREAMBLE "0a0a 0102 0161 01 03 0178 0100", BAD, 15, "invalid leading byte (0x3) for name option"},
    {"type bound", PREAMBLE "0a06 0100 0161 0302", BAD, 15, "invalid leading byte (0x2) for type bound"},
    {"ascription", PREAMBLE "0b07 0100 0161 0100 02", BAD, 16,
     "invalid leading byte (0x2) for optional component export type"},
    {"name not UTF-8", PREAMBLE "0a06 0100 01ff 0100", BAD, 13, "malformed UTF-8 encoding"},
    {"value, which is decoded", PREAMBLE "0c04 0179 0105", CV_OK, 0, ""},
    {"start, which is decoded", PREAMBLE "0903 000001", CV_OK, 0, ""},
    {"an error inside of a nested component", PREAMBLE "040c 0061736d 0d000100 0702 0162", BAD, 21,
     "invalid leading byte (0x62) for component defined type"},
};
#undef BAD

static void test_rows(void **state) {
  fixture f;
  fixture_init(&f);
  unsigned wrong = 0;
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const row *r = &rows[i];
    fixture_hex(&f, r->hex);
    cv_status status = fixture_decode(&f);
    if (status != r->status || (status != CV_OK && (f.diag.offset != r->offset || strcmp(f.diag.text, r->text) != 0))) {
      print_error("%s: %s at %d: %s\n", r->name, cv_status_text(status), (int)f.diag.offset, f.diag.text);
      wrong++;
    }
  }
  assert_int_equal(wrong, 0);
  fixture_free(&f);
}

// One of nearly everything.
static const char rich[] =
    "(component $C"
    "  (import \"wasi:a/b@0.2.1\" (instance $i (export \"r\" (type $r (sub resource)))"
    "    (export \"[method]r.m\" (func (param \"self\" (borrow $r)) (result (list u8))))))"
    "  (alias export $i \"r\" (type $r))"
    "  (import \"m\" (core module $im (import \"x\" \"y\" (func (param i32))) (export \"mem\" (memory 1))))"
    "  (import \"t\" (type $t (sub resource)))"
    "  (core type $ft (func (param i32) (result i64)))"
    "  (type $rec (record (field \"a\" (own $r)) (field \"b\" (option string))))"
    "  (type $var (variant (case \"x\" (tuple u8 char)) (case \"y\")))"
    "  (type $misc (result (list $var) (error (flags \"f\" \"g\"))))"
    "  (type $more (map string (list (enum \"p\" \"q\") 3)))"
    "  (type $async (func async (param \"s\" (stream u8)) (result (future))))"
    "  (type $own (resource (rep i32)))"
    "  (type $ct (component (import \"z\" (func)) (export \"w\" (instance (export \"v\" (type (sub resource)))))))"
    "  (component $inner (import \"f\" (func $f)) (export \"g\" (func $f)))"
    "  (core module $libc (memory (export \"mem\") 1)"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable)"
    "    (func (export \"run\")) (func (export \"drop\") (param i32)))"
    "  (core instance $libc (instantiate $libc))"
    "  (alias core export $libc \"mem\" (core memory $mem))"
    "  (core func $drop (canon resource.drop $own))"
    "  (core func $new (canon resource.new $own))"
    "  (core func $yield (canon thread.yield))"
    "  (core instance $bag (export \"d\" (func $drop)) (export \"mem\" (memory $mem)))"
    "  (func $run (canon lift (core func $libc \"run\")))"
    "  (instance $sub (instantiate $inner (with \"f\" (func $run))))"
    "  (instance $inline (export \"f\" (func $run)) (export \"t\" (type $own)))"
    "  (export \"own\" (type $own))"
    "  (export \"run\" (func $run))"
    "  (export \"sub\" (instance $sub))"
    "  (export \"c\" (component $inner)))";

static void test_truncation(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid(&f, rich);
  size_t size = f.bytes.size;
  unsigned whole = 0;
  for (size_t cut = 0; cut < size; cut++) {
    // Exactly so many bytes, for the sanitizer to see a read beyond.
    uint8_t *exact = test_malloc(cut + (cut == 0));
    memcpy(exact, f.bytes.data, cut);
    cv_component *c;
    cv_diag diag;
    cv_diag_init(&diag);
    cv_status status = cv_component_decode(&c, &f.mem, exact, cut, false, CV_FEATURES_ALL, &diag);
    if (status == CV_OK)
      whole++; // between sections
    else
      assert_true(status == CV_EMALFORMED && c == NULL && diag.offset <= cut);
    cv_component_delete(c);
    test_free(exact);
  }
  assert_in_range(whole, 10, 60);
  fixture_free(&f);
}

static void test_out_of_memory(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid(&f, rich);
  uint64_t failures = 0;
  for (uint64_t at = 1;; at++) {
    cv_component_delete(f.component);
    f.component = NULL;
    f.mem.fail_at = f.mem.calls + at;
    cv_status status = fixture_check(&f);
    f.mem.fail_at = 0;
    if (status == CV_OK)
      break;
    if (status != CV_ENOMEM)
      fail_msg("allocation %d: %s", (int)at, f.diag.text);
    failures++;
  }
  assert_in_range(failures, 100, 100000);
  fixture_free(&f);
}

static const cv_cdef *first_of(const fixture *f, cv_cdef_kind kind) {
  for (uint32_t i = 0; i < f->component->def_count; i++)
    if (f->component->defs[i].kind == kind)
      return &f->component->defs[i];
  return NULL;
}

static void test_syntax(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_text(&f, rich);
  assert_int_equal(fixture_decode(&f), CV_OK);
  const cv_syn_extern *import = first_of(&f, CV_CDEF_IMPORT)->syntax;
  assert_true(cv_bytes_equal(import->name, CV_BYTES_LITERAL("wasi:a/b@0.2.1")));
  assert_int_equal(import->type.sort, CV_SORT_INSTANCE);
  const cv_syn_core_type *core = NULL;
  for (uint32_t i = 0; i < f.component->def_count && core == NULL; i++) {
    const cv_cdef *d = &f.component->defs[i];
    if (d->kind == CV_CDEF_CORE_TYPE && !((const cv_syn_core_type *)d->syntax)->is_module)
      core = d->syntax;
  }
  assert_non_null(core);
  assert_int_equal(core->types[0].as.func.param_count, 1);
  const cv_cdef *inner = first_of(&f, CV_CDEF_COMPONENT);
  assert_ptr_equal(inner->as.component->outer, f.component);
  assert_int_equal(inner->as.component->span.offset, inner->span.offset);
  assert_int_equal(first_of(&f, CV_CDEF_CORE_MODULE)->span.size > 8, true);
  fixture_free(&f);
}

static void test_names(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid(&f, rich);
  assert_true(cv_bytes_equal(f.component->name, CV_BYTES_LITERAL("C")));
  cv_cname_cursor cursor;
  cv_cname_cursor_init(&cursor, f.component, CV_CS_CORE_MEMORY);
  assert_true(cv_cname_cursor_next(&cursor));
  assert_int_equal(cursor.index, 0);
  assert_true(cv_bytes_equal(cursor.name, CV_BYTES_LITERAL("mem")));
  assert_false(cv_cname_cursor_next(&cursor));
  // Nonsense in the section is as if it were absent.
  fixture_hex(&f, PREAMBLE "0012 0e636f6d706f6e656e742d6e616d65 fffe01");
  assert_int_equal(fixture_decode(&f), CV_OK);
  cv_cname_cursor_init(&cursor, f.component, CV_CS_FUNC);
  assert_false(cv_cname_cursor_next(&cursor));
  assert_int_equal(f.component->name.size, 0);
  fixture_free(&f);
}

// Components and types nested in each other, `depth` times, built from the innermost.
static void nest(cv_buf *out, unsigned depth, bool types) {
  static const uint8_t preamble[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
  if (!types)
    cv_buf_bytes(out, preamble, sizeof preamble);
  else
    cv_buf_bytes(out, "\x41\x00", 2);
  for (unsigned i = 0; i < depth; i++) {
    uint8_t size[5];
    size_t n = 0;
    for (size_t left = out->size; n == 0 || left != 0; left >>= 7)
      size[n++] = (uint8_t)((left & 0x7f) | (left >= 0x80 ? 0x80 : 0));
    if (types) {
      cv_buf_insert(out, 0, "\x41\x01\x01", 3); // a component type with one declaration, a type
    } else {
      cv_buf_insert(out, 0, size, n);
      cv_buf_insert(out, 0, "\x04", 1);
      cv_buf_insert(out, 0, preamble, sizeof preamble);
    }
  }
  if (types) {
    uint8_t head[] = {
        0, 'a', 's', 'm', 0x0d, 0, 1, 0, 7, (uint8_t)((out->size + 1) | 0x80), (uint8_t)((out->size + 1) >> 7), 1};
    cv_buf_insert(out, 0, head, sizeof head);
  }
}

static void test_nesting(void **state) {
  static const struct {
    unsigned depth;
    bool types;
    const char *text; // NULL: good
  } cases[] = {
      {90, false, NULL},
      {120, false, "components nested too deeply: at most 100"},
      {90, true, NULL},
      {120, true, "types nested too deeply: at most 100"},
  };
  fixture f;
  fixture_init(&f);
  for (size_t i = 0; i < CV_COUNT(cases); i++) {
    fixture_drop(&f);
    nest(&f.bytes, cases[i].depth, cases[i].types);
    cv_status status = fixture_check(&f);
    if (cases[i].text == NULL && status != CV_OK)
      fail_msg("%u: %s", cases[i].depth, f.diag.text);
    if (cases[i].text != NULL)
      assert_string_equal(f.diag.text, cases[i].text);
  }
  fixture_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),   cmocka_unit_test(test_truncation), cmocka_unit_test(test_out_of_memory),
      cmocka_unit_test(test_syntax), cmocka_unit_test(test_names),      cmocka_unit_test(test_nesting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
