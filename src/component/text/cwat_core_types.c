// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_core_types.c: core types of components: definitions as modules have them, read by the parser of modules, and
// types of modules (Explainer.md, "Type Definitions").
#include "component/text/cwat_parser.h"

// The definitions of `w` from `first` on into the items, as one core type of the binary format. A definition that
// begins like a module type has a zero before it (Binary.md, "Type Definitions").
static void put_definitions(cv_cwat *p, cv_wat *w, size_t first) {
  size_t at = p->items.size;
  uint32_t groups;
  cv_wat_encode_types(w, first, &p->items, &groups);
  if (!p->items.failed && p->items.data[at] == 0x50)
    cv_buf_insert(&p->items, at, "", 1);
}

static cv_status definitions(cv_cwat *p, bool is_group) {
  cv_wat *h = &p->hand;
  uint32_t base = h->spaces[CV_SPACE_TYPE].count;
  size_t start = p->items.size;
  CV_TRY(cv_wat_lone_types(h, is_group));
  if (h->types.count != 0)
    put_definitions(p, h, 0);
  else
    cv_buf_bytes(&p->items, "\x4e\x00", 2);
  const cv_name_map *names = &h->names.maps[CV_NAMES_TYPE];
  for (size_t i = 0; i < names->count && p->scope->kind == CV_SCOPE_COMPONENT; i++)
    if (cv_vec_push(h->mem, &p->scope->names[CV_CS_CORE_TYPE],
                    (cv_name_entry){0, base + names->data[i].index, names->data[i].name}) != CV_OK)
      return cv_wat_no_memory(h);
  return cv_cwat_emit(p, CV_CITEM_CORE_TYPE, start);
}

// The parser of modules reads definitions in an index space that it is lent for so long.
static cv_status lent_definitions(cv_cwat *p, bool is_group) {
  cv_wat *h = &p->hand;
  cv_wat_scope back = h->spaces[CV_SPACE_TYPE];
  h->spaces[CV_SPACE_TYPE] = p->scope->spaces[CV_CS_CORE_TYPE];
  cv_status status = definitions(p, is_group);
  p->scope->spaces[CV_CS_CORE_TYPE] = h->spaces[CV_SPACE_TYPE];
  h->spaces[CV_SPACE_TYPE] = back;
  cv_wat_drop_types(h);
  cv_map_free(&h->signatures);
  h->names.maps[CV_NAMES_TYPE].count = h->names.maps[CV_NAMES_FIELD].count = 0;
  return status;
}

cv_status cv_cwat_core_type_field(cv_cwat *p, bool is_group) {
  cv_wat *h = &p->hand;
  uint32_t start = h->at, index;
  if (is_group)
    return lent_definitions(p, true);
  cv_cwat_binding b;
  CV_TRY(cv_cwat_binding_of(p, &b));
  if (cv_wat_at_open(h, "alias"))
    return cv_cwat_inverted_alias(p, CV_CS_CORE_TYPE, &b, &index);
  if (cv_wat_accept_open(h, "module")) {
    CV_TRY(cv_cwat_module_type(p, &b, &index));
    return cv_wat_close(h);
  }
  h->at = start;
  return lent_definitions(p, false);
}

// ---- types of modules ----------------------------------------------------------------------------------------------

// A module type under construction: its scope, and a parser of modules that has its type index space.
typedef struct module_type {
  cv_cwat_scope scope;
  cv_wat w;
} module_type;

// Definitions that the parser has added come before what uses them, each a declarator.
static cv_status emit_types_from(cv_cwat *p, cv_wat *w, size_t first) {
  for (size_t i = first; i < w->types.count;) {
    size_t start = p->items.size, group = w->types.data[i].group_size;
    size_t count = w->types.count;
    w->types.count = i + group;
    put_definitions(p, w, i);
    w->types.count = count;
    CV_TRY(cv_cwat_emit(p, CV_CITEM_CORE_TYPE, start));
    i += group;
  }
  return CV_OK;
}

// (alias outer c i (type $x))
static cv_status module_alias(cv_cwat *p, module_type *m) {
  cv_wat *h = &p->hand;
  uint32_t depth, index, at;
  if (!cv_wat_accept_word(h, "outer"))
    return cv_wat_unexpected(h);
  m->scope.spaces[CV_CS_CORE_TYPE] = m->w.spaces[CV_SPACE_TYPE];
  cv_status status = cv_cwat_outer_target(p, CV_CS_CORE_TYPE, &depth, &index);
  m->scope.spaces[CV_CS_CORE_TYPE] = (cv_wat_scope){.count = 0};
  CV_TRY(status);
  if (!cv_wat_accept_open(h, "type"))
    return cv_wat_unexpected(h);
  size_t start = p->items.size;
  cv_buf_bytes(&p->items, "\x10\x01", 2);
  cv_buf_uleb(&p->items, depth);
  cv_buf_uleb(&p->items, index);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_ALIAS, start));
  at = h->at;
  if (cv_wat_at_id(h)) {
    cv_bytes name;
    CV_TRY(cv_wat_id(h, &name));
    CV_TRY(cv_wat_bind(h, &m->w.spaces[CV_SPACE_TYPE], name, at));
  } else
    m->w.spaces[CV_SPACE_TYPE].count++;
  CV_TRY(cv_wat_opaque_type(&m->w));
  return cv_wat_close(h);
}

