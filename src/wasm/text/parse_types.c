// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse_types.c: types and type definitions (core specification, 6.4), and the type uses that append definitions
// (6.4.14).
#include "wasm/text/number.h"
#include "wasm/text/parser.h"

// ---- value types ---------------------------------------------------------------------------------------------------

static const struct {
  const char *word;
  cv_valtype type;
} plain_types[] = {
    {"i32", CV_I32},
    {"i64", CV_I64},
    {"f32", CV_F32},
    {"f64", CV_F64},
    {"v128", CV_V128},
    {"funcref", CV_FUNCREF},
    {"externref", CV_EXTERNREF},
    {"exnref", CV_EXNREF},
    {"anyref", CV_REF_TYPE(true, CV_HEAP_ANY)},
    {"eqref", CV_REF_TYPE(true, CV_HEAP_EQ)},
    {"i31ref", CV_REF_TYPE(true, CV_HEAP_I31)},
    {"structref", CV_REF_TYPE(true, CV_HEAP_STRUCT)},
    {"arrayref", CV_REF_TYPE(true, CV_HEAP_ARRAY)},
    {"nullref", CV_REF_TYPE(true, CV_HEAP_NONE)},
    {"nullfuncref", CV_REF_TYPE(true, CV_HEAP_NOFUNC)},
    {"nullexternref", CV_REF_TYPE(true, CV_HEAP_NOEXTERN)},
    {"nullexnref", CV_REF_TYPE(true, CV_HEAP_NOEXN)},
};

static const struct {
  const char *word;
  uint32_t heap;
} heap_types[] = {
    {"func", CV_HEAP_FUNC},     {"extern", CV_HEAP_EXTERN},     {"any", CV_HEAP_ANY},     {"eq", CV_HEAP_EQ},
    {"i31", CV_HEAP_I31},       {"struct", CV_HEAP_STRUCT},     {"array", CV_HEAP_ARRAY}, {"none", CV_HEAP_NONE},
    {"nofunc", CV_HEAP_NOFUNC}, {"noextern", CV_HEAP_NOEXTERN}, {"exn", CV_HEAP_EXN},     {"noexn", CV_HEAP_NOEXN},
};

cv_status cv_wat_heap_type(cv_wat *p, uint32_t *heap) {
  if (cv_wat_kind(p) == CV_TOK_WORD) {
    for (size_t i = 0; i < CV_COUNT(heap_types); i++) {
      if (cv_wat_accept_word(p, heap_types[i].word)) {
        *heap = heap_types[i].heap;
        return CV_OK;
      }
    }
    return cv_wat_unexpected(p);
  }
  uint32_t token = p->at;
  CV_TRY(cv_wat_index(p, CV_SPACE_TYPE, heap));
  if (*heap >= CV_HEAP_ABSTRACT)
    return cv_wat_fail_at(p, token, "unknown type %u", *heap);
  return CV_OK;
}

static cv_status long_ref_type(cv_wat *p, cv_valtype *type) {
  uint32_t heap;
  bool nullable = cv_wat_accept_word(p, "null");
  CV_TRY(cv_wat_heap_type(p, &heap));
  *type = CV_REF_TYPE(nullable, heap);
  return cv_wat_close(p);
}

bool cv_wat_at_val_type(const cv_wat *p) {
  if (cv_wat_kind(p) == CV_TOK_LPAR)
    return cv_wat_at_open(p, "ref");
  for (size_t i = 0; i < CV_COUNT(plain_types); i++)
    if (cv_wat_at_word(p, plain_types[i].word))
      return true;
  return false;
}

cv_status cv_wat_val_type(cv_wat *p, cv_valtype *type) {
  if (cv_wat_accept_open(p, "ref"))
    return long_ref_type(p, type);
  for (size_t i = 0; i < CV_COUNT(plain_types); i++) {
    if (cv_wat_accept_word(p, plain_types[i].word)) {
      *type = plain_types[i].type;
      return CV_OK;
    }
  }
  return cv_wat_unexpected(p);
}

