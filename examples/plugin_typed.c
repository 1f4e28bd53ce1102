// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plugin_typed.c: plugin.c with typed functions instead of values: plugin_bindings.h and plugin_bindings.c are what
// `cove bindgen host plugin.wit --prefix plugin_bindings` writes. The host writes example_plugin_log_write, and calls
// example_plugin_filter_call_apply. The plugin is upper.wat, or the component that is named: plugin_guest/upper.c is
// one in C.
#include <cove/cove.h>

#include <stdio.h>
#include <string.h>

#include "plugin_bindings.h"

typedef struct host {
  unsigned lines;
} host;

cove_host_result example_plugin_log_write(void *self, cove_call *call, cove_string line) {
  host *h = self;
  (void)call;
  printf("log: %.*s\n", (int)line.size, line.data);
  h->lines++;
  return COVE_HOST_OK;
}

static bool apply(const plugin_bindings_exports *exports, const char *text, bool refused, const char *expected,
                  cove_error **error) {
  plugin_bindings_result_string_string answer;
  cove_results results = {0};
  if (example_plugin_filter_call_apply(exports, (cove_string){text, strlen(text)}, &answer, &results, error) != COVE_OK)
    return false;
  cove_string said = answer.is_error ? answer.as.error : answer.as.ok;
  printf("%s: %.*s\n", answer.is_error ? "refused" : "answer", (int)said.size, said.data);
  bool good =
      answer.is_error == refused && said.size == strlen(expected) && memcmp(said.data, expected, said.size) == 0;
  cove_results_free(&results);
  return good;
}

int main(int argc, char **argv) {
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_component *component = NULL;
  cove_store *store = NULL;
  cove_component_linker *linker = NULL;
  cove_component_instance *instance;
  plugin_bindings_exports exports;
  host h = {0};
  bool good = false;
  if (cove_engine_new(NULL, &engine, &error) == COVE_OK &&
      cove_component_open(engine, argc > 1 ? argv[1] : "upper.wat", &component, &error) == COVE_OK &&
      cove_store_new(engine, NULL, &store, &error) == COVE_OK && (linker = cove_component_linker_new(store)) != NULL &&
      cove_component_linker_define_world(linker, &plugin_bindings_world, &h, &error) == COVE_OK &&
      cove_component_linker_instantiate(linker, component, &instance, &error) == COVE_OK &&
      plugin_bindings_exports_find(instance, &exports, &error) == COVE_OK)
    good = apply(&exports, "quiet words", false, "QUIET WORDS", &error) &&
           apply(&exports, "", true, "nothing to do", &error) && h.lines == 1;
  if (error != NULL)
    fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  cove_component_delete(component);
  cove_engine_delete(engine);
  return good ? 0 : 1;
}
