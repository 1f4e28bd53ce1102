// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// graph_types.c: the imports of a composition in the binary format: from types as validation knows them back to type
// definitions, instance types and aliases (Binary.md, "Type Definitions").
//
// What a type of one import shares with another import is reached by an alias: of the export in the scope where the
// instances are, and an outer alias in each type scope around the place of use. Resources must be reached so; a value
// type that is the same as an earlier import's is reached so too, which is how WIT's `use` looks, and is written out
// where it is not.
//
// Terms
//   scope      the component, or an instance or component type in it; has index spaces of its own
//   known      a type that has an index in a scope, or that an instance of the scope exports
//   same type  value types of one origin that are equal: names of one definition
#include "compose/graph.h"

#include "compose/modules.h"
#include "wit/encode.h"

enum {
  SECTION_CORE_TYPE = 3,
  SECTION_ALIAS = 6,
  SECTION_TYPE = 7,
  SECTION_IMPORT = 10,
  DECL_CORE_TYPE = 0x00,
  DECL_TYPE = 0x01,
  DECL_ALIAS = 0x02,
  DECL_IMPORT = 0x03,
  DECL_EXPORT = 0x04,
};

// A type that an instance of the scope exports.
typedef struct reach {
  uint32_t instance;
  cv_bytes name;
  uint32_t index; // of its alias, or CV_NO_INDEX
} reach;

typedef enum known_by {
  BY_SERIAL,   // value types
  BY_SAME,     // value types: serial of the first of those that are the same
  BY_RESOURCE, // id
  BY_WRITTEN,  // value types without a name: serial; for the scope itself only
  KNOWN_COUNT,
} known_by;

// An entry of `known` is a type index, or the place in `reaches`, marked.
#define REACHED (UINT64_C(1) << 32)

typedef struct scope {
  cv_wit_encoder e;
  struct scope *outer;
  cv_map known[KNOWN_COUNT];
  CV_VEC(reach) reaches;
} scope;

// Value types that imports export, in chains of one origin.
typedef struct same_type {
  const cv_ctype *type;
  uint32_t next; // CV_NO_INDEX at the end
} same_type;

struct cv_graph_encoder {
  cv_graph *g;
  cv_arena arena; // of keys
  scope root;
  cv_map origins; // origin -> first of `same`
  CV_VEC(same_type) same;
  uint32_t import;  // the node that is being written
  uint32_t depth;   // of scopes and value types in each other, and of imports that are written for others
  cv_status status; // the first failure
};

enum { STATE_NEW = 0, STATE_ACTIVE = 1, STATE_DONE = 2 };

// Validation bounds how deep one type is; how many imports need each other, in an order that makes one wait for all,
// is bounded here.
enum { MAX_DEPTH = 200 };

static void fail(cv_graph_encoder *x, cv_status status) {
  if (x->status == CV_OK)
    x->status = status;
}

static void need(cv_graph_encoder *x, cv_status status) {
  if (status != CV_OK)
    fail(x, status);
}

static cv_bytes key_of(const uint32_t *number) {
  return (cv_bytes){(const uint8_t *)number, sizeof *number};
}

// ---- scopes --------------------------------------------------------------------------------------------------------

static void open_scope(cv_graph_encoder *x, scope *s, cv_wit_scope_kind kind, scope *outer) {
  *s = (scope){.outer = outer};
  x->depth++;
  cv_wit_encoder_init(&s->e, kind, x->g->mem, &x->arena, x->g->diag);
  for (int i = 0; i < KNOWN_COUNT; i++)
    cv_map_init(&s->known[i], x->g->mem);
}

static void close_scope(cv_graph_encoder *x, scope *s) {
  x->depth--;
  if (s->e.body.failed)
    fail(x, CV_ENOMEM);
  for (int i = 0; i < KNOWN_COUNT; i++)
    cv_map_free(&s->known[i]);
  cv_vec_free(x->g->mem, &s->reaches);
  cv_wit_encoder_free(&s->e);
}

// Keys live as long as the types.
static void know(cv_graph_encoder *x, scope *s, known_by by, const uint32_t *number, uint64_t what) {
  need(x, cv_map_put(&s->known[by], key_of(number), what, NULL));
}

static uint32_t put_item(scope *s, uint32_t section, int declarator, cv_buf *item, cv_cspace space) {
  cv_wit_encode_item(&s->e, section, declarator, item);
  cv_buf_free(item);
  return s->e.counts[space]++;
}

