// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_guest.c: a guest's bindings in C: what `cove bindgen guest` writes. Names are those of host bindings
// (bindgen.h); what the program provides has `exports_` in front, and so have the types that hold resources of an
// interface that it exports, since the interface may be imported too.
//
// The source carries the world in a custom section `component-type:...` of its object file, which linkers copy.
#include "wit/gen_guest.h"

#include "wit/encode.h"

#include <stdio.h>

#define PRINT cv_buf_printf

// The types of an item's interface, then its functions by `add`.
typedef cv_status add_fn(cv_gen *g, cv_guest_place place, const cv_wit_func *func);

// The prototypes of an interface stand behind its types.
static void flush_prototypes(cv_gen *g) {
  cv_buf_bytes(g->types, g->protos.data, g->protos.size);
  if (g->protos.size)
    cv_buf_byte(g->types, '\n');
  g->types->failed |= g->protos.failed;
  g->protos.size = 0;
}

static cv_status add_interface(cv_gen *g, const cv_wit_item *item, add_fn *add) {
  const cv_wit_interface *interface = item->interface;
  cv_guest_place place = {.prefix = cv_gen_item_name(g, item), .module = cv_gen_label_of_item(g, item), .item = item};
  PRINT(g->types, "// ---- %s%s ----\n", place.module, item->is_export ? ": yours to write" : "");
  cv_bindgen_docs(interface->head.docs, 0, g->types);
  cv_buf_byte(g->types, '\n');
  if (item->is_export)
    place.prefix = cv_gen_join(g, "exports_", place.prefix);
  if (item->is_export)
    place.module = cv_gen_join(g, place.module, "#");
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    if (def->kind != CV_WIT_USE)
      CV_TRY(cv_gen_need_def(g, def));
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(add(g, place, func));
  for (const cv_wit_func *func = interface->funcs; func; func = func->next)
    CV_TRY(add(g, place, func));
  flush_prototypes(g);
  return CV_OK;
}

// Functions and types of the world itself; its resources are imported.
static cv_status add_world_items(cv_gen *g) {
  cv_guest_place import = {g->prefix, "$root", NULL}, export = {cv_gen_join(g, "exports_", g->prefix), "", NULL};
  size_t start = g->types->size;
  static const char title[] = "// ---- the world itself ----\n\n";
  cv_buf_text(g->types, title);
  for (const cv_wit_typedef *def = g->world->types; def; def = def->next) {
    if (def->kind != CV_WIT_USE)
      CV_TRY(cv_gen_need_def(g, def));
    for (const cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(cv_guest_add_import(g, import, func));
  }
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->kind == CV_WIT_ITEM_FUNC)
      CV_TRY(cv_guest_add_import(g, import, item->func));
  flush_prototypes(g);
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    if (item->kind == CV_WIT_ITEM_FUNC)
      CV_TRY(cv_guest_add_export(g, export, item->func));
  flush_prototypes(g);
  if (g->types->size == start + sizeof title - 1)
    g->types->size = start;
  return CV_OK;
}

static cv_status generate(cv_gen *g) {
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->kind != CV_WIT_ITEM_FUNC)
      CV_TRY(add_interface(g, item, cv_guest_add_import));
  CV_TRY(add_world_items(g));
  g->is_export_side = true;
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    if (item->kind != CV_WIT_ITEM_FUNC)
      CV_TRY(add_interface(g, item, cv_guest_add_export));
  g->is_export_side = false;
  return CV_OK;
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static const char *world_name(cv_gen *g) {
  const cv_wit_package *package = g->world->package;
  cv_buf out;
  cv_buf_init(&out, g->mem);
  PRINT(&out, "%.*s:%.*s/%.*s", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name),
        CV_BYTES_ARG(g->world->head.name));
  if (package->version.size)
    PRINT(&out, "@%.*s", CV_BYTES_ARG(package->version));
  return cv_gen_keep(g, &out).text;
}

