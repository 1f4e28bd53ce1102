// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_value.c: value definitions (Explainer.md, "Value Definitions"). How a value is encoded depends on its type, so
// the text of the type is walked together with that of the value: a type is a token here, where its text begins.
#include "base/utf8.h"
#include "component/text/cwat_parser.h"
#include "wasm/text/number.h"

static cv_status put_value(cv_cwat *p, uint32_t type, cv_buf *out);

static bool is_end(const cv_cwat *p, uint32_t token) {
  cv_token_kind kind = (cv_token_kind)cv_cwat_token(p, token)->kind;
  return kind == CV_TOK_RPAR || kind == CV_TOK_END || kind == CV_TOK_ERROR;
}

// The token of a type's definition, where `type` is an index of it.
static cv_status definition_of(cv_cwat *p, uint32_t *type) {
  cv_wat *h = &p->hand;
  for (unsigned steps = 0; steps < CV_CWAT_MAX_DEPTH; steps++) {
    const cv_token *t = cv_cwat_token(p, *type);
    bool is_reference = t->kind == CV_TOK_LPAR && cv_wat_is_word(h, *type + 1, "type");
    if (t->kind == CV_TOK_WORD || (t->kind == CV_TOK_LPAR && !is_reference))
      return CV_OK;
    uint32_t back = h->at, token = *type, index;
    h->at = is_reference ? token + 2 : token;
    CV_TRY(cv_cwat_index(p, CV_CS_TYPE, &index));
    h->at = back;
    *type = index < p->scope->type_tokens.count ? p->scope->type_tokens.data[index] : 0;
    if (*type == 0)
      return cv_wat_fail_at(h, token, "unsupported: value of a type that is not defined in this component");
  }
  return cv_wat_fail(h, "types are nested more than %d deep", CV_CWAT_MAX_DEPTH);
}

// ---- primitive values ----------------------------------------------------------------------------------------------

static cv_status put_integer(cv_cwat *p, unsigned bits, bool is_signed, cv_buf *out) {
  cv_wat *h = &p->hand;
  uint64_t value;
  uint32_t token = h->at;
  bool is_negative = cv_wat_bytes(h).data[0] == '-';
  CV_TRY(cv_wat_number(h, false, bits, &value));
  value = value << (64 - bits) >> (64 - bits);
  bool top = (value >> (bits - 1) & 1) != 0;
  if (is_signed ? top != is_negative && value != 0 : is_negative && value != 0)
    return cv_wat_fail_at(h, token, "%c%u constant out of range", is_signed ? 's' : 'u', bits);
  if (bits == 8)
    cv_buf_byte(out, (uint8_t)value);
  else if (is_signed)
    cv_buf_sleb(out, (int64_t)(value << (64 - bits)) >> (64 - bits));
  else
    cv_buf_uleb(out, value);
  return CV_OK;
}

static cv_status put_float(cv_cwat *p, unsigned bits, cv_buf *out) {
  cv_wat *h = &p->hand;
  uint64_t value;
  cv_bytes text = cv_wat_bytes(h);
  if (memchr(text.data, ':', text.size) != NULL)
    return cv_wat_unexpected(h); // nan:0x1
  bool is_nan = text.size >= 3 && memcmp(text.data + text.size - 3, "nan", 3) == 0;
  CV_TRY(cv_wat_number(h, true, bits, &value));
  if (is_nan) // there is one NaN, without sign
    value = bits == 32 ? 0x7fc00000u : UINT64_C(0x7ff8) << 48;
  for (unsigned i = 0; i < bits; i += 8)
    cv_buf_byte(out, (uint8_t)(value >> i));
  return CV_OK;
}

// 'x', or the same as a string: not every character can stand in a token of its own.
static cv_status put_char(cv_cwat *p, cv_buf *out) {
  cv_wat *h = &p->hand;
  cv_bytes text = cv_wat_bytes(h);
  uint32_t scalar, token = h->at;
  if (cv_wat_kind(h) == CV_TOK_RESERVED && text.size == 3 && text.data[0] == '\'' && text.data[2] == '\'') {
    cv_buf_byte(out, text.data[1]);
    h->at++;
    return CV_OK;
  }
  CV_TRY(cv_wat_name(h, &text));
  if (text.size == 0 || cv_utf8_decode(text.data, text.size, &scalar) != text.size)
    return cv_wat_fail_at(h, token, "one character expected");
  cv_buf_bytes(out, text.data, text.size);
  return CV_OK;
}

