// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// code.h: a module compiled by tier 1.
#ifndef COVE_EXEC_JIT_CODE_H
#define COVE_EXEC_JIT_CODE_H

#include "exec/jit/jit.h"

typedef struct jit_code {
  cv_native_code native;
  cv_jit_cpu cpu;
  bool reload_after_calls;
} jit_code;

// ---- compile.c ----
// A compiler for the functions of `code`, with nothing in it yet.
CV_MUST_USE cv_status jit_init(jit *j, const jit_code *code, cv_mem *mem);
void jit_free(jit *j);

// ---- throw.c ----
const uint8_t *jit_pad(const cv_code *base, uintptr_t pc, const cv_instance *instance, const cv_exception *exception);

#endif
