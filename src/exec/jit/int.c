// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// int.c: integer instructions (core specification, 4.3.2), and comparisons joined with the branch, if or select that
// consumes them.
#include "exec/jit/plan.h"

#define X86_MOVZX8 (CV_X86(0, 1, 0xb6) | CV_X86_BYTE)
#define X86_MOVZX16 CV_X86(0, 1, 0xb7)
#define X86_MOVSX8 (CV_X86(0, 1, 0xbe) | CV_X86_BYTE)
#define X86_MOVSX16 CV_X86(0, 1, 0xbf)
#define X86_MOVSXD CV_X86(0, 0, 0x63)
#define X86_IMUL CV_X86(0, 1, 0xaf)
#define X86_SETCC(cc) (CV_X86(0, 1, 0x90 | (cc)) | CV_X86_BYTE)
#define X86_CMOV(cc) CV_X86(0, 1, 0x40 | (cc))

static void swap(ent *a, ent *b) {
  ent t = *a;
  *a = *b;
  *b = t;
}

// ---- add, sub, mul, and, or, xor ----

typedef enum alu_op { ALU_ADD, ALU_SUB, ALU_MUL, ALU_AND, ALU_OR, ALU_XOR } alu_op;
static const uint8_t alu_code[] = {CV_OP_ADD, CV_OP_SUB, 0, CV_OP_AND, CV_OP_OR, CV_OP_XOR};

static uint32_t alu_x86(alu_op op) {
  return op == ALU_MUL ? X86_IMUL : CV_X86_ALU(alu_code[op]);
}

// The last instruction set the flags by its result.
static void note_flags(jit *j, alu_op op, unsigned w, unsigned reg) {
  if (op == ALU_MUL)
    return;
  j->flags_at = cv_emit_at(&j->e);
  j->flags_reg = (uint8_t)reg;
  j->flags_w = (uint8_t)w;
}

static bool flags_tell(const jit *j, unsigned w, unsigned reg) {
  return j->flags_at == cv_emit_at(&j->e) && j->flags_next == j->code + j->op_at && j->flags_reg == reg &&
         j->flags_w == w;
}

// and with a mask that is a zero extension
static bool emit_mask(jit *j, unsigned to, unsigned from, int32_t imm) {
  if (imm == 0xff)
    cv_emit_rr(&j->e, X86_MOVZX8, 0, to, from);
  else if (imm == 0xffff)
    cv_emit_rr(&j->e, X86_MOVZX16, 0, to, from);
  else
    return false;
  return true;
}

static void alu_imm(jit *j, alu_op op, unsigned w, unsigned to, int from, const ent *a, int32_t imm) {
  cv_emit *e = &j->e;
  if (from < 0) {
    into(j, a, to);
    from = (int)to;
  }
  if (op == ALU_MUL) {
    bool small = imm == (int8_t)imm;
    cv_emit_rr(e, CV_X86(0, 0, small ? 0x6b : 0x69), w, to, (unsigned)from);
    if (small)
      e8(e, (uint8_t)imm);
    else
      e32(e, (uint32_t)imm);
    return;
  }
  if (op == ALU_AND && emit_mask(j, to, (unsigned)from, imm))
    return;
  if ((op == ALU_ADD || (op == ALU_SUB && imm != INT32_MIN)) && (unsigned)from != to) {
    cv_emit_rm(e, CV_X86_LEA, w, to, cv_at((unsigned)from, op == ALU_ADD ? imm : -imm));
    return;
  }
  emit_move(j, w ? CV_I64 : CV_I32, to, (unsigned)from);
  if (op == ALU_XOR && imm == -1) {
    cv_emit_rr(e, CV_X86(0, 0, 0xf7), w, 2, to); // not, which leaves the flags alone
    return;
  }
  cv_emit_alu_ri(e, alu_code[op], w, to, imm);
  note_flags(j, op, w, to);
}

// to = a - b where `to` is b's register
static void sub_reversed(jit *j, unsigned w, unsigned to, const ent *a) {
  into(j, a, CV_REG_SCRATCH);
  cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_SUB), w, CV_REG_SCRATCH, to);
  cv_emit_mov(&j->e, w, to, CV_REG_SCRATCH);
}

