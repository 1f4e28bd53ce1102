// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures what instances cost, through include/cove and nothing else:
//
//     bench_instances [--pool SLOTS] [--idle COUNT] [--tier TIER] [FILE...]
//
// For each component FILE, or without one for a module with 1 MiB of memory, lines `NAME NUMBER`: the nanoseconds of
// instantiation alone, and of the whole life of an instance in a store of its own. With --idle, instances that were
// used once are kept: what they take of the machine's memory, and how many mappings.
#include "bench.h"

enum { LIVES = 2000, SLOW_LIVES = 40 };

typedef struct options {
  const char *tier;
  uint32_t pool;
  unsigned idle;
} options;

static const char module_text[] = "(module (memory (export \"memory\") 16)"
                                  " (global $g (mut i32) (i32.const 7))"
                                  " (data (i32.const 1024) \"some initial contents\")"
                                  " (data (i32.const 900000) \"and some more, far away\")"
                                  " (table 8 funcref) (elem (i32.const 1) $f $f $f)"
                                  " (func $f (export \"f\") (result i32)"
                                  "  (i32.store (i32.const 2048) (i32.const 1)) (i32.load8_u (i32.const 1024))))";

// What is instantiated: a module or a component.
typedef struct subject {
  const char *name;
  cove_engine *engine;
  cove_module *module;
  cove_component *component;
} subject;

// One instance in a store of its own.
typedef struct life {
  cove_store *store;
  cove_linker *linker;
  cove_component_linker *component_linker;
  cove_wasi *wasi;
  cove_func *func; // of a module
} life;

static void end(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

// Returns the time that instantiation alone took.
static uint64_t begin_life(const subject *s, life *l) {
  cove_error *error = NULL;
  *l = (life){0};
  check(cove_store_new(s->engine, NULL, &l->store, &error), error);
  uint64_t start;
  if (s->module != NULL) {
    cove_instance *instance = NULL;
    l->linker = cove_linker_new(l->store);
    start = now_ns(CLOCK_MONOTONIC);
    check(cove_linker_instantiate(l->linker, s->module, &instance, &error), error);
    start = now_ns(CLOCK_MONOTONIC) - start;
    l->func = cove_instance_func(instance, "f");
    return start;
  }
  cove_component_instance *instance = NULL;
  cove_wasi_config *config = cove_wasi_config_new();
  l->component_linker = cove_component_linker_new(l->store);
  if (config == NULL || l->component_linker == NULL)
    end("out of memory");
  cove_wasi_config_clock(config, COVE_CLOCK_REAL, 0);
  cove_wasi_config_random(config, COVE_RANDOM_SYSTEM);
  check(cove_wasi_new(config, &l->wasi, &error), error);
  check(cove_component_linker_define_wasi(l->component_linker, l->wasi, &error), error);
  start = now_ns(CLOCK_MONOTONIC);
  check(cove_component_linker_instantiate(l->component_linker, s->component, &instance, &error), error);
  start = now_ns(CLOCK_MONOTONIC) - start;
  cove_wasi_config_delete(config);
  return start;
}

static void touch(const life *l) {
  cove_error *error = NULL;
  cove_value value;
  if (l->func != NULL)
    check(cove_func_call_in_place(l->func, &value, &error), error);
}

static void end_life(life *l) {
  cove_linker_delete(l->linker);
  cove_component_linker_delete(l->component_linker);
  cove_store_delete(l->store);
  cove_wasi_delete(l->wasi);
}

static void measure(const subject *s, unsigned lives) {
  uint64_t best_inside = UINT64_MAX, best_whole = UINT64_MAX;
  for (int batch = 0; batch < BATCHES; batch++) {
    uint64_t inside = 0, whole = now_ns(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < lives; i++) {
      life l;
      inside += begin_life(s, &l);
      touch(&l);
      end_life(&l);
    }
    whole = now_ns(CLOCK_MONOTONIC) - whole;
    best_inside = inside < best_inside ? inside : best_inside;
    best_whole = whole < best_whole ? whole : best_whole;
  }
  printf("%s: instantiate %.1f\n", s->name, (double)best_inside / lives);
  printf("%s: store, instance, use, all deleted %.1f\n", s->name, (double)best_whole / lives);
}

// A line of /proc/self/status in kilobytes.
static long status_kb(const char *key) {
  char line[256];
  long value = -1;
  FILE *file = fopen("/proc/self/status", "r");
  while (file != NULL && value < 0 && fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, key, strlen(key)) == 0)
      value = strtol(line + strlen(key), NULL, 10);
  if (file != NULL)
    fclose(file);
  return value;
}

