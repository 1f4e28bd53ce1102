// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plan.c: the slower half of plan.h: constants, spilling, fixed registers, locals.
#include "exec/jit/plan.h"

// ---- constants ----

// Index (in 8-byte units) of a constant behind the code. Recent ones are shared.
uint32_t jit_pool(jit *j, uint64_t low, uint64_t high, bool is_16) {
  size_t count = j->pool.count;
  size_t from = count > 32 ? count - 32 : 0;
  for (size_t i = from; i < count; i++) {
    if (j->pool.data[i] == low && !is_16)
      return (uint32_t)i;
    if (is_16 && i % 2 == 0 && i + 1 < count && j->pool.data[i] == low && j->pool.data[i + 1] == high)
      return (uint32_t)i;
  }
  if (cv_vec_reserve(j->mem, &j->pool, 3) != CV_OK) {
    j->no_memory = true;
    return 0;
  }
  if (is_16 && count % 2 != 0)
    j->pool.data[j->pool.count++] = 0;
  uint32_t index = (uint32_t)j->pool.count;
  j->pool.data[j->pool.count++] = low;
  if (is_16)
    j->pool.data[j->pool.count++] = high;
  return index;
}

void jit_use_pool(jit *j, uint32_t field, uint32_t index) {
  if (cv_vec_push(j->mem, &j->const_uses, (const_use){field, index}) != CV_OK)
    j->no_memory = true;
}

void jit_push_const64(jit *j, unsigned type, uint64_t v) {
  if (type == CV_I64 ? (int64_t)v == (int32_t)v : v == 0) {
    push_const32(j, type, (int32_t)v);
    return;
  }
  uint32_t index = (uint32_t)j->consts.count;
  if (cv_vec_push(j->mem, &j->consts, v) != CV_OK) {
    j->no_memory = true;
    index = 0;
  }
  push(j, (ent){K_CONST, (uint8_t)type, 0, true, index});
}

static void load_xmm(jit *j, unsigned type, uint64_t low, uint64_t high, unsigned reg) {
  if (low == 0 && high == 0) {
    if (j->e.avx)
      cv_emit_vrr(&j->e, CV_X86(0, 1, 0x57), 0, reg, reg, reg);
    else
      cv_emit_rr(&j->e, CV_X86(0, 1, 0x57), 0, reg, reg);
    return;
  }
  uint32_t index = jit_pool(j, low, high, type == CV_V128);
  uint32_t op = cv_x86_xload(type);
  jit_use_pool(j, j->e.avx ? cv_emit_vrip(&j->e, op, 0, reg, 0, 0) : cv_emit_rip(&j->e, op, 0, reg, 0), index);
}

static void load_xmm_const(jit *j, const ent *a, unsigned reg) {
  uint64_t low = a->wide ? j->consts.data[a->v] : a->v;
  load_xmm(j, a->type, low, a->type == CV_V128 && a->wide ? j->consts.data[a->v + 1] : 0, reg);
}

void jit_load_vector(jit *j, uint64_t low, uint64_t high, unsigned reg) {
  load_xmm(j, CV_V128, low, high, reg);
}

// Leaves the flags alone.
void jit_load_const(jit *j, const ent *a, unsigned reg) {
  if (reg >= CV_XMM0)
    load_xmm_const(j, a, reg);
  else
    cv_emit_const(&j->e, reg, const_of(j, a));
}

// ---- registers ----

static void spill(jit *j, ent *a, uint32_t position) {
  cv_emit_store(&j->e, a->type, stack_addr(j, position), a->reg);
  j->used &= ~BIT(a->reg);
  a->kind = K_SLOT;
  a->v = position;
}

// Frees the candidate register that holds the oldest stack entry and returns it.
unsigned jit_spill_one(jit *j, uint32_t candidates) {
  uint32_t oldest = OWNER_FLIGHT;
  for (uint32_t m = candidates & j->used; m; m &= m - 1) {
    uint32_t position = j->owner[__builtin_ctz(m)];
    oldest = CV_MIN(oldest, position);
  }
  if (oldest == OWNER_FLIGHT) { // cannot be: operations hold fewer registers than there are
    j->unsupported = true;
    return candidates ? (unsigned)__builtin_ctz(candidates) : CV_RAX;
  }
  unsigned reg = j->stack[oldest].reg;
  spill(j, &j->stack[oldest], oldest);
  return reg;
}

// Stores a pin to its slot, if need be, and makes it not valid.
static void evict_pin(jit *j, unsigned reg) {
  uint32_t local = j->pin_local[reg];
  if ((j->valid & BIT(reg)) && !(j->clean & BIT(reg)))
    cv_emit_store(&j->e, type_of(j->locals[local]), slot_addr(j, local), reg);
  j->valid &= ~BIT(reg);
  j->clean |= BIT(reg);
}

// Makes a register free for the present operation: a pin goes to its slot, a temporary elsewhere.
void jit_vacate(jit *j, unsigned reg) {
  if (j->pinned & BIT(reg)) {
    evict_pin(j, reg);
    return;
  }
  if (!(j->used & BIT(reg)))
    return;
  uint32_t class_regs = (reg >= CV_XMM0 ? (uint32_t)FLOAT_REGS : (uint32_t)INT_REGS) & ~BIT(reg);
  uint32_t position = j->owner[reg], slot = position;
  ent *a = NULL;
  if (position == OWNER_FLIGHT) {
    for (uint32_t i = 0; i < j->flight_count && a == NULL; i++)
      if (j->flight[i]->kind == K_REG && j->flight[i]->reg == reg) {
        a = j->flight[i];
        slot = extra_position(j, EXTRA_FLIGHT + i);
      }
    if (a == NULL)
      return;
  } else {
    a = &j->stack[position];
  }
  if ((class_regs & ~(j->used | j->pinned | j->avoid)) == 0) {
    spill(j, a, slot);
    return;
  }
  unsigned to = alloc_of(j, class_regs);
  emit_move(j, a->type, to, reg);
  a->reg = (uint8_t)to;
  j->owner[to] = position;
  j->used &= ~BIT(reg);
}