cv_status cv_wat_ref_type(cv_wat *p, cv_valtype *type) {
  uint32_t token = p->at;
  CV_TRY(cv_wat_val_type(p, type));
  if (!cv_type_is_ref(*type)) {
    p->at = token;
    return cv_wat_unexpected(p);
  }
  return CV_OK;
}

void cv_wat_encode_heap_type(cv_buf *out, uint32_t heap) {
  if (cv_heap_is_index(heap))
    cv_buf_sleb(out, heap);
  else
    cv_buf_byte(out, heap & 0x7f);
}

void cv_wat_encode_val_type(cv_buf *out, cv_valtype type) {
  if (cv_type_is_ref(type) && (!cv_type_is_nullable(type) || cv_heap_is_index(cv_type_heap(type)))) {
    cv_buf_byte(out, (uint8_t)cv_type_kind(type));
    cv_wat_encode_heap_type(out, cv_type_heap(type));
  } else if (cv_type_is_ref(type))
    cv_wat_encode_heap_type(out, cv_type_heap(type));
  else
    cv_buf_byte(out, (uint8_t)cv_type_kind(type));
}

// ---- limits, globals, fields ---------------------------------------------------------------------------------------

bool cv_wat_address_type(cv_wat *p) {
  if (cv_wat_accept_word(p, "i64"))
    return true;
  (void)cv_wat_accept_word(p, "i32");
  return false;
}

// One bound: 64 bits wide since the memory64 proposal, for every memory and table.
static cv_status bound(cv_wat *p, uint64_t *value) {
  if ((p->features & CV_FEAT(MEMORY64)) != 0)
    return cv_wat_u64(p, value);
  uint32_t narrow = 0;
  CV_TRY(cv_wat_u32(p, &narrow));
  *value = narrow;
  return CV_OK;
}

cv_status cv_wat_limits(cv_wat *p, cv_limits *limits) {
  CV_TRY(bound(p, &limits->min));
  limits->has_max = cv_wat_kind(p) == CV_TOK_NAT;
  limits->max = UINT64_MAX;
  return limits->has_max ? bound(p, &limits->max) : CV_OK;
}

cv_status cv_wat_global_type(cv_wat *p, cv_globaltype *type) {
  type->is_mutable = cv_wat_accept_open(p, "mut");
  CV_TRY(cv_wat_val_type(p, &type->type));
  return type->is_mutable ? cv_wat_close(p) : CV_OK;
}

static cv_status storage_type(cv_wat *p, cv_valtype *type) {
  if (cv_wat_accept_word(p, "i8"))
    *type = CV_KIND_I8;
  else if (cv_wat_accept_word(p, "i16"))
    *type = CV_KIND_I16;
  else
    return cv_wat_val_type(p, type);
  return CV_OK;
}

static cv_status field_type(cv_wat *p, cv_fieldtype *type) {
  type->is_mutable = cv_wat_accept_open(p, "mut");
  CV_TRY(storage_type(p, &type->type));
  return type->is_mutable ? cv_wat_close(p) : CV_OK;
}

// ---- signatures ----------------------------------------------------------------------------------------------------

static cv_status push_type(cv_wat *p, cv_valtype type) {
  return cv_vec_push(p->mem, &p->scratch, type) == CV_OK ? CV_OK : cv_wat_no_memory(p);
}

// The types of one (param ...), (result ...) or (local ...) after its keyword, with its parenthesis. A name is bound
// in `locals`, which may be NULL.
cv_status cv_wat_declaration(cv_wat *p, cv_wat_scope *locals, bool names_allowed, uint32_t *count) {
  cv_bytes id = {NULL, 0}, name = id;
  bool bound = cv_wat_at_id(p), named = bound;
  uint32_t token = p->at;
  if (bound) {
    if (!names_allowed)
      return cv_wat_unexpected(p);
    CV_TRY(cv_wat_id(p, &id));
    name = id;
  }
  if (names_allowed)
    CV_TRY(cv_wat_name_annot(p, &name, &named));
  *count = 0;
  if (named && !cv_wat_at_val_type(p))
    return cv_wat_unexpected(p);
  while (cv_wat_kind(p) != CV_TOK_RPAR && !(named && *count == 1)) {
    cv_valtype type;
    CV_TRY(cv_wat_val_type(p, &type));
    CV_TRY(push_type(p, type));
    ++*count;
  }
  CV_TRY(cv_wat_close(p));
  if (locals == NULL)
    return CV_OK;
  if (named && cv_names_add(&p->names, p->mem, CV_NAMES_LOCAL, p->func, locals->count, name) != CV_OK)
    return cv_wat_no_memory(p);
  if (bound)
    return cv_wat_bind(p, locals, id, token);
  if (cv_add_overflows(locals->count, *count, &locals->count))
    return cv_wat_fail(p, "too many locals");
  return CV_OK;
}

