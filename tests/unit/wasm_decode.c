// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The decoder: what is malformed and where, names, custom sections, branch hints, kinds of file, truncation at every
// byte, allocation failure at every site.
#include "wasm_support.h"

typedef struct row {
  const char *name, *hex;
  cv_status status;
  uint64_t offset;
  const char *text;
  cv_features features; // 0 for all
} row;

#define BAD CV_EMALFORMED
static const row rows[] = {
    {"empty file", "", BAD, 0, "unexpected end", 0},
    {"half a magic", "0061", BAD, 2, "unexpected end", 0},
    {"no magic", "00617363 01000000", BAD, 0, "magic header not detected", 0},
    {"no version", "0061736d 0100", BAD, 6, "unexpected end", 0},
    {"version 2", "0061736d 02000000", BAD, 4, "unknown binary version", 0},
    {"component", "0061736d 0d000100", BAD, 4, "unknown binary version (this is a component)", 0},
    {"empty module", PREAMBLE, CV_OK, 0, "", 0},
    {"section id 14", PREAMBLE "0e00", BAD, 8, "malformed section id", 0},
    {"tag section, feature off", PREAMBLE "0d0100", BAD, 8, "malformed section id", CV_FEATURES_WASM2},
    {"sections out of order", PREAMBLE "030100 010100", BAD, 11,
     "unexpected content after last section: section out of order", 0},
    {"a section twice", PREAMBLE "010100 010100", BAD, 11,
     "unexpected content after last section: section out of order", 0},
    {"custom sections anywhere", PREAMBLE "00020161 010100 00020161 00020161 030100 00020161", CV_OK, 0, "", 0},
    {"section size in 6 bytes", PREAMBLE "01 8080808080 00", BAD, 14, "integer representation too long", 0},
    {"section size of 35 bits", PREAMBLE "01 ffffffff7f", BAD, 13, "integer too large", 0},
    {"section beyond the file", PREAMBLE "01 05 00", BAD, 9, "length out of bounds", 0},
    {"section too large", PREAMBLE "01 02 00 00", BAD, 11, "section size mismatch", 0},
    {"section too small", PREAMBLE "01 01 01 600000", BAD, 14, "section size mismatch", 0},
    {"no such type form", PREAMBLE "01 02 01 5d", BAD, 11, "malformed definition type", 0},
    {"type form in two bytes", PREAMBLE "01 05 01 e07f 0000", BAD, 11, "integer representation too long", 0},
    {"more types than bytes", PREAMBLE "01 05 ffffffff0f", BAD, 10, "length out of bounds", 0},
    {"no such value type", PREAMBLE "01 05 01 60 01 40 00", BAD, 13, "malformed value type", 0},
    {"no such heap type", PREAMBLE "01 06 01 60 01 6440 00", BAD, 14, "malformed heap type", 0},
    {"two supertypes", PREAMBLE "01 09 01 50 02 0000 60 0000 00", CV_EINVALID, 12,
     "sub type has more than one supertype", 0},
    {"v128, feature off", PREAMBLE "01 05 01 60 01 7b 00", CV_EUNSUPPORTED, 13,
     "unsupported: value type v128 (the feature simd is off)", CV_FEATURES_WASM1},
    {"custom section without name", PREAMBLE "00 00", BAD, 10, "unexpected end of section or function", 0},
    {"name not UTF-8", PREAMBLE "00 02 01 ff", BAD, 11, "malformed UTF-8 encoding", 0},
    {"surrogate in a name", PREAMBLE "00 05 04 61eda080", BAD, 12, "malformed UTF-8 encoding", 0},
    {"import kind 5", PREAMBLE "02 04 01 00 00 05", BAD, 13, "malformed import kind", 0},
    {"export kind 5", PREAMBLE "07 04 01 00 05 00", BAD, 12, "malformed export kind", 0},
    {"mutability 2", PREAMBLE "02 06 01 00 00 03 7f 02", BAD, 15, "malformed mutability", 0},
    {"memory limits flag 16", PREAMBLE "05 03 01 10 00", BAD, 11, "malformed limits flags", 0},
    {"shared memory, feature off", PREAMBLE "05 04 01 03 00 00", BAD, 11, "malformed limits flags", CV_FEATURES_WASM2},
    {"shared table", PREAMBLE "04 05 01 70 03 00 00", BAD, 12, "malformed limits flags", 0},
    {"page size beyond 2^64", PREAMBLE "05 04 01 08 00 41", BAD, 13, "invalid custom page size", 0},
    {"table initializer flag", PREAMBLE "04 06 01 40 01 70 00 00", BAD, 12, "zero byte expected", 0},
    {"tag attribute", PREAMBLE "0d 03 01 01 00", BAD, 11, "zero byte expected", 0},
    {"functions without code", PREAMBLE "01 04 01600000 03 02 0100", BAD, 18,
     "function and code section have inconsistent lengths", 0},
    {"code without functions", PREAMBLE "0a 04 01 02 000b", BAD, 14,
     "function and code section have inconsistent lengths", 0},
    {"data count without data", PREAMBLE "0c 01 01", BAD, 11, "data count and data section have inconsistent lengths",
     0},
    {"element segment kind 8", PREAMBLE "09 02 01 08", BAD, 11, "malformed elements segment kind", 0},
    {"element kind 1", PREAMBLE "09 04 01 01 01 00", BAD, 12, "malformed element kind", 0},
    {"data segment kind 3", PREAMBLE "0b 02 01 03", BAD, 11, "malformed data segment kind", 0},
    {"passive data, feature off", PREAMBLE "0b 03 01 01 00", BAD, 11, "malformed data segment kind", CV_FEATURES_WASM1},
    {"2^32 locals", PREAMBLE "01 04 01600000 03 02 0100 0a 0c 01 0a 02 ffffffff0f7f 017e 0b", BAD, 22,
     "too many locals", 0},
    {"illegal opcode in a constant", PREAMBLE "06 04 01 7f 00 ff", BAD, 13, "illegal opcode ff", 0},
    {"illegal sub-opcode in a constant", PREAMBLE "06 06 01 7f 00 fc 7f 0b", BAD, 13, "illegal opcode fc 7f", 0},
    {"constant without end", PREAMBLE "06 05 01 7f 00 4100", BAD, 15, "unexpected end of section or function", 0},
    {"constant beyond its section", PREAMBLE "06 05 01 7f 00 4100 0b", BAD, 16, "section size mismatch", 0},
    {"body longer than the file", PREAMBLE "01 04 01600000 03 02 0100 0a 03 01 7f 00", BAD, 21, "length out of bounds",
     0},
    {"earlier instruction wins", PREAMBLE "01 04 01600000 03 02 0100 0a 05 01 03 00 ff 0b 7f", BAD, 23,
     "illegal opcode ff", 0},
};

