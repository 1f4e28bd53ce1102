// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clocks.c: wasi:clocks. Each clock is granted by itself.
#include "wasi/p2/host.h"

#define MONOTONIC "wasi:clocks/monotonic-clock"
#define WALL "wasi:clocks/wall-clock"

static cove_host_result refuse(cv_p2 *p2, cove_call *call, cv_clock_id id) {
  cv_wasi_refuse_clock(p2->w, id);
  return cv_p2_refuse(p2, call, id == CV_CLOCK_WALL ? WALL : MONOTONIC);
}

// ---- the monotonic clock ----

cove_host_result wasi_clocks_monotonic_clock_now(void *host, cove_call *call, uint64_t *result) {
  cv_p2 *p2 = host;
  cv_err err = cv_clock_now(&p2->w->clock, CV_CLOCK_MONOTONIC, result);
  return err == CV_ERR_OK ? COVE_HOST_OK : refuse(p2, call, CV_CLOCK_MONOTONIC);
}

cove_host_result wasi_clocks_monotonic_clock_resolution(void *host, cove_call *call, uint64_t *result) {
  cv_p2 *p2 = host;
  cv_err err = cv_clock_resolution(&p2->w->clock, CV_CLOCK_MONOTONIC, result);
  return err == CV_ERR_OK ? COVE_HOST_OK : refuse(p2, call, CV_CLOCK_MONOTONIC);
}

cove_host_result wasi_clocks_monotonic_clock_subscribe_instant(void *host, cove_call *call, uint64_t when,
                                                               wasi_io_poll_pollable **result) {
  cv_p2 *p2 = host;
  if (p2->w->clock.monotonic == CV_CLOCK_DENIED)
    return refuse(p2, call, CV_CLOCK_MONOTONIC);
  *result = cv_p2_pollable(p2, cv_pollable_of_moment(p2->w, when));
  return *result != NULL ? COVE_HOST_OK : cv_p2_trap(p2, call, CV_ERR_NOMEM);
}

cove_host_result wasi_clocks_monotonic_clock_subscribe_duration(void *host, cove_call *call, uint64_t when,
                                                                wasi_io_poll_pollable **result) {
  uint64_t now, then;
  COVE_GLUE_TRY(wasi_clocks_monotonic_clock_now(host, call, &now));
  if (cv_add_overflows(now, when, &then))
    then = UINT64_MAX;
  return wasi_clocks_monotonic_clock_subscribe_instant(host, call, then, result);
}

// ---- the wall clock ----

static wasi_clocks_wall_clock_datetime datetime(uint64_t ns) {
  return (wasi_clocks_wall_clock_datetime){ns / 1000000000u, (uint32_t)(ns % 1000000000u)};
}

cove_host_result wasi_clocks_wall_clock_now(void *host, cove_call *call, wasi_clocks_wall_clock_datetime *result) {
  cv_p2 *p2 = host;
  uint64_t ns;
  if (cv_clock_now(&p2->w->clock, CV_CLOCK_WALL, &ns) != CV_ERR_OK)
    return refuse(p2, call, CV_CLOCK_WALL);
  *result = datetime(ns);
  return COVE_HOST_OK;
}

cove_host_result wasi_clocks_wall_clock_resolution(void *host, cove_call *call,
                                                   wasi_clocks_wall_clock_datetime *result) {
  cv_p2 *p2 = host;
  uint64_t ns;
  if (cv_clock_resolution(&p2->w->clock, CV_CLOCK_WALL, &ns) != CV_ERR_OK)
    return refuse(p2, call, CV_CLOCK_WALL);
  *result = datetime(ns);
  return COVE_HOST_OK;
}

// ---- time zones: where the host is, is not told ----

cove_host_result wasi_clocks_timezone_display(void *host, cove_call *call, const wasi_clocks_wall_clock_datetime *when,
                                              wasi_clocks_timezone_timezone_display *result) {
  *result = (wasi_clocks_timezone_timezone_display){.name = {"UTC", 3}};
  return COVE_HOST_OK;
}

cove_host_result wasi_clocks_timezone_utc_offset(void *host, cove_call *call,
                                                 const wasi_clocks_wall_clock_datetime *when, int32_t *result) {
  *result = 0;
  return COVE_HOST_OK;
}
