// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trap.h: a trap is a value: its kind, a sentence where there is more to say than the kind, and the wasm frames.
#ifndef COVE_RUNTIME_TRAP_H
#define COVE_RUNTIME_TRAP_H

#include "base/base.h"

typedef enum cv_trap_kind {
#define CV_TRAP(name, value, text) CV_TRAP_##name = value,
#include "runtime/traps.def"
} cv_trap_kind;

const char *cv_trap_text(cv_trap_kind kind);

typedef struct cv_instance cv_instance;

// One wasm frame of a backtrace, innermost first.
typedef struct cv_frame {
  const cv_instance *instance; // NULL for a host function
  uint32_t func;               // function index in the instance's module
  uint32_t offset;             // byte offset in the module of the instruction, 0 when unknown
} cv_frame;

enum { CV_MAX_BACKTRACE = 64 };

typedef struct cv_trap {
  cv_trap_kind kind;
  int32_t exit_status;   // CV_TRAP_EXIT only
  bool inherited;        // DEADLINE, CANCELLED: of a store whose host function made this call
  uint64_t limit;        // the number of the limit that was hit, in its unit; 0 for none
  char text[192];        // the sentence, or "" for the kind's own text
  uint32_t frame_count;  // stored in `frames`
  uint32_t frames_total; // on the stack
  cv_frame frames[CV_MAX_BACKTRACE];
} cv_trap;

#endif
