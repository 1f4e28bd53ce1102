// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_script.c: what the reader of scripts makes of commands about components and of their values.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "component/text/wast.h"

typedef struct reader {
  cv_mem mem;
  cv_text text;
  cv_wast script;
} reader;

static void open_script(reader *r, const char *source) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_mem_init(&r->mem, UINT64_MAX);
  assert_int_equal(cv_text_init(&r->text, &r->mem, source, strlen(source), &diag), CV_OK);
  cv_wast_init(&r->script, &r->text, &r->mem);
}

static void close_script(reader *r) {
  cv_wast_free(&r->script);
  cv_text_free(&r->text);
  assert_int_equal(r->mem.used, 0);
}

static cv_status next(reader *r, cv_wast_command *c, cv_diag *diag) {
  bool more;
  cv_diag_init(diag);
  cv_status status = cv_wast_next(&r->script, c, &more, diag);
  assert_true(more || status != CV_OK);
  return status;
}

static void tell_commands(void **state) {
  static const struct {
    const char *text;
    cv_wast_kind kind;
    cv_wast_form form;
    const char *name; // of the command, or of its component
  } rows[] = {
      {"(component $a)", CV_WAST_MODULE, CV_WAST_TEXT, "a"},
      {"(component $a binary \"\")", CV_WAST_MODULE, CV_WAST_BINARY, "a"},
      {"(component quote \"\")", CV_WAST_MODULE, CV_WAST_QUOTE, NULL},
      {"(component definition $d (type u8))", CV_WAST_DEFINITION, CV_WAST_TEXT, "d"},
      {"(component definition binary \"\")", CV_WAST_DEFINITION, CV_WAST_BINARY, NULL},
      {"(component instance $i $d)", CV_WAST_INSTANCE, CV_WAST_TEXT, "i"},
      {"(assert_trap (component) \"x\")", CV_WAST_ASSERT_UNINSTANTIABLE, CV_WAST_TEXT, NULL},
      {"(assert_trap (component instance $i $d) \"x\")", CV_WAST_ASSERT_UNINSTANTIABLE, CV_WAST_DEFINED, "d"},
      {"(assert_invalid (component $x) \"x\")", CV_WAST_ASSERT_INVALID, CV_WAST_TEXT, "x"},
      {"(assert_malformed (component quote \"\") \"x\")", CV_WAST_ASSERT_MALFORMED, CV_WAST_QUOTE, NULL},
      {"(assert_unlinkable (component) \"x\")", CV_WAST_ASSERT_UNLINKABLE, CV_WAST_TEXT, NULL},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    reader r;
    cv_wast_command c;
    cv_diag diag;
    open_script(&r, rows[i].text);
    assert_int_equal(next(&r, &c, &diag), CV_OK);
    assert_int_equal(c.kind, rows[i].kind);
    assert_int_equal(c.module.form, rows[i].form);
    assert_true(c.module.is_component);
    cv_bytes name = c.has_name ? c.name : c.module.name;
    assert_int_equal(c.has_name || c.module.has_name, rows[i].name != NULL);
    assert_true(rows[i].name == NULL || cv_bytes_equal(name, cv_bytes_of(rows[i].name)));
    close_script(&r);
  }
  (void)state;
}

// A value in a short form: "u8 1", "list[u8 1]", "record[a=u8 1]", "some(x)".
static void describe(cv_buf *out, const cv_wast_cval *v) {
  static const char *const results[] = {"ok", "err"};
  switch (v->kind) {
  case CV_CT_STRING:
    cv_buf_printf(out, "'%.*s'", (int)v->text.size, (const char *)v->text.data);
    return;
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
    cv_buf_printf(out, "%.*s", (int)v->text.size, (const char *)v->text.data);
    break;
  case CV_CT_OPTION:
    cv_buf_text(out, v->which != 0 ? "some" : "none");
    break;
  case CV_CT_RESULT:
    cv_buf_text(out, results[v->which]);
    break;
  case CV_CT_LIST:
  case CV_CT_TUPLE:
  case CV_CT_RECORD:
  case CV_CT_FLAGS:
  case CV_CT_MAP:
    break;
  default:
    cv_buf_printf(out, "%02x:%llx", v->kind, (unsigned long long)v->bits);
    return;
  }
  if (v->count == 0 && v->kind != CV_CT_LIST)
    return;
  cv_buf_byte(out, '[');
  for (uint32_t i = 0; i < v->count; i++) {
    cv_buf_text(out, i != 0 ? " " : "");
    if (v->parts[i].label.size != 0)
      cv_buf_printf(out, "%.*s=", (int)v->parts[i].label.size, (const char *)v->parts[i].label.data);
    if (v->kind != CV_CT_FLAGS)
      describe(out, &v->parts[i]);
  }
  cv_buf_byte(out, ']');
}

