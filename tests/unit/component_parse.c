// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_parse.c: the component text parser: the binary of each definition, what sugar stands for, what is refused,
// allocation failure at every site.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "component/text/cwat.h"

static cv_status parse(const char *text, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_diag_init(diag);
  return cv_cwat_parse(text, strlen(text), CV_FEATURES_DEFAULT, mem, out, diag);
}

static void show(const char *text, const cv_buf *out, const cv_diag *diag) {
  printf("%s\n  %u:%u: %s\n  ", text, diag->line, diag->column, diag->text);
  for (size_t i = 8; i < out->size; i++)
    printf("%02x", out->data[i]);
  printf("\n");
}

// Texts and what their binary has after the preamble.
static const struct {
  const char *text, *bytes;
} binaries[] = {
    {"(component)", ""},
    {"(component $c)", "00130e636f6d706f6e656e742d6e616d6500020163"},
    {"(component (core module))", "01080061736d01000000"},
    {"(component (component))", "04080061736d0d000100"},
    {"(component (type (list u8)) (type string))", "070402707d73"},
    {"(component (type (list u8 7)))", "070401677d07"},
    {"(component (type (record (field \"a\" bool) (field \"b\" 9))))", "070901720201617f016209"},
    {"(component (type (variant (case \"a\") (case \"b\" u8))))", "070c017102016100000162017d00"},
    {"(component (type (result)) (type (result u8)) (type (result (error u8))))", "070c036a00006a017d006a00017d"},
    {"(component (type (flags \"a\" \"b\")) (type (enum \"a\")))", "070b026e02016101626d010161"},
    {"(component (type (tuple u8 char)) (type (option u8)) (type (map string u8)))", "070a036f027d746b7d63737d"},
    {"(component (type (stream)) (type (future u8)) (type error-context))", "070703660065017d64"},
    {"(component (type (resource (rep i32))) (type (own 0)) (type (borrow 0)))", "0708033f7f0069006800"},
    {"(component (type (func async (param \"x\" u8) (result u8))))", "070801430101787d007d"},
    {"(component (import \"f\" (func (type 0))))", "0a06010001660100"},
    {"(component (import \"f\" (implements \"a:b/c\") (instance (type 0))))", "0a0e01020166010005613a622f630500"},
    {"(component (import \"t\" (type (sub resource))) (import \"u\" (type (eq 0))))", "0a0c020001740301000175030000"},
    {"(component (import \"v\" (value u8)))", "0a070100017602017d"},
    {"(component (export \"e\" (func 3)))", "0b0701000165010300"},
    {"(component (export \"e\" (core module 0) (core module (type 2))))", "0b0b0100016500110001001102"},
    {"(component (alias export 0 \"x\" (func)) (alias core export 1 \"y\" (core memory)) (alias outer 1 2 (type)))",
     "061003010000017800020101017903020102"},
    {"(component (core instance (instantiate 0 (with \"a\" (instance 1)))))", "02080100000101611201"},
    {"(component (core instance (export \"a\" (memory 2))))", "020701010101610202"},
    {"(component (instance (instantiate 0 (with \"a\" (core module 1)))))", "0509010000010161001101"},
    {"(component (canon lift (core func 1) string-encoding=utf16 (memory 0) (func (type 2))))",
     "0809010000010201030002"},
    {"(component (canon lower (func 1) async (realloc 3) (core func)))", "08080101000102060403"},
    {"(component (core func (canon waitable-set.wait cancellable (memory 0))))", "080401200100"},
    {"(component (core func (canon context.get i32 0)) (core func (canon task.return (result u8) (memory 0))))",
     "080a020a7f0009007d010300"},
    {"(component (core func (canon thread.new-indirect 1 2)) (core func (canon stream.cancel-read 1 async)))",
     "080702270102110101"},
    {"(component (start 1 (value 0) (result (value)) (result (value))))", "090401010002"},
    {"(component (value u16 300) (value s8 -1) (value s32 -2) (value char 'a') (value string \"hi\"))", "0c1305"
                                                                                                        "7b02ac02"
                                                                                                        "7e01ff"
                                                                                                        "7a017e"
                                                                                                        "740161"
                                                                                                        "73030268"
                                                                                                        "69"},
    {"(component (value (variant (case \"a\") (case \"b\" u8)) (variant \"b\" 3)) (value (list (result u8 (error "
     "string)))"
     " (list (ok 1) (error \"x\"))) (value (flags \"a\" \"b\" \"c\") (flags \"a\" \"c\")) (value (tuple u8 (list u8 2))"
     " (tuple 1 (list 2 3))) (value (result) ok) (value (enum \"x\" \"y\") (enum \"y\")))",
     "070c017102016100000162017d000c0501000201030708026a017d017370010c090102060200010101780709016e030161016201630c04010"
     "30105"
     "070802677d026f027d040c060105030102030704016a00000c04010601000707016d02017801790c0401070101"},
    {"(component (value f32 -1.5) (value f64 nan))", "0c1102"
                                                     "7604"
                                                     "0000c0bf"
                                                     "7508"
                                                     "000000000000f87f"},
    {"(component (type (record (field \"a\" bool) (field \"b\" (option u8)))) (value 1 (record true (some 7))))",
     "070b026b7d720201617f0162000c06010103010107"},
    {"(component (value bool (binary \"\\01\")))", "0c04017f0101"},
    {"(component (core type (func (param i32))) (core type (sub (func))))", "030b0260017f00005000600000"},
    {"(component (core rec (type (func)) (type (func))))", "0309014e02600000600000"},
    {"(component (core type (module (import \"a\" \"b\" (func)) (export \"c\" (memory 1)))))",
     "03140150030160000000016101620000030163020001"},
    {"(component (core type (module (alias outer 1 0 (type)) (export \"c\" (func (type 0))))))",
     "030d01500202100101000301630000"},
    {"(component (type (instance (type u8) (export \"t\" (type (eq 0))))))", "070c014202017d04000174030000"},
    {"(component (type (component (import \"f\" (func (type 0))) (core type (func)))))",
     "070d01410203000166010000600000"},
    {"(component (@custom \"x\" \"yz\") (type u8))", "00040178797a0702017d"},
};

