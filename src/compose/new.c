// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new.c: a component around core modules.
//
// The trouble is order: a lowered import needs the memory of the module that imports it, and the module needs its
// imports to be instantiated. So imports that need memory go through a shim, a module of functions that call through a
// table:
//
//   shim     instantiated first; exports a function for each such import, and the table, which is empty
//   main     the module, with the shim's functions
//   others   adapters: modules that provide imports of main. One with a memory of its own reaches main's through the
//            functions of the module __main_memory__ (peek.c); one without works in main's (env.memory)
//   fixup    instantiated last, with the lowered functions; an active segment puts them into the table
//
// Terms
//   unit     one of the given core modules: main is unit 0
//   slot     one import of a unit, and what it is served by
//
// An adapter imports more than one program needs: what is out of reach of the functions that are used (prune.h) is
// served by functions that trap, and is not imported by the component.
#include "compose/compose.h"

#include "base/vec.h"
#include "component/component.h"
#include "component/link.h"
#include "compose/modules.h"
#include "compose/peek.h"
#include "compose/preview1.h"
#include "compose/prune.h"
#include "wasm/binary/decode.h"
#include "wasm/canon.h"
#include "wit/decode.h"
#include "wit/encode.h"
#include "wit/layout.h"
#include "wit/syntax.h"

#include <stdio.h>

enum {
  SECTION_CORE_MODULE = 1,
  SECTION_CORE_INSTANCE = 2,
  SECTION_COMPONENT = 4,
  SECTION_INSTANCE = 5,
  SECTION_ALIAS = 6,
  SECTION_TYPE = 7,
  SECTION_CANON = 8,
  SECTION_IMPORT = 10,
  SECTION_EXPORT = 11,
  SORT_CORE = 0x00,
  SORT_FUNC = 0x01,
  SORT_TYPE = 0x03,
  SORT_INSTANCE = 0x05,
  CORE_FUNC = 0x00,
  CORE_TABLE = 0x01,
  CORE_MEMORY = 0x02,
  CORE_GLOBAL = 0x03,
  CORE_INSTANCE = 0x12,
};

typedef enum slot_kind {
  SLOT_FUNC,          // item, func: canon lower
  SLOT_RESOURCE_DROP, // resource
  SLOT_RESOURCE_NEW,  // resource, of an export
  SLOT_RESOURCE_REP,  //
  SLOT_ADAPTER,       // provider: its export of the same name
  SLOT_MAIN,          // an export of main, any sort
  SLOT_TRAP,          // nobody calls it: function number `shim` of the module of traps
} slot_kind;

typedef struct slot {
  slot_kind kind;
  const cv_wit_item *item;
  const cv_wit_func *func;
  const cv_wit_typedef *resource;
  bool is_exported; // the resource is
  uint32_t provider;
  bool is_indirect;
  uint32_t shim; // number of its function there
} slot;

typedef struct unit {
  const char *name; // NULL for main
  cv_bytes bytes;
  cv_module *module;
  cv_wit_world *world;
  slot *slots;        // one for each import
  bool *reached;      // of an adapter: the functions that somebody may call. NULL for main
  bool hides_exports; // the component does not export what its world does
  uint32_t core_module, core_instance;
  uint32_t memory; // core memory that it works in, once it is instantiated; CV_NO_INDEX for none
} unit;

// A function of the shim: what it is and who puts it in.
typedef struct shim_entry {
  unit *user;                     // whose import it is; NULL for a destructor
  uint32_t import;                //
  const cv_wit_typedef *resource; // destructor of an exported resource
  const cv_wit_item *item;
} shim_entry;

typedef struct builder {
  cv_mem *mem;
  cv_arena arena;
  cv_diag *diag;
  cv_wit *wit; // the worlds of all units
  cv_type_registry *registry;
  unit *units;
  uint32_t unit_count;
  cv_wit_item *imports, *exports; // of all worlds, each once
  cv_wit_encoder e;
  CV_VEC(shim_entry) shims;
  uint32_t shim_module, fixup_module, shim_instance;
  CV_VEC(const cv_functype *) traps; // types of functions that nobody calls
  uint32_t trap_instance;
  bool out_of_memory; // a text could not be made: what came of it means nothing
  cv_map used;        // addresses of functions that some unit imports
  cv_map needed;      // addresses of interfaces to import
} builder;

static CV_COLD cv_status no_memory(builder *b) {
  return cv_fail(b->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

#define FAIL(b, ...) cv_fail((b)->diag, CV_EINVALID, CV_NO_OFFSET, __VA_ARGS__)

static const char *unit_title(const unit *u) {
  return u->name ? u->name : "the module";
}

static bool starts_with(cv_bytes text, const char *prefix, cv_bytes *rest) {
  size_t size = strlen(prefix);
  if (text.size < size || memcmp(text.data, prefix, size) != 0)
    return false;
  *rest = (cv_bytes){text.data + size, text.size - size};
  return true;
}

static cv_status mark(builder *b, cv_map *set, const void *address) {
  const void **key = cv_arena_copy(&b->arena, &address, sizeof address);
  if (!key || cv_map_put(set, (cv_bytes){(const uint8_t *)key, sizeof address}, 1, NULL) != CV_OK)
    return no_memory(b);
  return CV_OK;
}

static bool is_marked(const cv_map *set, const void *address) {
  return cv_map_get(set, (cv_bytes){(const uint8_t *)&address, sizeof address}) != NULL;
}

// ---- reading the modules -------------------------------------------------------------------------------------------

// The world in a custom section, if there is one. Several sections: their worlds are put together.
static cv_status read_world_section(builder *b, unit *u, cv_bytes contents) {
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
  return CV_OK;
}

static cv_status read_unit(builder *b, unit *u) {
  CV_TRY(cv_module_decode(&u->module, b->mem, b->registry, CV_FEATURES_ALL, u->bytes.data, u->bytes.size,
                          CV_DECODE_BORROW, b->diag));
  for (uint32_t i = 0; i < u->module->custom_count; i++) {
    const cv_custom_section *custom = &u->module->customs[i];
    if (cv_compose_is_world(custom->name))
      CV_TRY(read_world_section(b, u, (cv_bytes){cv_span_start(u->module, custom->bytes), custom->bytes.size}));
  }
  u->slots = CV_ARENA_ARRAY(&b->arena, slot, u->module->import_count + 1);
  if (u->name)
    u->reached = CV_ARENA_ARRAY(&b->arena, bool, u->module->func_count + 1);
  return u->slots && (u->reached || !u->name) ? CV_OK : no_memory(b);
}

static bool same_item(const cv_wit_item *a, const cv_wit_item *b) {
  if (a->head.name.size || b->head.name.size)
    return cv_bytes_equal(a->head.name, b->head.name);
  return a->interface == b->interface;
}

static const cv_wit_item *find_item(const cv_wit_item *list, const cv_wit_item *like) {
  while (list && !same_item(list, like))
    list = list->next;
  return list;
}

static cv_status add_items(builder *b, cv_wit_item **to, const cv_wit_item *from) {
  for (; from; from = from->next) {
    if (find_item(*to, from))
      continue;
    cv_wit_item **last = to;
    while (*last)
      last = &(*last)->next;
    *last = cv_arena_copy(&b->arena, from, sizeof *from);
    if (!*last)
      return no_memory(b);
    (*last)->next = NULL;
  }
  return CV_OK;
}

// ---- what serves an import -----------------------------------------------------------------------------------------

static cv_bytes text_of(builder *b, cv_buf *buf) {
  cv_bytes text = {cv_arena_copy(&b->arena, buf->data, buf->size), buf->size};
  if (!text.data || buf->failed) {
    text.size = 0;
    b->out_of_memory = true;
  }
  cv_buf_free(buf);
  return text;
}

static cv_bytes item_name(builder *b, const cv_wit_item *item) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_item_name(item, &out);
  return text_of(b, &out);
}

static cv_bytes func_label(builder *b, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_func_label(func, &out);
  return text_of(b, &out);
}

static const cv_wit_item *item_named(builder *b, const cv_wit_item *list, cv_bytes name) {
  for (; list; list = list->next)
    if (cv_bytes_equal(item_name(b, list), name))
      return list;
  return NULL;
}

// Core modules may name another version than their world does, when code was built against several: any compatible one
// serves, if none is the very one. An interface that lacks the function is refused later.
static const cv_wit_item *interface_named(builder *b, const cv_wit_item *list, cv_bytes name) {
  const cv_wit_item *item = item_named(b, list, name);
  cv_bytes base, version, there_base, there_version;
  cv_cname_split(name, &base, &version);
  if (item || version.size == 0)
    return item;
  for (; list; list = list->next) {
    cv_cname_split(item_name(b, list), &there_base, &there_version);
    if (list->interface && cv_bytes_equal(base, there_base) &&
        cv_version_fits(version, (cv_bytes){NULL, 0}, there_version) != CV_VERSION_OTHER)
      return list;
  }
  return NULL;
}

static const cv_wit_func *func_named(builder *b, const cv_wit_interface *interface, cv_bytes label) {
  for (const cv_wit_func *func = interface->funcs; func; func = func->next)
    if (cv_bytes_equal(func_label(b, func), label))
      return func;
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      if (cv_bytes_equal(func_label(b, func), label))
        return func;
  return NULL;
}

static const cv_wit_typedef *resource_named(const cv_wit_typedef *types, cv_bytes name) {
  for (; types; types = types->next)
    if (cv_bytes_equal(types->head.name, name) && cv_wit_definition(types)->kind == CV_WIT_RESOURCE)
      return types;
  return NULL;
}

// [resource-drop]r and its like, for resources of an interface.
static cv_status resource_slot(builder *b, const unit *u, const cv_import *import, const cv_wit_typedef *types,
                               bool is_exported, slot *s, bool *found) {
  cv_bytes name;
  if (starts_with(import->name, "[resource-drop]", &name))
    s->kind = SLOT_RESOURCE_DROP;
  else if (is_exported && starts_with(import->name, "[resource-new]", &name))
    s->kind = SLOT_RESOURCE_NEW;
  else if (is_exported && starts_with(import->name, "[resource-rep]", &name))
    s->kind = SLOT_RESOURCE_REP;
  else
    return CV_OK;
  *found = true;
  s->is_exported = is_exported;
  s->resource = resource_named(types, name);
  if (!s->resource)
    return FAIL(b, "%s imports `%.*s` from `%.*s`, which has no such resource", unit_title(u),
                CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module));
  return CV_OK;
}

