// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// manual.c: runs at build time: prints the manual page, or the completions of a shell, from the tables of the command
// (src/cli/*.def): `cove-manual man|bash|zsh|fish`.
#include "options.h"

#include <string.h>

#define ON(command) (1u << CLI_##command)
#define ON_ALL ((1u << CLI_COMMAND_COUNT) - 1)

static const cli_command_info commands[] = {
#define CLI_COMMAND(id, name, operands, summary) {name, operands, summary},
#include "commands.def"
};

static const cli_option_info options[] = {
#define CLI_OPTION(id, on, letter, name, argument, group, help) {on, letter, name, argument, group, help},
#include "options.def"
};

static const struct {
  int value;
  const char *text;
} exit_rows[] = {
#define CLI_EXIT(name, value, text) {value, text},
#include "exit_status.def"
};

static bool applies(size_t option, int command) {
  return (options[option].commands >> command & 1) != 0;
}

// ---- manual page ----

// Text with what roff would take for its own made plain.
static void roff(const char *text) {
  for (const char *at = text; *at != '\0'; at++) {
    if (*at == '\\')
      fputs("\\e", stdout);
    else if (*at == '-')
      fputs("\\-", stdout);
    else if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n'))
      printf("\\&%c", *at);
    else
      putchar(*at);
  }
}

static void man_option(const cli_option_info *o) {
  printf(".TP\n");
  if (o->letter != 0)
    printf("\\fB\\-%c\\fR, ", o->letter);
  printf("\\fB\\-\\-");
  roff(o->name);
  printf("\\fR");
  if (o->argument[0] != '\0') {
    printf("%s\\fI", o->argument[1] == '=' ? "" : " ");
    roff(o->argument);
    printf("\\fR");
  }
  printf("\n");
  roff(o->help);
  printf(".\n");
}

static void man(const char *version) {
  printf(".\\\" Made from the option tables of the command; do not edit.\n"
         ".TH COVE 1 \"\" \"cove %s\" \"User Commands\"\n.SH NAME\ncove \\- run WebAssembly programs\n.SH SYNOPSIS\n",
         version);
  for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
    printf("%s.B cove %s\n[\\fIOPTION\\fR]... ", c != 0 ? ".br\n" : "", commands[c].name);
    roff(commands[c].operands);
    printf("\n");
  }
  printf(".SH DESCRIPTION\n"
         "cove runs programs compiled to WebAssembly: modules with WASI preview 1 and components with WASI 0.2, from "
         "files in\n"
         "the binary format or in the text format.  A program gets nothing of the machine but standard streams, clocks "
         "and random numbers: directories,\n"
         "environment variables and sockets are granted by name.\n.PP\n"
         "The options of \\fBcove run\\fR end at FILE; what follows is for the program.\n");
  for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
    printf(".SH \"COVE %s\"\n", commands[c].name);
    roff(commands[c].summary);
    printf(".\n");
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
      if (applies(i, c) && strcmp(options[i].name, "help") != 0)
        man_option(&options[i]);
  }
  printf(".SH \"EXIT STATUS\"\nA program that ran ends cove with the status that it chose. Otherwise:\n");
  for (size_t i = 0; i < sizeof exit_rows / sizeof exit_rows[0]; i++) {
    printf(".TP\n\\fB%d\\fR\n", exit_rows[i].value);
    roff(exit_rows[i].text);
    printf(".\n");
  }
  printf(".SH ENVIRONMENT\n");
#define CLI_VARIABLE(name, on, text)                                                                                   \
  printf(".TP\n\\fB%s\\fR\n", name);                                                                                   \
  roff(text);                                                                                                          \
  printf(".\n");
#include "variables.def"
  printf(".SH EXAMPLES\n.nf\n"
         "cove run hello.wasm\n"
         "cove run \\-\\-dir . \\-\\-dir /usr/share/dict::/dict:ro program.wasm input.txt\n"
         "cove run \\-\\-timeout 2s \\-\\-max\\-memory 64MiB \\-\\-explain untrusted.wasm\n"
         "cove run \\-\\-invoke add functions.wat 2 3\n"
         "cove inspect program.wasm\n"
         ".fi\n");
}

// ---- completions ----

// One that may be left out is not completed.
static bool takes_argument(const cli_option_info *o) {
  return o->argument[0] != '\0' && o->argument[1] != '=';
}

