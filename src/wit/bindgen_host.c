// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bindgen_host.c: host bindings in C: what `cove bindgen host` writes (bindgen.h has the naming rules).
//
// The header gets the types and the prototypes of what the host provides; the source gets the glue: for each imported
// function a static function over flat core values that lifts its parameters, calls the host's function and lowers its
// result. Each type gets the steps that are needed, once:
//
//   load_T(call, at, out)     lifts from memory that was checked      (CanonicalABI.md, "Loading")
//   flat_T(call, values, out) lifts from flat values                  ("Lifting Flat Values")
//   store_T(call, in, at)     lowers into memory that was checked     ("Storing")
//
// For each exported function there is one that calls it: it lowers the parameters and lifts the result, with store_T
// and
//
//   push_T(call, in, values)  lowers into flat values                 ("Lowering Flat Values")
//   keep_T(call, at, out)     lifts as load_T, with copies of strings and lists
//
// A resource that an exported interface defines is a cove_handle in C.
//
// A flat value is read through the union member of its own type, which is right whatever type it was joined to: the
// narrower type is in the low bits of the slot.
#include "wit/gen.h"
#include "wit/print.h"

#include <stdio.h>

#define PRINT cv_buf_printf

// ---- tables --------------------------------------------------------------------------------------------------------

typedef struct row {
  const char *label; // "[method]input-stream.read"
  const char *signature;
  const char *params; // their names, with spaces between
  const char *cname;
  struct row *next;
} row;

const char *cv_gen_label_of(cv_gen *g, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (func->kind == CV_WIT_CONSTRUCTOR)
    PRINT(&out, "[constructor]%.*s", CV_BYTES_ARG(func->resource->head.name));
  else if (func->resource)
    PRINT(&out, "[%s]%.*s.%.*s", func->kind == CV_WIT_METHOD ? "method" : "static",
          CV_BYTES_ARG(func->resource->head.name), CV_BYTES_ARG(func->head.name));
  else
    PRINT(&out, "%.*s", CV_BYTES_ARG(func->head.name));
  return cv_gen_keep(g, &out).text;
}

static const char *params_of(cv_gen *g, const cv_wit_func *func) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (func->kind == CV_WIT_METHOD)
    cv_buf_text(&out, "self");
  for (const cv_wit_part *part = func->params; part; part = part->next)
    PRINT(&out, "%s%.*s", out.size != 0 ? " " : "", CV_BYTES_ARG(part->head.name));
  return cv_gen_keep(g, &out).text;
}

// Inserts in the order of the labels.
static cv_status add_row(cv_gen *g, row **rows, const cv_wit_func *func, const char *cname) {
  row *r = CV_ARENA_NEW(&g->arena, row);
  if (!r)
    return cv_gen_no_memory(g);
  cv_buf signature;
  cv_buf_init(&signature, g->mem);
  cv_bindgen_signature(func, &signature);
  *r = (row){cv_gen_label_of(g, func), cv_gen_keep(g, &signature).text, params_of(g, func), cname, NULL};
  while (*rows && strcmp((*rows)->label, r->label) < 0)
    rows = &(*rows)->next;
  r->next = *rows;
  *rows = r;
  return CV_OK;
}

static cv_status add_func(cv_gen *g, const cv_wit_item *item, const cv_wit_func *func, row **rows) {
  cv_gen_shape *s = CV_ARENA_NEW(&g->arena, cv_gen_shape);
  if (!s)
    return cv_gen_no_memory(g);
  if (func->is_async)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: async function %.*s in host bindings",
                   CV_BYTES_ARG(func->head.name));
  const char *cname = cv_gen_host_func_name(g, item, func);
  CV_TRY(cv_gen_func_shape(g, func, s));
  cv_gen_host_put_prototype(g, func, cname, s);
  CV_TRY(cv_gen_host_put_glue(g, cname, s));
  return add_row(g, rows, func, cname);
}

