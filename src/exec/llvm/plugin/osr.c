// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// osr.c: entering a function at one of its loops, with the state of a frame of another tier.
//
// The function is generated as always, but its entry goes to a block of its own, which takes locals and operands from
// context->args and jumps to the loop. What lies before the loop is then reached only by way of loops around it, or not
// at all, and LLVM removes it. Locals are in memory as far as the IR goes; operands that are below a loop are values,
// made before it, perhaps where nothing goes any more. So at the loop and at each block before it, which may be around
// it, they are saved where the block begins, and loaded again where ways meet that may come from the entry: in a loop's
// first block, in else and catch arms, behind a block's end. The entry saves them, too. One place for each position of
// the stack is enough, since what is below a block stays the same as long as it runs.
#include "exec/llvm/plugin/gen.h"

// A block may be one of those around the loop to enter only if it begins before. An inlined callee has no loops.
static bool concerned(const gen *g) {
  return g->loop_at != CV_NO_LOOP && g->op_at <= g->loop_at && !g->inlined;
}

static value place_for(gen *g, uint32_t position, type t) {
  value *at = &g->saved[position];
  if (*at == NULL || LLVMGetAllocatedType(*at) != t) {
    block here = LLVMGetInsertBlock(g->b);
    gen_at(g, g->entry);
    *at = LLVMBuildAlloca(g->b, t, "");
    gen_at(g, here);
  }
  return *at;
}

static value slot(gen *g, type t, uint32_t index) {
  return gen_field(g, t, g->context, offsetof(cv_context, args) + (uint64_t)index * sizeof(cv_value));
}

// Makes the entry, which goes on at the insertion point, the beginning of a block with the loop's phis if it has any.
static void enter(gen *g, ctl *c) {
  const cv_func_facts *facts = g->facts;
  if ((uint64_t)facts->local_count + g->sp > CV_ARG_SLOTS) {
    gen_fail(g, "too many values to enter a loop with");
    return;
  }
  block here = LLVMGetInsertBlock(g->b);
  g->osr = gen_block(g, "osr");
  gen_at(g, g->osr);
  gen_place(g);
  if (gen_asks_for_stack(g))
    gen_check_stack(g);
  block last = LLVMGetInsertBlock(g->b);
  for (uint32_t i = 0; i < facts->local_count; i++)
    LLVMBuildStore(g->b, slot(g, gen_type(g, facts->locals[i]), i), g->locals[i]);
  for (uint32_t i = 0; i < c->height; i++)
    LLVMBuildStore(g->b, slot(g, LLVMGetAllocatedType(g->saved[i]), facts->local_count + i), g->saved[i]);
  for (uint32_t i = 0; i < c->params; i++) {
    value v = slot(g, LLVMTypeOf(c->phis[i]), facts->local_count + c->height + i);
    LLVMAddIncoming(c->phis[i], &v, &last, 1);
  }
  LLVMBuildBr(g->b, here);
  gen_at(g, here);
}

void gen_osr_join(gen *g, const ctl *c) {
  for (uint32_t i = 0; c->saved && i < c->height; i++)
    g->stack[i] = LLVMBuildLoad2(g->b, LLVMGetAllocatedType(g->saved[i]), g->saved[i], "");
}

// A loop without parameters is entered before the guard of its clone, which holds at the start of any turn.
static bool entered_before(const gen *g, const ctl *c) {
  return g->op_at == g->loop_at && c->params == 0;
}

void gen_osr_begin_block(gen *g, ctl *c) {
  if (CV_LIKELY(!concerned(g)))
    return;
  if (g->saved == NULL) {
    size_t size = ((size_t)g->facts->max_height + 1) * sizeof *g->saved;
    g->saved = gen_alloc(g, size);
    if (g->saved == NULL)
      return;
    memset(g->saved, 0, size);
  }
  for (uint32_t i = 0; i < c->height; i++)
    LLVMBuildStore(g->b, g->stack[i], place_for(g, i, LLVMTypeOf(g->stack[i])));
  c->saved = true;
}

void gen_osr_before_loop(gen *g, ctl *c) {
  if (!c->saved || !entered_before(g, c))
    return;
  block join = gen_block(g, "");
  LLVMBuildBr(g->b, join);
  gen_at(g, join);
  gen_osr_join(g, c);
  enter(g, c);
}

void gen_osr_in_loop(gen *g, ctl *c) {
  if (!c->saved || g->failed || entered_before(g, c))
    return;
  gen_osr_join(g, c);
  if (g->op_at == g->loop_at)
    enter(g, c);
}
