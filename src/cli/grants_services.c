// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// grants_services.c: what a component is granted beside WASI itself: configuration values (wasi:config), a place to log
// to (wasi:logging), buckets of keys and values (wasi:keyvalue).
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static int usage(const char *option, const char *value, const char *wanted) {
  cli_error("--%s: \"%s\" is not %s", option, value, wanted);
  return CLI_EXIT_USAGE;
}

// NAME=VALUE; `where` is the option, with its file.
static int set_value(cove_wasi_config *config, const char *where, const char *text) {
  const char *equals = strchr(text, '=');
  cove_error *error = NULL;
  if (equals == NULL || equals == text) {
    cli_error("%s: \"%s\" is not NAME=VALUE", where, text);
    return CLI_EXIT_USAGE;
  }
  char *name = strndup(text, (size_t)(equals - text));
  if (name == NULL)
    return CLI_EXIT_INTERNAL;
  int status = cove_wasi_config_setting(config, name, equals + 1, &error) == COVE_OK ? 0 : cli_report(where, error);
  free(name);
  return status;
}

static int set_values(cove_wasi_config *config, const char *path) {
  cove_buffer file;
  cove_error *error = NULL;
  int status = cli_read_lines(path, &file);
  if (status != 0)
    return status;
  char where[300], *save = NULL;
  snprintf(where, sizeof where, "--config-file %s", path);
  if (cove_wasi_config_setting(config, NULL, NULL, &error) != COVE_OK) // granted, also when it is empty
    status = cli_report(where, error);
  for (char *line = strtok_r(file.data, "\n", &save); line != NULL && status == 0; line = strtok_r(NULL, "\n", &save)) {
    size_t size = strlen(line);
    if (size != 0 && line[size - 1] == '\r')
      line[size - 1] = '\0';
    if (line[0] != '\0' && line[0] != '#')
      status = set_value(config, where, line);
  }
  cli_free_file(&file);
  return status;
}

static void print_message(void *env, cove_log_level level, cove_string context, cove_string message) {
  (void)env;
  cli_log(level, context, message);
}

static int set_log(cove_wasi_config *config, const char *value) {
  static const char *const names[] = {"trace", "debug", "info", "warn", "error", "critical"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(value != NULL ? value : "info", names[i]) == 0) {
      cove_wasi_config_log(config, (cove_log_level)i, print_message, NULL);
      return 0;
    }
  return usage("log", value, "trace, debug, info, warn, error or critical");
}

static int grant_bucket(cove_wasi_config *config, const char *value) {
  char *name = strdup(value);
  if (name == NULL)
    return CLI_EXIT_INTERNAL;
  char *file = strchr(name, '=');
  bool read_only = false;
  if (file != NULL) {
    *file++ = '\0';
    size_t size = strlen(file);
    read_only = size >= 3 && strcmp(file + size - 3, ":ro") == 0;
    if (read_only)
      file[size - 3] = '\0';
  }
  cove_error *error = NULL;
  int status = 0;
  if (name[0] == '\0' || (file != NULL && file[0] == '\0'))
    status = usage("keyvalue", value, "BUCKET or BUCKET=FILE[:ro]");
  else if (cove_wasi_config_bucket(config, name, file, read_only, &error) != COVE_OK)
    status = cli_report("--keyvalue", error);
  free(name);
  return status;
}

int cli_grant_service(cove_wasi_config *config, const cli_given *given) {
  switch ((int)given->option) {
  case OPT_CONFIG:
    return set_value(config, "--config", given->value);
  case OPT_CONFIG_FILE:
    return set_values(config, given->value);
  case OPT_LOG:
    return set_log(config, given->value);
  default:
    return grant_bucket(config, given->value);
  }
}