static cv_status add_resource(cv_gen *g, const cv_wit_item *item, const cv_wit_typedef *resource, row **rows) {
  const char *cname = cv_gen_def_name(g, resource).text, *drop = cv_gen_host_drop_name(g, resource);
  const char *inner = cv_gen_unique(g, cv_gen_key(g, "inner-drop", resource, NULL), cv_gen_join(g, "drop_", cname));
  if (item && item->head.name.size && !item->interface->is_inline)
    return cv_fail(g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET,
                   "unsupported: resource %.*s of an interface that is imported as \"%.*s\"",
                   CV_BYTES_ARG(resource->head.name), CV_BYTES_ARG(item->head.name));
  cv_buf full;
  cv_buf_init(&full, g->mem);
  if (resource->interface) {
    cv_wit_interface_name(resource->interface, false, &full);
    cv_buf_byte(&full, '/');
  }
  PRINT(&full, "%.*s", CV_BYTES_ARG(resource->head.name));
  CV_TRY(cv_gen_need_def(g, resource));
  PRINT(&g->protos,
        "// Identity of the resource type; what it stands for is %s.\nextern const cove_glue_resource %s;\n"
        "// An owned one goes.\nvoid %s(void *host, %s *self);\n",
        cname, cv_gen_resource_def(g, resource), drop, cname);
  PRINT(&g->tables,
        "static void %s(void *host, void *rep) {\n  %s(host, rep);\n}\n\n"
        "const cove_glue_resource %s = {\"%.*s\", \"%s\", %s};\n\n",
        inner, drop, cv_gen_resource_def(g, resource), CV_BYTES_ARG(resource->head.name), cv_gen_keep(g, &full).text,
        inner);
  for (const cv_wit_func *func = resource->funcs; func; func = func->next)
    CV_TRY(add_func(g, item, func, rows));
  return CV_OK;
}

static const char *table_name(cv_gen *g, const char *cname, const char *suffix) {
  return cv_gen_unique(g, cv_gen_join(g, cv_gen_join(g, "table:", cname), suffix), cv_gen_join(g, cname, suffix));
}

static void put_interface_table(cv_gen *g, const char *cname, const char *label, const row *rows,
                                const cv_wit_typedef *types) {
  const char *func_table = table_name(g, cname, "_funcs"), *resource_table = table_name(g, cname, "_resources");
  cv_buf *out = &g->tables;
  size_t resources = 0, funcs = 0;
  for (const cv_wit_typedef *def = types; def; def = def->next)
    resources += def->kind == CV_WIT_RESOURCE;
  for (const row *r = rows; r; r = r->next)
    funcs++;
  if (funcs) {
    PRINT(out, "static const cove_glue_func %s[] = {\n", func_table);
    for (const row *r = rows; r; r = r->next)
      PRINT(out, "    {\"%s\",\n     \"%s\",\n     %s, \"%s\"},\n", r->label, r->signature,
            cv_gen_host_glue_name(g, r->cname), r->params);
    cv_buf_text(out, "};\n\n");
  }
  if (resources) {
    PRINT(out, "static const cove_glue_resource *const %s[] = {\n", resource_table);
    for (const cv_wit_typedef *def = types; def; def = def->next)
      if (def->kind == CV_WIT_RESOURCE)
        PRINT(out, "    &%s,\n", cv_gen_resource_def(g, def));
    cv_buf_text(out, "};\n\n");
  }
  PRINT(out, "static const cove_glue_interface %s = {\"%s\", ", table_name(g, cname, "_interface"), label);
  PRINT(out, funcs ? "%s, %zu, " : "NULL, 0, ", func_table, funcs);
  PRINT(out, resources ? "%s, %zu};\n\n" : "NULL, 0};\n\n", resource_table, resources);
}

const char *cv_gen_label_of_item(cv_gen *g, const cv_wit_item *item) {
  cv_buf out;
  cv_buf_init(&out, g->mem);
  if (item->head.name.size)
    PRINT(&out, "%.*s", CV_BYTES_ARG(item->head.name));
  else
    cv_wit_interface_name(item->interface, true, &out);
  return cv_gen_keep(g, &out).text;
}

