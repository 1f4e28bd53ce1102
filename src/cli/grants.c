// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// grants.c: from options to what a program is granted. Nothing is inherited but the standard streams; clocks and
// randomness are granted because they name nothing of the host: to all but initialisers of snapshots.
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// ---- what imports are for ----

// The functions of preview 1 by what they touch. The first row whose prefix fits counts.
static const struct {
  const char *prefix;
  cli_need need;
} needs[] = {
    {"path_", {"files and directories by name", "--dir HOST[::GUEST][:ro]"}},
    {"fd_prestat_", {"files and directories by name", "--dir HOST[::GUEST][:ro]"}},
    {"fd_readdir", {"files and directories by name", "--dir HOST[::GUEST][:ro]"}},
    {"fd_", {"open files and standard streams", ""}},
    {"args_", {"arguments", "cove run FILE ARG..."}},
    {"environ_", {"environment variables", "--env KEY[=VALUE]"}},
    {"clock_", {"clocks", "--clock real (default)"}},
    {"random_", {"random numbers", "--random real (default)"}},
    {"poll_", {"waiting for time and for streams", ""}},
    {"sock_", {"sockets that listen already", "--tcp-listen ADDRESS:PORT, --listen-fd N"}},
    {"proc_", {"ending itself", ""}},
    {"sched_", {"giving way to others", ""}},
};

const cli_need *cli_need_of(const char *import_name, size_t size) {
  for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
    size_t length = strlen(needs[i].prefix);
    if (size >= length && memcmp(import_name, needs[i].prefix, length) == 0)
      return &needs[i].need;
  }
  return NULL;
}

// The interfaces of WASI 0.2. A need without words is no power over anything.
static const struct {
  const char *prefix;
  cli_need need;
} interfaces[] = {
    {"wasi:cli/environment", {"arguments and environment variables", "cove run FILE ARG..., --env KEY[=VALUE]"}},
    {"wasi:cli/exit", {"ending itself", ""}},
    {"wasi:cli/stdin", {"standard streams", ""}},
    {"wasi:cli/stdout", {"standard streams", ""}},
    {"wasi:cli/stderr", {"standard streams", ""}},
    {"wasi:cli/terminal", {"whether streams are terminals", ""}},
    {"wasi:clocks/wall-clock", {"the time of day", "--clock real (default)"}},
    {"wasi:clocks/monotonic-clock", {"a clock for durations", "--clock real (default), --clock monotonic"}},
    {"wasi:clocks/timezone", {"the time zone", ""}},
    {"wasi:config/", {"configuration values", "--config NAME=VALUE, --config-file FILE"}},
    {"wasi:logging/", {"logging", "--log[=LEVEL]"}},
    {"wasi:keyvalue/", {"buckets of keys and values", "--keyvalue BUCKET[=FILE[:ro]]"}},
    {"wasi:filesystem/", {"files and directories by name", "--dir HOST[::GUEST][:ro]"}},
    {"wasi:random/random", {"random numbers", "--random real (default)"}},
    {"wasi:random/", {"", ""}},
    {"wasi:io/poll", {"waiting for time and for streams", ""}},
    {"wasi:io/", {"", ""}},
};

const cli_need *cli_need_of_interface(const char *name, size_t size) {
  for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++) {
    size_t length = strlen(interfaces[i].prefix);
    if (size >= length && memcmp(name, interfaces[i].prefix, length) == 0)
      return &interfaces[i].need;
  }
  return NULL;
}

// ---- options ----

static int usage(const char *option, const char *value, const char *wanted) {
  cli_error("--%s: \"%s\" is not %s", option, value, wanted);
  return CLI_EXIT_USAGE;
}

static int failed(const char *what, cove_error *error) {
  return cli_report(what, error);
}

// Cuts `text` at the last "::"; *guest is what follows, or NULL.
static void cut(char *text, const char **guest) {
  *guest = NULL;
  for (char *at = text; (at = strstr(at, "::")) != NULL; at += 2)
    *guest = at + 2;
  if (*guest != NULL)
    text[*guest - 2 - text] = '\0';
}

