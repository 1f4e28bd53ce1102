// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// match.c: subtyping of component-level types (Binary.md, "Instance Definitions": types of arguments match those of
// imports). Value types match when they are equal; instance and component types by their parts. A failure says what
// differs, innermost last: "type mismatch in import `a`: type mismatch in record field `x`: expected ...".
#include <stdarg.h>
#include <stdio.h>

#include "component/validate/validator.h"

// ---- frames ----

cv_status cv_rframe_init(cv_cvalidator *v, cv_rframe *frame, const cv_rframe *outer, const cv_cresource *const *bound,
                         uint32_t first_run, uint32_t count) {
  CV_TRY(cv_cvalidator_step(v, count));
  *frame = (cv_rframe){.outer = outer, .bound = bound, .first_run = first_run, .count = count};
  if (count == 0)
    return CV_OK;
  frame->actual = CV_ARENA_ARRAY(v->arena, const cv_cresource *, count);
  return frame->actual == NULL ? CV_ENOMEM : CV_OK;
}

// The index of an id in [low, high), where ids ascend; `high` when it is not there.
static uint32_t find_id(const cv_cresource *const *bound, uint32_t low, uint32_t high, uint32_t id) {
  uint32_t end = high;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (bound[middle]->id == id)
      return middle;
    if (bound[middle]->id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return end;
}

const cv_cresource **cv_rframe_find(const cv_rframe *frame, const cv_cresource *resource) {
  for (; frame != NULL; frame = frame->outer) {
    uint32_t i = find_id(frame->bound, 0, frame->first_run, resource->id);
    if (i == frame->first_run)
      i = find_id(frame->bound, frame->first_run, frame->count, resource->id);
    if (i != frame->count)
      return &frame->actual[i];
  }
  return NULL;
}

// One step is enough: what is bound was resolved then.
const cv_cresource *cv_rframe_resolve(const cv_rframe *frame, const cv_cresource *resource) {
  const cv_cresource **slot = cv_rframe_find(frame, resource);
  return slot != NULL && *slot != NULL ? *slot : resource;
}

// ---- messages ----

// Puts where it was before what is wrong.
cv_status cv_in_context(cv_cvalidator *v, cv_status status, const char *fmt, ...) {
  cv_diag *diag = v->diag;
  if (status != CV_EINVALID || diag == NULL)
    return status;
  char head[192];
  va_list args;
  va_start(args, fmt);
  vsnprintf(head, sizeof head - 2, fmt, args);
  va_end(args);
  strcat(head, ": ");
  size_t size = strlen(head), kept = CV_MIN(strlen(diag->text), sizeof diag->text - 1 - size);
  memmove(diag->text + size, diag->text, kept);
  memcpy(diag->text, head, size);
  diag->text[size + kept] = 0;
  return status;
}

// ---- value types ----

static bool is_primitive(const cv_ctype *t) {
  return (t->kind >= CV_CT_STRING && t->kind <= CV_CT_BOOL) || t->kind == CV_CT_ERROR_CONTEXT;
}

static cv_status kinds_differ(cv_cvalidator *v, const cv_ctype *a, const cv_ctype *w) {
  const char *found = cv_ctype_kind_text(a->kind), *expected = cv_ctype_kind_text(w->kind);
  if (is_primitive(a) && is_primitive(w))
    return cv_cinvalid(v, "expected primitive `%s` found primitive `%s`", expected, found);
  if (is_primitive(w))
    return cv_cinvalid(v, "expected primitive, found %s: expected %s, found %s", found, expected, found);
  return cv_cinvalid(v, "expected %s, found %s", expected, found);
}

static cv_status match_value(cv_cvalidator *v, const cv_rframe *frame, const cv_ctype *a, const cv_ctype *w);

static cv_status match_resource(cv_cvalidator *v, const cv_rframe *frame, const cv_cresource *a,
                                const cv_cresource *w) {
  const cv_cresource *found = cv_rframe_resolve(frame, a), *expected = cv_rframe_resolve(frame, w);
  if (found->id == expected->id)
    return CV_OK;
  return cv_cinvalid(v, "resource types are not the same: expected `%.*s`, found `%.*s`", CV_NAME(w->name),
                     CV_NAME(a->name));
}

// Payloads of a variant, or members of a result: both there and matching, or both absent.
static cv_status match_payload(cv_cvalidator *v, const cv_rframe *frame, const cv_ctype *a, const cv_ctype *w,
                               const cv_cfield *field, bool is_result) {
  int size = (int)CV_MIN(field->name.size, (size_t)100);
  const char *name = (const char *)field->name.data;
  if (is_result && size == 5) {
    name = "err";
    size = 3;
  }
  if (a == NULL && w == NULL)
    return CV_OK;
  if (a == NULL)
    return is_result ? cv_cinvalid(v, "expected %.*s type, but found none", size, name)
                     : cv_cinvalid(v, "expected case `%.*s` to have a type, found none", size, name);
  if (w == NULL)
    return is_result ? cv_cinvalid(v, "expected %.*s type to not be present", size, name)
                     : cv_cinvalid(v, "expected case `%.*s` to have no type", size, name);
  cv_status status = match_value(v, frame, a, w);
  return is_result ? cv_in_context(v, status, "type mismatch in %.*s variant", size, name)
                   : cv_in_context(v, status, "type mismatch in variant case `%.*s`", size, name);
}

static cv_status match_record(cv_cvalidator *v, const cv_rframe *frame, const cv_ctype *a, const cv_ctype *w) {
  if (a->count != w->count)
    return cv_cinvalid(v, "expected %u fields, found %u", w->count, a->count);
  for (uint32_t i = 0; i < w->count; i++) {
    const cv_cfield *f = &a->fields[i], *g = &w->fields[i];
    if (!cv_bytes_equal(f->name, g->name))
      return cv_cinvalid(v, "expected field name `%.*s`, found `%.*s`", CV_NAME(g->name), CV_NAME(f->name));
    CV_TRY(cv_in_context(v, match_value(v, frame, f->type, g->type), "type mismatch in record field `%.*s`",
                         CV_NAME(g->name)));
  }
  return CV_OK;
}

static cv_status match_variant(cv_cvalidator *v, const cv_rframe *frame, const cv_ctype *a, const cv_ctype *w) {
  if (a->count != w->count)
    return cv_cinvalid(v, "expected %u cases, found %u", w->count, a->count);
  for (uint32_t i = 0; i < w->count; i++) {
    const cv_cfield *f = &a->fields[i], *g = &w->fields[i];
    if (!cv_bytes_equal(f->name, g->name))
      return cv_cinvalid(v, "expected case named `%.*s`, found `%.*s`", CV_NAME(g->name), CV_NAME(f->name));
    CV_TRY(match_payload(v, frame, f->type, g->type, g, w->kind == CV_CT_RESULT));
  }
  return CV_OK;
}

static cv_status match_tuple(cv_cvalidator *v, const cv_rframe *frame, const cv_ctype *a, const cv_ctype *w) {
  if (a->count != w->count)
    return cv_cinvalid(v, "expected %u types, found %u", w->count, a->count);
  for (uint32_t i = 0; i < w->count; i++)
    CV_TRY(cv_in_context(v, match_value(v, frame, a->fields[i].type, w->fields[i].type),
                         "type mismatch in tuple field %u", i));
  return CV_OK;
}

static cv_status match_labels(cv_cvalidator *v, const cv_ctype *a, const cv_ctype *w) {
  bool same = a->count == w->count;
  for (uint32_t i = 0; same && i < w->count; i++)
    same = cv_bytes_equal(a->fields[i].name, w->fields[i].name);
  return same ? CV_OK : cv_cinvalid(v, "mismatch in %s elements", cv_ctype_kind_text(w->kind));
}

// Lists, options, streams, futures, maps: parts without names, some of which may be absent.
static cv_status match_elements(cv_cvalidator *v, const cv_rframe *frame, const cv_ctype *a, const cv_ctype *w) {
  const char *kind = cv_ctype_kind_text(w->kind);
  if (a->length != w->length)
    return cv_cinvalid(v, "expected list of fixed length %u, found %u", w->length, a->length);
  for (uint32_t i = 0; i < w->count; i++) {
    const cv_ctype *f = a->fields[i].type, *g = w->fields[i].type;
    if ((f == NULL) != (g == NULL))
      return cv_cinvalid(v, "expected %s type %s", kind, g == NULL ? "to not be present" : ", but found none");
    if (f != NULL)
      CV_TRY(cv_in_context(v, match_value(v, frame, f, g), "type mismatch in %s", kind));
  }
  return CV_OK;
}

static cv_status match_value(cv_cvalidator *v, const cv_rframe *frame, const cv_ctype *a, const cv_ctype *w) {
  if (a == w)
    return CV_OK;
  CV_TRY(cv_cvalidator_step(v, 1 + w->count));
  if (a->kind != w->kind)
    return kinds_differ(v, a, w);
  switch (w->kind) {
  case CV_CT_RECORD:
    return match_record(v, frame, a, w);
  case CV_CT_VARIANT:
  case CV_CT_RESULT:
    return match_variant(v, frame, a, w);
  case CV_CT_TUPLE:
    return match_tuple(v, frame, a, w);
  case CV_CT_FLAGS:
  case CV_CT_ENUM:
    return match_labels(v, a, w);
  case CV_CT_OWN:
  case CV_CT_BORROW:
    return match_resource(v, frame, a->resource, w->resource);
  default:
    return match_elements(v, frame, a, w);
  }
}

// ---- functions ----

static cv_status match_func(cv_cvalidator *v, const cv_rframe *frame, const cv_cfunctype *a, const cv_cfunctype *w) {
  if (a == w)
    return CV_OK;
  CV_TRY(cv_cvalidator_step(v, 1 + w->param_count));
  if (a->is_async != w->is_async)
    return cv_cinvalid(v, "expected %s function, found %s function", w->is_async ? "an async" : "a sync",
                       a->is_async ? "an async" : "a sync");
  if (a->param_count != w->param_count)
    return cv_cinvalid(v, "expected %u parameters, found %u", w->param_count, a->param_count);
  for (uint32_t i = 0; i < w->param_count; i++) {
    const cv_cfield *f = &a->params[i], *g = &w->params[i];
    if (!cv_bytes_equal(f->name, g->name))
      return cv_cinvalid(v, "expected parameter named `%.*s`, found `%.*s`", CV_NAME(g->name), CV_NAME(f->name));
    CV_TRY(cv_in_context(v, match_value(v, frame, f->type, g->type), "type mismatch in function parameter `%.*s`",
                         CV_NAME(g->name)));
  }
  if (a->result == NULL && w->result == NULL)
    return CV_OK;
  if (a->result == NULL)
    return cv_cinvalid(v, "expected a result, found none: the function given has no result");
  if (w->result == NULL)
    return cv_cinvalid(v, "expected a result, found none: the function wanted has no result");
  return cv_in_context(v, match_value(v, frame, a->result, w->result), "type mismatch with result type");
}

// ---- instances and components ----

// `types` of the frame around, when the instance stands for an import's.
static cv_status match_instance(cv_cvalidator *v, const cv_rframe *outer, cv_given_types *types,
                                const cv_cinstancetype *a, const cv_cinstancetype *w) {
  if (a == w)
    return CV_OK;
  CV_TRY(cv_cvalidator_step(v, 1 + w->export_count));
  cv_rframe frame;
  CV_TRY(cv_rframe_init(v, &frame, outer, w->resources, w->resource_count, w->resource_count));
  frame.types = types;
  for (uint32_t i = 0; i < w->export_count; i++) {
    const cv_cextern *wanted = &w->exports[i];
    const cv_cextern *found = cv_cextern_find(a->sorted, a->export_count, wanted->name);
    if (found == NULL)
      return cv_cinvalid(v, "missing expected export `%.*s`", CV_NAME(wanted->name));
    CV_TRY(cv_in_context(v, cv_match_extern(v, &frame, &found->type, &wanted->type),
                         "type mismatch in instance export `%.*s`", CV_NAME(wanted->name)));
  }
  return CV_OK;
}

static cv_status match_component(cv_cvalidator *v, const cv_rframe *outer, const cv_ccomponenttype *a,
                                 const cv_ccomponenttype *w) {
  if (a == w)
    return CV_OK;
  CV_TRY(cv_cvalidator_step(v, 1 + (uint64_t)a->import_count + w->export_count));
  cv_rframe imports, exports;
  uint32_t bound = a->imported_resource_count;
  CV_TRY(cv_rframe_init(v, &imports, outer, a->resources, bound, bound));
  for (uint32_t i = 0; i < a->import_count; i++) {
    const cv_cextern *needed = &a->imports[i];
    const cv_cextern *given = cv_cextern_find(w->sorted_imports, w->import_count, needed->name);
    if (given == NULL)
      return cv_cinvalid(v, "missing expected import `%.*s`", CV_NAME(needed->name));
    CV_TRY(cv_in_context(v, cv_match_extern(v, &imports, &given->type, &needed->type), "type mismatch in import `%.*s`",
                         CV_NAME(needed->name)));
  }
  bound = w->resource_count - w->imported_resource_count;
  CV_TRY(cv_rframe_init(v, &exports, &imports, w->resources + w->imported_resource_count, bound, bound));
  for (uint32_t i = 0; i < w->export_count; i++) {
    const cv_cextern *wanted = &w->exports[i];
    const cv_cextern *found = cv_cextern_find(a->sorted_exports, a->export_count, wanted->name);
    if (found == NULL)
      return cv_cinvalid(v, "missing expected export `%.*s`", CV_NAME(wanted->name));
    CV_TRY(cv_in_context(v, cv_match_extern(v, &exports, &found->type, &wanted->type), "type mismatch in export `%.*s`",
                         CV_NAME(wanted->name)));
  }
  return CV_OK;
}

// A type where an equal one is wanted, or a resource that stands for one.
static cv_status match_type(cv_cvalidator *v, const cv_rframe *frame, cv_cdeftype a, cv_cdeftype w) {
  if (a.kind != w.kind)
    return cv_cinvalid(v, "expected %s, found %s", cv_deftype_text(w), cv_deftype_text(a));
  switch (w.kind) {
  case CV_DEF_VALUE:
    return match_value(v, frame, a.as.value, w.as.value);
  case CV_DEF_FUNC:
    return match_func(v, frame, a.as.func, w.as.func);
  case CV_DEF_COMPONENT:
    CV_TRY(match_component(v, frame, a.as.component, w.as.component));
    return match_component(v, frame, w.as.component, a.as.component);
  case CV_DEF_INSTANCE:
    CV_TRY(match_instance(v, frame, NULL, a.as.instance, w.as.instance));
    return match_instance(v, frame, NULL, w.as.instance, a.as.instance);
  case CV_DEF_RESOURCE:
    break;
  }
  const cv_cresource **slot = cv_rframe_find(frame, w.as.resource);
  if (slot == NULL || *slot != NULL)
    return match_resource(v, frame, a.as.resource, w.as.resource);
  *slot = cv_rframe_resolve(frame, a.as.resource);
  return CV_OK;
}

void cv_given_types_init(cv_given_types *types, cv_mem *mem) {
  cv_map_init(&types->by_serial, mem);
  cv_map_init(&types->by_origin, mem);
}

void cv_given_types_free(cv_given_types *types) {
  cv_map_free(&types->by_serial);
  cv_map_free(&types->by_origin);
}

// The type that an import asked for becomes the one that was given, in whatever speaks of it: the names that it has
// where it was given go with it. So does every new name of a value type; where resources are in it, what came of one
// definition may differ.
static cv_status note_type(const cv_rframe *frame, cv_cdeftype a, cv_cdeftype w) {
  if (frame == NULL || frame->types == NULL || w.kind == CV_DEF_RESOURCE)
    return CV_OK;
  const uint32_t *serial = cv_deftype_serial(w);
  const void *given = a.kind == CV_DEF_VALUE       ? (const void *)a.as.value
                      : a.kind == CV_DEF_FUNC      ? (const void *)a.as.func
                      : a.kind == CV_DEF_COMPONENT ? (const void *)a.as.component
                                                   : (const void *)a.as.instance;
  if (w.kind == CV_DEF_VALUE && !w.as.value->traits.has_resource) {
    const uint32_t *origin = &w.as.value->traits.origin;
    CV_TRY(cv_map_put(&frame->types->by_origin, (cv_bytes){(const uint8_t *)origin, sizeof *origin},
                      (uint64_t)(uintptr_t)given, NULL));
  }
  return cv_map_put(&frame->types->by_serial, (cv_bytes){(const uint8_t *)serial, sizeof *serial},
                    (uint64_t)(uintptr_t)given, NULL);
}

cv_status cv_match_extern(cv_cvalidator *v, const cv_rframe *frame, const cv_cexterntype *a, const cv_cexterntype *w) {
  if (a->sort != w->sort)
    return cv_cinvalid(v, "expected %s, found %s", cv_csort_text(w->sort), cv_csort_text(a->sort));
  switch (w->sort) {
  case CV_SORT_MODULE:
    return cv_match_module(v, a->as.module, w->as.module);
  case CV_SORT_FUNC:
    return match_func(v, frame, a->as.func, w->as.func);
  case CV_SORT_VALUE:
    return match_value(v, frame, a->as.value, w->as.value);
  case CV_SORT_TYPE:
    CV_TRY(match_type(v, frame, a->as.type, w->as.type));
    return note_type(frame, a->as.type, w->as.type);
  case CV_SORT_COMPONENT:
    return match_component(v, frame, a->as.component, w->as.component);
  case CV_SORT_INSTANCE:
    break;
  }
  return match_instance(v, frame, frame == NULL ? NULL : frame->types, a->as.instance, w->as.instance);
}
