// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wave.c: WAVE, the text of component-level values (github.com/bytecodealliance/wasm-tools, crates/wasm-wave): what
// `cove run --invoke` reads; wave_print.c prints it. Values are read by a type, so that nothing in the text says its
// own.
//
//   true  -7  1.5  nan  'x'  "text"  [1, 2]  (1, "a")  {name: "a", size: 3}  {read, write}  red  some(1)  none
//   ok  err("why")  circle(2.5)
//
// A label that could be taken for a word of the notation has a % in front. A record may leave out fields that are
// options; an option whose payload is neither option nor result may leave out "some".
#include "api/component.h"
#include "api/wast.h"
#include "base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct reader {
  const char *text, *at, *end;
  cv_bytes param; // which is read now; empty when there are none
  char why[256];
  bool no_memory;
} reader;

static CV_PRINTF(2, 3) bool fail(reader *r, const char *fmt, ...) {
  if (r->why[0] == '\0') {
    va_list args;
    va_start(args, fmt);
    int n = snprintf(r->why, sizeof r->why, "character %zu%s%.*s%s: ", (size_t)(r->at - r->text) + 1,
                     r->param.size != 0 ? ", parameter \"" : "", (int)CV_MIN(r->param.size, 60),
                     (const char *)r->param.data, r->param.size != 0 ? "\"" : "");
    vsnprintf(r->why + n, sizeof r->why - (size_t)n, fmt, args);
    va_end(args);
  }
  return false;
}

static bool no_memory(reader *r) {
  r->no_memory = true;
  return fail(r, "out of memory");
}

static void skip_space(reader *r) {
  for (; r->at < r->end; r->at++) {
    if (*r->at == '/' && r->end - r->at > 1 && r->at[1] == '/') {
      while (r->at < r->end && *r->at != '\n')
        r->at++;
      if (r->at == r->end)
        return;
    } else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\n' && *r->at != '\r') {
      return;
    }
  }
}

static bool peek(reader *r, char c) {
  skip_space(r);
  return r->at < r->end && *r->at == c;
}

static bool take(reader *r, char c) {
  if (!peek(r, c))
    return false;
  r->at++;
  return true;
}

static bool expect(reader *r, char c, const cv_ctype *type) {
  char shown[80];
  return take(r, c) || fail(r, "expected '%c' of a %s", c, cv_ctype_text(type, shown, sizeof shown));
}

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// A label or keyword, without its %; empty when there is none.
static cv_bytes word(reader *r, bool *escaped) {
  skip_space(r);
  *escaped = r->at < r->end && *r->at == '%';
  r->at += *escaped;
  const char *start = r->at;
  while (r->at < r->end && is_word(*r->at))
    r->at++;
  return (cv_bytes){(const uint8_t *)start, (size_t)(r->at - start)};
}

static bool read(reader *r, const cv_ctype *type, cove_component_value *out);

static bool number_text(reader *r, char *out, size_t size) {
  skip_space(r);
  size_t n = 0;
  while (r->at + n < r->end && (is_word(r->at[n]) || r->at[n] == '+' || r->at[n] == '.'))
    n++;
  if (n == 0 || n >= size)
    return fail(r, "expected a number");
  memcpy(out, r->at, n);
  out[n] = '\0';
  return true;
}

static bool read_integer(reader *r, const cv_ctype *type, cove_component_value *out) {
  static const struct {
    uint8_t kind, bits;
    bool is_signed;
  } forms[] = {{CV_CT_S8, 8, true},   {CV_CT_U8, 8, false},   {CV_CT_S16, 16, true}, {CV_CT_U16, 16, false},
               {CV_CT_S32, 32, true}, {CV_CT_U32, 32, false}, {CV_CT_S64, 64, true}, {CV_CT_U64, 64, false}};
  char text[64], *end, shown[40];
  if (!number_text(r, text, sizeof text))
    return false;
  unsigned i = 0;
  while (forms[i].kind != type->kind)
    i++;
  bool negative = text[0] == '-';
  errno = 0;
  uint64_t value =
      text[negative] >= '0' && text[negative] <= '9' ? strtoull(text + negative, &end, 10) : (end = text, 0);
  uint64_t most = forms[i].is_signed ? (UINT64_C(1) << (forms[i].bits - 1)) - !negative
                  : negative         ? 0
                                     : UINT64_MAX >> (64 - forms[i].bits);
  if (*end != '\0' || errno != 0 || value > most)
    return fail(r, "%s is not a value of %s", text, cv_ctype_text(type, shown, sizeof shown));
  out->as.u64 = negative ? 0 - value : value;
  r->at += strlen(text);
  return true;
}

