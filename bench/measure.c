// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a command several times, its output thrown away, and prints one line per run: wall time in ns, CPU time in ns,
// peak resident memory in KiB, exit status (or -signal). It is a program of its own, small and static, because the
// kernel counts the memory of whoever forks into the peak of the child: under a large parent every child looks large.
//
//     measure REPS COMMAND [ARG]...
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static long long span_ns(struct timeval t) {
  return t.tv_sec * 1000000000LL + t.tv_usec * 1000LL;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: measure REPS COMMAND [ARG]...\n", stderr);
    return 2;
  }
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (long reps = strtol(argv[1], NULL, 10); reps > 0; reps--) {
    long long start = now_ns();
    pid_t child = vfork();
    if (child < 0)
      return 1;
    if (child == 0) {
      dup2(null, 0);
      dup2(null, 1);
      dup2(null, 2);
      execvp(argv[2], argv + 2);
      _exit(127);
    }
    struct rusage used;
    int status;
    if (wait4(child, &status, 0, &used) != child)
      return 1;
    long long wall = now_ns() - start;
    printf("%lld %lld %ld %d\n", wall, span_ns(used.ru_utime) + span_ns(used.ru_stime), used.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
  }
  return 0;
}