// (alias export $instance "name" (sort))
static uint32_t put_alias(cv_graph_encoder *x, scope *s, cv_csort sort, uint32_t instance, cv_bytes name) {
  cv_buf item;
  cv_buf_init(&item, x->g->mem);
  cv_graph_put_sort(&item, sort);
  cv_buf_byte(&item, 0x00);
  cv_buf_uleb(&item, instance);
  cv_compose_put_name(&item, name);
  return put_item(s, SECTION_ALIAS, DECL_ALIAS, &item, sort == CV_SORT_TYPE ? CV_CS_TYPE : CV_CS_INSTANCE);
}

// (alias outer 1 index (type))
static uint32_t put_outer_alias(cv_graph_encoder *x, scope *s, uint32_t index) {
  cv_buf item;
  cv_buf_init(&item, x->g->mem);
  cv_graph_put_sort(&item, CV_SORT_TYPE);
  cv_buf_byte(&item, 0x02);
  cv_buf_uleb(&item, 1);
  cv_buf_uleb(&item, index);
  return put_item(s, SECTION_ALIAS, DECL_ALIAS, &item, CV_CS_TYPE);
}

// The index of a known type in this scope, by aliases where it takes some.
static bool find_known(cv_graph_encoder *x, scope *s, known_by by, const uint32_t *number, uint32_t *index) {
  const uint64_t *found = cv_map_get(&s->known[by], key_of(number));
  if (found && *found < REACHED) {
    *index = (uint32_t)*found;
    return true;
  }
  if (found) {
    reach *r = &s->reaches.data[*found - REACHED];
    if (r->index == CV_NO_INDEX)
      r->index = put_alias(x, s, CV_SORT_TYPE, r->instance, r->name);
    *index = r->index;
    return true;
  }
  if (!s->outer || !find_known(x, s->outer, by, number, index))
    return false;
  *index = put_outer_alias(x, s, *index);
  know(x, s, by, number, *index);
  return true;
}

// The first of the value types that are the same as this one.
static const cv_ctype *first_same(cv_graph_encoder *x, const cv_ctype *type, bool add) {
  const uint32_t *origin = &type->traits.origin;
  for (const uint64_t *to; (to = cv_map_get(&x->g->origins, key_of(origin))) != NULL;)
    origin = (const uint32_t *)(uintptr_t)*to;
  const uint64_t *found = cv_map_get(&x->origins, key_of(origin));
  uint32_t head = found ? (uint32_t)*found : CV_NO_INDEX;
  for (uint32_t i = head; i != CV_NO_INDEX; i = x->same.data[i].next)
    if (x->same.data[i].type == type || cv_ctype_equal(x->same.data[i].type, type))
      return x->same.data[i].type;
  if (add) {
    need(x, cv_vec_push(x->g->mem, &x->same, (same_type){type, head}));
    if (x->status == CV_OK)
      need(x, cv_map_put(&x->origins, key_of(origin), x->same.count - 1, NULL));
  }
  return type;
}

// ---- value and function types --------------------------------------------------------------------------------------

// Adds a type unless the same one is there. Frees the item.
static uint32_t add_type(cv_graph_encoder *x, scope *s, cv_buf *item) {
  const uint64_t *found = cv_map_get(&s->e.types, (cv_bytes){item->data, item->size});
  if (found && !item->failed) {
    cv_buf_free(item);
    return (uint32_t)*found;
  }
  cv_bytes key = {cv_arena_copy(&x->arena, item->data, item->size), item->size};
  if (!key.data)
    fail(x, CV_ENOMEM);
  else
    need(x, cv_map_put(&s->e.types, key, s->e.counts[CV_CS_TYPE], NULL));
  return put_item(s, SECTION_TYPE, DECL_TYPE, item, CV_CS_TYPE);
}

static void put_valtype(cv_graph_encoder *x, scope *s, const cv_ctype *type, cv_buf *out);
static uint32_t resource_index(cv_graph_encoder *x, scope *s, const cv_cresource *resource);

static void put_optional(cv_graph_encoder *x, scope *s, const cv_ctype *type, cv_buf *out) {
  cv_buf_byte(out, type != NULL);
  if (type)
    put_valtype(x, s, type, out);
}

