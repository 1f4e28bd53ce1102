// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// call.c: calls (core specification, 4.4.10) in the convention of exec/code/abi.h, and calls of C helpers.
#include "exec/jit/plan.h"

static void add_reloc(jit *j, cv_code_reloc_kind kind, uint32_t value) {
  if (cv_vec_push(j->mem, &j->relocs, (cv_code_reloc){cv_emit_at(&j->e) - 4, kind, value & 0xfffffff}) != CV_OK)
    j->no_memory = true;
}

// Calls a helper's stub. r14 and r15 are kept.
void jit_helper(jit *j, cv_native_helper helper) {
  e8(&j->e, 0xe8);
  e32(&j->e, 0);
  add_reloc(j, CV_RELOC_HELPER, helper);
  jit_map_add(j, MAP_CALL, cv_emit_at(&j->e), CV_TRAP_NONE);
}

// eax is a cv_trap_kind that a helper returned.
void jit_trap_if_returned(jit *j) {
  cv_emit_rr(&j->e, CV_X86_TEST, 0, CV_RAX, CV_RAX);
  jit_trap_if(j, CV_CC_NE, CV_TRAP_NONE);
}

// ---- arguments ----

enum { MOVES = CV_INT_PARAM_REGS + CV_FLOAT_PARAM_REGS };
typedef struct moves {
  uint8_t from[MOVES], to[MOVES], type[MOVES];
  uint32_t count;
} moves;

// Moves registers to registers all at once; a cycle goes through a scratch register.
static void parallel_move(jit *j, moves *m) {
  while (m->count > 0) {
    bool moved = false;
    for (uint32_t i = 0; i < m->count; i++) {
      bool blocked = false;
      for (uint32_t k = 0; k < m->count; k++)
        blocked |= k != i && m->from[k] == m->to[i];
      if (blocked && m->from[i] != m->to[i])
        continue;
      emit_move(j, m->type[i], m->to[i], m->from[i]);
      m->count--;
      m->from[i] = m->from[m->count];
      m->to[i] = m->to[m->count];
      m->type[i] = m->type[m->count];
      moved = true;
      break;
    }
    if (moved)
      continue;
    unsigned from = m->from[0], scratch = from >= CV_XMM0 ? CV_REG_XSCRATCH : CV_REG_SCRATCH;
    emit_move(j, from >= CV_XMM0 ? CV_V128 : CV_I64, scratch, from);
    for (uint32_t k = 0; k < m->count; k++)
      if (m->from[k] == from)
        m->from[k] = (uint8_t)scratch;
  }
}

static bool register_now(const jit *j, const ent *a, unsigned *reg) {
  if (a->kind == K_REG)
    *reg = a->reg;
  else if (a->kind == K_LOCAL && pinned(j, a->v) && (j->valid & BIT(j->pin[a->v])))
    *reg = (unsigned)j->pin[a->v];
  else
    return false;
  return true;
}

// Stores an argument that has no register: through the scratch registers, others may hold arguments.
void jit_store_argument(jit *j, const ent *a, uint32_t index) {
  cv_emit_room(&j->e, 128);
  unsigned reg;
  bool held = register_now(j, a, &reg);
  if (!held && type_in_xmm(a->type)) {
    reg = CV_REG_XSCRATCH;
    into(j, a, reg);
    held = true;
  }
  if (!held) { // r10 is wanted for the context
    if (a->kind == K_CONST) {
      cv_emit_const(&j->e, CV_REG_SCRATCH, const_of(j, a));
      cv_emit_rr(&j->e, CV_X86(0x66, 1, 0x6e), 1, CV_REG_XSCRATCH, CV_REG_SCRATCH);
    } else {
      cv_emit_xload(&j->e, CV_F64, CV_REG_XSCRATCH, entry_addr(j, a));
    }
  }
  cv_emit_load(&j->e, CV_I64, CV_REG_SCRATCH, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  cv_addr to = cv_at(CV_REG_SCRATCH, (int32_t)(offsetof(cv_context, args) + index * sizeof(cv_value)));
  if (held)
    cv_emit_store(&j->e, a->type == CV_I32 ? CV_I64 : a->type, to, reg);
  else
    cv_emit_xstore(&j->e, CV_F64, to, CV_REG_XSCRATCH);
}

// Puts the top entries where the callee wants them and takes them off the stack. Everything else was saved.
static void pass_arguments(jit *j, const cv_functype *type) {
  uint32_t n = type->param_count, base = j->sp - n;
  const cv_valtype *types = cv_functype_params(type);
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < n; i++)
    if (cv_param_reg(&walk, types[i]) < 0)
      jit_store_argument(j, &j->stack[base + i], i);
  moves m = {.count = 0};
  walk = (cv_param_walk){0, 0};
  for (uint32_t i = 0; i < n; i++) {
    int to = cv_param_reg(&walk, types[i]);
    unsigned from;
    if (to < 0 || !register_now(j, &j->stack[base + i], &from))
      continue;
    if (from != (unsigned)to) {
      m.from[m.count] = (uint8_t)from;
      m.to[m.count] = (uint8_t)to;
      m.type[m.count++] = j->stack[base + i].type;
    } else { // in place: nothing else may move there
      m.from[m.count] = m.to[m.count] = (uint8_t)from;
      m.type[m.count++] = j->stack[base + i].type;
    }
    j->stack[base + i].kind = K_REG;
    j->stack[base + i].reg = (uint8_t)to;
  }
  cv_emit_room(&j->e, 512);
  parallel_move(j, &m);
  walk = (cv_param_walk){0, 0};
  for (uint32_t i = 0; i < n; i++) {
    int to = cv_param_reg(&walk, types[i]);
    if (to >= 0 && j->stack[base + i].kind != K_REG)
      into(j, &j->stack[base + i], (unsigned)to);
  }
  j->sp = base;
}

