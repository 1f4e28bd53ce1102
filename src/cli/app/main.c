// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// main.c: cove-app, the native program that `cove compile --executable` puts before a compiled one (cli/app.h): runs it
// as `cove run OPTIONS PROGRAM ARGS` would, with the options that were given then.
#include "../app.h"
#include "../run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct app {
  char *program; // mapped, with what is before it left out
  size_t size;
  char *options;
  size_t options_size;
} app;

static bool fits(uint64_t at, uint64_t size, uint64_t limit) {
  return at <= limit && size <= limit - at;
}

// False: errno is 0 where there is no program in it.
static bool open_app(app *out) {
  unsigned char t[CLI_APP_TRAILER];
  struct stat st;
  bool found = false;
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  if (fstat(fd, &st) == 0 && st.st_size > CLI_APP_TRAILER &&
      pread(fd, t, sizeof t, st.st_size - CLI_APP_TRAILER) == CLI_APP_TRAILER &&
      memcmp(t, CLI_APP_MAGIC, sizeof CLI_APP_MAGIC - 1) == 0) {
    uint64_t end = (uint64_t)st.st_size - CLI_APP_TRAILER, at = cli_app_get(t + 16), size = cli_app_get(t + 24),
             options = cli_app_get(t + 32), options_size = cli_app_get(t + 40);
    if (fits(at, size, end) && fits(options, options_size, end) && options >= at && at % CLI_APP_ALIGNMENT == 0) {
      char *map = mmap(NULL, end - at, PROT_READ, MAP_PRIVATE, fd, (off_t)at);
      found = map != MAP_FAILED && (options_size == 0 || map[options - at + options_size - 1] == '\0');
      if (found)
        *out = (app){map, size, map + (options - at), options_size};
    }
  }
  close(fd);
  errno = 0;
  return found;
}

// NULL when out of memory.
static char **options_of(const app *a, int *count) {
  size_t options = 0, n = 0;
  for (size_t i = 0; i < a->options_size; i++)
    options += a->options[i] == '\0';
  char **all = calloc(options + 1, sizeof *all);
  for (char *at = a->options; all != NULL && n < options; at += strlen(at) + 1)
    all[n++] = at;
  *count = (int)n;
  return all;
}

int main(int argc, char **argv) {
  app a;
  cli_is_app = true;
  if (argc < 1 || !open_app(&a)) {
    if (argc >= 1 && errno != 0) {
      cli_error("cannot read the program itself (/proc/self/exe): %s", strerror(errno));
      return CLI_EXIT_DATA;
    }
    cli_error("this program has no program in it");
    cli_hint("it is what `cove compile --executable` makes programs of; strip takes the program away");
    return CLI_EXIT_DATA;
  }
  int count;
  char **all = options_of(&a, &count);
  cli_line line;
  if (all == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  if (!cli_parse(CLI_RUN, count, all, &line))
    return CLI_EXIT_USAGE;
  line.operands = argv; // whatever the options end with, they are no options
  line.operand_count = argc;
  cli_program p = {.line = &line, .path = argv[0]};
  int status = cli_compiled_input(argv[0], a.program, a.size, &p.input);
  if (status == 0)
    status = cli_run_program(&p);
  cli_line_free(&line);
  free(all);
  return cli_finish(status);
}
