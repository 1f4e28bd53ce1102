// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// progress.c: a line on a terminal when a step takes more than a second. A timer's signal prints it, so that a quick
// step costs two system calls and only on a terminal.
#include "cli.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static char message[256];
static volatile sig_atomic_t message_size;

static void tell(int signal_number) {
  (void)signal_number;
  if (write(STDERR_FILENO, message, (size_t)message_size) < 0)
    message_size = 0;
}

static void set_timer(time_t seconds) {
  const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

void cli_progress_begin(const char *doing, const char *what) {
  if (!cli_stderr_is_terminal())
    return;
  int size = snprintf(message, sizeof message, "cove: %s %s ...\n", doing, what);
  message_size = size < (int)sizeof message ? size : (int)sizeof message - 1;
  struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  set_timer(1);
}

void cli_progress_end(void) {
  if (message_size == 0)
    return;
  set_timer(0);
  signal(SIGALRM, SIG_DFL);
  message_size = 0;
}

// ---- a step that tells how far it is ----

static uint64_t milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void cli_progress_part(const char *what, uint64_t done, uint64_t total) {
  enum { FIRST_MS = 1000, EACH_MS = 100 };
  static uint64_t next;
  static bool shown;
  if (!cli_stderr_is_terminal())
    return;
  uint64_t now = milliseconds();
  if (what == NULL) {
    if (shown)
      fputs("\r\x1b[K", stderr);
    shown = false;
  } else if (total == 0) {
    next = now + FIRST_MS;
  } else if (now >= next) {
    fprintf(stderr, "\rcove: compiling %s: %u %%", what, (unsigned)(done * 100 / total));
    next = now + EACH_MS;
    shown = true;
  }
}
