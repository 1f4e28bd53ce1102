// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// parse.c: cove parse and cove print: between the two formats.
#include "cli.h"

#include <string.h>
#include <unistd.h>

typedef int with_read(const cli_line *line, cove_engine *engine, const cli_input *input);

static int with_input(const cli_line *line, with_read *then) {
  if (line->operand_count != 1) {
    cli_error(line->operand_count == 0 ? "which file?" : "one file at a time");
    return CLI_EXIT_USAGE;
  }
  cove_engine *engine;
  int status = cli_make_engine(line, &engine);
  if (status != 0)
    return status;
  cli_input input;
  status = cli_read_input(line->operands[0], engine, &input);
  if (status == 0) {
    status = then(line, engine, &input);
    cli_input_free(&input);
  }
  cove_engine_delete(engine);
  return status;
}

// Only the text's own rules are checked: `cove validate` checks the rest.
static int write_binary(const cli_line *line, cove_engine *engine, const cli_input *input) {
  (void)engine;
  return cli_write_output(line, input->data, input->size);
}

int cli_parse_text(const cli_line *line) {
  const char *output = cli_value(line, OPT_OUTPUT);
  if ((output == NULL || strcmp(output, "-") == 0) && isatty(STDOUT_FILENO)) {
    cli_error("the binary format is not for a terminal");
    cli_hint("name a file: cove parse -o OUT.wasm FILE");
    return CLI_EXIT_USAGE;
  }
  return with_input(line, write_binary);
}

static unsigned print_flags(const cli_line *line) {
  return (cli_has(line, OPT_NO_NAMES) ? (unsigned)COVE_PRINT_NO_NAMES : 0) |
         (cli_has(line, OPT_FOLDED) ? (unsigned)COVE_PRINT_FOLDED : 0) |
         (cli_has(line, OPT_OFFSETS) ? (unsigned)COVE_PRINT_OFFSETS : 0);
}

static cove_status print_module(const cli_line *line, cove_engine *engine, const cli_input *input, cove_buffer *text,
                                cove_error **error) {
  cove_module *module;
  cove_status status = cove_module_inspect(engine, input->data, input->size, &module, error);
  if (status != COVE_OK)
    return status;
  status = cove_text_print(module, print_flags(line), text, error);
  cove_module_delete(module);
  return status;
}

static cove_status print_component(const cli_line *line, cove_engine *engine, const cli_input *input, cove_buffer *text,
                                   cove_error **error) {
  cove_component *component;
  cove_status status = cove_component_inspect(engine, input->data, input->size, &component, error);
  if (status != COVE_OK)
    return status;
  status = cove_text_print_component(component, print_flags(line), text, error);
  cove_component_delete(component);
  return status;
}

static int write_text(const cli_line *line, cove_engine *engine, const cli_input *input) {
  cove_error *error = NULL;
  cove_buffer text;
  if ((input->is_component ? print_component : print_module)(line, engine, input, &text, &error) != COVE_OK)
    return cli_report(input->path, error);
  int status = cli_write_output(line, text.data, text.size);
  cove_buffer_delete(&text);
  return status;
}

int cli_print(const cli_line *line) {
  return with_input(line, write_text);
}