void jit_operands_to(jit *j, uint32_t count, const uint8_t *regs) {
  ent *base = &j->stack[j->sp - count];
  moves m = {.count = 0};
  for (uint32_t i = 0; i < count; i++) {
    unsigned from;
    if (!register_now(j, &base[i], &from))
      continue;
    m.from[m.count] = (uint8_t)from;
    m.to[m.count] = regs[i];
    m.type[m.count++] = base[i].type;
  }
  bool in_place[MOVES] = {false};
  for (uint32_t i = 0; i < count; i++) {
    unsigned from;
    in_place[i] = register_now(j, &base[i], &from);
  }
  parallel_move(j, &m);
  for (uint32_t i = 0; i < count; i++)
    if (!in_place[i])
      into(j, &base[i], regs[i]);
  for (uint32_t i = 0; i < count; i++) {
    ent a = pop(j);
    release(j, &a);
  }
}

// ---- results ----

// r14 and r15 for this function again.
void jit_reload_instance(jit *j) {
  cv_emit_load(&j->e, CV_I64, CV_REG_INSTANCE, cv_at(CV_RBP, -8));
  cv_emit_load(&j->e, CV_I64, CV_REG_MEMORY, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, memory0_base)));
}

static void take_results(jit *j, const cv_functype *type) {
  const cv_valtype *types = cv_functype_results(type);
  jit_after_call(j);
  if (type->result_count > 1) {
    cv_emit_load(&j->e, CV_I64, CV_R10, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
    for (uint32_t i = 1; i < type->result_count; i++) {
      unsigned t = type_of(types[i]);
      unsigned reg = type_in_xmm(t) ? CV_REG_XSCRATCH : CV_RCX;
      cv_emit_room(&j->e, 64);
      cv_emit_load(&j->e, t, reg, cv_at(CV_R10, (int32_t)(offsetof(cv_context, args) + i * sizeof(cv_value))));
      cv_emit_store(&j->e, t, stack_addr(j, j->sp + i), reg);
    }
  }
  jit_push_results(j, types, type->result_count, true);
}

// ---- callees ----

static void call_direct(jit *j, uint32_t func, bool tail) {
  if (j->tier_up) { // as by way of the stub, without its jump
    cv_emit_rip(&j->e, CV_X86(0, 0, 0xff), 0, tail ? 4 : 2, 0);
    add_reloc(j, CV_RELOC_SLOT, func);
  } else {
    e8(&j->e, tail ? 0xe9 : 0xe8);
    e32(&j->e, 0);
    add_reloc(j, CV_RELOC_FUNC, func);
  }
  if (tail)
    return;
  jit_map_add(j, MAP_CALL, cv_emit_at(&j->e), CV_TRAP_NONE);
  if (j->reload_after_calls)
    jit_reload_instance(j);
}

// rax is the cv_func.
static void call_object(jit *j, bool tail) {
  cv_emit_mov(&j->e, 1, CV_REG_CALLER, CV_REG_INSTANCE);
  if (tail)
    e8(&j->e, 0xc9); // leave: the frame goes before the jump
  cv_emit_rm(&j->e, CV_X86(0, 0, 0xff), 0, tail ? 4 : 2, cv_at(CV_REG_CALLEE, offsetof(cv_func, code)));
  if (tail)
    return;
  jit_map_add(j, MAP_CALL, cv_emit_at(&j->e), CV_TRAP_NONE);
  jit_reload_instance(j);
}

cv_addr jit_table_field(jit *j, uint32_t table, size_t field, unsigned temp) {
  uint32_t imported = j->module->imported_tables;
  if (table >= imported)
    return cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->tables + (size_t)(table - imported) * sizeof(cv_table) + field));
  cv_emit_load(&j->e, CV_I64, temp, cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->imported_tables + 8 * (size_t)table)));
  return cv_at(temp, (int32_t)field);
}

static void type_id(jit *j, uint32_t type_index) {
  e32(&j->e, 0);
  add_reloc(j, CV_RELOC_TYPE, type_index);
}

