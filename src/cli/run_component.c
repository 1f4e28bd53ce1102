// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run_component.c: cove run of a component: compile, link with WASI 0.2, instantiate; then its program, or the function
// that --invoke names, with arguments and results in WAVE.
#include "run.h"

#include <stdlib.h>
#include <string.h>

static bool starts_with(cove_bytes text, const char *word) {
  return text.size >= strlen(word) && memcmp(text.data, word, strlen(word)) == 0;
}

// ---- what it exports ----

// Its exported functions, for people: those by themselves, and those of exported instances. At most ten.
static void list_function(const char *interface, size_t interface_size, const cove_component_extern *item,
                          size_t *shown) {
  const cove_component_functype *type = cove_component_extern_func(item);
  cove_buffer text;
  if (type == NULL || ++*shown > 10 || cove_component_functype_text(type, &text, NULL) != COVE_OK)
    return;
  cove_bytes name = cove_component_extern_name(item);
  fprintf(stderr, "%s%.*s%s%.*s: %s\n", *shown == 1 ? "  it exports: " : "              ", (int)interface_size,
          interface, interface_size != 0 ? "#" : "", (int)name.size, name.data, text.data);
  cove_buffer_delete(&text);
}

static size_t list_functions(const cove_component *component) {
  size_t shown = 0;
  for (size_t i = 0; i < cove_component_export_count(component); i++) {
    const cove_component_extern *item = cove_component_export(component, i);
    cove_bytes name = cove_component_extern_name(item);
    list_function("", 0, item, &shown);
    if (cove_component_extern_sort(item) != COVE_SORT_INSTANCE)
      continue;
    for (size_t k = 0; k < cove_component_extern_item_count(item); k++)
      list_function(name.data, name.size, cove_component_extern_item(item, k), &shown);
  }
  if (shown > 10)
    fprintf(stderr, "              and %zu more: cove inspect FILE\n", shown - 10);
  return shown;
}

static const char *exported(const cove_component *component, const char *prefix) {
  for (size_t i = 0; i < cove_component_export_count(component); i++) {
    cove_bytes name = cove_component_extern_name(cove_component_export(component, i));
    if (starts_with(name, prefix))
      return name.data;
  }
  return NULL;
}

// Whether there is something to run; otherwise says what there is instead. Before any code runs.
static int check_command(const cli_program *p) {
  if (exported(p->component, "wasi:cli/run@0.2.") != NULL)
    return 0;
  if (exported(p->component, "wasi:cli/run@0.3.") != NULL) {
    cli_error("%s: unsupported: a program of WASI 0.3", p->path);
    cli_hint("this version runs programs of WASI 0.2");
    return CLI_EXIT_LINK;
  }
  cli_error("%s: there is no program to start (no export \"wasi:cli/run\" of WASI 0.2)", p->path);
  if (exported(p->component, "wasi:http/incoming-handler@") != NULL || exported(p->component, "wasi:http/handler@"))
    cli_hint("it answers HTTP requests, which this version cannot serve");
  else if (cove_component_export_count(p->component) != 0)
    cli_hint("to call one of its functions: cove run --invoke 'NAME(ARGUMENTS)' %s", p->path);
  if (list_functions(p->component) == 0)
    cli_hint("it exports no function at all");
  return CLI_EXIT_LINK;
}

// ---- --invoke ----

// "INTERFACE#NAME(ARGUMENTS)" taken apart. The strings are owned by `text`.
typedef struct invocation {
  char *text;
  const char *interface, *name;
  const char *arguments; // NULL when none were given there
  size_t arguments_size;
} invocation;