static void malformed(void **state) {
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    const row *r = &rows[i];
    fixture f;
    fixture_init(&f);
    fixture_hex(&f, r->hex);
    cv_status status = fixture_decode(&f, r->features != 0 ? r->features : CV_FEATURES_ALL);
    if (status != r->status || strcmp(f.diag.text, r->text) != 0 || (status != CV_OK && f.diag.offset != r->offset))
      fail_msg("%s: got %s, offset %llu: %s", r->name, cv_status_text(status), (unsigned long long)f.diag.offset,
               f.diag.text);
    assert_int_equal(status != CV_OK, f.module == NULL);
    fixture_free(&f);
  }
}

// A module with something in every section.
static const char rich[] =
    "(module $rich (type $t (func (param i32) (result i32))) (type $s (sub (struct (field i32))))"
    " (rec (type $a (func (param (ref null $b)))) (type $b (sub $s (struct (field i32) (field (mut (ref null $a)))))))"
    " (import \"env\" \"f\" (func $f (type $t))) (import \"env\" \"g\" (global $g i32))"
    " (import \"env\" \"t\" (table $it 1 funcref)) (import \"env\" \"tag\" (tag $e (param i32)))"
    " (table $tab 2 4 funcref) (table $r 1 (ref func) (ref.func $f)) (memory $m 1 2) (memory $n i64 1)"
    " (global $x (mut i64) (i64.const 5)) (global $y funcref (ref.func $f)) (global $z i32 (i32.add (global.get $g) "
    "(i32.const 1)))"
    " (export \"run\" (func $run)) (export \"mem\" (memory $m)) (start $start)"
    " (elem (table $tab) (i32.const 0) func $f $run) (elem $p funcref (ref.null func) (ref.func $f)) (elem declare "
    "func $start)"
    " (data (memory $m) (i32.const 8) \"abc\") (data $d \"passive\")"
    " (func $start (drop (ref.func $start)))"
    " (func $run (param $a i32) (result i32) (local $l f64) (local $v v128) (local $n (ref $t))"
    "  (local.set $n (ref.func $f))"
    "  (block $out (result i32)"
    "   (block $caught (result i32)"
    "    (try_table (catch $e $caught) (throw $e (i32.const 3))) (i32.const 1))"
    "   (loop $again (param i32) (result i32)"
    "    (if (param i32) (result i32) (local.get $a) (then (br_if $again (i32.const 0))) (else (br $out)))"
    "    (br_table $out $again $out (local.get $a))))"
    "  (memory.init $m $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d)"
    "  (drop (i32x4.extract_lane 1 (v128.load (i32.const 0))))"
    "  (drop (call_indirect $tab (type $t) (i32.const 1) (i32.const 0)))"
    "  (drop (call_ref $t (i32.const 1) (local.get $n)))"
    "  (i64.store $n offset=8 (i64.const 0) (i64.const 1))))";

