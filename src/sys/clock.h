// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clock.h: clocks of the host, in nanoseconds.
#ifndef COVE_SYS_CLOCK_H
#define COVE_SYS_CLOCK_H

#include "sys/error.h"

typedef enum cv_os_clock {
  CV_OS_CLOCK_WALL,      // since 1970-01-01 UTC; may jump
  CV_OS_CLOCK_MONOTONIC, // since an unknown moment
  CV_OS_CLOCK_PROCESS,   // CPU time of the process
  CV_OS_CLOCK_THREAD,    // CPU time of the thread
} cv_os_clock;

uint64_t cv_sys_clock_now(cv_os_clock clock);
uint64_t cv_sys_clock_resolution(cv_os_clock clock); // at least 1
void cv_sys_yield(void);

#endif
