// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// net.h: stream sockets of the host.
#ifndef COVE_SYS_NET_H
#define COVE_SYS_NET_H

#include "sys/fs.h"

typedef struct cv_address {
  uint8_t bytes[16]; // network order; the first 4 for IPv4
  bool is_v6;
  uint16_t port;
} cv_address;

// Parses "127.0.0.1:80", "[::1]:80". CV_ERR_INVAL for anything else; names are not looked up.
CV_MUST_USE cv_err cv_sys_parse_address(const char *text, cv_address *out);

CV_MUST_USE cv_err cv_sys_tcp_listen(const cv_address *address, cv_handle *out); // port 0: any; close-on-exec
CV_MUST_USE cv_err cv_sys_local_address(cv_handle socket, cv_address *out);
CV_MUST_USE cv_err cv_sys_is_listening_socket(cv_handle handle, bool *out);
CV_MUST_USE cv_err cv_sys_accept(cv_handle listener, cv_handle *out); // the new one blocks
// Neither waits: CV_ERR_AGAIN. *truncated: a datagram was longer than the buffers.
CV_MUST_USE cv_err cv_sys_receive(cv_handle socket, const cv_iovec *iov, size_t count, bool peek, size_t *done,
                                  bool *truncated);
CV_MUST_USE cv_err cv_sys_send(cv_handle socket, const cv_iovec *iov, size_t count, size_t *done); // no signal
CV_MUST_USE cv_err cv_sys_shutdown(cv_handle socket, bool read, bool write);

#endif
