// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile_app.c: cove compile --executable: a native program out of cove-app, a compiled program, and options of
// cove run (app.h).
#include "app.h"
#include "compile.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- options -------------------------------------------------------------------------------------------------------

// What can never work, whatever program it is: better told now than at every start.
static int check_options(const cli_line *run) {
  if (run->operand_count != 0) {
    cli_error("--executable: \"%s\" is no option of cove run", run->operands[0]);
    return CLI_EXIT_USAGE;
  }
  if (cli_has(run, OPT_HELP)) {
    cli_error("--executable: --help is no option for a program to start with");
    return CLI_EXIT_USAGE;
  }
  int status = cli_check_engine(run);
  if (status == 0)
    status = cli_check_limits(run);
  if (status == 0)
    status = cli_check_grants(run);
  return status;
}

static int read_options(cli_app_maker *app) {
  // The parser may move the words.
  char **copy = calloc((size_t)app->word_count + 1, sizeof *copy);
  if (copy == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  app->words = copy;
  memcpy(copy, app->line->operands + 1, (size_t)app->word_count * sizeof *copy);
  return cli_parse(CLI_RUN, app->word_count, copy, &app->run) ? check_options(&app->run) : CLI_EXIT_USAGE;
}

// ---- the runner ----------------------------------------------------------------------------------------------------

// Reads cove-app, which is beside this program or where it is installed.
static int read_runner(cove_buffer *out) {
  static const char *const places[] = {"cove-app", COVE_APP_PATH};
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 64);
  char *name = NULL;
  if (size > 0) {
    path[size] = '\0';
    name = strrchr(path, '/');
  }
  for (size_t i = 0; name != NULL && i < sizeof places / sizeof *places; i++) {
    strcpy(name + 1, places[i]);
    if (access(path, R_OK) == 0)
      return cli_read_file(path, out);
  }
  cli_error("--executable: cove-app is not installed beside cove");
  return CLI_EXIT_FAILED;
}

int cli_app_begin(cli_app_maker *app, const cli_line *line) {
  *app = (cli_app_maker){.is_on = true, .line = line, .word_count = line->operand_count - 1};
  int status = read_options(app);
  return status == 0 ? read_runner(&app->runner) : status;
}

// ---- what is to be seen in the program -----------------------------------------------------------------------------

