// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fatal.c: LLVM ends the process when it meets what it did not expect. Here it leaves the compilation instead. What it
// held is lost and its state is unknown, so it is not called again in this process: code that is there keeps running.
//
// Beyond reach are an allocation by C++ that fails, and a crash.
#include <setjmp.h>
#include <stdio.h>

#include <llvm-c/ErrorHandling.h>

#include "exec/llvm/plugin/fatal.h"

typedef struct guard {
  jmp_buf leave;
  char *why;
  size_t size;
} guard;

static _Thread_local guard *innermost; // NULL: not in a compilation of ours
static bool met;                       // atomic

// Returning would end the process, as LLVM means to.
static void handler(const char *reason) {
  guard *g = innermost;
  if (g == NULL)
    return;
  __atomic_store_n(&met, true, __ATOMIC_RELAXED);
  snprintf(g->why, g->size, "LLVM gave up: %s", reason);
  longjmp(g->leave, 1);
}

void fatal_install(void) {
  LLVMInstallFatalErrorHandler(handler);
}

bool fatal_met(void) {
  return __atomic_load_n(&met, __ATOMIC_RELAXED);
}

bool fatal_guard(bool (*fn)(void *), void *arg, char *why, size_t size) {
  if (fatal_met()) {
    snprintf(why, size, "LLVM gave up on an earlier function, and is not called again");
    return false;
  }
  guard g = {.why = why, .size = size};
  innermost = &g;
  bool ok = setjmp(g.leave) == 0 && fn(arg);
  innermost = NULL;
  return ok;
}
