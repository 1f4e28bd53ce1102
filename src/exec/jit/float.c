// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// float.c: floating-point instructions and conversions (core specification, 4.3.3 and 4.3.4) that are one or two
// machine instructions; the others are stencils.
#include "exec/jit/plan.h"
#include "runtime/nan.h"

// to = op(a, b) with the register b; `to` may be b's. Scratch: xmm15.
void jit_xmm_op3(jit *j, uint32_t op, unsigned to, unsigned a, unsigned b) {
  cv_emit *e = &j->e;
  if (e->avx) {
    cv_emit_vrr(e, op, 0, to, a, b);
    return;
  }
  if (to == b && to != a) {
    cv_emit_xmov(e, CV_REG_XSCRATCH, b);
    b = CV_REG_XSCRATCH;
  }
  if (to != a)
    cv_emit_xmov(e, to, a);
  cv_emit_rr(e, op, 0, to, b);
}

// op(a, constant), read from behind the code.
static void with_constant(jit *j, uint32_t op, unsigned type, ent *a, uint64_t constant) {
  unsigned ra = reg_of(j, a), to = dest_over(j, type, a);
  uint32_t index = jit_pool(j, constant, 0, false);
  jit_use_pool(j, cv_emit_vrip(&j->e, op, 0, to, ra, 0), index);
  done(j, a, to);
  finish(j, type, to);
}

static void arithmetic(jit *j, uint32_t op, unsigned type, bool commutes) {
  ent b = pop(j), a = pop(j);
  if (commutes && (a.kind == K_CONST || (in_memory(j, &a) && in_reg(j, &b)))) {
    ent t = a;
    a = b;
    b = t;
  }
  if (b.kind == K_CONST && j->e.avx) {
    with_constant(j, op, type, &a, b.wide ? j->consts.data[b.v] : b.v);
    return;
  }
  bool memory = in_memory(j, &b);
  unsigned rb = memory ? 0 : reg_of(j, &b);
  int chosen = dest(j, type);
  if (memory && !j->e.avx) { // loads first: the destination may be the second operand's place
    unsigned to = chosen >= 0 ? (unsigned)chosen : dying(&a) ? a.reg : alloc(j, type);
    into(j, &a, to);
    cv_emit_rm(&j->e, op, 0, to, entry_addr(j, &b));
    done(j, &a, to);
    finish(j, type, to);
    return;
  }
  unsigned ra = reg_of(j, &a);
  unsigned to = chosen >= 0 ? (unsigned)chosen : dying(&a) ? a.reg : dying(&b) ? b.reg : alloc(j, type);
  if (memory)
    cv_emit_vrm(&j->e, op, 0, to, ra, entry_addr(j, &b));
  else
    jit_xmm_op3(j, op, to, ra, rb);
  done(j, &a, to);
  done(j, &b, to);
  finish(j, type, to);
}

// One source register of either class, one destination.
static void convert(jit *j, uint32_t op, unsigned w, unsigned type, bool merges) {
  ent a = pop(j);
  unsigned from = reg_of(j, &a), to = dest_over(j, type, &a);
  if (!j->e.avx) {
    if (merges && to != from) // the instruction keeps the upper part of `to`: do not wait for it
      cv_emit_rr(&j->e, CV_X86(0, 1, 0x57), 0, to, to);
    cv_emit_rr(&j->e, op, w, to, from);
  } else if (merges && from < CV_XMM0) {
    cv_emit_vrr(&j->e, CV_X86(0, 1, 0x57), 0, CV_REG_XSCRATCH, CV_REG_XSCRATCH, CV_REG_XSCRATCH);
    cv_emit_vrr(&j->e, op, w, to, CV_REG_XSCRATCH, from);
  } else {
    cv_emit_vrr(&j->e, op, w, to, merges ? from : 0, from);
  }
  done(j, &a, to);
  finish(j, type, to);
}

// abs and neg: a bit mask from the constants.
static void mask(jit *j, uint32_t op, unsigned type, uint64_t bits) {
  ent a = pop(j);
  uint64_t word = type == CV_F32 ? bits << 32 | bits : bits;
  uint32_t index = jit_pool(j, word, word, true);
  if (j->e.avx) {
    unsigned from = reg_of(j, &a), to = dest_over(j, type, &a);
    jit_use_pool(j, cv_emit_vrip(&j->e, op, 0, to, from, 0), index);
    done(j, &a, to);
    finish(j, type, to);
    return;
  }
  unsigned to = dest_over(j, type, &a);
  into(j, &a, to);
  jit_use_pool(j, cv_emit_rip(&j->e, op, 0, to, 0), index);
  done(j, &a, to);
  finish(j, type, to);
}

