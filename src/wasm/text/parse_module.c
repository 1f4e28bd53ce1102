// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_module.c: a module as a whole: the walk that declares names, the walk over fields, and the binary put together
// (core specification, 6.6.13 and 5.5).
#include <stdlib.h>

#include "wasm/text/parser.h"
#include "wasm/text/sections.h"
#include "wasm/text/wat.h"

// ---- declaring -----------------------------------------------------------------------------------------------------

static const struct {
  const char *word;
  cv_wat_space space;
  const char *what;
  bool importable;
} spaces[] = {
    {"func", CV_SPACE_FUNC, "function", true},
    {"table", CV_SPACE_TABLE, "table", true},
    {"memory", CV_SPACE_MEMORY, "memory", true},
    {"global", CV_SPACE_GLOBAL, "global", true},
    {"tag", CV_SPACE_TAG, "tag", true},
    {"elem", CV_SPACE_ELEM, "elem segment", false},
    {"data", CV_SPACE_DATA, "data segment", false},
};

// The token after the word of a declaration: binds its identifier.
static cv_status declare(cv_wat *p, cv_wat_space space, uint32_t token) {
  uint32_t back = p->at;
  p->at = token;
  cv_status status = CV_OK;
  if (cv_wat_at_id(p)) {
    cv_bytes name;
    status = cv_wat_id(p, &name);
    if (status == CV_OK)
      status = cv_wat_bind(p, &p->spaces[space], name, token);
  } else
    p->spaces[space].count++;
  p->at = back;
  return status;
}

// What a field has directly in it: an inline import, or an inline segment.
static bool has_child(const cv_wat *p, uint32_t field, const char *word) {
  const cv_token *tokens = p->text->tokens.data;
  for (uint32_t i = field + 2; i < tokens[field].extent;
       i = tokens[i].kind == CV_TOK_LPAR ? tokens[i].extent + 1 : i + 1)
    if (tokens[i].kind == CV_TOK_LPAR && cv_wat_is_word(p, i + 1, word))
      return true;
  return false;
}

// (import "m" "n" (func $x ...))
static cv_status declare_import(cv_wat *p, uint32_t field, const char *defined) {
  if (defined != NULL)
    return cv_wat_fail(p, "import after %s", defined);
  uint32_t open = field + 4;
  if (open + 2 >= p->text->tokens.count || p->text->tokens.data[open].kind != CV_TOK_LPAR)
    return CV_OK; // the walk over fields says what is wrong
  for (size_t i = 0; i < CV_COUNT(spaces); i++)
    if (spaces[i].importable && cv_wat_is_word(p, open + 1, spaces[i].word))
      return declare(p, spaces[i].space, open + 2);
  return CV_OK;
}

// One field. *defined is what was defined last, after which no import may come.
static cv_status declare_field(cv_wat *p, const char **defined) {
  uint32_t field = p->at, next = p->text->tokens.data[field].extent + 1;
  if (cv_wat_at_open(p, "type") || cv_wat_at_open(p, "rec"))
    return cv_wat_declare_types(p);
  if (cv_wat_at_open(p, "import"))
    CV_TRY(declare_import(p, field, *defined));
  for (size_t i = 0; i < CV_COUNT(spaces); i++) {
    if (!cv_wat_at_open(p, spaces[i].word))
      continue;
    CV_TRY(declare(p, spaces[i].space, field + 2));
    if (spaces[i].importable && has_child(p, field, "import")) {
      if (*defined != NULL)
        return cv_wat_fail(p, "import after %s", *defined);
    } else if (spaces[i].importable)
      *defined = spaces[i].what;
    if (spaces[i].space == CV_SPACE_TABLE && has_child(p, field, "elem"))
      p->spaces[CV_SPACE_ELEM].count++;
    if (spaces[i].space == CV_SPACE_MEMORY && has_child(p, field, "data"))
      p->spaces[CV_SPACE_DATA].count++;
  }
  p->at = next;
  return CV_OK;
}

// ---- the three walks -----------------------------------------------------------------------------------------------

