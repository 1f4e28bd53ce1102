// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// encode_world.c: worlds as component types, and imports and types of a world in a component that is being built.
#include "wit/encode_scope.h"

static void put_extern(cv_wit_encoder *e, const cv_wit_item *item, bool is_export, uint8_t sort, uint32_t type) {
  cv_buf out, name;
  cv_buf_init(&out, e->mem);
  cv_buf_init(&name, e->mem);
  cv_wit_item_name(item, &name);
  cv_wit_encode_name_buf(&out, &name, item->head.external_id);
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
  cv_wit_encode_bind_instance(e, item->interface, e->counts[CV_CS_INSTANCE]++);
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
  cv_wit_encode_bind_instance(e, interface, e->counts[CV_CS_INSTANCE] - 1);
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint64_t *found = cv_map_get(&e->defs, (cv_bytes){(const uint8_t *)&def, sizeof def});
    if (!found)
      continue;
    cv_buf item;
    cv_buf_init(&item, e->mem);
    cv_buf_byte(&item, SORT_TYPE);
    cv_buf_byte(&item, 0x00);
    cv_buf_uleb(&item, e->counts[CV_CS_INSTANCE] - 1);
    cv_wit_encode_bytes(&item, def->head.name);
    cv_wit_encode_item(e, SECTION_ALIAS, DECL_ALIAS, &item);
    cv_buf_free(&item);
    *found = e->counts[CV_CS_TYPE]++;
  }
  return e->body.failed ? cv_wit_encode_no_memory(e) : CV_OK;
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
  cv_wit_encode_bytes(&section, CV_BYTES_LITERAL("wit-component-encoding"));
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
  cv_wit_encode_name_buf(&section, &name, (cv_bytes){NULL, 0});
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
