// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stream.h: a run of bytes without positions: standard input and output, pipes, terminals, sockets, buffers, callbacks.
// A stream is counted; it belongs to one thread at a time. A socket is a stream that can also be accepted from,
// received from with flags, and shut down.
#ifndef COVE_WASI_CORE_STREAM_H
#define COVE_WASI_CORE_STREAM_H

#include "base/buf.h"
#include "sys/fs.h"

typedef struct cv_stream cv_stream;

#define CV_RETRY_NS 1000000u // between attempts at a stream that has no handle to wait on

typedef struct cv_stream_ops {
  const char *name;
  cv_err (*read)(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done);
  cv_err (*write)(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done);
  // Bytes that a read would give at once, where that is known; NULL: not known.
  uint64_t (*readable)(cv_stream *s);
  void (*close)(cv_stream *s);
} cv_stream_ops;

struct cv_stream {
  const cv_stream_ops *ops;
  cv_mem *mem; // borrowed
  uint32_t refs;
  cv_filetype type;
  cv_handle handle; // what to wait on; CV_NO_HANDLE: always ready
  bool owned;       // close `handle`
  bool is_socket, is_listener;
  bool is_nonblocking; // asked for by the guest; the host's handle is not changed, others may share it
  bool counts;         // what is written counts against the limit on output
  // The last read or write answered CV_ERR_AGAIN. Without a handle there is nothing to wait on but time.
  bool none_to_read, none_to_write;
};

// Gives at most `size` bytes into `data`; *done 0 is the end. Called in the thread of the instance. CV_ERR_AGAIN: there
// is nothing now; who waits for it asks again after CV_RETRY_NS.
typedef cv_err cv_read_fn(void *env, void *data, size_t size, size_t *done);
// Takes at most `size` bytes; CV_ERR_AGAIN likewise.
typedef cv_err cv_write_fn(void *env, const void *data, size_t size, size_t *done);

// ---- makers; NULL when out of memory ----
CV_MUST_USE cv_stream *cv_stream_null_new(cv_mem *mem);                                  // end of file; swallows
CV_MUST_USE cv_stream *cv_stream_handle_new(cv_mem *mem, cv_handle handle, bool owned);  // file, pipe, terminal
CV_MUST_USE cv_stream *cv_stream_socket_new(cv_mem *mem, cv_handle handle, bool listen); // owned
CV_MUST_USE cv_stream *cv_stream_input_new(cv_mem *mem, cv_bytes text);                  // copies
CV_MUST_USE cv_stream *cv_stream_output_new(cv_mem *mem, cv_buf *out);                   // borrowed
CV_MUST_USE cv_stream *cv_stream_callback_new(cv_mem *mem, cv_read_fn *read, cv_write_fn *write, void *env);

void cv_stream_retain(cv_stream *s);
void cv_stream_release(cv_stream *s); // NULL is allowed

CV_MUST_USE cv_err cv_stream_stat(cv_stream *s, cv_stat *out);
// These do not wait: whoever calls them has waited (cv_wasi_wait).
CV_MUST_USE cv_err cv_stream_read(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done);
CV_MUST_USE cv_err cv_stream_write(cv_stream *s, const cv_iovec *iov, size_t count, size_t *done);

#endif