static cv_status add_interface(cv_gen *g, const cv_wit_item *item) {
  row *rows = NULL;
  const cv_wit_interface *interface = item->interface;
  const char *cname = cv_gen_item_name(g, item), *label = cv_gen_label_of_item(g, item);
  PRINT(g->types, "// ---- %s ----\n", label);
  cv_bindgen_docs(interface->head.docs, 0, g->types);
  cv_buf_byte(g->types, '\n');
  PRINT(&g->protos, "\n// ---- %s ----\n\n", label);
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    if (def->kind != CV_WIT_RESOURCE && def->kind != CV_WIT_USE)
      CV_TRY(cv_gen_need_def(g, def));
  for (const cv_wit_typedef *def = interface->types; def; def = def->next)
    if (def->kind == CV_WIT_RESOURCE)
      CV_TRY(add_resource(g, item, def, &rows));
  for (const cv_wit_func *func = interface->funcs; func; func = func->next)
    CV_TRY(add_func(g, item, func, &rows));
  put_interface_table(g, cname, label, rows, interface->types);
  return CV_OK;
}

// Functions and types that the world has outside of interfaces.
static cv_status add_world_items(cv_gen *g, bool *any) {
  row *rows = NULL;
  for (const cv_wit_typedef *def = g->world->types; def; def = def->next)
    *any |= def->kind == CV_WIT_RESOURCE;
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    *any |= item->kind == CV_WIT_ITEM_FUNC;
  if (*any)
    cv_buf_text(&g->protos, "\n// ---- functions of the world itself ----\n\n");
  for (const cv_wit_typedef *def = g->world->types; def; def = def->next)
    if (def->kind == CV_WIT_RESOURCE)
      CV_TRY(add_resource(g, NULL, def, &rows));
    else if (def->kind != CV_WIT_USE)
      CV_TRY(cv_gen_need_def(g, def));
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->kind == CV_WIT_ITEM_FUNC)
      CV_TRY(add_func(g, item, item->func, &rows));
  if (*any)
    put_interface_table(g, g->prefix, "", rows, g->world->types);
  return CV_OK;
}

static cv_status put_world_table(cv_gen *g, bool own_items) {
  // In the order of their labels.
  row *rows = NULL;
  size_t count = own_items;
  for (const cv_wit_item *item = g->world->imports; item; item = item->next) {
    if (item->kind == CV_WIT_ITEM_FUNC)
      continue;
    row *r = CV_ARENA_NEW(&g->arena, row);
    if (!r)
      return cv_gen_no_memory(g);
    *r = (row){.label = cv_gen_label_of_item(g, item), .cname = cv_gen_item_name(g, item)};
    row **at = &rows;
    while (*at && strcmp((*at)->label, r->label) < 0)
      at = &(*at)->next;
    r->next = *at;
    *at = r;
    count++;
  }
  cv_buf *out = &g->tables;
  const cv_wit_package *package = g->world->package;
  if (count) {
    PRINT(out, "static const cove_glue_interface *const interfaces[] = {\n");
    if (own_items)
      PRINT(out, "    &%s,\n", table_name(g, g->prefix, "_interface"));
    for (const row *r = rows; r; r = r->next)
      PRINT(out, "    &%s,\n", table_name(g, r->cname, "_interface"));
    cv_buf_text(out, "};\n\n");
  }
  PRINT(out, "const cove_glue_world %s_world = {\"%.*s:%.*s/%.*s", g->prefix, CV_BYTES_ARG(package->ns),
        CV_BYTES_ARG(package->name), CV_BYTES_ARG(g->world->head.name));
  if (package->version.size)
    PRINT(out, "@%.*s", CV_BYTES_ARG(package->version));
  PRINT(out, "\", %s, %zu};\n", count ? "interfaces" : "NULL", count);
  return CV_OK;
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static void name_resource(cv_gen *g, const cv_wit_typedef *resource) {
  cv_gen_resource_def(g, resource);
  cv_gen_host_drop_name(g, resource);
}

static void name_types(cv_gen *g, const cv_wit_typedef *types) {
  for (const cv_wit_typedef *def = types; def; def = def->next)
    if (def->kind != CV_WIT_USE)
      cv_gen_def_name(g, def);
}

// The names of the header come first, so that what is the source's own gives way; types before functions.
static void name_all(cv_gen *g) {
  const char *const own[] = {"_world", "_exports", "_exports_find"};
  for (size_t i = 0; i < CV_COUNT(own); i++)
    cv_gen_unique(g, cv_gen_join(g, "own:", own[i]), cv_gen_join(g, g->prefix, own[i]));
  const cv_wit_item *lists[] = {g->world->imports, g->world->exports};
  for (int k = 0; k < 2; k++) {
    g->is_export_side = k == 1;
    for (const cv_wit_item *item = lists[k]; item; item = item->next)
      name_types(g, item->interface ? item->interface->types : NULL);
  }
  g->is_export_side = false;
  name_types(g, g->world->types);
  for (const cv_wit_typedef *def = g->world->types; def; def = def->next)
    if (def->kind == CV_WIT_RESOURCE)
      name_resource(g, def);
  for (const cv_wit_item *item = g->world->imports; item; item = item->next) {
    for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next) {
      if (def->kind == CV_WIT_RESOURCE)
        name_resource(g, def);
      for (const cv_wit_func *func = def->funcs; func; func = func->next)
        cv_gen_host_func_name(g, item, func);
    }
    for (const cv_wit_func *func = item->interface ? item->interface->funcs : item->func; func; func = func->next)
      cv_gen_host_func_name(g, item, func);
  }
  for (const cv_wit_item *item = g->world->exports; item; item = item->next)
    cv_gen_name_calls(g, item);
}

