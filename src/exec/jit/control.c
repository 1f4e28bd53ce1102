// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// control.c: blocks, branches and select (core specification, 4.4.8). The state at a label is in jit.h; the function's
// own label is that of control depth 0, where the epilogue follows.
#include "exec/jit/plan.h"
#include "runtime/fuel.h"
#include "wasm/binary/skip.h"

#define X86_CMOV(cc) CV_X86(0, 1, 0x40 | (cc))

// ---- block types ----

static const cv_valtype single_types[] = {CV_I32, CV_I64, CV_F32, CV_F64, CV_V128};

// Reads a block type into params, results, types of `c`.
static void read_block_type(jit *j, ctl *c) {
  unsigned byte = *j->at;
  c->params = c->results = 0;
  c->types = single_types;
  if (byte == 0x40) {
    j->at++;
    return;
  }
  if (byte < 0x40 || byte >= 0x80) { // a type index: not negative
    const cv_functype *type = &j->module->types[cv_leb_s64(&j->at)].as.func;
    c->params = type->param_count;
    c->results = type->result_count;
    c->types = type->types;
    return;
  }
  j->at++;
  c->results = 1;
  for (unsigned i = 0; i < CV_COUNT(single_types); i++)
    if (single_types[i] == byte) {
      c->types = &single_types[i];
      return;
    }
  if (byte == CV_KIND_REF || byte == CV_KIND_REF_NULL)
    cv_leb_skip(&j->at);
  c->types = &single_types[1];
}

static uint32_t label_arity(const ctl *c) {
  return c->op == CV_OPC_LOOP ? c->params : c->results;
}
static const cv_valtype *label_types(const ctl *c) {
  return c->op == CV_OPC_LOOP ? c->types : c->types + c->params;
}
// One result travels in rax or xmm0; everything else in slots.
bool jit_label_in_reg(const ctl *c) {
  return c->op != CV_OPC_LOOP && c->results == 1;
}

static ctl *label(jit *j, uint32_t depth) {
  return &j->ctls[j->ctl_count - 1 - depth];
}

// ---- state at labels ----

// Entries from `from` up go to their slots; constants may stay.
static void flush(jit *j, uint32_t from, bool keep_consts) {
  for (uint32_t i = from; i < j->sp; i++) {
    ent *a = &j->stack[i];
    if (a->kind == K_SLOT || (a->kind == K_CONST && keep_consts))
      continue;
    cv_emit_room(&j->e, 128);
    int32_t imm;
    if (is_imm(a, &imm) && !type_in_xmm(a->type)) {
      cv_emit_rm(&j->e, CV_X86(0, 0, 0xc7), is_64(a->type), 0, stack_addr(j, i));
      e32(&j->e, (uint32_t)imm);
    } else {
      unsigned reg;
      if (in_reg(j, a)) {
        reg = reg_of(j, a);
      } else {
        reg = type_in_xmm(a->type) ? CV_REG_XSCRATCH : CV_REG_SCRATCH;
        into(j, a, reg);
      }
      cv_emit_store(&j->e, a->type, stack_addr(j, i), reg);
      release(j, a);
    }
    *a = (ent){K_SLOT, a->type, 0, false, i};
  }
}

static void flush_block(jit *j, bool keep_consts) {
  flush(j, j->ctls[j->ctl_count - 1].height, keep_consts);
}

// The top entry goes to rax or xmm0, and stays on the stack.
static void top_to_res(jit *j) {
  ent *top = &j->stack[j->sp - 1];
  unsigned res = res_of(top->type);
  if (top->kind == K_REG && top->reg == res)
    return;
  ent a = pop(j);
  flight(j, &a);
  jit_vacate(j, res);
  j->flight_count--;
  into(j, &a, res);
  release(j, &a);
  push_reg(j, a.type, res);
}

static void no_temporaries(jit *j) {
  j->used = 0;
}

