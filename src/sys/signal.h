// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// signal.h: hardware faults and the interrupt signal. The handlers run on a stack of their own (one per thread), see
// the fault in the words below, and either continue somewhere else or pass it on to whoever handled it before: a
// host's own crash stays the host's.
#ifndef COVE_SYS_SIGNAL_H
#define COVE_SYS_SIGNAL_H

#include "base/base.h"

typedef enum cv_fault_kind {
  CV_FAULT_MEMORY,      // an address that cannot be accessed (SIGSEGV, SIGBUS)
  CV_FAULT_ARITHMETIC,  // SIGFPE
  CV_FAULT_INSTRUCTION, // an undefined instruction (SIGILL)
  CV_FAULT_INTERRUPT,   // not a fault: the interrupt signal arrived
} cv_fault_kind;

typedef struct cv_fault {
  cv_fault_kind kind;
  uintptr_t pc;      // faulting or interrupted instruction
  uintptr_t frame;   // frame pointer
  uintptr_t stack;   // stack pointer
  uintptr_t address; // CV_FAULT_MEMORY: what was accessed, when known, else 0
  // Set by the handler: go on at resume_pc with these two arguments (C convention) instead of returning.
  uintptr_t resume_pc, arg0, arg1;
} cv_fault;

// Async-signal-safe. True: handled, go on as `fault` says (where it was when resume_pc is 0).
typedef bool cv_fault_handler(cv_fault *fault);

// Installs the handlers of the process. Later calls put back what a host has replaced since, in front of the host's
// handler; they change neither `handler` nor `interrupt_signal`, which is the number that cv_thread_signal sends.
CV_MUST_USE bool cv_signal_install(cv_fault_handler *handler, int interrupt_signal);
int cv_signal_default_interrupt(void);
int cv_signal_interrupt(void); // the number in force
// Gives the calling thread the stack that handlers run on; freed when the thread ends. Later calls do nothing.
CV_MUST_USE bool cv_signal_prepare_thread(void);

#endif
