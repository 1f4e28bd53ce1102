// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_head.c: tokens, and what begins an item: documentation, gates, paths.
#include "wit/parse.h"

// ---- tokens --------------------------------------------------------------------------------------------------------

cv_wit_place cv_wit_here(const cv_wit_parser *p) {
  return (cv_wit_place){p->file, p->lex.token.at};
}

cv_status cv_wit_parse_no_memory(cv_wit_parser *p) {
  return cv_fail(p->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// "expected WHAT, found TOKEN"
cv_status cv_wit_unexpected(cv_wit_parser *p, const char *what) {
  const cv_wit_token *t = &p->lex.token;
  if (t->kind == CV_WT_ERROR)
    return cv_wit_fail(p->wit, cv_wit_here(p), CV_EMALFORMED, p->diag, "%s", p->lex.error);
  if (t->kind == CV_WT_END)
    return cv_wit_fail(p->wit, cv_wit_here(p), CV_EMALFORMED, p->diag, "expected %s, found the end of the file", what);
  uint32_t size = CV_MIN(t->end - t->at, 40u);
  return cv_wit_fail(p->wit, cv_wit_here(p), CV_EMALFORMED, p->diag, "expected %s, found `%.*s`", what, (int)size,
                     p->file->text + t->at);
}

bool cv_wit_at_punct(const cv_wit_parser *p, char c) {
  return p->lex.token.kind == CV_WT_PUNCT && p->file->text[p->lex.token.at] == c;
}

bool cv_wit_at_word(const cv_wit_parser *p, const char *word) {
  return p->lex.token.kind == CV_WT_WORD && cv_bytes_equal(p->lex.token.text, cv_bytes_of(word));
}

bool cv_wit_accept_punct(cv_wit_parser *p, char c) {
  bool yes = cv_wit_at_punct(p, c);
  if (yes)
    cv_wit_next(&p->lex);
  return yes;
}

bool cv_wit_accept_word(cv_wit_parser *p, const char *word) {
  bool yes = cv_wit_at_word(p, word);
  if (yes)
    cv_wit_next(&p->lex);
  return yes;
}

cv_status cv_wit_expect_punct(cv_wit_parser *p, char c) {
  char what[] = {'`', c, '`', 0};
  return cv_wit_accept_punct(p, c) ? CV_OK : cv_wit_unexpected(p, what);
}

cv_status cv_wit_expect_word(cv_wit_parser *p, const char *word) {
  return cv_wit_accept_word(p, word) ? CV_OK : cv_wit_unexpected(p, word);
}

bool cv_wit_at_id(const cv_wit_parser *p) {
  return p->lex.token.kind == CV_WT_ID || (p->lex.token.kind == CV_WT_WORD && !cv_wit_is_keyword(p->lex.token.text));
}

cv_status cv_wit_read_id(cv_wit_parser *p, cv_bytes *out) {
  const cv_wit_token *t = &p->lex.token;
  if (!cv_wit_at_id(p)) {
    if (t->kind == CV_WT_WORD)
      return cv_wit_fail(p->wit, cv_wit_here(p), CV_EMALFORMED, p->diag,
                         "`%.*s` is a keyword: write %%%.*s to use it as a name", CV_BYTES_ARG(t->text),
                         CV_BYTES_ARG(t->text));
    return cv_wit_unexpected(p, "an identifier");
  }
  *out = t->text;
  cv_wit_next(&p->lex);
  return CV_OK;
}

cv_status cv_wit_read_version(cv_wit_parser *p, cv_bytes *out) {
  *out = cv_wit_version(&p->lex);
  return out->size ? CV_OK : cv_wit_unexpected(p, "a version such as 1.2.3");
}

// ---- heads: documentation, gates -----------------------------------------------------------------------------------

static cv_status string_text(cv_wit_parser *p, cv_bytes raw, cv_bytes *out) {
  uint8_t *to = cv_arena_alloc(&p->wit->arena, raw.size + 1);
  if (!to)
    return cv_wit_parse_no_memory(p);
  size_t size = 0;
  for (size_t i = 0; i < raw.size; i++) {
    uint8_t c = raw.data[i];
    if (c == '\\' && i + 1 < raw.size) {
      c = raw.data[++i];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    }
    to[size++] = c;
  }
  *out = (cv_bytes){to, size};
  return CV_OK;
}

// @since(version = 1.2.3), @unstable(feature = name), @deprecated(version = 1.2.3), @external-id("text")
static cv_status read_annotation(cv_wit_parser *p, cv_wit_head *head) {
  cv_wit_place place = cv_wit_here(p);
  CV_TRY(cv_wit_expect_punct(p, '@'));
  cv_bytes word = p->lex.token.text, *version = NULL;
  if (cv_wit_accept_word(p, "external-id")) {
    CV_TRY(cv_wit_expect_punct(p, '('));
    if (p->lex.token.kind != CV_WT_STRING)
      return cv_wit_unexpected(p, "a string");
    CV_TRY(string_text(p, p->lex.token.text, &head->external_id));
    cv_wit_next(&p->lex);
    return cv_wit_expect_punct(p, ')');
  }
  if (cv_wit_accept_word(p, "unstable")) {
    CV_TRY(cv_wit_expect_punct(p, '('));
    CV_TRY(cv_wit_expect_word(p, "feature"));
    CV_TRY(cv_wit_expect_punct(p, '='));
    CV_TRY(cv_wit_read_id(p, &head->gate.unstable));
    return cv_wit_expect_punct(p, ')');
  }
  if (cv_wit_accept_word(p, "since"))
    version = &head->gate.since;
  else if (cv_wit_accept_word(p, "deprecated"))
    version = &head->gate.deprecated;
  else
    return cv_wit_fail(p->wit, place, CV_EMALFORMED, p->diag,
                       "unknown annotation @%.*s: there are @since, @unstable, @deprecated, @external-id",
                       CV_BYTES_ARG(word));
  CV_TRY(cv_wit_expect_punct(p, '('));
  CV_TRY(cv_wit_expect_word(p, "version"));
  CV_TRY(cv_wit_expect_punct(p, '='));
  CV_TRY(cv_wit_read_version(p, version));
  return cv_wit_expect_punct(p, ')');
}

cv_status cv_wit_read_head(cv_wit_parser *p, cv_wit_head *head) {
  *head = (cv_wit_head){.place = cv_wit_here(p)};
  CV_TRY(cv_wit_docs(&p->lex, &p->wit->arena, &head->docs));
  while (cv_wit_at_punct(p, '@'))
    CV_TRY(read_annotation(p, head));
  if (head->gate.since.size && head->gate.unstable.size)
    return cv_wit_fail(p->wit, head->place, CV_EMALFORMED, p->diag, "an item is @since or @unstable, not both");
  if (head->gate.deprecated.size && !head->gate.since.size && !head->gate.unstable.size)
    return cv_wit_fail(p->wit, head->place, CV_EMALFORMED, p->diag, "@deprecated goes with @since or @unstable");
  head->place = cv_wit_here(p);
  return CV_OK;
}

// ---- paths ---------------------------------------------------------------------------------------------------------

// id | id ':' id '/' id ('@' version)?
cv_status cv_wit_read_path(cv_wit_parser *p, cv_wit_path *path) {
  *path = (cv_wit_path){.place = cv_wit_here(p)};
  CV_TRY(cv_wit_read_id(p, &path->name));
  if (!cv_wit_accept_punct(p, ':'))
    return CV_OK;
  path->ns = path->name;
  CV_TRY(cv_wit_read_id(p, &path->package));
  if (cv_wit_at_punct(p, ':'))
    return cv_wit_fail(p->wit, path->place, CV_EUNSUPPORTED, p->diag, "unsupported: nested package namespaces");
  CV_TRY(cv_wit_expect_punct(p, '/'));
  CV_TRY(cv_wit_read_id(p, &path->name));
  if (cv_wit_accept_punct(p, '@'))
    CV_TRY(cv_wit_read_version(p, &path->version));
  return CV_OK;
}