static void truncated_anywhere(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid_wat(&f, rich);
  cv_module_delete(f.module);
  f.module = NULL;
  size_t whole = f.size;
  uint8_t *bytes = f.bytes;
  unsigned good = 0;
  for (size_t size = 0; size <= whole; size++) {
    f.bytes = malloc(size != 0 ? size : 1); // of the exact size, for the sanitizers
    assert_non_null(f.bytes);
    memcpy(f.bytes, bytes, size);
    f.size = size;
    cv_status status = fixture_check(&f, CV_FEATURES_ALL);
    assert_true(status == CV_OK || f.diag.text[0] != '\0');
    good += status == CV_OK;
    fixture_drop_module(&f);
  }
  assert_true(good >= 2 && good < 20); // between sections only
  free(bytes);
  fixture_free(&f);
}

// Every byte changed in three ways: whatever the answer, it comes without a fault or a leak.
static void changed_anywhere(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid_wat(&f, rich);
  static const uint8_t changes[] = {0x01, 0x80, 0x7f};
  unsigned failures = 0;
  for (size_t i = 0; i < f.size; i++) {
    for (size_t k = 0; k < CV_COUNT(changes); k++) {
      f.bytes[i] ^= changes[k];
      cv_status status = fixture_check(&f, CV_FEATURES_ALL);
      failures += status != CV_OK;
      assert_int_equal(status, f.diag.status);
      cv_module_delete(f.module);
      f.module = NULL;
      f.bytes[i] ^= changes[k];
    }
  }
  assert_true(failures > f.size);
  fixture_free(&f);
}

static void allocation_fails_anywhere(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_wat(&f, rich);
  uint64_t sites = 0;
  for (;;) {
    f.mem.calls = 0;
    f.mem.fail_at = ++sites;
    cv_status status = fixture_check(&f, CV_FEATURES_ALL);
    cv_module_delete(f.module);
    f.module = NULL;
    assert_int_equal(cv_type_registry_count(f.registry), 0);
    if (status == CV_OK)
      break;
    assert_int_equal(status, CV_ENOMEM);
    assert_int_equal(f.diag.status, CV_ENOMEM);
    assert_true(sites < 10000);
  }
  assert_true(sites > 20);
  f.mem.fail_at = 0;
  fixture_free(&f);
}

// The same with a new registry each time, whose first allocations can fail too, and with a copy of the bytes.
static void allocation_fails_in_a_new_registry(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_wat(&f, rich);
  for (uint64_t site = 1;; site++) {
    cv_mem mem;
    cv_mem_init(&mem, UINT64_MAX);
    mem.fail_at = site;
    cv_type_registry *registry = cv_type_registry_new(&mem);
    cv_status status = CV_ENOMEM;
    if (registry != NULL) {
      cv_module *m;
      status = cv_module_decode(&m, &mem, registry, CV_FEATURES_ALL, f.bytes, f.size, CV_DECODE_COPY, NULL);
      if (status == CV_OK)
        status = cv_module_validate(m, 0, NULL);
      cv_module_delete(m);
    }
    cv_type_registry_delete(registry);
    assert_int_equal(mem.used, 0);
    if (status == CV_OK)
      break;
    assert_int_equal(status, CV_ENOMEM);
    assert_true(site < 10000);
  }
  fixture_free(&f);
}

