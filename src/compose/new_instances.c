// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_instances.c: the core modules of the component, and their instances in order.
#include "compose/modules.h"
#include "compose/new.h"

#include "component/component.h"

#include <stdio.h>

static const cv_functype *shim_type(const cv_new_builder *b, uint32_t number) {
  static const cv_valtype i32[] = {CV_I32};
  static const cv_functype dtor = {.param_count = 1, .result_count = 0, .types = i32};
  const cv_new_shim *entry = &b->shims.data[number];
  if (!entry->user)
    return &dtor;
  const cv_module *module = entry->user->module;
  return cv_module_func_type(module, module->imports[entry->import].index);
}

cv_status cv_new_put_core_modules(cv_new_builder *b, bool has_start) {
  cv_buf module;
  uint32_t count = (uint32_t)b->shims.count;
  const cv_functype **types = CV_ARENA_ARRAY(&b->arena, const cv_functype *, count + 1);
  if (!types)
    return cv_new_no_memory(b);
  for (uint32_t i = 0; i < count; i++)
    types[i] = shim_type(b, i);
  for (uint32_t i = 0; i < b->unit_count; i++) {
    cv_buf_init(&module, b->mem);
    const cv_new_unit *u = &b->units[i];
    if (u->name)
      cv_compose_put_adapter(u->module, u->names, u->reached, &u->stack, b->mem, &module);
    else
      cv_compose_put_module(u->module, u->names, b->mem, &module);
    b->e.body.failed |= module.failed;
    cv_new_add_binary(b, CV_CSECT_CORE_MODULE, (cv_bytes){module.data, module.size});
    b->units[i].core_module = b->e.counts[CV_CS_CORE_MODULE]++;
    cv_buf_free(&module);
  }
  for (int fixup = 0; fixup < 2; fixup++) {
    if (b->shims.count == 0 && !(fixup && has_start))
      continue;
    cv_buf_init(&module, b->mem);
    if (fixup)
      cv_compose_put_fixup(types, count, has_start, b->mem, &module);
    else
      cv_compose_put_shim(types, count, b->mem, &module);
    b->e.body.failed |= module.failed;
    cv_new_add_binary(b, CV_CSECT_CORE_MODULE, (cv_bytes){module.data, module.size});
    *(fixup ? &b->fixup_module : &b->shim_module) = b->e.counts[CV_CS_CORE_MODULE]++;
    cv_buf_free(&module);
  }
  return CV_OK;
}

// What a slot is at the place where the unit is instantiated: sort and index of a core item.
static cv_status slot_item(cv_new_builder *b, const cv_new_unit *u, uint32_t import, uint8_t *sort, uint32_t *index) {
  const cv_new_slot *s = &u->slots[import];
  const cv_import *what = &u->module->imports[import];
  uint32_t type;
  *sort = CV_NEW_CORE_FUNC;
  if (s->is_indirect) {
    *index = cv_new_shim_func(b, s->shim);
    return CV_OK;
  }
  switch (s->kind) {
  case CV_SLOT_FUNC:
    return cv_new_lower(b, u, s, index);
  case CV_SLOT_RESOURCE_DROP:
  case CV_SLOT_RESOURCE_NEW:
  case CV_SLOT_RESOURCE_REP: {
    static const uint8_t codes[] = {
        [CV_SLOT_RESOURCE_NEW] = 0x02, [CV_SLOT_RESOURCE_DROP] = 0x03, [CV_SLOT_RESOURCE_REP] = 0x04};
    const cv_wit_typedef *def = s->resource;
    if (s->is_exported && def->kind == CV_WIT_RESOURCE)
      type = cv_new_own_type(b, def);
    else
      CV_TRY(cv_new_imported_type(b, def->kind == CV_WIT_USE && s->is_exported ? def->target : def, &type));
    *index = cv_new_resource_builtin(b, codes[s->kind], type);
    return CV_OK;
  }
  case CV_SLOT_MAIN: {
    static const cv_cspace spaces[] = {CV_CS_CORE_FUNC, CV_CS_CORE_TABLE, CV_CS_CORE_MEMORY, CV_CS_CORE_GLOBAL,
                                       CV_CS_CORE_TAG};
    *sort = (uint8_t)what->kind;
    *index = cv_new_alias_core(b, b->units[0].core_instance, what->name, *sort, spaces[what->kind]);
    return CV_OK;
  }
  case CV_SLOT_ADAPTER:
    *index = cv_new_alias_core_func(b, b->units[s->provider].core_instance, what->name);
    return CV_OK;
  case CV_SLOT_TRAP: {
    char name[16];
    snprintf(name, sizeof name, "%u", s->shim);
    *index = cv_new_alias_core_func(b, b->trap_instance, cv_bytes_of(name));
    return CV_OK;
  }
  }
  return cv_new_no_memory(b);
}

