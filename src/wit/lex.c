// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lex.c: the lexical level of WIT (WIT.md, "Lexical structure").
#include "wit/syntax.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const keywords[] = {"as",      "async",   "bool",      "borrow", "char",    "constructor", "enum",
                                       "export",  "f32",     "f64",       "flags",  "from",    "func",        "future",
                                       "import",  "include", "interface", "list",   "map",     "option",      "own",
                                       "package", "record",  "resource",  "result", "s16",     "s32",         "s64",
                                       "s8",      "static",  "stream",    "string", "tuple",   "type",        "u16",
                                       "u32",     "u64",     "u8",        "use",    "variant", "with",        "world"};

bool cv_wit_is_keyword(cv_bytes word) {
  for (size_t i = 0; i < CV_COUNT(keywords); i++)
    if (cv_bytes_equal(word, cv_bytes_of(keywords[i])))
      return true;
  return false;
}

static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
static bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_alnum(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c);
}

// Words joined by hyphens, each in one case; the first starts with a letter (Explainer.md, `label`).
bool cv_wit_is_label(cv_bytes word) {
  bool start = true, upper = false, lower = false;
  if (word.size == 0 || is_digit((char)word.data[0]))
    return false;
  for (size_t i = 0; i < word.size; i++) {
    char c = (char)word.data[i];
    if (c == '-') {
      if (start)
        return false;
      start = true;
      upper = lower = false;
      continue;
    }
    upper |= is_upper(c);
    lower |= is_lower(c);
    if (!is_alnum(c) || (upper && lower))
      return false;
    start = false;
  }
  return !start;
}

// The end of a comment that starts at `at`, or 0 when a block comment does not end. Block comments nest.
static uint32_t comment_end(const cv_wit_file *file, uint32_t at) {
  const char *text = file->text;
  if (text[at + 1] == '/') {
    while (at < file->size && text[at] != '\n')
      at++;
    return at;
  }
  uint32_t depth = 0;
  while (at + 1 < file->size) {
    if (text[at] == '/' && text[at + 1] == '*') {
      depth++;
      at += 2;
    } else if (text[at] == '*' && text[at + 1] == '/') {
      at += 2;
      if (--depth == 0)
        return at;
    } else {
      at++;
    }
  }
  return 0;
}

// True for "///" and "/**", and not for "/**/".
static bool is_doc(const char *text, uint32_t start, uint32_t end) {
  return end - start >= 3 && (text[start + 2] == text[start + 1]) && !(text[start + 1] == '*' && end - start == 4);
}

// Steps over white space and comments; notes documentation.
static uint32_t skip_space(cv_wit_lexer *lexer, uint32_t at) {
  const cv_wit_file *file = lexer->file;
  const char *text = file->text;
  lexer->docs_start = lexer->docs_end = 0;
  while (at < file->size) {
    char c = text[at];
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      at++;
      continue;
    }
    if (c != '/' || (text[at + 1] != '/' && text[at + 1] != '*'))
      break;
    uint32_t end = comment_end(file, at);
    if (end == 0) {
      lexer->error = "this comment has no end";
      return at;
    }
    if (is_doc(text, at, end)) {
      if (lexer->docs_end == 0)
        lexer->docs_start = at;
      lexer->docs_end = end;
    } else {
      lexer->docs_start = lexer->docs_end = 0;
    }
    at = end;
  }
  return at;
}

static void set_word(cv_wit_lexer *lexer, uint32_t at) {
  const char *text = lexer->file->text;
  cv_wit_token *t = &lexer->token;
  uint32_t start = at;
  if (text[at] == '%') {
    t->kind = CV_WT_ID;
    start = ++at;
  } else {
    t->kind = is_digit(text[at]) ? CV_WT_INT : CV_WT_WORD;
  }
  while (is_alnum(text[at]) || (text[at] == '-' && t->kind != CV_WT_INT && text[at + 1] != '>'))
    at++;
  t->end = at;
  t->text = (cv_bytes){(const uint8_t *)text + start, at - start};
  if (t->kind == CV_WT_INT ? t->text.size == 0 : !cv_wit_is_label(t->text)) {
    t->kind = CV_WT_ERROR;
    lexer->error = "this is not an identifier: words in lower or in upper case, joined by hyphens";
  }
}

void cv_wit_next(cv_wit_lexer *lexer) {
  const cv_wit_file *file = lexer->file;
  const char *text = file->text;
  cv_wit_token *t = &lexer->token;
  lexer->error = NULL;
  uint32_t at = skip_space(lexer, t->end);
  t->at = at;
  t->end = at;
  t->text = (cv_bytes){(const uint8_t *)text + at, 0};
  if (lexer->error) {
    t->kind = CV_WT_ERROR;
  } else if (at >= file->size) {
    t->kind = CV_WT_END;
  } else if (is_alnum(text[at]) || text[at] == '%') {
    set_word(lexer, at);
  } else if (text[at] == '-' && text[at + 1] == '>') {
    t->kind = CV_WT_ARROW;
    t->end = at + 2;
  } else if (text[at] == '"') {
    uint32_t end = at + 1;
    while (end < file->size && text[end] != '"' && text[end] != '\n')
      end += text[end] == '\\' && end + 1 < file->size ? 2 : 1;
    t->kind = end < file->size && text[end] == '"' ? CV_WT_STRING : CV_WT_ERROR;
    lexer->error = "this string has no end";
    t->end = CV_MIN(end + 1, file->size);
    t->text = (cv_bytes){(const uint8_t *)text + at + 1, end - at - 1};
  } else if (text[at] != 0 && strchr("=,:;(){}<>*/.@_", text[at])) {
    t->kind = CV_WT_PUNCT;
    t->end = at + 1;
    t->text.size = 1;
  } else {
    t->kind = CV_WT_ERROR;
    t->end = at + 1;
    lexer->error = "this character has no place in WIT";
  }
}

