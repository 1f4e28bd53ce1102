// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stream.c: the kinds of stream.
#include "wasi/core/stream.h"

#include "sys/net.h"
#include "sys/polling.h"

void cv_stream_retain(cv_stream *s) {
  s->refs++;
}

void cv_stream_release(cv_stream *s) {
  if (s == NULL || --s->refs != 0)
    return;
  if (s->owned)
    cv_sys_close(s->handle);
  s->ops->close(s);
}

cv_err cv_stream_stat(cv_stream *s, cv_stat *out) {
  *out = (cv_stat){.type = s->type, .nlink = 1};
  if (s->handle == CV_NO_HANDLE)
    return CV_ERR_OK;
  CV_ERR_TRY(cv_sys_stat(s->handle, out));
  out->type = s->type;
  return CV_ERR_OK;
}

cv_err cv_stream_read(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  *done = 0;
  cv_err err = s->ops->read != NULL ? s->ops->read(s, iov, count, done) : CV_ERR_BADF;
  s->none_to_read = err == CV_ERR_AGAIN;
  return err;
}

cv_err cv_stream_write(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  *done = 0;
  cv_err err = s->ops->write != NULL ? s->ops->write(s, iov, count, done) : CV_ERR_BADF;
  s->none_to_write = err == CV_ERR_AGAIN;
  return err;
}

static cv_stream *stream_new(cv_mem *mem, size_t size, const cv_stream_ops *ops, cv_filetype type) {
  cv_stream *s = cv_mem_zalloc(mem, size);
  if (s != NULL)
    *s = (cv_stream){.ops = ops, .mem = mem, .refs = 1, .type = type, .handle = CV_NO_HANDLE};
  return s;
}

static void plain_close(cv_stream *s) {
  cv_mem_free(s->mem, s, sizeof *s);
}

// ---- null ----

static cv_err null_read(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  *done = 0;
  return CV_ERR_OK;
}

static cv_err null_write(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  *done = 0;
  for (size_t i = 0; i < count; i++)
    *done += iov[i].size;
  return CV_ERR_OK;
}

cv_stream *cv_stream_null_new(cv_mem *mem) {
  static const cv_stream_ops ops = {"null", null_read, null_write, NULL, plain_close};
  return stream_new(mem, sizeof(cv_stream), &ops, CV_FILE_CHAR);
}

// ---- a handle of the host ----

static cv_err handle_read(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  return cv_sys_read(s->handle, iov, count, done);
}

static cv_err handle_write(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  if (s->type == CV_FILE_FIFO || s->type == CV_FILE_SOCKET_STREAM)
    return cv_sys_write_pipe(s->handle, iov, count, done);
  return cv_sys_write(s->handle, iov, count, done);
}

static uint64_t handle_readable(cv_stream *s) {
  return cv_sys_readable(s->handle);
}

cv_stream *cv_stream_handle_new(cv_mem *mem, cv_handle handle, bool owned) {
  static const cv_stream_ops ops = {"handle", handle_read, handle_write, handle_readable, plain_close};
  cv_stat st = {0};
  // A closed standard stream of the host is told when it is used.
  cv_filetype type = cv_sys_stat(handle, &st) == CV_ERR_OK ? st.type : CV_FILE_UNKNOWN;
  cv_stream *s = stream_new(mem, sizeof *s, &ops, type);
  if (s == NULL)
    return NULL;
  s->handle = handle;
  s->owned = owned;
  return s;
}

// ---- sockets ----

static cv_err socket_read(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  bool truncated;
  return s->is_listener ? CV_ERR_NOTCONN : cv_sys_receive(s->handle, iov, count, false, done, &truncated);
}

static cv_err socket_write(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  return s->is_listener ? CV_ERR_NOTCONN : cv_sys_send(s->handle, iov, count, done);
}

cv_stream *cv_stream_socket_new(cv_mem *mem, cv_handle handle, bool listen) {
  static const cv_stream_ops ops = {"socket", socket_read, socket_write, handle_readable, plain_close};
  cv_stream *s = stream_new(mem, sizeof *s, &ops, CV_FILE_SOCKET_STREAM);
  if (s == NULL)
    return NULL;
  s->handle = handle;
  s->owned = true;
  s->is_socket = true;
  s->is_listener = listen;
  return s;
}

// ---- text in memory ----

