// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse.h: what the files of the parser share. The grammar of WIT is read by recursive descent, one function for each
// production. Names stay names; resolve.c makes pointers of them.
//
//   parse_head.c   tokens; documentation, gates, paths
//   parse_types.c  types, and what has them
//   parse.c        interfaces, worlds, packages
//
// Functions that read leave the token behind what they read as the current one.
#ifndef COVE_WIT_PARSE_H
#define COVE_WIT_PARSE_H

#include "wit/syntax.h"

typedef struct cv_wit_parser {
  cv_wit *wit;
  cv_wit_lexer lex;
  cv_wit_file *file;
  cv_diag *diag;
  cv_wit_package *package; // whose items are being read
  uint32_t depth;          // of types
} cv_wit_parser;

#define CV_WIT_NEW(p, type) CV_ARENA_NEW(&(p)->wit->arena, type)

// ---- parse_head.c ----
CV_COLD cv_status cv_wit_parse_no_memory(cv_wit_parser *p);
// "expected WHAT, found TOKEN"
CV_COLD cv_status cv_wit_unexpected(cv_wit_parser *p, const char *what);
cv_wit_place cv_wit_here(const cv_wit_parser *p);
bool cv_wit_at_punct(const cv_wit_parser *p, char c);
bool cv_wit_at_word(const cv_wit_parser *p, const char *word);
bool cv_wit_at_id(const cv_wit_parser *p);
// Passes it where it stands, and says whether it does; or fails where it does not.
bool cv_wit_accept_punct(cv_wit_parser *p, char c);
bool cv_wit_accept_word(cv_wit_parser *p, const char *word);
CV_MUST_USE cv_status cv_wit_expect_punct(cv_wit_parser *p, char c);
CV_MUST_USE cv_status cv_wit_expect_word(cv_wit_parser *p, const char *word);
CV_MUST_USE cv_status cv_wit_read_id(cv_wit_parser *p, cv_bytes *out);
CV_MUST_USE cv_status cv_wit_read_version(cv_wit_parser *p, cv_bytes *out);
CV_MUST_USE cv_status cv_wit_read_head(cv_wit_parser *p, cv_wit_head *head);
CV_MUST_USE cv_status cv_wit_read_path(cv_wit_parser *p, cv_wit_path *path);

// ---- parse_types.c ----
CV_MUST_USE cv_status cv_wit_read_type(cv_wit_parser *p, cv_wit_type **out);
typedef enum cv_wit_part_form {
  CV_WIT_PART_TYPED, // a: T
  CV_WIT_PART_CASE,  // a, or a(T)
  CV_WIT_PART_BARE,  // a
} cv_wit_part_form;
// Parts up to the closing punctuation, which is passed; separated by commas, of which one may end the list.
CV_MUST_USE cv_status cv_wit_read_parts(cv_wit_parser *p, cv_wit_part_form form, char close, cv_wit_part **last);
CV_MUST_USE cv_status cv_wit_new_func(cv_wit_parser *p, const cv_wit_head *head, cv_wit_func **last, cv_wit_func **out);
CV_MUST_USE cv_status cv_wit_read_func_type(cv_wit_parser *p, cv_wit_func *func);

#endif
