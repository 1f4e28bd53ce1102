// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// poll.c: polls, where functions begin and at loop headers, and what must be known there to go on in another tier
// (exec/code/poll.h). What happens when the flag is set is behind the code.
#include "exec/jit/plan.h"

// Constants of the operand stack are in their slots too when there are polls (control.c), so that at a loop header all
// entries are.
static bool stack_is_in_slots(const jit *j) {
  for (uint32_t i = 0; i < j->sp; i++)
    if (j->stack[i].kind != K_SLOT)
      return false;
  return true;
}

// The exception of a legacy catch is part of the frame's state, for rethrow.
static bool in_catch(const jit *j) {
  for (uint32_t i = 0; i < j->ctl_count; i++)
    if (j->ctls[i].op == CV_OPC_CATCH)
      return true;
  return false;
}

// The loop itself is the innermost block.
static uint32_t loops_around(const jit *j) {
  uint32_t loops = 0;
  for (uint32_t i = 0; i + 1 < j->ctl_count; i++)
    loops += j->ctls[i].op == CV_OPC_LOOP;
  return loops;
}

static void emit(jit *j, uint32_t loop) {
  cv_emit_room(&j->e, 64);
  // test [rip + flag], r14d: without an immediate, the processor joins it with the jump. The flag is all ones or zero.
  // An address that is a multiple of 2^32 would miss it, which does no harm.
  uint32_t field = cv_emit_rip(&j->e, CV_X86_TEST, 0, CV_REG_INSTANCE, 0);
  uint32_t jump = cv_emit_jump(&j->e, CV_CC_NE);
  if (cv_vec_push(j->mem, &j->relocs, (cv_code_reloc){field, CV_RELOC_FLAG, 0}) != CV_OK ||
      cv_vec_push(j->mem, &j->polls, (poll_site){jump, j->op_at, loop}) != CV_OK)
    j->no_memory = true;
}

void jit_poll_at_entry(jit *j) {
  if (j->tier_up)
    emit(j, CV_NO_LOOP);
}

void jit_poll_at_loop(jit *j) {
  if (!j->tier_up)
    return;
  uint32_t loop = (uint32_t)j->poll_loops.count;
  for (uint32_t i = 0; i < j->sp; i++)
    stack_addr(j, i); // the frame is large enough for all of them
  if (cv_vec_push(j->mem, &j->poll_loops,
                  (cv_poll_loop){.at = j->op_at,
                                 .valid = j->valid,
                                 .height = j->sp,
                                 .depth = loops_around(j),
                                 .can_enter = stack_is_in_slots(j) && !in_catch(j)}) != CV_OK) {
    j->no_memory = true;
    return;
  }
  emit(j, loop);
}

void jit_emit_polls(jit *j) {
  for (size_t i = 0; i < j->polls.count; i++) {
    const poll_site *p = &j->polls.data[i];
    cv_emit_room(&j->e, 64);
    cv_emit_bind(&j->e, p->jump);
    j->op_at = p->offset;
    cv_emit_const(&j->e, CV_R10, j->func);
    cv_emit_const(&j->e, CV_R11, p->loop);
    jit_helper(j, CV_NATIVE_POLL);
    cv_emit_jump_to(&j->e, -1, p->jump + 4);
  }
}

// NULL: no loops, or no memory.
const cv_poll_table *jit_poll_table(jit *j) {
  uint32_t count = (uint32_t)j->poll_loops.count;
  if (count == 0)
    return NULL;
  size_t size = sizeof(cv_poll_table) + count * sizeof(cv_poll_loop);
  j->poll_table.count = 0;
  if (cv_vec_reserve(j->mem, &j->poll_table, size / sizeof(uint32_t)) != CV_OK) {
    j->no_memory = true;
    return NULL;
  }
  cv_poll_table *t = (cv_poll_table *)j->poll_table.data;
  *t = (cv_poll_table){
      .local_count = j->local_count, .slot_size = j->slot_size, .loop_count = count, .pinned = j->pinned};
  memcpy(t->pin_local, j->pin_local, sizeof t->pin_local);
  memcpy(t->loops, j->poll_loops.data, count * sizeof(cv_poll_loop));
  return t;
}
