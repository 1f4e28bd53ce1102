// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// float.c: floating-point instructions and conversions (core specification, 4.3.3 and 4.3.4).
#include "exec/llvm/plugin/gen.h"

static void comparison(gen *g, unsigned number) {
  static const LLVMRealPredicate predicates[] = {LLVMRealOEQ, LLVMRealUNE, LLVMRealOLT,
                                                 LLVMRealOGT, LLVMRealOLE, LLVMRealOGE};
  value b = pop(g), a = pop(g);
  value is = LLVMBuildFCmp(g->b, predicates[number], a, b, "");
  push(g, LLVMBuildZExt(g->b, is, g->t.i32, ""));
}

// A NaN operand gives a quiet NaN, which the sum is; the intrinsic may assume that there is none.
value gen_min_max(gen *g, bool is_max, value a, value b) {
  type t = LLVMTypeOf(a);
  value picked = gen_intrinsic2(g, is_max ? "llvm.maximum" : "llvm.minimum", t, a, b);
  LLVMSetFastMathFlags(picked, LLVMFastMathNoNaNs);
  value unordered = LLVMBuildFCmp(g->b, LLVMRealUNO, a, b, "");
  return LLVMBuildSelect(g->b, unordered, LLVMBuildFAdd(g->b, a, b, ""), picked, "");
}

value gen_round(gen *g, const char *name, value a) {
  return gen_intrinsic1(g, name, LLVMTypeOf(a), a);
}

// Arithmetic: `number` counts from abs.
static value arithmetic(gen *g, unsigned number) {
  static const char *const unary[] = {"llvm.fabs",      NULL,       "llvm.ceil", "llvm.floor", "llvm.trunc",
                                      "llvm.roundeven", "llvm.sqrt"};
  if (number < CV_COUNT(unary)) {
    value a = pop(g);
    return unary[number] != NULL ? gen_round(g, unary[number], a) : LLVMBuildFNeg(g->b, a, "");
  }
  value b = pop(g), a = pop(g);
  switch (number) {
  case 7:
    return LLVMBuildFAdd(g->b, a, b, "");
  case 8:
    return LLVMBuildFSub(g->b, a, b, "");
  case 9:
    return LLVMBuildFMul(g->b, a, b, "");
  case 10:
    return LLVMBuildFDiv(g->b, a, b, "");
  case 11:
    return gen_min_max(g, false, a, b);
  case 12:
    return gen_min_max(g, true, a, b);
  default:
    return gen_intrinsic2(g, "llvm.copysign", LLVMTypeOf(a), a, b);
  }
}

// ---- conversions ----

// The least and the greatest float whose truncation fits, both exclusive.
typedef struct range {
  double low, high;
} range;

static range range_of(bool to_64, bool is_signed, bool from_64) {
  if (!is_signed)
    return (range){-1.0, to_64 ? 18446744073709551616.0 : 4294967296.0};
  if (to_64) // -2^63 is in range: the next below
    return (range){from_64 ? -9223372036854777856.0 : -9223373136366403584.0, 9223372036854775808.0};
  return (range){from_64 ? -2147483649.0 : -2147483904.0, 2147483648.0};
}

static void truncate(gen *g, bool to_64, bool is_signed) {
  value a = pop(g);
  type from = LLVMTypeOf(a), to = to_64 ? g->t.i64 : g->t.i32;
  range r = range_of(to_64, is_signed, from == g->t.f64);
  gen_trap_if(g, LLVMBuildFCmp(g->b, LLVMRealUNO, a, a, ""), CV_TRAP_INVALID_CONVERSION);
  value low = LLVMBuildFCmp(g->b, LLVMRealOLE, a, LLVMConstReal(from, r.low), "");
  value high = LLVMBuildFCmp(g->b, LLVMRealOGE, a, LLVMConstReal(from, r.high), "");
  gen_trap_if(g, LLVMBuildOr(g->b, low, high, ""), CV_TRAP_INTEGER_OVERFLOW);
  push(g, is_signed ? LLVMBuildFPToSI(g->b, a, to, "") : LLVMBuildFPToUI(g->b, a, to, ""));
}

static void saturate(gen *g, bool to_64, bool is_signed) {
  value a = pop(g);
  type overloads[] = {to_64 ? g->t.i64 : g->t.i32, LLVMTypeOf(a)};
  push(g, gen_intrinsic(g, is_signed ? "llvm.fptosi.sat" : "llvm.fptoui.sat", overloads, 2, &a, 1));
}

