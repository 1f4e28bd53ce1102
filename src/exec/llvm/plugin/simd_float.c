// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd_float.c: floating-point arithmetic and comparisons of vectors.
#include "exec/llvm/plugin/gen.h"

// What an operand is where LLVM would see a constant that makes the operation vanish, a signaling NaN and all.
static value unknown(gen *g, value v) {
  if (!LLVMIsConstant(v))
    return v;
  type t = LLVMTypeOf(v), ft = LLVMFunctionType(t, &t, 1, false);
  value through = LLVMGetInlineAsm(ft, "", 0, "=x,0", 4, false, false, LLVMInlineAsmDialectATT, false);
  value call = LLVMBuildCall2(g->b, ft, through, &v, 1, "");
  LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex,
                           LLVMCreateEnumAttribute(g->c, LLVMGetEnumAttributeKindForName("memory", 6), 0));
  return call;
}

static value pick(gen *g, LLVMRealPredicate predicate, value x, value y, value if_true, value if_false) {
  return LLVMBuildSelect(g->b, LLVMBuildFCmp(g->b, predicate, x, y, ""), if_true, if_false, "");
}

// Arithmetic of two operands, by the distance from add: add sub mul div min max pmin pmax.
static value binary(gen *g, unsigned number, value a, value b) {
  switch (number) {
  case 0:
    return LLVMBuildFAdd(g->b, a, b, "");
  case 1:
    return LLVMBuildFSub(g->b, a, b, "");
  case 2:
    return LLVMBuildFMul(g->b, a, b, "");
  case 3:
    return LLVMBuildFDiv(g->b, a, b, "");
  case 4:
    return gen_min_max(g, false, a, b);
  case 5:
    return gen_min_max(g, true, a, b);
  case 6:
    return pick(g, LLVMRealOLT, b, a, b, a);
  default:
    return pick(g, LLVMRealOLT, a, b, b, a);
  }
}

static value pop_shape(gen *g, shape s) {
  return gen_vector(g, pop(g), s);
}

static void compare(gen *g, shape s, unsigned number) {
  static const LLVMRealPredicate predicates[] = {LLVMRealOEQ, LLVMRealUNE, LLVMRealOLT,
                                                 LLVMRealOGT, LLVMRealOLE, LLVMRealOGE};
  value b = pop_shape(g, s), a = pop_shape(g, s);
  value is = LLVMBuildFCmp(g->b, predicates[number], a, b, "");
  push(g, LLVMBuildSExt(g->b, is, g->t.vector[s == F32X4 ? I32X4 : I64X2], ""));
}

static const char *unary_name(uint32_t op, shape *s) {
  static const struct {
    uint32_t op;
    shape s;
    const char *name;
  } unary[] = {
      {CV_OPC_F32X4_CEIL, F32X4, "llvm.ceil"},   {CV_OPC_F32X4_FLOOR, F32X4, "llvm.floor"},
      {CV_OPC_F32X4_TRUNC, F32X4, "llvm.trunc"}, {CV_OPC_F32X4_NEAREST, F32X4, "llvm.roundeven"},
      {CV_OPC_F32X4_SQRT, F32X4, "llvm.sqrt"},   {CV_OPC_F32X4_ABS, F32X4, "llvm.fabs"},
      {CV_OPC_F64X2_CEIL, F64X2, "llvm.ceil"},   {CV_OPC_F64X2_FLOOR, F64X2, "llvm.floor"},
      {CV_OPC_F64X2_TRUNC, F64X2, "llvm.trunc"}, {CV_OPC_F64X2_NEAREST, F64X2, "llvm.roundeven"},
      {CV_OPC_F64X2_SQRT, F64X2, "llvm.sqrt"},   {CV_OPC_F64X2_ABS, F64X2, "llvm.fabs"},
  };
  for (size_t i = 0; i < CV_COUNT(unary); i++)
    if (unary[i].op == op) {
      *s = unary[i].s;
      return unary[i].name;
    }
  return NULL;
}

static value multiply_add(gen *g, shape s, bool negate) {
  value c = pop_shape(g, s), b = pop_shape(g, s), a = pop_shape(g, s);
  if (negate)
    a = LLVMBuildFNeg(g->b, a, "");
  return LLVMBuildFAdd(g->b, LLVMBuildFMul(g->b, unknown(g, a), unknown(g, b), ""), unknown(g, c), "");
}

static value relaxed(gen *g, uint32_t op) {
  bool is_double = op >= CV_OPC_F64X2_RELAXED_MADD && op <= CV_OPC_F64X2_RELAXED_NMADD;
  switch (op) {
  case CV_OPC_F32X4_RELAXED_MADD:
  case CV_OPC_F64X2_RELAXED_MADD:
    return multiply_add(g, is_double ? F64X2 : F32X4, false);
  case CV_OPC_F32X4_RELAXED_NMADD:
  case CV_OPC_F64X2_RELAXED_NMADD:
    return multiply_add(g, is_double ? F64X2 : F32X4, true);
  default:
    break;
  }
  shape s = op >= CV_OPC_F64X2_RELAXED_MIN ? F64X2 : F32X4;
  value b = pop_shape(g, s), a = pop_shape(g, s);
  bool is_min = op == CV_OPC_F32X4_RELAXED_MIN || op == CV_OPC_F64X2_RELAXED_MIN;
  return pick(g, is_min ? LLVMRealOLT : LLVMRealOGT, a, b, a, b);
}

static void arithmetic(gen *g, uint32_t op, shape s, unsigned number) {
  value b = pop_shape(g, s), a = pop_shape(g, s);
  push(g, gen_canonical(g, op, binary(g, number, unknown(g, a), unknown(g, b))));
}

bool gen_simd_float(gen *g, uint32_t op) {
  shape s;
  const char *name = unary_name(op, &s);
  if (name != NULL) {
    push(g, gen_canonical(g, op, gen_round(g, name, pop_shape(g, s))));
    return true;
  }
  switch (op) {
  case CV_OPC_F32X4_EQ ... CV_OPC_F32X4_GE:
    compare(g, F32X4, op - CV_OPC_F32X4_EQ);
    return true;
  case CV_OPC_F64X2_EQ ... CV_OPC_F64X2_GE:
    compare(g, F64X2, op - CV_OPC_F64X2_EQ);
    return true;
  case CV_OPC_F32X4_NEG:
    push(g, LLVMBuildFNeg(g->b, pop_shape(g, F32X4), ""));
    return true;
  case CV_OPC_F64X2_NEG:
    push(g, LLVMBuildFNeg(g->b, pop_shape(g, F64X2), ""));
    return true;
  case CV_OPC_F32X4_ADD ... CV_OPC_F32X4_PMAX:
    arithmetic(g, op, F32X4, op - CV_OPC_F32X4_ADD);
    return true;
  case CV_OPC_F64X2_ADD ... CV_OPC_F64X2_PMAX:
    arithmetic(g, op, F64X2, op - CV_OPC_F64X2_ADD);
    return true;
  case CV_OPC_F32X4_RELAXED_MADD ... CV_OPC_F64X2_RELAXED_NMADD:
  case CV_OPC_F32X4_RELAXED_MIN ... CV_OPC_F64X2_RELAXED_MAX:
    push(g, gen_canonical(g, op, relaxed(g, op)));
    return true;
  default:
    return false;
  }
}
