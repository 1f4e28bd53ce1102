// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instantiate.h: making instances of validated, compiled components, and what flows between them: items.
//
// Terms
//   item      what an import gets and an export gives: a function, a type, an instance...
//   exports   an instance as others see it: items by name. Made by instantiating a component, by a bundle of inline
//             exports, or by a linker from what the host defined.
//   closure   a component together with the instance that its outer aliases look into.
#ifndef COVE_COMPONENT_INSTANTIATE_H
#define COVE_COMPONENT_INSTANTIATE_H

#include "component/instance.h"
#include "runtime/store.h"

typedef struct cv_cexports cv_cexports;

typedef struct cv_cclosure {
  const cv_component *component;
  cv_cinstance *outer; // NULL for an outermost component
} cv_cclosure;

typedef struct cv_citem {
  cv_csort sort;
  union {
    void *object;
    cv_code *module;
    cv_cfunc *func;
    cv_resource_type *resource; // of a type; NULL for one that is no resource type
    cv_cclosure *component;
    cv_cexports *instance;
  } as;
} cv_citem;

typedef struct cv_cnamed {
  cv_bytes name; // lives as long as the store
  cv_citem item;
} cv_cnamed;

struct cv_cexports {
  cv_cinstance *instance; // whose exports they are; NULL for bundles and the host's
  uint32_t count;
  uint32_t next; // where the next search begins
  cv_cnamed *items;
};

// The export of that name, NULL when there is none.
const cv_cnamed *cv_cexports_find(cv_cexports *exports, cv_bytes name);

// Instantiates a component. `imports` has an item for each of component->type.imports, in its order, and they match
// (component/link.h). Everything that is made lives until the store is deleted; the component and the codes of its
// modules must live as long.
//   CV_EUNSUPPORTED  async, start, values; named
//   CV_ETRAP         a start function or a segment trapped: the context says why
//   CV_ELIMIT, CV_ENOMEM, CV_EUNLINKABLE (a module that was imported does not fit its arguments)
CV_MUST_USE cv_status cv_component_instantiate(cv_store *store, const cv_component *component, const cv_citem *imports,
                                               cv_cexports **out, cv_diag *diag);

// Calls back for all that an instance of a component is made of, in the order in which it was made: itself, instances
// of core modules, instances of components inside of it. What is not CV_OK ends the walk.
typedef struct cv_cwalk {
  cv_status (*component)(void *env, const cv_cinstance *instance);
  cv_status (*core)(void *env, cv_instance *instance);
  void *env;
} cv_cwalk;
CV_MUST_USE cv_status cv_cinstance_walk(const cv_cinstance *instance, const cv_cwalk *walk);

#endif
