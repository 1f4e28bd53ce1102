// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile.h: what the files of cove compile share.
#ifndef COVE_CLI_COMPILE_H
#define COVE_CLI_COMPILE_H

#include "cli.h"

// ---- compile_app.c: --executable ----

typedef struct cli_app_maker {
  bool is_on;
  const cli_line *line;
  char **words; // owned; the options for cove run, which `run` is made of
  int word_count;
  cli_line run;
  cove_buffer runner; // cove-app
} cli_app_maker;

// Checks the options behind the file as cove run would, and reads cove-app. 0, or an exit status after a message; to be
// ended in either case.
int cli_app_begin(cli_app_maker *app, const cli_line *line);
// Tells what will keep the program from starting, as far as it is to be seen in it.
void cli_app_warn(const cli_app_maker *app, cove_engine *engine, const cli_input *input);
// 0, or an exit status after a message.
int cli_app_write(const cli_app_maker *app, const cove_buffer *compiled);
void cli_app_end(cli_app_maker *app);

// ---- compile_object.c: --object and --header; 0, or an exit status after a message ----
int cli_compile_object(const cli_line *line, cove_engine *engine, const cli_input *input, const cove_buffer *compiled);

#endif
