// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// encode_scope.c: see encode_scope.h.
#include "wit/encode_scope.h"

cv_status cv_wit_encode_no_memory(cv_wit_encoder *e) {
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

void cv_wit_encode_bytes(cv_buf *out, cv_bytes bytes) {
  cv_buf_uleb(out, bytes.size);
  cv_buf_bytes(out, bytes.data, bytes.size);
}

void cv_wit_encode_name(cv_buf *out, cv_bytes name, cv_bytes external_id) {
  cv_buf_byte(out, external_id.size ? 0x02 : 0x00);
  cv_wit_encode_bytes(out, name);
  if (external_id.size) {
    cv_buf_uleb(out, 1);
    cv_buf_byte(out, 0x02);
    cv_wit_encode_bytes(out, external_id);
  }
}

void cv_wit_encode_name_buf(cv_buf *out, const cv_buf *name, cv_bytes external_id) {
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

void cv_wit_encode_bind_instance(cv_wit_encoder *e, const cv_wit_interface *interface, uint32_t index) {
  map_address(e, &e->instances, interface, index);
}

bool cv_wit_encode_lookup(const cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index) {
  const uint64_t *found = cv_map_get(&e->defs, (cv_bytes){(const uint8_t *)&def, sizeof def});
  if (found)
    *index = (uint32_t)*found;
  return found != NULL;
}

cv_status cv_wit_encode_local(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index) {
  if (cv_wit_encode_lookup(e, def, index))
    return CV_OK;
  if (e->body.failed) // so it may have been noted
    return cv_wit_encode_no_memory(e);
  return cv_fail(e->diag, CV_EINVALID, CV_NO_OFFSET, "type `%.*s` is used, but it is not there",
                 CV_BYTES_ARG(def->head.name));
}

// A type of an instance that is here: `(alias export $instance "name" (type))`.
cv_status cv_wit_encode_alias(cv_wit_encoder *e, const cv_wit_typedef *def, uint32_t *index) {
  if (cv_wit_encode_lookup(e, def, index))
    return CV_OK;
  const uint64_t *instance = cv_map_get(&e->instances, (cv_bytes){(const uint8_t *)&def->interface, sizeof(void *)});
  if (!instance && e->body.failed)
    return cv_wit_encode_no_memory(e);
  if (!instance)
    return cv_fail(e->diag, CV_EINVALID, CV_NO_OFFSET, "type `%.*s` is used, but its interface is not there",
                   CV_BYTES_ARG(def->head.name));
  cv_buf item;
  cv_buf_init(&item, e->mem);
  cv_buf_byte(&item, SORT_TYPE);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, *instance);
  cv_wit_encode_bytes(&item, def->head.name);
  cv_wit_encode_item(e, SECTION_ALIAS, DECL_ALIAS, &item);
  cv_buf_free(&item);
  *index = e->counts[CV_CS_TYPE]++;
  cv_wit_encode_bind(e, def, *index);
  return CV_OK;
}
