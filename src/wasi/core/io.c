// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// io.c: transfers on descriptors: positions of files, waiting of streams, the limits.
#include "sys/net.h"
#include "wasi/core/wasi.h"

cv_filetype cv_io_type(const cv_descriptor *d) {
  return d->kind == CV_DESCRIPTOR_FILE     ? d->file->type
         : d->kind == CV_DESCRIPTOR_STREAM ? d->stream->type
                                           : CV_FILE_UNKNOWN;
}

cv_err cv_io_stat(cv_descriptor *d, cv_stat *out) {
  return d->kind == CV_DESCRIPTOR_FILE ? cv_file_stat(d->file, out) : cv_stream_stat(d->stream, out);
}

// Cuts the buffers to at most `limit` bytes in all, in the context's own array. Fewer buffers may be left.
static const cv_iovec *cut(cv_wasi *w, const cv_iovec *iov, size_t *count, uint64_t limit) {
  uint64_t total = 0;
  for (size_t i = 0; i < *count; i++) {
    if (iov[i].size > limit - total) {
      if (iov != w->iov)
        memcpy(w->iov, iov, (i + 1) * sizeof *iov);
      w->iov[i].size = (size_t)(limit - total);
      *count = i + 1;
      return w->iov;
    }
    total += iov[i].size;
  }
  return iov;
}

static size_t total_size(const cv_iovec *iov, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++)
    total += iov[i].size; // cut before: does not overflow
  return total;
}

// Waits until the stream is ready. CV_ERR_AGAIN when it is non-blocking and is not. Without a handle only time can
// pass.
static cv_err wait_stream(cv_wasi *w, const cv_descriptor *d, bool write) {
  const cv_stream *s = d->stream;
  if (s->handle == CV_NO_HANDLE) {
    bool none = write ? s->none_to_write : s->none_to_read;
    cv_err slept = none && !d->nonblock ? cv_wasi_wait(w, NULL, 0, CV_RETRY_NS) : CV_ERR_OK;
    return slept == CV_ERR_TIMEDOUT ? CV_ERR_OK : slept;
  }
  cv_poll_item item = {.handle = s->handle, .want_read = !write, .want_write = write};
  cv_err err = cv_wasi_wait(w, &item, 1, d->nonblock ? 0 : CV_WAIT_FOREVER);
  return err == CV_ERR_TIMEDOUT ? CV_ERR_AGAIN : err;
}

static bool may_block(const cv_stream *s) {
  return s->handle != CV_NO_HANDLE && s->type != CV_FILE_REGULAR;
}

static cv_err stream_read(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done) {
  cv_stream *s = d->stream;
  // A blocking read may as well wait in the host's own read; a socket's never waits.
  bool wait_first = may_block(s) && (d->nonblock || s->is_socket);
  for (;;) {
    if (wait_first)
      CV_ERR_TRY(wait_stream(w, d, false));
    else if (cv_wasi_is_stopped(w))
      return CV_ERR_STOPPED;
    cv_err err = cv_stream_read(s, iov, count, done);
    if (err != CV_ERR_INTR && (err != CV_ERR_AGAIN || d->nonblock))
      return err;
    wait_first = err == CV_ERR_AGAIN || wait_first;
  }
}

static cv_err stream_write(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done) {
  // The host's handle itself may block. A pipe that polls as writable takes this much without waiting.
  enum { PIPE_ROOM = 4096 };
  if (d->nonblock && may_block(d->stream) && !d->stream->is_socket) {
    CV_ERR_TRY(wait_stream(w, d, true));
    iov = cut(w, iov, &count, PIPE_ROOM);
  }
  for (;;) {
    cv_err err = cv_stream_write(d->stream, iov, count, done);
    if (err != CV_ERR_INTR && (err != CV_ERR_AGAIN || d->nonblock))
      return err;
    if (err == CV_ERR_AGAIN)
      CV_ERR_TRY(wait_stream(w, d, true));
    else if (cv_wasi_is_stopped(w))
      return CV_ERR_STOPPED;
  }
}

cv_err cv_io_read(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done) {
  *done = 0;
  iov = cut(w, iov, &count, w->limits.call_bytes);
  if (d->kind == CV_DESCRIPTOR_STREAM) {
    if (total_size(iov, count) == 0)
      return d->stream->ops->read != NULL ? CV_ERR_OK : CV_ERR_BADF;
    return stream_read(w, d, iov, count, done);
  }
  CV_ERR_TRY(cv_file_read(d->file, iov, count, d->offset, done));
  d->offset += *done;
  return CV_ERR_OK;
}

static cv_err counted_write(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done) {
  uint64_t left = w->limits.output - w->output_used;
  if (total_size(iov, count) == 0)
    return CV_ERR_OK;
  if (left == 0)
    return CV_ERR_OUTPUT_LIMIT;
  // What still fits is written, so that the limit falls on the same byte whatever the size of the writes. A program
  // that is told of a short write may go on as if nothing were missing: the write that crosses the limit is the last.
  bool crosses = total_size(iov, count) > left;
  iov = cut(w, iov, &count, left);
  CV_ERR_TRY(stream_write(w, d, iov, count, done));
  w->output_used += *done;
  return crosses && *done == left ? CV_ERR_OUTPUT_LIMIT : CV_ERR_OK;
}