// ---- locals ----

// The entry at this position refers to a local; now it has the local's value.
static void take_value(jit *j, uint32_t position) {
  ent *a = &j->stack[position];
  cv_emit_room(&j->e, 64);
  unsigned reg = alloc(j, a->type);
  into(j, a, reg);
  a->kind = K_REG;
  a->reg = (uint8_t)reg;
  j->owner[reg] = position;
}

// Entries that still refer to a local take its value, which is about to change.
void jit_save_refs(jit *j, uint32_t local) {
  uint32_t from = j->ctls[j->ctl_count - 1].height;
  uint32_t to = CV_MIN(j->sp, from + LAZY_DEPTH);
  for (uint32_t i = from; i < to; i++) {
    const ent *a = &j->stack[i];
    if (a->kind == K_LOCAL && a->v == local)
      take_value(j, i);
  }
}

void jit_settle_refs(jit *j, uint32_t from) {
  uint32_t height = j->ctls[j->ctl_count - 1].height;
  for (uint32_t i = CV_MAX(from, height + LAZY_DEPTH); i < j->sp; i++)
    if (j->stack[i].kind == K_LOCAL)
      take_value(j, i);
}

// An instruction of a pinned local is compiled.
static void count_use(jit *j, uint32_t local) {
  uint32_t *left = &j->left[j->pin[local]];
  *left = *left >= j->weight && *left != UINT32_MAX ? *left - j->weight : UINT32_MAX;
}

int jit_dest(jit *j, unsigned type) {
  const uint8_t *at = j->at + 1;
  uint32_t local = cv_leb_u32(&at);
  if (!pinned(j, local) || type_of(j->locals[local]) != type)
    return -1;
  jit_save_refs(j, local);
  count_use(j, local);
  j->dest_pinned = true;
  j->dest_tee = *j->at == CV_OPC_LOCAL_TEE;
  j->dest_local = local;
  j->at = at;
  if (j->fuel)
    j->fuel_pending++;
  return j->pin[local];
}

void jit_push_local(jit *j, uint32_t local) {
  ent a = {K_LOCAL, type_of(j->locals[local]), 0, false, local};
  if (CV_UNLIKELY(j->sp - j->ctls[j->ctl_count - 1].height >= LAZY_DEPTH)) {
    unsigned reg = alloc(j, a.type);
    into(j, &a, reg);
    push_reg(j, a.type, reg);
    return;
  }
  push(j, a);
}

void jit_local_get(jit *j, uint32_t local) {
  if (pinned(j, local))
    count_use(j, local);
  jit_push_local(j, local);
}

void jit_local_set(jit *j, uint32_t local, bool tee) {
  ent a = pop(j);
  unsigned type = type_of(j->locals[local]);
  if (pinned(j, local))
    count_use(j, local);
  if (a.kind == K_LOCAL && a.v == local) {
    if (tee)
      push(j, a);
    return;
  }
  jit_save_refs(j, local);
  if (pinned(j, local)) {
    unsigned reg = (unsigned)j->pin[local];
    into(j, &a, reg);
    release(j, &a);
    j->valid |= BIT(reg);
    j->clean &= ~BIT(reg);
    if (tee)
      jit_push_local(j, local);
    return;
  }
  int32_t imm;
  if (!type_in_xmm(type) && is_imm(&a, &imm)) {
    cv_emit_rm(&j->e, CV_X86(0, 0, 0xc7), is_64(type), 0, slot_addr(j, local));
    e32(&j->e, (uint32_t)imm);
    if (tee)
      push(j, a);
    return;
  }
  unsigned reg = reg_of(j, &a);
  cv_emit_store(&j->e, type, slot_addr(j, local), reg);
  if (!tee)
    release(j, &a);
  else if (a.kind == K_REG)
    push_reg(j, type, reg);
  else
    push(j, a);
}

// ---- before calls and labels ----

// Pins whose locals no instruction uses any more: all uses are behind, no loop comes back to one, and no entry below
// the top `keep` refers to one.
static uint32_t dead_pins(jit *j, uint32_t keep) {
  uint32_t dead = 0;
  if (j->weight != 1)
    return 0;
  for (uint32_t m = j->pinned & j->valid & ~j->clean; m; m &= m - 1) {
    unsigned reg = (unsigned)__builtin_ctz(m);
    if (j->left[reg] == 0)
      dead |= BIT(reg);
  }
  uint32_t from = j->ctls[j->ctl_count - 1].height;
  uint32_t to = CV_MIN(j->sp - keep, from + LAZY_DEPTH);
  for (uint32_t i = from; dead != 0 && i < to; i++) {
    const ent *a = &j->stack[i];
    if (a->kind == K_LOCAL && pinned(j, a->v))
      dead &= ~BIT(j->pin[a->v]);
  }
  return dead;
}

// Everything in a register that outlives a call goes to its slot; the top `keep` entries are the call's own.
void jit_save_all(jit *j, uint32_t keep) {
  for (uint32_t m = j->used; m; m &= m - 1) {
    uint32_t position = j->owner[__builtin_ctz(m)];
    if (position != OWNER_FLIGHT && position + keep < j->sp)
      spill(j, &j->stack[position], position);
  }
  clean_pins(j, j->pinned & ~dead_pins(j, keep));
}

void jit_after_call(jit *j) {
  j->used = 0;
  j->valid = 0;
  j->clean = j->pinned;
}