static bool is(cv_bytes bytes, const char *text) {
  return cv_bytes_equal(bytes, cv_bytes_of(text));
}

static void names(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_valid_wat(&f, "(module $mine (func $zero (param $p i32) (local $q i32)) (func) (func $two (param $r i32)))");
  const cv_module *m = f.module;
  assert_true(is(m->name, "mine"));
  assert_true(is(m->funcs[0].name, "zero"));
  assert_int_equal(m->funcs[1].name.size, 0);
  assert_true(is(m->funcs[2].name, "two"));
  static const struct {
    uint32_t func, local;
    const char *name;
  } locals[] = {{0, 0, "p"}, {0, 1, "q"}, {2, 0, "r"}};
  cv_name_cursor cursor;
  cv_name_cursor_init(&cursor, m, CV_NAMES_LOCAL);
  for (size_t i = 0; i < CV_COUNT(locals); i++) {
    assert_true(cv_name_cursor_next(&cursor));
    assert_int_equal(cursor.outer, locals[i].func);
    assert_int_equal(cursor.index, locals[i].local);
    assert_true(is(cursor.name, locals[i].name));
  }
  assert_false(cv_name_cursor_next(&cursor));
  assert_false(cv_name_cursor_next(&cursor));
  fixture_free(&f);
}

static void malformed_names_are_ignored(void **state) {
  static const char *const sections[] = {
      "00 06 04 6e616d65 01",                                              // a subsection without size
      "00 08 04 6e616d65 01 7f 00",                                        // a subsection too large
      "00 09 04 6e616d65 01 02 01 00",                                     // a map that ends in the middle
      "00 0b 04 6e616d65 01 04 01 00 01 ff",                               // a name that is not UTF-8
      "00 0b 04 6e616d65 01 04 01 7f 01 61",                               // a function that is not there
      "00 0c 04 6e616d65 02 05 ffffffff0f",                                // more maps than bytes
      "00 1c 19 6d657461646174612e636f64652e6272616e63685f68696e74 05 05", // branch hints
  };
  for (size_t i = 0; i < CV_COUNT(sections); i++) {
    fixture f;
    fixture_init(&f);
    char hex[400];
    snprintf(hex, sizeof hex, PREAMBLE "01 04 01600000 03 02 0100 0a 04 01 02 000b %s", sections[i]);
    fixture_hex(&f, hex);
    if (fixture_check(&f, CV_FEATURES_ALL) != CV_OK)
      fail_msg("%s: %s", sections[i], f.diag.text);
    assert_int_equal(f.module->funcs[0].name.size, 0);
    assert_int_equal(f.module->hint_count, 0);
    assert_int_equal(f.module->custom_count, 1);
    fixture_free(&f);
  }
}

static void branch_hints(void **state) {
  fixture f;
  fixture_init(&f);
  // Two functions; hints at (0, 1) likely, (0, 5) unlikely, (1, 2) likely; then one out of order, which ends them.
  fixture_hex(&f, PREAMBLE "00 2d 19 6d657461646174612e636f64652e6272616e63685f68696e74"
                           " 03 00 02 01 01 01 05 01 00 01 01 02 01 01 00 01 07 01 01"
                           " 01 04 01600000 03 03 020000 0a 07 02 02 000b 02 000b");
  assert_int_equal(fixture_check(&f, CV_FEATURES_ALL), CV_OK);
  static const cv_branch_hint want[] = {{0, 1, true}, {0, 5, false}, {1, 2, true}};
  assert_int_equal(f.module->hint_count, CV_COUNT(want));
  for (size_t i = 0; i < CV_COUNT(want); i++) {
    assert_int_equal(f.module->hints[i].func, want[i].func);
    assert_int_equal(f.module->hints[i].offset, want[i].offset);
    assert_int_equal(f.module->hints[i].likely, want[i].likely);
  }
  fixture_free(&f);
}

