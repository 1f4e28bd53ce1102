// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run.h: what cove run and cove snapshot have of a program, module (run.c) or component (run_component.c).
#ifndef COVE_CLI_RUN_H
#define COVE_CLI_RUN_H

#include "cache.h"

typedef struct cli_program {
  const cli_line *line;
  const char *path;
  cli_input input;
  cli_cache cache; // of cove run; off otherwise
  cove_engine *engine;
  cove_store *store;
  cove_wasi *wasi;
  cove_module *module; // a module's
  cove_linker *linker;
  cove_instance *instance;
  cove_component *component; // a component's
  cove_component_linker *component_linker;
  cove_component_instance *component_instance;
  bool timing;
  uint64_t since; // of the step that is now timed
} cli_program;

// All of it: from the file (or what is in `input` already) to the end of the program; returns its status.
int cli_run_program(cli_program *p);
// Steps of a module's way, each by the options of the line: engine and input, module, store and instance. 0, or an exit
// status after a message. *over: the program has ended already, with that status.
int cli_program_load(cli_program *p);
int cli_program_compile(cli_program *p);
int cli_program_instantiate(cli_program *p, bool *over);
// The same for a component.
int cli_program_compile_component(cli_program *p);
int cli_program_instantiate_component(cli_program *p, bool *over);
// The last step: tells what was refused, when that was asked for or explains `status`, and takes the program apart.
void cli_program_end(cli_program *p, int status);
// Ends a step for --timing.
void cli_program_timed(cli_program *p, const char *step);
// The store and the grants by the options of the line. 0, or an exit status after a message.
int cli_program_store(cli_program *p);
// Only whether the limits on the line are right. 0, or an exit status after a message.
int cli_check_limits(const cli_line *line);
// Ends a call: the program's status for an exit, a message otherwise.
int cli_program_ended(cli_program *p, cove_status status, cove_error *error);

// ---- invoke_component.c ----
// A call that --invoke asks for: the function, and its arguments. 0, or an exit status after a message; to be deleted
// in either case.
typedef struct cli_component_call cli_component_call;
int cli_component_call_new(const cli_program *p, const char *value, cli_component_call **out);
// Calls, prints the result; returns the exit status.
int cli_component_call_run(cli_program *p, cli_component_call *call);
void cli_component_call_delete(cli_component_call *call); // NULL is allowed
// Prints its exported functions, at most ten; how many there are.
size_t cli_list_component_functions(const cove_component *component);

// From the input in memory to the end of the program; returns its status.
int cli_run_component(cli_program *p);

#endif
