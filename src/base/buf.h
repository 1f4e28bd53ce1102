// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// buf.h: a growable run of bytes, for output of encoders and printers. Errors stick: after a failed append every
// further one does nothing, and the caller asks once at the end (cv_buf_status).
#ifndef COVE_BASE_BUF_H
#define COVE_BASE_BUF_H

#include "base/mem.h"
#include "base/status.h"

#include <stdarg.h>

typedef struct cv_buf {
  cv_mem *mem; // borrowed
  uint8_t *data;
  size_t size, capacity;
  bool failed;
} cv_buf;

void cv_buf_init(cv_buf *buf, cv_mem *mem);
void cv_buf_free(cv_buf *buf);
CV_MUST_USE cv_status cv_buf_status(const cv_buf *buf);

void cv_buf_byte(cv_buf *buf, uint8_t byte);
void cv_buf_bytes(cv_buf *buf, const void *data, size_t size);
void cv_buf_text(cv_buf *buf, const char *text);
CV_PRINTF(2, 3) void cv_buf_printf(cv_buf *buf, const char *fmt, ...);
CV_PRINTF(2, 0) void cv_buf_vprintf(cv_buf *buf, const char *fmt, va_list args);
void cv_buf_uleb(cv_buf *buf, uint64_t value); // shortest form
void cv_buf_sleb(cv_buf *buf, int64_t value);
// Opens `size` bytes at `at`, moving what follows. Used to put a length before what it counts.
void cv_buf_insert(cv_buf *buf, size_t at, const void *data, size_t size);
// A terminating zero that is not counted in size; NULL when the buffer has failed.
const char *cv_buf_cstr(cv_buf *buf);

#endif
