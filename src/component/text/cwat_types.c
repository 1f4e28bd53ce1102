// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cwat_types.c: type definitions of components (Explainer.md, "Type Definitions"), and the types of imports and
// exports.
#include "component/text/cwat_parser.h"

// ---- value types ---------------------------------------------------------------------------------------------------

static bool accept_primitive(cv_wat *h, uint32_t *code) {
  for (unsigned kind = CV_CT_BOOL; kind >= CV_CT_ERROR_CONTEXT; kind--) {
    if (cv_ctype_kind_is_simple(kind) && cv_wat_accept_word(h, cv_ctype_kind_text(kind))) {
      *code = kind;
      return true;
    }
  }
  return false;
}

void cv_cwat_put_valtype(cv_buf *out, cv_cwat_valtype type) {
  if (type.is_index)
    cv_buf_sleb(out, type.value);
  else
    cv_buf_byte(out, (uint8_t)type.value);
}

bool cv_cwat_at_valtype(const cv_cwat *p) {
  cv_token_kind kind = cv_wat_kind(&p->hand);
  return kind == CV_TOK_LPAR || kind == CV_TOK_WORD || kind == CV_TOK_NAT || cv_wat_at_id(&p->hand);
}

static cv_status defined_type(cv_cwat *p);

// A type without a name that stands inside another definition.
static cv_status inline_type(cv_cwat *p, uint32_t *index) {
  size_t start = p->items.size;
  if (p->depth >= CV_CWAT_MAX_DEPTH)
    return cv_wat_fail(&p->hand, "types are nested more than %d deep", CV_CWAT_MAX_DEPTH);
  p->depth++;
  CV_TRY(defined_type(p));
  p->depth--;
  CV_TRY(cv_cwat_emit(p, CV_CITEM_TYPE, start));
  return cv_cwat_define(p, CV_CS_TYPE, NULL, index);
}

cv_status cv_cwat_val_type(cv_cwat *p, cv_cwat_valtype *type) {
  cv_wat *h = &p->hand;
  *type = (cv_cwat_valtype){.is_index = true};
  if (accept_primitive(h, &type->value)) {
    type->is_index = false;
    return CV_OK;
  }
  if (cv_wat_kind(h) != CV_TOK_LPAR)
    return cv_cwat_index(p, CV_CS_TYPE, &type->value);
  if (p->next_inlined < p->inlined.count && p->inlined.data[p->next_inlined].token == h->at) {
    type->value = p->inlined.data[p->next_inlined++].index;
    h->at = cv_cwat_after(p, h->at);
    return CV_OK;
  }
  return inline_type(p, &type->value);
}

static cv_status put_val_type(cv_cwat *p) {
  cv_cwat_valtype type;
  CV_TRY(cv_cwat_val_type(p, &type));
  cv_cwat_put_valtype(&p->items, type);
  return CV_OK;
}

// The children of the list at `open` that are lists; `deeper` for those of a part such as (field "x" ...).
static cv_status inline_children(cv_cwat *p, uint32_t open, bool is_func, bool deeper) {
  cv_wat *h = &p->hand;
  uint32_t end = cv_cwat_token(p, open)->extent;
  for (uint32_t at = open + 1; at < end;) {
    const cv_token *t = cv_cwat_token(p, at);
    uint32_t next = cv_cwat_after(p, at);
    bool is_part = cv_wat_is_word(h, at + 1, "field") || cv_wat_is_word(h, at + 1, "case") ||
                   cv_wat_is_word(h, at + 1, "error") ||
                   (is_func && (cv_wat_is_word(h, at + 1, "param") || cv_wat_is_word(h, at + 1, "result")));
    if (t->kind == CV_TOK_LPAR && is_part && deeper) {
      CV_TRY(inline_children(p, at, false, false));
    } else if (t->kind == CV_TOK_LPAR && !is_func) {
      cv_cwat_inlined entry = {.token = at};
      h->at = at;
      CV_TRY(inline_type(p, &entry.index));
      if (cv_vec_push(h->mem, &p->inlined, entry) != CV_OK)
        return cv_wat_no_memory(h);
    }
    at = next;
  }
  return CV_OK;
}

cv_status cv_cwat_inline_types(cv_cwat *p, uint32_t open, bool is_func, size_t *mark) {
  uint32_t back = p->hand.at;
  size_t first = p->inlined.count;
  *mark = p->next_inlined;
  CV_TRY(inline_children(p, open, is_func, true));
  p->hand.at = back;
  p->next_inlined = first;
  return CV_OK;
}

