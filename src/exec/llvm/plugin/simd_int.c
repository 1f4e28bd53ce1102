// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd_int.c: integer arithmetic and comparisons of vectors.
//
// Most codes are alike for all shapes: 0x60 for i8x16, 0x80 for i16x8, 0xa0 for i32x4, 0xc0 for i64x2, and from there
// on the same operations at the same distance.
#include "exec/llvm/plugin/gen.h"

enum { FIRST = 0xfd060, STEP = 0x20 };

static value pop_shape(gen *g, shape s) {
  return gen_vector(g, pop(g), s);
}

static value machine(gen *g, const char *name, value a, value b) {
  return gen_intrinsic(g, name, NULL, 0, (value[]){a, b}, 2);
}

static value lanes_of(gen *g, shape s, uint64_t v) {
  return gen_splat(g, s, LLVMConstInt(LLVMGetElementType(g->t.vector[s]), v, false));
}

// ---- comparisons ----

static void compare(gen *g, shape s, LLVMIntPredicate predicate) {
  value b = pop_shape(g, s), a = pop_shape(g, s);
  push(g, LLVMBuildSExt(g->b, LLVMBuildICmp(g->b, predicate, a, b, ""), g->t.vector[s], ""));
}

static bool comparison(gen *g, uint32_t op) {
  static const LLVMIntPredicate predicates[] = {LLVMIntEQ,  LLVMIntNE,  LLVMIntSLT, LLVMIntULT, LLVMIntSGT,
                                                LLVMIntUGT, LLVMIntSLE, LLVMIntULE, LLVMIntSGE, LLVMIntUGE};
  static const LLVMIntPredicate wide[] = {LLVMIntEQ, LLVMIntNE, LLVMIntSLT, LLVMIntSGT, LLVMIntSLE, LLVMIntSGE};
  if (op >= CV_OPC_I8X16_EQ && op <= CV_OPC_I32X4_GE_U) {
    unsigned number = op - CV_OPC_I8X16_EQ;
    compare(g, (shape)(number / CV_COUNT(predicates)), predicates[number % CV_COUNT(predicates)]);
    return true;
  }
  if (op >= CV_OPC_I64X2_EQ && op <= CV_OPC_I64X2_GE_S) {
    compare(g, I64X2, wide[op - CV_OPC_I64X2_EQ]);
    return true;
  }
  return false;
}

// ---- one operand ----

static void all_true(gen *g, shape s) {
  value v = pop_shape(g, s);
  v = LLVMBuildICmp(g->b, LLVMIntNE, v, LLVMConstNull(g->t.vector[s]), "");
  v = gen_intrinsic1(g, "llvm.vector.reduce.and", LLVMTypeOf(v), v);
  push(g, LLVMBuildZExt(g->b, v, g->t.i32, ""));
}

static void bitmask(gen *g, shape s) {
  value v = pop_shape(g, s);
  v = LLVMBuildICmp(g->b, LLVMIntSLT, v, LLVMConstNull(g->t.vector[s]), "");
  v = LLVMBuildBitCast(g->b, v, LLVMIntTypeInContext(g->c, LLVMGetVectorSize(LLVMTypeOf(v))), "");
  push(g, LLVMBuildZExt(g->b, v, g->t.i32, ""));
}

static value extended(gen *g, value v, shape to, bool high, bool is_signed) {
  v = gen_half(g, v, high);
  type t = g->t.vector[to];
  return is_signed ? LLVMBuildSExt(g->b, v, t, "") : LLVMBuildZExt(g->b, v, t, "");
}

// By the order of the codes: low and high, signed; low and high, unsigned. The operands have lanes of half the width.
static void extend(gen *g, shape to, unsigned number) {
  push(g, extended(g, pop_shape(g, to - 1), to, number % 2 == 1, number < 2));
}

static void extended_product(gen *g, shape to, unsigned number) {
  value b = pop_shape(g, to - 1), a = pop_shape(g, to - 1);
  a = extended(g, a, to, number % 2 == 1, number < 2);
  b = extended(g, b, to, number % 2 == 1, number < 2);
  push(g, LLVMBuildMul(g->b, a, b, ""));
}

