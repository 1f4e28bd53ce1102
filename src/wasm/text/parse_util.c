// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_util.c: the parser's hands: tokens, names and index spaces.
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "wasm/text/number.h"
#include "wasm/text/parser.h"

// ---- tokens --------------------------------------------------------------------------------------------------------

bool cv_wat_is_word(const cv_wat *p, uint32_t token, const char *word) {
  const cv_token *t = &p->text->tokens.data[token];
  return t->kind == CV_TOK_WORD && strncmp(p->text->source + t->at, word, t->extent) == 0 && word[t->extent] == '\0';
}

bool cv_wat_at_word(const cv_wat *p, const char *word) {
  return cv_wat_is_word(p, p->at, word);
}

bool cv_wat_accept_word(cv_wat *p, const char *word) {
  bool yes = cv_wat_at_word(p, word);
  p->at += yes;
  return yes;
}

bool cv_wat_at_open(const cv_wat *p, const char *word) {
  return cv_wat_kind(p) == CV_TOK_LPAR && cv_wat_is_word(p, p->at + 1, word);
}

bool cv_wat_accept_open(cv_wat *p, const char *word) {
  bool yes = cv_wat_at_open(p, word);
  p->at += yes ? 2 : 0;
  return yes;
}

cv_status cv_wat_close(cv_wat *p) {
  if (cv_wat_kind(p) != CV_TOK_RPAR)
    return cv_wat_unexpected(p);
  p->at++;
  return CV_OK;
}

// ---- errors --------------------------------------------------------------------------------------------------------

static cv_status fail_va(cv_wat *p, uint32_t token, const char *fmt, va_list args) {
  char sentence[256];
  vsnprintf(sentence, sizeof sentence, fmt, args);
  return cv_text_fail(p->text, p->text->tokens.data[token].at, p->diag, "%s", sentence);
}

cv_status cv_wat_fail(cv_wat *p, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  cv_status status = fail_va(p, p->at, fmt, args);
  va_end(args);
  return status;
}

cv_status cv_wat_fail_at(cv_wat *p, uint32_t token, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  cv_status status = fail_va(p, token, fmt, args);
  va_end(args);
  return status;
}

cv_status cv_wat_unexpected(cv_wat *p) {
  const cv_token *t = cv_wat_peek(p);
  cv_bytes b = cv_token_bytes(p->text, t);
  int shown = (int)CV_MIN(b.size, 60);
  switch ((cv_token_kind)t->kind) {
  case CV_TOK_ERROR:
    // The suites of modules and of components have different words for this one.
    if (p->plain_words && strcmp(p->text->error, "illegal escape") == 0)
      return cv_wat_fail(p, "invalid string escape");
    return cv_wat_fail(p, "%s", p->text->error);
  case CV_TOK_END:
    return cv_wat_fail(p, "unexpected token: the text ends here");
  case CV_TOK_RESERVED:
    return cv_wat_fail(p, "unknown operator %.*s", shown, (const char *)b.data);
  case CV_TOK_WORD:
    if (!p->plain_words && cv_word_find(b) == NULL)
      return cv_wat_fail(p, "unknown operator %.*s", shown, (const char *)b.data);
    break;
  default:
    break;
  }
  return cv_wat_fail(p, "unexpected token %.*s", shown, (const char *)b.data);
}

