// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exception.c: throwing and catching.
//
// A call inside a try is an invoke. Whoever throws (exec/code/throw.c) walks the frames; in a frame whose call has a
// landing pad it goes on there with the exception in rax and, in edx, where in the code the frame was left. The pad
// sets the stack pointer and goes to the dispatch of its try, which looks at the tags. An exception that no clause
// wants goes to the dispatch of the try around, and from the outermost back to the thrower, for the caller's frame
// (rethrow).
#include "exec/llvm/plugin/gen.h"

// The innermost try at or around control depth `depth` (ctls[depth]) whose body the code is in; NULL for none.
static ctl *try_around(gen *g, uint32_t depth) {
  for (uint32_t i = depth + 1; i-- > 0;)
    if (g->ctls[i].op == CV_OPC_TRY || g->ctls[i].op == CV_OPC_TRY_TABLE)
      return &g->ctls[i];
  return NULL;
}

static void two_phis(gen *g, block *at, value *exception, value *from) {
  block here = LLVMGetInsertBlock(g->b);
  *at = gen_block(g, "dispatch");
  gen_at(g, *at);
  *exception = LLVMBuildPhi(g->b, g->t.ptr, "");
  *from = LLVMBuildPhi(g->b, g->t.i32, "");
  gen_at(g, here);
}

// Jumps to the dispatch of this try, NULL: to the caller's.
static void dispatch_to(gen *g, ctl *c, value exception, value from) {
  block here = LLVMGetInsertBlock(g->b);
  block *at = c != NULL ? &c->dispatch : &g->rethrow;
  value *phi = c != NULL ? &c->exception : &g->rethrow_exception;
  value *phi_from = c != NULL ? &c->from : &g->rethrow_from;
  if (*at == NULL)
    two_phis(g, at, phi, phi_from);
  LLVMAddIncoming(*phi, &exception, &here, 1);
  LLVMAddIncoming(*phi_from, &from, &here, 1);
  LLVMBuildBr(g->b, *at);
  if (c != NULL)
    c->edges++;
}

static void personality(gen *g) {
  if (LLVMHasPersonalityFn(g->function))
    return;
  value f = LLVMAddFunction(g->m, "p", LLVMFunctionType(g->t.i32, NULL, 0, true));
  LLVMSetVisibility(f, LLVMHiddenVisibility);
  LLVMSetPersonalityFn(g->function, f);
}

// A pad of its own for each call: LLVM 19 (LiveRangeShrink) puts instructions before the label of a pad that begins
// with phis, as one with several calls may, and they are not executed then.
block gen_pad(gen *g) {
  ctl *c = try_around(g, g->ctl_count - 1);
  if (c == NULL)
    return NULL;
  personality(g);
  block here = LLVMGetInsertBlock(g->b), pad = gen_block(g, "pad");
  gen_at(g, pad);
  type both = LLVMStructTypeInContext(g->c, (type[]){g->t.ptr, g->t.i32}, 2, false);
  value landing = LLVMBuildLandingPad(g->b, both, NULL, 1, "");
  LLVMAddClause(landing, LLVMConstNull(g->t.ptr));
  value exception = LLVMBuildExtractValue(g->b, landing, 0, "");
  value from = LLVMBuildExtractValue(g->b, landing, 1, "");
  dispatch_to(g, c, exception, from);
  gen_at(g, here);
  return pad;
}

// ---- catching ----

static value tag_object(gen *g, uint32_t tag) {
  return gen_field_forever(g, g->t.ptr, g->instance, g->layout->tags + 8 * (size_t)tag);
}

static const cv_functype *tag_type(const gen *g, uint32_t tag) {
  return &g->module->types[g->module->tags[tag].type].as.func;
}

static value has_tag(gen *g, value exception, uint32_t tag) {
  value actual = gen_field(g, g->t.ptr, exception, offsetof(cv_exception, tag));
  return LLVMBuildICmp(g->b, LLVMIntEQ, actual, tag_object(g, tag), "");
}

static void push_payload(gen *g, value exception, uint32_t tag) {
  const cv_functype *f = tag_type(g, tag);
  for (uint32_t i = 0; i < f->param_count; i++)
    push(g, gen_field(g, gen_type(g, f->types[i]), exception,
                      offsetof(cv_exception, payload) + (uint64_t)i * sizeof(cv_value)));
}

