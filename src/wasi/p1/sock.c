// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sock.c: sockets, which the host opened or which came in through one that listens.
#include "sys/net.h"
#include "wasi/p1/call.h"

static cv_err socket_of(p1_call *c, uint64_t rights, cv_descriptor **out) {
  CV_ERR_TRY(p1_fd(c, 0, 0, out));
  if ((*out)->kind != CV_DESCRIPTOR_STREAM || !(*out)->stream->is_socket)
    return CV_ERR_NOTSOCK;
  return ((*out)->rights & rights) == rights ? CV_ERR_OK : CV_ERR_NOTCAPABLE;
}

cv_err cv_p1_sock_accept(p1_call *c) {
  cv_descriptor *d;
  uint32_t number;
  if ((c->a[1].u32 & ~(uint32_t)P1_FDFLAG_NONBLOCK) != 0)
    return CV_ERR_INVAL;
  CV_ERR_TRY(socket_of(c, CV_CAN(SOCK_ACCEPT), &d));
  CV_ERR_TRY(p1_put32(c, c->a[2].u32, 0));
  CV_ERR_TRY(cv_io_accept(c->w, d, c->a[1].u32 != 0, &number));
  return p1_put32(c, c->a[2].u32, number);
}

cv_err cv_p1_sock_recv(p1_call *c) {
  enum { PEEK = 1, WAITALL = 2 };
  cv_descriptor *d;
  size_t count, done;
  bool truncated;
  uint8_t *flags_out;
  uint32_t flags = c->a[3].u32;
  if (flags > (PEEK | WAITALL))
    return CV_ERR_INVAL;
  CV_ERR_TRY(socket_of(c, CV_CAN(FD_READ), &d));
  CV_ERR_TRY(cv_p1_iovecs(c, 1, &count));
  CV_ERR_TRY(p1_put32(c, c->a[4].u32, 0));
  CV_ERR_TRY(p1_mem(c, c->a[5].u32, 2, &flags_out));
  CV_ERR_TRY(cv_io_receive(c->w, d, c->w->iov, count, (flags & PEEK) != 0, (flags & WAITALL) != 0, &done, &truncated));
  cv_store_le16(flags_out, truncated ? 1 : 0);
  return p1_put32(c, c->a[4].u32, (uint32_t)done);
}

cv_err cv_p1_sock_send(p1_call *c) {
  cv_descriptor *d;
  size_t count, done;
  if (c->a[3].u32 != 0)
    return CV_ERR_INVAL; // no flag is defined
  CV_ERR_TRY(socket_of(c, CV_CAN(FD_WRITE), &d));
  CV_ERR_TRY(cv_p1_iovecs(c, 1, &count));
  CV_ERR_TRY(p1_put32(c, c->a[4].u32, 0));
  CV_ERR_TRY(cv_io_write(c->w, d, c->w->iov, count, &done));
  return p1_put32(c, c->a[4].u32, (uint32_t)done);
}

cv_err cv_p1_sock_shutdown(p1_call *c) {
  enum { RD = 1, WR = 2 };
  cv_descriptor *d;
  uint32_t how = c->a[1].u32;
  CV_ERR_TRY(socket_of(c, CV_CAN(SOCK_SHUTDOWN), &d));
  if (how == 0 || how > (RD | WR))
    return CV_ERR_INVAL;
  return cv_sys_shutdown(d->stream->handle, (how & RD) != 0, (how & WR) != 0);
}