static void put_fields(cv_graph_encoder *x, scope *s, const cv_ctype *type, cv_buf *out) {
  cv_buf_uleb(out, type->count);
  for (uint32_t i = 0; i < type->count; i++) {
    const cv_cfield *field = &type->fields[i];
    if (type->kind != CV_CT_TUPLE)
      cv_compose_put_name(out, field->name);
    if (type->kind == CV_CT_RECORD || type->kind == CV_CT_TUPLE)
      put_valtype(x, s, field->type, out);
    if (type->kind == CV_CT_VARIANT) {
      put_optional(x, s, field->type, out);
      cv_buf_byte(out, 0x00);
    }
  }
}

static void put_structure(cv_graph_encoder *x, scope *s, const cv_ctype *type, cv_buf *out) {
  cv_buf_byte(out, type->kind);
  switch (type->kind) {
  case CV_CT_RECORD:
  case CV_CT_VARIANT:
  case CV_CT_TUPLE:
  case CV_CT_FLAGS:
  case CV_CT_ENUM:
    put_fields(x, s, type, out);
    break;
  case CV_CT_OPTION:
    put_valtype(x, s, type->fields[1].type, out);
    break;
  case CV_CT_RESULT:
    put_optional(x, s, type->fields[0].type, out);
    put_optional(x, s, type->fields[1].type, out);
    break;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    cv_buf_uleb(out, resource_index(x, s, type->resource));
    break;
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
    put_optional(x, s, type->count ? type->fields[0].type : NULL, out);
    break;
  case CV_CT_LIST:
  case CV_CT_FIXED_LIST:
  case CV_CT_MAP:
    for (uint32_t i = 0; i < type->count; i++)
      put_valtype(x, s, type->fields[i].type, out);
    if (type->kind == CV_CT_FIXED_LIST)
      cv_buf_uleb(out, type->length);
    break;
  default: // a word alone
    break;
  }
}

static bool has_name(const cv_ctype *type) {
  return type->kind == CV_CT_RECORD || type->kind == CV_CT_VARIANT || type->kind == CV_CT_ENUM ||
         type->kind == CV_CT_FLAGS;
}

// Types share their parts, so that what is written once must not be written again for each way to it.
static uint32_t put_anonymous(cv_graph_encoder *x, scope *s, const cv_ctype *type) {
  const uint64_t *written = cv_map_get(&s->known[BY_WRITTEN], key_of(&type->traits.serial));
  if (written)
    return (uint32_t)*written;
  cv_buf item;
  cv_buf_init(&item, x->g->mem);
  x->depth++;
  put_structure(x, s, type, &item);
  x->depth--;
  uint32_t index = add_type(x, s, &item);
  know(x, s, BY_WRITTEN, &type->traits.serial, index);
  return index;
}

static void put_valtype(cv_graph_encoder *x, scope *s, const cv_ctype *type, cv_buf *out) {
  uint32_t index;
  bool found = find_known(x, s, BY_SERIAL, &type->traits.serial, &index);
  if (!found && cv_ctype_kind_is_simple(type->kind)) {
    cv_buf_byte(out, type->kind);
    return;
  }
  if (!found && !(has_name(type) && find_known(x, s, BY_SAME, &first_same(x, type, false)->traits.serial, &index)))
    index = put_anonymous(x, s, type);
  cv_buf_sleb(out, index);
}

static uint32_t put_func(cv_graph_encoder *x, scope *s, const cv_cfunctype *type) {
  cv_buf item;
  cv_buf_init(&item, x->g->mem);
  cv_buf_byte(&item, type->is_async ? CV_SYN_ASYNC_FUNC : CV_SYN_FUNC);
  cv_buf_uleb(&item, type->param_count);
  for (uint32_t i = 0; i < type->param_count; i++) {
    cv_compose_put_name(&item, type->params[i].name);
    put_valtype(x, s, type->params[i].type, &item);
  }
  cv_buf_byte(&item, type->result ? 0x00 : 0x01);
  if (type->result)
    put_valtype(x, s, type->result, &item);
  else
    cv_buf_byte(&item, 0x00);
  return add_type(x, s, &item);
}

// ---- resources -----------------------------------------------------------------------------------------------------

// Who makes a resource that no import introduces.
static const char *maker_of(const cv_graph *g, const cv_cinstancetype *type, const cv_cresource *resource,
                            const char *title) {
  for (uint32_t i = 0; i < type->export_count; i++) {
    const cv_cexterntype *e = &type->exports[i].type;
    if (e->sort == CV_SORT_INSTANCE && maker_of(g, e->as.instance, resource, title))
      return title;
    if (e->sort == CV_SORT_TYPE && e->as.type.kind == CV_DEF_RESOURCE && e->as.type.as.resource->id == resource->id)
      return title;
  }
  return NULL;
}

