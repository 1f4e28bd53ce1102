// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_compose.c: cove component compose: components out of components, by plugs or by a graph.
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Components that were read.
typedef struct files {
  const cli_line *line;
  cove_engine *engine;
  const char *graph;          // its path, for the folder beside it
  cli_input *inputs;          // `count` of them are to be freed
  char **names;               // owned: of each, its path
  cove_component_file *given; // of each
  size_t count, capacity;
  int status;    // the first failure, after its message
  char *missing; // owned: the package that was not found
} files;

static void free_files(files *f) {
  for (size_t i = 0; i < f->count; i++) {
    cli_input_free(&f->inputs[i]);
    free(f->names[i]);
  }
  free(f->inputs);
  free(f->names);
  free(f->given);
  free(f->missing);
}

static int no_memory(void) {
  cli_error("out of memory");
  return CLI_EXIT_INTERNAL;
}

static int make_room(files *f) {
  if (f->count < f->capacity)
    return 0;
  size_t capacity = f->capacity * 2 + 8;
  cli_input *inputs = realloc(f->inputs, capacity * sizeof *inputs);
  f->inputs = inputs != NULL ? inputs : f->inputs;
  char **names = realloc(f->names, capacity * sizeof *names);
  f->names = names != NULL ? names : f->names;
  cove_component_file *given = realloc(f->given, capacity * sizeof *given);
  f->given = given != NULL ? given : f->given;
  if (inputs == NULL || names == NULL || given == NULL)
    return no_memory();
  f->capacity = capacity;
  return 0;
}

// Reads one more component.
static int add_file(files *f, const char *path) {
  int status = make_room(f);
  if (status != 0)
    return status;
  char *name = strdup(path);
  if (name == NULL)
    return no_memory();
  status = cli_read_component(name, f->engine, &f->inputs[f->count]);
  if (status != 0) {
    free(name);
    return status;
  }
  const cli_input *input = &f->inputs[f->count];
  f->names[f->count] = name;
  f->given[f->count++] = (cove_component_file){name, input->data, input->size};
  return 0;
}

// ---- plugs ----

static int plug(files *f, const char *socket, cove_buffer *out) {
  cove_error *error = NULL;
  int status = add_file(f, socket);
  for (size_t i = 0; i < f->line->given_count && status == 0; i++)
    if (f->line->given[i].option == OPT_PLUG)
      status = add_file(f, f->line->given[i].value);
  if (status == 0 && cove_component_plug(&f->given[0], &f->given[1], f->count - 1, out, &error) != COVE_OK)
    status = cli_report(NULL, error);
  return status;
}

// ---- graphs ----

// FOLDER/namespace/package and what follows it, with the version FOLDER/namespace/package@version; owned by the caller.
static char *path_in(const files *f, const char *name, const char *suffix) {
  const char *folder = cli_value(f->line, OPT_DEPS), *slash = strrchr(f->graph, '/');
  int beside = folder == NULL && slash != NULL ? (int)(slash - f->graph + 1) : 0;
  size_t size = (size_t)beside + strlen(folder != NULL ? folder : "deps") + strlen(name) + strlen(suffix) + 2;
  char *path = malloc(size);
  if (path == NULL)
    return NULL;
  int head = snprintf(path, size, "%.*s%s/", beside, f->graph, folder != NULL ? folder : "deps");
  snprintf(path + head, size - (size_t)head, "%s%s", name, suffix);
  for (char *at = path + head; *at != '\0' && *at != '@'; at++)
    if (*at == ':')
      *at = '/';
  return path;
}

// Reads the file of a package if there is one.
static bool find_in_folder(files *f, const char *name) {
  static const char *const suffixes[] = {".wasm", ".wat"};
  bool found = false;
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0] && !found; i++) {
    char *path = path_in(f, name, suffixes[i]);
    if (path == NULL) {
      f->status = no_memory();
      return false;
    }
    found = access(path, F_OK) == 0;
    if (found)
      f->status = add_file(f, path);
    free(path);
  }
  return found;
}

