// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd.c: vector instructions (core specification, 4.4.3; relaxed SIMD as in wasm/simd.h): memory, lanes, bits,
// conversions. simd_int.c and simd_float.c have the arithmetic.
#include "exec/llvm/plugin/gen.h"

// ---- building blocks ----

value gen_splat(gen *g, shape s, value lane) {
  type t = g->t.vector[s];
  unsigned lanes = LLVMGetVectorSize(t);
  value v = LLVMBuildInsertElement(g->b, LLVMGetPoison(t), lane, gen_const32(g, 0), "");
  return LLVMBuildShuffleVector(g->b, v, LLVMGetPoison(t), LLVMConstNull(LLVMVectorType(g->t.i32, lanes)), "");
}

value gen_shuffle(gen *g, value a, value b, const uint8_t *lanes, unsigned count) {
  value mask[16];
  for (unsigned i = 0; i < count; i++)
    mask[i] = gen_const32(g, lanes[i]);
  return LLVMBuildShuffleVector(g->b, a, b, LLVMConstVector(mask, count), "");
}

value gen_half(gen *g, value v, bool high) {
  unsigned count = LLVMGetVectorSize(LLVMTypeOf(v)) / 2;
  uint8_t lanes[8];
  for (unsigned i = 0; i < count; i++)
    lanes[i] = (uint8_t)(i + (high ? count : 0));
  return gen_shuffle(g, v, LLVMGetPoison(LLVMTypeOf(v)), lanes, count);
}

// The lanes of `v`, half a vector, and zeros above.
static value with_zeros(gen *g, value v) {
  static const uint8_t lanes[4] = {0, 1, 2, 3};
  return gen_shuffle(g, v, LLVMConstNull(LLVMTypeOf(v)), lanes, 4);
}

static shape shape_of_size(unsigned size) {
  return size == 1 ? I8X16 : size == 2 ? I16X8 : size == 4 ? I32X4 : I64X2;
}

static type lane_type(gen *g, shape s) {
  return LLVMGetElementType(g->t.vector[s]);
}

// ---- memory ----

static value address(gen *g, value index, unsigned size, memarg *m) {
  *m = gen_read_memarg(g);
  return gen_address(g, m, index, size);
}

static void load_extended(gen *g, unsigned number) {
  memarg m;
  value v = gen_load(g, g->t.i64, address(g, pop(g), 8, &m));
  static const shape shapes[] = {I16X8, I32X4, I64X2};
  type to = g->t.vector[shapes[number / 2]];
  unsigned lanes = LLVMGetVectorSize(to);
  v = LLVMBuildBitCast(g->b, v, LLVMVectorType(LLVMIntTypeInContext(g->c, 64 / lanes), lanes), "");
  push(g, number % 2 == 0 ? LLVMBuildSExt(g->b, v, to, "") : LLVMBuildZExt(g->b, v, to, ""));
}

static void load_splat(gen *g, shape s) {
  memarg m;
  unsigned size = 1u << s;
  push(g, gen_splat(g, s, gen_load(g, lane_type(g, s), address(g, pop(g), size, &m))));
}

static void load_zero(gen *g, shape s) {
  memarg m;
  value v = gen_load(g, lane_type(g, s), address(g, pop(g), 1u << s, &m));
  push(g, LLVMBuildInsertElement(g->b, LLVMConstNull(g->t.vector[s]), v, gen_const32(g, 0), ""));
}

static void lane_access(gen *g, unsigned size, bool is_store) {
  shape s = shape_of_size(size);
  memarg m;
  value v = gen_vector(g, pop(g), s);
  value at = address(g, pop(g), size, &m);
  value lane = gen_const32(g, *g->at++);
  if (is_store)
    gen_store(g, LLVMBuildExtractElement(g->b, v, lane, ""), at);
  else
    push(g, LLVMBuildInsertElement(g->b, v, gen_load(g, lane_type(g, s), at), lane, ""));
}

