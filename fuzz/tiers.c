// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tiers.c: differential fuzzing. A module made from the input (modgen) runs in every tier that is here; how each call
// ends, results, traps, fuel, memories and globals must be the same as in the interpreter. NaNs are canonical, since
// otherwise their payloads may differ. And it must make no difference that an instance, between calls, is replaced by
// one of its snapshot.
#include "modgen/modgen.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/engine.h"
#include "snapshot/snapshot.h"
#include "wasm/binary/decode.h"

enum {
  MAX_CALLS = 24,
  TURNS = 400,
  FUEL = 100000,
  VALUES = 64,
  RESULTS = 20,
  STACK = 4 << 20,
  SMALL_STACK = 128 << 10
};

// One way of running: a tier with its options.
typedef struct config {
  const char *name;
  const char *tier;
  bool lazy, fuel;
  cv_cpu_level cpu;
  bool snapshots;
  bool tier_up; // to the LLVM tier, at random places
  cv_engine *engine;
} config;

static config configs[] = {
    {"interp", "interp", false, false, CV_CPU_HOST, false, false, NULL},
    {"jit", "jit", false, false, CV_CPU_HOST, false, false, NULL},
    {"jit-lazy", "jit", true, false, CV_CPU_HOST, false, false, NULL},
    {"jit-least", "jit", false, false, CV_CPU_LEAST, false, false, NULL},
    {"llvm", "llvm", true, false, CV_CPU_HOST, false, false, NULL},
    {"llvm-eager-least", "llvm", false, false, CV_CPU_LEAST, false, false, NULL},
    {"tier-up", "jit", true, false, CV_CPU_HOST, false, true, NULL},
    {"interp-snapshot", "interp", false, false, CV_CPU_HOST, true, false, NULL},
    {"jit-snapshot", "jit", true, false, CV_CPU_HOST, true, false, NULL},
};
static config fuel_configs[] = {
    {"interp-fuel", "interp", false, true, CV_CPU_HOST, false, false, NULL},
    {"jit-fuel", "jit", false, true, CV_CPU_HOST, false, false, NULL},
    {"jit-lazy-fuel", "jit", true, true, CV_CPU_HOST, false, false, NULL},
    {"llvm-fuel", "llvm", true, true, CV_CPU_HOST, false, false, NULL},
    {"tier-up-fuel", "jit", true, true, CV_CPU_HOST, false, true, NULL},
};

// What one call did.
typedef struct outcome {
  cv_run run;
  cv_trap_kind trap;
  int64_t fuel;
  uint32_t result_count;
  cv_value results[RESULTS];
} outcome;

typedef struct observation {
  uint32_t call_count;
  outcome calls[MAX_CALLS];
  uint64_t memory_hash, global_hash, table_hash;
} observation;

static uint64_t stack_bytes;
static void *fail_module;
static size_t fail_size;

static _Noreturn void disagree(const config *c, const char *what, uint32_t call) {
  fprintf(stderr, "%s differs from %s: %s, call %u\n", c->name, c->fuel ? fuel_configs[0].name : configs[0].name, what,
          call);
  const char *path = getenv("COVE_FUZZ_MODULE"); // where to leave the module for study
  FILE *file = path != NULL ? fopen(path, "wb") : NULL;
  if (file != NULL) {
    fwrite(fail_module, 1, fail_size, file);
    fclose(file);
  }
  abort();
}

static uint64_t hash_more(uint64_t h, const void *data, size_t size) {
  const uint8_t *p = data;
  size_t i = 0;
  for (; i + 8 <= size; i += 8)
    h = (h ^ cv_load_le64(p + i)) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
  for (; i < size; i++)
    h = (h ^ p[i]) * 0x100000001b3u;
  return h;
}

static bool is_available(const char *tier) {
  for (size_t i = 0; cv_tiers[i] != NULL; i++)
    if (strcmp(cv_tiers[i]->name, tier) == 0)
      return cv_tiers[i]->available();
  return false;
}

static cv_engine *engine_of(config *c) {
  if (c->engine == NULL) {
    cv_engine_options options = {.tier = c->tier,
                                 .features = CV_FEATURES_ALL,
                                 .compile = {.fuel = c->fuel,
                                             .lazy = c->lazy,
                                             .canonical_nan = true,
                                             .cpu = c->cpu,
                                             .tier_up = c->tier_up ? CV_TIER_UP_RANDOM : CV_TIER_UP_NEVER,
                                             .tier_up_seed = c->fuel}};
    if (cv_engine_new(&c->engine, &options, NULL) != CV_OK)
      abort();
  }
  return c->engine;
}

static size_t size_of_kind(cv_valtype t) {
  switch (cv_type_kind(t)) {
  case CV_KIND_I32:
  case CV_KIND_F32:
    return 4;
  case CV_KIND_V128:
    return 16;
  default:
    return 8;
  }
}

