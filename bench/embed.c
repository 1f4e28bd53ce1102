// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures what an embedder pays, through include/cove and nothing else:
//
//     bench_embed compile REPS FILE [TIER]   compiles a whole module (validation included) REPS times; a line each of
//                                            wall ns and CPU ns
//     bench_embed calls [TIER]               lines `NAME NS`: calls in both directions, instantiation
#include "bench.h"

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  long end;
  char *data = NULL;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0 ||
      (data = malloc((size_t)end + 1)) == NULL || fread(data, 1, (size_t)end, file) != (size_t)end) {
    fprintf(stderr, "bench_embed: cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
  *size = (size_t)end;
  return data;
}

static int compile(const char *reps, const char *path, const char *tier) {
  size_t size;
  char *data = read_file(path, &size);
  cove_engine *engine = make_engine(tier);
  for (long left = strtol(reps, NULL, 10); left > 0; left--) {
    cove_error *error = NULL;
    cove_module *module = NULL;
    uint64_t wall = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    check(cove_module_new(engine, data, size, &module, &error), error);
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = now_ns(CLOCK_MONOTONIC) - wall;
    printf("%llu %llu\n", (unsigned long long)wall, (unsigned long long)cpu);
    cove_module_delete(module);
  }
  cove_engine_delete(engine);
  free(data);
  return 0;
}

static const char calls_text[] = "(module"
                                 " (import \"host\" \"add\" (func $add (param i32 i32) (result i32)))"
                                 " (func (export \"nothing\"))"
                                 " (func (export \"same\") (param i32) (result i32) local.get 0)"
                                 " (func (export \"imports\") (param $n i32) (result i32) (local $sum i32)"
                                 "  (loop $again"
                                 "   (local.set $sum (call $add (local.get $sum) (local.get $n)))"
                                 "   (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
                                 "  (local.get $sum))"
                                 " (func $step (param i32 i32) (result i32)"
                                 "  (i32.add (local.get 0) (local.get 1)))"
                                 " (table funcref (elem $step))"
                                 " (func (export \"locals\") (param $n i32) (result i32) (local $sum i32)"
                                 "  (loop $again"
                                 "   (local.set $sum (call $step (local.get $sum) (local.get $n)))"
                                 "   (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
                                 "  (local.get $sum))"
                                 " (func (export \"indirect\") (param $n i32) (result i32) (local $sum i32)"
                                 "  (loop $again"
                                 "   (local.set $sum (call_indirect (param i32 i32) (result i32)"
                                 "    (local.get $sum) (local.get $n) (i32.const 0)))"
                                 "   (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
                                 "  (local.get $sum)))";

static const char instance_text[] = "(module (memory (export \"memory\") 16)"
                                    " (global $g (mut i32) (i32.const 7))"
                                    " (data (i32.const 1024) \"some initial contents\")"
                                    " (data (i32.const 900000) \"and some more, far away\")"
                                    " (table 8 funcref) (elem (i32.const 1) $f $f $f)"
                                    " (func $f (export \"f\") (result i32) (i32.load8_u (i32.const 1024))))";

static cove_module *module_of_text(cove_engine *engine, const char *text) {
  cove_error *error = NULL;
  cove_buffer binary = {0};
  cove_module *module = NULL;
  check(cove_text_parse(engine, text, strlen(text), &binary, &error), error);
  check(cove_module_new(engine, binary.data, binary.size, &module, &error), error);
  cove_buffer_delete(&binary);
  return module;
}

static cove_host_result host_add(void *env, cove_caller *caller, cove_value *values) {
  (void)env, (void)caller;
  values[0].i32 += values[1].i32;
  return COVE_HOST_OK;
}

// Calls `func` once with the argument `n`: a loop of n steps inside the guest.
static void call_loop(cove_func *func, int32_t n) {
  cove_error *error = NULL;
  cove_value value = {.i32 = n};
  check(cove_func_call_in_place(func, &value, &error), error);
}

static cove_func *must_find(cove_instance *instance, const char *name) {
  cove_func *func = cove_instance_func(instance, name);
  if (func == NULL)
    exit(1);
  return func;
}

static void measure_calls(cove_engine *engine) {
  static const cove_valtype two[2] = {COVE_I32, COVE_I32};
  cove_functype add_type = {two, 2, two, 1};
  cove_error *error = NULL;
  cove_store *store = NULL;
  cove_instance *instance = NULL;
  cove_module *module = module_of_text(engine, calls_text);
  check(cove_store_new(engine, NULL, &store, &error), error);
  cove_linker *linker = cove_linker_new(store);
  check(cove_linker_define_func(linker, "host", "add", &add_type, host_add, NULL, NULL, &error), error);
  check(cove_linker_instantiate(linker, module, &instance, &error), error);

  cove_func *nothing = must_find(instance, "nothing"), *same = must_find(instance, "same");
  BEST(
      "host to wasm and back, no arguments", CALLS,
      for (int i = 0; i < CALLS; i++) { check(cove_func_call_in_place(nothing, NULL, &error), error); });
  BEST("host to wasm and back, i32 to i32", CALLS, for (int i = 0; i < CALLS; i++) call_loop(same, i));
  BEST(
      "the same with types checked (cove_func_call)", CALLS, for (int i = 0; i < CALLS; i++) {
        cove_value value = {.i32 = i}, result;
        check(cove_func_call(same, &value, 1, &result, 1, &error), error);
      });
  BEST("wasm to an imported C function and back", CALLS, call_loop(must_find(instance, "imports"), CALLS));
  BEST("wasm to wasm, direct", CALLS, call_loop(must_find(instance, "locals"), CALLS));
  BEST("wasm to wasm, call_indirect", CALLS, call_loop(must_find(instance, "indirect"), CALLS));
  cove_linker_delete(linker);
  cove_store_delete(store);
  cove_module_delete(module);
}

enum { INSTANCES = 500 };

// Time inside cove_linker_instantiate alone, and of an instance's whole life: store, linker, instance, call, delete.
static void measure_instances(cove_engine *engine) {
  cove_module *module = module_of_text(engine, instance_text);
  uint64_t best_whole = UINT64_MAX, best_inside = UINT64_MAX;
  for (int batch = 0; batch < BATCHES; batch++) {
    uint64_t inside = 0, start = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < INSTANCES; i++) {
      cove_error *error = NULL;
      cove_store *store = NULL;
      cove_instance *instance = NULL;
      cove_value value;
      check(cove_store_new(engine, NULL, &store, &error), error);
      cove_linker *linker = cove_linker_new(store);
      uint64_t before = now_ns(CLOCK_MONOTONIC);
      check(cove_linker_instantiate(linker, module, &instance, &error), error);
      inside += now_ns(CLOCK_MONOTONIC) - before;
      check(cove_func_call_in_place(must_find(instance, "f"), &value, &error), error);
      cove_linker_delete(linker);
      cove_store_delete(store);
    }
    uint64_t whole = now_ns(CLOCK_MONOTONIC) - start;
    best_whole = whole < best_whole ? whole : best_whole;
    best_inside = inside < best_inside ? inside : best_inside;
  }
  printf("instantiate a compiled module with 1 MiB of memory %.1f\n", (double)best_inside / INSTANCES);
  printf("store, instance, first call that touches memory, all deleted %.1f\n", (double)best_whole / INSTANCES);
  cove_module_delete(module);
}

int main(int argc, char **argv) {
  if (argc >= 4 && strcmp(argv[1], "compile") == 0)
    return compile(argv[2], argv[3], argc > 4 ? argv[4] : NULL);
  if (argc >= 2 && strcmp(argv[1], "calls") == 0) {
    cove_engine *engine = make_engine(argc > 2 ? argv[2] : NULL);
    measure_calls(engine);
    measure_instances(engine);
    cove_engine_delete(engine);
    return 0;
  }
  fputs("usage: bench_embed compile REPS FILE [TIER] | calls [TIER]\n", stderr);
  return 2;
}
