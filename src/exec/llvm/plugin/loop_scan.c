// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// loop_scan.c: reads one turn of a loop (loop.h): instructions become nodes, and i32 arithmetic that stays linear is
// done on the spot.
#include "exec/llvm/plugin/loop.h"
#include "wasm/binary/skip.h"

typedef struct scan {
  const gen *g;
  loop_body *b;
  const uint8_t *at;
  uint32_t stack[LOOP_STACK], sp;
  bool failed;
} scan;

// ---- nodes ----

static uint32_t add_node(scan *s, loop_node n) {
  if (s->b->node_count == LOOP_NODES) {
    s->failed = true;
    return 0;
  }
  s->b->nodes[s->b->node_count] = n;
  return s->b->node_count++;
}

static void push_node(scan *s, uint32_t node) {
  if (s->sp == LOOP_STACK)
    s->failed = true;
  else
    s->stack[s->sp++] = node;
}

// What was on the stack before the loop is out of reach.
static uint32_t pop_node(scan *s) {
  if (s->sp == 0) {
    s->failed = true;
    return 0;
  }
  return s->stack[--s->sp];
}

static void push_linear(scan *s, const loop_linear *l) {
  push_node(s, add_node(s, (loop_node){.kind = LOOP_LINEAR, .linear = *l}));
}

static const loop_linear *linear_of(const scan *s, uint32_t node) {
  const loop_node *n = &s->b->nodes[node];
  return n->kind == LOOP_LINEAR ? &n->linear : NULL;
}

// ---- linear values ----

// a + factor * b; false when there are too many terms.
static bool add_linear(const loop_linear *a, uint32_t factor, const loop_linear *b, loop_linear *out) {
  loop_linear r = {.constant = a->constant + factor * b->constant};
  for (uint32_t i = 0, j = 0; i < a->count || j < b->count;) {
    uint32_t local, f;
    if (j == b->count || (i < a->count && a->terms[i].local < b->terms[j].local)) {
      local = a->terms[i].local;
      f = a->terms[i++].factor;
    } else if (i == a->count || b->terms[j].local < a->terms[i].local) {
      local = b->terms[j].local;
      f = factor * b->terms[j++].factor;
    } else {
      local = a->terms[i].local;
      f = a->terms[i++].factor + factor * b->terms[j++].factor;
    }
    if (f == 0)
      continue;
    if (r.count == LOOP_TERMS)
      return false;
    r.terms[r.count].local = local;
    r.terms[r.count++].factor = f;
  }
  *out = r;
  return true;
}

static bool same_terms(const loop_linear *a, const loop_linear *b) {
  return a->count == b->count && memcmp(a->terms, b->terms, a->count * sizeof a->terms[0]) == 0;
}

// An instruction on linear values whose result is one.
static bool linear_result(uint32_t op, const loop_linear *a, const loop_linear *b, loop_linear *out) {
  static const loop_linear zero;
  if (a == NULL || b == NULL)
    return false;
  switch (op) {
  case CV_OPC_I32_ADD:
    return add_linear(a, 1, b, out);
  case CV_OPC_I32_SUB:
    return add_linear(a, UINT32_MAX, b, out);
  case CV_OPC_I32_MUL:
    if (a->count == 0)
      return add_linear(&zero, a->constant, b, out);
    return b->count == 0 && add_linear(&zero, b->constant, a, out);
  case CV_OPC_I32_SHL:
    return b->count == 0 && add_linear(&zero, 1u << (b->constant & 31), a, out);
  default:
    return false;
  }
}

// ---- locals ----

static loop_local *local_of(scan *s, uint32_t local) {
  loop_body *b = s->b;
  for (uint32_t i = 0; i < b->local_count; i++)
    if (b->locals[i].local == local)
      return &b->locals[i];
  if (b->local_count == LOOP_LOCALS) {
    s->failed = true;
    return &b->locals[0];
  }
  loop_node n = {.kind = LOOP_ENTRY, .index = local};
  if (s->g->facts->locals[local] == CV_I32) {
    n.kind = LOOP_LINEAR;
    n.linear = (loop_linear){.count = 1};
    n.linear.terms[0].local = local;
    n.linear.terms[0].factor = 1;
  }
  loop_local *l = &b->locals[b->local_count++];
  *l = (loop_local){.local = local};
  l->start = l->now = add_node(s, n);
  return l;
}

static void local_instruction(scan *s, uint32_t op) {
  loop_local *l = local_of(s, cv_leb_u32(&s->at));
  if (op == CV_OPC_LOCAL_GET) {
    l->is_read |= !l->assigned;
    push_node(s, l->now);
    return;
  }
  l->now = pop_node(s);
  l->assigned = true;
  if (op == CV_OPC_LOCAL_TEE)
    push_node(s, l->now);
}

// ---- instructions ----

