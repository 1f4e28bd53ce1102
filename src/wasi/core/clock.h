// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clock.h: the clocks that a program sees, in nanoseconds.
//
//   denied   reading one is CV_ERR_NOTCAPABLE
//   real     the host's
//   fixed    the wall clock stands still at a given time; the monotonic clock runs, so that timeouts work
//   virtual  both stand still except while the program sleeps, which takes no real time: a run is repeatable
//
// The monotonic clock starts at one second when the context is made: how long the host has been up is not the program's
// business, and some programs take 0 for "no clock". CPU time clocks go with the monotonic clock; they count from
// cv_clock_start_cpu on, which is for who serves them: to ask the system for them takes longer than all else of a
// context.
#ifndef COVE_WASI_CORE_CLOCK_H
#define COVE_WASI_CORE_CLOCK_H

#include "sys/clock.h"

typedef enum cv_clock_mode { CV_CLOCK_DENIED, CV_CLOCK_REAL, CV_CLOCK_FIXED, CV_CLOCK_VIRTUAL } cv_clock_mode;
typedef enum cv_clock_id { CV_CLOCK_WALL, CV_CLOCK_MONOTONIC, CV_CLOCK_PROCESS, CV_CLOCK_THREAD } cv_clock_id;

#define CV_MONOTONIC_START 1000000000u // nanoseconds

typedef struct cv_clock {
  cv_clock_mode wall, monotonic; // granted apart; virtual when either is
  uint64_t wall_time;            // fixed, virtual: the wall clock at the start
  uint64_t slept;                // virtual: how far it has been moved
  uint64_t start[4];             // real: the host's clocks at the start
} cv_clock;

// `wall_time` is used by fixed and virtual clocks.
void cv_clock_init(cv_clock *c, cv_clock_mode wall, cv_clock_mode monotonic, uint64_t wall_time);
void cv_clock_start_cpu(cv_clock *c);
CV_MUST_USE cv_err cv_clock_now(const cv_clock *c, cv_clock_id id, uint64_t *out);
CV_MUST_USE cv_err cv_clock_resolution(const cv_clock *c, cv_clock_id id, uint64_t *out);
static inline bool cv_clock_is_virtual(const cv_clock *c) {
  return c->wall == CV_CLOCK_VIRTUAL || c->monotonic == CV_CLOCK_VIRTUAL;
}
// Moves a virtual clock.
void cv_clock_sleep(cv_clock *c, uint64_t ns);

#endif
