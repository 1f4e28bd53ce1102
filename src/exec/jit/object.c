// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// object.c: globals, tables, references, and the bulk instructions of memories and tables, which are C helpers
// (but see bulk.c).
#include "exec/jit/memory.h"
#include "runtime/fuel.h"

// ---- globals ----

static cv_addr global_addr(jit *j, uint32_t global) {
  uint32_t imported = j->module->imported_globals;
  if (global >= imported)
    return cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->globals + (size_t)(global - imported) * sizeof(cv_global)));
  cv_emit_load(&j->e, CV_I64, CV_REG_SCRATCH,
               cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->imported_globals + 8 * (size_t)global)));
  return cv_at(CV_REG_SCRATCH, 0);
}

static void global_get(jit *j, uint32_t global) {
  unsigned type = type_of(j->module->globals[global].type.type);
  int chosen = dest(j, type);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, type);
  cv_emit_load(&j->e, type, to, global_addr(j, global));
  finish(j, type, to);
}

static void global_set(jit *j, uint32_t global) {
  unsigned type = type_of(j->module->globals[global].type.type);
  ent a = pop(j);
  int32_t imm;
  if (!type_in_xmm(type) && is_imm(&a, &imm)) {
    cv_emit_rm(&j->e, CV_X86(0, 0, 0xc7), is_64(type), 0, global_addr(j, global));
    e32(&j->e, (uint32_t)imm);
    return;
  }
  unsigned reg = reg_of(j, &a);
  cv_emit_store(&j->e, type, global_addr(j, global), reg);
  release(j, &a);
}

// ---- tables ----

static unsigned table_index_type(const jit *j, uint32_t table) {
  return j->module->tables[table].type.limits.is_64 ? CV_I64 : CV_I32;
}

static void check_index(jit *j, uint32_t table, unsigned reg) {
  cv_emit_rm(&j->e, CV_X86_ALU(CV_OP_CMP), 1, reg, jit_table_field(j, table, offsetof(cv_table, size), CV_R10));
  jit_trap_if(j, CV_CC_AE, CV_TRAP_TABLE_BOUNDS);
  cv_emit_load(&j->e, CV_I64, CV_R10, jit_table_field(j, table, offsetof(cv_table, elems), CV_R10));
}

static void table_get(jit *j, uint32_t table) {
  ent index = pop(j);
  unsigned reg = reg_of(j, &index);
  check_index(j, table, reg);
  unsigned to = dest_over(j, CV_I64, &index);
  cv_emit_load(&j->e, CV_I64, to, (cv_addr){CV_R10, (uint8_t)reg, 3, 0});
  done(j, &index, to);
  finish(j, CV_I64, to);
}

static void table_set(jit *j, uint32_t table) {
  ent value = pop(j), index = pop(j);
  unsigned rv = reg_of(j, &value), ri = reg_of(j, &index);
  check_index(j, table, ri);
  cv_emit_store(&j->e, CV_I64, (cv_addr){CV_R10, (uint8_t)ri, 3, 0}, rv);
  release(j, &value);
  release(j, &index);
}

static void table_size(jit *j, uint32_t table) {
  unsigned type = table_index_type(j, table);
  int chosen = dest(j, type);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, type);
  cv_emit_load(&j->e, CV_I64, to, jit_table_field(j, table, offsetof(cv_table, size), to));
  finish(j, type, to);
}

static void table_object(jit *j, uint32_t table, unsigned to) {
  uint32_t imported = j->module->imported_tables;
  if (table >= imported)
    cv_emit_rm(&j->e, CV_X86_LEA, 1, to,
               cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->tables + (size_t)(table - imported) * sizeof(cv_table))));
  else
    cv_emit_load(&j->e, CV_I64, to, cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->imported_tables + 8 * (size_t)table)));
}

// ---- calls of helpers ----

// Everything that outlives the call is saved; the top `count` operands, deepest first, go to these registers.
static void operands_to(jit *j, uint32_t count, const uint8_t *regs) {
  jit_save_all(j, count);
  jit_operands_to(j, count, regs);
}

static void instance_to(jit *j, unsigned reg) {
  cv_emit_mov(&j->e, 1, reg, CV_REG_INSTANCE);
}