void cv_cwat_end_inline(cv_cwat *p, size_t mark) {
  p->next_inlined = mark;
}

// ---- defined value types -------------------------------------------------------------------------------------------

static cv_status put_label(cv_cwat *p) {
  cv_bytes label;
  CV_TRY(cv_wat_name(&p->hand, &label));
  cv_cwat_put_text(&p->items, label);
  return CV_OK;
}

// t? as 0x00, or 0x01 and the type.
static cv_status put_optional(cv_cwat *p, bool given) {
  cv_buf_byte(&p->items, given);
  return given ? put_val_type(p) : CV_OK;
}

static bool at_end(const cv_cwat *p) {
  return cv_wat_kind(&p->hand) == CV_TOK_RPAR;
}

// (field "x" t)*, (case "x" t?)*
static cv_status put_parts(cv_cwat *p, const char *word, bool is_case) {
  cv_wat *h = &p->hand;
  size_t at = p->items.size;
  uint32_t count = 0;
  for (; !at_end(p); count++) {
    if (!cv_wat_accept_open(h, word))
      return cv_wat_unexpected(h);
    if (is_case && cv_wat_at_id(h))
      h->at++; // an older grammar named cases, to refine them
    CV_TRY(put_label(p));
    if (is_case) {
      CV_TRY(put_optional(p, !at_end(p)));
      cv_buf_byte(&p->items, 0x00);
    } else
      CV_TRY(put_val_type(p));
    CV_TRY(cv_wat_close(h));
  }
  cv_cwat_put_count(p, at, count);
  return CV_OK;
}

static cv_status put_record(cv_cwat *p) {
  return put_parts(p, "field", false);
}

static cv_status put_variant(cv_cwat *p) {
  return put_parts(p, "case", true);
}

static cv_status put_labels(cv_cwat *p) {
  size_t at = p->items.size;
  uint32_t count = 0;
  for (; !at_end(p); count++)
    CV_TRY(put_label(p));
  cv_cwat_put_count(p, at, count);
  return CV_OK;
}

static cv_status put_tuple(cv_cwat *p) {
  size_t at = p->items.size;
  uint32_t count = 0;
  for (; !at_end(p); count++)
    CV_TRY(put_val_type(p));
  cv_cwat_put_count(p, at, count);
  return CV_OK;
}

// (list t) or (list t n); the code before it is that of the first.
static cv_status put_list(cv_cwat *p) {
  size_t code = p->items.size - 1;
  CV_TRY(put_val_type(p));
  if (at_end(p))
    return CV_OK;
  uint32_t length;
  CV_TRY(cv_wat_u32(&p->hand, &length));
  cv_buf_uleb(&p->items, length);
  if (!p->items.failed)
    p->items.data[code] = CV_CT_FIXED_LIST;
  return CV_OK;
}

static cv_status put_result(cv_cwat *p) {
  cv_wat *h = &p->hand;
  CV_TRY(put_optional(p, !at_end(p) && !cv_wat_at_open(h, "error")));
  bool has_error = cv_wat_accept_open(h, "error");
  CV_TRY(put_optional(p, has_error));
  return has_error ? cv_wat_close(h) : CV_OK;
}

static cv_status put_map(cv_cwat *p) {
  CV_TRY(put_val_type(p));
  return put_val_type(p);
}

static cv_status put_stream(cv_cwat *p) {
  return put_optional(p, !at_end(p));
}

static cv_status put_handle(cv_cwat *p) {
  uint32_t index;
  CV_TRY(cv_cwat_index_or_reference(p, CV_CS_TYPE, true, &index));
  cv_buf_uleb(&p->items, index);
  return CV_OK;
}

static const struct {
  const char *word;
  uint8_t code;
  bool has_parts; // value types that may stand inline
  cv_status (*put)(cv_cwat *p);
} constructors[] = {
    {"record", CV_CT_RECORD, true, put_record},
    {"variant", CV_CT_VARIANT, true, put_variant},
    {"list", CV_CT_LIST, true, put_list},
    {"tuple", CV_CT_TUPLE, true, put_tuple},
    {"flags", CV_CT_FLAGS, false, put_labels},
    {"enum", CV_CT_ENUM, false, put_labels},
    {"option", CV_CT_OPTION, true, put_val_type},
    {"result", CV_CT_RESULT, true, put_result},
    {"own", CV_CT_OWN, false, put_handle},
    {"borrow", CV_CT_BORROW, false, put_handle},
    {"stream", CV_CT_STREAM, true, put_stream},
    {"future", CV_CT_FUTURE, true, put_stream},
    {"map", CV_CT_MAP, true, put_map},
};