static void put_header(cv_gen *g, cv_buf *out) {
  cv_buf guard;
  cv_buf_init(&guard, g->mem);
  cv_bindgen_upper(cv_bytes_of(g->prefix), &guard);
  const char *upper = cv_gen_keep(g, &guard).text;
  PRINT(out, "// Written by `cove bindgen guest` for world %s. Do not edit.\n", world_name(g));
  cv_buf_text(out, cv_guest_header_text);
  PRINT(out, "#ifndef %s_GUEST_H\n#define %s_GUEST_H\n\n", upper, upper);
  cv_buf_text(out, cv_guest_includes);
  cv_buf_bytes(out, g->types->data, g->types->size);
  cv_buf_text(out, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

// The world as a component type, as bytes in a section that the linker copies into the module.
static cv_status put_world(cv_gen *g, cv_buf *out) {
  cv_buf type;
  cv_buf_init(&type, g->mem);
  cv_status status = cv_wit_encode_world(g->world, g->mem, &type, g->diag);
  cv_buf_text(out, "// ---- the world, for `cove component new` ----\n\n");
  // In statements of a size that every compiler takes; the assembler puts them together.
  for (size_t i = 0; i < type.size && status == CV_OK; i++) {
    if (i % (32 * 24) == 0)
      PRINT(out, "%s__asm__(\".section \\\".custom_section.component-type:%s:%s\\\",\\\"\\\",@\\n\"",
            i == 0 ? "" : "\\n\");\n", g->prefix, world_name(g));
    if (i % 24 == 0)
      PRINT(out, "%s\n        \".byte ", i % (32 * 24) == 0 ? "" : "\\n\"");
    PRINT(out, "%s%u", i % 24 == 0 ? "" : ",", type.data[i]);
  }
  cv_buf_text(out, "\\n\");\n");
  cv_buf_free(&type);
  return status;
}

static void put_source(cv_gen *g, const char *header, cv_buf *out) {
  PRINT(out, "// Written by `cove bindgen guest` for world %s. Do not edit.\n#include \"%s\"\n\n", world_name(g),
        header);
  cv_buf_text(out, cv_guest_source_text);
  cv_buf_bytes(out, g->tables.data, g->tables.size);
  cv_buf_byte(out, '\n');
  const cv_buf *parts[] = {&g->finds, &g->steps, &g->glue, &g->calls};
  for (size_t i = 0; i < CV_COUNT(parts); i++)
    cv_buf_bytes(out, parts[i]->data, parts[i]->size);
  cv_buf_text(out, cv_guest_runtime_text);
}

cv_status cv_bindgen_guest(const cv_wit_world *world, const cv_bindgen_options *options, cv_mem *mem, cv_buf *header,
                           cv_buf *source, cv_diag *diag) {
  cv_buf types, prefix;
  cv_gen g = {
      .mem = mem, .diag = diag, .world = world, .types = &types, .is_guest = true, .after_type = cv_guest_after_type};
  cv_arena_init(&g.arena, mem);
  cv_map *maps[] = {&g.done, &g.names, &g.taken};
  for (size_t i = 0; i < CV_COUNT(maps); i++)
    cv_map_init(maps[i], mem);
  cv_buf *buffers[] = {&types, &g.protos, &g.steps, &g.glue, &g.tables, &g.calls, &g.finds};
  for (size_t i = 0; i < CV_COUNT(buffers); i++)
    cv_buf_init(buffers[i], mem);
  cv_buf_init(&prefix, mem);
  cv_bytes wanted = options->prefix ? cv_bytes_of(options->prefix) : world->head.name;
  if (wanted.size >= 4 && memcmp(wanted.data, "cove", 4) == 0) // those are the names of generated functions
    cv_buf_text(&prefix, "wit_");
  cv_bindgen_snake(wanted, &prefix);
  g.prefix = cv_gen_keep(&g, &prefix).text;
  cv_status status = generate(&g);
  if (status == CV_OK) {
    put_header(&g, header);
    put_source(&g, options->header ? options->header : "bindings.h", source);
    status = put_world(&g, source);
  }
  for (size_t i = 0; i < CV_COUNT(buffers); i++) {
    if (status == CV_OK)
      status = cv_buf_status(buffers[i]);
    cv_buf_free(buffers[i]);
  }
  if (status == CV_OK)
    status = g.out_of_memory || cv_buf_status(header) != CV_OK ? CV_ENOMEM : cv_buf_status(source);
  if (status == CV_ENOMEM)
    status = cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  for (size_t i = 0; i < CV_COUNT(maps); i++)
    cv_map_free(maps[i]);
  cv_arena_free(&g.arena);
  return status;
}