static bool has_pointer(const cv_wit_type *type) {
  if (!type || type->is_absent)
    return false;
  if (type->kind == CV_CT_STRING || type->kind == CV_CT_LIST || type->kind == CV_CT_MAP)
    return true;
  if (type->kind == CV_WIT_NAMED) {
    const cv_wit_typedef *def = cv_wit_definition(type->def);
    for (const cv_wit_part *part = def->parts; part; part = part->next)
      if (has_pointer(part->type))
        return true;
    return def->kind == CV_WIT_ALIAS && has_pointer(def->type);
  }
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    if (has_pointer(part))
      return true;
  return false;
}

static uint32_t flat_params(const cv_wit_func *func, bool *pointers) {
  uint32_t flat = func->kind == CV_WIT_METHOD;
  *pointers = false;
  for (const cv_wit_part *part = func->params; part; part = part->next) {
    flat += cv_wit_layout_of(part->type).flat;
    *pointers |= has_pointer(part->type);
  }
  return flat;
}

enum { MAX_FLAT_PARAMS = 16, MAX_FLAT_RESULTS = 1 };

// Lowering it takes a memory.
static bool needs_memory(const cv_wit_func *func) {
  bool pointers;
  uint32_t flat = flat_params(func, &pointers);
  return pointers || flat > MAX_FLAT_PARAMS || has_pointer(func->result) ||
         cv_wit_layout_of(func->result).flat > MAX_FLAT_RESULTS;
}

static cv_status interface_slot(builder *b, const unit *u, const cv_import *import, const cv_wit_item *item, slot *s) {
  bool found = false;
  CV_TRY(resource_slot(b, u, import, item->interface->types, false, s, &found));
  s->item = item;
  if (!found) {
    s->kind = SLOT_FUNC;
    s->func = func_named(b, item->interface, import->name);
    if (!s->func)
      return FAIL(b, "%s imports `%.*s`, which interface `%.*s` does not have", unit_title(u),
                  CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module));
    CV_TRY(mark(b, &b->used, s->func));
    s->is_indirect = needs_memory(s->func);
  }
  return mark(b, &b->needed, item->interface);
}

static cv_status root_slot(builder *b, const unit *u, const cv_import *import, slot *s) {
  bool found = false;
  CV_TRY(resource_slot(b, u, import, u->world->types, false, s, &found));
  if (found)
    return CV_OK;
  s->kind = SLOT_FUNC;
  s->item = item_named(b, b->imports, import->name);
  if (!s->item || s->item->kind != CV_WIT_ITEM_FUNC)
    return FAIL(b, "%s imports `%.*s`, which its world does not have", unit_title(u), CV_BYTES_ARG(import->name));
  s->func = s->item->func;
  s->is_indirect = needs_memory(s->func);
  return mark(b, &b->used, s->func);
}

static uint32_t adapter_named(const builder *b, cv_bytes name) {
  for (uint32_t i = 1; i < b->unit_count; i++)
    if (cv_bytes_equal(cv_bytes_of(b->units[i].name), name))
      return i;
  return CV_NO_INDEX;
}

// The remedy for an import that nothing serves.
static CV_COLD cv_status unknown_import(builder *b, const unit *u, const cv_import *import) {
  cv_bytes rest;
  if (starts_with(import->module, "wasi_snapshot_preview1", &rest) ||
      starts_with(import->module, "wasi_unstable", &rest))
    return FAIL(b,
                "%s imports `%.*s`: a preview 1 program needs an adapter (--wasi-command, --wasi-reactor or --adapt)",
                unit_title(u), CV_BYTES_ARG(import->module));
  if (!u->world)
    return FAIL(b, "%s imports `%.*s` and says nothing of a world: give one (--wit, --world), or embed it first",
                unit_title(u), CV_BYTES_ARG(import->module));
  return FAIL(b, "%s imports `%.*s` from `%.*s`, which its world does not import", unit_title(u),
              CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module));
}

static const cv_export *export_named(const cv_module *module, cv_bytes name) {
  for (uint32_t i = 0; i < module->export_count; i++)
    if (cv_bytes_equal(module->exports[i].name, name))
      return &module->exports[i];
  return NULL;
}

static const cv_export *export_called(const cv_module *module, const char *name) {
  return export_named(module, cv_bytes_of(name));
}

