// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph.c: the nodes of a composition and their types (graph.h).
//
// To instantiate a package is what validation does for an instance definition (component/validate/instances.c): its
// imports are gone through in order, each is matched with what it is given, which binds the resources that it
// introduces, and the exports are rewritten with what was bound. An import that nobody gives becomes part of an import
// of the composition: it is matched with what is there already, and what is not there is added.
#include "compose/graph.h"

#include "component/link.h"
#include "compose/modules.h"
#include "wasm/binary/decode.h"
#include "wasm/limits.h"

#include <stdio.h>

static CV_COLD cv_status no_memory(cv_graph *g) {
  return cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// ---- packages ------------------------------------------------------------------------------------------------------

static cv_status put_packages(cv_graph *g) {
  static const uint8_t preamble[] = {0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00};
  cv_buf_bytes(&g->binary, preamble, sizeof preamble);
  for (uint32_t i = 0; i < g->package_count; i++) {
    cv_graph_package *p = &g->packages[i];
    if (cv_binary_kind_of(p->bytes.data, p->bytes.size, NULL) != CV_BINARY_COMPONENT)
      return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "%s is not a component", p->title);
    if (p->bytes.size > CV_MAX_MODULE_SIZE - g->binary.size)
      return cv_fail(g->diag, CV_ELIMIT, CV_NO_OFFSET, "the components are larger than %d bytes together",
                     CV_MAX_MODULE_SIZE);
    cv_buf_byte(&g->binary, 4);
    cv_buf_uleb(&g->binary, p->bytes.size);
    p->start = (uint32_t)g->binary.size;
    cv_buf_bytes(&g->binary, p->bytes.data, p->bytes.size);
  }
  return cv_buf_status(&g->binary) == CV_OK ? CV_OK : no_memory(g);
}

// A message about a package says which one, and where in it.
static cv_status blame_package(cv_graph *g, cv_status status) {
  char text[sizeof g->diag->text];
  for (uint32_t i = 0; i < g->package_count && status != CV_OK; i++) {
    const cv_graph_package *p = &g->packages[i];
    if (g->diag->offset < p->start || g->diag->offset - p->start > p->bytes.size)
      continue;
    memcpy(text, g->diag->text, sizeof text);
    snprintf(g->diag->text, sizeof g->diag->text, "%.100s: offset 0x%llx: %.350s", p->title,
             (unsigned long long)(g->diag->offset - p->start), text);
    g->diag->offset = CV_NO_OFFSET;
    break;
  }
  return status;
}

static cv_status read_packages(cv_graph *g) {
  CV_TRY(put_packages(g));
  CV_TRY(cv_component_decode(&g->component, g->mem, g->binary.data, g->binary.size, false, CV_FEATURES_ALL, g->diag));
  g->v.root = g->component;
  g->v.arena = &g->component->arena;
  CV_TRY(cv_component_check(&g->v, g->component, NULL));
  for (uint32_t i = 0; i < g->package_count; i++)
    g->packages[i].type = &g->component->defs[i].as.component->type;
  g->v.offset = CV_NO_OFFSET;
  cv_scope_init(&g->v, &g->scope, CV_SCOPE_COMPONENT, NULL);
  g->has_scope = true;
  return CV_OK;
}

cv_status cv_graph_new(cv_graph *g, cv_graph_package *packages, uint32_t count, cv_mem *mem, cv_diag *diag) {
  *g = (cv_graph){.mem = mem, .diag = diag, .packages = packages, .package_count = count};
  cv_arena_init(&g->arena, mem);
  cv_buf_init(&g->binary, mem);
  cv_map_init(&g->owners, mem);
  cv_map_init(&g->origins, mem);
  cv_map_init(&g->accesses, mem);
  cv_map_init(&g->export_names, mem);
  g->registry = cv_type_registry_new(mem);
  if (!g->registry)
    return no_memory(g);
  g->v = (cv_cvalidator){.mem = mem, .registry = g->registry, .diag = diag};
  cv_status status = read_packages(g);
  return status == CV_ENOMEM ? no_memory(g) : blame_package(g, status);
}

