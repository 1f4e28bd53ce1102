// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// handle.h: what the OS gives for an open file, pipe or socket, and the run of buffers that reads and writes take.
#ifndef COVE_SYS_HANDLE_H
#define COVE_SYS_HANDLE_H

#include "sys/error.h"

typedef int cv_handle;
#define CV_NO_HANDLE (-1)

// One buffer of a scattered read or gathered write. Laid out as the OS wants it, so that no copy is needed.
typedef struct cv_iovec {
  void *data;
  size_t size; // bytes
} cv_iovec;

enum { CV_MAX_IOVECS = 1024 };

void cv_sys_close(cv_handle handle); // CV_NO_HANDLE is allowed

#endif
