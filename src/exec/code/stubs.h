// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stubs.h: small pieces of machine code that all modules share.
//
//   entry   per signature, a cv_invoke_fn: from C into a function in the native convention
//   thunk   per signature, the native convention into cv_func.invoke: host functions, functions of other tiers
//   lazy    two: to the compiler, from a call of a function that is not compiled yet
//   helper  per C helper: records where wasm code was left (activation frame and pc) and goes on to the helper
#ifndef COVE_EXEC_CODE_STUBS_H
#define COVE_EXEC_CODE_STUBS_H

#include "exec/code/abi.h"

// CV_HELPER(NAME, function): helpers that generated code calls, arguments in the C convention.
#define CV_HELPER_LIST(CV_HELPER)                                                                                      \
  CV_HELPER(MEMORY_GROW, cv_helper_memory_grow)                                                                        \
  CV_HELPER(MEMORY_COPY, cv_helper_memory_copy)                                                                        \
  CV_HELPER(MEMORY_FILL, cv_helper_memory_fill)                                                                        \
  CV_HELPER(MEMORY_INIT, cv_helper_memory_init)                                                                        \
  CV_HELPER(DATA_DROP, cv_helper_data_drop)                                                                            \
  CV_HELPER(TABLE_GROW, cv_helper_table_grow)                                                                          \
  CV_HELPER(TABLE_COPY, cv_helper_table_copy)                                                                          \
  CV_HELPER(TABLE_FILL, cv_helper_table_fill)                                                                          \
  CV_HELPER(TABLE_INIT, cv_helper_table_init)                                                                          \
  CV_HELPER(ELEM_DROP, cv_helper_elem_drop)                                                                            \
  CV_HELPER(TYPE_MATCHES, cv_helper_type_matches)                                                                      \
  CV_HELPER(WAIT32, cv_helper_wait32)                                                                                  \
  CV_HELPER(WAIT64, cv_helper_wait64)                                                                                  \
  CV_HELPER(NOTIFY, cv_helper_notify)                                                                                  \
  CV_HELPER(REF_FUNC, cv_instance_func)                                                                                \
  CV_HELPER(EXCEPTION_NEW, cv_exception_new)                                                                           \
  CV_HELPER(THROW, cv_native_throw)                                                                                    \
  CV_HELPER(THROW_ON, cv_native_throw_on)                                                                              \
  CV_HELPER(RAISE, cv_raise_trap)

// Beside them: CV_NATIVE_POLL, whose stub is another (poll.h).
typedef enum cv_native_helper {
#define CV_HELPER(name, function) CV_NATIVE_##name,
  CV_HELPER_LIST(CV_HELPER)
#undef CV_HELPER
      CV_NATIVE_POLL,
  CV_NATIVE_HELPER_COUNT
} cv_native_helper;

// Makes the helper stubs at the first call. False when there is no executable memory.
bool cv_native_stubs_ready(void);
// Address of a helper's stub; after cv_native_stubs_ready.
const uint8_t *cv_native_helper_stub(cv_native_helper helper);

// From C into native code by a signature; from native code into cv_func.invoke. Both are shared by all signatures of
// the same machine shape and live as long as the process; their number is bounded, and beyond it, or without memory for
// more, all signatures share one general piece. NULL when there is no executable memory at all. Thread-safe.
cv_invoke_fn *cv_native_entry(const cv_functype *signature);
void *cv_native_thunk(const cv_functype *signature);
// How many were made for one shape, for tests.
size_t cv_native_shape_count(void);

// What a call of a function that is not compiled yet enters, after cv_native_stubs_ready. It keeps the arguments, calls
// cv_native_compile and goes on to the function.
//   external  as cv_func.code
//   else      by a call instruction that pushes where the function index is: a u32 CV_LAZY_INDEX bytes behind it. The
//             return address of the wasm code is below on the stack.
enum { CV_LAZY_INDEX = 1 };
const uint8_t *cv_native_lazy_entry(bool external);
// Compiles the function unless it is (cv_tier.compile_late), and tells where a direct call enters it. Raises a trap
// when that fails.
const uint8_t *cv_native_compile(cv_instance *instance, uint32_t func);

// Tells debuggers of the frames of entries and thunks, of those to come too.
void cv_native_stubs_announce(void);

// Copies `size` bytes of position-independent data to executable memory that lives as long as the process.
const uint8_t *cv_native_place_forever(const uint8_t *code, size_t size);

// Throws `exception` (the native frames of the innermost activation are searched for a handler, then the activation
// ends with CV_RUN_EXCEPTION).
CV_NORETURN void cv_native_throw(cv_context *context, cv_exception *exception);
// From a landing pad that does not want the exception after all: goes on with the caller of its frame. `from` is what
// the pad got in edx.
CV_NORETURN void cv_native_throw_on(cv_context *context, cv_exception *exception, uint32_t from);
// Goes on with what a callee in the array convention returned: a trap or an exception.
CV_NORETURN void cv_native_propagate(cv_context *context, cv_run run);

#endif
