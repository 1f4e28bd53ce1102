// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// polling.h: waiting until handles are ready or time has passed.
// The name is not that of a system header: <poll.h> and others look under sys/ too.
#ifndef COVE_SYS_POLLING_H
#define COVE_SYS_POLLING_H

#include "sys/handle.h"

typedef struct cv_poll_item {
  cv_handle handle;
  bool want_read, want_write;
  bool read_ready, write_ready, hangup; // filled in
} cv_poll_item;

enum { CV_MAX_POLL_ITEMS = 512 };
#define CV_WAIT_FOREVER UINT64_MAX

// Waits for at most `timeout` nanoseconds; with no items it sleeps. *ready is the number of items that are ready.
// CV_ERR_INTR when a signal came.
CV_MUST_USE cv_err cv_sys_poll(cv_poll_item *items, size_t count, uint64_t timeout, size_t *ready);
// Bytes that a read would give now, as far as the host knows; 0 when it does not.
uint64_t cv_sys_readable(cv_handle handle);

#endif