void cv_graph_free(cv_graph *g) {
  if (g->has_scope)
    cv_scope_free(&g->v, &g->scope);
  cv_vec_free(g->mem, &g->nodes);
  cv_vec_free(g->mem, &g->imports);
  cv_vec_free(g->mem, &g->exports);
  cv_map_free(&g->accesses);
  cv_map_free(&g->export_names);
  cv_map_free(&g->owners);
  cv_map_free(&g->origins);
  cv_component_delete(g->component);
  if (g->registry)
    cv_type_registry_delete(g->registry);
  cv_buf_free(&g->binary);
  cv_arena_free(&g->arena);
}

// ---- nodes ---------------------------------------------------------------------------------------------------------

static cv_status add_node(cv_graph *g, cv_graph_node node, uint32_t *out) {
  *out = (uint32_t)g->nodes.count;
  if (cv_vec_push(g->mem, &g->nodes, node) != CV_OK ||
      (node.kind == CV_GRAPH_IMPORT && cv_vec_push(g->mem, &g->imports, *out) != CV_OK))
    return no_memory(g);
  return CV_OK;
}

const cv_cinstancetype *cv_graph_instance_type(const cv_graph *g, uint32_t node) {
  const cv_cexterntype *type = &g->nodes.data[node].external.type;
  return type->sort == CV_SORT_INSTANCE ? type->as.instance : NULL;
}

const char *cv_graph_node_title(const cv_graph *g, uint32_t node) {
  const cv_graph_node *n = &g->nodes.data[node];
  while (n->kind == CV_GRAPH_ACCESS)
    n = &g->nodes.data[n->source];
  return n->kind == CV_GRAPH_INSTANCE ? g->packages[n->package].title : "an import";
}

bool cv_graph_same_name(cv_bytes a, cv_bytes b) {
  cv_bytes base_a, version_a, base_b, version_b;
  if (cv_bytes_equal(a, b))
    return true;
  cv_cname_split(a, &base_a, &version_a);
  cv_cname_split(b, &base_b, &version_b);
  cv_bytes none = {NULL, 0};
  return version_a.size != 0 && version_b.size != 0 && cv_bytes_equal(base_a, base_b) &&
         (cv_version_fits(version_a, none, version_b) != CV_VERSION_OTHER ||
          cv_version_fits(version_b, none, version_a) != CV_VERSION_OTHER);
}

static int compare_versions(cv_bytes a, cv_bytes b) {
  cv_bytes base, version_a, version_b;
  cv_cname_split(a, &base, &version_a);
  cv_cname_split(b, &base, &version_b);
  return cv_version_compare(version_a, version_b);
}

// ---- imports of the composition ------------------------------------------------------------------------------------

// An instance at work: what its package's resources and types are bound to.
typedef struct binding {
  cv_graph *g;
  cv_rframe frame;
  cv_given_types types;
  uint32_t package;
  uint32_t import; // the node that is being added to
} binding;

static cv_bytes id_key(const uint32_t *number) {
  return (cv_bytes){(const uint8_t *)number, sizeof *number};
}

// Resources that the type introduces, and that are not bound, are new ones of the import.
static cv_status bind_fresh(binding *b, const cv_cexterntype *type) {
  cv_graph *g = b->g;
  if (type->sort == CV_SORT_INSTANCE)
    for (uint32_t i = 0; i < type->as.instance->export_count; i++)
      CV_TRY(bind_fresh(b, &type->as.instance->exports[i].type));
  if (type->sort != CV_SORT_TYPE || type->as.type.kind != CV_DEF_RESOURCE)
    return CV_OK;
  const cv_cresource **slot = cv_rframe_find(&b->frame, type->as.type.as.resource);
  if (!slot || *slot)
    return CV_OK;
  cv_cresource *resource = cv_scope_resource(&g->v, &g->scope, type->as.type.as.resource->name);
  if (!resource || cv_map_put(&g->owners, id_key(&resource->id), b->import, NULL) != CV_OK)
    return CV_ENOMEM;
  resource->is_imported = true;
  *slot = resource;
  return CV_OK;
}

// What the package asks for, as the composition asks for it.
static cv_status add_extern(binding *b, const cv_cextern *wanted, cv_cextern *out) {
  const cv_cextern *rewritten;
  CV_TRY(bind_fresh(b, &wanted->type));
  CV_TRY(cv_subst_externs(&b->g->v, &b->frame, wanted, 1, &rewritten));
  *out = *rewritten;
  return CV_OK;
}

