// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sock.c: sockets: 0.2 hands none out as a descriptor, so that nothing is one.
#include "adapter.h"

static err no_socket(u32 fd, int is_valid) {
  descriptor *d;
  arena_reset();
  if (!is_valid)
    return INVAL;
  TRY(get_fd(fd, 0, &d));
  return NOTSOCK;
}

EXPORT(sock_accept)(u32 fd, u32 flags, u32 accepted) {
  (void)accepted;
  return no_socket(fd, (flags & ~(u32)FDFLAG_NONBLOCK) == 0);
}

EXPORT(sock_recv)(u32 fd, u32 list, u32 count, u32 flags, u32 size, u32 flags_out) {
  (void)list, (void)count, (void)size, (void)flags_out;
  return no_socket(fd, flags <= 3);
}

EXPORT(sock_send)(u32 fd, u32 list, u32 count, u32 flags, u32 size) {
  (void)list, (void)count, (void)size;
  return no_socket(fd, flags == 0);
}

EXPORT(sock_shutdown)(u32 fd, u32 how) {
  (void)how;
  return no_socket(fd, 1);
}
