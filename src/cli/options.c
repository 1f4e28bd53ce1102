// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// options.c: the tables, the parser, and the help that is printed from them.
#include "options.h"
#include "cli.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ON(command) (1u << CLI_##command)
#define ON_ALL ((1u << CLI_COMMAND_COUNT) - 1)

const cli_command_info cli_commands[CLI_COMMAND_COUNT] = {
#define CLI_COMMAND(id, name, operands, summary) {name, operands, summary},
#include "commands.def"
};

const cli_option_info cli_options[OPT_COUNT] = {
#define CLI_OPTION(id, commands, letter, name, argument, group, help) {commands, letter, name, argument, group, help},
#include "options.def"
};

#define FITS(text, type, member) static_assert(sizeof text <= sizeof((type *)0)->member, "no room for " text);
#define CLI_COMMAND(id, command, inputs, text)                                                                         \
  FITS(command, cli_command_info, name) FITS(inputs, cli_command_info, operands) FITS(text, cli_command_info, summary)
#include "commands.def"
#define CLI_OPTION(id, on, short_name, long_name, value, section, text)                                                \
  FITS(long_name, cli_option_info, name)                                                                               \
  FITS(value, cli_option_info, argument) FITS(section, cli_option_info, group) FITS(text, cli_option_info, help)
#include "options.def"
#undef FITS

cli_command cli_find_command(const char *name) {
  for (int i = 0; i < CLI_COMMAND_COUNT; i++)
    if (strcmp(cli_commands[i].name, name) == 0)
      return (cli_command)i;
  return CLI_COMMAND_COUNT;
}

// ---- the nearest word ----

enum { WORD_MAX = 40 };

// Edits (insert, drop, replace) between two words, or a large number for long ones.
static unsigned distance(const char *a, const char *b) {
  size_t m = strlen(a), n = strlen(b);
  if (m > WORD_MAX || n > WORD_MAX)
    return 1000;
  unsigned row[WORD_MAX + 1];
  for (size_t j = 0; j <= n; j++)
    row[j] = (unsigned)j;
  for (size_t i = 1; i <= m; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= n; j++) {
      unsigned change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      unsigned best = row[j - 1] < row[j] ? row[j - 1] + 1 : row[j] + 1;
      row[j] = change < best ? change : best;
    }
  }
  return row[n];
}

const char *cli_nearest(const char *word, const char *(*next)(size_t index, const void *env), const void *env) {
  const char *best = NULL, *candidate;
  unsigned best_distance = strlen(word) <= 2 ? 2 : 3; // edits that still look like a slip of the finger
  for (size_t i = 0; (candidate = next(i, env)) != NULL; i++) {
    unsigned d = distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

const char *cli_next_word(size_t index, const void *env) {
  const char *const *words = env;
  for (size_t i = 0; i < index; i++)
    if (words[i] == NULL)
      return NULL;
  return words[index];
}

// ---- parsing ----

static bool applies(const cli_option_info *option, cli_command command) {
  return (option->commands >> command & 1) != 0;
}

static const char *next_option_name(size_t index, const void *env) {
  cli_command command = *(const cli_command *)env;
  for (size_t i = 0; i < OPT_COUNT; i++)
    if (applies(&cli_options[i], command) && index-- == 0)
      return cli_options[i].name;
  return NULL;
}

static bool unknown_option(cli_command command, const char *typed, size_t length) {
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)length, typed);
  cli_error("unknown option %s", name);
  for (size_t i = 0; i < OPT_COUNT; i++)
    if (strcmp(cli_options[i].name, name + strspn(name, "-")) == 0) {
      for (int c = 0; c < CLI_COMMAND_COUNT; c++)
        if (applies(&cli_options[i], (cli_command)c))
          cli_hint("%s is an option of: cove %s", name, cli_commands[c].name);
      return false;
    }
  const char *nearest = cli_nearest(name + strspn(name, "-"), next_option_name, &command);
  if (nearest != NULL)
    cli_hint("did you mean --%s?", nearest);
  else
    cli_hint("the options are listed by: cove help %s", cli_commands[command].name);
  return false;
}

static void add(cli_line *line, cli_option option, const char *value) {
  line->given[line->given_count++] = (cli_given){option, value};
}

// Takes the option at argv[*at], and its argument from the next one when it has to. False after a message.
static bool take_long(cli_line *line, int argc, char **argv, int *at) {
  const char *name = argv[*at] + 2, *equals = strchr(name, '=');
  size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
  for (size_t i = 0; i < OPT_COUNT; i++) {
    const cli_option_info *option = &cli_options[i];
    if (!applies(option, line->command) || strlen(option->name) != length || memcmp(option->name, name, length) != 0)
      continue;
    if (option->argument[0] == '\0' && equals != NULL) {
      cli_error("--%s takes no argument", option->name);
      return false;
    }
    bool needs = option->argument[0] != '\0' && strncmp(option->argument, "[=", 2) != 0;
    if (needs && equals == NULL && *at + 1 >= argc) {
      cli_error("--%s needs an argument: --%s %s", option->name, option->name, option->argument);
      return false;
    }
    const char *value = equals != NULL ? equals + 1 : needs ? argv[++*at] : NULL;
    add(line, (cli_option)i, value);
    return true;
  }
  return unknown_option(line->command, argv[*at], length + 2);
}