bool cli_parse_mapping(const char *value, cli_mapping *out) {
  *out = (cli_mapping){.host = strdup(value)};
  if (out->host == NULL)
    return false;
  char *host = out->host;
  size_t size = strlen(host);
  if (size > 3 && (strcmp(host + size - 3, ":ro") == 0 || strcmp(host + size - 3, ":rw") == 0)) {
    out->read_only = host[size - 1] == 'o';
    host[size - 3] = '\0';
  }
  cut(host, &out->guest);
  if (out->guest == NULL)
    out->guest = host;
  return host[0] != '\0' && out->guest[0] != '\0';
}

static int grant_dir(cove_wasi_config *config, const char *value) {
  cli_mapping m;
  cove_error *error = NULL;
  int status = 0;
  if (!cli_parse_mapping(value, &m))
    status = m.host == NULL ? CLI_EXIT_INTERNAL : usage("dir", value, "HOST[::GUEST][:ro]");
  else if (cove_wasi_config_dir(config, m.host, m.guest, m.read_only, &error) != COVE_OK)
    status = failed("--dir", error);
  free(m.host);
  return status;
}

static int grant_archive(cove_wasi_config *config, const char *value) {
  char *file = strdup(value);
  if (file == NULL)
    return CLI_EXIT_INTERNAL;
  const char *guest;
  cut(file, &guest);
  cove_error *error = NULL;
  int status = 0;
  if (file[0] == '\0' || guest == NULL || guest[0] == '\0')
    status = usage("archive", value, "FILE::GUEST");
  else if (cove_wasi_config_archive(config, file, guest, &error) != COVE_OK)
    status = failed("--archive", error);
  free(file);
  return status;
}

static int set_env(cove_wasi_config *config, const char *option, const char *key, size_t key_size, const char *value) {
  char *name = strndup(key, key_size);
  if (name == NULL)
    return CLI_EXIT_INTERNAL;
  cove_error *error = NULL;
  int status = 0;
  if (cove_wasi_config_env(config, name, value, &error) != COVE_OK) {
    cove_error_delete(error);
    status = usage(option, name, "the name of a variable");
  }
  free(name);
  return status;
}

static int grant_env(cove_wasi_config *config, const char *text) {
  const char *equals = strchr(text, '=');
  if (equals != NULL)
    return set_env(config, "env", text, (size_t)(equals - text), equals + 1);
  if (text[0] == '\0')
    return usage("env", text, "KEY or KEY=VALUE");
  const char *value = getenv(text);
  if (value == NULL) {
    cli_note("--env %s: the caller has no such variable; the program gets none", text);
    return 0;
  }
  return set_env(config, "env", text, strlen(text), value);
}

static int grant_env_file(cove_wasi_config *config, const char *path) {
  cove_buffer file;
  int status = cli_read_lines(path, &file);
  char *save = NULL;
  for (char *line = status == 0 ? strtok_r(file.data, "\n", &save) : NULL; line != NULL && status == 0;
       line = strtok_r(NULL, "\n", &save)) {
    size_t size = strlen(line);
    if (size != 0 && line[size - 1] == '\r')
      line[size - 1] = '\0';
    const char *equals = strchr(line, '=');
    if (line[0] == '\0' || line[0] == '#')
      continue;
    if (equals == NULL) {
      cli_error("--env-file %s: \"%s\" is not KEY=VALUE", path, line);
      status = CLI_EXIT_USAGE;
    } else {
      status = set_env(config, "env-file", line, (size_t)(equals - line), equals + 1);
    }
  }
  cli_free_file(&file);
  return status;
}

static int set_stream(cove_wasi_config *config, unsigned which, const char *path) {
  cove_error *error = NULL;
  cove_status status = strcmp(path, "null") == 0 ? cove_wasi_config_stdio_null(config, which, &error)
                                                 : cove_wasi_config_stdio_file(config, which, path, &error);
  return status == COVE_OK ? 0 : failed(path, error);
}

