// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// control.c: blocks, branches and select (core specification, 4.4.8). Each label is a block with a phi for each of its
// values; what nothing jumps to is taken away again.
#include "exec/llvm/plugin/gen.h"
#include "runtime/fuel.h"
#include "wasm/binary/skip.h"

void *gen_alloc(gen *g, size_t size) {
  void *p = cv_arena_alloc(&g->arena, size);
  if (p == NULL)
    gen_fail(g, "out of memory");
  return p;
}

// ---- block types ----

static const cv_valtype single_types[] = {CV_I32, CV_I64, CV_F32, CV_F64, CV_V128};

static void read_block_type(gen *g, ctl *c) {
  unsigned byte = *g->at;
  c->params = c->results = 0;
  c->types = single_types;
  if (byte == 0x40) {
    g->at++;
    return;
  }
  if (byte < 0x40 || byte >= 0x80) { // a type index: not negative
    const cv_functype *t = &g->module->types[cv_leb_s64(&g->at)].as.func;
    c->params = t->param_count;
    c->results = t->result_count;
    c->types = t->types;
    return;
  }
  g->at++;
  c->results = 1;
  for (unsigned i = 0; i < CV_COUNT(single_types); i++)
    if (single_types[i] == byte) {
      c->types = &single_types[i];
      return;
    }
  if (byte == CV_KIND_REF || byte == CV_KIND_REF_NULL)
    cv_leb_skip(&g->at);
  c->types = &single_types[1];
}

uint32_t gen_arity(const ctl *c) {
  return c->op == CV_OPC_LOOP ? c->params : c->results;
}

const cv_valtype *gen_label_types(const ctl *c) {
  return c->op == CV_OPC_LOOP ? c->types : c->types + c->params;
}

static ctl *label(gen *g, uint32_t depth) {
  return &g->ctls[g->ctl_count - 1 - depth];
}

// ---- dead code ----

// After a transfer that is always taken: goes on at the else, catch or end of the innermost block.
void gen_skip_dead(gen *g) {
  ctl *c = &g->ctls[g->ctl_count - 1];
  c->dead = true;
  g->sp = c->height;
  g->fuel_pending = 0;
  uint32_t depth = 0;
  for (;;) {
    const uint8_t *start = g->at;
    uint32_t op = *g->at++;
    if (cv_op_is_prefix((uint8_t)op))
      op = op << 12 | cv_leb_u32(&g->at);
    switch (op) {
    case CV_OPC_LOOP:
    case CV_OPC_BLOCK:
    case CV_OPC_IF:
    case CV_OPC_TRY:
    case CV_OPC_TRY_TABLE:
      depth++;
      break;
    case CV_OPC_END:
    case CV_OPC_DELEGATE:
      if (depth == 0) {
        g->at = start;
        return;
      }
      depth--;
      break;
    case CV_OPC_ELSE:
    case CV_OPC_CATCH:
    case CV_OPC_CATCH_ALL:
      if (depth == 0) {
        g->at = start;
        return;
      }
      break;
    default:
      break;
    }
    cv_skip_immediates(&g->at, cv_op_infos[cv_op_index(op)].imm);
  }
}

// ---- branches ----

// What comes to joins takes memory for each value and each edge (GEN_MOST_JOINED). Values of labels do at once; locals,
// which may be those that were set in between, when they become values (gen_end).
static bool may_join(gen *g, const ctl *c, uint32_t edges) {
  uint32_t arity = gen_arity(c);
  g->joined += (uint64_t)edges * arity;
  if (arity > 0 && g->joined > 4 * GEN_MOST_JOINED)
    gen_fail(g, "unsupported: a function where so many values come to so many branches");
  return !g->failed;
}

static void join_locals(gen *g, const ctl *c) {
  enum { OTHER_EDGES = 2 }; // into a loop, out of its clone
  uint32_t sets = CV_MIN(g->set_count - c->sets_before, g->facts->local_count);
  g->joined += (uint64_t)sets * (c->edges + OTHER_EDGES);
}

static void add_values(gen *g, ctl *c) {
  uint32_t n = may_join(g, c, 1) ? gen_arity(c) : 0;
  const cv_valtype *types = gen_label_types(c);
  block here = LLVMGetInsertBlock(g->b);
  for (uint32_t i = 0; i < n; i++) {
    value v = gen_same(g, g->stack[g->sp - n + i], gen_type(g, types[i]));
    LLVMAddIncoming(c->phis[i], &v, &here, 1);
  }
  c->reached = true;
  c->edges++;
}

void gen_branch(gen *g, ctl *c) {
  add_values(g, c);
  LLVMBuildBr(g->b, c->label);
}

// Jumps to the label when the condition holds, else goes on.
static void branch_if(gen *g, value condition, ctl *c) {
  block next = gen_block(g, "");
  // Casts come before the branch, so all values do.
  add_values(g, c);
  value br = LLVMBuildCondBr(g->b, condition, c->label, next);
  gen_at(g, next);
  if (c->is_cloned)
    gen_loop_back(g, c, br);
}

