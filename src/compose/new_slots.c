// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// new_slots.c: what serves each import of a unit.
#include "compose/grow.h"
#include "compose/new.h"

#include "component/component.h"
#include "component/link.h"

// Core modules may name another version than their world does, when code was built against several: any compatible one
// serves, if none is the very one. An interface that lacks the function is refused later.
static const cv_wit_item *imported_interface(cv_new_builder *b, cv_bytes name) {
  const cv_wit_item *item = cv_new_item_named(&b->import_names, name);
  cv_bytes base, version, there_base, there_version;
  cv_cname_split(name, &base, &version);
  if (item || version.size == 0)
    return item;
  cv_buf there;
  cv_buf_init(&there, b->mem);
  for (item = b->imports; item; item = item->next) {
    there.size = 0;
    cv_wit_item_name(item, &there);
    cv_cname_split((cv_bytes){there.data, there.size}, &there_base, &there_version);
    if (item->interface && cv_bytes_equal(base, there_base) &&
        cv_version_fits(version, (cv_bytes){NULL, 0}, there_version) != CV_VERSION_OTHER)
      break;
  }
  b->out_of_memory |= there.failed;
  cv_buf_free(&there);
  return item;
}

static const cv_wit_func *func_in(const cv_wit_func *funcs, cv_bytes label, cv_buf *scratch) {
  for (; funcs; funcs = funcs->next) {
    scratch->size = 0;
    cv_wit_func_label(funcs, scratch);
    if (cv_bytes_equal((cv_bytes){scratch->data, scratch->size}, label))
      break;
  }
  return funcs;
}

static const cv_wit_func *func_named(cv_new_builder *b, const cv_wit_interface *interface, cv_bytes label) {
  cv_buf scratch;
  cv_buf_init(&scratch, b->mem);
  const cv_wit_func *func = func_in(interface->funcs, label, &scratch);
  for (const cv_wit_typedef *def = interface->types; def && !func; def = def->next)
    func = func_in(def->funcs, label, &scratch);
  b->out_of_memory |= scratch.failed;
  cv_buf_free(&scratch);
  return func;
}

static const cv_wit_typedef *resource_named(const cv_wit_typedef *types, cv_bytes name) {
  for (; types; types = types->next)
    if (cv_bytes_equal(types->head.name, name) && cv_wit_definition(types)->kind == CV_WIT_RESOURCE)
      return types;
  return NULL;
}

// [resource-drop]r and its like, for resources of an interface.
static cv_status resource_slot(cv_new_builder *b, const cv_new_unit *u, const cv_import *import,
                               const cv_wit_typedef *types, bool is_exported, cv_new_slot *s, bool *found) {
  cv_bytes name;
  cv_new_signature wanted;
  cv_new_signature_parse("i>i", &wanted);
  if (cv_new_starts_with(import->name, "[resource-drop]", &name))
    s->kind = CV_SLOT_RESOURCE_DROP;
  else if (is_exported && cv_new_starts_with(import->name, "[resource-new]", &name))
    s->kind = CV_SLOT_RESOURCE_NEW;
  else if (is_exported && cv_new_starts_with(import->name, "[resource-rep]", &name))
    s->kind = CV_SLOT_RESOURCE_REP;
  else
    return CV_OK;
  *found = true;
  s->is_exported = is_exported;
  s->resource = resource_named(types, name);
  if (!s->resource)
    return CV_NEW_FAIL(b, "%s imports `%.*s` from `%.*s`, which has no such resource", cv_new_unit_title(u),
                       CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module));
  if (s->kind == CV_SLOT_RESOURCE_DROP)
    cv_new_signature_parse("i", &wanted);
  return cv_new_check_import(b, u, import, &wanted.type, "by convention", "");
}

// A function of the world.
static cv_status lowered_slot(cv_new_builder *b, const cv_new_unit *u, const cv_import *import, cv_new_slot *s) {
  cv_new_signature wanted;
  cv_new_signature_of(s->func, false, &wanted);
  CV_TRY(cv_new_check_import(b, u, import, &wanted.type, "in its world", CV_NEW_OTHER_BINDINGS));
  s->is_indirect = cv_new_needs_of(s->func).memory;
  return cv_new_mark(b, &b->used, s->func);
}

static cv_status interface_slot(cv_new_builder *b, const cv_new_unit *u, const cv_import *import,
                                const cv_wit_item *item, cv_new_slot *s) {
  bool found = false;
  CV_TRY(resource_slot(b, u, import, item->interface->types, false, s, &found));
  s->item = item;
  if (!found) {
    s->kind = CV_SLOT_FUNC;
    s->func = func_named(b, item->interface, import->name);
    if (!s->func)
      return CV_NEW_FAIL(b, "%s imports `%.*s`, which interface `%.*s` does not have", cv_new_unit_title(u),
                         CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module));
    CV_TRY(lowered_slot(b, u, import, s));
  }
  return cv_new_mark(b, &b->needed, item->interface);
}

