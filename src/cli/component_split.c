// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_split.c: cove component split: what is inside of a component, each part in a file of its own.
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A part in a folder.
typedef struct part {
  char *path; // owned
  bool is_component;
  const void *data;
  size_t size;
} part;

typedef struct parts {
  const char *folder;
  part *list; // owned
  size_t count, capacity;
} parts;

static void free_parts(parts *p) {
  for (size_t i = 0; i < p->count; i++)
    free(p->list[i].path);
  free(p->list);
}

static cove_status add_part(void *env, const cove_component_piece *piece) {
  parts *p = env;
  if (p->count == p->capacity) {
    size_t capacity = p->capacity * 2 + 8;
    part *list = realloc(p->list, capacity * sizeof *list);
    if (list == NULL)
      return COVE_NO_MEMORY;
    p->list = list;
    p->capacity = capacity;
  }
  size_t size = strlen(p->folder) + strlen(piece->path) + sizeof "/.wasm";
  char *path = malloc(size);
  if (path == NULL)
    return COVE_NO_MEMORY;
  snprintf(path, size, "%s/%s.wasm", p->folder, piece->path);
  p->list[p->count++] = (part){path, piece->is_component, piece->data, piece->size};
  return COVE_OK;
}

// Nothing is written before it is known that nothing is in the way.
static int check_free(const parts *p) {
  struct stat st;
  for (size_t i = 0; i < p->count; i++)
    if (lstat(p->list[i].path, &st) == 0) {
      cli_error("%s is there already", p->list[i].path);
      cli_hint("files are replaced with --force");
      return CLI_EXIT_FAILED;
    }
  return 0;
}

static int write_part(const part *p, bool force) {
  if (force)
    return cli_write_file(p->path, p->data, p->size);
  FILE *file = fopen(p->path, "wbx");
  bool written = file != NULL && fwrite(p->data, 1, p->size, file) == p->size && fflush(file) == 0;
  int error = errno;
  if (file != NULL) {
    written = fclose(file) == 0 && written;
    if (!written)
      unlink(p->path);
  }
  if (!written)
    cli_error("cannot write %s: %s", p->path, strerror(error));
  return written ? 0 : CLI_EXIT_FAILED;
}

static int write_parts(const cli_line *line, const parts *p) {
  if (mkdir(p->folder, 0777) != 0 && errno != EEXIST) {
    cli_error("cannot make the folder %s: %s", p->folder, strerror(errno));
    return CLI_EXIT_FAILED;
  }
  bool force = cli_has(line, OPT_FORCE);
  int status = force ? 0 : check_free(p);
  for (size_t i = 0; i < p->count && status == 0; i++)
    status = write_part(&p->list[i], force);
  size_t width = 0;
  for (size_t i = 0; i < p->count; i++)
    width = strlen(p->list[i].path) > width ? strlen(p->list[i].path) : width;
  for (size_t i = 0; i < p->count && status == 0; i++)
    printf("%-*s  %-9s  %10zu\n", (int)width, p->list[i].path, p->list[i].is_component ? "component" : "module",
           p->list[i].size);
  return status;
}

static int split(const cli_line *line, const char *folder, cove_engine *engine) {
  cli_input input;
  parts p = {.folder = folder};
  cove_error *error = NULL;
  int status = cli_read_component(line->operands[1], engine, &input);
  if (status != 0)
    return status;
  if (cove_component_split(input.data, input.size, add_part, &p, &error) != COVE_OK)
    status = cli_report(input.path, error);
  if (status == 0 && p.count == 0)
    cli_note("%s has no modules and no components inside", input.path);
  else if (status == 0)
    status = write_parts(line, &p);
  free_parts(&p);
  cli_input_free(&input);
  return status;
}

int cli_component_split(const cli_line *line) {
  const char *folder = cli_value(line, OPT_OUTPUT);
  if (line->operand_count != 2 || folder == NULL || folder[0] == '\0') {
    cli_error(line->operand_count < 2   ? "split what?"
              : line->operand_count > 2 ? "one file at a time"
                                        : "into which folder?");
    cli_hint("cove component split FILE -o FOLDER: the modules and components inside of a component");
    return CLI_EXIT_USAGE;
  }
  cove_engine *engine;
  int status = cli_make_engine(line, &engine);
  if (status != 0)
    return status;
  status = split(line, folder, engine);
  cove_engine_delete(engine);
  return status;
}