void cv_wit_lexer_init(cv_wit_lexer *lexer, const cv_wit_file *file) {
  *lexer = (cv_wit_lexer){.file = file};
  cv_wit_next(lexer);
}

// major.minor.patch, each without leading zeros; -identifiers and +identifiers. A '.' that no identifier follows is not
// part of it: `use a:b/c@1.0.0.{d}`.
cv_bytes cv_wit_version(cv_wit_lexer *lexer) {
  const char *text = lexer->file->text;
  uint32_t start = lexer->token.at, at = start;
  for (int part = 0; part < 3; part++) {
    uint32_t digits = at;
    while (is_digit(text[at]))
      at++;
    if (at == digits || (text[digits] == '0' && at > digits + 1) || (part < 2 && text[at++] != '.'))
      return (cv_bytes){NULL, 0};
  }
  for (const char *mark = "-+"; *mark; mark++) {
    if (text[at] != *mark || !(is_alnum(text[at + 1]) || text[at + 1] == '-'))
      continue;
    at++;
    while (is_alnum(text[at]) || text[at] == '-' ||
           (text[at] == '.' && (is_alnum(text[at + 1]) || text[at + 1] == '-')))
      at++;
  }
  lexer->token.end = at;
  cv_wit_next(lexer);
  return (cv_bytes){(const uint8_t *)text + start, at - start};
}

// One line of documentation: without the space before it and those after it. Empty lines at the start are left out.
static void put_doc_line(cv_bytes line, uint8_t *to, size_t *size) {
  const uint8_t *at = line.data;
  if (line.size > 0 && at[0] == ' ') {
    at++;
    line.size--;
  }
  while (line.size > 0 && (at[line.size - 1] == ' ' || at[line.size - 1] == '\r'))
    line.size--;
  if (line.size > 0)
    memcpy(to + *size, at, line.size);
  *size += line.size;
  if (*size > 0)
    to[(*size)++] = '\n';
}

// What a block comment says, from `at` to `end`: its lines but the first may have white space and an asterisk before
// them.
static void put_doc_block(const char *text, uint32_t at, uint32_t end, uint8_t *to, size_t *size) {
  for (bool is_first = true; at <= end; is_first = false) {
    while (!is_first && at < end && (text[at] == ' ' || text[at] == '\t'))
      at++;
    at += !is_first && at < end && text[at] == '*';
    uint32_t line = at;
    while (line < end && text[line] != '\n')
      line++;
    if (line > at || line < end || is_first)
      put_doc_line((cv_bytes){(const uint8_t *)text + at, line - at}, to, size);
    at = line + 1;
  }
}

// Marks, and one space after them, are left out: "/// a" and " * a" become "a".
cv_status cv_wit_docs(const cv_wit_lexer *lexer, cv_arena *arena, cv_bytes *out) {
  const char *text = lexer->file->text;
  uint32_t at = lexer->docs_start, end = lexer->docs_end;
  *out = (cv_bytes){NULL, 0};
  if (at == end)
    return CV_OK;
  uint8_t *to = cv_arena_alloc(arena, end - at + 2);
  if (!to)
    return CV_ENOMEM;
  size_t size = 0;
  while (at < end) {
    if (text[at] != '/') { // between comments
      at++;
      continue;
    }
    uint32_t after = comment_end(lexer->file, at), from = at + 3;
    if (text[at + 1] == '*')
      put_doc_block(text, from, after - 2, to, &size);
    else
      put_doc_line((cv_bytes){(const uint8_t *)text + from, after - from}, to, &size);
    at = after;
  }
  while (size >= 2 && to[size - 1] == '\n' && to[size - 2] == '\n')
    size--;
  *out = (cv_bytes){to, size};
  return CV_OK;
}

cv_status cv_wit_fail(cv_wit *wit, cv_wit_place place, cv_status status, cv_diag *diag, const char *fmt, ...) {
  char sentence[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, args);
  va_end(args);
  cv_diag_record(diag, status, CV_NO_OFFSET, "%s", sentence);
  if (diag && place.file) {
    diag->line = 1;
    uint32_t start = 0;
    for (uint32_t i = 0; i < place.at && i < place.file->size; i++)
      if (place.file->text[i] == '\n') {
        diag->line++;
        start = i + 1;
      }
    diag->column = place.at - start + 1;
  }
  wit->error_file = place.file;
  return status;
}
