// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component.c: cove component: making components.
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ADAPTERS = 16 };

typedef struct adapters {
  cove_adapter list[MAX_ADAPTERS];
  cli_input inputs[MAX_ADAPTERS];
  char *names[MAX_ADAPTERS]; // owned
  size_t count;
} adapters;

static void free_adapters(adapters *a) {
  for (size_t i = 0; i < a->count; i++) {
    cli_input_free(&a->inputs[i]);
    free(a->names[i]);
  }
}

// [NAME=]FILE; without a name, the file's own up to its first dot.
static int add_adapter(adapters *a, const char *value, cove_engine *engine) {
  if (a->count == MAX_ADAPTERS) {
    cli_error("more than %d adapters", MAX_ADAPTERS);
    return CLI_EXIT_USAGE;
  }
  const char *equals = strchr(value, '='), *path = equals != NULL ? equals + 1 : value;
  const char *slash = strrchr(path, '/'), *name = equals != NULL ? value : slash != NULL ? slash + 1 : path;
  size_t size = equals != NULL ? (size_t)(equals - value) : strcspn(name, ".");
  a->names[a->count] = strndup(name, size);
  if (a->names[a->count] == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_FAILED;
  }
  int status = cli_read_module(path, engine, &a->inputs[a->count]);
  if (status != 0) {
    free(a->names[a->count]);
    return status;
  }
  a->list[a->count] = (cove_adapter){a->names[a->count], a->inputs[a->count].data, a->inputs[a->count].size};
  a->count++;
  return 0;
}

static int read_adapters(const cli_line *line, cove_engine *engine, adapters *a) {
  int status = 0;
  for (size_t i = 0; i < line->given_count && status == 0; i++)
    if (line->given[i].option == OPT_ADAPT)
      status = add_adapter(a, line->given[i].value, engine);
  return status;
}

// The last one given counts.
static cove_preview1 preview1_of(const cli_line *line) {
  cove_preview1 kind = COVE_PREVIEW1_NONE;
  for (size_t i = 0; i < line->given_count; i++)
    if (line->given[i].option == OPT_WASI_COMMAND)
      kind = COVE_PREVIEW1_COMMAND;
    else if (line->given[i].option == OPT_WASI_REACTOR)
      kind = COVE_PREVIEW1_REACTOR;
  return kind;
}

// What `new` and `embed` make of a module; `wit` is NULL without --wit.
static int new_component(const cli_line *line, cove_engine *engine, const cli_input *input, const cove_wit *wit,
                         cove_buffer *out) {
  adapters a = {.count = 0};
  cove_error *error = NULL;
  int status = read_adapters(line, engine, &a);
  if (status == 0) {
    const cove_componentize_options options = {.adapters = a.list,
                                               .adapter_count = a.count,
                                               .preview1 = preview1_of(line),
                                               .wit = wit,
                                               .world = cli_value(line, OPT_WORLD)};
    if (cove_module_componentize(input->data, input->size, &options, out, &error) != COVE_OK)
      status = cli_report(input->path, error);
  }
  free_adapters(&a);
  return status;
}

static int embed(const cli_line *line, cove_engine *engine, const cli_input *input, const cove_wit *wit,
                 cove_buffer *out) {
  (void)engine;
  if (wit == NULL) {
    cli_error("which world? it is named with --wit PATH and --world NAME");
    return CLI_EXIT_USAGE;
  }
  cove_error *error = NULL;
  if (cove_module_embed(input->data, input->size, wit, cli_value(line, OPT_WORLD), out, &error) != COVE_OK)
    return cli_report(input->path, error);
  return 0;
}

static const struct {
  const char *name;
  int (*make)(const cli_line *line, cove_engine *engine, const cli_input *input, const cove_wit *wit, cove_buffer *out);
} actions[] = {{"new", new_component}, {"embed", embed}};
enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static int make(const cli_line *line, size_t action, cove_engine *engine) {
  cli_input input;
  cove_wit *wit = NULL;
  cove_buffer out;
  int status = cli_read_module(line->operands[1], engine, &input);
  if (status != 0)
    return status;
  const char *path = cli_value(line, OPT_WIT);
  if (path != NULL)
    status = cli_open_wit(line, path, &wit);
  if (status == 0)
    status = actions[action].make(line, engine, &input, wit, &out);
  if (status == 0) {
    status = cli_write_output(line, out.data, out.size);
    cove_buffer_delete(&out);
  }
  cove_wit_delete(wit);
  cli_input_free(&input);
  return status;
}

// What takes more than one file, or writes more than one.
static const struct {
  const char *name;
  int (*run)(const cli_line *line);
} others[] = {{"compose", cli_component_compose}, {"split", cli_component_split}, {"unbundle", cli_component_split}};

int cli_component(const cli_line *line) {
  size_t action = 0;
  for (size_t i = 0; line->operand_count > 0 && i < sizeof others / sizeof others[0]; i++)
    if (strcmp(line->operands[0], others[i].name) == 0)
      return others[i].run(line);
  while (line->operand_count > 0 && action < ACTION_COUNT && strcmp(line->operands[0], actions[action].name) != 0)
    action++;
  if (line->operand_count != 2 || action == ACTION_COUNT) {
    cli_error(line->operand_count == 0 || action == ACTION_COUNT ? "do what?" : "one file at a time");
    cli_hint("cove component new FILE -o OUT: a component around a core module");
    cli_hint("cove component embed FILE --wit PATH -w WORLD -o OUT: a core module that says what world it is for");
    cli_hint("cove component compose FILE --plug FILE -o OUT: a component that gets what others export");
    cli_hint("cove component split FILE -o FOLDER: the modules and components inside of a component");
    return CLI_EXIT_USAGE;
  }
  const char *output = cli_value(line, OPT_OUTPUT);
  if ((output == NULL || strcmp(output, "-") == 0) && isatty(STDOUT_FILENO)) {
    cli_error("the binary format is not for a terminal");
    cli_hint("name a file: -o OUT.wasm");
    return CLI_EXIT_USAGE;
  }
  cove_engine *engine;
  int status = cli_make_engine(line, &engine);
  if (status != 0)
    return status;
  status = make(line, action, engine);
  cove_engine_delete(engine);
  return status;
}