// A parenthesized value type, with its parentheses, into the items.
static cv_status defined_type(cv_cwat *p) {
  cv_wat *h = &p->hand;
  uint32_t open = h->at;
  for (size_t i = 0; i < CV_COUNT(constructors); i++) {
    if (!cv_wat_accept_open(h, constructors[i].word))
      continue;
    size_t count = p->inlined.count, mark = p->next_inlined;
    if (constructors[i].has_parts)
      CV_TRY(cv_cwat_inline_types(p, open, false, &mark));
    // References make aliases, which are items of their own, so the parts are put together last.
    cv_buf_byte(&p->items, constructors[i].code);
    CV_TRY(constructors[i].put(p));
    cv_cwat_end_inline(p, mark);
    p->inlined.count = count;
    return cv_wat_close(h);
  }
  h->at += cv_wat_kind(h) == CV_TOK_LPAR;
  return cv_wat_unexpected(h);
}

// ---- functions, resources ------------------------------------------------------------------------------------------

cv_status cv_cwat_result_list(cv_cwat *p) {
  if (!cv_wat_accept_open(&p->hand, "result")) {
    cv_buf_bytes(&p->items, "\x01\x00", 2);
    return CV_OK;
  }
  cv_buf_byte(&p->items, 0x00);
  CV_TRY(put_val_type(p));
  return cv_wat_close(&p->hand);
}

// async? (param "x" t)* (result t)?, inside the list at `open`, into the items.
static cv_status func_type(cv_cwat *p, uint32_t open) {
  cv_wat *h = &p->hand;
  size_t count = p->inlined.count, mark;
  CV_TRY(cv_cwat_inline_types(p, open, true, &mark));
  cv_buf_byte(&p->items, cv_wat_accept_word(h, "async") ? 0x43 : 0x40);
  size_t at = p->items.size;
  uint32_t params = 0;
  for (; cv_wat_accept_open(h, "param"); params++) {
    CV_TRY(put_label(p));
    CV_TRY(put_val_type(p));
    CV_TRY(cv_wat_close(h));
  }
  cv_cwat_put_count(p, at, params);
  CV_TRY(cv_cwat_result_list(p));
  cv_cwat_end_inline(p, mark);
  p->inlined.count = count;
  return CV_OK;
}

// (rep i32) (dtor (func $f))?
static cv_status resource_type(cv_cwat *p) {
  cv_wat *h = &p->hand;
  cv_valtype rep;
  uint32_t dtor = 0;
  if (!cv_wat_accept_open(h, "rep"))
    return cv_wat_unexpected(h);
  CV_TRY(cv_wat_val_type(h, &rep));
  CV_TRY(cv_wat_close(h));
  bool has_dtor = cv_wat_accept_open(h, "dtor");
  if (has_dtor) {
    CV_TRY(cv_cwat_index_or_reference(p, CV_CS_CORE_FUNC, true, &dtor));
    CV_TRY(cv_wat_close(h));
  }
  cv_buf_byte(&p->items, 0x3f);
  cv_wat_encode_val_type(&p->items, rep);
  cv_buf_byte(&p->items, has_dtor);
  if (has_dtor)
    cv_buf_uleb(&p->items, dtor);
  return CV_OK;
}

// ---- component and instance types ----------------------------------------------------------------------------------

cv_status cv_cwat_declarator(cv_cwat *p) {
  cv_wat *h = &p->hand;
  cv_status (*field)(cv_cwat *p) = NULL;
  if (cv_wat_accept_open(h, "type"))
    field = cv_cwat_type_field;
  else if (cv_wat_accept_open(h, "alias"))
    field = cv_cwat_alias_field;
  else if (cv_wat_accept_open(h, "export"))
    field = cv_cwat_export_declarator;
  else if (p->scope->kind == CV_SCOPE_COMPONENT_TYPE && cv_wat_accept_open(h, "import"))
    field = cv_cwat_import_field;
  if (field != NULL)
    CV_TRY(field(p));
  else if (cv_wat_accept_open(h, "core")) {
    bool is_group = cv_wat_at_word(h, "rec");
    if (!is_group && !cv_wat_at_word(h, "type"))
      return cv_wat_unexpected(h);
    h->at++;
    CV_TRY(cv_cwat_core_type_field(p, is_group));
  } else {
    h->at += cv_wat_kind(h) == CV_TOK_LPAR;
    return cv_wat_unexpected(h);
  }
  return cv_wat_close(h);
}