// and, of which only counts whether it is zero.
static bool test_bits(jit *j, unsigned w) {
  const uint8_t *at = j->at;
  bool invert = w;
  if (w && *j->at++ != CV_OPC_I64_EQZ) {
    j->at = at;
    return false;
  }
  fusion f = jit_fusion(j, &invert);
  if (f == FUSE_NONE) {
    j->at = at;
    return false;
  }
  if (j->fuel && w)
    j->fuel_pending++;
  ent b = pop(j), a = pop(j);
  int32_t imm;
  if (a.kind == K_CONST && b.kind != K_CONST)
    swap(&a, &b);
  flight(j, &a);
  flight(j, &b);
  reg_of(j, &a);
  bool is_const = is_imm(&b, &imm);
  if (!is_const)
    reg_of(j, &b);
  jit_fuse_before(j, f);
  unsigned ra = reg_of(j, &a);
  if (is_const) {
    cv_emit_rr(&j->e, CV_X86(0, 0, 0xf7), w, 0, ra); // test
    e32(&j->e, (uint32_t)imm);
  } else {
    cv_emit_rr(&j->e, CV_X86_TEST, w, ra, reg_of(j, &b));
  }
  land(j);
  release(j, &a);
  release(j, &b);
  jit_fuse_after(j, f, (cond){CV_CC_NE, 0}, invert);
  return true;
}

static void alu(jit *j, alu_op op, unsigned w) {
  unsigned type = w ? CV_I64 : CV_I32;
  if (op == ALU_AND && test_bits(j, w))
    return;
  ent b = pop(j), a = pop(j);
  bool commutes = op != ALU_SUB;
  if (commutes && (a.kind == K_CONST || (in_memory(j, &a) && in_reg(j, &b))))
    swap(&a, &b);
  int32_t imm;
  bool is_const = is_imm(&b, &imm), is_mem = !is_const && in_memory(j, &b);
  int rb = is_const || is_mem ? -1 : (int)reg_of(j, &b);
  int chosen = dest(j, type);
  unsigned to = chosen >= 0                        ? (unsigned)chosen
                : dying(&a)                        ? a.reg
                : rb >= 0 && commutes && dying(&b) ? b.reg
                                                   : alloc(j, type);
  int ra = in_reg(j, &a) ? (int)reg_of(j, &a) : -1;
  if (is_const) {
    alu_imm(j, op, w, to, ra, &a, imm);
  } else if (is_mem) {
    if (ra != (int)to)
      into(j, &a, to);
    cv_emit_rm(&j->e, alu_x86(op), w, to, entry_addr(j, &b));
    note_flags(j, op, w, to);
  } else if (ra == (int)to) {
    cv_emit_rr(&j->e, alu_x86(op), w, to, (unsigned)rb);
    note_flags(j, op, w, to);
  } else if (rb == (int)to) {
    if (!commutes) {
      sub_reversed(j, w, to, &a);
    } else {
      cv_emit_rr(&j->e, alu_x86(op), w, to, reg_of(j, &a));
      note_flags(j, op, w, to);
    }
  } else if (op == ALU_ADD && ra >= 0) {
    cv_emit_rm(&j->e, CV_X86_LEA, w, to, (cv_addr){(uint8_t)ra, (uint8_t)rb, 0, 0});
  } else {
    into(j, &a, to);
    cv_emit_rr(&j->e, alu_x86(op), w, to, (unsigned)rb);
    note_flags(j, op, w, to);
  }
  done(j, &a, to);
  done(j, &b, to);
  finish(j, type, to);
  j->flags_next = j->at;
}

// ---- shifts and rotations ----

typedef enum shift_op { SHIFT_SHL, SHIFT_SHR_S, SHIFT_SHR_U, SHIFT_ROTL, SHIFT_ROTR } shift_op;
static const uint8_t shift_digit[] = {4, 7, 5, 0, 1};

