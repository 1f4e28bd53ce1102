// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_reach.c: what is used: of the adapters, and so of the worlds' imports.
#include "compose/new.h"
#include "compose/prune.h"
#include "wasm/binary/decode.h"

bool cv_new_is_used_import(const cv_new_unit *u, const cv_import *import) {
  return import->kind != CV_EXTERN_FUNC || !u->reached || u->reached[import->index];
}

// One of the component's exports is made from it.
static bool serves_export(const cv_new_builder *b, const cv_new_unit *u, cv_bytes name) {
  cv_new_starts_with(name, "cabi_post_", &name);
  const uint8_t *hash = name.size ? memchr(name.data, '#', name.size) : NULL;
  cv_bytes label = {name.data, hash ? (size_t)(hash - name.data) : name.size};
  const cv_wit_item *item = cv_new_item_named(&b->export_names, label);
  return item && (item->interface != NULL) == (hash != NULL) && cv_new_owner_of(b, item) == u;
}

static bool is_imported_by_others(const cv_new_builder *b, const cv_new_unit *u, cv_bytes name) {
  for (uint32_t i = 0; i < b->unit_count; i++) {
    const cv_module *module = b->units[i].module;
    if (i > 0 && !b->units[i].is_used)
      continue;
    for (uint32_t j = 0; j < module->import_count; j++)
      if (cv_bytes_equal(module->imports[j].name, name) &&
          cv_bytes_equal(module->imports[j].module, cv_bytes_of(u->name)) &&
          cv_new_is_used_import(&b->units[i], &module->imports[j]))
        return true;
  }
  return false;
}

// Functions of the canonical ABI, which allocate: they are used as soon as anything is.
static bool is_allocator(const cv_new_unit *u, cv_bytes name) {
  cv_bytes rest;
  return u->is_used && cv_new_starts_with(name, "cabi_", &rest) && !cv_new_starts_with(name, "cabi_post_", &rest);
}

// What is asked of an adapter that does not have it is refused later.
static bool is_imported_from(const cv_new_builder *b, const cv_new_unit *u) {
  for (uint32_t i = 0; i < b->unit_count && !u->is_helper; i++) {
    const cv_module *module = b->units[i].module;
    for (uint32_t j = 0; j < module->import_count && (i == 0 || b->units[i].is_used); j++)
      if (cv_bytes_equal(module->imports[j].module, cv_bytes_of(u->name)) &&
          cv_new_is_used_import(&b->units[i], &module->imports[j]))
        return true;
  }
  return false;
}

static cv_status reach_unit(cv_new_builder *b, cv_new_unit *u, bool *changed) {
  if (!u->is_used && is_imported_from(b, u))
    *changed = u->is_used = true;
  for (uint32_t i = 0; i < u->module->export_count; i++) {
    const cv_export *export = &u->module->exports[i];
    if (export->kind != CV_EXTERN_FUNC || u->reached[export->index])
      continue;
    if (serves_export(b, u, export->name) || is_imported_by_others(b, u, export->name) || is_allocator(u, export->name))
      *changed = u->is_used = u->reached[export->index] = true;
  }
  return u->is_used ? cv_prune_reach(u->module, u->reached, b->mem, b->diag) : CV_OK;
}

// The stack of an adapter; the function that allocates it is used then.
static void find_stack(const cv_new_builder *b, cv_new_unit *u) {
  const cv_export *realloc = cv_new_export_called(b->units[0].module, "cabi_realloc");
  u->stack = cv_adapter_stack_of(u->module);
  if (!realloc || realloc->kind != CV_EXTERN_FUNC)
    u->stack.realloc = CV_NO_INDEX;
  if (u->stack.realloc != CV_NO_INDEX)
    u->reached[u->stack.realloc] = true;
}

cv_status cv_new_find_reached(cv_new_builder *b) {
  for (uint32_t i = 1; i < b->unit_count; i++) {
    cv_new_unit *u = &b->units[i];
    find_stack(b, u);
    u->is_used = u->world && u->world->exports && !u->hides_exports;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 1; i < b->unit_count; i++)
      CV_TRY(reach_unit(b, &b->units[i], &changed));
  }
  return CV_OK;
}

void cv_new_drop_unused(cv_new_builder *b) {
  uint32_t kept = 1;
  for (uint32_t i = 1; i < b->unit_count; i++) {
    cv_new_unit u = b->units[i];
    b->units[i].module = NULL;
    if (u.is_used)
      b->units[kept++] = u;
    else
      cv_module_delete(u.module);
  }
  b->unit_count = kept;
}