void jit_resolve_chain(jit *j, uint32_t chain) {
  while (chain != 0) {
    uint32_t next = cv_load_le32(j->e.start + chain);
    if (j->e.full)
      return;
    cv_emit_bind(&j->e, chain);
    chain = next;
  }
}

// A jump on a condition (cc -1: always) to a label whose state is established.
void jit_jump_to(jit *j, ctl *c, int cc) {
  if (c->op == CV_OPC_LOOP) {
    cv_emit_jump_to(&j->e, cc, c->loop_at);
    return;
  }
  c->clean &= j->clean & j->valid;
  uint32_t field = cv_emit_jump(&j->e, cc);
  cv_store_le32(j->e.start + field, c->chain);
  c->chain = field;
}

static void jump_on(jit *j, ctl *c, cond k) {
  if (k.parity == 1) { // equal and not parity
    uint32_t skip = cv_emit_skip(&j->e, CV_CC_P);
    jit_jump_to(j, c, k.cc);
    cv_emit_skip_end(&j->e, skip);
  } else {
    if (k.parity == 2)
      jit_jump_to(j, c, CV_CC_P);
    jit_jump_to(j, c, k.cc);
  }
}
static cond negate(cond k) {
  return (cond){k.cc ^ 1, k.parity ? 3 - k.parity : 0};
}

// Copies the top values, which are in their slots, to the label's slots.
static void copy_to_label(jit *j, const ctl *c) {
  uint32_t n = label_arity(c), from = j->sp - n;
  const cv_valtype *types = label_types(c);
  if (from == c->height)
    return;
  for (uint32_t i = 0; i < n; i++) {
    unsigned type = type_of(types[i]);
    unsigned reg = type_in_xmm(type) ? CV_REG_XSCRATCH : CV_REG_SCRATCH;
    cv_emit_room(&j->e, 64);
    cv_emit_load(&j->e, type, reg, stack_addr(j, from + i));
    cv_emit_store(&j->e, type, stack_addr(j, c->height + i), reg);
  }
}

// ---- leaving the function ----

