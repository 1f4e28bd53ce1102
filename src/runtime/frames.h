// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// frames.h: the wasm frames of a store's running calls, innermost first, over all activations. Async-signal-safe: reads
// stacks with suspicion, since a signal may find a frame half made.
//
// Native frames are chained by the frame pointer: at fp the caller's, at fp + 8 the return address, at fp - 8 the
// instance whose code runs, in tiers that say so (cv_tier.frames_tell_instance). A chain ends at a return address
// outside the code map: the entry trampoline's.
#ifndef COVE_RUNTIME_FRAMES_H
#define COVE_RUNTIME_FRAMES_H

#include "runtime/runtime.h"

typedef struct cv_frame_walk {
  cv_context *context;
  const cv_activation *activation; // the next one to look at
  bool in_native;                  // fp and pc are inside `activation`'s native frames
  bool exact;                      // pc is the instruction itself, not a return address
  bool inlined_told;               // the frame of an inlined callee at pc was told, its caller's was not
  uintptr_t fp, pc;
} cv_frame_walk;

void cv_frame_walk_init(cv_frame_walk *walk, cv_context *context);
// False at the end. `out` may be NULL, to count frames: that is much cheaper, the instance of a frame takes a search.
bool cv_frame_walk_next(cv_frame_walk *walk, cv_frame *out);
// The instance of the native frame at `fp`, which runs `code`; where the frame does not tell, some instance of that
// code. NULL when there is none.
const cv_instance *cv_frame_instance(const cv_context *context, uintptr_t fp, const cv_code *code);

#endif