// Adapters see main: its memory as env.memory, its exports as __main_module__.
static cv_status main_slot(builder *b, const unit *u, const cv_import *import, slot *s) {
  const cv_export *export = export_named(b->units[0].module, import->name);
  s->kind = SLOT_MAIN;
  if (!export || export->kind != import->kind)
    return FAIL(b, "adapter %s wants the module's export `%.*s`, which it does not have", unit_title(u),
                CV_BYTES_ARG(import->name));
  return CV_OK;
}

static unit *owner_of(const builder *b, const cv_wit_item *item) {
  for (uint32_t i = 0; i < b->unit_count; i++)
    if (b->units[i].world && find_item(b->units[i].world->exports, item))
      return &b->units[i];
  return NULL;
}

// ---- what is used of the adapters -----------------------------------------------------------------------------------

static bool is_used_import(const unit *u, const cv_import *import) {
  return import->kind != CV_EXTERN_FUNC || !u->reached || u->reached[import->index];
}

// One of the component's exports is made from it.
static bool serves_export(builder *b, const unit *u, cv_bytes name) {
  cv_bytes rest;
  starts_with(name, "cabi_post_", &name);
  for (const cv_wit_item *item = b->exports; item; item = item->next) {
    if (owner_of(b, item) != u)
      continue;
    cv_bytes label = item->interface ? item_name(b, item) : func_label(b, item->func);
    if (item->interface ? name.size > label.size && memcmp(name.data, label.data, label.size) == 0 &&
                              name.data[label.size] == '#'
                        : cv_bytes_equal(name, label))
      return true;
  }
  return starts_with(name, "cabi_", &rest);
}

static bool is_imported_by_others(const builder *b, const unit *u, cv_bytes name) {
  for (uint32_t i = 0; i < b->unit_count; i++) {
    const cv_module *module = b->units[i].module;
    for (uint32_t j = 0; j < module->import_count; j++)
      if (cv_bytes_equal(module->imports[j].name, name) &&
          cv_bytes_equal(module->imports[j].module, cv_bytes_of(u->name)) &&
          is_used_import(&b->units[i], &module->imports[j]))
        return true;
  }
  return false;
}

static cv_status reach_unit(builder *b, unit *u, bool *changed) {
  for (uint32_t i = 0; i < u->module->export_count; i++) {
    const cv_export *export = &u->module->exports[i];
    if (export->kind != CV_EXTERN_FUNC || u->reached[export->index])
      continue;
    if (serves_export(b, u, export->name) || is_imported_by_others(b, u, export->name))
      *changed = u->reached[export->index] = true;
  }
  return cv_prune_reach(u->module, u->reached, b->mem, b->diag);
}

// What one adapter calls may be in another.
static cv_status find_reached(builder *b) {
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 1; i < b->unit_count; i++)
      CV_TRY(reach_unit(b, &b->units[i], &changed));
  }
  return CV_OK;
}

// The module that reaches main's memory is left out when nobody calls it: main need not have a memory then.
static void drop_peek(builder *b) {
  unit *peek = &b->units[1];
  for (uint32_t i = 0; i < peek->module->func_count; i++)
    if (peek->reached[i])
      return;
  cv_module_delete(peek->module);
  b->unit_count--;
  memmove(peek, peek + 1, (b->unit_count - 1) * sizeof *peek);
  b->units[b->unit_count].module = NULL;
}

static bool same_functype(const cv_functype *a, const cv_functype *b) {
  if (a->param_count != b->param_count || a->result_count != b->result_count)
    return false;
  for (uint32_t i = 0; i < a->param_count + a->result_count; i++)
    if (cv_type_kind(a->types[i]) != cv_type_kind(b->types[i]))
      return false;
  return true;
}

static cv_status trap_slot(builder *b, const unit *u, const cv_import *import, slot *s) {
  const cv_functype *type = cv_module_func_type(u->module, import->index);
  *s = (slot){.kind = SLOT_TRAP};
  while (s->shim < b->traps.count && !same_functype(b->traps.data[s->shim], type))
    s->shim++;
  if (s->shim < b->traps.count)
    return CV_OK;
  return cv_vec_push(b->mem, &b->traps, type) == CV_OK ? CV_OK : no_memory(b);
}

static cv_status find_slot(builder *b, unit *u, uint32_t index) {
  const cv_import *import = &u->module->imports[index];
  slot *s = &u->slots[index];
  cv_bytes rest;
  if (!is_used_import(u, import))
    return trap_slot(b, u, import, s);
  uint32_t adapter = adapter_named(b, import->module);
  if (u->name && (cv_bytes_equal(import->module, CV_BYTES_LITERAL("env")) ||
                  cv_bytes_equal(import->module, CV_BYTES_LITERAL("__main_module__"))))
    return main_slot(b, u, import, s);
  if (adapter != CV_NO_INDEX && import->kind == CV_EXTERN_FUNC) {
    const cv_export *export = export_named(b->units[adapter].module, import->name);
    if (!export || export->kind != CV_EXTERN_FUNC)
      return FAIL(b, "%s imports `%.*s`, which adapter %s does not have", unit_title(u), CV_BYTES_ARG(import->name),
                  b->units[adapter].name);
    // Units are instantiated in their order: what comes from an earlier one is there.
    *s = (slot){.kind = SLOT_ADAPTER, .provider = adapter, .is_indirect = &b->units[adapter] >= u};
    return CV_OK;
  }
  if (!u->world || import->kind != CV_EXTERN_FUNC)
    return unknown_import(b, u, import);
  if (cv_bytes_equal(import->module, CV_BYTES_LITERAL("$root")))
    return root_slot(b, u, import, s);
  if (starts_with(import->module, "[export]", &rest)) {
    const cv_wit_item *item = item_named(b, b->exports, rest);
    bool found = false;
    if (!item || !item->interface)
      return unknown_import(b, u, import);
    CV_TRY(resource_slot(b, u, import, item->interface->types, true, s, &found));
    s->item = item;
    return found ? CV_OK : unknown_import(b, u, import);
  }
  const cv_wit_item *item = interface_named(b, b->imports, import->module);
  if (!item || !item->interface)
    return unknown_import(b, u, import);
  return interface_slot(b, u, import, item, s);
}

static cv_status add_shim(builder *b, shim_entry entry, uint32_t *index) {
  *index = (uint32_t)b->shims.count;
  return cv_vec_push(b->mem, &b->shims, entry) == CV_OK ? CV_OK : no_memory(b);
}

static cv_status find_slots(builder *b) {
  for (uint32_t i = 0; i < b->unit_count; i++)
    for (uint32_t j = 0; j < b->units[i].module->import_count; j++) {
      slot *s = &b->units[i].slots[j];
      CV_TRY(find_slot(b, &b->units[i], j));
      if (s->is_indirect)
        CV_TRY(add_shim(b, (shim_entry){.user = &b->units[i], .import = j}, &s->shim));
    }
  return CV_OK;
}

// ---- which interfaces to import ------------------------------------------------------------------------------------

static cv_status need_used(builder *b, const cv_wit_typedef *types) {
  for (const cv_wit_typedef *def = types; def; def = def->next) {
    if (def->kind != CV_WIT_USE || !def->target->interface || is_marked(&b->needed, def->target->interface))
      continue;
    CV_TRY(mark(b, &b->needed, def->target->interface));
    CV_TRY(need_used(b, def->target->interface->types));
  }
  return CV_OK;
}

static bool is_used(void *env, const cv_wit_interface *interface, const cv_wit_func *func) {
  const builder *b = env;
  (void)interface;
  return is_marked(&b->used, func);
}

