// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// extern.h: externref values: boxes around a pointer of the host. The store owns them.
#ifndef COVE_RUNTIME_EXTERN_H
#define COVE_RUNTIME_EXTERN_H

#include "runtime/runtime.h"

// The opaque non-NULL pointer to put into a value's `ref`; NULL when out of memory. `finalize`, when not NULL, gets
// `data` when the box goes: not before the host has unpinned it (it is made pinned) and no guest can reach it.
void *cv_externref_new(cv_store *store, void *data, void (*finalize)(void *data));
// The host's pointer. NULL for a null reference.
void *cv_externref_data(void *ref);
void cv_externref_pin(void *ref);
void cv_externref_unpin(void *ref);

#endif