// Both are names of one type.
static cv_status note_origin(cv_graph *g, const cv_cexterntype *have, const cv_cexterntype *wanted) {
  if (have->sort != CV_SORT_TYPE || have->as.type.kind != CV_DEF_VALUE || wanted->as.type.kind != CV_DEF_VALUE)
    return CV_OK;
  const uint32_t *to = &have->as.type.as.value->traits.origin, *from = &wanted->as.type.as.value->traits.origin;
  return *to == *from ? CV_OK : cv_map_put(&g->origins, id_key(from), (uint64_t)(uintptr_t)to, NULL);
}

static cv_status merge_instance(binding *b, cv_cexterntype *have, const cv_cinstancetype *wanted);

static cv_status merge_type(binding *b, cv_cexterntype *have, const cv_cexterntype *wanted) {
  if (have->sort == CV_SORT_INSTANCE && wanted->sort == CV_SORT_INSTANCE)
    return merge_instance(b, have, wanted->as.instance);
  CV_TRY(cv_match_extern(&b->g->v, &b->frame, have, wanted));
  return note_origin(b->g, have, wanted);
}

static cv_status merge_instance(binding *b, cv_cexterntype *have, const cv_cinstancetype *wanted) {
  cv_cvalidator *v = &b->g->v;
  const cv_cinstancetype *old = have->as.instance;
  uint32_t count = old->export_count;
  CV_TRY(cv_cvalidator_step(v, CV_COPY_STEPS * (1 + (uint64_t)count + wanted->export_count)));
  cv_cextern *list = CV_ARENA_ARRAY(v->arena, cv_cextern, (size_t)count + wanted->export_count + 1);
  if (!list)
    return CV_ENOMEM;
  memcpy(list, old->exports, count * sizeof *list);
  bool changed = false;
  for (uint32_t i = 0; i < wanted->export_count; i++) {
    const cv_cextern *e = &wanted->exports[i];
    const cv_cextern *found = cv_cextern_find(old->sorted, old->export_count, e->name);
    if (!found) {
      CV_TRY(add_extern(b, e, &list[count++]));
      changed = true;
      continue;
    }
    cv_cexterntype *type = &list[found - old->exports].type;
    const cv_cinstancetype *before = type->sort == CV_SORT_INSTANCE ? type->as.instance : NULL;
    CV_TRY(
        cv_in_context(v, merge_type(b, type, &e->type), "type mismatch in instance export `%.*s`", CV_NAME(e->name)));
    changed |= before && before != type->as.instance;
  }
  return changed ? cv_instancetype_new(v, list, count, NULL, 0, &have->as.instance) : CV_OK;
}

static bool find_import(const cv_graph *g, cv_bytes name, uint32_t *out) {
  for (uint32_t i = 0; i < g->imports.count; i++) {
    *out = g->imports.data[i];
    if (cv_graph_same_name(g->nodes.data[*out].external.name, name))
      return true;
  }
  *out = CV_NO_INDEX;
  return false;
}

// The package asks for `wanted` of import `node`.
static cv_status ask(binding *b, uint32_t node, const cv_cextern *wanted) {
  cv_graph *g = b->g;
  cv_graph_node *n = &g->nodes.data[node];
  b->import = node;
  if (!n->has_type) {
    cv_bytes name = n->external.name;
    CV_TRY(add_extern(b, wanted, &n->external));
    if (n->is_explicit && !cv_bytes_equal(name, wanted->name))
      n->external = (cv_cextern){.name = name, .type = n->external.type};
    n->has_type = true;
    n->package = b->package;
    return CV_OK;
  }
  CV_TRY(cv_in_context(&g->v, merge_type(b, &n->external.type, &wanted->type),
                       "%s and %s both import `%.*s`, but not of one type", g->packages[n->package].title,
                       g->packages[b->package].title, CV_NAME(wanted->name)));
  if (!n->is_explicit && compare_versions(n->external.name, wanted->name) < 0) {
    const cv_cexterntype type = n->external.type;
    n->external = *wanted;
    n->external.type = type;
  }
  return CV_OK;
}

