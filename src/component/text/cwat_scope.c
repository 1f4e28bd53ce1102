// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_scope.c: index spaces and their names, references with the sugar of inline aliases, and where finished items go.
#include "component/text/cwat_parser.h"

// Index spaces, in the order of cv_cspace: their words, and the codes of their sorts.
static const struct {
  const char *word; // after `core` for the core sorts
  const char *what; // for messages
  uint8_t code;
} spaces[CV_CS_COUNT] = {
    [CV_CS_CORE_FUNC] = {"func", "core func", 0x00},
    [CV_CS_CORE_TABLE] = {"table", "core table", 0x01},
    [CV_CS_CORE_MEMORY] = {"memory", "core memory", 0x02},
    [CV_CS_CORE_GLOBAL] = {"global", "core global", 0x03},
    [CV_CS_CORE_TAG] = {"tag", "core tag", 0x04},
    [CV_CS_CORE_TYPE] = {"type", "core type", 0x10},
    [CV_CS_CORE_MODULE] = {"module", "core module", 0x11},
    [CV_CS_CORE_INSTANCE] = {"instance", "core instance", 0x12},
    [CV_CS_FUNC] = {"func", "func", 0x01},
    [CV_CS_VALUE] = {"value", "value", 0x02},
    [CV_CS_TYPE] = {"type", "type", 0x03},
    [CV_CS_COMPONENT] = {"component", "component", 0x04},
    [CV_CS_INSTANCE] = {"instance", "instance", 0x05},
};

static bool is_core(cv_cspace space) {
  return space <= CV_CS_CORE_INSTANCE;
}

// ---- scopes --------------------------------------------------------------------------------------------------------

void cv_cwat_scope_init(cv_cwat *p, cv_cwat_scope *s, cv_cwat_scope_kind kind) {
  *s = (cv_cwat_scope){.kind = kind};
  for (unsigned i = 0; i < CV_CS_COUNT; i++) {
    s->spaces[i].what = spaces[i].what;
    cv_map_init(&s->spaces[i].names, p->hand.mem);
  }
  cv_buf_init(&s->out, p->hand.mem);
  cv_buf_init(&s->section, p->hand.mem);
}

void cv_cwat_scope_free(cv_cwat *p, cv_cwat_scope *s) {
  for (unsigned i = 0; i < CV_CS_COUNT; i++) {
    cv_map_free(&s->spaces[i].names);
    cv_vec_free(p->hand.mem, &s->names[i]);
  }
  cv_buf_free(&s->out);
  cv_buf_free(&s->section);
  cv_vec_free(p->hand.mem, &s->exports);
  cv_vec_free(p->hand.mem, &s->type_tokens);
}

cv_status cv_cwat_enter(cv_cwat *p, cv_cwat_scope *s) {
  if (p->depth >= CV_CWAT_MAX_DEPTH)
    return cv_wat_fail(&p->hand, "components and types are nested more than %d deep", CV_CWAT_MAX_DEPTH);
  p->depth++;
  s->outer = p->scope;
  p->scope = s;
  return CV_OK;
}

void cv_cwat_leave(cv_cwat *p) {
  p->depth--;
  p->scope = p->scope->outer;
}

// ---- items ---------------------------------------------------------------------------------------------------------

void cv_cwat_put_text(cv_buf *out, cv_bytes text) {
  cv_buf_uleb(out, text.size);
  cv_buf_bytes(out, text.data, text.size);
}

static void put_section(cv_buf *out, uint8_t id, const uint8_t *data, size_t size) {
  cv_buf_byte(out, id);
  cv_buf_uleb(out, size);
  cv_buf_bytes(out, data, size);
}

