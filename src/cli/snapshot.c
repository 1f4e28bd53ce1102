// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snapshot.c: cove snapshot: starts a module or a component, calls its initialiser, and writes it as it is then.
#include "run.h"

#include <stdlib.h>
#include <string.h>

static const char LIBRARY_INIT[] = "_initialize"; // of a WASI library: for its language's own needs
static const char USUAL_INIT[] = "wizer.initialize";
static const char COMPONENT_INIT[] = "wizer-initialize"; // names of components have no dots

// ---- the initialiser -----------------------------------------------------------------------------------------------

static int no_initialiser(const cli_program *p, const char *name) {
  cli_error("%s: there is nothing to initialise it: no function is exported as \"%s\"", p->path, name);
  cli_hint("an exported function without parameters and results that brings the program to where it is to start: "
           "--init NAME");
  return CLI_EXIT_LINK;
}

static int takes_something(const cli_program *p, const char *name) {
  cli_error("%s: \"%s\" has parameters or results: an initialiser has none", p->path, name);
  return CLI_EXIT_LINK;
}

// Ends the call of an initialiser.
static int ended(const cli_program *p, const char *name, cove_status status, cove_error *error) {
  if (status == COVE_OK)
    return 0;
  if (status != COVE_EXIT)
    return cli_report(p->path, error);
  cli_error("%s: \"%s\" ended the program with status %d: nothing is left to keep", p->path, name,
            cove_error_exit_status(error));
  cove_error_delete(error);
  return CLI_EXIT_FAILED;
}

static int call(cli_program *p, const char *name) {
  cove_func *func = cove_instance_func(p->instance, name);
  cove_error *error = NULL;
  const cove_functype type = cove_func_type(func);
  if (type.param_count != 0 || type.result_count != 0)
    return takes_something(p, name);
  cove_status status = cove_func_call(func, NULL, 0, NULL, 0, &error);
  return ended(p, name, status, error);
}

// Which function that is: the one named; else the usual one; else, with NULL, only that of the library.
static int find(const cli_program *p, const char **name) {
  cove_export item;
  bool library = cove_module_find_export(p->module, LIBRARY_INIT, &item) && item.type.kind == COVE_EXTERN_FUNC;
  *name = cli_value(p->line, OPT_INIT);
  const char *wanted = *name != NULL ? *name : USUAL_INIT;
  if (cove_module_find_export(p->module, wanted, &item) && item.type.kind == COVE_EXTERN_FUNC) {
    *name = wanted;
    return 0;
  }
  if (*name == NULL && library)
    return 0;
  return no_initialiser(p, wanted);
}

static int initialise(cli_program *p, const char *name) {
  int status = 0;
  if (cove_instance_func(p->instance, LIBRARY_INIT) != NULL)
    status = call(p, LIBRARY_INIT);
  if (status == 0 && name != NULL && strcmp(name, LIBRARY_INIT) != 0)
    status = call(p, name);
  cli_program_timed(p, "initialise");
  return status;
}

