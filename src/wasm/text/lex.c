// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lex.c: characters to tokens. One pass, no recursion: comments and annotations count their depth.
#include "wasm/text/lex.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "wasm/limits.h"

enum { SPACE = 1, IDCHAR = 2, DIGIT = 4, HEX = 8, LOWER = 16 };

// Classes of the ASCII characters.
static uint8_t class_of(uint8_t c) {
  if (c >= '0' && c <= '9')
    return IDCHAR | DIGIT | HEX;
  if (c >= 'a' && c <= 'z')
    return c <= 'f' ? IDCHAR | LOWER | HEX : IDCHAR | LOWER;
  if (c >= 'A' && c <= 'Z')
    return c <= 'F' ? IDCHAR | HEX : IDCHAR;
  switch (c) {
  case ' ':
  case '\t':
  case '\n':
  case '\r':
    return SPACE;
  case '"':
  case '(':
  case ')':
  case ',':
  case ';':
  case '[':
  case ']':
  case '{':
  case '}':
    return 0;
  default:
    return c > ' ' && c < 0x7f ? IDCHAR : 0;
  }
}

typedef struct lexer {
  cv_text *text;
  const uint8_t *start, *at, *end;
  const char *error;       // set once
  const uint8_t *error_at; // its place
  CV_VEC(uint32_t) open;   // indices of the parentheses that wait for their match
} lexer;

static bool is_idchar(const lexer *l, const uint8_t *p) {
  return p < l->end && (class_of(*p) & IDCHAR) != 0;
}

static void set_error(lexer *l, const uint8_t *at, const char *text) {
  if (l->error == NULL) {
    l->error = text;
    l->error_at = at;
  }
}

// Length of the well-formed character at p, 0 when it is malformed.
static size_t char_length(const lexer *l, const uint8_t *p) {
  uint32_t code_point;
  return *p < 0x80 ? 1 : cv_utf8_decode(p, (size_t)(l->end - p), &code_point);
}

// ---- strings -------------------------------------------------------------------------------------------------------

