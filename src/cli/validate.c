// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// validate.c: cove validate.
#include "cli.h"

#include <time.h>

static double seconds(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int validate_one(const cove_engine *engine, const char *path, bool timing) {
  cli_input input;
  int status = cli_read_input(path, engine, &input);
  if (status != 0)
    return status;
  cove_error *error = NULL;
  cli_progress_begin("validating", path);
  double start = seconds();
  cove_status result = input.is_component
                           ? cove_component_validate((cove_engine *)engine, input.data, input.size, &error)
                           : cove_module_validate((cove_engine *)engine, input.data, input.size, &error);
  double took = seconds() - start;
  cli_progress_end();
  if (result != COVE_OK)
    status = cli_report(path, error);
  if (timing)
    fprintf(stderr, "timing: %-12s %10.3f ms, %zu bytes, %.1f MB/s\n", "validate", took * 1e3, input.size,
            (double)input.size / took / 1e6);
  cli_input_free(&input);
  return status;
}

int cli_validate(const cli_line *line) {
  if (line->operand_count == 0) {
    cli_error("which file? cove validate FILE...");
    return CLI_EXIT_USAGE;
  }
  int status = 0;
  for (int i = 0; i < line->operand_count; i++) {
    // An engine for each: what one file was compiled with is of no concern to the others.
    const cli_line own = {line->command, line->given, line->given_count, line->operands + i, 1};
    cove_engine *engine;
    int one = cli_make_engine(&own, &engine);
    if (one != 0)
      return one;
    one = validate_one(engine, line->operands[i], cli_has(line, OPT_TIMING));
    cove_engine_delete(engine);
    status = status == 0 ? one : status;
  }
  return status;
}
