// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run.c: cove run: load, link, start; then the program's own status is ours.
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void cli_program_timed(cli_program *r, const char *step) {
  if (!r->timing)
    return;
  uint64_t at = now();
  fprintf(stderr, "timing: %-12s %10.3f ms\n", step, (double)(at - r->since) / 1e6);
  r->since = now();
}

// True when the option is there; *bad when it is no number, from 1 to `most`, of what it counts.
static bool limit_option(const cli_line *line, cli_option option, bool (*parse)(const char *text, uint64_t *out),
                         uint64_t most, const char *what, uint64_t *number, bool *bad) {
  const char *text = cli_value(line, option);
  if (text == NULL)
    return false;
  if (parse(text, number) && *number != 0 && *number <= most)
    return true;
  cli_error("--%s: \"%s\" is not a %s", cli_options[option].name, text, what);
  *bad = true;
  return false;
}

static int set_limits(const cli_line *line, cove_limits *limits) {
  uint64_t n;
  bool bad = false, traps = false;
  if (limit_option(line, OPT_MAX_MEMORY, cli_parse_size, UINT64_MAX, "size: 65536, 64MiB, 1G", &n, &bad)) {
    cove_limits_set_memory(limits, n);
    cove_limits_set_memory_total(limits, n);
    traps = true;
  }
  if (limit_option(line, OPT_MAX_TABLE, cli_parse_count, UINT64_MAX, "number of elements: 1000, 10M", &n, &bad)) {
    cove_limits_set_table(limits, n);
    traps = true;
  }
  if (limit_option(line, OPT_MAX_INSTANCES, cli_parse_count, UINT32_MAX, "number of instances: 1, 10k", &n, &bad))
    cove_limits_set_instances(limits, (uint32_t)n);
  if (limit_option(line, OPT_MAX_HANDLES, cli_parse_count, UINT32_MAX, "number of resources: 100, 1M", &n, &bad))
    cove_limits_set_handles(limits, (uint32_t)n);
  if (limit_option(line, OPT_MAX_VALUES, cli_parse_size, UINT64_MAX, "size: 65536, 64MiB, 1G", &n, &bad))
    cove_limits_set_values(limits, n);
  cove_limits_set_trap(limits, traps);
  return bad ? CLI_EXIT_USAGE : 0;
}

// What the line says of a store; numbers are 0 when they are not given.
typedef struct store_options {
  cove_limits *limits;
  uint64_t fuel, timeout;
} store_options;