static void fail_resource(cv_graph_encoder *x, const cv_cresource *resource) {
  cv_graph *g = x->g;
  const cv_graph_node *import = &g->nodes.data[x->import];
  const char *maker = NULL;
  if (x->status != CV_OK)
    return; // what was not noted cannot be found
  for (uint32_t i = 0; i < g->nodes.count && !maker; i++)
    if (g->nodes.data[i].kind == CV_GRAPH_INSTANCE)
      maker = maker_of(g, g->nodes.data[i].external.type.as.instance, resource, cv_graph_node_title(g, i));
  fail(x, cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET,
                  "the import `%.*s` of %s is left to the host, but it speaks of the resource `%.*s`, which %s makes: "
                  "nothing outside of the composition can know it. Give the import an instance too",
                  CV_NAME(import->external.name), g->packages[import->package].title, CV_NAME(resource->name),
                  maker ? maker : "another component"));
}

// The index where the resource is known; the import that introduces it is written first.
static bool find_resource(cv_graph_encoder *x, scope *s, const cv_cresource *resource, uint32_t *index) {
  if (find_known(x, s, BY_RESOURCE, &resource->id, index))
    return true;
  const uint64_t *owner = cv_map_get(&x->g->owners, key_of(&resource->id));
  if (!owner || *owner == x->import || x->status != CV_OK)
    return false;
  need(x, cv_graph_put_import(x, (uint32_t)*owner));
  return find_known(x, s, BY_RESOURCE, &resource->id, index);
}

static uint32_t resource_index(cv_graph_encoder *x, scope *s, const cv_cresource *resource) {
  uint32_t index = 0;
  if (!find_resource(x, s, resource, &index))
    fail_resource(x, resource);
  return index;
}

// ---- imports and exports -------------------------------------------------------------------------------------------

void cv_graph_put_sort(cv_buf *out, cv_csort sort) {
  cv_buf_byte(out, (uint8_t)sort);
  if (sort == CV_SORT_MODULE)
    cv_buf_byte(out, 0x11);
}

void cv_graph_put_name(cv_buf *out, const cv_cextern *e) {
  const cv_bytes attributes[] = {[CV_SYN_IMPLEMENTS] = e->implements,
                                 [CV_SYN_VERSION_SUFFIX] = e->version_suffix,
                                 [CV_SYN_EXTERNAL_ID] = e->external_id};
  uint32_t count = 0;
  for (size_t i = 0; i < CV_COUNT(attributes); i++)
    count += attributes[i].size != 0;
  cv_buf_byte(out, count ? 0x02 : 0x00);
  cv_compose_put_name(out, e->name);
  if (!count)
    return;
  cv_buf_uleb(out, count);
  for (size_t i = 0; i < CV_COUNT(attributes); i++)
    if (attributes[i].size != 0) {
      cv_buf_byte(out, (uint8_t)i);
      cv_compose_put_name(out, attributes[i]);
    }
}

static uint32_t put_extern(cv_graph_encoder *x, scope *s, const cv_cextern *e, bool is_import);

// The type that is made of what `inner` declares, which ends here.
static uint32_t put_declarations(cv_graph_encoder *x, scope *s, scope *inner, uint8_t form) {
  cv_buf item;
  cv_buf_init(&item, x->g->mem);
  cv_buf_byte(&item, form);
  cv_buf_uleb(&item, inner->e.count);
  cv_buf_bytes(&item, inner->e.body.data, inner->e.body.size);
  close_scope(x, inner);
  return put_item(s, SECTION_TYPE, DECL_TYPE, &item, CV_CS_TYPE);
}

static uint32_t put_instance_type(cv_graph_encoder *x, scope *s, const cv_cinstancetype *type) {
  scope inner;
  open_scope(x, &inner, CV_WIT_SCOPE_INSTANCE_TYPE, s);
  for (uint32_t i = 0; i < type->export_count && x->status == CV_OK; i++)
    put_extern(x, &inner, &type->exports[i], false);
  return put_declarations(x, s, &inner, CV_SYN_INSTANCE);
}

