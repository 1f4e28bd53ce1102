// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_annot.c: the annotations that mean something (core specification, appendix A.4): @name, @custom, and
// @metadata.code.branch_hint. Each is looked up by the token it stands before, and marked when it was used.
#include <stdarg.h>
#include <stdio.h>

#include "wasm/text/parser.h"
#include "wasm/text/sections.h"

typedef enum annot_kind { UNKNOWN, NAME, CUSTOM, HINT, NAMES_HERE, OWN_NAME } annot_kind;

static const char *const annot_ids[] = {[NAME] = "name",
                                        [CUSTOM] = "custom",
                                        [HINT] = "metadata.code.branch_hint",
                                        [NAMES_HERE] = "component-name", // the last two in components only
                                        [OWN_NAME] = "own-name"};

static annot_kind kind_of(const cv_wat *p, const cv_annot *a) {
  const char *id = p->text->source + a->id;
  size_t size = a->body - a->id;
  uint8_t decoded[128];
  if (*id == '"') {
    if (size > sizeof decoded)
      return UNKNOWN;
    size = cv_text_unescape(id, size, decoded);
    id = (const char *)decoded;
  }
  for (annot_kind k = NAME; k <= OWN_NAME; k++)
    if (strlen(annot_ids[k]) == size && memcmp(annot_ids[k], id, size) == 0)
      return k;
  return UNKNOWN;
}