static int take_apart(const char *value, invocation *out) {
  *out = (invocation){.text = strdup(value), .interface = ""};
  if (out->text == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  out->name = out->text;
  char *open = strchr(out->text, '('), *end = out->text + strlen(out->text);
  if (open != NULL) {
    while (end > open && (end[-1] == ' ' || end[-1] == '\n'))
      end--;
    if (end[-1] != ')') {
      cli_error("--invoke: \"%s\" does not end with \")\"", value);
      return CLI_EXIT_USAGE;
    }
    out->arguments = open + 1;
    out->arguments_size = (size_t)(end - 1 - out->arguments);
    *open = '\0';
  }
  char *hash = strchr(out->text, '#');
  if (hash != NULL) {
    *hash = '\0';
    out->interface = out->text;
    out->name = hash + 1;
  }
  return 0;
}

// A name without an interface may be that of a function in one of the exported instances.
static cove_component_func *find_function(const cli_program *p, const invocation *call) {
  cove_component_func *func = cove_component_instance_func(p->component_instance, call->interface, call->name);
  for (size_t i = 0; func == NULL && call->interface[0] == '\0' && i < cove_component_export_count(p->component); i++) {
    const cove_component_extern *item = cove_component_export(p->component, i);
    cove_bytes name = cove_component_extern_name(item);
    char interface[256];
    if (cove_component_extern_sort(item) != COVE_SORT_INSTANCE || name.size >= sizeof interface)
      continue;
    memcpy(interface, name.data, name.size);
    interface[name.size] = '\0';
    func = cove_component_instance_func(p->component_instance, interface, call->name);
  }
  return func;
}

// Arguments from the parentheses, or each from an operand after the file.
static int parse_arguments(const cli_program *p, const invocation *call, const cove_component_functype *type,
                           cove_component_value *values) {
  cove_error *error = NULL;
  size_t count = cove_component_functype_param_count(type), given = (size_t)p->line->operand_count - 1;
  cove_status status = COVE_OK;
  if (call->arguments != NULL || given == 0) {
    status = cove_component_functype_parse_args(type, call->arguments != NULL ? call->arguments : "",
                                                call->arguments_size, values, &error);
  } else if (given != count) {
    cli_error("%s takes %zu argument%s, %zu given", call->name, count, count == 1 ? "" : "s", given);
    return CLI_EXIT_USAGE;
  }
  for (size_t i = 0; call->arguments == NULL && given != 0 && i < count && status == COVE_OK; i++) {
    const cove_component_type *param;
    const char *text = p->line->operands[1 + i];
    if (cove_component_functype_param(type, i, NULL, &param))
      status = cove_component_value_parse(param, text, strlen(text), &values[i], &error);
  }
  if (status == COVE_OK)
    return 0;
  cove_buffer text;
  cli_error("--invoke: arguments of %s: %s", call->name, cove_error_text(error));
  if (cove_component_functype_text(type, &text, NULL) == COVE_OK) {
    cli_hint("%s: %s", call->name, text.data);
    cove_buffer_delete(&text);
  }
  cove_error_delete(error);
  return CLI_EXIT_USAGE;
}

static int print_result(const cove_component_functype *type, cove_component_value *result) {
  const cove_component_type *t = cove_component_functype_result(type);
  if (t == NULL)
    return 0;
  cove_buffer text;
  cove_error *error = NULL;
  if (cove_component_value_text(t, result, &text, &error) != COVE_OK)
    return cli_report("result", error);
  puts(text.data);
  cove_buffer_delete(&text);
  cove_component_value_delete(result);
  return fflush(stdout) == 0 ? 0 : CLI_EXIT_FAILED;
}

static int invoke(cli_program *p, const invocation *call) {
  cove_component_func *func = find_function(p, call);
  if (func == NULL) {
    cli_error("--invoke: there is no exported function \"%s\"", call->name);
    (void)list_functions(p->component);
    return CLI_EXIT_USAGE;
  }
  const cove_component_functype *type = cove_component_func_type(func);
  size_t count = cove_component_functype_param_count(type);
  cove_component_value *values = calloc(count + 1, sizeof *values), result = {.kind = 0};
  if (values == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  int status = parse_arguments(p, call, type, values);
  if (status == 0) {
    cove_error *error = NULL;
    cove_status called = cove_component_func_call(func, values, count, &result, &error);
    status = called == COVE_OK ? print_result(type, &result) : cli_program_ended(p, called, error);
    for (size_t i = 0; i < count; i++)
      cove_component_value_delete(&values[i]);
  }
  free(values);
  return status;
}

// ---- the program ----

// run: func() -> result
static int run_command(cli_program *p) {
  cove_component_func *run = cove_component_instance_func(p->component_instance, "wasi:cli/run@0.2.0", "run");
  cove_component_value result = {.kind = 0};
  cove_error *error = NULL;
  if (run == NULL) {
    cli_error("%s: \"wasi:cli/run\" has no function \"run\"", p->path);
    return CLI_EXIT_LINK;
  }
  cove_status called = cove_component_func_call(run, NULL, 0, &result, &error);
  if (called != COVE_OK)
    return cli_program_ended(p, called, error);
  return result.which == 0 ? 0 : 1;
}

static int compile(cli_program *p) {
  int status = 0;
  cove_error *error = NULL;
  cli_progress_begin("compiling", p->path);
  // The input outlives the component and its instances: it is freed last.
  if (cove_component_new_borrowed(p->engine, p->input.data, p->input.size, NULL, NULL, &p->component, &error) !=
      COVE_OK)
    status = cli_report(p->path, error);
  cli_progress_end();
  cli_program_timed(p, "compile");
  return status;
}

static int instantiate(cli_program *p) {
  cove_error *error = NULL;
  int status = cli_program_store(p);
  if (status != 0)
    return status;
  p->component_linker = cove_component_linker_new(p->store);
  if (p->component_linker == NULL) {
    cli_error("out of memory");
    return CLI_EXIT_INTERNAL;
  }
  if (cove_component_linker_define_wasi(p->component_linker, p->wasi, &error) != COVE_OK)
    return cli_report("wasi", error);
  cove_status made =
      cove_component_linker_instantiate(p->component_linker, p->component, &p->component_instance, &error);
  cli_program_timed(p, "instantiate");
  return cli_program_ended(p, made, error);
}

int cli_run_component(cli_program *p) {
  const char *value = cli_value(p->line, OPT_INVOKE);
  invocation call = {.text = NULL};
  int status = compile(p);
  if (status == 0)
    status = value != NULL ? take_apart(value, &call) : check_command(p);
  if (status == 0)
    status = instantiate(p);
  if (status == 0 && p->component_instance != NULL) { // an exit while it is made ends it, too
    status = value != NULL ? invoke(p, &call) : run_command(p);
    cli_program_timed(p, "run");
  }
  free(call.text);
  return status;
}
