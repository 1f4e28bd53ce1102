// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory.c: addresses, loads and stores, size and growth of memories (core specification, 4.4.7).
//
// A 32-bit memory with pages of 64 KiB reserves all that an index and an offset can reach, so an access is one
// instruction and a fault is the trap. Every other memory is checked: index + offset + size against the present size.
#include "exec/jit/memory.h"

cv_addr jit_memory_field(jit *j, uint32_t memory, size_t field, unsigned temp) {
  uint32_t imported = j->module->imported_memories;
  if (memory >= imported)
    return cv_at(CV_REG_INSTANCE,
                 (int32_t)(j->layout->memories + (size_t)(memory - imported) * sizeof(cv_memory) + field));
  cv_emit_load(&j->e, CV_I64, temp,
               cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->imported_memories + 8 * (size_t)memory)));
  return cv_at(temp, (int32_t)field);
}

memarg jit_read_memarg(jit *j) {
  memarg m;
  uint32_t align = read_u32(j);
  m.memory = align & 64 ? read_u32(j) : 0;
  m.offset = cv_leb_u64(&j->at);
  const cv_memtype *type = &j->module->memories[m.memory];
  m.is_64 = type->limits.is_64;
  m.checked = m.is_64 || type->page_log2 != 16;
  return m;
}

// scratch = index + offset + size, compared with the memory's size; traps when it is beyond.
static void check(jit *j, const memarg *m, ent *index, unsigned size) {
  cv_emit *e = &j->e;
  uint64_t extent;
  if (cv_add_overflows(m->offset, (uint64_t)size, &extent)) {
    cv_emit_rr(e, CV_X86_ALU(CV_OP_CMP), 1, CV_RSP, CV_RSP);
    jit_trap_if(j, CV_CC_E, CV_TRAP_MEMORY_BOUNDS);
    extent = size;
  }
  unsigned reg = reg_of(j, index);
  if (extent <= INT32_MAX) {
    cv_emit_mov(e, 1, CV_REG_SCRATCH, reg);
    cv_emit_alu_ri(e, CV_OP_ADD, 1, CV_REG_SCRATCH, (int32_t)extent);
  } else {
    cv_emit_const(e, CV_REG_SCRATCH, extent);
    cv_emit_rr(e, CV_X86_ALU(CV_OP_ADD), 1, CV_REG_SCRATCH, reg);
  }
  if (m->is_64)
    jit_trap_if(j, CV_CC_B, CV_TRAP_MEMORY_BOUNDS);
  unsigned temp = alloc(j, CV_I64);
  cv_emit_rm(e, CV_X86_ALU(CV_OP_CMP), 1, CV_REG_SCRATCH,
             jit_memory_field(j, m->memory, offsetof(cv_memory, size), temp));
  jit_trap_if(j, CV_CC_A, CV_TRAP_MEMORY_BOUNDS);
  free_reg(j, temp);
}

// The address of an access of `size` bytes. `index` keeps its register; *temp is a register to free after the access,
// or CV_NO_REG. Uses the scratch register.
cv_addr jit_address(jit *j, const memarg *m, ent *index, unsigned size, unsigned *temp) {
  *temp = CV_NO_REG;
  unsigned base = CV_REG_MEMORY;
  if (m->memory != 0) {
    base = *temp = alloc(j, CV_I64);
    cv_emit_load(&j->e, CV_I64, base, jit_memory_field(j, m->memory, offsetof(cv_memory, base), base));
  }
  if (m->checked) {
    check(j, m, index, size);
    return (cv_addr){(uint8_t)base, CV_REG_SCRATCH, 0, -(int32_t)size};
  }
  if (index->kind == K_CONST && const_of(j, index) + m->offset <= INT32_MAX)
    return cv_at(base, (int32_t)(const_of(j, index) + m->offset));
  unsigned reg = reg_of(j, index);
  if (m->offset <= INT32_MAX)
    return (cv_addr){(uint8_t)base, (uint8_t)reg, 0, (int32_t)m->offset};
  cv_emit_const(&j->e, CV_REG_SCRATCH, m->offset);
  cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_ADD), 1, CV_REG_SCRATCH, reg);
  return (cv_addr){(uint8_t)base, CV_REG_SCRATCH, 0, 0};
}