// The results are in the label's state of depth 0.
static void epilogue(jit *j) {
  const ctl *c = &j->ctls[0];
  const cv_valtype *types = c->types;
  if (c->results > 1) {
    cv_emit_load(&j->e, CV_I64, CV_R10, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
    for (uint32_t i = 1; i < c->results; i++) {
      unsigned type = type_of(types[i]);
      unsigned reg = type_in_xmm(type) ? CV_REG_XSCRATCH : CV_RAX;
      cv_emit_room(&j->e, 64);
      cv_emit_load(&j->e, type, reg, stack_addr(j, i));
      cv_emit_store(&j->e, type, cv_at(CV_R10, (int32_t)(offsetof(cv_context, args) + i * sizeof(cv_value))), reg);
    }
    cv_emit_load(&j->e, type_of(types[0]), res_of(type_of(types[0])), stack_addr(j, 0));
  }
  e8(&j->e, 0xc9); // leave
  e8(&j->e, 0xc3);
}

// Brings the top values to the state of a label, for a jump that is always taken.
void jit_values_to_label(jit *j, ctl *c) {
  uint32_t n = label_arity(c);
  if (n == 0)
    return;
  if (jit_label_in_reg(c)) {
    top_to_res(j);
    return;
  }
  flush(j, j->sp - n, false);
  copy_to_label(j, c);
}

void jit_validate_and_jump(jit *j, ctl *c) {
  if (c != &j->ctls[0])
    meet(j, c);
  jit_jump_to(j, c, -1);
}

static void branch(jit *j, ctl *c) {
  jit_values_to_label(j, c);
  if (c == &j->ctls[0]) {
    epilogue(j);
    return;
  }
  meet(j, c);
  jit_jump_to(j, c, -1);
}

// ---- dead code ----

// After a transfer that is always taken: goes on at the else, catch or end of the innermost block.
void jit_skip_dead(jit *j) {
  ctl *c = &j->ctls[j->ctl_count - 1];
  c->dead = true;
  j->sp = c->height;
  no_temporaries(j);
  j->fuel_pending = 0;
  uint32_t depth = 0;
  for (;;) {
    const uint8_t *start = j->at;
    uint32_t op = *j->at++;
    if (cv_op_is_prefix((uint8_t)op))
      op = op << 12 | cv_leb_u32(&j->at);
    switch (op) {
    case CV_OPC_LOOP:
      j->loop_count++;
      depth++;
      break;
    case CV_OPC_BLOCK:
    case CV_OPC_IF:
    case CV_OPC_TRY:
    case CV_OPC_TRY_TABLE:
      depth++;
      break;
    case CV_OPC_END:
    case CV_OPC_DELEGATE:
      if (depth == 0) {
        j->at = start;
        return;
      }
      depth--;
      break;
    case CV_OPC_ELSE:
    case CV_OPC_CATCH:
    case CV_OPC_CATCH_ALL:
      if (depth == 0) {
        j->at = start;
        return;
      }
      break;
    default:
      break;
    }
    cv_skip_immediates(&j->at, cv_op_infos[cv_op_index(op)].imm);
  }
}

// ---- blocks ----

static ctl *begin(jit *j, unsigned op) {
  ctl c = {.op = (uint8_t)op, .clean = UINT32_MAX};
  read_block_type(j, &c);
  bool again = op == CV_OPC_LOOP || op == CV_OPC_IF; // parameters are wanted at a second place
  flush_block(j, !(again && c.params > 0) && !j->tier_up);
  c.height = j->sp - c.params;
  j->ctls[j->ctl_count] = c;
  return &j->ctls[j->ctl_count++];
}

static void begin_loop(jit *j) {
  jit_fuel_charge(j, CV_OPC_LOOP);
  ctl *c = begin(j, CV_OPC_LOOP);
  c->met = true;
  c->weight = j->weight;
  j->weight = CV_MIN(j->weight * 8, 1u << 20); // no weight of a local tells more
  bool calls = j->loop_count >= 64 || (j->facts->calling_loops >> j->loop_count & 1);
  j->loop_count++;
  c->wanted = calls ? j->pinned & ~j->weak : j->pinned;
  meet(j, c);
  j->valid = c->wanted;
  j->clean = j->pinned & ~c->wanted;
  c->loop_at = cv_emit_at(&j->e);
  jit_poll_at_loop(j);
}

void jit_push_results(jit *j, const cv_valtype *types, uint32_t count, bool in_res) {
  for (uint32_t i = 0; i < count; i++) {
    unsigned type = type_of(types[i]);
    if (in_res && i == 0)
      push_reg(j, type, res_of(type));
    else {
      push(j, (ent){K_SLOT, (uint8_t)type, 0, false, j->sp});
      stack_addr(j, j->sp - 1);
    }
  }
}

// Control comes here by jumps (or falls in, its state being that of the label).
static void enter_label(jit *j, ctl *c, uint32_t wanted, uint32_t clean) {
  j->sp = c->height;
  no_temporaries(j);
  j->valid = wanted;
  j->clean = (clean | ~wanted) & j->pinned;
}

static void bind_label(jit *j, ctl *c) {
  jit_resolve_chain(j, c->chain);
  uint32_t here = cv_emit_at(&j->e);
  for (uint32_t cell = c->table_chain; cell != 0 && !j->e.full;) {
    uint32_t next = cv_load_le32(j->e.start + cell);
    cv_store_le32(j->e.start + cell, here);
    cell = next;
  }
}

// A block has ended where nothing goes on: neither does what is around it.
static void end_dead(jit *j) {
  j->ctl_count--;
  if (j->ctl_count > 0)
    jit_skip_dead(j);
}

// A block that is left only by falling out of it: its results stay where they are.
static void end_fallen_into(jit *j, const ctl *c) {
  uint32_t height = c->height;
  j->ctl_count--;
  jit_settle_refs(j, height);
}

static void end_loop(jit *j, ctl *c) {
  j->weight = c->weight;
  if (c->dead)
    end_dead(j);
  else
    end_fallen_into(j, c);
}

// The else arm that an if without else has: its parameters are its results.
static void end_if(jit *j, ctl *c) {
  if (!jit_label_in_reg(c) || c->params == 0) {
    jit_resolve_chain(j, c->else_chain);
    c->clean &= c->clean_else;
    return;
  }
  if (!c->dead)
    jit_jump_to(j, c, -1);
  jit_resolve_chain(j, c->else_chain);
  unsigned type = type_of(c->types[0]);
  cv_emit_load(&j->e, type, res_of(type), stack_addr(j, c->height));
  c->clean &= c->clean_else;
}

static void end_function(jit *j, ctl *c) {
  bool reached = !c->dead || c->chain != 0 || c->table_chain != 0;
  if (!c->dead)
    jit_values_to_label(j, c);
  if (reached) {
    bind_label(j, c);
    epilogue(j);
  }
  j->ctl_count--;
}

void jit_end(jit *j) {
  ctl *c = &j->ctls[j->ctl_count - 1];
  if (!c->dead)
    jit_fuel_charge(j, CV_OPC_END);
  if (c->op == CV_OPC_TRY_TABLE || c->op == CV_OPC_TRY)
    jit_handlers_of_try(j, c);
  if (j->ctl_count == 1) {
    end_function(j, c);
    return;
  }
  if (c->op == CV_OPC_LOOP) {
    end_loop(j, c);
    return;
  }
  bool one_way = c->chain == 0 && c->table_chain == 0 && c->else_chain == 0;
  if (one_way && c->dead) {
    end_dead(j);
    return;
  }
  if (one_way) { // nothing has to meet
    end_fallen_into(j, c);
    return;
  }
  uint32_t clean = UINT32_MAX;
  if (!c->dead) {
    jit_values_to_label(j, c);
    meet(j, c);
    clean = j->clean & j->valid;
  }
  if (c->else_chain != 0)
    end_if(j, c);
  bind_label(j, c);
  enter_label(j, c, c->wanted, clean & c->clean);
  j->ctl_count--;
  jit_push_results(j, c->types + c->params, c->results, jit_label_in_reg(c));
}

static void else_arm(jit *j) {
  ctl *c = &j->ctls[j->ctl_count - 1];
  uint32_t at_else = c->wanted;
  c->met = c->chain != 0 || c->table_chain != 0; // the end may want other pins than the else
  if (!c->dead) {
    jit_fuel_charge(j, CV_OPC_ELSE);
    jit_values_to_label(j, c);
    meet(j, c);
    jit_jump_to(j, c, -1);
  }
  jit_resolve_chain(j, c->else_chain);
  c->else_chain = 0;
  c->op = CV_OPC_ELSE;
  c->dead = false;
  j->fuel_pending = 0;
  enter_label(j, c, at_else, c->clean_else);
  jit_push_results(j, c->types, c->params, false);
}

// ---- comparison and consumer ----

void jit_fuse_before(jit *j, fusion f) {
  if (f == FUSE_BR_IF) {
    jit_fuel_charge(j, CV_OPC_BR_IF);
    ctl *c = j->fuse_target = label(j, read_u32(j));
    if (jit_label_in_reg(c))
      top_to_res(j);
    else if (label_arity(c) > 0)
      flush(j, j->sp - label_arity(c), false);
    if (c != &j->ctls[0])
      meet(j, c);
  } else if (f == FUSE_IF) {
    jit_fuel_charge(j, CV_OPC_IF);
    ctl *c = begin(j, CV_OPC_IF);
    meet(j, c); // without an else the end is where the false condition leads
    c->clean_else = j->clean;
  }
}

static void after_br_if(jit *j, cond k) {
  ctl *c = j->fuse_target;
  uint32_t n = label_arity(c);
  if (n == 0 || jit_label_in_reg(c) || j->sp - n == c->height) {
    jump_on(j, c, k);
    return;
  }
  // The values move only when the branch is taken.
  ctl skip = {.op = CV_OPC_BLOCK, .clean = UINT32_MAX};
  jump_on(j, &skip, negate(k));
  copy_to_label(j, c);
  jit_jump_to(j, c, -1);
  jit_resolve_chain(j, skip.chain);
}

// to = condition ? first : second, with `to` holding one of them already.
static void emit_cmov(jit *j, unsigned type, cond k, unsigned to, unsigned from) {
  if (k.parity == 1) { // from when equal and not parity: no single cmov; keep `to` in the other cases
    uint32_t skip = cv_emit_skip(&j->e, CV_CC_P);
    cv_emit_rr(&j->e, X86_CMOV(k.cc), is_64(type), to, from);
    cv_emit_skip_end(&j->e, skip);
    return;
  }
  cv_emit_rr(&j->e, X86_CMOV(k.cc), is_64(type), to, from);
  if (k.parity == 2)
    cv_emit_rr(&j->e, X86_CMOV(CV_CC_P), is_64(type), to, from);
}

static void after_select(jit *j, cond k) {
  ent second = pop(j), first = pop(j);
  unsigned type = first.type;
  // Loads and moves leave the flags alone.
  unsigned r2 = reg_of(j, &second), to = dest_over(j, type, &first);
  if (to == r2) { // the destination is the second value: exchange the roles
    unsigned r1 = reg_of(j, &first);
    if (!type_in_xmm(type)) {
      emit_cmov(j, type, k, to, r1);
    } else {
      ctl skip = {.op = CV_OPC_BLOCK, .clean = UINT32_MAX};
      jump_on(j, &skip, negate(k));
      cv_emit_xmov(&j->e, to, r1);
      jit_resolve_chain(j, skip.chain);
    }
  } else {
    into(j, &first, to);
    if (!type_in_xmm(type)) {
      emit_cmov(j, type, negate(k), to, r2);
    } else {
      ctl skip = {.op = CV_OPC_BLOCK, .clean = UINT32_MAX};
      jump_on(j, &skip, k);
      cv_emit_xmov(&j->e, to, r2);
      jit_resolve_chain(j, skip.chain);
    }
  }
  done(j, &first, to);
  done(j, &second, to);
  finish(j, type, to);
}

void jit_fuse_after(jit *j, fusion f, cond k, bool invert) {
  if (invert)
    k = negate(k);
  if (f == FUSE_BR_IF) {
    after_br_if(j, k);
  } else if (f == FUSE_IF) {
    ctl *c = &j->ctls[j->ctl_count - 1], other = {.op = CV_OPC_BLOCK, .clean = UINT32_MAX};
    jump_on(j, &other, negate(k));
    c->else_chain = other.chain;
  } else {
    after_select(j, k);
  }
}

// ---- br_table ----

static void table_cell(jit *j, ctl *c, uint32_t cell) {
  if (c->op == CV_OPC_LOOP) {
    cv_store_le32(j->e.start + cell, c->loop_at);
  } else {
    cv_store_le32(j->e.start + cell, c->table_chain);
    c->table_chain = cell;
    c->clean &= j->clean & j->valid;
  }
}

// Labels whose values must move get a piece of code of their own, which the table leads to.
static bool table_needs_moves(jit *j, uint32_t n) {
  const uint8_t *at = j->at;
  for (uint32_t i = 0; i <= n; i++) {
    const ctl *c = label(j, cv_leb_u32(&at));
    if (label_arity(c) > 0 && !jit_label_in_reg(c) && j->sp - label_arity(c) != c->height)
      return true;
  }
  return false;
}

// Brings the pins to a state that suits all labels of a table.
static void meet_labels(jit *j, uint32_t n) {
  uint32_t wanted = j->pinned & ~j->weak;
  const uint8_t *at = j->at;
  for (uint32_t i = 0; i <= n; i++) {
    const ctl *c = label(j, cv_leb_u32(&at));
    wanted |= c->met ? c->wanted : 0;
  }
  validate_pins(j, wanted);
  at = j->at;
  for (uint32_t i = 0; i <= n; i++) {
    ctl *c = label(j, cv_leb_u32(&at));
    if (c != &j->ctls[0])
      meet(j, c);
  }
}

static void br_table(jit *j) {
  jit_fuel_charge(j, CV_OPC_BR_TABLE);
  uint32_t n = read_u32(j);
  ent index = pop(j);
  flight(j, &index);
  const uint8_t *first = j->at;
  const ctl *any = label(j, cv_leb_u32(&(const uint8_t *){first}));
  uint32_t arity = label_arity(any);
  bool res = false;
  if (arity > 0) { // all labels have the same arity, but a loop's values are in slots
    const uint8_t *at = first;
    bool slots = arity > 1;
    for (uint32_t i = 0; i <= n; i++)
      slots |= !jit_label_in_reg(label(j, cv_leb_u32(&at)));
    if (slots)
      flush(j, j->sp - arity, false);
    res = arity == 1;
    if (res && !slots)
      top_to_res(j);
  }
  meet_labels(j, n);
  bool slot_value = arity == 1 && j->stack[j->sp - 1].kind == K_SLOT;
  unsigned reg = reg_of(j, &index);
  if (slot_value) { // some label wants it in the slot, some in the register
    unsigned type = j->stack[j->sp - 1].type;
    if (!type_in_xmm(type) && reg == RES) {
      cv_emit_mov(&j->e, 0, CV_R11, reg);
      reg = CV_R11;
    }
    cv_emit_load(&j->e, type, res_of(type), stack_addr(j, j->sp - 1));
  }
  bool moves = table_needs_moves(j, n);
  cv_emit_room(&j->e, 256);
  cv_emit_alu_ri(&j->e, CV_OP_CMP, 0, reg, (int32_t)n);
  ctl fallback = {.op = CV_OPC_BLOCK, .clean = UINT32_MAX};
  jit_jump_to(j, &fallback, CV_CC_AE);
  // The table holds offsets from the function's start.
  cv_emit_opcode(&j->e, CV_X86_LEA, 1, CV_R10, 0, 0, false);
  e8(&j->e, (CV_R10 & 7) << 3 | 5);
  e32(&j->e, 0u - (cv_emit_at(&j->e) + 4));
  const unsigned cell_reg = CV_R11; // no pin, and all other temporaries end here
  // mov r11d, [r10 + reg * 4 + table - start]; the table follows the jump
  cv_emit_opcode(&j->e, CV_X86_MOV, 0, cell_reg, reg, CV_R10, false);
  e8(&j->e, 0x80 | (cell_reg & 7) << 3 | 4);
  e8(&j->e, 2 << 6 | (reg & 7) << 3 | (CV_R10 & 7));
  uint32_t disp = cv_emit_at(&j->e);
  e32(&j->e, 0);
  cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_ADD), 1, CV_R10, cell_reg);
  cv_emit_rr(&j->e, CV_X86(0, 0, 0xff), 0, 4, CV_R10); // jmp r10
  uint32_t table = cv_emit_at(&j->e);
  cv_store_le32(j->e.start + disp, table);
  cv_emit_room(&j->e, (size_t)n * 4 + 256);
  bool fits = !j->e.full;
  if (fits) {
    table = cv_emit_at(&j->e);
    j->e.p += (size_t)n * 4;
  }
  for (uint32_t i = 0; i < n && fits; i++) {
    ctl *c = label(j, cv_leb_u32(&j->at));
    if (!moves) {
      table_cell(j, c, table + 4 * i);
      continue;
    }
    cv_store_le32(j->e.start + table + 4 * i, cv_emit_at(&j->e));
    cv_emit_room(&j->e, 256);
    if (label_arity(c) > 0 && !jit_label_in_reg(c))
      copy_to_label(j, c);
    jit_jump_to(j, c, -1);
  }
  if (!fits)
    j->at = first;
  if (fits) {
    ctl *c = label(j, cv_leb_u32(&j->at));
    cv_emit_room(&j->e, 256);
    jit_resolve_chain(j, fallback.chain);
    if (label_arity(c) > 0 && !jit_label_in_reg(c))
      copy_to_label(j, c);
    jit_jump_to(j, c, -1);
  } else {
    for (uint32_t i = 0; i <= n; i++)
      cv_leb_skip(&j->at);
  }
  land(j);
}

