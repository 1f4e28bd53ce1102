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
  cv_valtype results[2]; // of component functions at most one
  uint32_t param_count, result_count;
  bool params_spilled;  // the only parameter (or the first) is an address of a tuple in memory
  bool results_spilled; // lift: the result is an address; lower: the last parameter is one
} cv_flat_functype;
// The core signature of a function lifted (`is_lift`) or lowered with these options ("Flattening").
void cv_flatten_functype(const cv_cfunctype *type, bool is_async, bool has_callback, unsigned ptr, bool is_lift,
                         cv_flat_functype *out);

// ---- lift.c, lower.c, string.c ----
void cv_taken_drop(cv_taken **list); // drops the resources; the list is empty then
// The oldest, or the one behind `at`; NULL at the end.
static inline cv_taken *cv_taken_next(const cv_taken *list, const cv_taken *at) {
  if (at == NULL)
    return list != NULL ? list->next : NULL;
  return at != list ? at->next : NULL;
}
typedef struct cv_canon_context cv_canon_context;
// Notes those in a value that the host gave away.
CV_MUST_USE cv_run cv_taken_note(cv_canon_context *cx, const cv_ctype *type, const cv_cval *value);
// Notes one resource; nothing to do for those that have no drop function.
CV_MUST_USE cv_run cv_taken_note_one(cv_canon_context *cx, const cv_resource_type *type, uint64_t rep);

// Whose memory and tables values come from or go to.
struct cv_canon_context {
  const cv_canon_env *options;
  cv_cinstance *instance;
  cv_arena *arena;      // lifting: lists, strings and payloads are allocated here
  cv_canon_call *call;  // lifting arguments of a lowered call: where lends are noted; NULL otherwise
  cv_task *task;        // lowering arguments: who gets borrows; NULL otherwise
  cv_taken **taken;     // where resources on their way are noted; NULL when nobody asks
  cv_taken *taken_room; // for the first of them, when it is not in use; may be NULL
  bool host_side;       // the host is at the other end: some sentences differ
  cv_bytes func_name;   // for messages; may be empty
  // Private to lifting and lowering.
  const cv_cfield *part; // parameter on its way, NULL for the result
  const char *content;   // "string" or "list" while realloc is asked for room for one
  uint64_t lifted_bytes;
};

// `flat` holds core values (arguments or results); the values come from memory when there are more than `max_flat`.
CV_MUST_USE cv_run cv_lift_values(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, uint32_t max_flat,
                                  const cv_value *flat, cv_cval *out);
// Lowers into flat[]; when there are more than `max_flat`, into memory: at `out_pointer` when it is not NULL (results
// of a lowered call), else in memory asked of realloc, whose address becomes flat[0]. Values come from the host or from
// lifting; those that do not fit their types are a trap.
CV_MUST_USE cv_run cv_lower_values(cv_canon_context *cx, const cv_cfield *fields, uint32_t count, uint32_t max_flat,
                                   const cv_cval *values, const uint64_t *out_pointer, cv_value *flat);
// One value at an address of memory, which is checked.
CV_MUST_USE cv_run cv_lift_at(cv_canon_context *cx, const cv_ctype *type, uint64_t address, cv_cval *out);
CV_MUST_USE cv_run cv_lower_at(cv_canon_context *cx, const cv_ctype *type, const cv_cval *value, uint64_t address);
// The guest's realloc(old, old_size, align, new_size), with the result checked.
CV_MUST_USE cv_run cv_canon_realloc(cv_canon_context *cx, uint64_t old, uint64_t old_size, uint32_t align,
                                    uint64_t new_size, uint64_t *out);
// The string at an address, `units` as the encoding of cx counts them (with the tag of latin1+utf16), as UTF-8 in
// cx->arena; UTF-8 itself is not copied but lies in guest memory when `in_place`.
CV_MUST_USE cv_run cv_lift_string(cv_canon_context *cx, uint64_t address, uint64_t units, bool in_place, cv_cval *out);
CV_MUST_USE cv_run cv_lower_string(cv_canon_context *cx, const cv_cval *string, uint64_t *address, uint64_t *units);
// Traps unless a string in the memory of cx, of which the address is checked, is valid.
CV_MUST_USE cv_run cv_check_utf8(const cv_canon_context *cx, uint64_t address, uint64_t size);
CV_MUST_USE cv_run cv_check_utf16(const cv_canon_context *cx, uint64_t address, uint64_t units);
// Handles between an instance's table and the world. When an owned one cannot be lowered, its owner keeps it.
CV_MUST_USE cv_run cv_lift_handle(cv_canon_context *cx, const cv_resource_type *type, bool own, uint32_t index,
                                  uint64_t *rep);
