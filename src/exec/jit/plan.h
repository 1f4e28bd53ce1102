// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plan.h: values and registers at compile time. Inline, because every instruction goes through here several times.
//
// Invariants
//   - A register is in `used` exactly while one K_REG entry, on the stack or popped by the present instruction, owns
//   it.
//   - A K_SLOT entry on the stack is in the slot of its own position.
//   - K_REG and K_LOCAL entries occur only above the height of the innermost block, K_LOCAL ones only among the first
//     LAZY_DEPTH above it, so that searching for them costs a bounded time.
//   - i32 values in registers are zero-extended; the upper half of an i32's slot is unspecified.
#ifndef COVE_EXEC_JIT_PLAN_H
#define COVE_EXEC_JIT_PLAN_H

#include "exec/jit/jit.h"

#define BIT(r) (1u << (r))
enum {
  RES = CV_RAX,
  XRES = CV_XMM0,
  LAZY_DEPTH = 256,
  INT_REGS = BIT(CV_RAX) | BIT(CV_RCX) | BIT(CV_RDX) | BIT(CV_RBX) | BIT(CV_RSI) | BIT(CV_RDI) | BIT(CV_R8) |
             BIT(CV_R9) | BIT(CV_R11) | BIT(CV_R12) | BIT(CV_R13),
  // The scratch xmm15 is not among them.
  FLOAT_REGS = 0x7fff0000,
};

static inline bool type_in_xmm(unsigned type) {
  return type >= CV_V128 && type <= CV_F32;
}
static inline uint8_t type_of(cv_valtype t) {
  return cv_type_is_ref(t) ? CV_I64 : (uint8_t)cv_type_kind(t);
}
static inline unsigned res_of(unsigned type) {
  return type_in_xmm(type) ? XRES : RES;
}
static inline unsigned is_64(unsigned type) {
  return type != CV_I32;
}

// ---- slots ----
static inline cv_addr slot_addr(jit *j, uint32_t slot) {
  if (slot >= j->max_slot)
    j->max_slot = slot + 1;
  return cv_at(CV_RBP, -(int32_t)(j->slot_size * (slot + 2)));
}
static inline cv_addr stack_addr(jit *j, uint32_t position) {
  return slot_addr(j, j->local_count + position);
}

// Slots above the operand stack, each kind with its own: two that are alive at once must never meet.
enum {
  EXTRA_CALLEE = 0,    // a call through a table, while its type is compared
  EXTRA_ATOMIC = 1,    // the operands of wait and notify
  EXTRA_FLIGHT = 4,    // operands in flight that were pushed aside
  EXTRA_EXCEPTION = 8, // the exception of each legacy catch arm, by control depth; these come last
};
static_assert(EXTRA_EXCEPTION - EXTRA_FLIGHT >= MAX_FLIGHT, "a slot for each");
static inline uint32_t extra_position(const jit *j, uint32_t extra) {
  return j->facts->max_height + 1 + extra;
}
static inline cv_addr extra_addr(jit *j, uint32_t extra) {
  return stack_addr(j, extra_position(j, extra));
}

// ---- entries ----
static inline bool pinned(const jit *j, uint32_t local) {
  return j->pin[local] >= 0;
}
static inline bool in_reg(const jit *j, const ent *a) {
  return a->kind == K_REG || (a->kind == K_LOCAL && pinned(j, a->v));
}
static inline bool in_memory(const jit *j, const ent *a) {
  return a->kind == K_SLOT || (a->kind == K_LOCAL && !pinned(j, a->v));
}
// `a` was popped from `position` j->sp or pushed there: a slot entry is popped before its address is taken.
static inline cv_addr entry_addr(jit *j, const ent *a) {
  return a->kind == K_SLOT ? stack_addr(j, a->v) : slot_addr(j, a->v);
}
static inline bool dying(const ent *a) {
  return a->kind == K_REG;
}
static inline uint64_t const_of(const jit *j, const ent *a) {
  if (a->wide)
    return j->consts.data[a->v];
  return a->type == CV_I32 || a->type == CV_F32 ? a->v : (uint64_t)(int64_t)(int32_t)a->v;
}
// A constant that fits a sign-extended 32-bit immediate; its value in *imm.
static inline bool is_imm(const ent *a, int32_t *imm) {
  *imm = (int32_t)a->v;
  return a->kind == K_CONST && !a->wide;
}

