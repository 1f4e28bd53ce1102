// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clock.c: the clocks that a program sees.
#include "wasi/core/clock.h"

static const cv_os_clock host[] = {
    [CV_CLOCK_WALL] = CV_OS_CLOCK_WALL,
    [CV_CLOCK_MONOTONIC] = CV_OS_CLOCK_MONOTONIC,
    [CV_CLOCK_PROCESS] = CV_OS_CLOCK_PROCESS,
    [CV_CLOCK_THREAD] = CV_OS_CLOCK_THREAD,
};

void cv_clock_init(cv_clock *c, cv_clock_mode wall, cv_clock_mode monotonic, uint64_t wall_time) {
  *c = (cv_clock){.wall = wall, .monotonic = monotonic, .wall_time = wall_time};
  c->start[CV_CLOCK_MONOTONIC] = cv_sys_clock_now(CV_OS_CLOCK_MONOTONIC);
}

void cv_clock_start_cpu(cv_clock *c) {
  c->start[CV_CLOCK_PROCESS] = cv_sys_clock_now(CV_OS_CLOCK_PROCESS);
  c->start[CV_CLOCK_THREAD] = cv_sys_clock_now(CV_OS_CLOCK_THREAD);
}

static cv_err mode_of(const cv_clock *c, cv_clock_id id, cv_clock_mode *mode) {
  if ((unsigned)id >= CV_COUNT(host))
    return CV_ERR_INVAL;
  *mode = id == CV_CLOCK_WALL ? c->wall : c->monotonic;
  return *mode == CV_CLOCK_DENIED ? CV_ERR_NOTCAPABLE : CV_ERR_OK;
}

cv_err cv_clock_now(const cv_clock *c, cv_clock_id id, uint64_t *out) {
  cv_clock_mode mode;
  *out = 0;
  CV_ERR_TRY(mode_of(c, id, &mode));
  uint64_t start = id == CV_CLOCK_MONOTONIC ? CV_MONOTONIC_START : 0;
  if (mode == CV_CLOCK_VIRTUAL)
    *out = (id == CV_CLOCK_WALL ? c->wall_time : start) + c->slept;
  else if (id == CV_CLOCK_WALL)
    *out = mode == CV_CLOCK_FIXED ? c->wall_time : cv_sys_clock_now(CV_OS_CLOCK_WALL);
  else
    *out = start + cv_sys_clock_now(host[id]) - c->start[id];
  return CV_ERR_OK;
}

cv_err cv_clock_resolution(const cv_clock *c, cv_clock_id id, uint64_t *out) {
  cv_clock_mode mode;
  *out = 0;
  CV_ERR_TRY(mode_of(c, id, &mode));
  *out = mode == CV_CLOCK_REAL ? cv_sys_clock_resolution(host[id]) : 1;
  return CV_ERR_OK;
}

void cv_clock_sleep(cv_clock *c, uint64_t ns) {
  if (cv_add_overflows(c->slept, ns, &c->slept))
    c->slept = UINT64_MAX;
}