static cv_status put_imports(builder *b) {
  for (const cv_wit_item *item = b->imports; item; item = item->next)
    if (item->interface && is_marked(&b->needed, item->interface))
      CV_TRY(need_used(b, item->interface->types));
  for (const cv_wit_item *item = b->exports; item; item = item->next)
    if (item->interface)
      CV_TRY(need_used(b, item->interface->types));
  for (uint32_t i = 0; i < b->unit_count; i++)
    if (b->units[i].world)
      CV_TRY(need_used(b, b->units[i].world->types));
  for (const cv_wit_item *item = b->imports; item; item = item->next)
    if (item->interface && is_marked(&b->needed, item->interface))
      CV_TRY(cv_wit_encode_import(&b->e, item, is_used, b));
  for (uint32_t i = 0; i < b->unit_count; i++)
    if (b->units[i].world)
      CV_TRY(cv_wit_encode_world_types(&b->e, b->units[i].world));
  for (const cv_wit_item *item = b->imports; item; item = item->next)
    if (item->kind == CV_WIT_ITEM_FUNC && is_marked(&b->used, item->func))
      CV_TRY(cv_wit_encode_import(&b->e, item, NULL, NULL));
  return CV_OK;
}

// ---- items of the component ----------------------------------------------------------------------------------------

static void add_item(builder *b, uint32_t section, cv_buf *item) {
  cv_wit_encode_item(&b->e, section, 0, item);
  cv_buf_free(item);
}

// A core module or a component is a section of its own.
static void add_binary(builder *b, uint8_t section, cv_bytes bytes) {
  cv_wit_encode_flush(&b->e);
  cv_buf_byte(&b->e.body, section);
  cv_buf_uleb(&b->e.body, bytes.size);
  cv_buf_bytes(&b->e.body, bytes.data, bytes.size);
}

// (alias core export $instance "name" (sort))
static uint32_t alias_core(builder *b, uint32_t instance, cv_bytes name, uint8_t sort, cv_cspace space) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, SORT_CORE);
  cv_buf_byte(&item, sort);
  cv_buf_byte(&item, 0x01);
  cv_buf_uleb(&item, instance);
  cv_compose_put_name(&item, name);
  add_item(b, SECTION_ALIAS, &item);
  return b->e.counts[space]++;
}

static uint32_t alias_core_func(builder *b, uint32_t instance, cv_bytes name) {
  return alias_core(b, instance, name, CORE_FUNC, CV_CS_CORE_FUNC);
}

// (alias export $instance "name" (func))
static uint32_t alias_func(builder *b, uint32_t instance, cv_bytes name) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, SORT_FUNC);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, instance);
  cv_compose_put_name(&item, name);
  add_item(b, SECTION_ALIAS, &item);
  return b->e.counts[CV_CS_FUNC]++;
}

static uint32_t shim_func(builder *b, uint32_t number) {
  char name[16];
  snprintf(name, sizeof name, "%u", number);
  return alias_core_func(b, b->shim_instance, cv_bytes_of(name));
}

// The function of an import, as a component function.
static cv_status imported_func(builder *b, const slot *s, uint32_t *func) {
  if (s->item->interface) {
    const uint64_t *instance =
        cv_map_get(&b->e.instances, (cv_bytes){(const uint8_t *)&s->item->interface, sizeof(void *)});
    if (!instance)
      return no_memory(b);
    *func = alias_func(b, (uint32_t)*instance, func_label(b, s->func));
    return CV_OK;
  }
  // Functions of the world were imported first, in their order.
  *func = 0;
  for (const cv_wit_item *item = b->imports; item && !same_item(item, s->item); item = item->next)
    *func += item->kind == CV_WIT_ITEM_FUNC && is_marked(&b->used, item->func);
  return CV_OK;
}

// The unit whose memory a unit works in: its own, or main.
static const unit *memory_owner(const builder *b, const unit *u) {
  const cv_export *own = export_called(u->module, "memory");
  return own && own->kind == CV_EXTERN_MEMORY ? u : &b->units[0];
}

// The realloc for values that come into a unit's memory.
static uint32_t realloc_of(builder *b, const unit *u) {
  const unit *owner = memory_owner(b, u);
  if (!export_called(owner->module, "cabi_realloc"))
    return CV_NO_INDEX;
  return alias_core_func(b, owner->core_instance, CV_BYTES_LITERAL("cabi_realloc"));
}

static cv_status lower(builder *b, const unit *u, const slot *s, uint32_t *core_func) {
  cv_buf item;
  uint32_t func = 0, realloc = CV_NO_INDEX;
  bool pointers = has_pointer(s->func->result);
  CV_TRY(imported_func(b, s, &func));
  if (s->is_indirect && u->memory == CV_NO_INDEX)
    return FAIL(b, "%s imports `%.*s`, which needs a memory: export one as \"memory\"", unit_title(u),
                CV_BYTES_ARG(s->func->head.name));
  if (pointers) {
    realloc = realloc_of(b, u);
    if (realloc == CV_NO_INDEX)
      return FAIL(b, "%s imports `%.*s`, whose result needs memory: export \"cabi_realloc\"", unit_title(u),
                  CV_BYTES_ARG(s->func->head.name));
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
  add_item(b, SECTION_CANON, &item);
  *core_func = b->e.counts[CV_CS_CORE_FUNC]++;
  return CV_OK;
}

static uint32_t resource_builtin(builder *b, uint8_t kind, uint32_t type) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, kind);
  cv_buf_uleb(&item, type);
  add_item(b, SECTION_CANON, &item);
  return b->e.counts[CV_CS_CORE_FUNC]++;
}

// A type of an imported interface, in the component's own index space.
static cv_status imported_type(builder *b, const cv_wit_typedef *def, uint32_t *index) {
  if (cv_wit_encode_lookup(&b->e, def, index))
    return CV_OK;
  return cv_wit_encode_alias(&b->e, def, index);
}

// ---- resources that the module exports -----------------------------------------------------------------------------

// Key of the type index that an exported resource has before it is exported.
static const void *own_key(const cv_wit_typedef *resource) {
  return &resource->funcs;
}

static cv_status bind_own(builder *b, const cv_wit_typedef *resource, uint32_t index) {
  const void *address = own_key(resource);
  const void **key = cv_arena_copy(&b->arena, &address, sizeof address);
  if (!key || cv_map_put(&b->e.defs, (cv_bytes){(const uint8_t *)key, sizeof address}, index, NULL) != CV_OK)
    return no_memory(b);
  return CV_OK;
}

static uint32_t own_type(const builder *b, const cv_wit_typedef *resource) {
  const void *address = own_key(resource);
  const uint64_t *found = cv_map_get(&b->e.defs, (cv_bytes){(const uint8_t *)&address, sizeof address});
  return found ? (uint32_t)*found : 0;
}

static cv_bytes dtor_name(builder *b, const cv_wit_item *item, const cv_wit_typedef *resource) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_item_name(item, &out);
  cv_buf_printf(&out, "#[dtor]%.*s", CV_BYTES_ARG(resource->head.name));
  return text_of(b, &out);
}

// Destructors are called through the shim: the type is there before the module is.
static cv_status find_destructors(builder *b) {
  for (const cv_wit_item *item = b->exports; item; item = item->next)
    for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next) {
      uint32_t number;
      if (def->kind == CV_WIT_RESOURCE && export_named(owner_of(b, item)->module, dtor_name(b, item, def)))
        CV_TRY(add_shim(b, (shim_entry){.resource = def, .item = item}, &number));
    }
  return CV_OK;
}

