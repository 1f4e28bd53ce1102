// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// call.c: signatures in the native convention (exec/code/abi.h, exec/llvm/plugin.h), calls, helpers.
//
// A function with tail calls has the universal signature, with every register of the convention as a parameter, and so
// have its callees in the eyes of LLVM: a tail call is certain only between functions of the same type.
#include <stdio.h>

#include "exec/llvm/plugin/gen.h"

// Numbers of LLVM's integer parameters.
enum { AT_INSTANCE = 2, AT_MEMORY = 3, AT_FIRST_HELPER = 4, AT_CALLER = 10, AT_CALLEE = 11, LEAST_INTS = 4 };

static unsigned int_at(int reg) {
  switch (reg) {
  case CV_RDI:
    return 4;
  case CV_RSI:
    return 5;
  case CV_R8:
    return 8;
  case CV_R9:
    return 9;
  case CV_R12:
    return 0;
  default:
    return 1; // r13
  }
}

// Where parameters go: `ints` integer parameters, then those in vector registers.
typedef struct plan {
  unsigned ints, floats;
} plan;

static plan plan_of(const cv_functype *f, bool universal, bool through_object) {
  if (universal)
    return (plan){NATIVE_INTS, CV_FLOAT_PARAM_REGS};
  plan p = {through_object ? NATIVE_INTS : LEAST_INTS, 0};
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < f->param_count; i++) {
    int reg = cv_param_reg(&walk, f->types[i]);
    if (reg >= CV_XMM0)
      p.floats++;
    else if (reg >= 0)
      p.ints = CV_MAX(p.ints, int_at(reg) + 1);
  }
  return p;
}

static bool is_pointer(unsigned at) {
  return at == AT_INSTANCE || at == AT_MEMORY || at == AT_CALLER || at == AT_CALLEE;
}

static type result_type(const gen *g, const cv_functype *f) {
  if (f->result_count == 0)
    return g->t.none;
  cv_valtype t = cv_functype_results(f)[0];
  return cv_type_in_xmm(t) ? gen_type(g, t) : g->t.i64;
}

type gen_function_type(gen *g, const cv_functype *f, bool universal, bool through_object) {
  plan p = plan_of(f, universal, through_object);
  type params[NATIVE_INTS + CV_FLOAT_PARAM_REGS];
  for (unsigned i = 0; i < p.ints; i++)
    params[i] = is_pointer(i) ? g->t.ptr : g->t.i64;
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < f->param_count && !universal; i++) {
    int reg = cv_param_reg(&walk, f->types[i]);
    if (reg >= CV_XMM0)
      params[p.ints + (unsigned)(reg - CV_XMM0)] = gen_type(g, f->types[i]);
  }
  for (unsigned i = 0; i < p.floats && universal; i++)
    params[p.ints + i] = g->t.vector[I64X2];
  return LLVMFunctionType(result_type(g, f), params, p.ints + p.floats, false);
}

// ---- values and registers ----

static value to_int_register(gen *g, value v) {
  return LLVMTypeOf(v) == g->t.i32 ? LLVMBuildZExt(g->b, v, g->t.i64, "") : v;
}

static value from_int_register(gen *g, value v, cv_valtype t) {
  return t == CV_I32 ? LLVMBuildTrunc(g->b, v, g->t.i32, "") : v;
}

// As a whole vector register, for the universal signature.
static value to_vector_register(gen *g, value v, cv_valtype t) {
  if (t == CV_V128)
    return gen_vector(g, v, I64X2);
  type lanes = g->t.vector[t == CV_F32 ? F32X4 : F64X2];
  v = LLVMBuildInsertElement(g->b, LLVMGetPoison(lanes), v, gen_const32(g, 0), "");
  return gen_vector(g, v, I64X2);
}

static value from_vector_register(gen *g, value v, cv_valtype t) {
  if (t == CV_V128)
    return v;
  v = gen_vector(g, v, t == CV_F32 ? F32X4 : F64X2);
  return LLVMBuildExtractElement(g->b, v, gen_const32(g, 0), "");
}

static uint64_t slot(uint32_t index) {
  return offsetof(cv_context, args) + (uint64_t)index * sizeof(cv_value);
}

