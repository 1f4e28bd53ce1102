// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// main.c: picks the subcommand.
#include "cli.h"

#include <string.h>

static const char *next_command(size_t index, const void *env) {
  (void)env;
  return index < CLI_COMMAND_COUNT ? cli_commands[index].name : NULL;
}

static int unknown_command(const char *word) {
  size_t length = strlen(word);
  bool file = strchr(word, '/') != NULL || (length > 5 && strcmp(word + length - 5, ".wasm") == 0) ||
              (length > 4 && strcmp(word + length - 4, ".wat") == 0);
  if (word[0] == '-')
    cli_error("unknown option %s: options come after a subcommand", word);
  else
    cli_error("there is no command \"%s\"", word);
  const char *nearest = cli_nearest(word, next_command, NULL);
  if (file)
    cli_hint("to run a program: cove run %s", word);
  else if (nearest != NULL)
    cli_hint("did you mean cove %s?", nearest);
  else
    cli_hint("the commands are listed by: cove help");
  return CLI_EXIT_USAGE;
}

typedef int command_fn(const cli_line *line);

int main(int argc, char **argv) {
  static command_fn *const functions[] = {
      [CLI_RUN] = cli_run,           [CLI_VALIDATE] = cli_validate, [CLI_INSPECT] = cli_inspect,
      [CLI_PARSE] = cli_parse_text,  [CLI_PRINT] = cli_print,       [CLI_WAST] = cli_wast,
      [CLI_WIT] = cli_wit,           [CLI_BINDGEN] = cli_bindgen,   [CLI_COMPONENT] = cli_component,
      [CLI_SNAPSHOT] = cli_snapshot, [CLI_COMPILE] = cli_compile,   [CLI_CACHE] = cli_cache_command,
      [CLI_HELP] = cli_help,
  };
  if (argc < 2) {
    cli_print_overview(stderr);
    return CLI_EXIT_USAGE;
  }
  const char *word = argv[1];
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
    printf("cove %s\n", cove_version());
    return cli_finish(0);
  }
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
    cli_print_overview(stdout);
    return cli_finish(0);
  }
  cli_command command = cli_find_command(word);
  if (command == CLI_COMMAND_COUNT)
    return unknown_command(word);
  cli_line line;
  if (!cli_parse(command, argc - 2, argv + 2, &line))
    return CLI_EXIT_USAGE;
  int status = 0;
  if (cli_has(&line, OPT_HELP))
    cli_print_usage(command, stdout);
  else
    status = functions[command](&line);
  cli_line_free(&line);
  cove_exit(cli_finish(status));
  return 0;
}
