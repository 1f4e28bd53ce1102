// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tier_up.h: moving functions, and loops while they run, to a better tier in the background.
//
// Code of the lower tier looks at a flag, a word in memory, where a function begins and at each turn of a loop (a
// poll). A thread, the sampler, sets the flag about each millisecond while the code runs; the first poll that finds it
// set comes here, clears it and counts as one sample of its function. So finding what is hot costs the program a
// comparison that is never true, and no signal. A function with enough samples for its size is compiled by another
// thread, the worker, and its calls are led to the new code; one that is not called, but stays in a loop, is entered
// there: to find which loop, the flag stays set for some polls.
//
// The code of the upper tier is a cv_code of its own, of the same module and layout. Instances are of the lower code.
#ifndef COVE_RUNTIME_TIER_UP_H
#define COVE_RUNTIME_TIER_UP_H

#include "runtime/tier.h"

typedef struct cv_tier_up cv_tier_up;

// For code of a lower tier, whose options want it. `flag` is set at first. NULL when out of memory.
cv_tier_up *cv_tier_up_new(cv_code *lower, cv_mem *mem, uint32_t *flag);
// Before `lower` is deleted: deletes the upper code, too, once no function of it is being compiled. NULL is allowed.
void cv_tier_up_delete(cv_tier_up *up);

// A poll that has found the flag set.
typedef struct cv_poll {
  uint32_t func;
  uint32_t loop;   // offset of the loop instruction in the function's code; CV_NO_LOOP where the function begins
  uint32_t depth;  // loops around it
  bool can_enter;  // the frame can be left at this loop
  uintptr_t frame; // its address
} cv_poll;
// Where to go on, NULL: as before.
const uint8_t *cv_tier_up_poll(cv_tier_up *up, const cv_poll *poll);
// A function is called for the first time. True: a former run has left its code in the upper tier
// (cv_compile_options.upper_objects), and its calls go there from now on.
bool cv_tier_up_take(cv_tier_up *up, uint32_t func);
// What has happened so far to the functions of a code.
typedef struct cv_tier_up_counts {
  uint32_t funcs, loops; // compiled; loops: to be entered
  uint32_t failed;       // could not be compiled
  uint64_t entered;      // frames that went on in the upper tier
} cv_tier_up_counts;
cv_tier_up_counts cv_tier_up_count(const cv_code *lower);
// True while a function is compiled in the background: then exit would wait for its end.
bool cv_tier_up_busy(void);

#endif