static cv_status root_slot(cv_new_builder *b, const cv_new_unit *u, const cv_import *import, cv_new_slot *s) {
  bool found = false;
  CV_TRY(resource_slot(b, u, import, u->world->types, false, s, &found));
  if (found)
    return CV_OK;
  s->kind = CV_SLOT_FUNC;
  s->item = cv_new_item_named(&b->import_names, import->name);
  if (!s->item || s->item->kind != CV_WIT_ITEM_FUNC)
    return CV_NEW_FAIL(b, "%s imports `%.*s`, which its world `%.*s` does not have: it is to be in the world",
                       cv_new_unit_title(u), CV_BYTES_ARG(import->name), CV_BYTES_ARG(u->world->head.name));
  s->func = s->item->func;
  return lowered_slot(b, u, import, s);
}

// "`a`, `b`": the adapters that were given.
static const char *given_adapters(cv_new_builder *b) {
  cv_buf out;
  cv_buf_init(&out, b->mem);
  for (uint32_t i = 0; i < b->given_count; i++)
    cv_buf_printf(&out, "%s`%s`", i ? ", " : "", b->given[i].name);
  cv_buf_byte(&out, 0);
  const char *text = (const char *)cv_new_text_of(b, &out).data;
  return text ? text : "";
}

// The remedy for an import that nothing serves.
static CV_COLD cv_status unknown_import(cv_new_builder *b, const cv_new_unit *u, const cv_import *import) {
  static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
  cv_bytes rest;
  if (import->kind != CV_EXTERN_FUNC)
    return CV_NEW_FAIL(b,
                       "%s imports %s `%.*s` from `%.*s`: what a module gets from a component is functions; link it "
                       "so that it has its own %s",
                       cv_new_unit_title(u), kinds[import->kind], CV_BYTES_ARG(import->name),
                       CV_BYTES_ARG(import->module), kinds[import->kind]);
  if (cv_new_starts_with(import->module, "wasi_snapshot_preview1", &rest) ||
      cv_new_starts_with(import->module, "wasi_unstable", &rest)) {
    if (b->given_count > 0)
      return CV_NEW_FAIL(b, "%s imports `%.*s`, but the adapter given is called %s: --adapt %.*s=FILE calls it so",
                         cv_new_unit_title(u), CV_BYTES_ARG(import->module), given_adapters(b),
                         CV_BYTES_ARG(import->module));
    return CV_NEW_FAIL(
        b, "%s imports `%.*s`: a preview 1 program needs an adapter (--wasi-command, --wasi-reactor or --adapt)",
        cv_new_unit_title(u), CV_BYTES_ARG(import->module));
  }
  if (!u->world)
    return CV_NEW_FAIL(b, "%s imports `%.*s` and says nothing of a world: give one (--wit, --world), or embed it first",
                       cv_new_unit_title(u), CV_BYTES_ARG(import->module));
  return CV_NEW_FAIL(b,
                     "%s imports `%.*s` from `%.*s`, which its world `%.*s` does not import: it is to be in the "
                     "world, or in an adapter (--adapt %.*s=FILE)",
                     cv_new_unit_title(u), CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module),
                     CV_BYTES_ARG(u->world->head.name), CV_BYTES_ARG(import->module));
}

// A memory of main's that an adapter imports.
static cv_status check_main_memory(cv_new_builder *b, const cv_new_unit *u, const cv_import *import, uint32_t memory) {
  const cv_memtype *has = &b->units[0].module->memories[memory], *wants = &u->module->memories[import->index];
  const char *fault = cv_new_memory_fault(b->units[0].module, memory);
  if (fault || cv_new_memory_fault(u->module, import->index))
    return CV_NEW_FAIL(b, "%s wants the module's memory, which %s", cv_new_unit_title(u),
                       fault ? fault : "is an ordinary one, as another kind");
  if (has->limits.min < wants->limits.min ||
      (wants->limits.has_max && (!has->limits.has_max || has->limits.max > wants->limits.max)))
    return CV_NEW_FAIL(b, "%s wants a memory of other limits than the module's has", cv_new_unit_title(u));
  return CV_OK;
}

// Functions of one module that another one calls are of plain types, without references.
static cv_status check_linkable(cv_new_builder *b, const cv_new_unit *u, const cv_import *import) {
  const cv_functype *type = cv_module_func_type(u->module, import->index);
  bool fits;
  CV_TRY(cv_new_has_type(b, u->module, import->index, type, &fits));
  if (fits)
    return CV_OK;
  return CV_NEW_FAIL(b, "%s imports `%.*s` from `%.*s` as %s: unsupported: references and subtypes between modules",
                     cv_new_unit_title(u), CV_BYTES_ARG(import->name), CV_BYTES_ARG(import->module),
                     cv_new_type_text(b, type));
}