// An import with two names or an export with one, and its type.
static cv_status module_extern(cv_cwat *p, cv_wat *w, bool is_import) {
  cv_wat *h = &p->hand;
  cv_bytes module, name;
  size_t start = p->items.size, types = w->types.count;
  if (is_import)
    CV_TRY(cv_wat_name(h, &module));
  CV_TRY(cv_wat_name(h, &name));
  const cv_token *t = cv_cwat_token(p, h->at);
  if (!is_import && t->kind == CV_TOK_LPAR && t[1].kind == CV_TOK_WORD &&
      (t[2].kind == CV_TOK_ID || t[2].kind == CV_TOK_QUOTED)) {
    h->at += 2; // an export has no identifier
    return cv_wat_unexpected(h);
  }
  cv_buf type = {.mem = h->mem};
  w->at = h->at;
  cv_status status = cv_wat_extern_type(w, &type);
  h->at = w->at;
  if (status == CV_OK)
    status = emit_types_from(p, w, types);
  if (status == CV_OK) {
    if (is_import)
      cv_cwat_put_text(&p->items, module);
    cv_cwat_put_text(&p->items, name);
    cv_buf_bytes(&p->items, type.data, type.size);
    p->items.failed |= type.failed;
    status = cv_cwat_emit(p, is_import ? CV_CITEM_IMPORT : CV_CITEM_EXPORT, start);
  }
  cv_buf_free(&type);
  return status;
}

static cv_status module_types(cv_cwat *p, cv_wat *w, bool is_group) {
  size_t first = w->types.count;
  w->at = p->hand.at;
  CV_TRY(cv_wat_lone_types(w, is_group));
  p->hand.at = w->at;
  if (w->types.count != first)
    return emit_types_from(p, w, first);
  size_t start = p->items.size;
  cv_buf_bytes(&p->items, "\x4e\x00", 2);
  return cv_cwat_emit(p, CV_CITEM_CORE_TYPE, start);
}

static cv_status module_declarator(cv_cwat *p, module_type *m) {
  cv_wat *h = &p->hand;
  if (cv_wat_accept_open(h, "type"))
    CV_TRY(module_types(p, &m->w, false));
  else if (cv_wat_accept_open(h, "rec"))
    CV_TRY(module_types(p, &m->w, true));
  else if (cv_wat_accept_open(h, "alias"))
    CV_TRY(module_alias(p, m));
  else if (cv_wat_accept_open(h, "import"))
    CV_TRY(module_extern(p, &m->w, true));
  else if (cv_wat_accept_open(h, "export"))
    CV_TRY(module_extern(p, &m->w, false));
  else {
    h->at += cv_wat_kind(h) == CV_TOK_LPAR;
    return cv_wat_unexpected(h);
  }
  return cv_wat_close(h);
}

static cv_status declarators(cv_cwat *p, module_type *m) {
  CV_TRY(cv_cwat_enter(p, &m->scope));
  cv_status status = CV_OK;
  while (status == CV_OK && cv_wat_kind(&p->hand) != CV_TOK_RPAR)
    status = module_declarator(p, m);
  cv_cwat_leave(p);
  return status;
}

cv_status cv_cwat_module_type(cv_cwat *p, const cv_cwat_binding *b, uint32_t *index) {
  cv_wat *h = &p->hand;
  module_type *m = cv_mem_alloc(h->mem, sizeof *m);
  if (m == NULL)
    return cv_wat_no_memory(h);
  cv_cwat_scope_init(p, &m->scope, CV_SCOPE_MODULE_TYPE);
  cv_wat_init(&m->w, h->text, h->mem, h->diag);
  m->w.features = h->features;
  m->w.plain_words = true;
  if (b != NULL && b->bound) {
    m->scope.has_id = true;
    m->scope.id = b->id;
  }
  size_t start = p->items.size;
  cv_status status = declarators(p, m);
  if (status == CV_OK) {
    cv_buf_byte(&p->items, 0x50);
    cv_buf_uleb(&p->items, m->scope.count);
    cv_buf_bytes(&p->items, m->scope.out.data, m->scope.out.size);
  }
  cv_cwat_scope_free(p, &m->scope);
  cv_wat_free(&m->w);
  cv_mem_free(h->mem, m, sizeof *m);
  CV_TRY(status);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_CORE_TYPE, start));
  return cv_cwat_define(p, CV_CS_CORE_TYPE, b, index);
}
