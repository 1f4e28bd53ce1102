// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// link.c: subtyping between things that are there and things that are wanted (Explainer.md, "Type Checking"): function
// types are the same up to what their resources are; instances and modules have all that is wanted and more; components
// want no more than they are given.
#include "component/link.h"
#include "runtime/tier.h"
#include "wasm/canon.h"

// ---- types ---------------------------------------------------------------------------------------------------------

typedef const cv_resource_type *const *resources;

// Depth is bounded by validation (CV_MAX_TYPE_DEPTH).
static bool same(const cv_ctype *a, resources of_a, const cv_ctype *b, resources of_b) {
  if (a == NULL || b == NULL)
    return a == b;
  if (a == b && (of_a == of_b || !a->has_handle))
    return true;
  if (a->kind != b->kind || a->count != b->count || a->length != b->length)
    return false;
  if (a->kind == CV_CT_OWN || a->kind == CV_CT_BORROW) {
    const cv_resource_type *r = of_a[a->resource->index];
    return r != NULL && r == of_b[b->resource->index];
  }
  for (uint32_t i = 0; i < a->count; i++)
    if (!cv_bytes_equal(a->fields[i].name, b->fields[i].name) ||
        !same(a->fields[i].type, of_a, b->fields[i].type, of_b))
      return false;
  return true;
}

bool cv_cfunctype_same(const cv_cfunctype *a, resources of_a, const cv_cfunctype *b, resources of_b) {
  if (a->param_count != b->param_count || a->is_async != b->is_async)
    return false;
  for (uint32_t i = 0; i < a->param_count; i++)
    if (!same(a->params[i].type, of_a, b->params[i].type, of_b))
      return false;
  return same(a->result, of_a, b->result, of_b);
}

// ---- items ---------------------------------------------------------------------------------------------------------

static bool refuse(cv_buf *why, cv_bytes name, const char *what) {
  cv_buf_printf(why, "\"%.*s\": %s", (int)CV_MIN(name.size, 200), (const char *)name.data, what);
  return false;
}

static bool func_fits(const cv_binding *b, const cv_cfunctype *wanted, cv_bytes name, const cv_cfunc *func,
                      cv_buf *why) {
  resources there = func->instance != NULL ? func->instance->resources : func->resources;
  if (cv_cfunctype_same(wanted, b->resources, func->type, there))
    return true;
  cv_buf_printf(why, "\"%.*s\" has another type: the component wants ", (int)CV_MIN(name.size, 200),
                (const char *)name.data);
  cv_cfunctype_print(why, wanted);
  cv_buf_text(why, ", there is ");
  cv_cfunctype_print(why, func->type);
  return false;
}

static bool type_fits(cv_binding *b, const cv_cexterntype *wanted, cv_bytes name, const cv_resource_type *there,
                      cv_buf *why) {
  if (wanted->as.type.kind != CV_DEF_RESOURCE)
    return true; // the functions that use it are compared
  if (there == NULL)
    return refuse(why, name, "the component wants a resource type");
  const cv_resource_type **bound = &b->resources[wanted->as.type.as.resource->index];
  if (*bound == NULL)
    *bound = there;
  return *bound == there || refuse(why, name, "a resource type that must be the same is another one");
}

static bool module_fits(const cv_coremoduletype *wanted, cv_bytes name, const cv_module *module, cv_buf *why) {
  for (uint32_t i = 0; i < wanted->export_count; i++) {
    const cv_coreextern *e = &wanted->exports[i];
    const cv_export *found = NULL;
    for (uint32_t k = 0; k < module->export_count && found == NULL; k++)
      if (module->exports[k].kind == e->kind && cv_bytes_equal(module->exports[k].name, e->name))
        found = &module->exports[k];
    if (found == NULL)
      return refuse(why, name, "the module lacks an export that is wanted");
    if (e->kind == CV_EXTERN_FUNC &&
        !cv_type_is_subtype(module->registry, module->types[module->funcs[found->index].type].id, e->as.func))
      return refuse(why, name, "a function of the module has another type");
  }
  for (uint32_t i = 0; i < module->import_count; i++) {
    bool given = false;
    for (uint32_t k = 0; k < wanted->import_count && !given; k++)
      given = module->imports[i].kind == wanted->imports[k].kind &&
              cv_bytes_equal(module->imports[i].module, wanted->imports[k].module) &&
              cv_bytes_equal(module->imports[i].name, wanted->imports[k].name);
    if (!given)
      return refuse(why, name, "the module imports more than it would be given");
  }
  return true;
}