// Fuel of a bulk operation: `size` / unit more, size being the top of the stack (rule 4 of runtime/fuel.h).
static void bulk_fuel(jit *j, uint32_t op) {
  if (CV_LIKELY(!j->fuel))
    return;
  jit_fuel_charge(j, op);
  ent *size = &j->stack[j->sp - 1];
  unsigned temp = alloc(j, CV_I64);
  into(j, size, temp);
  cv_emit_rr(&j->e, CV_X86(0, 0, 0xc1), 1, 5, temp);
  e8(&j->e, (unsigned)__builtin_ctz(cv_fuel_bulk_unit(op)));
  cv_emit_load(&j->e, CV_I64, CV_R10, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  cv_emit_rm(&j->e, CV_X86(0, 0, 0x29), 1, temp, cv_at(CV_R10, offsetof(cv_context, fuel)));
  jit_trap_if(j, CV_CC_S, CV_TRAP_OUT_OF_FUEL);
  free_reg(j, temp);
}

static void finish_bulk(jit *j, cv_native_helper helper) {
  jit_helper(j, helper);
  jit_trap_if_returned(j);
  jit_after_call(j);
}

static void memory_init(jit *j) {
  uint32_t segment = read_u32(j), memory = read_u32(j);
  operands_to(j, 3, (const uint8_t[]){CV_RCX, CV_R8, CV_R9});
  instance_to(j, CV_RDI);
  cv_emit_const(&j->e, CV_RSI, memory);
  cv_emit_const(&j->e, CV_RDX, segment);
  finish_bulk(j, CV_NATIVE_MEMORY_INIT);
}

static void memory_copy(jit *j) {
  uint32_t to = read_u32(j), from = read_u32(j);
  if (jit_copy_in_place(j, to, from))
    return;
  operands_to(j, 3, (const uint8_t[]){CV_RDX, CV_RCX, CV_R8});
  jit_memory_object(j, to, CV_RDI);
  jit_memory_object(j, from, CV_RSI);
  finish_bulk(j, CV_NATIVE_MEMORY_COPY);
}

static void memory_fill(jit *j) {
  uint32_t memory = read_u32(j);
  if (jit_fill_in_place(j, memory))
    return;
  operands_to(j, 3, (const uint8_t[]){CV_RSI, CV_RDX, CV_RCX});
  jit_memory_object(j, memory, CV_RDI);
  finish_bulk(j, CV_NATIVE_MEMORY_FILL);
}

static void drop_segment(jit *j, cv_native_helper helper) {
  uint32_t segment = read_u32(j);
  jit_save_all(j, 0);
  instance_to(j, CV_RDI);
  cv_emit_const(&j->e, CV_RSI, segment);
  jit_helper(j, helper);
  jit_after_call(j);
}

static void table_init(jit *j) {
  uint32_t segment = read_u32(j), table = read_u32(j);
  operands_to(j, 3, (const uint8_t[]){CV_RCX, CV_R8, CV_R9});
  instance_to(j, CV_RDI);
  cv_emit_const(&j->e, CV_RSI, table);
  cv_emit_const(&j->e, CV_RDX, segment);
  finish_bulk(j, CV_NATIVE_TABLE_INIT);
}

static void table_copy(jit *j) {
  uint32_t to = read_u32(j), from = read_u32(j);
  operands_to(j, 3, (const uint8_t[]){CV_RDX, CV_RCX, CV_R8});
  table_object(j, to, CV_RDI);
  table_object(j, from, CV_RSI);
  finish_bulk(j, CV_NATIVE_TABLE_COPY);
}

static void table_fill(jit *j) {
  uint32_t table = read_u32(j);
  operands_to(j, 3, (const uint8_t[]){CV_RSI, CV_RDX, CV_RCX});
  table_object(j, table, CV_RDI);
  finish_bulk(j, CV_NATIVE_TABLE_FILL);
}

static void table_grow(jit *j) {
  uint32_t table = read_u32(j);
  unsigned type = table_index_type(j, table);
  operands_to(j, 2, (const uint8_t[]){CV_RSI, CV_RDX});
  table_object(j, table, CV_RDI);
  jit_helper(j, CV_NATIVE_TABLE_GROW);
  jit_after_call(j);
  if (type == CV_I32)
    cv_emit_mov(&j->e, 0, CV_RAX, CV_RAX);
  push_reg(j, type, CV_RAX);
}

// ---- references ----

static void ref_func(jit *j) {
  uint32_t func = read_u32(j);
  if (func < j->module->imported_funcs) {
    int chosen = dest(j, CV_I64);
    unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, CV_I64);
    cv_emit_load(&j->e, CV_I64, to, cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->imported_funcs + 8 * (size_t)func)));
    finish(j, CV_I64, to);
    return;
  }
  jit_save_all(j, 0);
  instance_to(j, CV_RDI);
  cv_emit_const(&j->e, CV_RSI, func);
  jit_helper(j, CV_NATIVE_REF_FUNC);
  jit_after_call(j);
  cv_emit_rr(&j->e, CV_X86_TEST, 1, CV_RAX, CV_RAX);
  jit_trap_if(j, CV_CC_E, CV_TRAP_OUT_OF_MEMORY);
  push_reg(j, CV_I64, CV_RAX);
}