// shl by 1 to 3 whose result is added: one lea.
static bool shift_add(jit *j, unsigned w, ent *a, unsigned by) {
  if (by == 0 || by > 3 || *j->at != (w ? CV_OPC_I64_ADD : CV_OPC_I32_ADD))
    return false;
  j->at++;
  if (j->fuel)
    j->fuel_pending++;
  unsigned type = w ? CV_I64 : CV_I32;
  ent base = pop(j);
  unsigned ra = reg_of(j, a);
  int32_t imm;
  bool is_const = is_imm(&base, &imm);
  unsigned rb = is_const ? 0 : reg_of(j, &base);
  int chosen = dest(j, type);
  unsigned to = chosen >= 0 ? (unsigned)chosen : dying(a) ? a->reg : dying(&base) ? base.reg : alloc(j, type);
  if (is_const) { // without base register the displacement has four bytes
    cv_emit_opcode(&j->e, CV_X86_LEA, w, to, ra, 0, false);
    e8(&j->e, (to & 7) << 3 | 4);
    e8(&j->e, by << 6 | (ra & 7) << 3 | 5);
    e32(&j->e, (uint32_t)imm);
  } else {
    cv_emit_rm(&j->e, CV_X86_LEA, w, to, (cv_addr){(uint8_t)rb, (uint8_t)ra, (uint8_t)by, 0});
  }
  done(j, a, to);
  if (!is_const)
    done(j, &base, to);
  finish(j, type, to);
  return true;
}

static void shift_imm(jit *j, shift_op op, unsigned w, ent *a, unsigned by) {
  unsigned type = w ? CV_I64 : CV_I32;
  by &= w ? 63 : 31;
  if (op == SHIFT_SHL && shift_add(j, w, a, by))
    return;
  unsigned to = dest_over(j, type, a);
  bool rotates = op == SHIFT_ROTL || op == SHIFT_ROTR;
  if (rotates && j->cpu.bmi2 && in_reg(j, a)) {
    unsigned from = reg_of(j, a);
    cv_emit_vrr(&j->e, CV_X86(0xf2, 3, 0xf0), w, to, 0, from); // rorx
    e8(&j->e, op == SHIFT_ROTR ? by : (0u - by) & (w ? 63 : 31));
  } else {
    into(j, a, to);
    if (by != 0 || rotates) {
      cv_emit_rr(&j->e, CV_X86(0, 0, 0xc1), w, shift_digit[op], to);
      e8(&j->e, by);
    }
  }
  done(j, a, to);
  finish(j, type, to);
}

// shlx, sarx, shrx to, a, count
static void shift_bmi2(jit *j, shift_op op, unsigned w, ent *a, ent *b) {
  unsigned type = w ? CV_I64 : CV_I32, rb = reg_of(j, b), ra = reg_of(j, a);
  unsigned to = dest_over(j, type, a);
  unsigned prefix = op == SHIFT_SHL ? 0x66 : op == SHIFT_SHR_S ? 0xf3 : 0xf2;
  cv_emit_vrr(&j->e, CV_X86(prefix, 2, 0xf7), w, to, rb, ra);
  done(j, a, to);
  done(j, b, to);
  finish(j, type, to);
}

static void shift(jit *j, shift_op op, unsigned w) {
  unsigned type = w ? CV_I64 : CV_I32;
  ent b = pop(j), a = pop(j);
  if (b.kind == K_CONST) {
    shift_imm(j, op, w, &a, (unsigned)const_of(j, &b));
    return;
  }
  if (j->cpu.bmi2 && op <= SHIFT_SHR_U) {
    shift_bmi2(j, op, w, &a, &b);
    return;
  }
  flight(j, &a);
  flight(j, &b);
  j->avoid = BIT(CV_RCX);
  force(j, &b, CV_RCX);
  int chosen = dest(j, type);
  unsigned to = dying(&a) ? a.reg : alloc(j, type); // never a pin: it may be the count's
  into(j, &a, to);
  cv_emit_rr(&j->e, CV_X86(0, 0, 0xd3), w, shift_digit[op], to);
  release(j, &b);
  land(j);
  if (chosen >= 0) {
    emit_move(j, type, (unsigned)chosen, to);
    free_reg(j, to);
    to = (unsigned)chosen;
  }
  finish(j, type, to);
}