// ---- references ----

void jit_ref_branch(jit *j, uint32_t op) {
  jit_fuel_charge(j, op);
  ctl *c = label(j, read_u32(j));
  ent a = pop(j);
  uint32_t n = label_arity(c);
  if (op == CV_OPC_BR_ON_NULL) {
    flight(j, &a);
    if (jit_label_in_reg(c))
      top_to_res(j);
    else if (n > 0)
      flush(j, j->sp - n, false);
    meet(j, c);
    unsigned reg = reg_of(j, &a);
    cv_emit_rr(&j->e, CV_X86_TEST, 1, reg, reg);
    j->fuse_target = c;
    land(j);
    after_br_if(j, (cond){CV_CC_E, 0});
    if (a.kind == K_REG)
      push_reg(j, CV_I64, reg);
    else
      push(j, a);
    return;
  }
  // br_on_non_null: the reference is the label's last value.
  unsigned reg = reg_of(j, &a);
  if (a.kind == K_REG)
    push_reg(j, CV_I64, reg);
  else
    push(j, a);
  if (jit_label_in_reg(c)) {
    top_to_res(j);
    reg = RES;
    meet(j, c);
    cv_emit_rr(&j->e, CV_X86_TEST, 1, reg, reg);
  } else {
    flush(j, j->sp - n, false);
    meet(j, c);
    cv_emit_alu_mi(&j->e, CV_OP_CMP, 1, stack_addr(j, j->sp - 1), 0);
  }
  j->fuse_target = c;
  after_br_if(j, (cond){CV_CC_NE, 0});
  a = pop(j);
  release(j, &a);
}