// Adapters see main: its memory as env.memory, its exports as __main_module__.
static cv_status main_slot(cv_new_builder *b, const cv_new_unit *u, const cv_import *import, cv_new_slot *s) {
  const cv_module *main = b->units[0].module;
  const cv_export *export = cv_new_export_named(main, import->name);
  s->kind = CV_SLOT_MAIN;
  if (import->kind == CV_EXTERN_MEMORY && (!export || export->kind != CV_EXTERN_MEMORY))
    return CV_NEW_FAIL(b, "%s works in the module's memory: the module is to export it as `%.*s`", cv_new_unit_title(u),
                       CV_BYTES_ARG(import->name));
  if (!export || export->kind != import->kind)
    return CV_NEW_FAIL(b, "%s wants the module's export `%.*s`, which it does not have%s", cv_new_unit_title(u),
                       CV_BYTES_ARG(import->name),
                       cv_bytes_equal(import->name, CV_BYTES_LITERAL("_start"))
                           ? ": what is not a program takes an adapter for libraries (--wasi-reactor)"
                           : "");
  if (import->kind == CV_EXTERN_MEMORY)
    return check_main_memory(b, u, import, export->index);
  if (import->kind != CV_EXTERN_FUNC)
    return CV_NEW_FAIL(b, "%s wants the module's export `%.*s`: adapters get its memory and its functions only",
                       cv_new_unit_title(u), CV_BYTES_ARG(import->name));
  CV_TRY(check_linkable(b, u, import));
  return cv_new_check_export(b, &b->units[0], export, cv_module_func_type(u->module, import->index), "for the adapter",
                             "");
}

static bool same_functype(const cv_functype *a, const cv_functype *b) {
  if (a->param_count != b->param_count || a->result_count != b->result_count)
    return false;
  for (uint32_t i = 0; i < a->param_count + a->result_count; i++)
    if (cv_type_kind(a->types[i]) != cv_type_kind(b->types[i]))
      return false;
  return true;
}

static cv_status trap_slot(cv_new_builder *b, const cv_new_unit *u, const cv_import *import, cv_new_slot *s) {
  const cv_functype *type = cv_module_func_type(u->module, import->index);
  CV_TRY(check_linkable(b, u, import));
  *s = (cv_new_slot){.kind = CV_SLOT_TRAP};
  while (s->shim < b->traps.count && !same_functype(b->traps.data[s->shim], type))
    s->shim++;
  if (s->shim < b->traps.count)
    return CV_OK;
  return cv_vec_push(b->mem, &b->traps, type) == CV_OK ? CV_OK : cv_new_no_memory(b);
}

static cv_status adapter_slot(cv_new_builder *b, const cv_new_unit *u, const cv_import *import, uint32_t adapter,
                              cv_new_slot *s) {
  const cv_new_unit *provider = &b->units[adapter];
  const cv_export *export = cv_new_export_named(provider->module, import->name);
  if (!export || export->kind != CV_EXTERN_FUNC)
    return CV_NEW_FAIL(b, "%s imports `%.*s`, which %s does not have", cv_new_unit_title(u), CV_BYTES_ARG(import->name),
                       cv_new_unit_title(provider));
  CV_TRY(check_linkable(b, u, import));
  if (provider->is_helper)
    CV_TRY(
        cv_new_check_import(b, u, import, cv_module_func_type(provider->module, export->index), "by convention", ""));
  bool fits;
  const cv_functype *wanted = cv_module_func_type(u->module, import->index);
  CV_TRY(cv_new_has_type(b, provider->module, export->index, wanted, &fits));
  if (!fits)
    return CV_NEW_FAIL(b, "%s imports `%.*s` as %s, but %s has it as %s", cv_new_unit_title(u),
                       CV_BYTES_ARG(import->name), cv_new_type_text(b, wanted), cv_new_unit_title(provider),
                       cv_new_type_text(b, cv_module_func_type(provider->module, export->index)));
  // Units are instantiated in their order: what comes from an earlier one is there.
  *s = (cv_new_slot){.kind = CV_SLOT_ADAPTER, .provider = adapter, .is_indirect = provider >= u};
  return CV_OK;
}