static value pairwise(gen *g, value v, shape to, bool is_signed) {
  static const uint8_t even[] = {0, 2, 4, 6, 8, 10, 12, 14}, odd[] = {1, 3, 5, 7, 9, 11, 13, 15};
  if (to == I16X8) {
    value ones = lanes_of(g, I8X16, 1);
    return is_signed ? machine(g, "llvm.x86.ssse3.pmadd.ub.sw.128", ones, v)
                     : machine(g, "llvm.x86.ssse3.pmadd.ub.sw.128", v, ones);
  }
  if (is_signed)
    return machine(g, "llvm.x86.sse2.pmadd.wd", v, lanes_of(g, I16X8, 1));
  value none = LLVMGetPoison(LLVMTypeOf(v));
  value a = gen_shuffle(g, v, none, even, 4), b = gen_shuffle(g, v, none, odd, 4);
  type t = g->t.vector[to];
  return LLVMBuildAdd(g->b, LLVMBuildZExt(g->b, a, t, ""), LLVMBuildZExt(g->b, b, t, ""), "");
}

// ---- two operands ----

static void shift(gen *g, shape s, LLVMOpcode op) {
  value count = pop(g), v = pop_shape(g, s);
  count = LLVMBuildAnd(g->b, count, gen_const32(g, (8u << s) - 1), "");
  type lane = LLVMGetElementType(g->t.vector[s]);
  if (s == I64X2)
    count = LLVMBuildZExt(g->b, count, lane, "");
  else if (s != I32X4)
    count = LLVMBuildTrunc(g->b, count, lane, "");
  push(g, LLVMBuildBinOp(g->b, op, v, gen_splat(g, s, count), ""));
}

static void narrow(gen *g, shape to, bool is_signed) {
  value b = pop_shape(g, to + 1), a = pop_shape(g, to + 1);
  const char *name = to == I8X16 ? is_signed ? "llvm.x86.sse2.packsswb.128" : "llvm.x86.sse2.packuswb.128"
                     : is_signed ? "llvm.x86.sse2.packssdw.128"
                                 : "llvm.x86.sse41.packusdw";
  push(g, machine(g, name, a, b));
}

static void by_intrinsic(gen *g, shape s, const char *name) {
  value b = pop_shape(g, s), a = pop_shape(g, s);
  push(g, gen_intrinsic2(g, name, g->t.vector[s], a, b));
}

static void plain(gen *g, shape s, LLVMOpcode op) {
  value b = pop_shape(g, s), a = pop_shape(g, s);
  push(g, LLVMBuildBinOp(g->b, op, a, b, ""));
}

static void average(gen *g, shape s) {
  value b = pop_shape(g, s), a = pop_shape(g, s);
  type t = g->t.vector[s], wide = LLVMVectorType(s == I8X16 ? g->t.i16 : g->t.i32, LLVMGetVectorSize(t));
  a = LLVMBuildZExt(g->b, a, wide, "");
  b = LLVMBuildZExt(g->b, b, wide, "");
  value ones = LLVMBuildZExt(g->b, lanes_of(g, s, 1), wide, "");
  value sum = LLVMBuildAdd(g->b, LLVMBuildAdd(g->b, a, b, ""), ones, "");
  push(g, LLVMBuildTrunc(g->b, LLVMBuildLShr(g->b, sum, ones, ""), t, ""));
}

// The machine's product wraps for the one pair that does not fit.
static void q15_product(gen *g, bool relaxed) {
  value b = pop_shape(g, I16X8), a = pop_shape(g, I16X8);
  value r = machine(g, "llvm.x86.ssse3.pmul.hr.sw.128", a, b);
  if (!relaxed) {
    value wrapped = LLVMBuildICmp(g->b, LLVMIntEQ, r, lanes_of(g, I16X8, 0x8000), "");
    r = LLVMBuildXor(g->b, r, LLVMBuildSExt(g->b, wrapped, g->t.vector[I16X8], ""), "");
  }
  push(g, r);
}

static value relaxed_dot(gen *g, value a, value b) {
  return machine(g, "llvm.x86.ssse3.pmadd.ub.sw.128", b, a);
}

static void absolute(gen *g, shape s) {
  value args[] = {pop_shape(g, s), LLVMConstNull(g->t.i1)};
  push(g, gen_intrinsic(g, "llvm.abs", &g->t.vector[s], 1, args, 2));
}