static bool is(cove_bytes text, const char *word) {
  return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static bool begins(cove_bytes text, const char *word) {
  return text.size >= strlen(word) && memcmp(text.data, word, strlen(word)) == 0;
}

// "program: why: it will not start".
static void warn(const char *path, const char *why, cove_bytes name, const char *more) {
  cli_note("%s: %s%.*s%s: the program will not start", path, why, (int)name.size, name.data, more);
}

static const cove_bytes nothing = {"", 0};

static void warn_module(const cli_app_maker *app, const cove_module *module, const char *path) {
  const char *invoke = cli_value(&app->run, OPT_INVOKE), *start = invoke != NULL ? invoke : "_start";
  cove_export item;
  cove_import import;
  if (!cove_module_find_export(module, start, &item) || item.type.kind != COVE_EXTERN_FUNC)
    warn(path, "there is no exported function \"", (cove_bytes){start, strlen(start)}, "\"");
  for (size_t i = 0; cove_module_import(module, i, &import); i++) {
    bool wasi = is(import.module, "wasi_snapshot_preview1") || is(import.module, "wasi_unstable");
    if (wasi && cli_need_of(import.name.data, import.name.size) != NULL)
      continue;
    cli_note("%s: it imports \"%.*s\" \"%.*s\", which nobody provides: the program will not start", path,
             (int)import.module.size, import.module.data, (int)import.name.size, import.name.data);
  }
}

// The option without which a known interface is missing, or NULL.
static const char *missing_option(const cli_line *run, cove_bytes name) {
  static const struct {
    const char *prefix, *needs;
    cli_option options[2];
  } services[] = {{"wasi:config/", "--config or --config-file", {OPT_CONFIG, OPT_CONFIG_FILE}},
                  {"wasi:logging/", "--log", {OPT_LOG, OPT_LOG}},
                  {"wasi:keyvalue/", "--keyvalue", {OPT_KEYVALUE, OPT_KEYVALUE}}};
  for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
    if (begins(name, services[i].prefix) && !cli_has(run, services[i].options[0]) &&
        !cli_has(run, services[i].options[1]))
      return services[i].needs;
  return NULL;
}

static void warn_component(const cli_app_maker *app, const cove_component *component, const char *path) {
  const char *deny = cli_value(&app->run, OPT_DENY);
  bool later = deny != NULL && strcmp(deny, "error") == 0, runs = cli_has(&app->run, OPT_INVOKE);
  for (size_t i = 0; i < cove_component_export_count(component) && !runs; i++)
    runs = begins(cove_component_extern_name(cove_component_export(component, i)), "wasi:cli/run@0.2.");
  if (!runs)
    warn(path, "there is no export \"wasi:cli/run\" of WASI 0.2", nothing, "");
  for (size_t i = 0; i < cove_component_import_count(component); i++) {
    const cove_component_extern *import = cove_component_import(component, i);
    cove_component_sort sort = cove_component_extern_sort(import);
    cove_bytes name = cove_component_extern_name(import);
    if ((sort != COVE_SORT_INSTANCE && sort != COVE_SORT_FUNC) || (later && begins(name, "wasi:")))
      continue;
    const char *option = missing_option(&app->run, name);
    if (option != NULL)
      cli_note("%s: it imports \"%.*s\", which needs %s: the program will not start", path, (int)name.size, name.data,
               option);
    else if (cli_need_of_interface(name.data, name.size) == NULL)
      warn(path, "it imports \"", name, "\", which nobody provides");
  }
}

// What is wrong with the program itself is told when it is compiled.
void cli_app_warn(const cli_app_maker *app, cove_engine *engine, const cli_input *input) {
  cove_error *error = NULL;
  if (input->is_component) {
    cove_component *component = NULL;
    if (cove_component_inspect(engine, input->data, input->size, &component, &error) == COVE_OK)
      warn_component(app, component, input->path);
    else
      cove_error_delete(error);
    cove_component_delete(component);
  } else {
    cove_module *module = NULL;
    if (cove_module_inspect(engine, input->data, input->size, &module, &error) == COVE_OK)
      warn_module(app, module, input->path);
    else
      cove_error_delete(error);
    cove_module_delete(module);
  }
}

// ---- the program ---------------------------------------------------------------------------------------------------

// Appends to a buffer that is large enough.
static void append(cove_buffer *to, const void *data, size_t size) {
  memcpy(to->data + to->size, data, size);
  to->size += size;
}

int cli_app_write(const cli_app_maker *app, const cove_buffer *compiled) {
  char **words = app->line->operands + 1;
  size_t options = 0, at = (app->runner.size + CLI_APP_ALIGNMENT - 1) / CLI_APP_ALIGNMENT * CLI_APP_ALIGNMENT;
  for (int i = 0; i < app->word_count; i++)
    options += strlen(words[i]) + 1;
  unsigned char trailer[CLI_APP_TRAILER];
  cove_buffer out = {.data = calloc(1, at + compiled->size + options + sizeof trailer)};
  if (out.data == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  append(&out, app->runner.data, app->runner.size);
  out.size = at;
  append(&out, compiled->data, compiled->size);
  memcpy(trailer, CLI_APP_MAGIC, sizeof CLI_APP_MAGIC - 1);
  cli_app_put(trailer + 16, at);
  cli_app_put(trailer + 24, compiled->size);
  cli_app_put(trailer + 32, out.size);
  cli_app_put(trailer + 40, options);
  for (int i = 0; i < app->word_count; i++)
    append(&out, words[i], strlen(words[i]) + 1);
  append(&out, trailer, sizeof trailer);
  int status = cli_replace_file(cli_value(app->line, OPT_OUTPUT), out.data, out.size, true);
  free(out.data);
  return status;
}

void cli_app_end(cli_app_maker *app) {
  cli_line_free(&app->run);
  cli_free_file(&app->runner);
  free(app->words);
}