static value truth(gen *g, value v) {
  return LLVMBuildICmp(g->b, LLVMIntNE, v, LLVMConstNull(LLVMTypeOf(v)), "");
}

static void br_table(gen *g) {
  gen_fuel(g, CV_OPC_BR_TABLE);
  uint32_t n = read_u32(g);
  value index = pop(g);
  const uint8_t *labels = g->at;
  for (uint32_t i = 0; i < n; i++)
    cv_leb_skip(&g->at);
  ctl *otherwise = label(g, read_u32(g));
  // A label with values has one phi entry for each edge: LLVM wants as many as the switch has edges.
  if (!may_join(g, otherwise, n))
    return;
  add_values(g, otherwise);
  value s = LLVMBuildSwitch(g->b, index, otherwise->label, n);
  for (uint32_t i = 0; i < n; i++) {
    ctl *c = label(g, cv_leb_u32(&labels));
    c->edges++;
    LLVMBasicBlockRef here = LLVMGetInsertBlock(g->b);
    uint32_t arity = gen_arity(c);
    for (uint32_t k = 0; k < arity; k++) {
      // The casts were made before the switch, for the default label; all labels have the same types.
      value v = g->stack[g->sp - arity + k];
      type t = gen_type(g, gen_label_types(c)[k]);
      if (LLVMTypeOf(v) != t) {
        LLVMPositionBuilderBefore(g->b, s);
        v = g->stack[g->sp - arity + k] = gen_same(g, v, t);
        gen_at(g, here);
      }
      LLVMAddIncoming(c->phis[k], &v, &here, 1);
    }
    c->reached = true;
    LLVMAddCase(s, gen_const32(g, i), c->label);
  }
  gen_skip_dead(g);
}

static void br_if(gen *g) {
  gen_fuel(g, CV_OPC_BR_IF);
  ctl *c = label(g, read_u32(g));
  value condition = truth(g, pop(g));
  branch_if(g, condition, c);
}

static void br_on_null(gen *g, bool on_null) {
  gen_fuel(g, on_null ? CV_OPC_BR_ON_NULL : CV_OPC_BR_ON_NON_NULL);
  ctl *c = label(g, read_u32(g));
  value ref = g->stack[g->sp - 1];
  value condition = truth(g, ref);
  if (on_null) {
    g->sp--;
    branch_if(g, LLVMBuildNot(g->b, condition, ""), c);
    push(g, ref);
  } else {
    branch_if(g, condition, c);
    g->sp--;
  }
}

// ---- blocks ----

static value *phis(gen *g, const cv_valtype *types, uint32_t count) {
  value *all = gen_alloc(g, (count + 1) * sizeof *all);
  for (uint32_t i = 0; i < count && all != NULL; i++)
    all[i] = LLVMBuildPhi(g->b, gen_type(g, types[i]), "");
  return all;
}

static ctl *begin_typed(gen *g, ctl c) {
  uint32_t op = c.op;
  c.height = g->sp - c.params;
  c.sets_before = g->set_count;
  block here = LLVMGetInsertBlock(g->b);
  c.label = gen_block(g, op == CV_OPC_LOOP ? "loop" : "end");
  gen_at(g, c.label);
  c.phis = phis(g, gen_label_types(&c), gen_arity(&c));
  gen_at(g, here);
  g->ctls[g->ctl_count] = c;
  return &g->ctls[g->ctl_count++];
}

static ctl *begin(gen *g, uint32_t op) {
  ctl c = {.op = (uint8_t)op};
  read_block_type(g, &c);
  ctl *made = begin_typed(g, c);
  gen_osr_begin_block(g, made);
  return made;
}

bool gen_begin_block(gen *g, uint32_t results, const cv_valtype *types) {
  begin_typed(g, (ctl){.op = CV_OPC_BLOCK, .results = results, .types = types});
  return !g->failed;
}

static void begin_loop(gen *g) {
  gen_fuel(g, CV_OPC_LOOP);
  ctl *c = begin(g, CV_OPC_LOOP);
  if (g->failed)
    return;
  g->loop_count++;
  gen_osr_before_loop(g, c);
  gen_loop_clone(g, c);
  gen_branch(g, c);
  gen_at(g, c->label);
  for (uint32_t i = 0; i < c->params; i++)
    g->stack[c->height + i] = c->phis[i];
  gen_osr_in_loop(g, c);
}

static void begin_if(gen *g) {
  gen_fuel(g, CV_OPC_IF);
  value condition = truth(g, pop(g));
  ctl *c = begin(g, CV_OPC_IF);
  block then = gen_block(g, "then");
  c->otherwise = gen_block(g, "else");
  c->arguments = gen_alloc(g, (c->params + 1) * sizeof *c->arguments);
  if (g->failed)
    return;
  memcpy(c->arguments, &g->stack[c->height], c->params * sizeof *c->arguments);
  LLVMBuildCondBr(g->b, condition, then, c->otherwise);
  gen_at(g, then);
}