static long mappings(void) {
  long count = 0;
  FILE *file = fopen("/proc/self/maps", "r");
  for (int c; file != NULL && (c = getc(file)) != EOF;)
    count += c == '\n';
  if (file != NULL)
    fclose(file);
  return count;
}

static void measure_idle(const subject *s, unsigned count) {
  life *lives = calloc(count, sizeof *lives);
  if (lives == NULL)
    end("out of memory");
  long kb = status_kb("VmRSS:"), tables = status_kb("VmPTE:"), maps = mappings();
  for (unsigned i = 0; i < count; i++) {
    begin_life(s, &lives[i]);
    touch(&lives[i]);
    cove_linker_delete(lives[i].linker);
    cove_component_linker_delete(lives[i].component_linker);
    lives[i].linker = NULL;
    lives[i].component_linker = NULL;
  }
  printf("%s: %u idle, MiB resident %.1f\n", s->name, count, (double)(status_kb("VmRSS:") - kb) / 1024);
  printf("%s: %u idle, MiB of page tables %.1f\n", s->name, count, (double)(status_kb("VmPTE:") - tables) / 1024);
  printf("%s: %u idle, mappings %ld\n", s->name, count, mappings() - maps);
  for (unsigned i = 0; i < count; i++)
    end_life(&lives[i]);
  free(lives);
}

static void run(const subject *s, const options *o, unsigned lives) {
  measure(s, lives);
  if (o->idle != 0)
    measure_idle(s, o->idle);
}

static void run_module(cove_engine *engine, const options *o) {
  cove_error *error = NULL;
  cove_buffer binary = {0};
  subject s = {.name = "module of 1 MiB", .engine = engine};
  check(cove_text_parse(engine, module_text, strlen(module_text), &binary, &error), error);
  check(cove_module_new(engine, binary.data, binary.size, &s.module, &error), error);
  cove_buffer_delete(&binary);
  run(&s, o, LIVES);
  cove_module_delete(s.module);
}

static void run_component(cove_engine *engine, const options *o, const char *path) {
  cove_error *error = NULL;
  const char *slash = strrchr(path, '/');
  subject s = {.name = slash != NULL ? slash + 1 : path, .engine = engine};
  check(cove_component_open(engine, path, &s.component, &error), error);
  run(&s, o, SLOW_LIVES);
  cove_component_delete(s.component);
}

// Functions compile when they are first called, so that large components are there soon.
static cove_engine *make_pooled_engine(const options *o) {
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_pool *pool = NULL;
  cove_config *config = cove_config_new();
  cove_pool_config *pool_config = cove_pool_config_new();
  if (config == NULL || pool_config == NULL)
    end("out of memory");
  if (o->tier != NULL)
    check(cove_config_set_tier(config, o->tier, &error), error);
  if (o->pool != 0) {
    cove_pool_config_set_memories(pool_config, o->pool);
    check(cove_pool_new(pool_config, &pool, &error), error);
    cove_config_set_pool(config, pool);
  }
  check(cove_engine_new(config, &engine, &error), error);
  cove_pool_delete(pool);
  cove_pool_config_delete(pool_config);
  cove_config_delete(config);
  return engine;
}

int main(int argc, char **argv) {
  options o = {0};
  int i = 1;
  for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
    if (strcmp(argv[i], "--pool") == 0)
      o.pool = (uint32_t)strtoul(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--idle") == 0)
      o.idle = (unsigned)strtoul(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--tier") == 0)
      o.tier = argv[i + 1];
    else
      end("unknown option");
  }
  cove_engine *engine = make_pooled_engine(&o);
  if (i == argc)
    run_module(engine, &o);
  for (; i < argc; i++)
    run_component(engine, &o, argv[i]);
  cove_engine_delete(engine);
  return 0;
}
