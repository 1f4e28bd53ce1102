// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// polling.c: ppoll(2).
#include "sys/polling.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

cv_err cv_sys_poll(cv_poll_item *items, size_t count, uint64_t timeout, size_t *ready) {
  struct pollfd fds[CV_MAX_POLL_ITEMS];
  *ready = 0;
  if (count > CV_MAX_POLL_ITEMS)
    return CV_ERR_INVAL;
  for (size_t i = 0; i < count; i++) {
    short events = (short)((items[i].want_read ? POLLIN : 0) | (items[i].want_write ? POLLOUT : 0));
    fds[i] = (struct pollfd){.fd = items[i].handle, .events = events};
  }
  struct timespec ts = {.tv_sec = (time_t)(timeout / 1000000000u), .tv_nsec = (long)(timeout % 1000000000u)};
  int n = ppoll(fds, count, timeout == CV_WAIT_FOREVER ? NULL : &ts, NULL);
  if (n < 0)
    return cv_sys_last_error();
  for (size_t i = 0; i < count; i++) {
    short got = fds[i].revents;
    bool broken = (got & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    items[i].hangup = broken;
    items[i].read_ready = items[i].want_read && ((got & POLLIN) != 0 || broken);
    items[i].write_ready = items[i].want_write && ((got & POLLOUT) != 0 || broken);
  }
  *ready = (size_t)n;
  return CV_ERR_OK;
}

uint64_t cv_sys_readable(cv_handle handle) {
  int n = 0;
  return ioctl(handle, FIONREAD, &n) == 0 && n > 0 ? (uint64_t)n : 0;
}
