// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// encode.c: WIT as binary component types (Binary.md, "Type Definitions").
//
// A definition of a scope takes the next index of its index space. The same structure is written once for each scope.
// What an interface uses of another is reached in two steps: an alias of the export in the scope where the instances
// are, and an outer alias in the instance type.
#include "wit/encode_scope.h"

// ---- types ---------------------------------------------------------------------------------------------------------

// Adds a type unless the same one is there.
static uint32_t add_type(cv_wit_encoder *e, const cv_buf *item) {
  cv_bytes key = {item->data, item->size};
  const uint64_t *found = cv_map_get(&e->types, key);
  if (found)
    return (uint32_t)*found;
  uint32_t index = e->counts[CV_CS_TYPE]++;
  key.data = cv_arena_copy(e->arena, item->data, item->size);
  if (!key.data || cv_map_put(&e->types, key, index, NULL) != CV_OK)
    e->body.failed = true;
  cv_wit_encode_item(e, SECTION_TYPE, DECL_TYPE, item);
  return index;
}

static void put_index(cv_buf *out, uint32_t index) {
  cv_buf_sleb(out, index); // a type index is a nonnegative s33
}

static cv_status put_optional(cv_wit_encoder *e, const cv_wit_type *type, cv_buf *out) {
  bool there = type && !type->is_absent;
  cv_buf_byte(out, there);
  return there ? cv_wit_encode_valtype(e, type, out) : CV_OK;
}

static uint32_t count_types(const cv_wit_type *types) {
  uint32_t count = 0;
  for (; types; types = types->next)
    count++;
  return count;
}

static uint32_t count_parts(const cv_wit_part *parts) {
  uint32_t count = 0;
  for (; parts; parts = parts->next)
    count++;
  return count;
}

// The structure of a type without a name.
static cv_status put_structure(cv_wit_encoder *e, const cv_wit_type *type, cv_buf *out) {
  const cv_wit_type *part = type->parts;
  uint32_t index = 0;
  cv_buf_byte(out, (uint8_t)type->kind);
  switch (type->kind) {
  case CV_CT_OWN:
  case CV_CT_BORROW:
    CV_TRY(cv_wit_encode_local(e, type->local, &index));
    cv_buf_uleb(out, index);
    return CV_OK;
  case CV_CT_FIXED_LIST:
    CV_TRY(cv_wit_encode_valtype(e, part, out));
    cv_buf_uleb(out, type->length);
    return CV_OK;
  case CV_CT_TUPLE:
    cv_buf_uleb(out, count_types(part));
    break;
  case CV_CT_RESULT:
    CV_TRY(put_optional(e, part, out));
    return put_optional(e, part ? part->next : NULL, out);
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
    return put_optional(e, part, out);
  default:
    break; // list, option, map: the parts one after the other
  }
  for (; part; part = part->next)
    CV_TRY(cv_wit_encode_valtype(e, part, out));
  return CV_OK;
}

cv_status cv_wit_encode_valtype(cv_wit_encoder *e, const cv_wit_type *type, cv_buf *out) {
  uint32_t index = 0;
  if (type->kind == CV_WIT_NAMED) {
    CV_TRY(cv_wit_encode_local(e, type->local, &index));
    put_index(out, index);
    return CV_OK;
  }
  if (cv_ctype_kind_is_simple(type->kind)) {
    cv_buf_byte(out, (uint8_t)type->kind);
    return CV_OK;
  }
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_status status = put_structure(e, type, &item);
  if (status == CV_OK)
    put_index(out, add_type(e, &item));
  cv_buf_free(&item);
  return status;
}

