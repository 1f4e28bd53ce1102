// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_items.c: definitions of the component: aliases, lowered imports, resources.
#include "compose/modules.h"
#include "compose/new.h"

#include "component/component.h"

#include <stdio.h>

void cv_new_add_item(cv_new_builder *b, uint32_t section, cv_buf *item) {
  cv_wit_encode_item(&b->e, section, 0, item);
  cv_buf_free(item);
}

void cv_new_add_binary(cv_new_builder *b, uint8_t section, cv_bytes bytes) {
  cv_wit_encode_flush(&b->e);
  cv_buf_byte(&b->e.body, section);
  cv_buf_uleb(&b->e.body, bytes.size);
  cv_buf_bytes(&b->e.body, bytes.data, bytes.size);
}

uint32_t cv_new_alias_core(cv_new_builder *b, uint32_t instance, cv_bytes name, uint8_t sort, cv_cspace space) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, CV_NEW_SORT_CORE);
  cv_buf_byte(&item, sort);
  cv_buf_byte(&item, 0x01);
  cv_buf_uleb(&item, instance);
  cv_compose_put_name(&item, name);
  cv_new_add_item(b, CV_CSECT_ALIAS, &item);
  return b->e.counts[space]++;
}

uint32_t cv_new_alias_core_func(cv_new_builder *b, uint32_t instance, cv_bytes name) {
  return cv_new_alias_core(b, instance, name, CV_NEW_CORE_FUNC, CV_CS_CORE_FUNC);
}

// (alias export $instance "name" (func))
static uint32_t alias_func(cv_new_builder *b, uint32_t instance, cv_bytes name) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, CV_NEW_SORT_FUNC);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, instance);
  cv_compose_put_name(&item, name);
  cv_new_add_item(b, CV_CSECT_ALIAS, &item);
  return b->e.counts[CV_CS_FUNC]++;
}

uint32_t cv_new_shim_func(cv_new_builder *b, uint32_t number) {
  char name[16];
  snprintf(name, sizeof name, "%u", number);
  return cv_new_alias_core_func(b, b->shim_instance, cv_bytes_of(name));
}

// The function of an import, as a component function.
static cv_status imported_func(cv_new_builder *b, const cv_new_slot *s, uint32_t *func) {
  if (s->item->interface) {
    const uint64_t *instance =
        cv_map_get(&b->e.instances, (cv_bytes){(const uint8_t *)&s->item->interface, sizeof(void *)});
    if (!instance)
      return cv_new_no_memory(b);
    *func = alias_func(b, (uint32_t)*instance, cv_new_func_label(b, s->func));
    return CV_OK;
  }
  // Functions of the world were imported first, in their order.
  *func = 0;
  for (const cv_wit_item *item = b->imports; item && !cv_new_same_item(item, s->item); item = item->next)
    *func += item->kind == CV_WIT_ITEM_FUNC && cv_new_is_marked(&b->used, item->func);
  return CV_OK;
}

static const cv_export *func_called(const cv_new_unit *u, const char *name) {
  const cv_export *export = cv_new_export_called(u->module, name);
  return export && export->kind == CV_EXTERN_FUNC ? export : NULL;
}

static bool has_memory(const cv_new_unit *u) {
  const cv_export *own = cv_new_export_called(u->module, "memory");
  return own && own->kind == CV_EXTERN_MEMORY;
}

uint32_t cv_new_realloc_of(cv_new_builder *b, const cv_new_unit *u, const char *name) {
  const cv_export *export = func_called(u, name);
  if (!export)
    export = func_called(u, "cabi_realloc");
  if (!export && !has_memory(u)) {
    u = &b->units[0];
    export = func_called(u, "cabi_realloc");
  }
  return export ? cv_new_alias_core_func(b, u->core_instance, export->name) : CV_NO_INDEX;
}

cv_status cv_new_need_memory(cv_new_builder *b, const cv_new_unit *u, const char *what, cv_bytes name) {
  if (u->memory != CV_NO_INDEX)
    return CV_OK;
  const cv_new_unit *owner = has_memory(u) ? u : &b->units[0];
  if (has_memory(owner))
    return CV_NEW_FAIL(b, "%s %s `%.*s`, whose values pass through memory, but that of %s %s: it is to be a plain one",
                       cv_new_unit_title(u), what, CV_BYTES_ARG(name), cv_new_unit_title(owner), owner->memory_fault);
  return CV_NEW_FAIL(b, "%s %s `%.*s`, which needs a memory: export one as \"memory\"", cv_new_unit_title(u), what,
                     CV_BYTES_ARG(name));
}

