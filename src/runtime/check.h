// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// check.h: the types of references that a host hands to a guest. Native code takes a reference for what its static type
// says, so a wrong one would be a call with another signature. Values carry no type: what can be checked is null, and
// of a function its own type and store.
#ifndef COVE_RUNTIME_CHECK_H
#define COVE_RUNTIME_CHECK_H

#include "runtime/runtime.h"
#include "wasm/canon.h"

// Whether `value` can be of the canonical type `type` in this store; true for numbers.
bool cv_value_fits(const cv_store *store, cv_valtype type, const cv_value *value);
// The position of the first value that cannot be of its type, `count` when there is none.
uint32_t cv_values_misfit(const cv_store *store, const cv_valtype *types, uint32_t count, const cv_value *values);

// The canonical type that a signature of the run time is part of; it knows which of its sides need a check.
static inline const cv_canon_type *cv_canon_of_signature(const cv_functype *signature) {
  return (const cv_canon_type *)(const void *)((const char *)signature - offsetof(cv_canon_type, as));
}

#endif