cv_status cv_graph_import(cv_graph *g, cv_bytes name, cv_bytes path, uint32_t *node) {
  if (find_import(g, name, node))
    return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "`%.*s` is imported already: use one name for it",
                   CV_NAME(name));
  return add_node(g, (cv_graph_node){.kind = CV_GRAPH_IMPORT, .external.name = name, .path = path, .is_explicit = true},
                  node);
}

// ---- instances -----------------------------------------------------------------------------------------------------

// Whether a type speaks of a resource that an instance of the composition makes.
static bool is_made(const binding *b, const cv_cresource *resource) {
  const cv_cresource **slot = cv_rframe_find(&b->frame, resource);
  return slot && *slot && !cv_map_get(&b->g->owners, id_key(&(*slot)->id));
}

static bool has_made(const binding *b, const cv_ctype *type) {
  bool made = type->resource && is_made(b, type->resource);
  for (uint32_t i = 0; i < type->count && type->traits.has_resource && !made; i++)
    made = type->fields[i].type && has_made(b, type->fields[i].type);
  return made;
}

static bool same_type(cv_cdeftype a, cv_cdeftype b) {
  if (a.kind != b.kind)
    return false;
  return a.kind == CV_DEF_RESOURCE ? a.as.resource->id == b.as.resource->id
                                   : a.kind == CV_DEF_VALUE && cv_ctype_equal(a.as.value, b.as.value);
}

// A type import of a world names a type of an instance that is given before (WIT's `use` in a world). One that speaks
// of a resource of the composition cannot be an import of it: the package gets the type of that instance.
static cv_status take_type(binding *b, const cv_cextern *import, const cv_graph_arg *given, uint32_t count,
                           uint32_t *node) {
  cv_graph *g = b->g;
  const cv_cdeftype type = import->type.as.type;
  if (import->type.sort != CV_SORT_TYPE || (type.kind != CV_DEF_RESOURCE && type.kind != CV_DEF_VALUE) ||
      !(type.kind == CV_DEF_RESOURCE ? is_made(b, type.as.resource) : has_made(b, type.as.value)))
    return CV_OK;
  const cv_cextern *wanted;
  CV_TRY(cv_subst_externs(&g->v, &b->frame, import, 1, &wanted));
  for (uint32_t i = 0; i < count; i++) {
    const cv_cinstancetype *instance = cv_graph_instance_type(g, given[i].node);
    for (uint32_t k = 0; instance && k < instance->export_count; k++) {
      const cv_cextern *e = &instance->exports[k];
      if (e->type.sort == CV_SORT_TYPE && same_type(e->type.as.type, wanted->type.as.type))
        return cv_graph_access(g, given[i].node, e->name, node);
    }
  }
  return CV_OK;
}

static cv_status take_argument(binding *b, const cv_cextern *import, uint32_t *node) {
  cv_graph *g = b->g;
  if (*node == CV_NO_INDEX && !find_import(g, import->name, node))
    CV_TRY(add_node(g, (cv_graph_node){.kind = CV_GRAPH_IMPORT, .external.name = import->name}, node));
  const cv_graph_node *n = &g->nodes.data[*node];
  if (n->kind == CV_GRAPH_IMPORT)
    return ask(b, *node, import);
  return cv_in_context(&g->v, cv_match_extern(&g->v, &b->frame, &n->external.type, &import->type),
                       "%s does not give %s the import `%.*s` that it wants", cv_graph_node_title(g, *node),
                       g->packages[b->package].title, CV_NAME(import->name));
}

// What exports call a resource.
static cv_bytes resource_name(const cv_cextern *exports, uint32_t count, const cv_cresource *resource) {
  for (uint32_t i = 0; i < count; i++) {
    const cv_cexterntype *type = &exports[i].type;
    if (type->sort == CV_SORT_TYPE && type->as.type.kind == CV_DEF_RESOURCE &&
        type->as.type.as.resource->id == resource->id)
      return exports[i].name;
    cv_bytes inside = {NULL, 0};
    if (type->sort == CV_SORT_INSTANCE)
      inside = resource_name(type->as.instance->exports, type->as.instance->export_count, resource);
    if (inside.size != 0)
      return inside;
  }
  return resource->name;
}

