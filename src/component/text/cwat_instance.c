// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_instance.c: how definitions come together: instances, aliases, imports and exports (Explainer.md, "Instance
// Definitions", "Alias Definitions", "Import and Export Definitions").
#include "component/text/cwat_parser.h"

// ---- names of imports and exports ----------------------------------------------------------------------------------

static const struct {
  const char *word;
  uint8_t code;
} attributes[] = {{"implements", 0x00}, {"versionsuffix", 0x01}, {"external-id", 0x02}};

// Whether there is an attribute at this token.
static bool is_attribute(const cv_cwat *p, uint32_t token, size_t *which) {
  if (cv_cwat_token(p, token)->kind != CV_TOK_LPAR)
    return false;
  for (*which = 0; *which < CV_COUNT(attributes); ++*which)
    if (cv_wat_is_word(&p->hand, token + 1, attributes[*which].word))
      return true;
  return false;
}

cv_status cv_cwat_extern_name_of(cv_cwat *p, cv_cwat_extern_name *name) {
  cv_wat *h = &p->hand;
  size_t which;
  *name = (cv_cwat_extern_name){.attribute_count = 0};
  CV_TRY(cv_wat_name(h, &name->name));
  while (is_attribute(p, h->at, &which)) {
    h->at++;
    for (uint32_t i = 0; i < name->attribute_count; i++)
      if (name->attributes[i].code == attributes[which].code)
        return cv_wat_unexpected(h); // each at most once
    h->at++;
    name->attributes[name->attribute_count].code = attributes[which].code;
    CV_TRY(cv_wat_name(h, &name->attributes[name->attribute_count++].text));
    CV_TRY(cv_wat_close(h));
  }
  return CV_OK;
}

void cv_cwat_put_extern_name(cv_buf *out, const cv_cwat_extern_name *name) {
  cv_buf_byte(out, name->attribute_count != 0 ? 0x02 : 0x00);
  cv_cwat_put_text(out, name->name);
  if (name->attribute_count == 0)
    return;
  cv_buf_uleb(out, name->attribute_count);
  for (uint32_t i = 0; i < name->attribute_count; i++) {
    cv_buf_byte(out, name->attributes[i].code);
    cv_cwat_put_text(out, name->attributes[i].text);
  }
}

bool cv_cwat_at_inline(const cv_cwat *p, const char *word) {
  const cv_wat *h = &p->hand;
  if (!cv_wat_at_open(h, word) || cv_cwat_token(p, h->at + 2)->kind != CV_TOK_STRING)
    return false;
  uint32_t at = h->at + 3;
  size_t which;
  while (is_attribute(p, at, &which))
    at = cv_cwat_after(p, at);
  return cv_cwat_token(p, at)->kind == CV_TOK_RPAR;
}

cv_status cv_cwat_inline_exports(cv_cwat *p) {
  while (cv_cwat_at_inline(p, "export")) {
    cv_cwat_inline_export entry = {.item = {.space = CV_CS_COUNT}};
    p->hand.at += 2;
    CV_TRY(cv_cwat_extern_name_of(p, &entry.name));
    CV_TRY(cv_wat_close(&p->hand));
    if (cv_vec_push(p->hand.mem, &p->scope->exports, entry) != CV_OK)
      return cv_wat_no_memory(&p->hand);
  }
  return CV_OK;
}

void cv_cwat_inline_exported(cv_cwat *p, size_t first, cv_csortidx item) {
  for (size_t i = first; i < p->scope->exports.count; i++)
    p->scope->exports.data[i].item = item;
}

// ---- aliases -------------------------------------------------------------------------------------------------------

cv_status cv_cwat_put_alias(cv_cwat *p, cv_cspace space, uint8_t target, uint32_t first, cv_bytes name, uint32_t second,
                            const cv_cwat_binding *b, uint32_t *index) {
  size_t start = p->items.size;
  cv_cwat_put_sort(&p->items, space);
  cv_buf_byte(&p->items, target);
  cv_buf_uleb(&p->items, first);
  if (target == CV_ALIAS_OUTER)
    cv_buf_uleb(&p->items, second);
  else
    cv_cwat_put_text(&p->items, name);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_ALIAS, start));
  return cv_cwat_define(p, space, b, index);
}