static void ref_is_null(jit *j) {
  ent a = pop(j);
  reg_of(j, &a);
  bool invert = false;
  flight(j, &a);
  fusion f = jit_fusion(j, &invert);
  jit_fuse_before(j, f);
  unsigned reg = reg_of(j, &a);
  cv_emit_rr(&j->e, CV_X86_TEST, 1, reg, reg);
  land(j);
  release(j, &a);
  cond c = {CV_CC_E, 0};
  if (f != FUSE_NONE) {
    jit_fuse_after(j, f, c, invert);
    return;
  }
  int chosen = dest(j, CV_I32);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, CV_I32);
  jit_set_bool(j, c, to);
  finish(j, CV_I32, to);
}

static void ref_as_non_null(jit *j) {
  ent a = pop(j);
  unsigned reg = reg_of(j, &a);
  cv_emit_rr(&j->e, CV_X86_TEST, 1, reg, reg);
  jit_trap_if(j, CV_CC_E, CV_TRAP_NULL_REFERENCE);
  if (a.kind == K_REG)
    push_reg(j, CV_I64, reg);
  else
    push(j, a);
}

// ---- 128-bit arithmetic ----

static void wide(jit *j, uint32_t op) {
  jit_stencil(j, op, NULL, 0);
}

void jit_object(jit *j, uint32_t op) {
  if (cv_fuel_bulk_unit(op) != 0)
    bulk_fuel(j, op);
  switch (op) {
  case CV_OPC_GLOBAL_GET:
    global_get(j, read_u32(j));
    break;
  case CV_OPC_GLOBAL_SET:
    global_set(j, read_u32(j));
    break;
  case CV_OPC_TABLE_GET:
    table_get(j, read_u32(j));
    break;
  case CV_OPC_TABLE_SET:
    table_set(j, read_u32(j));
    break;
  case CV_OPC_TABLE_SIZE:
    table_size(j, read_u32(j));
    break;
  case CV_OPC_TABLE_GROW:
    table_grow(j);
    break;
  case CV_OPC_TABLE_FILL:
    table_fill(j);
    break;
  case CV_OPC_TABLE_COPY:
    table_copy(j);
    break;
  case CV_OPC_TABLE_INIT:
    table_init(j);
    break;
  case CV_OPC_ELEM_DROP:
    drop_segment(j, CV_NATIVE_ELEM_DROP);
    break;
  case CV_OPC_MEMORY_INIT:
    memory_init(j);
    break;
  case CV_OPC_MEMORY_COPY:
    memory_copy(j);
    break;
  case CV_OPC_MEMORY_FILL:
    memory_fill(j);
    break;
  case CV_OPC_DATA_DROP:
    drop_segment(j, CV_NATIVE_DATA_DROP);
    break;
  case CV_OPC_REF_NULL:
    cv_leb_skip(&j->at);
    push_const32(j, CV_I64, 0);
    break;
  case CV_OPC_REF_IS_NULL:
    ref_is_null(j);
    break;
  case CV_OPC_REF_FUNC:
    ref_func(j);
    break;
  case CV_OPC_REF_AS_NON_NULL:
    ref_as_non_null(j);
    break;
  case CV_OPC_I64_ADD128:
  case CV_OPC_I64_SUB128:
  case CV_OPC_I64_MUL_WIDE_S:
  case CV_OPC_I64_MUL_WIDE_U:
    wide(j, op);
    break;
  default:
    if (op >= CV_OPC_I32_TRUNC_SAT_F32_S && op <= CV_OPC_I64_TRUNC_SAT_F64_U)
      jit_stencil(j, op, NULL, 0);
    else
      jit_unsupported(j, op);
    break;
  }
}