static bool read_float(reader *r, const cv_ctype *type, cove_component_value *out) {
  char text[400], *end = text;
  if (!number_text(r, text, sizeof text))
    return false;
  bool single = type->kind == CV_CT_F32;
  double value = 0;
  float narrow = 0;
  if (strcmp(text, "nan") == 0) {
    value = (double)(narrow = NAN);
    end += 3;
  } else if (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0) {
    value = (double)(narrow = text[0] == '-' ? -INFINITY : INFINITY);
    end += strlen(text);
  } else if (strpbrk(text, "xXnN") == NULL) { // hexadecimal floats are not WAVE
    if (single)
      narrow = strtof(text, &end);
    else
      value = strtod(text, &end);
  }
  if (*end != '\0' || end == text)
    return fail(r, "%s is not a number", text);
  if (single)
    out->as.f32 = narrow;
  else
    out->as.f64 = value;
  r->at += strlen(text);
  return true;
}

// After a backslash.
static bool read_escape(reader *r, uint32_t *out) {
  static const char from[] = "tnr'\"\\", to[] = "\t\n\r'\"\\";
  if (r->at == r->end)
    return fail(r, "a text ends with a backslash");
  const char *known = *r->at != '\0' ? strchr(from, *r->at) : NULL;
  if (known != NULL) {
    *out = (uint8_t)to[known - from];
    r->at++;
    return true;
  }
  const char *end = *r->at == 'u' && r->end - r->at > 2 && r->at[1] == '{'
                        ? memchr(r->at, '}', CV_MIN((size_t)(r->end - r->at), (size_t)10))
                        : NULL;
  if (end == NULL)
    return fail(r, "an escape is one of \\t \\n \\r \\' \\\" \\\\ \\u{41}");
  char digits[10] = "", *rest;
  memcpy(digits, r->at + 2, (size_t)(end - r->at) - 2);
  unsigned long value = strtoul(digits, &rest, 16);
  uint8_t bytes[4];
  if (*rest != '\0' || rest == digits || value > 0x10ffff || cv_utf8_encode((uint32_t)value, bytes) == 0)
    return fail(r, "\\u{%s} is no character", digits);
  *out = (uint32_t)value;
  r->at = end + 1;
  return true;
}

static bool read_scalar(reader *r, uint32_t *out) {
  if (*r->at == '\\') {
    r->at++;
    return read_escape(r, out);
  }
  size_t n = cv_utf8_decode((const uint8_t *)r->at, (size_t)(r->end - r->at), out);
  if (n == 0)
    return fail(r, "the text is not UTF-8");
  r->at += n;
  return true;
}

static bool read_char(reader *r, cove_component_value *out) {
  if (!take(r, '\''))
    return fail(r, "a char is written in single quotes: 'x'");
  if (r->at == r->end || *r->at == '\'')
    return fail(r, "a character is missing");
  if (!read_scalar(r, &out->as.character))
    return false;
  if (r->at == r->end || *r->at != '\'')
    return fail(r, "expected the end of a character");
  r->at++;
  return true;
}

static bool read_string(reader *r, cove_component_value *out) {
  if (!take(r, '"'))
    return fail(r, "a string is written in double quotes: \"text\"");
  cv_buf buf;
  cv_buf_init(&buf, &cv_api_mem);
  while (r->at < r->end && *r->at != '"') {
    uint32_t scalar;
    uint8_t bytes[4];
    if (!read_scalar(r, &scalar)) {
      cv_buf_free(&buf);
      return false;
    }
    cv_buf_bytes(&buf, bytes, cv_utf8_encode(scalar, bytes));
  }
  bool closed = r->at < r->end;
  r->at += closed;
  const cv_cval text = {.kind = CV_CT_STRING, .as.string = {(const char *)buf.data, buf.size}};
  bool good = closed ? true : fail(r, "a string does not end");
  if (good && (cv_buf_status(&buf) != CV_OK || cv_api_value_copy(&text, out) != CV_OK))
    good = no_memory(r);
  cv_buf_free(&buf);
  return good;
}

