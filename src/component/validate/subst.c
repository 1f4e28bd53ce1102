// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// subst.c: types rewritten with other resources: when an instance type is opened, when a component is instantiated.
// Types are graphs with shared parts; each is rewritten once, and kept as it is when nothing in it changes.
#include "component/validate/validator.h"

typedef struct rewriter {
  cv_cvalidator *v;
  const cv_rframe *frame;
  cv_map *done;            // serial of a type -> address of what became of it
  const cv_map *by_origin; // given for imports; NULL for none
  bool all;                // types without resources change too
} rewriter;

// Where the type's result is noted, or *out set to it.
static bool is_done(const rewriter *w, const cv_ctraits *traits, const void **out) {
  const uint64_t *found = cv_map_get(w->done, (cv_bytes){(const uint8_t *)&traits->serial, sizeof traits->serial});
  if (found == NULL && w->by_origin != NULL && !traits->has_resource)
    found = cv_map_get(w->by_origin, (cv_bytes){(const uint8_t *)&traits->origin, sizeof traits->origin});
  if (found == NULL)
    return false;
  *out = (const void *)(uintptr_t)*found;
  return true;
}

// `traits` are those of the old type, which outlive the map.
static cv_status set_done(rewriter *w, const cv_ctraits *traits, const void *result) {
  return cv_map_put(w->done, (cv_bytes){(const uint8_t *)&traits->serial, sizeof traits->serial},
                    (uint64_t)(uintptr_t)result, NULL);
}

static cv_status subst_value(rewriter *w, const cv_ctype *type, const cv_ctype **out);

static cv_status subst_fields(rewriter *w, const cv_cfield *fields, uint32_t count, const cv_cfield **out,
                              bool *changed) {
  CV_TRY(cv_cvalidator_step(w->v, CV_COPY_STEPS * (1 + (uint64_t)count)));
  cv_cfield *copy = CV_ARENA_ARRAY(w->v->arena, cv_cfield, count);
  if (copy == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    copy[i] = fields[i];
    if (fields[i].type != NULL)
      CV_TRY(subst_value(w, fields[i].type, &copy[i].type));
    *changed |= copy[i].type != fields[i].type;
  }
  *out = copy;
  return CV_OK;
}

static cv_status subst_value(rewriter *w, const cv_ctype *type, const cv_ctype **out) {
  *out = type;
  if ((!type->traits.has_resource && !w->all) || is_done(w, &type->traits, (const void **)out))
    return CV_OK;
  cv_ctype *copy = cv_arena_copy(w->v->arena, type, sizeof *type);
  if (copy == NULL)
    return CV_ENOMEM;
  bool changed = false;
  CV_TRY(subst_fields(w, type->fields, type->count, &copy->fields, &changed));
  if (type->resource != NULL) {
    copy->resource = cv_rframe_resolve(w->frame, type->resource);
    changed |= copy->resource != type->resource;
  }
  if (type->entry != NULL && changed) {
    cv_ctype *entry = cv_arena_copy(w->v->arena, type->entry, sizeof *type->entry);
    if (entry == NULL)
      return CV_ENOMEM;
    entry->fields = copy->fields;
    copy->entry = entry;
  }
  if (changed) {
    copy->traits.serial = ++w->v->next_serial;
    *out = copy;
  }
  return set_done(w, &type->traits, *out);
}

static cv_status subst_func(rewriter *w, const cv_cfunctype *type, const cv_cfunctype **out) {
  *out = type;
  if ((!type->traits.has_resource && !w->all) || is_done(w, &type->traits, (const void **)out))
    return CV_OK;
  cv_cfunctype *copy = cv_arena_copy(w->v->arena, type, sizeof *type);
  if (copy == NULL)
    return CV_ENOMEM;
  bool changed = false;
  CV_TRY(subst_fields(w, type->params, type->param_count, &copy->params, &changed));
  if (type->result != NULL)
    CV_TRY(subst_value(w, type->result, &copy->result));
  if (changed || copy->result != type->result) {
    copy->traits.serial = ++w->v->next_serial;
    *out = copy;
  }
  return set_done(w, &type->traits, *out);
}

static cv_status subst_extern(rewriter *w, const cv_cexterntype *type, cv_cexterntype *out);

static cv_status subst_externs(rewriter *w, const cv_cextern *externs, uint32_t count, const cv_cextern **out) {
  CV_TRY(cv_cvalidator_step(w->v, CV_COPY_STEPS * (1 + (uint64_t)count)));
  cv_cextern *copy = CV_ARENA_ARRAY(w->v->arena, cv_cextern, count);
  if (copy == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    copy[i] = externs[i];
    CV_TRY(subst_extern(w, &externs[i].type, &copy[i].type));
  }
  *out = copy;
  return CV_OK;
}

// The order of names of a copy.
static cv_status copy_order(rewriter *w, const cv_cextern *const *sorted, const cv_cextern *from, const cv_cextern *to,
                            uint32_t count, const cv_cextern *const **out) {
  const cv_cextern **copy = CV_ARENA_ARRAY(w->v->arena, const cv_cextern *, count);
  if (copy == NULL)
    return CV_ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    copy[i] = to + (sorted[i] - from);
  *out = copy;
  return CV_OK;
}