// ---- which interfaces to import ------------------------------------------------------------------------------------

enum { MAX_DEPTH = 1000 }; // of interfaces that use each other

static cv_status need_used(cv_new_builder *b, const cv_wit_typedef *types, uint32_t depth) {
  if (depth == MAX_DEPTH)
    return cv_fail(b->diag, CV_ELIMIT, CV_NO_OFFSET, "more than %d interfaces use each other in a chain", MAX_DEPTH);
  for (const cv_wit_typedef *def = types; def; def = def->next) {
    if (def->kind != CV_WIT_USE || !def->target->interface || cv_new_is_marked(&b->needed, def->target->interface))
      continue;
    CV_TRY(cv_new_mark(b, &b->needed, def->target->interface));
    CV_TRY(need_used(b, def->target->interface->types, depth + 1));
  }
  return CV_OK;
}

static bool is_used(void *env, const cv_wit_interface *interface, const cv_wit_func *func) {
  const cv_new_builder *b = env;
  (void)interface;
  return cv_new_is_marked(&b->used, func);
}

// A type of this name in a world that comes before `def` in the worlds of all units; NULL when there is none.
static const cv_wit_typedef *earlier_type(const cv_new_builder *b, const cv_wit_typedef *def) {
  for (uint32_t i = 0; i < b->unit_count; i++)
    for (const cv_wit_typedef *d = b->units[i].world ? b->units[i].world->types : NULL; d; d = d->next) {
      if (d == def)
        return NULL;
      if (cv_bytes_equal(d->head.name, def->head.name))
        return d;
    }
  return NULL;
}

// Types that are made alike are one.
static cv_status is_same_type(cv_new_builder *b, const cv_wit_typedef *a, const cv_wit_typedef *c, bool *out) {
  uint32_t first, second;
  *out = a->kind == c->kind;
  if (!*out || a->kind == CV_WIT_RESOURCE)
    return CV_OK;
  if (a->kind == CV_WIT_USE) {
    *out = a->target == c->target;
    return CV_OK;
  }
  CV_TRY(cv_wit_encode_def(&b->e, a, &first));
  CV_TRY(cv_wit_encode_def(&b->e, c, &second));
  *out = first == second;
  return CV_OK;
}

// The types of the worlds themselves. A type that several worlds have, or use, is there once.
static cv_status put_world_types(cv_new_builder *b, const cv_new_unit *u) {
  for (const cv_wit_typedef *def = u->world ? u->world->types : NULL; def; def = def->next) {
    const cv_wit_typedef *earlier = earlier_type(b, def);
    uint32_t index;
    bool is_same;
    if (!earlier) {
      CV_TRY(cv_wit_encode_world_type(&b->e, def));
      continue;
    }
    CV_TRY(is_same_type(b, earlier, def, &is_same));
    if (!is_same)
      return CV_NEW_FAIL(b, "%s: two worlds have a type `%.*s`, each its own: one of them is to be named otherwise",
                         cv_new_unit_title(u), CV_BYTES_ARG(def->head.name));
    if (!cv_wit_encode_lookup(&b->e, earlier, &index))
      return cv_new_no_memory(b);
    cv_wit_encode_bind(&b->e, def, index);
  }
  return CV_OK;
}

cv_status cv_new_put_imports(cv_new_builder *b) {
  for (const cv_wit_item *item = b->imports; item; item = item->next)
    if (item->interface && cv_new_is_marked(&b->needed, item->interface))
      CV_TRY(need_used(b, item->interface->types, 0));
  for (const cv_wit_item *item = b->exports; item; item = item->next)
    if (item->interface)
      CV_TRY(need_used(b, item->interface->types, 0));
  for (uint32_t i = 0; i < b->unit_count; i++)
    if (b->units[i].world)
      CV_TRY(need_used(b, b->units[i].world->types, 0));
  for (const cv_wit_item *item = b->imports; item; item = item->next)
    if (item->interface && cv_new_is_marked(&b->needed, item->interface))
      CV_TRY(cv_wit_encode_import(&b->e, item, is_used, b));
  for (uint32_t i = 0; i < b->unit_count; i++)
    CV_TRY(put_world_types(b, &b->units[i]));
  for (const cv_wit_item *item = b->imports; item; item = item->next)
    if (item->kind == CV_WIT_ITEM_FUNC && cv_new_is_marked(&b->used, item->func))
      CV_TRY(cv_wit_encode_import(&b->e, item, NULL, NULL));
  return CV_OK;
}