// The words that a command takes as its first operand: those in lower case, "host" and "guest" of "host|guest WIT".
static void print_words(int command) {
  unsigned count = 0;
  for (const char *at = commands[command].operands; *at != '\0';) {
    size_t word = strspn(at, "abcdefghijklmnopqrstuvwxyz"), rest = strcspn(at + word, " |[]");
    if (word > 0 && rest == 0)
      printf("%s%.*s", count++ > 0 ? " " : "", (int)word, at);
    at += word + rest;
    at += strspn(at, " |[]");
  }
}

static bool has_words(int command) {
  const char *operands = commands[command].operands + (commands[command].operands[0] == '[');
  return operands[0] >= 'a' && operands[0] <= 'z';
}

static void bash(void) {
  printf("# Made from the option tables of the command; do not edit.\n_cove() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} words first=\n"
         "  if [ \"$COMP_CWORD\" = 1 ]; then\n    COMPREPLY=($(compgen -W '");
  for (int c = 0; c < CLI_COMMAND_COUNT; c++)
    printf("%s ", commands[c].name);
  printf("--version --help' -- \"$cur\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n");
  for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
    printf("  %s) words='", commands[c].name);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
      if (applies(i, c))
        printf("--%s%s ", options[i].name, takes_argument(&options[i]) ? "=" : "");
    if (has_words(c)) {
      printf("' first='");
      print_words(c);
    }
    printf("' ;;\n");
  }
  printf("  esac\n  [ \"$COMP_CWORD\" = 2 ] || first=\n  case $cur in\n"
         "  -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "      [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null ;;\n"
         "  *) COMPREPLY=($(compgen -W \"$first\" -- \"$cur\") $(compgen -f -- \"$cur\")) ;;\n"
         "  esac\n}\ncomplete -o filenames -F _cove cove\n");
}

// Text inside single quotes of a shell, without what the completion system itself reads.
static void quoted(const char *text, const char *escape) {
  for (; *text != '\0'; text++) {
    if (*text == '\'')
      fputs("'\\''", stdout);
    else if (strchr(escape, *text) != NULL)
      printf("\\%c", *text);
    else
      putchar(*text);
  }
}

static void zsh(void) {
  printf("#compdef cove\n# Made from the option tables of the command; do not edit.\n_cove() {\n"
         "  local -a commands\n  commands=(\n");
  for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
    printf("    '%s:", commands[c].name);
    quoted(commands[c].summary, ":");
    printf("'\n");
  }
  printf("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
         "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n");
  for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
    printf("  %s) _arguments", commands[c].name);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
      if (!applies(i, c))
        continue;
      printf(" \\\n    '*--%s%s[", options[i].name, takes_argument(&options[i]) ? "=" : "");
      quoted(options[i].help, "[]:");
      printf("]");
      if (takes_argument(&options[i])) {
        printf(":");
        quoted(options[i].argument, ":");
        printf(":_files");
      }
      printf("'");
    }
    if (has_words(c)) {
      bool is_needed = commands[c].operands[0] != '[';
      printf(is_needed ? " '1:what:(" : " '1: :{_alternative \"words:what:(");
      print_words(c);
      printf(is_needed ? ")'" : ")\" \"files:file:_files\"}'");
    }
    printf(" '*:file:_files' ;;\n");
  }
  printf("  esac\n}\n_cove \"$@\"\n");
}

static void fish(void) {
  printf("# Made from the option tables of the command; do not edit.\n");
  for (int c = 0; c < CLI_COMMAND_COUNT; c++) {
    printf("complete -c cove -n __fish_use_subcommand -a %s -d '", commands[c].name);
    quoted(commands[c].summary, "");
    printf("'\n");
    if (has_words(c)) {
      printf("complete -c cove -n '__fish_seen_subcommand_from %s' -a '", commands[c].name);
      print_words(c);
      printf("'\n");
    }
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
      if (!applies(i, c))
        continue;
      printf("complete -c cove -n '__fish_seen_subcommand_from %s' -l %s%s", commands[c].name, options[i].name,
             takes_argument(&options[i]) ? " -r" : "");
      if (options[i].letter != 0)
        printf(" -s %c", options[i].letter);
      printf(" -d '");
      quoted(options[i].help, "");
      printf("'\n");
    }
  }
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "man") == 0 && argc > 2)
    man(argv[2]);
  else if (strcmp(what, "bash") == 0)
    bash();
  else if (strcmp(what, "zsh") == 0)
    zsh();
  else if (strcmp(what, "fish") == 0)
    fish();
  else {
    fprintf(stderr, "usage: cove-manual man VERSION|bash|zsh|fish\n");
    return 64;
  }
  return 0;
}