// The first annotation that stands before `token` or a later one.
static size_t first_annot(const cv_wat *p, uint32_t token) {
  size_t low = 0, high = p->text->annots.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (p->text->annots.data[middle].token < token)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool annot_at(const cv_wat *p, size_t i, uint32_t token) {
  return i < p->text->annots.count && p->text->annots.data[i].token == token;
}

static CV_COLD CV_PRINTF(3, 4) cv_status fail_annot(cv_wat *p, const cv_annot *a, const char *fmt, ...);

// A parser over the contents of an annotation. It borrows the outer one's arena for strings.
typedef struct annot_text {
  cv_text text;
  cv_wat inner;
} annot_text;

static cv_status open_contents(cv_wat *p, const cv_annot *a, annot_text *c) {
  CV_TRY(cv_text_init(&c->text, p->mem, p->text->source + a->body, a->end - a->body, p->diag));
  c->inner = (cv_wat){.text = &c->text, .mem = p->mem, .arena = p->arena};
  return CV_OK;
}

static void close_contents(cv_wat *p, annot_text *c) {
  p->arena = c->inner.arena;
  cv_text_free(&c->text);
}

static cv_status fail_annot(cv_wat *p, const cv_annot *a, const char *fmt, ...) {
  char sentence[160];
  va_list args;
  va_start(args, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, args);
  va_end(args);
  return cv_text_fail(p->text, a->at, p->diag, "%s", sentence);
}

// ---- @name ---------------------------------------------------------------------------------------------------------

static cv_status read_name(cv_wat *p, const cv_annot *a, cv_bytes *name) {
  annot_text c;
  CV_TRY(open_contents(p, a, &c));
  cv_status status = CV_OK;
  if (cv_wat_kind(&c.inner) != CV_TOK_STRING)
    status = fail_annot(p, a, "@name annotation: string expected");
  else if ((status = cv_wat_name(&c.inner, name)) != CV_OK)
    status = status == CV_ENOMEM ? cv_wat_no_memory(p) : fail_annot(p, a, "@name annotation: malformed UTF-8 encoding");
  else if (cv_wat_kind(&c.inner) != CV_TOK_END)
    status = fail_annot(p, a, "@name annotation: unexpected token");
  close_contents(p, &c);
  return status;
}

static cv_status find_name(cv_wat *p, annot_kind kind, cv_bytes *name, bool *named) {
  if (p->text->annots.count == 0)
    return CV_OK;
  bool found = false;
  for (size_t i = first_annot(p, p->at); annot_at(p, i, p->at); i++) {
    cv_annot *a = &p->text->annots.data[i];
    if (kind_of(p, a) != kind)
      continue;
    if (found)
      return fail_annot(p, a, "@name annotation: multiple names");
    CV_TRY(read_name(p, a, name));
    a->used = found = *named = true;
  }
  return CV_OK;
}

cv_status cv_wat_name_annot(cv_wat *p, cv_bytes *name, bool *named) {
  return find_name(p, NAME, name, named);
}

cv_status cv_wat_own_name_annot(cv_wat *p, cv_bytes *name, bool *named) {
  bool found = false;
  CV_TRY(find_name(p, OWN_NAME, name, &found));
  if (found)
    *named = name->size != 0;
  return CV_OK;
}

cv_status cv_wat_module_name_annot(cv_wat *p, cv_bytes *name, bool *named) {
  size_t count = 0;
  for (size_t i = first_annot(p, p->at); annot_at(p, i, p->at); i++)
    if (kind_of(p, &p->text->annots.data[i]) == NAME && ++count > 1)
      return fail_annot(p, &p->text->annots.data[i], "@name annotation: multiple module names");
  return cv_wat_name_annot(p, name, named);
}

// ---- @custom -------------------------------------------------------------------------------------------------------

// (before x) or (after x); c is at the parenthesis.
static cv_status read_place(cv_wat *p, const cv_annot *a, cv_wat *c, uint8_t *place) {
  c->at++;
  bool before = cv_wat_at_word(c, "before");
  if (!before && !cv_wat_at_word(c, "after"))
    return fail_annot(p, a, "@custom annotation: malformed placement");
  c->at++;
  cv_bytes word = cv_wat_kind(c) == CV_TOK_WORD ? cv_wat_bytes(c) : (cv_bytes){NULL, 0};
  unsigned rank = 0;
  if (cv_bytes_equal(word, CV_BYTES_LITERAL("first")))
    *place = 0;
  else if (cv_bytes_equal(word, CV_BYTES_LITERAL("last")))
    *place = CV_WAT_LAST;
  else if ((rank = cv_section_rank_of_word(word)) != 0)
    *place = (uint8_t)(2 * rank + !before);
  else
    return fail_annot(p, a, "@custom annotation: malformed section kind");
  c->at++;
  if (cv_wat_kind(c) != CV_TOK_RPAR)
    return fail_annot(p, a, "@custom annotation: unexpected token");
  c->at++;
  return CV_OK;
}

static cv_status read_custom(cv_wat *p, const cv_annot *a, cv_wat *c, cv_wat_custom *custom) {
  if (cv_wat_kind(c) != CV_TOK_STRING)
    return fail_annot(p, a, "@custom annotation: missing section name");
  cv_status status = cv_wat_name(c, &custom->name);
  if (status != CV_OK)
    return status == CV_ENOMEM ? cv_wat_no_memory(p) : fail_annot(p, a, "@custom annotation: malformed UTF-8 encoding");
  custom->place = CV_WAT_LAST;
  if (cv_wat_kind(c) == CV_TOK_LPAR)
    CV_TRY(read_place(p, a, c, &custom->place));
  cv_buf contents;
  cv_buf_init(&contents, p->mem);
  status = cv_wat_strings(c, &contents);
  if (status == CV_OK && contents.size != 0) {
    custom->contents = (cv_bytes){cv_arena_copy(&c->arena, contents.data, contents.size), contents.size};
    status = custom->contents.data != NULL ? CV_OK : CV_ENOMEM;
  }
  cv_buf_free(&contents);
  if (status != CV_OK)
    return cv_wat_no_memory(p);
  if (cv_wat_kind(c) != CV_TOK_END)
    return fail_annot(p, a, "@custom annotation: unexpected token");
  return cv_vec_push(p->mem, &p->customs, *custom) == CV_OK ? CV_OK : cv_wat_no_memory(p);
}

cv_status cv_wat_field_annots(cv_wat *p) {
  if (p->text->annots.count == 0)
    return CV_OK;
  for (size_t i = first_annot(p, p->at); annot_at(p, i, p->at); i++) {
    cv_annot *a = &p->text->annots.data[i];
    annot_kind kind = kind_of(p, a);
    if (kind == NAMES_HERE && p->plain_words &&
        cv_vec_push(p->mem, &p->customs, (cv_wat_custom){.is_names = true}) != CV_OK)
      return cv_wat_no_memory(p);
    if (kind != CUSTOM)
      continue;
    annot_text c;
    cv_wat_custom custom = {.place = 0};
    CV_TRY(open_contents(p, a, &c));
    cv_status status = read_custom(p, a, &c.inner, &custom);
    close_contents(p, &c);
    CV_TRY(status);
    a->used = true;
  }
  return CV_OK;
}

// ---- @metadata.code.branch_hint ------------------------------------------------------------------------------------

cv_status cv_wat_hint_annot(cv_wat *p, uint32_t token, bool is_branch, uint32_t *hint) {
  if (p->text->annots.count == 0)
    return CV_OK;
  for (size_t i = first_annot(p, token); annot_at(p, i, token); i++) {
    cv_annot *a = &p->text->annots.data[i];
    if (kind_of(p, a) != HINT || p->func == UINT32_MAX)
      continue;
    if (*hint != 0)
      return fail_annot(p, a, "@metadata.code.branch_hint annotation: duplicate annotation");
    if (!is_branch) {
      (void)fail_annot(p, a, "@metadata.code.branch_hint annotation: invalid target");
      return p->diag != NULL ? (p->diag->status = CV_EINVALID) : CV_EINVALID;
    }
    annot_text c;
    cv_wat_hint value = {.func = p->func};
    cv_buf bytes;
    cv_buf_init(&bytes, p->mem);
    CV_TRY(open_contents(p, a, &c));
    cv_status status = cv_wat_strings(&c.inner, &bytes);
    if (status == CV_OK && cv_wat_kind(&c.inner) != CV_TOK_END)
      status = fail_annot(p, a, "@metadata.code.branch_hint annotation: unexpected token");
    else if (status == CV_OK && (bytes.size != 1 || bytes.data[0] > 1))
      status = fail_annot(p, a, "@metadata.code.branch_hint annotation: invalid hint value");
    else if (status == CV_OK) {
      value.likely = bytes.data[0] != 0;
      status = cv_vec_push(p->mem, &p->hints, value);
    }
    close_contents(p, &c);
    cv_buf_free(&bytes);
    if (status != CV_OK)
      return status == CV_ENOMEM ? cv_wat_no_memory(p) : status;
    a->used = true;
    *hint = (uint32_t)p->hints.count;
  }
  return CV_OK;
}

// ---- what is left --------------------------------------------------------------------------------------------------

cv_status cv_wat_check_annots(cv_wat *p, uint32_t first, uint32_t last) {
  for (size_t i = first_annot(p, first + 1); i < p->text->annots.count && p->text->annots.data[i].token <= last; i++) {
    const cv_annot *a = &p->text->annots.data[i];
    annot_kind kind = a->used ? UNKNOWN : kind_of(p, a);
    if (kind == HINT)
      return fail_annot(p, a, "@metadata.code.branch_hint annotation: not in a function");
    if (kind != UNKNOWN && kind != NAMES_HERE && kind != OWN_NAME)
      return fail_annot(p, a, "misplaced @%s annotation", annot_ids[kind]);
  }
  return CV_OK;
}
