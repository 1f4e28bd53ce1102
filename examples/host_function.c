// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// host_function.c: defines a function of the host, with data of its own, and lets WebAssembly call it. The function
// reads a text out of the caller's memory.
#include <cove/cove.h>

#include <stdio.h>
#include <string.h>

static const char text[] = "(module"
                           "  (import \"host\" \"log\" (func $log (param i32 i32) (result i32)))"
                           "  (memory (export \"memory\") 1)"
                           "  (data (i32.const 16) \"called from WebAssembly\")"
                           "  (func (export \"run\") (result i32)"
                           "    (call $log (i32.const 16) (i32.const 23)))"
                           "  (func (export \"lie\") (result i32)"
                           "    (call $log (i32.const 65530) (i32.const 23))))";

typedef struct journal {
  int lines;
} journal;

// log(address, size) -> number of lines so far. `values` holds the arguments, and then the result.
static cove_host_result log_line(void *env, cove_caller *caller, cove_value *values) {
  journal *j = env;
  // The guest's numbers are checked, never trusted.
  const char *line = cove_memory_range(cove_caller_memory(caller), values[0].u32, values[1].u32);
  if (line == NULL)
    return cove_caller_trap(caller, "log: the text does not lie in the memory");
  printf("log: %.*s\n", (int)values[1].u32, line);
  values[0].i32 = ++j->lines;
  return COVE_HOST_OK;
}

int main(void) {
  cove_error *error = NULL;
  cove_buffer binary = {0};
  cove_engine *engine = NULL;
  cove_module *module = NULL;
  cove_store *store = NULL;
  cove_linker *linker = NULL;
  cove_instance *instance;
  journal j = {0};
  int result = 1;

  if (cove_engine_new(NULL, &engine, &error) != COVE_OK ||
      cove_text_parse(engine, text, strlen(text), &binary, &error) != COVE_OK ||
      cove_module_new(engine, binary.data, binary.size, &module, &error) != COVE_OK ||
      cove_store_new(engine, NULL, &store, &error) != COVE_OK)
    goto done;

  const cove_valtype params[] = {COVE_I32, COVE_I32}, results[] = {COVE_I32};
  const cove_functype type = {params, 2, results, 1};
  linker = cove_linker_new(store);
  if (linker == NULL || cove_linker_define_func(linker, "host", "log", &type, log_line, &j, NULL, &error) != COVE_OK ||
      cove_linker_instantiate(linker, module, &instance, &error) != COVE_OK)
    goto done;

  cove_value value;
  for (int i = 0; i < 2; i++)
    if (cove_func_call(cove_instance_func(instance, "run"), NULL, 0, &value, 1, &error) != COVE_OK)
      goto done;
  printf("%d lines\n", (int)value.i32);
  if (j.lines != 2 || value.i32 != 2)
    goto done;

  if (cove_func_call(cove_instance_func(instance, "lie"), NULL, 0, &value, 1, &error) != COVE_TRAP)
    goto done;
  printf("trap: %s\n", cove_trap_message(cove_error_trap(error)));
  result = cove_trap_kind_of(cove_error_trap(error)) != COVE_TRAP_HOST;
  cove_error_delete(error);
  error = NULL;

done:
  if (error != NULL)
    fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  cove_linker_delete(linker);
  cove_store_delete(store);
  cove_module_delete(module);
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
  return result;
}