static cv_status put_def_structure(cv_wit_encoder *e, const cv_wit_typedef *def, cv_buf *out) {
  static const uint8_t codes[] = {[CV_WIT_RECORD] = CV_CT_RECORD,
                                  [CV_WIT_VARIANT] = CV_CT_VARIANT,
                                  [CV_WIT_ENUM] = CV_CT_ENUM,
                                  [CV_WIT_FLAGS] = CV_CT_FLAGS};
  cv_buf_byte(out, codes[def->kind]);
  cv_buf_uleb(out, count_parts(def->parts));
  for (const cv_wit_part *part = def->parts; part; part = part->next) {
    cv_wit_encode_bytes(out, part->head.name);
    if (def->kind == CV_WIT_RECORD)
      CV_TRY(cv_wit_encode_valtype(e, part->type, out));
    if (def->kind == CV_WIT_VARIANT) {
      CV_TRY(put_optional(e, part->type, out));
      cv_buf_byte(out, 0x00);
    }
  }
  return CV_OK;
}

// An alias of a name is that type's index, of anything else the structure.
static cv_status encode_alias(cv_wit_encoder *e, const cv_wit_type *type, uint32_t *index) {
  if (type->name.size && type->kind != CV_CT_BORROW)
    return cv_wit_encode_local(e, type->local, index);
  cv_buf item;
  cv_buf_init(&item, e->mem);
  bool is_simple = cv_ctype_kind_is_simple(type->kind);
  cv_status status = CV_OK;
  if (is_simple)
    cv_buf_byte(&item, (uint8_t)type->kind);
  else
    status = put_structure(e, type, &item);
  if (status == CV_OK)
    *index = add_type(e, &item);
  cv_buf_free(&item);
  return status;
}

cv_status cv_wit_encode_def(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index) {
  if (def->kind == CV_WIT_ALIAS)
    return encode_alias(e, def->type, index);
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_status status = put_def_structure(e, def, &item);
  if (status == CV_OK)
    *index = add_type(e, &item);
  cv_buf_free(&item);
  return status;
}

// ---- functions -----------------------------------------------------------------------------------------------------

// own or borrow of a resource: the valtype.
static cv_status put_handle(cv_wit_encoder *e, const cv_wit_typedef *resource, uint8_t kind, cv_buf *out) {
  uint32_t index = 0;
  CV_TRY(cv_wit_encode_local(e, resource, &index));
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_buf_byte(&item, kind);
  cv_buf_uleb(&item, index);
  put_index(out, add_type(e, &item));
  cv_buf_free(&item);
  return CV_OK;
}

static cv_status put_func(cv_wit_encoder *e, const cv_wit_func *func, cv_buf *out) {
  bool is_method = func->kind == CV_WIT_METHOD;
  cv_buf_byte(out, func->is_async ? 0x43 : 0x40);
  cv_buf_uleb(out, count_parts(func->params) + is_method);
  if (is_method) {
    cv_wit_encode_bytes(out, CV_BYTES_LITERAL("self"));
    CV_TRY(put_handle(e, func->resource, CV_CT_BORROW, out));
  }
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    cv_wit_encode_bytes(out, part->head.name);
    CV_TRY(cv_wit_encode_valtype(e, part->type, out));
  }
  if (func->kind == CV_WIT_CONSTRUCTOR && !func->result) {
    cv_buf_byte(out, 0x00);
    return put_handle(e, func->resource, CV_CT_OWN, out);
  }
  cv_buf_byte(out, func->result ? 0x00 : 0x01);
  if (func->result)
    return cv_wit_encode_valtype(e, func->result, out);
  cv_buf_byte(out, 0x00);
  return CV_OK;
}

cv_status cv_wit_encode_func(cv_wit_encoder *e, const cv_wit_func *func, uint32_t *index) {
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_status status = put_func(e, func, &item);
  if (status == CV_OK)
    *index = add_type(e, &item);
  cv_buf_free(&item);
  return status;
}

// ---- interfaces ----------------------------------------------------------------------------------------------------