// ---- division ----

static bool power_of_two(uint64_t v) {
  return v != 0 && (v & (v - 1)) == 0;
}

// Unsigned division and remainder by a power of two.
static bool divide_by_power(jit *j, bool rem, unsigned w, ent *a, uint64_t v) {
  unsigned type = w ? CV_I64 : CV_I32;
  int32_t mask = (int32_t)(v - 1);
  if (!power_of_two(v) || (rem && v - 1 > INT32_MAX))
    return false;
  unsigned to = dest_over(j, type, a);
  if (rem) {
    alu_imm(j, ALU_AND, w, to, in_reg(j, a) ? (int)reg_of(j, a) : -1, a, mask);
  } else {
    into(j, a, to);
    if (v != 1) {
      cv_emit_rr(&j->e, CV_X86(0, 0, 0xc1), w, 5, to);
      e8(&j->e, (unsigned)__builtin_ctzll(v));
    }
  }
  done(j, a, to);
  finish(j, type, to);
  return true;
}

// Unsigned i32 division by another constant: a 64-bit multiplication (Granlund and Montgomery 1994). With
// shift = 32 + ceil(log2 v) the multiplier has 33 bits; when its 32-bit part is even enough, the product fits.
static bool divide_by_constant(jit *j, bool rem, ent *a, uint32_t v) {
  if (v < 3)
    return false;
  unsigned bits = 32 - (unsigned)__builtin_clz(v - 1); // ceil(log2 v)
  uint64_t m = 0;
  unsigned shift = 0;
  for (unsigned s = 32; s <= 32 + bits; s++) { // the least shift whose rounding error is small enough
    unsigned __int128 power = (unsigned __int128)1 << s;
    uint64_t q = (uint64_t)((power + v - 1) / v);
    uint64_t error = (uint64_t)((unsigned __int128)q * v - power);
    if (error <= (uint64_t)1 << (s - 32)) {
      m = q;
      shift = s;
      break;
    }
  }
  if (m == 0 || m > UINT32_MAX)
    return false;
  unsigned ra = reg_of(j, a);
  int chosen = dest(j, CV_I32);
  unsigned quotient = alloc(j, CV_I64);
  cv_emit_const(&j->e, quotient, m);
  cv_emit_rr(&j->e, X86_IMUL, 1, quotient, ra); // both below 2^32: the product fits 64 bits
  cv_emit_rr(&j->e, CV_X86(0, 0, 0xc1), 1, 5, quotient);
  e8(&j->e, shift);
  unsigned to = chosen >= 0 ? (unsigned)chosen : quotient;
  if (rem) {
    bool small = v <= 127;
    cv_emit_rr(&j->e, CV_X86(0, 0, small ? 0x6b : 0x69), 0, CV_REG_SCRATCH, quotient);
    if (small)
      e8(&j->e, v);
    else
      e32(&j->e, v);
    if (to == ra) {
      cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_SUB), 0, to, CV_REG_SCRATCH);
    } else {
      cv_emit_mov(&j->e, 0, to, ra);
      cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_SUB), 0, to, CV_REG_SCRATCH);
    }
  } else {
    emit_move(j, CV_I32, to, quotient);
  }
  if (to != quotient)
    free_reg(j, quotient);
  release(j, a);
  finish(j, CV_I32, to);
  return true;
}

static void emit_signed_division(jit *j, unsigned w, bool rem, unsigned rb, bool minus_one) {
  cv_emit *e = &j->e;
  uint32_t skip = 0;
  if (rem && minus_one) { // x rem -1 is 0; the machine faults for the least x
    cv_emit_alu_ri(e, CV_OP_CMP, w, rb, -1);
    uint32_t divide = cv_emit_skip(e, CV_CC_NE);
    cv_emit_rr(e, CV_X86(0, 0, 0x31), 0, CV_RDX, CV_RDX);
    skip = cv_emit_skip(e, -1);
    cv_emit_skip_end(e, divide);
  }
  if (w)
    e8(e, 0x48);
  e8(e, 0x99); // cdq, cqo
  if (!rem && minus_one)
    jit_map_add(j, MAP_TRAP, cv_emit_at(e), CV_TRAP_INTEGER_OVERFLOW);
  cv_emit_rr(e, CV_X86(0, 0, 0xf7), w, 7, rb);
  if (skip)
    cv_emit_skip_end(e, skip);
}