// A reference as what can be compared: null, or which function, or just that there is something.
static uint64_t reference(cv_valtype t, const void *ref) {
  if (ref == NULL)
    return 0;
  return cv_type_heap(t) == CV_HEAP_FUNC ? 2 + ((const cv_func *)ref)->index : 1;
}

// The bits of a value that count.
static uint64_t bits_of(cv_valtype t, const cv_value *v, uint64_t *high) {
  uint64_t low = 0;
  *high = 0;
  if (cv_type_is_ref(t))
    return reference(t, v->ref);
  memcpy(&low, v, CV_MIN(size_of_kind(t), sizeof low));
  if (t == CV_V128)
    memcpy(high, v->v128 + 8, sizeof *high);
  return low;
}

static void argument(cv_instance *instance, cv_valtype t, uint32_t round, uint32_t index, cv_value *out) {
  static const uint64_t ints[] = {0, 1, 0xffffffffffffffff, 0x8000000080000000, 0x0123456789abcdef, 77};
  static const double floats[] = {0.0, -0.0, 1.5, -1e30, 4294967296.0, 0.1};
  uint64_t v = ints[(round * 5 + index) % CV_COUNT(ints)];
  double d = floats[(round * 3 + index) % CV_COUNT(floats)];
  memset(out, 0, sizeof *out);
  switch (cv_type_kind(t)) {
  case CV_KIND_I32:
    out->u32 = (uint32_t)v;
    break;
  case CV_KIND_I64:
    out->u64 = v;
    break;
  case CV_KIND_F32:
    out->f32 = (float)d;
    break;
  case CV_KIND_F64:
    out->f64 = d;
    break;
  case CV_KIND_V128:
    memcpy(out->v128, &v, 8);
    memcpy(out->v128 + 8, &d, 8);
    break;
  default:
    out->ref = (round + index) % 2 ? cv_instance_func(instance, 0) : NULL;
  }
}

static void call(const config *c, cv_store *store, cv_instance *instance, uint32_t func, uint32_t round, outcome *out) {
  static cv_value values[VALUES];
  cv_context *context = cv_store_context(store);
  cv_func *f = cv_instance_func(instance, func);
  const cv_functype *type = f->signature;
  for (uint32_t i = 0; i < type->param_count; i++)
    argument(instance, cv_functype_params(type)[i], round, i, &values[i]);
  cv_instance_global(instance, 0)->value.i32 = TURNS;
  context->fuel = FUEL;
  context->fuel_enabled = c->fuel;
  out->run = cv_call(context, f, values);
  out->trap = out->run == CV_RUN_TRAP ? context->trap.kind : CV_TRAP_NONE;
  out->fuel = c->fuel ? context->fuel : 0;
  out->result_count = out->run == CV_RUN_OK ? type->result_count : 0;
  for (uint32_t i = 0; i < out->result_count; i++) {
    uint64_t bits[2];
    bits[0] = bits_of(cv_functype_results(type)[i], &values[i], &bits[1]);
    memcpy(&out->results[i], bits, sizeof bits);
  }
}

// A module in a store of its own.
typedef struct running {
  cv_code *code;
  cv_store *store;
  cv_instance *instance;
} running;

static void start(config *c, const cv_buf *bytes, running *out) {
  cv_diag diag;
  cv_diag_init(&diag);
  cv_module *module;
  cv_engine *engine = engine_of(c);
  if (cv_engine_load(engine, bytes->data, bytes->size, true, &module, &diag) != CV_OK) {
    char text[800];
    fprintf(stderr, "invalid module: %s\n", cv_diag_message(&diag, text, sizeof text));
    disagree(c, "validation", 0);
  }
  if (cv_engine_compile(engine, module, &out->code, &diag) != CV_OK) {
    fprintf(stderr, "%s\n", diag.text);
    disagree(c, "compilation", 0);
  }
  cv_store_options options = {.stack_bytes = stack_bytes};
  if (cv_store_new(engine, &options, &out->store, &diag) != CV_OK)
    abort();
  if (cv_instantiate(out->store, out->code, NULL, 0, NULL, &out->instance, &diag) != CV_OK) {
    fprintf(stderr, "%s\n", diag.text);
    disagree(c, "instantiation", 0);
  }
}

static void stop(running *r) {
  cv_store_delete(r->store);
  cv_code_release(r->code);
}

// The instance goes on as one of its snapshot; it stays where it holds what a snapshot cannot.
static void move_on(config *c, running *r, cv_mem *mem, cv_buf *bytes) {
  static const cv_snapshot_options options;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_buf snapshot;
  cv_buf_init(&snapshot, mem);
  cv_status status = cv_snapshot(r->instance, &options, mem, &snapshot, &diag);
  if (status == CV_OK) {
    stop(r);
    cv_buf_free(bytes); // the module of the last snapshot
    *bytes = snapshot;
    fail_module = bytes->data;
    fail_size = bytes->size;
    start(c, bytes, r);
    return;
  }
  cv_buf_free(&snapshot);
  if (status != CV_EUNSUPPORTED && status != CV_ENOMEM) {
    fprintf(stderr, "%s\n", diag.text);
    disagree(c, "snapshot", 0);
  }
}

