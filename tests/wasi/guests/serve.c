// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// serve.c: accepts one connection on descriptor $1, polls for its bytes, and sends them back in capital letters until
// the peer has nothing more to say.
#include "raw.h"

static u8 text[256], subscription[SUBSCRIPTION_SIZE], event[32];

static u32 wait_for(u32 fd) {
  u32 n;
  for (u32 i = 0; i < SUBSCRIPTION_SIZE; i++)
    subscription[i] = 0;
  subscription[8] = 1;
  *(volatile u32 *)(subscription + 16) = fd;
  return poll_oneoff(subscription, event, 1, &n);
}

void _start(void) {
  u32 fd, n, flags;
  iovec v = {text, sizeof text};
  check("poll of the listener", wait_for(3), SUCCESS);
  check("sock_accept", sock_accept(3, NONBLOCK, &fd), SUCCESS);
  for (;;) {
    check("poll", wait_for(fd), SUCCESS);
    v.size = sizeof text;
    check("sock_recv", sock_recv(fd, &v, 1, 0, &n, &flags), SUCCESS);
    if (n == 0 || failures != 0)
      break;
    for (u32 i = 0; i < n; i++)
      if (text[i] >= 'a' && text[i] <= 'z')
        text[i] -= 32;
    v.size = n;
    check("sock_send", sock_send(fd, &v, 1, 0, &n), SUCCESS);
  }
  check("sock_recv at the end", sock_recv(fd, &v, 1, 0, &n, &flags), SUCCESS);
  check("sock_shutdown", sock_shutdown(fd, 2), SUCCESS);
  check("fd_close", fd_close(fd), SUCCESS);
  check("sock_accept without a peer", fd_fdstat_set_flags(3, NONBLOCK), SUCCESS);
  check("sock_accept without a peer", sock_accept(3, 0, &fd), AGAIN);
  say("served\n");
  proc_exit(failures != 0);
}
