// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// interrupt.h: ending a call from outside: a deadline, or another thread. Running code pays nothing: a watcher thread
// sets context->interrupt and sends a signal to the thread that executes, again and again until the call has ended. The
// signal handler unwinds native code; the interpreter and helpers look at the flag; blocking system calls of host
// functions end with EINTR.
#ifndef COVE_RUNTIME_INTERRUPT_H
#define COVE_RUNTIME_INTERRUPT_H

#include "runtime/runtime.h"

// Calls of this store end with the trap DEADLINE `after_ns` nanoseconds from now; 0 takes the deadline away. It stays
// in force for later calls. By the store's thread. CV_ENOMEM when no watcher can be started.
CV_MUST_USE cv_status cv_context_set_deadline(cv_context *context, uint64_t after_ns);
// Units of fuel that calls may still use; only for an engine that counts fuel.
void cv_context_set_fuel(cv_context *context, uint64_t fuel);
// Ends the call that now runs, or the next one, with the trap CANCELLED. From any thread, while the store lives.
CV_MUST_USE cv_status cv_context_cancel(cv_context *context);

// For host functions: true when the call is to end. Return cv_context_interrupt_trap then. Look before blocking and
// after EINTR.
static inline bool cv_context_interrupted(const cv_context *context) {
  return __atomic_load_n(&context->interrupt, __ATOMIC_ACQUIRE) != 0;
}
CV_COLD cv_run cv_context_interrupt_trap(cv_context *context);

#endif
