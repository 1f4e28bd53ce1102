// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_linker.h: what a host defines for components (component_linker.c), and what matches it with what they
// import (component_match.c).
//
// Definitions stand under the full name of what they serve. One of an interface may be a generated table (glue), loose
// functions and resources (members, which come first), or both. Other definitions are ready items. Items for a
// component's imports are made when it is first instantiated and kept, so that a further instance costs no matching.
//
// WASI has more interfaces than any component imports: the definition of one is made when it is asked for.
#ifndef COVE_API_COMPONENT_LINKER_H
#define COVE_API_COMPONENT_LINKER_H

#include "api/component.h"

typedef struct cv_api_member {
  cv_bytes name;
  const char *signature;            // functions: NULL for any
  cove_component_fn *fn;            // NULL for a resource
  void *env;                        // of fn
  const cv_resource_type *resource; // or NULL
} cv_api_member;

typedef struct cv_api_definition {
  cv_bytes name, base, version; // name: whole; empty for what a world has without an interface
  const cove_glue_interface *glue;
  void *host; // of glue
  bool denied, when_called;
  bool has_all; // denied, and has whatever is asked of it, each resource type a new one that no value will have
  const char *grant;
  bool is_item;
  cv_citem item;
  CV_VEC(cv_api_member) members;
} cv_api_definition;

// A component whose imports are matched.
typedef struct cv_api_match {
  const cv_component *component;
  const cv_citem *imports; // in the store
} cv_api_match;

struct cove_component_linker {
  cove_store *store; // borrowed
  cv_arena arena;    // names, signatures
  CV_VEC(cv_api_definition) definitions;
  CV_VEC(cv_api_match) matches;
  cv_api_late_world late;        // without a world when there is none
  const char *rest, *rest_grant; // what cove_component_linker_deny_rest was told; NULL when it was not
};

// The definition of that name; NULL when there is none yet.
cv_api_definition *cv_api_find_defined(const cove_component_linker *linker, cv_bytes name);
// Late interfaces: where the first name is that is not before `start`; the one with number `i`, where its name begins
// with `start`, else NULL; the one of that name, or NULL.
size_t cv_api_late_place(const cv_api_late_world *late, cv_bytes start);
const cove_glue_interface *cv_api_late_at(const cv_api_late_world *late, size_t i, cv_bytes start);
const cove_glue_interface *cv_api_late_named(const cv_api_late_world *late, cv_bytes name);
// Defines one that is not. NULL when out of memory.
cv_api_definition *cv_api_add_late(cove_component_linker *linker, const cove_glue_interface *glue);

#endif
