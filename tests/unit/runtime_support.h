// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// runtime_support.h: what the runtime's tests share: engines, stores and instances from WAT, for every tier in turn.
// Anything that goes wrong here fails the test with the diagnostic.
#ifndef COVE_TESTS_RUNTIME_SUPPORT_H
#define COVE_TESTS_RUNTIME_SUPPORT_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/engine.h"
#include "runtime/interrupt.h"
#include "runtime/store.h"
#include "wasm/binary/decode.h"
#include "wasm/text/wat.h"

// Native tiers turn hardware faults into traps by handlers that the process installs once. cmocka puts its own over
// them before each test; this puts the runtime's back.
static inline void keep_fault_handlers(void) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
  static struct sigaction runtime[CV_COUNT(signals)];
  static bool known;
  for (size_t i = 0; i < CV_COUNT(signals); i++)
    sigaction(signals[i], known ? &runtime[i] : NULL, known ? NULL : &runtime[i]);
  known = true;
}

// Whether this build has the tier of that name and this machine can run it.
static inline bool tier_here(const char *name) {
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if (strcmp((*t)->name, name) == 0)
      return (*t)->available();
  return false;
}

typedef struct world {
  cv_engine *engine;
  cv_store *store;
  cv_context *context;
} world;

static inline void must(cv_status status, const cv_diag *diag) {
  if (status == CV_OK)
    return;
  char text[800];
  print_error("%s\n", cv_diag_message(diag, text, sizeof text));
  fail();
}

static inline world world_new(const cv_engine_options *engine_options, const cv_store_options *store_options) {
  world w;
  cv_diag diag;
  cv_diag_init(&diag);
  must(cv_engine_new(&w.engine, engine_options, &diag), &diag);
  keep_fault_handlers();
  must(cv_store_new(w.engine, store_options, &w.store, &diag), &diag);
  w.context = cv_store_context(w.store);
  return w;
}

static inline void world_delete(world *w) {
  cv_store_delete(w->store);
  cv_engine_release(w->engine);
}

static inline cv_code *compile(cv_engine *engine, const char *wat) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_buf buf;
  cv_buf_init(&buf, &mem);
  cv_diag diag;
  cv_diag_init(&diag);
  must(cv_wat_parse(wat, strlen(wat), cv_engine_features(engine), &mem, &buf, &diag), &diag);
  cv_module *module;
  cv_code *code;
  must(cv_engine_load(engine, buf.data, buf.size, true, &module, &diag), &diag);
  cv_buf_free(&buf);
  must(cv_engine_compile(engine, module, &code, &diag), &diag);
  return code;
}

static inline cv_status try_instantiate(cv_store *store, const char *wat, const cv_extern *imports, size_t count,
                                        cv_instance **out, cv_diag *diag) {
  cv_code *code = compile(cv_store_engine(store), wat);
  cv_diag_init(diag);
  cv_status status = cv_instantiate(store, code, imports, count, NULL, out, diag);
  cv_code_release(code);
  return status;
}

static inline cv_instance *instantiate(cv_store *store, const char *wat, const cv_extern *imports, size_t count) {
  cv_diag diag;
  cv_instance *instance;
  must(try_instantiate(store, wat, imports, count, &instance, &diag), &diag);
  return instance;
}

static inline cv_func *exported(cv_instance *instance, const char *name) {
  const cv_export *item = cv_instance_export(instance, cv_bytes_of(name), CV_EXTERN_FUNC);
  assert_non_null(item);
  return cv_instance_func(instance, item->index);
}

// Calls an export with one i32 (ignored when it takes none).
static inline cv_run call1(cv_instance *instance, const char *name, uint32_t arg, cv_value *out) {
  cv_value values[16] = {{.u32 = arg}};
  cv_run run = cv_call(instance->context, exported(instance, name), values);
  if (out != NULL)
    *out = values[0];
  return run;
}

static inline uint32_t result1(cv_instance *instance, const char *name, uint32_t arg) {
  cv_value out;
  cv_run run = call1(instance, name, arg, &out);
  if (run == CV_RUN_TRAP)
    print_error("trap: %s %s\n", cv_trap_text(instance->context->trap.kind), instance->context->trap.text);
  assert_int_equal(run, CV_RUN_OK);
  return out.u32;
}

static inline cv_extern host_func(const world *w, const cv_valtype *params, uint32_t param_count,
                                  const cv_valtype *results, uint32_t result_count, cv_host_fn *fn, void *env) {
  cv_typeid type = cv_engine_functype(w->engine, params, param_count, results, result_count);
  assert_int_not_equal(type, CV_NO_TYPE);
  cv_func *func = cv_store_func_new(w->store, type, fn, env, NULL);
  assert_non_null(func);
  return (cv_extern){.kind = CV_EXTERN_FUNC, .as.func = func};
}

// Runs a test once in each tier that can run here.
#define EACH_TIER(options)                                                                                             \
  for (const cv_tier *const *tier_ = cv_tiers; *tier_ != NULL; tier_++)                                                \
    if ((*tier_)->available() && ((options).tier = (*tier_)->name) != NULL)

// The same without the tier whose compiling takes too long for a test of hundreds of modules.
#define EACH_QUICK_TIER(options) EACH_TIER(options) if (strcmp((options).tier, "llvm") != 0)

#endif
