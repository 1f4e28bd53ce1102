// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// single.c: stencils that are one vector instruction, emitted with the registers at hand instead of copied.
#include "exec/jit/plan.h"
#include "exec/jit/stencil.h"

enum { MAX_OPERANDS = 2 };

static unsigned field(const cv_stencil_insn *insn, unsigned role, unsigned result, const uint8_t regs[MAX_OPERANDS]) {
  switch (role) {
  case CV_ROLE_RESULT:
    return result;
  case CV_ROLE_DIGIT:
    return insn->digit;
  case CV_ROLE_OPERAND0:
  case CV_ROLE_OPERAND1:
    return regs[role - CV_ROLE_OPERAND0];
  default:
    return 0;
  }
}

// Where the result goes: into its local, else over an operand that dies, of the kind that the instruction allows.
static unsigned result_register(jit *j, const cv_stencil_insn *insn, unsigned type, const ent *e, unsigned count) {
  int chosen = dest(j, type);
  if (chosen >= 0)
    return (unsigned)chosen;
  for (unsigned i = 0; i < count; i++) {
    if ((insn->overwrites < 0 || insn->overwrites == (int)i) && dying(&e[i]) &&
        type_in_xmm(e[i].type) == type_in_xmm(type))
      return e[i].reg;
  }
  return alloc(j, type);
}

void jit_single(jit *j, const cv_stencil_insn *insn, const char *sig, unsigned imm8) {
  ent e[MAX_OPERANDS];
  uint8_t regs[MAX_OPERANDS] = {0};
  unsigned count = (unsigned)strcspn(sig, ":"), type = jit_sig_type(sig[count + 1]);
  for (unsigned i = count; i-- > 0;)
    e[i] = pop(j);
  for (unsigned i = count; i-- > 0;)
    regs[i] = (uint8_t)reg_of(j, &e[i]);
  unsigned to = result_register(j, insn, type, e, count);
  int over = insn->overwrites;
  if (over >= 0 && regs[over] != to) {
    unsigned other = 1 - (unsigned)over;
    if (count == 2 && regs[other] == to) {
      cv_emit_xmov(&j->e, CV_REG_XSCRATCH, to);
      regs[other] = CV_REG_XSCRATCH;
    }
    cv_emit_xmov(&j->e, to, regs[over]);
  }
  unsigned reg = field(insn, insn->roles.reg, to, regs), rm = field(insn, insn->roles.rm, to, regs);
  if (j->cpu.avx2_level)
    cv_emit_vrr(&j->e, insn->op, insn->w, reg, field(insn, insn->roles.vvvv, to, regs), rm);
  else
    cv_emit_rr(&j->e, insn->op, insn->w, reg, rm);
  if (insn->flags & CV_INSN_IMM)
    e8(&j->e, insn->flags & CV_INSN_IMM_HOLE ? imm8 : insn->imm);
  for (unsigned i = 0; i < count; i++)
    done(j, &e[i], to);
  finish(j, type, to);
}
