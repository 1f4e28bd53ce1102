// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// store.c: stores, their limits, and host-made objects.
#include "runtime/internal.h"

#include <stdarg.h>
#include <stdio.h>

static cv_store_options with_defaults(const cv_engine *engine, const cv_store_options *given) {
  cv_store_options o = given != NULL ? *given : (cv_store_options){0};
  o.host_bytes = o.host_bytes != 0 ? o.host_bytes : (uint64_t)1 << 30;
  o.memory_bytes = o.memory_bytes != 0 ? o.memory_bytes : UINT64_MAX;
  o.memory_total = o.memory_total != 0 ? o.memory_total : UINT64_MAX;
  o.table_elements = o.table_elements != 0 ? o.table_elements : 10000000;
  o.instances = o.instances != 0 ? o.instances : 10000;
  o.handles = o.handles != 0 ? o.handles : 1000000;
  o.value_bytes = o.value_bytes != 0 ? o.value_bytes : 256u << 20;
  o.exceptions = o.exceptions != 0 ? o.exceptions : 1000000;
  o.stack_bytes = o.stack_bytes != 0 ? o.stack_bytes : engine->stack_bytes;
  o.call_depth = o.call_depth != 0 ? o.call_depth : UINT32_MAX;
  return o;
}

cv_status cv_store_new(cv_engine *engine, const cv_store_options *options, cv_store **out, cv_diag *diag) {
  cv_store *s = cv_mem_alloc(&engine->mem, sizeof *s);
  if (s == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for a store");
  // The argument slots need no zeros and are most of it.
  memset(s, 0, offsetof(cv_store, context) + offsetof(cv_context, args));
  s->engine = engine;
  cv_engine_retain(engine);
  s->limits = with_defaults(engine, options);
  cv_mem_init(&s->mem, s->limits.host_bytes);
  cv_arena_init(&s->arena, &s->mem);
  s->context.store = s;
  s->context.max_call_depth = s->limits.call_depth;
  s->context.trap_on_limit = s->limits.trap_on_limit;
  s->context.fuel_enabled = engine->compile.fuel;
  s->context.fuel = INT64_MAX;
  *out = s;
  return CV_OK;
}

void cv_store_delete(cv_store *s) {
  if (s == NULL)
    return;
  cv_watcher_forget(s);
  // The last first: what was made later may use what was there before.
  for (size_t i = s->envs.count; i-- != 0;)
    s->envs.data[i].finalize(s->envs.data[i].env);
  cv_heap_free(s);
  for (size_t i = 0; i < s->memories.count; i++)
    cv_memory_free(s->memories.data[i]);
  for (size_t i = 0; i < s->tables.count; i++)
    cv_table_free(s->tables.data[i]);
  for (size_t i = 0; i < s->instances.count; i++) {
    cv_instance *instance = s->instances.data[i];
    cv_code *code = instance->code;
    cv_block_park(s, instance);
    cv_code_release(code);
  }
  cv_vec_free(&s->mem, &s->envs);
  cv_vec_free(&s->mem, &s->memories);
  cv_vec_free(&s->mem, &s->tables);
  cv_vec_free(&s->mem, &s->globals);
  cv_vec_free(&s->mem, &s->instances);
  cv_arena_free(&s->arena);
  cv_engine *engine = s->engine;
  cv_pool_fiber_give(engine->pool, s->spare);
  cv_mem_free(&engine->mem, s, sizeof *s);
  cv_engine_release(engine);
}

const cv_store_options *cv_store_limits(const cv_store *s) {
  return &s->limits;
}

cv_context *cv_store_context(cv_store *s) {
  return &s->context;
}

cv_engine *cv_store_engine(const cv_store *s) {
  return s->engine;
}

cv_mem *cv_store_mem(cv_store *s) {
  return &s->mem;
}

void *cv_store_data(const cv_store *s) {
  return s->data;
}

void cv_store_set_data(cv_store *s, void *data) {
  s->data = data;
}

const char *cv_store_refusal(const cv_store *s) {
  return s->refusal;
}

void cv_store_refuse(cv_store *s, uint64_t limit, const char *fmt, ...) {
  va_list args;
  s->refusal_limit = limit;
  va_start(args, fmt);
  vsnprintf(s->refusal, sizeof s->refusal, fmt, args);
  va_end(args);
}

void *cv_store_alloc(cv_store *s, size_t size) {
  return cv_arena_calloc(&s->arena, 1, size);
}

cv_status cv_store_on_delete(cv_store *s, void (*finalize)(void *env), void *env) {
  return cv_vec_push(&s->mem, &s->envs, (cv_host_env){env, finalize});
}

cv_status cv_store_count_component(cv_store *s, cv_diag *diag) {
  if (s->components >= s->limits.instances) {
    cv_store_refuse(s, s->limits.instances, "limit of %u component instances reached", s->limits.instances);
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "%s", s->refusal);
  }
  s->components++;
  return CV_OK;
}

cv_func *cv_store_func_new(cv_store *s, cv_typeid type, cv_host_fn *fn, void *env, void (*finalize)(void *env)) {
  if (finalize != NULL && cv_vec_reserve(&s->mem, &s->envs, 1) != CV_OK)
    return NULL;
  cv_func *f = CV_ARENA_NEW(&s->arena, cv_func);
  if (f == NULL)
    return NULL;
  const cv_canon_type *canon = cv_canon_type_of(s->engine->registry, type);
  *f = (cv_func){.invoke = canon->checks_results ? cv_host_invoke_checked : cv_host_invoke,
                 .type = type,
                 .host = fn,
                 .host_env = env,
                 .signature = &canon->as.func,
                 .store = s};
  const cv_tier *tier = s->engine->tier;
  if (tier->thunk != NULL && (f->code = tier->thunk(f->signature, type)) == NULL)
    return NULL;
  if (finalize != NULL)
    s->envs.data[s->envs.count++] = (cv_host_env){env, finalize};
  return f;
}

cv_status cv_store_memory_new(cv_store *s, const cv_memtype *type, cv_memory **out, cv_diag *diag) {
  cv_memory *m = CV_ARENA_NEW(&s->arena, cv_memory);
  if (m == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for a memory");
  CV_TRY(cv_memory_init(s, m, type, NULL, diag));
  *out = m;
  return CV_OK;
}

cv_status cv_store_table_new(cv_store *s, const cv_tabletype *type, void *init, cv_table **out, cv_diag *diag) {
  cv_table *t = CV_ARENA_NEW(&s->arena, cv_table);
  if (t == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for a table");
  CV_TRY(cv_table_init(s, t, type, init, diag));
  *out = t;
  return CV_OK;
}

cv_global *cv_store_global_new(cv_store *s, const cv_globaltype *type, const cv_value *value) {
  if (cv_vec_reserve(&s->mem, &s->globals, 1) != CV_OK)
    return NULL;
  cv_global *g = CV_ARENA_NEW(&s->arena, cv_global);
  if (g == NULL)
    return NULL;
  *g = (cv_global){.value = *value, .type = *type, .store = s};
  s->globals.data[s->globals.count++] = g;
  return g;
}

cv_tag *cv_store_tag_new(cv_store *s, cv_typeid type) {
  cv_tag *t = CV_ARENA_NEW(&s->arena, cv_tag);
  if (t != NULL)
    *t = (cv_tag){.type = type, .signature = &cv_canon_type_of(s->engine->registry, type)->as.func, .store = s};
  return t;
}