static void encode(void **state) {
  for (size_t i = 0; i < CV_COUNT(binaries); i++) {
    cv_mem mem;
    cv_diag diag;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf out;
    cv_buf_init(&out, &mem);
    cv_status status = parse(binaries[i].text, &mem, &out, &diag);
    char hex[512] = "";
    for (size_t k = 8; k < out.size && k < 250; k++)
      snprintf(hex + 2 * (k - 8), 3, "%02x", out.data[k]);
    if (status != CV_OK || strcmp(hex, binaries[i].bytes) != 0)
      show(binaries[i].text, &out, &diag);
    assert_int_equal(status, CV_OK);
    assert_memory_equal(out.data, "\0asm\x0d\0\1\0", 8);
    assert_string_equal(hex, binaries[i].bytes);
    cv_buf_free(&out);
    assert_int_equal(mem.used, 0);
  }
  (void)state;
}

// Pairs of texts that stand for the same component.
static const struct {
  const char *short_form, *long_form;
} sugar[] = {
    {"(component (func (import \"f\") (param \"x\" (list u8)) (result string)))",
     "(component (type (list u8)) (type (func (param \"x\" 0) (result string))) (import \"f\" (func (type 1))))"},
    {"(component (import \"i\" (instance (export \"f\" (func (param \"x\" (list u8)))))))",
     "(component (type (instance (type (list u8)) (type (func (param \"x\" 0))) (export \"f\" (func (type 1)))))"
     " (import \"i\" (instance (type 0))))"},
    {"(component (import \"m\" (core module (export \"f\" (func)))))",
     "(component (core type (module (type (func)) (export \"f\" (func (type 0))))) (import \"m\" (core module (type "
     "0))))"},
    {"(component (core module) (core instance (instantiate 0)) (func (export \"g\") (canon lift (core func 0 \"f\")"
     " (memory (core memory 0 \"m\")))))",
     "(component (core module) (core instance (instantiate 0)) (type (func)) (alias core export 0 \"f\" (core func))"
     " (alias core export 0 \"m\" (core memory)) (canon lift (core func 0) (memory 0) (func (type 0)))"
     " (export \"g\" (func 0)))"},
    {"(component (import \"i\" (instance)) (export \"f\" (func 0 \"a\" \"b\")))",
     "(component (type (instance)) (import \"i\" (instance (type 0))) (alias export 0 \"a\" (instance))"
     " (alias export 1 \"b\" (func)) (export \"f\" (func 0)))"},
    {"(component (core func (canon lower (func 0 \"x\"))) (core func (alias core export 0 \"y\")))",
     "(component (alias export 0 \"x\" (func)) (canon lower (func 0) (core func)) (alias core export 0 \"y\" (core "
     "func)))"},
    {"(component (component) (instance (instantiate 0 (with \"a\" (func 0 \"f\")) (with \"b\" (instance (export \"c\""
     " (func 1)))))))",
     "(component (component) (instance (export \"c\" (func 1))) (alias export 0 \"f\" (func))"
     " (instance (instantiate 0 (with \"a\" (func 0)) (with \"b\" (instance 0)))))"},
    {"(component (core instance (instantiate 0 (with \"\" (instance (export \"m\" (memory 0 \"n\")))))))",
     "(component (alias core export 0 \"n\" (core memory)) (core instance (export \"m\" (memory 0)))"
     " (core instance (instantiate 0 (with \"\" (instance 0)))))"},
    {"(component (type (record (field \"a\" (list u8)) (field \"b\" (option (list u8))))))",
     "(component (type (list u8)) (type (list u8)) (type (option 1)) (type (record (field \"a\" 0) (field \"b\" 2))))"},
    {"(component (type (export \"t\") u8) (type (export \"u\") u16))",
     "(component (type u8) (type u16) (export \"t\" (type 0)) (export \"u\" (type 1)))"},
    {"(component (core module binary \"\\00asm\\01\\00\\00\\00\"))", "(component (core module))"},
    {"(component (core module quote \"(memory 1)\"))", "(component (core module (memory 1)))"},
};

