// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// function.c: one function: prologue, the loop over instructions, what ends it.
#include "exec/llvm/plugin/gen.h"
#include "runtime/fuel.h"
#include "wasm/binary/skip.h"

enum { LEAF_FRAME = 512 }; // bytes that a function may use without asking, below the room that the stack limit leaves

bool gen_asks_for_stack(const gen *g) {
  return (g->facts->flags & CV_FACT_CALLS) ||
         ((uint64_t)g->facts->local_count + g->facts->max_height) * sizeof(cv_value) > LEAF_FRAME;
}

void gen_check_stack(gen *g) {
  value limit = gen_field_forever(g, g->t.ptr, g->context, offsetof(cv_context, stack_limit));
  value sp = gen_intrinsic(g, "llvm.stacksave", &g->t.ptr, 1, NULL, 0);
  gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntULT, sp, limit, ""), CV_TRAP_STACK_OVERFLOW);
}

static void make_locals(gen *g) {
  const cv_func_facts *facts = g->facts;
  for (uint32_t i = 0; i < facts->local_count; i++)
    g->locals[i] = LLVMBuildAlloca(g->b, gen_type(g, facts->locals[i]), "");
}

static void prologue(gen *g) {
  g->instance = LLVMGetParam(g->function, g->recursive ? 0 : 2);
  g->entry = gen_block(g, "entry");
  g->body = gen_block(g, "body");
  gen_at(g, g->entry);
  make_locals(g);
  g->context = gen_field_forever(g, g->t.ptr, g->instance, offsetof(cv_instance, context));
  g->memory = g->recursive ? gen_field_forever(g, g->t.ptr, g->instance, offsetof(cv_instance, memory0_base))
                           : LLVMGetParam(g->function, 3);
  gen_at(g, g->body);
  if (gen_asks_for_stack(g))
    gen_check_stack(g);
  gen_take_parameters(g);
  for (uint32_t i = g->signature->param_count; i < g->facts->local_count; i++)
    LLVMBuildStore(g->b, gen_zero(g, g->facts->locals[i]), g->locals[i]);
}

// The block that goes on throwing in the caller's frame.
static void finish_rethrow(gen *g) {
  if (g->rethrow == NULL)
    return;
  gen_at(g, g->rethrow);
  value from = LLVMBuildZExt(g->b, g->rethrow_from, g->t.i64, "");
  gen_helper(g, CV_NATIVE_THROW_ON, (value[]){g->context, g->rethrow_exception, from}, 3);
  LLVMBuildUnreachable(g->b);
}

// ---- instructions ----

static bool is_unit(uint64_t bits, bool is_64) {
  uint64_t one = is_64 ? 0x3ff0000000000000u : 0x3f800000u, sign = is_64 ? 1ull << 63 : 1ull << 31;
  return (bits & ~sign) == 0 || (bits & ~sign) == one;
}

// Whether the next instruction stores or compares the constant, which cannot make an operation vanish.
static bool is_harmless_next(const gen *g) {
  unsigned op = *g->at;
  return op == CV_OPC_F32_STORE || op == CV_OPC_F64_STORE || (op >= CV_OPC_F32_EQ && op <= CV_OPC_F64_GE);
}

static void float_const(gen *g, uint64_t bits, bool is_64) {
  bool hide = is_unit(bits, is_64) && !is_harmless_next(g);
  push(g, hide ? gen_hidden(g, bits, is_64) : gen_float_const(g, bits, is_64));
}

static void other(gen *g, unsigned op) {
  switch (op) {
  case CV_OPC_NOP:
    break;
  case CV_OPC_DROP:
    g->sp--;
    break;
  case CV_OPC_SELECT_T: {
    for (uint32_t n = read_u32(g); n > 0; n--)
      cv_skip_val_type(&g->at);
    gen_control(g, CV_OPC_SELECT);
    break;
  }
  case CV_OPC_LOCAL_GET: {
    uint32_t local = read_u32(g);
    push(g, LLVMBuildLoad2(g->b, gen_type(g, g->facts->locals[local]), g->locals[local], ""));
    break;
  }
  case CV_OPC_LOCAL_SET:
  case CV_OPC_LOCAL_TEE: {
    uint32_t local = read_u32(g);
    LLVMBuildStore(g->b, gen_same(g, g->stack[g->sp - 1], gen_type(g, g->facts->locals[local])), g->locals[local]);
    g->set_count++;
    g->sp -= op == CV_OPC_LOCAL_SET;
    break;
  }
  case CV_OPC_I32_CONST:
    push(g, gen_const32(g, (uint32_t)cv_leb_s32(&g->at)));
    break;
  case CV_OPC_I64_CONST:
    push(g, gen_const64(g, (uint64_t)cv_leb_s64(&g->at)));
    break;
  case CV_OPC_F32_CONST:
    g->at += 4;
    float_const(g, cv_load_le32(g->at - 4), false);
    break;
  case CV_OPC_F64_CONST:
    g->at += 8;
    float_const(g, cv_load_le64(g->at - 8), true);
    break;
  default:
    gen_fail(g, "unsupported: an instruction in this tier");
    break;
  }
}