static const cv_cextern *find_extern(const cv_cextern *externs, uint32_t count, cv_bytes name) {
  for (uint32_t i = 0; i < count; i++)
    if (cv_bytes_equal(externs[i].name, name))
      return &externs[i];
  return NULL;
}

// Functions by their parameters' kinds alone: calls between components check values again when types differ.
static bool externs_fit(const cv_cextern *wanted, uint32_t wanted_count, const cv_cextern *there,
                        uint32_t there_count) {
  for (uint32_t i = 0; i < wanted_count; i++) {
    const cv_cextern *w = &wanted[i], *t = find_extern(there, there_count, w->name);
    if (t == NULL || t->type.sort != w->type.sort)
      return false;
    if (w->type.sort == CV_SORT_INSTANCE &&
        !externs_fit(w->type.as.instance->exports, w->type.as.instance->export_count, t->type.as.instance->exports,
                     t->type.as.instance->export_count))
      return false;
    if (w->type.sort == CV_SORT_FUNC && w->type.as.func->param_count != t->type.as.func->param_count)
      return false;
  }
  return true;
}

static bool component_fits(const cv_ccomponenttype *wanted, cv_bytes name, const cv_component *there, cv_buf *why) {
  if (!externs_fit(wanted->exports, wanted->export_count, there->type.exports, there->type.export_count))
    return refuse(why, name, "the component lacks an export that is wanted");
  if (!externs_fit(there->type.imports, there->type.import_count, wanted->imports, wanted->import_count))
    return refuse(why, name, "the component imports more than it would be given");
  return true;
}

static bool instance_fits(cv_binding *b, const cv_cinstancetype *wanted, cv_bytes name, cv_cexports *there,
                          cv_buf *why) {
  for (uint32_t i = 0; i < wanted->export_count; i++) {
    const cv_cextern *e = &wanted->exports[i];
    const cv_cnamed *found = cv_cexports_find(there, e->name);
    if (found == NULL) {
      cv_buf_printf(why, "\"%.*s\" lacks %s \"%.*s\"", (int)CV_MIN(name.size, 200), (const char *)name.data,
                    cv_csort_text(e->type.sort), (int)CV_MIN(e->name.size, 200), (const char *)e->name.data);
      return false;
    }
    if (!cv_citem_fits(b, &e->type, e->name, &found->item, why))
      return false;
  }
  return true;
}

bool cv_citem_fits(cv_binding *b, const cv_cexterntype *wanted, cv_bytes name, const cv_citem *item, cv_buf *why) {
  if (wanted->sort != item->sort) {
    cv_buf_printf(why, "\"%.*s\" is a %s, the component wants a %s", (int)CV_MIN(name.size, 200),
                  (const char *)name.data, cv_csort_text(item->sort), cv_csort_text(wanted->sort));
    return false;
  }
  switch (wanted->sort) {
  case CV_SORT_FUNC:
    return func_fits(b, wanted->as.func, name, item->as.func, why);
  case CV_SORT_TYPE:
    return type_fits(b, wanted, name, item->as.resource, why);
  case CV_SORT_MODULE:
    return module_fits(wanted->as.module, name, item->as.module->module, why);
  case CV_SORT_COMPONENT:
    return component_fits(wanted->as.component, name, item->as.component->component, why);
  case CV_SORT_INSTANCE:
    return instance_fits(b, wanted->as.instance, name, item->as.instance, why);
  case CV_SORT_VALUE:
    break;
  }
  return refuse(why, name, "unsupported: values");
}