static void memory(gen *g, uint32_t op) {
  memarg m;
  switch (op) {
  case CV_OPC_V128_LOAD:
    push(g, gen_load(g, g->t.vector[I64X2], address(g, pop(g), 16, &m)));
    break;
  case CV_OPC_V128_STORE: {
    value v = gen_vector(g, pop(g), I64X2);
    gen_store(g, v, address(g, pop(g), 16, &m));
    break;
  }
  case CV_OPC_V128_LOAD8_SPLAT ... CV_OPC_V128_LOAD64_SPLAT:
    load_splat(g, (shape)(op - CV_OPC_V128_LOAD8_SPLAT));
    break;
  case CV_OPC_V128_LOAD32_ZERO:
    load_zero(g, I32X4);
    break;
  case CV_OPC_V128_LOAD64_ZERO:
    load_zero(g, I64X2);
    break;
  case CV_OPC_V128_LOAD8_LANE ... CV_OPC_V128_LOAD64_LANE:
    lane_access(g, 1u << (op - CV_OPC_V128_LOAD8_LANE), false);
    break;
  case CV_OPC_V128_STORE8_LANE ... CV_OPC_V128_STORE64_LANE:
    lane_access(g, 1u << (op - CV_OPC_V128_STORE8_LANE), true);
    break;
  default:
    load_extended(g, op - CV_OPC_V128_LOAD8X8_S);
    break;
  }
}

// ---- lanes ----

static void constant(gen *g) {
  value halves[] = {gen_const64(g, cv_load_le64(g->at)), gen_const64(g, cv_load_le64(g->at + 8))};
  g->at += 16;
  push(g, LLVMConstVector(halves, 2));
}

static void shuffle(gen *g) {
  value b = gen_vector(g, pop(g), I8X16), a = gen_vector(g, pop(g), I8X16);
  push(g, gen_shuffle(g, a, b, g->at, 16));
  g->at += 16;
}

// Indices beyond the lanes get their highest bit set, which gives zero.
static void swizzle(gen *g, bool relaxed) {
  value index = gen_vector(g, pop(g), I8X16), a = gen_vector(g, pop(g), I8X16);
  if (!relaxed) {
    value bias = gen_splat(g, I8X16, LLVMConstInt(g->t.i8, 0x70, false));
    index = gen_intrinsic2(g, "llvm.uadd.sat", g->t.vector[I8X16], index, bias);
  }
  push(g, gen_intrinsic(g, "llvm.x86.ssse3.pshuf.b.128", NULL, 0, (value[]){a, index}, 2));
}

static void splat(gen *g, shape s) {
  value v = pop(g);
  push(g, gen_splat(g, s, s <= I16X8 ? LLVMBuildTrunc(g->b, v, lane_type(g, s), "") : v));
}

static void extract(gen *g, shape s, LLVMOpcode widen) {
  value v = gen_vector(g, pop(g), s);
  v = LLVMBuildExtractElement(g->b, v, gen_const32(g, *g->at++), "");
  push(g, s <= I16X8 ? LLVMBuildCast(g->b, widen, v, g->t.i32, "") : v);
}

static void replace(gen *g, shape s) {
  value lane = pop(g), v = gen_vector(g, pop(g), s);
  if (s <= I16X8)
    lane = LLVMBuildTrunc(g->b, lane, lane_type(g, s), "");
  push(g, LLVMBuildInsertElement(g->b, v, lane, gen_const32(g, *g->at++), ""));
}

// Instructions 0x15 to 0x22.
static void lane(gen *g, uint32_t op) {
  switch (op) {
  case CV_OPC_I8X16_EXTRACT_LANE_S:
    extract(g, I8X16, LLVMSExt);
    break;
  case CV_OPC_I8X16_EXTRACT_LANE_U:
    extract(g, I8X16, LLVMZExt);
    break;
  case CV_OPC_I8X16_REPLACE_LANE:
    replace(g, I8X16);
    break;
  case CV_OPC_I16X8_EXTRACT_LANE_S:
    extract(g, I16X8, LLVMSExt);
    break;
  case CV_OPC_I16X8_EXTRACT_LANE_U:
    extract(g, I16X8, LLVMZExt);
    break;
  case CV_OPC_I16X8_REPLACE_LANE:
    replace(g, I16X8);
    break;
  default: { // extract and replace in turn
    unsigned number = op - CV_OPC_I32X4_EXTRACT_LANE;
    shape s = (shape)(I32X4 + number / 2);
    if (number % 2 == 0)
      extract(g, s, LLVMZExt);
    else
      replace(g, s);
    break;
  }
  }
}