static cv_status find_slot(cv_new_builder *b, cv_new_unit *u, uint32_t index) {
  const cv_import *import = &u->module->imports[index];
  cv_new_slot *s = &u->slots[index];
  cv_bytes rest;
  if (!cv_new_is_used_import(u, import))
    return trap_slot(b, u, import, s);
  uint32_t adapter = cv_new_adapter_named(b, import->module);
  bool has_stand_in = adapter != CV_NO_INDEX && cv_new_export_named(b->units[adapter].module, import->name);
  if (u->name && (cv_bytes_equal(import->module, CV_BYTES_LITERAL("env")) ||
                  (cv_bytes_equal(import->module, CV_BYTES_LITERAL(CV_COMPOSE_GROW)) && !has_stand_in)))
    return main_slot(b, u, import, s);
  if (import->kind != CV_EXTERN_FUNC)
    return unknown_import(b, u, import);
  if (adapter != CV_NO_INDEX)
    return adapter_slot(b, u, import, adapter, s);
  if (!u->world)
    return unknown_import(b, u, import);
  if (cv_bytes_equal(import->module, CV_BYTES_LITERAL("$root")))
    return root_slot(b, u, import, s);
  if (cv_new_starts_with(import->module, "[export]", &rest)) {
    const cv_wit_item *item = cv_new_item_named(&b->export_names, rest);
    bool found = false;
    if (!item || !item->interface)
      return unknown_import(b, u, import);
    CV_TRY(resource_slot(b, u, import, item->interface->types, true, s, &found));
    s->item = item;
    return found ? CV_OK : unknown_import(b, u, import);
  }
  const cv_wit_item *item = imported_interface(b, import->module);
  if (!item || !item->interface)
    return unknown_import(b, u, import);
  return interface_slot(b, u, import, item, s);
}

static cv_status add_shim(cv_new_builder *b, cv_new_shim entry, uint32_t *index) {
  *index = (uint32_t)b->shims.count;
  return cv_vec_push(b->mem, &b->shims, entry) == CV_OK ? CV_OK : cv_new_no_memory(b);
}

// The producers section (tool-conventions, ProducersSection.md) says that the source is Go's.
static bool is_go(const cv_module *module) {
  for (uint32_t i = 0; i < module->custom_count; i++) {
    const cv_custom_section *custom = &module->customs[i];
    const uint8_t *at = cv_span_start(module, custom->bytes);
    cv_reader r = {.start = at, .at = at, .end = at + custom->bytes.size};
    uint32_t fields, values;
    cv_bytes field, value, version;
    if (!cv_bytes_equal(custom->name, CV_BYTES_LITERAL("producers")) || cv_read_u32(&r, &fields) != CV_OK)
      continue;
    for (; fields > 0 && cv_read_name(&r, &field) == CV_OK && cv_read_u32(&r, &values) == CV_OK; fields--)
      for (; values > 0 && cv_read_name(&r, &value) == CV_OK && cv_read_name(&r, &version) == CV_OK; values--)
        if (cv_bytes_equal(field, CV_BYTES_LITERAL("language")) && cv_bytes_equal(value, CV_BYTES_LITERAL("Go")))
          return true;
  }
  return false;
}

// An adapter that works in main's memory needs pieces of it. Go's allocator takes the whole memory for its own, what
// others have grown it by too.
static cv_status check_memory_shared(cv_new_builder *b) {
  const cv_new_unit *main = &b->units[0];
  if (cv_new_export_called(main->module, "cabi_realloc") || !is_go(main->module))
    return CV_OK;
  for (uint32_t i = 1; i < b->unit_count; i++)
    if (b->units[i].stack.pointer != CV_NO_INDEX)
      return CV_NEW_FAIL(b,
                         "%s works in the module's memory, which Go's allocator does not share: take the "
                         "adapter of --wasi-command or --wasi-reactor, or export \"cabi_realloc\"",
                         cv_new_unit_title(&b->units[i]));
  return CV_OK;
}

cv_status cv_new_find_slots(cv_new_builder *b) {
  CV_TRY(check_memory_shared(b));
  for (uint32_t i = 0; i < b->unit_count; i++)
    for (uint32_t j = 0; j < b->units[i].module->import_count; j++) {
      cv_new_slot *s = &b->units[i].slots[j];
      CV_TRY(find_slot(b, &b->units[i], j));
      if (s->is_indirect)
        CV_TRY(add_shim(b, (cv_new_shim){.user = &b->units[i], .import = j}, &s->shim));
    }
  return CV_OK;
}

cv_status cv_new_find_destructors(cv_new_builder *b) {
  cv_new_signature wanted;
  cv_new_signature_parse("i", &wanted);
  for (const cv_wit_item *item = b->exports; item; item = item->next)
    for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next) {
      uint32_t number;
      if (def->kind != CV_WIT_RESOURCE)
        continue;
      const cv_new_unit *owner = cv_new_owner_of(b, item);
      const cv_export *export = cv_new_export_named(owner->module, cv_new_dtor_name(b, item, def));
      if (!export || export->kind != CV_EXTERN_FUNC)
        continue;
      CV_TRY(cv_new_check_export(b, owner, export, &wanted.type, "by convention", ""));
      CV_TRY(add_shim(b, (cv_new_shim){.resource = def, .item = item}, &number));
    }
  return CV_OK;
}
