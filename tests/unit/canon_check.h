// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_check.h: what the headers shared by the tests of the canonical ABI and its fuzz target stand on: cmocka, or,
// with COVE_CANON_FUZZ, checks that abort and the little of runtime_support.h that is needed.
#ifndef COVE_TESTS_CANON_CHECK_H
#define COVE_TESTS_CANON_CHECK_H

#ifndef COVE_CANON_FUZZ

#include "runtime_support.h"

#else

#include <stdio.h>
#include <stdlib.h>

#include "runtime/engine.h"
#include "runtime/store.h"
#include "wasm/binary/decode.h"
#include "wasm/text/wat.h"

#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), abort())
#define assert_true(x)                                                                                                 \
  do {                                                                                                                 \
    if (!(x))                                                                                                          \
      fail_msg("%s:%d: %s\n", __FILE__, __LINE__, #x);                                                                 \
  } while (0)
#define assert_null(p) assert_true((p) == NULL)
#define assert_non_null(p) assert_true((p) != NULL)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_int_not_equal(a, b) assert_true((a) != (b))
#define assert_ptr_not_equal(a, b) assert_true((a) != (b))

typedef struct world {
  cv_engine *engine;
  cv_store *store;
  cv_context *context;
} world;

static inline cv_instance *instantiate(cv_store *store, const char *wat, const cv_extern *imports, size_t count) {
  cv_engine *engine = cv_store_engine(store);
  cv_buf buf;
  cv_buf_init(&buf, cv_engine_mem(engine));
  cv_diag diag;
  cv_diag_init(&diag);
  cv_module *module;
  cv_code *code;
  cv_instance *instance;
  assert_true(cv_wat_parse(wat, strlen(wat), cv_engine_features(engine), buf.mem, &buf, &diag) == CV_OK);
  assert_true(cv_engine_load(engine, buf.data, buf.size, true, &module, &diag) == CV_OK);
  cv_buf_free(&buf);
  assert_true(cv_engine_compile(engine, module, &code, &diag) == CV_OK);
  assert_true(cv_instantiate(store, code, imports, count, NULL, &instance, &diag) == CV_OK);
  cv_code_release(code);
  return instance;
}

static inline cv_func *exported(cv_instance *instance, const char *name) {
  const cv_export *item = cv_instance_export(instance, cv_bytes_of(name), CV_EXTERN_FUNC);
  assert_non_null(item);
  return cv_instance_func(instance, item->index);
}

static inline cv_extern host_func(const world *w, const cv_valtype *params, uint32_t param_count,
                                  const cv_valtype *results, uint32_t result_count, cv_host_fn *fn, void *env) {
  cv_typeid type = cv_engine_functype(w->engine, params, param_count, results, result_count);
  cv_func *func = cv_store_func_new(w->store, type, fn, env, NULL);
  assert_non_null(func);
  return (cv_extern){.kind = CV_EXTERN_FUNC, .as.func = func};
}

#endif

#endif
