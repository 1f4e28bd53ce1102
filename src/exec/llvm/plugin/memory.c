// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory.c: addresses, loads and stores, size and growth of memories (core specification, 4.4.7).
//
// A 32-bit memory with pages of 64 KiB reserves all that an index and an offset can reach: a fault is the trap. Every
// other memory is checked.
#include "exec/llvm/plugin/gen.h"

memarg gen_read_memarg(gen *g) {
  memarg m;
  uint32_t align = read_u32(g);
  m.memory = align & 64 ? read_u32(g) : 0;
  m.offset = cv_leb_u64(&g->at);
  const cv_memtype *t = &g->module->memories[m.memory];
  m.is_64 = t->limits.is_64;
  m.checked = m.is_64 || t->page_log2 != 16;
  return m;
}

value gen_memory_object(gen *g, uint32_t memory) {
  uint32_t imported = g->module->imported_memories;
  if (memory >= imported)
    return gen_pointer(g, g->instance, g->layout->memories + (size_t)(memory - imported) * sizeof(cv_memory));
  return gen_field_forever(g, g->t.ptr, g->instance, g->layout->imported_memories + 8 * (size_t)memory);
}

static value size_in_bytes(gen *g, uint32_t memory) {
  value size = gen_field(g, g->t.i64, gen_memory_object(g, memory), offsetof(cv_memory, size));
  if (g->module->memories[memory].limits.is_shared) // another thread may grow it
    LLVMSetVolatile(size, true);
  return size;
}

static void check(gen *g, const memarg *m, value index, unsigned size) {
  uint64_t extent;
  if (cv_add_overflows(m->offset, (uint64_t)size, &extent)) {
    gen_trap_if(g, LLVMConstAllOnes(g->t.i1), CV_TRAP_MEMORY_BOUNDS);
    extent = size;
  }
  value end;
  if (m->is_64) {
    value both = gen_intrinsic2(g, "llvm.uadd.with.overflow", g->t.i64, index, gen_const64(g, extent));
    end = LLVMBuildExtractValue(g->b, both, 0, "");
    gen_trap_if(g, LLVMBuildExtractValue(g->b, both, 1, ""), CV_TRAP_MEMORY_BOUNDS);
  } else {
    end = LLVMBuildAdd(g->b, index, gen_const64(g, extent), "");
  }
  value beyond = LLVMBuildICmp(g->b, LLVMIntUGT, end, size_in_bytes(g, m->memory), "");
  gen_trap_if(g, beyond, CV_TRAP_MEMORY_BOUNDS);
}

// The address of an access of `size` bytes, checked where no fault does it.
value gen_address(gen *g, const memarg *m, value index, unsigned size) {
  gen_place(g);
  if (g->loop_clone != NULL)
    return gen_clone_address(g);
  value base = g->memory;
  if (!m->is_64)
    index = LLVMBuildZExt(g->b, index, g->t.i64, "");
  if (m->memory != 0)
    base = gen_field_forever(g, g->t.ptr, gen_memory_object(g, m->memory), offsetof(cv_memory, base));
  if (m->checked)
    check(g, m, index, size);
  value at = LLVMBuildGEP2(g->b, g->t.i8, base, &index, 1, "");
  return gen_pointer(g, at, m->offset);
}

// In a loop's clone an access may be one that is not made: its address is NULL.
value gen_load(gen *g, type t, value address) {
  if (address == NULL)
    return LLVMGetPoison(t);
  value v = LLVMBuildLoad2(g->b, t, address, "");
  LLVMSetAlignment(v, 1);
  LLVMSetVolatile(v, g->loop_clone == NULL);
  gen_clone_loaded(g, v);
  return v;
}

void gen_store(gen *g, value v, value address) {
  if (address == NULL)
    return;
  value store = LLVMBuildStore(g->b, v, address);
  LLVMSetAlignment(store, 1);
  LLVMSetVolatile(store, g->loop_clone == NULL);
}

typedef enum widen { AS_IS, ZERO, SIGN } widen;

