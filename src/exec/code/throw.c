// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// throw.c: what native code of any tier leaves to its tier: throwing an exception through the wasm frames of the
// innermost activation, and compiling a function when it is first called. Frames are chained by rbp; the chain ends
// where a return address is not in the code map.
#include "exec/code/native.h"
#include "runtime/frames.h"
#include "sys/fiber.h"

// A frame that is being searched: its rbp, its rsp once its call returns, and an address inside the call.
typedef struct place {
  uintptr_t frame, sp, pc;
} place;

// edx tells where the frame was left, counted from the arena's start.
CV_NORETURN static void go_on(const place *at, uintptr_t pad, cv_exception *exception) {
  uint64_t from = at->pc - (uintptr_t)cv_code_arena_base();
  cv_stack_leave();
  // Fixed registers: the compiler may otherwise choose rbp or rsp for the address.
  __asm__ volatile("mov %0, %%rbp\n\tmov %1, %%rsp\n\tjmp *%2"
                   :
                   : "c"(at->frame), "D"(at->sp), "S"(pad), "a"(exception), "d"(from)
                   : "memory");
  __builtin_unreachable();
}

static const cv_instance *instance_of(const cv_context *context, uintptr_t frame, const cv_code *code) {
  if (code->tier->frames_tell_instance)
    return ((const cv_instance *const *)frame)[-1];
  return cv_frame_instance(context, frame, code);
}

// The frame that called the one at `frame`. A frame begins with its caller's rbp and the return address.
static place caller_of(uintptr_t frame) {
  const uintptr_t *words = (const uintptr_t *)frame;
  return (place){words[0], frame + 2 * sizeof *words, words[1] - 1};
}

CV_NORETURN static void search(cv_context *context, cv_exception *exception, place at) {
  uint32_t left = cv_exception_left(context, exception);
  for (const cv_code *code = cv_code_map_find(at.pc); code != NULL; code = cv_code_map_find(at.pc)) {
    const cv_instance *instance = instance_of(context, at.frame, code);
    const uint8_t *pad = code->tier->pad(code, at.pc, instance, exception);
    if (pad != NULL) {
      context->left_total = left;
      go_on(&at, (uintptr_t)pad, exception);
    }
    cv_exception_leaves(context, left++, instance, at.pc);
    at = caller_of(at.frame);
  }
  context->left_total = left;
  context->exception = exception;
  cv_raise(context, CV_RUN_EXCEPTION);
}

// The stub that wasm code calls jumps here, so that returning from here would be returning to wasm code.
void cv_native_throw(cv_context *context, cv_exception *exception) {
  const cv_activation *a = context->top;
  search(context, exception, (place){(uintptr_t)a->frame, (uintptr_t)__builtin_dwarf_cfa(), (uintptr_t)a->pc - 1});
}

void cv_native_throw_on(cv_context *context, cv_exception *exception, uint32_t from) {
  uintptr_t frame = (uintptr_t)context->top->frame, pc = (uintptr_t)cv_code_arena_base() + from;
  uint32_t left = cv_exception_left(context, exception);
  cv_exception_leaves(context, left, instance_of(context, frame, cv_code_map_find(pc)), pc);
  context->left_total = left + 1;
  search(context, exception, caller_of(frame));
}

// Called by a thunk, whose frame the wasm code's call has made.
void cv_native_propagate(cv_context *context, cv_run run) {
  cv_exception *exception = context->exception;
  if (run != CV_RUN_EXCEPTION)
    cv_raise(context, run);
  context->exception = NULL;
  uintptr_t thunk = *(const uintptr_t *)__builtin_frame_address(0);
  search(context, exception, caller_of(thunk));
}

// ---- compiling late ----

const uint8_t *cv_native_compile(cv_instance *instance, uint32_t func) {
  const cv_code *code = instance->code;
  const uint8_t *entry;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_status status = code->tier->compile_late(instance, func, &entry, &diag);
  if (status != CV_OK) {
    cv_context *c = instance->context;
    if (status == CV_EUNSUPPORTED)
      cv_trap_set(c, CV_TRAP_UNSUPPORTED, "%s", diag.text);
    else
      cv_trap_set(c, CV_TRAP_OUT_OF_MEMORY, "no memory for the machine code of function %u", func);
    cv_raise(c, CV_RUN_TRAP);
  }
  cv_func *object = (cv_func *)((char *)instance + code->layout.funcs) + (func - code->module->imported_funcs);
  if (object->instance != NULL)
    object->code = (void *)(uintptr_t)(entry - CV_EXTERNAL_ENTRY);
  return entry;
}