// (export "name" (type (eq index))) or (sub resource), as a declarator; the index of the new type.
static uint32_t export_type(cv_wit_encoder *e, const cv_wit_head *head, bool is_resource, uint32_t index) {
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_wit_encode_name(&item, head->name, head->external_id);
  cv_buf_byte(&item, SORT_TYPE);
  cv_buf_byte(&item, is_resource);
  if (!is_resource)
    cv_buf_uleb(&item, index);
  cv_wit_encode_item(e, SECTION_EXPORT, DECL_EXPORT, &item);
  cv_buf_free(&item);
  return e->counts[CV_CS_TYPE]++;
}

// A type of the scope around, seen from inside.
static uint32_t outer_alias(cv_wit_encoder *e, uint32_t outer_index) {
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_buf_byte(&item, SORT_TYPE);
  cv_buf_byte(&item, 0x02);
  cv_buf_uleb(&item, 1);
  cv_buf_uleb(&item, outer_index);
  cv_wit_encode_item(e, SECTION_ALIAS, DECL_ALIAS, &item);
  cv_buf_free(&item);
  return e->counts[CV_CS_TYPE]++;
}

static cv_status encode_interface_types(cv_wit_encoder *e, const cv_wit_interface *interface) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index = 0;
    if (def->kind == CV_WIT_USE) {
      CV_TRY(cv_wit_encode_local(e->outer, def->target, &index));
      index = outer_alias(e, index);
    } else if (def->kind != CV_WIT_RESOURCE) {
      CV_TRY(cv_wit_encode_def(e, def, &index));
    }
    cv_wit_encode_bind(e, def, export_type(e, &def->head, def->kind == CV_WIT_RESOURCE, index));
  }
  return CV_OK;
}

static cv_status export_func(cv_wit_encoder *e, const cv_wit_func *func) {
  uint32_t type;
  CV_TRY(cv_wit_encode_func(e, func, &type));
  cv_buf item, label;
  cv_buf_init(&item, e->mem);
  cv_buf_init(&label, e->mem);
  cv_wit_func_label(func, &label);
  cv_wit_encode_name_buf(&item, &label, func->head.external_id);
  cv_buf_byte(&item, SORT_FUNC);
  cv_buf_uleb(&item, type);
  cv_wit_encode_item(e, SECTION_EXPORT, DECL_EXPORT, &item);
  cv_buf_free(&label);
  cv_buf_free(&item);
  e->counts[CV_CS_FUNC]++;
  return CV_OK;
}

static cv_status encode_interface_body(cv_wit_encoder *e, const cv_wit_interface *interface, cv_wit_filter *filter,
                                       void *env) {
  CV_TRY(encode_interface_types(e, interface));
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      if (!filter || filter(env, interface, func))
        CV_TRY(export_func(e, func));
  for (const cv_wit_func *func = interface->funcs; func; func = func->next)
    if (!filter || filter(env, interface, func))
      CV_TRY(export_func(e, func));
  return CV_OK;
}

cv_status cv_wit_encode_interface(cv_wit_encoder *e, const cv_wit_interface *interface, cv_wit_filter *filter,
                                  void *env, uint32_t *type) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index;
    if (def->kind == CV_WIT_USE)
      CV_TRY(cv_wit_encode_alias(e, def->target, &index));
  }
  cv_wit_encoder inner;
  cv_wit_encoder_init(&inner, CV_WIT_SCOPE_INSTANCE_TYPE, e->mem, e->arena, e->diag);
  inner.outer = e;
  cv_status status = encode_interface_body(&inner, interface, filter, env);
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_buf_byte(&item, 0x42);
  cv_buf_uleb(&item, inner.count);
  cv_buf_bytes(&item, inner.body.data, inner.body.size);
  item.failed |= inner.body.failed;
  cv_wit_encode_item(e, SECTION_TYPE, DECL_TYPE, &item);
  *type = e->counts[CV_CS_TYPE]++;
  cv_buf_free(&item);
  cv_wit_encoder_free(&inner);
  return status;
}