static bool at_field(const cv_wat *p) {
  return cv_wat_kind(p) == CV_TOK_LPAR && p->at < p->text->tokens.data[p->at].extent;
}

static cv_status walk_fields(cv_wat *p) {
  uint32_t start = p->at, last = (uint32_t)p->text->tokens.count - 1;
  const char *defined = NULL;
  while (at_field(p) && p->text->tokens.data[p->at].extent < last)
    CV_TRY(declare_field(p, &defined));
  p->at = start;
  while (at_field(p) && p->text->tokens.data[p->at].extent < last) {
    if (cv_wat_at_open(p, "type") || cv_wat_at_open(p, "rec"))
      CV_TRY(cv_wat_read_types(p));
    else
      p->at = p->text->tokens.data[p->at].extent + 1;
  }
  p->at = start;
  for (;;) {
    CV_TRY(cv_wat_field_annots(p));
    if (cv_wat_kind(p) == CV_TOK_RPAR || cv_wat_kind(p) == CV_TOK_END)
      return CV_OK;
    if (p->text->tokens.data[p->at].extent >= last && (cv_wat_at_open(p, "type") || cv_wat_at_open(p, "rec"))) {
      p->at = last; // an open parenthesis: its types were not read
      return cv_wat_unexpected(p);
    }
    CV_TRY(cv_wat_field(p));
  }
}

// ---- the binary ----------------------------------------------------------------------------------------------------

static void put_section(cv_buf *out, uint8_t id, const cv_buf *contents) {
  cv_buf_byte(out, id);
  cv_buf_uleb(out, contents->size);
  cv_buf_bytes(out, contents->data, contents->size);
  out->failed |= contents->failed;
}

static void put_counted(cv_wat *p, cv_buf *out, uint8_t id, uint32_t count, const cv_buf *items) {
  if (count == 0 && !items->failed)
    return;
  p->body.size = 0;
  cv_buf_uleb(&p->body, count);
  cv_buf_byte(out, id);
  cv_buf_uleb(out, p->body.size + items->size);
  cv_buf_bytes(out, p->body.data, p->body.size);
  cv_buf_bytes(out, items->data, items->size);
  out->failed |= items->failed || p->body.failed;
}

static void put_custom(cv_wat *p, cv_buf *out, cv_bytes name, cv_bytes contents) {
  p->body.size = 0;
  cv_buf_uleb(&p->body, name.size);
  cv_buf_bytes(&p->body, name.data, name.size);
  cv_buf_bytes(&p->body, contents.data, contents.size);
  put_section(out, 0, &p->body);
}

static void put_customs_at(cv_wat *p, cv_buf *out, unsigned place) {
  for (size_t i = 0; i < p->customs.count; i++)
    if (p->customs.data[i].place == place)
      put_custom(p, out, p->customs.data[i].name, p->customs.data[i].contents);
}

static int compare_hints(const void *a, const void *b) {
  const cv_wat_hint *x = a, *y = b;
  if (x->func != y->func)
    return x->func < y->func ? -1 : 1;
  return (x->offset > y->offset) - (x->offset < y->offset);
}

// metadata.code.branch_hint (branch hinting proposal): functions, each with its hints, sorted by offset.
static void put_hints(cv_wat *p, cv_buf *out) {
  cv_wat_hint *h = p->hints.data;
  size_t count = p->hints.count, funcs = 0;
  if (count == 0)
    return;
  qsort(h, count, sizeof *h, compare_hints);
  for (size_t i = 0; i < count; i++)
    funcs += i == 0 || h[i].func != h[i - 1].func;
  cv_buf *s = &p->scratch_bytes;
  s->size = 0;
  cv_buf_uleb(s, funcs);
  for (size_t i = 0, end; i < count; i = end) {
    for (end = i + 1; end < count && h[end].func == h[i].func;)
      end++;
    cv_buf_uleb(s, h[i].func);
    cv_buf_uleb(s, end - i);
    for (size_t k = i; k < end; k++) {
      cv_buf_uleb(s, h[k].offset);
      cv_buf_uleb(s, 1);
      cv_buf_byte(s, h[k].likely);
    }
  }
  out->failed |= s->failed;
  put_custom(p, out, CV_BYTES_LITERAL("metadata.code.branch_hint"), (cv_bytes){s->data, s->size});
}