static void round_to(jit *j, unsigned type, unsigned mode) {
  ent a = pop(j);
  unsigned from = reg_of(j, &a), to = dest_over(j, type, &a);
  uint32_t op = CV_X86(0x66, 3, type == CV_F32 ? 0x0a : 0x0b);
  if (j->e.avx)
    cv_emit_vrr(&j->e, op, 0, to, from, from);
  else
    cv_emit_rr(&j->e, op, 0, to, from);
  e8(&j->e, mode);
  done(j, &a, to);
  finish(j, type, to);
}

// b may be a constant or in memory.
static void emit_compare(jit *j, unsigned type, unsigned ra, ent *b) {
  uint32_t op = CV_X86(type == CV_F64 ? 0x66 : 0, 1, 0x2e);
  if (b->kind == K_CONST) {
    uint32_t index = jit_pool(j, b->wide ? j->consts.data[b->v] : b->v, 0, false);
    jit_use_pool(j, j->e.avx ? cv_emit_vrip(&j->e, op, 0, ra, 0, 0) : cv_emit_rip(&j->e, op, 0, ra, 0), index);
  } else if (in_memory(j, b)) {
    if (j->e.avx)
      cv_emit_vrm(&j->e, op, 0, ra, 0, entry_addr(j, b));
    else
      cv_emit_rm(&j->e, op, 0, ra, entry_addr(j, b));
  } else if (j->e.avx) {
    cv_emit_vrr(&j->e, op, 0, ra, 0, reg_of(j, b));
  } else {
    cv_emit_rr(&j->e, op, 0, ra, reg_of(j, b));
  }
}

// ucomis sets CF when below or unordered: "less" exchanges its operands, so that every test excludes unordered ones.
static void compare(jit *j, unsigned index, unsigned type) {
  static const struct {
    bool swap;
    cond c;
  } rows[6] = {{false, {CV_CC_E, 1}}, {false, {CV_CC_NE, 2}}, {true, {CV_CC_A, 0}},
               {false, {CV_CC_A, 0}}, {true, {CV_CC_AE, 0}},  {false, {CV_CC_AE, 0}}};
  bool invert = false;
  ent b = pop(j), a = pop(j);
  if (rows[index].swap) {
    ent t = a;
    a = b;
    b = t;
  }
  fusion f = jit_fusion(j, &invert);
  flight(j, &a);
  flight(j, &b);
  reg_of(j, &a);
  if (b.kind != K_CONST && !in_memory(j, &b))
    reg_of(j, &b);
  jit_fuse_before(j, f);
  emit_compare(j, type, reg_of(j, &a), &b);
  land(j);
  release(j, &a);
  release(j, &b);
  if (f != FUSE_NONE) {
    jit_fuse_after(j, f, rows[index].c, invert);
    return;
  }
  int chosen = dest(j, CV_I32);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, CV_I32);
  jit_set_bool(j, rows[index].c, to);
  finish(j, CV_I32, to);
}

static void reinterpret(jit *j, unsigned type) {
  ent a = pop(j);
  if (in_memory(j, &a)) {
    cv_addr at = entry_addr(j, &a);
    int chosen = dest(j, type);
    unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, type);
    cv_emit_load(&j->e, type, to, at);
    finish(j, type, to);
    return;
  }
  unsigned w = type == CV_I64 || type == CV_F64, from = reg_of(j, &a), to = dest_over(j, type, &a);
  unsigned xmm = type_in_xmm(type) ? to : from, gpr = type_in_xmm(type) ? from : to;
  uint32_t op = CV_X86(0x66, 1, type_in_xmm(type) ? 0x6e : 0x7e);
  if (j->e.avx)
    cv_emit_vrr(&j->e, op, w, xmm, 0, gpr);
  else
    cv_emit_rr(&j->e, op, w, xmm, gpr);
  done(j, &a, to);
  finish(j, type, to);
}

#define OP32(code) CV_X86(0xf3, 1, code)
#define OP64(code) CV_X86(0xf2, 1, code)

