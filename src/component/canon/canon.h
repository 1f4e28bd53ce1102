// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon.h: the canonical ABI in its generic form: lifting and lowering values by walking their types (CanonicalABI.md,
// "Loading" to "Lifting and Lowering Values"). Readable and slow: the oracle for generated adapters and glue, and what
// runs where there is no generated code.
//
// All of it reads memory of a guest that may be an attacker's: every address is checked with overflow in mind, each
// violation that the specification names is a trap with its own sentence.
#ifndef COVE_COMPONENT_CANON_CANON_H
#define COVE_COMPONENT_CANON_CANON_H

#include "component/canon/value.h"
#include "component/instance.h"

enum { CV_MAX_FLAT_PARAMS = CV_MAX_FLAT, CV_MAX_FLAT_RESULTS = 1, CV_MAX_FLAT_ASYNC_PARAMS = 4 };

// ---- flatten.c ----
// Appends the flat types of `type` (`ptr`: CV_PTR32, CV_PTR64) to out[*count]; false when more than `limit` would be
// there. Variants join their cases' types.
CV_MUST_USE bool cv_flatten_type(const cv_ctype *type, unsigned ptr, cv_valtype *out, uint32_t *count, uint32_t limit);
// Core values of all the fields together; UINT32_MAX when above 65535.
uint32_t cv_flat_count(const cv_cfield *fields, uint32_t count);

typedef struct cv_flat_functype {
  cv_valtype params[CV_MAX_FLAT_PARAMS + 1];
  cv_valtype results[1];
  uint32_t param_count, result_count;
  bool params_spilled;  // the only parameter (or the first) is an address of a tuple in memory
  bool results_spilled; // lift: the result is an address; lower: the last parameter is one
} cv_flat_functype;
// The core signature of a function lifted (`is_lift`) or lowered with these options ("Flattening").
void cv_flatten_functype(const cv_cfunctype *type, bool is_async, bool has_callback, unsigned ptr, bool is_lift,
                         cv_flat_functype *out);

// ---- lift.c, lower.c, string.c ----
// Whose memory and tables values come from or go to.
typedef struct cv_canon_context {
  const cv_canon_env *options;
  cv_cinstance *instance;
  cv_arena *arena;     // lifting: lists, strings and payloads are allocated here
  cv_canon_call *call; // lifting arguments of a lowered call: where lends are noted; NULL otherwise
  cv_task *task;       // lowering arguments: who gets borrows; NULL otherwise
} cv_canon_context;

// `flat` holds core values (arguments or results); the values come from memory when there are more than `max_flat`.
CV_MUST_USE cv_run cv_lift_values(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, uint32_t max_flat,
                                  const cv_value *flat, cv_cval *out);
// Lowers into flat[]; when there are more than `max_flat`, into memory: at `out_pointer` when it is not NULL (results
// of a lowered call), else in memory asked of realloc, whose address becomes flat[0].
CV_MUST_USE cv_run cv_lower_values(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, uint32_t max_flat,
                                   const cv_cval *values, const uint64_t *out_pointer, cv_value *flat);
// One value at an address of memory, which is checked.
CV_MUST_USE cv_run cv_lift_at(cv_canon_context *cx, const cv_ctype *type, uint64_t address, cv_cval *out);
CV_MUST_USE cv_run cv_lower_at(cv_canon_context *cx, const cv_ctype *type, const cv_cval *value, uint64_t address);
// The guest's realloc(old, old_size, align, new_size), with the result checked.
CV_MUST_USE cv_run cv_canon_realloc(cv_canon_context *cx, uint64_t old, uint64_t old_size, uint32_t align,
                                    uint64_t new_size, uint64_t *out);

// ---- call.c: canon lift and canon lower ----
// Calls a function with lifted arguments. `caller` is the task that calls, NULL from the host. *result (when the type
// has one) is allocated in `arena`. The result is lifted before post-return runs.
CV_MUST_USE cv_run cv_cfunc_call(cv_context *context, const cv_cfunc *func, cv_task *caller, const cv_cval *args,
                                 cv_cval *result, cv_arena *arena);
// What a `canon lower` core function is at run time: cv_store_func_new(store, type, cv_lowered_call, lowered, NULL).
typedef struct cv_lowered {
  const cv_cfunc *func;
  cv_cinstance *instance; // who lowers
  cv_canon_env options;
  const cv_cfunctype *type; // in the resources of `instance`
} cv_lowered;
cv_host_fn cv_lowered_call;
// The task that runs in an instance's store now, NULL when none does.
cv_task *cv_current_task(cv_context *context);

void *cv_canon_alloc(cv_canon_call *call, size_t size); // until the call ends; NULL when out of memory
void cv_canon_call_end(cv_canon_call *call);

#endif