static void observe(config *c, const cv_buf *bytes, observation *o) {
  memset(o, 0, sizeof *o);
  running r;
  cv_mem mem;
  cv_buf snapshot;
  cv_mem_init(&mem, 256 << 20);
  cv_buf_init(&snapshot, &mem);
  start(c, bytes, &r);
  for (uint32_t round = 0; round < 3; round++) {
    for (uint32_t f = 0; f < r.code->module->func_count && o->call_count < MAX_CALLS; f++)
      call(c, r.store, r.instance, f, round, &o->calls[o->call_count++]);
    if (c->snapshots)
      move_on(c, &r, &mem, &snapshot);
  }
  const cv_module *module = r.code->module;
  cv_instance *instance = r.instance;
  for (uint32_t i = 0; i < module->memory_count; i++) {
    cv_memory *m = cv_instance_memory(instance, i);
    o->memory_hash = hash_more(o->memory_hash + m->size, m->base, (size_t)m->size);
  }
  for (uint32_t i = 0; i < module->global_count; i++) {
    cv_global *g = cv_instance_global(instance, i);
    uint64_t bits[2];
    bits[0] = bits_of(g->type.type, &g->value, &bits[1]);
    o->global_hash = hash_more(o->global_hash, bits, sizeof bits);
  }
  for (uint32_t i = 0; i < module->table_count; i++) {
    const cv_table *t = cv_instance_table(instance, i);
    for (uint64_t k = 0; k < t->size; k++) {
      uint64_t bits = reference(t->type.elem, t->elems[k]);
      o->table_hash = hash_more(o->table_hash, &bits, sizeof bits);
    }
  }
  stop(&r);
  cv_buf_free(&snapshot);
  fail_module = bytes->data;
  fail_size = bytes->size;
}

static void compare(const config *c, const observation *a, const observation *b) {
  for (uint32_t i = 0; i < a->call_count; i++) {
    const outcome *x = &a->calls[i], *y = &b->calls[i];
    if (x->trap == CV_TRAP_STACK_OVERFLOW || y->trap == CV_TRAP_STACK_OVERFLOW)
      return; // frames differ in size from tier to tier, and what follows differs with them
    if (x->run != y->run || x->trap != y->trap) {
      fprintf(stderr, "%d %s, %d %s\n", x->run, cv_trap_text(x->trap), y->run, cv_trap_text(y->trap));
      disagree(c, "end of call", i);
    }
    if (memcmp(x->results, y->results, sizeof x->results) != 0)
      disagree(c, "results", i);
    if (x->fuel != y->fuel) {
      fprintf(stderr, "%lld, %lld\n", (long long)x->fuel, (long long)y->fuel);
      disagree(c, "fuel", i);
    }
  }
  if (a->global_hash != b->global_hash)
    disagree(c, "globals", a->call_count);
  if (a->memory_hash != b->memory_hash)
    disagree(c, "memories", a->call_count);
  if (a->table_hash != b->table_hash)
    disagree(c, "tables", a->call_count);
}

static void run_all(config *list, size_t count, const cv_buf *bytes) {
  static observation first, other;
  observe(&list[0], bytes, &first);
  for (size_t i = 1; i < count; i++)
    if (is_available(list[i].tier) && (!list[i].tier_up || is_available("llvm"))) {
      observe(&list[i], bytes, &other);
      compare(&list[i], &first, &other);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  cv_features features = CV_FEATURES_ALL & ~CV_FEAT(GC);
  if (data[0] & 1)
    features &= ~(CV_FEAT(SIMD) | CV_FEAT(RELAXED_SIMD));
  if (data[0] & 2)
    features &= ~(CV_FEAT(EXCEPTIONS) | CV_FEAT(LEGACY_EXCEPTIONS));
  if (data[0] & 4)
    features &= ~CV_FEAT(THREADS);
  stack_bytes = data[0] & 16 ? SMALL_STACK : STACK;
  uint32_t nodes = 10 + data[1] / 2;
  modgen_options options = {.features = features,
                            .max_functions = 1 + (data[1] & 7),
                            .max_nodes = data[0] & 32 ? nodes * 8 : nodes,
                            .turns = TURNS};
  cv_mem mem;
  cv_mem_init(&mem, 64 << 20);
  cv_buf bytes;
  cv_buf_init(&bytes, &mem);
  modgen_module(&bytes, &options, data, size);
  if (cv_buf_status(&bytes) == CV_OK) {
    fail_module = bytes.data;
    fail_size = bytes.size;
    if (data[0] & 8)
      run_all(fuel_configs, CV_COUNT(fuel_configs), &bytes);
    else
      run_all(configs, CV_COUNT(configs), &bytes);
  }
  cv_buf_free(&bytes);
  return 0;
}
