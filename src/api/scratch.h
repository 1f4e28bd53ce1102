// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// scratch.h: a memory of the host's in the place of a guest's. Generated bindings lift and lower values in a memory
// with 32-bit addresses. Where the other side has none (it has 64-bit addresses, or is the host itself), they get an
// instance that lives for one call: values are lowered into its memory by one side and lifted by the other.
//
// This is slow, and rare.
#ifndef COVE_API_SCRATCH_H
#define COVE_API_SCRATCH_H

#include "api/component.h"

typedef struct cv_scratch {
  cv_canon_env options;
  cv_cinstance instance;
  cv_memory memory;
  uint64_t top, committed; // of the memory's bytes: in use, readable and writable
  size_t reserved;
} cv_scratch;

// An instance of `component`'s resources, in the context of its store. NULL with a trap set when out of memory.
cv_scratch *cv_scratch_new(cv_context *context, const cv_component *component, const cv_resource_type **resources);
// Drops owned resources of the host that are still in its table. NULL is allowed.
void cv_scratch_delete(cv_scratch *s);

// A function of generated glue as one over values: `env` is the cv_cfunc, whose `flat` is called.
cv_lifted_fn cv_scratch_call;

#endif
