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

typedef int make_fn(const cli_line *line, cove_engine *engine, const cli_input *input, const cove_wit *wit,
                    cove_buffer *out);

static int make(const cli_line *line, make_fn *make_it, cove_engine *engine) {
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
    status = make_it(line, engine, &input, wit, &out);
  if (status == 0) {
    status = cli_write_output(line, out.data, out.size);
    cove_buffer_delete(&out);
  }
  cove_wit_delete(wit);
  cli_input_free(&input);
  return status;
}

static int make_from_module(const cli_line *line, make_fn *make_it, const char *name, const char *hint) {
  if (line->operand_count != 2) {
    if (line->operand_count < 2)
      cli_error("component %s: of which file?", name);
    else
      cli_error("component %s takes one file, and was given %d", name, line->operand_count - 1);
    cli_hint("%s", hint);
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
  status = make(line, make_it, engine);
  cove_engine_delete(engine);
  return status;
}

// What the command does: with one core module, or with files of its own kind.
static const struct {
  const char *name;
  make_fn *make;
  int (*run)(const cli_line *line);
  const char *hint; // NULL for another name of the one before
} actions[] = {
    {"new", new_component, NULL, "cove component new FILE -o OUT: a component around a core module"},
    {"embed", embed, NULL,
     "cove component embed FILE --wit PATH -w WORLD -o OUT: a core module that says what world it is for"},
    {"compose", NULL, cli_component_compose,
     "cove component compose FILE --plug FILE -o OUT: a component that gets what others export"},
    {"split", NULL, cli_component_split,
     "cove component split FILE -o FOLDER: the modules and components inside of a component"},
    {"unbundle", NULL, cli_component_split, NULL},
};
enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

int cli_component(const cli_line *line) {
  for (size_t i = 0; line->operand_count > 0 && i < ACTION_COUNT; i++) {
    if (strcmp(line->operands[0], actions[i].name) != 0)
      continue;
    return actions[i].run != NULL ? actions[i].run(line)
                                  : make_from_module(line, actions[i].make, actions[i].name, actions[i].hint);
  }
  if (line->operand_count == 0)
    cli_error("component: do what?");
  else
    cli_error("there is no command \"component %s\"", line->operands[0]);
  for (size_t i = 0; i < ACTION_COUNT; i++)
    if (actions[i].hint != NULL)
      cli_hint("%s", actions[i].hint);
  return CLI_EXIT_USAGE;
}