void jit_float(jit *j, unsigned op) {
  if (j->canonical_nan && cv_nan_made_by(op) != CV_NAN_NONE) {
    jit_stencil(j, op, NULL, 0);
    return;
  }
  unsigned is_f64 = op >= CV_OPC_F64_ABS && op <= CV_OPC_F64_COPYSIGN, type = is_f64 ? CV_F64 : CV_F32;
  switch (op) {
  case CV_OPC_F32_EQ ... CV_OPC_F32_GE:
    compare(j, op - CV_OPC_F32_EQ, CV_F32);
    break;
  case CV_OPC_F64_EQ ... CV_OPC_F64_GE:
    compare(j, op - CV_OPC_F64_EQ, CV_F64);
    break;
  case CV_OPC_F32_ADD:
  case CV_OPC_F64_ADD:
    arithmetic(j, is_f64 ? OP64(0x58) : OP32(0x58), type, true);
    break;
  case CV_OPC_F32_SUB:
  case CV_OPC_F64_SUB:
    arithmetic(j, is_f64 ? OP64(0x5c) : OP32(0x5c), type, false);
    break;
  case CV_OPC_F32_MUL:
  case CV_OPC_F64_MUL:
    arithmetic(j, is_f64 ? OP64(0x59) : OP32(0x59), type, true);
    break;
  case CV_OPC_F32_DIV:
  case CV_OPC_F64_DIV:
    arithmetic(j, is_f64 ? OP64(0x5e) : OP32(0x5e), type, false);
    break;
  case CV_OPC_F32_SQRT:
  case CV_OPC_F64_SQRT:
    convert(j, is_f64 ? OP64(0x51) : OP32(0x51), 0, type, true);
    break;
  case CV_OPC_F32_ABS:
    mask(j, CV_X86(0, 1, 0x54), CV_F32, 0x7fffffff);
    break;
  case CV_OPC_F64_ABS:
    mask(j, CV_X86(0, 1, 0x54), CV_F64, 0x7fffffffffffffff);
    break;
  case CV_OPC_F32_NEG:
    mask(j, CV_X86(0, 1, 0x57), CV_F32, 0x80000000);
    break;
  case CV_OPC_F64_NEG:
    mask(j, CV_X86(0, 1, 0x57), CV_F64, 0x8000000000000000);
    break;
  case CV_OPC_F32_CEIL ... CV_OPC_F32_NEAREST:
  case CV_OPC_F64_CEIL ... CV_OPC_F64_NEAREST: {
    static const uint8_t modes[4] = {10, 9, 11, 8}; // up, down, to zero, to even; inexact is not told
    round_to(j, type, modes[op - (is_f64 ? CV_OPC_F64_CEIL : CV_OPC_F32_CEIL)]);
    break;
  }
  case CV_OPC_F32_CONVERT_I32_S:
    convert(j, OP32(0x2a), 0, CV_F32, true);
    break;
  case CV_OPC_F32_CONVERT_I32_U: // zero-extended, so a positive 64-bit number
  case CV_OPC_F32_CONVERT_I64_S:
    convert(j, OP32(0x2a), 1, CV_F32, true);
    break;
  case CV_OPC_F64_CONVERT_I32_S:
    convert(j, OP64(0x2a), 0, CV_F64, true);
    break;
  case CV_OPC_F64_CONVERT_I32_U:
  case CV_OPC_F64_CONVERT_I64_S:
    convert(j, OP64(0x2a), 1, CV_F64, true);
    break;
  case CV_OPC_F32_DEMOTE_F64:
    convert(j, OP64(0x5a), 0, CV_F32, true);
    break;
  case CV_OPC_F64_PROMOTE_F32:
    convert(j, OP32(0x5a), 0, CV_F64, true);
    break;
  case CV_OPC_I32_REINTERPRET_F32:
    reinterpret(j, CV_I32);
    break;
  case CV_OPC_I64_REINTERPRET_F64:
    reinterpret(j, CV_I64);
    break;
  case CV_OPC_F32_REINTERPRET_I32:
    reinterpret(j, CV_F32);
    break;
  case CV_OPC_F64_REINTERPRET_I64:
    reinterpret(j, CV_F64);
    break;
  default: // min, max, copysign, trunc, conversion of unsigned 64-bit numbers
    jit_stencil(j, op, NULL, 0);
    break;
  }
}
