// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// resolve.h: what the files of the resolver share. Names of WIT become pointers (WIT.md, "Name resolution", "Feature
// Gates", "Union of Worlds"):
//
//   resolve_check.c  items of features that are off are taken out of their lists; each name stands once in its scope
//   resolve.c        `use` and names of types; no type contains itself
//   resolve_world.c  includes, then imports and exports with the interfaces that they use
#ifndef COVE_WIT_RESOLVE_H
#define COVE_WIT_RESOLVE_H

#include "wit/syntax.h"

typedef struct cv_wit_resolver {
  cv_wit *wit;
  const cv_wit_options *options;
  cv_diag *diag;
  cv_wit_typedef **defined; // where the next type that is complete is linked
  uint32_t depth;           // of definitions, and worlds, that wait for others
  uint32_t visit;           // number of the walk through interfaces (add_used)
} cv_wit_resolver;

// States of interfaces, definitions and worlds.
enum { CV_WIT_UNSEEN, CV_WIT_ACTIVE, CV_WIT_DONE };

// How many definitions, interfaces or worlds name each other in a chain: they are walked through by recursion, here and
// by everything that reads them.
enum { CV_WIT_MAX_DEPTH = 200 };

#define CV_WIT_RESOLVE_FAIL(r, place, ...) cv_wit_fail((r)->wit, (place), CV_EINVALID, (r)->diag, __VA_ARGS__)
CV_COLD cv_status cv_wit_resolve_no_memory(cv_wit_resolver *r);
CV_COLD cv_status cv_wit_too_deep(cv_wit_resolver *r, cv_wit_place place);

// ---- resolve_check.c ----
void cv_wit_drop_gated(cv_wit_resolver *r, cv_wit_package *package);
CV_MUST_USE cv_status cv_wit_check_package(cv_wit_resolver *r, const cv_wit_package *package);
// Whether two names differ by the case of letters at most.
bool cv_wit_same_fold(cv_bytes a, cv_bytes b);
cv_status cv_wit_twice(cv_wit_resolver *r, const cv_wit_head *head); // a name stands twice

// ---- resolve.c ----
// A package by name; without a version the only one of that name.
CV_MUST_USE cv_status cv_wit_find_package(cv_wit_resolver *r, const cv_wit_path *path, const cv_wit_package **out);
// What a path stands for by the uses at the top of its file.
const cv_wit_path *cv_wit_renamed(const cv_wit_file *file, const cv_wit_path *path);
cv_wit_world *cv_wit_world_named(const cv_wit_package *package, cv_bytes name); // NULL when there is none
CV_MUST_USE cv_status cv_wit_find_interface(cv_wit_resolver *r, const cv_wit_file *file, const cv_wit_package *package,
                                            const cv_wit_path *path, cv_wit_interface **out);
CV_MUST_USE cv_status cv_wit_resolve_interface(cv_wit_resolver *r, cv_wit_interface *interface);
CV_MUST_USE cv_status cv_wit_resolve_types(cv_wit_resolver *r, cv_wit_typedef **types, const cv_wit_file *file,
                                           const cv_wit_package *package);
CV_MUST_USE cv_status cv_wit_resolve_func(cv_wit_resolver *r, cv_wit_func *func, cv_wit_typedef *scope,
                                          const cv_wit_file *file, const cv_wit_package *package);

// ---- resolve_world.c ----
CV_MUST_USE cv_status cv_wit_resolve_world(cv_wit_resolver *r, cv_wit_world *world);

#endif
