// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// loop_clone.c: the guard of a loop and its clone (loop.h).
//
//     guard:  turns = ...; every group in bounds for so many? -> clone, else loop
//     clone:  the same instructions with plain accesses, counted by an i64
//     loop:   as it was; what follows it is joined by the clone's exit
//
// A clone of copies (loop_reroll.c) generates all instructions too, but of the accesses only those of the first copy;
// what was computed for the others is dead. Locals are not what they were after so many turns, so the clone leaves the
// last turn to the loop and sets the counters for it, and the locals that carry a load to the next copy.
#include "exec/llvm/plugin/loop.h"

enum { LEAST_TURNS = 8, GIANT_FUNCTION = 64 << 10 };

static bool may_clone(const gen *g) {
  if (g->fuel || g->loop_clone != NULL || g->module->memory_count == 0)
    return false;
  const cv_memtype *t = &g->module->memories[0];
  return !t->limits.is_64 && !t->limits.is_shared && t->page_log2 == 16 &&
         g->module->funcs[g->index].code.size <= GIANT_FUNCTION;
}

// ---- the guard ----

static value local_now(gen *g, uint32_t local) {
  return LLVMBuildLoad2(g->b, gen_type(g, g->facts->locals[local]), g->locals[local], "");
}

static value linear_value(gen *g, const loop_linear *l) {
  value sum = gen_const32(g, l->constant);
  for (uint32_t i = 0; i < l->count; i++) {
    value v = local_now(g, l->terms[i].local);
    if (l->terms[i].factor != 1)
      v = LLVMBuildMul(g->b, v, gen_const32(g, l->terms[i].factor), "");
    sum = LLVMBuildAdd(g->b, sum, v, "");
  }
  return sum;
}

static value wide(gen *g, value v, bool is_signed) {
  return is_signed ? LLVMBuildSExt(g->b, v, g->t.i64, "") : LLVMBuildZExt(g->b, v, g->t.i64, "");
}

static void also(gen *g, value *all, value condition) {
  *all = *all == NULL ? condition : LLVMBuildAnd(g->b, *all, condition, "");
}

static value add_constant(gen *g, value v, int64_t by) {
  return by == 0 ? v : LLVMBuildAdd(g->b, v, gen_const64(g, (uint64_t)by), "");
}

// While x != 0: x reaches it without wrapping, when the step divides the distance.
static value turns_to_zero(gen *g, const loop_test *t, value *guard) {
  value x = linear_value(g, &t->x);
  uint32_t by = t->step > 0 ? (uint32_t)t->step : 0u - (uint32_t)t->step;
  value distance = t->step > 0 ? LLVMBuildNeg(g->b, x, "") : x;
  if (by != 1) {
    value rest = LLVMBuildURem(g->b, distance, gen_const32(g, by), "");
    also(g, guard, LLVMBuildICmp(g->b, LLVMIntEQ, rest, gen_const32(g, 0), ""));
    distance = LLVMBuildUDiv(g->b, distance, gen_const32(g, by), "");
  }
  return add_constant(g, wide(g, distance, false), 1);
}

// While x < y, where x goes up or y goes down, and the one that moves does not wrap before it is over.
static value turns_to_equal(gen *g, const loop_test *t, value *guard) {
  int64_t least = t->is_signed ? INT32_MIN : 0, most = t->is_signed ? INT32_MAX : UINT32_MAX;
  value x = wide(g, linear_value(g, &t->x), t->is_signed);
  value y = add_constant(g, wide(g, linear_value(g, &t->y), t->is_signed), t->y_more);
  int64_t by = t->y_moves ? -(int64_t)t->step : t->step;
  if (t->y_moves)
    also(g, guard, LLVMBuildICmp(g->b, LLVMIntSGE, x, gen_const64(g, (uint64_t)(least + by - 1 + t->y_more)), ""));
  else
    also(g, guard, LLVMBuildICmp(g->b, LLVMIntSLE, y, gen_const64(g, (uint64_t)(most - by + 1)), ""));
  value distance = add_constant(g, LLVMBuildSub(g->b, y, x, ""), by - 1);
  if (by != 1)
    distance = LLVMBuildSDiv(g->b, distance, gen_const64(g, (uint64_t)by), "");
  value more = LLVMBuildICmp(g->b, LLVMIntSLT, x, y, "");
  return add_constant(g, LLVMBuildSelect(g->b, more, distance, gen_const64(g, 0), ""), 1);
}