static cv_buf must_parse(const char *text, cv_mem *mem) {
  cv_buf out;
  cv_diag diag;
  cv_buf_init(&out, mem);
  cv_status status = parse(text, mem, &out, &diag);
  if (status != CV_OK)
    show(text, &out, &diag);
  assert_int_equal(status, CV_OK);
  return out;
}

static void expand(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  for (size_t i = 0; i < CV_COUNT(sugar); i++) {
    cv_diag none;
    cv_diag_init(&none);
    cv_buf a = must_parse(sugar[i].short_form, &mem), b = must_parse(sugar[i].long_form, &mem);
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0) {
      show(sugar[i].short_form, &a, &none);
      show(sugar[i].long_form, &b, &none);
    }
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    cv_buf_free(&a);
    cv_buf_free(&b);
  }
  assert_int_equal(mem.used, 0);
  (void)state;
}

// An identifier of an enclosing scope is an outer alias.
static void alias_outwards(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf a = must_parse("(component (type $t u8) (component (type (list $t))))", &mem);
  static const uint8_t inner[] = {6, 5, 1, 3, 2, 1, 0, 7, 3, 1, 0x70, 0};
  static const uint8_t name[] = {1, 5, 3, 1, 0, 1, 't'};
  assert_memory_equal(a.data + 8 + 4 + 2 + 8, inner, sizeof inner);
  assert_memory_equal(a.data + a.size - sizeof name, name, sizeof name);
  cv_buf_free(&a);
  assert_int_equal(mem.used, 0);
  (void)state;
}

