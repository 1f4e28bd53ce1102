// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_units.c: the core modules that a component is made of, and the worlds that they are for.
#include "compose/compose.h"
#include "compose/modules.h"
#include "compose/new.h"

#include "component/component.h"
#include "component/link.h"
#include "wasm/binary/decode.h"
#include "wasm/validate/validate.h"
#include "wit/decode.h"

CV_COLD cv_status cv_new_no_memory(cv_new_builder *b) {
  return cv_fail(b->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

const char *cv_new_unit_title(const cv_new_unit *u) {
  return u->title;
}

bool cv_new_starts_with(cv_bytes text, const char *prefix, cv_bytes *rest) {
  size_t size = strlen(prefix);
  if (text.size < size || memcmp(text.data, prefix, size) != 0)
    return false;
  *rest = (cv_bytes){text.data + size, text.size - size};
  return true;
}

static cv_status put_address(cv_new_builder *b, cv_map *map, const void *address, uint64_t value) {
  const void **key = cv_arena_copy(&b->arena, &address, sizeof address);
  if (!key || cv_map_put(map, (cv_bytes){(const uint8_t *)key, sizeof address}, value, NULL) != CV_OK)
    return cv_new_no_memory(b);
  return CV_OK;
}

cv_status cv_new_mark(cv_new_builder *b, cv_map *set, const void *address) {
  return put_address(b, set, address, 1);
}

bool cv_new_is_marked(const cv_map *set, const void *address) {
  return cv_map_get(set, (cv_bytes){(const uint8_t *)&address, sizeof address}) != NULL;
}

cv_bytes cv_new_text_of(cv_new_builder *b, cv_buf *buf) {
  cv_bytes text = {cv_arena_copy(&b->arena, buf->data, buf->size), buf->size};
  if (!text.data || buf->failed) {
    text.size = 0;
    b->out_of_memory = true;
  }
  cv_buf_free(buf);
  return text;
}

cv_bytes cv_new_item_name(cv_new_builder *b, const cv_wit_item *item) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_item_name(item, &out);
  return cv_new_text_of(b, &out);
}

cv_bytes cv_new_func_label(cv_new_builder *b, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_func_label(func, &out);
  return cv_new_text_of(b, &out);
}

// ---- reading the modules -------------------------------------------------------------------------------------------

// The world in a custom section, if there is one. Several sections: their worlds are put together.
static cv_status read_world_section(cv_new_builder *b, cv_new_unit *u, cv_bytes contents) {
  cv_component *component = NULL;
  cv_wit_world *world;
  cv_status status = cv_component_decode(&component, b->mem, contents.data, contents.size, false, 0, b->diag);
  if (status == CV_OK)
    status = cv_component_validate(component, b->registry, 0, b->diag);
  if (status == CV_OK)
    status = cv_wit_from_package(b->wit, component, &world, b->diag);
  cv_component_delete(component);
  if (status != CV_OK)
    return status;
  if (!u->world) {
    u->world = world;
    return CV_OK;
  }
  cv_wit_item **last = &u->world->imports;
  while (*last)
    last = &(*last)->next;
  *last = world->imports;
  for (last = &u->world->exports; *last; last = &(*last)->next) {
  }
  *last = world->exports;
  cv_wit_typedef **type = &u->world->types;
  while (*type)
    type = &(*type)->next;
  *type = world->types;
  return CV_OK;
}

// A failure in an adapter, or in a part of a module, says where it is; offsets are those of the part.
static CV_COLD cv_status blame(cv_new_builder *b, cv_status status, const cv_new_unit *u, cv_bytes section) {
  char text[sizeof b->diag->text + 64];
  if (status == CV_ENOMEM || (!u->name && section.size == 0))
    return status;
  cv_diag inner = *b->diag;
  cv_diag_message(&inner, text, sizeof text);
  cv_diag_init(b->diag);
  if (section.size > 0)
    return cv_fail(b->diag, status, CV_NO_OFFSET, "%s%scustom section `%.*s`: %s", u->name ? cv_new_unit_title(u) : "",
                   u->name ? ": " : "", CV_BYTES_ARG(section), text);
  return cv_fail(b->diag, status, CV_NO_OFFSET, "%s: %s", cv_new_unit_title(u), text);
}

// Without a memory of its own an adapter has no place for data: those would overwrite main's.
static cv_status check_data(cv_new_builder *b, const cv_new_unit *u) {
  for (uint32_t i = 0; i < u->module->data_count && u->name; i++) {
    const cv_data_decl *data = &u->module->datas[i];
    if (data->mode == CV_SEGMENT_ACTIVE && data->memory < u->module->imported_memories)
      return CV_NEW_FAIL(b,
                         "%s writes data into the module's memory when it is instantiated: it is to have a memory "
                         "of its own, or no data",
                         cv_new_unit_title(u));
  }
  return CV_OK;
}

static cv_status decode_unit(cv_new_builder *b, cv_new_unit *u) {
  if (cv_binary_kind_of(u->bytes.data, u->bytes.size, NULL) == CV_BINARY_COMPONENT)
    return CV_NEW_FAIL(b, "this is a component already, not a core module");
  CV_TRY(cv_module_decode(&u->module, b->mem, b->registry, CV_FEATURES_ALL, u->bytes.data, u->bytes.size,
                          CV_DECODE_BORROW, b->diag));
  return cv_module_validate(u->module, 0, b->diag);
}

cv_status cv_new_read_unit(cv_new_builder *b, cv_new_unit *u) {
  cv_status status = decode_unit(b, u);
  if (status != CV_OK)
    return blame(b, status, u, (cv_bytes){NULL, 0});
  for (uint32_t i = 0; i < u->module->custom_count; i++) {
    const cv_custom_section *custom = &u->module->customs[i];
    if (!cv_compose_is_world(custom->name))
      continue;
    status = read_world_section(b, u, (cv_bytes){cv_span_start(u->module, custom->bytes), custom->bytes.size});
    if (status != CV_OK)
      return blame(b, status, u, custom->name);
  }
  CV_TRY(check_data(b, u));
  CV_TRY(cv_new_check_conventions(b, u));
  u->slots = CV_ARENA_ARRAY(&b->arena, cv_new_slot, u->module->import_count + 1);
  if (u->name)
    u->reached = CV_ARENA_ARRAY(&b->arena, bool, u->module->func_count + 1);
  u->names = cv_compose_import_names(u->module, b->mem, &b->arena);
  return u->slots && u->names && (u->reached || !u->name) ? CV_OK : cv_new_no_memory(b);
}

bool cv_new_same_item(const cv_wit_item *a, const cv_wit_item *b) {
  if (a->head.name.size || b->head.name.size)
    return cv_bytes_equal(a->head.name, b->head.name);
  return a->interface == b->interface;
}

// Appends copies of the items of a unit's world that are not there yet. Names tell items apart as cv_new_same_item
// does.
static cv_status add_items(cv_new_builder *b, cv_wit_item ***last, cv_map *names, const cv_wit_item *from,
                           const cv_new_unit *owner) {
  for (; from; from = from->next) {
    cv_bytes name = cv_new_item_name(b, from);
    if (b->out_of_memory)
      return cv_new_no_memory(b);
    if (cv_map_get(names, name))
      continue;
    cv_wit_item *copy = cv_arena_copy(&b->arena, from, sizeof *from);
    if (!copy || cv_map_put(names, name, (uint64_t)(uintptr_t)copy, NULL) != CV_OK)
      return cv_new_no_memory(b);
    copy->next = NULL;
    **last = copy;
    *last = &copy->next;
    if (owner)
      CV_TRY(put_address(b, &b->owners, copy, (uint64_t)(uintptr_t)owner->module));
  }
  return CV_OK;
}

cv_status cv_new_add_items(cv_new_builder *b) {
  cv_wit_item **imports = &b->imports, **exports = &b->exports;
  for (uint32_t i = 0; i < b->unit_count; i++) {
    const cv_new_unit *u = &b->units[i];
    if (!u->world)
      continue;
    CV_TRY(add_items(b, &imports, &b->import_names, u->world->imports, NULL));
    if (!u->hides_exports)
      CV_TRY(add_items(b, &exports, &b->export_names, u->world->exports, u));
  }
  return CV_OK;
}

// ---- finding things ------------------------------------------------------------------------------------------------

const cv_wit_item *cv_new_item_named(const cv_map *names, cv_bytes name) {
  const uint64_t *found = cv_map_get(names, name);
  return found ? (const cv_wit_item *)(uintptr_t)*found : NULL;
}

uint32_t cv_new_adapter_named(const cv_new_builder *b, cv_bytes name) {
  for (uint32_t i = 1; i < b->unit_count; i++)
    if (cv_bytes_equal(cv_bytes_of(b->units[i].name), name))
      return i;
  return CV_NO_INDEX;
}

const cv_export *cv_new_export_named(const cv_module *module, cv_bytes name) {
  for (uint32_t i = 0; i < module->export_count; i++)
    if (cv_bytes_equal(module->exports[i].name, name))
      return &module->exports[i];
  return NULL;
}

const cv_export *cv_new_export_called(const cv_module *module, const char *name) {
  return cv_new_export_named(module, cv_bytes_of(name));
}

cv_new_unit *cv_new_owner_of(const cv_new_builder *b, const cv_wit_item *item) {
  const uint64_t *module = cv_map_get(&b->owners, (cv_bytes){(const uint8_t *)&item, sizeof(void *)});
  for (uint32_t i = 0; i < b->unit_count; i++)
    if (module && b->units[i].module == (const cv_module *)(uintptr_t)*module)
      return &b->units[i];
  return NULL;
}