static cv_status generate(cv_gen *g) {
  name_all(g);
  bool own_items = false;
  for (const cv_wit_item *item = g->world->imports; item; item = item->next)
    if (item->kind != CV_WIT_ITEM_FUNC)
      CV_TRY(add_interface(g, item));
  CV_TRY(add_world_items(g, &own_items));
  g->is_export_side = true;
  CV_TRY(cv_gen_add_exports(g));
  g->is_export_side = false;
  return put_world_table(g, own_items);
}

static void put_header(const cv_gen *g, const cv_buf *types, cv_buf *out) {
  cv_buf guard;
  cv_buf_init(&guard, g->mem);
  cv_bindgen_upper(cv_bytes_of(g->prefix), &guard);
  const char *upper = cv_buf_cstr(&guard);
  PRINT(out, "// Written by `cove bindgen host` for world %.*s. Do not edit.\n", CV_BYTES_ARG(g->world->head.name));
  if (g->world->imports)
    cv_buf_text(
        out,
        "//\n// The host writes the functions that have a cove_call; `host` is what it gave with the world. Parameters "
        "are\n"
        "// theirs to read until they return; resources among them are the host's from then on, but for those that "
        "are\n"
        "// `borrow` in WIT. What a result points to is static, or of cove_call_alloc; resources in it are the\n"
        "// component's. A function ends with COVE_HOST_OK, or with what cove_call_trap and cove_call_exit return.\n");
  if (g->world->exports)
    cv_buf_text(
        out,
        "//\n// The host calls the functions that have `exports`, which ..._exports_find fills in for an instance. "
        "Strings and\n"
        "// lists of a result are in `results`, which starts as {0} and is freed by the host with cove_results_free.\n"
        "// Resources among the parameters are the component's from the call on, but for borrowed ones; a cove_handle\n"
        "// in a result is the host's, who ends it with cove_handle_drop.\n");
  PRINT(out, "#ifndef %s_BINDINGS_H\n#define %s_BINDINGS_H\n\n#include <cove/glue.h>\n\nCOVE_BEGIN\n\n",
        upper ? upper : "", upper ? upper : "");
  cv_buf_bytes(out, types->data, types->size);
  if (g->world->exports) {
    PRINT(out, "// ---- what an instance exports ----\n\ntypedef struct %s_exports {\n", g->prefix);
    cv_buf_bytes(out, g->members.data, g->members.size);
    PRINT(out,
          "} %s_exports;\n// COVE_NOT_FOUND or COVE_UNLINKABLE when the instance does not fit the world.\n"
          "cove_status %s_exports_find(cove_component_instance *instance, %s_exports *out, cove_error **error);\n",
          g->prefix, g->prefix, g->prefix);
  }
  cv_buf_bytes(out, g->protos.data, g->protos.size);
  PRINT(out,
        "\n// All of it, for cove_component_linker_define_world.\nextern const cove_glue_world "
        "%s_world;\n\nCOVE_END\n\n#endif\n",
        g->prefix);
  cv_buf_free(&guard);
}

