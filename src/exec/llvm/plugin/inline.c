// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// inline.c: small leaf functions of the module are generated in place of their calls.
//
// The callee becomes a block of the caller: its locals are locals of the caller's frame, its results the block's. A
// place in it is explained by two frames (plugin.h: CV_LLVM_INLINED), so backtraces show what they show otherwise.
#include "exec/llvm/plugin/gen.h"
#include "wasm/binary/skip.h"

enum {
  MOST_BYTES = 64,      // of the callee's code; an offset in it fits in CV_LLVM_INNER_BITS
  MOST_LOCALS = 16,     // parameters included
  MOST_HEIGHT = 16,     // of its operand stack
  MOST_DEPTH = 8,       // of its blocks
  MOST_TOGETHER = 8000, // bytes of callees in one function
};
static_assert(MOST_BYTES <= 1 << CV_LLVM_INNER_BITS, "an offset must fit");
static_assert((int)MOST_HEIGHT <= GEN_INLINE_HEIGHT && (int)MOST_DEPTH < GEN_INLINE_DEPTH, "there must be room");

// What a leaf may not have: calls, loops, what ends without going on.
static bool is_excluded(uint32_t op) {
  return op == CV_OPC_UNREACHABLE || op == CV_OPC_LOOP || (op >= CV_OPC_TRY && op <= CV_OPC_THROW_REF) ||
         (op >= CV_OPC_CALL && op <= CV_OPC_RETURN_CALL_REF) || op == CV_OPC_DELEGATE || op == CV_OPC_CATCH_ALL ||
         op == CV_OPC_TRY_TABLE;
}

static bool is_leaf(const cv_module *m, uint32_t func) {
  cv_span code = m->funcs[func].code;
  const cv_func_facts *facts = &m->facts[func - m->imported_funcs];
  // Without depth the facts are not made yet: the body is known to be valid from a former run (cv_func_facts_late).
  if (__atomic_load_n(&facts->max_depth, __ATOMIC_ACQUIRE) == 0)
    return false;
  if (code.size > MOST_BYTES || facts->local_count > MOST_LOCALS || facts->max_height > MOST_HEIGHT ||
      facts->max_depth > MOST_DEPTH || (facts->flags & (CV_FACT_CALLS | CV_FACT_LOOPS | CV_FACT_HANDLERS)))
    return false;
  const uint8_t *start = cv_span_start(m, code);
  for (const uint8_t *at = start; at != start + code.size;) {
    uint32_t op = *at++;
    if (cv_op_is_prefix((uint8_t)op))
      op = op << 12 | cv_leb_u32(&at);
    if (is_excluded(op))
      return false;
    cv_skip_immediates(&at, cv_op_infos[cv_op_index(op)].imm);
  }
  return true;
}

// Its locals, with the arguments from the stack.
static bool make_locals(gen *g, const cv_functype *f) {
  const cv_func_facts *facts = g->facts;
  g->locals = gen_alloc(g, (facts->local_count + 1) * sizeof *g->locals);
  if (g->locals == NULL)
    return false;
  block here = LLVMGetInsertBlock(g->b);
  gen_at(g, g->entry);
  for (uint32_t i = 0; i < facts->local_count; i++)
    g->locals[i] = LLVMBuildAlloca(g->b, gen_type(g, facts->locals[i]), "");
  gen_at(g, here);
  g->sp -= f->param_count;
  for (uint32_t i = 0; i < facts->local_count; i++) {
    type t = gen_type(g, facts->locals[i]);
    value v = i < f->param_count ? gen_same(g, g->stack[g->sp + i], t) : gen_zero(g, facts->locals[i]);
    LLVMBuildStore(g->b, v, g->locals[i]);
  }
  return true;
}

static void generate(gen *g, const cv_functype *f) {
  if (!make_locals(g, f))
    return;
  uint32_t outer = g->function_ctl;
  g->function_ctl = g->ctl_count;
  if (gen_begin_block(g, f->result_count, cv_functype_results(f)))
    while (g->ctl_count > g->function_ctl && !g->failed)
      gen_instruction(g);
  g->function_ctl = outer;
}

bool gen_inline(gen *g, uint32_t func) {
  const cv_module *m = g->module;
  if (g->inlined || g->loop_clone != NULL || func < m->imported_funcs || func > UINT16_MAX ||
      g->op_at >> CV_LLVM_PLACE_BITS != 0 || !is_leaf(m, func))
    return false;
  cv_span code = m->funcs[func].code;
  if (g->inlined_bytes + code.size > MOST_TOGETHER)
    return false;
  gen outer = *g;
  g->inlined = true;
  g->inlined_func = func;
  g->inlined_at = g->op_at;
  g->inlined_bytes += code.size;
  g->facts = &m->facts[func - m->imported_funcs];
  g->code = g->at = cv_span_start(m, code);
  generate(g, cv_module_func_type(m, func));
  g->inlined = false;
  g->facts = outer.facts;
  g->code = outer.code;
  g->at = outer.at;
  g->op_at = outer.op_at;
  g->locals = outer.locals;
  g->placed = false;
  return true;
}