// What neither traps nor touches anything but its operands.
static bool is_pure(uint32_t op, const cv_op_info *info) {
  if (op < 0x100)
    return (op >= CV_OPC_I32_EQZ && op <= CV_OPC_I64_EXTEND32_S) &&
           !(op >= CV_OPC_I32_DIV_S && op <= CV_OPC_I32_REM_U) && !(op >= CV_OPC_I64_DIV_S && op <= CV_OPC_I64_REM_U) &&
           !(op >= CV_OPC_I32_TRUNC_F32_S && op <= CV_OPC_I32_TRUNC_F64_U) &&
           !(op >= CV_OPC_I64_TRUNC_F32_S && op <= CV_OPC_I64_TRUNC_F64_U);
  if (op >> 12 == 0xfc)
    return op >= CV_OPC_I32_TRUNC_SAT_F32_S && op <= CV_OPC_I64_TRUNC_SAT_F64_U;
  return op >> 12 == 0xfd && (info->imm == CV_IMM_NONE || info->imm == CV_IMM_V128 || info->imm == CV_IMM_SHUFFLE ||
                              info->imm == CV_IMM_LANE);
}

static bool is_constant(uint32_t op) {
  return op == CV_OPC_I64_CONST || op == CV_OPC_F32_CONST || op == CV_OPC_F64_CONST || op == CV_OPC_GLOBAL_GET;
}

static void other(scan *s, uint32_t op, const cv_op_info *info) {
  loop_node n = {.kind = LOOP_OTHER, .op = op, .immediates = s->at};
  if (op == CV_OPC_SELECT)
    n.operand_count = 3;
  else if (!is_constant(op) && is_pure(op, info))
    n.operand_count = (uint32_t)strcspn(info->sig, ":");
  else if (!is_constant(op))
    s->failed = true;
  if (s->failed || n.operand_count > CV_COUNT(n.operands)) {
    s->failed = true;
    return;
  }
  cv_skip_immediates(&s->at, info->imm);
  n.immediates_size = (uint32_t)(s->at - n.immediates);
  for (uint32_t i = n.operand_count; i-- > 0;)
    n.operands[i] = pop_node(s);
  loop_linear l;
  if (!s->failed && n.operand_count == 2 &&
      linear_result(op, linear_of(s, n.operands[0]), linear_of(s, n.operands[1]), &l))
    push_linear(s, &l);
  else
    push_node(s, add_node(s, n));
}

static void access_memory(scan *s, uint32_t op, const cv_op_info *info) {
  loop_body *b = s->b;
  loop_access a = {.op = op, .size = 1u << info->align};
  uint32_t align = cv_leb_u32(&s->at);
  a.offset = cv_leb_u64(&s->at);
  a.is_store = info->sig[1] != ':';
  if ((align & 64) != 0 || b->access_count == LOOP_ACCESSES) {
    s->failed = true;
    return;
  }
  if (a.is_store)
    a.stored = pop_node(s);
  const loop_linear *address = linear_of(s, pop_node(s));
  if (address == NULL) {
    s->failed = true;
    return;
  }
  a.address = *address;
  if (!a.is_store)
    push_node(s, add_node(s, (loop_node){.kind = LOOP_LOADED, .index = b->access_count}));
  b->accesses[b->access_count++] = a;
}

static void instruction(scan *s, uint32_t op) {
  const cv_op_info *info = cv_op_info_of(op);
  if (info == NULL) {
    s->failed = true;
    return;
  }
  switch (op) {
  case CV_OPC_NOP:
    break;
  case CV_OPC_DROP:
    pop_node(s);
    break;
  case CV_OPC_LOCAL_GET:
  case CV_OPC_LOCAL_SET:
  case CV_OPC_LOCAL_TEE:
    local_instruction(s, op);
    break;
  case CV_OPC_I32_CONST:
    push_linear(s, &(loop_linear){.constant = (uint32_t)cv_leb_s32(&s->at)});
    break;
  default:
    if (info->imm == CV_IMM_MEMARG && (op < 0x100 || op >> 12 == 0xfd))
      access_memory(s, op, info);
    else
      other(s, op, info);
    break;
  }
}

// ---- what the turn amounts to ----

static void find_counters(loop_body *b) {
  for (uint32_t i = 0; i < b->local_count; i++) {
    loop_local *l = &b->locals[i];
    const loop_node *start = &b->nodes[l->start], *last = &b->nodes[l->now];
    l->is_counter =
        start->kind == LOOP_LINEAR && last->kind == LOOP_LINEAR && same_terms(&start->linear, &last->linear);
    l->step = l->is_counter ? (int32_t)last->linear.constant : 0;
  }
}

bool gen_loop_step(const loop_body *b, const loop_linear *l, int32_t *step) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < l->count; i++)
    for (uint32_t k = 0; k < b->local_count; k++) {
      const loop_local *local = &b->locals[k];
      if (local->local != l->terms[i].local)
        continue;
      if (local->assigned && !local->is_counter)
        return false;
      sum += l->terms[i].factor * (uint32_t)local->step;
    }
  *step = (int32_t)sum;
  return true;
}