static bool find(void *env, const char *name, cove_component_file *out) {
  files *f = env;
  size_t size = strlen(name);
  bool found = false;
  for (size_t i = 0; i < f->line->given_count && !found; i++) {
    const cli_given *given = &f->line->given[i];
    found = given->option == OPT_DEP && strncmp(given->value, name, size) == 0 && given->value[size] == '=';
    if (found)
      f->status = add_file(f, given->value + size + 1);
  }
  if (!found)
    found = find_in_folder(f, name);
  if (!found && f->status == 0)
    f->missing = strdup(name);
  found = found && f->status == 0;
  if (found)
    *out = f->given[f->count - 1];
  return found;
}

static int compose(files *f, const cove_buffer *text, cove_buffer *out) {
  cove_error *error = NULL;
  if (cove_component_compose(text->data, text->size, find, f, out, &error) == COVE_OK)
    return 0;
  if (f->status != 0) {
    cove_error_delete(error);
    return f->status;
  }
  int status = cli_report(f->graph, error);
  char *path = f->missing != NULL ? path_in(f, f->missing, ".wasm") : NULL;
  if (path != NULL)
    cli_hint("name it with --dep %s=FILE, or put it at %s", f->missing, path);
  free(path);
  return status;
}

// A component in either format begins so; a graph does not.
static bool is_component(const cove_buffer *file) {
  const char *looks_like = NULL;
  return cove_input_kind_of(file->data, file->size, &looks_like) != COVE_INPUT_OTHER;
}

static int check_deps(const cli_line *line) {
  for (size_t i = 0; i < line->given_count; i++) {
    const cli_given *given = &line->given[i];
    const char *equals = given->option == OPT_DEP ? strchr(given->value, '=') : NULL;
    if (given->option != OPT_DEP || (equals != NULL && equals != given->value && equals[1] != '\0'))
      continue;
    cli_error("--dep: \"%s\" is not NAME=FILE", given->value);
    cli_hint("for instance --dep example:greeter=greeter.wasm");
    return CLI_EXIT_USAGE;
  }
  return 0;
}

static int compose_graph(files *f, cove_buffer *out) {
  cove_buffer text;
  int status = check_deps(f->line);
  if (status == 0)
    status = cli_read_file(f->graph, &text);
  if (status != 0)
    return status;
  if (is_component(&text)) {
    cli_error("%s is a component: what shall be plugged into it?", f->graph);
    cli_hint("cove component compose %s --plug FILE -o OUT", f->graph);
    status = CLI_EXIT_USAGE;
  } else {
    status = compose(f, &text, out);
  }
  cli_free_file(&text);
  return status;
}

static int check_use(const cli_line *line) {
  if (line->operand_count != 2) {
    cli_error(line->operand_count < 2 ? "compose what?" : "one file at a time; plugs are named with --plug FILE");
    cli_hint("cove component compose SOCKET --plug FILE -o OUT: a component that gets what others export");
    cli_hint("cove component compose GRAPH --dep NAME=FILE -o OUT: what a text describes (see docs/compose.md)");
    return CLI_EXIT_USAGE;
  }
  if (cli_has(line, OPT_PLUG) && (cli_has(line, OPT_DEP) || cli_has(line, OPT_DEPS))) {
    cli_error("--plug is for a component, --dep and --deps are for a graph");
    return CLI_EXIT_USAGE;
  }
  const char *output = cli_value(line, OPT_OUTPUT);
  if ((output == NULL || strcmp(output, "-") == 0) && isatty(STDOUT_FILENO)) {
    cli_error("the binary format is not for a terminal");
    cli_hint("name a file: -o OUT.wasm");
    return CLI_EXIT_USAGE;
  }
  return 0;
}

int cli_component_compose(const cli_line *line) {
  files f = {.line = line, .graph = line->operand_count > 1 ? line->operands[1] : ""};
  cove_buffer out = {0};
  int status = check_use(line);
  if (status != 0)
    return status;
  status = cli_make_engine(line, &f.engine);
  if (status != 0)
    return status;
  status = cli_has(line, OPT_PLUG) ? plug(&f, line->operands[1], &out) : compose_graph(&f, &out);
  if (status == 0) {
    status = cli_write_output(line, out.data, out.size);
    cove_buffer_delete(&out);
  }
  free_files(&f);
  cove_engine_delete(f.engine);
  return status;
}
