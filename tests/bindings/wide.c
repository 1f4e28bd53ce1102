// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wide.c: bindings and components without a 32-bit memory: one with 64-bit addresses (wide.wat), and one that exports
// what it imports, so that the host calls its own functions (passes.wat).
//
//   wide COMPONENT [things]
#include "wide.h"

#include <cove/cove.h>

#include <stdio.h>
#include <stdlib.h>

struct test_wide_things_thing {
  uint32_t n;
};

typedef test_wide_things_thing thing;

static unsigned alive;

static void check(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "wide: %s\n", what);
  exit(1);
}

static bool is(cove_string string, const char *text) {
  return string.size == strlen(text) && memcmp(string.data, text, string.size) == 0;
}

// ---- what the component imports ----

cove_host_result test_wide_echo_text(void *host, cove_call *call, cove_string x, const wide_list_u16 *n,
                                     wide_tuple2_string_list_u16 *result) {
  (void)host, (void)call;
  *result = (wide_tuple2_string_list_u16){x, *n};
  return COVE_HOST_OK;
}

cove_host_result test_wide_echo_nested(void *host, cove_call *call, const wide_option_list_tuple2_u8_string *x,
                                       wide_option_list_tuple2_u8_string *result) {
  (void)host, (void)call;
  *result = *x;
  return COVE_HOST_OK;
}

cove_host_result test_wide_echo_many(void *host, cove_call *call, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                     uint64_t e, uint64_t f, uint64_t g, uint64_t h, uint64_t i, uint64_t j, uint64_t k,
                                     uint64_t l, uint64_t m, uint64_t n, uint64_t o, cove_string p,
                                     wide_tuple2_u64_string *result) {
  (void)host, (void)call;
  *result = (wide_tuple2_u64_string){a + b + c + d + e + f + g + h + i + j + k + l + m + n + o, p};
  return COVE_HOST_OK;
}

cove_host_result test_wide_echo_half(void *host, cove_call *call, float x, float *result) {
  (void)host, (void)call;
  *result = x / 2;
  return COVE_HOST_OK;
}

cove_host_result test_wide_echo_fail(void *host, cove_call *call, cove_string x) {
  (void)host;
  check(is(x, "why"), "the argument of the one that fails");
  return cove_call_trap(call, "refused");
}

void test_wide_things_thing_drop(void *host, thing *self) {
  (void)host;
  free(self);
  alive--;
}

cove_host_result test_wide_things_thing_new(void *host, cove_call *call, uint32_t n, thing **result) {
  (void)host;
  *result = malloc(sizeof **result);
  if (*result == NULL)
    return cove_call_trap(call, "out of memory");
  (*result)->n = n;
  alive++;
  return COVE_HOST_OK;
}

cove_host_result test_wide_things_thing_get(void *host, cove_call *call, thing *self, uint32_t *result) {
  (void)host, (void)call;
  *result = self->n;
  return COVE_HOST_OK;
}

cove_host_result test_wide_things_join(void *host, cove_call *call, thing *a, thing *b, cove_string also,
                                       thing **result) {
  (void)host, (void)call;
  check(is(also, "plus"), "a string beside resources");
  a->n += b->n;
  *result = a;
  return COVE_HOST_OK;
}

// ---- what the host calls ----

static cove_error *error;

static void must(cove_status status) {
  check(status == COVE_OK, error != NULL ? cove_error_message(error) : "no memory");
}

static const char long_text[] = "a string that is longer than what a guest may bring in one call";

static void call_all(const wide_exports *exports, bool passes_on) {
  cove_results results = {0};
  uint16_t numbers[] = {1, 0xffff, 7};
  wide_list_u16 list = {numbers, 3};
  wide_tuple2_string_list_u16 text;
  must(test_wide_echo_call_text(exports, (cove_string){"caf\xc3\xa9", 5}, &list, &text, &results, &error));
  check(is(text.f0, "caf\xc3\xa9") && text.f1.count == 3 && memcmp(text.f1.data, numbers, sizeof numbers) == 0,
        "a string and a list");
  list.count = 0;
  must(test_wide_echo_call_text(exports, (cove_string){"", 0}, &list, &text, &results, &error));
  check(text.f0.size == 0 && text.f1.count == 0, "an empty string and an empty list");

  if (passes_on) { // what the host brings is not a guest's
    must(test_wide_echo_call_text(exports, (cove_string){long_text, sizeof long_text}, &list, &text, &results, &error));
    check(text.f0.size == sizeof long_text, "a long string");
  }

  wide_tuple2_u8_string pairs[] = {{200, {"x", 1}}, {1, {"", 0}}};
  const wide_option_list_tuple2_u8_string some = {true, {pairs, 2}}, none = {.has = false};
  wide_option_list_tuple2_u8_string nested;
  must(test_wide_echo_call_nested(exports, &some, &nested, &results, &error));
  check(nested.has && nested.value.count == 2 && nested.value.data[0].f0 == 200 && is(nested.value.data[0].f1, "x") &&
            nested.value.data[1].f1.size == 0,
        "nested values");
  must(test_wide_echo_call_nested(exports, &none, &nested, &results, &error));
  check(!nested.has, "none");

  wide_tuple2_u64_string many;
  must(test_wide_echo_call_many(exports, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, UINT64_C(1) << 40,
                                (cove_string){"end", 3}, &many, &results, &error));
  check(many.f0 == (UINT64_C(1) << 40) + 105 && is(many.f1, "end"), "parameters in memory");

  float half;
  must(test_wide_echo_call_half(exports, 5, &half, NULL, &error));
  check(half == 2.5f, "a float");
  check(test_wide_echo_call_fail(exports, (cove_string){"why", 3}, &error) == COVE_TRAP, "a trap");
  check(strstr(cove_error_message(error), "refused") != NULL, cove_error_message(error));
  cove_error_delete(error);
  error = NULL;
  cove_results_free(&results);
}

int main(int argc, char **argv) {
  cove_engine *engine = NULL;
  cove_component *component = NULL;
  cove_store *store = NULL;
  cove_component_instance *instance = NULL;
  wide_exports exports;
  check(argc >= 2, "usage: wide COMPONENT [things]");
  must(cove_engine_new(NULL, &engine, &error));
  must(cove_component_open(engine, argv[1], &component, &error));
  cove_limits *limits = cove_limits_new();
  check(limits != NULL, "limits");
  cove_limits_set_values(limits, sizeof long_text - 1);
  must(cove_store_new(engine, limits, &store, &error));
  cove_limits_delete(limits);
  cove_component_linker *linker = cove_component_linker_new(store);
  check(linker != NULL, "linker");
  must(cove_component_linker_define_world(linker, &wide_world, NULL, &error));
  must(cove_component_linker_instantiate(linker, component, &instance, &error));
  if (argc > 2) {
    cove_component_func *use = cove_component_instance_func(instance, NULL, "use-things");
    cove_component_value sum = {.kind = COVE_COMPONENT_U32};
    check(use != NULL, "use-things");
    must(cove_component_func_call(use, NULL, 0, &sum, &error));
    check(sum.as.u64 == 34 && alive == 1, "resources of the host");
  }
  must(wide_exports_find(instance, &exports, &error));
  call_all(&exports, argc == 2);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  check(alive == 0, "the store drops what is left");
  cove_component_delete(component);
  cove_engine_delete(engine);
  printf("%s: good\n", argv[1]);
  return 0;
}