cv_status cv_cwat_outer_target(cv_cwat *p, cv_cspace space, uint32_t *depth, uint32_t *index) {
  cv_wat *h = &p->hand;
  const cv_cwat_scope *s = p->scope;
  uint32_t token = h->at;
  if (cv_wat_at_id(h)) {
    cv_bytes name;
    CV_TRY(cv_wat_id(h, &name));
    for (*depth = 0; s != NULL && !(s->has_id && cv_bytes_equal(s->id, name)); s = s->outer)
      ++*depth;
    if (s == NULL)
      return cv_wat_fail_at(h, token, "outer component `%.*s` not found", (int)CV_MIN(name.size, 100),
                            (const char *)name.data);
  } else {
    CV_TRY(cv_wat_u32(h, depth));
    for (uint32_t i = 0; i < *depth && s != NULL; i++)
      s = s->outer;
  }
  if (cv_wat_kind(h) == CV_TOK_NAT)
    return cv_wat_u32(h, index);
  token = h->at;
  cv_bytes name;
  CV_TRY(cv_wat_id(h, &name));
  if (s == NULL)
    return cv_wat_fail_at(h, token, "outer count of `%u` is too large", *depth);
  const uint64_t *found = cv_map_get(&s->spaces[space].names, name);
  if (found == NULL)
    return cv_wat_fail_at(h, token, "unknown %s $%.*s", s->spaces[space].what, (int)CV_MIN(name.size, 100),
                          (const char *)name.data);
  *index = (uint32_t)*found;
  return CV_OK;
}

// "(core func $x)": the sort of an alias and its identifier.
static cv_status alias_sort(cv_cwat *p, cv_cspace *space, cv_cwat_binding *b) {
  cv_wat *h = &p->hand;
  if (cv_wat_kind(h) != CV_TOK_LPAR)
    return cv_wat_unexpected(h);
  h->at++;
  CV_TRY(cv_cwat_sort(p, false, space));
  CV_TRY(cv_cwat_binding_of(p, b));
  return cv_wat_close(h);
}

static cv_status outer_alias(cv_cwat *p) {
  cv_wat *h = &p->hand;
  uint32_t at = h->at, depth, target, index;
  cv_cspace space;
  cv_cwat_binding b;
  // The sort says in which index space the target is, and stands behind it.
  for (unsigned i = 0; i < 2; i++) {
    if (cv_wat_kind(h) != CV_TOK_NAT && !cv_wat_at_id(h))
      return cv_wat_unexpected(h);
    h->at++;
  }
  CV_TRY(alias_sort(p, &space, &b));
  uint32_t end = h->at;
  h->at = at;
  CV_TRY(cv_cwat_outer_target(p, space, &depth, &target));
  h->at = end;
  return cv_cwat_put_alias(p, space, CV_ALIAS_OUTER, depth, b.id, target, &b, &index);
}

cv_status cv_cwat_alias_field(cv_cwat *p) {
  cv_wat *h = &p->hand;
  cv_cspace space;
  cv_cwat_binding b;
  cv_bytes name;
  uint32_t instance, index;
  if (cv_wat_accept_word(h, "outer"))
    return outer_alias(p);
  bool is_core = cv_wat_accept_word(h, "core");
  if (!cv_wat_accept_word(h, "export"))
    return cv_wat_unexpected(h);
  CV_TRY(cv_cwat_index_or_reference(p, is_core ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE, true, &instance));
  CV_TRY(cv_wat_name(h, &name));
  CV_TRY(alias_sort(p, &space, &b));
  return cv_cwat_put_alias(p, space, is_core ? CV_ALIAS_CORE_EXPORT : CV_ALIAS_EXPORT, instance, name, 0, &b, &index);
}

cv_status cv_cwat_inverted_alias(cv_cwat *p, cv_cspace space, const cv_cwat_binding *b, uint32_t *index) {
  cv_wat *h = &p->hand;
  uint32_t first, second = 0;
  cv_bytes name = {NULL, 0};
  uint8_t target = CV_ALIAS_EXPORT;
  h->at += 2;
  if (cv_wat_accept_word(h, "outer")) {
    target = CV_ALIAS_OUTER;
    CV_TRY(cv_cwat_outer_target(p, space, &first, &second));
  } else {
    target = cv_wat_accept_word(h, "core") ? CV_ALIAS_CORE_EXPORT : CV_ALIAS_EXPORT;
    if (!cv_wat_accept_word(h, "export"))
      return cv_wat_unexpected(h);
    CV_TRY(cv_cwat_index_or_reference(p, target == CV_ALIAS_CORE_EXPORT ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE, true,
                                      &first));
    CV_TRY(cv_wat_name(h, &name));
  }
  CV_TRY(cv_wat_close(h));
  return cv_cwat_put_alias(p, space, target, first, name, second, b, index);
}

