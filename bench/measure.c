// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a command several times and prints one line per run: wall time in ns, CPU time in ns, peak resident memory in
// KiB, exit status (or -signal). It is a program of its own, small and static, because the kernel counts the memory of
// whoever forks into the peak of the child: under a large parent every child looks large.
//
//     measure [-o FILE] REPS COMMAND [ARG]...
//
// The command's input is empty and its output thrown away; with -o, the lines go to FILE and the command has the
// caller's streams. The command ends when this program is ended.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
  FILE *lines = stdout;
  if (argc > 2 && strcmp(argv[1], "-o") == 0) {
    lines = fopen(argv[2], "we");
    argc -= 2, argv += 2;
  }
  if (argc < 3 || lines == NULL) {
    fputs("usage: measure [-o FILE] REPS COMMAND [ARG]...\n", stderr);
    return 2;
  }
  int null = lines == stdout ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
  for (long reps = strtol(argv[1], NULL, 10); reps > 0; reps--) {
    long long start = now_ns();
    pid_t child = vfork();
    if (child < 0)
      return 1;
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (int fd = 0; null >= 0 && fd < 3; fd++)
        dup2(null, fd);
      execvp(argv[2], argv + 2);
      _exit(127);
    }
    struct rusage used;
    int status;
    if (wait4(child, &status, 0, &used) != child)
      return 1;
    long long wall = now_ns() - start;
    fprintf(lines, "%lld %lld %ld %d\n", wall, span_ns(used.ru_utime) + span_ns(used.ru_stime), used.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
  }
  return fclose(lines) == 0 ? 0 : 1;
}