static int set_clock(cove_wasi_config *config, const char *value) {
  size_t length = strcspn(value, ":");
  uint64_t time = 0;
  if (strcmp(value, "real") == 0) {
    cove_wasi_config_clock(config, COVE_CLOCK_REAL, 0);
    return 0;
  }
  if (strcmp(value, "none") == 0 || strcmp(value, "monotonic") == 0) {
    cove_wasi_config_clocks(config, COVE_CLOCK_DENIED, value[0] == 'm' ? COVE_CLOCK_REAL : COVE_CLOCK_DENIED, 0);
    return 0;
  }
  bool fixed = length == 5 && strncmp(value, "fixed", 5) == 0;
  bool moves = length == 7 && strncmp(value, "virtual", 7) == 0;
  if ((!fixed && !moves) || (value[length] == ':' && !cli_parse_time(value + length + 1, &time)))
    return usage("clock", value, "real, monotonic, none, fixed[:TIME] or virtual[:TIME]");
  cove_wasi_config_clock(config, fixed ? COVE_CLOCK_FIXED : COVE_CLOCK_VIRTUAL, time);
  return 0;
}

static void print_trace(void *env, const char *line, size_t size) {
  fwrite(line, 1, size, env);
}

static int set_trace(cove_wasi_config *config, const char *value) {
  if (strcmp(value, "wasi") != 0 && strcmp(value, "wasi:json") != 0 && strcmp(value, "wasi:text") != 0)
    return usage("trace", value, "wasi or wasi:json");
  cove_wasi_config_trace(config, strcmp(value, "wasi:json") == 0 ? COVE_TRACE_JSON : COVE_TRACE_TEXT, print_trace,
                         stderr);
  return 0;
}

// ---- limits of what a program can make the host hold ----

static const struct {
  cli_option option;
  cove_wasi_limit limit;
  bool is_size;
} limits[] = {
    {OPT_MAX_DESCRIPTORS, COVE_WASI_DESCRIPTORS, false},
    {OPT_MAX_RESOURCES, COVE_WASI_RESOURCES, false},
    {OPT_MAX_POLL, COVE_WASI_POLL, false},
    {OPT_MAX_RANDOM, COVE_WASI_RANDOM_BYTES, true},
    {OPT_MAX_TMPFS, COVE_WASI_TMPFS_BYTES, true},
    {OPT_MAX_KEYVALUE, COVE_WASI_KEYVALUE_BYTES, true},
};

static int set_limit(cove_wasi_config *config, const cli_given *given) {
  uint64_t number;
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    if (limits[i].option != given->option)
      continue;
    if (!(limits[i].is_size ? cli_parse_size : cli_parse_count)(given->value, &number))
      return usage(cli_options[given->option].name, given->value,
                   limits[i].is_size ? "a size: 65536, 64KiB, 1G" : "a number");
    cove_wasi_config_limit(config, limits[i].limit, number);
  }
  return 0;
}

static bool parse_descriptor(const char *text, uint64_t *out) {
  return cli_parse_count(text, out) && *out <= INT32_MAX;
}