// (core instance (export "name" item)...) of all imports from one module name, and its number.
static cv_status put_bundle(cv_new_builder *b, const cv_new_unit *u, uint32_t first, uint32_t *instance) {
  const cv_module *module = u->module;
  cv_bytes from = module->imports[first].module;
  cv_buf items, out;
  uint32_t count = 0;
  cv_status status = CV_OK;
  cv_buf_init(&items, b->mem);
  for (uint32_t i = first; i < module->import_count && status == CV_OK; i++) {
    uint8_t sort = CV_NEW_CORE_FUNC;
    uint32_t index = 0;
    if (!cv_bytes_equal(module->imports[i].module, from))
      continue;
    status = slot_item(b, u, i, &sort, &index);
    cv_compose_put_name(&items, u->names[i]);
    cv_buf_byte(&items, sort);
    cv_buf_uleb(&items, index);
    count++;
  }
  if (status == CV_OK) {
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x01);
    cv_buf_uleb(&out, count);
    cv_buf_bytes(&out, items.data, items.size);
    out.failed |= items.failed;
    cv_new_add_item(b, CV_CSECT_CORE_INSTANCE, &out);
    *instance = b->e.counts[CV_CS_CORE_INSTANCE]++;
  }
  cv_buf_free(&items);
  return status;
}

static bool is_first_of_module(const cv_module *module, uint32_t index) {
  for (uint32_t i = 0; i < index; i++)
    if (cv_bytes_equal(module->imports[i].module, module->imports[index].module))
      return false;
  return true;
}

cv_status cv_new_instantiate_unit(cv_new_builder *b, cv_new_unit *u) {
  cv_buf args, out;
  uint32_t count = 0;
  cv_status status = CV_OK;
  cv_buf_init(&args, b->mem);
  for (uint32_t i = 0; i < u->module->import_count && status == CV_OK; i++) {
    uint32_t instance = 0;
    if (!is_first_of_module(u->module, i))
      continue;
    status = put_bundle(b, u, i, &instance);
    if (status != CV_OK)
      break;
    cv_compose_put_name(&args, u->module->imports[i].module);
    cv_buf_byte(&args, CV_NEW_CORE_INSTANCE);
    cv_buf_uleb(&args, instance);
    count++;
  }
  if (status == CV_OK) {
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x00);
    cv_buf_uleb(&out, u->core_module);
    cv_buf_uleb(&out, count);
    cv_buf_bytes(&out, args.data, args.size);
    out.failed |= args.failed;
    cv_new_add_item(b, CV_CSECT_CORE_INSTANCE, &out);
    u->core_instance = b->e.counts[CV_CS_CORE_INSTANCE]++;
  }
  cv_buf_free(&args);
  return status;
}

void cv_new_alias_memory(cv_new_builder *b, cv_new_unit *u) {
  const cv_export *own = cv_new_export_called(u->module, "memory");
  u->memory = u->name ? b->units[0].memory : CV_NO_INDEX;
  if (!own || own->kind != CV_EXTERN_MEMORY)
    return;
  u->memory = CV_NO_INDEX;
  u->memory_fault = cv_new_memory_fault(u->module, own->index);
  if (!u->memory_fault)
    u->memory = cv_new_alias_core(b, u->core_instance, own->name, CV_NEW_CORE_MEMORY, CV_CS_CORE_MEMORY);
}