cv_status cv_new_lower(cv_new_builder *b, const cv_new_unit *u, const cv_new_slot *s, uint32_t *core_func) {
  cv_buf item;
  uint32_t func = 0, realloc = CV_NO_INDEX;
  bool pointers = cv_new_needs_of(s->func).result_pointers;
  CV_TRY(imported_func(b, s, &func));
  if (s->is_indirect)
    CV_TRY(cv_new_need_memory(b, u, "imports", cv_new_func_label(b, s->func)));
  if (pointers) {
    realloc = cv_new_realloc_of(b, u, "cabi_import_realloc");
    if (realloc == CV_NO_INDEX)
      return CV_NEW_FAIL(b, "%s imports `%.*s`, whose result needs memory: export \"cabi_realloc\"",
                         cv_new_unit_title(u), CV_BYTES_ARG(cv_new_func_label(b, s->func)));
  }
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, 0x01);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, func);
  cv_buf_uleb(&item, s->is_indirect + pointers);
  if (s->is_indirect) {
    cv_buf_byte(&item, 0x03);
    cv_buf_uleb(&item, u->memory);
  }
  if (pointers) {
    cv_buf_byte(&item, 0x04);
    cv_buf_uleb(&item, realloc);
  }
  cv_new_add_item(b, CV_CSECT_CANON, &item);
  *core_func = b->e.counts[CV_CS_CORE_FUNC]++;
  return CV_OK;
}

uint32_t cv_new_resource_builtin(cv_new_builder *b, uint8_t kind, uint32_t type) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, kind);
  cv_buf_uleb(&item, type);
  cv_new_add_item(b, CV_CSECT_CANON, &item);
  return b->e.counts[CV_CS_CORE_FUNC]++;
}

cv_status cv_new_imported_type(cv_new_builder *b, const cv_wit_typedef *def, uint32_t *index) {
  if (cv_wit_encode_lookup(&b->e, def, index))
    return CV_OK;
  return cv_wit_encode_alias(&b->e, def, index);
}

// ---- resources that the module exports -----------------------------------------------------------------------------

// Key of the type index that an exported resource has before it is exported.
static const void *own_key(const cv_wit_typedef *resource) {
  return &resource->funcs;
}

static cv_status bind_own(cv_new_builder *b, const cv_wit_typedef *resource, uint32_t index) {
  const void *address = own_key(resource);
  const void **key = cv_arena_copy(&b->arena, &address, sizeof address);
  if (!key || cv_map_put(&b->e.defs, (cv_bytes){(const uint8_t *)key, sizeof address}, index, NULL) != CV_OK)
    return cv_new_no_memory(b);
  return CV_OK;
}

uint32_t cv_new_own_type(const cv_new_builder *b, const cv_wit_typedef *resource) {
  const void *address = own_key(resource);
  const uint64_t *found = cv_map_get(&b->e.defs, (cv_bytes){(const uint8_t *)&address, sizeof address});
  return found ? (uint32_t)*found : 0;
}

cv_bytes cv_new_dtor_name(cv_new_builder *b, const cv_wit_item *item, const cv_wit_typedef *resource) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_item_name(item, &out);
  cv_buf_printf(&out, "#[dtor]%.*s", CV_BYTES_ARG(resource->head.name));
  return cv_new_text_of(b, &out);
}

cv_status cv_new_put_resources(cv_new_builder *b) {
  for (const cv_wit_item *item = b->exports; item; item = item->next)
    for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next) {
      if (def->kind != CV_WIT_RESOURCE)
        continue;
      uint32_t dtor = CV_NO_INDEX;
      for (uint32_t i = 0; i < b->shims.count; i++)
        if (b->shims.data[i].resource == def && b->shims.data[i].item == item)
          dtor = cv_new_shim_func(b, i);
      cv_buf out;
      cv_buf_init(&out, b->mem);
      cv_buf_byte(&out, 0x3f);
      cv_buf_byte(&out, 0x7f);
      cv_buf_byte(&out, dtor != CV_NO_INDEX);
      if (dtor != CV_NO_INDEX)
        cv_buf_uleb(&out, dtor);
      cv_new_add_item(b, CV_CSECT_TYPE, &out);
      CV_TRY(bind_own(b, def, b->e.counts[CV_CS_TYPE]++));
    }
  return CV_OK;
}
