// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon.h: the engine-wide registry of types. Recursive groups are made canonical by structure (iso-recursively, core
// specification 2.3.4 "rolling"): two defined types are the same exactly when their ids are equal, in whatever modules
// they were written.
//
// Ids live as long as somebody holds their group: each successful add takes one reference, each release drops one,
// and a group holds the groups that its types mention. A module holds the groups of its types until it is deleted;
// whoever keeps an id longer than the module keeps the module. Ids of dead groups are used again.
//
// Threads: add and release take a lock. Looking up an id that the caller holds takes none and never moves.
#ifndef COVE_WASM_CANON_H
#define COVE_WASM_CANON_H

#include "base/mem.h"
#include "base/status.h"
#include "wasm/types.h"

typedef struct cv_type_registry cv_type_registry;

// A canonical type. Heap types that are indices in it are ids.
typedef struct cv_canon_type {
  cv_composite kind;
  bool is_final;
  bool checks_params;       // functions: a parameter is a reference, which a host may get wrong
  bool checks_results;      // functions: a result is
  uint32_t depth;           // number of supertypes above it
  const cv_typeid *display; // depth + 1 ids: the root first, the type itself last
  union {
    cv_functype func;
    struct {
      const cv_fieldtype *fields; // one for an array
      uint32_t count;
    } aggregate;
  } as;
} cv_canon_type;

// NULL when out of memory. `mem` is borrowed and outlives the registry.
CV_MUST_USE cv_type_registry *cv_type_registry_new(cv_mem *mem);
void cv_type_registry_delete(cv_type_registry *registry);

// Registers the recursive group types[start, start + size) of a module and sets the id of each type in it. `types` are
// the module's from index 0 on: indices in the group below `start` name types that have their ids already, others lie
// in the group, and a supertype comes before its subtype (the caller checked that). CV_ENOMEM or CV_ELIMIT (too many
// types alive, or CV_MAX_SUBTYPE_DEPTH) leave the ids unset.
CV_MUST_USE cv_status cv_type_registry_add(cv_type_registry *registry, cv_type *types, uint32_t start, uint32_t size);
// The id of a final function type without supertype; value types in `type` are canonical. CV_NO_TYPE when out of memory
// or ids. The caller releases it.
CV_MUST_USE cv_typeid cv_type_registry_func(cv_type_registry *registry, const cv_functype *type);
// Drops one reference on the group of `id`.
void cv_type_registry_release(cv_type_registry *registry, cv_typeid id);
// How many types are alive: for tests of leaks.
uint32_t cv_type_registry_count(const cv_type_registry *registry);

const cv_canon_type *cv_canon_type_of(const cv_type_registry *registry, cv_typeid id);

// Whether a is b or declared below it. Constant time.
bool cv_type_is_subtype(const cv_type_registry *registry, cv_typeid a, cv_typeid b);

// Matching of canonical types (core specification, 3.3): a can stand where b is wanted. CV_BOT matches everything.
bool cv_canon_heap_matches(const cv_type_registry *registry, uint32_t a, uint32_t b);
bool cv_canon_matches(const cv_type_registry *registry, cv_valtype a, cv_valtype b);
// Whether the composite part of a matches that of b, as a declaration of a below b needs.
bool cv_canon_composite_matches(const cv_type_registry *registry, const cv_canon_type *a, const cv_canon_type *b);

// The value type of a module with its type index replaced by the id.
static inline cv_valtype cv_valtype_canonical(const cv_type *types, cv_valtype t) {
  return cv_type_is_ref(t) && cv_heap_is_index(cv_type_heap(t)) ? types[cv_type_heap(t)].id << 8 | cv_type_kind(t) : t;
}

#endif