uint32_t cv_new_instantiate_plain(cv_new_builder *b, uint32_t module) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_buf_byte(&out, 0x00);
  cv_buf_uleb(&out, module);
  cv_buf_uleb(&out, 0);
  cv_new_add_item(b, CV_CSECT_CORE_INSTANCE, &out);
  return b->e.counts[CV_CS_CORE_INSTANCE]++;
}

void cv_new_put_traps(cv_new_builder *b) {
  cv_buf module;
  cv_buf_init(&module, b->mem);
  cv_compose_put_traps(b->traps.data, (uint32_t)b->traps.count, b->mem, &module);
  b->e.body.failed |= module.failed;
  cv_new_add_binary(b, CV_CSECT_CORE_MODULE, (cv_bytes){module.data, module.size});
  cv_buf_free(&module);
  b->trap_instance = cv_new_instantiate_plain(b, b->e.counts[CV_CS_CORE_MODULE]++);
}

// The function that belongs into the table.
static cv_status fixup_func(cv_new_builder *b, const cv_new_shim *entry, uint32_t *index) {
  if (!entry->user) {
    *index = cv_new_alias_core_func(b, cv_new_owner_of(b, entry->item)->core_instance,
                                    cv_new_dtor_name(b, entry->item, entry->resource));
    return CV_OK;
  }
  const cv_new_slot *s = &entry->user->slots[entry->import];
  if (s->kind == CV_SLOT_FUNC)
    return cv_new_lower(b, entry->user, s, index);
  *index =
      cv_new_alias_core_func(b, b->units[s->provider].core_instance, entry->user->module->imports[entry->import].name);
  return CV_OK;
}

cv_status cv_new_instantiate_fixup(cv_new_builder *b, bool has_start) {
  cv_buf items, out;
  uint32_t count = (uint32_t)b->shims.count, index = 0;
  cv_status status = CV_OK;
  cv_buf_init(&items, b->mem);
  for (uint32_t i = 0; i < count && status == CV_OK; i++) {
    char name[16];
    snprintf(name, sizeof name, "%u", i);
    status = fixup_func(b, &b->shims.data[i], &index);
    cv_compose_put_name(&items, cv_bytes_of(name));
    cv_buf_byte(&items, CV_NEW_CORE_FUNC);
    cv_buf_uleb(&items, index);
  }
  if (status == CV_OK && count > 0) {
    index = cv_new_alias_core(b, b->shim_instance, CV_BYTES_LITERAL("$imports"), CV_NEW_CORE_TABLE, CV_CS_CORE_TABLE);
    cv_compose_put_name(&items, CV_BYTES_LITERAL("$imports"));
    cv_buf_byte(&items, CV_NEW_CORE_TABLE);
    cv_buf_uleb(&items, index);
  }
  if (status == CV_OK && has_start) {
    index = cv_new_alias_core_func(b, b->units[0].core_instance, CV_BYTES_LITERAL("_initialize"));
    cv_compose_put_name(&items, CV_BYTES_LITERAL("$start"));
    cv_buf_byte(&items, CV_NEW_CORE_FUNC);
    cv_buf_uleb(&items, index);
  }
  if (status == CV_OK) {
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x01);
    cv_buf_uleb(&out, count + (count > 0) + has_start);
    cv_buf_bytes(&out, items.data, items.size);
    out.failed |= items.failed;
    cv_new_add_item(b, CV_CSECT_CORE_INSTANCE, &out);
    uint32_t bundle = b->e.counts[CV_CS_CORE_INSTANCE]++;
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x00);
    cv_buf_uleb(&out, b->fixup_module);
    cv_buf_uleb(&out, 1);
    cv_compose_put_name(&out, (cv_bytes){NULL, 0});
    cv_buf_byte(&out, CV_NEW_CORE_INSTANCE);
    cv_buf_uleb(&out, bundle);
    cv_new_add_item(b, CV_CSECT_CORE_INSTANCE, &out);
    b->e.counts[CV_CS_CORE_INSTANCE]++;
  }
  cv_buf_free(&items);
  return status;
}
