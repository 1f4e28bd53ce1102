// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool.c: many short instances out of a bounded pool, as a server of requests has them: each request gets an instance
// of its own, which holds nothing of the one before; when all are in use, the host is told and says so.
#include <cove/cove.h>

#include <stdio.h>
#include <string.h>

// Counts how often it was called, in its memory: an instance that is new answers 1.
static const char text[] = "(module"
                           "  (memory 1)"
                           "  (data (i32.const 8) \"initial contents\")"
                           "  (func (export \"request\") (result i32)"
                           "    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))"
                           "    (i32.load (i32.const 0))))";

enum { SLOTS = 3, REQUESTS = 1000 };

static cove_status make(cove_engine *engine, const cove_module *module, cove_store **store, cove_instance **instance,
                        cove_error **error) {
  cove_status status = cove_store_new(engine, NULL, store, error);
  if (status != COVE_OK)
    return status;
  cove_linker *linker = cove_linker_new(*store);
  status = linker != NULL ? cove_linker_instantiate(linker, module, instance, error) : COVE_NO_MEMORY;
  cove_linker_delete(linker);
  return status;
}

// One request after another: 0 when every instance was new.
static int serve(cove_engine *engine, const cove_module *module, cove_error **error) {
  int wrong = 0;
  for (int i = 0; i < REQUESTS; i++) {
    cove_store *store = NULL;
    cove_instance *instance;
    cove_value value = {.i32 = 0};
    if (make(engine, module, &store, &instance, error) != COVE_OK ||
        cove_func_call_in_place(cove_instance_func(instance, "request"), &value, error) != COVE_OK || value.i32 != 1)
      wrong++;
    cove_store_delete(store);
    if (*error != NULL)
      return 1;
  }
  printf("%d requests, each served by an instance of its own\n", REQUESTS);
  return wrong;
}

// More at the same time than the pool has: 0 when only the last one was refused.
static int overload(cove_engine *engine, const cove_module *module) {
  cove_store *stores[SLOTS + 1] = {NULL};
  int wrong = 0;
  for (int i = 0; i <= SLOTS; i++) {
    cove_error *error = NULL;
    cove_instance *instance;
    cove_status status = make(engine, module, &stores[i], &instance, &error);
    if (status != (i < SLOTS ? COVE_OK : COVE_LIMIT))
      wrong++;
    if (error != NULL)
      printf("request %d: %s\n", i + 1, cove_error_message(error));
    cove_error_delete(error);
  }
  for (int i = 0; i <= SLOTS; i++)
    cove_store_delete(stores[i]);
  return wrong;
}

int main(void) {
  cove_error *error = NULL;
  cove_buffer binary = {0};
  cove_pool *pool = NULL;
  cove_engine *engine = NULL;
  cove_module *module = NULL;
  int wrong = 1;
  cove_pool_config *pool_config = cove_pool_config_new();
  cove_config *config = cove_config_new();
  if (pool_config != NULL && config != NULL) {
    cove_pool_config_set_memories(pool_config, SLOTS);
    if (cove_pool_new(pool_config, &pool, &error) == COVE_OK) {
      cove_config_set_pool(config, pool);
      if (cove_engine_new(config, &engine, &error) == COVE_OK &&
          cove_text_parse(engine, text, strlen(text), &binary, &error) == COVE_OK &&
          cove_module_new(engine, binary.data, binary.size, &module, &error) == COVE_OK) {
        uint32_t most;
        wrong = serve(engine, module, &error) + overload(engine, module);
        printf("memories in use: %u now, ", (unsigned)cove_pool_memories(pool, &most));
        printf("%u at most\n", (unsigned)most);
      }
    }
  }
  if (error != NULL)
    fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  cove_module_delete(module);
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
  cove_pool_delete(pool);
  cove_config_delete(config);
  cove_pool_config_delete(pool_config);
  return wrong != 0;
}
