// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// component_values.c: calls a function of a component whose type is known only at run time: looks at the type, reads
// the arguments from text (WAVE), and prints the result. This is what `cove run --invoke` does.
#include <cove/cove.h>

#include <stdio.h>
#include <string.h>

// total: func(items: list<record { size: u32, copies: u8 }>) -> tuple<u32, option<u32>>
// The number of items' bytes with all copies, and the size of the largest.
static const char text[] =
    "(component"
    "  (core module $M"
    "    (memory (export \"memory\") 1)"
    "    (global $top (mut i32) (i32.const 64))"
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32)"
    "      (local $at i32)"
    "      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))"
    "      (global.set $top (i32.add (local.get $at) (local.get 3)))"
    "      (local.get $at))"
    "    (func (export \"total\") (param $at i32) (param $n i32) (result i32)"
    "      (local $sum i32) (local $max i32) (local $size i32) (local $any i32)"
    "      (local.set $any (i32.ne (local.get $n) (i32.const 0)))"
    "      (block $end (loop $next"
    "        (br_if $end (i32.eqz (local.get $n)))"
    "        (local.set $size (i32.load (local.get $at)))"
    "        (local.set $sum (i32.add (local.get $sum)"
    "          (i32.mul (local.get $size) (i32.load8_u offset=4 (local.get $at)))))"
    "        (if (i32.gt_u (local.get $size) (local.get $max)) (then (local.set $max (local.get $size))))"
    "        (local.set $at (i32.add (local.get $at) (i32.const 8)))"
    "        (local.set $n (i32.sub (local.get $n) (i32.const 1)))"
    "        (br $next)))"
    "      (i32.store (i32.const 16) (local.get $sum))"
    "      (i32.store8 (i32.const 20) (local.get $any))"
    "      (i32.store (i32.const 24) (local.get $max))"
    "      (i32.const 16)))"
    "  (core instance $m (instantiate $M))"
    "  (type $item (record (field \"size\" u32) (field \"copies\" u8)))"
    "  (export $item' \"item\" (type $item))"
    "  (func (export \"total\") (param \"items\" (list $item')) (result (tuple u32 (option u32)))"
    "    (canon lift (core func $m \"total\") (memory (core memory $m \"memory\")) (realloc (core func $m "
    "\"realloc\")))))";

// Prints the type of a function and the result of a call.
static cove_status call(cove_component_func *func, const char *arguments, char *shown, size_t shown_size,
                        cove_error **error) {
  const cove_component_functype *type = cove_component_func_type(func);
  cove_component_value args[1], result;
  cove_buffer printed;
  cove_status status = cove_component_functype_parse_args(type, arguments, strlen(arguments), args, error);
  if (status != COVE_OK)
    return status;
  status = cove_component_func_call(func, args, 1, &result, error);
  cove_component_value_delete(&args[0]);
  if (status != COVE_OK)
    return status;
  status = cove_component_value_text(cove_component_functype_result(type), &result, &printed, error);
  cove_component_value_delete(&result);
  if (status == COVE_OK) {
    snprintf(shown, shown_size, "%s", printed.data);
    printf("total(%s) is %s\n", arguments, printed.data);
    cove_buffer_delete(&printed);
  }
  return status;
}

int main(void) {
  cove_error *error = NULL;
  cove_buffer binary = {0}, type_text = {0};
  cove_engine *engine = NULL;
  cove_component *component = NULL;
  cove_store *store = NULL;
  cove_component_linker *linker = NULL;
  cove_component_instance *instance;
  char some[64], none[64];
  int result = 1;

  if (cove_engine_new(NULL, &engine, &error) != COVE_OK ||
      cove_text_parse(engine, text, strlen(text), &binary, &error) != COVE_OK ||
      cove_component_new(engine, binary.data, binary.size, &component, &error) != COVE_OK ||
      cove_store_new(engine, NULL, &store, &error) != COVE_OK)
    goto done;
  linker = cove_component_linker_new(store);
  if (linker == NULL || cove_component_linker_instantiate(linker, component, &instance, &error) != COVE_OK)
    goto done;

  cove_component_func *total = cove_component_instance_func(instance, NULL, "total");
  if (total == NULL || cove_component_functype_text(cove_component_func_type(total), &type_text, &error) != COVE_OK)
    goto done;
  printf("total: %s\n", type_text.data);
  if (call(total, "[{size: 100, copies: 2}, {size: 40, copies: 1}]", some, sizeof some, &error) != COVE_OK ||
      call(total, "[]", none, sizeof none, &error) != COVE_OK)
    goto done;
  result = strcmp(some, "(240, some(100))") != 0 || strcmp(none, "(0, none)") != 0;

done:
  if (error != NULL)
    fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  cove_buffer_delete(&type_text);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  cove_component_delete(component);
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
  return result;
}
