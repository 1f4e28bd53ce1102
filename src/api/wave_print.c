// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wave_print.c: component-level values as text that wave.c reads as the same values.
#include "api/component.h"
#include "api/wast.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void print(cv_buf *out, const cv_ctype *type, const cove_component_value *v);

static void print_label(cv_buf *out, cv_bytes label) {
  static const char *const taken[] = {"true", "false", "some", "none", "ok", "err", "inf", "nan"};
  for (size_t i = 0; i < CV_COUNT(taken); i++)
    if (cv_bytes_equal(label, cv_bytes_of(taken[i])))
      cv_buf_byte(out, '%');
  cv_buf_bytes(out, label.data, label.size);
}

// The fewest digits that read back as the same number.
static void print_float(cv_buf *out, double value, bool single) {
  char text[40];
  if (isnan(value)) {
    cv_buf_text(out, "nan");
    return;
  }
  if (isinf(value)) {
    cv_buf_text(out, value < 0 ? "-inf" : "inf");
    return;
  }
  if (fabs(value) < 1e15 && value == floor(value)) {
    cv_buf_printf(out, "%.0f", value);
    return;
  }
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
      break;
  }
  cv_buf_text(out, text);
}

static void print_scalar(cv_buf *out, uint32_t c, char quote) {
  uint8_t bytes[4];
  if (c == '\t' || c == '\n' || c == '\r')
    cv_buf_printf(out, "\\%c", c == '\t' ? 't' : c == '\n' ? 'n' : 'r');
  else if (c == '\\' || c == (uint8_t)quote)
    cv_buf_printf(out, "\\%c", (char)c);
  else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) // controls, which terminals may obey
    cv_buf_printf(out, "\\u{%x}", (unsigned)c);
  else
    cv_buf_bytes(out, bytes, cv_utf8_encode(c, bytes));
}

static void print_string(cv_buf *out, const cove_component_value *v) {
  const uint8_t *data = (const uint8_t *)v->as.string.data;
  cv_buf_byte(out, '"');
  for (size_t i = 0; i < v->as.string.size;) {
    uint32_t c;
    size_t n = cv_utf8_decode(data + i, v->as.string.size - i, &c);
    print_scalar(out, n != 0 ? c : 0xfffd, '"');
    i += n != 0 ? n : 1;
  }
  cv_buf_byte(out, '"');
}

static void print_items(cv_buf *out, const cv_ctype *type, const cove_component_value *v) {
  for (size_t i = 0; i < v->as.list.count; i++) {
    cv_buf_text(out, i != 0 ? ", " : "");
    if (type->kind == CV_CT_MAP) {
      cv_buf_byte(out, '(');
      print(out, type->fields[0].type, &v->as.list.items[2 * i]);
      cv_buf_text(out, ", ");
      print(out, type->fields[1].type, &v->as.list.items[2 * i + 1]);
      cv_buf_byte(out, ')');
      continue;
    }
    bool is_record = cv_ctype_is_record(type);
    const cv_cfield *field = &type->fields[is_record ? i : 0];
    if (type->kind == CV_CT_RECORD) {
      print_label(out, field->name);
      cv_buf_text(out, ": ");
    }
    print(out, field->type, &v->as.list.items[i]);
  }
}

static void print_case(cv_buf *out, const cv_ctype *type, const cove_component_value *v) {
  if (type->kind == CV_CT_RESULT)
    cv_buf_text(out, v->which != 0 ? "err" : "ok");
  else if (type->kind == CV_CT_OPTION)
    cv_buf_text(out, v->which != 0 ? "some" : "none");
  else
    print_label(out, type->fields[v->which].name);
  if (type->fields[v->which].type == NULL)
    return;
  cv_buf_byte(out, '(');
  print(out, type->fields[v->which].type, v->as.payload);
  cv_buf_byte(out, ')');
}

static void print_flags(cv_buf *out, const cv_ctype *type, const cove_component_value *v) {
  bool any = false;
  cv_buf_byte(out, '{');
  for (uint32_t i = 0; i < type->count; i++) {
    if ((v->as.flags >> i & 1) == 0)
      continue;
    cv_buf_text(out, any ? ", " : "");
    print_label(out, type->fields[i].name);
    any = true;
  }
  cv_buf_byte(out, '}');
}

static void print(cv_buf *out, const cv_ctype *type, const cove_component_value *v) {
  char shown[80];
  switch ((cv_ctype_kind)type->kind) {
  case CV_CT_BOOL:
    cv_buf_text(out, v->as.boolean ? "true" : "false");
    break;
  case CV_CT_S8:
  case CV_CT_S16:
  case CV_CT_S32:
  case CV_CT_S64:
    cv_buf_printf(out, "%lld", (long long)v->as.s64);
    break;
  case CV_CT_U8:
  case CV_CT_U16:
  case CV_CT_U32:
  case CV_CT_U64:
    cv_buf_printf(out, "%llu", (unsigned long long)v->as.u64);
    break;
  case CV_CT_F32:
    print_float(out, (double)v->as.f32, true);
    break;
  case CV_CT_F64:
    print_float(out, v->as.f64, false);
    break;
  case CV_CT_CHAR:
    cv_buf_byte(out, '\'');
    print_scalar(out, v->as.character, '\'');
    cv_buf_byte(out, '\'');
    break;
  case CV_CT_STRING:
    print_string(out, v);
    break;
  case CV_CT_LIST:
  case CV_CT_FIXED_LIST:
  case CV_CT_MAP:
    cv_buf_byte(out, '[');
    print_items(out, type, v);
    cv_buf_byte(out, ']');
    break;
  case CV_CT_TUPLE:
    cv_buf_byte(out, '(');
    print_items(out, type, v);
    cv_buf_byte(out, ')');
    break;
  case CV_CT_RECORD:
    cv_buf_byte(out, '{');
    print_items(out, type, v);
    cv_buf_byte(out, '}');
    break;
  case CV_CT_FLAGS:
    print_flags(out, type, v);
    break;
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    print_case(out, type, v);
    break;
  default:
    cv_buf_printf(out, "<%s>", cv_ctype_text(type, shown, sizeof shown));
  }
}

void cv_wave_print(cv_buf *out, const cv_ctype *type, const cv_cval *value) {
  print(out, type, (const cove_component_value *)value);
}

cove_status cove_component_value_text(const cove_component_type *type, const cove_component_value *value,
                                      cove_buffer *out, cove_error **error) {
  if (!cv_api_value_fits((const cv_ctype *)type, value, 0))
    return cv_api_fail(error, COVE_USAGE, "the value is not of this type");
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  print(&buf, (const cv_ctype *)type, value);
  return cv_api_hand_over(&buf, out, error);
}
