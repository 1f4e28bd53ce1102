// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit.c: cove wit and cove bindgen.
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int cli_open_wit(const cli_line *line, const char *path, cove_wit **out) {
  const char **features = calloc(line->given_count + 1, sizeof *features);
  if (features == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_FAILED;
  }
  cove_wit_options options = {.features = features};
  for (size_t i = 0; i < line->given_count; i++) {
    if (line->given[i].option != OPT_WIT_FEATURE)
      continue;
    if (strcmp(line->given[i].value, "all") == 0)
      options.all_features = true;
    else
      features[options.feature_count++] = line->given[i].value;
  }
  cove_error *error = NULL;
  cove_status status = cove_wit_open(path, &options, out, &error);
  free(features);
  // What is wrong in a file is told with its path, line and column.
  bool placed = status == COVE_MALFORMED || status == COVE_INVALID;
  return status == COVE_OK ? 0 : cli_report(placed ? NULL : path, error);
}

// ---- cove wit ------------------------------------------------------------------------------------------------------

bool cli_is_wit_path(const char *path) {
  struct stat st;
  size_t size = strlen(path);
  return (size > 4 && strcmp(path + size - 4, ".wit") == 0) || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

// A component, or a core module that carries its world; in either format.
static int wit_of_binary(const char *path, cove_wit **out) {
  cli_input input;
  cove_error *error = NULL;
  int status = cli_read_input(path, NULL, &input);
  if (status != 0)
    return status;
  if (cove_wit_of_binary(input.data, input.size, out, &error) != COVE_OK)
    status = cli_report(path, error);
  cli_input_free(&input);
  return status;
}

int cli_wit(const cli_line *line) {
  struct stat st;
  if (line->operand_count > 0 && strcmp(line->operands[0], "check") == 0 &&
      (line->operand_count > 1 || stat("check", &st) != 0))
    return cli_wit_check(line);
  if (cli_has(line, OPT_WORLD)) {
    cli_error("--world is for cove wit check");
    cli_hint("cove wit check WIT -w WORLD COMPONENT");
    return CLI_EXIT_USAGE;
  }
  if (line->operand_count != 1) {
    cli_error(line->operand_count == 0 ? "which file or folder?" : "one file or folder at a time");
    if (line->operand_count > 1 && stat(line->operands[0], &st) != 0) // a word, perhaps one that was meant for "check"
      cli_hint("to see whether a component fits a world: cove wit check WIT -w WORLD COMPONENT");
    return CLI_EXIT_USAGE;
  }
  const char *path = line->operands[0];
  cove_wit *wit;
  int status = cli_is_wit_path(path) ? cli_open_wit(line, path, &wit) : wit_of_binary(path, &wit);
  if (status != 0)
    return status;
  cove_buffer text;
  cove_error *error = NULL;
  if (cove_wit_text(wit, &text, &error) == COVE_OK) {
    status = cli_write_output(line, text.data, text.size);
    cove_buffer_delete(&text);
  } else {
    status = cli_report(path, error);
  }
  cove_wit_delete(wit);
  return status;
}

// ---- cove bindgen --------------------------------------------------------------------------------------------------

static int write_in(const char *folder, const char *name, const cove_buffer *contents) {
  size_t size = strlen(folder) + strlen(name) + 2;
  char *path = malloc(size);
  if (path == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_FAILED;
  }
  snprintf(path, size, "%s/%s", folder, name);
  int status = cli_write_file(path, contents->data, contents->size);
  free(path);
  return status;
}

// The world's own name, or what --prefix says: the name of the files.
static void file_stem(const cli_line *line, char *out, size_t size) {
  const char *prefix = cli_value(line, OPT_PREFIX), *world = cli_value(line, OPT_WORLD);
  if (prefix == NULL && world != NULL) {
    const char *slash = strrchr(world, '/');
    prefix = slash != NULL ? slash + 1 : world;
  }
  snprintf(out, size, "%.*s", prefix != NULL ? (int)strcspn(prefix, "@") : 8, prefix != NULL ? prefix : "bindings");
}

int cli_bindgen(const cli_line *line) {
  const char *kind = line->operand_count == 2 ? line->operands[0] : "";
  bool is_guest = strcmp(kind, "guest") == 0;
  if (!is_guest && strcmp(kind, "host") != 0) {
    cli_error(line->operand_count == 2 ? "bindings for what? there are bindings for a host and for a guest"
                                       : "bindings for what?");
    cli_hint("cove bindgen host|guest WIT -w WORLD -o FOLDER");
    return CLI_EXIT_USAGE;
  }
  const char *folder = cli_value(line, OPT_OUTPUT);
  char stem[200], header_name[210], source_name[210];
  cove_wit *wit;
  int status = cli_open_wit(line, line->operands[1], &wit);
  if (status != 0)
    return status;
  file_stem(line, stem, sizeof stem);
  snprintf(header_name, sizeof header_name, "%s.h", stem);
  snprintf(source_name, sizeof source_name, "%s.c", stem);
  cove_buffer header, source;
  cove_error *error = NULL;
  cove_status made = (is_guest ? cove_wit_bindgen_guest : cove_wit_bindgen_host)(
      wit, cli_value(line, OPT_WORLD), cli_value(line, OPT_PREFIX), header_name, &header, &source, &error);
  if (made == COVE_OK) {
    status = write_in(folder != NULL ? folder : ".", header_name, &header);
    if (status == 0)
      status = write_in(folder != NULL ? folder : ".", source_name, &source);
    cove_buffer_delete(&header);
    cove_buffer_delete(&source);
  } else {
    status = cli_report(line->operands[1], error);
  }
  cove_wit_delete(wit);
  return status;
}
