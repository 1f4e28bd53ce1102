// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: cove compile: a program with its machine code in one file, which starts without being compiled.
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static int check_line(const cli_line *line) {
  const char *output = cli_value(line, OPT_OUTPUT);
  if (line->operand_count == 1 && output != NULL && output[0] != '\0')
    return 0;
  cli_error(line->operand_count < 1   ? "compile what?"
            : line->operand_count > 1 ? "one file at a time"
                                      : "into which file?");
  cli_hint("cove compile FILE -o FILE.cwasm: the program, compiled");
  return CLI_EXIT_USAGE;
}

static int read_jobs(const cli_line *line, unsigned *out) {
  const char *text = cli_value(line, OPT_JOBS);
  uint64_t jobs = 0;
  if (text != NULL && (!cli_parse_count(text, &jobs) || jobs == 0 || jobs > 1024)) {
    cli_error("--jobs: \"%s\" is not a number of threads: 1, 4", text);
    return CLI_EXIT_USAGE;
  }
  *out = (unsigned)jobs;
  return 0;
}

// The tier whose code is the fastest: one that compiles slowly is no loss here.
static const char *best_tier(void) {
  for (size_t i = 0; cove_tier_name(i) != NULL; i++)
    if (strcmp(cove_tier_name(i), "llvm") == 0 && cove_tier_available(i))
      return "llvm";
  return "auto";
}

static int compile(const cli_line *line, cove_engine *engine, const cove_compile_options *options) {
  cli_input input;
  const char *path = line->operands[0];
  int status = cli_read_input(path, engine, &input);
  if (status != 0)
    return status;
  cove_buffer out;
  cove_error *error = NULL;
  cli_progress_part(path, 0, 0);
  cove_status compiled = cove_compile(engine, input.data, input.size, options, &out, &error);
  cli_progress_part(NULL, 0, 0);
  if (compiled == COVE_OK) {
    status = cli_replace_output(line, out.data, out.size);
    cove_buffer_delete(&out);
  } else {
    status = cli_report(path, error);
  }
  cli_input_free(&input);
  return status;
}

static void tell(void *env, uint64_t done, uint64_t total) {
  cli_progress_part(env, done, total);
}

int cli_compile(const cli_line *line) {
  cove_compile_options options = {.progress = tell};
  int status = check_line(line);
  if (status == 0)
    status = read_jobs(line, &options.jobs);
  if (status != 0)
    return status;
  options.env = line->operands[0];
  const char *tier = cli_value(line, OPT_TIER);
  cove_engine *engine;
  status = cli_make_engine_with(line, tier == NULL || strcmp(tier, "auto") == 0 ? best_tier() : tier, &engine);
  if (status != 0)
    return status;
  status = compile(line, engine, &options);
  cove_engine_delete(engine);
  return status;
}
