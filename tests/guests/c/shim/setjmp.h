// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setjmp and longjmp for a wasi-libc that has none: clang's -wasm-enable-sjlj turns the calls into exceptions and calls
// three functions that sjlj.c beside this file defines.
#ifndef COVE_GUEST_SETJMP_H
#define COVE_GUEST_SETJMP_H

typedef struct {
  void *invocation; // which call of which function the setjmp ran in
  unsigned label;   // which setjmp of that function
  struct {
    void *env;
    int value;
  } thrown; // what the exception carries
} jmp_buf[1];

int setjmp(jmp_buf env) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf env, int value);
#define _setjmp setjmp
#define _longjmp longjmp

#endif
