// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.h: what the implementers of include/cove/component.h and glue.h share. Types, functions, instances and
// resource types are the objects of src/component under other names; components and linkers have structures here.
#ifndef COVE_API_COMPONENT_H
#define COVE_API_COMPONENT_H

#include "api/api.h"
#include "base/map.h"
#include "component/canon/canon.h"
#include "component/link.h"

struct cove_component {
  uint32_t refs;     // atomic: its maker, and each store that instantiated it
  cv_engine *engine; // kept
  cv_component *component;
  bool compiled;
  bool keeps_code;         // for an entry of a cache
  cv_resource_name *names; // of its resources, in `arena`
  cv_arena arena;
  bool owns_bytes; // `bytes` is a block of cv_api_mem
  const uint8_t *bytes;
  size_t size;
  void (*release)(void *env); // borrowed bytes: called last; may be NULL
  void *release_env;
};
// The store keeps a component that it instantiated.
CV_MUST_USE cv_status cv_api_keep_component(cove_store *store, cove_component *component);

// A resource type of the host in a store.
struct cv_api_resource {
  const cove_glue_resource *definition;
  void *host;
  cv_resource_type type;
  struct cv_api_resource *next;
};
// The store's resource type for a definition and its host; made when first asked for. NULL when out of memory.
const cv_resource_type *cv_api_resource_type(cove_store *store, const cove_glue_resource *key, void *host);

static inline cv_cexports *cv_api_exports(cove_component_instance *instance) {
  return (cv_cexports *)instance;
}
static inline cv_cfunc *cv_api_cfunc(const cove_component_func *func) {
  return (cv_cfunc *)(uintptr_t)func;
}
static inline cv_bytes cv_api_text(const char *text) {
  return text != NULL ? cv_bytes_of(text) : (cv_bytes){0};
}

// ---- component_instance.c ----
// A function over values as a lifted one: `env` is a cv_api_host_func.
typedef struct cv_api_host_func {
  cove_component_fn *fn;
  void *env;
} cv_api_host_func;
cv_lifted_fn cv_api_call_values;
// The item that an instance exports under `name` in `interface` (empty: itself). `type` (may be NULL) gets what the
// component says of it, in the numbering of its resources. NULL when there is none.
const cv_cnamed *cv_api_find_export(cv_cexports *instance, cv_bytes interface, cv_bytes name, const cv_cextern **type);

// ---- component_value.c ----
static_assert(sizeof(cove_component_value) == sizeof(cv_cval), "one layout");
// A copy of which every part is a block of cv_api_mem, as cove_component_value_delete frees it.
CV_MUST_USE cv_status cv_api_value_copy(const cv_cval *from, cove_component_value *out);
// Whether a value of the host has the shape of the type: kinds, counts, cases, pointers. Contents are checked by who
// lowers it.
bool cv_api_value_fits(const cv_ctype *type, const cove_component_value *value, unsigned depth);

#endif