static unsigned hex_value(uint8_t c) {
  return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

// Length of \u{...} at p (which is at the `u`), 0 when malformed.
static size_t unicode_escape(const lexer *l, const uint8_t *p, uint32_t *value) {
  const uint8_t *s = p + 1;
  if (s >= l->end || *s != '{')
    return 0;
  uint32_t v = 0;
  bool digit = false;
  for (s++; s < l->end && *s != '}'; s++) {
    if (*s == '_' && digit && s[-1] != '_')
      continue;
    if ((class_of(*s) & HEX) == 0)
      return 0;
    digit = true;
    v = v << 4 | hex_value(*s);
    if (v > 0x10ffff)
      return 0;
  }
  uint8_t encoded[4];
  if (s >= l->end || !digit || s[-1] == '_' || cv_utf8_encode(v, encoded) == 0)
    return 0;
  *value = v;
  return (size_t)(s + 1 - p);
}

// The end of the string that starts at the quote at p; NULL, with *why, when it is malformed.
static const uint8_t *scan_string(const lexer *l, const uint8_t *p, const char **why, const uint8_t **where) {
  for (p++;;) {
    *where = p;
    if (p >= l->end || *p == '\n' || *p == '\r') {
      *why = "unclosed string literal";
      return NULL;
    }
    if (*p == '"')
      return p + 1;
    if (*p < ' ' || *p == 0x7f) {
      *why = "illegal control character in string literal";
      return NULL;
    }
    size_t n = char_length(l, p);
    if (n == 0) {
      *why = "malformed UTF-8 encoding";
      return NULL;
    }
    if (*p != '\\') {
      p += n;
      continue;
    }
    p++;
    uint32_t value;
    if (p < l->end && memchr("nrt\\'\"", *p, 6) != NULL) {
      p++;
    } else if (p < l->end && *p == 'u' && (n = unicode_escape(l, p, &value)) != 0) {
      p += n;
    } else if (l->end - p >= 2 && (class_of(p[0]) & HEX) != 0 && (class_of(p[1]) & HEX) != 0) {
      p += 2;
    } else {
      *why = "illegal escape";
      return NULL;
    }
  }
}

size_t cv_text_unescape(const char *token, size_t size, uint8_t *out) {
  const uint8_t *p = (const uint8_t *)token + 1, *end = (const uint8_t *)token + size - 1;
  lexer l = {.end = end};
  uint8_t *o = out;
  while (p < end) {
    if (*p != '\\') {
      *o++ = *p++;
      continue;
    }
    p++;
    uint32_t value = 0;
    switch (*p) {
    case 'n':
      *o++ = '\n', p++;
      break;
    case 'r':
      *o++ = '\r', p++;
      break;
    case 't':
      *o++ = '\t', p++;
      break;
    case '\\':
    case '\'':
    case '"':
      *o++ = *p++;
      break;
    case 'u':
      p += unicode_escape(&l, p, &value);
      o += cv_utf8_encode(value, o);
      break;
    default:
      *o++ = (uint8_t)(hex_value(p[0]) << 4 | hex_value(p[1]));
      p += 2;
    }
  }
  return (size_t)(o - out);
}

// ---- white space ---------------------------------------------------------------------------------------------------

static void skip_line_comment(lexer *l) {
  while (l->at < l->end && *l->at != '\n' && *l->at != '\r') {
    size_t n = char_length(l, l->at);
    if (n == 0) {
      set_error(l, l->at, "malformed UTF-8 encoding");
      return;
    }
    l->at += n;
  }
}

static void skip_block_comment(lexer *l) {
  const uint8_t *start = l->at;
  size_t depth = 0;
  for (;;) {
    if (l->at >= l->end) {
      set_error(l, start, "unclosed comment");
      return;
    }
    bool two = l->end - l->at >= 2;
    if (two && l->at[0] == '(' && l->at[1] == ';') {
      depth++;
      l->at += 2;
    } else if (two && l->at[0] == ';' && l->at[1] == ')') {
      l->at += 2;
      if (--depth == 0)
        return;
    } else {
      size_t n = char_length(l, l->at);
      if (n == 0) {
        set_error(l, l->at, "malformed UTF-8 encoding");
        return;
      }
      l->at += n;
    }
  }
}

// True at the start of a comment, which it then skips.
static bool skip_comment(lexer *l) {
  if (l->end - l->at < 2)
    return false;
  if (l->at[0] == ';' && l->at[1] == ';') {
    skip_line_comment(l);
    return true;
  }
  if (l->at[0] == '(' && l->at[1] == ';') {
    skip_block_comment(l);
    return true;
  }
  return false;
}

// One character or string inside an annotation; parentheses change *depth.
static void skip_annot_item(lexer *l, size_t *depth) {
  const char *why = NULL;
  const uint8_t *where = NULL, *after;
  uint8_t c = *l->at;
  if (c == '"') {
    after = scan_string(l, l->at, &why, &where);
    if (after == NULL)
      set_error(l, where, why);
    else
      l->at = after;
    return;
  }
  if (c == '(')
    ++*depth;
  else if (c == ')')
    --*depth;
  else if ((class_of(c) & (SPACE | IDCHAR)) == 0 && (c < ' ' || c >= 0x7f))
    set_error(l, l->at, c >= 0x80 && char_length(l, l->at) == 0 ? "malformed UTF-8 encoding" : "illegal character");
  l->at++;
}

// A quoted id is a name, and names are valid UTF-8.
static cv_status check_annot_id(lexer *l, const uint8_t *id, size_t size) {
  uint8_t *decoded = cv_mem_alloc(l->text->mem, size);
  if (decoded == NULL)
    return CV_ENOMEM;
  if (!cv_utf8_is_valid((cv_bytes){decoded, cv_text_unescape((const char *)id, size, decoded)}))
    set_error(l, id, "malformed UTF-8 encoding");
  cv_mem_free(l->text->mem, decoded, size);
  return CV_OK;
}

static cv_status lex_annot(lexer *l) {
  cv_annot annot = {.token = (uint32_t)l->text->tokens.count, .at = (uint32_t)(l->at - l->start)};
  const uint8_t *start = l->at, *where;
  const char *why;
  l->at += 2;
  annot.id = (uint32_t)(l->at - l->start);
  if (is_idchar(l, l->at)) {
    while (is_idchar(l, l->at))
      l->at++;
  } else if (l->at < l->end && *l->at == '"' && scan_string(l, l->at, &why, &where) != NULL) {
    const uint8_t *after = scan_string(l, l->at, &why, &where);
    if (after - l->at == 2)
      set_error(l, start, "empty annotation id");
    CV_TRY(check_annot_id(l, l->at, (size_t)(after - l->at)));
    l->at = after;
  } else {
    set_error(l, start, "empty annotation id");
    return CV_OK;
  }
  annot.body = (uint32_t)(l->at - l->start);
  size_t depth = 1;
  while (l->error == NULL) {
    if (l->at >= l->end) {
      set_error(l, start, "unclosed annotation");
      break;
    }
    if (skip_comment(l))
      continue;
    skip_annot_item(l, &depth);
    if (depth == 0)
      break;
  }
  annot.end = (uint32_t)(l->at - l->start - 1);
  return cv_vec_push(l->text->mem, &l->text->annots, annot);
}

// ---- numbers -------------------------------------------------------------------------------------------------------

// num and hexnum: digits with single underscores between them. NULL when there is none at p.
static const uint8_t *scan_digits(const uint8_t *p, const uint8_t *end, uint8_t class) {
  if (p >= end || (class_of(*p) & class) == 0)
    return NULL;
  for (;;) {
    while (p < end && (class_of(*p) & class) != 0)
      p++;
    if (end - p >= 2 && *p == '_' && (class_of(p[1]) & class) != 0)
      p++;
    else
      return p;
  }
}

cv_token_kind cv_text_number_kind(const uint8_t *start, const uint8_t *end) {
  const uint8_t *p = start;
  if (p == end)
    return CV_TOK_RESERVED;
  bool sign = *p == '+' || *p == '-';
  p += sign;
  size_t left = (size_t)(end - p);
  if (left == 3 && (memcmp(p, "inf", 3) == 0 || memcmp(p, "nan", 3) == 0))
    return CV_TOK_FLOAT;
  if (left > 6 && memcmp(p, "nan:0x", 6) == 0)
    return scan_digits(p + 6, end, HEX) == end ? CV_TOK_FLOAT : CV_TOK_RESERVED;
  bool hex = left > 2 && p[0] == '0' && p[1] == 'x';
  p = scan_digits(hex ? p + 2 : p, end, hex ? HEX : DIGIT);
  if (p == NULL)
    return CV_TOK_RESERVED;
  if (p == end)
    return sign ? CV_TOK_INT : CV_TOK_NAT;
  if (*p == '.') {
    p++;
    const uint8_t *fraction = scan_digits(p, end, hex ? HEX : DIGIT);
    p = fraction != NULL ? fraction : p;
  }
  if (p < end && (*p | 0x20) == (hex ? 'p' : 'e')) {
    p++;
    p += p < end && (*p == '+' || *p == '-');
    p = scan_digits(p, end, DIGIT);
  }
  return p == end ? CV_TOK_FLOAT : CV_TOK_RESERVED;
}

// ---- tokens --------------------------------------------------------------------------------------------------------

static cv_status push(lexer *l, cv_token_kind kind, const uint8_t *at, uint32_t extent) {
  return cv_vec_push(l->text->mem, &l->text->tokens,
                     (cv_token){.at = (uint32_t)(at - l->start), .extent = extent, .kind = (uint8_t)kind});
}

static cv_token_kind word_kind(lexer *l, const uint8_t *p, const uint8_t *end, unsigned strings) {
  if (*p == '$') {
    if (end - p == 1 || (end - p == 3 && strings == 1)) {
      set_error(l, p, "empty identifier");
      return CV_TOK_ERROR;
    }
    if (strings == 0)
      return CV_TOK_ID;
    return strings == 1 && p[1] == '"' && end[-1] == '"' ? CV_TOK_QUOTED : CV_TOK_RESERVED;
  }
  if (strings != 0)
    return strings == 1 && *p == '"' && end[-1] == '"' ? CV_TOK_STRING : CV_TOK_RESERVED;
  cv_token_kind kind = cv_text_number_kind(p, end);
  if (kind != CV_TOK_RESERVED)
    return kind;
  return (class_of(*p) & LOWER) != 0 ? CV_TOK_WORD : CV_TOK_RESERVED;
}

// The longest run of identifier characters and strings.
static cv_status lex_word(lexer *l) {
  const uint8_t *start = l->at, *p = l->at, *where = p;
  const char *why = NULL;
  unsigned strings = 0;
  for (;;) {
    while (is_idchar(l, p))
      p++;
    if (p >= l->end || *p != '"')
      break;
    const uint8_t *after = scan_string(l, p, &why, &where);
    if (after == NULL)
      break;
    strings += strings < 2;
    p = after;
  }
  if (p == start) {
    set_error(l, where, why);
    return CV_OK;
  }
  l->at = p;
  cv_token_kind kind = word_kind(l, start, p, strings);
  return kind == CV_TOK_ERROR ? CV_OK : push(l, kind, start, (uint32_t)(p - start));
}

static cv_status lex_one(lexer *l) {
  uint8_t c = *l->at;
  if ((class_of(c) & SPACE) != 0) {
    l->at++;
    return CV_OK;
  }
  if (skip_comment(l))
    return CV_OK;
  if (c == '(' && l->end - l->at >= 2 && l->at[1] == '@')
    return lex_annot(l);
  if (c == '(') {
    CV_TRY(cv_vec_push(l->text->mem, &l->open, (uint32_t)l->text->tokens.count));
    return push(l, CV_TOK_LPAR, l->at++, 0);
  }
  if (c == ')') {
    if (l->open.count != 0)
      l->text->tokens.data[cv_vec_pop(&l->open)].extent = (uint32_t)l->text->tokens.count;
    return push(l, CV_TOK_RPAR, l->at++, 1);
  }
  if (c == '"' || (class_of(c) & IDCHAR) != 0)
    return lex_word(l);
  if (c >= 0x80)
    set_error(l, l->at, char_length(l, l->at) == 0 ? "malformed UTF-8 encoding" : "misplaced unicode character");
  else if (c < ' ' || c == 0x7f)
    set_error(l, l->at, "misplaced control character");
  else
    return push(l, CV_TOK_RESERVED, l->at++, 1);
  return CV_OK;
}

cv_status cv_text_init(cv_text *text, cv_mem *mem, const char *source, size_t size, cv_diag *diag) {
  *text = (cv_text){.mem = mem, .source = size != 0 ? source : ""};
  if (size >= CV_MAX_MODULE_SIZE)
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "the text has %zu bytes, more than the limit of %d", size,
                   CV_MAX_MODULE_SIZE);
  text->size = (uint32_t)size;
  lexer l = {.text = text, .start = (const uint8_t *)text->source};
  l.at = l.start;
  l.end = l.start + size;
  cv_status status = cv_vec_reserve(mem, &text->tokens, size / 6 + 16);
  while (status == CV_OK && l.error == NULL && l.at < l.end)
    status = lex_one(&l);
  if (status == CV_OK)
    status = push(&l, l.error != NULL ? CV_TOK_ERROR : CV_TOK_END, l.error != NULL ? l.error_at : l.end, 0);
  text->error = l.error;
  while (status == CV_OK && l.open.count != 0)
    text->tokens.data[cv_vec_pop(&l.open)].extent = (uint32_t)text->tokens.count - 1;
  cv_vec_free(mem, &l.open);
  if (status != CV_OK) {
    cv_text_free(text);
    return cv_fail(diag, status, CV_NO_OFFSET, "out of memory while reading a text of %zu bytes", size);
  }
  return CV_OK;
}

void cv_text_free(cv_text *text) {
  if (text->mem == NULL)
    return;
  cv_vec_free(text->mem, &text->tokens);
  cv_vec_free(text->mem, &text->annots);
}

void cv_text_place(const cv_text *text, cv_text_cursor *c, uint32_t at, uint32_t *line, uint32_t *column) {
  if (c->line == 0 || at < c->at)
    *c = (cv_text_cursor){.line = 1};
  for (uint32_t i = c->at; i < at && i < text->size; i++) {
    if (text->source[i] == '\n') {
      c->line++;
      c->line_start = i + 1;
    }
  }
  c->at = at;
  *line = c->line;
  *column = at - c->line_start + 1;
}

cv_status cv_text_fail(const cv_text *text, uint32_t at, cv_diag *diag, const char *fmt, ...) {
  char sentence[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, args);
  va_end(args);
  if (diag == NULL || diag->status != CV_OK)
    return CV_EMALFORMED;
  cv_status status = cv_fail(diag, CV_EMALFORMED, CV_NO_OFFSET, "%s", sentence);
  cv_text_cursor cursor = {0};
  cv_text_place(text, &cursor, at, &diag->line, &diag->column);
  return status;
}