static void divide(jit *j, unsigned w, bool is_signed, bool rem) {
  unsigned type = w ? CV_I64 : CV_I32;
  ent b = pop(j), a = pop(j);
  bool is_const = b.kind == K_CONST;
  uint64_t v = is_const ? const_of(j, &b) : 0;
  if (is_const && !is_signed && divide_by_power(j, rem, w, &a, v))
    return;
  if (is_const && !is_signed && !w && divide_by_constant(j, rem, &a, (uint32_t)v))
    return;
  flight(j, &a);
  flight(j, &b);
  j->avoid = BIT(CV_RAX) | BIT(CV_RDX);
  jit_vacate(j, CV_RDX);
  force(j, &a, CV_RAX);
  unsigned rb = reg_of(j, &b);
  j->used |= BIT(CV_RDX);
  j->owner[CV_RDX] = OWNER_FLIGHT;
  if (!is_const || v == 0) {
    cv_emit_rr(&j->e, CV_X86_TEST, w, rb, rb);
    jit_trap_if(j, CV_CC_E, CV_TRAP_DIVIDE_BY_ZERO);
  }
  if (is_signed) {
    emit_signed_division(j, w, rem, rb, !is_const || (w ? v == UINT64_MAX : v == UINT32_MAX));
  } else {
    cv_emit_rr(&j->e, CV_X86(0, 0, 0x31), 0, CV_RDX, CV_RDX);
    cv_emit_rr(&j->e, CV_X86(0, 0, 0xf7), w, 6, rb);
  }
  release(j, &b);
  unsigned result = rem ? CV_RDX : CV_RAX;
  j->used &= ~BIT(rem ? CV_RAX : CV_RDX);
  land(j);
  int chosen = dest(j, type); // may want registers: the result keeps its own until then
  j->used &= ~BIT(result);
  if (chosen >= 0) {
    emit_move(j, type, (unsigned)chosen, result);
    result = (unsigned)chosen;
  }
  finish(j, type, result);
}

// ---- one operand ----

static void unary_x86(jit *j, uint32_t op, unsigned w, unsigned type) {
  ent a = pop(j);
  unsigned from = reg_of(j, &a), to = dest_over(j, type, &a);
  cv_emit_rr(&j->e, op, w, to, from);
  done(j, &a, to);
  finish(j, type, to);
}

static void count_bits(jit *j, unsigned op) {
  unsigned w = op >= CV_OPC_I64_CLZ, type = w ? CV_I64 : CV_I32;
  switch (op) {
  case CV_OPC_I32_CLZ:
  case CV_OPC_I64_CLZ:
    if (j->cpu.lzcnt) {
      unary_x86(j, CV_X86(0xf3, 1, 0xbd), w, type);
      return;
    }
    break;
  case CV_OPC_I32_CTZ:
  case CV_OPC_I64_CTZ:
    if (j->cpu.tzcnt) {
      unary_x86(j, CV_X86(0xf3, 1, 0xbc), w, type);
      return;
    }
    break;
  default:
    if (j->cpu.popcnt) {
      unary_x86(j, CV_X86(0xf3, 1, 0xb8), w, type);
      return;
    }
    break;
  }
  jit_stencil(j, op, NULL, 0);
}

static void wrap(jit *j) {
  ent a = pop(j);
  if (a.kind == K_CONST) {
    push_const32(j, CV_I32, (int32_t)const_of(j, &a));
    return;
  }
  if (in_memory(j, &a)) { // the low half of the slot
    cv_addr at = entry_addr(j, &a);
    int chosen = dest(j, CV_I32);
    unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, CV_I32);
    cv_emit_load(&j->e, CV_I32, to, at);
    finish(j, CV_I32, to);
    return;
  }
  unsigned from = reg_of(j, &a), to = dest_over(j, CV_I32, &a);
  cv_emit_mov(&j->e, 0, to, from);
  done(j, &a, to);
  finish(j, CV_I32, to);
}