CV_MUST_USE cv_run cv_lower_handle(cv_canon_context *cx, const cv_resource_type *type, bool own, uint64_t rep,
                                   uint32_t *index);
// Sets a trap with a sentence and, when it is known, the function and the parameter that was on its way.
CV_COLD CV_PRINTF(2, 3) cv_run cv_canon_trap(const cv_canon_context *cx, const char *fmt, ...);

// ---- call.c: canon lift and canon lower ----
// Calls a function with lifted arguments. Owned resources of the host among them are dropped when a trap keeps them
// from the function. `caller` is the instance that calls, NULL for the host. *result (when the
// type has one) is allocated in `arena`. The result is lifted before post-return runs.
CV_MUST_USE cv_run cv_cfunc_call(cv_context *context, const cv_cfunc *func, cv_cinstance *caller, const cv_cval *args,
                                 cv_cval *result, cv_arena *arena);
// What a `canon lower` core function is at run time: cv_store_func_new(store, type, cv_lowered_call, lowered, NULL).
typedef struct cv_lowered {
  const cv_cfunc *func;
  cv_cinstance *instance; // who lowers
  cv_canon_env options;
  const cv_cfunctype *type; // in the resources of `instance`
  cv_func *core;            // the core function; set by who makes its code when it is first called (adapter.h)
} cv_lowered;
cv_host_fn cv_lowered_call;

// The steps of such calls, for those who lift and lower by other means.
//
//   enter -> (lower arguments) -> call_core -> (lift results) -> return -> leave
//
// When any of them ends with a trap, cv_task_abandon is called instead of what would follow.
CV_MUST_USE cv_run cv_task_enter(cv_context *context, cv_task *task, cv_cinstance *instance, const cv_cfunc *func,
                                 cv_cinstance *caller);
// Calls a core function of the instance; an exception that it lets out becomes a trap.
CV_MUST_USE cv_run cv_task_call_core(cv_context *context, cv_func *core, cv_value *values);
CV_MUST_USE cv_run cv_task_return(cv_context *context, cv_task *task); // a trap when borrows are left
// Runs post-return with the core function's results, which are kept in flat_results.
CV_MUST_USE cv_run cv_task_leave(cv_context *context, cv_task *task, const cv_value *flat_results);
void cv_task_abandon(cv_context *context, cv_task *task);
// A task without the rules of entering: for realloc, and for the start functions of an instance that is being made.
void cv_task_push(cv_context *context, cv_task *task, cv_cinstance *instance);
void cv_task_pop(cv_context *context, cv_task *task);
// Whether its code may ask which task runs: then there must be one. Found out once for an instance.
bool cv_cinstance_uses_tasks(cv_cinstance *instance);
// The innermost instance that is, or is around, both; NULL when there is none. A call from b to a enters a and what is
// around it, up to there.
const cv_cinstance *cv_common_instance(const cv_cinstance *a, const cv_cinstance *b);
// The task that runs in a store now, NULL when none does.
cv_task *cv_current_task(cv_context *context);

void cv_canon_call_begin(cv_canon_call *call, cv_cinstance *instance, const cv_canon_env *options,
                         const cv_cfunctype *type, void *host);
// Raises the lend count of a handle until the call ends.
CV_MUST_USE cv_run cv_canon_lend(cv_canon_call *call, uint32_t index);
void *cv_canon_alloc(cv_canon_call *call, size_t size); // until the call ends; NULL when out of memory
void cv_canon_call_end(cv_canon_call *call);            // gives back what was lent, drops what is in `taken`

// ---- builtins.c: every other canonical built-in ----
// The environment of its core function: cv_store_func_new(store, canon->core_type, cv_builtin_call, builtin, NULL).
// Those of async that are not built end in a trap of kind CV_TRAP_UNSUPPORTED with their name.
typedef struct cv_builtin {
  const cv_canon *canon;
  cv_cinstance *instance;
  const cv_resource_type *resource; // of the resource built-ins
  cv_canon_env options;             // task.return
} cv_builtin;
cv_host_fn cv_builtin_call;

#endif
