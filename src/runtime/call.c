// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// call.c: from C into wasm. The outermost call of a store takes the store's spare stack and switches to it; a call made
// by a host function stays on the stack it is on. Nothing here is a system call once the first call has been made.
#include "runtime/check.h"
#include "runtime/internal.h"

typedef struct entry {
  cv_context *context;
  cv_func *func;
  cv_value *values;
} entry;

static int run_on_fiber(void *p) {
  const entry *e = p;
  return (int)e->func->invoke(e->context, e->func, NULL, e->values);
}

// A cancellation ends one outermost call, and asks for nothing of the next.
CV_COLD static void end_outermost(cv_context *c) {
  uint32_t cancelled = CV_TRAP_CANCELLED;
  if (c->trap.kind == CV_TRAP_CANCELLED)
    __atomic_compare_exchange_n(&c->interrupt, &cancelled, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// A signal handler may follow the list from now on.
static void suspend(const cv_suspended *suspended) {
  __atomic_store_n(&cv_this_thread.suspended, suspended, __ATOMIC_RELEASE);
}

// The call of `c` is over, and the context that it was made from runs again.
static void back_to_outer(cv_context *c, const cv_suspended *outer) {
  suspend(outer);
  uint32_t inherited = c->inherited;
  if (CV_LIKELY(inherited == 0))
    return;
  // What was inherited ends here. Should the store have been cancelled itself meanwhile, this very call was the one.
  c->inherited = 0;
  __atomic_compare_exchange_n(&c->interrupt, &inherited, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// What is not there yet on the first call of a store, or of a thread. NULL with a trap set.
CV_COLD static cv_fiber *prepare(cv_context *c) {
  cv_store *s = c->store;
  if (!cv_thread_prepare()) {
    cv_trap_set(c, CV_TRAP_OUT_OF_MEMORY, "no memory for the thread's signal stack");
    return NULL;
  }
  if (s->spare != NULL)
    return s->spare;
  cv_pool_lack lack;
  cv_pool *pool = s->engine->pool;
  cv_fiber *fiber = cv_pool_fiber(pool, s->limits.stack_bytes, &lack);
  if (fiber == NULL && lack == CV_LACK_SLOT)
    cv_trap_set(c, CV_TRAP_OUT_OF_MEMORY, "the pool of %u stack%s is used up", pool->options.stacks,
                pool->options.stacks == 1 ? "" : "s");
  else if (fiber == NULL)
    cv_trap_set(c, CV_TRAP_OUT_OF_MEMORY, "no memory for a call stack");
  return fiber;
}

static cv_run enter(cv_context *c, cv_func *func, cv_value *values) {
  cv_store *s = c->store;
  cv_thread_state *thread = &cv_this_thread;
  cv_fiber *fiber = s->spare, *outer = c->fiber;
  if (CV_UNLIKELY(fiber == NULL || thread->id == 0) && (fiber = prepare(c)) == NULL)
    return CV_RUN_TRAP;
  s->spare = NULL;
  uintptr_t outer_limit = c->stack_limit;
  uint32_t outer_thread = c->thread;
  cv_context *before = thread->context;
  // Filled where it is used: both fields at once are read as one word, too soon after one of them was written.
  cv_suspended suspended;
  if (CV_UNLIKELY(before != NULL)) {
    suspended = (cv_suspended){before, thread->suspended};
    suspend(&suspended);
    cv_context_inherit_interrupt(c);
  }
  fiber->outer = outer;
  c->fiber = fiber;
  c->stack_limit = fiber->limit;
  thread->context = c;
  __atomic_store_n(&c->thread, thread->id, __ATOMIC_RELAXED);
  entry e = {c, func, values};
  cv_run run;
  // After `thread` is set: the watcher signals until it has seen this twice (runtime/interrupt.c).
  if (CV_UNLIKELY(cv_context_interrupted(c)))
    run = cv_context_interrupt_trap(c);
  else
    run = (cv_run)cv_stack_run(&fiber->stack, run_on_fiber, &e);
  __atomic_store_n(&c->thread, outer_thread, __ATOMIC_RELAXED);
  thread->context = before;
  if (CV_UNLIKELY(before != NULL))
    back_to_outer(c, suspended.outer);
  c->stack_limit = outer_limit;
  c->fiber = outer;
  if (CV_LIKELY(s->spare == NULL))
    s->spare = fiber;
  else
    cv_pool_fiber_give(s->engine->pool, fiber);
  if (CV_UNLIKELY(run == CV_RUN_TRAP && outer == NULL))
    end_outermost(c);
  return run;
}

cv_run cv_call(cv_context *c, cv_func *func, cv_value *values) {
  uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
  if (CV_LIKELY(c->fiber == NULL || !cv_stack_has(c->fiber, sp)))
    return enter(c, func, values);
  if (CV_UNLIKELY(cv_context_interrupted(c)))
    return cv_context_interrupt_trap(c);
  if (CV_UNLIKELY(sp < c->stack_limit))
    return cv_trap_set(c, CV_TRAP_STACK_OVERFLOW, NULL);
  // The store may have been left for another one on this same stack.
  cv_context *before = cv_this_thread.context;
  cv_suspended suspended;
  if (CV_UNLIKELY(before != c)) {
    suspended = (cv_suspended){before, cv_this_thread.suspended};
    suspend(&suspended);
  }
  cv_this_thread.context = c;
  c->host_depth++;
  cv_run run = func->invoke(c, func, NULL, values);
  c->host_depth--;
  cv_this_thread.context = before;
  if (CV_UNLIKELY(before != c))
    back_to_outer(c, suspended.outer);
  return run;
}

// A guest that does nothing but call the host is in C whenever the interrupt signal comes: so it ends here.
cv_run cv_host_invoke(cv_context *c, cv_func *func, cv_instance *caller, cv_value *values) {
  if (CV_UNLIKELY(cv_context_interrupted(c)))
    return cv_context_interrupt_trap(c);
  return func->host(func->host_env, caller, values);
}

cv_run cv_host_invoke_checked(cv_context *c, cv_func *func, cv_instance *caller, cv_value *values) {
  cv_run run = cv_host_invoke(c, func, caller, values);
  const cv_functype *type = func->signature;
  if (run != CV_RUN_OK)
    return run;
  uint32_t wrong = cv_values_misfit(c->store, cv_functype_results(type), type->result_count, values);
  if (CV_LIKELY(wrong == type->result_count))
    return CV_RUN_OK;
  return cv_trap_set(c, CV_TRAP_HOST, "result %u of a host function is not a reference of its type", wrong + 1);
}