static void check_group(gen *g, const loop_group *group, value lowest, value turns, value size, value *guard) {
  uint64_t by = (uint64_t)(group->stride < 0 ? -(int64_t)group->stride : group->stride);
  value end = add_constant(g, lowest, (int64_t)group->extent);
  if (by != 0) {
    value moved = LLVMBuildMul(g->b, add_constant(g, turns, -1), gen_const64(g, by), "");
    if (group->stride > 0)
      end = LLVMBuildAdd(g->b, end, moved, "");
    else
      also(g, guard, LLVMBuildICmp(g->b, LLVMIntUGE, lowest, moved, ""));
  }
  also(g, guard, LLVMBuildICmp(g->b, LLVMIntULE, end, size, ""));
}

// ---- the clone ----

value gen_clone_address(gen *g) {
  loop_clone *clone = g->loop_clone;
  const loop_body *b = clone->body;
  uint32_t number = clone->next++;
  if (number >= b->access_count / b->copies)
    return NULL;
  const loop_access *a = &b->accesses[number];
  value at = clone->bases[a->group];
  int64_t stride = b->groups[a->group].stride / (int32_t)b->copies;
  if (stride == 0 && a->from == 0)
    return at;
  // One sum: with a stride down, the lowest address of a later turn alone may lie before the memory.
  value moved = LLVMBuildNSWMul(g->b, clone->turn, gen_const64(g, (uint64_t)stride), "");
  moved = LLVMBuildNSWAdd(g->b, moved, gen_const64(g, (uint64_t)a->from), "");
  return LLVMBuildInBoundsGEP2(g->b, g->t.i8, at, &moved, 1, "");
}

// Sets each counter to start + step * turn.
static void set_counters(gen *g, const loop_body *b, const value *starts, uint32_t copies, value turn) {
  turn = LLVMBuildTrunc(g->b, turn, g->t.i32, "");
  for (uint32_t i = 0; i < b->local_count; i++) {
    const loop_local *l = &b->locals[i];
    if (!l->assigned || !l->is_counter)
      continue;
    value moved = LLVMBuildMul(g->b, turn, gen_const32(g, (uint32_t)(l->step / (int32_t)copies)), "");
    LLVMBuildStore(g->b, LLVMBuildAdd(g->b, starts[i], moved, ""), g->locals[l->local]);
  }
}

void gen_clone_loaded(gen *g, value v) {
  if (g->loop_clone != NULL)
    g->loop_clone->loaded[g->loop_clone->next - 1] = v;
}

// What the next copy starts with.
static void carry(gen *g, const loop_clone *clone) {
  for (uint32_t i = 0; i < clone->body->local_count; i++) {
    const loop_local *l = &clone->body->locals[i];
    if (l->is_carried)
      LLVMBuildStore(g->b, clone->loaded[l->carried], g->locals[l->local]);
  }
}

static void generate_turn(gen *g, loop_clone *clone) {
  const uint8_t *at = g->at;
  uint32_t sp = g->sp, op_at = g->op_at;
  g->at = clone->body->start;
  g->loop_clone = clone;
  while (g->at != clone->body->end && !g->failed)
    gen_instruction(g);
  g->loop_clone = NULL;
  g->at = at;
  g->sp = sp;
  g->op_at = op_at;
  g->placed = false;
}

// An access after the clone may trap, and then what the clone has stored is seen. LLVM, which only knows that volatile
// accesses stay where they are, would leave out what a later one overwrites: so it is told that all is read here (and
// written, lest it leaves this out, too).
static void keep_stores(gen *g) {
  enum { USES_ARGUMENT = 3 }; // of the attribute `memory`: reads and writes what its pointer leads to, nothing else
  type ft = LLVMFunctionType(g->t.none, &g->t.ptr, 1, false);
  value nothing = LLVMGetInlineAsm(ft, "", 0, "r", 1, true, false, LLVMInlineAsmDialectATT, false);
  value call = LLVMBuildCall2(g->b, ft, nothing, &g->memory, 1, "");
  static const struct {
    const char *name;
    uint64_t is;
  } attributes[] = {{"memory", USES_ARGUMENT}, {"nounwind", 0}, {"willreturn", 0}};
  for (unsigned i = 0; i < CV_COUNT(attributes); i++) {
    const char *name = attributes[i].name;
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(g->c, kind, attributes[i].is));
  }
}

