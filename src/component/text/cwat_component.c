// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_component.c: components and their definitions (Explainer.md, "Component Definitions"); texts of either kind.
#include "component/text/cwat.h"
#include "component/text/cwat_parser.h"

// ---- definitions that may be imported, exported or aliased where they stand ----------------------------------------

// The body of a definition, when it is no import or alias: up to its closing parenthesis.
typedef cv_status define_fn(cv_cwat *p, uint32_t open, const cv_cwat_binding *b, uint32_t *index);

static cv_status inline_import(cv_cwat *p, cv_cspace space, const cv_cwat_binding *b, uint32_t *index) {
  cv_cwat_extern_name name;
  cv_cwat_externtype type = {.space = space};
  p->hand.at += 2;
  CV_TRY(cv_cwat_extern_name_of(p, &name));
  CV_TRY(cv_wat_close(&p->hand));
  CV_TRY(cv_cwat_type_use(p, space, &type.index));
  return cv_cwat_put_import(p, &name, &type, b, index);
}

// "(alias export $i "x")", not the definition of an alias, which has its sort in it.
static bool at_inverted_alias(const cv_cwat *p) {
  const cv_wat *h = &p->hand;
  return cv_wat_at_open(h, "alias") && cv_cwat_token(p, cv_cwat_token(p, h->at)->extent - 1)->kind != CV_TOK_RPAR;
}

// What follows the words of a definition at `open`.
static cv_status definition(cv_cwat *p, cv_cspace space, uint32_t open, define_fn *define) {
  cv_cwat_binding b;
  cv_csortidx item = {.space = space};
  size_t exports = p->scope->exports.count;
  CV_TRY(cv_cwat_binding_of(p, &b));
  CV_TRY(cv_cwat_inline_exports(p));
  if (cv_cwat_at_inline(p, "import"))
    CV_TRY(inline_import(p, space, &b, &item.index));
  else if (at_inverted_alias(p))
    CV_TRY(cv_cwat_inverted_alias(p, space, &b, &item.index));
  else
    CV_TRY(define(p, open, &b, &item.index));
  cv_cwat_inline_exported(p, exports, item);
  return CV_OK;
}

static cv_status define_func(cv_cwat *p, uint32_t open, const cv_cwat_binding *b, uint32_t *index) {
  (void)open;
  return cv_cwat_lifted_func(p, b, index);
}

static cv_status define_instance(cv_cwat *p, uint32_t open, const cv_cwat_binding *b, uint32_t *index) {
  (void)open;
  return cv_cwat_instance(p, false, b, index);
}

// binary "..." or quote "...": the bytes of a module or component into the items.
static cv_status given_bytes(cv_cwat *p, bool is_module, bool *given) {
  cv_wat *h = &p->hand;
  bool is_quote = cv_wat_at_word(h, "quote");
  *given = is_quote || cv_wat_at_word(h, "binary");
  if (!*given)
    return CV_OK;
  h->at++;
  if (!is_quote)
    return cv_wat_strings(h, &p->items);
  cv_buf quoted = {.mem = h->mem};
  cv_text text;
  uint32_t at = 0;
  cv_status status = cv_wat_strings(h, &quoted);
  if (status == CV_OK)
    status = cv_text_init(&text, h->mem, (const char *)quoted.data, quoted.size, h->diag);
  if (status == CV_OK) {
    status = (is_module ? cv_wat_parse_fields : cv_cwat_parse_fields)(&text, UINT32_MAX, &at, h->features, h->mem,
                                                                      &p->items, h->diag);
    cv_text_free(&text);
  }
  cv_buf_free(&quoted);
  return status;
}