// ---- parts ----

static bool set_items(reader *r, cove_component_value *out, size_t count) {
  out->as.list.items = count != 0 ? cv_mem_calloc(&cv_api_mem, count, sizeof *out) : NULL;
  return count == 0 || out->as.list.items != NULL || no_memory(r);
}

typedef CV_VEC(cove_component_value) values;

static void free_values(values *v) {
  for (size_t i = 0; i < v->count; i++)
    cove_component_value_delete(&v->data[i]);
  cv_vec_free(&cv_api_mem, v);
}

static bool read_element(reader *r, const cv_ctype *type, values *to) {
  if (cv_vec_push(&cv_api_mem, to, (cove_component_value){.kind = 0}) != CV_OK)
    return no_memory(r);
  return read(r, type, &cv_vec_last(to));
}

// [a, b]; a map is a list of (key, value)
static bool read_elements(reader *r, const cv_ctype *type, values *to) {
  if (!expect(r, '[', type))
    return false;
  while (!take(r, ']')) {
    if (to->count != 0 && !take(r, ','))
      return fail(r, "expected ',' or ']'");
    if (take(r, ']'))
      return true;
    if (type->kind != CV_CT_MAP) {
      if (!read_element(r, type->fields[0].type, to))
        return false;
      continue;
    }
    if (!expect(r, '(', type) || !read_element(r, type->fields[0].type, to) || !expect(r, ',', type) ||
        !read_element(r, type->fields[1].type, to) || !expect(r, ')', type))
      return false;
  }
  return true;
}

static bool read_list(reader *r, const cv_ctype *type, cove_component_value *out) {
  values v = {0};
  bool good = read_elements(r, type, &v);
  if (good && type->kind == CV_CT_FIXED_LIST && v.count != type->length)
    good = fail(r, "a list of %u was expected, this one has %zu", type->length, v.count);
  if (good && set_items(r, out, v.count)) {
    out->as.list.count = type->kind == CV_CT_MAP ? v.count / 2 : v.count;
    if (v.count != 0)
      memcpy(out->as.list.items, v.data, v.count * sizeof *v.data);
    cv_vec_free(&cv_api_mem, &v);
    return true;
  }
  free_values(&v);
  return false;
}

static bool read_tuple(reader *r, const cv_ctype *type, cove_component_value *out) {
  if (!expect(r, '(', type) || !set_items(r, out, type->count))
    return false;
  out->as.list.count = type->count;
  for (uint32_t i = 0; i < type->count; i++)
    if ((i != 0 && !expect(r, ',', type)) || !read(r, type->fields[i].type, &out->as.list.items[i]))
      return false;
  (void)take(r, ',');
  return expect(r, ')', type);
}

static uint32_t find_label(const cv_ctype *type, cv_bytes label) {
  uint32_t i = 0;
  while (i < type->count && !cv_bytes_equal(type->fields[i].name, label))
    i++;
  return i;
}

static bool no_label(reader *r, const cv_ctype *type, cv_bytes label) {
  char names[160] = "";
  size_t n = 0;
  for (uint32_t i = 0; i < type->count && n < sizeof names - 40; i++)
    n += (size_t)snprintf(names + n, sizeof names - n, "%s%.*s", i != 0 ? ", " : "",
                          (int)CV_MIN(type->fields[i].name.size, 30), (const char *)type->fields[i].name.data);
  r->at -= label.size;
  return fail(r, "\"%.*s\" is none of %s", (int)CV_MIN(label.size, 40), (const char *)label.data, names);
}

