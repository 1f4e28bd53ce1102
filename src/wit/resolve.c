// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolve.c: paths, types, interfaces, and the order of it all: see resolve.h.
#include "wit/resolve.h"

cv_status cv_wit_resolve_no_memory(cv_wit_resolver *r) {
  return cv_fail(r->diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory");
}

// ---- paths ---------------------------------------------------------------------------------------------------------

cv_status cv_wit_find_package(cv_wit_resolver *r, const cv_wit_path *path, const cv_wit_package **out) {
  *out = NULL;
  for (const cv_wit_package *package = r->wit->packages; package; package = package->next) {
    if (!cv_bytes_equal(package->ns, path->ns) || !cv_bytes_equal(package->name, path->package))
      continue;
    if (path->version.size && !cv_bytes_equal(package->version, path->version))
      continue;
    if (*out)
      return CV_WIT_RESOLVE_FAIL(r, path->place, "there are several versions of package %.*s:%.*s: say which one",
                                 CV_BYTES_ARG(path->ns), CV_BYTES_ARG(path->package));
    *out = package;
  }
  if (!*out)
    return CV_WIT_RESOLVE_FAIL(r, path->place, "package %.*s:%.*s%s%.*s is not here: put its files into deps/",
                               CV_BYTES_ARG(path->ns), CV_BYTES_ARG(path->package), path->version.size ? "@" : "",
                               CV_BYTES_ARG(path->version));
  return CV_OK;
}

const cv_wit_path *cv_wit_renamed(const cv_wit_file *file, const cv_wit_path *path) {
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

cv_wit_world *cv_wit_world_named(const cv_wit_package *package, cv_bytes name) {
  for (cv_wit_world *world = package->worlds; world; world = world->next)
    if (cv_bytes_equal(world->head.name, name))
      return world;
  return NULL;
}

cv_status cv_wit_find_interface(cv_wit_resolver *r, const cv_wit_file *file, const cv_wit_package *package,
                                const cv_wit_path *path, cv_wit_interface **out) {
  path = cv_wit_renamed(file, path);
  if (path->ns.size)
    CV_TRY(cv_wit_find_package(r, path, &package));
  *out = interface_named(package, path->name);
  if (!*out && cv_wit_world_named(package, path->name))
    return CV_WIT_RESOLVE_FAIL(r, path->place, "`%.*s` is a world, not an interface", CV_BYTES_ARG(path->name));
  if (!*out)
    return CV_WIT_RESOLVE_FAIL(r, path->place, "package %.*s:%.*s has no interface `%.*s`", CV_BYTES_ARG(package->ns),
                               CV_BYTES_ARG(package->name), CV_BYTES_ARG(path->name));
  return CV_OK;
}

// ---- types ---------------------------------------------------------------------------------------------------------

static cv_status resolve_def(cv_wit_resolver *r, cv_wit_typedef *def, cv_wit_typedef *scope, const cv_wit_file *file,
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

static cv_status resolve_type(cv_wit_resolver *r, cv_wit_type *type, cv_wit_typedef *scope, const cv_wit_file *file,
                              const cv_wit_package *package) {
  if (type->is_absent)
    return CV_OK;
  if (type->name.size) {
    cv_wit_typedef *def = def_named(scope, type->name);
    if (!def)
      return CV_WIT_RESOLVE_FAIL(r, type->place, "the name `%.*s` is not defined here", CV_BYTES_ARG(type->name));
    CV_TRY(resolve_def(r, def, scope, file, package));
    type->local = def;
    while (def->kind == CV_WIT_USE)
      def = def->target;
    const cv_wit_typedef *root = cv_wit_definition(def);
    if (type->kind != CV_WIT_NAMED && root->kind != CV_WIT_RESOURCE)
      return CV_WIT_RESOLVE_FAIL(r, type->place, "`%.*s` is not a resource", CV_BYTES_ARG(type->name));
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

static cv_status weigh(cv_wit_resolver *r, cv_wit_place place, const cv_wit_type *type, const cv_wit_part *parts,
                       uint32_t *weight) {
  *weight = type ? added(1, type_weight(type)) : 1;
  for (const cv_wit_part *part = parts; part; part = part->next)
    *weight = added(*weight, part->type ? type_weight(part->type) : 1);
  if (*weight > MAX_WEIGHT)
    return cv_wit_fail(r->wit, place, CV_ELIMIT, r->diag, "this is made of more than %d types", MAX_WEIGHT);
  return CV_OK;
}

cv_status cv_wit_too_deep(cv_wit_resolver *r, cv_wit_place place) {
  return cv_wit_fail(r->wit, place, CV_ELIMIT, r->diag, "more than %d definitions name each other in a chain",
                     CV_WIT_MAX_DEPTH);
}

static uint32_t type_depth(const cv_wit_type *type) {
  uint32_t depth = type->def ? type->def->depth : 0;
  for (const cv_wit_type *part = type->parts; part; part = part->next)
    depth = CV_MAX(depth, type_depth(part));
  return depth;
}

static cv_status measure(cv_wit_resolver *r, cv_wit_typedef *def) {
  uint32_t depth = def->kind == CV_WIT_USE ? def->target->depth : def->type ? type_depth(def->type) : 0;
  for (const cv_wit_part *part = def->parts; part; part = part->next)
    depth = part->type ? CV_MAX(depth, type_depth(part->type)) : depth;
  if (depth >= CV_WIT_MAX_DEPTH)
    return cv_wit_too_deep(r, def->head.place);
  def->depth = (uint16_t)(depth + 1);
  return CV_OK;
}

static cv_status resolve_parts(cv_wit_resolver *r, cv_wit_part *parts, cv_wit_typedef *scope, const cv_wit_file *file,
                               const cv_wit_package *package) {
  for (cv_wit_part *part = parts; part; part = part->next)
    if (part->type)
      CV_TRY(resolve_type(r, part->type, scope, file, package));
  return CV_OK;
}

static cv_status resolve_use(cv_wit_resolver *r, cv_wit_typedef *def, const cv_wit_file *file,
                             const cv_wit_package *package) {
  cv_wit_interface *interface;
  CV_TRY(cv_wit_find_interface(r, file, package, &def->path, &interface));
  if (interface->state == CV_WIT_ACTIVE)
    return CV_WIT_RESOLVE_FAIL(r, def->head.place, "interfaces use each other in a circle");
  CV_TRY(cv_wit_resolve_interface(r, interface));
  def->target = def_named(interface->types, def->source);
  if (!def->target)
    return CV_WIT_RESOLVE_FAIL(r, def->head.place, "interface `%.*s` has no type `%.*s`",
                               CV_BYTES_ARG(interface->head.name), CV_BYTES_ARG(def->source));
  return CV_OK;
}

static cv_status resolve_def(cv_wit_resolver *r, cv_wit_typedef *def, cv_wit_typedef *scope, const cv_wit_file *file,
                             const cv_wit_package *package) {
  if (def->state == CV_WIT_DONE)
    return CV_OK;
  if (def->state == CV_WIT_ACTIVE)
    return CV_WIT_RESOLVE_FAIL(r, def->head.place, "type `%.*s` contains itself", CV_BYTES_ARG(def->head.name));
  if (r->depth == CV_WIT_MAX_DEPTH)
    return cv_wit_too_deep(r, def->head.place);
  def->state = CV_WIT_ACTIVE;
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
  def->state = CV_WIT_DONE;
  *r->defined = def;
  r->defined = &def->after;
  return CV_OK;
}

cv_status cv_wit_resolve_func(cv_wit_resolver *r, cv_wit_func *func, cv_wit_typedef *scope, const cv_wit_file *file,
                              const cv_wit_package *package) {
  uint32_t weight;
  CV_TRY(resolve_parts(r, func->params, scope, file, package));
  if (func->result)
    CV_TRY(resolve_type(r, func->result, scope, file, package));
  return weigh(r, func->head.place, func->result, func->params, &weight);
}

// The functions of resources come last: they may name any type, the resource too.
cv_status cv_wit_resolve_types(cv_wit_resolver *r, cv_wit_typedef **types, const cv_wit_file *file,
                               const cv_wit_package *package) {
  cv_wit_typedef **outer = r->defined, *first = NULL;
  r->defined = &first;
  for (cv_wit_typedef *def = *types; def; def = def->next)
    CV_TRY(resolve_def(r, def, *types, file, package));
  for (cv_wit_typedef *def = *types; def; def = def->next)
    for (cv_wit_func *func = def->funcs; func; func = func->next)
      CV_TRY(cv_wit_resolve_func(r, func, *types, file, package));
  for (cv_wit_typedef *def = first; def; def = def->after)
    def->next = def->after;
  *types = first;
  r->defined = outer;
  return CV_OK;
}

cv_status cv_wit_resolve_interface(cv_wit_resolver *r, cv_wit_interface *interface) {
  if (interface->state == CV_WIT_DONE)
    return CV_OK;
  interface->state = CV_WIT_ACTIVE;
  CV_TRY(cv_wit_resolve_types(r, &interface->types, interface->file, interface->package));
  for (cv_wit_func *func = interface->funcs; func; func = func->next)
    CV_TRY(cv_wit_resolve_func(r, func, interface->types, interface->file, interface->package));
  for (const cv_wit_typedef *def = interface->types; def; def = def->next) {
    if (def->kind == CV_WIT_USE && def->target->interface->depth >= CV_WIT_MAX_DEPTH)
      return cv_wit_too_deep(r, def->head.place);
    if (def->kind == CV_WIT_USE)
      interface->depth = CV_MAX(interface->depth, (uint16_t)(def->target->interface->depth + 1));
  }
  interface->state = CV_WIT_DONE;
  return CV_OK;
}

// ---- the whole -----------------------------------------------------------------------------------------------------

cv_status cv_wit_resolve(cv_wit *wit, const cv_wit_options *options, cv_diag *diag) {
  static const cv_wit_options no_options = {0};
  cv_wit_resolver r = {.wit = wit, .options = options ? options : &no_options, .diag = diag};
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    cv_wit_drop_gated(&r, package);
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    CV_TRY(cv_wit_check_package(&r, package));
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    for (cv_wit_interface *interface = package->interfaces; interface; interface = interface->next)
      CV_TRY(cv_wit_resolve_interface(&r, interface));
  for (cv_wit_package *package = wit->packages; package; package = package->next)
    for (cv_wit_world *world = package->worlds; world; world = world->next)
      CV_TRY(cv_wit_resolve_world(&r, world));
  return CV_OK;
}