// ---- by shape and number ----

static bool special(gen *g, uint32_t op) {
  value b, a;
  switch (op) {
  case CV_OPC_I8X16_POPCNT:
    push(g, gen_intrinsic1(g, "llvm.ctpop", g->t.vector[I8X16], pop_shape(g, I8X16)));
    return true;
  case CV_OPC_I16X8_EXTADD_PAIRWISE_I8X16_S:
  case CV_OPC_I16X8_EXTADD_PAIRWISE_I8X16_U:
    push(g, pairwise(g, pop_shape(g, I8X16), I16X8, op == CV_OPC_I16X8_EXTADD_PAIRWISE_I8X16_S));
    return true;
  case CV_OPC_I32X4_EXTADD_PAIRWISE_I16X8_S:
  case CV_OPC_I32X4_EXTADD_PAIRWISE_I16X8_U:
    push(g, pairwise(g, pop_shape(g, I16X8), I32X4, op == CV_OPC_I32X4_EXTADD_PAIRWISE_I16X8_S));
    return true;
  case CV_OPC_I16X8_Q15MULR_SAT_S:
  case CV_OPC_I16X8_RELAXED_Q15MULR_S:
    q15_product(g, op == CV_OPC_I16X8_RELAXED_Q15MULR_S);
    return true;
  case CV_OPC_I32X4_DOT_I16X8_S:
    b = pop_shape(g, I16X8), a = pop_shape(g, I16X8);
    push(g, machine(g, "llvm.x86.sse2.pmadd.wd", a, b));
    return true;
  case CV_OPC_I16X8_RELAXED_DOT_I8X16_I7X16_S:
    b = pop_shape(g, I8X16), a = pop_shape(g, I8X16);
    push(g, relaxed_dot(g, a, b));
    return true;
  case CV_OPC_I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S: {
    value c = pop_shape(g, I32X4);
    b = pop_shape(g, I8X16), a = pop_shape(g, I8X16);
    push(g, LLVMBuildAdd(g->b, pairwise(g, relaxed_dot(g, a, b), I32X4, true), c, ""));
    return true;
  }
  default:
    return false;
  }
}

static bool regular(gen *g, shape s, unsigned number) {
  static const char *const intrinsics[] = {
      [0x0f] = "llvm.sadd.sat", [0x10] = "llvm.uadd.sat", [0x12] = "llvm.ssub.sat", [0x13] = "llvm.usub.sat",
      [0x16] = "llvm.smin",     [0x17] = "llvm.umin",     [0x18] = "llvm.smax",     [0x19] = "llvm.umax"};
  if (number < CV_COUNT(intrinsics) && intrinsics[number] != NULL) {
    by_intrinsic(g, s, intrinsics[number]);
    return true;
  }
  switch (number) {
  case 0x00:
    absolute(g, s);
    return true;
  case 0x01:
    push(g, LLVMBuildNeg(g->b, pop_shape(g, s), ""));
    return true;
  case 0x03:
    all_true(g, s);
    return true;
  case 0x04:
    bitmask(g, s);
    return true;
  case 0x05:
  case 0x06:
    narrow(g, s, number == 0x05);
    return true;
  case 0x07 ... 0x0a:
    extend(g, s, number - 0x07);
    return true;
  case 0x0b:
    shift(g, s, LLVMShl);
    return true;
  case 0x0c:
    shift(g, s, LLVMAShr);
    return true;
  case 0x0d:
    shift(g, s, LLVMLShr);
    return true;
  case 0x0e:
    plain(g, s, LLVMAdd);
    return true;
  case 0x11:
    plain(g, s, LLVMSub);
    return true;
  case 0x15:
    plain(g, s, LLVMMul);
    return true;
  case 0x1b:
    average(g, s);
    return true;
  case 0x1c ... 0x1f:
    extended_product(g, s, number - 0x1c);
    return true;
  default:
    return false;
  }
}

bool gen_simd_int(gen *g, uint32_t op) {
  if (cv_op_info_of(op) == NULL)
    return false;
  if (comparison(g, op) || special(g, op))
    return true;
  return op >= FIRST && op < FIRST + 4 * STEP && regular(g, (shape)((op - FIRST) / STEP), (op - FIRST) % STEP);
}