static void restore_arguments(gen *g, ctl *c) {
  g->sp = c->height;
  for (uint32_t i = 0; i < c->params; i++)
    push(g, c->arguments[i]);
}

static void else_arm(gen *g) {
  ctl *c = &g->ctls[g->ctl_count - 1];
  if (!c->dead) {
    gen_fuel(g, CV_OPC_ELSE);
    gen_branch(g, c);
  }
  LLVMMoveBasicBlockAfter(c->otherwise, LLVMGetInsertBlock(g->b));
  gen_at(g, c->otherwise);
  c->otherwise = NULL;
  c->op = CV_OPC_ELSE;
  c->dead = false;
  g->fuel_pending = 0;
  gen_osr_join(g, c);
  restore_arguments(g, c);
}

// What follows the label. A block that is not reached has ended where nothing goes on.
static void enter_label(gen *g, ctl *c) {
  block here = LLVMGetInsertBlock(g->b);
  uint32_t results = c->results;
  g->ctl_count--;
  if (!c->reached) {
    LLVMDeleteBasicBlock(c->label);
    if (g->ctl_count > 0)
      gen_skip_dead(g);
    return;
  }
  LLVMMoveBasicBlockAfter(c->label, here);
  gen_at(g, c->label);
  gen_osr_join(g, c);
  g->sp = c->height;
  for (uint32_t i = 0; i < results; i++)
    push(g, c->phis[i]);
}

static void end_function(gen *g, ctl *c) {
  if (!c->dead)
    gen_branch(g, c);
  if (c->reached) {
    LLVMMoveBasicBlockAfter(c->label, LLVMGetInsertBlock(g->b));
    gen_at(g, c->label);
    g->sp = 0;
    for (uint32_t i = 0; i < c->results; i++)
      push(g, c->phis[i]);
    gen_return(g);
  } else {
    LLVMDeleteBasicBlock(c->label);
  }
  g->ctl_count--;
}

void gen_end(gen *g) {
  ctl *c = &g->ctls[g->ctl_count - 1];
  if (!c->dead)
    gen_fuel(g, CV_OPC_END);
  if (g->ctl_count == 1) {
    end_function(g, c);
    return;
  }
  join_locals(g, c);
  if (c->op == CV_OPC_LOOP) { // its label is behind us
    bool dead = c->dead;
    g->ctl_count--;
    if (dead)
      gen_skip_dead(g);
    return;
  }
  if (!c->dead)
    gen_branch(g, c);
  if (c->op == CV_OPC_TRY_TABLE || c->op == CV_OPC_TRY || c->op == CV_OPC_CATCH)
    gen_end_try(g, c);
  if (c->otherwise != NULL) { // an if without else: its parameters are its results
    gen_at(g, c->otherwise);
    restore_arguments(g, c);
    gen_branch(g, c);
  }
  enter_label(g, c);
}

static void select_value(gen *g) {
  value condition = truth(g, pop(g)), second = pop(g), first = pop(g);
  push(g, LLVMBuildSelect(g->b, condition, first, gen_same(g, second, LLVMTypeOf(first)), ""));
}

void gen_control(gen *g, uint32_t op) {
  switch (op) {
  case CV_OPC_UNREACHABLE:
    gen_trap(g, CV_TRAP_UNREACHABLE);
    gen_skip_dead(g);
    break;
  case CV_OPC_BLOCK:
  case CV_OPC_TRY:
    begin(g, op);
    break;
  case CV_OPC_TRY_TABLE: {
    ctl *c = begin(g, op);
    c->clauses = g->at;
    cv_skip_catches(&g->at, read_u32(g));
    break;
  }
  case CV_OPC_LOOP:
    begin_loop(g);
    break;
  case CV_OPC_IF:
    begin_if(g);
    break;
  case CV_OPC_ELSE:
    else_arm(g);
    break;
  case CV_OPC_END:
    gen_end(g);
    break;
  case CV_OPC_BR:
    gen_fuel(g, op);
    gen_branch(g, label(g, read_u32(g)));
    gen_skip_dead(g);
    break;
  case CV_OPC_BR_IF:
    br_if(g);
    break;
  case CV_OPC_BR_TABLE:
    br_table(g);
    break;
  case CV_OPC_RETURN:
    gen_fuel(g, op);
    gen_branch(g, &g->ctls[g->function_ctl]);
    gen_skip_dead(g);
    break;
  case CV_OPC_BR_ON_NULL:
  case CV_OPC_BR_ON_NON_NULL:
    br_on_null(g, op == CV_OPC_BR_ON_NULL);
    break;
  case CV_OPC_CATCH:
  case CV_OPC_CATCH_ALL:
    gen_catch(g, op);
    break;
  case CV_OPC_DELEGATE:
    gen_delegate(g);
    break;
  default: // select
    select_value(g);
    break;
  }
}