static cv_status put_resources(builder *b) {
  for (const cv_wit_item *item = b->exports; item; item = item->next)
    for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next) {
      if (def->kind != CV_WIT_RESOURCE)
        continue;
      uint32_t dtor = CV_NO_INDEX;
      for (uint32_t i = 0; i < b->shims.count; i++)
        if (b->shims.data[i].resource == def && b->shims.data[i].item == item)
          dtor = shim_func(b, i);
      cv_buf out;
      cv_buf_init(&out, b->mem);
      cv_buf_byte(&out, 0x3f);
      cv_buf_byte(&out, 0x7f);
      cv_buf_byte(&out, dtor != CV_NO_INDEX);
      if (dtor != CV_NO_INDEX)
        cv_buf_uleb(&out, dtor);
      add_item(b, SECTION_TYPE, &out);
      CV_TRY(bind_own(b, def, b->e.counts[CV_CS_TYPE]++));
    }
  return CV_OK;
}

// ---- core modules and their instances ------------------------------------------------------------------------------

static const cv_functype *shim_type(const builder *b, uint32_t number) {
  static const cv_valtype i32[] = {CV_I32};
  static const cv_functype dtor = {.param_count = 1, .result_count = 0, .types = i32};
  const shim_entry *entry = &b->shims.data[number];
  if (!entry->user)
    return &dtor;
  const cv_module *module = entry->user->module;
  return cv_module_func_type(module, module->imports[entry->import].index);
}

static cv_status put_core_modules(builder *b, bool has_start) {
  cv_buf module;
  uint32_t count = (uint32_t)b->shims.count;
  const cv_functype **types = CV_ARENA_ARRAY(&b->arena, const cv_functype *, count + 1);
  if (!types)
    return no_memory(b);
  for (uint32_t i = 0; i < count; i++)
    types[i] = shim_type(b, i);
  for (uint32_t i = 0; i < b->unit_count; i++) {
    cv_buf_init(&module, b->mem);
    cv_compose_put_module(b->units[i].module, true, b->mem, &module);
    b->e.body.failed |= module.failed;
    add_binary(b, SECTION_CORE_MODULE, (cv_bytes){module.data, module.size});
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
    add_binary(b, SECTION_CORE_MODULE, (cv_bytes){module.data, module.size});
    *(fixup ? &b->fixup_module : &b->shim_module) = b->e.counts[CV_CS_CORE_MODULE]++;
    cv_buf_free(&module);
  }
  return CV_OK;
}

// What a slot is at the place where the unit is instantiated: sort and index of a core item.
static cv_status slot_item(builder *b, const unit *u, uint32_t import, uint8_t *sort, uint32_t *index) {
  const slot *s = &u->slots[import];
  const cv_import *what = &u->module->imports[import];
  uint32_t type;
  *sort = CORE_FUNC;
  if (s->is_indirect) {
    *index = shim_func(b, s->shim);
    return CV_OK;
  }
  switch (s->kind) {
  case SLOT_FUNC:
    return lower(b, u, s, index);
  case SLOT_RESOURCE_DROP:
  case SLOT_RESOURCE_NEW:
  case SLOT_RESOURCE_REP: {
    static const uint8_t codes[] = {
        [SLOT_RESOURCE_NEW] = 0x02, [SLOT_RESOURCE_DROP] = 0x03, [SLOT_RESOURCE_REP] = 0x04};
    const cv_wit_typedef *def = s->resource;
    if (s->is_exported && def->kind == CV_WIT_RESOURCE)
      type = own_type(b, def);
    else
      CV_TRY(imported_type(b, def->kind == CV_WIT_USE && s->is_exported ? def->target : def, &type));
    *index = resource_builtin(b, codes[s->kind], type);
    return CV_OK;
  }
  case SLOT_MAIN: {
    static const cv_cspace spaces[] = {CV_CS_CORE_FUNC, CV_CS_CORE_TABLE, CV_CS_CORE_MEMORY, CV_CS_CORE_GLOBAL,
                                       CV_CS_CORE_TAG};
    *sort = (uint8_t)what->kind;
    *index = alias_core(b, b->units[0].core_instance, what->name, *sort, spaces[what->kind]);
    return CV_OK;
  }
  case SLOT_ADAPTER:
    *index = alias_core_func(b, b->units[s->provider].core_instance, what->name);
    return CV_OK;
  case SLOT_TRAP: {
    char name[16];
    snprintf(name, sizeof name, "%u", s->shim);
    *index = alias_core_func(b, b->trap_instance, cv_bytes_of(name));
    return CV_OK;
  }
  }
  return no_memory(b);
}

// (core instance (export "name" item)...) of all imports from one module name, and its number.
static cv_status put_bundle(builder *b, const unit *u, uint32_t first, uint32_t *instance) {
  const cv_module *module = u->module;
  cv_bytes from = module->imports[first].module;
  cv_buf items, out;
  uint32_t count = 0;
  cv_status status = CV_OK;
  cv_buf_init(&items, b->mem);
  for (uint32_t i = first; i < module->import_count && status == CV_OK; i++) {
    uint8_t sort = CORE_FUNC;
    uint32_t index = 0;
    if (!cv_bytes_equal(module->imports[i].module, from))
      continue;
    status = slot_item(b, u, i, &sort, &index);
    cv_compose_put_import_name(module, i, &items);
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
    add_item(b, SECTION_CORE_INSTANCE, &out);
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

static cv_status instantiate_unit(builder *b, unit *u) {
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
    cv_buf_byte(&args, CORE_INSTANCE);
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
    add_item(b, SECTION_CORE_INSTANCE, &out);
    u->core_instance = b->e.counts[CV_CS_CORE_INSTANCE]++;
  }
  cv_buf_free(&args);
  return status;
}

static void alias_memory(builder *b, unit *u) {
  const cv_export *own = export_called(u->module, "memory");
  u->memory = u->name ? b->units[0].memory : CV_NO_INDEX;
  if (own && own->kind == CV_EXTERN_MEMORY)
    u->memory = alias_core(b, u->core_instance, own->name, CORE_MEMORY, CV_CS_CORE_MEMORY);
}

// An instance of a module without imports.
static uint32_t instantiate_plain(builder *b, uint32_t module) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_buf_byte(&out, 0x00);
  cv_buf_uleb(&out, module);
  cv_buf_uleb(&out, 0);
  add_item(b, SECTION_CORE_INSTANCE, &out);
  return b->e.counts[CV_CS_CORE_INSTANCE]++;
}

static void put_traps(builder *b) {
  cv_buf module;
  cv_buf_init(&module, b->mem);
  cv_compose_put_traps(b->traps.data, (uint32_t)b->traps.count, b->mem, &module);
  b->e.body.failed |= module.failed;
  add_binary(b, SECTION_CORE_MODULE, (cv_bytes){module.data, module.size});
  cv_buf_free(&module);
  b->trap_instance = instantiate_plain(b, b->e.counts[CV_CS_CORE_MODULE]++);
}

// The function that belongs into the table.
static cv_status fixup_func(builder *b, const shim_entry *entry, uint32_t *index) {
  if (!entry->user) {
    *index = alias_core_func(b, owner_of(b, entry->item)->core_instance, dtor_name(b, entry->item, entry->resource));
    return CV_OK;
  }
  const slot *s = &entry->user->slots[entry->import];
  if (s->kind == SLOT_FUNC)
    return lower(b, entry->user, s, index);
  *index = alias_core_func(b, b->units[s->provider].core_instance, entry->user->module->imports[entry->import].name);
  return CV_OK;
}