void gen_native_parameters(gen *g, value function, value *out) {
  const cv_functype *f = g->signature;
  plan p = plan_of(f, false, false);
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < f->param_count; i++) {
    int reg = cv_param_reg(&walk, f->types[i]);
    out[i] = LLVMGetParam(function, reg >= CV_XMM0 ? p.ints + (unsigned)(reg - CV_XMM0) : int_at(reg));
  }
}

static void take_own_parameters(gen *g) {
  const cv_functype *f = g->signature;
  for (uint32_t i = 0; i < f->param_count; i++)
    LLVMBuildStore(g->b, from_int_register(g, LLVMGetParam(g->function, 1 + i), f->types[i]), g->locals[i]);
}

void gen_take_parameters(gen *g) {
  if (g->recursive) {
    take_own_parameters(g);
    return;
  }
  const cv_functype *f = g->signature;
  plan p = plan_of(f, g->universal, false);
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < f->param_count; i++) {
    cv_valtype t = f->types[i];
    int reg = cv_param_reg(&walk, t);
    value v;
    if (reg < 0) {
      v = gen_field(g, gen_type(g, t), g->context, slot(i));
    } else if (reg >= CV_XMM0) {
      v = LLVMGetParam(g->function, p.ints + (unsigned)(reg - CV_XMM0));
      if (g->universal)
        v = from_vector_register(g, v, t);
    } else {
      unsigned at = int_at(reg);
      v = LLVMGetParam(g->function, at);
      if (t == CV_I32)
        LLVMAddAttributeAtIndex(g->function, at + 1, g->a.i32_result);
      v = from_int_register(g, v, t);
    }
    LLVMBuildStore(g->b, v, g->locals[i]);
  }
}

void gen_return(gen *g) {
  const cv_functype *f = g->signature;
  if (f->result_count == 0) {
    LLVMBuildRetVoid(g->b);
    return;
  }
  const cv_valtype *types = cv_functype_results(f);
  value *results = &g->stack[g->sp - f->result_count];
  for (uint32_t i = 1; i < f->result_count; i++) {
    value v = types[i] == CV_V128 ? gen_vector(g, results[i], I64X2) : results[i];
    gen_set_field(g, v, g->context, slot(i));
  }
  LLVMBuildRet(g->b, cv_type_in_xmm(types[0]) ? gen_same(g, results[0], gen_type(g, types[0]))
                                              : to_int_register(g, results[0]));
}

// ---- calls ----

static value external(gen *g, const char *name, type t) {
  value f = LLVMGetNamedFunction(g->m, name);
  if (f != NULL)
    return f;
  f = LLVMAddFunction(g->m, name, t);
  LLVMSetFunctionCallConv(f, CALL_CONVENTION);
  LLVMSetVisibility(f, LLVMHiddenVisibility); // called directly, not by way of a table
  return f;
}

static value emit_call(gen *g, type t, value callee, value *args, unsigned count, bool may_throw) {
  block pad = may_throw ? gen_pad(g) : NULL;
  value call;
  if (pad == NULL) {
    call = LLVMBuildCall2(g->b, t, callee, args, count, "");
  } else {
    block next = gen_block(g, "");
    call = LLVMBuildInvoke2(g->b, t, callee, args, count, next, pad, "");
    gen_at(g, next);
  }
  LLVMSetInstructionCallConv(call, CALL_CONVENTION);
  LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, g->a.nomerge);
  return call;
}

// `args` are pointers and i64s, in the order of C.
value gen_helper(gen *g, cv_native_helper helper, value *args, unsigned count) {
  gen_place(g);
  type params[AT_FIRST_HELPER + 6];
  value values[AT_FIRST_HELPER + 6];
  for (unsigned i = 0; i < AT_FIRST_HELPER; i++) {
    params[i] = is_pointer(i) ? g->t.ptr : g->t.i64;
    values[i] = i == AT_INSTANCE ? g->instance : LLVMGetPoison(params[i]);
  }
  for (unsigned i = 0; i < count; i++) {
    params[AT_FIRST_HELPER + i] = g->t.i64;
    values[AT_FIRST_HELPER + i] = LLVMGetTypeKind(LLVMTypeOf(args[i])) == LLVMPointerTypeKind
                                      ? LLVMBuildPtrToInt(g->b, args[i], g->t.i64, "")
                                      : args[i];
  }
  type t = LLVMFunctionType(g->t.i64, params, AT_FIRST_HELPER + count, false);
  char name[16];
  snprintf(name, sizeof name, "h%u", (unsigned)helper);
  bool throws = helper == CV_NATIVE_THROW;
  return emit_call(g, t, external(g, name, t), values, AT_FIRST_HELPER + count, throws);
}