// NAME, or INTERFACE#NAME. Instantiation alone may be what initialises a component.
static int initialise_component(cli_program *p) {
  const char *given = cli_value(p->line, OPT_INIT), *name = given != NULL ? given : COMPONENT_INIT;
  const char *mark = strchr(name, '#');
  char *interface = mark != NULL ? strndup(name, (size_t)(mark - name)) : NULL;
  if (mark != NULL && interface == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  cove_error *error = NULL;
  cove_component_func *func =
      cove_component_instance_func(p->component_instance, interface, mark != NULL ? mark + 1 : name);
  free(interface);
  if (func == NULL)
    return given != NULL ? no_initialiser(p, name) : 0;
  const cove_component_functype *type = cove_component_func_type(func);
  if (cove_component_functype_param_count(type) != 0 || cove_component_functype_result(type) != NULL)
    return takes_something(p, name);
  cove_status status = cove_component_func_call(func, NULL, 0, NULL, &error);
  cli_program_timed(p, "initialise");
  return ended(p, name, status, error);
}

// ---- the snapshot --------------------------------------------------------------------------------------------------

// --rename-func NEW=NAME of all the line; the names are owned, cut at the "=".
static int read_renames(const cli_line *line, cove_snapshot_rename *renames, char **texts, size_t *count) {
  for (size_t i = 0; i < line->given_count; i++) {
    if (line->given[i].option != OPT_RENAME_FUNC)
      continue;
    const char *value = line->given[i].value, *equals = strchr(value, '=');
    if (equals == NULL || equals == value || equals[1] == '\0') {
      cli_error("--rename-func: \"%s\" is not NEW=NAME", value);
      return CLI_EXIT_USAGE;
    }
    char *text = strdup(value);
    if (text == NULL) {
      cli_error("out of memory");
      return CLI_EXIT_INTERNAL;
    }
    text[equals - value] = '\0';
    texts[*count] = text;
    renames[(*count)++] = (cove_snapshot_rename){text, text + (equals - value) + 1};
  }
  return 0;
}

// The start function called proc_exit(0).
static int ended_early(const cli_program *p) {
  cli_error("%s: its start function ended the program: nothing is left to keep", p->path);
  return CLI_EXIT_FAILED;
}

// Ends the making of a snapshot: `out` is there when `status` is COVE_OK.
static int written(cli_program *p, cove_status status, cove_buffer *out, cove_error *error) {
  if (status != COVE_OK)
    return cli_report(p->path, error);
  cli_program_timed(p, "snapshot");
  int result = cli_write_output(p->line, out->data, out->size);
  cove_buffer_delete(out);
  return result;
}

static int write_snapshot(cli_program *p, const char *init, const cove_snapshot_rename *renames, size_t rename_count) {
  // A library that is initialised twice ends itself, so that its own initialiser goes unless it is named and kept.
  const char *without[2];
  size_t count = 0;
  bool keep = cli_has(p->line, OPT_KEEP_INIT);
  if (!keep || init == NULL || strcmp(init, LIBRARY_INIT) != 0)
    without[count++] = LIBRARY_INIT;
  if (!keep && init != NULL)
    without[count++] = init;
  const cove_snapshot_options options = {without, count, renames, rename_count};
  cove_buffer out;
  cove_error *error = NULL;
  cove_status status = cove_instance_snapshot(p->instance, &options, &out, &error);
  return written(p, status, &out, error);
}

static int snapshot_module(cli_program *p, const cove_snapshot_rename *renames, size_t rename_count) {
  const char *init = NULL;
  bool over = true;
  int status = cli_program_compile(p);
  if (status == 0)
    status = find(p, &init);
  if (status == 0)
    status = cli_program_instantiate(p, &over);
  if (over)
    return status == 0 ? ended_early(p) : status;
  status = initialise(p, init);
  return status == 0 ? write_snapshot(p, init, renames, rename_count) : status;
}

static int snapshot_component(cli_program *p, size_t rename_count) {
  bool over = true;
  if (rename_count != 0) {
    cli_error("%s: unsupported: --rename-func of a component", p->path);
    cli_hint("a component exports what its world says");
    return CLI_EXIT_USAGE;
  }
  int status = cli_program_compile_component(p);
  if (status == 0)
    status = cli_program_instantiate_component(p, &over);
  if (over)
    return status == 0 ? ended_early(p) : status;
  status = initialise_component(p);
  if (status != 0)
    return status;
  cove_buffer out;
  cove_error *error = NULL;
  cove_status taken = cove_component_instance_snapshot(p->component_instance, &out, &error);
  return written(p, taken, &out, error);
}

static int check_line(const cli_line *line) {
  const char *output = cli_value(line, OPT_OUTPUT);
  if (line->operand_count != 1 || output == NULL || output[0] == '\0') {
    cli_error(line->operand_count < 1   ? "snapshot of what?"
              : line->operand_count > 1 ? "one file at a time"
                                        : "into which file?");
    cli_hint("cove snapshot FILE -o FILE: the program, initialised");
    return CLI_EXIT_USAGE;
  }
  if (strcmp(output, "-") == 0 && cli_value(line, OPT_STDOUT) == NULL) {
    cli_error("-o -: what the program prints while it is initialised would be in between");
    cli_hint("--stdout FILE has its output elsewhere, --stdout null drops it");
    return CLI_EXIT_USAGE;
  }
  return 0;
}

int cli_snapshot(const cli_line *line) {
  int status = check_line(line);
  if (status != 0)
    return status;
  cli_program p = {.line = line, .path = line->operands[0]};
  cove_snapshot_rename *renames = calloc(line->given_count, sizeof *renames);
  char **texts = calloc(line->given_count, sizeof *texts);
  size_t count = 0;
  if (renames == NULL || texts == NULL) {
    cli_error("out of memory");
    status = CLI_EXIT_INTERNAL;
  } else {
    status = read_renames(line, renames, texts, &count);
  }
  if (status == 0) {
    status = cli_program_load(&p);
    if (status == 0)
      status = p.input.is_component ? snapshot_component(&p, count) : snapshot_module(&p, renames, count);
    cli_program_end(&p, status);
  }
  for (size_t i = 0; i < count; i++)
    free(texts[i]);
  free(texts);
  free(renames);
  return status;
}
