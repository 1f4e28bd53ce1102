// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The run-time half of clang's setjmp for WebAssembly: see setjmp.h. The compiler calls these by name.
#include "setjmp.h"
#include <stdint.h>

void __wasm_setjmp(jmp_buf env, uint32_t label, void *invocation);
uint32_t __wasm_setjmp_test(jmp_buf env, void *invocation);
_Noreturn void __wasm_longjmp(jmp_buf env, int value);

void __wasm_setjmp(jmp_buf env, uint32_t label, void *invocation) {
  env->invocation = invocation;
  env->label = label;
}

uint32_t __wasm_setjmp_test(jmp_buf env, void *invocation) {
  return env->invocation == invocation ? env->label : 0;
}

void __wasm_longjmp(jmp_buf env, int value) {
  env->thrown.env = env;
  env->thrown.value = value != 0 ? value : 1;
  __builtin_wasm_throw(1, &env->thrown); // tag 1 is __c_longjmp
}
