// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolve_world.c: worlds: what they include, import and export, in an order in which each may use what is before it.
#include "wit/resolve.h"

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
static cv_status add_item(cv_wit_resolver *r, cv_wit_item **list, const cv_wit_item *like) {
  cv_wit_item *there = find_item(*list, like);
  if (there) {
    there->is_implied &= like->is_implied;
    return CV_OK;
  }
  uint32_t count = 0;
  for (; *list; list = &(*list)->next)
    CV_TRY(cv_wit_count_name(r->wit, like->head.place, &count, r->diag));
  *list = cv_arena_copy(&r->wit->arena, like, sizeof *like);
  if (!*list)
    return cv_wit_resolve_no_memory(r);
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
static cv_status add_used(cv_wit_resolver *r, cv_wit_world *world, const cv_wit_typedef *types, bool for_export) {
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

static cv_status resolve_item(cv_wit_resolver *r, cv_wit_world *world, cv_wit_item *item) {
  switch (item->kind) {
  case CV_WIT_ITEM_INTERFACE:
    CV_TRY(cv_wit_find_interface(r, world->file, world->package, &item->path, &item->interface));
    return cv_wit_resolve_interface(r, item->interface);
  case CV_WIT_ITEM_INLINE:
    return cv_wit_resolve_interface(r, item->interface);
  case CV_WIT_ITEM_FUNC:
    return cv_wit_resolve_func(r, item->func, world->types, world->file, world->package);
  }
  return CV_OK;
}

static cv_status include_items(cv_wit_resolver *r, const cv_wit_package *package, const cv_wit_include *include,
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
      return CV_WIT_RESOLVE_FAIL(r, include->path.place,
                                 "two worlds have a `%.*s`: rename one, `include x with { %.*s as y }`",
                                 CV_BYTES_ARG(copy.head.name), CV_BYTES_ARG(copy.head.name));
    CV_TRY(add_item(r, to, &copy));
  }
  return CV_OK;
}

static cv_status include_world(cv_wit_resolver *r, cv_wit_world *world, cv_wit_include *include) {
  const cv_wit_path *path = cv_wit_renamed(world->file, &include->path);
  const cv_wit_package *package = world->package;
  if (path->ns.size)
    CV_TRY(cv_wit_find_package(r, path, &package));
  include->world = cv_wit_world_named(package, path->name);
  if (!include->world)
    return CV_WIT_RESOLVE_FAIL(r, path->place, "package %.*s:%.*s has no world `%.*s`", CV_BYTES_ARG(package->ns),
                               CV_BYTES_ARG(package->name), CV_BYTES_ARG(path->name));
  if (include->world->state == CV_WIT_ACTIVE)
    return CV_WIT_RESOLVE_FAIL(r, path->place, "worlds include each other in a circle");
  if (r->depth == CV_WIT_MAX_DEPTH)
    return cv_wit_too_deep(r, path->place);
  r->depth++;
  CV_TRY(cv_wit_resolve_world(r, include->world));
  r->depth--;
  CV_TRY(include_items(r, world->package, include, include->world->imports, &world->imports));
  return include_items(r, world->package, include, include->world->exports, &world->exports);
}

// Moves an export to the end of world->exports, behind the exported interfaces that it uses.
static cv_status order_export(cv_wit_resolver *r, cv_wit_world *world, cv_wit_item *all, const cv_wit_item *item) {
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

static cv_status resolve_exports(cv_wit_resolver *r, cv_wit_world *world) {
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
static cv_status check_labels(cv_wit_resolver *r, const cv_wit_item *items) {
  for (const cv_wit_item *a = items; a; a = a->next)
    for (const cv_wit_item *b = items; b != a; b = b->next)
      if (a->head.name.size && cv_wit_same_fold(a->head.name, b->head.name))
        return cv_wit_twice(r, &a->head);
  return CV_OK;
}

cv_status cv_wit_resolve_world(cv_wit_resolver *r, cv_wit_world *world) {
  if (world->state == CV_WIT_DONE)
    return CV_OK;
  world->state = CV_WIT_ACTIVE;
  for (cv_wit_include *include = world->includes; include; include = include->next)
    CV_TRY(include_world(r, world, include));
  CV_TRY(cv_wit_resolve_types(r, &world->types, world->file, world->package));
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
  world->state = CV_WIT_DONE;
  return CV_OK;
}
