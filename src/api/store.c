// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// store.c: stores, their limits, and ending their calls from other threads.
#include "api/api.h"
#include "runtime/interrupt.h"
#include "sys/thread.h"

struct cove_limits {
  cv_store_options options;
};

cove_limits *cove_limits_new(void) {
  return cv_mem_zalloc(&cv_api_mem, sizeof(cove_limits));
}

void cove_limits_delete(cove_limits *limits) {
  cv_mem_free(&cv_api_mem, limits, sizeof *limits);
}

void cove_limits_set_memory(cove_limits *limits, uint64_t bytes) {
  limits->options.memory_bytes = bytes;
}

void cove_limits_set_memory_total(cove_limits *limits, uint64_t bytes) {
  limits->options.memory_total = bytes;
}

void cove_limits_set_table(cove_limits *limits, uint64_t elements) {
  limits->options.table_elements = elements;
}

void cove_limits_set_instances(cove_limits *limits, uint32_t count) {
  limits->options.instances = count;
}

void cove_limits_set_handles(cove_limits *limits, uint32_t count) {
  limits->options.handles = count;
}

void cove_limits_set_values(cove_limits *limits, uint64_t bytes) {
  limits->options.value_bytes = bytes;
}

void cove_limits_set_host_memory(cove_limits *limits, uint64_t bytes) {
  limits->options.host_bytes = bytes;
}

void cove_limits_set_stack(cove_limits *limits, uint64_t bytes) {
  limits->options.stack_bytes = bytes;
}

void cove_limits_set_trap(cove_limits *limits, bool trap) {
  limits->options.trap_on_limit = trap;
}

// Shared by a store and its handles; the lock guards `store`.
struct cove_canceller {
  uint32_t refs; // atomic
  cv_lock lock;
  cv_store *store; // NULL when it is gone
};

static void canceller_release(cove_canceller *c) {
  if (c != NULL && __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0)
    cv_mem_free(&cv_api_mem, c, sizeof *c);
}

cove_canceller *cove_canceller_new(cove_store *store) {
  if (store->canceller == NULL) {
    cove_canceller *c = cv_mem_zalloc(&cv_api_mem, sizeof *c);
    if (c == NULL)
      return NULL;
    c->refs = 1;
    c->store = store->store;
    store->canceller = c;
  }
  __atomic_add_fetch(&store->canceller->refs, 1, __ATOMIC_RELAXED);
  return store->canceller;
}

void cove_canceller_delete(cove_canceller *canceller) {
  canceller_release(canceller);
}

void cove_canceller_cancel(cove_canceller *canceller) {
  cv_lock_take(&canceller->lock);
  // Without a watcher thread (out of memory) the flag alone is set, and the interpreter and host functions see it.
  if (canceller->store != NULL)
    (void)!cv_context_cancel(cv_store_context(canceller->store));
  cv_lock_release(&canceller->lock);
}

cove_status cove_store_new(cove_engine *engine, const cove_limits *limits, cove_store **out, cove_error **error) {
  static uint64_t last_id;
  cv_diag diag;
  cv_diag_init(&diag);
  cove_store *store = cv_mem_zalloc(&cv_api_mem, sizeof *store);
  if (store == NULL)
    return cv_api_no_memory(error);
  store->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
  store->engine = (cv_engine *)engine;
  cv_status status = cv_store_new(store->engine, limits != NULL ? &limits->options : NULL, &store->store, &diag);
  if (status != CV_OK) {
    cv_mem_free(&cv_api_mem, store, sizeof *store);
    return cv_api_diag(error, status, &diag);
  }
  cv_engine_retain(store->engine);
  cv_store_set_data(store->store, store);
  *out = store;
  return COVE_OK;
}

void cove_store_delete(cove_store *store) {
  if (store == NULL)
    return;
  if (store->canceller != NULL) {
    cv_lock_take(&store->canceller->lock);
    store->canceller->store = NULL;
    cv_lock_release(&store->canceller->lock);
    canceller_release(store->canceller);
  }
  cv_store_delete(store->store);
  for (size_t i = 0; i < store->dwarfs.count; i++)
    cv_dwarf_close(store->dwarfs.data[i].dwarf);
  cv_vec_free(&cv_api_mem, &store->dwarfs);
  for (size_t i = 0; i < store->modules.count; i++)
    cove_module_delete(store->modules.data[i]);
  cv_vec_free(&cv_api_mem, &store->modules);
  for (size_t i = 0; i < store->components.count; i++)
    cove_component_delete(store->components.data[i]);
  cv_vec_free(&cv_api_mem, &store->components);
  cv_engine_release(store->engine);
  cv_mem_free(&cv_api_mem, store, sizeof *store);
}

void *cove_store_data(const cove_store *store) {
  return store->data;
}

void cove_store_set_data(cove_store *store, void *data) {
  store->data = data;
}

cove_status cove_store_set_fuel(cove_store *store, uint64_t fuel, cove_error **error) {
  cv_context *context = cv_store_context(store->store);
  if (!context->fuel_enabled)
    return cv_api_fail(error, COVE_USAGE, "the engine does not count fuel: cove_config_set_fuel");
  cv_context_set_fuel(context, fuel);
  return COVE_OK;
}

uint64_t cove_store_fuel(const cove_store *store) {
  const cv_context *context = cv_store_context(store->store);
  return context->fuel > 0 ? (uint64_t)context->fuel : 0;
}

cove_status cove_store_set_deadline(cove_store *store, uint64_t after, cove_error **error) {
  if (cv_context_set_deadline(cv_store_context(store->store), after) != CV_OK)
    return cv_api_no_memory(error);
  return COVE_OK;
}

const char *cove_store_refusal(const cove_store *store) {
  return cv_store_refusal(store->store);
}