static bool take_short(cli_line *line, int argc, char **argv, int *at) {
  char letter = argv[*at][1];
  for (size_t i = 0; i < OPT_COUNT; i++) {
    const cli_option_info *option = &cli_options[i];
    if (!applies(option, line->command) || option->letter != letter)
      continue;
    const char *rest = argv[*at] + 2;
    if (option->argument[0] == '\0' && *rest != '\0')
      break;
    if (option->argument[0] != '\0' && *rest == '\0' && *at + 1 >= argc) {
      cli_error("-%c needs an argument: -%c %s", letter, letter, option->argument);
      return false;
    }
    const char *value = option->argument[0] == '\0' ? NULL : *rest != '\0' ? rest : argv[++*at];
    add(line, (cli_option)i, value);
    return true;
  }
  return unknown_option(line->command, argv[*at], strlen(argv[*at]));
}

bool cli_parse(cli_command command, int argc, char **argv, cli_line *out) {
  *out = (cli_line){.command = command, .operands = argv};
  out->given = malloc((size_t)(argc + 1) * sizeof *out->given);
  if (out->given == NULL) {
    cli_error("out of memory");
    return false;
  }
  bool options_ended = false;
  for (int i = 0; i < argc; i++) {
    char *word = argv[i];
    if (options_ended || word[0] != '-' || word[1] == '\0') {
      if (command == CLI_RUN) {
        out->operands = argv + i;
        out->operand_count = argc - i;
        return true;
      }
      argv[out->operand_count++] = word; // never ahead of `i`
    } else if (strcmp(word, "--") == 0) {
      options_ended = true;
    } else if (!(word[1] == '-' ? take_long(out, argc, argv, &i) : take_short(out, argc, argv, &i))) {
      cli_line_free(out);
      return false;
    }
  }
  return true;
}

void cli_line_free(cli_line *line) {
  free(line->given);
  line->given = NULL;
}

const char *cli_value(const cli_line *line, cli_option option) {
  const char *value = NULL;
  for (size_t i = 0; i < line->given_count; i++)
    if (line->given[i].option == option)
      value = line->given[i].value;
  return value;
}

bool cli_has(const cli_line *line, cli_option option) {
  for (size_t i = 0; i < line->given_count; i++)
    if (line->given[i].option == option)
      return true;
  return false;
}

// ---- help ----

enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

// Words of `text` from column HELP_COLUMN to HELP_WIDTH; the cursor stands at `column`.
void cli_print_wrapped(FILE *out, const char *text, int column) {
  if (column >= HELP_COLUMN) {
    fputc('\n', out);
    column = 0;
  }
  fprintf(out, "%*s", HELP_COLUMN - column, "");
  column = HELP_COLUMN;
  while (*text != '\0') {
    int length = (int)strcspn(text, " ");
    if (column + 1 + length > HELP_WIDTH && column > HELP_COLUMN) {
      fprintf(out, "\n%*s", HELP_COLUMN, "");
      column = HELP_COLUMN;
    }
    fprintf(out, "%s%.*s", column > HELP_COLUMN ? " " : "", length, text);
    column += length + (column > HELP_COLUMN);
    text += length;
    text += *text == ' ';
  }
  fputc('\n', out);
}

static void print_option(const cli_option_info *option, FILE *out) {
  char shown[128];
  char letter[8] = "    ";
  if (option->letter != 0)
    snprintf(letter, sizeof letter, "-%c, ", option->letter);
  int column = snprintf(shown, sizeof shown, "  %s--%s%s%s", letter, option->name,
                        option->argument[0] != '\0' && option->argument[1] != '=' ? " " : "", option->argument);
  fputs(shown, out);
  cli_print_wrapped(out, option->help, column);
}

static void print_variables(cli_command command, FILE *out) {
  const char *title = "\nEnvironment:\n";
#define CLI_VARIABLE(name, commands, text)                                                                             \
  if (((commands) >> command & 1u) != 0) {                                                                             \
    fputs(title, out);                                                                                                 \
    title = "";                                                                                                        \
    cli_print_wrapped(out, text, fprintf(out, "  %s", name));                                                          \
  }
#include "variables.def"
}

void cli_print_usage(cli_command command, FILE *out) {
  const cli_command_info *info = &cli_commands[command];
  fprintf(out, "%s.\n\nUsage: cove %s [OPTION]... %s\n", info->summary, info->name, info->operands);
  // Groups in the order of their first option.
  for (size_t i = 0; i < OPT_COUNT; i++) {
    bool first = applies(&cli_options[i], command);
    for (size_t j = 0; j < i && first; j++)
      first = !(applies(&cli_options[j], command) && strcmp(cli_options[j].group, cli_options[i].group) == 0);
    if (!first)
      continue;
    fprintf(out, "\n%s:\n", cli_options[i].group);
    for (size_t j = i; j < OPT_COUNT; j++)
      if (applies(&cli_options[j], command) && strcmp(cli_options[j].group, cli_options[i].group) == 0)
        print_option(&cli_options[j], out);
  }
  print_variables(command, out);
}