// ---- imports and exports -------------------------------------------------------------------------------------------

cv_status cv_cwat_put_import(cv_cwat *p, const cv_cwat_extern_name *name, const cv_cwat_externtype *type,
                             const cv_cwat_binding *b, uint32_t *index) {
  size_t start = p->items.size;
  cv_cwat_put_extern_name(&p->items, name);
  cv_cwat_put_externtype(&p->items, type);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_IMPORT, start));
  return cv_cwat_define(p, type->space, b, index);
}

cv_status cv_cwat_import_field(cv_cwat *p) {
  cv_cwat_extern_name name;
  cv_cwat_externtype type;
  cv_cwat_binding b;
  uint32_t index;
  CV_TRY(cv_cwat_extern_name_of(p, &name));
  CV_TRY(cv_cwat_extern_type(p, &b, &type));
  return cv_cwat_put_import(p, &name, &type, &b, &index);
}

cv_status cv_cwat_export_declarator(cv_cwat *p) {
  cv_cwat_extern_name name;
  cv_cwat_externtype type;
  cv_cwat_binding b;
  uint32_t index;
  CV_TRY(cv_cwat_extern_name_of(p, &name));
  CV_TRY(cv_cwat_extern_type(p, &b, &type));
  size_t start = p->items.size;
  cv_cwat_put_extern_name(&p->items, &name);
  cv_cwat_put_externtype(&p->items, &type);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_EXPORT, start));
  return cv_cwat_define(p, type.space, &b, &index);
}

cv_status cv_cwat_put_export(cv_cwat *p, const cv_cwat_extern_name *name, cv_csortidx item,
                             const cv_cwat_externtype *type, const cv_cwat_binding *b) {
  size_t start = p->items.size;
  uint32_t index;
  cv_cwat_put_extern_name(&p->items, name);
  cv_cwat_put_sort(&p->items, item.space);
  cv_buf_uleb(&p->items, item.index);
  cv_buf_byte(&p->items, type != NULL);
  if (type != NULL)
    cv_cwat_put_externtype(&p->items, type);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_EXPORT, start));
  return cv_cwat_define(p, item.space, b, &index);
}

// (export $x? "name" attribute* externidx externtype?)
cv_status cv_cwat_export_field(cv_cwat *p) {
  cv_wat *h = &p->hand;
  cv_cwat_extern_name name;
  cv_cwat_externtype type;
  cv_cwat_binding b;
  cv_csortidx item;
  CV_TRY(cv_cwat_binding_of(p, &b));
  CV_TRY(cv_cwat_extern_name_of(p, &name));
  uint32_t at = h->at;
  if (cv_wat_kind(h) != CV_TOK_LPAR)
    return cv_wat_unexpected(h);
  // Types that stand inline come before the aliases that stand inline.
  h->at = cv_cwat_token(p, at)->extent;
  CV_TRY(cv_wat_close(h));
  bool has_type = cv_wat_kind(h) == CV_TOK_LPAR;
  if (has_type)
    CV_TRY(cv_cwat_extern_type(p, NULL, &type));
  uint32_t end = h->at;
  h->at = at;
  CV_TRY(cv_cwat_externidx(p, false, &item));
  h->at = end;
  return cv_cwat_put_export(p, &name, item, has_type ? &type : NULL, &b);
}

// ---- instances -----------------------------------------------------------------------------------------------------

static void put_item(cv_buf *out, bool is_core, cv_csortidx item) {
  if (is_core)
    cv_buf_byte(out, cv_cwat_sort_code(item.space));
  else
    cv_cwat_put_sort(out, item.space);
  cv_buf_uleb(out, item.index);
}

// (export "x" externidx)* as an instance.
static cv_status put_bundle(cv_cwat *p, bool is_core, const cv_cwat_binding *b, uint32_t *index) {
  cv_wat *h = &p->hand;
  size_t start = p->items.size;
  uint32_t count = 0;
  cv_buf_byte(&p->items, 0x01);
  for (; cv_wat_kind(h) != CV_TOK_RPAR; count++) {
    cv_cwat_extern_name name = {.attribute_count = 0};
    cv_csortidx item;
    if (!cv_wat_accept_open(h, "export"))
      return cv_wat_unexpected(h);
    if (is_core)
      CV_TRY(cv_wat_name(h, &name.name));
    else
      CV_TRY(cv_cwat_extern_name_of(p, &name));
    CV_TRY(cv_cwat_externidx(p, is_core, &item));
    CV_TRY(cv_wat_close(h));
    if (is_core)
      cv_cwat_put_text(&p->items, name.name);
    else
      cv_cwat_put_extern_name(&p->items, &name);
    put_item(&p->items, is_core, item);
  }
  cv_cwat_put_count(p, start + 1, count);
  CV_TRY(cv_cwat_emit(p, is_core ? CV_CITEM_CORE_INSTANCE : CV_CITEM_INSTANCE, start));
  return cv_cwat_define(p, is_core ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE, b, index);
}

