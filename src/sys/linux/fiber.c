// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fiber.c: stacks on Linux: their memory, the sanitizer's view of a switch, and the portable switch (ucontext) for CPUs
// without one in assembly.
#include "sys/fiber.h"

#include "sys/vm.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COVE_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define COVE_ASAN 1
#endif

#if defined(COVE_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

bool cv_stack_new(cv_stack *stack, size_t size) {
  size_t page = cv_vm_page_size(), usable = cv_vm_page_up(size);
  *stack = (cv_stack){0};
  uint8_t *map = cv_vm_reserve(page + usable);
  if (map == NULL)
    return false;
  if (!cv_vm_commit(map + page, usable)) {
    cv_vm_release(map, page + usable);
    return false;
  }
  *stack =
      (cv_stack){.top = map + page + usable, .low = map + page, .size = usable, .map = map, .map_size = page + usable};
  return true;
}

static void unpoison(const cv_stack *stack) {
#if defined(COVE_ASAN)
  if (stack->low != NULL)
    __asan_unpoison_memory_region(stack->low, stack->size);
#endif
}

// A call or two that went no deeper than this find their pages there.
enum { KEEP = 32 << 10 };

void cv_stack_reset(cv_stack *stack) {
  unpoison(stack);
  // A failure leaves the pages in place, which only costs memory: a stack is never read before it is written.
  (void)!cv_vm_clean(stack->low, stack->size, NULL, 0, KEEP);
}

void cv_stack_leave(void) {
#if defined(COVE_ASAN)
  __asan_handle_no_return();
#endif
}

// What the sanitizer wants to know around a switch: which stack follows, and on arrival which one it was.
static void leave_for(cv_stack *stack, void **saved, bool into) {
#if defined(COVE_ASAN)
  if (into)
    __sanitizer_start_switch_fiber(saved, stack->low, stack->size);
  else
    __sanitizer_start_switch_fiber(saved, stack->host_low, stack->host_size);
#endif
}

static void arrived(cv_stack *stack, void *saved, bool inside) {
#if defined(COVE_ASAN)
  const void *low;
  size_t size;
  __sanitizer_finish_switch_fiber(saved, &low, &size);
  if (inside) {
    stack->host_low = low;
    stack->host_size = size;
  }
#endif
}

// COVE_PORTABLE_STACKS is for the test of the portable switch on a machine that has the other one.
#if defined(__x86_64__) && !defined(COVE_PORTABLE_STACKS)
int cv_stack_switch_run(cv_stack *stack, int (*fn)(void *), void *arg);
void cv_stack_switch_park(cv_stack *stack);
int cv_stack_switch_resume(cv_stack *stack);

void cv_stack_delete(cv_stack *stack) {
  unpoison(stack);
  cv_vm_release(stack->map, stack->map_size);
  *stack = (cv_stack){0};
}

void cv_stack_unwind(void *sp, int result) {
  cv_stack_leave();
  cv_stack_unwind_code(sp, result);
}
#else
#include <stdlib.h>
#include <ucontext.h>

// Two contexts and the function that runs; in the C heap because their size is the system's business.
typedef struct portable {
  ucontext_t outside, inside;
  cv_stack *stack;
  int (*fn)(void *);
  void *arg;
  int result;
} portable;

static void portable_entry(unsigned high, unsigned low) {
  portable *p = (portable *)(((uintptr_t)high << 16 << 16) | low);
  p->result = p->fn(p->arg);
  setcontext(&p->outside);
}

static portable *portable_of(cv_stack *stack) {
  if (stack->portable == NULL)
    stack->portable = calloc(1, sizeof(portable));
  return stack->portable;
}

static int cv_stack_switch_run(cv_stack *stack, int (*fn)(void *), void *arg) {
  portable *const p = portable_of(stack);
  if (p == NULL)
    return fn(arg); // without memory for a switch the function runs where we are
  p->stack = stack;
  p->fn = fn;
  p->arg = arg;
  getcontext(&p->inside);
  p->inside.uc_stack.ss_sp = stack->low;
  p->inside.uc_stack.ss_size = stack->size;
  p->inside.uc_link = NULL;
  makecontext(&p->inside, (void (*)(void))portable_entry, 2, (unsigned)((uintptr_t)p >> 16 >> 16),
              (unsigned)(uintptr_t)p);
  swapcontext(&p->outside, &p->inside);
  return p->result;
}

static void cv_stack_switch_park(cv_stack *stack) {
  portable *p = stack->portable;
  p->result = CV_STACK_PARKED;
  swapcontext(&p->inside, &p->outside);
}

static int cv_stack_switch_resume(cv_stack *stack) {
  portable *p = stack->portable;
  swapcontext(&p->outside, &p->inside);
  return p->result;
}

void cv_stack_delete(cv_stack *stack) {
  unpoison(stack);
  free(stack->portable);
  cv_vm_release(stack->map, stack->map_size);
  *stack = (cv_stack){0};
}

// Only native tiers unwind this way, and there is none for this CPU.
void cv_stack_unwind_code(void *sp, int result) {
  abort();
}
void cv_stack_unwind(void *sp, int result) {
  abort();
}

void cv_stack_scan(void *high, void (*scan)(void *arg, void *const *low, void *const *high), void *arg) {
  ucontext_t registers;
  getcontext(&registers);
  scan(arg, (void *const *)&registers, high);
}
#endif

#if defined(COVE_ASAN)
typedef struct start {
  cv_stack *stack;
  int (*fn)(void *);
  void *arg;
} start;

static int started(void *p) {
  start *s = p;
  arrived(s->stack, NULL, true);
  int result = s->fn(s->arg);
  leave_for(s->stack, NULL, false);
  return result;
}

int cv_stack_run(cv_stack *stack, int (*fn)(void *), void *arg) {
  start s = {stack, fn, arg};
  void *saved;
  leave_for(stack, &saved, true);
  int result = cv_stack_switch_run(stack, started, &s);
  arrived(stack, saved, false);
  return result;
}
#else
int cv_stack_run(cv_stack *stack, int (*fn)(void *), void *arg) {
  return cv_stack_switch_run(stack, fn, arg);
}
#endif

void cv_stack_park(cv_stack *stack) {
  void *saved = NULL;
  leave_for(stack, &saved, false);
  cv_stack_switch_park(stack);
  arrived(stack, saved, true);
}

int cv_stack_resume(cv_stack *stack) {
  void *saved = NULL;
  leave_for(stack, &saved, true);
  int result = cv_stack_switch_resume(stack);
  arrived(stack, saved, false);
  return result;
}
