// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// options.h: subcommands and options as tables (commands.def, options.def), and the parser over them.
#ifndef COVE_CLI_OPTIONS_H
#define COVE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum cli_command {
#define CLI_COMMAND(id, name, operands, summary) CLI_##id,
#include "commands.def"
  CLI_COMMAND_COUNT
} cli_command;

typedef enum cli_option {
#define CLI_OPTION(id, commands, letter, name, argument, group, help) OPT_##id,
#include "options.def"
  OPT_COUNT
} cli_option;

// Neither table holds a pointer: every start of the command would have to relocate it.
typedef struct cli_command_info {
  char name[16], operands[32], summary[64];
} cli_command_info;

typedef struct cli_option_info {
  unsigned commands; // bits, 1 << cli_command
  char letter;       // 0 for none
  char name[16];
  char argument[64]; // "" for none; "[=..." may be left out
  char group[16], help[256];
} cli_option_info;

extern const cli_command_info cli_commands[CLI_COMMAND_COUNT];
extern const cli_option_info cli_options[OPT_COUNT];

typedef struct cli_given {
  cli_option option;
  const char *value; // NULL for an option without argument, or whose argument was left out
} cli_given;

// What was typed: options in their order, then operands. Strings are borrowed from argv.
typedef struct cli_line {
  cli_command command;
  cli_given *given; // owned
  size_t given_count;
  char **operands; // borrowed
  int operand_count;
} cli_line;

// Parses what follows the subcommand. Options end at the first operand for `run`, whose program has options of its
// own; elsewhere they may stand anywhere. False after a message to standard error.
bool cli_parse(cli_command command, int argc, char **argv, cli_line *out);
void cli_line_free(cli_line *line);
// The last value of an option, NULL when it was not given (or has no argument).
const char *cli_value(const cli_line *line, cli_option option);
bool cli_has(const cli_line *line, cli_option option);

void cli_print_usage(cli_command command, FILE *out);
// A text behind what has been printed up to `column`, in lines of the width of help.
void cli_print_wrapped(FILE *out, const char *text, int column);
// The command of that name, or CLI_COMMAND_COUNT.
cli_command cli_find_command(const char *name);
// The candidate nearest to `word`, NULL when none is near. `next` gives candidates until NULL.
const char *cli_nearest(const char *word, const char *(*next)(size_t index, const void *env), const void *env);
// Candidates of a NULL-terminated array of words.
const char *cli_next_word(size_t index, const void *env);

#endif