cv_status cv_wat_signature(cv_wat *p, cv_wat_scope *locals, bool names_allowed, cv_wat_functype *out) {
  *out = (cv_wat_functype){.param_count = 0};
  uint32_t count;
  p->scratch.count = 0;
  while (cv_wat_accept_open(p, "param")) {
    CV_TRY(cv_wat_declaration(p, locals, names_allowed, &count));
    out->param_count += count;
  }
  while (cv_wat_accept_open(p, "result")) {
    CV_TRY(cv_wat_declaration(p, NULL, false, &count));
    out->result_count += count;
  }
  out->types = p->scratch.data;
  return CV_OK;
}

// ---- definitions ---------------------------------------------------------------------------------------------------

// What cv_wat.signatures is keyed by: the number of parameters, then all types. In the arena.
static cv_status signature_key(cv_wat *p, const cv_wat_functype *s, cv_bytes *key) {
  size_t types = ((size_t)s->param_count + s->result_count) * sizeof *s->types;
  uint8_t *data = cv_arena_alloc(&p->arena, types + sizeof s->param_count);
  if (data == NULL)
    return cv_wat_no_memory(p);
  memcpy(data, &s->param_count, sizeof s->param_count);
  if (types != 0)
    memcpy(data + sizeof s->param_count, s->types, types);
  *key = (cv_bytes){data, types + sizeof s->param_count};
  return CV_OK;
}

static cv_status index_signature(cv_wat *p, const cv_wat_functype *s, uint32_t index) {
  cv_bytes key;
  CV_TRY(signature_key(p, s, &key));
  if (cv_map_get(&p->signatures, key) == NULL && cv_map_put(&p->signatures, key, index, NULL) != CV_OK)
    return cv_wat_no_memory(p);
  return CV_OK;
}

static cv_status keep_signature(cv_wat *p, const cv_wat_functype *s, cv_wat_type *type) {
  type->kind = CV_COMP_FUNC;
  type->param_count = s->param_count;
  type->result_count = s->result_count;
  size_t size = ((size_t)s->param_count + s->result_count) * sizeof *s->types;
  if (size == 0)
    return CV_OK;
  type->types = cv_arena_copy(&p->arena, s->types, size);
  return type->types != NULL ? CV_OK : cv_wat_no_memory(p);
}

// The index of the first equal definition that stands alone, else of a new one.
static cv_status implicit_type(cv_wat *p, const cv_wat_functype *s, uint32_t *index) {
  cv_arena_mark mark = cv_arena_save(&p->arena);
  cv_bytes key;
  CV_TRY(signature_key(p, s, &key));
  const uint64_t *found = cv_map_get(&p->signatures, key);
  cv_arena_restore(&p->arena, mark);
  if (found != NULL) {
    *index = (uint32_t)*found;
    return CV_OK;
  }
  *index = p->spaces[CV_SPACE_TYPE].count++;
  cv_wat_type type = {.is_final = true, .group_start = *index, .group_size = 1};
  CV_TRY(keep_signature(p, s, &type));
  if (cv_vec_push(p->mem, &p->types, type) != CV_OK)
    return cv_wat_no_memory(p);
  return index_signature(p, s, *index);
}

static bool same_signature(const cv_wat_type *type, const cv_wat_functype *s) {
  size_t count = (size_t)s->param_count + s->result_count;
  return type->param_count == s->param_count && type->result_count == s->result_count &&
         (count == 0 || memcmp(type->types, s->types, count * sizeof *s->types) == 0);
}

