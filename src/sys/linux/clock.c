// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clock.c: clocks of the host.
#include "sys/clock.h"

#include <sched.h>
#include <time.h>

static const clockid_t ids[] = {
    [CV_OS_CLOCK_WALL] = CLOCK_REALTIME,
    [CV_OS_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
    [CV_OS_CLOCK_PROCESS] = CLOCK_PROCESS_CPUTIME_ID,
    [CV_OS_CLOCK_THREAD] = CLOCK_THREAD_CPUTIME_ID,
};

static uint64_t nanoseconds(const struct timespec *ts) {
  return ts->tv_sec < 0 ? 0 : (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec;
}

uint64_t cv_sys_clock_now(cv_os_clock clock) {
  struct timespec ts = {0};
  (void)clock_gettime(ids[clock], &ts); // cannot fail for these clocks
  return nanoseconds(&ts);
}

uint64_t cv_sys_clock_resolution(cv_os_clock clock) {
  struct timespec ts = {0};
  (void)clock_getres(ids[clock], &ts);
  uint64_t ns = nanoseconds(&ts);
  return ns != 0 ? ns : 1;
}

void cv_sys_yield(void) {
  (void)sched_yield();
}
