// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// help.c: cove help: commands and topics.
#include "cli.h"

#include <string.h>

static void print_exit_status(FILE *out) {
  fputs("A program that ran ends cove with the status that it chose. Otherwise:\n\n", out);
#define CLI_EXIT(name, value, text) fprintf(out, "  %3d  %s\n", value, text);
#include "exit_status.def"
}

static void print_features(FILE *out) {
  fputs("--features LIST changes what modules may use, word by word from left to right:\n"
        "a set (wasm1, wasm2, wasm3, default, all, none), a feature to add (simd), or one to take away (-simd).\n\n",
        out);
  const char *name, *text;
  bool is_default;
  for (size_t i = 0; (name = cove_feature_name(i, &text, &is_default)) != NULL; i++)
    fprintf(out, "  %c %-26s %s\n", is_default ? '*' : ' ', name, text);
  fputs("\nThose with * are on by default.\n", out);
}

static void print_tiers(FILE *out) {
  static const struct {
    const char *name, *what;
  } tiers[] = {
      {"jit", "makes machine code at once: fast"},
      {"interp", "the reference interpreter: runs everywhere, slowly"},
      {"llvm", "compiles with LLVM, a library apart: fastest in the long run, slow to start"},
  };
  fputs("A tier is what runs code. All give the same results; --tier chooses one:\n\n", out);
  const char *name;
  for (size_t i = 0; (name = cove_tier_name(i)) != NULL; i++) {
    const char *what = "";
    for (size_t k = 0; k < sizeof tiers / sizeof tiers[0]; k++)
      if (strcmp(tiers[k].name, name) == 0)
        what = tiers[k].what;
    fprintf(out, "  %-8s %s%s\n", name, what, cove_tier_available(i) ? "" : " (not on this machine)");
  }
  fputs("  auto     jit where it works, else interp (the default); what runs long moves from jit to llvm\n"
        "           in the background\n\n"
        "What cove compile made has its code already, by the tier that it names. cove run uses it in files that are\n"
        "named *.cwasm, and trusts them as native programs; under other names it runs the program in them, as any.\n",
        out);
}

static void print_grants(FILE *out) {
  fputs("A program gets nothing but standard streams, clocks and random numbers. All else is granted by name:\n\n"
        "  --dir .                  this directory, under the same name\n"
        "  --dir /srv/data::/data   a directory under another name\n"
        "  --dir docs:ro            read-only\n"
        "  --tmpfs /tmp             an empty directory that lives in memory\n"
        "  --archive site.tar::/www the contents of an archive, read-only\n"
        "  --env HOME               one variable of the caller; --env KEY=VALUE sets one\n"
        "  --tcp-listen 127.0.0.1:8080\n"
        "  --config NAME=VALUE      a value that a component asks for by name (wasi:config)\n"
        "  --log=debug              a component's messages (wasi:logging), to standard error\n"
        "  --keyvalue cache         a bucket of keys and values (wasi:keyvalue) in memory\n"
        "  --keyvalue users=u.db    one that stays, in a file that SQLite keeps\n\n"
        "What is granted without being asked for can be taken away:\n\n"
        "  --clock monotonic        durations and timers, but not the time of day; --clock none: neither\n"
        "  --random none            no random numbers\n"
        "  --stdin null             no standard input; so with --stdout and --stderr\n\n"
        "A component of WASI 0.2 that imports what is not granted does not start; with --deny error it starts, and\n"
        "ends when it calls it. A program of preview 1 starts, and gets an error from the call.\n\n"
        "cove inspect FILE says what a program will ask for; cove run --explain says what it asked for and was\n"
        "refused, and the option that would have granted it.\n",
        out);
}

static void print_limits(FILE *out) {
  fputs("  --timeout 2s        wall-clock time; ends with status 124\n"
        "  --fuel 100M         instructions, counted the same in every tier: a run always ends at the same one\n"
        "  --max-memory 64MiB  linear memory\n"
        "  --max-table 1M      elements of one table\n"
        "  --max-instances 10  instances of modules\n"
        "  --max-handles 1000  resources that a component holds\n"
        "  --max-values 1MiB   lists and strings in one call of a component\n"
        "  --max-output 1MiB   standard output and error\n"
        "  --max-descriptors 9 files and directories open at the same time\n"
        "  --max-resources 500 streams, pollables and the like that a component holds\n"
        "  --max-poll 64       things waited for in one poll\n"
        "  --max-random 1KiB   random bytes in one call of a component\n"
        "  --max-tmpfs 64MiB   a directory in memory\n"
        "  --max-keyvalue 1MiB buckets of keys and values\n"
        "  --max-stack 8MiB    nested calls\n\n"
        "A limit that was reached is named, and ends cove with status 125 (--timeout: 124). Calls that do not fit\n"
        "in --max-stack are a trap: status 134.\n",
        out);
}

static const struct {
  const char *name, *what;
  void (*print)(FILE *out);
} topics[] = {
    {"exit-status", "how cove ends", print_exit_status},
    {"features", "WebAssembly features and their names", print_features},
    {"grants", "what a program can be given", print_grants},
    {"limits", "what a program can be held to", print_limits},
    {"tiers", "what runs the code", print_tiers},
};
enum { TOPIC_COUNT = sizeof topics / sizeof topics[0] };

static void print_topic_names(FILE *out) {
  for (size_t i = 0; i < TOPIC_COUNT; i++)
    fprintf(out, "%s%s", i != 0 ? ", " : "", topics[i].name);
}

void cli_print_overview(FILE *out) {
  fputs("cove runs WebAssembly programs. A program gets nothing that it was not granted.\n\n"
        "Usage: cove COMMAND [OPTION]... [OPERAND]...\n\nCommands:\n",
        out);
  for (int i = 0; i < CLI_COMMAND_COUNT; i++) {
    int column = fprintf(out, "  %s %s", cli_commands[i].name, cli_commands[i].operands);
    cli_print_wrapped(out, cli_commands[i].summary, column);
  }
  fputs("\nTry:\n"
        "  cove run hello.wasm                  run a program\n"
        "  cove run --dir . program.wasm a b    grant it this directory, give it two arguments\n"
        "  cove inspect program.wasm            what would it ask for?\n"
        "  cove help TOPIC                      topics: ",
        out);
  print_topic_names(out);
  fputs("\n", out);
}

static const char *next_word(size_t index, const void *env) {
  (void)env;
  if (index < TOPIC_COUNT)
    return topics[index].name;
  index -= TOPIC_COUNT;
  return index < CLI_COMMAND_COUNT ? cli_commands[index].name : NULL;
}

int cli_help(const cli_line *line) {
  if (line->operand_count == 0) {
    cli_print_overview(stdout);
    return 0;
  }
  const char *word = line->operands[0];
  cli_command command = cli_find_command(word);
  if (command != CLI_COMMAND_COUNT) {
    cli_print_usage(command, stdout);
    return 0;
  }
  for (size_t i = 0; i < TOPIC_COUNT; i++)
    if (strcmp(topics[i].name, word) == 0) {
      topics[i].print(stdout);
      return 0;
    }
  cli_error("there is no help on \"%s\"", word);
  const char *nearest = cli_nearest(word, next_word, NULL);
  if (nearest != NULL)
    cli_hint("did you mean cove help %s?", nearest);
  else
    cli_hint("commands and topics are listed by: cove help");
  return CLI_EXIT_USAGE;
}