static cv_status define_module(cv_cwat *p, uint32_t open, const cv_cwat_binding *b, uint32_t *index) {
  cv_wat *h = &p->hand;
  size_t start = p->items.size;
  bool given;
  CV_TRY(given_bytes(p, true, &given));
  if (!given) {
    // The identifier is the module's own name too, unless exports are in between.
    uint32_t at = b->bound && h->at == b->token + 1 ? b->token : h->at;
    CV_TRY(cv_wat_parse_nested(h->text, open, &at, h->features, h->mem, &p->items, h->diag));
    h->at = at - 1;
  }
  CV_TRY(cv_cwat_emit(p, CV_CITEM_CORE_MODULE, start));
  return cv_cwat_define(p, CV_CS_CORE_MODULE, b, index);
}

static cv_status component_into(cv_cwat *p, const cv_cwat_binding *b);

static cv_status define_component(cv_cwat *p, uint32_t open, const cv_cwat_binding *b, uint32_t *index) {
  size_t start = p->items.size;
  bool given;
  (void)open;
  CV_TRY(given_bytes(p, false, &given));
  if (!given)
    CV_TRY(component_into(p, b));
  CV_TRY(cv_cwat_emit(p, CV_CITEM_COMPONENT, start));
  return cv_cwat_define(p, CV_CS_COMPONENT, b, index);
}

// ---- other definitions ---------------------------------------------------------------------------------------------

// (start f (value x)* (result (value $x?))*)
static cv_status start_field(cv_cwat *p) {
  cv_wat *h = &p->hand;
  size_t start = p->items.size, at;
  uint32_t index, count = 0, results = 0, first;
  CV_TRY(cv_cwat_index_or_reference(p, CV_CS_FUNC, true, &index));
  cv_buf_uleb(&p->items, index);
  at = p->items.size;
  for (; cv_wat_at_open(h, "value"); count++) {
    CV_TRY(cv_cwat_index_or_reference(p, CV_CS_VALUE, true, &index));
    cv_buf_uleb(&p->items, index);
  }
  cv_cwat_put_count(p, at, count);
  for (first = h->at; cv_wat_at_open(h, "result"); results++)
    h->at = cv_cwat_after(p, h->at);
  cv_buf_uleb(&p->items, results);
  CV_TRY(cv_cwat_emit(p, CV_CITEM_START, start));
  for (h->at = first; cv_wat_accept_open(h, "result");) {
    cv_cwat_binding b;
    if (!cv_wat_accept_open(h, "value"))
      return cv_wat_unexpected(h);
    CV_TRY(cv_cwat_binding_of(p, &b));
    CV_TRY(cv_cwat_define(p, CV_CS_VALUE, &b, &index));
    CV_TRY(cv_wat_close(h));
    CV_TRY(cv_wat_close(h));
  }
  return CV_OK;
}

static cv_status core_func_field(cv_cwat *p) {
  cv_cwat_binding b;
  uint32_t index;
  CV_TRY(cv_cwat_binding_of(p, &b));
  if (cv_wat_at_open(&p->hand, "alias"))
    return cv_cwat_inverted_alias(p, CV_CS_CORE_FUNC, &b, &index);
  return cv_cwat_core_func(p, &b);
}

static cv_status core_instance_field(cv_cwat *p) {
  cv_cwat_binding b;
  uint32_t index;
  CV_TRY(cv_cwat_binding_of(p, &b));
  return cv_cwat_instance(p, true, &b, &index);
}

// What follows "(core" at `open`.
static cv_status core_field(cv_cwat *p, uint32_t open) {
  cv_wat *h = &p->hand;
  cv_cwat_binding b;
  cv_cspace space;
  uint32_t index;
  if (cv_wat_accept_word(h, "rec"))
    return cv_cwat_core_type_field(p, true);
  CV_TRY(cv_cwat_sort(p, true, &space));
  switch (space) {
  case CV_CS_CORE_MODULE:
    return definition(p, CV_CS_CORE_MODULE, open, define_module);
  case CV_CS_CORE_INSTANCE:
    return core_instance_field(p);
  case CV_CS_CORE_TYPE:
    return cv_cwat_core_type_field(p, false);
  case CV_CS_CORE_FUNC:
    return core_func_field(p);
  default:
    CV_TRY(cv_cwat_binding_of(p, &b));
    return cv_wat_at_open(h, "alias") ? cv_cwat_inverted_alias(p, space, &b, &index) : cv_wat_unexpected(h);
  }
}