// ---- all of them ----

void jit_control(jit *j, uint32_t op) {
  switch (op) {
  case CV_OPC_UNREACHABLE:
    jit_trap_if(j, -1, CV_TRAP_UNREACHABLE);
    jit_skip_dead(j);
    break;
  case CV_OPC_BLOCK:
    begin(j, CV_OPC_BLOCK);
    break;
  case CV_OPC_LOOP:
    begin_loop(j);
    break;
  case CV_OPC_ELSE:
    else_arm(j);
    break;
  case CV_OPC_END:
    jit_end(j);
    break;
  case CV_OPC_BR:
    jit_fuel_charge(j, CV_OPC_BR);
    branch(j, label(j, read_u32(j)));
    jit_skip_dead(j);
    break;
  case CV_OPC_RETURN:
    jit_fuel_charge(j, CV_OPC_RETURN);
    branch(j, &j->ctls[0]);
    jit_skip_dead(j);
    break;
  case CV_OPC_BR_TABLE:
    br_table(j);
    jit_skip_dead(j);
    break;
  case CV_OPC_TRY:
  case CV_OPC_TRY_TABLE: {
    ctl *c = begin(j, op);
    if (op == CV_OPC_TRY_TABLE) {
      c->clauses = j->at;
      for (uint32_t n = read_u32(j); n > 0; n--) {
        unsigned kind = *j->at++;
        if (kind == CV_CATCH || kind == CV_CATCH_REF)
          cv_leb_skip(&j->at);
        cv_leb_skip(&j->at);
      }
    }
    c->try_start = cv_emit_at(&j->e);
    break;
  }
  case CV_OPC_CATCH:
  case CV_OPC_CATCH_ALL:
    jit_legacy_catch(j, op);
    break;
  case CV_OPC_DELEGATE:
    jit_delegate(j);
    break;
  default:
    jit_unsupported(j, op);
    break;
  }
}