static cv_status instantiate_fixup(builder *b, bool has_start) {
  cv_buf items, out;
  uint32_t count = (uint32_t)b->shims.count, index = 0;
  cv_status status = CV_OK;
  cv_buf_init(&items, b->mem);
  for (uint32_t i = 0; i < count && status == CV_OK; i++) {
    char name[16];
    snprintf(name, sizeof name, "%u", i);
    status = fixup_func(b, &b->shims.data[i], &index);
    cv_compose_put_name(&items, cv_bytes_of(name));
    cv_buf_byte(&items, CORE_FUNC);
    cv_buf_uleb(&items, index);
  }
  if (status == CV_OK && count > 0) {
    index = alias_core(b, b->shim_instance, CV_BYTES_LITERAL("$imports"), CORE_TABLE, CV_CS_CORE_TABLE);
    cv_compose_put_name(&items, CV_BYTES_LITERAL("$imports"));
    cv_buf_byte(&items, CORE_TABLE);
    cv_buf_uleb(&items, index);
  }
  if (status == CV_OK && has_start) {
    index = alias_core_func(b, b->units[0].core_instance, CV_BYTES_LITERAL("_initialize"));
    cv_compose_put_name(&items, CV_BYTES_LITERAL("$start"));
    cv_buf_byte(&items, CORE_FUNC);
    cv_buf_uleb(&items, index);
  }
  if (status == CV_OK) {
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x01);
    cv_buf_uleb(&out, count + (count > 0) + has_start);
    cv_buf_bytes(&out, items.data, items.size);
    out.failed |= items.failed;
    add_item(b, SECTION_CORE_INSTANCE, &out);
    uint32_t bundle = b->e.counts[CV_CS_CORE_INSTANCE]++;
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x00);
    cv_buf_uleb(&out, b->fixup_module);
    cv_buf_uleb(&out, 1);
    cv_compose_put_name(&out, (cv_bytes){NULL, 0});
    cv_buf_byte(&out, CORE_INSTANCE);
    cv_buf_uleb(&out, bundle);
    add_item(b, SECTION_CORE_INSTANCE, &out);
    b->e.counts[CV_CS_CORE_INSTANCE]++;
  }
  cv_buf_free(&items);
  return status;
}

// ---- exports -------------------------------------------------------------------------------------------------------

// (canon lift core-func (memory m) (realloc f) (post-return f))
static cv_status lift(builder *b, const unit *u, const cv_wit_func *func, cv_bytes core_name, uint32_t *index) {
  cv_bytes post_name;
  cv_buf buf, item;
  uint32_t type, core, realloc = CV_NO_INDEX, post = CV_NO_INDEX;
  bool pointers;
  const cv_export *export = export_named(u->module, core_name);
  if (!export || export->kind != CV_EXTERN_FUNC)
    return FAIL(b, "%s does not export `%.*s`, which its world exports", unit_title(u), CV_BYTES_ARG(core_name));
  bool spilled = flat_params(func, &pointers) > MAX_FLAT_PARAMS;
  bool memory = needs_memory(func);
  if (memory && u->memory == CV_NO_INDEX)
    return FAIL(b, "export `%.*s` needs a memory: export one as \"memory\"", CV_BYTES_ARG(core_name));
  CV_TRY(cv_wit_encode_func(&b->e, func, &type));
  core = alias_core_func(b, u->core_instance, core_name);
  if (pointers || spilled) {
    realloc = realloc_of(b, u);
    if (realloc == CV_NO_INDEX)
      return FAIL(b, "export `%.*s` takes values in memory: export \"cabi_realloc\"", CV_BYTES_ARG(core_name));
  }
  cv_buf_init(&buf, b->mem);
  cv_buf_printf(&buf, "cabi_post_%.*s", CV_BYTES_ARG(core_name));
  post_name = text_of(b, &buf);
  if (export_named(u->module, post_name))
    post = alias_core_func(b, u->core_instance, post_name);
  cv_buf_init(&item, b->mem);
  cv_buf_byte(&item, 0x00);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, core);
  cv_buf_uleb(&item, memory + (realloc != CV_NO_INDEX) + (post != CV_NO_INDEX));
  if (memory) {
    cv_buf_byte(&item, 0x03);
    cv_buf_uleb(&item, u->memory);
  }
  if (realloc != CV_NO_INDEX) {
    cv_buf_byte(&item, 0x04);
    cv_buf_uleb(&item, realloc);
  }
  if (post != CV_NO_INDEX) {
    cv_buf_byte(&item, 0x05);
    cv_buf_uleb(&item, post);
  }
  cv_buf_uleb(&item, type);
  add_item(b, SECTION_CANON, &item);
  *index = b->e.counts[CV_CS_FUNC]++;
  return CV_OK;
}

static void put_export(builder *b, const cv_wit_item *item, uint8_t sort, uint32_t index) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  cv_wit_encode_name(&out, item_name(b, item), item->head.external_id);
  cv_buf_byte(&out, sort);
  cv_buf_uleb(&out, index);
  cv_buf_byte(&out, 0x00);
  add_item(b, SECTION_EXPORT, &out);
}

// Types of an exported interface as the component knows them before the export.
static cv_status bind_export_types(builder *b, const cv_wit_interface *interface) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index;
    if (def->kind == CV_WIT_USE)
      CV_TRY(imported_type(b, def->target, &index));
    else if (def->kind == CV_WIT_RESOURCE)
      index = own_type(b, def);
    else
      CV_TRY(cv_wit_encode_def(&b->e, def, &index));
    cv_wit_encode_bind(&b->e, def, index);
  }
  return CV_OK;
}

// What an exported interface's instance is made from: each type and function goes in under a name and comes out under
// its own, so that functions speak of the types as exported.
typedef struct passage {
  cv_wit_encoder inner;
  cv_buf args;
  uint32_t arg_count;
  uint32_t foreign_count; // types of other interfaces, which get a number behind their name
} passage;

static void pass_arg(passage *p, const char *prefix, cv_bytes name, uint8_t sort, uint32_t index) {
  cv_buf_uleb(&p->args, strlen(prefix) + name.size);
  cv_buf_text(&p->args, prefix);
  cv_buf_bytes(&p->args, name.data, name.size);
  cv_buf_byte(&p->args, sort);
  cv_buf_uleb(&p->args, index);
  p->arg_count++;
}

static void put_prefixed(cv_buf *out, const char *prefix, cv_bytes name) {
  cv_buf_byte(out, 0x00);
  cv_buf_uleb(out, strlen(prefix) + name.size);
  cv_buf_text(out, prefix);
  cv_buf_bytes(out, name.data, name.size);
}

// (import "import-type-NAME" (type (eq index))) or (sub resource), and what is given for it.
static void pass_type(builder *b, passage *p, cv_bytes name, bool is_resource, uint32_t index, uint32_t outer,
                      const cv_wit_typedef *def) {
  cv_buf item;
  cv_buf_init(&item, b->mem);
  put_prefixed(&item, "import-type-", name);
  cv_buf_byte(&item, SORT_TYPE);
  cv_buf_byte(&item, is_resource);
  if (!is_resource)
    cv_buf_uleb(&item, index);
  cv_wit_encode_item(&p->inner, SECTION_IMPORT, 0, &item);
  cv_buf_free(&item);
  cv_wit_encode_bind(&p->inner, def, p->inner.counts[CV_CS_TYPE]++);
  pass_arg(p, "import-type-", name, SORT_TYPE, outer);
}

static cv_status pass_foreign(builder *b, passage *p, const cv_wit_typedef *def);