typedef struct input_stream {
  cv_stream base;
  size_t size, at;
  uint8_t text[];
} input_stream;

static cv_err input_read(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  input_stream *in = (input_stream *)s;
  *done = 0;
  for (size_t i = 0; i < count; i++) {
    size_t n = CV_MIN(iov[i].size, in->size - in->at);
    if (n != 0)
      memcpy(iov[i].data, in->text + in->at, n);
    in->at += n;
    *done += n;
  }
  return CV_ERR_OK;
}

static uint64_t input_readable(cv_stream *s) {
  const input_stream *in = (const input_stream *)s;
  return in->size - in->at;
}

static void input_close(cv_stream *s) {
  cv_mem_free(s->mem, s, sizeof(input_stream) + ((input_stream *)s)->size);
}

cv_stream *cv_stream_input_new(cv_mem *mem, cv_bytes text) {
  static const cv_stream_ops ops = {"input", input_read, NULL, input_readable, input_close};
  cv_stream *s = stream_new(mem, sizeof(input_stream) + text.size, &ops, CV_FILE_CHAR);
  if (s == NULL)
    return NULL;
  input_stream *in = (input_stream *)s;
  in->size = text.size;
  if (text.size != 0)
    memcpy(in->text, text.data, text.size);
  return s;
}

// ---- a buffer that collects ----

typedef struct output_stream {
  cv_stream base;
  cv_buf *out; // borrowed
} output_stream;

static cv_err output_write(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  cv_buf *out = ((output_stream *)s)->out;
  size_t start = out->size;
  *done = 0;
  for (size_t i = 0; i < count; i++)
    cv_buf_bytes(out, iov[i].data, iov[i].size);
  *done = out->size - start;
  return cv_buf_status(out) == CV_OK ? CV_ERR_OK : CV_ERR_NOMEM;
}

static void output_close(cv_stream *s) {
  cv_mem_free(s->mem, s, sizeof(output_stream));
}

cv_stream *cv_stream_output_new(cv_mem *mem, cv_buf *out) {
  static const cv_stream_ops ops = {"output", NULL, output_write, NULL, output_close};
  cv_stream *s = stream_new(mem, sizeof(output_stream), &ops, CV_FILE_CHAR);
  if (s != NULL)
    ((output_stream *)s)->out = out;
  return s;
}

// ---- the embedder's functions ----

typedef struct callback_stream {
  cv_stream base;
  cv_read_fn *read;
  cv_write_fn *write;
  void *env;
} callback_stream;

static cv_err callback_read(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  callback_stream *c = (callback_stream *)s;
  *done = 0;
  if (c->read == NULL)
    return CV_ERR_BADF;
  // One call, for the first buffer with room: a second could wait although there is something to give.
  for (size_t i = 0; i < count; i++)
    if (iov[i].size != 0) {
      cv_err err = c->read(c->env, iov[i].data, iov[i].size, done);
      return err == CV_ERR_OK && *done > iov[i].size ? CV_ERR_IO : err;
    }
  return CV_ERR_OK;
}

static cv_err callback_write(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done) {
  callback_stream *c = (callback_stream *)s;
  *done = 0;
  if (c->write == NULL)
    return CV_ERR_BADF;
  for (size_t i = 0; i < count; i++) {
    size_t n = 0;
    if (iov[i].size == 0)
      continue;
    cv_err err = c->write(c->env, iov[i].data, iov[i].size, &n);
    if (err != CV_ERR_OK || n > iov[i].size)
      return *done != 0 ? CV_ERR_OK : err != CV_ERR_OK ? err : CV_ERR_IO;
    *done += n;
    if (n < iov[i].size)
      return CV_ERR_OK;
  }
  return CV_ERR_OK;
}

static void callback_close(cv_stream *s) {
  cv_mem_free(s->mem, s, sizeof(callback_stream));
}

cv_stream *cv_stream_callback_new(cv_mem *mem, cv_read_fn *read, cv_write_fn *write, void *env) {
  static const cv_stream_ops ops = {"callback", callback_read, callback_write, NULL, callback_close};
  cv_stream *s = stream_new(mem, sizeof(callback_stream), &ops, CV_FILE_CHAR);
  if (s == NULL)
    return NULL;
  callback_stream *c = (callback_stream *)s;
  c->read = read;
  c->write = write;
  c->env = env;
  return s;
}
