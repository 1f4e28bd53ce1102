// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_canon.c: canonical definitions (Explainer.md, "Canonical ABI", "Canonical Built-ins").
#include "component/text/cwat_parser.h"

// ---- options -------------------------------------------------------------------------------------------------------

static const struct {
  const char *word;
  uint8_t code;
} word_options[] = {{"string-encoding=utf8", 0x00},
                    {"string-encoding=utf16", 0x01},
                    {"string-encoding=latin1+utf16", 0x02},
                    {"async", 0x06}};

static const struct {
  const char *word;
  uint8_t code;
  cv_cspace space;
} item_options[] = {{"memory", 0x03, CV_CS_CORE_MEMORY},
                    {"realloc", 0x04, CV_CS_CORE_FUNC},
                    {"post-return", 0x05, CV_CS_CORE_FUNC},
                    {"callback", 0x07, CV_CS_CORE_FUNC}};

// One option into the items. *more is false when there is none.
static cv_status put_option(cv_cwat *p, bool *more) {
  cv_wat *h = &p->hand;
  *more = true;
  for (size_t i = 0; i < CV_COUNT(word_options); i++) {
    if (cv_wat_accept_word(h, word_options[i].word)) {
      cv_buf_byte(&p->items, word_options[i].code);
      return CV_OK;
    }
  }
  for (size_t i = 0; i < CV_COUNT(item_options); i++) {
    uint32_t index;
    if (!cv_wat_accept_open(h, item_options[i].word))
      continue;
    CV_TRY(cv_cwat_index_or_reference(p, item_options[i].space, true, &index));
    cv_buf_byte(&p->items, item_options[i].code);
    cv_buf_uleb(&p->items, index);
    return cv_wat_close(h);
  }
  *more = false;
  return CV_OK;
}

static cv_status put_options(cv_cwat *p) {
  size_t at = p->items.size;
  uint32_t count = 0;
  for (bool more = true; more; count += more)
    CV_TRY(put_option(p, &more));
  cv_cwat_put_count(p, at, count);
  return CV_OK;
}

// ---- lift ----------------------------------------------------------------------------------------------------------

// What follows "lift" but for the type.
static cv_status put_lift(cv_cwat *p, uint32_t type, const cv_cwat_binding *b, uint32_t *index) {
  size_t start = p->items.size;
  uint32_t func;
  CV_TRY(cv_cwat_index_or_reference(p, CV_CS_CORE_FUNC, true, &func));
  cv_buf_bytes(&p->items, "\0\0", 2);
  cv_buf_uleb(&p->items, func);
  CV_TRY(put_options(p));
  cv_buf_uleb(&p->items, type);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_CANON, start));
  return cv_cwat_define(p, CV_CS_FUNC, b, index);
}

cv_status cv_cwat_lifted_func(cv_cwat *p, const cv_cwat_binding *b, uint32_t *index) {
  cv_wat *h = &p->hand;
  uint32_t type;
  CV_TRY(cv_cwat_type_use(p, CV_CS_FUNC, &type));
  if (!cv_wat_accept_open(h, "canon") || !cv_wat_accept_word(h, "lift"))
    return cv_wat_unexpected(h);
  CV_TRY(put_lift(p, type, b, index));
  return cv_wat_close(h);
}

// (canon lift f opt* (func $x type)): the type comes first, as in the other form.
static cv_status lift_field(cv_cwat *p) {
  cv_wat *h = &p->hand;
  cv_cwat_binding b;
  uint32_t at = h->at, type, index;
  while (!cv_wat_at_open(h, "func")) {
    cv_token_kind kind = cv_wat_kind(h);
    if (kind == CV_TOK_RPAR || kind == CV_TOK_END || kind == CV_TOK_ERROR)
      return cv_wat_unexpected(h);
    h->at = cv_cwat_after(p, h->at);
  }
  uint32_t func = h->at;
  h->at += 2;
  CV_TRY(cv_cwat_binding_of(p, &b));
  CV_TRY(cv_cwat_type_use(p, CV_CS_FUNC, &type));
  CV_TRY(cv_wat_close(h));
  uint32_t end = h->at;
  h->at = at;
  CV_TRY(put_lift(p, type, &b, &index));
  if (h->at != func)
    return cv_wat_unexpected(h);
  h->at = end;
  return CV_OK;
}