// ---- bits ----

static void bits(gen *g, uint32_t op) {
  if (op == CV_OPC_V128_ANY_TRUE) {
    value v = LLVMBuildBitCast(g->b, pop(g), g->t.i128, "");
    v = LLVMBuildICmp(g->b, LLVMIntNE, v, LLVMConstNull(g->t.i128), "");
    push(g, LLVMBuildZExt(g->b, v, g->t.i32, ""));
    return;
  }
  if (op == CV_OPC_V128_NOT) {
    push(g, LLVMBuildNot(g->b, gen_vector(g, pop(g), I64X2), ""));
    return;
  }
  if (op == CV_OPC_V128_BITSELECT || (op >= CV_OPC_I8X16_RELAXED_LANESELECT && op <= CV_OPC_I64X2_RELAXED_LANESELECT)) {
    value mask = gen_vector(g, pop(g), I64X2), b = gen_vector(g, pop(g), I64X2), a = gen_vector(g, pop(g), I64X2);
    a = LLVMBuildAnd(g->b, a, mask, "");
    b = LLVMBuildAnd(g->b, b, LLVMBuildNot(g->b, mask, ""), "");
    push(g, LLVMBuildOr(g->b, a, b, ""));
    return;
  }
  value b = gen_vector(g, pop(g), I64X2), a = gen_vector(g, pop(g), I64X2);
  if (op == CV_OPC_V128_ANDNOT)
    push(g, LLVMBuildAnd(g->b, a, LLVMBuildNot(g->b, b, ""), ""));
  else
    push(g, LLVMBuildBinOp(g->b, op == CV_OPC_V128_AND ? LLVMAnd : op == CV_OPC_V128_OR ? LLVMOr : LLVMXor, a, b, ""));
}

// ---- conversions ----

// Signed: what the machine gives for NaN is cleared, and for too large is the opposite of what is wanted.
static value truncate_signed(gen *g, value v) {
  type t = g->t.vector[F32X4], to = g->t.vector[I32X4];
  value ordered = LLVMBuildSExt(g->b, LLVMBuildFCmp(g->b, LLVMRealORD, v, v, ""), to, "");
  value limit = gen_splat(g, F32X4, LLVMConstReal(g->t.f32, 2147483648.0));
  value large = LLVMBuildSExt(g->b, LLVMBuildFCmp(g->b, LLVMRealOGE, v, limit, ""), to, "");
  v = LLVMBuildAnd(g->b, LLVMBuildBitCast(g->b, v, to, ""), ordered, "");
  v = LLVMBuildBitCast(g->b, v, t, "");
  value r = gen_intrinsic(g, "llvm.x86.sse2.cvttps2dq", NULL, 0, &v, 1);
  return LLVMBuildXor(g->b, r, large, "");
}

static value saturate(gen *g, value v, type to, bool is_signed) {
  type overloads[] = {to, LLVMTypeOf(v)};
  return gen_intrinsic(g, is_signed ? "llvm.fptosi.sat" : "llvm.fptoui.sat", overloads, 2, &v, 1);
}

static value from_low_ints(gen *g, value v, bool is_signed) {
  v = gen_half(g, gen_vector(g, v, I32X4), false);
  type to = g->t.vector[F64X2];
  return is_signed ? LLVMBuildSIToFP(g->b, v, to, "") : LLVMBuildUIToFP(g->b, v, to, "");
}

