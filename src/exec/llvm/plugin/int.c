// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// int.c: integer instructions (core specification, 4.3.2).
#include "exec/llvm/plugin/gen.h"

static void compare(gen *g, LLVMIntPredicate predicate) {
  value b = pop(g), a = pop(g);
  push(g, LLVMBuildZExt(g->b, LLVMBuildICmp(g->b, predicate, a, b, ""), g->t.i32, ""));
}

static void eqz(gen *g) {
  value a = pop(g);
  value is = LLVMBuildICmp(g->b, LLVMIntEQ, a, LLVMConstNull(LLVMTypeOf(a)), "");
  push(g, LLVMBuildZExt(g->b, is, g->t.i32, ""));
}

static void comparison(gen *g, unsigned number) {
  static const LLVMIntPredicate predicates[] = {LLVMIntEQ,  LLVMIntNE,  LLVMIntSLT, LLVMIntULT, LLVMIntSGT,
                                                LLVMIntUGT, LLVMIntSLE, LLVMIntULE, LLVMIntSGE, LLVMIntUGE};
  compare(g, predicates[number]);
}

static void division(gen *g, unsigned number) {
  value b = pop(g), a = pop(g);
  type t = LLVMTypeOf(a);
  value zero = LLVMConstNull(t), minus_one = LLVMConstAllOnes(t);
  gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntEQ, b, zero, ""), CV_TRAP_DIVIDE_BY_ZERO);
  value least = LLVMConstInt(t, t == g->t.i64 ? 1ull << 63 : 1ull << 31, false), is_minus_one;
  switch (number) {
  case 0: // div_s
    is_minus_one = LLVMBuildICmp(g->b, LLVMIntEQ, b, minus_one, "");
    gen_trap_if(g, LLVMBuildAnd(g->b, is_minus_one, LLVMBuildICmp(g->b, LLVMIntEQ, a, least, ""), ""),
                CV_TRAP_INTEGER_OVERFLOW);
    push(g, LLVMBuildSDiv(g->b, a, b, ""));
    break;
  case 1:
    push(g, LLVMBuildUDiv(g->b, a, b, ""));
    break;
  case 2: // rem_s: by 1 what is by -1, which gives 0 as well and never overflows
    is_minus_one = LLVMBuildICmp(g->b, LLVMIntEQ, b, minus_one, "");
    b = LLVMBuildSelect(g->b, is_minus_one, LLVMConstInt(t, 1, false), b, "");
    push(g, LLVMBuildSRem(g->b, a, b, ""));
    break;
  default:
    push(g, LLVMBuildURem(g->b, a, b, ""));
    break;
  }
}

static void bit_count(gen *g, const char *name, bool zero_is_defined) {
  value a = pop(g), overloads = LLVMConstNull(g->t.i1);
  type t = LLVMTypeOf(a);
  push(g, zero_is_defined ? gen_intrinsic(g, name, &t, 1, (value[]){a, overloads}, 2) : gen_intrinsic1(g, name, t, a));
}

static void shift(gen *g, LLVMOpcode op) {
  value b = pop(g), a = pop(g);
  type t = LLVMTypeOf(a);
  b = LLVMBuildAnd(g->b, b, LLVMConstInt(t, t == g->t.i64 ? 63 : 31, false), "");
  push(g, LLVMBuildBinOp(g->b, op, a, b, ""));
}

static void rotate(gen *g, const char *name) {
  value b = pop(g), a = pop(g);
  push(g, gen_intrinsic3(g, name, LLVMTypeOf(a), a, a, b));
}

static void plain(gen *g, LLVMOpcode op) {
  value b = pop(g), a = pop(g);
  push(g, LLVMBuildBinOp(g->b, op, a, b, ""));
}

// Arithmetic: `number` counts from clz.
static void arithmetic(gen *g, unsigned number) {
  switch (number) {
  case 0:
    bit_count(g, "llvm.ctlz", true);
    break;
  case 1:
    bit_count(g, "llvm.cttz", true);
    break;
  case 2:
    bit_count(g, "llvm.ctpop", false);
    break;
  case 3:
    plain(g, LLVMAdd);
    break;
  case 4:
    plain(g, LLVMSub);
    break;
  case 5:
    plain(g, LLVMMul);
    break;
  case 6:
  case 7:
  case 8:
  case 9:
    division(g, number - 6);
    break;
  case 10:
    plain(g, LLVMAnd);
    break;
  case 11:
    plain(g, LLVMOr);
    break;
  case 12:
    plain(g, LLVMXor);
    break;
  case 13:
    shift(g, LLVMShl);
    break;
  case 14:
    shift(g, LLVMAShr);
    break;
  case 15:
    shift(g, LLVMLShr);
    break;
  case 16:
    rotate(g, "llvm.fshl");
    break;
  default:
    rotate(g, "llvm.fshr");
    break;
  }
}

static void sign_extend(gen *g, type from, type to) {
  value a = LLVMBuildTrunc(g->b, pop(g), from, "");
  push(g, LLVMBuildSExt(g->b, a, to, ""));
}

void gen_int(gen *g, uint32_t op) {
  if (op == CV_OPC_I32_EQZ || op == CV_OPC_I64_EQZ) {
    eqz(g);
    return;
  }
  if (op >= CV_OPC_I32_EQ && op <= CV_OPC_I32_GE_U) {
    comparison(g, op - CV_OPC_I32_EQ);
    return;
  }
  if (op >= CV_OPC_I64_EQ && op <= CV_OPC_I64_GE_U) {
    comparison(g, op - CV_OPC_I64_EQ);
    return;
  }
  if (op >= CV_OPC_I32_CLZ && op <= CV_OPC_I32_ROTR) {
    arithmetic(g, op - CV_OPC_I32_CLZ);
    return;
  }
  if (op >= CV_OPC_I64_CLZ && op <= CV_OPC_I64_ROTR) {
    arithmetic(g, op - CV_OPC_I64_CLZ);
    return;
  }
  switch (op) {
  case CV_OPC_I32_WRAP_I64:
    push(g, LLVMBuildTrunc(g->b, pop(g), g->t.i32, ""));
    break;
  case CV_OPC_I64_EXTEND_I32_S:
    push(g, LLVMBuildSExt(g->b, pop(g), g->t.i64, ""));
    break;
  case CV_OPC_I64_EXTEND_I32_U:
    push(g, LLVMBuildZExt(g->b, pop(g), g->t.i64, ""));
    break;
  case CV_OPC_I32_EXTEND8_S:
    sign_extend(g, g->t.i8, g->t.i32);
    break;
  case CV_OPC_I32_EXTEND16_S:
    sign_extend(g, g->t.i16, g->t.i32);
    break;
  case CV_OPC_I64_EXTEND8_S:
    sign_extend(g, g->t.i8, g->t.i64);
    break;
  case CV_OPC_I64_EXTEND16_S:
    sign_extend(g, g->t.i16, g->t.i64);
    break;
  default:
    sign_extend(g, g->t.i32, g->t.i64);
    break;
  }
}