// 0, or an exit status after a message; the limits are to be deleted in either case.
static int read_store_options(const cli_line *line, store_options *out) {
  const char *fuel = cli_value(line, OPT_FUEL), *timeout = cli_value(line, OPT_TIMEOUT);
  *out = (store_options){.limits = cove_limits_new()};
  if (out->limits == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  int status = set_limits(line, out->limits);
  if (status != 0)
    return status;
  if (fuel != NULL && !cli_parse_count(fuel, &out->fuel)) {
    cli_error("--fuel: \"%s\" is not a number: 1000000, 10M", fuel);
    return CLI_EXIT_USAGE;
  }
  if (timeout != NULL && (!cli_parse_duration(timeout, &out->timeout) || out->timeout == 0)) {
    cli_error("--timeout: \"%s\" is not a time: 500ms, 2s, 5m", timeout);
    return CLI_EXIT_USAGE;
  }
  return 0;
}

int cli_check_limits(const cli_line *line) {
  store_options options;
  int status = read_store_options(line, &options);
  cove_limits_delete(options.limits);
  return status;
}

static int make_store(cli_program *r) {
  store_options options;
  cove_error *error = NULL;
  int status = read_store_options(r->line, &options);
  if (status == 0 && cove_store_new(r->engine, options.limits, &r->store, &error) != COVE_OK)
    status = cli_report("store", error);
  cove_limits_delete(options.limits);
  if (status == 0 && cli_has(r->line, OPT_FUEL) && cove_store_set_fuel(r->store, options.fuel, &error) != COVE_OK)
    return cli_report("--fuel", error);
  if (status == 0 && cli_has(r->line, OPT_TIMEOUT) &&
      cove_store_set_deadline(r->store, options.timeout, &error) != COVE_OK)
    return cli_report("--timeout", error);
  return status;
}

int cli_program_load(cli_program *r) {
  r->timing = cli_has(r->line, OPT_TIMING);
  r->since = r->timing ? now() : 0;
  int status = cli_make_engine(r->line, &r->engine);
  if (status != 0)
    return status;
  cli_program_timed(r, "engine");
  if (r->input.data == NULL)
    status = r->line->command == CLI_RUN ? cli_cache_load(&r->cache, r->line, r->engine, r->path, &r->input)
                                         : cli_read_input(r->path, r->engine, &r->input);
  const cli_given *last = r->line->given_count != 0 ? &r->line->given[r->line->given_count - 1] : NULL;
  if (status == CLI_EXIT_INPUT && last != NULL && last->option == OPT_LOG && last->value == NULL)
    cli_hint("a level of --log follows with =: --log=%s", r->path);
  cli_program_timed(r, "read");
  return status;
}

// With the code that a former run has left, or keeping it for the next one.
static int compile_cached(cli_program *r, cove_error **error, cove_status *made) {
  const cli_input *in = &r->input;
  if (r->cache.entry != NULL) {
    *made = cove_module_new_cached(r->engine, in->data, in->size, r->cache.entry, r->cache.entry_size, NULL, NULL,
                                   &r->module, error);
    if (r->module != NULL)
      return 0;
    cove_error_delete(*error);
    *error = NULL;
    int status = cli_cache_miss(&r->cache, r->engine, &r->input);
    if (status != 0)
      return status;
  }
  *made = cove_module_new_cached(r->engine, in->data, in->size, NULL, 0, NULL, NULL, &r->module, error);
  return 0;
}

int cli_program_compile(cli_program *r) {
  int status = 0;
  cove_error *error = NULL;
  cove_status made = COVE_OK;
  cli_progress_begin("compiling", r->path);
  // The input outlives the module and its instances: it is freed last.
  const cli_input *in = &r->input;
  if (in->compiled != NULL)
    made = cove_module_load_compiled(r->engine, in->compiled, in->compiled_size, NULL, NULL, &r->module, &error);
  else if (r->cache.is_on)
    status = compile_cached(r, &error, &made);
  else
    made = cove_module_new_borrowed(r->engine, in->data, in->size, NULL, NULL, &r->module, &error);
  if (made != COVE_OK)
    status = cli_report(r->path, error);
  cli_progress_end();
  cli_program_timed(r, "compile");
  return status;
}

// Ends a call: the program's status for an exit, a message otherwise.
int cli_program_ended(cli_program *r, cove_status status, cove_error *error) {
  if (status == COVE_OK)
    return 0;
  if (status == COVE_EXIT) {
    int code = cove_error_exit_status(error);
    cove_error_delete(error);
    return code;
  }
  return cli_report(r->path, error);
}

int cli_program_store(cli_program *r) {
  int status = make_store(r);
  return status == 0 ? cli_make_wasi(r->line, &r->wasi) : status;
}

int cli_program_instantiate(cli_program *r, bool *over) {
  cove_error *error = NULL;
  *over = true;
  int status = cli_program_store(r);
  if (status != 0)
    return status;
  r->linker = cove_linker_new(r->store);
  if (r->linker == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  if (cove_linker_define_wasi(r->linker, r->wasi, &error) != COVE_OK)
    return cli_report("wasi", error);
  cove_status made = cove_linker_instantiate(r->linker, r->module, &r->instance, &error);
  cli_program_timed(r, "instantiate");
  *over = made != COVE_OK;
  return cli_program_ended(r, made, error);
}

static void list_functions(const cove_module *module) {
  size_t shown = 0;
  cove_export item;
  for (size_t i = 0; cove_module_export(module, i, &item); i++) {
    if (item.type.kind != COVE_EXTERN_FUNC || (item.name.size == 11 && memcmp(item.name.data, "_initialize", 11) == 0))
      continue;
    if (shown++ == 10) {
      fputs(", ...", stderr);
      break;
    }
    fputs(shown == 1 ? "  it exports: " : ", ", stderr);
    cli_put(stderr, item.name);
  }
  fputs(shown != 0 ? "\n" : "", stderr);
}

static bool has_functions(const cove_module *module) {
  cove_export item;
  for (size_t i = 0; cove_module_export(module, i, &item); i++)
    if (item.type.kind == COVE_EXTERN_FUNC)
      return true;
  return false;
}

static int nothing_to_run(const cli_program *r) {
  cove_export item;
  bool reactor = cove_module_find_export(r->module, "_initialize", &item);
  cli_error("%s: %s", r->path,
            reactor ? "this is a reactor: it has functions to call, and no program to start (no export \"_start\")"
                    : "there is no program to start (no export \"_start\")");
  if (!has_functions(r->module)) {
    cli_hint("it exports no function at all: was it linked as a program?");
  } else {
    if (cli_is_app)
      cli_hint("to call one of its functions: --invoke NAME");
    else
      cli_hint("to call one of its functions: cove run --invoke NAME %s [ARG]...", r->path);
    cli_hint_app();
    list_functions(r->module);
  }
  return CLI_EXIT_LINK;
}

static int start(cli_program *r) {
  const char *invoke = cli_value(r->line, OPT_INVOKE);
  cove_func *main_func = cove_instance_func(r->instance, invoke != NULL ? "_initialize" : "_start");
  cove_error *error = NULL;
  int status = 0;
  if (invoke == NULL && main_func == NULL)
    return nothing_to_run(r);
  if (main_func != NULL) {
    const cove_functype type = cove_func_type(main_func);
    if (type.param_count != 0 || type.result_count != 0) {
      cli_error("%s: \"%s\" has parameters or results: this is not a WASI program", r->path,
                invoke != NULL ? "_initialize" : "_start");
      return CLI_EXIT_LINK;
    }
    cove_status called = cove_func_call(main_func, NULL, 0, NULL, 0, &error);
    status = cli_program_ended(r, called, error);
    if (called != COVE_OK)
      return status;
  }
  if (invoke != NULL)
    status = cli_invoke(r->instance, r->module, invoke, r->line->operands + 1, r->line->operand_count - 1);
  return status;
}

static int run_module(cli_program *r) {
  bool over = true;
  int status = cli_program_compile(r);
  if (status == 0)
    status = cli_program_instantiate(r, &over);
  if (!over) {
    status = start(r);
    cli_program_timed(r, "run");
  }
  return status;
}

// What was refused is told when that was asked for, and to a person at a terminal whose program failed.
static void explain(const cli_program *r, int status) {
  bool asked = cli_has(r->line, OPT_EXPLAIN);
  if (r->wasi == NULL || (!asked && (status == 0 || !cli_stderr_is_terminal())))
    return;
  cove_buffer text;
  cove_error *error = NULL;
  if (cove_wasi_explain(r->wasi, &text, &error) != COVE_OK) {
    (void)cli_report(NULL, error);
    return;
  }
  if (text.size != 0) {
    cli_note("what the program was refused, and what it can reach:");
    fputs(text.data, stderr);
    cli_hint_app();
  } else if (asked && (r->instance != NULL || r->component_instance != NULL)) { // it did start
    cli_note("the program was refused nothing");
  }
  cove_buffer_delete(&text);
  cli_explain_arguments(r->line);
}

// The process is about to end, and the system takes back all at once what would go piece by piece here. Builds with
// assertions do it, for those who look for leaks.
static void take_apart(cli_program *r) {
#ifndef NDEBUG
  cove_linker_delete(r->linker);
  cove_component_linker_delete(r->component_linker);
  cove_store_delete(r->store);
  cove_wasi_delete(r->wasi);
  cove_module_delete(r->module);
  cove_component_delete(r->component);
  cove_engine_delete(r->engine);
  cli_input_free(&r->input);
  cli_cache_free(&r->cache);
#else
  (void)r;
#endif
}

void cli_program_end(cli_program *r, int status) {
  if (r->wasi != NULL)
    cove_wasi_flush(r->wasi);
  explain(r, status);
  if (status != CLI_EXIT_TIMEOUT) // then it is to end at once
    cli_cache_end(&r->cache, r->module, r->component);
  take_apart(r);
}

int cli_run_program(cli_program *r) {
  int status = cli_program_load(r);
  if (status == 0)
    status = r->input.is_component ? cli_run_component(r) : run_module(r);
  cli_program_end(r, status);
  return status;
}

int cli_run(const cli_line *line) {
  if (line->operand_count == 0) {
    cli_error("which file? cove run [OPTION]... FILE [ARG]...");
    return CLI_EXIT_USAGE;
  }
  cli_program r = {.line = line, .path = line->operands[0]};
  return cli_run_program(&r);
}