static const struct {
  const char *text, *message; // the beginning
  unsigned line, column;
} refused[] = {
    {"(component", "unexpected token: the text ends here", 1, 11},
    {"(component))", "unexpected token after the component", 1, 12},
    {"(component (nothing))", "unexpected token nothing", 1, 13},
    {"(component (value u8 256))", "constant out of range", 1, 22},
    {"(component (value s8 200))", "s8 constant out of range", 1, 22},
    {"(component (value u8 -1))", "u8 constant out of range", 1, 22},
    {"(component (value bool 1))", "unexpected token 1", 1, 24},
    {"(component (value (enum \"a\") (enum \"b\")))", "the type has no \"b\"", 1, 36},
    {"(component (value (option u8) some))", "unexpected token )", 1, 35},
    {"(component (value (own 0) 1))", "there are no values of this type", 1, 27},
    {"(component (func $f))", "unexpected token )", 1, 20},
    {"(component (import \"f\" (func (type $t))))", "unknown type $t", 1, 36},
    {"(component (type $t u8) (type $t u8))", "duplicate type $t", 1, 31},
    {"(component (import \"f\" (func $f)) (component (export \"f\" (func $f))))",
     "outer item `f` is not a module, type, or component", 1, 64},
    {"(component (alias outer $x 0 (type)))", "outer component `x` not found", 1, 25},
    {"(component (component (alias outer 3 $t (type))))", "outer count of `3` is too large", 1, 38},
    {"(component (import \"f\" (external-id \"a\") (external-id \"b\") (func)))", "unexpected token", 1, 43},
    {"(component (canon lift (func 0) (func)))", "unexpected token 0", 1, 30},
    {"(component (core func (canon lower (func 0) (realloc (func 0)))))", "unexpected token func", 1, 55},
    {"(component (core func (canon nothing)))", "unexpected token nothing", 1, 30},
    {"(component (type (list)))", "unexpected token )", 1, 23},
    {"(component (type (instance (import \"f\" (func)))))", "unexpected token import", 1, 29},
    {"(component (core type (module (export \"f\" (func $f)))))", "unexpected token", 1, 49},
    {"(component (core module (func (bad))))", "unknown operator bad", 1, 32},
    {"(component (import \"\\zz\" (func)))", "invalid string escape", 1, 21},
    {"(component (core instance (instantiate 0 (with \"a\" (func 0)))))", "", 0, 0},
};

static void refuse(void **state) {
  for (size_t i = 0; i < CV_COUNT(refused); i++) {
    cv_mem mem;
    cv_diag diag;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf out;
    cv_buf_init(&out, &mem);
    cv_status status = parse(refused[i].text, &mem, &out, &diag);
    cv_status expected = refused[i].line != 0 ? CV_EMALFORMED : CV_OK; // the rest is the validator's
    if (status != expected || strncmp(diag.text, refused[i].message, strlen(refused[i].message)) != 0 ||
        diag.line != refused[i].line || diag.column != refused[i].column)
      show(refused[i].text, &out, &diag);
    assert_int_equal(status, expected);
    assert_int_equal(strncmp(diag.text, refused[i].message, strlen(refused[i].message)), 0);
    assert_int_equal(diag.line, refused[i].line);
    assert_int_equal(diag.column, refused[i].column);
    cv_buf_free(&out);
    assert_int_equal(mem.used, 0);
  }
  (void)state;
}