// From the present block, `turns` of the clone; leaves the insertion point at its exit.
static void generate_clone(gen *g, loop_clone *clone, value turns) {
  const loop_body *b = clone->body;
  value starts[LOOP_LOCALS], zero = gen_const64(g, 0);
  bool rerolled = b->copies > 1;
  for (uint32_t i = 0; i < b->local_count && rerolled; i++)
    starts[i] = b->locals[i].is_counter ? local_now(g, b->locals[i].local) : NULL;
  value all = rerolled ? LLVMBuildNUWMul(g->b, turns, gen_const64(g, b->copies), "") : turns;
  block before = LLVMGetInsertBlock(g->b), turn = gen_block(g, "clone"), exit = gen_block(g, "clone_exit");
  LLVMBuildBr(g->b, turn);
  gen_at(g, turn);
  clone->turn = LLVMBuildPhi(g->b, g->t.i64, "");
  LLVMAddIncoming(clone->turn, &zero, &before, 1);
  if (rerolled)
    set_counters(g, b, starts, b->copies, clone->turn);
  generate_turn(g, clone);
  if (rerolled)
    carry(g, clone);
  value next = LLVMBuildNUWAdd(g->b, clone->turn, gen_const64(g, 1), "");
  block last = LLVMGetInsertBlock(g->b);
  LLVMAddIncoming(clone->turn, &next, &last, 1);
  LLVMBuildCondBr(g->b, LLVMBuildICmp(g->b, LLVMIntULT, next, all, ""), turn, exit);
  gen_at(g, exit);
  keep_stores(g);
  if (rerolled)
    set_counters(g, b, starts, 1, turns);
}

static void expect(gen *g, value br) {
  LLVMMetadataRef parts[] = {LLVMMDStringInContext2(g->c, "branch_weights", 14),
                             LLVMValueAsMetadata(gen_const32(g, 1000)), LLVMValueAsMetadata(gen_const32(g, 1))};
  LLVMSetMetadata(br, LLVMGetMDKindIDInContext(g->c, "prof", 4),
                  LLVMMetadataAsValue(g->c, LLVMMDNodeInContext2(g->c, parts, CV_COUNT(parts))));
}

void gen_loop_clone(gen *g, ctl *c) {
  if (!may_clone(g) || c->params != 0 || c->results != 0)
    return;
  if (g->loop_body == NULL)
    g->loop_body = gen_alloc(g, sizeof *g->loop_body);
  loop_body *b = g->loop_body;
  if (b == NULL || !gen_loop_scan(g, b))
    return;
  gen_loop_reroll(b);
  gen_place(g);
  loop_clone clone = {.body = b};
  value guard = NULL;
  value turns = b->test.is_less ? turns_to_equal(g, &b->test, &guard) : turns_to_zero(g, &b->test, &guard);
  if (b->copies > 1) // the last one is the loop's
    turns = add_constant(g, turns, -1);
  uint32_t least = (LEAST_TURNS + b->copies - 1) / b->copies;
  also(g, &guard, LLVMBuildICmp(g->b, LLVMIntUGE, turns, gen_const64(g, least), ""));
  value size = gen_field(g, g->t.i64, gen_memory_object(g, 0), offsetof(cv_memory, size));
  for (uint32_t i = 0; i < b->group_count; i++) {
    value lowest = wide(g, linear_value(g, &b->groups[i].lowest), false);
    check_group(g, &b->groups[i], lowest, turns, size, &guard);
    clone.bases[i] = LLVMBuildGEP2(g->b, g->t.i8, g->memory, &lowest, 1, "");
  }
  block fast = gen_block(g, "cloned"), slow = gen_block(g, "uncloned");
  expect(g, LLVMBuildCondBr(g->b, guard, fast, slow));
  gen_at(g, fast);
  generate_clone(g, &clone, turns);
  if (b->copies > 1)
    LLVMBuildBr(g->b, slow);
  else
    c->clone_exit = LLVMGetInsertBlock(g->b);
  c->is_cloned = true;
  gen_at(g, slow);
}

// ---- the loop ----

static LLVMMetadataRef loop_option(gen *g, const char *name) {
  LLVMMetadataRef text = LLVMMDStringInContext2(g->c, name, strlen(name));
  return LLVMMDNodeInContext2(g->c, &text, 1);
}

static void leave_alone(gen *g, value br) {
  LLVMMetadataRef self = LLVMTemporaryMDNode(g->c, NULL, 0);
  LLVMMetadataRef parts[] = {self, loop_option(g, "llvm.loop.unroll.disable")};
  LLVMMetadataRef id = LLVMMDNodeInContext2(g->c, parts, CV_COUNT(parts));
  LLVMMetadataReplaceAllUsesWith(self, id);
  LLVMSetMetadata(br, LLVMGetMDKindIDInContext(g->c, "llvm.loop", 9), LLVMMetadataAsValue(g->c, id));
}

void gen_loop_back(gen *g, ctl *c, value br) {
  leave_alone(g, br);
  if (c->clone_exit == NULL)
    return;
  block here = LLVMGetInsertBlock(g->b);
  gen_at(g, c->clone_exit);
  LLVMBuildBr(g->b, here);
  c->clone_exit = NULL;
  gen_at(g, here);
  gen_osr_join(g, c);
}
