// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter.h: calls from component to component without interpreting types: a core module is generated for a pair of
// canon lower and canon lift, with the memories of both sides imported, and compiled by the tier that is in use.
//
// What it does is what canon/call.c does, in another order: each value is lowered as soon as it is lifted. A guest
// could see that only in a call that traps, of which it sees nothing any more.
#ifndef COVE_COMPONENT_CANON_ADAPTER_H
#define COVE_COMPONENT_CANON_ADAPTER_H

#include "base/buf.h"
#include "component/canon/canon.h"

// A core function that does what cv_lowered_call would, or NULL when this pair has none: async, functions of the host,
// shared memories, memory that ran out. `lowered` lives as long as
// the store. Generated code is kept in the outermost component of the caller.
cv_func *cv_adapter_func(cv_store *store, const cv_lowered *lowered);
// The same, made when it is first called: until then it is a core function of this type that says so. Where there is no
// adapter it does what cv_lowered_call does. NULL when out of memory.
cv_func *cv_adapter_func_late(cv_store *store, cv_lowered *lowered, cv_typeid type);
// Of a component that goes; NULL is allowed.
typedef struct cv_adapters cv_adapters;
void cv_adapters_delete(cv_adapters *adapters);

// ---- between the generator (adapter_emit.h) and the rest (adapter.c) ----

enum { CV_SIDE_CALLER = 0, CV_SIDE_CALLEE = 1 };

// What the generated module imports, in this order; those that are not needed are left out.
//   memories: caller's, callee's; globals: caller's may_leave, callee's may_leave, may_enter of each instance entered
typedef enum cv_adapter_import {
  CV_ADAPTER_CALLEE,         // the core function
  CV_ADAPTER_TRAP,           // (cv_adapter_trap)
  CV_ADAPTER_REALLOC_CALLER, // the guest's
  CV_ADAPTER_REALLOC_CALLEE,
  CV_ADAPTER_POST_RETURN,
  CV_ADAPTER_UTF8,   // (side, address, size): traps unless it is UTF-8
  CV_ADAPTER_UTF16,  // (side, address, units): likewise
  CV_ADAPTER_STRING, // (side, address, units) -> address and units on the other side, all i64: lifted, lowered
  CV_ADAPTER_OWN,    // (side, resource there, resource on the other side, handle) -> handle
  // Borrows that are parameters themselves, of resources that the callee implements:
  CV_ADAPTER_BORROW,    // (resource, handle) -> representation; lends the caller's handle
  CV_ADAPTER_GIVE_BACK, // (handle): ends that loan
  // Any others:
  CV_ADAPTER_BEGIN, // () -> mark; before the first loan
  CV_ADAPTER_LEND,  // (resource there, resource on the other side, handle) -> handle, or representation
  CV_ADAPTER_END,   // (mark): ends the loans since; a trap when the callee has kept some
  CV_ADAPTER_IMPORT_COUNT,
} cv_adapter_import;

typedef enum cv_adapter_trap {
#define CV_ADAPTER_TRAP_DEF(name, text) CV_ADAPTER_TRAP_##name,
#include "component/canon/adapter_traps.def"
} cv_adapter_trap;

typedef struct cv_adapter_plan {
  const cv_lowered *lowered;
  uint32_t entered; // instances that the call enters
  bool memories[2]; // by side
  bool imports[CV_ADAPTER_IMPORT_COUNT];
} cv_adapter_plan;

// False when there is no adapter for the pair.
bool cv_adapter_plan_for(const cv_lowered *lowered, cv_adapter_plan *plan);
// The type of an import in the module.
void cv_adapter_import_type(const cv_adapter_plan *plan, cv_adapter_import import, cv_flat_functype *out);
// Appends the module to `out`. False when the types are too many for it; allocation failures are in `out`.
CV_MUST_USE bool cv_adapter_generate(const cv_adapter_plan *plan, cv_mem *mem, cv_buf *out);

#endif