// The declarators up to the closing parenthesis, into the items.
static cv_status scope_type(cv_cwat *p, cv_cwat_scope_kind kind, const cv_cwat_binding *b) {
  cv_cwat_scope *scope = cv_mem_alloc(p->hand.mem, sizeof *scope);
  if (scope == NULL)
    return cv_wat_no_memory(&p->hand);
  cv_cwat_scope_init(p, scope, kind);
  if (b != NULL && b->bound) {
    scope->has_id = true;
    scope->id = b->id;
  }
  cv_status status = cv_cwat_enter(p, scope);
  if (status == CV_OK) {
    while (status == CV_OK && !at_end(p))
      status = cv_cwat_declarator(p);
    cv_cwat_leave(p);
  }
  if (status == CV_OK) {
    cv_buf_byte(&p->items, kind == CV_SCOPE_COMPONENT_TYPE ? 0x41 : 0x42);
    cv_buf_uleb(&p->items, scope->count);
    cv_buf_bytes(&p->items, scope->out.data, scope->out.size);
  }
  cv_cwat_scope_free(p, scope);
  cv_mem_free(p->hand.mem, scope, sizeof *scope);
  return status;
}

// ---- definitions ---------------------------------------------------------------------------------------------------

// A deftype into the items.
static cv_status def_type(cv_cwat *p, const cv_cwat_binding *b) {
  cv_wat *h = &p->hand;
  uint32_t open = h->at, code;
  if (accept_primitive(h, &code)) {
    cv_buf_byte(&p->items, (uint8_t)code);
    return CV_OK;
  }
  if (cv_wat_accept_open(h, "func"))
    CV_TRY(func_type(p, open));
  else if (cv_wat_accept_open(h, "component"))
    CV_TRY(scope_type(p, CV_SCOPE_COMPONENT_TYPE, b));
  else if (cv_wat_accept_open(h, "instance"))
    CV_TRY(scope_type(p, CV_SCOPE_INSTANCE_TYPE, b));
  else if (cv_wat_accept_open(h, "resource"))
    CV_TRY(resource_type(p));
  else
    return defined_type(p);
  return cv_wat_close(h);
}

cv_status cv_cwat_type_field(cv_cwat *p) {
  cv_cwat_binding b;
  uint32_t index;
  CV_TRY(cv_cwat_binding_of(p, &b));
  cv_csortidx item = {.space = CV_CS_TYPE};
  size_t exports = p->scope->exports.count, start = p->items.size;
  if (p->scope->kind == CV_SCOPE_COMPONENT)
    CV_TRY(cv_cwat_inline_exports(p));
  if (cv_wat_at_open(&p->hand, "alias"))
    CV_TRY(cv_cwat_inverted_alias(p, CV_CS_TYPE, &b, &index));
  else {
    uint32_t token = p->hand.at;
    CV_TRY(def_type(p, &b));
    CV_TRY(cv_cwat_emit(p, CV_CITEM_TYPE, start));
    CV_TRY(cv_cwat_define(p, CV_CS_TYPE, &b, &index));
    cv_cwat_note_type(p, token);
  }
  item.index = index;
  cv_cwat_inline_exported(p, exports, item);
  return CV_OK;
}

// ---- types of imports and exports ----------------------------------------------------------------------------------

// "(type x)" or "(type x "name"...)": not the definition of a type in a component type.
static bool at_type_reference(const cv_cwat *p) {
  if (!cv_wat_at_open(&p->hand, "type"))
    return false;
  const cv_token *t = cv_cwat_token(p, p->hand.at + 2);
  bool is_index = t->kind == CV_TOK_NAT || t->kind == CV_TOK_ID || t->kind == CV_TOK_QUOTED;
  return is_index && (t[1].kind == CV_TOK_RPAR || t[1].kind == CV_TOK_STRING);
}