static void convert(gen *g, type to, bool is_signed) {
  value a = pop(g);
  push(g, is_signed ? LLVMBuildSIToFP(g->b, a, to, "") : LLVMBuildUIToFP(g->b, a, to, ""));
}

// The constrained kind, which LLVM does not fold with a promotion before it: that would leave a signaling NaN.
static value demote(gen *g, value a) {
  type overloads[] = {g->t.f32, g->t.f64};
  LLVMMetadataRef rounding = LLVMMDStringInContext2(g->c, "round.tonearest", 15);
  LLVMMetadataRef exceptions = LLVMMDStringInContext2(g->c, "fpexcept.ignore", 15);
  value args[] = {a, LLVMMetadataAsValue(g->c, rounding), LLVMMetadataAsValue(g->c, exceptions)};
  return gen_intrinsic(g, "llvm.experimental.constrained.fptrunc", overloads, 2, args, 3);
}

static void conversion(gen *g, uint32_t op) {
  switch (op) {
  case CV_OPC_I32_TRUNC_F32_S:
  case CV_OPC_I32_TRUNC_F64_S:
    truncate(g, false, true);
    break;
  case CV_OPC_I32_TRUNC_F32_U:
  case CV_OPC_I32_TRUNC_F64_U:
    truncate(g, false, false);
    break;
  case CV_OPC_I64_TRUNC_F32_S:
  case CV_OPC_I64_TRUNC_F64_S:
    truncate(g, true, true);
    break;
  case CV_OPC_I64_TRUNC_F32_U:
  case CV_OPC_I64_TRUNC_F64_U:
    truncate(g, true, false);
    break;
  case CV_OPC_F32_CONVERT_I32_S:
  case CV_OPC_F32_CONVERT_I64_S:
    convert(g, g->t.f32, true);
    break;
  case CV_OPC_F32_CONVERT_I32_U:
  case CV_OPC_F32_CONVERT_I64_U:
    convert(g, g->t.f32, false);
    break;
  case CV_OPC_F64_CONVERT_I32_S:
  case CV_OPC_F64_CONVERT_I64_S:
    convert(g, g->t.f64, true);
    break;
  case CV_OPC_F64_CONVERT_I32_U:
  case CV_OPC_F64_CONVERT_I64_U:
    convert(g, g->t.f64, false);
    break;
  case CV_OPC_F32_DEMOTE_F64:
    push(g, gen_canonical(g, op, demote(g, pop(g))));
    break;
  case CV_OPC_F64_PROMOTE_F32:
    push(g, gen_canonical(g, op, LLVMBuildFPExt(g->b, pop(g), g->t.f64, "")));
    break;
  case CV_OPC_I32_REINTERPRET_F32:
    push(g, LLVMBuildBitCast(g->b, pop(g), g->t.i32, ""));
    break;
  case CV_OPC_I64_REINTERPRET_F64:
    push(g, LLVMBuildBitCast(g->b, pop(g), g->t.i64, ""));
    break;
  case CV_OPC_F32_REINTERPRET_I32:
    push(g, LLVMBuildBitCast(g->b, pop(g), g->t.f32, ""));
    break;
  default:
    push(g, LLVMBuildBitCast(g->b, pop(g), g->t.f64, ""));
    break;
  }
}

void gen_float(gen *g, uint32_t op) {
  if (op >= CV_OPC_F32_EQ && op <= CV_OPC_F32_GE)
    comparison(g, op - CV_OPC_F32_EQ);
  else if (op >= CV_OPC_F64_EQ && op <= CV_OPC_F64_GE)
    comparison(g, op - CV_OPC_F64_EQ);
  else if (op >= CV_OPC_F32_ABS && op <= CV_OPC_F32_COPYSIGN)
    push(g, gen_canonical(g, op, arithmetic(g, op - CV_OPC_F32_ABS)));
  else if (op >= CV_OPC_F64_ABS && op <= CV_OPC_F64_COPYSIGN)
    push(g, gen_canonical(g, op, arithmetic(g, op - CV_OPC_F64_ABS)));
  else if (op >= CV_OPC_I32_TRUNC_SAT_F32_S && op <= CV_OPC_I64_TRUNC_SAT_F64_U)
    saturate(g, op >= CV_OPC_I64_TRUNC_SAT_F32_S, ((op - CV_OPC_I32_TRUNC_SAT_F32_S) & 1) == 0);
  else
    conversion(g, op);
}