// At "(instance" of an argument that is no reference to an instance.
static bool at_inline_instance(const cv_cwat *p) {
  return cv_wat_at_open(&p->hand, "instance") && (cv_cwat_token(p, p->hand.at + 2)->kind == CV_TOK_LPAR ||
                                                  cv_cwat_token(p, p->hand.at + 2)->kind == CV_TOK_RPAR);
}

// The instances that stand inline among the arguments, each a definition; `inlined` remembers them.
static cv_status inline_instances(cv_cwat *p, bool is_core) {
  cv_wat *h = &p->hand;
  uint32_t at = h->at, next;
  for (; cv_wat_kind(h) == CV_TOK_LPAR; h->at = next) {
    cv_bytes name;
    next = cv_cwat_after(p, h->at);
    if (!cv_wat_accept_open(h, "with"))
      break; // the second walk says what is wrong
    CV_TRY(cv_wat_name(h, &name));
    if (!at_inline_instance(p))
      continue;
    cv_cwat_inlined entry = {.token = h->at};
    h->at += 2;
    CV_TRY(put_bundle(p, is_core, NULL, &entry.index));
    CV_TRY(cv_wat_close(h));
    CV_TRY(cv_wat_close(h));
    if (cv_vec_push(h->mem, &p->inlined, entry) != CV_OK)
      return cv_wat_no_memory(h);
  }
  h->at = at;
  return CV_OK;
}

static cv_status instantiate_arg(cv_cwat *p, bool is_core, size_t *next) {
  cv_wat *h = &p->hand;
  cv_bytes name;
  cv_csortidx item = {.space = is_core ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE};
  if (!cv_wat_accept_open(h, "with"))
    return cv_wat_unexpected(h);
  CV_TRY(cv_wat_name(h, &name));
  if (*next < p->inlined.count && p->inlined.data[*next].token == h->at) {
    item.index = p->inlined.data[(*next)++].index;
    h->at = cv_cwat_after(p, h->at);
  } else
    CV_TRY(cv_cwat_externidx(p, is_core, &item));
  cv_cwat_put_text(&p->items, name);
  put_item(&p->items, is_core, item);
  return cv_wat_close(h);
}

// What follows "(instantiate".
static cv_status put_instantiate(cv_cwat *p, bool is_core, const cv_cwat_binding *b, uint32_t *index) {
  cv_wat *h = &p->hand;
  size_t start = p->items.size, first = p->inlined.count, next = first;
  uint32_t at = h->at, source, count = 0;
  if (cv_wat_kind(h) == CV_TOK_LPAR)
    h->at = cv_cwat_token(p, at)->extent;
  h->at += cv_wat_kind(h) != CV_TOK_END && cv_wat_kind(h) != CV_TOK_ERROR;
  CV_TRY(inline_instances(p, is_core));
  h->at = at;
  CV_TRY(cv_cwat_index_or_reference(p, is_core ? CV_CS_CORE_MODULE : CV_CS_COMPONENT, false, &source));
  cv_buf_byte(&p->items, 0x00);
  cv_buf_uleb(&p->items, source);
  size_t counted = p->items.size;
  for (; cv_wat_kind(h) != CV_TOK_RPAR; count++)
    CV_TRY(instantiate_arg(p, is_core, &next));
  cv_cwat_put_count(p, counted, count);
  p->inlined.count = first;
  CV_TRY(cv_wat_close(h));
  CV_TRY(cv_cwat_emit(p, is_core ? CV_CITEM_CORE_INSTANCE : CV_CITEM_INSTANCE, start));
  return cv_cwat_define(p, is_core ? CV_CS_CORE_INSTANCE : CV_CS_INSTANCE, b, index);
}

cv_status cv_cwat_instance(cv_cwat *p, bool is_core, const cv_cwat_binding *b, uint32_t *index) {
  if (cv_wat_accept_open(&p->hand, "instantiate"))
    return put_instantiate(p, is_core, b, index);
  return put_bundle(p, is_core, b, index);
}