static cv_status subst_instance(rewriter *w, const cv_cinstancetype *type, const cv_cinstancetype **out) {
  *out = type;
  if ((!type->traits.has_resource && !w->all) || is_done(w, &type->traits, (const void **)out))
    return CV_OK;
  cv_cinstancetype *copy = cv_arena_copy(w->v->arena, type, sizeof *type);
  if (copy == NULL)
    return CV_ENOMEM;
  CV_TRY(subst_externs(w, type->exports, type->export_count, &copy->exports));
  CV_TRY(copy_order(w, type->sorted, type->exports, copy->exports, type->export_count, &copy->sorted));
  copy->traits.serial = ++w->v->next_serial;
  *out = copy;
  return set_done(w, &type->traits, copy);
}

static cv_status subst_component(rewriter *w, const cv_ccomponenttype *type, const cv_ccomponenttype **out) {
  *out = type;
  if ((!type->traits.has_resource && !w->all) || is_done(w, &type->traits, (const void **)out))
    return CV_OK;
  cv_ccomponenttype *copy = cv_arena_copy(w->v->arena, type, sizeof *type);
  if (copy == NULL)
    return CV_ENOMEM;
  CV_TRY(subst_externs(w, type->imports, type->import_count, &copy->imports));
  CV_TRY(subst_externs(w, type->exports, type->export_count, &copy->exports));
  CV_TRY(copy_order(w, type->sorted_imports, type->imports, copy->imports, type->import_count, &copy->sorted_imports));
  CV_TRY(copy_order(w, type->sorted_exports, type->exports, copy->exports, type->export_count, &copy->sorted_exports));
  copy->traits.serial = ++w->v->next_serial;
  *out = copy;
  return set_done(w, &type->traits, copy);
}

static cv_status subst_deftype(rewriter *w, cv_cdeftype type, cv_cdeftype *out) {
  *out = type;
  switch (type.kind) {
  case CV_DEF_VALUE:
    return subst_value(w, type.as.value, &out->as.value);
  case CV_DEF_FUNC:
    return subst_func(w, type.as.func, &out->as.func);
  case CV_DEF_COMPONENT:
    return subst_component(w, type.as.component, &out->as.component);
  case CV_DEF_INSTANCE:
    return subst_instance(w, type.as.instance, &out->as.instance);
  case CV_DEF_RESOURCE:
    break;
  }
  out->as.resource = cv_rframe_resolve(w->frame, type.as.resource);
  return CV_OK;
}

static cv_status subst_extern(rewriter *w, const cv_cexterntype *type, cv_cexterntype *out) {
  *out = *type;
  switch (type->sort) {
  case CV_SORT_MODULE:
    break;
  case CV_SORT_FUNC:
    return subst_func(w, type->as.func, &out->as.func);
  case CV_SORT_VALUE:
    return subst_value(w, type->as.value, &out->as.value);
  case CV_SORT_TYPE:
    return subst_deftype(w, type->as.type, &out->as.type);
  case CV_SORT_COMPONENT:
    return subst_component(w, type->as.component, &out->as.component);
  case CV_SORT_INSTANCE:
    return subst_instance(w, type->as.instance, &out->as.instance);
  }
  return CV_OK;
}

cv_status cv_subst_externs(cv_cvalidator *v, const cv_rframe *frame, const cv_cextern *externs, uint32_t count,
                           const cv_cextern **out) {
  cv_map done;
  cv_map_init(&done, v->mem);
  rewriter w = {.v = v, .frame = frame, .done = &done};
  if (frame->types != NULL) {
    w.done = &frame->types->by_serial;
    w.by_origin = &frame->types->by_origin;
    w.all = w.done->count != 0;
  }
  cv_status status = subst_externs(&w, externs, count, out);
  cv_map_free(&done);
  return status;
}

cv_status cv_instancetype_open(cv_cvalidator *v, cv_scope *scope, const cv_cinstancetype *type, bool is_import,
                               const cv_cinstancetype **out) {
  *out = type;
  if (type->resource_count == 0)
    return CV_OK;
  cv_rframe frame;
  CV_TRY(cv_cvalidator_step(v, CV_COPY_STEPS * (uint64_t)type->resource_count));
  CV_TRY(cv_rframe_init(v, &frame, NULL, type->resources, type->resource_count, type->resource_count));
  for (uint32_t i = 0; i < type->resource_count; i++) {
    cv_cresource *resource = cv_scope_resource(v, scope, type->resources[i]->name);
    if (resource == NULL)
      return CV_ENOMEM;
    resource->is_imported = is_import;
    frame.actual[i] = resource;
  }
  const cv_cextern *exports;
  CV_TRY(cv_subst_externs(v, &frame, type->exports, type->export_count, &exports));
  return cv_instancetype_new(v, exports, type->export_count, NULL, 0, out);
}
