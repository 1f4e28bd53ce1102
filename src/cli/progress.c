// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// progress.c: a line on a terminal when a step takes more than a second. A timer's signal prints it, so that a quick
// step costs two system calls and only on a terminal.
#include "cli.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
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
