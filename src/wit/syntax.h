// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// syntax.h: what the lexer, the parser and the resolver of WIT share.
#ifndef COVE_WIT_SYNTAX_H
#define COVE_WIT_SYNTAX_H

#include "base/vec.h"
#include "wit/wit.h"

// `use path as name;` at the top of a file.
typedef struct cv_wit_top_use {
  cv_bytes name;
  cv_wit_path path;
  struct cv_wit_top_use *next;
} cv_wit_top_use;

typedef struct cv_wit_file {
  const char *path;
  const char *text; // ends in a zero that is not part of it
  uint32_t size;
  uint32_t group;
  cv_wit_package *package; // whose items stand outside of nested packages
  cv_wit_top_use *uses;
  uint32_t use_count;
} cv_wit_file;

struct cv_wit {
  cv_mem *mem;
  cv_arena arena;
  cv_wit_package *packages, **last_package;
  uint32_t package_count;
  const cv_wit_file *error_file;
};

typedef enum cv_wit_token_kind {
  CV_WT_END,
  CV_WT_WORD,   // keyword or identifier
  CV_WT_ID,     // %identifier
  CV_WT_INT,    //
  CV_WT_STRING, //
  CV_WT_ARROW,  // ->
  CV_WT_PUNCT,  // one character: = , : ; ( ) { } < > * / . @
  CV_WT_ERROR,
} cv_wit_token_kind;

typedef struct cv_wit_token {
  cv_wit_token_kind kind;
  uint32_t at, end;
  cv_bytes text; // word and identifier without `%`
} cv_wit_token;

// The lexer: `token` is the current one; documentation comments before it are collected.
typedef struct cv_wit_lexer {
  const cv_wit_file *file;
  cv_wit_token token;
  uint32_t docs_start, docs_end; // the run of comments before the token, 0 and 0 for none
  const char *error;             // CV_WT_ERROR
} cv_wit_lexer;

void cv_wit_lexer_init(cv_wit_lexer *lexer, const cv_wit_file *file);
void cv_wit_next(cv_wit_lexer *lexer);
// A semantic version that starts at the current token; afterwards the token behind it is current. Empty when there is
// none.
cv_bytes cv_wit_version(cv_wit_lexer *lexer);
// The text of the documentation before the current token, cleaned, in the arena.
CV_MUST_USE cv_status cv_wit_docs(const cv_wit_lexer *lexer, cv_arena *arena, cv_bytes *out);
bool cv_wit_is_label(cv_bytes word);

CV_COLD CV_PRINTF(5, 6) cv_status
    cv_wit_fail(cv_wit *wit, cv_wit_place place, cv_status status, cv_diag *diag, const char *fmt, ...);
// One more name of a scope at hand. Names of one scope are compared with each other, and looked up one by one: so there
// cannot be more than this many.
enum { CV_WIT_MAX_NAMES = 10000 };
CV_MUST_USE cv_status cv_wit_count_name(cv_wit *wit, cv_wit_place place, uint32_t *count, cv_diag *diag);
#define CV_BYTES_ARG(b) (int)(b).size, (const char *)(b).data // for "%.*s"

#endif
