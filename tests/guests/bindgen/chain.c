// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// chain.c: instantiates components, each of which gets what the one before it exports, and calls `check` of the last,
// which answers with an empty text when all is well. Memories are small, so that what a call leaves behind ends the
// run.
//
// usage: chain ROUNDS COMPONENT...
#include <cove/cove.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8, MEMORY_LIMIT = 1 << 20, MAX_NAME = 200 };

static cove_host_result answer(void *env, cove_call *call, const cove_component_value *args, size_t arg_count,
                               cove_component_value *result) {
  (void)env, (void)call;
  if (result != NULL && arg_count > 0)
    *result = args[arg_count - 1];
  return COVE_HOST_OK;
}

static bool exports(const cove_component *component, const char *name) {
  for (size_t i = 0; i < cove_component_export_count(component); i++) {
    cove_bytes there = cove_component_extern_name(cove_component_export(component, i));
    if (there.size == strlen(name) && memcmp(there.data, name, there.size) == 0)
      return true;
  }
  return false;
}

static bool define_imports(cove_component *const *components, cove_component_instance *const *instances, int count,
                           cove_component_linker *linker, cove_error **error) {
  const cove_component *component = components[count];
  for (size_t i = 0; i < cove_component_import_count(component); i++) {
    const cove_component_extern *import = cove_component_import(component, i);
    cove_bytes bytes = cove_component_extern_name(import);
    char name[MAX_NAME];
    snprintf(name, sizeof name, "%.*s", (int)bytes.size, (const char *)bytes.data);
    if (cove_component_extern_sort(import) == COVE_SORT_FUNC &&
        cove_component_linker_define_func(linker, "", name, NULL, answer, NULL, NULL, error) != COVE_OK)
      return false;
    int from = count - 1;
    while (from >= 0 && !exports(components[from], name))
      from--;
    if (cove_component_extern_sort(import) == COVE_SORT_INSTANCE && from >= 0 &&
        cove_component_linker_define_instance(linker, name, instances[from], name, error) != COVE_OK)
      return false;
  }
  return true;
}

static bool check(cove_component_instance *instance, unsigned long rounds, cove_error **error) {
  cove_component_func *func = cove_component_instance_func(instance, NULL, "check");
  if (func == NULL)
    fprintf(stderr, "chain: the last one exports no check\n");
  for (unsigned long i = 0; func != NULL && i < rounds; i++) {
    cove_component_value result;
    if (cove_component_func_call(func, NULL, 0, &result, error) != COVE_OK)
      return false;
    size_t size = result.as.string.size;
    if (size != 0)
      fprintf(stderr, "chain: %.*s\n", (int)size, result.as.string.data);
    cove_component_value_delete(&result);
    if (size != 0)
      return false;
  }
  return func != NULL;
}

int main(int argc, char **argv) {
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_component *components[MOST] = {0};
  cove_store *store = NULL;
  cove_component_linker *linkers[MOST] = {0};
  cove_component_instance *instances[MOST] = {0};
  cove_limits *limits = cove_limits_new();
  int count = argc - 2;
  if (count < 1 || count > MOST || limits == NULL) {
    fprintf(stderr, "usage: chain ROUNDS COMPONENT...\n");
    return 2;
  }
  cove_limits_set_memory(limits, MEMORY_LIMIT);
  bool good =
      cove_engine_new(NULL, &engine, &error) == COVE_OK && cove_store_new(engine, limits, &store, &error) == COVE_OK;
  for (int i = 0; i < count && good; i++) {
    linkers[i] = cove_component_linker_new(store);
    good = linkers[i] != NULL && cove_component_open(engine, argv[2 + i], &components[i], &error) == COVE_OK &&
           define_imports(components, instances, i, linkers[i], &error) &&
           cove_component_linker_instantiate(linkers[i], components[i], &instances[i], &error) == COVE_OK;
  }
  good = good && check(instances[count - 1], strtoul(argv[1], NULL, 10), &error);
  if (error != NULL)
    fprintf(stderr, "chain: %s\n", cove_error_message(error));
  cove_error_delete(error);
  for (int i = 0; i < count; i++)
    cove_component_linker_delete(linkers[i]);
  cove_store_delete(store);
  for (int i = 0; i < count; i++)
    cove_component_delete(components[i]);
  cove_engine_delete(engine);
  cove_limits_delete(limits);
  return good ? 0 : 1;
}
