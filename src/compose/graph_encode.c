// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph_encode.c: a composition as a component:
//
//   imports     their types, each import after those whose types it uses
//   packages    each as it is given, a nested component; those that are not instantiated are left out
//   nodes       instances and aliases of their exports, in the order in which they were made
//   exports
//   names       of the nested components and the instances, for people
//
// What has been put together is validated like anything that is read, and not given out when it is not valid: which
// types an export may mention is a rule that only the whole can be held to.
#include "compose/graph.h"

#include "compose/compose.h"
#include "compose/modules.h"
#include "wit/encode.h"

enum {
  SECTION_CUSTOM = 0,
  SECTION_COMPONENT = 4,
  SECTION_INSTANCE = 5,
  SECTION_ALIAS = 6,
  SECTION_EXPORT = 11,
  NAMES_SORT = 1,
};

static const cv_cspace spaces[] = {
    [CV_SORT_MODULE] = CV_CS_CORE_MODULE, [CV_SORT_FUNC] = CV_CS_FUNC,           [CV_SORT_VALUE] = CV_CS_VALUE,
    [CV_SORT_TYPE] = CV_CS_TYPE,          [CV_SORT_COMPONENT] = CV_CS_COMPONENT, [CV_SORT_INSTANCE] = CV_CS_INSTANCE,
};

typedef struct writer {
  cv_graph *g;
  cv_wit_encoder *e;
  cv_buf item;
  uint32_t *components; // of each package: its index in the component space, or CV_NO_INDEX
} writer;

static uint32_t put_item(writer *w, uint32_t section, cv_csort sort) {
  cv_wit_encode_item(w->e, section, 0, &w->item);
  w->item.size = 0;
  return w->e->counts[spaces[sort]]++;
}

static void put_instance(writer *w, cv_graph_node *n) {
  uint32_t count = w->g->packages[n->package].type->import_count;
  cv_buf_byte(&w->item, 0x00);
  cv_buf_uleb(&w->item, w->components[n->package]);
  cv_buf_uleb(&w->item, count);
  for (uint32_t i = 0; i < count; i++) {
    const cv_graph_node *given = &w->g->nodes.data[n->args[i].node];
    cv_compose_put_name(&w->item, n->args[i].name);
    cv_graph_put_sort(&w->item, given->external.type.sort);
    cv_buf_uleb(&w->item, given->index);
  }
  n->index = put_item(w, SECTION_INSTANCE, CV_SORT_INSTANCE);
}

static void put_access(writer *w, cv_graph_node *n) {
  cv_graph_put_sort(&w->item, n->external.type.sort);
  cv_buf_byte(&w->item, 0x00);
  cv_buf_uleb(&w->item, w->g->nodes.data[n->source].index);
  cv_compose_put_name(&w->item, n->external.name);
  n->index = put_item(w, SECTION_ALIAS, n->external.type.sort);
}

static void put_export(writer *w, const cv_graph_export *e) {
  const cv_graph_node *n = &w->g->nodes.data[e->node];
  cv_cextern named = e->like ? *e->like : (cv_cextern){0};
  named.name = e->name;
  cv_graph_put_name(&w->item, &named);
  cv_graph_put_sort(&w->item, n->external.type.sort);
  cv_buf_uleb(&w->item, n->index);
  cv_buf_byte(&w->item, 0x00);
  put_item(w, SECTION_EXPORT, n->external.type.sort);
}

static cv_status put_imports(writer *w, cv_graph_encoder *x) {
  for (uint32_t i = 0; i < w->g->nodes.count; i++) {
    const cv_graph_node *n = &w->g->nodes.data[i];
    if (n->kind == CV_GRAPH_IMPORT && n->has_type)
      CV_TRY(cv_graph_put_import(x, i));
  }
  cv_wit_encode_flush(w->e);
  return CV_OK;
}

static cv_status put_packages(writer *w, cv_buf *out) {
  cv_graph *g = w->g;
  uint32_t next = 0;
  w->components = CV_ARENA_ARRAY(&g->arena, uint32_t, g->package_count + 1);
  if (!w->components)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < g->package_count; i++)
    w->components[i] = CV_NO_INDEX;
  for (uint32_t i = 0; i < g->nodes.count; i++)
    if (g->nodes.data[i].kind == CV_GRAPH_INSTANCE)
      w->components[g->nodes.data[i].package] = 0;
  for (uint32_t i = 0; i < g->package_count; i++) {
    const cv_graph_package *p = &g->packages[i];
    if (w->components[i] == CV_NO_INDEX)
      continue;
    w->components[i] = next++;
    cv_buf_byte(out, SECTION_COMPONENT);
    cv_buf_uleb(out, p->bytes.size);
    cv_buf_bytes(out, p->bytes.data, p->bytes.size);
  }
  w->e->counts[CV_CS_COMPONENT] += next;
  return CV_OK;
}

// ---- names for people ----------------------------------------------------------------------------------------------

// A package's name without namespace and version: what stands between.
static cv_bytes short_name(const cv_graph_package *p) {
  cv_bytes name = p->name;
  const uint8_t *at = name.size ? memchr(name.data, '@', name.size) : NULL;
  if (at)
    name.size = (size_t)(at - name.data);
  for (size_t i = name.size; i-- > 0;)
    if (name.data[i] == ':')
      return (cv_bytes){name.data + i + 1, name.size - i - 1};
  return name;
}

typedef struct name_map {
  cv_buf entries;
  uint32_t count;
} name_map;