// What one line of C opens and closes, outside of its strings.
static void count_brackets(const char *line, size_t size, int *braces, int *parens) {
  bool in_string = false;
  for (size_t i = 0; i < size; i++) {
    char c = line[i];
    if (c == '"')
      in_string = !in_string;
    *braces += in_string ? 0 : (c == '{') - (c == '}');
    *parens += in_string ? 0 : (c == '(') - (c == ')');
  }
}

static bool begins(const char *line, size_t size, const char *word) {
  return size >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

// Statements are written without regard to where they will stand: here each line gets its indentation.
static void put_indented(const cv_buf *text, cv_buf *out) {
  const char *at = (const char *)text->data, *end = text->size ? at + text->size : at;
  int braces = 0, parens = 0;
  bool is_guarded = false; // by an `if` or `for` without braces in the line before
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    const char *next = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    while (at < stop && *at == ' ')
      at++;
    size_t size = (size_t)(stop - at);
    bool is_label = begins(at, size, "case ") || begins(at, size, "default:");
    int depth = 2 * (braces - (is_label || begins(at, size, "}"))) + (parens > 0 ? 4 : 0) + (is_guarded ? 2 : 0);
    PRINT(out, "%*s%.*s\n", size && depth > 0 ? depth : 0, "", (int)size, at);
    bool is_head = begins(at, size, "if (") || begins(at, size, "for (");
    count_brackets(at, size, &braces, &parens);
    is_guarded = is_head && parens == 0 && size > 0 && stop[-1] == ')';
    at = next;
  }
}

static void put_source(const cv_gen *g, const char *header, cv_buf *out) {
  PRINT(out, "// Written by `cove bindgen host` for world %.*s. Do not edit.\n#include \"%s\"\n\n",
        CV_BYTES_ARG(g->world->head.name), header);
  const cv_buf *parts[] = {&g->steps, &g->glue, &g->calls, &g->tables};
  for (size_t i = 0; i < CV_COUNT(parts); i++)
    put_indented(parts[i], out);
}

cv_status cv_bindgen_host(const cv_wit_world *world, const cv_bindgen_options *options, cv_mem *mem, cv_buf *header,
                          cv_buf *source, cv_diag *diag) {
  cv_buf types, prefix;
  cv_gen g = {.mem = mem, .diag = diag, .world = world, .types = &types};
  cv_arena_init(&g.arena, mem);
  cv_map_init(&g.done, mem);
  cv_map_init(&g.names, mem);
  cv_map_init(&g.taken, mem);
  cv_buf_init(&types, mem);
  cv_buf *buffers[] = {&g.protos, &g.steps, &g.glue, &g.tables, &g.calls, &g.members, &g.finds};
  for (size_t i = 0; i < CV_COUNT(buffers); i++)
    cv_buf_init(buffers[i], mem);
  cv_buf_init(&prefix, mem);
  cv_bytes wanted = options->prefix ? cv_bytes_of(options->prefix) : world->head.name;
  if (wanted.size >= 4 && memcmp(wanted.data, "cove", 4) == 0) // those are the library's names
    cv_buf_text(&prefix, "wit_");
  cv_bindgen_snake(wanted, &prefix);
  g.prefix = cv_gen_keep(&g, &prefix).text;
  // Resources are known to the steps before they are defined among the tables: prototypes in the header declare them.
  cv_status status = generate(&g);
  if (status == CV_OK && g.out_of_memory)
    status = cv_gen_no_memory(&g);
  if (status == CV_OK) {
    put_header(&g, &types, header);
    put_source(&g, options->header ? options->header : "bindings.h", source);
    for (size_t i = 0; i < CV_COUNT(buffers) && status == CV_OK; i++)
      status = cv_buf_status(buffers[i]);
  }
  if (status == CV_OK)
    status = cv_buf_status(header) == CV_OK ? cv_buf_status(source) : CV_ENOMEM;
  for (size_t i = 0; i < CV_COUNT(buffers); i++)
    cv_buf_free(buffers[i]);
  cv_buf_free(&types);
  cv_map_free(&g.done);
  cv_map_free(&g.names);
  cv_map_free(&g.taken);
  cv_arena_free(&g.arena);
  return status;
}