static cv_status pass_foreign_refs(builder *b, passage *p, const cv_wit_type *type) {
  if (type->local)
    CV_TRY(pass_foreign(b, p, type->local));
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    if (!part->is_absent)
      CV_TRY(pass_foreign_refs(b, p, part));
  return CV_OK;
}

// A type of another interface: itself and what it is made of.
static cv_status pass_foreign(builder *b, passage *p, const cv_wit_typedef *def) {
  uint32_t index = 0, outer;
  if (cv_wit_encode_lookup(&p->inner, def, &index))
    return CV_OK;
  if (def->kind == CV_WIT_USE) {
    CV_TRY(pass_foreign(b, p, def->target));
    if (!cv_wit_encode_lookup(&p->inner, def->target, &index))
      return no_memory(b);
    cv_wit_encode_bind(&p->inner, def, index);
    return CV_OK;
  }
  CV_TRY(imported_type(b, def, &outer));
  if (def->type)
    CV_TRY(pass_foreign_refs(b, p, def->type));
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    if (part->type)
      CV_TRY(pass_foreign_refs(b, p, part->type));
  if (def->kind != CV_WIT_RESOURCE)
    CV_TRY(cv_wit_encode_def(&p->inner, def, &index));
  cv_buf name;
  cv_buf_init(&name, b->mem);
  cv_buf_printf(&name, "%.*s-%u", CV_BYTES_ARG(def->head.name), p->foreign_count++);
  pass_type(b, p, text_of(b, &name), def->kind == CV_WIT_RESOURCE, index, outer, def);
  return CV_OK;
}

static cv_status pass_types(builder *b, passage *p, const cv_wit_interface *interface) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index = 0, outer;
    if (!cv_wit_encode_lookup(&b->e, def, &outer))
      return no_memory(b);
    if (def->kind == CV_WIT_USE) {
      CV_TRY(pass_foreign(b, p, def));
    } else if (def->kind == CV_WIT_ALIAS && cv_wit_definition(def)->kind == CV_WIT_RESOURCE) {
      // Another name of a resource is the same type.
      CV_TRY(cv_wit_encode_def(&p->inner, def, &index));
      cv_wit_encode_bind(&p->inner, def, index);
    } else {
      if (def->kind != CV_WIT_RESOURCE)
        CV_TRY(cv_wit_encode_def(&p->inner, def, &index));
      pass_type(b, p, def->head.name, def->kind == CV_WIT_RESOURCE, index, outer, def);
    }
  }
  return CV_OK;
}

typedef cv_status func_visitor(builder *b, passage *p, const unit *u, const cv_wit_item *item, const cv_wit_func *func,
                               uint32_t number);

static cv_status each_func(builder *b, passage *p, const unit *u, const cv_wit_item *item, func_visitor *visit) {
  uint32_t number = 0;
  for (const cv_wit_typedef *def = item->interface->types; def; def = def->next)
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(visit(b, p, u, item, func, number++));
  for (const cv_wit_func *func = item->interface->funcs; func; func = func->next)
    CV_TRY(visit(b, p, u, item, func, number++));
  return CV_OK;
}

static const char *passage_prefix(const cv_wit_func *func) {
  static const char *const prefixes[] = {[CV_WIT_FREE] = "import-func-",
                                         [CV_WIT_METHOD] = "import-method-",
                                         [CV_WIT_STATIC] = "import-static-",
                                         [CV_WIT_CONSTRUCTOR] = "import-constructor-"};
  return prefixes[func->kind];
}

// A plain name: "import-method-r-f".
static cv_bytes passage_name(builder *b, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  if (func->resource)
    cv_buf_bytes(&out, func->resource->head.name.data, func->resource->head.name.size);
  if (func->resource && func->kind != CV_WIT_CONSTRUCTOR)
    cv_buf_byte(&out, '-');
  if (func->kind != CV_WIT_CONSTRUCTOR)
    cv_buf_bytes(&out, func->head.name.data, func->head.name.size);
  return text_of(b, &out);
}

// Lifts it outside, and imports it inside.
static cv_status pass_func(builder *b, passage *p, const unit *u, const cv_wit_item *item, const cv_wit_func *func,
                           uint32_t number) {
  cv_buf name, out;
  uint32_t lifted, type;
  (void)number;
  cv_buf_init(&name, b->mem);
  cv_wit_item_name(item, &name);
  cv_buf_byte(&name, '#');
  cv_wit_func_label(func, &name);
  CV_TRY(lift(b, u, func, text_of(b, &name), &lifted));
  CV_TRY(cv_wit_encode_func(&p->inner, func, &type));
  cv_bytes passed = passage_name(b, func);
  cv_buf_init(&out, b->mem);
  put_prefixed(&out, passage_prefix(func), passed);
  cv_buf_byte(&out, SORT_FUNC);
  cv_buf_uleb(&out, type);
  cv_wit_encode_item(&p->inner, SECTION_IMPORT, 0, &out);
  cv_buf_free(&out);
  p->inner.counts[CV_CS_FUNC]++;
  pass_arg(p, passage_prefix(func), passed, SORT_FUNC, lifted);
  return CV_OK;
}

static cv_status pass_out_types(builder *b, passage *p, const cv_wit_interface *interface) {
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    uint32_t index;
    cv_buf item;
    if (!cv_wit_encode_lookup(&p->inner, def, &index))
      return no_memory(b);
    cv_buf_init(&item, b->mem);
    cv_wit_encode_name(&item, def->head.name, def->head.external_id);
    cv_buf_byte(&item, SORT_TYPE);
    cv_buf_uleb(&item, index);
    cv_buf_byte(&item, 0x00);
    cv_wit_encode_item(&p->inner, SECTION_EXPORT, 0, &item);
    cv_buf_free(&item);
    cv_wit_encode_bind(&p->inner, def, p->inner.counts[CV_CS_TYPE]++);
  }
  return CV_OK;
}

static cv_status pass_out_func(builder *b, passage *p, const unit *u, const cv_wit_item *item, const cv_wit_func *func,
                               uint32_t number) {
  cv_buf out;
  uint32_t type;
  (void)u;
  (void)item;
  CV_TRY(cv_wit_encode_func(&p->inner, func, &type));
  cv_buf_init(&out, b->mem);
  cv_wit_encode_name(&out, func_label(b, func), func->head.external_id);
  cv_buf_byte(&out, SORT_FUNC);
  cv_buf_uleb(&out, number);
  cv_buf_byte(&out, 0x01);
  cv_buf_byte(&out, SORT_FUNC);
  cv_buf_uleb(&out, type);
  cv_wit_encode_item(&p->inner, SECTION_EXPORT, 0, &out);
  cv_buf_free(&out);
  p->inner.counts[CV_CS_FUNC]++;
  return CV_OK;
}

static cv_status fill_passage(builder *b, passage *p, const unit *u, const cv_wit_item *item) {
  CV_TRY(bind_export_types(b, item->interface));
  CV_TRY(pass_types(b, p, item->interface));
  CV_TRY(each_func(b, p, u, item, pass_func));
  CV_TRY(pass_out_types(b, p, item->interface));
  return each_func(b, p, u, item, pass_out_func);
}