static void put_known_section(cv_wat *p, cv_buf *out, uint8_t id) {
  static const struct {
    uint8_t id;
    cv_wat_section section;
  } plain[] = {{2, CV_SECTION_IMPORT}, {3, CV_SECTION_FUNC},   {4, CV_SECTION_TABLE},  {5, CV_SECTION_MEMORY},
               {13, CV_SECTION_TAG},   {6, CV_SECTION_GLOBAL}, {7, CV_SECTION_EXPORT}, {9, CV_SECTION_ELEM},
               {10, CV_SECTION_CODE},  {11, CV_SECTION_DATA}};
  cv_buf *s = &p->scratch_bytes;
  s->size = 0;
  uint32_t groups;
  if (id == 1) {
    cv_wat_encode_types(p, 0, s, &groups);
    put_counted(p, out, 1, groups, s);
  } else if (id == 8 && p->has_start) {
    cv_buf_uleb(s, p->start);
    put_section(out, 8, s);
  } else if (id == 12 && p->needs_data_count) {
    cv_buf_uleb(s, p->section_items[CV_SECTION_DATA]);
    put_section(out, 12, s);
  }
  for (size_t i = 0; i < CV_COUNT(plain); i++)
    if (plain[i].id == id)
      put_counted(p, out, id, p->section_items[plain[i].section], &p->sections[plain[i].section]);
}

static cv_status put_module(cv_wat *p, cv_buf *out) {
  cv_buf_bytes(out, "\0asm\1\0\0\0", 8);
  put_customs_at(p, out, 0);
  for (unsigned i = 0; i < CV_COUNT(cv_section_places); i++) {
    put_customs_at(p, out, 2 * (i + 1));
    if (cv_section_places[i].id == 10)
      put_hints(p, out);
    put_known_section(p, out, cv_section_places[i].id);
    put_customs_at(p, out, 2 * (i + 1) + 1);
  }
  if (!cv_names_empty(&p->names)) {
    p->scratch_bytes.size = p->pending.size = 0;
    cv_names_encode(&p->names, &p->scratch_bytes, &p->pending);
    out->failed |= p->pending.failed;
    put_custom(p, out, CV_BYTES_LITERAL("name"), (cv_bytes){p->pending.data, p->pending.size});
  }
  put_customs_at(p, out, CV_WAT_LAST);
  return out->failed ? cv_wat_no_memory(p) : CV_OK;
}

// ---- setting up ----------------------------------------------------------------------------------------------------

void cv_wat_init(cv_wat *p, cv_text *text, cv_mem *mem, cv_diag *diag) {
  *p = (cv_wat){.text = text, .mem = mem, .diag = diag, .func = UINT32_MAX, .locals = {.what = "local"}};
  cv_arena_init(&p->arena, mem);
  for (size_t i = 0; i < CV_COUNT(spaces); i++)
    p->spaces[spaces[i].space].what = spaces[i].what;
  p->spaces[CV_SPACE_TYPE].what = "type";
  for (size_t i = 0; i < CV_SPACE_COUNT; i++)
    cv_map_init(&p->spaces[i].names, mem);
  for (size_t i = 0; i < CV_SECTION_COUNT; i++)
    cv_buf_init(&p->sections[i], mem);
  cv_map_init(&p->signatures, mem);
  cv_map_init(&p->locals.names, mem);
  cv_map_init(&p->label_names, mem);
  cv_buf_init(&p->body, mem);
  cv_buf_init(&p->pending, mem);
  cv_buf_init(&p->scratch_bytes, mem);
}

