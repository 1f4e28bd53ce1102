// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run_file.c: runs a WASI program from a file, with one argument, and shows what it printed and how it ended.
//
//   cc run_file.c $(pkg-config --cflags --libs cove) && ./a.out hello.wat you
#include <cove/cove.h>

#include <stdio.h>

// Prints an error and gives it up. The example then ends with status 1.
static int failed(cove_error *error) {
  fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  return 1;
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "hello.wat";
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_module *module = NULL;
  cove_store *store = NULL;
  cove_wasi_config *config = cove_wasi_config_new();
  cove_wasi *wasi = NULL;
  cove_linker *linker = NULL;
  cove_instance *instance;
  int result = 1;

  if (config == NULL || cove_engine_new(NULL, &engine, &error) != COVE_OK ||
      cove_module_open(engine, path, &module, &error) != COVE_OK ||
      cove_store_new(engine, NULL, &store, &error) != COVE_OK)
    goto fail;

  // A program is granted nothing that is not named here.
  cove_wasi_config_grant_basics(config);
  if (cove_wasi_config_arg(config, path, &error) != COVE_OK ||
      cove_wasi_config_arg(config, argc > 2 ? argv[2] : "world", &error) != COVE_OK ||
      cove_wasi_config_stdio_collect(config, 1, &error) != COVE_OK || cove_wasi_new(config, &wasi, &error) != COVE_OK)
    goto fail;

  linker = cove_linker_new(store);
  if (linker == NULL || cove_linker_define_wasi(linker, wasi, &error) != COVE_OK ||
      cove_linker_instantiate(linker, module, &instance, &error) != COVE_OK)
    goto fail;

  cove_func *start = cove_instance_func(instance, "_start");
  if (start == NULL) {
    fprintf(stderr, "%s has nothing to start\n", path);
    goto done;
  }
  cove_status status = cove_func_call(start, NULL, 0, NULL, 0, &error);
  int exit_status = 0;
  if (status == COVE_EXIT) {
    exit_status = cove_error_exit_status(error);
    cove_error_delete(error);
    error = NULL;
  } else if (status != COVE_OK) {
    goto fail;
  }
  cove_bytes output = cove_wasi_output(wasi, 1);
  printf("it ended with status %d and printed %zu bytes: %.*s", exit_status, output.size, (int)output.size,
         output.data);
  result = output.size == 0;
  goto done;

fail:
  result = error != NULL ? failed(error) : 1;
done:
  cove_linker_delete(linker);
  cove_store_delete(store);
  cove_wasi_delete(wasi);
  cove_wasi_config_delete(config);
  cove_module_delete(module);
  cove_engine_delete(engine);
  return result;
}
