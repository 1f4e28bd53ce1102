// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fiber.h: native stacks to run on, and switching between them. A stack here is only memory and saved registers; what
// it is used for is runtime/call.c's business.
//
//   host stack          fiber stack
//   cv_stack_run   ---> fn(arg)
//                  <--- cv_stack_park      (run returns CV_STACK_PARKED)
//   cv_stack_resume---> park returns
//                  <--- fn returns         (resume returns fn's result)
//
// Switching saves the callee-saved registers and nothing else: no signal mask, no system call.
#ifndef COVE_SYS_FIBER_H
#define COVE_SYS_FIBER_H

#include "base/base.h"

// Layout of the memory, from low to high: guard page, stack. Offsets are used by assembly code.
typedef struct cv_stack {
  void *outside; // 0: stack pointer of whoever ran or resumed it
  void *top;     // 8: highest address, 16-byte aligned; where fn starts
  void *inside;  // 16: stack pointer of the parked function
  uint8_t *low;  // lowest usable address
  size_t size;   // usable bytes
  uint8_t *map;  // mapping with the guard
  size_t map_size;
  void *portable;        // state of the portable switch, NULL with the native one
  const void *host_low;  // host stack, told by the address sanitizer
  size_t host_size;      // likewise
  void *sanitizer_state; // likewise
} cv_stack;

enum { CV_STACK_PARKED = 0x70 }; // no function run on a stack may return it

// Reserves `size` bytes and a guard page; memory is used when touched. False when the system refuses.
CV_MUST_USE bool cv_stack_new(cv_stack *stack, size_t size);
void cv_stack_delete(cv_stack *stack);
// What was on the stack is gone, and all pages are given back but a few.
void cv_stack_reset(cv_stack *stack);

int cv_stack_run(cv_stack *stack, int (*fn)(void *), void *arg);
void cv_stack_park(cv_stack *stack);
int cv_stack_resume(cv_stack *stack);

// Leaves everything between here and the frame of an entry trampoline: restores the stack pointer `sp`, which points at
// saved r15, r14, r13, r12, rbx, rbp and a return address (x86-64), and returns `result` to that address.
CV_NORETURN void cv_stack_unwind(void *sp, int result);
// To be called by C that is about to leave its frames, and maybe its callers', without returning: tells sanitizers.
// cv_stack_unwind does so itself.
void cv_stack_leave(void);
// cv_stack_unwind without telling sanitizers, for a signal handler to continue at.
CV_NORETURN void cv_stack_unwind_code(void *sp, int result);

// Calls scan(low, high) with callee-saved registers spilled to the stack: every pointer that a caller holds in a
// register or on the stack lies in [low, high) when `high` is the stack's top.
void cv_stack_scan(void *high, void (*scan)(void *arg, void *const *low, void *const *high), void *arg);

#endif
