// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures calls and instances of components through include/cove and nothing else:
//
//     bench_components CALLS.wat HELLO.wat [TIER]   lines `NAME NS`
//
// CALLS.wat is calls.component.wat of this folder, HELLO.wat hello.component.wat.
#include "bench.h"

enum {
  LISTS = 40,
  ITEMS = 1000000,
  RECORD_SIZE = 12,
  STORES = 200,
  INSTANCES = 100,
  STRING_SIZE = 32,
  FUNCS = 200,
  COMPOSITIONS = 50
};

static const char string[STRING_SIZE + 1] = "abcdefghijklmnopqrstuvwxyz012345";

static cove_component *open_component(cove_engine *engine, const char *path) {
  cove_error *error = NULL;
  cove_component *component = NULL;
  check(cove_component_open(engine, path, &component, &error), error);
  return component;
}

static void end(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

// ---- calls by the host ----

// The steps that `cove bindgen` writes for func(u32) -> u32.
static uint32_t typed_same(cove_component_func *func, uint32_t a) {
  cove_error *error = NULL;
  cove_call call;
  cove_value values[COVE_GLUE_SLOTS];
  cove_host_result run = cove_glue_enter(&call, func, NULL);
  if (run == COVE_HOST_OK) {
    values[0].i32 = (int32_t)a;
    run = cove_glue_invoke(&call, values);
  }
  uint32_t result = (uint32_t)values[0].i32;
  check(cove_glue_leave(&call, run, &error), error);
  return result;
}

static cove_host_result echo_steps(cove_call *call, cove_value *values, cove_string in, cove_string *out) {
  uint32_t address, size;
  uint8_t *at;
  COVE_GLUE_TRY(cove_glue_lower_string(call, in, &address, &size));
  values[0].i32 = (int32_t)address;
  values[1].i32 = (int32_t)size;
  COVE_GLUE_TRY(cove_glue_invoke(call, values));
  COVE_GLUE_TRY(cove_glue_range(call, (uint32_t)values[0].i32, 8, 4, &at));
  return cove_glue_keep_string(call, cove_glue_load32(at), cove_glue_load32(at + 4), out);
}

// And for func(string) -> string, by a host that reads the result before the next call.
static size_t typed_echo(cove_component_func *func, cove_results *results) {
  cove_error *error = NULL;
  cove_call call;
  cove_value values[COVE_GLUE_SLOTS];
  cove_string out = {0};
  cove_results_reset(results);
  cove_host_result run = cove_glue_enter(&call, func, results);
  if (run == COVE_HOST_OK)
    run = echo_steps(&call, values, (cove_string){string, STRING_SIZE}, &out);
  check(cove_glue_leave(&call, run, &error), error);
  return out.size;
}

static void untyped_call(cove_component_func *func, const cove_component_value *arg) {
  cove_error *error = NULL;
  cove_component_value result = {.kind = 0};
  check(cove_component_func_call(func, arg, 1, &result, &error), error);
  cove_component_value_delete(&result);
}

// ---- calls of the host ----

// What `cove bindgen` writes for the same two functions of the host.
static cove_host_result host_same(void *host, cove_call *call, cove_value *values) {
  (void)host, (void)call, (void)values;
  return COVE_HOST_OK;
}

static cove_host_result host_echo(void *host, cove_call *call, cove_value *values) {
  (void)host;
  static char copy[STRING_SIZE];
  cove_string text;
  uint32_t address, units;
  uint8_t *to;
  COVE_GLUE_TRY(cove_glue_lift_string(call, values[0].u32, values[1].u32, &text));
  COVE_GLUE_TRY(cove_glue_range(call, values[2].u32, 8, 4, &to));
  memcpy(copy, text.data, STRING_SIZE);
  COVE_GLUE_TRY(cove_glue_lower_string(call, (cove_string){copy, STRING_SIZE}, &address, &units));
  cove_glue_store32(to, address);
  cove_glue_store32(to + 4, units);
  return COVE_HOST_OK;
}

static const cove_glue_func host_funcs[] = {{"echo", "(string)->string", host_echo, "a"},
                                            {"same", "(u32)->u32", host_same, "a"}};
static const cove_glue_interface host_interface = {"host", host_funcs, 2, NULL, 0};
static const cove_glue_interface *const host_interfaces[] = {&host_interface};
static const cove_glue_world host_world = {"bench", host_interfaces, 1};

// ---- calls between components ----

static cove_component_func *must_find(cove_component_instance *instance, const char *interface, const char *name) {
  cove_component_func *func = cove_component_instance_func(instance, interface, name);
  if (func == NULL)
    end("the component lacks a function");
  return func;
}

// A loop of n steps inside the calling component.
static void call_loop(cove_component_instance *instance, const char *name, uint32_t n) {
  (void)typed_same(must_find(instance, "loop", name), n);
}

typedef struct record {
  uint8_t a;
  uint32_t b;
  uint16_t c;
} record;
_Static_assert(sizeof(record) == RECORD_SIZE, "as the canonical ABI lays it out");

// Field by field; out of line, so that the compiler sees nothing of the caller.
__attribute__((noinline)) static void copy_records(record *restrict to, const record *restrict from, size_t count) {
  for (size_t i = 0; i < count; i++) {
    to[i].a = from[i].a;
    to[i].b = from[i].b;
    to[i].c = from[i].c;
  }
}

static void measure_copies(void) {
  record *from = calloc(ITEMS, sizeof *from), *to = calloc(ITEMS, sizeof *to);
  if (from == NULL || to == NULL)
    end("out of memory");
  // What is never written may share one page of zeros.
  memset(from, 1, ITEMS * sizeof *from);
  memset(to, 1, ITEMS * sizeof *to);
  BEST(
      "memcpy of 1,000,000 bytes", LISTS, for (int i = 0; i < LISTS; i++) {
        memcpy(to, from, ITEMS);
        __asm__ volatile("" ::: "memory");
      });
  BEST(
      "a loop in C over 1,000,000 records of 12 bytes, by field", LISTS, for (int i = 0; i < LISTS; i++) {
        copy_records(to, from, ITEMS);
        __asm__ volatile("" ::: "memory");
      });
  free(from);
  free(to);
}

static void measure_calls(cove_engine *engine, const char *path) {
  cove_error *error = NULL;
  cove_store *store = NULL;
  cove_component_instance *instance = NULL;
  cove_component *component = open_component(engine, path);
  check(cove_store_new(engine, NULL, &store, &error), error);
  cove_component_linker *linker = cove_component_linker_new(store);
  if (linker == NULL)
    end("out of memory");
  check(cove_component_linker_define_world(linker, &host_world, NULL, &error), error);
  check(cove_component_linker_instantiate(linker, component, &instance, &error), error);

  static const cove_glue_export same_export = {"callee", "same", "(u32)->u32"};
  static const cove_glue_export echo_export = {"callee", "echo", "(string)->string"};
  cove_component_func *same = NULL, *echo = NULL;
  check(cove_glue_find_export(instance, &same_export, &same, &error), error);
  check(cove_glue_find_export(instance, &echo_export, &echo, &error), error);
  cove_results results = {0};
  if (typed_same(same, 7) != 7 || typed_echo(echo, &results) != STRING_SIZE)
    end("wrong answer");
  const cove_component_value number = {.kind = COVE_COMPONENT_U32, .as.u64 = 7};
  const cove_component_value text = {.kind = COVE_COMPONENT_STRING, .as.string = {string, STRING_SIZE}};

  BEST("component to component: u32 to u32", CALLS, call_loop(instance, "same", CALLS));
  BEST("component to component: string of 32 bytes in and out", CALLS, call_loop(instance, "echo", CALLS));
  BEST("host to component, typed: u32 to u32", CALLS, for (uint32_t i = 0; i < CALLS; i++) { typed_same(same, i); });
  BEST(
      "host to component, typed: string of 32 bytes in and out", CALLS,
      for (uint32_t i = 0; i < CALLS; i++) { typed_echo(echo, &results); });
  BEST("component to host, typed: u32 to u32", CALLS, call_loop(instance, "host-same", CALLS));
  BEST("component to host, typed: string of 32 bytes in and out", CALLS, call_loop(instance, "host-echo", CALLS));
  BEST(
      "host to component, values: u32 to u32", CALLS,
      for (uint32_t i = 0; i < CALLS; i++) { untyped_call(same, &number); });
  BEST(
      "host to component, values: string of 32 bytes in and out", CALLS,
      for (uint32_t i = 0; i < CALLS; i++) { untyped_call(echo, &text); });
  BEST("component to component: list of 1,000,000 u8", LISTS, call_loop(instance, "bytes", LISTS));
  BEST("component to component: list of 1,000,000 tuples of u8, u32, u16", LISTS,
       call_loop(instance, "records", LISTS));
  cove_results_free(&results);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  cove_component_delete(component);
}

// ---- instances ----

// Makes `count` instances in one store, and adds the time that the first took and that all took.
static void instances(cove_engine *engine, const cove_component *component, unsigned count, uint64_t *first,
                      uint64_t *all) {
  cove_error *error = NULL;
  cove_store *store = NULL;
  cove_wasi *wasi = NULL;
  cove_component_instance *instance = NULL;
  check(cove_store_new(engine, NULL, &store, &error), error);
  cove_wasi_config *config = cove_wasi_config_new();
  cove_component_linker *linker = cove_component_linker_new(store);
  if (config == NULL || linker == NULL)
    end("out of memory");
  check(cove_wasi_new(config, &wasi, &error), error);
  check(cove_component_linker_define_wasi(linker, wasi, &error), error);
  uint64_t start = now_ns(CLOCK_MONOTONIC);
  for (unsigned i = 0; i < count; i++) {
    check(cove_component_linker_instantiate(linker, component, &instance, &error), error);
    if (i == 0)
      *first += now_ns(CLOCK_MONOTONIC) - start;
  }
  *all += now_ns(CLOCK_MONOTONIC) - start;
  cove_wasi_config_delete(config);
  cove_component_linker_delete(linker);
  cove_store_delete(store);
  cove_wasi_delete(wasi);
}

static void measure_instances(cove_engine *engine, const char *path) {
  cove_component *component = open_component(engine, path);
  uint64_t best_first = UINT64_MAX, best_more = UINT64_MAX, best_whole = UINT64_MAX;
  for (int batch = 0; batch < BATCHES; batch++) {
    uint64_t first = 0, all = 0, whole = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < STORES; i++)
      instances(engine, component, 1, &first, &all);
    whole = now_ns(CLOCK_MONOTONIC) - whole;
    best_whole = whole < best_whole ? whole : best_whole;
    best_first = first < best_first ? first : best_first;
    first = all = 0;
    instances(engine, component, INSTANCES + 1, &first, &all);
    best_more = all - first < best_more ? all - first : best_more;
  }
  printf("instantiate the hello component, the first time in a store %.1f\n", (double)best_first / STORES);
  printf("instantiate the hello component, further times in a store %.1f\n", (double)best_more / INSTANCES);
  printf("store, linker, WASI, one instance, all deleted %.1f\n", (double)best_whole / STORES);
  cove_component_delete(component);
}

