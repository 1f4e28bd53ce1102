// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_p1.c: calls of every function of preview 1 and wasi_unstable, with arguments that the input makes, on a memory
// whose contents it makes. Whatever is asked: no fault, no read or write outside the guest's memory, nothing leaked,
// no waiting (the clock is virtual).
#include "wasi_input.h"

#include "runtime/engine.h"
#include "wasi/p1/p1.h"

#include <stdlib.h>

enum { MAX_CALLS = 64, FILLED = 2048 };

// (module (memory (export "memory") 1))
static const uint8_t module_bytes[] = {0, 'a', 's', 'm', 1,   0,   0,   0,   5,   3,   1, 0, 1,
                                       7, 10,  1,   6,   'm', 'e', 'm', 'o', 'r', 'y', 2, 0};

static cv_engine *engine;
static cv_code *code;

static void start(void) {
  cv_module *module;
  if (cv_engine_new(&engine, NULL, NULL) != CV_OK ||
      cv_engine_load(engine, module_bytes, sizeof module_bytes, false, &module, NULL) != CV_OK ||
      cv_engine_compile(engine, module, &code, NULL) != CV_OK)
    abort();
}

static cv_wasi *context_new(cv_mem *mem) {
  cv_wasi *w = NULL;
  cv_wasi_config *c = cv_wasi_config_new(mem);
  if (c == NULL)
    abort();
  cv_stdio text = {.kind = CV_STDIO_BUFFER, .text = CV_BYTES_LITERAL("some input")};
  cv_dir dirs[] = {{.kind = CV_DIR_MEMORY, .guest = "/data"},
                   {.kind = CV_DIR_MEMORY, .guest = "/ro", .read_only = true}};
  c->limits.memory_fs = 1 << 20;
  c->limits.output = 1000;
  c->limits.descriptors = 16;
  cv_wasi_config_clocks(c, CV_CLOCK_VIRTUAL, CV_CLOCK_VIRTUAL, 1000);
  cv_wasi_config_random(c, CV_RANDOM_SEEDED, 1);
  if (cv_wasi_config_arg(c, "program") != CV_OK || cv_wasi_config_env(c, "K", "V") != CV_OK ||
      cv_wasi_config_stdio(c, 0, &text) != CV_OK || cv_wasi_config_stdio(c, 1, &(cv_stdio){.kind = CV_STDIO_BUFFER}) ||
      cv_wasi_config_dir(c, &dirs[0]) != CV_OK || cv_wasi_config_dir(c, &dirs[1]) != CV_OK ||
      cv_wasi_new(mem, c, &w, NULL) != CV_OK)
    abort();
  cv_wasi_config_delete(c);
  return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cv_mem mem;
  cv_p1 *p1;
  cv_store *store;
  cv_instance *instance;
  if (engine == NULL)
    start();
  input in = {data, data + size};
  cv_mem_init(&mem, UINT64_MAX);
  cv_wasi *w = context_new(&mem);
  if (cv_store_new(engine, NULL, &store, NULL) != CV_OK ||
      cv_instantiate(store, code, NULL, 0, NULL, &instance, NULL) != CV_OK ||
      cv_p1_new(&mem, w, cv_store_context(store), &p1) != CV_OK)
    abort();
  if ((next(&in) & 1) != 0) {
    w->trace = ignore_trace;
    w->trace_env = &mem;
  }
  uint8_t *base = cv_instance_wasi_memory(instance)->base;
  size_t filled = CV_MIN((size_t)(in.end - in.at) / 2, (size_t)FILLED);
  if (filled != 0)
    memcpy(base, in.at, filled);
  in.at += filled;
  for (int i = 0; i < MAX_CALLS && in.at != in.end && !w->exited; i++) {
    cv_p1_function f = cv_p1_at(p1, next(&in) % cv_p1_count());
    cv_value values[16] = {0};
    for (uint32_t k = 0; k < f.type.param_count; k++) {
      values[k].u64 = number(&in);
      if (cv_functype_params(&f.type)[k] == CV_I32)
        values[k].u64 = values[k].u32;
    }
    cv_run run = f.fn(f.env, instance, values);
    // Whatever was given, the answer is an errno of preview 1, or an end for a reason.
    if (run == CV_RUN_OK ? f.type.result_count == 0 || values[0].u32 > 76
                         : !w->exited && cv_store_context(store)->trap.kind != CV_TRAP_OUTPUT_LIMIT)
      abort();
  }
  cv_buf text;
  cv_buf_init(&text, &mem);
  cv_wasi_explain(w, &text);
  cv_buf_free(&text);
  cv_p1_delete(p1);
  cv_wasi_delete(w);
  cv_store_delete(store);
  if (mem.used != 0)
    abort();
  return 0;
}