static cv_status field(cv_cwat *p) {
  static const struct {
    const char *word;
    cv_status (*parse)(cv_cwat *p);
  } fields[] = {{"type", cv_cwat_type_field},     {"alias", cv_cwat_alias_field}, {"import", cv_cwat_import_field},
                {"export", cv_cwat_export_field}, {"canon", cv_cwat_canon_field}, {"start", start_field},
                {"value", cv_cwat_value_field}};
  static const struct {
    const char *word;
    cv_cspace space;
    define_fn *define;
  } definitions[] = {{"func", CV_CS_FUNC, define_func},
                     {"instance", CV_CS_INSTANCE, define_instance},
                     {"component", CV_CS_COMPONENT, define_component}};
  cv_wat *h = &p->hand;
  uint32_t open = h->at;
  if (cv_wat_accept_open(h, "core")) {
    CV_TRY(core_field(p, open));
    return cv_wat_close(h);
  }
  for (size_t i = 0; i < CV_COUNT(fields); i++) {
    if (cv_wat_accept_open(h, fields[i].word)) {
      CV_TRY(fields[i].parse(p));
      return cv_wat_close(h);
    }
  }
  for (size_t i = 0; i < CV_COUNT(definitions); i++) {
    if (cv_wat_accept_open(h, definitions[i].word)) {
      CV_TRY(definition(p, definitions[i].space, open, definitions[i].define));
      return cv_wat_close(h);
    }
  }
  h->at += cv_wat_kind(h) == CV_TOK_LPAR;
  return cv_wat_unexpected(h);
}

// ---- components ----------------------------------------------------------------------------------------------------

static cv_status put_custom(cv_cwat *p, const cv_wat_custom *custom) {
  size_t start = p->items.size;
  cv_cwat_put_text(&p->items, custom->name);
  cv_buf_bytes(&p->items, custom->contents.data, custom->contents.size);
  return cv_cwat_emit(p, CV_CITEM_CUSTOM, start);
}

// (@custom ...) before the current token: a section right there; other places have no meaning in a component. Where
// (@component-name) stands is where the name section goes, which otherwise is the last one.
static cv_status custom_sections(cv_cwat *p) {
  cv_wat *h = &p->hand;
  CV_TRY(cv_wat_field_annots(h));
  for (size_t i = 0; i < h->customs.count; i++) {
    if (!h->customs.data[i].is_names)
      CV_TRY(put_custom(p, &h->customs.data[i]));
    else if (p->scope->names_at == 0) {
      cv_cwat_flush(p->scope);
      p->scope->names_at = p->scope->out.size;
    }
  }
  h->customs.count = 0;
  return CV_OK;
}

static cv_status all_fields(cv_cwat *p) {
  cv_wat *h = &p->hand;
  for (;;) {
    CV_TRY(custom_sections(p));
    if (cv_wat_kind(h) == CV_TOK_RPAR || cv_wat_kind(h) == CV_TOK_END)
      break;
    CV_TRY(field(p));
  }
  for (size_t i = 0; i < p->scope->exports.count; i++) {
    const cv_cwat_inline_export *e = &p->scope->exports.data[i];
    CV_TRY(cv_cwat_put_export(p, &e->name, e->item, NULL, NULL));
  }
  cv_cwat_flush(p->scope);
  return cv_cwat_put_names(p, p->scope);
}

