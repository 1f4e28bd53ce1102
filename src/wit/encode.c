// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// encode.c: WIT as binary component types (Binary.md, "Type Definitions").
//
// A definition of a scope takes the next index of its index space. The same structure is written once for each scope.
// What an interface uses of another is reached in two steps: an alias of the export in the scope where the instances
// are, and an outer alias in the instance type.
#include "wit/encode.h"

#include "component/component.h"
#include "wit/syntax.h"

enum {
  SECTION_ALIAS = 6,
  SECTION_TYPE = 7,
  SECTION_IMPORT = 10,
  SECTION_EXPORT = 11,
  DECL_TYPE = 0x01,
  DECL_ALIAS = 0x02,
  DECL_IMPORT = 0x03,
  DECL_EXPORT = 0x04,
  SORT_FUNC = 0x01,
  SORT_TYPE = 0x03,
  SORT_COMPONENT = 0x04,
  SORT_INSTANCE = 0x05,
};

static CV_COLD cv_status no_memory(cv_wit_encoder *e) {
  return cv_fail(e->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// ---- scopes --------------------------------------------------------------------------------------------------------

void cv_wit_encoder_init(cv_wit_encoder *e, cv_wit_scope_kind kind, cv_mem *mem, cv_arena *arena, cv_diag *diag) {
  *e = (cv_wit_encoder){.kind = kind, .mem = mem, .arena = arena, .diag = diag};
  cv_buf_init(&e->body, mem);
  cv_buf_init(&e->section, mem);
  cv_map_init(&e->types, mem);
  cv_map_init(&e->defs, mem);
  cv_map_init(&e->instances, mem);
}

void cv_wit_encoder_free(cv_wit_encoder *e) {
  cv_buf_free(&e->body);
  cv_buf_free(&e->section);
  cv_map_free(&e->types);
  cv_map_free(&e->defs);
  cv_map_free(&e->instances);
}

void cv_wit_encode_flush(cv_wit_encoder *e) {
  if (e->section_id == 0)
    return;
  cv_buf count;
  cv_buf_init(&count, e->mem);
  cv_buf_uleb(&count, e->section_count);
  cv_buf_byte(&e->body, (uint8_t)e->section_id);
  cv_buf_uleb(&e->body, count.size + e->section.size);
  cv_buf_bytes(&e->body, count.data, count.size);
  cv_buf_bytes(&e->body, e->section.data, e->section.size);
  e->body.failed |= count.failed || e->section.failed;
  cv_buf_free(&count);
  e->section.size = 0;
  e->section_id = e->section_count = 0;
}

void cv_wit_encode_item(cv_wit_encoder *e, uint32_t id, int declarator, const cv_buf *item) {
  e->body.failed |= item->failed;
  if (e->kind == CV_WIT_SCOPE_COMPONENT) {
    if (id != e->section_id)
      cv_wit_encode_flush(e);
    e->section_id = id;
    e->section_count++;
    cv_buf_bytes(&e->section, item->data, item->size);
  } else {
    cv_buf_byte(&e->body, (uint8_t)declarator);
    cv_buf_bytes(&e->body, item->data, item->size);
    e->count++;
  }
}

// ---- names ---------------------------------------------------------------------------------------------------------

static void put_bytes(cv_buf *out, cv_bytes bytes) {
  cv_buf_uleb(out, bytes.size);
  cv_buf_bytes(out, bytes.data, bytes.size);
}

void cv_wit_encode_name(cv_buf *out, cv_bytes name, cv_bytes external_id) {
  cv_buf_byte(out, external_id.size ? 0x02 : 0x00);
  put_bytes(out, name);
  if (external_id.size) {
    cv_buf_uleb(out, 1);
    cv_buf_byte(out, 0x02);
    put_bytes(out, external_id);
  }
}

static void put_name_buf(cv_buf *out, const cv_buf *name, cv_bytes external_id) {
  cv_wit_encode_name(out, (cv_bytes){name->data, name->size}, external_id);
  out->failed |= name->failed;
}

void cv_wit_func_label(const cv_wit_func *func, cv_buf *out) {
  static const char *const marks[] = {[CV_WIT_FREE] = "",
                                      [CV_WIT_METHOD] = "[method]",
                                      [CV_WIT_STATIC] = "[static]",
                                      [CV_WIT_CONSTRUCTOR] = "[constructor]"};
  cv_buf_text(out, marks[func->kind]);
  if (func->resource)
    cv_buf_bytes(out, func->resource->head.name.data, func->resource->head.name.size);
  if (func->kind == CV_WIT_METHOD || func->kind == CV_WIT_STATIC)
    cv_buf_byte(out, '.');
  if (func->kind != CV_WIT_CONSTRUCTOR)
    cv_buf_bytes(out, func->head.name.data, func->head.name.size);
}

void cv_wit_item_name(const cv_wit_item *item, cv_buf *out) {
  if (item->head.name.size)
    cv_buf_bytes(out, item->head.name.data, item->head.name.size);
  else
    cv_wit_interface_name(item->interface, true, out);
}

// ---- definitions known in a scope ----------------------------------------------------------------------------------

static cv_bytes address_key(cv_wit_encoder *e, const void *address) {
  const void **key = cv_arena_copy(e->arena, &address, sizeof(void *));
  return key ? (cv_bytes){(const uint8_t *)key, sizeof(void *)} : (cv_bytes){NULL, 0};
}

static void map_address(cv_wit_encoder *e, cv_map *map, const void *address, uint32_t index) {
  cv_bytes key = address_key(e, address);
  if (key.size == 0 || cv_map_put(map, key, index, NULL) != CV_OK)
    e->body.failed = true;
}

void cv_wit_encode_bind(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t index) {
  map_address(e, &e->defs, def, index);
}

bool cv_wit_encode_lookup(const cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index) {
  const uint64_t *found = cv_map_get(&e->defs, (cv_bytes){(const uint8_t *)&def, sizeof def});
  if (found)
    *index = (uint32_t)*found;
  return found != NULL;
}

// A type of an instance that is here: `(alias export $instance "name" (type))`.
cv_status cv_wit_encode_alias(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index) {
  if (cv_wit_encode_lookup(e, def, index))
    return CV_OK;
  const uint64_t *instance = cv_map_get(&e->instances, (cv_bytes){(const uint8_t *)&def->interface, sizeof(void *)});
  if (!instance && e->body.failed)
    return no_memory(e);
  if (!instance)
    return cv_fail(e->diag, CV_EINVALID, CV_NO_OFFSET, "type `%.*s` is used, but its interface is not there",
                   CV_BYTES_ARG(def->head.name));
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_buf_byte(&item, SORT_TYPE);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, *instance);
  put_bytes(&item, def->head.name);
  cv_wit_encode_item(e, SECTION_ALIAS, DECL_ALIAS, &item);
  cv_buf_free(&item);
  *index = e->counts[CV_CS_TYPE]++;
  cv_wit_encode_bind(e, def, *index);
  return CV_OK;
}

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

// What a name of this scope stands for.
static cv_status local_index(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index) {
  if (cv_wit_encode_lookup(e, def, index))
    return CV_OK;
  if (e->body.failed) // so it may have been noted
    return no_memory(e);
  return cv_fail(e->diag, CV_EINVALID, CV_NO_OFFSET, "type `%.*s` is used, but it is not there",
                 CV_BYTES_ARG(def->head.name));
}

// The structure of a type without a name.
static cv_status put_structure(cv_wit_encoder *e, const cv_wit_type *type, cv_buf *out) {
  const cv_wit_type *part = type->parts;
  uint32_t index = 0;
  cv_buf_byte(out, (uint8_t)type->kind);
  switch (type->kind) {
  case CV_CT_OWN:
  case CV_CT_BORROW:
    CV_TRY(local_index(e, type->local, &index));
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
    CV_TRY(local_index(e, type->local, &index));
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
    put_bytes(out, part->head.name);
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
    return local_index(e, type->local, index);
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
  CV_TRY(local_index(e, resource, &index));
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
    put_bytes(out, CV_BYTES_LITERAL("self"));
    CV_TRY(put_handle(e, func->resource, CV_CT_BORROW, out));
  }
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    put_bytes(out, part->head.name);
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
      CV_TRY(local_index(e->outer, def->target, &index));
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
  put_name_buf(&item, &label, func->head.external_id);
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

// ---- worlds --------------------------------------------------------------------------------------------------------

static void put_extern(cv_wit_encoder *e, const cv_wit_item *item, bool is_export, uint8_t sort, uint32_t type) {
  cv_buf out, name;
  cv_buf_init(&out, e->mem);
  cv_buf_init(&name, e->mem);
  cv_wit_item_name(item, &name);
  put_name_buf(&out, &name, item->head.external_id);
  cv_buf_byte(&out, sort);
  cv_buf_uleb(&out, type);
  cv_wit_encode_item(e, SECTION_IMPORT, is_export ? DECL_EXPORT : DECL_IMPORT, &out);
  cv_buf_free(&name);
  cv_buf_free(&out);
}

static cv_status encode_item(cv_wit_encoder *e, const cv_wit_item *item, bool is_export, cv_wit_filter *filter,
                             void *env) {
  uint32_t type;
  if (item->kind == CV_WIT_ITEM_FUNC) {
    CV_TRY(cv_wit_encode_func(e, item->func, &type));
    put_extern(e, item, is_export, SORT_FUNC, type);
    e->counts[CV_CS_FUNC]++;
    return CV_OK;
  }
  CV_TRY(cv_wit_encode_interface(e, item->interface, filter, env, &type));
  put_extern(e, item, is_export, SORT_INSTANCE, type);
  map_address(e, &e->instances, item->interface, e->counts[CV_CS_INSTANCE]++);
  return CV_OK;
}

cv_status cv_wit_encode_import(cv_wit_encoder *e, const cv_wit_item *item, cv_wit_filter *filter, void *env) {
  return encode_item(e, item, false, filter, env);
}

cv_status cv_wit_encode_world_type(cv_wit_encoder *e, const cv_wit_typedef *def) {
  uint32_t index = 0;
  if (def->kind == CV_WIT_USE)
    CV_TRY(cv_wit_encode_alias(e, def->target, &index));
  else if (def->kind != CV_WIT_RESOURCE)
    CV_TRY(cv_wit_encode_def(e, def, &index));
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_wit_encode_name(&item, def->head.name, def->head.external_id);
  cv_buf_byte(&item, SORT_TYPE);
  cv_buf_byte(&item, def->kind == CV_WIT_RESOURCE);
  if (def->kind != CV_WIT_RESOURCE)
    cv_buf_uleb(&item, index);
  cv_wit_encode_item(e, SECTION_IMPORT, DECL_IMPORT, &item);
  cv_buf_free(&item);
  cv_wit_encode_bind(e, def, e->counts[CV_CS_TYPE]++);
  return CV_OK;
}

// Aliases that were made before do not serve: types of an export are new ones. A second alias takes their place.
cv_status cv_wit_encode_exported(cv_wit_encoder *e, const cv_wit_interface *interface) {
  map_address(e, &e->instances, interface, e->counts[CV_CS_INSTANCE] - 1);
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint64_t *found = cv_map_get(&e->defs, (cv_bytes){(const uint8_t *)&def, sizeof def});
    if (!found)
      continue;
    cv_buf item;
    cv_buf_init(&item, e->mem);
    cv_buf_byte(&item, SORT_TYPE);
    cv_buf_byte(&item, 0x00);
    cv_buf_uleb(&item, e->counts[CV_CS_INSTANCE] - 1);
    put_bytes(&item, def->head.name);
    cv_wit_encode_item(e, SECTION_ALIAS, DECL_ALIAS, &item);
    cv_buf_free(&item);
    *found = e->counts[CV_CS_TYPE]++;
  }
  return e->body.failed ? no_memory(e) : CV_OK;
}

static cv_status encode_world_body(cv_wit_encoder *e, const cv_wit_world *world) {
  for (const cv_wit_item *item = world->imports; item; item = item->next)
    if (item->kind != CV_WIT_ITEM_FUNC)
      CV_TRY(encode_item(e, item, false, NULL, NULL));
  for (const cv_wit_typedef *def = world->types; def; def = def->next)
    CV_TRY(cv_wit_encode_world_type(e, def));
  for (const cv_wit_item *item = world->imports; item; item = item->next)
    if (item->kind == CV_WIT_ITEM_FUNC)
      CV_TRY(encode_item(e, item, false, NULL, NULL));
  for (const cv_wit_item *item = world->exports; item; item = item->next) {
    CV_TRY(encode_item(e, item, true, NULL, NULL));
    if (item->interface)
      CV_TRY(cv_wit_encode_exported(e, item->interface));
  }
  return CV_OK;
}

// (component ...declarators...) as a type.
static void put_component_type(cv_buf *out, const cv_wit_encoder *e) {
  cv_buf_byte(out, 0x41);
  cv_buf_uleb(out, e->count);
  cv_buf_bytes(out, e->body.data, e->body.size);
  out->failed |= e->body.failed;
}

static void put_section(cv_buf *out, uint8_t id, const cv_buf *contents) {
  cv_buf_byte(out, id);
  cv_buf_uleb(out, contents->size);
  cv_buf_bytes(out, contents->data, contents->size);
  out->failed |= contents->failed;
}

// What other tools look for: how strings are encoded, and the version of this packaging.
static void put_encoding_section(cv_buf *out, cv_mem *mem) {
  enum { PACKAGING_VERSION = 4, ENCODING_UTF8 = 0 };
  cv_buf section;
  cv_buf_init(&section, mem);
  put_bytes(&section, CV_BYTES_LITERAL("wit-component-encoding"));
  cv_buf_byte(&section, PACKAGING_VERSION);
  cv_buf_byte(&section, ENCODING_UTF8);
  put_section(out, 0, &section);
  cv_buf_free(&section);
}

static void put_world_component(const cv_wit_world *world, const cv_wit_encoder *e, cv_mem *mem, cv_buf *out) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  cv_buf name, section;
  cv_buf_init(&name, mem);
  cv_buf_init(&section, mem);
  const cv_wit_package *package = world->package;
  cv_buf_printf(&name, "%.*s:%.*s/%.*s", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name),
                CV_BYTES_ARG(world->head.name));
  if (package->version.size)
    cv_buf_printf(&name, "@%.*s", CV_BYTES_ARG(package->version));
  cv_buf_bytes(out, preamble, sizeof preamble);
  put_encoding_section(out, mem);
  // (type (component (type (component world)) (export "ns:pkg/world" (component (type 0)))))
  cv_buf_uleb(&section, 1);
  cv_buf_byte(&section, 0x41);
  cv_buf_uleb(&section, 2);
  cv_buf_byte(&section, DECL_TYPE);
  put_component_type(&section, e);
  cv_buf_byte(&section, DECL_EXPORT);
  put_name_buf(&section, &name, (cv_bytes){NULL, 0});
  cv_buf_byte(&section, SORT_COMPONENT);
  cv_buf_uleb(&section, 0);
  put_section(out, SECTION_TYPE, &section);
  // (export "world" (type 0))
  section.size = 0;
  cv_buf_uleb(&section, 1);
  cv_wit_encode_name(&section, world->head.name, (cv_bytes){NULL, 0});
  cv_buf_byte(&section, SORT_TYPE);
  cv_buf_uleb(&section, 0);
  cv_buf_byte(&section, 0x00);
  put_section(out, SECTION_EXPORT, &section);
  cv_buf_free(&section);
  cv_buf_free(&name);
}

cv_status cv_wit_encode_world(const cv_wit_world *world, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_arena arena;
  cv_wit_encoder e;
  cv_arena_init(&arena, mem);
  cv_wit_encoder_init(&e, CV_WIT_SCOPE_COMPONENT_TYPE, mem, &arena, diag);
  cv_status status = encode_world_body(&e, world);
  if (status == CV_OK)
    put_world_component(world, &e, mem, out);
  cv_wit_encoder_free(&e);
  cv_arena_free(&arena);
  return status != CV_OK ? status : cv_buf_status(out);
}
