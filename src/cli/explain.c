// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// explain.c: what cove run --explain can tell from the command line alone. A program's C library looks a path up among
// the granted directories itself; a path that none covers never reaches cove. So the arguments are looked at: one that
// names a file of this machine is probably meant to be opened.
#include "cli.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Is `path` `folder` or in it, by the names alone? On success *rest is what follows the folder.
static bool is_within(const char *folder, const char *path, const char **rest) {
  size_t size = strlen(folder);
  while (size > 1 && folder[size - 1] == '/')
    size--;
  if (size == 1 && folder[0] == '/') {
    *rest = path + 1;
    return path[0] == '/';
  }
  *rest = path + size + (path[0] != '\0' && strlen(path) > size);
  return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

// As C libraries do it: "." is every relative path that does not climb.
static bool covers(const char *guest, const char *path) {
  const char *rest;
  while (strncmp(path, "./", 2) == 0)
    path += 2;
  if (strcmp(guest, ".") == 0)
    return path[0] != '/' && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0;
  while (strncmp(guest, "./", 2) == 0)
    guest += 2;
  return is_within(guest, path, &rest);
}

// Looks `path` up among the directories of the line: is it covered, or (true, with the name in `other`) known to the
// program by another name? `real` is the file on the host.
static bool find(const cli_line *line, const char *path, const char *real, char *other, size_t capacity) {
  char folder[PATH_MAX];
  bool covered = false;
  other[0] = '\0';
  for (size_t i = 0; i < line->given_count && !covered; i++) {
    const cli_given *given = &line->given[i];
    cli_mapping m = {0};
    const char *rest;
    if (given->option == OPT_TMPFS)
      covered = covers(given->value, path);
    else if ((given->option == OPT_DIR || given->option == OPT_ARCHIVE) && cli_parse_mapping(given->value, &m))
      covered = covers(m.guest, path);
    if (!covered && given->option == OPT_DIR && m.host != NULL && realpath(m.host, folder) != NULL &&
        is_within(folder, real, &rest))
      snprintf(other, capacity, "%s%s%s", strcmp(m.guest, ".") == 0 ? "" : m.guest,
               strcmp(m.guest, ".") == 0 || m.guest[strlen(m.guest) - 1] == '/' || rest[0] == '\0' ? "" : "/", rest);
    free(m.host);
  }
  if (covered)
    other[0] = '\0';
  return covered || other[0] != '\0';
}

void cli_explain_arguments(const cli_line *line) {
  char real[PATH_MAX], other[PATH_MAX];
  for (int i = 1; i < line->operand_count && !cli_has(line, OPT_INVOKE); i++) {
    const char *path = line->operands[i];
    if (realpath(path, real) == NULL)
      continue;
    bool found = find(line, path, real, other, sizeof other);
    if (found && other[0] == '\0')
      continue;
    cli_note("no granted directory covers the argument \"%s\"", path);
    const char *slash = strrchr(path, '/');
    if (found)
      cli_hint("the program knows that file as %s", other);
    else
      cli_hint("to grant its directory: --dir %.*s",
               slash == NULL   ? 1
               : slash == path ? 1
                               : (int)(slash - path),
               slash == NULL ? "." : path);
  }
}