cv_err cv_io_write(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, size_t *done) {
  *done = 0;
  iov = cut(w, iov, &count, w->limits.call_bytes);
  if (d->kind == CV_DESCRIPTOR_STREAM)
    return d->stream->counts ? counted_write(w, d, iov, count, done) : stream_write(w, d, iov, count, done);
  if (d->append) {
    uint64_t end;
    CV_ERR_TRY(cv_wasi_note_limit(w, d->file, cv_file_append(d->file, iov, count, done, &end)));
    if (*done != 0)
      d->offset = end;
    return CV_ERR_OK;
  }
  CV_ERR_TRY(cv_wasi_note_limit(w, d->file, cv_file_write(d->file, iov, count, d->offset, done)));
  d->offset += *done;
  return CV_ERR_OK;
}

cv_err cv_io_pread(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  *done = 0;
  if (d->kind != CV_DESCRIPTOR_FILE)
    return CV_ERR_SPIPE;
  iov = cut(w, iov, &count, w->limits.call_bytes);
  return cv_file_read(d->file, iov, count, offset, done);
}

// A position is a position, also on a descriptor that appends (POSIX.1-2017, pwrite).
cv_err cv_io_pwrite(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, uint64_t offset, size_t *done) {
  *done = 0;
  if (d->kind != CV_DESCRIPTOR_FILE)
    return CV_ERR_SPIPE;
  iov = cut(w, iov, &count, w->limits.call_bytes);
  return cv_wasi_note_limit(w, d->file, cv_file_write(d->file, iov, count, offset, done));
}

cv_err cv_io_seek(cv_descriptor *d, int64_t delta, cv_whence whence, uint64_t *offset) {
  if (d->kind != CV_DESCRIPTOR_FILE)
    return CV_ERR_SPIPE;
  if (d->file->type == CV_FILE_DIR)
    return CV_ERR_ISDIR;
  uint64_t base = 0;
  if (whence == CV_WHENCE_HERE) {
    base = d->offset;
  } else if (whence == CV_WHENCE_END) {
    cv_stat st;
    CV_ERR_TRY(cv_file_stat(d->file, &st));
    base = st.size;
  }
  int64_t to;
  if (base > INT64_MAX || cv_add_overflows((int64_t)base, delta, &to))
    return CV_ERR_OVERFLOW;
  if (to < 0)
    return CV_ERR_INVAL;
  *offset = d->offset = (uint64_t)to;
  return CV_ERR_OK;
}

// ---- sockets ----

static cv_err need_socket(const cv_descriptor *d, bool listener) {
  if (d->kind != CV_DESCRIPTOR_STREAM || !d->stream->is_socket)
    return CV_ERR_NOTSOCK;
  if (d->stream->is_listener != listener)
    return listener ? CV_ERR_INVAL : CV_ERR_NOTCONN;
  return CV_ERR_OK;
}

// Drops the first `n` bytes of the buffers, in place.
static void skip(cv_iovec **iov, size_t *count, size_t n) {
  while (*count != 0 && n >= (*iov)->size) {
    n -= (*iov)->size;
    ++*iov;
    --*count;
  }
  if (*count != 0) {
    (*iov)->data = (uint8_t *)(*iov)->data + n;
    (*iov)->size -= n;
  }
}

cv_err cv_io_receive(cv_wasi *w, cv_descriptor *d, const cv_iovec *iov, size_t count, bool peek, bool wait_all,
                     size_t *done, bool *truncated) {
  *done = 0;
  *truncated = false;
  CV_ERR_TRY(need_socket(d, false));
  iov = cut(w, iov, &count, w->limits.call_bytes);
  if (iov != w->iov)
    memcpy(w->iov, iov, count * sizeof *iov);
  cv_iovec *left = w->iov;
  skip(&left, &count, 0);
  while (count != 0) {
    size_t n = 0;
    cv_err err = wait_stream(w, d, false);
    if (err == CV_ERR_OK)
      err = cv_sys_receive(d->stream->handle, left, count, peek, &n, truncated);
    if (err == CV_ERR_INTR || (err == CV_ERR_AGAIN && !d->nonblock))
      continue;
    if (err != CV_ERR_OK)
      return *done != 0 ? CV_ERR_OK : err;
    *done += n;
    // A second look at bytes that were only looked at would give the same ones again.
    if (n == 0 || !wait_all || peek)
      return CV_ERR_OK;
    skip(&left, &count, n);
  }
  return CV_ERR_OK;
}

cv_err cv_io_accept(cv_wasi *w, cv_descriptor *listener, bool nonblock, uint32_t *number) {
  CV_ERR_TRY(need_socket(listener, true));
  cv_handle handle;
  for (;;) {
    CV_ERR_TRY(wait_stream(w, listener, false));
    cv_err err = cv_sys_accept(listener->stream->handle, &handle);
    if (err == CV_ERR_OK)
      break;
    if (err != CV_ERR_INTR && (err != CV_ERR_AGAIN || listener->nonblock))
      return err;
  }
  cv_descriptor d = {.kind = CV_DESCRIPTOR_STREAM, .nonblock = nonblock, .grant = CV_NO_INDEX};
  d.stream = cv_stream_socket_new(w->mem, handle, false);
  if (d.stream == NULL) {
    cv_sys_close(handle);
    return CV_ERR_NOMEM;
  }
  d.rights = listener->inheriting;
  d.inheriting = listener->inheriting;
  d.label = cv_path_label(w, &(cv_descriptor){0}, (cv_bytes){(const uint8_t *)"/connection", 11});
  return cv_wasi_note_limit(w, NULL, cv_descriptors_open(&w->descriptors, &d, number));
}
