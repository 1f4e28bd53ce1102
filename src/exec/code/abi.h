// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// abi.h: the native calling convention of cove on x86-64, which every machine-code tier, thunk and trampoline keeps.
//
// Registers
//   rsp rbp   native frame on the fiber's stack; [rbp] is the caller's rbp, [rbp+8] the return address
//   r14       the instance whose code runs; [rbp-8] in every frame of wasm code holds it too
//   r15       base of that instance's memory 0
//   r10       scratch inside one operation, never live between two
//   the rest  values; nothing survives a call
//
// Call
//   Each parameter has the next register of its class: integers and references rdi rsi r8 r9 r12 r13, floats and
//   vectors xmm0 to xmm7. A parameter that finds none is context->args[its index], a slot. i32 values are zero-extended
//   to 64 bits in registers; in a slot their upper half is unspecified. No arguments are on the stack, so a tail call
//   is a jump. The first result is in rax or xmm0 by its class, result i > 0 in context->args[i]. A direct call inside
//   a module keeps r14 and r15 and enters behind the external entry. A call through a cv_func has the cv_func in rax
//   and the caller's instance in r11 and goes to cv_func.code; that entry (the external entry of a function, or a
//   thunk) sets r14 and r15 for the callee. After it the caller loads r14 from [rbp-8] and r15 from the instance. A
//   module with tail calls that leave the module does so after direct calls too, and so does one whose functions may
//   move to the upper tier, or are kept for a next run. At a call rsp is a multiple of 16.
//
// Leaving wasm code: before C code runs (helper, host function, interpreter) the frame pointer and the return address
// of the wasm code are stored in the innermost activation; walks start there. A trap, or an exception that nobody in
// the activation catches, makes the activation's outer one innermost and goes to cv_stack_unwind(activation->sp, run).
#ifndef COVE_EXEC_CODE_ABI_H
#define COVE_EXEC_CODE_ABI_H

#include "runtime/tier.h"

typedef enum cv_reg {
  CV_RAX = 0,
  CV_RCX = 1,
  CV_RDX = 2,
  CV_RBX = 3,
  CV_RSP = 4,
  CV_RBP = 5,
  CV_RSI = 6,
  CV_RDI = 7,
  CV_R8 = 8,
  CV_R9 = 9,
  CV_R10 = 10,
  CV_R11 = 11,
  CV_R12 = 12,
  CV_R13 = 13,
  CV_R14 = 14,
  CV_R15 = 15,
  CV_XMM0 = 16, // xmm n is CV_XMM0 + n, so that one number names any register
} cv_reg;

enum {
  CV_REG_INSTANCE = CV_R14,
  CV_REG_MEMORY = CV_R15,
  CV_REG_SCRATCH = CV_R10,
  CV_REG_XSCRATCH = CV_XMM0 + 15,
  CV_REG_CALLEE = CV_RAX, // the cv_func of a call
  CV_REG_CALLER = CV_R11, // the instance that calls
  CV_INT_PARAM_REGS = 6,
  CV_FLOAT_PARAM_REGS = 8,
};

#define CV_INT_PARAM_LIST {CV_RDI, CV_RSI, CV_R8, CV_R9, CV_R12, CV_R13}

static inline bool cv_type_in_xmm(cv_valtype t) {
  unsigned kind = cv_type_kind(t);
  return kind == CV_KIND_F32 || kind == CV_KIND_F64 || kind == CV_KIND_V128;
}

// Register of each parameter in turn; -1 for one that goes through context->args.
typedef struct cv_param_walk {
  uint8_t ints, floats;
} cv_param_walk;
static inline int cv_param_reg(cv_param_walk *walk, cv_valtype t) {
  static const uint8_t ints[CV_INT_PARAM_REGS] = CV_INT_PARAM_LIST;
  if (cv_type_in_xmm(t))
    return walk->floats < CV_FLOAT_PARAM_REGS ? CV_XMM0 + walk->floats++ : -1;
  return walk->ints < CV_INT_PARAM_REGS ? ints[walk->ints++] : -1;
}

#endif