// Two components with FUNCS functions between them, and some of them called.
static cove_component *make_composition(cove_engine *engine) {
  enum { ROOM = 1 << 20 };
  static const char *const types[4][2] = {
      {"(param \"a\" u32) (result u32)", "(param i32) (result i32) (local.get 0)"},
      {"(param \"a\" string)", "(param i32 i32)"},
      {"(param \"a\" (list (tuple u32 string))) (result u8)", "(param i32 i32) (result i32) (i32.const 1)"},
      {"(param \"a\" (option string)) (result (result u32 (error u8)))",
       "(param i32 i32 i32) (result i32) (i32.const 64)"},
  };
  static const char options[] = "(memory (core memory $m \"memory\")) (realloc (core func $m \"realloc\"))";
  static const char memory[] = "(memory (export \"memory\") 1)"
                               "(func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))";
  char *text = malloc(ROOM);
  if (text == NULL)
    end("out of memory");
  size_t at = (size_t)snprintf(text, ROOM, "(component (component $A (core module $M %s", memory);
#define PUT(...) at += (size_t)snprintf(text + at, ROOM - at, __VA_ARGS__)
  for (int i = 0; i < FUNCS; i++)
    PUT("(func (export \"f%d\") %s)\n", i, types[i % 4][1]);
  PUT(") (core instance $m (instantiate $M))");
  for (int i = 0; i < FUNCS; i++)
    PUT("(func (export \"f%d\") %s (canon lift (core func $m \"f%d\") %s))\n", i, types[i % 4][0], i, options);
  PUT(") (component $B (import \"a\" (instance $a");
  for (int i = 0; i < FUNCS; i++)
    PUT("(export \"f%d\" (func %s))\n", i, types[i % 4][0]);
  PUT(")) (core module $M %s) (core instance $m (instantiate $M))", memory);
  for (int i = 0; i < FUNCS; i++)
    PUT("(core func $f%d (canon lower (func $a \"f%d\") %s))\n", i, i, options);
  PUT("(core module $N (import \"a\" \"f0\" (func $f (param i32) (result i32)))"
      "(func (export \"go\") (param i32) (result i32) (call $f (local.get 0))))"
      "(core instance $n (instantiate $N (with \"a\" (instance");
  for (int i = 0; i < FUNCS; i++)
    PUT("(export \"f%d\" (func $f%d))\n", i, i);
  PUT("))))(func (export \"go\") (param \"n\" u32) (result u32) (canon lift (core func $n \"go\"))))"
      "(instance $a (instantiate $A)) (instance $b (instantiate $B (with \"a\" (instance $a))))"
      "(export \"go\" (func $b \"go\")))");
#undef PUT
  cove_error *error = NULL;
  cove_buffer binary;
  cove_component *component = NULL;
  check(cove_text_parse(engine, text, at, &binary, &error), error);
  check(cove_component_new(engine, binary.data, binary.size, &component, &error), error);
  cove_buffer_delete(&binary);
  free(text);
  return component;
}

static void measure_composition(cove_engine *engine) {
  cove_error *error = NULL;
  cove_component *component = make_composition(engine);
  BEST(
      "store, instance of components with 200 functions between, a call, all deleted", COMPOSITIONS,
      for (int i = 0; i < COMPOSITIONS; i++) {
        cove_store *store = NULL;
        cove_component_instance *instance = NULL;
        check(cove_store_new(engine, NULL, &store, &error), error);
        cove_component_linker *linker = cove_component_linker_new(store);
        check(cove_component_linker_instantiate(linker, component, &instance, &error), error);
        if (typed_same(must_find(instance, NULL, "go"), 7) != 7)
          end("wrong answer");
        cove_component_linker_delete(linker);
        cove_store_delete(store);
      });
  cove_component_delete(component);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: bench_components CALLS.wat HELLO.wat [TIER]\n", stderr);
    return 2;
  }
  cove_engine *engine = make_engine(argc > 3 ? argv[3] : NULL);
  measure_calls(engine, argv[1]);
  measure_copies();
  measure_instances(engine, argv[2]);
  measure_composition(engine);
  cove_engine_delete(engine);
  return 0;
}
