// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolve.c: names of WIT become pointers (WIT.md, "Name resolution", "Feature Gates", "Union of Worlds"):
//
//   gates       items of features that are off are taken out of their lists
//   names       of packages, items, parts: each once in its scope
//   interfaces  `use` and type names; no type contains itself
//   worlds      includes, then imports and exports with the interfaces that they use
#include "wit/syntax.h"

#include <stdio.h>

typedef struct resolver {
  cv_wit *wit;
  const cv_wit_options *options;
  cv_diag *diag;
  cv_wit_typedef **defined; // where the next type that is complete is linked
  uint32_t depth;           // of definitions, and worlds, that wait for others
  uint32_t visit;           // number of the walk through interfaces (add_used)
} resolver;

enum { UNSEEN, ACTIVE, DONE };

// How many definitions, interfaces or worlds name each other in a chain: they are walked through by recursion, here and
// by everything that reads them.
enum { MAX_DEPTH = 200 };

#define FAIL(r, place, ...) cv_wit_fail((r)->wit, (place), CV_EINVALID, (r)->diag, __VA_ARGS__)

static CV_COLD cv_status no_memory(resolver *r) {
  return cv_fail(r->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// ---- gates ---------------------------------------------------------------------------------------------------------

static bool is_on(const resolver *r, const cv_wit_gate *gate) {
  if (gate->unstable.size == 0 || r->options->all_features)
    return true;
  for (uint32_t i = 0; i < r->options->feature_count; i++)
    if (cv_bytes_equal(gate->unstable, cv_bytes_of(r->options->features[i])))
      return true;
  return false;
}

// Takes the items that are off out of a list; `gate_of` is the path from an item to its gate.
#define DROP_GATED(r, list, type, gate_of)                                                                             \
  for (type **at_ = &(list); *at_;) {                                                                                  \
    if (is_on((r), &(*at_)->gate_of))                                                                                  \
      at_ = &(*at_)->next;                                                                                             \
    else                                                                                                               \
      *at_ = (*at_)->next;                                                                                             \
  }

static void drop_gated_types(resolver *r, cv_wit_typedef **types) {
  DROP_GATED(r, *types, cv_wit_typedef, head.gate);
  for (cv_wit_typedef *def = *types; def; def = def->next)
    DROP_GATED(r, def->funcs, cv_wit_func, head.gate);
}

static void drop_gated_interface(resolver *r, cv_wit_interface *interface) {
  drop_gated_types(r, &interface->types);
  DROP_GATED(r, interface->funcs, cv_wit_func, head.gate);
}

static void drop_gated(resolver *r, cv_wit_package *package) {
  DROP_GATED(r, package->interfaces, cv_wit_interface, head.gate);
  DROP_GATED(r, package->worlds, cv_wit_world, head.gate);
  for (cv_wit_interface *interface = package->interfaces; interface; interface = interface->next)
    drop_gated_interface(r, interface);
  for (cv_wit_world *world = package->worlds; world; world = world->next) {
    drop_gated_types(r, &world->types);
    DROP_GATED(r, world->items, cv_wit_item, head.gate);
    DROP_GATED(r, world->includes, cv_wit_include, gate);
    for (cv_wit_item *item = world->items; item; item = item->next)
      if (item->kind == CV_WIT_ITEM_INLINE)
        drop_gated_interface(r, item->interface);
  }
}

// ---- names ---------------------------------------------------------------------------------------------------------

static bool same_fold(cv_bytes a, cv_bytes b) {
  if (a.size != b.size)
    return false;
  for (size_t i = 0; i < a.size; i++)
    if ((a.data[i] | 0x20) != (b.data[i] | 0x20))
      return false;
  return true;
}

static cv_status twice(resolver *r, const cv_wit_head *head) {
  return FAIL(r, head->place, "the name `%.*s` is defined twice", CV_BYTES_ARG(head->name));
}

static cv_status check_parts(resolver *r, const cv_wit_part *parts) {
  for (const cv_wit_part *a = parts; a; a = a->next)
    for (const cv_wit_part *b = parts; b != a; b = b->next)
      if (same_fold(a->head.name, b->head.name))
        return twice(r, &a->head);
  return CV_OK;
}

// What a component gives functions of resources: `self`, and names in which the resource's own would meet itself
// (Explainer.md, "Name Uniqueness").
static cv_status check_method(resolver *r, const cv_wit_typedef *resource, const cv_wit_func *f) {
  if (f->kind != CV_WIT_CONSTRUCTOR && same_fold(f->head.name, resource->head.name))
    return FAIL(r, f->head.place, "a function of a resource cannot have the name of the resource");
  for (const cv_wit_part *part = f->kind == CV_WIT_METHOD ? f->params : NULL; part; part = part->next)
    if (same_fold(part->head.name, CV_BYTES_LITERAL("self")))
      return FAIL(r, part->head.place, "a method has a parameter `self` already");
  return CV_OK;
}

// Binary.md, "Type Definitions": flags are 32 bits at most.
static cv_status check_flags(resolver *r, const cv_wit_typedef *def) {
  uint32_t labels = 0;
  for (const cv_wit_part *part = def->kind == CV_WIT_FLAGS ? def->parts : NULL; part; part = part->next)
    if (++labels > 32)
      return FAIL(r, part->head.place, "flags `%.*s` have more than 32 labels", CV_BYTES_ARG(def->head.name));
  return CV_OK;
}

static cv_status check_types(resolver *r, const cv_wit_typedef *types) {
  for (const cv_wit_typedef *a = types; a; a = a->next) {
    for (const cv_wit_typedef *b = types; b != a; b = b->next)
      if (same_fold(a->head.name, b->head.name))
        return twice(r, &a->head);
    CV_TRY(check_parts(r, a->parts));
    CV_TRY(check_flags(r, a));
    if (!a->parts && a->kind >= CV_WIT_RECORD && a->kind <= CV_WIT_FLAGS)
      return FAIL(r, a->head.place, "`%.*s` is empty: it needs one part at least", CV_BYTES_ARG(a->head.name));
    for (const cv_wit_func *f = a->funcs; f; f = f->next) {
      CV_TRY(check_parts(r, f->params));
      CV_TRY(check_method(r, a, f));
      for (const cv_wit_func *g = a->funcs; g != f; g = g->next)
        if (same_fold(f->head.name, g->head.name) && (f->kind == CV_WIT_CONSTRUCTOR) == (g->kind == CV_WIT_CONSTRUCTOR))
          return twice(r, &f->head);
    }
  }
  return CV_OK;
}

static cv_status check_interface(resolver *r, const cv_wit_interface *interface) {
  CV_TRY(check_types(r, interface->types));
  for (const cv_wit_func *f = interface->funcs; f; f = f->next) {
    CV_TRY(check_parts(r, f->params));
    for (const cv_wit_func *g = interface->funcs; g != f; g = g->next)
      if (same_fold(f->head.name, g->head.name))
        return twice(r, &f->head);
    for (const cv_wit_typedef *def = interface->types; def; def = def->next)
      if (same_fold(f->head.name, def->head.name))
        return twice(r, &f->head);
  }
  return CV_OK;
}

static cv_status check_package(resolver *r, const cv_wit_package *package) {
  if (package->ns.size == 0)
    return FAIL(r, package->place, "no file says which package this is: begin with `package namespace:name;`");
  for (const cv_wit_interface *a = package->interfaces; a; a = a->next) {
    for (const cv_wit_interface *b = package->interfaces; b != a; b = b->next)
      if (same_fold(a->head.name, b->head.name))
        return twice(r, &a->head);
    CV_TRY(check_interface(r, a));
  }
  for (const cv_wit_world *a = package->worlds; a; a = a->next) {
    for (const cv_wit_world *b = package->worlds; b != a; b = b->next)
      if (same_fold(a->head.name, b->head.name))
        return twice(r, &a->head);
    for (const cv_wit_interface *b = package->interfaces; b; b = b->next)
      if (same_fold(a->head.name, b->head.name))
        return twice(r, &a->head);
    CV_TRY(check_types(r, a->types));
    for (const cv_wit_item *item = a->items; item; item = item->next) {
      if (item->kind == CV_WIT_ITEM_INLINE)
        CV_TRY(check_interface(r, item->interface));
      for (const cv_wit_item *other = a->items; other != item; other = other->next)
        if (item->head.name.size && item->is_export == other->is_export && same_fold(item->head.name, other->head.name))
          return twice(r, &item->head);
    }
  }
  return CV_OK;
}

// ---- paths ---------------------------------------------------------------------------------------------------------

// A package by name; without a version the only one of that name.
static cv_status find_package(resolver *r, const cv_wit_path *path, const cv_wit_package **out) {
  *out = NULL;
  for (const cv_wit_package *package = r->wit->packages; package; package = package->next) {
    if (!cv_bytes_equal(package->ns, path->ns) || !cv_bytes_equal(package->name, path->package))
      continue;
    if (path->version.size && !cv_bytes_equal(package->version, path->version))
      continue;
    if (*out)
      return FAIL(r, path->place, "there are several versions of package %.*s:%.*s: say which one",
                  CV_BYTES_ARG(path->ns), CV_BYTES_ARG(path->package));
    *out = package;
  }
  if (!*out)
    return FAIL(r, path->place, "package %.*s:%.*s%s%.*s is not here: put its files into deps/", CV_BYTES_ARG(path->ns),
                CV_BYTES_ARG(path->package), path->version.size ? "@" : "", CV_BYTES_ARG(path->version));
  return CV_OK;
}

static const cv_wit_path *renamed(const cv_wit_file *file, const cv_wit_path *path) {
  if (path->ns.size == 0 && file)
    for (const cv_wit_top_use *use = file->uses; use; use = use->next)
      if (cv_bytes_equal(use->name, path->name))
        return &use->path;
  return path;
}

static cv_wit_interface *interface_named(const cv_wit_package *package, cv_bytes name) {
  for (cv_wit_interface *interface = package->interfaces; interface; interface = interface->next)
    if (cv_bytes_equal(interface->head.name, name))
      return interface;
  return NULL;
}

static cv_wit_world *world_named(const cv_wit_package *package, cv_bytes name) {
  for (cv_wit_world *world = package->worlds; world; world = world->next)
    if (cv_bytes_equal(world->head.name, name))
      return world;
  return NULL;
}

static cv_status find_interface(resolver *r, const cv_wit_file *file, const cv_wit_package *package,
                                const cv_wit_path *path, cv_wit_interface **out) {
  path = renamed(file, path);
  if (path->ns.size)
    CV_TRY(find_package(r, path, &package));
  *out = interface_named(package, path->name);
  if (!*out && world_named(package, path->name))
    return FAIL(r, path->place, "`%.*s` is a world, not an interface", CV_BYTES_ARG(path->name));
  if (!*out)
    return FAIL(r, path->place, "package %.*s:%.*s has no interface `%.*s`", CV_BYTES_ARG(package->ns),
                CV_BYTES_ARG(package->name), CV_BYTES_ARG(path->name));
  return CV_OK;
}

// ---- types ---------------------------------------------------------------------------------------------------------

static cv_status resolve_interface(resolver *r, cv_wit_interface *interface);
static cv_status resolve_def(resolver *r, cv_wit_typedef *def, cv_wit_typedef *scope, const cv_wit_file *file,
                             const cv_wit_package *package);

static cv_wit_typedef *def_named(cv_wit_typedef *types, cv_bytes name) {
  for (cv_wit_typedef *def = types; def; def = def->next)
    if (cv_bytes_equal(def->head.name, name))
      return def;
  return NULL;
}

const cv_wit_typedef *cv_wit_definition(const cv_wit_typedef *def) {
  for (;;) {
    if (def->kind == CV_WIT_USE)
      def = def->target;
    else if (def->kind == CV_WIT_ALIAS && def->type->def && def->type->kind != CV_CT_BORROW &&
             (def->type->kind == CV_WIT_NAMED || def->type->name.size))
      def = def->type->def;
    else
      return def;
  }
}

static cv_status resolve_type(resolver *r, cv_wit_type *type, cv_wit_typedef *scope, const cv_wit_file *file,
                              const cv_wit_package *package) {
  if (type->is_absent)
    return CV_OK;
  if (type->name.size) {
    cv_wit_typedef *def = def_named(scope, type->name);
    if (!def)
      return FAIL(r, type->place, "the name `%.*s` is not defined here", CV_BYTES_ARG(type->name));
    CV_TRY(resolve_def(r, def, scope, file, package));
    type->local = def;
    while (def->kind == CV_WIT_USE)
      def = def->target;
    const cv_wit_typedef *root = cv_wit_definition(def);
    if (type->kind != CV_WIT_NAMED && root->kind != CV_WIT_RESOURCE)
      return FAIL(r, type->place, "`%.*s` is not a resource", CV_BYTES_ARG(type->name));
    if (root->kind == CV_WIT_RESOURCE) {
      type->kind = type->kind == CV_CT_BORROW ? CV_CT_BORROW : CV_CT_OWN;
      def = (cv_wit_typedef *)root;
    }
    type->def = def;
  }
  for (cv_wit_type *part = type->parts; part; part = part->next)
    CV_TRY(resolve_type(r, part, scope, file, package));
  return CV_OK;
}

// Types can double with each line of text: a component that has more than CV_MAX_CTYPE_SIZE of them in one, written
// out, is refused, and WIT sooner, since sizes and bindings are made by walking through them all.
enum { MAX_WEIGHT = 100000 };

static uint32_t added(uint32_t a, uint32_t b) {
  return a + b <= MAX_WEIGHT ? a + b : MAX_WEIGHT + 1;
}

static uint32_t type_weight(const cv_wit_type *type) {
  uint32_t weight = 1;
  if (type->kind == CV_WIT_NAMED)
    return type->def->weight;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    weight = added(weight, type_weight(part));
  return weight;
}

static cv_status weigh(resolver *r, cv_wit_place place, const cv_wit_type *type, const cv_wit_part *parts,
                       uint32_t *weight) {
  *weight = type ? added(1, type_weight(type)) : 1;
  for (const cv_wit_part *part = parts; part; part = part->next)
    *weight = added(*weight, part->type ? type_weight(part->type) : 1);
  if (*weight > MAX_WEIGHT)
    return cv_wit_fail(r->wit, place, CV_ELIMIT, r->diag, "this is made of more than %d types", MAX_WEIGHT);
  return CV_OK;
}

static CV_COLD cv_status too_deep(resolver *r, cv_wit_place place) {
  return cv_wit_fail(r->wit, place, CV_ELIMIT, r->diag, "more than %d definitions name each other in a chain",
                     MAX_DEPTH);
}

static uint32_t type_depth(const cv_wit_type *type) {
  uint32_t depth = type->def ? type->def->depth : 0;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    depth = CV_MAX(depth, type_depth(part));
  return depth;
}

static cv_status measure(resolver *r, cv_wit_typedef *def) {
  uint32_t depth = def->kind == CV_WIT_USE ? def->target->depth : def->type ? type_depth(def->type) : 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    depth = part->type ? CV_MAX(depth, type_depth(part->type)) : depth;
  if (depth >= MAX_DEPTH)
    return too_deep(r, def->head.place);
  def->depth = (uint16_t)(depth + 1);
  return CV_OK;
}

static cv_status resolve_parts(resolver *r, cv_wit_part *parts, cv_wit_typedef *scope, const cv_wit_file *file,
                               const cv_wit_package *package) {
  for (cv_wit_part *part = parts; part; part = part->next)
    if (part->type)
      CV_TRY(resolve_type(r, part->type, scope, file, package));
  return CV_OK;
}

static cv_status resolve_use(resolver *r, cv_wit_typedef *def, const cv_wit_file *file, const cv_wit_package *package) {
  cv_wit_interface *interface;
  CV_TRY(find_interface(r, file, package, &def->path, &interface));
  if (interface->state == ACTIVE)
    return FAIL(r, def->head.place, "interfaces use each other in a circle");
  CV_TRY(resolve_interface(r, interface));
  def->target = def_named(interface->types, def->source);
  if (!def->target)
    return FAIL(r, def->head.place, "interface `%.*s` has no type `%.*s`", CV_BYTES_ARG(interface->head.name),
                CV_BYTES_ARG(def->source));
  return CV_OK;
}

static cv_status resolve_def(resolver *r, cv_wit_typedef *def, cv_wit_typedef *scope, const cv_wit_file *file,
                             const cv_wit_package *package) {
  if (def->state == DONE)
    return CV_OK;
  if (def->state == ACTIVE)
    return FAIL(r, def->head.place, "type `%.*s` contains itself", CV_BYTES_ARG(def->head.name));
  if (r->depth == MAX_DEPTH)
    return too_deep(r, def->head.place);
  def->state = ACTIVE;
  r->depth++;
  if (def->kind == CV_WIT_USE)
    CV_TRY(resolve_use(r, def, file, package));
  if (def->type)
    CV_TRY(resolve_type(r, def->type, scope, file, package));
  CV_TRY(resolve_parts(r, def->parts, scope, file, package));
  CV_TRY(weigh(r, def->head.place, def->type, def->parts, &def->weight));
  if (def->kind == CV_WIT_USE)
    def->weight = def->target->weight;
  CV_TRY(measure(r, def));
  r->depth--;
  def->state = DONE;
  *r->defined = def;
  r->defined = &def->after;
  return CV_OK;
}

static cv_status resolve_func(resolver *r, cv_wit_func *func, cv_wit_typedef *scope, const cv_wit_file *file,
                              const cv_wit_package *package) {
  uint32_t weight;
  CV_TRY(resolve_parts(r, func->params, scope, file, package));
  if (func->result)
    CV_TRY(resolve_type(r, func->result, scope, file, package));
  return weigh(r, func->head.place, func->result, func->params, &weight);
}

// The functions of resources come last: they may name any type, the resource too.
static cv_status resolve_types(resolver *r, cv_wit_typedef **types, const cv_wit_file *file,
                               const cv_wit_package *package) {
  cv_wit_typedef **outer = r->defined, *first = NULL;
  r->defined = &first;
  for (cv_wit_typedef *def = *types; def; def = def->next)
    CV_TRY(resolve_def(r, def, *types, file, package));
  for (cv_wit_typedef *def = *types; def; def = def->next)
    for (cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(resolve_func(r, func, *types, file, package));
  for (cv_wit_typedef *def = first; def; def = def->after)
    def->next = def->after;
  *types = first;
  r->defined = outer;
  return CV_OK;
}

static cv_status resolve_interface(resolver *r, cv_wit_interface *interface) {
  if (interface->state == DONE)
    return CV_OK;
  interface->state = ACTIVE;
  CV_TRY(resolve_types(r, &interface->types, interface->file, interface->package));
  for (cv_wit_func *func = interface->funcs; func; func = func->next)
    CV_TRY(resolve_func(r, func, interface->types, interface->file, interface->package));
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    if (def->kind == CV_WIT_USE && def->target->interface->depth >= MAX_DEPTH)
      return too_deep(r, def->head.place);
    if (def->kind == CV_WIT_USE)
      interface->depth = CV_MAX(interface->depth, (uint16_t)(def->target->interface->depth + 1));
  }
  interface->state = DONE;
  return CV_OK;
}

// ---- worlds --------------------------------------------------------------------------------------------------------

static bool same_item(const cv_wit_item *a, const cv_wit_item *b) {
  if (a->head.name.size || b->head.name.size)
    return cv_bytes_equal(a->head.name, b->head.name);
  return a->interface == b->interface;
}

static cv_wit_item *find_item(cv_wit_item *list, const cv_wit_item *like) {
  for (; list; list = list->next)
    if (same_item(list, like))
      return list;
  return NULL;
}

// Appends a copy unless it is there.
static cv_status add_item(resolver *r, cv_wit_item **list, const cv_wit_item *like) {
  cv_wit_item *there = find_item(*list, like);
  if (there) {
    there->is_implied &= like->is_implied;
    return CV_OK;
  }
  while (*list)
    list = &(*list)->next;
  *list = cv_arena_copy(&r->wit->arena, like, sizeof *like);
  if (!*list)
    return no_memory(r);
  (*list)->next = NULL;
  return CV_OK;
}

static bool is_exported(const cv_wit_world *world, const cv_wit_interface *interface) {
  for (const cv_wit_item *item = world->exports; item; item = item->next)
    if (item->interface == interface && item->head.name.size == 0)
      return true;
  return false;
}

// The interfaces that these definitions use become imports, unless they are exports that an export may use. A walk
// (r->visit) comes by each interface once, however many ways there are to it.
static cv_status add_used(resolver *r, cv_wit_world *world, const cv_wit_typedef *types, bool for_export) {
  for (const cv_wit_typedef *def = types; def; def = def->next) {
    if (def->kind != CV_WIT_USE)
      continue;
    cv_wit_interface *used = def->target->interface;
    if (used->visit == r->visit)
      continue;
    used->visit = r->visit;
    CV_TRY(add_used(r, world, used->types, for_export));
    if (for_export && is_exported(world, used))
      continue;
    cv_wit_item item = {.kind = CV_WIT_ITEM_INTERFACE, .is_implied = true, .interface = used};
    item.head.place = def->head.place;
    CV_TRY(add_item(r, &world->imports, &item));
  }
  return CV_OK;
}

static cv_status resolve_item(resolver *r, cv_wit_world *world, cv_wit_item *item) {
  switch (item->kind) {
  case CV_WIT_ITEM_INTERFACE:
    CV_TRY(find_interface(r, world->file, world->package, &item->path, &item->interface));
    return resolve_interface(r, item->interface);
  case CV_WIT_ITEM_INLINE:
    return resolve_interface(r, item->interface);
  case CV_WIT_ITEM_FUNC:
    return resolve_func(r, item->func, world->types, world->file, world->package);
  }
  return CV_OK;
}

static cv_status resolve_world(resolver *r, cv_wit_world *world);

static cv_status include_items(resolver *r, const cv_wit_package *package, const cv_wit_include *include,
                               const cv_wit_item *from, cv_wit_item **to) {
  for (; from; from = from->next) {
    cv_wit_item copy = *from;
    if (include->world->package != package)
      copy.head.gate = (cv_wit_gate){.since = {NULL, 0}}; // versions of another package
    for (const cv_wit_rename *rename = include->renames; rename; rename = rename->next)
      if (cv_bytes_equal(rename->from, copy.head.name))
        copy.head.name = rename->to;
    const cv_wit_item *there = find_item(*to, &copy);
    if (there && copy.head.name.size && (there->func != copy.func || there->interface != copy.interface))
      return FAIL(r, include->path.place, "two worlds have a `%.*s`: rename one, `include x with { %.*s as y }`",
                  CV_BYTES_ARG(copy.head.name), CV_BYTES_ARG(copy.head.name));
    CV_TRY(add_item(r, to, &copy));
  }
  return CV_OK;
}

static cv_status include_world(resolver *r, cv_wit_world *world, cv_wit_include *include) {
  const cv_wit_path *path = renamed(world->file, &include->path);
  const cv_wit_package *package = world->package;
  if (path->ns.size)
    CV_TRY(find_package(r, path, &package));
  include->world = world_named(package, path->name);
  if (!include->world)
    return FAIL(r, path->place, "package %.*s:%.*s has no world `%.*s`", CV_BYTES_ARG(package->ns),
                CV_BYTES_ARG(package->name), CV_BYTES_ARG(path->name));
  if (include->world->state == ACTIVE)
    return FAIL(r, path->place, "worlds include each other in a circle");
  if (r->depth == MAX_DEPTH)
    return too_deep(r, path->place);
  r->depth++;
  CV_TRY(resolve_world(r, include->world));
  r->depth--;
  CV_TRY(include_items(r, world->package, include, include->world->imports, &world->imports));
  return include_items(r, world->package, include, include->world->exports, &world->exports);
}

// Moves an export to the end of world->exports, behind the exported interfaces that it uses.
static cv_status order_export(resolver *r, cv_wit_world *world, cv_wit_item *all, const cv_wit_item *item) {
  for (const cv_wit_typedef *def = item->interface ? item->interface->types : NULL; def; def = def->next) {
    if (def->kind != CV_WIT_USE)
      continue;
    cv_wit_item like = {.interface = def->target->interface};
    const cv_wit_item *used = find_item(all, &like);
    if (used && !find_item(world->exports, &like))
      CV_TRY(order_export(r, world, all, used));
  }
  return add_item(r, &world->exports, item);
}

static cv_status resolve_exports(resolver *r, cv_wit_world *world) {
  cv_wit_item *all = world->exports;
  for (cv_wit_item *item = world->items; item; item = item->next)
    if (item->is_export)
      CV_TRY(add_item(r, &all, item));
  world->exports = NULL;
  for (cv_wit_item *item = all; item; item = item->next)
    CV_TRY(order_export(r, world, all, item));
  r->visit++;
  for (cv_wit_item *item = world->exports; item; item = item->next)
    if (item->interface)
      CV_TRY(add_used(r, world, item->interface->types, true));
  return CV_OK;
}

// Labels that came by `include` too.
static cv_status check_labels(resolver *r, const cv_wit_item *items) {
  for (const cv_wit_item *a = items; a; a = a->next)
    for (const cv_wit_item *b = items; b != a; b = b->next)
      if (a->head.name.size && same_fold(a->head.name, b->head.name))
        return twice(r, &a->head);
  return CV_OK;
}

static cv_status resolve_world(resolver *r, cv_wit_world *world) {
  if (world->state == DONE)
    return CV_OK;
  world->state = ACTIVE;
  for (cv_wit_include *include = world->includes; include; include = include->next)
    CV_TRY(include_world(r, world, include));
  CV_TRY(resolve_types(r, &world->types, world->file, world->package));
  r->visit++;
  CV_TRY(add_used(r, world, world->types, false));
  for (cv_wit_item *item = world->items; item; item = item->next)
    CV_TRY(resolve_item(r, world, item));
  for (cv_wit_item *item = world->items; item; item = item->next) {
    if (item->is_export)
      continue;
    if (item->interface)
      CV_TRY(add_used(r, world, item->interface->types, false));
    CV_TRY(add_item(r, &world->imports, item));
  }
  CV_TRY(resolve_exports(r, world));
  CV_TRY(check_labels(r, world->imports));
  CV_TRY(check_labels(r, world->exports));
  world->state = DONE;
  return CV_OK;
}

// ---- the whole -----------------------------------------------------------------------------------------------------

cv_status cv_wit_resolve(cv_wit *wit, const cv_wit_options *options, cv_diag *diag) {
  static const cv_wit_options no_options = {0};
  resolver r = {.wit = wit, .options = options ? options : &no_options, .diag = diag};
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    drop_gated(&r, package);
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    CV_TRY(check_package(&r, package));
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    for (cv_wit_interface *interface = package->interfaces; interface; interface = interface->next)
      CV_TRY(resolve_interface(&r, interface));
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    for (cv_wit_world *world = package->worlds; world; world = world->next)
      CV_TRY(resolve_world(&r, world));
  return CV_OK;
}

cv_wit *cv_wit_new(cv_mem *mem) {
  cv_wit *wit = cv_mem_zalloc(mem, sizeof *wit);
  if (wit) {
    wit->mem = mem;
    cv_arena_init(&wit->arena, mem);
    wit->last_package = &wit->packages;
  }
  return wit;
}

void cv_wit_delete(cv_wit *wit) {
  if (!wit)
    return;
  cv_arena_free(&wit->arena);
  cv_mem_free(wit->mem, wit, sizeof *wit);
}

cv_wit_package *cv_wit_packages(const cv_wit *wit) {
  return wit->packages;
}

cv_wit_package *cv_wit_root(const cv_wit *wit) {
  cv_wit_package *package = wit->packages;
  while (package && package->group != 0)
    package = package->next;
  return package;
}

cv_arena *cv_wit_arena(cv_wit *wit) {
  return &wit->arena;
}

const char *cv_wit_error_file(const cv_wit *wit) {
  return wit->error_file ? wit->error_file->path : NULL;
}

void cv_wit_interface_name(const cv_wit_interface *interface, bool with_version, cv_buf *out) {
  const cv_wit_package *package = interface->package;
  if (interface->is_inline) {
    cv_buf_bytes(out, interface->head.name.data, interface->head.name.size);
    return;
  }
  cv_buf_printf(out, "%.*s:%.*s/%.*s", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name),
                CV_BYTES_ARG(interface->head.name));
  if (with_version && package->version.size)
    cv_buf_printf(out, "@%.*s", CV_BYTES_ARG(package->version));
}

// The worlds of a package in a sentence.
static void list_worlds(const cv_wit_package *package, char *out, size_t size) {
  size_t used = 0;
  out[0] = 0;
  for (const cv_wit_world *world = package->worlds; world && used + world->head.name.size + 3 < size;
       world = world->next) {
    used += (size_t)snprintf(out + used, size - used, "%s%.*s", used ? ", " : "", CV_BYTES_ARG(world->head.name));
  }
}

// "ns:pkg/name@version" into its parts; false when it is not of that form.
static bool split_path(cv_bytes text, cv_wit_path *path) {
  const uint8_t *colon = memchr(text.data, ':', text.size), *slash = memchr(text.data, '/', text.size);
  if (!colon || !slash || slash < colon)
    return false;
  const uint8_t *end = text.data + text.size, *at = memchr(slash, '@', (size_t)(end - slash));
  const uint8_t *name_end = at ? at : end;
  path->ns = (cv_bytes){text.data, (size_t)(colon - text.data)};
  path->package = (cv_bytes){colon + 1, (size_t)(slash - colon - 1)};
  path->name = (cv_bytes){slash + 1, (size_t)(name_end - slash - 1)};
  path->version = at ? (cv_bytes){at + 1, (size_t)(end - at - 1)} : (cv_bytes){NULL, 0};
  return true;
}

cv_status cv_wit_find_world(const cv_wit *wit, const char *name, cv_wit_world **out, cv_diag *diag) {
  const cv_wit_package *package = cv_wit_root(wit);
  cv_wit_path path = {.name = name ? cv_bytes_of(name) : (cv_bytes){NULL, 0}};
  char there[300];
  if (name && split_path(path.name, &path)) {
    resolver r = {.wit = (cv_wit *)wit, .diag = diag};
    CV_TRY(find_package(&r, &path, &package));
  }
  if (!package)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "there is no root package");
  list_worlds(package, there, sizeof there);
  *out = name ? world_named(package, path.name) : package->worlds;
  if (*out && (name || !(*out)->next))
    return CV_OK;
  if (!package->worlds)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "package %.*s:%.*s has no world", CV_BYTES_ARG(package->ns),
                   CV_BYTES_ARG(package->name));
  return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "%s%s%s: package %.*s:%.*s has the worlds %s", name ? "no world `" : "",
                 name ? name : "which world", name ? "`" : "", CV_BYTES_ARG(package->ns), CV_BYTES_ARG(package->name),
                 there);
}
