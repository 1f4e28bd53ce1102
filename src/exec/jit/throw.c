// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// throw.c: finds the handler of an exception in the wasm frames of the innermost activation (exception.c has the other
// half). Frames are chained by rbp; the chain ends where a return address is not in the code map.
#include "exec/jit/code.h"

#include "sys/fiber.h"

CV_NORETURN static void go_on(uintptr_t frame, uintptr_t pad, cv_exception *exception) {
  cv_stack_leave();
  // Fixed registers: the compiler may otherwise choose rbp for the address.
  __asm__ volatile("mov %0, %%rbp\n\tjmp *%1" : : "c"(frame), "d"(pad), "a"(exception) : "memory");
  __builtin_unreachable();
}

static bool catches(const handler *h, const cv_instance *instance, const cv_exception *exception) {
  if (h->kind != CV_HANDLER_CATCH && h->kind != CV_HANDLER_CATCH_REF && h->kind != CV_HANDLER_LEGACY_CATCH)
    return true;
  const cv_tag *const *tags = (const cv_tag *const *)((const char *)instance + instance->layout->tags);
  return tags[h->tag] == exception->tag;
}

// The landing pad in the function that holds the call before `pc`, NULL when it does not catch.
static const uint8_t *pad_in(const cv_code *base, uintptr_t pc, const cv_instance *instance, const cv_exception *e) {
  if (base->tier != &cv_tier_jit)
    return NULL;
  const jit_code *code = (const jit_code *)base;
  uint32_t index;
  const jit_func_code *f = jit_code_function(code, pc, &index);
  if (f == NULL)
    return NULL;
  const uint8_t *start = cv_code_arena_base() + f->at;
  uint32_t at = (uint32_t)(pc - (uintptr_t)start), deepest = UINT32_MAX;
  for (uint32_t i = 0; i < f->handler_count; i++) {
    const handler *h = &f->handlers[i];
    if (at < h->start || at >= h->end || h->depth > deepest)
      continue;
    if (h->kind == CV_HANDLER_LEGACY_DELEGATE)
      deepest = h->delegate_to;
    else if (catches(h, instance, e))
      return start + h->pad;
  }
  return NULL;
}

void cv_native_throw(cv_context *context, cv_exception *exception) {
  const cv_activation *a = context->top;
  uintptr_t frame = (uintptr_t)a->frame, pc = (uintptr_t)a->pc - 1;
  uint32_t left = cv_exception_left(context, exception);
  for (const cv_code *code = cv_code_map_find(pc); code != NULL; code = cv_code_map_find(pc)) {
    const uintptr_t *words = (const uintptr_t *)frame;
    const uint8_t *pad = pad_in(code, pc, (const cv_instance *)words[-1], exception);
    if (pad != NULL) {
      context->left_total = left;
      go_on(frame, (uintptr_t)pad, exception);
    }
    cv_exception_leaves(context, left++, (const cv_instance *)words[-1], pc);
    pc = words[1] - 1;
    frame = words[0];
  }
  context->left_total = left;
  context->exception = exception;
  cv_raise(context, CV_RUN_EXCEPTION);
}

void cv_native_propagate(cv_context *context, cv_run run) {
  cv_exception *exception = context->exception;
  if (run != CV_RUN_EXCEPTION)
    cv_raise(context, run);
  context->exception = NULL;
  cv_native_throw(context, exception);
}
