// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cache_command.c: cove cache: what the cache holds, and emptying it.
#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_size(uint64_t bytes) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  double size = (double)bytes;
  for (; size >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
    size /= 1024;
  if (unit == 0 || size == (double)(uint64_t)size)
    printf("%llu %s", (unsigned long long)size, units[unit]);
  else
    printf("%.1f %s", size, units[unit]);
}

static void print_total(const char *before, cli_cache_total total) {
  printf("%s%llu entr%s, ", before, (unsigned long long)total.entries, total.entries == 1 ? "y" : "ies");
  print_size(total.bytes);
  if (total.unfinished != 0)
    printf(", with %llu unfinished file%s", (unsigned long long)total.unfinished, total.unfinished == 1 ? "" : "s");
  printf("\n");
}

static int failed(const char *doing, const char *path) {
  cli_error("cannot %s the cache %s: %s", doing, path, strerror(errno));
  return CLI_EXIT_FAILED;
}

static int stat_cache(const char *path, int folder, uint64_t limit) {
  cli_cache_total total = {0};
  if (folder >= 0 && !cli_cache_count(folder, &total))
    return failed("read", path);
  printf("folder: %s\n", path);
  print_total("holds: ", total);
  printf("limit: ");
  print_size(limit);
  printf("\n");
  return 0;
}

static int clear_cache(const char *path, int folder, uint64_t limit) {
  (void)limit;
  cli_cache_total total = {0};
  int status = folder < 0 || cli_cache_clear(folder, &total) ? 0 : failed("empty", path);
  print_total("removed: ", total);
  return status;
}

static const struct {
  const char *name;
  int (*run)(const char *path, int folder, uint64_t limit);
} actions[] = {{"stat", stat_cache}, {"clear", clear_cache}};
enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static int usage(const char *message) {
  cli_error("%s", message);
  cli_hint("cove cache stat: where the cache is, what it holds; cove cache clear: empty it");
  return CLI_EXIT_USAGE;
}

int cli_cache_command(const cli_line *line) {
  if (line->operand_count != 1)
    return usage(line->operand_count == 0 ? "do what with the cache?" : "one action at a time");
  size_t chosen = 0;
  while (chosen < ACTION_COUNT && strcmp(actions[chosen].name, line->operands[0]) != 0)
    chosen++;
  if (chosen == ACTION_COUNT)
    return usage("there is no such action");
  uint64_t limit;
  if (!cli_cache_limit(&limit)) {
    cli_error("COVE_CACHE_SIZE: \"%s\" is not a size: 500MiB, 2G", getenv("COVE_CACHE_SIZE"));
    return CLI_EXIT_USAGE;
  }
  char *path = cli_cache_path();
  if (path == NULL) {
    cli_error("there is no folder for the cache: none of COVE_CACHE_DIR, XDG_CACHE_HOME and HOME is set");
    return CLI_EXIT_INPUT;
  }
  const char *why;
  int folder = cli_cache_open(path, false, &why);
  int status = folder < 0 && why != NULL ? CLI_EXIT_INPUT : 0;
  if (status == 0)
    status = actions[chosen].run(path, folder, limit);
  else
    cli_error("the cache %s is not used: %s", path, why);
  if (folder >= 0)
    close(folder);
  free(path);
  return status;
}
