// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// atomic.c: atomic memory accesses (threads proposal), all sequentially consistent.
#include "exec/llvm/plugin/gen.h"

// The address of an access, its alignment checked first.
static value aligned_address(gen *g, const memarg *m, value index, unsigned size) {
  gen_place(g);
  if (size > 1) {
    type t = LLVMTypeOf(index);
    value low = LLVMBuildAdd(g->b, index, LLVMConstInt(t, m->offset & (size - 1), false), "");
    low = LLVMBuildAnd(g->b, low, LLVMConstInt(t, size - 1, false), "");
    gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntNE, low, LLVMConstNull(t), ""), CV_TRAP_UNALIGNED_ATOMIC);
  }
  return gen_address(g, m, index, size);
}

static type access_type(gen *g, unsigned size) {
  return size == 1 ? g->t.i8 : size == 2 ? g->t.i16 : size == 4 ? g->t.i32 : g->t.i64;
}

static value narrow(gen *g, value v, type t) {
  return LLVMTypeOf(v) == t ? v : LLVMBuildTrunc(g->b, v, t, "");
}

static void push_widened(gen *g, value v, type t) {
  push(g, LLVMTypeOf(v) == t ? v : LLVMBuildZExt(g->b, v, t, ""));
}

static void load(gen *g, unsigned size, type t) {
  memarg m = gen_read_memarg(g);
  value v = gen_load(g, access_type(g, size), aligned_address(g, &m, pop(g), size));
  LLVMSetOrdering(v, LLVMAtomicOrderingSequentiallyConsistent);
  LLVMSetAlignment(v, size);
  push_widened(g, v, t);
}

static void store(gen *g, unsigned size) {
  memarg m = gen_read_memarg(g);
  value v = narrow(g, pop(g), access_type(g, size));
  value at = aligned_address(g, &m, pop(g), size);
  value s = LLVMBuildStore(g->b, v, at);
  LLVMSetVolatile(s, true);
  LLVMSetOrdering(s, LLVMAtomicOrderingSequentiallyConsistent);
  LLVMSetAlignment(s, size);
}

static void modify(gen *g, uint32_t op, unsigned size) {
  static const LLVMAtomicRMWBinOp ops[] = {LLVMAtomicRMWBinOpAdd, LLVMAtomicRMWBinOpSub, LLVMAtomicRMWBinOpAnd,
                                           LLVMAtomicRMWBinOpOr,  LLVMAtomicRMWBinOpXor, LLVMAtomicRMWBinOpXchg};
  memarg m = gen_read_memarg(g);
  value v = pop(g);
  type t = LLVMTypeOf(v);
  v = narrow(g, v, access_type(g, size));
  value at = aligned_address(g, &m, pop(g), size);
  // Seven instructions for each operation.
  value old = LLVMBuildAtomicRMW(g->b, ops[(op - CV_OPC_I32_ATOMIC_RMW_ADD) / 7], at, v,
                                 LLVMAtomicOrderingSequentiallyConsistent, false);
  LLVMSetVolatile(old, true);
  push_widened(g, old, t);
}

static void compare_exchange(gen *g, unsigned size) {
  memarg m = gen_read_memarg(g);
  value replacement = pop(g), expected = pop(g), index = pop(g);
  type t = LLVMTypeOf(expected), narrowed = access_type(g, size);
  value at = aligned_address(g, &m, index, size);
  expected = narrow(g, expected, narrowed);
  replacement = narrow(g, replacement, narrowed);
  value pair = LLVMBuildAtomicCmpXchg(g->b, at, expected, replacement, LLVMAtomicOrderingSequentiallyConsistent,
                                      LLVMAtomicOrderingSequentiallyConsistent, false);
  LLVMSetVolatile(pair, true);
  push_widened(g, LLVMBuildExtractValue(g->b, pair, 0, ""), t);
}

// wait and notify: helper(context, memory, address, operands..., &result)
static void wait_or_notify(gen *g, uint32_t op) {
  memarg m = gen_read_memarg(g);
  bool notify = op == CV_OPC_MEMORY_ATOMIC_NOTIFY;
  cv_native_helper helper = notify                              ? CV_NATIVE_NOTIFY
                            : op == CV_OPC_MEMORY_ATOMIC_WAIT32 ? CV_NATIVE_WAIT32
                                                                : CV_NATIVE_WAIT64;
  value timeout = notify ? NULL : pop(g), operand = pop(g), index = pop(g);
  gen_place(g);
  if (LLVMTypeOf(operand) == g->t.i32)
    operand = LLVMBuildZExt(g->b, operand, g->t.i64, "");
  if (!m.is_64)
    index = LLVMBuildZExt(g->b, index, g->t.i64, "");
  value both = gen_intrinsic2(g, "llvm.uadd.with.overflow", g->t.i64, index, gen_const64(g, m.offset));
  value address = LLVMBuildExtractValue(g->b, both, 0, "");
  if (m.is_64) { // beyond 64 bits: an address out of bounds, with the alignment it has, which is looked at first
    value far = LLVMBuildOr(g->b, address, gen_const64(g, (uint64_t)-8), "");
    address = LLVMBuildSelect(g->b, LLVMBuildExtractValue(g->b, both, 1, ""), far, address, "");
  }
  block here = LLVMGetInsertBlock(g->b);
  LLVMPositionBuilderBefore(g->b, LLVMGetFirstInstruction(g->entry));
  value result = LLVMBuildAlloca(g->b, g->t.i32, "");
  gen_at(g, here);
  value memory = gen_memory_object(g, m.memory), kind;
  if (notify)
    kind = gen_helper(g, helper, (value[]){g->context, memory, address, operand, result}, 5);
  else
    kind = gen_helper(g, helper, (value[]){g->context, memory, address, operand, timeout, result}, 6);
  gen_trap_if_returned(g, kind);
  push(g, gen_field(g, g->t.i32, result, 0));
}

void gen_atomic(gen *g, uint32_t op) {
  if (op <= CV_OPC_MEMORY_ATOMIC_WAIT64) {
    wait_or_notify(g, op);
    return;
  }
  if (op == CV_OPC_ATOMIC_FENCE) {
    g->at++;
    LLVMBuildFence(g->b, LLVMAtomicOrderingSequentiallyConsistent, false, "");
    return;
  }
  const cv_op_info *info = cv_op_info_of(op);
  if (info == NULL) {
    gen_fail(g, "unsupported: an atomic instruction in this tier");
    return;
  }
  unsigned size = 1u << info->align;
  const char *result = strchr(info->sig, ':') + 1;
  type t = *result == 'I' ? g->t.i64 : g->t.i32;
  if (op < CV_OPC_I32_ATOMIC_STORE)
    load(g, size, t);
  else if (op < CV_OPC_I32_ATOMIC_RMW_ADD)
    store(g, size);
  else if (op < CV_OPC_I32_ATOMIC_RMW_CMPXCHG)
    modify(g, op, size);
  else
    compare_exchange(g, size);
}
