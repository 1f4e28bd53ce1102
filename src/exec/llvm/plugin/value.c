// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// value.c: the small pieces of IR that all instructions are made of.
#include <stdio.h>

#include "exec/llvm/plugin/gen.h"
#include "runtime/fuel.h"
#include "runtime/nan.h"

void gen_fail(gen *g, const char *why) {
  if (!g->failed)
    snprintf(g->compiler->why, sizeof g->compiler->why, "%s", why);
  g->failed = true;
}

type gen_type(const gen *g, cv_valtype t) {
  switch (cv_type_kind(t)) {
  case CV_KIND_I32:
    return g->t.i32;
  case CV_KIND_F32:
    return g->t.f32;
  case CV_KIND_F64:
    return g->t.f64;
  case CV_KIND_V128:
    return g->t.vector[I64X2];
  default:
    return g->t.i64;
  }
}

// ---- constants ----

value gen_const32(const gen *g, uint32_t v) {
  return LLVMConstInt(g->t.i32, v, false);
}

value gen_const64(const gen *g, uint64_t v) {
  return LLVMConstInt(g->t.i64, v, false);
}

// By its bits: a NaN keeps its payload.
value gen_float_const(gen *g, uint64_t bits, bool is_64) {
  if (is_64)
    return LLVMConstBitCast(gen_const64(g, bits), g->t.f64);
  return LLVMConstBitCast(gen_const32(g, (uint32_t)bits), g->t.f32);
}

// An empty piece of assembly in the entry block hands the constant on.
value gen_hidden(gen *g, uint64_t bits, bool is_64) {
  for (uint32_t i = 0; i < g->hidden_count; i++)
    if (g->hidden[i].bits == bits && g->hidden[i].is_64 == is_64)
      return g->hidden[i].hidden;
  type t = is_64 ? g->t.f64 : g->t.f32;
  type ft = LLVMFunctionType(t, &t, 1, false);
  value through = LLVMGetInlineAsm(ft, "", 0, "=x,0", 4, false, false, LLVMInlineAsmDialectATT, false);
  block here = LLVMGetInsertBlock(g->b);
  LLVMPositionBuilderAtEnd(g->b, g->entry);
  value constant = gen_float_const(g, bits, is_64);
  value v = LLVMBuildCall2(g->b, ft, through, &constant, 1, "");
  LLVMAddCallSiteAttribute(v, LLVMAttributeFunctionIndex,
                           LLVMCreateEnumAttribute(g->c, LLVMGetEnumAttributeKindForName("memory", 6), 0));
  LLVMPositionBuilderAtEnd(g->b, here);
  if (g->hidden_count < HIDDEN) {
    g->hidden[g->hidden_count].bits = bits;
    g->hidden[g->hidden_count].is_64 = is_64;
    g->hidden[g->hidden_count++].hidden = v;
  }
  return v;
}

value gen_zero(gen *g, cv_valtype t) {
  switch (cv_type_kind(t)) {
  case CV_KIND_F32:
    return gen_hidden(g, 0, false);
  case CV_KIND_F64:
    return gen_hidden(g, 0, true);
  default:
    return LLVMConstNull(gen_type(g, t));
  }
}

// ---- casts and fields ----

value gen_same(gen *g, value v, type t) {
  return LLVMTypeOf(v) == t ? v : LLVMBuildBitCast(g->b, v, t, "");
}

value gen_vector(gen *g, value v, shape s) {
  return gen_same(g, v, g->t.vector[s]);
}

value gen_pointer(gen *g, value base, uint64_t offset) {
  if (offset == 0)
    return base;
  value at = gen_const64(g, offset);
  return LLVMBuildGEP2(g->b, g->t.i8, base, &at, 1, "");
}

value gen_field(gen *g, type t, value base, uint64_t offset) {
  return LLVMBuildLoad2(g->b, t, gen_pointer(g, base, offset), "");
}

value gen_field_forever(gen *g, type t, value base, uint64_t offset) {
  value v = gen_field(g, t, base, offset);
  unsigned kind = LLVMGetMDKindIDInContext(g->c, "invariant.load", 14);
  LLVMSetMetadata(v, kind, LLVMMetadataAsValue(g->c, LLVMMDNodeInContext2(g->c, NULL, 0)));
  return v;
}

void gen_set_field(gen *g, value v, value base, uint64_t offset) {
  value store = LLVMBuildStore(g->b, v, gen_pointer(g, base, offset));
  LLVMSetVolatile(store, true);
}

// ---- intrinsics ----

value gen_intrinsic(gen *g, const char *name, type *overloads, size_t overload_count, value *args, unsigned count) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  value f = LLVMGetIntrinsicDeclaration(g->m, id, overloads, overload_count);
  type t = LLVMIntrinsicGetType(g->c, id, overloads, overload_count);
  return LLVMBuildCall2(g->b, t, f, args, count, "");
}

