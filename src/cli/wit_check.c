// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit_check.c: cove wit check: whether a component fits a world, and where it does not.
#include "cli.h"

#include <string.h>

static bool starts_with(const char *text, const char *word) {
  return strncmp(text, word, strlen(word)) == 0;
}

// Nothing without a text.
static void print_line(const char *before, const char *text) {
  if (text == NULL)
    return;
  fputs(before, stderr);
  cli_put(stderr, (cove_bytes){text, strlen(text)});
  fputc('\n', stderr);
}

static void print_misfit(const cove_misfit *m) {
  print_line("\n  ", m->where);
  print_line("    ", m->what);
  print_line("      the world:     ", m->world);
  print_line("      the component: ", m->component);
}

// What could be done about all of it.
static void hint(const cove_wit_fit *fit) {
  cove_misfit m;
  size_t wasi = 0, missing = 0, count = cove_wit_fit_count(fit, NULL);
  for (size_t i = 0; cove_wit_fit_misfit(fit, i, &m); i++) {
    wasi += m.kind == COVE_MISFIT_UNKNOWN_IMPORT && starts_with(m.where, "import `wasi:");
    missing += m.kind == COVE_MISFIT_MISSING_EXPORT;
  }
  fputc('\n', stderr);
  if (wasi != 0)
    cli_hint("a world that offers WASI says so: include wasi:cli/imports@0.2.0;");
  else if (missing == count)
    cli_hint("what the component has: cove wit FILE, or cove inspect FILE");
}

static int print_fit(const char *path, const cove_wit_fit *fit) {
  cove_misfit m;
  bool more;
  size_t count = cove_wit_fit_count(fit, &more);
  if (count == 0) {
    printf("%s fits the world %s\n", path, cove_wit_fit_world(fit));
    return fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILED;
  }
  cli_error("%s does not fit the world %s: %zu difference%s", path, cove_wit_fit_world(fit), count,
            more         ? "s, and more"
            : count == 1 ? ""
                         : "s");
  for (size_t i = 0; cove_wit_fit_misfit(fit, i, &m); i++)
    print_misfit(&m);
  hint(fit);
  return CLI_EXIT_FAILED;
}

static int check(const cli_line *line, const cove_wit *wit, const cli_input *input) {
  const char *world = cli_value(line, OPT_WORLD);
  cove_error *error = NULL;
  cove_wit_fit *fit;
  if (!input->is_component) {
    cli_error("%s is a core module: a world is for components", input->path);
    cli_hint("to make one of it: cove component new %s --wit %s%s%s -o OUT.wasm", input->path, line->operands[1],
             world != NULL ? " -w " : "", world != NULL ? world : "");
    return CLI_EXIT_DATA;
  }
  cove_status status = cove_wit_check(wit, world, input->data, input->size, &fit, &error);
  if (status != COVE_OK)
    return cli_report(status == COVE_USAGE ? line->operands[1] : input->path, error);
  int result = print_fit(input->path, fit);
  cove_wit_fit_delete(fit);
  return result;
}

int cli_wit_check(const cli_line *line) {
  cli_input input;
  cove_wit *wit = NULL;
  cove_engine *engine;
  if (line->operand_count != 3) {
    cli_error(line->operand_count == 1   ? "check which component, against which WIT?"
              : line->operand_count == 2 ? "check which component?"
                                         : "one component at a time");
    cli_hint("cove wit check WIT -w WORLD COMPONENT");
    return CLI_EXIT_USAGE;
  }
  const char *path = line->operands[1];
  if (!cli_is_wit_path(path) && cli_is_wit_path(line->operands[2])) {
    cli_error("%s comes after the WIT", path);
    cli_hint("cove wit check %s -w WORLD %s", line->operands[2], path);
    return CLI_EXIT_USAGE;
  }
  int status = cli_make_engine(line, &engine);
  if (status != 0)
    return status;
  status = cli_open_wit(line, path, &wit);
  if (status == 0)
    status = cli_read_input(line->operands[2], engine, &input);
  if (status == 0) {
    status = check(line, wit, &input);
    cli_input_free(&input);
  }
  cove_wit_delete(wit);
  cove_engine_delete(engine);
  return status;
}