// The fields of a component up to the end of what they are in; its binary into the items.
static cv_status component_into(cv_cwat *p, const cv_cwat_binding *b) {
  bool has_name = b->named;
  cv_bytes name = b->name;
  CV_TRY(cv_wat_own_name_annot(&p->hand, &name, &has_name));
  cv_cwat_scope *scope = cv_mem_alloc(p->hand.mem, sizeof *scope);
  if (scope == NULL)
    return cv_wat_no_memory(&p->hand);
  cv_cwat_scope_init(p, scope, CV_SCOPE_COMPONENT);
  scope->has_id = b->bound;
  scope->id = b->id;
  if (has_name)
    scope->name = name;
  cv_buf_bytes(&scope->out, "\0asm\x0d\0\1\0", 8);
  cv_status status = cv_cwat_enter(p, scope);
  if (status == CV_OK) {
    status = all_fields(p);
    cv_cwat_leave(p);
  }
  if (status == CV_OK) {
    cv_buf_bytes(&p->items, scope->out.data, scope->out.size);
    p->items.failed |= scope->out.failed;
  }
  cv_cwat_scope_free(p, scope);
  cv_mem_free(p->hand.mem, scope, sizeof *scope);
  return status;
}

static cv_status outermost(cv_cwat *p, bool is_bare) {
  cv_cwat_binding b = {.bound = false};
  if (!is_bare)
    CV_TRY(cv_cwat_binding_of(p, &b));
  CV_TRY(component_into(p, &b));
  if (is_bare)
    return cv_wat_kind(&p->hand) == CV_TOK_END ? CV_OK : cv_wat_unexpected(&p->hand);
  return cv_wat_close(&p->hand);
}

cv_status cv_cwat_parse_fields(cv_text *text, uint32_t open, uint32_t *at, cv_features features, cv_mem *mem,
                               cv_buf *out, cv_diag *diag) {
  cv_cwat *p = cv_mem_alloc(mem, sizeof *p);
  if (p == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory while parsing a text");
  *p = (cv_cwat){.items = {.mem = mem}};
  cv_wat_init(&p->hand, text, mem, diag);
  p->hand.features = features;
  p->hand.plain_words = true;
  p->hand.at = *at;
  cv_status status = outermost(p, open == UINT32_MAX);
  if (status == CV_OK)
    status = cv_wat_check_annots(&p->hand, open, open == UINT32_MAX ? p->hand.at : p->hand.at - 1);
  if (status == CV_OK) {
    cv_buf_bytes(out, p->items.data, p->items.size);
    status = out->failed || p->items.failed ? cv_wat_no_memory(&p->hand) : CV_OK;
  }
  *at = p->hand.at;
  cv_buf_free(&p->items);
  cv_vec_free(mem, &p->inlined);
  cv_wat_free(&p->hand);
  cv_mem_free(mem, p, sizeof *p);
  return status;
}

static bool starts_with_component(const cv_text *t) {
  const cv_token *tokens = t->tokens.data;
  return tokens[0].kind == CV_TOK_LPAR && tokens[1].kind == CV_TOK_WORD &&
         cv_bytes_equal(cv_token_bytes(t, &tokens[1]), CV_BYTES_LITERAL("component"));
}

cv_status cv_cwat_parse(const char *source, size_t size, cv_features features, cv_mem *mem, cv_buf *out,
                        cv_diag *diag) {
  cv_text text;
  CV_TRY(cv_text_init(&text, mem, source, size, diag));
  if (!starts_with_component(&text)) {
    cv_text_free(&text);
    return cv_wat_parse(source, size, features, mem, out, diag);
  }
  uint32_t at = 2;
  cv_status status = cv_cwat_parse_fields(&text, 0, &at, features, mem, out, diag);
  if (status == CV_OK && text.tokens.data[at].kind != CV_TOK_END)
    status =
        cv_text_fail(&text, text.tokens.data[at].at, diag, "%s",
                     text.tokens.data[at].kind == CV_TOK_ERROR ? text.error : "unexpected token after the component");
  cv_text_free(&text);
  return status;
}
