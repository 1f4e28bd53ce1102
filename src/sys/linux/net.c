// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// net.c: stream sockets.
#include "sys/net.h"
#include "sys/linux/stat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static cv_err result(int rc) {
  return rc == 0 ? CV_ERR_OK : cv_sys_last_error();
}

static bool parse_port(const char *text, uint16_t *out) {
  char *end;
  if (*text < '0' || *text > '9')
    return false;
  unsigned long v = strtoul(text, &end, 10);
  *out = (uint16_t)v;
  return *end == '\0' && v <= 65535;
}

cv_err cv_sys_parse_address(const char *text, cv_address *out) {
  *out = (cv_address){0};
  const char *colon = strrchr(text, ':');
  if (colon == NULL || !parse_port(colon + 1, &out->port))
    return CV_ERR_INVAL;
  const char *start = text, *end = colon;
  if (*start == '[' && end > start + 1 && end[-1] == ']') {
    out->is_v6 = true;
    start++;
    end--;
  }
  char host[INET6_ADDRSTRLEN + 1];
  size_t size = (size_t)(end - start);
  if (size >= sizeof host)
    return CV_ERR_INVAL;
  memcpy(host, start, size);
  host[size] = '\0';
  return inet_pton(out->is_v6 ? AF_INET6 : AF_INET, host, out->bytes) == 1 ? CV_ERR_OK : CV_ERR_INVAL;
}

typedef union socket_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_storage room;
} socket_address;

static socklen_t to_os(const cv_address *a, socket_address *out) {
  memset(out, 0, sizeof *out);
  if (a->is_v6) {
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(a->port);
    memcpy(&out->v6.sin6_addr, a->bytes, 16);
    return sizeof out->v6;
  }
  out->v4.sin_family = AF_INET;
  out->v4.sin_port = htons(a->port);
  memcpy(&out->v4.sin_addr, a->bytes, 4);
  return sizeof out->v4;
}

cv_err cv_sys_tcp_listen(const cv_address *address, cv_handle *out) {
  socket_address sa;
  socklen_t size = to_os(address, &sa);
  int fd = cv_above_stdio(socket(address->is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd < 0)
    return cv_sys_last_error();
  int on = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, &sa.any, size) != 0 || listen(fd, 128) != 0) {
    cv_err err = cv_sys_last_error();
    cv_sys_close(fd);
    return err;
  }
  *out = fd;
  return CV_ERR_OK;
}

cv_err cv_sys_local_address(cv_handle socket, cv_address *out) {
  socket_address sa = {0};
  socklen_t size = sizeof sa;
  if (getsockname(socket, &sa.any, &size) != 0)
    return cv_sys_last_error();
  *out = (cv_address){.is_v6 = sa.any.sa_family == AF_INET6};
  if (out->is_v6) {
    out->port = ntohs(sa.v6.sin6_port);
    memcpy(out->bytes, &sa.v6.sin6_addr, 16);
  } else if (sa.any.sa_family == AF_INET) {
    out->port = ntohs(sa.v4.sin_port);
    memcpy(out->bytes, &sa.v4.sin_addr, 4);
  } else {
    return CV_ERR_NOTSUP;
  }
  return CV_ERR_OK;
}

cv_err cv_sys_is_listening_socket(cv_handle handle, bool *out) {
  int on = 0;
  socklen_t size = sizeof on;
  *out = false;
  if (getsockopt(handle, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) != 0)
    return cv_sys_last_error();
  *out = on != 0;
  return CV_ERR_OK;
}

cv_err cv_sys_accept(cv_handle listener, cv_handle *out) {
  *out = cv_above_stdio(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
  return *out < 0 ? cv_sys_last_error() : CV_ERR_OK;
}

cv_err cv_sys_receive(cv_handle socket, const cv_iovec *iov, size_t count, bool peek, size_t *done, bool *truncated) {
  struct msghdr m = {.msg_iov = (struct iovec *)(void *)(uintptr_t)iov, .msg_iovlen = count};
  ssize_t n = recvmsg(socket, &m, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
  *done = n < 0 ? 0 : (size_t)n;
  *truncated = (m.msg_flags & MSG_TRUNC) != 0;
  return n < 0 ? cv_sys_last_error() : CV_ERR_OK;
}

cv_err cv_sys_send(cv_handle socket, const cv_iovec *iov, size_t count, size_t *done) {
  struct msghdr m = {.msg_iov = (struct iovec *)(void *)(uintptr_t)iov, .msg_iovlen = count};
  ssize_t n = sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
  *done = n < 0 ? 0 : (size_t)n;
  return n < 0 ? cv_sys_last_error() : CV_ERR_OK;
}

cv_err cv_sys_shutdown(cv_handle socket, bool read, bool write) {
  if (!read && !write)
    return CV_ERR_INVAL;
  return result(shutdown(socket, read && write ? SHUT_RDWR : read ? SHUT_RD : SHUT_WR));
}