static cv_status put_primitive(cv_cwat *p, uint32_t type, cv_buf *out) {
  static const struct {
    const char *word;
    uint8_t bits;
    bool is_signed;
  } integers[] = {{"s8", 8, true},   {"u8", 8, false},   {"s16", 16, true}, {"u16", 16, false},
                  {"s32", 32, true}, {"u32", 32, false}, {"s64", 64, true}, {"u64", 64, false}};
  cv_wat *h = &p->hand;
  for (size_t i = 0; i < CV_COUNT(integers); i++)
    if (cv_wat_is_word(h, type, integers[i].word))
      return put_integer(p, integers[i].bits, integers[i].is_signed, out);
  if (cv_wat_is_word(h, type, "f32") || cv_wat_is_word(h, type, "f64"))
    return put_float(p, cv_wat_is_word(h, type, "f32") ? 32 : 64, out);
  if (cv_wat_is_word(h, type, "char"))
    return put_char(p, out);
  if (cv_wat_is_word(h, type, "string")) {
    cv_bytes text;
    CV_TRY(cv_wat_name(h, &text));
    cv_cwat_put_text(out, text);
    return CV_OK;
  }
  if (!cv_wat_is_word(h, type, "bool") || (!cv_wat_at_word(h, "true") && !cv_wat_at_word(h, "false")))
    return cv_wat_unexpected(h);
  cv_buf_byte(out, cv_wat_at_word(h, "true"));
  h->at++;
  return CV_OK;
}

// ---- compound values -----------------------------------------------------------------------------------------------

static cv_status open_value(cv_cwat *p, const char *word) {
  return cv_wat_accept_open(&p->hand, word) ? CV_OK : cv_wat_unexpected(&p->hand);
}

// (record v+) of (record (field "x" t)+)
static cv_status put_record(cv_cwat *p, uint32_t type, cv_buf *out) {
  CV_TRY(open_value(p, "record"));
  for (uint32_t at = type + 2; !is_end(p, at); at = cv_cwat_after(p, at))
    CV_TRY(put_value(p, at + 3, out));
  return CV_OK;
}

static cv_status put_tuple(cv_cwat *p, uint32_t type, cv_buf *out) {
  CV_TRY(open_value(p, "tuple"));
  for (uint32_t at = type + 2; !is_end(p, at); at = cv_cwat_after(p, at))
    CV_TRY(put_value(p, at, out));
  return CV_OK;
}

// (list v*) of (list t) or (list t n)
static cv_status put_list(cv_cwat *p, uint32_t type, cv_buf *out) {
  cv_wat *h = &p->hand;
  uint32_t token = h->at, count = 0;
  CV_TRY(open_value(p, "list"));
  for (uint32_t at = h->at; !is_end(p, at); at = cv_cwat_after(p, at))
    count++;
  const cv_token *length = cv_cwat_token(p, cv_cwat_after(p, type + 2));
  uint64_t fixed;
  if (length->kind != CV_TOK_NAT)
    cv_buf_uleb(out, count);
  else if (!cv_text_nat(cv_token_bytes(h->text, length), UINT32_MAX, &fixed) || fixed != count)
    return cv_wat_fail_at(h, token, "wrong number of elements");
  while (count-- > 0)
    CV_TRY(put_value(p, type + 2, out));
  return CV_OK;
}

// The position of a label among the children of a type, each a string or a list that begins with a word and the label.
// *child is the token of that child.
static cv_status find_label(cv_cwat *p, uint32_t type, uint32_t *position, uint32_t *child) {
  cv_wat *h = &p->hand;
  cv_bytes label, other;
  uint32_t token = h->at;
  CV_TRY(cv_wat_name(h, &label));
  uint32_t end = h->at;
  *position = 0;
  for (*child = type + 2; !is_end(p, *child); *child = cv_cwat_after(p, *child), ++*position) {
    h->at = cv_cwat_token(p, *child)->kind == CV_TOK_LPAR ? *child + 2 : *child;
    h->at += cv_wat_at_id(h);
    CV_TRY(cv_wat_name(h, &other));
    if (cv_bytes_equal(label, other)) {
      *child = h->at; // what follows the label
      h->at = end;
      return CV_OK;
    }
  }
  return cv_wat_fail_at(h, token, "the type has no \"%.*s\"", (int)CV_MIN(label.size, 100), (const char *)label.data);
}

static cv_status put_variant(cv_cwat *p, uint32_t type, cv_buf *out) {
  uint32_t position, payload;
  CV_TRY(open_value(p, "variant"));
  CV_TRY(find_label(p, type, &position, &payload));
  cv_buf_uleb(out, position);
  return is_end(p, payload) ? CV_OK : put_value(p, payload, out);
}

static cv_status put_enum(cv_cwat *p, uint32_t type, cv_buf *out) {
  uint32_t position, child;
  CV_TRY(open_value(p, "enum"));
  CV_TRY(find_label(p, type, &position, &child));
  cv_buf_uleb(out, position);
  return CV_OK;
}

static cv_status put_flags(cv_cwat *p, uint32_t type, cv_buf *out) {
  uint32_t count = 0, position, child;
  size_t start = out->size;
  CV_TRY(open_value(p, "flags"));
  for (uint32_t at = type + 2; !is_end(p, at); at = cv_cwat_after(p, at))
    count++;
  for (uint32_t i = 0; i < count; i += 8)
    cv_buf_byte(out, 0);
  while (cv_wat_kind(&p->hand) != CV_TOK_RPAR) {
    CV_TRY(find_label(p, type, &position, &child));
    if (!out->failed)
      out->data[start + position / 8] |= (uint8_t)(1u << position % 8);
  }
  return CV_OK;
}