static void prefixed(gen *g, unsigned prefix) {
  uint32_t op = prefix << 12 | read_u32(g);
  if (CV_UNLIKELY(g->fuel) && !cv_fuel_charges(op))
    g->fuel_pending += cv_fuel_cost(op);
  if (prefix == 0xfc)
    gen_object(g, op);
  else if (prefix == 0xfd)
    gen_simd(g, op);
  else if (prefix == 0xfe)
    gen_atomic(g, op);
  else
    gen_fail(g, "unsupported: instructions of garbage collection");
}

void gen_instruction(gen *g) {
  g->op_at = (uint32_t)(g->at - g->code);
  g->placed = false;
  unsigned op = *g->at++;
  if (cv_op_is_prefix((uint8_t)op)) {
    prefixed(g, op);
    return;
  }
  if (CV_UNLIKELY(g->fuel) && !cv_fuel_charges(op))
    g->fuel_pending += cv_fuel_cost(op);
  switch (op) {
  case CV_OPC_I32_LOAD ... CV_OPC_MEMORY_GROW:
    gen_memory(g, op);
    break;
  case CV_OPC_I32_EQZ ... CV_OPC_I64_GE_U:
  case CV_OPC_I32_CLZ ... CV_OPC_I64_ROTR:
  case CV_OPC_I32_WRAP_I64:
  case CV_OPC_I64_EXTEND_I32_S:
  case CV_OPC_I64_EXTEND_I32_U:
  case CV_OPC_I32_EXTEND8_S ... CV_OPC_I64_EXTEND32_S:
    gen_int(g, op);
    break;
  case CV_OPC_F32_EQ ... CV_OPC_F64_GE:
  case CV_OPC_F32_ABS ... CV_OPC_F64_COPYSIGN:
  case CV_OPC_I32_TRUNC_F32_S ... CV_OPC_I32_TRUNC_F64_U:
  case CV_OPC_I64_TRUNC_F32_S ... CV_OPC_F64_REINTERPRET_I64:
    gen_float(g, op);
    break;
  case CV_OPC_CALL ... CV_OPC_RETURN_CALL_REF:
    gen_call(g, op);
    break;
  case CV_OPC_THROW:
  case CV_OPC_THROW_REF:
  case CV_OPC_RETHROW:
    gen_throw(g, op);
    break;
  case CV_OPC_UNREACHABLE:
  case CV_OPC_BLOCK ... CV_OPC_CATCH:
  case CV_OPC_END ... CV_OPC_RETURN:
  case CV_OPC_DELEGATE:
  case CV_OPC_CATCH_ALL:
  case CV_OPC_SELECT:
  case CV_OPC_TRY_TABLE:
  case CV_OPC_BR_ON_NULL:
  case CV_OPC_BR_ON_NON_NULL:
    gen_control(g, op);
    break;
  case CV_OPC_GLOBAL_GET:
  case CV_OPC_GLOBAL_SET:
  case CV_OPC_TABLE_GET:
  case CV_OPC_TABLE_SET:
  case CV_OPC_REF_NULL:
  case CV_OPC_REF_IS_NULL:
  case CV_OPC_REF_FUNC:
  case CV_OPC_REF_AS_NON_NULL:
    gen_object(g, op);
    break;
  default:
    other(g, op);
    break;
  }
}

// The function "f" of the module is there, empty. False: compiler->why says why.
bool gen_function(gen *g) {
  prologue(g);
  ctl *c = &g->ctls[g->ctl_count++];
  *c = (ctl){.op = CV_OPC_BLOCK, .results = g->signature->result_count, .types = cv_functype_results(g->signature)};
  block here = LLVMGetInsertBlock(g->b);
  c->label = gen_block(g, "return");
  gen_at(g, c->label);
  c->phis = gen_alloc(g, (c->results + 1) * sizeof *c->phis);
  for (uint32_t i = 0; i < c->results && !g->failed; i++)
    c->phis[i] = LLVMBuildPhi(g->b, gen_type(g, c->types[i]), "");
  gen_at(g, here);
  while (g->ctl_count > 0 && !g->failed)
    gen_instruction(g);
  finish_rethrow(g);
  if (g->loop_at != CV_NO_LOOP && g->osr == NULL)
    gen_fail(g, "the loop to enter cannot be reached");
  gen_at(g, g->entry);
  LLVMBuildBr(g->b, g->osr != NULL ? g->osr : g->body);
  if (g->recursive)
    gen_recursive_end(g, LLVMGetNamedFunction(g->m, "f"));
  return !g->failed;
}