static bool read_fields(reader *r, const cv_ctype *type, cove_component_value *out) {
  bool escaped;
  for (bool first = true; !take(r, '}'); first = false) {
    if (!first && !take(r, ','))
      return fail(r, "expected ',' or '}'");
    if (take(r, '}'))
      return true;
    if (first && take(r, ':')) // {:} is the record with nothing given
      return expect(r, '}', type);
    cv_bytes label = word(r, &escaped);
    uint32_t i = find_label(type, label);
    if (i == type->count)
      return no_label(r, type, label);
    if (out->as.list.items[i].kind != 0)
      return fail(r, "the field \"%.*s\" is given twice", (int)CV_MIN(label.size, 40), (const char *)label.data);
    if (!expect(r, ':', type) || !read(r, type->fields[i].type, &out->as.list.items[i]))
      return false;
  }
  return true;
}

static bool read_record(reader *r, const cv_ctype *type, cove_component_value *out) {
  if (!expect(r, '{', type) || !set_items(r, out, type->count))
    return false;
  out->as.list.count = type->count;
  if (!read_fields(r, type, out))
    return false;
  for (uint32_t i = 0; i < type->count; i++) {
    if (out->as.list.items[i].kind != 0)
      continue;
    if (type->fields[i].type->kind != CV_CT_OPTION)
      return fail(r, "the field \"%.*s\" is missing", (int)CV_MIN(type->fields[i].name.size, 60),
                  (const char *)type->fields[i].name.data);
    out->as.list.items[i].kind = CV_CT_OPTION;
  }
  return true;
}

static bool read_flags(reader *r, const cv_ctype *type, cove_component_value *out) {
  if (!expect(r, '{', type))
    return false;
  for (bool first = true; !take(r, '}'); first = false) {
    if (!first && !take(r, ','))
      return fail(r, "expected ',' or '}'");
    if (take(r, '}'))
      return true;
    bool escaped;
    cv_bytes label = word(r, &escaped);
    uint32_t i = find_label(type, label);
    if (i == type->count)
      return no_label(r, type, label);
    out->as.flags |= UINT32_C(1) << i;
  }
  return true;
}

static bool read_payload(reader *r, const cv_ctype *type, cove_component_value *out) {
  out->as.payload = cv_mem_zalloc(&cv_api_mem, sizeof *out);
  return out->as.payload != NULL ? read(r, type, out->as.payload) : no_memory(r);
}

// A word of the notation, and then its payload in parentheses where it has one.
static bool read_case(reader *r, const cv_ctype *type, cove_component_value *out, uint32_t which) {
  const cv_ctype *payload = type->fields[which].type;
  out->which = which;
  if (payload == NULL)
    return true;
  return expect(r, '(', type) && read_payload(r, payload, out) && expect(r, ')', type);
}

static bool read_variant(reader *r, const cv_ctype *type, cove_component_value *out) {
  bool escaped;
  cv_bytes label = word(r, &escaped);
  uint32_t which = find_label(type, label);
  return which == type->count ? no_label(r, type, label) : read_case(r, type, out, which);
}

static bool is_wrapped(const cv_ctype *type) {
  return type->kind == CV_CT_OPTION || type->kind == CV_CT_RESULT;
}

// `names` are the words for the cases 0 and 1; a bare value is case `bare`.
static bool read_wrapped(reader *r, const cv_ctype *type, cove_component_value *out, const char *const names[2],
                         uint32_t bare) {
  const char *start = r->at;
  bool escaped;
  cv_bytes label = word(r, &escaped);
  for (uint32_t i = 0; i < 2 && !escaped; i++)
    if (cv_bytes_equal(label, cv_bytes_of(names[i])))
      return read_case(r, type, out, i);
  r->at = start;
  const cv_ctype *payload = type->fields[bare].type;
  if (payload == NULL || is_wrapped(payload))
    return fail(r, "expected %s or %s", names[0], names[1]);
  out->which = bare;
  return read_payload(r, payload, out);
}

static bool read_bool(reader *r, cove_component_value *out) {
  bool escaped;
  cv_bytes label = word(r, &escaped);
  out->as.boolean = cv_bytes_equal(label, CV_BYTES_LITERAL("true"));
  if (out->as.boolean || cv_bytes_equal(label, CV_BYTES_LITERAL("false")))
    return true;
  r->at -= label.size;
  return fail(r, "expected true or false");
}

