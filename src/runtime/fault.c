// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fault.c: from a hardware fault, or the interrupt signal, in native code to a trap. Everything here runs in a signal
// handler on its own stack. A fault counts as the guest's only when all of this holds: a call of a store runs on this
// thread, the pc is in code of a tier, and the tier says what a fault at this very instruction means. Everything else
// is passed on: it is a bug, and hiding it would be worse.
#include "runtime/internal.h"

#include "sys/signal.h"

_Thread_local cv_thread_state cv_this_thread __attribute__((tls_model("initial-exec")));

bool cv_thread_prepare(void) {
  if (!cv_signal_prepare_thread())
    return false;
  cv_this_thread.id = cv_thread_id();
  return true;
}

static bool in_reservation(const cv_store *s, uintptr_t address) {
  for (size_t i = 0; i < s->memories.count; i++) {
    const cv_memory *m = s->memories.data[i];
    if (address - (uintptr_t)m->base < m->reserved)
      return true;
  }
  return false;
}

// What the fault means, CV_TRAP_NONE for a bug.
static cv_trap_kind meaning(const cv_context *c, const cv_fault *fault, const cv_code_place *place) {
  switch (fault->kind) {
  case CV_FAULT_MEMORY:
    if (c->fiber != NULL && fault->address - (uintptr_t)c->fiber->stack.map <
                                (uintptr_t)c->fiber->stack.low - (uintptr_t)c->fiber->stack.map)
      return CV_TRAP_STACK_OVERFLOW;
    return in_reservation(c->store, fault->address) ? place->trap : CV_TRAP_NONE;
  case CV_FAULT_ARITHMETIC:
    return place->trap != CV_TRAP_NONE ? place->trap : CV_TRAP_INTEGER_OVERFLOW;
  case CV_FAULT_INSTRUCTION:
    return place->trap;
  case CV_FAULT_INTERRUPT:
    return (cv_trap_kind)__atomic_load_n(&c->interrupt, __ATOMIC_ACQUIRE);
  }
  return CV_TRAP_NONE;
}

void cv_context_inherit_interrupt(cv_context *c) {
  for (const cv_suspended *s = cv_this_thread.suspended; s != NULL; s = s->outer) {
    uint32_t none = 0, interrupt = __atomic_load_n(&s->context->interrupt, __ATOMIC_ACQUIRE);
    if (interrupt != 0 &&
        __atomic_compare_exchange_n(&c->interrupt, &none, interrupt, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      c->inherited = interrupt;
  }
}

static bool handle(cv_fault *fault) {
  cv_context *c = cv_this_thread.context;
  if (c == NULL)
    return false;
  bool interrupt = fault->kind == CV_FAULT_INTERRUPT;
  if (interrupt)
    cv_context_inherit_interrupt(c);
  if (interrupt && !cv_context_interrupted(c))
    return false;
  // An interrupt that finds C code has done its work: the code looks at the flag, or a system call has ended.
  const cv_code *code = cv_code_map_find(fault->pc);
  cv_activation *a = c->top;
  if (code == NULL || a == NULL || a->kind != CV_ACTIVATION_NATIVE)
    return interrupt;
  cv_code_place place = {0};
  if (!code->tier->place(code, fault->pc, &place) && !interrupt)
    return false;
  cv_trap_kind kind = meaning(c, fault, &place);
  if (kind == CV_TRAP_NONE)
    return false;
  a->pc = (void *)fault->pc;
  a->frame = (void *)fault->frame;
  a->faulted = true;
  cv_trap_capture(c, kind);
  c->top = a->outer;
  fault->resume_pc = (uintptr_t)cv_stack_unwind_code;
  fault->arg0 = (uintptr_t)a->sp;
  fault->arg1 = CV_RUN_TRAP;
  return true;
}

bool cv_fault_install(int interrupt_signal) {
  return cv_signal_install(handle, interrupt_signal);
}
