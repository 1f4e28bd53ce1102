// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// func.h: functions: calling them, and making them from functions of the host. A cove_func belongs to its store and
// lives as long.
#ifndef COVE_FUNC_H
#define COVE_FUNC_H

#include <cove/store.h>
#include <cove/trap.h>
#include <cove/value.h>

COVE_BEGIN

typedef struct cove_instance cove_instance;
typedef struct cove_memory cove_memory;
typedef struct cove_tag cove_tag;

// The instance whose code calls a host function; for the time of that call.
typedef struct cove_instance cove_caller;

// How a host function ended. Only COVE_HOST_OK is made by hand; the others come from cove_caller_trap and its like.
typedef enum cove_host_result { COVE_HOST_OK = 0, COVE_HOST_TRAP = 1, COVE_HOST_EXCEPTION = 2 } cove_host_result;

// A function of the host. `values` holds the arguments and has room for the results, which replace them from
// values[0] on. `caller` is NULL when the host itself calls the function.
typedef cove_host_result cove_host_fn(void *env, cove_caller *caller, cove_value *values);

// A function object for `fn`. `type` is copied. `finalize` (may be NULL) gets `env` when the store is deleted; when the
// function fails it is not called.
COVE_API COVE_MUST_USE cove_status cove_func_new(cove_store *store, const cove_functype *type, cove_host_fn *fn,
                                                 void *env, void (*finalize)(void *env), cove_func **out,
                                                 cove_error **error);
// Borrowed for the life of the store. Both arrays stay valid as well.
COVE_API cove_functype cove_func_type(const cove_func *func);

// Calls a function. `args` has as many values as the type has parameters, `results` room for its results; either may be
// NULL when there are none, and they may overlap when equal. `arg_count` and `result_count` are checked (COVE_USAGE).
// COVE_TRAP and COVE_EXIT leave `results` untouched. COVE_USAGE too when a reference does not fit its parameter
// (value.h).
COVE_API COVE_MUST_USE cove_status cove_func_call(cove_func *func, const cove_value *args, size_t arg_count,
                                                  cove_value *results, size_t result_count, cove_error **error);
// The quick form: one array for both, with room for the larger of the two counts, which are not checked.
COVE_API COVE_MUST_USE cove_status cove_func_call_in_place(cove_func *func, cove_value *values, cove_error **error);

// ---- for host functions ----
// Ends the guest's call with a trap of kind COVE_TRAP_HOST and this text, which is copied and cut at 191 bytes.
COVE_API COVE_MUST_USE cove_host_result cove_caller_trap(cove_caller *caller, const char *text);
// Ends the guest's call with COVE_EXIT.
COVE_API COVE_MUST_USE cove_host_result cove_caller_exit(cove_caller *caller, int32_t status);
// Throws an exception. `payload` has the values that the tag's type says.
COVE_API COVE_MUST_USE cove_host_result cove_caller_throw(cove_caller *caller, const cove_tag *tag,
                                                          const cove_value *payload);
// The caller's export "memory", else its memory 0, else NULL.
COVE_API cove_memory *cove_caller_memory(cove_caller *caller);
COVE_API cove_store *cove_caller_store(cove_caller *caller);

COVE_END

#endif
