// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: cove compile: a program with its machine code in one file, which starts without being compiled.
#include "compile.h"

#include <stdlib.h>
#include <string.h>

static int check_line(const cli_line *line) {
  const char *output = cli_value(line, OPT_OUTPUT);
  bool app = cli_has(line, OPT_EXECUTABLE), object = cli_has(line, OPT_OBJECT);
  if ((app && object) || (cli_has(line, OPT_HEADER) && !object)) {
    cli_error(app && object ? "--executable and --object: one of them" : "--header goes with --object");
    return CLI_EXIT_USAGE;
  }
  const char *header = cli_value(line, OPT_HEADER), *tier = cli_value(line, OPT_TIER);
  if (header != NULL && output != NULL && cli_same_output(header, output)) {
    cli_error("--header and -o: both would be %s", output);
    return CLI_EXIT_USAGE;
  }
  if (header != NULL && line->operand_count == 1 && strcmp(header, "-") != 0 &&
      cli_same_output(header, line->operands[0])) {
    cli_error("--header: it would take the place of the program, %s", line->operands[0]);
    return CLI_EXIT_USAGE;
  }
  if (tier != NULL && strcmp(tier, "interp") == 0) {
    cli_error("--tier: the tier \"interp\" makes no machine code");
    return CLI_EXIT_USAGE;
  }
  if (line->operand_count >= 1 && (line->operand_count == 1 || app) && output != NULL && output[0] != '\0')
    return 0;
  cli_error(line->operand_count < 1           ? "compile what?"
            : line->operand_count > 1 && !app ? "one file at a time"
                                              : "into which file?");
  if (app)
    cli_hint("cove compile --executable FILE -o FILE -- [OPTION of cove run]...: a native program");
  else
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

// What could be known only after a long time otherwise.
static int check_input(const cli_line *line, cove_engine *engine, const cli_input *input, const cli_app_maker *app) {
  if (input->is_component && cli_has(line, OPT_HEADER)) {
    cli_error("%s: unsupported: --header of a component", input->path);
    cli_hint("typed C functions for what a component exports are made by: cove bindgen host");
    return CLI_EXIT_USAGE;
  }
  int status = cli_check_output(cli_value(line, OPT_OUTPUT));
  if (status == 0 && cli_has(line, OPT_HEADER))
    status = cli_check_output(cli_value(line, OPT_HEADER));
  if (status == 0 && app->is_on)
    cli_app_warn(app, engine, input);
  return status;
}

static int compile(const cli_line *line, cove_engine *engine, const cove_compile_options *options,
                   const cli_app_maker *app) {
  cli_input input;
  const char *path = line->operands[0];
  int status = cli_read_input(path, engine, &input);
  if (status != 0)
    return status;
  status = check_input(line, engine, &input, app);
  if (status != 0) {
    cli_input_free(&input);
    return status;
  }
  cove_buffer out;
  cove_error *error = NULL;
  cli_progress_part(path, 0, 0);
  cove_status compiled = cove_compile(engine, input.data, input.size, options, &out, &error);
  cli_progress_part(NULL, 0, 0);
  if (compiled == COVE_OK) {
    if (app->is_on)
      status = cli_app_write(app, &out);
    else if (cli_has(line, OPT_OBJECT))
      status = cli_compile_object(line, engine, &input, &out);
    else
      status = cli_replace_file(cli_value(line, OPT_OUTPUT), out.data, out.size, false);
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

// A native program's code is made for the options that it is started with.
static int make_engine(const cli_line *line, const cli_app_maker *app, cove_engine **out) {
  const char *tier = cli_value(line, OPT_TIER);
  cli_line own = *line;
  own.given = malloc((line->given_count + 2) * sizeof *own.given);
  if (own.given == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  memcpy(own.given, line->given, line->given_count * sizeof *own.given);
  if (app->is_on && cli_has(&app->run, OPT_FUEL))
    own.given[own.given_count++] = (cli_given){OPT_COUNT_FUEL, NULL};
  if (app->is_on && cli_has(&app->run, OPT_CANONICAL_NAN))
    own.given[own.given_count++] = (cli_given){OPT_CANONICAL_NAN, NULL};
  int status = cli_make_engine_with(&own, tier == NULL || strcmp(tier, "auto") == 0 ? best_tier() : tier, out);
  free(own.given);
  return status;
}

int cli_compile(const cli_line *line) {
  cove_compile_options options = {.progress = tell};
  cli_app_maker app = {.is_on = false};
  int status = check_line(line);
  if (status == 0)
    status = read_jobs(line, &options.jobs);
  if (status == 0 && cli_has(line, OPT_EXECUTABLE))
    status = cli_app_begin(&app, line);
  if (status == 0) {
    options.env = line->operands[0];
    cove_engine *engine;
    status = make_engine(line, &app, &engine);
    if (status == 0) {
      status = compile(line, engine, &options, &app);
      cove_engine_delete(engine);
    }
  }
  cli_app_end(&app);
  return status;
}
