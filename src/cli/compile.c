// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.c: cove compile: a program with its machine code in one file, which starts without being compiled.
#include "app.h"
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What --executable takes behind the file: options of cove run.
static bool are_options(int count, char **words) {
  cli_line run;
  char **copy = calloc((size_t)count + 1, sizeof *copy); // the parser may move them
  if (copy == NULL)
    return false;
  memcpy(copy, words, (size_t)count * sizeof *copy);
  bool ok = cli_parse(CLI_RUN, count, copy, &run);
  if (ok) {
    ok = run.operand_count == 0;
    if (!ok)
      cli_error("--executable: \"%s\" is no option of cove run", run.operands[0]);
    cli_line_free(&run);
  }
  free(copy);
  return ok;
}

static int check_line(const cli_line *line) {
  const char *output = cli_value(line, OPT_OUTPUT);
  bool app = cli_has(line, OPT_EXECUTABLE), object = cli_has(line, OPT_OBJECT);
  if ((app && object) || (cli_has(line, OPT_HEADER) && !object)) {
    cli_error(app && object ? "--executable and --object: one of them" : "--header goes with --object");
    return CLI_EXIT_USAGE;
  }
  if (object && cli_has(line, OPT_HEADER) && output != NULL && strcmp(cli_value(line, OPT_HEADER), output) == 0) {
    cli_error("--header and -o: both would be %s", output);
    return CLI_EXIT_USAGE;
  }
  if (line->operand_count >= 1 && (line->operand_count == 1 || app) && output != NULL && output[0] != '\0')
    return !app || are_options(line->operand_count - 1, line->operands + 1) ? 0 : CLI_EXIT_USAGE;
  cli_error(line->operand_count < 1           ? "compile what?"
            : line->operand_count > 1 && !app ? "one file at a time"
                                              : "into which file?");
  if (app)
    cli_hint("cove compile --executable FILE -o FILE -- [OPTION of cove run]...: a native program");
  else
    cli_hint("cove compile FILE -o FILE.cwasm: the program, compiled");
  return CLI_EXIT_USAGE;
}

// ---- native programs -----------------------------------------------------------------------------------------------

// Reads cove-app, which is beside this program or where it is installed.
static int read_app(cove_buffer *out) {
  static const char *const places[] = {"cove-app", COVE_APP_PATH};
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 64);
  char *name = NULL;
  if (size > 0) {
    path[size] = '\0';
    name = strrchr(path, '/');
  }
  for (size_t i = 0; name != NULL && i < sizeof places / sizeof *places; i++) {
    strcpy(name + 1, places[i]);
    if (access(path, R_OK) == 0)
      return cli_read_file(path, out);
  }
  cli_error("--executable: cove-app is not installed beside cove");
  return CLI_EXIT_FAILED;
}

// Appends to a buffer that is large enough.
static void append(cove_buffer *to, const void *data, size_t size) {
  memcpy(to->data + to->size, data, size);
  to->size += size;
}

static int write_app(const cli_line *line, const cove_buffer *compiled) {
  cove_buffer app, out = {0};
  int status = read_app(&app);
  if (status != 0)
    return status;
  size_t options = 0, at = (app.size + CLI_APP_ALIGNMENT - 1) / CLI_APP_ALIGNMENT * CLI_APP_ALIGNMENT;
  for (int i = 1; i < line->operand_count; i++)
    options += strlen(line->operands[i]) + 1;
  out.data = calloc(1, at + compiled->size + options + CLI_APP_TRAILER);
  if (out.data == NULL) {
    cli_error("out of memory");
    status = CLI_EXIT_INTERNAL;
  } else {
    unsigned char trailer[CLI_APP_TRAILER];
    append(&out, app.data, app.size);
    out.size = at;
    append(&out, compiled->data, compiled->size);
    memcpy(trailer, CLI_APP_MAGIC, sizeof CLI_APP_MAGIC - 1);
    cli_app_put(trailer + 16, at);
    cli_app_put(trailer + 24, compiled->size);
    cli_app_put(trailer + 32, out.size);
    cli_app_put(trailer + 40, options);
    for (int i = 1; i < line->operand_count; i++)
      append(&out, line->operands[i], strlen(line->operands[i]) + 1);
    append(&out, trailer, sizeof trailer);
    status = cli_replace_file(cli_value(line, OPT_OUTPUT), out.data, out.size, true);
  }
  free(out.data);
  cli_free_file(&app);
  return status;
}

// --------------------------------------------------------------------------------------------------------------------

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
  if (input.is_component && cli_has(line, OPT_HEADER)) {
    cli_error("%s: unsupported: --header of a component", path);
    cli_hint("typed C functions for what a component exports are made by: cove bindgen host");
    cli_input_free(&input);
    return CLI_EXIT_USAGE;
  }
  cove_buffer out;
  cove_error *error = NULL;
  cli_progress_part(path, 0, 0);
  cove_status compiled = cove_compile(engine, input.data, input.size, options, &out, &error);
  cli_progress_part(NULL, 0, 0);
  if (compiled == COVE_OK) {
    if (cli_has(line, OPT_EXECUTABLE))
      status = write_app(line, &out);
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