void jit_memory_access(jit *j) {
  jit_map_add(j, MAP_MEMORY, cv_emit_at(&j->e), CV_TRAP_NONE);
}

typedef struct access {
  uint32_t x86;
  uint8_t w, type, size;
} access;

static const access loads[] = {
    [CV_OPC_I32_LOAD - CV_OPC_I32_LOAD] = {CV_X86_MOV, 0, CV_I32, 4},
    [CV_OPC_I64_LOAD - CV_OPC_I32_LOAD] = {CV_X86_MOV, 1, CV_I64, 8},
    [CV_OPC_F32_LOAD - CV_OPC_I32_LOAD] = {CV_X86(0xf3, 1, 0x10), 0, CV_F32, 4},
    [CV_OPC_F64_LOAD - CV_OPC_I32_LOAD] = {CV_X86(0xf2, 1, 0x10), 0, CV_F64, 8},
    [CV_OPC_I32_LOAD8_S - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xbe), 0, CV_I32, 1},
    [CV_OPC_I32_LOAD8_U - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xb6), 0, CV_I32, 1},
    [CV_OPC_I32_LOAD16_S - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xbf), 0, CV_I32, 2},
    [CV_OPC_I32_LOAD16_U - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xb7), 0, CV_I32, 2},
    [CV_OPC_I64_LOAD8_S - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xbe), 1, CV_I64, 1},
    [CV_OPC_I64_LOAD8_U - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xb6), 0, CV_I64, 1},
    [CV_OPC_I64_LOAD16_S - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xbf), 1, CV_I64, 2},
    [CV_OPC_I64_LOAD16_U - CV_OPC_I32_LOAD] = {CV_X86(0, 1, 0xb7), 0, CV_I64, 2},
    [CV_OPC_I64_LOAD32_S - CV_OPC_I32_LOAD] = {CV_X86(0, 0, 0x63), 1, CV_I64, 4},
    [CV_OPC_I64_LOAD32_U - CV_OPC_I32_LOAD] = {CV_X86_MOV, 0, CV_I64, 4},
};

static void load(jit *j, unsigned op) {
  const access *l = &loads[op - CV_OPC_I32_LOAD];
  memarg m = jit_read_memarg(j);
  ent index = pop(j);
  unsigned temp;
  cv_addr at = jit_address(j, &m, &index, l->size, &temp);
  unsigned to = dest_over(j, l->type, &index);
  jit_memory_access(j);
  if (type_in_xmm(l->type))
    cv_emit_xload(&j->e, l->type, to, at);
  else
    cv_emit_rm(&j->e, l->x86, l->w, to, at);
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  done(j, &index, to);
  finish(j, l->type, to);
}

static const access stores[] = {
    [CV_OPC_I32_STORE - CV_OPC_I32_STORE] = {CV_X86_MOV_TO, 0, CV_I32, 4},
    [CV_OPC_I64_STORE - CV_OPC_I32_STORE] = {CV_X86_MOV_TO, 1, CV_I64, 8},
    [CV_OPC_F32_STORE - CV_OPC_I32_STORE] = {0, 0, CV_F32, 4},
    [CV_OPC_F64_STORE - CV_OPC_I32_STORE] = {0, 0, CV_F64, 8},
    [CV_OPC_I32_STORE8 - CV_OPC_I32_STORE] = {CV_X86(0, 0, 0x88) | CV_X86_BYTE, 0, CV_I32, 1},
    [CV_OPC_I32_STORE16 - CV_OPC_I32_STORE] = {CV_X86(0x66, 0, 0x89), 0, CV_I32, 2},
    [CV_OPC_I64_STORE8 - CV_OPC_I32_STORE] = {CV_X86(0, 0, 0x88) | CV_X86_BYTE, 0, CV_I64, 1},
    [CV_OPC_I64_STORE16 - CV_OPC_I32_STORE] = {CV_X86(0x66, 0, 0x89), 0, CV_I64, 2},
    [CV_OPC_I64_STORE32 - CV_OPC_I32_STORE] = {CV_X86_MOV_TO, 0, CV_I64, 4},
};