value gen_intrinsic1(gen *g, const char *name, type overload, value a) {
  return gen_intrinsic(g, name, &overload, 1, &a, 1);
}

value gen_intrinsic2(gen *g, const char *name, type overload, value a, value b) {
  return gen_intrinsic(g, name, &overload, 1, (value[]){a, b}, 2);
}

value gen_intrinsic3(gen *g, const char *name, type overload, value a, value b, value c) {
  return gen_intrinsic(g, name, &overload, 1, (value[]){a, b, c}, 3);
}

// ---- blocks, places, traps ----

block gen_block(gen *g, const char *name) {
  return LLVMAppendBasicBlockInContext(g->c, g->function, name);
}

void gen_at(gen *g, block b) {
  LLVMPositionBuilderAtEnd(g->b, b);
}

void gen_place(gen *g) {
  if (g->placed)
    return;
  uint32_t line = g->op_at, column = 0;
  if (g->inlined) {
    line = CV_LLVM_INLINED | g->inlined_at << CV_LLVM_INNER_BITS | g->op_at;
    column = g->inlined_func;
  }
  LLVMSetCurrentDebugLocation2(g->b, LLVMDIBuilderCreateDebugLocation(g->c, line + 1, column, g->scope, NULL));
  g->placed = true;
}

void gen_trap(gen *g, cv_trap_kind kind) {
  gen_place(g);
  value k = LLVMConstInt(g->t.i8, (unsigned)kind, false);
  value call = gen_intrinsic(g, "llvm.ubsantrap", NULL, 0, &k, 1);
  LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, g->a.nomerge);
  LLVMBuildUnreachable(g->b);
}

void gen_trap_if(gen *g, value condition, cv_trap_kind kind) {
  gen_place(g);
  block trap = gen_block(g, "trap"), next = gen_block(g, "");
  LLVMBuildCondBr(g->b, condition, trap, next);
  gen_at(g, trap);
  gen_trap(g, kind);
  gen_at(g, next);
}

// `kind` is what a helper returned, in the lower half.
void gen_trap_if_returned(gen *g, value kind) {
  kind = LLVMBuildTrunc(g->b, kind, g->t.i32, "");
  block trap = gen_block(g, "trap"), next = gen_block(g, "");
  LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntNE, kind, gen_const32(g, 0), ""), trap, next);
  gen_at(g, trap);
  gen_helper(g, CV_NATIVE_RAISE, (value[]){g->context, LLVMBuildZExt(g->b, kind, g->t.i64, "")}, 2);
  LLVMBuildUnreachable(g->b);
  gen_at(g, next);
}

// ---- fuel (runtime/fuel.h) ----

void gen_fuel_take(gen *g, value amount) {
  value fuel = gen_field(g, g->t.i64, g->context, offsetof(cv_context, fuel));
  LLVMSetVolatile(fuel, true);
  value left = LLVMBuildSub(g->b, fuel, amount, "");
  gen_set_field(g, left, g->context, offsetof(cv_context, fuel));
  gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntSLT, left, gen_const64(g, 0), ""), CV_TRAP_OUT_OF_FUEL);
}

void gen_fuel(gen *g, uint32_t op) {
  if (CV_LIKELY(!g->fuel))
    return;
  g->fuel_pending += cv_fuel_cost(op);
  if (g->fuel_pending == 0)
    return;
  gen_fuel_take(g, gen_const64(g, g->fuel_pending));
  g->fuel_pending = 0;
}

// ---- NaN ----

static value canonical_lanes(gen *g, value v, bool is_64, unsigned lanes) {
  value nan = gen_float_const(g, is_64 ? CV_CANONICAL_NAN_F64 : CV_CANONICAL_NAN_F32, is_64);
  if (lanes > 1)
    nan = LLVMConstVector((value[]){nan, nan, nan, nan}, lanes);
  return LLVMBuildSelect(g->b, LLVMBuildFCmp(g->b, LLVMRealUNO, v, v, ""), nan, v, "");
}

// The result of instruction `op` with its NaNs made canonical, where the options want it.
value gen_canonical(gen *g, uint32_t op, value v) {
  if (CV_LIKELY(!g->canonical_nan))
    return v;
  switch (cv_nan_made_by(op)) {
  case CV_NAN_F32:
    return canonical_lanes(g, v, false, 1);
  case CV_NAN_F64:
    return canonical_lanes(g, v, true, 1);
  case CV_NAN_F32X4:
    return canonical_lanes(g, gen_vector(g, v, F32X4), false, 4);
  case CV_NAN_F64X2:
    return canonical_lanes(g, gen_vector(g, v, F64X2), true, 2);
  case CV_NAN_NONE:
    break;
  }
  return v;
}
