// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exits with the status given, by a return from main or, with a second argument, by exit from inside a call.
#include <stdio.h>
#include <stdlib.h>

static void at_end(void) {
  puts("at exit");
}

static int leave(int status) {
  exit(status);
}

int main(int argc, char **argv) {
  int status = argc > 1 ? atoi(argv[1]) : 0;
  atexit(at_end);
  puts("working");
  return argc > 2 ? leave(status) : status;
}