static void store_imm(jit *j, const access *s, cv_addr at, uint64_t v) {
  cv_emit_rm(&j->e, CV_X86(s->size == 2 ? 0x66 : 0, 0, s->size == 1 ? 0xc6 : 0xc7), s->w, 0, at);
  if (s->size == 1)
    e8(&j->e, (unsigned)v & 0xff);
  else if (s->size == 2) {
    e8(&j->e, (unsigned)v & 0xff);
    e8(&j->e, (unsigned)(v >> 8) & 0xff);
  } else
    e32(&j->e, (uint32_t)v);
}

static void store(jit *j, unsigned op) {
  const access *s = &stores[op - CV_OPC_I32_STORE];
  memarg m = jit_read_memarg(j);
  ent value = pop(j), index = pop(j);
  int32_t imm;
  bool is_const = !type_in_xmm(s->type) && value.kind == K_CONST && (s->size < 8 || is_imm(&value, &imm));
  unsigned reg = is_const ? 0 : reg_of(j, &value), temp;
  cv_addr at = jit_address(j, &m, &index, s->size, &temp);
  jit_memory_access(j);
  if (is_const)
    store_imm(j, s, at, const_of(j, &value));
  else if (type_in_xmm(s->type))
    cv_emit_xstore(&j->e, s->type, at, reg);
  else
    cv_emit_rm(&j->e, s->x86, s->w, reg, at);
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  release(j, &value);
  release(j, &index);
}

static void size(jit *j, uint32_t memory) {
  const cv_memtype *type = &j->module->memories[memory];
  unsigned result = type->limits.is_64 ? CV_I64 : CV_I32;
  int chosen = dest(j, result);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, result);
  cv_emit_load(&j->e, CV_I64, to, jit_memory_field(j, memory, offsetof(cv_memory, size), to));
  if (type->page_log2 != 0) {
    cv_emit_rr(&j->e, CV_X86(0, 0, 0xc1), 1, 5, to);
    e8(&j->e, type->page_log2);
  }
  finish(j, result, to);
}

// The address of a memory object.
void jit_memory_object(jit *j, uint32_t memory, unsigned to) {
  uint32_t imported = j->module->imported_memories;
  if (memory >= imported)
    cv_emit_rm(
        &j->e, CV_X86_LEA, 1, to,
        cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->memories + (size_t)(memory - imported) * sizeof(cv_memory))));
  else
    cv_emit_load(&j->e, CV_I64, to,
                 cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->imported_memories + 8 * (size_t)memory)));
}

static void grow(jit *j, uint32_t memory) {
  unsigned type = j->module->memories[memory].limits.is_64 ? CV_I64 : CV_I32;
  ent delta = pop(j);
  jit_save_all(j, 0);
  into(j, &delta, CV_RSI);
  jit_memory_object(j, memory, CV_RDI);
  jit_helper(j, CV_NATIVE_MEMORY_GROW);
  jit_after_call(j);
  // A memory that had no address yet may have one now.
  if (memory == 0)
    cv_emit_load(&j->e, CV_I64, CV_REG_MEMORY, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, memory0_base)));
  if (type == CV_I32)
    cv_emit_mov(&j->e, 0, CV_RAX, CV_RAX);
  push_reg(j, type, CV_RAX);
}

void jit_memory(jit *j, unsigned op) {
  if (op <= CV_OPC_I64_LOAD32_U)
    load(j, op);
  else if (op <= CV_OPC_I64_STORE32)
    store(j, op);
  else if (op == CV_OPC_MEMORY_SIZE)
    size(j, read_u32(j));
  else
    grow(j, read_u32(j));
}