// Depth is that of the type. On failure *out holds what was read so far.
static bool read(reader *r, const cv_ctype *type, cove_component_value *out) {
  static const char *const option[] = {"none", "some"}, *const result[] = {"ok", "err"};
  char shown[80];
  *out = (cove_component_value){.kind = type->kind};
  skip_space(r);
  if (r->at == r->end)
    return fail(r, "expected a value of %s", cv_ctype_text(type, shown, sizeof shown));
  switch ((cv_ctype_kind)type->kind) {
  case CV_CT_BOOL:
    return read_bool(r, out);
  case CV_CT_S8:
  case CV_CT_U8:
  case CV_CT_S16:
  case CV_CT_U16:
  case CV_CT_S32:
  case CV_CT_U32:
  case CV_CT_S64:
  case CV_CT_U64:
    return read_integer(r, type, out);
  case CV_CT_F32:
  case CV_CT_F64:
    return read_float(r, type, out);
  case CV_CT_CHAR:
    return read_char(r, out);
  case CV_CT_STRING:
    return read_string(r, out);
  case CV_CT_LIST:
  case CV_CT_FIXED_LIST:
  case CV_CT_MAP:
    return read_list(r, type, out);
  case CV_CT_TUPLE:
    return read_tuple(r, type, out);
  case CV_CT_RECORD:
    return read_record(r, type, out);
  case CV_CT_FLAGS:
    return read_flags(r, type, out);
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
    return read_variant(r, type, out);
  case CV_CT_OPTION:
    return read_wrapped(r, type, out, option, 1);
  case CV_CT_RESULT:
    return read_wrapped(r, type, out, result, 0);
  default:
    return fail(r, "a value of %s cannot be written", cv_ctype_text(type, shown, sizeof shown));
  }
}

static cove_status finish(reader *r, bool good, cove_error **error) {
  if (good) {
    skip_space(r);
    good = r->at == r->end || fail(r, "there is more than was expected");
  }
  if (good)
    return COVE_OK;
  return r->no_memory ? cv_api_no_memory(error) : cv_api_fail(error, COVE_MALFORMED, "%s", r->why);
}

cove_status cove_component_value_parse(const cove_component_type *type, const char *text, size_t size,
                                       cove_component_value *out, cove_error **error) {
  reader r = {.text = text, .at = text, .end = text + size};
  cove_component_value value;
  bool good = read(&r, (const cv_ctype *)type, &value);
  cove_status status = finish(&r, good, error);
  if (status == COVE_OK)
    *out = value;
  else
    cove_component_value_delete(&value);
  return status;
}

cove_status cove_component_functype_parse_args(const cove_component_functype *type, const char *text, size_t size,
                                               cove_component_value *out, cove_error **error) {
  const cv_cfunctype *t = (const cv_cfunctype *)type;
  reader r = {.text = text, .at = text, .end = text + size};
  bool good = true;
  uint32_t count = 0;
  while (good && count < t->param_count) {
    const cv_cfield *param = &t->params[count];
    skip_space(&r);
    r.param = (cv_bytes){NULL, 0};
    if (r.at == r.end || (count != 0 && !take(&r, ',')))
      good = r.at != r.end ? fail(&r, "expected ','")
                           : fail(&r, "the parameter \"%.*s\" is missing", (int)CV_MIN(param->name.size, 60),
                                  (const char *)param->name.data);
    r.param = param->name;
    if (good)
      good = read(&r, param->type, &out[count]), count++;
  }
  r.param = (cv_bytes){NULL, 0};
  if (good && count != 0)
    (void)take(&r, ',');
  skip_space(&r);
  if (good && r.at != r.end)
    good = fail(&r, "the function has %u parameter%s, more is given", t->param_count, t->param_count == 1 ? "" : "s");
  cove_status status = finish(&r, good, error);
  while (status != COVE_OK && count != 0)
    cove_component_value_delete(&out[--count]);
  return status;
}