static uint32_t put_component_type(cv_graph_encoder *x, scope *s, const cv_ccomponenttype *type) {
  scope inner;
  open_scope(x, &inner, CV_WIT_SCOPE_COMPONENT_TYPE, s);
  for (uint32_t i = 0; i < type->import_count && x->status == CV_OK; i++)
    put_extern(x, &inner, &type->imports[i], true);
  for (uint32_t i = 0; i < type->export_count && x->status == CV_OK; i++)
    put_extern(x, &inner, &type->exports[i], false);
  return put_declarations(x, s, &inner, CV_SYN_COMPONENT);
}

static uint32_t put_module_type(cv_graph_encoder *x, scope *s, const cv_coremoduletype *type) {
  cv_buf item;
  cv_buf_init(&item, x->g->mem);
  need(x, cv_graph_put_module_type(x->g, type, &item));
  return put_item(s, SECTION_CORE_TYPE, DECL_CORE_TYPE, &item, CV_CS_CORE_TYPE);
}

// The definition that an (eq) refers to.
static uint32_t put_deftype(cv_graph_encoder *x, scope *s, cv_cdeftype type) {
  uint32_t index = 0;
  cv_buf item;
  switch (type.kind) {
  case CV_DEF_VALUE:
    if (find_known(x, s, BY_SERIAL, &type.as.value->traits.serial, &index))
      return index;
    if (!cv_ctype_kind_is_simple(type.as.value->kind) &&
        find_known(x, s, BY_SAME, &first_same(x, type.as.value, true)->traits.serial, &index))
      return index;
    cv_buf_init(&item, x->g->mem);
    put_structure(x, s, type.as.value, &item);
    return add_type(x, s, &item);
  case CV_DEF_FUNC:
    return put_func(x, s, type.as.func);
  case CV_DEF_COMPONENT:
    return put_component_type(x, s, type.as.component);
  case CV_DEF_INSTANCE:
    return put_instance_type(x, s, type.as.instance);
  case CV_DEF_RESOURCE:
    break;
  }
  return resource_index(x, s, type.as.resource);
}

// (type (eq index)), or (type (sub resource)) where the resource is introduced: by the import at hand, or inside of a
// type that binds it.
static void put_type_bound(cv_graph_encoder *x, scope *s, const cv_cexterntype *type, cv_buf *out) {
  uint32_t index = 0;
  bool is_sub = false;
  if (type->as.type.kind == CV_DEF_RESOURCE && !find_resource(x, s, type->as.type.as.resource, &index)) {
    const uint64_t *owner = cv_map_get(&x->g->owners, key_of(&type->as.type.as.resource->id));
    is_sub = owner ? *owner == x->import : type->is_fresh;
    if (!is_sub)
      fail_resource(x, type->as.type.as.resource);
  } else if (type->as.type.kind != CV_DEF_RESOURCE) {
    index = put_deftype(x, s, type->as.type);
  }
  cv_graph_put_sort(out, CV_SORT_TYPE);
  cv_buf_byte(out, is_sub);
  if (!is_sub)
    cv_buf_uleb(out, index);
}

// The type has an index here from now on.
static void know_type(cv_graph_encoder *x, scope *s, cv_cdeftype type, uint64_t what) {
  if (type.kind == CV_DEF_RESOURCE && !cv_map_get(&s->known[BY_RESOURCE], key_of(&type.as.resource->id)))
    know(x, s, BY_RESOURCE, &type.as.resource->id, what);
  if (type.kind != CV_DEF_VALUE)
    return;
  const uint32_t *same = &first_same(x, type.as.value, true)->traits.serial;
  know(x, s, BY_SERIAL, &type.as.value->traits.serial, what);
  if (!cv_map_get(&s->known[BY_SAME], key_of(same)))
    know(x, s, BY_SAME, same, what);
}

// The types that an instance of this scope exports can be reached.
static void reach_instance(cv_graph_encoder *x, scope *s, const cv_cinstancetype *type, uint32_t instance) {
  for (uint32_t i = 0; i < type->export_count && x->status == CV_OK; i++) {
    const cv_cextern *e = &type->exports[i];
    if (e->type.sort == CV_SORT_INSTANCE && e->type.as.instance->export_count != 0)
      reach_instance(x, s, e->type.as.instance, put_alias(x, s, CV_SORT_INSTANCE, instance, e->name));
    if (e->type.sort != CV_SORT_TYPE)
      continue;
    uint64_t place = s->reaches.count;
    need(x, cv_vec_push(x->g->mem, &s->reaches, (reach){instance, e->name, CV_NO_INDEX}));
    if (x->status == CV_OK)
      know_type(x, s, e->type.as.type, REACHED + place);
  }
}

