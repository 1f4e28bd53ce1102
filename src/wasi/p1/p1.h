// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// p1.h: WASI preview 1, and the older wasi_unstable, on the resource core: host functions for imports. An adapter takes
// arguments apart, checks the guest's addresses, calls the core and maps errors; it decides nothing.
#ifndef COVE_WASI_P1_P1_H
#define COVE_WASI_P1_P1_H

#include "runtime/runtime.h"
#include "wasi/core/wasi.h"

typedef struct cv_p1 cv_p1;

typedef struct cv_p1_function {
  const char *module, *name;
  cv_functype type;
  cv_host_fn *fn;
  void *env;
} cv_p1_function;

// The functions of one context. `wasi` is borrowed and outlives it. `context` is where a trap goes when a function is
// called by the host itself, without a calling instance; NULL when that does not happen.
// Unless the configuration set its own, the context's should_stop becomes the interrupt flag of the calling context.
CV_MUST_USE cv_status cv_p1_new(cv_mem *mem, cv_wasi *wasi, cv_context *context, cv_p1 **out);
void cv_p1_delete(cv_p1 *p1); // NULL is allowed; not while an instance can still call

// All functions of both modules, by number.
size_t cv_p1_count(void);
cv_p1_function cv_p1_at(cv_p1 *p1, size_t index);
// By name; false when there is none.
CV_MUST_USE bool cv_p1_find(cv_p1 *p1, cv_bytes module, cv_bytes name, cv_p1_function *out);
// Whether that import is one of preview 1's, without making anything.
bool cv_p1_has(cv_bytes module, cv_bytes name);

uint16_t cv_p1_errno(cv_err err);

#endif