static cv_status make_type(binding *b, const cv_ccomponenttype *type, cv_cexterntype *out) {
  cv_graph *g = b->g;
  const cv_cextern *exports;
  for (uint32_t i = type->imported_resource_count; i < type->resource_count; i++) {
    cv_bytes name = resource_name(type->exports, type->export_count, type->resources[i]);
    cv_cresource *resource = cv_scope_resource(&g->v, &g->scope, name);
    if (!resource)
      return CV_ENOMEM;
    b->frame.actual[i] = resource;
  }
  CV_TRY(cv_subst_externs(&g->v, &b->frame, type->exports, type->export_count, &exports));
  out->sort = CV_SORT_INSTANCE;
  return cv_instancetype_new(&g->v, exports, type->export_count, NULL, 0, &out->as.instance);
}

static cv_status instantiate(binding *b, const uint32_t *args, cv_graph_node *node) {
  cv_graph *g = b->g;
  const cv_ccomponenttype *type = g->packages[b->package].type;
  g->v.steps = 0;
  CV_TRY(cv_rframe_init(&g->v, &b->frame, NULL, type->resources, type->imported_resource_count, type->resource_count));
  b->frame.types = &b->types;
  node->args = CV_ARENA_ARRAY(&g->arena, cv_graph_arg, type->import_count + 1);
  if (!node->args)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < type->import_count; i++) {
    node->args[i] = (cv_graph_arg){type->imports[i].name, args[i]};
    if (args[i] == CV_NO_INDEX)
      CV_TRY(take_type(b, &type->imports[i], node->args, i, &node->args[i].node));
    CV_TRY(take_argument(b, &type->imports[i], &node->args[i].node));
  }
  return make_type(b, type, &node->external.type);
}

cv_status cv_graph_instantiate(cv_graph *g, uint32_t package, const uint32_t *args, uint32_t *node) {
  binding b = {.g = g, .package = package};
  cv_graph_node made = {.kind = CV_GRAPH_INSTANCE, .package = package};
  cv_given_types_init(&b.types, g->mem);
  cv_status status = instantiate(&b, args, &made);
  cv_given_types_free(&b.types);
  if (status == CV_OK)
    status = add_node(g, made, node);
  return status == CV_ENOMEM ? no_memory(g) : status;
}

cv_status cv_graph_access(cv_graph *g, uint32_t instance, cv_bytes name, uint32_t *node) {
  const cv_cinstancetype *type = cv_graph_instance_type(g, instance);
  const cv_cextern *found = type ? cv_cextern_find(type->sorted, type->export_count, name) : NULL;
  if (!found)
    return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "%s has no export `%.*s`", cv_graph_node_title(g, instance),
                   CV_NAME(name));
  uint8_t *key = cv_arena_alloc(&g->arena, sizeof instance + name.size);
  if (!key)
    return no_memory(g);
  memcpy(key, &instance, sizeof instance);
  memcpy(key + sizeof instance, found->name.data, found->name.size);
  const cv_bytes place = {key, sizeof instance + found->name.size};
  const uint64_t *known = cv_map_get(&g->accesses, place);
  if (known) {
    *node = (uint32_t)*known;
    return CV_OK;
  }
  CV_TRY(add_node(g, (cv_graph_node){.kind = CV_GRAPH_ACCESS, .external = *found, .source = instance}, node));
  return cv_map_put(&g->accesses, place, *node, NULL) == CV_OK ? CV_OK : no_memory(g);
}

bool cv_graph_is_exported(const cv_graph *g, cv_bytes name) {
  return cv_map_get(&g->export_names, name) != NULL;
}

cv_status cv_graph_export_node(cv_graph *g, uint32_t node, cv_bytes name, const cv_cextern *like) {
  bool existed = false;
  if (cv_map_put(&g->export_names, name, node, &existed) != CV_OK)
    return no_memory(g);
  if (existed)
    return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "`%.*s` is exported twice", CV_NAME(name));
  return cv_vec_push(g->mem, &g->exports, (cv_graph_export){name, like, node, g->place}) == CV_OK ? CV_OK
                                                                                                  : no_memory(g);
}
