// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// decode.c: component types become WIT.
//
// WIT has names where component types have structure. A type gets the name under which an instance exports it: values
// with parts (record, variant, enum, flags) and resources always have one. The interface that exports a type first
// defines it; those after it `use` it.
#include "wit/decode.h"

#include "base/map.h"
#include "wit/syntax.h"

typedef struct decoder {
  cv_wit *wit;
  cv_arena *arena;
  cv_diag *diag;
  cv_wit_interface *interface; // where names are looked up now; NULL for the world
  cv_wit_world *world;
  cv_map defs;              // what has a name -> cv_wit_typedef
  struct named_type *named; // the same as a list
} decoder;

typedef struct named_type {
  uint64_t number;
  const cv_ctype *type; // NULL for a resource
  cv_wit_typedef *def;
  struct named_type *next;
} named_type;

#define NEW(d, type) CV_ARENA_NEW((d)->arena, type)

static CV_COLD cv_status no_memory(decoder *d) {
  return cv_fail(d->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

static cv_status keep(decoder *d, cv_bytes from, cv_bytes *out) {
  *out = (cv_bytes){cv_arena_copy(d->arena, from.data, from.size), from.size};
  return out->data || from.size == 0 ? CV_OK : no_memory(d);
}

// ---- names of types ------------------------------------------------------------------------------------------------

// What a name is bound to: a definition of a value type, or the identity of a resource.
typedef struct type_key {
  const cv_ctype *type; // NULL for a resource
  uint64_t id;
} type_key;

static type_key value_key(const cv_ctype *type) {
  return (type_key){type, type->traits.origin};
}

static type_key resource_key(const cv_cresource *resource) {
  return (type_key){NULL, resource->id};
}

static type_key key_of(const cv_cdeftype *type) {
  return type->kind == CV_DEF_RESOURCE ? resource_key(type->as.resource) : value_key(type->as.value);
}

// The map's key is the number; which of the two kinds it is of is in its lowest bit.
static cv_bytes map_key(const type_key *key, uint64_t *number) {
  *number = key->id << 1 | (key->type == NULL);
  return (cv_bytes){(const uint8_t *)number, sizeof *number};
}

static cv_status bind(decoder *d, type_key type, cv_wit_typedef *def) {
  uint64_t number;
  named_type *named = CV_ARENA_NEW(d->arena, named_type);
  if (!named)
    return no_memory(d);
  map_key(&type, &number);
  *named = (named_type){.number = number, .type = type.type, .def = def, .next = d->named};
  d->named = named;
  if (cv_map_put(&d->defs, (cv_bytes){(const uint8_t *)&named->number, sizeof number}, (uint64_t)(uintptr_t)def,
                 NULL) != CV_OK)
    return no_memory(d);
  return CV_OK;
}

static cv_wit_typedef *bound(const decoder *d, type_key type) {
  uint64_t number;
  const uint64_t *found = cv_map_get(&d->defs, map_key(&type, &number));
  return found ? (cv_wit_typedef *)(uintptr_t)*found : NULL;
}

// Always named in WIT.
static bool needs_name(const cv_ctype *type) {
  return type->kind == CV_CT_RECORD || type->kind == CV_CT_VARIANT || type->kind == CV_CT_ENUM ||
         type->kind == CV_CT_FLAGS;
}

static cv_wit_typedef **types_of(const decoder *d) {
  return d->interface ? &d->interface->types : &d->world->types;
}

// What a definition is called where names are looked up now; NULL when it has no name there.
static cv_wit_typedef *name_here(const decoder *d, const cv_wit_typedef *def) {
  for (cv_wit_typedef *here = *types_of(d); here; here = here->next)
    if (here == def || (here->kind == CV_WIT_USE && here->target == def))
      return here;
  return NULL;
}

// The name that a value type has: by its address, and for types that must have one by their structure. Others are told
// by a name only where they have one: tools write equal types once, whoever names them.
static cv_wit_typedef *name_of(const decoder *d, const cv_ctype *type) {
  if (cv_ctype_kind_is_simple(type->kind))
    return NULL;
  cv_wit_typedef *def = bound(d, value_key(type));
  if (!needs_name(type))
    return def && name_here(d, def) ? def : NULL;
  if (def)
    return def;
  for (const named_type *named = d->named; named; named = named->next)
    if (named->type && cv_ctype_equal(type, named->type))
      return named->def;
  return NULL;
}

static cv_wit_typedef *named(cv_wit_typedef *types, cv_bytes name) {
  while (types && !cv_bytes_equal(types->head.name, name))
    types = types->next;
  return types;
}

static cv_status add_def(decoder *d, cv_wit_typedef_kind kind, cv_bytes name, cv_wit_typedef **out) {
  cv_wit_typedef **last = types_of(d), *def = NEW(d, cv_wit_typedef);
  if (!def)
    return no_memory(d);
  while (*last)
    last = &(*last)->next;
  *last = *out = def;
  def->kind = kind;
  def->interface = d->interface;
  def->world = d->interface ? NULL : d->world;
  return keep(d, name, &def->head.name);
}

// `use` of a definition of another interface under this name.
static cv_status add_use(decoder *d, cv_wit_typedef *target, cv_bytes name, cv_wit_typedef **out) {
  CV_TRY(add_def(d, CV_WIT_USE, name, out));
  (*out)->target = target;
  (*out)->source = target->head.name;
  if (target->interface && !target->interface->is_inline) {
    const cv_wit_package *package = target->interface->package;
    (*out)->path = (cv_wit_path){
        .ns = package->ns, .package = package->name, .name = target->interface->head.name, .version = package->version};
    if (d->interface && package == d->interface->package)
      (*out)->path.ns = (*out)->path.package = (*out)->path.version = (cv_bytes){NULL, 0};
  }
  return CV_OK;
}

// What a definition is called where names are looked up now, with a `use` where there is none.
static cv_status local_name(decoder *d, cv_wit_typedef *def, cv_wit_typedef **out) {
  *out = name_here(d, def);
  return *out ? CV_OK : add_use(d, def, def->head.name, out);
}

// ---- types ---------------------------------------------------------------------------------------------------------

static cv_status convert(decoder *d, const cv_ctype *type, cv_wit_type **out);

static cv_status convert_name(decoder *d, cv_wit_typedef *def, uint16_t kind, cv_wit_type **out) {
  cv_wit_type *type = *out = NEW(d, cv_wit_type);
  if (!type)
    return no_memory(d);
  CV_TRY(local_name(d, def, &type->local));
  type->kind = kind;
  type->name = type->local->head.name;
  type->def = def;
  return CV_OK;
}

static cv_status absent(decoder *d, cv_wit_type **out) {
  *out = NEW(d, cv_wit_type);
  if (!*out)
    return no_memory(d);
  (*out)->is_absent = true;
  return CV_OK;
}

// result<T, E>: parts ok and error, without those that say nothing at the end.
static cv_status convert_result(decoder *d, const cv_ctype *type, cv_wit_type *to) {
  const cv_ctype *ok = type->fields[0].type, *error = type->fields[1].type;
  if (!ok && !error)
    return CV_OK;
  CV_TRY(ok ? convert(d, ok, &to->parts) : absent(d, &to->parts));
  return error ? convert(d, error, &to->parts->next) : CV_OK;
}

static cv_status convert_structure(decoder *d, const cv_ctype *type, cv_wit_type **out) {
  cv_wit_type *to = *out = NEW(d, cv_wit_type);
  if (!to)
    return no_memory(d);
  to->kind = type->kind;
  to->length = type->length;
  if (type->kind == CV_CT_RESULT)
    return convert_result(d, type, to);
  if (type->kind == CV_CT_OPTION)
    return convert(d, type->fields[1].type, &to->parts);
  cv_wit_type **last = &to->parts;
  for (uint32_t i = 0; i < type->count; i++) {
    if (!type->fields[i].type)
      continue;
    CV_TRY(convert(d, type->fields[i].type, last));
    last = &(*last)->next;
  }
  return CV_OK;
}

static cv_status convert(decoder *d, const cv_ctype *type, cv_wit_type **out) {
  if (type->kind == CV_CT_OWN || type->kind == CV_CT_BORROW) {
    cv_wit_typedef *resource = bound(d, resource_key(type->resource));
    if (!resource)
      return cv_fail(d->diag, CV_EINVALID, CV_NO_OFFSET, "a resource type has no name: WIT cannot say this");
    return convert_name(d, resource, type->kind, out);
  }
  cv_wit_typedef *def = name_of(d, type);
  if (def)
    return convert_name(d, def, CV_WIT_NAMED, out);
  if (needs_name(type))
    return cv_fail(d->diag, CV_EINVALID, CV_NO_OFFSET, "a %s type has no name: WIT cannot say this",
                   type->kind == CV_CT_RECORD    ? "record"
                   : type->kind == CV_CT_VARIANT ? "variant"
                   : type->kind == CV_CT_ENUM    ? "enum"
                                                 : "flags");
  return convert_structure(d, type, out);
}

static cv_status convert_parts(decoder *d, const cv_cfield *fields, uint32_t count, cv_wit_part **last) {
  for (uint32_t i = 0; i < count; i++) {
    cv_wit_part *part = *last = NEW(d, cv_wit_part);
    if (!part)
      return no_memory(d);
    last = &part->next;
    CV_TRY(keep(d, fields[i].name, &part->head.name));
    if (fields[i].type)
      CV_TRY(convert(d, fields[i].type, &part->type));
  }
  return CV_OK;
}

// (export "name" (type ...)): a definition, or a `use` of one that has a name already.
static cv_status add_type(decoder *d, const cv_cextern *item) {
  const cv_cdeftype *type = &item->type.as.type;
  cv_wit_typedef *def = named(*types_of(d), item->name), *known;
  if (type->kind != CV_DEF_RESOURCE && type->kind != CV_DEF_VALUE)
    return cv_fail(d->diag, CV_EINVALID, CV_NO_OFFSET, "type `%.*s` is neither a value type nor a resource",
                   CV_BYTES_ARG(item->name));
  type_key key = key_of(type);
  if (def) // the interface is imported and exported
    return def->kind == CV_WIT_ALIAS || def->kind == CV_WIT_USE ? CV_OK : bind(d, key, def);
  known = key.type && cv_ctype_kind_is_simple(key.type->kind) ? NULL : bound(d, key);
  if (known && (known->interface != d->interface || (!known->interface && known->world != d->world)))
    return add_use(d, known, item->name, &def);
  static const uint8_t kinds[] = {[CV_CT_RECORD] = CV_WIT_RECORD,
                                  [CV_CT_VARIANT] = CV_WIT_VARIANT,
                                  [CV_CT_ENUM] = CV_WIT_ENUM,
                                  [CV_CT_FLAGS] = CV_WIT_FLAGS};
  if (known || (type->kind == CV_DEF_VALUE && !needs_name(type->as.value))) {
    cv_wit_type *alias;
    CV_TRY(type->kind == CV_DEF_VALUE ? convert(d, type->as.value, &alias) : convert_name(d, known, CV_CT_OWN, &alias));
    CV_TRY(add_def(d, CV_WIT_ALIAS, item->name, &def));
    def->type = alias;
    return known || cv_ctype_kind_is_simple(type->as.value->kind) ? CV_OK : bind(d, key, def);
  }
  if (type->kind == CV_DEF_RESOURCE) {
    CV_TRY(add_def(d, CV_WIT_RESOURCE, item->name, &def));
  } else {
    cv_wit_part *parts = NULL;
    CV_TRY(convert_parts(d, type->as.value->fields, type->as.value->count, &parts));
    CV_TRY(add_def(d, (cv_wit_typedef_kind)kinds[type->as.value->kind], item->name, &def));
    def->parts = parts;
  }
  return bind(d, key, def);
}

// ---- functions -----------------------------------------------------------------------------------------------------

// "[method]r.f" into its parts; a plain name is all of `name`.
static void split_label(cv_bytes label, cv_wit_func_kind *kind, cv_bytes *resource, cv_bytes *name) {
  static const struct {
    const char *mark;
    cv_wit_func_kind kind;
  } marks[] = {{"[method]", CV_WIT_METHOD}, {"[static]", CV_WIT_STATIC}, {"[constructor]", CV_WIT_CONSTRUCTOR}};
  *kind = CV_WIT_FREE;
  *name = label;
  for (size_t i = 0; i < CV_COUNT(marks); i++) {
    size_t size = strlen(marks[i].mark);
    if (label.size < size || memcmp(label.data, marks[i].mark, size) != 0)
      continue;
    *kind = marks[i].kind;
    *resource = (cv_bytes){label.data + size, label.size - size};
    const uint8_t *dot = memchr(resource->data, '.', resource->size);
    *name = (cv_bytes){NULL, 0};
    if (dot) {
      *name = (cv_bytes){dot + 1, (size_t)(resource->data + resource->size - dot - 1)};
      resource->size = (size_t)(dot - resource->data);
    }
  }
}

static cv_status convert_func(decoder *d, const cv_cextern *item, cv_wit_func **out) {
  const cv_cfunctype *type = item->type.as.func;
  cv_wit_func *func = *out = NEW(d, cv_wit_func);
  cv_bytes resource = {NULL, 0}, name;
  if (!func)
    return no_memory(d);
  split_label(item->name, &func->kind, &resource, &name);
  CV_TRY(keep(d, name, &func->head.name));
  CV_TRY(keep(d, item->external_id, &func->head.external_id));
  if (func->kind != CV_WIT_FREE) {
    func->resource = named(*types_of(d), resource);
    if (!func->resource || func->resource->kind != CV_WIT_RESOURCE)
      return cv_fail(d->diag, CV_EINVALID, CV_NO_OFFSET, "`%.*s` belongs to no resource", CV_BYTES_ARG(item->name));
  }
  func->is_async = type->is_async;
  bool has_self = func->kind == CV_WIT_METHOD && type->param_count > 0;
  CV_TRY(convert_parts(d, type->params + has_self, type->param_count - has_self, &func->params));
  // A constructor that gives the resource itself says nothing.
  if (type->result && !(func->kind == CV_WIT_CONSTRUCTOR && type->result->kind == CV_CT_OWN))
    CV_TRY(convert(d, type->result, &func->result));
  return CV_OK;
}

static bool same_func(const cv_wit_func *a, const cv_wit_func *b) {
  return a->kind == b->kind && cv_bytes_equal(a->head.name, b->head.name);
}

static cv_status add_func(decoder *d, const cv_cextern *item) {
  cv_wit_func *func;
  CV_TRY(convert_func(d, item, &func));
  cv_wit_func **last = func->resource ? &func->resource->funcs : &d->interface->funcs;
  for (; *last; last = &(*last)->next)
    if (same_func(*last, func))
      return CV_OK; // of an interface that is imported and exported
  *last = func;
  return CV_OK;
}

// ---- interfaces and worlds -----------------------------------------------------------------------------------------

// "ns:pkg/name@1.2.3" into its parts; false for a plain name.
static bool split_id(cv_bytes id, cv_wit_path *path) {
  if (id.size == 0)
    return false;
  const uint8_t *colon = memchr(id.data, ':', id.size), *end = id.data + id.size;
  const uint8_t *slash = colon ? memchr(colon, '/', (size_t)(end - colon)) : NULL;
  if (!slash)
    return false;
  const uint8_t *at = memchr(slash, '@', (size_t)(end - slash)), *stop = at ? at : end;
  *path = (cv_wit_path){.ns = {id.data, (size_t)(colon - id.data)},
                        .package = {colon + 1, (size_t)(slash - colon - 1)},
                        .name = {slash + 1, (size_t)(stop - slash - 1)}};
  if (at)
    path->version = (cv_bytes){at + 1, (size_t)(end - at - 1)};
  return true;
}

static cv_status package_for(decoder *d, const cv_wit_path *path, cv_wit_package **out) {
  for (*out = d->wit->packages; *out; *out = (*out)->next)
    if (cv_bytes_equal((*out)->ns, path->ns) && cv_bytes_equal((*out)->name, path->package) &&
        cv_bytes_equal((*out)->version, path->version))
      return CV_OK;
  cv_wit_package *package = *out = NEW(d, cv_wit_package);
  if (!package)
    return no_memory(d);
  package->group = CV_NO_INDEX;
  CV_TRY(keep(d, path->ns, &package->ns));
  CV_TRY(keep(d, path->package, &package->name));
  CV_TRY(keep(d, path->version, &package->version));
  *d->wit->last_package = package;
  d->wit->last_package = &package->next;
  return CV_OK;
}

static cv_status interface_for(decoder *d, const cv_wit_path *path, cv_wit_interface **out) {
  cv_wit_package *package;
  CV_TRY(package_for(d, path, &package));
  cv_wit_interface **last = &package->interfaces;
  for (; *last; last = &(*last)->next)
    if (cv_bytes_equal((*last)->head.name, path->name)) {
      *out = *last;
      return CV_OK;
    }
  *out = *last = NEW(d, cv_wit_interface);
  if (!*out)
    return no_memory(d);
  (*out)->package = package;
  return keep(d, path->name, &(*out)->head.name);
}

static cv_status fill_interface(decoder *d, cv_wit_interface *interface, const cv_cinstancetype *type) {
  d->interface = interface;
  for (uint32_t i = 0; i < type->export_count; i++)
    if (type->exports[i].type.sort == CV_SORT_TYPE)
      CV_TRY(add_type(d, &type->exports[i]));
  for (uint32_t i = 0; i < type->export_count; i++)
    if (type->exports[i].type.sort == CV_SORT_FUNC)
      CV_TRY(add_func(d, &type->exports[i]));
  d->interface = NULL;
  return CV_OK;
}

static cv_status add_instance(decoder *d, const cv_cextern *from, cv_wit_item *item) {
  cv_wit_path path;
  cv_bytes id = from->implements.size ? from->implements : from->name;
  if (split_id(id, &path)) {
    item->kind = CV_WIT_ITEM_INTERFACE;
    CV_TRY(interface_for(d, &path, &item->interface));
    if (from->implements.size)
      CV_TRY(keep(d, from->name, &item->head.name));
    item->path = path;
  } else {
    item->kind = CV_WIT_ITEM_INLINE;
    CV_TRY(keep(d, from->name, &item->head.name));
    item->interface = NEW(d, cv_wit_interface);
    if (!item->interface)
      return no_memory(d);
    item->interface->is_inline = true;
    item->interface->head.name = item->head.name;
    item->interface->package = d->world->package;
  }
  return fill_interface(d, item->interface, from->type.as.instance);
}

static cv_status add_item(decoder *d, const cv_cextern *from, bool is_export, cv_wit_item ***last) {
  if (from->type.sort == CV_SORT_TYPE)
    return is_export ? CV_OK : add_type(d, from);
  cv_wit_item *item = NEW(d, cv_wit_item);
  if (!item)
    return no_memory(d);
  item->is_export = is_export;
  CV_TRY(keep(d, from->external_id, &item->head.external_id));
  if (from->type.sort == CV_SORT_FUNC) {
    item->kind = CV_WIT_ITEM_FUNC;
    CV_TRY(convert_func(d, from, &item->func));
    item->head.name = item->func->head.name;
  } else if (from->type.sort == CV_SORT_INSTANCE) {
    CV_TRY(add_instance(d, from, item));
  } else {
    return cv_fail(d->diag, CV_EUNSUPPORTED, CV_NO_OFFSET, "`%.*s` is a %s: WIT cannot say this",
                   CV_BYTES_ARG(from->name), cv_csort_text(from->type.sort));
  }
  **last = item;
  *last = &item->next;
  return CV_OK;
}

static cv_status fill_world(decoder *d, const cv_ccomponenttype *type) {
  cv_wit_item **last = &d->world->imports;
  for (uint32_t i = 0; i < type->import_count; i++)
    CV_TRY(add_item(d, &type->imports[i], false, &last));
  last = &d->world->exports;
  for (uint32_t i = 0; i < type->export_count; i++)
    CV_TRY(add_item(d, &type->exports[i], true, &last));
  return CV_OK;
}

static cv_status new_world(decoder *d, cv_bytes id) {
  cv_wit_path path;
  cv_wit_package *package;
  if (!split_id(id, &path))
    path = (cv_wit_path){
        .ns = CV_BYTES_LITERAL("root"), .package = CV_BYTES_LITERAL("component"), .name = CV_BYTES_LITERAL("root")};
  CV_TRY(package_for(d, &path, &package));
  cv_wit_world *world = d->world = NEW(d, cv_wit_world);
  if (!world)
    return no_memory(d);
  world->package = package;
  cv_wit_world **last = &package->worlds;
  while (*last)
    last = &(*last)->next;
  *last = world;
  if (!cv_wit_root(d->wit))
    package->group = 0; // the package of the first world is the root: what is printed parses back
  return keep(d, path.name, &world->head.name);
}

cv_status cv_wit_from_type(cv_wit *wit, const cv_ccomponenttype *type, cv_bytes id, cv_wit_world **out, cv_diag *diag) {
  decoder d = {.wit = wit, .arena = &wit->arena, .diag = diag};
  cv_map_init(&d.defs, wit->mem);
  cv_status status = new_world(&d, id);
  if (status == CV_OK)
    status = fill_world(&d, type);
  *out = d.world;
  cv_map_free(&d.defs);
  return status;
}

cv_status cv_wit_from_package(cv_wit *wit, const cv_component *component, cv_wit_world **out, cv_diag *diag) {
  const cv_ccomponenttype *outer = NULL;
  for (uint32_t i = 0; i < component->type.export_count; i++) {
    const cv_cexterntype *type = &component->type.exports[i].type;
    if (type->sort == CV_SORT_TYPE && type->as.type.kind == CV_DEF_COMPONENT)
      outer = type->as.type.as.component;
  }
  if (outer && outer->export_count == 1 && outer->exports[0].type.sort == CV_SORT_COMPONENT)
    return cv_wit_from_type(wit, outer->exports[0].type.as.component, outer->exports[0].name, out, diag);
  return cv_fail(diag, CV_EINVALID, CV_NO_OFFSET, "this component does not hold a world");
}
