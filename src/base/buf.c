// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// buf.c: growable bytes.
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void cv_buf_init(cv_buf *buf, cv_mem *mem) {
  *buf = (cv_buf){.mem = mem};
}

void cv_buf_free(cv_buf *buf) {
  cv_mem_free(buf->mem, buf->data, buf->capacity);
  *buf = (cv_buf){.mem = buf->mem};
}

cv_status cv_buf_status(const cv_buf *buf) {
  return buf->failed ? CV_ENOMEM : CV_OK;
}

static bool reserve(cv_buf *buf, size_t extra) {
  if (buf->failed)
    return false;
  if (CV_LIKELY(buf->capacity - buf->size >= extra))
    return true;
  size_t need, cap = buf->capacity != 0 ? buf->capacity : 64;
  bool over = cv_add_overflows(buf->size, extra, &need);
  while (!over && cap < need)
    over = cv_mul_overflows(cap, (size_t)2, &cap);
  void *p = over ? NULL : cv_mem_realloc(buf->mem, buf->data, buf->capacity, cap);
  if (p == NULL) {
    buf->failed = true;
    return false;
  }
  buf->data = p;
  buf->capacity = cap;
  return true;
}

void cv_buf_byte(cv_buf *buf, uint8_t byte) {
  if (reserve(buf, 1))
    buf->data[buf->size++] = byte;
}

void cv_buf_bytes(cv_buf *buf, const void *data, size_t size) {
  if (size == 0 || !reserve(buf, size))
    return;
  memcpy(buf->data + buf->size, data, size);
  buf->size += size;
}

void cv_buf_text(cv_buf *buf, const char *text) {
  cv_buf_bytes(buf, text, strlen(text));
}

void cv_buf_printf(cv_buf *buf, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  cv_buf_vprintf(buf, fmt, args);
  va_end(args);
}

void cv_buf_vprintf(cv_buf *buf, const char *fmt, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  if (n < 0)
    buf->failed = true;
  else if (reserve(buf, (size_t)n + 1)) {
    vsnprintf((char *)buf->data + buf->size, (size_t)n + 1, fmt, again);
    buf->size += (size_t)n;
  }
  va_end(again);
}

void cv_buf_uleb(cv_buf *buf, uint64_t value) {
  do {
    uint8_t byte = value & 0x7f;
    value >>= 7;
    cv_buf_byte(buf, value != 0 ? byte | 0x80 : byte);
  } while (value != 0);
}

void cv_buf_sleb(cv_buf *buf, int64_t value) {
  for (;;) {
    uint8_t byte = value & 0x7f;
    value >>= 7;
    bool last = (value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40));
    cv_buf_byte(buf, last ? byte : byte | 0x80);
    if (last)
      return;
  }
}

void cv_buf_insert(cv_buf *buf, size_t at, const void *data, size_t size) {
  if (size == 0 || !reserve(buf, size))
    return;
  memmove(buf->data + at + size, buf->data + at, buf->size - at);
  memcpy(buf->data + at, data, size);
  buf->size += size;
}

const char *cv_buf_cstr(cv_buf *buf) {
  if (!reserve(buf, 1))
    return NULL;
  buf->data[buf->size] = 0;
  return (const char *)buf->data;
}