cv_status cv_wat_type_use(cv_wat *p, cv_wat_scope *locals, bool names_allowed, uint32_t *index) {
  uint32_t token = p->at;
  bool is_explicit = cv_wat_accept_open(p, "type");
  if (is_explicit) {
    CV_TRY(cv_wat_index(p, CV_SPACE_TYPE, index));
    CV_TRY(cv_wat_close(p));
  }
  cv_wat_functype s;
  CV_TRY(cv_wat_signature(p, locals, names_allowed, &s));
  if (cv_wat_at_open(p, "param") || cv_wat_at_open(p, "result"))
    return cv_wat_unexpected(p); // out of order
  if (!is_explicit)
    return implicit_type(p, &s, index);
  bool known = *index < p->types.count && p->types.data[*index].kind == CV_COMP_FUNC;
  if (s.param_count == 0 && s.result_count == 0) {
    if (known && locals != NULL)
      locals->count += p->types.data[*index].param_count;
    return CV_OK;
  }
  if (!known)
    return cv_wat_fail_at(p, token, *index < p->types.count ? "non-function type %u" : "unknown type %u", *index);
  if (!same_signature(&p->types.data[*index], &s))
    return cv_wat_fail_at(p, token, "inline function type does not match explicit type %u", *index);
  return CV_OK;
}

cv_status cv_wat_block_type(cv_wat *p) {
  uint32_t index;
  if (!cv_wat_at_open(p, "type")) {
    cv_wat_functype s;
    CV_TRY(cv_wat_signature(p, NULL, false, &s));
    if (s.param_count == 0 && s.result_count <= 1) {
      if (s.result_count == 0)
        cv_buf_byte(&p->pending, 0x40);
      else
        cv_wat_encode_val_type(&p->pending, s.types[0]);
      return CV_OK;
    }
    CV_TRY(implicit_type(p, &s, &index));
  } else
    CV_TRY(cv_wat_type_use(p, NULL, false, &index));
  cv_buf_sleb(&p->pending, index);
  return CV_OK;
}

// Calls `each` for every (type ...) of the field at the current token, a (type) or (rec).
static cv_status each_type(cv_wat *p, cv_status (*each)(cv_wat *p, uint32_t start, uint32_t count)) {
  uint32_t start = p->at, count = 1;
  bool is_group = cv_wat_accept_open(p, "rec");
  if (is_group) {
    for (count = 0; cv_wat_at_open(p, "type"); count++)
      p->at = p->text->tokens.data[p->at].extent + 1;
    if (cv_wat_kind(p) != CV_TOK_RPAR)
      return cv_wat_unexpected(p);
    p->at = start + 2;
  }
  for (uint32_t i = 0; i < count; i++) {
    p->at += 2;
    CV_TRY(each(p, i, count));
    CV_TRY(cv_wat_close(p));
  }
  return is_group ? cv_wat_close(p) : CV_OK;
}

static cv_status declare_type(cv_wat *p, uint32_t start, uint32_t count) {
  cv_wat_scope *space = &p->spaces[CV_SPACE_TYPE];
  (void)start, (void)count;
  uint32_t open = p->at - 2, token = p->at;
  if (cv_wat_at_id(p)) {
    cv_bytes name;
    CV_TRY(cv_wat_id(p, &name));
    CV_TRY(cv_wat_bind(p, space, name, token));
  } else
    space->count++;
  p->at = p->text->tokens.data[open].extent;
  return CV_OK;
}

cv_status cv_wat_declare_types(cv_wat *p) {
  return each_type(p, declare_type);
}

