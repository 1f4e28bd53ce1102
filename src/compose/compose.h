// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose.h: making components: out of core modules, and out of components.
//
// A core module that was built for a WIT world says so in a custom section, `component-type` or
// `component-type:ANYTHING`: a component that packages the world (wit/encode.h). Its imports and exports have the names
// that language tools use:
//
//   imports   module "ns:pkg/iface@1.0.0", name "f", "[method]r.f", "[resource-drop]r"; module "$root" for functions of
//             the world itself; module "[export]ns:pkg/iface@1.0.0", name "[resource-new]r", "[resource-rep]r",
//             "[resource-drop]r" for resources that the module defines
//   exports   "f", "ns:pkg/iface@1.0.0#f", "cabi_post_" before either, "...#[dtor]r", "memory", "cabi_realloc",
//             "_initialize"
#ifndef COVE_COMPOSE_COMPOSE_H
#define COVE_COMPOSE_COMPOSE_H

#include "base/buf.h"
#include "wit/wit.h"

typedef struct cv_adapter {
  const char *name; // the core import module that it provides: "wasi_snapshot_preview1"
  cv_bytes module;
} cv_adapter;

// Whether a program of preview 1 gets our own adapter, and what it is then.
typedef enum cv_preview1_kind {
  CV_PREVIEW1_NONE = 0,
  CV_PREVIEW1_COMMAND = 1, // `_start` is exported as wasi:cli/run
  CV_PREVIEW1_REACTOR = 2, // `_initialize`, if there is one, is called when the component is instantiated
} cv_preview1_kind;

typedef struct cv_new_options {
  const cv_adapter *adapters;
  uint32_t adapter_count;
  cv_preview1_kind preview1;
  const cv_wit_world *world; // when the module does not carry it; replaces the one that it carries
} cv_new_options;

// The name of a custom section that holds a world.
bool cv_compose_is_world(cv_bytes section_name);
// A component around a core module. CV_EINVALID says which import or export does not fit the world, and how.
CV_MUST_USE cv_status cv_compose_new(cv_bytes module, const cv_new_options *options, cv_mem *mem, cv_buf *out,
                                     cv_diag *diag);
// The module with the world in a custom section; an older one is replaced.
CV_MUST_USE cv_status cv_compose_embed(cv_bytes module, const cv_wit_world *world, cv_mem *mem, cv_buf *out,
                                       cv_diag *diag);

#endif