static cv_status export_interface(builder *b, const unit *u, const cv_wit_item *item) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  passage p = {.arg_count = 0};
  cv_wit_encoder_init(&p.inner, CV_WIT_SCOPE_COMPONENT, b->mem, &b->arena, b->diag);
  cv_buf_init(&p.args, b->mem);
  cv_buf_bytes(&p.inner.body, preamble, sizeof preamble);
  cv_status status = fill_passage(b, &p, u, item);
  if (status == CV_OK) {
    cv_buf out;
    cv_wit_encode_flush(&p.inner);
    b->e.body.failed |= p.inner.body.failed | p.args.failed;
    add_binary(b, SECTION_COMPONENT, (cv_bytes){p.inner.body.data, p.inner.body.size});
    cv_buf_init(&out, b->mem);
    cv_buf_byte(&out, 0x00);
    cv_buf_uleb(&out, b->e.counts[CV_CS_COMPONENT]++);
    cv_buf_uleb(&out, p.arg_count);
    cv_buf_bytes(&out, p.args.data, p.args.size);
    add_item(b, SECTION_INSTANCE, &out);
    put_export(b, item, SORT_INSTANCE, b->e.counts[CV_CS_INSTANCE]++);
    // The export is an instance of its own, with types that later exports use.
    b->e.counts[CV_CS_INSTANCE]++;
    status = cv_wit_encode_exported(&b->e, item->interface);
  }
  cv_buf_free(&p.args);
  cv_wit_encoder_free(&p.inner);
  return status;
}

static cv_status put_exports(builder *b) {
  for (const cv_wit_item *item = b->exports; item; item = item->next) {
    const unit *u = owner_of(b, item);
    uint32_t index;
    if (item->interface) {
      CV_TRY(export_interface(b, u, item));
    } else {
      CV_TRY(lift(b, u, item->func, func_label(b, item->func), &index));
      put_export(b, item, SORT_FUNC, index);
      b->e.counts[CV_CS_FUNC]++;
    }
  }
  return CV_OK;
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static cv_status build(builder *b) {
  const cv_module *main = b->units[0].module;
  bool has_start = export_called(main, "_initialize") != NULL;
  for (uint32_t i = 0; i < b->unit_count; i++)
    if (b->units[i].world) {
      CV_TRY(add_items(b, &b->imports, b->units[i].world->imports));
      if (!b->units[i].hides_exports)
        CV_TRY(add_items(b, &b->exports, b->units[i].world->exports));
    }
  CV_TRY(find_reached(b));
  drop_peek(b);
  CV_TRY(find_slots(b));
  CV_TRY(find_destructors(b));
  CV_TRY(put_imports(b));
  CV_TRY(put_core_modules(b, has_start));
  if (b->shims.count > 0)
    b->shim_instance = instantiate_plain(b, b->shim_module);
  if (b->traps.count > 0)
    put_traps(b);
  CV_TRY(put_resources(b));
  for (uint32_t i = 0; i < b->unit_count; i++) {
    CV_TRY(instantiate_unit(b, &b->units[i]));
    alias_memory(b, &b->units[i]);
  }
  if (b->shims.count > 0 || has_start)
    CV_TRY(instantiate_fixup(b, has_start));
  return put_exports(b);
}

static bool imports_from(const cv_module *module, const char *name) {
  for (uint32_t i = 0; i < module->import_count; i++)
    if (cv_bytes_equal(module->imports[i].module, cv_bytes_of(name)))
      return true;
  return false;
}

// Our own adapter for preview 1, unless there is another. A command needs it for its start in any case.
static void add_preview1(builder *b, const cv_new_options *options) {
  if (options->preview1 == CV_PREVIEW1_NONE || adapter_named(b, CV_BYTES_LITERAL(CV_PREVIEW1_NAME)) != CV_NO_INDEX ||
      (options->preview1 == CV_PREVIEW1_REACTOR && !imports_from(b->units[0].module, CV_PREVIEW1_NAME)))
    return;
  b->units[b->unit_count++] = (unit){.name = CV_PREVIEW1_NAME,
                                     .bytes = cv_preview1_adapter(b->units[0].module),
                                     .hides_exports = options->preview1 == CV_PREVIEW1_REACTOR};
}

// Main, the module that reaches main's memory, adapters.
static cv_status read_units(builder *b, cv_bytes module, const cv_new_options *options) {
  b->units = CV_ARENA_ARRAY(&b->arena, unit, options->adapter_count + 3);
  if (!b->units)
    return no_memory(b);
  b->units[0].bytes = module;
  b->units[1] = (unit){.name = CV_COMPOSE_PEEK, .bytes = cv_compose_peek()};
  b->unit_count = 2;
  for (uint32_t i = 0; i < options->adapter_count; i++)
    b->units[b->unit_count++] = (unit){.name = options->adapters[i].name, .bytes = options->adapters[i].module};
  CV_TRY(read_unit(b, &b->units[0]));
  add_preview1(b, options);
  for (uint32_t i = 1; i < b->unit_count; i++)
    CV_TRY(read_unit(b, &b->units[i]));
  return CV_OK;
}

static cv_status new_component(builder *b, cv_bytes module, const cv_new_options *options, cv_buf *out) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  b->wit = cv_wit_new(b->mem);
  b->registry = cv_type_registry_new(b->mem);
  if (!b->wit || !b->registry)
    return no_memory(b);
  CV_TRY(read_units(b, module, options));
  CV_TRY(build(b));
  cv_wit_encode_flush(&b->e);
  cv_buf_bytes(out, preamble, sizeof preamble);
  cv_buf_bytes(out, b->e.body.data, b->e.body.size);
  out->failed |= b->e.body.failed;
  return cv_buf_status(out);
}

cv_status cv_compose_new(cv_bytes module, const cv_new_options *options, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  builder b = {.mem = mem, .diag = diag};
  cv_buf embedded;
  cv_status status = CV_OK;
  cv_arena_init(&b.arena, mem);
  cv_map_init(&b.used, mem);
  cv_map_init(&b.needed, mem);
  cv_wit_encoder_init(&b.e, CV_WIT_SCOPE_COMPONENT, mem, &b.arena, diag);
  cv_buf_init(&embedded, mem);
  if (options->world) {
    status = cv_compose_embed(module, options->world, mem, &embedded, diag);
    module = (cv_bytes){embedded.data, embedded.size};
  }
  if (status == CV_OK)
    status = new_component(&b, module, options, out);
  if (b.out_of_memory) {
    cv_diag_init(diag);
    status = no_memory(&b);
  }
  for (uint32_t i = 0; i < b.unit_count && b.units; i++)
    cv_module_delete(b.units[i].module);
  cv_vec_free(mem, &b.shims);
  cv_vec_free(mem, &b.traps);
  cv_wit_encoder_free(&b.e);
  cv_map_free(&b.used);
  cv_map_free(&b.needed);
  cv_arena_free(&b.arena);
  cv_buf_free(&embedded);
  cv_wit_delete(b.wit);
  if (b.registry)
    cv_type_registry_delete(b.registry);
  return status;
}

cv_status cv_compose_embed(cv_bytes module, const cv_wit_world *world, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_buf type, section;
  unit u = {.bytes = module};
  CV_TRY(cv_module_decode(&u.module, mem, NULL, CV_FEATURES_ALL, module.data, module.size, CV_DECODE_BORROW, diag));
  cv_buf_init(&type, mem);
  cv_buf_init(&section, mem);
  cv_status status = cv_wit_encode_world(world, mem, &type, diag);
  if (status == CV_OK) {
    cv_compose_put_module(u.module, false, mem, out);
    cv_compose_put_name(&section, CV_BYTES_LITERAL("component-type"));
    cv_buf_bytes(&section, type.data, type.size);
    cv_compose_put_section(out, 0, &section);
    status = cv_buf_status(out);
  }
  cv_buf_free(&section);
  cv_buf_free(&type);
  cv_module_delete(u.module);
  return status;
}
