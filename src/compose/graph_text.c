// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph_text.c: the parser of compositions: the part of the WAC language that says which components are instantiated
// with what. Its declarations of types, which are WIT, are not built.
//
//   document   package NAME ; statement...
//   statement  import ID [as NAME] : PATH ;  |  let ID = expr ;  |  export expr [as NAME | ...] ;
//   expr       (ID | ( expr ) | new PACKAGE { [arg, ...] }) (. ID | [ STRING ])...
//   arg        ID  |  NAME : expr  |  ... ID  |  ...  (the last)
#include "compose/graph_text.h"

#include "wit/syntax.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_DEPTH = 100, MAX_TEXT = 1 << 24 };

typedef enum token_kind {
  TOKEN_END,
  TOKEN_WORD,
  TOKEN_ID, // %word
  TOKEN_STRING,
  TOKEN_DOTS,  // ...
  TOKEN_PUNCT, // one character
} token_kind;

typedef struct token {
  token_kind kind;
  char punct;
  uint32_t at;
  cv_bytes text; // words without `%`, strings without quotes
} token;

typedef struct parser {
  cv_gt_document *document;
  cv_arena *arena;
  cv_diag *diag;
  uint32_t at; // behind the current token
  token token;
  uint32_t depth;
} parser;

void cv_gt_place(const cv_gt_document *document, uint32_t at, cv_diag *diag) {
  if (diag->line != 0)
    return;
  diag->line = diag->column = 1;
  for (uint32_t i = 0; i < at && i < document->size; i++) {
    diag->column++;
    if (document->text[i] == '\n') {
      diag->line++;
      diag->column = 1;
    }
  }
}