// i32 values are zero-extended in registers: only the type changes there.
static void extend_u(jit *j) {
  ent a = pop(j);
  if (a.kind == K_CONST) {
    jit_push_const64(j, CV_I64, a.v);
    return;
  }
  if (a.kind == K_REG) {
    push_reg(j, CV_I64, a.reg);
    return;
  }
  int chosen = dest(j, CV_I64);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, CV_I64);
  into(j, &a, to);
  finish(j, CV_I64, to);
}

// ---- comparisons ----

static const uint8_t compare_cc[10] = {CV_CC_E, CV_CC_NE, CV_CC_L,  CV_CC_B,  CV_CC_G,
                                       CV_CC_A, CV_CC_LE, CV_CC_BE, CV_CC_GE, CV_CC_AE};
// The same comparison with its operands exchanged.
static const uint8_t swapped[10] = {0, 1, 4, 5, 2, 3, 8, 9, 6, 7};

fusion jit_fusion(jit *j, bool *invert) {
  const uint8_t *at = j->at;
  bool inverted = false;
  if (*at == CV_OPC_I32_EQZ) {
    at++;
    inverted = true;
  }
  fusion f = *at == CV_OPC_BR_IF    ? FUSE_BR_IF
             : *at == CV_OPC_IF     ? FUSE_IF
             : *at == CV_OPC_SELECT ? FUSE_SELECT
                                    : FUSE_NONE;
  if (f == FUSE_NONE)
    return f;
  j->at = at + 1;
  if (inverted)
    *invert = !*invert;
  if (j->fuel)
    j->fuel_pending += (uint32_t)inverted + (f == FUSE_SELECT);
  return f;
}

// reg = condition. The flags live until the last instruction.
void jit_set_bool(jit *j, cond c, unsigned reg) {
  cv_emit *e = &j->e;
  if (c.parity) {
    cv_emit_rr(e, X86_SETCC(c.parity == 1 ? CV_CC_NP : CV_CC_P), 0, 0, CV_REG_SCRATCH);
    cv_emit_rr(e, X86_SETCC(c.cc), 0, 0, reg);
    cv_emit_rr(e, CV_X86_ALU(c.parity == 1 ? CV_OP_AND : CV_OP_OR), 0, reg, CV_REG_SCRATCH);
  } else {
    cv_emit_rr(e, X86_SETCC(c.cc), 0, 0, reg);
  }
  cv_emit_rr(e, X86_MOVZX8, 0, reg, reg);
}

// The comparison itself; b is an immediate, in memory or in a register. `equality`: whether they are equal is all that
// counts.
static void emit_compare(jit *j, unsigned w, ent *a, ent *b, bool equality) {
  int32_t imm;
  if (is_imm(b, &imm)) {
    if (in_memory(j, a)) {
      cv_emit_alu_mi(&j->e, CV_OP_CMP, w, entry_addr(j, a), imm);
      return;
    }
    unsigned ra = reg_of(j, a);
    if (imm != 0)
      cv_emit_alu_ri(&j->e, CV_OP_CMP, w, ra, imm);
    else if (!equality || !flags_tell(j, w, ra))
      cv_emit_rr(&j->e, CV_X86_TEST, w, ra, ra);
    return;
  }
  unsigned ra = reg_of(j, a);
  if (in_memory(j, b))
    cv_emit_rm(&j->e, CV_X86_ALU(CV_OP_CMP), w, ra, entry_addr(j, b));
  else
    cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_CMP), w, ra, reg_of(j, b));
}

// Result of a comparison as a value: into a register that is free once the operands are.
static void bool_result(jit *j, cond c) {
  int chosen = dest(j, CV_I32);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, CV_I32); // spilling moves, which keeps the flags
  jit_set_bool(j, c, to);
  finish(j, CV_I32, to);
}