cv_status cv_wat_no_memory(cv_wat *p) {
  return cv_fail(p->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory while parsing a text");
}

// ---- literals ------------------------------------------------------------------------------------------------------

cv_status cv_wat_u32(cv_wat *p, uint32_t *value) {
  uint64_t v;
  if (cv_wat_kind(p) != CV_TOK_NAT)
    return cv_wat_unexpected(p);
  if (!cv_text_nat(cv_wat_bytes(p), UINT32_MAX, &v))
    return cv_wat_fail(p, "i32 constant out of range");
  *value = (uint32_t)v;
  p->at++;
  return CV_OK;
}

cv_status cv_wat_u64(cv_wat *p, uint64_t *value) {
  if (cv_wat_kind(p) != CV_TOK_NAT)
    return cv_wat_unexpected(p);
  if (!cv_text_nat(cv_wat_bytes(p), UINT64_MAX, value))
    return cv_wat_fail(p, "i64 constant out of range");
  p->at++;
  return CV_OK;
}

// A string token's contents: in the arena, or in the text when it has no escape.
static cv_status string_contents(cv_wat *p, cv_bytes token, cv_bytes *out) {
  if (memchr(token.data, '\\', token.size) == NULL) {
    *out = (cv_bytes){token.data + 1, token.size - 2};
    return CV_OK;
  }
  uint8_t *copy = cv_arena_alloc(&p->arena, token.size);
  if (copy == NULL)
    return cv_wat_no_memory(p);
  *out = (cv_bytes){copy, cv_text_unescape((const char *)token.data, token.size, copy)};
  return CV_OK;
}

cv_status cv_wat_name(cv_wat *p, cv_bytes *name) {
  if (cv_wat_kind(p) != CV_TOK_STRING)
    return cv_wat_unexpected(p);
  CV_TRY(string_contents(p, cv_wat_bytes(p), name));
  if (!cv_utf8_is_valid(*name))
    return cv_wat_fail(p, "malformed UTF-8 encoding");
  p->at++;
  return CV_OK;
}

cv_status cv_wat_strings(cv_wat *p, cv_buf *out) {
  for (; cv_wat_kind(p) == CV_TOK_STRING; p->at++) {
    cv_bytes token = cv_wat_bytes(p);
    cv_bytes text = {token.data + 1, token.size - 2};
    if (memchr(text.data, '\\', text.size) == NULL) {
      cv_buf_bytes(out, text.data, text.size);
      continue;
    }
    size_t before = out->size;
    cv_buf_bytes(out, token.data, token.size); // room for what the escapes become
    if (!out->failed)
      out->size = before + cv_text_unescape((const char *)token.data, token.size, out->data + before);
  }
  return out->failed ? cv_wat_no_memory(p) : CV_OK;
}

cv_status cv_wat_id(cv_wat *p, cv_bytes *name) {
  cv_bytes b = cv_wat_bytes(p);
  b.data++;
  b.size--;
  if (cv_wat_kind(p) == CV_TOK_QUOTED) {
    CV_TRY(string_contents(p, b, name));
    if (!cv_utf8_is_valid(*name))
      return cv_wat_fail(p, "malformed UTF-8 encoding");
  } else if (cv_wat_kind(p) == CV_TOK_ID)
    *name = b;
  else
    return cv_wat_unexpected(p);
  p->at++;
  return CV_OK;
}

// ---- scopes --------------------------------------------------------------------------------------------------------

cv_status cv_wat_bind(cv_wat *p, cv_wat_scope *scope, cv_bytes name, uint32_t token) {
  bool existed;
  if (cv_map_get(&scope->names, name) != NULL)
    return cv_wat_fail_at(p, token, "duplicate %s $%.*s", scope->what, (int)CV_MIN(name.size, 100),
                          (const char *)name.data);
  if (cv_map_put(&scope->names, name, scope->count, &existed) != CV_OK)
    return cv_wat_no_memory(p);
  scope->count++;
  return CV_OK;
}

cv_status cv_wat_index_in(cv_wat *p, cv_wat_scope *scope, uint32_t *index) {
  if (cv_wat_kind(p) == CV_TOK_NAT)
    return cv_wat_u32(p, index);
  cv_bytes name;
  uint32_t token = p->at;
  CV_TRY(cv_wat_id(p, &name));
  const uint64_t *found = cv_map_get(&scope->names, name);
  if (found == NULL)
    return cv_wat_fail_at(p, token, "unknown %s $%.*s", scope->what, (int)CV_MIN(name.size, 100),
                          (const char *)name.data);
  *index = (uint32_t)*found;
  return CV_OK;
}

cv_status cv_wat_binding_name(cv_wat *p, cv_bytes *name, bool *named) {
  *named = cv_wat_at_id(p);
  if (*named)
    CV_TRY(cv_wat_id(p, name));
  return cv_wat_name_annot(p, name, named);
}

cv_status cv_wat_note_name(cv_wat *p, uint32_t kind, uint32_t outer, uint32_t index) {
  cv_bytes name;
  bool named;
  CV_TRY(cv_wat_binding_name(p, &name, &named));
  if (named && cv_names_add(&p->names, p->mem, kind, outer, index, name) != CV_OK)
    return cv_wat_no_memory(p);
  return CV_OK;
}