// (field $x t) or (field t*), after the keyword.
static cv_status read_field(cv_wat *p, cv_wat_type *type, cv_fieldtype **fields, size_t *capacity) {
  uint32_t token = p->at, index = (uint32_t)p->types.count;
  cv_bytes id = {NULL, 0}, name;
  bool bound = cv_wat_at_id(p), named = bound;
  if (bound)
    CV_TRY(cv_wat_id(p, &id));
  name = id;
  CV_TRY(cv_wat_name_annot(p, &name, &named));
  if (named) {
    if (cv_wat_kind(p) == CV_TOK_RPAR)
      return cv_wat_unexpected(p);
    if (cv_names_add(&p->names, p->mem, CV_NAMES_FIELD, index, type->field_count, name) != CV_OK)
      return cv_wat_no_memory(p);
  }
  for (bool first = true; cv_wat_kind(p) != CV_TOK_RPAR && (first || !named); first = false) {
    if (cv_vec_grow(p->mem, (void **)fields, capacity, type->field_count, 1, sizeof **fields) != CV_OK)
      return cv_wat_no_memory(p);
    CV_TRY(field_type(p, &(*fields)[type->field_count]));
    type->field_names.count = type->field_count++;
  }
  if (bound)
    CV_TRY(cv_wat_bind(p, &type->field_names, id, token));
  return cv_wat_close(p);
}

static cv_status read_fields(cv_wat *p, cv_wat_type *type, cv_fieldtype **fields, size_t *capacity) {
  if (type->kind == CV_COMP_ARRAY) {
    if (cv_vec_grow(p->mem, (void **)fields, capacity, 0, 1, sizeof **fields) != CV_OK)
      return cv_wat_no_memory(p);
    type->field_count = 1;
    return field_type(p, &(*fields)[0]);
  }
  while (cv_wat_accept_open(p, "field"))
    CV_TRY(read_field(p, type, fields, capacity));
  return CV_OK;
}

static cv_status read_aggregate(cv_wat *p, cv_wat_type *type) {
  cv_fieldtype *fields = NULL;
  size_t capacity = 0;
  cv_status status = read_fields(p, type, &fields, &capacity);
  if (status == CV_OK && type->field_count != 0) {
    type->fields = cv_arena_copy(&p->arena, fields, type->field_count * sizeof *fields);
    if (type->fields == NULL)
      status = cv_wat_no_memory(p);
  }
  cv_mem_free(p->mem, fields, capacity * sizeof *fields);
  return status;
}

static cv_status read_composite(cv_wat *p, cv_wat_type *type) {
  if (cv_wat_accept_open(p, "func")) {
    cv_wat_functype s;
    CV_TRY(cv_wat_signature(p, NULL, true, &s));
    CV_TRY(keep_signature(p, &s, type));
  } else if (cv_wat_at_open(p, "struct") || cv_wat_at_open(p, "array")) {
    type->kind = cv_wat_at_open(p, "struct") ? CV_COMP_STRUCT : CV_COMP_ARRAY;
    p->at += 2;
    CV_TRY(read_aggregate(p, type));
  } else if (cv_wat_kind(p) == CV_TOK_LPAR) {
    p->at++;
    return cv_wat_unexpected(p);
  } else
    return cv_wat_unexpected(p);
  return cv_wat_close(p);
}

static cv_status read_sub(cv_wat *p, cv_wat_type *type) {
  type->is_final = cv_wat_accept_word(p, "final");
  p->scratch.count = 0;
  while (cv_wat_at_index(p)) {
    uint32_t super;
    CV_TRY(cv_wat_index(p, CV_SPACE_TYPE, &super));
    CV_TRY(push_type(p, super));
  }
  type->super_count = (uint32_t)p->scratch.count;
  if (type->super_count != 0) {
    type->supers = cv_arena_copy(&p->arena, p->scratch.data, type->super_count * sizeof *type->supers);
    if (type->supers == NULL)
      return cv_wat_no_memory(p);
  }
  CV_TRY(read_composite(p, type));
  return cv_wat_close(p);
}

