// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// host_resource.c: a resource of the host: the component holds handles, the host holds what they stand for, and hears
// when a handle is dropped, or when the store goes with handles that were not.
//
//   interface counters {
//     resource counter { constructor(start: u32); add: func(n: u32) -> u32; }
//   }
#include <cove/cove.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "(component"
    "  (import \"example:count/counters@1.0.0\" (instance $counters"
    "    (export \"counter\" (type $counter (sub resource)))"
    "    (export \"[constructor]counter\" (func (param \"start\" u32) (result (own $counter))))"
    "    (export \"[method]counter.add\" (func (param \"self\" (borrow $counter)) (param \"n\" u32) (result u32)))))"
    "  (alias export $counters \"counter\" (type $counter))"
    "  (core func $new (canon lower (func $counters \"[constructor]counter\")))"
    "  (core func $add (canon lower (func $counters \"[method]counter.add\")))"
    "  (core func $drop (canon resource.drop $counter))"
    "  (core module $M"
    "    (import \"counters\" \"new\" (func $new (param i32) (result i32)))"
    "    (import \"counters\" \"add\" (func $add (param i32 i32) (result i32)))"
    "    (import \"counters\" \"drop\" (func $drop (param i32)))"
    "    (func (export \"use\") (result i32)"
    "      (local $a i32) (local $b i32) (local $sum i32)"
    "      (local.set $a (call $new (i32.const 10)))"
    "      (local.set $b (call $new (i32.const 100)))"
    "      (local.set $sum (i32.add (call $add (local.get $a) (i32.const 1)) (call $add (local.get $b) (i32.const 2))))"
    "      (call $drop (local.get $a))" // and $b stays
    "      (local.get $sum)))"
    "  (core instance $m (instantiate $M (with \"counters\" (instance"
    "    (export \"new\" (func $new)) (export \"add\" (func $add)) (export \"drop\" (func $drop))))))"
    "  (func (export \"use\") (result u32) (canon lift (core func $m \"use\"))))";

typedef struct counter {
  uint32_t value;
} counter;

static int alive;

static void drop(void *host, void *rep) {
  (void)host;
  printf("a counter at %u is dropped\n", (unsigned)((counter *)rep)->value);
  free(rep);
  alive--;
}

// Its address is the identity of the type.
static const cove_glue_resource counter_type = {"counter", "example:count/counters/counter", drop};

// The host is the linker here: it knows the store's type for counter_type.
static cove_host_result new_counter(void *env, cove_call *call, const cove_component_value *args, size_t arg_count,
                                    cove_component_value *result) {
  (void)arg_count;
  counter *made = malloc(sizeof *made);
  if (made == NULL)
    return cove_call_trap(call, "out of memory");
  made->value = (uint32_t)args[0].as.u64;
  alive++;
  result->as.handle.type = cove_component_linker_resource(env, &counter_type);
  result->as.handle.rep = (uintptr_t)made;
  return COVE_HOST_OK;
}

static cove_host_result add(void *env, cove_call *call, const cove_component_value *args, size_t arg_count,
                            cove_component_value *result) {
  (void)env, (void)call, (void)arg_count;
  counter *self = (counter *)(uintptr_t)args[0].as.handle.rep;
  self->value += (uint32_t)args[1].as.u64;
  result->as.u64 = self->value;
  return COVE_HOST_OK;
}

static cove_status define(cove_component_linker *linker, cove_error **error) {
  static const char interface[] = "example:count/counters@1.0.0";
  cove_status status = cove_component_linker_define_resource(linker, interface, "counter", &counter_type, NULL, error);
  if (status == COVE_OK)
    status = cove_component_linker_define_func(linker, interface, "[constructor]counter", NULL, new_counter, linker,
                                               NULL, error);
  if (status == COVE_OK)
    status = cove_component_linker_define_func(linker, interface, "[method]counter.add", NULL, add, NULL, NULL, error);
  return status;
}

int main(void) {
  cove_error *error = NULL;
  cove_buffer binary = {0};
  cove_engine *engine = NULL;
  cove_component *component = NULL;
  cove_store *store = NULL;
  cove_component_linker *linker = NULL;
  cove_component_instance *instance;
  cove_component_value sum = {.kind = 0};
  bool good = false;

  if (cove_engine_new(NULL, &engine, &error) != COVE_OK ||
      cove_text_parse(engine, text, strlen(text), &binary, &error) != COVE_OK ||
      cove_component_new(engine, binary.data, binary.size, &component, &error) != COVE_OK ||
      cove_store_new(engine, NULL, &store, &error) != COVE_OK)
    goto done;
  linker = cove_component_linker_new(store);
  if (linker == NULL || define(linker, &error) != COVE_OK ||
      cove_component_linker_instantiate(linker, component, &instance, &error) != COVE_OK)
    goto done;
  cove_component_func *use = cove_component_instance_func(instance, NULL, "use");
  if (use == NULL || cove_component_func_call(use, NULL, 0, &sum, &error) != COVE_OK)
    goto done;
  printf("the counters came to %u; %d is alive\n", (unsigned)sum.as.u64, alive);
  good = sum.as.u64 == 11 + 102 && alive == 1;

done:
  if (error != NULL)
    fprintf(stderr, "%s\n", cove_error_message(error));
  cove_error_delete(error);
  cove_component_linker_delete(linker);
  cove_store_delete(store); // drops what the component still holds
  cove_component_delete(component);
  cove_buffer_delete(&binary);
  cove_engine_delete(engine);
  return good && alive == 0 ? 0 : 1;
}
