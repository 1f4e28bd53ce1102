// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run_component.c: cove run of a component: compile, link with WASI 0.2, instantiate; then its program, or the function
// that --invoke names, with arguments and results in WAVE.
#include "run.h"

#include <string.h>

static bool starts_with(cove_bytes text, const char *word) {
  return text.size >= strlen(word) && memcmp(text.data, word, strlen(word)) == 0;
}

// ---- what it exports ----

static const char *exported(const cove_component *component, const char *prefix) {
  for (size_t i = 0; i < cove_component_export_count(component); i++) {
    cove_bytes name = cove_component_extern_name(cove_component_export(component, i));
    if (starts_with(name, prefix))
      return name.data;
  }
  return NULL;
}

// Whether there is something to run; otherwise says what there is instead. Before any code runs.
static int check_command(const cli_program *p) {
  if (exported(p->component, "wasi:cli/run@0.2.") != NULL)
    return 0;
  if (exported(p->component, "wasi:cli/run@0.3.") != NULL) {
    cli_error("%s: unsupported: a program of WASI 0.3", p->path);
    cli_hint("this version runs programs of WASI 0.2");
    return CLI_EXIT_LINK;
  }
  cli_error("%s: there is no program to start (no export \"wasi:cli/run\" of WASI 0.2)", p->path);
  if (exported(p->component, "wasi:http/incoming-handler@") != NULL || exported(p->component, "wasi:http/handler@"))
    cli_hint("it answers HTTP requests, which this version cannot serve");
  else if (cove_component_export_count(p->component) != 0 && !cli_is_app)
    cli_hint("to call one of its functions: cove run --invoke 'NAME(ARGUMENTS)' %s", p->path);
  else if (cove_component_export_count(p->component) != 0)
    cli_hint("to call one of its functions: --invoke 'NAME(ARGUMENTS)'");
  cli_hint_app();
  if (cli_list_component_functions(p->component) == 0)
    cli_hint("it exports no function at all");
  return CLI_EXIT_LINK;
}

// ---- the program ----

// run: func() -> result
static int run_command(cli_program *p) {
  cove_component_func *run = cove_component_instance_func(p->component_instance, "wasi:cli/run@0.2.0", "run");
  cove_component_value result = {.kind = 0};
  cove_error *error = NULL;
  if (run == NULL) {
    cli_error("%s: \"wasi:cli/run\" has no function \"run\"", p->path);
    return CLI_EXIT_LINK;
  }
  cove_status called = cove_component_func_call(run, NULL, 0, &result, &error);
  if (called != COVE_OK)
    return cli_program_ended(p, called, error);
  return result.which == 0 ? 0 : 1;
}

// With the code that a former run has left, or keeping it for the next one.
static int compile_cached(cli_program *p, cove_error **error, cove_status *made) {
  const cli_input *in = &p->input;
  if (p->cache.entry != NULL) {
    *made = cove_component_new_cached(p->engine, in->data, in->size, p->cache.entry, p->cache.entry_size, NULL, NULL,
                                      &p->component, error);
    if (p->component != NULL)
      return 0;
    cove_error_delete(*error);
    *error = NULL;
    int status = cli_cache_miss(&p->cache, p->engine, &p->input);
    if (status != 0)
      return status;
  }
  *made = cove_component_new_cached(p->engine, in->data, in->size, NULL, 0, NULL, NULL, &p->component, error);
  return 0;
}

int cli_program_compile_component(cli_program *p) {
  int status = 0;
  cove_error *error = NULL;
  cove_status made = COVE_OK;
  cli_progress_begin("compiling", p->path);
  // The input outlives the component and its instances: it is freed last.
  const cli_input *in = &p->input;
  if (in->compiled != NULL)
    made = cove_component_load_compiled(p->engine, in->compiled, in->compiled_size, NULL, NULL, &p->component, &error);
  else if (p->cache.is_on)
    status = compile_cached(p, &error, &made);
  else
    made = cove_component_new_borrowed(p->engine, in->data, in->size, NULL, NULL, &p->component, &error);
  if (made != COVE_OK)
    status = cli_report(p->path, error);
  cli_progress_end();
  cli_program_timed(p, "compile");
  return status;
}

int cli_program_instantiate_component(cli_program *p, bool *over) {
  cove_error *error = NULL;
  *over = true;
  int status = cli_program_store(p);
  if (status != 0)
    return status;
  p->component_linker = cove_component_linker_new(p->store);
  if (p->component_linker == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  if (cove_component_linker_define_wasi(p->component_linker, p->wasi, &error) != COVE_OK)
    return cli_report("wasi", error);
  cove_status made =
      cove_component_linker_instantiate(p->component_linker, p->component, &p->component_instance, &error);
  cli_program_timed(p, "instantiate");
  *over = made != COVE_OK;
  return cli_program_ended(p, made, error);
}

int cli_run_component(cli_program *p) {
  const char *value = cli_value(p->line, OPT_INVOKE);
  cli_component_call *call = NULL;
  bool over = true; // an exit while it is made ends it, too
  int status = cli_program_compile_component(p);
  if (status == 0)
    status = value != NULL ? cli_component_call_new(p, value, &call) : check_command(p);
  if (status == 0)
    status = cli_program_instantiate_component(p, &over);
  if (!over) {
    status = value != NULL ? cli_component_call_run(p, call) : run_command(p);
    cli_program_timed(p, "run");
  }
  cli_component_call_delete(call);
  return status;
}