void cv_wat_free(cv_wat *p) {
  for (size_t i = 0; i < CV_SPACE_COUNT; i++)
    cv_map_free(&p->spaces[i].names);
  for (size_t i = 0; i < CV_SECTION_COUNT; i++)
    cv_buf_free(&p->sections[i]);
  cv_wat_drop_types(p);
  cv_vec_free(p->mem, &p->types);
  cv_map_free(&p->signatures);
  cv_map_free(&p->locals.names);
  cv_map_free(&p->label_names);
  cv_vec_free(p->mem, &p->scratch);
  cv_vec_free(p->mem, &p->labels);
  cv_vec_free(p->mem, &p->frames);
  cv_vec_free(p->mem, &p->hints);
  cv_vec_free(p->mem, &p->customs);
  cv_buf_free(&p->body);
  cv_buf_free(&p->pending);
  cv_buf_free(&p->scratch_bytes);
  cv_names_free(&p->names, p->mem);
  cv_arena_free(&p->arena);
}

// The module's identifier and name, then the fields.
static cv_status parse_module(cv_wat *p, bool is_bare, bool is_nested) {
  if (!is_bare) {
    if (cv_wat_at_id(p)) {
      CV_TRY(cv_wat_id(p, &p->names.module));
      p->names.has_module = true;
    }
    CV_TRY(cv_wat_module_name_annot(p, &p->names.module, &p->names.has_module));
    if (is_nested)
      CV_TRY(cv_wat_own_name_annot(p, &p->names.module, &p->names.has_module));
  }
  CV_TRY(walk_fields(p));
  if (is_bare)
    return cv_wat_kind(p) == CV_TOK_END ? CV_OK : cv_wat_unexpected(p);
  return cv_wat_close(p);
}

static cv_status parse_fields(cv_text *text, uint32_t open, uint32_t *at, bool is_nested, cv_features features,
                              cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_wat *p = cv_mem_alloc(mem, sizeof *p);
  if (p == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory while parsing a text");
  cv_wat_init(p, text, mem, diag);
  p->features = features;
  p->at = *at;
  cv_status status = parse_module(p, open == UINT32_MAX, is_nested);
  if (status == CV_OK)
    status = cv_wat_check_annots(p, open, open == UINT32_MAX ? p->at : p->at - 1);
  if (status == CV_OK)
    status = put_module(p, out);
  *at = p->at;
  cv_wat_free(p);
  cv_mem_free(mem, p, sizeof *p);
  return status;
}

cv_status cv_wat_parse_fields(cv_text *text, uint32_t open, uint32_t *at, cv_features features, cv_mem *mem,
                              cv_buf *out, cv_diag *diag) {
  return parse_fields(text, open, at, false, features, mem, out, diag);
}

cv_status cv_wat_parse_nested(cv_text *text, uint32_t open, uint32_t *at, cv_features features, cv_mem *mem,
                              cv_buf *out, cv_diag *diag) {
  return parse_fields(text, open, at, true, features, mem, out, diag);
}

// Whether the text starts with a parenthesis and this word.
static bool starts_with(const cv_text *t, const char *word) {
  const cv_token *tokens = t->tokens.data;
  return tokens[0].kind == CV_TOK_LPAR && tokens[1].kind == CV_TOK_WORD && tokens[1].extent == strlen(word) &&
         memcmp(t->source + tokens[1].at, word, tokens[1].extent) == 0;
}

cv_status cv_wat_parse(const char *source, size_t size, cv_features features, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_text text;
  CV_TRY(cv_text_init(&text, mem, source, size, diag));
  bool wrapped = starts_with(&text, "module");
  uint32_t at = wrapped ? 2 : 0;
  cv_status status = CV_OK;
  if (starts_with(&text, "component"))
    status = cv_fail(diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: component (in the text format)");
  else
    status = cv_wat_parse_fields(&text, wrapped ? 0 : UINT32_MAX, &at, features, mem, out, diag);
  if (status == CV_OK && text.tokens.data[at].kind != CV_TOK_END)
    status = text.tokens.data[at].kind == CV_TOK_ERROR
                 ? cv_text_fail(&text, text.tokens.data[at].at, diag, "%s", text.error)
                 : cv_text_fail(&text, text.tokens.data[at].at, diag, "unexpected token after the module");
  cv_text_free(&text);
  return status;
}