static void custom_sections_remember_their_place(void **state) {
  fixture f;
  fixture_init(&f);
  fixture_hex(&f, PREAMBLE "00 03 01 61 07 010100 00 02 01 62");
  assert_int_equal(fixture_check(&f, CV_FEATURES_ALL), CV_OK);
  assert_int_equal(f.module->custom_count, 2);
  assert_true(is(f.module->customs[0].name, "a"));
  assert_int_equal(f.module->customs[0].after, 0);
  assert_int_equal(f.module->customs[0].bytes.size, 1);
  assert_int_equal(cv_span_start(f.module, f.module->customs[0].bytes)[0], 7);
  assert_int_equal(f.module->customs[1].after, 1);
  fixture_free(&f);
}

static void kinds_of_files(void **state) {
  static const struct {
    const char *bytes;
    size_t size;
    cv_binary_kind kind;
    const char *looks_like;
  } files[] = {
      {"\0asm\1\0\0\0", 8, CV_BINARY_MODULE, "a WebAssembly module"},
      {"\0asm\2\0\0\0", 8, CV_BINARY_MODULE, "a WebAssembly module"},
      {"\0asm\x0d\0\1\0", 8, CV_BINARY_COMPONENT, "a WebAssembly component"},
      {"", 0, CV_BINARY_OTHER, "an empty file"},
      {"\x7f"
       "ELF\2\1",
       6, CV_BINARY_OTHER, "an ELF program or library"},
      {" ;; hello\n(; a (; b ;) c ;) (module)", 36, CV_BINARY_TEXT, "WebAssembly text"},
      {"(func)", 6, CV_BINARY_TEXT, "WebAssembly text"},
      {"(; never closed", 15, CV_BINARY_OTHER, "a text file of an unknown kind"},
      {"#!/bin/sh\n", 10, CV_BINARY_OTHER, "a script"},
      {"\x1f\x8b\x08", 3, CV_BINARY_OTHER, "a gzip file: decompress it first"},
      {"<!DOCTYPE html>", 15, CV_BINARY_OTHER, "an HTML page, perhaps of a failed download"},
      {"hello", 5, CV_BINARY_OTHER, "a text file of an unknown kind"},
      {"\1\2\0\3", 4, CV_BINARY_OTHER, "a binary file of an unknown kind"},
  };
  for (size_t i = 0; i < CV_COUNT(files); i++) {
    const char *looks_like;
    assert_int_equal(cv_binary_kind_of((const uint8_t *)files[i].bytes, files[i].size, &looks_like), files[i].kind);
    assert_string_equal(looks_like, files[i].looks_like);
  }
}

static void features_from_lists(void **state) {
  static const struct {
    const char *list;
    cv_features want;
    const char *bad;
  } lists[] = {
      {"", CV_FEATURES_WASM2, NULL},
      {"wasm3", CV_FEATURES_WASM3, NULL},
      {"all,-simd", CV_FEATURES_ALL & ~CV_FEAT(SIMD), NULL},
      {"none", CV_FEAT(MVP), NULL},
      {"none,simd,+gc", CV_FEAT(MVP) | CV_FEAT(SIMD) | CV_FEAT(GC), NULL},
      {"-simd", CV_FEATURES_WASM2 & ~CV_FEAT(SIMD), NULL},
      {"-mvp", CV_FEATURES_WASM2, NULL},
      {"simd,quux", 0, "quux"},
      {"+", 0, ""},
  };
  for (size_t i = 0; i < CV_COUNT(lists); i++) {
    cv_features features = CV_FEATURES_WASM2;
    cv_bytes bad;
    bool good = cv_features_parse(lists[i].list, &features, &bad);
    assert_int_equal(good, lists[i].bad == NULL);
    if (good)
      assert_int_equal(features, lists[i].want);
    else
      assert_true(is(bad, lists[i].bad) && features == CV_FEATURES_WASM2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(malformed),
      cmocka_unit_test(truncated_anywhere),
      cmocka_unit_test(changed_anywhere),
      cmocka_unit_test(allocation_fails_anywhere),
      cmocka_unit_test(allocation_fails_in_a_new_registry),
      cmocka_unit_test(names),
      cmocka_unit_test(malformed_names_are_ignored),
      cmocka_unit_test(branch_hints),
      cmocka_unit_test(custom_sections_remember_their_place),
      cmocka_unit_test(kinds_of_files),
      cmocka_unit_test(features_from_lists),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