static cv_status read_type(cv_wat *p, uint32_t position, uint32_t count) {
  uint32_t index = (uint32_t)p->types.count;
  CV_TRY(cv_wat_note_name(p, CV_NAMES_TYPE, 0, index));
  cv_wat_type type = {.is_final = true, .group_start = index - position, .group_size = count};
  type.field_names.what = "field";
  cv_map_init(&type.field_names.names, p->mem);
  cv_status status = cv_wat_accept_open(p, "sub") ? read_sub(p, &type) : read_composite(p, &type);
  if (status == CV_OK && cv_vec_push(p->mem, &p->types, type) != CV_OK)
    status = cv_wat_no_memory(p);
  if (status != CV_OK) {
    cv_map_free(&type.field_names.names);
    return status;
  }
  if (count == 1 && type.kind == CV_COMP_FUNC && type.is_final && type.super_count == 0)
    return index_signature(p, &(cv_wat_functype){type.types, type.param_count, type.result_count}, index);
  return CV_OK;
}

cv_status cv_wat_read_types(cv_wat *p) {
  return each_type(p, read_type);
}

cv_status cv_wat_lone_types(cv_wat *p, bool is_group) {
  uint32_t start = p->at, count = 0;
  if (!is_group) {
    cv_wat_scope *space = &p->spaces[CV_SPACE_TYPE];
    cv_bytes name;
    if (cv_wat_at_id(p)) {
      CV_TRY(cv_wat_id(p, &name));
      CV_TRY(cv_wat_bind(p, space, name, start));
    } else
      space->count++;
    p->at = start;
    return read_type(p, 0, 1);
  }
  for (; cv_wat_accept_open(p, "type"); count++) {
    CV_TRY(declare_type(p, 0, 1));
    CV_TRY(cv_wat_close(p));
  }
  p->at = start;
  for (uint32_t i = 0; i < count; i++) {
    p->at += 2;
    CV_TRY(read_type(p, i, count));
    CV_TRY(cv_wat_close(p));
  }
  return CV_OK;
}

cv_status cv_wat_opaque_type(cv_wat *p) {
  cv_wat_type type = {.kind = CV_COMP_STRUCT, .group_start = (uint32_t)p->types.count, .group_size = 1};
  cv_map_init(&type.field_names.names, p->mem);
  return cv_vec_push(p->mem, &p->types, type) == CV_OK ? CV_OK : cv_wat_no_memory(p);
}

void cv_wat_drop_types(cv_wat *p) {
  for (size_t i = 0; i < p->types.count; i++)
    cv_map_free(&p->types.data[i].field_names.names);
  p->types.count = 0;
}

// ---- encoding ------------------------------------------------------------------------------------------------------

static void encode_field(cv_buf *out, const cv_fieldtype *field) {
  cv_wat_encode_val_type(out, field->type);
  cv_buf_byte(out, field->is_mutable);
}

static void encode_type(cv_buf *out, const cv_wat_type *t) {
  if (!t->is_final || t->super_count != 0) {
    cv_buf_byte(out, t->is_final ? 0x4f : 0x50);
    cv_buf_uleb(out, t->super_count);
    for (uint32_t i = 0; i < t->super_count; i++)
      cv_buf_uleb(out, t->supers[i]);
  }
  cv_buf_byte(out, (uint8_t)t->kind);
  if (t->kind == CV_COMP_FUNC) {
    cv_buf_uleb(out, t->param_count);
    for (uint32_t i = 0; i < t->param_count; i++)
      cv_wat_encode_val_type(out, t->types[i]);
    cv_buf_uleb(out, t->result_count);
    for (uint32_t i = 0; i < t->result_count; i++)
      cv_wat_encode_val_type(out, t->types[t->param_count + i]);
    return;
  }
  if (t->kind == CV_COMP_STRUCT)
    cv_buf_uleb(out, t->field_count);
  for (uint32_t i = 0; i < t->field_count; i++)
    encode_field(out, &t->fields[i]);
}

void cv_wat_encode_types(cv_wat *p, size_t first, cv_buf *out, uint32_t *groups) {
  *groups = 0;
  for (size_t i = first; i < p->types.count; i++) {
    const cv_wat_type *t = &p->types.data[i];
    if (i == t->group_start) {
      ++*groups;
      if (t->group_size != 1) {
        cv_buf_byte(out, 0x4e);
        cv_buf_uleb(out, t->group_size);
      }
    }
    encode_type(out, t);
  }
}