static loop_group *group_of(loop_body *b, loop_access *a) {
  for (uint32_t i = 0; i < b->group_count; i++)
    if (same_terms(&b->groups[i].lowest, &a->address)) {
      a->group = i;
      return &b->groups[i];
    }
  if (b->group_count == LOOP_GROUPS)
    return NULL;
  a->group = b->group_count++;
  loop_group *group = &b->groups[a->group];
  *group = (loop_group){.lowest = a->address};
  bool known = gen_loop_step(b, &a->address, &group->stride);
  return known && group->stride <= LOOP_MOST_STRIDE && group->stride >= -LOOP_MOST_STRIDE ? group : NULL;
}

// `from` counts from the first access of the group at first, then from the lowest.
static bool find_groups(loop_body *b) {
  int64_t low[LOOP_GROUPS] = {0}, high[LOOP_GROUPS] = {0};
  for (uint32_t i = 0; i < b->access_count; i++) {
    loop_access *a = &b->accesses[i];
    loop_group *group = group_of(b, a);
    if (group == NULL)
      return false;
    a->from = (int32_t)(a->address.constant - group->lowest.constant);
    low[a->group] = CV_MIN(low[a->group], a->from);
    a->from += (int64_t)a->offset;
    high[a->group] = CV_MAX(high[a->group], a->from + (int64_t)a->size);
  }
  for (uint32_t i = 0; i < b->access_count; i++)
    b->accesses[i].from -= low[b->accesses[i].group];
  for (uint32_t i = 0; i < b->group_count; i++) {
    b->groups[i].lowest.constant += (uint32_t)low[i];
    b->groups[i].extent = (uint64_t)(high[i] - low[i]);
    if (b->groups[i].extent > INT32_MAX)
      return false;
  }
  return true;
}

// ---- the test ----

static bool not_equal(loop_body *b, const loop_linear *difference) {
  b->test = (loop_test){.x = *difference};
  return gen_loop_step(b, difference, &b->test.step) && b->test.step != 0 && b->test.step <= LOOP_MOST_STRIDE &&
         b->test.step >= -LOOP_MOST_STRIDE;
}

static bool less(loop_body *b, const loop_linear *x, const loop_linear *y, bool or_equal, bool is_signed) {
  int32_t x_step, y_step;
  if (!gen_loop_step(b, x, &x_step) || !gen_loop_step(b, y, &y_step))
    return false;
  b->test = (loop_test){.is_less = true, .is_signed = is_signed, .x = *x, .y = *y, .y_more = or_equal};
  b->test.y_moves = x_step == 0;
  b->test.step = x_step != 0 ? x_step : y_step;
  if (x_step != 0)
    return y_step == 0 && x_step > 0 && x_step <= LOOP_MOST_STRIDE;
  return y_step < 0 && y_step >= -LOOP_MOST_STRIDE;
}

static bool find_test(scan *s, uint32_t condition) {
  loop_body *b = s->b;
  const loop_node *n = &b->nodes[condition];
  if (n->kind == LOOP_LINEAR)
    return not_equal(b, &n->linear);
  if (n->kind != LOOP_OTHER || n->operand_count != 2)
    return false;
  const loop_linear *x = linear_of(s, n->operands[0]), *y = linear_of(s, n->operands[1]);
  if (x == NULL || y == NULL)
    return false;
  loop_linear difference;
  switch (n->op) {
  case CV_OPC_I32_NE:
    return add_linear(x, UINT32_MAX, y, &difference) && not_equal(b, &difference);
  case CV_OPC_I32_LT_S:
  case CV_OPC_I32_LT_U:
    return less(b, x, y, false, n->op == CV_OPC_I32_LT_S);
  case CV_OPC_I32_LE_S:
  case CV_OPC_I32_LE_U:
    return less(b, x, y, true, n->op == CV_OPC_I32_LE_S);
  case CV_OPC_I32_GT_S:
  case CV_OPC_I32_GT_U:
    return less(b, y, x, false, n->op == CV_OPC_I32_GT_S);
  case CV_OPC_I32_GE_S:
  case CV_OPC_I32_GE_U:
    return less(b, y, x, true, n->op == CV_OPC_I32_GE_S);
  default:
    return false;
  }
}

bool gen_loop_scan(gen *g, loop_body *b) {
  scan s = {.g = g, .b = b, .at = g->at};
  b->node_count = b->access_count = b->local_count = b->group_count = 0;
  b->copies = 1;
  b->start = g->at;
  for (;;) {
    b->end = s.at;
    uint32_t op = *s.at++;
    if (op == CV_OPC_BR_IF)
      break;
    if (cv_op_is_prefix((uint8_t)op))
      op = op << 12 | cv_leb_u32(&s.at);
    instruction(&s, op);
    if (s.failed)
      return false;
  }
  uint32_t label = cv_leb_u32(&s.at), condition = pop_node(&s);
  if (s.failed || label != 0 || s.sp != 0 || b->access_count == 0)
    return false;
  find_counters(b);
  return find_groups(b) && find_test(&s, condition);
}