// The canonical id of a type, as a symbol that is no address: code that is kept meets another one in another process.
static value type_id(gen *g, uint32_t type_index) {
  char name[16];
  snprintf(name, sizeof name, "t%u", (unsigned)type_index);
  value symbol = LLVMGetNamedGlobal(g->m, name);
  if (symbol == NULL) {
    symbol = LLVMAddGlobal(g->m, g->t.i8, name);
    LLVMMetadataRef range[] = {LLVMValueAsMetadata(LLVMConstInt(g->t.i64, 0, false)),
                               LLVMValueAsMetadata(LLVMConstInt(g->t.i64, 1ull << 32, false))};
    LLVMGlobalSetMetadata(symbol, LLVMGetMDKindIDInContext(g->c, "absolute_symbol", 15),
                          LLVMMDNodeInContext2(g->c, range, CV_COUNT(range)));
  }
  return LLVMConstPtrToInt(symbol, g->t.i32);
}

// The cv_func of a table's element, checked, as an i64.
static value load_element(gen *g, uint32_t table, uint32_t type_index, value index) {
  if (LLVMTypeOf(index) == g->t.i32)
    index = LLVMBuildZExt(g->b, index, g->t.i64, "");
  value out = LLVMBuildICmp(g->b, LLVMIntUGE, index, gen_table_size(g, table), "");
  gen_trap_if(g, out, CV_TRAP_UNDEFINED_ELEMENT);
  value func = gen_field(g, g->t.ptr, LLVMBuildGEP2(g->b, g->t.i64, gen_table_elements(g, table), &index, 1, ""), 0);
  gen_trap_if(g, LLVMBuildIsNull(g->b, func, ""), CV_TRAP_UNINITIALIZED_ELEMENT);
  const cv_type *expected = &g->module->types[type_index];
  value actual = gen_field_forever(g, g->t.i32, func, offsetof(cv_func, type));
  value id = type_id(g, type_index);
  value same = LLVMBuildICmp(g->b, LLVMIntEQ, actual, id, "");
  if (expected->is_final) {
    gen_trap_if(g, LLVMBuildNot(g->b, same, ""), CV_TRAP_INDIRECT_TYPE);
    return func;
  }
  // Another type may be a subtype of the expected one.
  block slow = gen_block(g, "subtype"), next = gen_block(g, "");
  LLVMBuildCondBr(g->b, same, next, slow);
  gen_at(g, slow);
  value args[] = {g->instance, LLVMBuildZExt(g->b, actual, g->t.i64, ""), LLVMBuildZExt(g->b, id, g->t.i64, "")};
  value matches = LLVMBuildTrunc(g->b, gen_helper(g, CV_NATIVE_TYPE_MATCHES, args, 3), g->t.i8, "");
  gen_trap_if(g, LLVMBuildIsNull(g->b, matches, ""), CV_TRAP_INDIRECT_TYPE);
  LLVMBuildBr(g->b, next);
  gen_at(g, next);
  return func;
}

static void push_results(gen *g, const cv_functype *f, value result) {
  const cv_valtype *types = cv_functype_results(f);
  for (uint32_t i = 0; i < f->result_count; i++) {
    value v = i > 0                      ? gen_field(g, gen_type(g, types[i]), g->context, slot(i))
              : cv_type_in_xmm(types[0]) ? result
                                         : from_int_register(g, result, types[0]);
    push(g, v);
  }
}

static void call_itself(gen *g) {
  const cv_functype *f = g->signature;
  value args[NATIVE_INTS] = {g->instance};
  g->sp -= f->param_count;
  for (uint32_t i = 0; i < f->param_count; i++) {
    value v = g->stack[g->sp + i];
    args[1 + i] = cv_type_in_xmm(f->types[i]) ? gen_same(g, v, gen_type(g, f->types[i])) : to_int_register(g, v);
  }
  gen_place(g);
  value result = gen_recursive_call(g, args, 1 + f->param_count, LLVMTailCallKindNoTail);
  if (f->result_count > 0 && cv_functype_results(f)[0] == CV_I32)
    LLVMAddCallSiteAttribute(result, LLVMAttributeReturnIndex, g->a.i32_result);
  push_results(g, f, result);
}

