// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lex.h: the lexical level of the text format (core specification, 6.3), shared by every grammar written in
// s-expressions: core modules, scripts, and whatever comes later. It knows parentheses, words, numbers, strings,
// identifiers and annotations, and no keyword.
//
// A text becomes an array of tokens at once. The array ends in one CV_TOK_END or CV_TOK_ERROR, so that looking one
// token ahead is always allowed. A lexical error is reported by the parser when it arrives at that last token: what is
// before it can be used.
#ifndef COVE_WASM_TEXT_LEX_H
#define COVE_WASM_TEXT_LEX_H

#include "base/arena.h"
#include "base/status.h"
#include "base/vec.h"

typedef enum cv_token_kind {
  CV_TOK_END,
  CV_TOK_ERROR,    // cv_text.error says which
  CV_TOK_LPAR,     // extent is the index of the matching CV_TOK_RPAR, or of the last token when there is none
  CV_TOK_RPAR,     //
  CV_TOK_WORD,     // starts with a lower-case letter; a keyword if the grammar has it
  CV_TOK_NAT,      // 12, 0x1_f
  CV_TOK_INT,      // with a sign
  CV_TOK_FLOAT,    // 1.0, 0x1p3, inf, nan:0x1
  CV_TOK_STRING,   // with its quotes
  CV_TOK_ID,       // $x
  CV_TOK_QUOTED,   // $"x"
  CV_TOK_RESERVED, // anything else that looks like a token
} cv_token_kind;

typedef struct cv_token {
  uint32_t at;     // byte offset in the text
  uint32_t extent; // length in bytes, except for CV_TOK_LPAR
  uint8_t kind;    // cv_token_kind
} cv_token;

// (@id ...) with its contents unread: annotations are white space to those who do not know them.
typedef struct cv_annot {
  uint32_t token;    // index of the token that follows it
  uint32_t at;       // offset of the parenthesis
  uint32_t id, body; // offsets of the id and of what follows it
  uint32_t end;      // offset of the closing parenthesis
  bool used;         // by whoever knows this id; false from the lexer
} cv_annot;

typedef struct cv_text {
  cv_mem *mem;        // borrowed
  const char *source; // borrowed, lives as long as this; not terminated
  uint32_t size;
  CV_VEC(cv_token) tokens;
  CV_VEC(cv_annot) annots; // in order of their position
  const char *error;       // of the last token, when it is CV_TOK_ERROR
} cv_text;

// A place that was looked up, so that a later one need not be counted from the start. Zero at first.
typedef struct cv_text_cursor {
  uint32_t at, line, line_start;
} cv_text_cursor;

// A lexical error is not a failure here. Fails with CV_ENOMEM, or CV_ELIMIT for a text of 1 GiB or more.
CV_MUST_USE cv_status cv_text_init(cv_text *text, cv_mem *mem, const char *source, size_t size, cv_diag *diag);
void cv_text_free(cv_text *text);

// CV_TOK_NAT, _INT or _FLOAT when the word is a number, else CV_TOK_RESERVED. For words that have one inside.
cv_token_kind cv_text_number_kind(const uint8_t *start, const uint8_t *end);
// Line and column, from 1; columns count bytes.
void cv_text_place(const cv_text *text, cv_text_cursor *cursor, uint32_t at, uint32_t *line, uint32_t *column);
// Fails with CV_EMALFORMED at a byte offset of the text.
CV_COLD CV_PRINTF(4, 5) cv_status cv_text_fail(const cv_text *text, uint32_t at, cv_diag *diag, const char *fmt, ...);

static inline cv_bytes cv_token_bytes(const cv_text *text, const cv_token *t) {
  return (cv_bytes){(const uint8_t *)text->source + t->at, t->kind == CV_TOK_LPAR ? 1 : t->extent};
}

// The contents of a string token, escapes replaced. `out` has room for the token's length; returns the size. The token
// was accepted by the lexer, so this cannot fail.
size_t cv_text_unescape(const char *token, size_t size, uint8_t *out);

#endif
