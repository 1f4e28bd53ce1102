// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// time.c: prints the clocks before and after a sleep, then some random bytes.
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static void print_clocks(void) {
  struct timespec wall, mono;
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_MONOTONIC, &mono);
  printf("%lld.%09ld %lld.%09ld\n", (long long)wall.tv_sec, wall.tv_nsec, (long long)mono.tv_sec, mono.tv_nsec);
}

int main(void) {
  unsigned char r[8];
  print_clocks();
  nanosleep(&(struct timespec){.tv_sec = 3600, .tv_nsec = 5}, NULL);
  print_clocks();
  getentropy(r, sizeof r);
  for (int i = 0; i < 8; i++)
    printf("%02x", r[i]);
  printf("\n");
  return 0;
}