// Its index in the scope.
static uint32_t put_extern(cv_graph_encoder *x, scope *s, const cv_cextern *e, bool is_import) {
  static const cv_cspace spaces[] = {
      [CV_SORT_MODULE] = CV_CS_CORE_MODULE, [CV_SORT_FUNC] = CV_CS_FUNC,           [CV_SORT_VALUE] = CV_CS_VALUE,
      [CV_SORT_TYPE] = CV_CS_TYPE,          [CV_SORT_COMPONENT] = CV_CS_COMPONENT, [CV_SORT_INSTANCE] = CV_CS_INSTANCE,
  };
  uint32_t index = 0;
  cv_buf item;
  if (x->status != CV_OK)
    return 0;
  if (e->type.sort == CV_SORT_VALUE) {
    fail(x, cv_fail(x->g->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "unsupported: import of a value, `%.*s`",
                    CV_NAME(e->name)));
    return 0;
  }
  if (e->type.sort == CV_SORT_FUNC)
    index = put_func(x, s, e->type.as.func);
  else if (e->type.sort == CV_SORT_INSTANCE)
    index = put_instance_type(x, s, e->type.as.instance);
  else if (e->type.sort == CV_SORT_COMPONENT)
    index = put_component_type(x, s, e->type.as.component);
  else if (e->type.sort == CV_SORT_MODULE)
    index = put_module_type(x, s, e->type.as.module);
  cv_buf_init(&item, x->g->mem);
  cv_graph_put_name(&item, e);
  if (e->type.sort == CV_SORT_TYPE) {
    put_type_bound(x, s, &e->type, &item);
  } else {
    cv_graph_put_sort(&item, e->type.sort);
    cv_buf_uleb(&item, index);
  }
  index = put_item(s, SECTION_IMPORT, is_import ? DECL_IMPORT : DECL_EXPORT, &item, spaces[e->type.sort]);
  if (e->type.sort == CV_SORT_TYPE)
    know_type(x, s, e->type.as.type, index);
  if (e->type.sort == CV_SORT_INSTANCE)
    reach_instance(x, s, e->type.as.instance, index);
  return index;
}

cv_status cv_graph_put_import(cv_graph_encoder *x, uint32_t node) {
  cv_graph *g = x->g;
  cv_graph_node *n = &g->nodes.data[node];
  if (n->state == STATE_DONE || x->status != CV_OK)
    return x->status;
  if (n->state == STATE_ACTIVE)
    return cv_fail(g->diag, CV_EINVALID, CV_NO_OFFSET, "the imports `%.*s` and `%.*s` need each other's types",
                   CV_NAME(n->external.name), CV_NAME(g->nodes.data[x->import].external.name));
  if (x->depth > MAX_DEPTH)
    return cv_fail(g->diag, CV_ELIMIT, CV_NO_OFFSET,
                   "`%.*s` is one of too many imports that each need the types of one that comes after it",
                   CV_NAME(n->external.name));
  uint32_t before = x->import;
  n->state = STATE_ACTIVE;
  x->import = node;
  n->index = put_extern(x, &x->root, &n->external, true);
  n->state = STATE_DONE;
  x->import = before;
  return x->status;
}

// ---- encoders ------------------------------------------------------------------------------------------------------

cv_status cv_graph_encoder_new(cv_graph_encoder **out, cv_graph *g) {
  cv_graph_encoder *x = *out = cv_mem_zalloc(g->mem, sizeof *x);
  if (!x)
    return cv_fail(g->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
  x->g = g;
  x->import = CV_NO_INDEX;
  cv_arena_init(&x->arena, g->mem);
  cv_map_init(&x->origins, g->mem);
  open_scope(x, &x->root, CV_WIT_SCOPE_COMPONENT, NULL);
  return CV_OK;
}

void cv_graph_encoder_delete(cv_graph_encoder *x) {
  if (!x)
    return;
  cv_mem *mem = x->g->mem;
  close_scope(x, &x->root);
  cv_map_free(&x->origins);
  cv_vec_free(mem, &x->same);
  cv_arena_free(&x->arena);
  cv_mem_free(mem, x, sizeof *x);
}

cv_wit_encoder *cv_graph_encoder_root(cv_graph_encoder *x) {
  return &x->root.e;
}