// Pops the arguments and calls. `object` is the cv_func, NULL for function `func` of this module.
static void call(gen *g, const cv_functype *f, value object, uint32_t func, bool tail) {
  bool universal = g->universal;
  plan p = plan_of(f, universal, object != NULL);
  type t = gen_function_type(g, f, universal, object != NULL);
  type params[NATIVE_INTS + CV_FLOAT_PARAM_REGS];
  value args[NATIVE_INTS + CV_FLOAT_PARAM_REGS];
  LLVMGetParamTypes(t, params);
  for (unsigned i = 0; i < p.ints + p.floats; i++)
    args[i] = LLVMGetPoison(params[i]);
  cv_param_walk walk = {0, 0};
  g->sp -= f->param_count;
  for (uint32_t i = 0; i < f->param_count; i++) {
    int reg = cv_param_reg(&walk, f->types[i]);
    value v = gen_same(g, g->stack[g->sp + i], gen_type(g, f->types[i]));
    if (reg < 0)
      gen_set_field(g, v, g->context, slot(i));
    else if (reg >= CV_XMM0)
      args[p.ints + (unsigned)(reg - CV_XMM0)] = universal ? to_vector_register(g, v, f->types[i]) : v;
    else
      args[int_at(reg)] = to_int_register(g, v);
  }
  value callee;
  if (object == NULL) {
    char name[16];
    snprintf(name, sizeof name, "f%u", func);
    callee = external(g, name, t);
    args[AT_INSTANCE] = g->instance;
    args[AT_MEMORY] = g->memory;
  } else {
    args[AT_CALLER] = g->instance;
    args[AT_CALLEE] = object;
    callee = tail ? external(g, "jump", t) : gen_field(g, g->t.ptr, object, offsetof(cv_func, code));
  }
  gen_place(g);
  if (tail) {
    value result = LLVMBuildCall2(g->b, t, callee, args, p.ints + p.floats, "");
    LLVMSetInstructionCallConv(result, CALL_CONVENTION);
    LLVMSetTailCallKind(result, LLVMTailCallKindMustTail);
    if (f->result_count > 0)
      LLVMBuildRet(g->b, result);
    else
      LLVMBuildRetVoid(g->b);
    gen_skip_dead(g);
    return;
  }
  value result = emit_call(g, t, callee, args, p.ints + p.floats, true);
  if (f->result_count > 0 && cv_functype_results(f)[0] == CV_I32)
    LLVMAddCallSiteAttribute(result, LLVMAttributeReturnIndex, g->a.i32_result);
  push_results(g, f, result);
}

void gen_call(gen *g, uint32_t op) {
  gen_place(g);
  gen_fuel(g, op);
  bool tail = op == CV_OPC_RETURN_CALL || op == CV_OPC_RETURN_CALL_INDIRECT || op == CV_OPC_RETURN_CALL_REF;
  if (op == CV_OPC_CALL || op == CV_OPC_RETURN_CALL) {
    uint32_t func = read_u32(g);
    value object = NULL;
    if (g->recursive) {
      call_itself(g);
      return;
    }
    if (!tail && gen_inline(g, func))
      return;
    if (func < g->module->imported_funcs)
      object = gen_field_forever(g, g->t.ptr, g->instance, g->layout->imported_funcs + 8 * (size_t)func);
    call(g, cv_module_func_type(g->module, func), object, func, tail);
    return;
  }
  uint32_t type_index = read_u32(g);
  value object;
  if (op == CV_OPC_CALL_INDIRECT || op == CV_OPC_RETURN_CALL_INDIRECT) {
    uint32_t table = read_u32(g);
    object = load_element(g, table, type_index, pop(g));
  } else {
    object = LLVMBuildIntToPtr(g->b, pop(g), g->t.ptr, "");
    gen_trap_if(g, LLVMBuildIsNull(g->b, object, ""), CV_TRAP_NULL_FUNCTION);
  }
  call(g, &g->module->types[type_index].as.func, object, 0, tail);
}