static bool conversion(gen *g, uint32_t op) {
  value v = g->stack[g->sp - 1], r;
  type two_ints = LLVMVectorType(g->t.i32, 2);
  switch (op) {
  case CV_OPC_I32X4_TRUNC_SAT_F32X4_S:
    r = truncate_signed(g, gen_vector(g, v, F32X4));
    break;
  case CV_OPC_I32X4_TRUNC_SAT_F32X4_U:
  case CV_OPC_I32X4_RELAXED_TRUNC_F32X4_U:
    r = saturate(g, gen_vector(g, v, F32X4), g->t.vector[I32X4], false);
    break;
  case CV_OPC_I32X4_TRUNC_SAT_F64X2_S_ZERO:
    r = with_zeros(g, saturate(g, gen_vector(g, v, F64X2), two_ints, true));
    break;
  case CV_OPC_I32X4_TRUNC_SAT_F64X2_U_ZERO:
  case CV_OPC_I32X4_RELAXED_TRUNC_F64X2_U_ZERO:
    r = with_zeros(g, saturate(g, gen_vector(g, v, F64X2), two_ints, false));
    break;
  case CV_OPC_I32X4_RELAXED_TRUNC_F32X4_S:
    r = gen_intrinsic(g, "llvm.x86.sse2.cvttps2dq", NULL, 0, (value[]){gen_vector(g, v, F32X4)}, 1);
    break;
  case CV_OPC_I32X4_RELAXED_TRUNC_F64X2_S_ZERO:
    r = gen_intrinsic(g, "llvm.x86.sse2.cvttpd2dq", NULL, 0, (value[]){gen_vector(g, v, F64X2)}, 1);
    break;
  case CV_OPC_F32X4_CONVERT_I32X4_S:
    r = LLVMBuildSIToFP(g->b, gen_vector(g, v, I32X4), g->t.vector[F32X4], "");
    break;
  case CV_OPC_F32X4_CONVERT_I32X4_U:
    r = LLVMBuildUIToFP(g->b, gen_vector(g, v, I32X4), g->t.vector[F32X4], "");
    break;
  case CV_OPC_F64X2_CONVERT_LOW_I32X4_S:
    r = from_low_ints(g, v, true);
    break;
  case CV_OPC_F64X2_CONVERT_LOW_I32X4_U:
    r = from_low_ints(g, v, false);
    break;
  case CV_OPC_F32X4_DEMOTE_F64X2_ZERO:
    r = gen_intrinsic(g, "llvm.x86.sse2.cvtpd2ps", NULL, 0, (value[]){gen_vector(g, v, F64X2)}, 1);
    break;
  case CV_OPC_F64X2_PROMOTE_LOW_F32X4:
    r = LLVMBuildFPExt(g->b, gen_half(g, gen_vector(g, v, F32X4), false), g->t.vector[F64X2], "");
    break;
  default:
    return false;
  }
  g->stack[g->sp - 1] = gen_canonical(g, op, r);
  return true;
}

void gen_simd(gen *g, uint32_t op) {
  switch (op) {
  case CV_OPC_V128_LOAD ... CV_OPC_V128_STORE:
  case CV_OPC_V128_LOAD8_LANE ... CV_OPC_V128_LOAD64_ZERO:
    memory(g, op);
    break;
  case CV_OPC_V128_CONST:
    constant(g);
    break;
  case CV_OPC_I8X16_SHUFFLE:
    shuffle(g);
    break;
  case CV_OPC_I8X16_SWIZZLE:
  case CV_OPC_I8X16_RELAXED_SWIZZLE:
    swizzle(g, op == CV_OPC_I8X16_RELAXED_SWIZZLE);
    break;
  case CV_OPC_I8X16_SPLAT ... CV_OPC_F64X2_SPLAT:
    splat(g, (shape)(op - CV_OPC_I8X16_SPLAT));
    break;
  case CV_OPC_I8X16_EXTRACT_LANE_S ... CV_OPC_F64X2_REPLACE_LANE:
    lane(g, op);
    break;
  case CV_OPC_V128_NOT ... CV_OPC_V128_ANY_TRUE:
  case CV_OPC_I8X16_RELAXED_LANESELECT ... CV_OPC_I64X2_RELAXED_LANESELECT:
    bits(g, op);
    break;
  default:
    if (!conversion(g, op) && !gen_simd_float(g, op) && !gen_simd_int(g, op))
      gen_fail(g, "unsupported: a vector instruction in this tier");
    break;
  }
}