void jit_load_const(jit *j, const ent *a, unsigned reg);
void jit_load_vector(jit *j, uint64_t low, uint64_t high, unsigned reg);
uint32_t jit_pool(jit *j, uint64_t low, uint64_t high, bool is_16);
void jit_use_pool(jit *j, uint32_t field, uint32_t index);
void jit_vacate(jit *j, unsigned reg);
unsigned jit_spill_one(jit *j, uint32_t candidates);

// ---- registers ----
static inline unsigned alloc_of(jit *j, uint32_t class_regs) {
  uint32_t available = class_regs & ~(j->used | j->pinned | j->avoid);
  unsigned reg;
  if (CV_UNLIKELY(available == 0)) {
    reg = jit_spill_one(j, class_regs & ~(j->pinned | j->avoid));
  } else {
    // Registers with a role of their own last.
    enum { LATE = BIT(CV_RAX) | BIT(CV_RCX) | BIT(CV_RDX) | BIT(CV_XMM0) | BIT(CV_XMM0 + 1) | BIT(CV_XMM0 + 2) };
    uint32_t early = available & ~(uint32_t)LATE;
    reg = (unsigned)(early ? __builtin_ctz(early) : 31 - __builtin_clz(available));
  }
  j->used |= BIT(reg);
  j->owner[reg] = OWNER_FLIGHT;
  return reg;
}
static inline unsigned alloc(jit *j, unsigned type) {
  return alloc_of(j, type_in_xmm(type) ? (uint32_t)FLOAT_REGS : (uint32_t)INT_REGS);
}
static inline void free_reg(jit *j, unsigned reg) {
  j->used &= ~(BIT(reg) & ~j->pinned);
}
static inline void release(jit *j, const ent *a) {
  if (a->kind == K_REG)
    j->used &= ~BIT(a->reg);
}

static inline void emit_move(jit *j, unsigned type, unsigned to, unsigned from) {
  if (to == from)
    return;
  if (type_in_xmm(type))
    cv_emit_xmov(&j->e, to, from);
  else
    cv_emit_mov(&j->e, is_64(type), to, from);
}

static inline void validate_pin(jit *j, uint32_t local) {
  unsigned reg = (unsigned)j->pin[local];
  if (CV_UNLIKELY(!(j->valid & BIT(reg)))) {
    cv_emit_load(&j->e, type_of(j->locals[local]), reg, slot_addr(j, local));
    j->valid |= BIT(reg);
    j->clean |= BIT(reg);
  }
}
// Makes these pins valid.
static inline void validate_pins(jit *j, uint32_t wanted) {
  for (uint32_t m = wanted & ~j->valid; m; m &= m - 1)
    validate_pin(j, j->pin_local[__builtin_ctz(m)]);
}
// Makes the slots of these pins hold their values, too.
static inline void clean_pins(jit *j, uint32_t pins) {
  for (uint32_t m = pins & j->valid & ~j->clean; m; m &= m - 1) {
    unsigned reg = (unsigned)__builtin_ctz(m);
    uint32_t local = j->pin_local[reg];
    cv_emit_store(&j->e, type_of(j->locals[local]), slot_addr(j, local), reg);
    j->clean |= BIT(reg);
  }
}
// Brings the pins to the state of a label, before a jump to it. Leaves the flags alone.
static inline void meet(jit *j, ctl *c) {
  if (!c->met) {
    c->met = true;
    c->wanted = (j->pinned & ~j->weak) | (j->valid & j->weak);
  }
  validate_pins(j, c->wanted);
  clean_pins(j, j->pinned & ~c->wanted);
}