// rax = the function of a table's element, checked. The index is in rax (all 64 bits count).
static void load_element(jit *j, uint32_t table, uint32_t type_index) {
  cv_emit_rm(&j->e, CV_X86_ALU(CV_OP_CMP), 1, CV_RAX, jit_table_field(j, table, offsetof(cv_table, size), CV_R10));
  jit_trap_if(j, CV_CC_AE, CV_TRAP_UNDEFINED_ELEMENT);
  cv_addr elems = jit_table_field(j, table, offsetof(cv_table, elems), CV_R10);
  cv_emit_load(&j->e, CV_I64, CV_R10, elems);
  cv_emit_load(&j->e, CV_I64, CV_RAX, (cv_addr){CV_R10, CV_RAX, 3, 0});
  cv_emit_rr(&j->e, CV_X86_TEST, 1, CV_RAX, CV_RAX);
  jit_trap_if(j, CV_CC_E, CV_TRAP_UNINITIALIZED_ELEMENT);
  const cv_type *type = &j->module->types[type_index];
  cv_emit_rm(&j->e, CV_X86(0, 0, 0x81), 0, CV_OP_CMP, cv_at(CV_RAX, offsetof(cv_func, type))); // cmp type, id
  type_id(j, type_index);
  if (type->is_final) {
    jit_trap_if(j, CV_CC_NE, CV_TRAP_INDIRECT_TYPE);
    return;
  }
  // Another type may be a subtype of the expected one. Nothing but rax is live: arguments are placed later.
  uint32_t same = cv_emit_jump(&j->e, CV_CC_E);
  cv_emit_store(&j->e, CV_I64, extra_addr(j, EXTRA_CALLEE), CV_RAX);
  cv_emit_mov(&j->e, 1, CV_RDI, CV_REG_INSTANCE);
  cv_emit_load(&j->e, CV_I32, CV_RSI, cv_at(CV_RAX, offsetof(cv_func, type)));
  e8(&j->e, 0xba); // mov edx, id
  type_id(j, type_index);
  jit_helper(j, CV_NATIVE_TYPE_MATCHES);
  cv_emit_rr(&j->e, CV_X86(0, 0, 0x84) | CV_X86_BYTE, 0, CV_RAX, CV_RAX);
  jit_trap_if(j, CV_CC_E, CV_TRAP_INDIRECT_TYPE);
  cv_emit_load(&j->e, CV_I64, CV_RAX, extra_addr(j, EXTRA_CALLEE));
  cv_emit_bind(&j->e, same);
}

static void drop_frame(jit *j) {
  e8(&j->e, 0xc9); // leave
}

static void call_func(jit *j, uint32_t func, bool tail) {
  const cv_functype *type = cv_module_func_type(j->module, func);
  bool imported = func < j->module->imported_funcs;
  jit_save_all(j, type->param_count);
  pass_arguments(j, type);
  if (imported) {
    cv_emit_load(&j->e, CV_I64, CV_REG_CALLEE,
                 cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->imported_funcs + 8 * (size_t)func)));
    call_object(j, tail);
  } else {
    if (tail)
      drop_frame(j);
    call_direct(j, func, tail);
  }
  if (!tail)
    take_results(j, type);
}

static void call_indirect(jit *j, bool tail) {
  uint32_t type_index = read_u32(j), table = read_u32(j);
  const cv_type *t = &j->module->types[type_index];
  const cv_functype *type = &t->as.func;
  ent index = pop(j);
  // The element is loaded first, while r10 is free; with a type that needs a helper, all arguments go to slots first.
  flight(j, &index);
  jit_save_all(j, t->is_final ? type->param_count : 0);
  if (index.kind == K_REG && index.reg == CV_RAX) {
    release(j, &index);
  } else {
    jit_vacate(j, CV_RAX);
    into(j, &index, CV_RAX);
    release(j, &index);
  }
  land(j);
  load_element(j, table, type_index);
  if (!t->is_final) // the helper has changed all registers
    j->valid = 0;
  pass_arguments(j, type);
  call_object(j, tail);
  if (!tail)
    take_results(j, type);
}

static void call_ref(jit *j, bool tail) {
  const cv_functype *type = &j->module->types[read_u32(j)].as.func;
  ent callee = pop(j);
  flight(j, &callee);
  jit_save_all(j, type->param_count);
  if (!(callee.kind == K_REG && callee.reg == CV_RAX)) {
    jit_vacate(j, CV_RAX);
    into(j, &callee, CV_RAX);
  }
  release(j, &callee);
  land(j);
  cv_emit_rr(&j->e, CV_X86_TEST, 1, CV_RAX, CV_RAX);
  jit_trap_if(j, CV_CC_E, CV_TRAP_NULL_FUNCTION);
  pass_arguments(j, type);
  call_object(j, tail);
  if (!tail)
    take_results(j, type);
}

void jit_call(jit *j, uint32_t op) {
  jit_fuel_charge(j, op);
  bool tail = op == CV_OPC_RETURN_CALL || op == CV_OPC_RETURN_CALL_INDIRECT || op == CV_OPC_RETURN_CALL_REF;
  switch (op) {
  case CV_OPC_CALL:
  case CV_OPC_RETURN_CALL:
    call_func(j, read_u32(j), tail);
    break;
  case CV_OPC_CALL_INDIRECT:
  case CV_OPC_RETURN_CALL_INDIRECT:
    call_indirect(j, tail);
    break;
  default:
    call_ref(j, tail);
    break;
  }
  if (tail)
    jit_skip_dead(j);
}
