// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// share_module_threads.c: one compiled module, many instances, several threads. A module is immutable and shared; each
// thread has a store of its own, and each instance its own memory.
#include <cove/cove.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char text[] = "(module"
                           "  (memory 1)"
                           "  (func (export \"add\") (param i32) (result i32)"
                           "    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (local.get 0)))"
                           "    (i32.load (i32.const 0))))";

enum { THREADS = 4, INSTANCES = 50, CALLS = 20 };

typedef struct work {
  cove_engine *engine;
  const cove_module *module;
  int wrong;
} work;

// Every instance counts to the same number: none sees another's memory.
static int use_instance(cove_instance *instance) {
  cove_func *add = cove_instance_func(instance, "add");
  cove_value value = {.i32 = 0};
  for (int i = 0; i < CALLS; i++) {
    value.i32 = 3;
    if (cove_func_call_in_place(add, &value, NULL) != COVE_OK)
      return 1;
  }
  return value.i32 != 3 * CALLS;
}

static void *run(void *arg) {
  work *w = arg;
  cove_store *store = NULL;
  cove_linker *linker = NULL;
  w->wrong = 1;
  if (cove_store_new(w->engine, NULL, &store, NULL) == COVE_OK && (linker = cove_linker_new(store)) != NULL) {
    w->wrong = 0;
    for (int i = 0; i < INSTANCES; i++) {
      cove_instance *instance;
      if (cove_linker_instantiate(linker, w->module, &instance, NULL) != COVE_OK || use_instance(instance) != 0)
        w->wrong++;
    }
  }
  cove_linker_delete(linker);
  cove_store_delete(store);
  return NULL;
}

int main(void) {
  cove_error *error = NULL;
  cove_buffer binary = {0};
  cove_engine *engine = NULL;
  cove_module *module = NULL;
  int wrong = 1;

  if (cove_engine_new(NULL, &engine, &error) == COVE_OK &&
      cove_text_parse(engine, text, strlen(text), &binary, &error) == COVE_OK &&
      cove_module_new(engine, binary.data, binary.size, &module, &error) == COVE_OK) {
    pthread_t threads[THREADS];
    work works[THREADS];
    int started = 0;
    for (; started < THREADS; started++) {
      works[started] = (work){engine, module, 0};
      if (pthread_create(&threads[started], NULL, run, &works[started]) != 0)
        break;
    }
    wrong = started != THREADS;
    for (int i = 0; i < started; i++) {
      pthread_join(threads[i], NULL);
      wrong += works[i].wrong;
    }
    printf("%d threads, %d instances each: %d wrong\n", started, INSTANCES, wrong);
  } else {
    fprintf(stderr, "%s\n", cove_error_message(error));
    cove_error_delete(error);
  }
  cove_module_delete(module);
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
  return wrong != 0;
}
