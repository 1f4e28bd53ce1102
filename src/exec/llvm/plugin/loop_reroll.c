// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// loop_reroll.c: compilers unroll loops; LLVM makes vectors of loops best when they are not. A turn of U copies, whose
// accesses come in the same order with addresses a U-th of their stride apart and whose stored values are the same
// expressions, is U turns of a shorter loop: the clone makes one copy and U times as many turns. The order of accesses
// stays exactly as it was.
//
// A copy may use what the one before it has loaded (a[i + 1] of one is a[i] of the next): the copies after the first
// then use that load where the first uses a local, whose value at the end of the turn is the load of the last copy.
#include "exec/llvm/plugin/loop.h"

typedef struct matcher {
  loop_body *b;
  uint32_t copies, copy, period; // accesses in a copy
  uint32_t like[LOOP_NODES];     // node of copy 0 -> node of this copy, plus one
} matcher;

static bool is_divisible(const matcher *m, uint32_t local) {
  for (uint32_t i = 0; i < m->b->local_count; i++)
    if (m->b->locals[i].local == local)
      return m->b->locals[i].step % (int32_t)m->copies == 0;
  return true;
}

// `b` is `a` one copy or more later. The clone counts every counter in it in steps of one copy.
static bool same_linear(const matcher *m, const loop_linear *a, const loop_linear *b) {
  int32_t step;
  if (a->count != b->count || memcmp(a->terms, b->terms, a->count * sizeof a->terms[0]) != 0 ||
      !gen_loop_step(m->b, a, &step) || step % (int32_t)m->copies != 0)
    return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (!is_divisible(m, a->terms[i].local))
      return false;
  return b->constant == a->constant + (uint32_t)(step / (int32_t)m->copies) * m->copy;
}

// What is local `l` at the start of a turn is `later` in this copy.
static bool same_start(const matcher *m, loop_local *l, uint32_t later) {
  if (!l->assigned)
    return later == l->start;
  const loop_node *n = &m->b->nodes[later];
  uint32_t before = (m->copy - 1) * m->period;
  if (l->is_counter || n->kind != LOOP_LOADED || n->index < before || n->index >= before + m->period)
    return false;
  if (!l->is_carried) {
    l->is_carried = true;
    l->carried = n->index - before;
  }
  return n->index == before + l->carried;
}

static loop_local *starting_with(const matcher *m, uint32_t node) {
  for (uint32_t i = 0; i < m->b->local_count; i++)
    if (m->b->locals[i].start == node)
      return &m->b->locals[i];
  return NULL;
}

static bool is_commutative(uint32_t op) {
  switch (op) {
  case CV_OPC_I32_ADD:
  case CV_OPC_I32_MUL:
  case CV_OPC_I64_ADD:
  case CV_OPC_I64_MUL:
  case CV_OPC_F32_ADD: // which NaN comes out is nobody's promise
  case CV_OPC_F32_MUL:
  case CV_OPC_F64_ADD:
  case CV_OPC_F64_MUL:
    return true;
  default:
    return false;
  }
}

// A load whose value is what is in memory.
static bool is_whole(uint32_t op) {
  return op == CV_OPC_I64_LOAD || op == CV_OPC_F32_LOAD || op == CV_OPC_F64_LOAD || op == CV_OPC_V128_LOAD;
}

// Whether operands could be the same by what they are alone; tells the operands of sums apart.
static bool is_similar(const matcher *m, uint32_t first, uint32_t later) {
  const loop_node *a = &m->b->nodes[first], *b = &m->b->nodes[later];
  if (a->kind == LOOP_ENTRY)
    return b->kind == LOOP_ENTRY || (b->kind == LOOP_LOADED && b->index < m->copy * m->period);
  if (a->kind == LOOP_LOADED)
    return b->kind == LOOP_LOADED && b->index == a->index + m->copy * m->period;
  return a->kind == b->kind && a->op == b->op;
}

static bool same_node(matcher *m, uint32_t first, uint32_t later) {
  if (m->like[first] != 0)
    return m->like[first] == later + 1;
  m->like[first] = later + 1;
  const loop_node *a = &m->b->nodes[first], *b = &m->b->nodes[later];
  if (a->kind == LOOP_ENTRY) {
    loop_local *l = starting_with(m, first);
    return l != NULL && same_start(m, l, later);
  }
  if (a->kind != b->kind)
    return false;
  switch (a->kind) {
  case LOOP_LINEAR:
    return same_linear(m, &a->linear, &b->linear);
  case LOOP_LOADED:
    return a->index < m->period && b->index == a->index + m->copy * m->period;
  case LOOP_ENTRY:
  case LOOP_OTHER:
    break;
  }
  if (a->op != b->op || a->immediates_size != b->immediates_size ||
      memcmp(a->immediates, b->immediates, a->immediates_size) != 0)
    return false;
  bool swapped = is_commutative(a->op) &&
                 !(is_similar(m, a->operands[0], b->operands[0]) && is_similar(m, a->operands[1], b->operands[1]));
  for (uint32_t i = 0; i < a->operand_count; i++)
    if (!same_node(m, a->operands[i], b->operands[swapped ? 1 - i : i]))
      return false;
  return true;
}

// The same access one copy or more later. The guard has found that no address wraps, so only distances count.
static bool same_access(matcher *m, const loop_access *a, const loop_access *b) {
  int32_t stride = m->b->groups[a->group].stride, copies = (int32_t)m->copies;
  return a->op == b->op && a->group == b->group && stride % copies == 0 &&
         b->from - a->from == (int64_t)(stride / copies) * m->copy &&
         (!a->is_store || same_node(m, a->stored, b->stored));
}

static bool same_copy(matcher *m) {
  memset(m->like, 0, sizeof m->like);
  for (uint32_t i = 0; i < m->period; i++)
    if (!same_access(m, &m->b->accesses[i], &m->b->accesses[i + m->copy * m->period]))
      return false;
  return true;
}

// What a turn hands to the next are counters and what the last copy has loaded.
static bool carries_what_it_may(const matcher *m) {
  for (uint32_t i = 0; i < m->b->local_count; i++) {
    const loop_local *l = &m->b->locals[i];
    if (!l->assigned || l->is_counter || !l->is_read)
      continue;
    const loop_node *last = &m->b->nodes[l->now];
    if (!l->is_carried || last->kind != LOOP_LOADED || last->index != l->carried + (m->copies - 1) * m->period ||
        !is_whole(m->b->accesses[l->carried].op))
      return false;
  }
  return true;
}

static bool is_copies(matcher *m) {
  for (uint32_t i = 0; i < m->b->local_count; i++)
    m->b->locals[i].is_carried = false;
  for (m->copy = 1; m->copy < m->copies; m->copy++)
    if (!same_copy(m))
      return false;
  return carries_what_it_may(m);
}

void gen_loop_reroll(loop_body *b) {
  enum { MOST_COPIES = 16 };
  matcher m = {.b = b};
  bool stores = false;
  for (uint32_t i = 0; i < b->access_count; i++)
    stores |= b->accesses[i].is_store;
  if (!stores)
    return;
  for (uint32_t copies = MOST_COPIES; copies > 1; copies--) {
    if (b->access_count % copies != 0)
      continue;
    m.copies = copies;
    m.period = b->access_count / copies;
    if (is_copies(&m)) {
      b->copies = copies;
      return;
    }
  }
}