CV_COLD CV_PRINTF(4, 5) static cv_status fail_at(parser *p, uint32_t at, cv_status status, const char *fmt, ...) {
  char text[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  cv_diag_record(p->diag, status, CV_NO_OFFSET, "%s", text);
  cv_gt_place(p->document, at, p->diag);
  return status;
}

static CV_COLD cv_status no_memory(parser *p) {
  return cv_fail(p->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

#define NEW(p, type, variable)                                                                                         \
  type *variable = CV_ARENA_NEW((p)->arena, type);                                                                     \
  if (!variable)                                                                                                       \
  return no_memory(p)

// Names in messages, cut.
#define SHOWN(b) (int)CV_MIN((b).size, (size_t)60), (const char *)(b).data

// ---- tokens --------------------------------------------------------------------------------------------------------

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static char char_at(const parser *p, uint32_t at) {
  return at < p->document->size ? p->document->text[at] : '\0';
}

// Spaces and comments; block comments nest.
static cv_status skip(parser *p) {
  for (;;) {
    char c = char_at(p, p->at);
    if (p->at < p->document->size && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
      p->at++;
    } else if (c == '/' && char_at(p, p->at + 1) == '/') {
      while (p->at < p->document->size && p->document->text[p->at] != '\n')
        p->at++;
    } else if (c == '/' && char_at(p, p->at + 1) == '*') {
      uint32_t start = p->at, depth = 0;
      do {
        if (p->at >= p->document->size)
          return fail_at(p, start, CV_EMALFORMED, "a comment does not end");
        bool opens = char_at(p, p->at) == '/' && char_at(p, p->at + 1) == '*';
        bool closes = char_at(p, p->at) == '*' && char_at(p, p->at + 1) == '/';
        p->at += opens || closes ? 2 : 1;
        depth += opens;
        depth -= closes;
      } while (depth != 0);
    } else {
      return CV_OK;
    }
  }
}

static cv_bytes slice(const parser *p, uint32_t from, uint32_t to) {
  return (cv_bytes){(const uint8_t *)p->document->text + from, to - from};
}

static cv_status next_word(parser *p) {
  token *t = &p->token;
  uint32_t start = p->at;
  if (char_at(p, p->at) == '%')
    start = ++p->at;
  while (p->at < p->document->size && is_word(p->document->text[p->at]))
    p->at++;
  t->kind = start == t->at ? TOKEN_WORD : TOKEN_ID;
  t->text = slice(p, start, p->at);
  if (!cv_wit_is_label(t->text))
    return fail_at(p, t->at, CV_EMALFORMED, "`%.*s` is no name: words of letters and digits, joined by hyphens",
                   SHOWN(t->text));
  return CV_OK;
}

static cv_status next_string(parser *p) {
  uint32_t start = ++p->at;
  while (p->at < p->document->size && p->document->text[p->at] != '"' && p->document->text[p->at] != '\n')
    p->at++;
  p->token.kind = TOKEN_STRING;
  p->token.text = slice(p, start, p->at);
  if (char_at(p, p->at) != '"')
    return fail_at(p, p->token.at, CV_EMALFORMED, "a string does not end");
  p->at++;
  return CV_OK;
}

static cv_status next(parser *p) {
  CV_TRY(skip(p));
  p->token = (token){.kind = TOKEN_END, .at = p->at};
  if (p->at >= p->document->size)
    return CV_OK;
  char c = p->document->text[p->at];
  if (is_word(c) || c == '%')
    return next_word(p);
  if (c == '"')
    return next_string(p);
  if (c == '.' && char_at(p, p->at + 1) == '.' && char_at(p, p->at + 2) == '.') {
    p->token.kind = TOKEN_DOTS;
    p->token.text = slice(p, p->at, p->at + 3);
    p->at += 3;
    return CV_OK;
  }
  if (!memchr(";:,.{}()[]=/@", c, 13))
    return fail_at(p, p->at, CV_EMALFORMED, c > ' ' && c < 127 ? "unexpected `%c`" : "unexpected byte 0x%02x",
                   (unsigned char)c);
  p->token.kind = TOKEN_PUNCT;
  p->token.punct = c;
  p->token.text = slice(p, p->at, p->at + 1);
  p->at++;
  return CV_OK;
}

static CV_COLD cv_status expected(parser *p, const char *what) {
  const token *t = &p->token;
  if (t->kind == TOKEN_END)
    return fail_at(p, t->at, CV_EMALFORMED, "expected %s, but the text ends", what);
  return fail_at(p, t->at, CV_EMALFORMED, "expected %s, found `%.*s`", what, SHOWN(t->text));
}

static bool is_punct(const parser *p, char c) {
  return p->token.kind == TOKEN_PUNCT && p->token.punct == c;
}

static bool is_keyword(const parser *p, const char *word) {
  return p->token.kind == TOKEN_WORD && cv_bytes_equal(p->token.text, cv_bytes_of(word));
}

static cv_status take_punct(parser *p, char c) {
  char what[] = {'`', c, '`', '\0'};
  return is_punct(p, c) ? next(p) : expected(p, what);
}

// A word that stands for itself after another sign.
static cv_status take_word(parser *p, const char *what, cv_bytes *out) {
  if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_ID)
    return expected(p, what);
  *out = p->token.text;
  return next(p);
}

// A name that the text gives.
static cv_status take_id(parser *p, const char *what, cv_bytes *out) {
  bool reserved = is_keyword(p, "let") || is_keyword(p, "new") || is_keyword(p, "targets") ||
                  (p->token.kind == TOKEN_WORD && cv_wit_is_keyword(p->token.text));
  if (reserved)
    return fail_at(p, p->token.at, CV_EMALFORMED, "`%.*s` is a keyword: as a name it is written `%%%.*s`",
                   SHOWN(p->token.text), SHOWN(p->token.text));
  return take_word(p, what, out);
}

static cv_status take_name(parser *p, cv_bytes *out, bool *is_exact) {
  if (p->token.kind != TOKEN_STRING)
    return take_id(p, "a name", out);
  *out = p->token.text;
  *is_exact = true;
  return next(p);
}

// ---- names of packages ---------------------------------------------------------------------------------------------

// The version behind `@`, which is the current token: a run of characters.
static cv_status take_version(parser *p, cv_buf *out) {
  uint32_t start = p->at;
  while (p->at < p->document->size &&
         (is_word(p->document->text[p->at]) || p->document->text[p->at] == '.' || p->document->text[p->at] == '+'))
    p->at++;
  if (p->at == start)
    return fail_at(p, start, CV_EMALFORMED, "expected a version like 1.2.3 after `@`");
  cv_buf_byte(out, '@');
  cv_buf_bytes(out, p->document->text + start, p->at - start);
  return next(p);
}

static cv_status put_path(parser *p, bool with_interface, cv_buf *out) {
  cv_bytes word = {NULL, 0};
  CV_TRY(take_word(p, "a name like namespace:package", &word));
  cv_buf_bytes(out, word.data, word.size);
  if (!is_punct(p, ':'))
    return expected(p, "`:` and the name of a package");
  while (is_punct(p, ':') || (with_interface && is_punct(p, '/'))) {
    cv_buf_byte(out, (uint8_t)p->token.punct);
    CV_TRY(next(p));
    CV_TRY(take_word(p, "a name", &word));
    cv_buf_bytes(out, word.data, word.size);
  }
  return is_punct(p, '@') ? take_version(p, out) : CV_OK;
}

// "ns:pkg", "ns:pkg/interface@1.0.0", without the spaces between.
static cv_status take_path(parser *p, bool with_interface, cv_bytes *out) {
  cv_buf text;
  cv_buf_init(&text, p->arena->mem);
  cv_status status = put_path(p, with_interface, &text);
  if (status == CV_OK && text.failed)
    status = no_memory(p);
  if (status == CV_OK) {
    *out = (cv_bytes){cv_arena_copy(p->arena, text.data, text.size), text.size};
    status = out->data ? CV_OK : no_memory(p);
  }
  cv_buf_free(&text);
  return status;
}

static cv_status note_package(parser *p, cv_bytes name, uint32_t at) {
  cv_gt_package **last = &p->document->packages;
  for (; *last; last = &(*last)->next)
    if (cv_bytes_equal((*last)->name, name))
      return CV_OK;
  NEW(p, cv_gt_package, package);
  *package = (cv_gt_package){.name = name, .at = at};
  *last = package;
  p->document->package_count++;
  return CV_OK;
}

// ---- expressions ---------------------------------------------------------------------------------------------------

static cv_status parse_expr(parser *p, const cv_gt_expr **out);

static cv_status parse_arg(parser *p, cv_gt_arg *arg) {
  arg->at = p->token.at;
  if (p->token.kind == TOKEN_DOTS) {
    arg->kind = CV_GT_ARG_SPREAD;
    CV_TRY(next(p));
    return take_id(p, "the name of an instance", &arg->name);
  }
  CV_TRY(take_name(p, &arg->name, &arg->is_exact));
  if (!is_punct(p, ':'))
    return arg->is_exact ? expected(p, "`:`") : CV_OK;
  arg->kind = CV_GT_ARG_VALUE;
  CV_TRY(next(p));
  return parse_expr(p, &arg->value);
}

// Whether what follows is the `...` that ends a list.
static bool is_last_dots(parser *p) {
  if (p->token.kind != TOKEN_DOTS)
    return false;
  parser ahead = *p;
  cv_diag ignored;
  cv_diag_init(&ignored);
  ahead.diag = &ignored;
  return next(&ahead) == CV_OK && is_punct(&ahead, '}');
}

static cv_status parse_new(parser *p, cv_gt_expr *e) {
  e->is_new = true;
  CV_TRY(next(p));
  e->at = p->token.at;
  CV_TRY(take_path(p, false, &e->name));
  CV_TRY(note_package(p, e->name, e->at));
  CV_TRY(take_punct(p, '{'));
  cv_gt_arg **last = &e->args;
  while (!is_punct(p, '}')) {
    if (is_last_dots(p)) {
      e->has_implied = true;
      CV_TRY(next(p));
      break;
    }
    NEW(p, cv_gt_arg, arg);
    CV_TRY(parse_arg(p, arg));
    *last = arg;
    last = &arg->next;
    if (!is_punct(p, ','))
      break;
    CV_TRY(next(p));
  }
  return is_punct(p, '}') ? next(p) : expected(p, "`,` or `}`");
}

static cv_status parse_primary(parser *p, cv_gt_expr *e) {
  e->at = p->token.at;
  if (is_keyword(p, "new"))
    return parse_new(p, e);
  if (!is_punct(p, '('))
    return take_id(p, "a name, `new` or `(`", &e->name);
  CV_TRY(next(p));
  CV_TRY(parse_expr(p, &e->inner));
  return take_punct(p, ')');
}

static cv_status parse_accesses(parser *p, cv_gt_expr *e) {
  cv_gt_access **last = &e->accesses;
  while (is_punct(p, '.') || is_punct(p, '[')) {
    NEW(p, cv_gt_access, access);
    *last = access;
    last = &access->next;
    access->is_exact = is_punct(p, '[');
    CV_TRY(next(p));
    access->at = p->token.at;
    if (!access->is_exact) {
      CV_TRY(take_word(p, "the name of an export", &access->name));
      continue;
    }
    if (p->token.kind != TOKEN_STRING)
      return expected(p, "a string");
    access->name = p->token.text;
    CV_TRY(next(p));
    CV_TRY(take_punct(p, ']'));
  }
  return CV_OK;
}

static cv_status parse_expr(parser *p, const cv_gt_expr **out) {
  if (p->depth == MAX_DEPTH)
    return fail_at(p, p->token.at, CV_ELIMIT, "expressions are nested more than %d deep", MAX_DEPTH);
  NEW(p, cv_gt_expr, e);
  p->depth++;
  cv_status status = parse_primary(p, e);
  p->depth--;
  *out = e;
  return status == CV_OK ? parse_accesses(p, e) : status;
}

// ---- statements ----------------------------------------------------------------------------------------------------

static CV_COLD cv_status unsupported(parser *p, const char *what) {
  return fail_at(p, p->token.at, CV_EUNSUPPORTED, "unsupported: %s", what);
}

static cv_status parse_import(parser *p, cv_gt_statement *s) {
  bool is_exact = false;
  CV_TRY(take_id(p, "a name", &s->name));
  if (is_keyword(p, "as")) {
    CV_TRY(next(p));
    CV_TRY(take_name(p, &s->as, &is_exact));
  }
  CV_TRY(take_punct(p, ':'));
  if (is_keyword(p, "func") || is_keyword(p, "interface") || is_keyword(p, "async"))
    return unsupported(p, "types of imports that are written out; an import of a package's interface has a path");
  CV_TRY(take_path(p, true, &s->path));
  if (!s->as.data)
    s->as = s->path;
  return CV_OK;
}

static cv_status parse_export(parser *p, cv_gt_statement *s) {
  bool is_exact = false;
  CV_TRY(parse_expr(p, &s->value));
  if (p->token.kind == TOKEN_DOTS) {
    s->is_spread = true;
    return next(p);
  }
  if (!is_keyword(p, "as"))
    return CV_OK;
  CV_TRY(next(p));
  return take_name(p, &s->name, &is_exact);
}

static cv_status parse_statement(parser *p, cv_gt_statement *s) {
  static const char *const wit[] = {"interface", "world", "type",     "record", "variant",
                                    "enum",      "flags", "resource", "use",    "include"};
  for (size_t i = 0; i < CV_COUNT(wit); i++)
    if (is_keyword(p, wit[i]))
      return unsupported(p, "declarations of types (interface, world, type and their like)");
  s->at = p->token.at;
  if (is_keyword(p, "import")) {
    CV_TRY(next(p));
    s->kind = CV_GT_IMPORT;
    CV_TRY(parse_import(p, s));
  } else if (is_keyword(p, "let")) {
    s->kind = CV_GT_LET;
    CV_TRY(next(p));
    CV_TRY(take_id(p, "a name", &s->name));
    CV_TRY(take_punct(p, '='));
    CV_TRY(parse_expr(p, &s->value));
  } else if (is_keyword(p, "export")) {
    s->kind = CV_GT_EXPORT;
    CV_TRY(next(p));
    CV_TRY(parse_export(p, s));
  } else {
    return expected(p, "`import`, `let` or `export`");
  }
  return take_punct(p, ';');
}

static cv_status parse_package(parser *p) {
  cv_bytes name;
  if (!is_keyword(p, "package"))
    return expected(p, "`package namespace:name;`, with which a composition begins");
  CV_TRY(next(p));
  CV_TRY(take_path(p, false, &name));
  if (is_keyword(p, "targets"))
    return unsupported(p, "targets");
  return take_punct(p, ';');
}

cv_status cv_gt_parse(const char *text, size_t size, cv_arena *arena, cv_gt_document *out, cv_diag *diag) {
  parser p = {.document = out, .arena = arena, .diag = diag};
  *out = (cv_gt_document){.text = text, .size = (uint32_t)CV_MIN(size, (size_t)MAX_TEXT)};
  if (size > MAX_TEXT)
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "the text is larger than 16 MiB");
  CV_TRY(next(&p));
  CV_TRY(parse_package(&p));
  cv_gt_statement **last = &out->statements;
  while (p.token.kind != TOKEN_END) {
    NEW(&p, cv_gt_statement, statement);
    CV_TRY(parse_statement(&p, statement));
    *last = statement;
    last = &statement->next;
  }
  return CV_OK;
}