// The parenthesis that the current token is directly in.
static uint32_t parent_of(const cv_cwat *p) {
  uint32_t at = p->hand.at;
  for (uint32_t i = at; i-- > 0;)
    if (cv_cwat_token(p, i)->kind == CV_TOK_LPAR && cv_cwat_token(p, i)->extent >= at)
      return i;
  return 0;
}

cv_status cv_cwat_type_use(cv_cwat *p, cv_cspace space, uint32_t *index) {
  cv_wat *h = &p->hand;
  if (at_type_reference(p)) {
    bool is_core = space == CV_CS_CORE_MODULE;
    h->at += 2;
    CV_TRY(cv_cwat_reference(p, is_core ? CV_CS_CORE_TYPE : CV_CS_TYPE, index));
    return cv_wat_close(h);
  }
  size_t start = p->items.size;
  switch (space) {
  case CV_CS_CORE_MODULE:
    return cv_cwat_module_type(p, NULL, index);
  case CV_CS_FUNC:
    CV_TRY(func_type(p, parent_of(p)));
    break;
  case CV_CS_COMPONENT:
    CV_TRY(scope_type(p, CV_SCOPE_COMPONENT_TYPE, NULL));
    break;
  case CV_CS_INSTANCE:
    CV_TRY(scope_type(p, CV_SCOPE_INSTANCE_TYPE, NULL));
    break;
  default:
    return cv_wat_unexpected(h);
  }
  CV_TRY(cv_cwat_emit(p, CV_CITEM_TYPE, start));
  return cv_cwat_define(p, CV_CS_TYPE, NULL, index);
}

static cv_status type_bound(cv_cwat *p, cv_cwat_externtype *type) {
  cv_wat *h = &p->hand;
  if (cv_wat_accept_open(h, "sub")) {
    type->bound = 1;
    if (!cv_wat_accept_word(h, "resource"))
      return cv_wat_unexpected(h);
  } else if (cv_wat_accept_open(h, "eq"))
    CV_TRY(cv_cwat_index_or_reference(p, CV_CS_TYPE, true, &type->index));
  else {
    h->at += cv_wat_kind(h) == CV_TOK_LPAR;
    return cv_wat_unexpected(h);
  }
  return cv_wat_close(h);
}

static cv_status value_bound(cv_cwat *p, cv_cwat_externtype *type) {
  cv_wat *h = &p->hand;
  if (cv_wat_accept_open(h, "eq")) {
    CV_TRY(cv_cwat_index_or_reference(p, CV_CS_VALUE, true, &type->index));
    return cv_wat_close(h);
  }
  type->bound = 1;
  if (!at_type_reference(p))
    return cv_cwat_val_type(p, &type->value);
  h->at += 2;
  type->value.is_index = true;
  CV_TRY(cv_cwat_reference(p, CV_CS_TYPE, &type->value.value));
  return cv_wat_close(h);
}

cv_status cv_cwat_extern_type(cv_cwat *p, cv_cwat_binding *b, cv_cwat_externtype *type) {
  cv_wat *h = &p->hand;
  *type = (cv_cwat_externtype){.bound = 0};
  if (cv_wat_kind(h) != CV_TOK_LPAR)
    return cv_wat_unexpected(h);
  h->at++;
  uint32_t word = h->at;
  CV_TRY(cv_cwat_sort(p, false, &type->space));
  if (b != NULL)
    CV_TRY(cv_cwat_binding_of(p, b));
  switch (type->space) {
  case CV_CS_TYPE:
    CV_TRY(type_bound(p, type));
    break;
  case CV_CS_VALUE:
    CV_TRY(value_bound(p, type));
    break;
  case CV_CS_CORE_MODULE:
  case CV_CS_FUNC:
  case CV_CS_COMPONENT:
  case CV_CS_INSTANCE:
    CV_TRY(cv_cwat_type_use(p, type->space, &type->index));
    break;
  default:
    h->at = word;
    return cv_wat_unexpected(h);
  }
  return cv_wat_close(h);
}

void cv_cwat_put_externtype(cv_buf *out, const cv_cwat_externtype *type) {
  cv_cwat_put_sort(out, type->space);
  if (type->space == CV_CS_TYPE || type->space == CV_CS_VALUE)
    cv_buf_byte(out, type->bound);
  if (type->space == CV_CS_VALUE && type->bound == 1)
    cv_cwat_put_valtype(out, type->value);
  else if (type->space != CV_CS_TYPE || type->bound == 0)
    cv_buf_uleb(out, type->index);
}
