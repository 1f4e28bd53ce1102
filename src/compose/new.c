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
//            functions of the module __main_memory__ (peek.h); one without works in main's (env.memory), where it
//            gets a stack (adapter.h)
//   fixup    instantiated last, with the lowered functions; an active segment puts them into the table
//
// Terms
//   unit     one of the given core modules: main is unit 0
//   slot     one import of a unit, and what it is served by
//
// An adapter imports more than one program needs: what is out of reach of the functions that are used (prune.h) is
// served by functions that trap, and is not imported by the component; the adapter's functions out of reach are
// emptied.
#include "compose/new.h"

#include "compose/compose.h"
#include "compose/grow.h"
#include "compose/peek.h"
#include "compose/preview1.h"
#include "wasm/binary/decode.h"

static cv_status build(cv_new_builder *b) {
  const cv_module *main = b->units[0].module;
  const cv_export *initialize = cv_new_export_called(main, "_initialize");
  bool has_start = initialize && initialize->kind == CV_EXTERN_FUNC;
  CV_TRY(cv_new_add_items(b));
  CV_TRY(cv_new_find_reached(b));
  cv_new_drop_unused(b);
  CV_TRY(cv_new_find_slots(b));
  CV_TRY(cv_new_find_destructors(b));
  CV_TRY(cv_new_put_imports(b));
  CV_TRY(cv_new_put_core_modules(b, has_start));
  if (b->shims.count > 0)
    b->shim_instance = cv_new_instantiate_plain(b, b->shim_module);
  if (b->traps.count > 0)
    cv_new_put_traps(b);
  CV_TRY(cv_new_put_resources(b));
  for (uint32_t i = 0; i < b->unit_count; i++) {
    CV_TRY(cv_new_instantiate_unit(b, &b->units[i]));
    cv_new_alias_memory(b, &b->units[i]);
  }
  if (b->shims.count > 0 || has_start)
    CV_TRY(cv_new_instantiate_fixup(b, has_start));
  return cv_new_put_exports(b);
}

static bool imports_from(const cv_module *module, const char *name) {
  for (uint32_t i = 0; i < module->import_count; i++)
    if (cv_bytes_equal(module->imports[i].module, cv_bytes_of(name)))
      return true;
  return false;
}

// One unit more.
static cv_status add_unit(cv_new_builder *b, const char *name, cv_bytes bytes, bool is_helper) {
  cv_buf title;
  cv_buf_init(&title, b->mem);
  cv_buf_text(&title, is_helper ? "an adapter" : "adapter ");
  cv_buf_text(&title, is_helper ? "" : name);
  cv_buf_byte(&title, 0);
  if (cv_new_adapter_named(b, cv_bytes_of(name)) != CV_NO_INDEX) {
    cv_buf_free(&title);
    return CV_NEW_FAIL(b, "two adapters are called %s: each provides another module's imports", name);
  }
  cv_new_unit *u = &b->units[b->unit_count++];
  *u = (cv_new_unit){
      .name = name, .bytes = bytes, .is_helper = is_helper, .title = (const char *)cv_new_text_of(b, &title).data};
  if (!u->title)
    u->title = name;
  return cv_new_read_unit(b, u);
}

// Our own adapter for preview 1, unless there is another. A command needs it for its start in any case.
static cv_status add_preview1(cv_new_builder *b, const cv_new_options *options) {
  if (options->preview1 == CV_PREVIEW1_NONE ||
      cv_new_adapter_named(b, CV_BYTES_LITERAL(CV_PREVIEW1_NAME)) != CV_NO_INDEX ||
      (options->preview1 == CV_PREVIEW1_REACTOR && !imports_from(b->units[0].module, CV_PREVIEW1_NAME)))
    return CV_OK;
  CV_TRY(add_unit(b, CV_PREVIEW1_NAME, cv_preview1_adapter(b->units[0].module), false));
  b->units[b->unit_count - 1].hides_exports = options->preview1 == CV_PREVIEW1_REACTOR;
  return CV_OK;
}

// Main, the modules that reach main's memory and allocate in it, adapters.
static cv_status read_units(cv_new_builder *b, cv_bytes module, const cv_new_options *options) {
  b->units = CV_ARENA_ARRAY(&b->arena, cv_new_unit, options->adapter_count + 4);
  if (!b->units)
    return cv_new_no_memory(b);
  b->units[0] = (cv_new_unit){.bytes = module, .title = "the module"};
  b->unit_count = 1;
  CV_TRY(cv_new_read_unit(b, &b->units[0]));
  CV_TRY(add_unit(b, CV_COMPOSE_PEEK, cv_compose_peek(), true));
  if (!cv_new_export_called(b->units[0].module, "cabi_realloc"))
    CV_TRY(add_unit(b, CV_COMPOSE_GROW, cv_compose_grow(), true));
  for (uint32_t i = 0; i < options->adapter_count; i++)
    CV_TRY(add_unit(b, options->adapters[i].name, options->adapters[i].module, false));
  CV_TRY(add_preview1(b, options));
  bool has_world = options->adapter_count > 0 || options->preview1 != CV_PREVIEW1_NONE;
  if (!has_world && !b->units[0].world && b->units[0].module->import_count == 0)
    return CV_NEW_FAIL(b, "the module says nothing of a world, so that nothing would be in the component: give one "
                          "(--wit, --world), or make a program of it (--wasi-command)");
  return CV_OK;
}

static cv_status new_component(cv_new_builder *b, cv_bytes module, const cv_new_options *options, cv_buf *out) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  b->wit = cv_wit_new(b->mem);
  b->registry = cv_type_registry_new(b->mem);
  if (!b->wit || !b->registry)
    return cv_new_no_memory(b);
  b->given = options->adapters;
  b->given_count = options->adapter_count;
  CV_TRY(read_units(b, module, options));
  CV_TRY(build(b));
  cv_wit_encode_flush(&b->e);
  cv_buf_bytes(out, preamble, sizeof preamble);
  cv_buf_bytes(out, b->e.body.data, b->e.body.size);
  out->failed |= b->e.body.failed;
  return cv_buf_status(out);
}

cv_status cv_compose_new(cv_bytes module, const cv_new_options *options, cv_mem *mem, cv_buf *out, cv_diag *diag) {
  cv_new_builder b = {.mem = mem, .diag = diag};
  cv_buf embedded;
  cv_status status = CV_OK;
  cv_arena_init(&b.arena, mem);
  cv_map_init(&b.import_names, mem);
  cv_map_init(&b.export_names, mem);
  cv_map_init(&b.owners, mem);
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
    status = cv_new_no_memory(&b);
  }
  for (uint32_t i = 0; i < b.unit_count && b.units; i++)
    cv_module_delete(b.units[i].module);
  cv_vec_free(mem, &b.shims);
  cv_vec_free(mem, &b.traps);
  cv_wit_encoder_free(&b.e);
  cv_map_free(&b.import_names);
  cv_map_free(&b.export_names);
  cv_map_free(&b.owners);
  cv_map_free(&b.used);
  cv_map_free(&b.needed);
  cv_arena_free(&b.arena);
  cv_buf_free(&embedded);
  cv_wit_delete(b.wit);
  if (b.registry)
    cv_type_registry_delete(b.registry);
  return status;
}