// none, ok, error alone, or in parentheses with the value; `payload` is the token of its type, 0 for none.
static cv_status put_case(cv_cwat *p, const char *word, uint8_t code, uint32_t payload, bool *done, cv_buf *out) {
  cv_wat *h = &p->hand;
  *done = cv_wat_accept_word(h, word);
  if (*done) {
    cv_buf_byte(out, code);
    return payload == 0 ? CV_OK : cv_wat_unexpected(h);
  }
  *done = payload != 0 && cv_wat_accept_open(h, word);
  if (!*done)
    return CV_OK;
  cv_buf_byte(out, code);
  CV_TRY(put_value(p, payload, out));
  return cv_wat_close(h);
}

static cv_status put_option(cv_cwat *p, uint32_t type, cv_buf *out) {
  bool done;
  CV_TRY(put_case(p, "none", 0, 0, &done, out));
  if (!done)
    CV_TRY(put_case(p, "some", 1, type + 2, &done, out));
  return done ? CV_OK : cv_wat_unexpected(&p->hand);
}

static cv_status put_result(cv_cwat *p, uint32_t type, cv_buf *out) {
  cv_wat *h = &p->hand;
  uint32_t ok = 0, error = 0;
  for (uint32_t at = type + 2; !is_end(p, at); at = cv_cwat_after(p, at)) {
    if (cv_cwat_token(p, at)->kind == CV_TOK_LPAR && cv_wat_is_word(h, at + 1, "error"))
      error = at + 2;
    else
      ok = at;
  }
  bool done;
  CV_TRY(put_case(p, "ok", 0, ok, &done, out));
  if (!done)
    CV_TRY(put_case(p, "error", 1, error, &done, out));
  return done ? CV_OK : cv_wat_unexpected(h);
}

static cv_status put_compound(cv_cwat *p, uint32_t type, cv_buf *out) {
  static const struct {
    const char *word;
    cv_status (*put)(cv_cwat *p, uint32_t type, cv_buf *out);
  } kinds[] = {{"record", put_record},   {"tuple", put_tuple}, {"list", put_list},
               {"variant", put_variant}, {"enum", put_enum},   {"flags", put_flags}};
  cv_wat *h = &p->hand;
  if (cv_wat_is_word(h, type + 1, "option"))
    return put_option(p, type, out);
  if (cv_wat_is_word(h, type + 1, "result"))
    return put_result(p, type, out);
  for (size_t i = 0; i < CV_COUNT(kinds); i++) {
    if (cv_wat_is_word(h, type + 1, kinds[i].word)) {
      CV_TRY(kinds[i].put(p, type, out));
      return cv_wat_close(h);
    }
  }
  return cv_wat_fail(h, "there are no values of this type");
}

static cv_status put_value(cv_cwat *p, uint32_t type, cv_buf *out) {
  if (p->depth >= CV_CWAT_MAX_DEPTH)
    return cv_wat_fail(&p->hand, "values are nested more than %d deep", CV_CWAT_MAX_DEPTH);
  CV_TRY(definition_of(p, &type));
  p->depth++;
  CV_TRY((cv_cwat_token(p, type)->kind == CV_TOK_WORD ? put_primitive : put_compound)(p, type, out));
  p->depth--;
  return CV_OK;
}

// ---- definitions ---------------------------------------------------------------------------------------------------

static cv_status value_bytes(cv_cwat *p, uint32_t type, cv_buf *out) {
  cv_wat *h = &p->hand;
  if (!cv_wat_accept_open(h, "binary"))
    return put_value(p, type, out);
  CV_TRY(cv_wat_strings(h, out));
  return cv_wat_close(h);
}

// (value $x type v): what follows "(value".
cv_status cv_cwat_value_field(cv_cwat *p) {
  cv_wat *h = &p->hand;
  cv_cwat_binding b;
  cv_cwat_valtype type = {.is_index = true};
  uint32_t index;
  CV_TRY(cv_cwat_binding_of(p, &b));
  if (cv_wat_at_open(h, "alias"))
    return cv_cwat_inverted_alias(p, CV_CS_VALUE, &b, &index);
  uint32_t token = h->at;
  if (cv_wat_at_open(h, "type"))
    CV_TRY(cv_cwat_index_or_reference(p, CV_CS_TYPE, true, &type.value));
  else
    CV_TRY(cv_cwat_val_type(p, &type));
  size_t start = p->items.size;
  cv_buf bytes = {.mem = h->mem};
  cv_cwat_put_valtype(&p->items, type);
  cv_status status = value_bytes(p, token, &bytes);
  cv_cwat_put_text(&p->items, (cv_bytes){bytes.data, bytes.size});
  p->items.failed |= bytes.failed;
  cv_buf_free(&bytes);
  CV_TRY(status);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_VALUE, start));
  return cv_cwat_define(p, CV_CS_VALUE, &b, &index);
}