static void put_entry(name_map *map, uint32_t index, cv_bytes name) {
  if (name.size == 0)
    return;
  cv_buf_uleb(&map->entries, index);
  cv_compose_put_name(&map->entries, name);
  map->count++;
}

static void put_map(name_map *map, cv_csort sort, cv_buf *section) {
  cv_buf contents;
  if (map->count == 0)
    return;
  cv_buf_init(&contents, section->mem);
  cv_graph_put_sort(&contents, sort);
  cv_buf_uleb(&contents, map->count);
  cv_buf_bytes(&contents, map->entries.data, map->entries.size);
  cv_buf_byte(section, NAMES_SORT);
  cv_buf_uleb(section, contents.size);
  cv_buf_bytes(section, contents.data, contents.size);
  section->failed |= contents.failed || map->entries.failed;
  cv_buf_free(&contents);
}

static void put_names(const writer *w, cv_buf *out) {
  const cv_graph *g = w->g;
  name_map components = {.count = 0}, instances = {.count = 0};
  cv_buf section;
  cv_buf_init(&components.entries, g->mem);
  cv_buf_init(&instances.entries, g->mem);
  cv_buf_init(&section, g->mem);
  for (uint32_t i = 0; i < g->package_count; i++)
    if (w->components[i] != CV_NO_INDEX)
      put_entry(&components, w->components[i], short_name(&g->packages[i]));
  for (uint32_t i = 0; i < g->nodes.count; i++)
    if (g->nodes.data[i].kind == CV_GRAPH_INSTANCE)
      put_entry(&instances, g->nodes.data[i].index, short_name(&g->packages[g->nodes.data[i].package]));
  cv_compose_put_name(&section, CV_BYTES_LITERAL("component-name"));
  put_map(&components, CV_SORT_COMPONENT, &section);
  put_map(&instances, CV_SORT_INSTANCE, &section);
  if (components.count != 0)
    cv_compose_put_section(out, SECTION_CUSTOM, &section);
  cv_buf_free(&components.entries);
  cv_buf_free(&instances.entries);
  cv_buf_free(&section);
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static cv_status put_component(writer *w, cv_graph_encoder *x, cv_buf *out) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  cv_graph *g = w->g;
  cv_buf_bytes(out, preamble, sizeof preamble);
  CV_TRY(put_imports(w, x));
  cv_buf_bytes(out, w->e->body.data, w->e->body.size);
  size_t imports = w->e->body.size;
  CV_TRY(put_packages(w, out));
  for (uint32_t i = 0; i < g->nodes.count; i++) {
    cv_graph_node *n = &g->nodes.data[i];
    if (n->kind == CV_GRAPH_INSTANCE)
      put_instance(w, n);
    else if (n->kind == CV_GRAPH_ACCESS)
      put_access(w, n);
  }
  for (uint32_t i = 0; i < g->exports.count; i++)
    put_export(w, &g->exports.data[i]);
  cv_wit_encode_flush(w->e);
  if (w->e->body.size > imports)
    cv_buf_bytes(out, w->e->body.data + imports, w->e->body.size - imports);
  put_names(w, out);
  return w->e->body.failed || w->item.failed ? CV_ENOMEM : cv_buf_status(out);
}

// The first export that speaks of a type without a name, if that is what is wrong.
static cv_status find_unnamed(cv_graph *g, const cv_graph_export **out) {
  bool visible = true;
  g->v.steps = 0;
  for (size_t i = 0; i < g->imports.count && visible; i++)
    CV_TRY(cv_visible_check(&g->v, &g->scope, true, &g->nodes.data[g->imports.data[i]].external.type, &visible));
  for (size_t i = 0; i < g->exports.count && visible; i++) {
    *out = &g->exports.data[i];
    CV_TRY(cv_visible_check(&g->v, &g->scope, false, &g->nodes.data[(*out)->node].external.type, &visible));
  }
  if (visible)
    *out = NULL;
  return CV_OK;
}

static cv_status explain(cv_graph *g, cv_status status) {
  const cv_graph_export *export = NULL;
  g->diag->offset = CV_NO_OFFSET; // of a component that nobody gets to see
  g->place = CV_NO_INDEX;
  if (status != CV_EINVALID || find_unnamed(g, &export) != CV_OK || !export)
    return cv_in_context(&g->v, status, "the composition is not valid");
  g->place = export->place;
  cv_diag_init(g->diag);
  return cv_fail(g->diag, status, CV_NO_OFFSET,
                 "the export `%.*s` speaks of a type that nobody outside can know: the composition neither imports nor "
                 "exports what defines it, which must be exported first",
                 CV_NAME(export->name));
}

static cv_status check(cv_graph *g, const cv_buf *out) {
  cv_component *component = NULL;
  cv_status status = cv_component_decode(&component, g->mem, out->data, out->size, false, CV_FEATURES_ALL, g->diag);
  if (status == CV_OK)
    status = cv_component_validate(component, g->registry, 0, g->diag);
  cv_component_delete(component);
  return status == CV_OK || status == CV_ENOMEM ? status : explain(g, status);
}

cv_status cv_graph_encode(cv_graph *g, cv_buf *out) {
  cv_graph_encoder *x;
  writer w = {.g = g};
  CV_TRY(cv_graph_encoder_new(&x, g));
  w.e = cv_graph_encoder_root(x);
  cv_buf_init(&w.item, g->mem);
  cv_status status = put_component(&w, x, out);
  cv_buf_free(&w.item);
  cv_graph_encoder_delete(x);
  if (status == CV_OK)
    status = check(g, out);
  return status == CV_ENOMEM ? cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory") : status;
}
