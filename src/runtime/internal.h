// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// internal.h: what the files of the runtime share with each other: the store, the engine, and the functions that no
// tier and no host function calls.
#ifndef COVE_RUNTIME_INTERNAL_H
#define COVE_RUNTIME_INTERNAL_H

#include "base/vec.h"
#include "runtime/engine.h"
#include "runtime/interrupt.h"
#include "runtime/pool.h"
#include "runtime/store.h"
#include "wasm/canon.h"

struct cv_engine {
  cv_mem mem;
  uint32_t references; // atomic
  const cv_tier *tier;
  cv_features features;
  cv_compile_options compile;
  uint64_t stack_bytes;
  cv_type_registry *registry;
  cv_pool *pool; // its own, or one that the host made
  cv_pool own_pool;
};

// An externref value points at one of these.
typedef struct cv_externref {
  struct cv_externref *next;
  void *data;
  void (*finalize)(void *data);
  const cv_store *store;
  uint32_t pins;
  bool marked;
} cv_externref;

typedef struct cv_host_env {
  void *env;
  void (*finalize)(void *env);
} cv_host_env;

struct cv_store {
  cv_engine *engine;
  cv_mem mem;
  cv_store_options limits; // every default filled in
  cv_arena arena;          // host objects: functions, globals, tags, structures of memories and tables
  CV_VEC(cv_instance *) instances;
  CV_VEC(cv_memory *) memories; // all, defined and host-made, each once
  CV_VEC(cv_table *) tables;
  CV_VEC(cv_global *) globals; // host-made
  CV_VEC(cv_host_env) envs;
  uint32_t components;  // component instances
  uint64_t memory_used; // bytes of all memories together
  cv_fiber *spare;      // kept for the next call
  void *data;
  char refusal[160];
  uint64_t refusal_limit;  // the number in it
  uint64_t fuel_given;     // at the last cv_context_set_fuel
  uint64_t deadline_after; // nanoseconds, as given to cv_context_set_deadline
  // Collected objects (runtime/heap.c).
  cv_exception *exceptions;
  cv_externref *externrefs;
  uint32_t exception_count, externref_count;
  uint32_t collect_at; // objects that make the next collection happen
  // The watcher's (runtime/interrupt.c), under its lock.
  cv_store *next_watched;
  uint64_t deadline; // cv_thread_now's clock, 0 for none
  bool watched;
  uint8_t idle_rounds;
  cv_context context; // last, because it is large
};

// ---- memory.c ----
// Fills an object for a memory of this type; `image` may be NULL. Registers it with the store.
CV_MUST_USE cv_status cv_memory_init(cv_store *store, cv_memory *memory, const cv_memtype *type, const cv_image *image,
                                     cv_diag *diag);
void cv_memory_free(cv_memory *memory);
cv_memtype cv_memory_present_type(const cv_memory *memory);

// ---- table.c ----
CV_MUST_USE cv_status cv_table_init(cv_store *store, cv_table *table, const cv_tabletype *type, void *init,
                                    cv_diag *diag);
void cv_table_free(cv_table *table);
cv_tabletype cv_table_present_type(const cv_table *table);

// ---- const_expr.c ----
// The value of a validated constant expression.
CV_MUST_USE cv_status cv_const_eval(cv_instance *instance, const cv_const_expr *expr, cv_value *out);
// Its value when it depends on no instance: true and *out for an integer expression of constants only.
bool cv_const_is_static(const cv_module *module, const cv_const_expr *expr, uint64_t *out);

// ---- block.c ----
// The blocks of instances. That of a former instance of the same code has its function objects filled already.
CV_MUST_USE cv_instance *cv_block_new(cv_store *store, cv_code *code);
void cv_block_free(cv_store *store, cv_instance *instance); // of an instance that nobody has seen
void cv_block_park(cv_store *store, cv_instance *instance); // before its code is released
void cv_parked_delete(cv_code *code);

// ---- image.c ----
// Images of the module's memories when its data segments allow it, else NULL. `memory` counts defined memories.
const cv_image *cv_code_image(cv_code *code, uint32_t memory);
// True when images hold all data segments of the module.
bool cv_images_are_all(cv_code *code);
void cv_images_delete(cv_code *code);
// True when the code is used often enough to make images worth their price; counts the use.
bool cv_code_wants_images(cv_code *code);

// ---- heap.c ----
void cv_heap_free(cv_store *store);
void cv_heap_collect(cv_store *store);

// ---- store.c ----
// Notes which limit refused something, as a number and in a sentence.
CV_PRINTF(3, 4) void cv_store_refuse(cv_store *store, uint64_t limit, const char *fmt, ...);

// ---- trap.c, fault.c ----
CV_MUST_USE bool cv_fault_install(int interrupt_signal);
// Makes context->trap one of this kind, with the backtrace of all activations. Async-signal-safe.
void cv_trap_capture(cv_context *context, cv_trap_kind kind);

// A context whose host function runs a call of another store. Lives on the stack of that call.
typedef struct cv_suspended {
  const cv_context *context;
  const struct cv_suspended *outer;
} cv_suspended;

// A call of another store that a host function makes ends with the call that it is part of: this passes the interrupt
// on to the inner store, whose flag everybody looks at. Leaving the inner call takes it back.
void cv_context_inherit_interrupt(cv_context *context);

// What a thread is to the runtime. Read by signal handlers.
typedef struct cv_thread_state {
  cv_context *context;           // the one that runs here, NULL when none does
  const cv_suspended *suspended; // innermost
  uint32_t id;                   // cv_thread_id; 0 until cv_thread_prepare
} cv_thread_state;
extern _Thread_local cv_thread_state cv_this_thread __attribute__((tls_model("initial-exec")));
// Gives the thread its signal stack and number. Before the first call of wasm code on it.
CV_MUST_USE bool cv_thread_prepare(void);

// ---- call.c ----
cv_invoke_fn cv_host_invoke;
cv_invoke_fn cv_host_invoke_checked; // for results that a reference of the host need not fit

// ---- interrupt.c ----
void cv_watcher_forget(cv_store *store);
void cv_watcher_signal_number(int number);

static inline bool cv_stack_has(const cv_fiber *fiber, uintptr_t address) {
  return address - (uintptr_t)fiber->stack.low < fiber->stack.size;
}

#endif
