// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// recursive.c: functions that call themselves and nobody else.
//
// In the native convention nothing survives a call, so the caller saves what it needs around each. A function whose
// only callee is itself gets a body of its own with a convention that keeps registers: LLVM's swiftcc, which is that of
// C with the instance in r13, kept as well. "f" then only brings the parameters there; it jumps, so that there is one
// frame for each call as everywhere. Whoever traps in the body leaves registers that nobody wants any more.
#include "exec/llvm/plugin/gen.h"
#include "wasm/binary/skip.h"

enum { KEEPING_CONVENTION = 16, MOST_PARAMS = 6, LONGEST = 4 << 10 };

// Calls of helpers keep no registers either.
static bool calls_helper(uint32_t op) {
  switch (op) {
  case CV_OPC_MEMORY_GROW:
  case CV_OPC_REF_FUNC:
  case CV_OPC_CALL_INDIRECT ... CV_OPC_RETURN_CALL_REF:
  case CV_OPC_TRY ... CV_OPC_THROW_REF:
  case CV_OPC_TRY_TABLE:
    return true;
  default:
    return op >> 12 == 0xfe || (op >> 12 == 0xfc && op > CV_OPC_I64_TRUNC_SAT_F64_U);
  }
}

static bool calls_itself_only(const gen *g) {
  uint32_t size = g->module->funcs[g->index].code.size;
  const cv_functype *f = g->signature;
  if (!(g->facts->flags & CV_FACT_CALLS) || g->universal || g->loop_at != CV_NO_LOOP || size > LONGEST ||
      f->param_count > MOST_PARAMS || f->result_count > 1)
    return false;
  uint32_t calls = 0;
  for (const uint8_t *at = g->code; at != g->code + size;) {
    uint32_t op = *at++;
    if (cv_op_is_prefix((uint8_t)op))
      op = op << 12 | cv_leb_u32(&at);
    const uint8_t *immediates = at;
    if (calls_helper(op))
      return false;
    if (op == CV_OPC_CALL) {
      if (cv_leb_u32(&immediates) != g->index)
        return false;
      calls++;
    }
    cv_skip_immediates(&at, cv_op_infos[cv_op_index(op)].imm);
  }
  return calls > 0;
}

// The instance, then the parameters in wasm's order; types are those of registers.
static type body_type(gen *g, type result) {
  const cv_functype *f = g->signature;
  type params[1 + MOST_PARAMS] = {g->t.ptr};
  for (uint32_t i = 0; i < f->param_count; i++)
    params[1 + i] = cv_type_in_xmm(f->types[i]) ? gen_type(g, f->types[i]) : g->t.i64;
  return LLVMFunctionType(result, params, 1 + f->param_count, false);
}

static LLVMAttributeRef self_attribute(gen *g) {
  return LLVMCreateEnumAttribute(g->c, LLVMGetEnumAttributeKindForName("swiftself", 9), 0);
}

value gen_recursive_begin(gen *g, value f) {
  if (!calls_itself_only(g))
    return f;
  const cv_functype *signature = g->signature;
  g->recursive_type = body_type(g, LLVMGetReturnType(LLVMGlobalGetValueType(f)));
  value body = LLVMAddFunction(g->m, "body", g->recursive_type);
  LLVMSetLinkage(body, LLVMInternalLinkage);
  LLVMSetFunctionCallConv(body, KEEPING_CONVENTION);
  LLVMAddAttributeAtIndex(body, 1, self_attribute(g));
  for (uint32_t i = 0; i < signature->param_count; i++)
    if (signature->types[i] == CV_I32)
      LLVMAddAttributeAtIndex(body, 2 + i, g->a.i32_result);
  g->recursive = true;
  return body;
}

value gen_recursive_call(gen *g, const value *args, uint32_t count, LLVMTailCallKind tail) {
  value call = LLVMBuildCall2(g->b, g->recursive_type, g->function, (value *)args, count, "");
  LLVMSetInstructionCallConv(call, KEEPING_CONVENTION);
  LLVMAddCallSiteAttribute(call, 1, self_attribute(g));
  LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, g->a.nomerge);
  LLVMSetTailCallKind(call, tail);
  return call;
}

void gen_recursive_end(gen *g, value f) {
  const cv_functype *signature = g->signature;
  value args[1 + MOST_PARAMS] = {LLVMGetParam(f, 2)};
  gen_native_parameters(g, f, &args[1]);
  LLVMSetCurrentDebugLocation2(g->b, LLVMDIBuilderCreateDebugLocation(g->c, 1, 0, g->entry_scope, NULL));
  gen_at(g, LLVMAppendBasicBlockInContext(g->c, f, ""));
  value result = gen_recursive_call(g, args, 1 + signature->param_count, LLVMTailCallKindTail);
  if (signature->result_count > 0)
    LLVMBuildRet(g->b, result);
  else
    LLVMBuildRetVoid(g->b);
}
