// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// loop_reroll.c: compilers unroll loops; LLVM makes vectors of loops best when they are not. A turn of U copies, whose
// accesses come in the same order with addresses a U-th of their stride apart and whose stored values are the same
// expressions, is U turns of a shorter loop: the clone makes one copy and U times as many turns. The order of accesses
// stays exactly as it was.
#include "exec/llvm/plugin/loop.h"

typedef struct matcher {
  const loop_body *b;
  uint32_t copies, copy, period; // accesses in a copy
  uint32_t like[LOOP_NODES];     // node of copy 0 -> node of this copy, plus one
} matcher;

// `b` is `a` one copy or more later.
static bool same_linear(const matcher *m, const loop_linear *a, const loop_linear *b) {
  int32_t step;
  if (a->count != b->count || memcmp(a->terms, b->terms, a->count * sizeof a->terms[0]) != 0 ||
      !gen_loop_step(m->b, a, &step) || step % (int32_t)m->copies != 0)
    return false;
  return b->constant == a->constant + (uint32_t)(step / (int32_t)m->copies) * m->copy;
}

static bool is_changed(const loop_body *b, uint32_t local) {
  for (uint32_t i = 0; i < b->local_count; i++)
    if (b->locals[i].local == local)
      return b->locals[i].assigned;
  return false;
}

static bool same_node(matcher *m, uint32_t first, uint32_t later) {
  if (m->like[first] != 0)
    return m->like[first] == later + 1;
  m->like[first] = later + 1;
  const loop_node *a = &m->b->nodes[first], *b = &m->b->nodes[later];
  if (a->kind != b->kind)
    return false;
  switch (a->kind) {
  case LOOP_LINEAR:
    return same_linear(m, &a->linear, &b->linear);
  case LOOP_LOADED:
    return a->index < m->period && b->index == a->index + m->copy * m->period;
  case LOOP_ENTRY:
    return a->index == b->index && !is_changed(m->b, a->index);
  case LOOP_OTHER:
    break;
  }
  if (a->op != b->op || a->immediates_size != b->immediates_size ||
      memcmp(a->immediates, b->immediates, a->immediates_size) != 0)
    return false;
  for (uint32_t i = 0; i < a->operand_count; i++)
    if (!same_node(m, a->operands[i], b->operands[i]))
      return false;
  return true;
}

static bool same_copy(matcher *m) {
  memset(m->like, 0, sizeof m->like);
  for (uint32_t i = 0; i < m->period; i++) {
    const loop_access *a = &m->b->accesses[i], *b = &m->b->accesses[i + m->copy * m->period];
    if (a->op != b->op || a->offset != b->offset || !same_linear(m, &a->address, &b->address) ||
        (a->is_store && !same_node(m, a->stored, b->stored)))
      return false;
  }
  return true;
}

// What a turn hands to the next are counters only, whose steps can be divided.
static bool carries_counters_only(const loop_body *b, uint32_t copies) {
  for (uint32_t i = 0; i < b->local_count; i++) {
    const loop_local *l = &b->locals[i];
    if (l->assigned && (l->is_counter ? l->step % (int32_t)copies != 0 : l->is_read))
      return false;
  }
  return true;
}

static bool is_copies(matcher *m) {
  if (!carries_counters_only(m->b, m->copies))
    return false;
  for (m->copy = 1; m->copy < m->copies; m->copy++)
    if (!same_copy(m))
      return false;
  return true;
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