static void load(gen *g, type memory_type, type t, widen w, unsigned size) {
  memarg m = gen_read_memarg(g);
  value v = gen_load(g, memory_type, gen_address(g, &m, pop(g), size));
  push(g, w == AS_IS ? v : w == SIGN ? LLVMBuildSExt(g->b, v, t, "") : LLVMBuildZExt(g->b, v, t, ""));
}

static void store(gen *g, type memory_type, unsigned size) {
  memarg m = gen_read_memarg(g);
  value v = pop(g), index = pop(g);
  value at = gen_address(g, &m, index, size);
  if (LLVMTypeOf(v) != memory_type)
    v = LLVMBuildTrunc(g->b, v, memory_type, "");
  gen_store(g, v, at);
}

static void memory_size(gen *g) {
  uint32_t memory = read_u32(g);
  const cv_memtype *t = &g->module->memories[memory];
  value pages = LLVMBuildLShr(g->b, size_in_bytes(g, memory), gen_const64(g, t->page_log2), "");
  push(g, t->limits.is_64 ? pages : LLVMBuildTrunc(g->b, pages, g->t.i32, ""));
}

static void memory_grow(gen *g) {
  uint32_t memory = read_u32(g);
  bool is_64 = g->module->memories[memory].limits.is_64;
  gen_place(g);
  value delta = pop(g);
  if (!is_64)
    delta = LLVMBuildZExt(g->b, delta, g->t.i64, "");
  value old = gen_helper(g, CV_NATIVE_MEMORY_GROW, (value[]){gen_memory_object(g, memory), delta}, 2);
  push(g, is_64 ? old : LLVMBuildTrunc(g->b, old, g->t.i32, ""));
}

void gen_memory(gen *g, uint32_t op) {
  const gen_types *t = &g->t;
  switch (op) {
  case CV_OPC_I32_LOAD:
    load(g, t->i32, t->i32, AS_IS, 4);
    break;
  case CV_OPC_I64_LOAD:
    load(g, t->i64, t->i64, AS_IS, 8);
    break;
  case CV_OPC_F32_LOAD:
    load(g, t->f32, t->f32, AS_IS, 4);
    break;
  case CV_OPC_F64_LOAD:
    load(g, t->f64, t->f64, AS_IS, 8);
    break;
  case CV_OPC_I32_LOAD8_S:
    load(g, t->i8, t->i32, SIGN, 1);
    break;
  case CV_OPC_I32_LOAD8_U:
    load(g, t->i8, t->i32, ZERO, 1);
    break;
  case CV_OPC_I32_LOAD16_S:
    load(g, t->i16, t->i32, SIGN, 2);
    break;
  case CV_OPC_I32_LOAD16_U:
    load(g, t->i16, t->i32, ZERO, 2);
    break;
  case CV_OPC_I64_LOAD8_S:
    load(g, t->i8, t->i64, SIGN, 1);
    break;
  case CV_OPC_I64_LOAD8_U:
    load(g, t->i8, t->i64, ZERO, 1);
    break;
  case CV_OPC_I64_LOAD16_S:
    load(g, t->i16, t->i64, SIGN, 2);
    break;
  case CV_OPC_I64_LOAD16_U:
    load(g, t->i16, t->i64, ZERO, 2);
    break;
  case CV_OPC_I64_LOAD32_S:
    load(g, t->i32, t->i64, SIGN, 4);
    break;
  case CV_OPC_I64_LOAD32_U:
    load(g, t->i32, t->i64, ZERO, 4);
    break;
  case CV_OPC_I32_STORE:
    store(g, t->i32, 4);
    break;
  case CV_OPC_I64_STORE:
    store(g, t->i64, 8);
    break;
  case CV_OPC_F32_STORE:
    store(g, t->f32, 4);
    break;
  case CV_OPC_F64_STORE:
    store(g, t->f64, 8);
    break;
  case CV_OPC_I32_STORE8:
  case CV_OPC_I64_STORE8:
    store(g, t->i8, 1);
    break;
  case CV_OPC_I32_STORE16:
  case CV_OPC_I64_STORE16:
    store(g, t->i16, 2);
    break;
  case CV_OPC_I64_STORE32:
    store(g, t->i32, 4);
    break;
  case CV_OPC_MEMORY_SIZE:
    memory_size(g);
    break;
  default:
    memory_grow(g);
    break;
  }
}
