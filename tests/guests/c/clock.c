// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Clocks and waiting: the monotonic clock never steps back, a sleep lasts at least as long as asked, poll times out.
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(clockid_t clock) {
  struct timespec at;
  return clock_gettime(clock, &at) == 0 ? at.tv_sec * 1000000000LL + at.tv_nsec : -1;
}

int main(void) {
  int back = 0;
  long long last = now_ns(CLOCK_MONOTONIC);
  for (int i = 0; i < 1000; i++) {
    long long at = now_ns(CLOCK_MONOTONIC);
    back += at < last;
    last = at;
  }
  printf("steps back: %d\n", back);
  printf("after 2020: %d\n", now_ns(CLOCK_REALTIME) > 1577836800000000000LL);
  long long before = now_ns(CLOCK_MONOTONIC);
  struct timespec wait = {0, 30000000};
  printf("nanosleep: %d\n", nanosleep(&wait, NULL));
  printf("slept long enough: %d\n", now_ns(CLOCK_MONOTONIC) - before >= 30000000);
  before = now_ns(CLOCK_MONOTONIC);
  usleep(20000);
  printf("slept long enough: %d\n", now_ns(CLOCK_MONOTONIC) - before >= 20000000);
  struct timespec resolution;
  printf("resolution: %d\n", clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_nsec > 0);
  return 0;
}