static size_t encode_count(uint32_t n, uint8_t leb[5]) {
  size_t size = 0;
  do {
    leb[size++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    n >>= 7;
  } while (n != 0);
  return size;
}

void cv_cwat_put_count(cv_cwat *p, size_t at, uint32_t count) {
  uint8_t leb[5];
  cv_buf_insert(&p->items, at, leb, encode_count(count, leb));
}

void cv_cwat_flush(cv_cwat_scope *s) {
  if (s->open == CV_CITEM_CUSTOM)
    return;
  uint8_t count[5];
  size_t size = encode_count(s->count, count);
  cv_buf_byte(&s->out, (uint8_t)s->open);
  cv_buf_uleb(&s->out, s->section.size + size);
  cv_buf_bytes(&s->out, count, size);
  cv_buf_bytes(&s->out, s->section.data, s->section.size);
  s->out.failed |= s->section.failed;
  s->section.size = s->count = 0;
  s->open = CV_CITEM_CUSTOM;
}

// Declarators of types begin with a byte for their kind; 0xff where a kind has no place.
static uint8_t declarator_code(cv_cwat_scope_kind scope, cv_cwat_item kind) {
  bool is_module = scope == CV_SCOPE_MODULE_TYPE;
  switch (kind) {
  case CV_CITEM_CORE_TYPE:
    return is_module ? 0x01 : 0x00;
  case CV_CITEM_TYPE:
    return is_module ? 0xff : 0x01;
  case CV_CITEM_ALIAS:
    return 0x02;
  case CV_CITEM_IMPORT:
    return is_module ? 0x00 : scope == CV_SCOPE_COMPONENT_TYPE ? 0x03 : 0xff;
  case CV_CITEM_EXPORT:
    return is_module ? 0x03 : 0x04;
  default:
    return 0xff;
  }
}

cv_status cv_cwat_emit(cv_cwat *p, cv_cwat_item kind, size_t start) {
  cv_cwat_scope *s = p->scope;
  if (p->items.failed)
    return cv_wat_no_memory(&p->hand);
  const uint8_t *data = p->items.size == start ? NULL : p->items.data + start;
  size_t size = p->items.size - start;
  p->items.size = start;
  if (s->kind != CV_SCOPE_COMPONENT) {
    uint8_t code = declarator_code(s->kind, kind);
    if (code == 0xff)
      return cv_wat_fail(&p->hand, "unexpected definition in a type");
    cv_buf_byte(&s->out, code);
    cv_buf_bytes(&s->out, data, size);
    s->count++;
    return s->out.failed ? cv_wat_no_memory(&p->hand) : CV_OK;
  }
  bool alone =
      kind == CV_CITEM_CUSTOM || kind == CV_CITEM_CORE_MODULE || kind == CV_CITEM_COMPONENT || kind == CV_CITEM_START;
  if (alone || s->open != kind)
    cv_cwat_flush(s);
  if (alone)
    put_section(&s->out, (uint8_t)kind, data, size);
  else {
    s->open = kind;
    s->count++;
    cv_buf_bytes(&s->section, data, size);
  }
  return s->out.failed || s->section.failed ? cv_wat_no_memory(&p->hand) : CV_OK;
}

// ---- names ---------------------------------------------------------------------------------------------------------

cv_status cv_cwat_binding_of(cv_cwat *p, cv_cwat_binding *b) {
  *b = (cv_cwat_binding){.token = p->hand.at};
  b->bound = b->named = cv_wat_at_id(&p->hand);
  if (b->bound)
    CV_TRY(cv_wat_id(&p->hand, &b->id));
  b->name = b->id;
  return cv_wat_name_annot(&p->hand, &b->name, &b->named);
}

cv_status cv_cwat_define(cv_cwat *p, cv_cspace space, const cv_cwat_binding *b, uint32_t *index) {
  cv_wat_scope *names = &p->scope->spaces[space];
  *index = names->count;
  if (b != NULL && b->named && p->scope->kind == CV_SCOPE_COMPONENT &&
      cv_vec_push(p->hand.mem, &p->scope->names[space], (cv_name_entry){0, names->count, b->name}) != CV_OK)
    return cv_wat_no_memory(&p->hand);
  if (space == CV_CS_TYPE && p->scope->kind == CV_SCOPE_COMPONENT &&
      cv_vec_push(p->hand.mem, &p->scope->type_tokens, 0) != CV_OK)
    return cv_wat_no_memory(&p->hand);
  if (b != NULL && b->bound)
    return cv_wat_bind(&p->hand, names, b->id, b->token);
  names->count++;
  return CV_OK;
}

void cv_cwat_note_type(cv_cwat *p, uint32_t token) {
  if (p->scope->kind == CV_SCOPE_COMPONENT && p->scope->type_tokens.count != 0)
    cv_vec_last(&p->scope->type_tokens) = token;
}

// Binary.md, "Name Section".
cv_status cv_cwat_put_names(cv_cwat *p, cv_cwat_scope *s) {
  size_t start = p->items.size;
  cv_buf sub = {.mem = p->hand.mem};
  cv_cwat_put_text(&p->items, CV_BYTES_LITERAL("component-name"));
  size_t empty = p->items.size;
  if (s->name.size != 0) {
    cv_cwat_put_text(&sub, s->name);
    put_section(&p->items, 0, sub.data, sub.size);
  }
  for (unsigned space = 0; space < CV_CS_COUNT; space++) {
    const cv_name_map *map = &s->names[space];
    if (map->count == 0)
      continue;
    sub.size = 0;
    cv_cwat_put_sort(&sub, (cv_cspace)space);
    cv_buf_uleb(&sub, map->count);
    for (size_t i = 0; i < map->count; i++) {
      cv_buf_uleb(&sub, map->data[i].index);
      cv_cwat_put_text(&sub, map->data[i].name);
    }
    put_section(&p->items, 1, sub.data, sub.size);
  }
  bool failed = sub.failed;
  cv_buf_free(&sub);
  if (failed)
    return cv_wat_no_memory(&p->hand);
  if (p->items.size == empty) {
    p->items.size = start;
    return CV_OK;
  }
  size_t end = s->out.size, at = s->names_at != 0 ? s->names_at : end;
  CV_TRY(cv_cwat_emit(p, CV_CITEM_CUSTOM, start));
  if (at == end)
    return CV_OK;
  // It was put at the end, and belongs before what came since its place was told.
  size_t size = s->out.size - end;
  uint8_t *section = cv_arena_copy(&p->hand.arena, s->out.data + end, size);
  if (section == NULL)
    return cv_wat_no_memory(&p->hand);
  s->out.size = end;
  cv_buf_insert(&s->out, at, section, size);
  return s->out.failed ? cv_wat_no_memory(&p->hand) : CV_OK;
}

// ---- references ----------------------------------------------------------------------------------------------------

uint8_t cv_cwat_sort_code(cv_cspace space) {
  return spaces[space].code;
}

void cv_cwat_put_sort(cv_buf *out, cv_cspace space) {
  if (is_core(space))
    cv_buf_byte(out, 0x00);
  cv_buf_byte(out, spaces[space].code);
}

// An identifier that the current scope does not have: an outer alias, when it may be one.
static cv_status outer_index(cv_cwat *p, cv_cspace space, cv_bytes name, uint32_t token, uint32_t *index) {
  uint32_t depth = 1;
  for (const cv_cwat_scope *s = p->scope->outer; s != NULL; s = s->outer, depth++) {
    const uint64_t *found = cv_map_get(&s->spaces[space].names, name);
    if (found == NULL)
      continue;
    if (space != CV_CS_CORE_MODULE && space != CV_CS_CORE_TYPE && space != CV_CS_TYPE && space != CV_CS_COMPONENT)
      return cv_wat_fail_at(&p->hand, token, "outer item `%.*s` is not a module, type, or component",
                            (int)CV_MIN(name.size, 100), (const char *)name.data);
    return cv_cwat_put_alias(p, space, CV_ALIAS_OUTER, depth, name, (uint32_t)*found, NULL, index);
  }
  return cv_wat_fail_at(&p->hand, token, "unknown %s $%.*s", spaces[space].what, (int)CV_MIN(name.size, 100),
                        (const char *)name.data);
}

cv_status cv_cwat_index(cv_cwat *p, cv_cspace space, uint32_t *index) {
  if (cv_wat_kind(&p->hand) == CV_TOK_NAT)
    return cv_wat_u32(&p->hand, index);
  cv_bytes name;
  uint32_t token = p->hand.at;
  CV_TRY(cv_wat_id(&p->hand, &name));
  const uint64_t *found = cv_map_get(&p->scope->spaces[space].names, name);
  if (found == NULL)
    return outer_index(p, space, name, token, index);
  *index = (uint32_t)*found;
  return CV_OK;
}

cv_status cv_cwat_reference(cv_cwat *p, cv_cspace space, uint32_t *index) {
  cv_wat *h = &p->hand;
  const cv_token *next = cv_cwat_token(p, h->at);
  bool is_index = next->kind == CV_TOK_NAT || next->kind == CV_TOK_ID || next->kind == CV_TOK_QUOTED;
  if (!is_index || next[1].kind != CV_TOK_STRING)
    return cv_cwat_index(p, space, index);
  // A core instance exports only what core modules do.
  bool is_core_export = space <= CV_CS_CORE_TAG;
  if (space == CV_CS_CORE_TYPE || space == CV_CS_CORE_INSTANCE) {
    h->at++;
    return cv_wat_unexpected(h);
  }
  CV_TRY(cv_cwat_index(p, is_core_export ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE, index));
  do {
    cv_bytes name;
    CV_TRY(cv_wat_name(h, &name));
    bool is_last = is_core_export || cv_wat_kind(h) != CV_TOK_STRING;
    CV_TRY(cv_cwat_put_alias(p, is_last ? space : CV_CS_INSTANCE,
                             is_core_export ? CV_ALIAS_CORE_EXPORT : CV_ALIAS_EXPORT, *index, name, 0, NULL, index));
    if (is_last)
      return CV_OK;
  } while (true);
}

cv_status cv_cwat_index_or_reference(cv_cwat *p, cv_cspace space, bool prefixed, uint32_t *index) {
  cv_wat *h = &p->hand;
  if (cv_wat_kind(h) != CV_TOK_LPAR)
    return cv_cwat_index(p, space, index);
  h->at++;
  if (prefixed && is_core(space) && !cv_wat_accept_word(h, "core"))
    return cv_wat_unexpected(h);
  if (!cv_wat_accept_word(h, spaces[space].word))
    return cv_wat_unexpected(h);
  CV_TRY(cv_cwat_reference(p, space, index));
  return cv_wat_close(h);
}

cv_status cv_cwat_sort(cv_cwat *p, bool core_only, cv_cspace *space) {
  bool core = core_only || cv_wat_accept_word(&p->hand, "core");
  for (unsigned i = 0; i < CV_CS_COUNT; i++) {
    if (is_core((cv_cspace)i) == core && cv_wat_accept_word(&p->hand, spaces[i].word)) {
      *space = (cv_cspace)i;
      return CV_OK;
    }
  }
  return cv_wat_unexpected(&p->hand);
}

cv_status cv_cwat_externidx(cv_cwat *p, bool core_only, cv_csortidx *item) {
  if (cv_wat_kind(&p->hand) != CV_TOK_LPAR)
    return cv_wat_unexpected(&p->hand);
  p->hand.at++;
  CV_TRY(cv_cwat_sort(p, core_only, &item->space));
  CV_TRY(cv_cwat_reference(p, item->space, &item->index));
  return cv_wat_close(&p->hand);
}
