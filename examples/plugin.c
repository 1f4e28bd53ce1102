// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plugin.c: a host with plugins. A plugin is a component (upper.wat is one, with its WIT in front); each gets a store
// of its own, and of this host nothing but what is defined for it. Values are passed as values; `cove bindgen` makes
// typed C functions of the WIT instead.
#include <cove/cove.h>

#include <stdio.h>
#include <string.h>

typedef struct plugin {
  const char *name;
  unsigned lines; // that it wrote to its log
  cove_store *store;
  cove_component_linker *linker;
  cove_component_instance *instance;
} plugin;

// write: func(line: string)
static cove_host_result log_write(void *env, cove_call *call, const cove_component_value *args, size_t arg_count,
                                  cove_component_value *result) {
  plugin *p = env;
  (void)call, (void)arg_count, (void)result;
  printf("[%s] %.*s\n", p->name, (int)args[0].as.string.size, args[0].as.string.data);
  p->lines++;
  return COVE_HOST_OK;
}

static cove_status load(plugin *p, cove_engine *engine, const cove_component *component, cove_error **error) {
  cove_limits *limits = cove_limits_new();
  if (limits == NULL)
    return COVE_NO_MEMORY;
  cove_limits_set_memory(limits, 16 << 20);
  cove_status status = cove_store_new(engine, limits, &p->store, error);
  cove_limits_delete(limits);
  if (status != COVE_OK)
    return status;
  p->linker = cove_component_linker_new(p->store);
  if (p->linker == NULL)
    return COVE_NO_MEMORY;
  status = cove_component_linker_define_func(p->linker, "example:plugin/log@0.1.0", "write", "(string)", log_write, p,
                                             NULL, error);
  if (status == COVE_OK)
    status = cove_component_linker_instantiate(p->linker, component, &p->instance, error);
  return status;
}

static void unload(plugin *p) {
  cove_component_linker_delete(p->linker);
  cove_store_delete(p->store);
}

// apply: func(text: string) -> result<string, string>
static cove_status apply(plugin *p, const char *text, cove_component_value *result, cove_error **error) {
  cove_component_func *func = cove_component_instance_func(p->instance, "example:plugin/filter", "apply");
  if (func == NULL)
    return COVE_NOT_FOUND;
  const cove_component_value arg = {.kind = COVE_COMPONENT_STRING, .as.string = {text, strlen(text)}};
  return cove_component_func_call(func, &arg, 1, result, error);
}

int main(void) {
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_component *component = NULL;
  plugin plugins[2] = {{.name = "first"}, {.name = "second"}};
  cove_component_value answer = {.kind = 0}, refusal = {.kind = 0};
  bool good = false;

  if (cove_engine_new(NULL, &engine, &error) != COVE_OK ||
      cove_component_open(engine, "upper.wat", &component, &error) != COVE_OK)
    goto done;
  for (int i = 0; i < 2; i++)
    if (load(&plugins[i], engine, component, &error) != COVE_OK)
      goto done;

  if (apply(&plugins[0], "quiet words", &answer, &error) != COVE_OK ||
      apply(&plugins[1], "", &refusal, &error) != COVE_OK)
    goto done;
  // A result is a variant: `which` is 0 for ok, 1 for an error, and the value is behind `payload`.
  printf("%s answers: %s\n", plugins[0].name, answer.as.payload->as.string.data);
  printf("%s refuses: %s\n", plugins[1].name, refusal.as.payload->as.string.data);
  good = answer.which == 0 && strcmp(answer.as.payload->as.string.data, "QUIET WORDS") == 0 && refusal.which == 1 &&
         plugins[0].lines == 1 && plugins[1].lines == 0;

done:
  if (error != NULL)
    fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  cove_component_value_delete(&answer);
  cove_component_value_delete(&refusal);
  unload(&plugins[0]);
  unload(&plugins[1]);
  cove_component_delete(component);
  cove_engine_delete(engine);
  return good ? 0 : 1;
}