// ---- built-ins -----------------------------------------------------------------------------------------------------

static cv_status put_reference(cv_cwat *p, cv_cspace space) {
  uint32_t index;
  CV_TRY(cv_cwat_index_or_reference(p, space, true, &index));
  cv_buf_uleb(&p->items, index);
  return CV_OK;
}

static cv_status put_memory(cv_cwat *p) {
  if (!cv_wat_accept_open(&p->hand, "memory"))
    return cv_wat_unexpected(&p->hand);
  CV_TRY(put_reference(p, CV_CS_CORE_MEMORY));
  return cv_wat_close(&p->hand);
}

static cv_status put_core_valtype(cv_cwat *p) {
  cv_valtype type;
  CV_TRY(cv_wat_val_type(&p->hand, &type));
  cv_wat_encode_val_type(&p->items, type);
  return CV_OK;
}

static cv_status put_number(cv_cwat *p) {
  uint32_t n;
  CV_TRY(cv_wat_u32(&p->hand, &n));
  cv_buf_uleb(&p->items, n);
  return CV_OK;
}

// One immediate of canon.def.
static cv_status put_operand(cv_cwat *p, char operand) {
  switch (operand) {
  case 'a':
    cv_buf_byte(&p->items, cv_wat_accept_word(&p->hand, "async"));
    return CV_OK;
  case 'c':
    cv_buf_byte(&p->items, cv_wat_accept_word(&p->hand, "cancellable"));
    return CV_OK;
  case 's':
    cv_buf_byte(&p->items, cv_wat_accept_word(&p->hand, "shared"));
    return CV_OK;
  case 'T':
    return put_reference(p, CV_CS_TYPE);
  case 'y':
    return put_reference(p, CV_CS_CORE_TYPE);
  case 'b':
    return put_reference(p, CV_CS_CORE_TABLE);
  case 'm':
    return put_memory(p);
  case 'r':
    return cv_cwat_result_list(p);
  case 'v':
    return put_core_valtype(p);
  case 'i':
    return put_number(p);
  case 'F':
    cv_buf_byte(&p->items, 0x00);
    return put_reference(p, CV_CS_FUNC);
  default:
    return put_options(p);
  }
}

// A definition other than a lift, from its word on, into the items.
static cv_status put_builtin(cv_cwat *p) {
  for (unsigned kind = CV_CANON_LOWER; kind <= CV_CANON_THREAD_AVAILABLE_PARALLELISM; kind++) {
    const char *word = cv_canon_text((cv_canon_kind)kind);
    if (word == NULL || !cv_wat_accept_word(&p->hand, word))
      continue;
    cv_buf_byte(&p->items, (uint8_t)kind);
    for (const char *at = cv_canon_immediates((cv_canon_kind)kind); *at != '\0'; at++)
      CV_TRY(put_operand(p, *at));
    return CV_OK;
  }
  return cv_wat_unexpected(&p->hand);
}

static cv_status define_builtin(cv_cwat *p, size_t start, const cv_cwat_binding *b) {
  uint32_t index;
  CV_TRY(cv_cwat_emit(p, CV_CITEM_CANON, start));
  return cv_cwat_define(p, CV_CS_CORE_FUNC, b, &index);
}

cv_status cv_cwat_canon_field(cv_cwat *p) {
  cv_wat *h = &p->hand;
  cv_cwat_binding b;
  size_t start = p->items.size;
  if (cv_wat_accept_word(h, "lift"))
    return lift_field(p);
  CV_TRY(put_builtin(p));
  if (!cv_wat_accept_open(h, "core") || !cv_wat_accept_word(h, "func"))
    return cv_wat_unexpected(h);
  CV_TRY(cv_cwat_binding_of(p, &b));
  CV_TRY(cv_wat_close(h));
  return define_builtin(p, start, &b);
}

cv_status cv_cwat_core_func(cv_cwat *p, const cv_cwat_binding *b) {
  size_t start = p->items.size;
  if (!cv_wat_accept_open(&p->hand, "canon"))
    return cv_wat_unexpected(&p->hand);
  CV_TRY(put_builtin(p));
  CV_TRY(cv_wat_close(&p->hand));
  return define_builtin(p, start, b);
}