// Loads the value into this register, whatever else is there.
static inline void into(jit *j, const ent *a, unsigned reg) {
  switch (a->kind) {
  case K_CONST:
    jit_load_const(j, a, reg);
    break;
  case K_LOCAL:
    if (pinned(j, a->v) && (j->valid & BIT(j->pin[a->v])))
      emit_move(j, a->type, reg, (unsigned)j->pin[a->v]);
    else
      cv_emit_load(&j->e, a->type, reg, slot_addr(j, a->v));
    break;
  case K_REG:
    emit_move(j, a->type, reg, a->reg);
    break;
  default:
    cv_emit_load(&j->e, a->type, reg, stack_addr(j, a->v));
    break;
  }
}
// The register that holds the value; constants and slots are loaded into a temporary, which the entry then owns.
static inline unsigned reg_of(jit *j, ent *a) {
  if (a->kind == K_REG)
    return a->reg;
  if (a->kind == K_LOCAL && pinned(j, a->v)) {
    validate_pin(j, a->v);
    return (unsigned)j->pin[a->v];
  }
  unsigned reg = alloc(j, a->type);
  into(j, a, reg);
  a->kind = K_REG;
  a->reg = (uint8_t)reg;
  return reg;
}

// ---- the stack ----
static inline ent *push(jit *j, ent a) {
  j->stack[j->sp] = a;
  return &j->stack[j->sp++];
}
static inline void push_reg(jit *j, unsigned type, unsigned reg) {
  j->used |= BIT(reg);
  j->owner[reg] = j->sp;
  push(j, (ent){K_REG, (uint8_t)type, (uint8_t)reg, false, 0});
}
static inline void push_const32(jit *j, unsigned type, int32_t v) {
  push(j, (ent){K_CONST, (uint8_t)type, 0, false, (uint32_t)v});
}
void jit_push_const64(jit *j, unsigned type, uint64_t v);
static inline ent pop(jit *j) {
  ent a = j->stack[--j->sp];
  if (a.kind == K_REG)
    j->owner[a.reg] = OWNER_FLIGHT;
  if (a.kind == K_REG || a.kind == K_SLOT)
    a.v = j->sp; // its slot, where a register's value may have to go as well
  return a;
}

// ---- popped operands that fixed registers may push aside ----
static inline void flight(jit *j, ent *a) {
  j->flight[j->flight_count++] = a;
}
static inline void land(jit *j) {
  j->flight_count = 0;
  j->avoid = 0;
}
// Puts an operand (in flight) into this register and makes the entry its owner.
static inline void force(jit *j, ent *a, unsigned reg) {
  if (a->kind == K_REG && a->reg == reg)
    return;
  jit_vacate(j, reg);
  into(j, a, reg);
  release(j, a);
  j->used |= BIT(reg);
  j->owner[reg] = OWNER_FLIGHT;
  a->kind = K_REG;
  a->reg = (uint8_t)reg;
}

// ---- results ----
void jit_save_refs(jit *j, uint32_t local);
void jit_push_local(jit *j, uint32_t local); // as a reference, or its value above LAZY_DEPTH
// A block is over, whose entries from position `from` stay: references above LAZY_DEPTH of what is around it become
// values.
void jit_settle_refs(jit *j, uint32_t from);
// The register that the result of this operation should go to when the next instruction puts it in a pinned local:
// consumes that instruction. -1 when any register will do.
int jit_dest(jit *j, unsigned type);
static inline int dest(jit *j, unsigned type) {
  j->dest_pinned = false;
  unsigned next = *j->at;
  return next == CV_OPC_LOCAL_SET || next == CV_OPC_LOCAL_TEE ? jit_dest(j, type) : -1;
}
// The result is in `reg`, which dest() gave or the operation owns.
static inline void finish(jit *j, unsigned type, unsigned reg) {
  if (!j->dest_pinned) {
    push_reg(j, type, reg);
    return;
  }
  j->valid |= BIT(reg);
  j->clean &= ~BIT(reg);
  if (j->dest_tee)
    jit_push_local(j, j->dest_local);
}
// Result register of an operation whose first operand may be overwritten.
static inline unsigned dest_over(jit *j, unsigned type, const ent *a) {
  int reg = dest(j, type);
  if (reg >= 0)
    return (unsigned)reg;
  return dying(a) && type_in_xmm(a->type) == type_in_xmm(type) ? a->reg : alloc(j, type);
}
// Frees an operand unless the result took its register.
static inline void done(jit *j, const ent *a, unsigned result) {
  if (a->kind == K_REG && (a->reg != result || j->dest_pinned))
    free_reg(j, a->reg);
}

// ---- immediates ----
static inline uint32_t read_u32(jit *j) {
  return cv_leb_u32(&j->at);
}

#endif