// The clauses of a try_table; returns true when the last of them catches everything.
static bool clauses(gen *g, ctl *c) {
  const uint8_t *at = c->clauses;
  for (uint32_t n = cv_leb_u32(&at); n > 0; n--) {
    unsigned kind = *at++;
    bool tagged = kind == CV_CATCH || kind == CV_CATCH_REF;
    uint32_t tag = tagged ? cv_leb_u32(&at) : 0;
    ctl *target = c - 1 - cv_leb_u32(&at);
    block next = NULL;
    if (tagged) {
      block match = gen_block(g, "catch");
      next = gen_block(g, "");
      LLVMBuildCondBr(g->b, has_tag(g, c->exception, tag), match, next);
      gen_at(g, match);
    }
    uint32_t height = g->sp;
    if (tagged)
      push_payload(g, c->exception, tag);
    if (kind == CV_CATCH_REF || kind == CV_CATCH_ALL_REF)
      push(g, LLVMBuildPtrToInt(g->b, c->exception, g->t.i64, ""));
    gen_branch(g, target);
    g->sp = height;
    if (!tagged)
      return true;
    gen_at(g, next);
  }
  return false;
}

// At the end of a try: what its clauses or arms do not want goes further out. The insertion point is kept.
void gen_end_try(gen *g, ctl *c) {
  if (c->dispatch == NULL)
    return;
  block here = LLVMGetInsertBlock(g->b);
  gen_at(g, c->dispatch);
  uint32_t sp = g->sp;
  g->sp = c->height;
  if (c->op != CV_OPC_TRY_TABLE || !clauses(g, c))
    dispatch_to(g, c == g->ctls ? NULL : try_around(g, (uint32_t)(c - g->ctls) - 1), c->exception, c->from);
  g->sp = sp;
  gen_at(g, here);
}

// A catch of the legacy kind. `dispatch` is where the search has come to; NULL after catch_all, and when nothing in the
// body can throw.
void gen_catch(gen *g, uint32_t op) {
  ctl *c = &g->ctls[g->ctl_count - 1];
  uint32_t tag = op == CV_OPC_CATCH ? read_u32(g) : 0;
  if (!c->dead) {
    gen_fuel(g, op);
    gen_branch(g, c);
  }
  c->op = CV_OPC_CATCH;
  c->dead = false;
  g->fuel_pending = 0;
  g->sp = c->height;
  if (c->dispatch == NULL) {
    gen_skip_dead(g);
    return;
  }
  gen_at(g, c->dispatch);
  c->caught = c->exception;
  if (op == CV_OPC_CATCH_ALL) {
    c->dispatch = NULL;
    gen_osr_join(g, c);
    return;
  }
  block match = gen_block(g, "catch"), next = gen_block(g, "");
  LLVMBuildCondBr(g->b, has_tag(g, c->exception, tag), match, next);
  c->dispatch = next;
  gen_at(g, match);
  gen_osr_join(g, c);
  push_payload(g, c->exception, tag);
}

void gen_delegate(gen *g) {
  ctl *c = &g->ctls[g->ctl_count - 1];
  ctl *target = c - 1 - read_u32(g);
  if (c->dispatch != NULL) {
    block here = LLVMGetInsertBlock(g->b);
    gen_at(g, c->dispatch);
    dispatch_to(g, try_around(g, (uint32_t)(target - g->ctls)), c->exception, c->from);
    gen_at(g, here);
  }
  c->op = CV_OPC_BLOCK;
  gen_end(g);
}

// ---- throwing ----

static value new_exception(gen *g, uint32_t tag) {
  const cv_functype *f = tag_type(g, tag);
  g->sp -= f->param_count;
  for (uint32_t i = 0; i < f->param_count; i++)
    gen_set_field(g, gen_same(g, g->stack[g->sp + i], gen_type(g, f->types[i])), g->context,
                  offsetof(cv_context, args) + (uint64_t)i * sizeof(cv_value));
  value args[] = {g->context, tag_object(g, tag), gen_pointer(g, g->context, offsetof(cv_context, args))};
  value e = gen_helper(g, CV_NATIVE_EXCEPTION_NEW, args, 3);
  gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntEQ, e, gen_const64(g, 0), ""), CV_TRAP_OUT_OF_MEMORY);
  return e;
}

void gen_throw(gen *g, uint32_t op) {
  gen_place(g);
  gen_fuel(g, op);
  value e;
  if (op == CV_OPC_THROW) {
    e = new_exception(g, read_u32(g));
  } else if (op == CV_OPC_THROW_REF) {
    e = pop(g);
    gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntEQ, e, gen_const64(g, 0), ""), CV_TRAP_NULL_EXCEPTION);
  } else {
    e = g->ctls[g->ctl_count - 1 - read_u32(g)].caught;
  }
  gen_helper(g, CV_NATIVE_THROW, (value[]){g->context, e}, 2);
  LLVMBuildUnreachable(g->b);
  gen_skip_dead(g);
}
