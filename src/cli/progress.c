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
static volatile sig_atomic_t message_size, message_shown;

static void tell(int signal_number) {
  (void)signal_number;
  message_shown = 1;
  if (write(STDERR_FILENO, message, (size_t)message_size) < 0)
    message_size = 0;
}

static void set_timer(time_t seconds) {
  const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

// Prints these in a second, as far as there is room. False when nobody sees it.
static bool begin(const char *before, const char *doing, const char *what, const char *after) {
  FILE *file = cli_stderr_is_terminal() ? fmemopen(message, sizeof message, "w") : NULL;
  if (file == NULL)
    return false;
  fprintf(file, "%s%s ", before, doing);
  cli_put(file, (cove_bytes){what, strnlen(what, sizeof message / 2)});
  fputs(after, file);
  long size = fflush(file) == 0 ? ftell(file) : 0;
  fclose(file);
  message_size = size > 0 && size < (long)sizeof message ? (sig_atomic_t)size : 0;
  message_shown = 0;
  struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  set_timer(1);
  return true;
}

static void end(void) {
  set_timer(0);
  signal(SIGALRM, SIG_DFL);
  message_size = 0;
}

void cli_progress_begin(const char *doing, const char *what) {
  (void)begin("cove: ", doing, what, " ...\n");
}

void cli_progress_end(void) {
  if (message_size != 0)
    end();
}

// ---- a step that tells how far it is ----

static uint64_t milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// The timer says that it is going on, also while the first piece is not done; then each piece says how far it is.
void cli_progress_part(const char *what, uint64_t done, uint64_t total) {
  enum { FIRST_MS = 1000, EACH_MS = 100 };
  static uint64_t next;
  static bool on;
  if (what == NULL) {
    if (!on)
      return;
    end();
    if (message_shown)
      fputs("\r\x1b[K", stderr);
    on = false;
  } else if (total == 0) {
    next = milliseconds() + FIRST_MS;
    on = begin("\rcove: ", "compiling", what, " ...");
  } else if (on && milliseconds() >= next) {
    if (!message_shown)
      set_timer(0);
    message_shown = 1;
    char percent[32];
    fputs("\rcove: compiling ", stderr);
    cli_put(stderr, (cove_bytes){what, strlen(what)});
    snprintf(percent, sizeof percent, ": %u %%\x1b[K", (unsigned)(done * 100 / total));
    fputs(percent, stderr);
    next = milliseconds() + EACH_MS;
  }
}