static void read_values(void **state) {
  static const struct {
    const char *text, *value;
  } rows[] = {
      {"(bool.const true)", "7f:1"},
      {"(u8.const 255)", "7d:ff"},
      {"(s8.const -1)", "7e:ffffffffffffffff"},
      {"(s64.const -1)", "78:ffffffffffffffff"},
      {"(u64.const 18446744073709551615)", "77:ffffffffffffffff"},
      {"(f32.const 1)", "76:3f800000"},
      {"(f64.const -0)", "75:8000000000000000"},
      {"(char.const \"\\u{1f600}\")", "74:1f600"},
      {"(str.const \"a b\")", "'a b'"},
      {"(list.const)", "[]"},
      {"(list.const (u8.const 1) (u8.const 2))", "[7d:1 7d:2]"},
      {"(tuple.const (str.const \"x\") (list.const (f32.const 0)))", "['x' [76:0]]"},
      {"(record.const (field \"a\" u8.const 1) (field \"b\" list.const (u8.const 2)))", "[a=7d:1 b=[7d:2]]"},
      {"(variant.const \"a\")", "a"},
      {"(variant.const \"a\" (u8.const 1))", "a[7d:1]"},
      {"(enum.const \"red\")", "red"},
      {"(flags.const \"a\" \"b\")", "[a= b=]"},
      {"(option.none)", "none"},
      {"(option.some (result.err (str.const \"x\")))", "some[err['x']]"},
      {"(result.ok)", "ok"},
      {"(map.const (entry (u8.const 1) (str.const \"x\")))", "[7d:1 'x']"},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    reader r;
    cv_wast_command c;
    cv_diag diag;
    char source[300];
    snprintf(source, sizeof source, "(assert_return (invoke $i \"f\" %s) %s)", rows[i].text, rows[i].text);
    open_script(&r, source);
    assert_int_equal(next(&r, &c, &diag), CV_OK);
    assert_int_equal(c.action.arg_count, 1);
    assert_int_equal(c.result_count, 1);
    cv_buf out;
    cv_buf_init(&out, &r.mem);
    describe(&out, c.action.args[0].component);
    assert_string_equal(cv_buf_cstr(&out), rows[i].value);
    out.size = 0;
    describe(&out, c.results[0].component);
    assert_string_equal(cv_buf_cstr(&out), rows[i].value);
    cv_buf_free(&out);
    close_script(&r);
  }
  (void)state;
}

static void refuse_values(void **state) {
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"(invoke \"f\" (u8.const 256))", "constant out of range"},
      {"(invoke \"f\" (bool.const 1))", "unexpected token 1"},
      {"(invoke \"f\" (char.const \"ab\"))", "one character expected"},
      {"(invoke \"f\" (char.const \"\"))", "one character expected"},
      {"(invoke \"f\" (list.const 1))", "unexpected token 1"},
      {"(invoke \"f\" (record.const (field u8.const 1)))", "unknown operator u8.const"},
      {"(invoke \"f\" (option.some))", "unexpected token )"},
      {"(invoke \"f\" (option.none (u8.const 1)))", "unexpected token ("},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    reader r;
    cv_wast_command c;
    cv_diag diag;
    open_script(&r, rows[i].text);
    assert_int_equal(next(&r, &c, &diag), CV_EMALFORMED);
    assert_string_equal(diag.text, rows[i].message);
    close_script(&r);
  }
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tell_commands),
      cmocka_unit_test(read_values),
      cmocka_unit_test(refuse_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
