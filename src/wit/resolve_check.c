// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolve_check.c: what is looked at before names are resolved: feature gates, and names that stand twice.
#include "wit/resolve.h"

// ---- gates ---------------------------------------------------------------------------------------------------------

static bool is_on(const cv_wit_resolver *r, const cv_wit_gate *gate) {
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

static void drop_gated_types(cv_wit_resolver *r, cv_wit_typedef **types) {
  DROP_GATED(r, *types, cv_wit_typedef, head.gate);
  for (cv_wit_typedef *def = *types; def; def = def->next)
    DROP_GATED(r, def->funcs, cv_wit_func, head.gate);
}

static void drop_gated_interface(cv_wit_resolver *r, cv_wit_interface *interface) {
  drop_gated_types(r, &interface->types);
  DROP_GATED(r, interface->funcs, cv_wit_func, head.gate);
}

void cv_wit_drop_gated(cv_wit_resolver *r, cv_wit_package *package) {
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

bool cv_wit_same_fold(cv_bytes a, cv_bytes b) {
  if (a.size != b.size)
    return false;
  for (size_t i = 0; i < a.size; i++)
    if ((a.data[i] | 0x20) != (b.data[i] | 0x20))
      return false;
  return true;
}

cv_status cv_wit_twice(cv_wit_resolver *r, const cv_wit_head *head) {
  return CV_WIT_RESOLVE_FAIL(r, head->place, "the name `%.*s` is defined twice", CV_BYTES_ARG(head->name));
}

static cv_status check_parts(cv_wit_resolver *r, const cv_wit_part *parts) {
  uint32_t count = 0;
  for (const cv_wit_part *a = parts; a; a = a->next) {
    CV_TRY(cv_wit_count_name(r->wit, a->head.place, &count, r->diag));
    for (const cv_wit_part *b = parts; b != a; b = b->next)
      if (cv_wit_same_fold(a->head.name, b->head.name))
        return cv_wit_twice(r, &a->head);
  }
  return CV_OK;
}

// What a component gives functions of resources: `self`, and names in which the resource's own would meet itself
// (Explainer.md, "Name Uniqueness").
static cv_status check_method(cv_wit_resolver *r, const cv_wit_typedef *resource, const cv_wit_func *f) {
  if (f->kind != CV_WIT_CONSTRUCTOR && cv_wit_same_fold(f->head.name, resource->head.name))
    return CV_WIT_RESOLVE_FAIL(r, f->head.place, "a function of a resource cannot have the name of the resource");
  for (const cv_wit_part *part = f->kind == CV_WIT_METHOD ? f->params : NULL; part; part = part->next)
    if (cv_wit_same_fold(part->head.name, CV_BYTES_LITERAL("self")))
      return CV_WIT_RESOLVE_FAIL(r, part->head.place, "a method has a parameter `self` already");
  return CV_OK;
}

// Binary.md, "Type Definitions": flags are 32 bits at most.
static cv_status check_flags(cv_wit_resolver *r, const cv_wit_typedef *def) {
  uint32_t labels = 0;
  for (const cv_wit_part *part = def->kind == CV_WIT_FLAGS ? def->parts : NULL; part; part = part->next)
    if (++labels > 32)
      return CV_WIT_RESOLVE_FAIL(r, part->head.place, "flags `%.*s` have more than 32 labels",
                                 CV_BYTES_ARG(def->head.name));
  return CV_OK;
}

static cv_status check_types(cv_wit_resolver *r, const cv_wit_typedef *types) {
  uint32_t count = 0;
  for (const cv_wit_typedef *a = types; a; a = a->next) {
    uint32_t funcs = 0;
    CV_TRY(cv_wit_count_name(r->wit, a->head.place, &count, r->diag));
    for (const cv_wit_typedef *b = types; b != a; b = b->next)
      if (cv_wit_same_fold(a->head.name, b->head.name))
        return cv_wit_twice(r, &a->head);
    CV_TRY(check_parts(r, a->parts));
    CV_TRY(check_flags(r, a));
    if (!a->parts && a->kind >= CV_WIT_RECORD && a->kind <= CV_WIT_FLAGS)
      return CV_WIT_RESOLVE_FAIL(r, a->head.place, "`%.*s` is empty: it needs one part at least",
                                 CV_BYTES_ARG(a->head.name));
    for (const cv_wit_func *f = a->funcs; f; f = f->next) {
      CV_TRY(cv_wit_count_name(r->wit, f->head.place, &funcs, r->diag));
      CV_TRY(check_parts(r, f->params));
      CV_TRY(check_method(r, a, f));
      for (const cv_wit_func *g = a->funcs; g != f; g = g->next)
        if (cv_wit_same_fold(f->head.name, g->head.name) &&
            (f->kind == CV_WIT_CONSTRUCTOR) == (g->kind == CV_WIT_CONSTRUCTOR))
          return cv_wit_twice(r, &f->head);
    }
  }
  return CV_OK;
}

static cv_status check_interface(cv_wit_resolver *r, const cv_wit_interface *interface) {
  uint32_t count = 0;
  CV_TRY(check_types(r, interface->types));
  for (const cv_wit_func *f = interface->funcs; f; f = f->next) {
    CV_TRY(cv_wit_count_name(r->wit, f->head.place, &count, r->diag));
    CV_TRY(check_parts(r, f->params));
    for (const cv_wit_func *g = interface->funcs; g != f; g = g->next)
      if (cv_wit_same_fold(f->head.name, g->head.name))
        return cv_wit_twice(r, &f->head);
    for (const cv_wit_typedef *def = interface->types; def; def = def->next)
      if (cv_wit_same_fold(f->head.name, def->head.name))
        return cv_wit_twice(r, &f->head);
  }
  return CV_OK;
}

cv_status cv_wit_check_package(cv_wit_resolver *r, const cv_wit_package *package) {
  if (package->ns.size == 0)
    return CV_WIT_RESOLVE_FAIL(r, package->place,
                               "no file says which package this is: begin with `package namespace:name;`");
  uint32_t count = 0;
  for (const cv_wit_interface *a = package->interfaces; a; a = a->next) {
    CV_TRY(cv_wit_count_name(r->wit, a->head.place, &count, r->diag));
    for (const cv_wit_interface *b = package->interfaces; b != a; b = b->next)
      if (cv_wit_same_fold(a->head.name, b->head.name))
        return cv_wit_twice(r, &a->head);
    CV_TRY(check_interface(r, a));
  }
  count = 0;
  for (const cv_wit_world *a = package->worlds; a; a = a->next) {
    uint32_t items = 0;
    CV_TRY(cv_wit_count_name(r->wit, a->head.place, &count, r->diag));
    for (const cv_wit_world *b = package->worlds; b != a; b = b->next)
      if (cv_wit_same_fold(a->head.name, b->head.name))
        return cv_wit_twice(r, &a->head);
    for (const cv_wit_interface *b = package->interfaces; b; b = b->next)
      if (cv_wit_same_fold(a->head.name, b->head.name))
        return cv_wit_twice(r, &a->head);
    CV_TRY(check_types(r, a->types));
    for (const cv_wit_item *item = a->items; item; item = item->next) {
      CV_TRY(cv_wit_count_name(r->wit, item->head.place, &items, r->diag));
      if (item->kind == CV_WIT_ITEM_INLINE)
        CV_TRY(check_interface(r, item->interface));
      for (const cv_wit_item *other = a->items; other != item; other = other->next)
        if (item->head.name.size && item->is_export == other->is_export &&
            cv_wit_same_fold(item->head.name, other->head.name))
          return cv_wit_twice(r, &item->head);
    }
  }
  return CV_OK;
}