// Deep nesting is an error, not a stack overflow.
static void limit_depth(void **state) {
  static const struct {
    const char *head, *open, *close, *tail;
  } nests[] = {{"", "(component ", ")", ""},
               {"(component (type ", "(list ", ")", "))"},
               {"(component ", "(type (component ", "))", ")"},
               {"(component (import \"x\" ", "(instance (export \"x\" ", "))", "))"}};
  enum { DEPTH = 5000 };
  for (size_t i = 0; i < CV_COUNT(nests); i++) {
    cv_mem mem;
    cv_diag diag;
    cv_mem_init(&mem, UINT64_MAX);
    cv_buf text, out;
    cv_buf_init(&text, &mem);
    cv_buf_init(&out, &mem);
    cv_buf_text(&text, nests[i].head);
    for (int k = 0; k < DEPTH; k++)
      cv_buf_text(&text, nests[i].open);
    for (int k = 0; k < DEPTH; k++)
      cv_buf_text(&text, nests[i].close);
    cv_buf_text(&text, nests[i].tail);
    assert_int_equal(parse(cv_buf_cstr(&text), &mem, &out, &diag), CV_EMALFORMED);
    assert_non_null(strstr(diag.text, "nested more than 100 deep"));
    cv_buf_free(&out);
    cv_buf_free(&text);
    assert_int_equal(mem.used, 0);
  }
  (void)state;
}

// A text that ends anywhere is malformed, and nothing behind it is read.
static void refuse_beginnings(void **state) {
  for (size_t i = 0; i < CV_COUNT(sugar); i++) {
    const char *texts[] = {sugar[i].short_form, sugar[i].long_form};
    for (size_t which = 0; which < 2; which++) {
      for (size_t size = 0; size < strlen(texts[which]); size++) {
        cv_mem mem;
        cv_diag diag;
        cv_mem_init(&mem, UINT64_MAX);
        cv_diag_init(&diag);
        cv_buf out;
        cv_buf_init(&out, &mem);
        char *text = malloc(size + 1); // of this size, so that a sanitizer sees who reads on
        assert_non_null(text);
        memcpy(text, texts[which], size);
        cv_status status = cv_cwat_parse(text, size, CV_FEATURES_DEFAULT, &mem, &out, &diag);
        bool is_empty = size == 0; // a module without fields
        assert_int_equal(status, is_empty ? CV_OK : CV_EMALFORMED);
        free(text);
        cv_buf_free(&out);
        assert_int_equal(mem.used, 0);
      }
    }
  }
  (void)state;
}

static void survive_no_memory(void **state) {
  static const char *const text =
      "(component $c (@custom \"x\" \"y\") (core module $m (memory (export \"m\") 1) (func (export \"f\") nop))"
      ""
      "(core instance $i0 (instantiate $m)) (core instance $i (instantiate $m (with \"a\" (instance (export \"b\" "
      "(func $i0 \"c\"))))))"
      " (core type $t (module (import \"a\" \"b\" (func (param i32))) (export \"c\" (func))))"
      " (type $r (record (field \"a\" (list string)) (field \"b\" (option u8))))"
      " (component $d (import \"r\" (instance (export \"t\" (type (eq $r))))))"
      " (func (export \"f\") (param \"a\" $r) (canon lift (core func $i \"f\") (memory (core memory $i \"m\")))))";
  bool done = false;
  for (uint64_t n = 1; !done; n++) {
    cv_mem mem;
    cv_diag diag;
    cv_mem_init(&mem, UINT64_MAX);
    mem.fail_at = n;
    cv_buf out;
    cv_buf_init(&out, &mem);
    cv_status status = parse(text, &mem, &out, &diag);
    done = status == CV_OK;
    if (!done)
      assert_int_equal(status, CV_ENOMEM);
    cv_buf_free(&out);
    assert_int_equal(mem.used, 0);
  }
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(encode),
      cmocka_unit_test(expand),
      cmocka_unit_test(alias_outwards),
      cmocka_unit_test(refuse),
      cmocka_unit_test(refuse_beginnings),
      cmocka_unit_test(limit_depth),
      cmocka_unit_test(survive_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