static void compare_entries(jit *j, unsigned index, unsigned w, ent a, ent b, fusion f, bool invert) {
  if (a.kind == K_CONST && b.kind != K_CONST) {
    swap(&a, &b);
    index = swapped[index];
  }
  // Loads come before everything that wants the flags kept.
  int32_t imm;
  flight(j, &a);
  flight(j, &b);
  if (!is_imm(&b, &imm) && !in_memory(j, &b))
    reg_of(j, &b);
  if (!is_imm(&b, &imm) || a.kind == K_CONST)
    reg_of(j, &a);
  jit_fuse_before(j, f);
  emit_compare(j, w, &a, &b, compare_cc[index] == CV_CC_E || compare_cc[index] == CV_CC_NE);
  land(j);
  release(j, &a);
  release(j, &b);
  cond c = {compare_cc[index], 0};
  if (f == FUSE_NONE)
    bool_result(j, c);
  else
    jit_fuse_after(j, f, c, invert);
}

static void compare(jit *j, unsigned index, unsigned w) {
  bool invert = false;
  ent b = pop(j), a = pop(j);
  fusion f = jit_fusion(j, &invert);
  compare_entries(j, index, w, a, b, f, invert);
}

static void compare_zero(jit *j, unsigned w) {
  bool invert = false;
  ent a = pop(j), zero = {K_CONST, w ? CV_I64 : CV_I32, 0, false, 0};
  fusion f = jit_fusion(j, &invert);
  compare_entries(j, 0, w, a, zero, f, invert);
}

void jit_condition(jit *j, unsigned op) {
  ent a = pop(j), zero = {K_CONST, CV_I32, 0, false, 0};
  fusion f = op == CV_OPC_BR_IF ? FUSE_BR_IF : op == CV_OPC_IF ? FUSE_IF : FUSE_SELECT;
  compare_entries(j, 1, 0, a, zero, f, false);
}

// ---- all of them ----

void jit_int(jit *j, unsigned op) {
  static const uint8_t kinds[15] = {0, 1, 2, 0x20, 0x21, 0x22, 0x23, 3, 4, 5, 0x10, 0x11, 0x12, 0x13, 0x14};
  if (op == CV_OPC_I32_EQZ || op == CV_OPC_I64_EQZ) {
    compare_zero(j, op == CV_OPC_I64_EQZ);
  } else if (op <= CV_OPC_I32_GE_U) {
    compare(j, op - CV_OPC_I32_EQ, 0);
  } else if (op <= CV_OPC_I64_GE_U) {
    compare(j, op - CV_OPC_I64_EQ, 1);
  } else if (op == CV_OPC_I32_WRAP_I64) {
    wrap(j);
  } else if (op == CV_OPC_I64_EXTEND_I32_U) {
    extend_u(j);
  } else if (op == CV_OPC_I64_EXTEND_I32_S || op == CV_OPC_I64_EXTEND32_S) {
    unary_x86(j, X86_MOVSXD, 1, CV_I64);
  } else if (op == CV_OPC_I32_EXTEND8_S || op == CV_OPC_I64_EXTEND8_S) {
    unary_x86(j, X86_MOVSX8, op == CV_OPC_I64_EXTEND8_S, op == CV_OPC_I64_EXTEND8_S ? CV_I64 : CV_I32);
  } else if (op == CV_OPC_I32_EXTEND16_S || op == CV_OPC_I64_EXTEND16_S) {
    unary_x86(j, X86_MOVSX16, op == CV_OPC_I64_EXTEND16_S, op == CV_OPC_I64_EXTEND16_S ? CV_I64 : CV_I32);
  } else if (op <= CV_OPC_I32_POPCNT || (op >= CV_OPC_I64_CLZ && op <= CV_OPC_I64_POPCNT)) {
    count_bits(j, op);
  } else {
    unsigned w = op >= CV_OPC_I64_ADD, kind = kinds[op - (w ? CV_OPC_I64_ADD : CV_OPC_I32_ADD)];
    if (kind < 0x10)
      alu(j, (alu_op)kind, w);
    else if (kind < 0x20)
      shift(j, (shift_op)(kind - 0x10), w);
    else
      divide(j, w, kind == 0x20 || kind == 0x22, kind >= 0x22);
  }
}
