// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// call_export.c: calls an exported function with arguments, reads its results, and looks at a trap.
#include <cove/cove.h>

#include <stdio.h>
#include <string.h>

static const char text[] = "(module"
                           "  (func (export \"divide\") (param $a i32) (param $b i32) (result i32 i32)"
                           "    (i32.div_s (local.get $a) (local.get $b))"
                           "    (i32.rem_s (local.get $a) (local.get $b))))";

int main(void) {
  cove_error *error = NULL;
  cove_buffer binary = {0};
  cove_engine *engine = NULL;
  cove_module *module = NULL;
  cove_store *store = NULL;
  cove_linker *linker = NULL;
  cove_instance *instance;
  int result = 1;

  if (cove_engine_new(NULL, &engine, &error) != COVE_OK ||
      cove_text_parse(engine, text, strlen(text), &binary, &error) != COVE_OK ||
      cove_module_new(engine, binary.data, binary.size, &module, &error) != COVE_OK ||
      cove_store_new(engine, NULL, &store, &error) != COVE_OK)
    goto done;
  linker = cove_linker_new(store);
  if (linker == NULL || cove_linker_instantiate(linker, module, &instance, &error) != COVE_OK)
    goto done;

  cove_func *divide = cove_instance_func(instance, "divide");
  cove_value args[2] = {{.i32 = 47}, {.i32 = 5}}, results[2];
  if (cove_func_call(divide, args, 2, results, 2, &error) != COVE_OK)
    goto done;
  printf("47 / 5 is %d, and %d is left\n", (int)results[0].i32, (int)results[1].i32);

  // A trap is a value: its kind, a sentence, and where it came from.
  args[1].i32 = 0;
  cove_status status = cove_func_call(divide, args, 2, results, 2, &error);
  if (status != COVE_TRAP)
    goto done;
  const cove_trap *trap = cove_error_trap(error);
  cove_frame frame;
  printf("47 / 0 traps: %s\n", cove_trap_message(trap));
  if (cove_trap_frame(trap, 0, &frame))
    printf("  in function %u, at offset 0x%x of the module\n", frame.func, frame.offset);
  result = cove_trap_kind_of(trap) != COVE_TRAP_DIVIDE_BY_ZERO;
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
