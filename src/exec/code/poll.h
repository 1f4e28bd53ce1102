// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// poll.h: leaving code of a lower tier for a better one (runtime/tier_up.h). A poll looks at the flag of its code; when
// it is set, it puts the function's index in r10, and in r11 which loop of the function it is in (CV_NO_LOOP
// where the function begins), and calls the helper CV_NATIVE_POLL, which keeps all other registers that hold locals.
// The helper returns, or takes what the frame holds to context->args, drops the frame and goes on in the upper tier.
#ifndef COVE_EXEC_CODE_POLL_H
#define COVE_EXEC_CODE_POLL_H

#include "exec/code/abi.h"

struct cv_emit;

// A loop at whose header a poll is. There each local is in its register, if it has one and the register is valid, else
// in its slot; the operand stack is in slots.
typedef struct cv_poll_loop {
  uint32_t at;     // offset of the loop instruction in the function's code
  uint32_t valid;  // registers (bits)
  uint32_t height; // of the operand stack, the loop's parameters included
  uint32_t depth;  // loops around it
  bool can_enter;  // false: there is more to the frame's state than this
} cv_poll_loop;

// Slot i is at rbp - slot_size * (i + 2): first the locals, then the operand stack.
typedef struct cv_poll_table {
  uint32_t local_count, slot_size, loop_count;
  uint32_t pinned;        // registers that hold a local
  uint32_t pin_local[32]; // which
  cv_poll_loop loops[];
} cv_poll_table;

static inline size_t cv_poll_table_size(const cv_poll_table *t) {
  return sizeof *t + t->loop_count * sizeof t->loops[0];
}

// The stub of CV_NATIVE_POLL.
void cv_poll_emit_stub(struct cv_emit *e);

// Flags are apart from all code, and from each other. *run is where code reads the flag; the result is where it is
// written; NULL when there is no room.
uint32_t *cv_poll_flag_new(const uint8_t **run);
void cv_poll_flag_delete(const uint8_t *run); // NULL is allowed

#endif