static int apply(cove_wasi_config *config, const cli_given *given) {
  const char *value = given->value;
  cove_error *error = NULL;
  uint64_t number;
  switch ((int)given->option) {
  case OPT_DIR:
    return grant_dir(config, value);
  case OPT_TMPFS:
    if (value[0] == '\0')
      return usage("tmpfs", value, "a directory of the program, such as /tmp");
    return cove_wasi_config_tmpfs(config, value, &error) == COVE_OK ? 0 : failed("--tmpfs", error);
  case OPT_ARCHIVE:
    return grant_archive(config, value);
  case OPT_ENV:
    return grant_env(config, value);
  case OPT_ENV_FILE:
    return grant_env_file(config, value);
  case OPT_LISTEN_FD:
    if (!parse_descriptor(value, &number))
      return usage("listen-fd", value, "the number of a descriptor");
    return cove_wasi_config_listen_fd(config, (int)number, &error) == COVE_OK ? 0 : failed("--listen-fd", error);
  case OPT_TCP_LISTEN:
    return cove_wasi_config_tcp_listen(config, value, &error) == COVE_OK ? 0 : failed("--tcp-listen", error);
  case OPT_STDIN:
    return set_stream(config, 0, value);
  case OPT_STDOUT:
    return set_stream(config, 1, value);
  case OPT_STDERR:
    return set_stream(config, 2, value);
  case OPT_DENY:
    if (strcmp(value, "missing") != 0 && strcmp(value, "error") != 0)
      return usage("deny", value, "missing or error");
    cove_wasi_config_deny(config, value[0] == 'e' ? COVE_DENY_ERROR : COVE_DENY_MISSING);
    return 0;
  case OPT_SEED:
    if (!cli_parse_count(value, &number))
      return usage("seed", value, "a number");
    cove_wasi_config_seed(config, number);
    return 0;
  case OPT_RANDOM:
    if (strcmp(value, "real") != 0 && strcmp(value, "none") != 0)
      return usage("random", value, "real or none");
    cove_wasi_config_random(config, value[0] == 'n' ? COVE_RANDOM_DENIED : COVE_RANDOM_SYSTEM);
    return 0;
  case OPT_CLOCK:
    return set_clock(config, value);
  case OPT_MAX_OUTPUT:
    if (!cli_parse_size(value, &number))
      return usage("max-output", value, "a size: 65536, 64KiB, 1G");
    cove_wasi_config_max_output(config, number);
    return 0;
  case OPT_TRACE:
    return set_trace(config, value);
  case OPT_CONFIG:
  case OPT_CONFIG_FILE:
  case OPT_LOG:
  case OPT_KEYVALUE:
    return cli_grant_service(config, given);
  default:
    return set_limit(config, given);
  }
}

int cli_check_grants(const cli_line *line) {
  cove_wasi_config *config = cove_wasi_config_new();
  if (config == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  int status = 0;
  for (size_t i = 0; i < line->given_count && status == 0; i++) {
    const cli_given *given = &line->given[i];
    uint64_t number;
    switch ((int)given->option) {
    case OPT_ENV_FILE:
    case OPT_CONFIG_FILE:
      break;
    case OPT_ENV: // one of the caller's own has only to have a name
      if (strchr(given->value, '=') != NULL || given->value[0] == '\0')
        status = apply(config, given);
      break;
    case OPT_LISTEN_FD:
      if (!parse_descriptor(given->value, &number))
        status = usage("listen-fd", given->value, "the number of a descriptor");
      break;
    default:
      status = apply(config, given);
    }
  }
  cove_wasi_config_delete(config);
  return status;
}

static int add_arguments(cove_wasi_config *config, const cli_line *line) {
  cove_error *error = NULL;
  const char *arg0 = cli_value(line, OPT_ARG0);
  for (int i = 0; i < line->operand_count; i++) {
    const char *arg = i == 0 && arg0 != NULL ? arg0 : line->operands[i];
    if (cove_wasi_config_arg(config, arg, &error) != COVE_OK)
      return failed("arguments", error);
  }
  return 0;
}

int cli_make_wasi(const cli_line *line, cove_wasi **out) {
  cove_wasi_config *config = cove_wasi_config_new();
  if (config == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  cove_error *error = NULL;
  // What an initialiser reads is fixed in its snapshot, so that it has to be asked for. A component may import what it
  // needs only later.
  bool snapshot = line->command == CLI_SNAPSHOT;
  if (snapshot)
    cove_wasi_config_deny(config, COVE_DENY_ERROR);
  else
    cove_wasi_config_grant_basics(config);
  int status = 0;
  for (unsigned i = 0; i < 3 && status == 0; i++)
    if ((snapshot && i == 0 ? cove_wasi_config_stdio_null(config, i, &error)
                            : cove_wasi_config_stdio_inherit(config, i, &error)) != COVE_OK)
      status = failed("standard streams", error);
  for (size_t i = 0; i < line->given_count && status == 0; i++)
    status = apply(config, &line->given[i]);
  if (status == 0)
    status = add_arguments(config, line);
  if (status == 0 && cove_wasi_new(config, out, &error) != COVE_OK) {
    status = cli_report("grants", error);
    if (status == CLI_EXIT_DATA)
      status = CLI_EXIT_INPUT;
  }
  cove_wasi_config_delete(config);
  return status;
}
