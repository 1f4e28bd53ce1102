// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// runtime.h: the run-time objects of core WebAssembly (core specification, 4.2): store, instances, functions, memories,
// tables, globals, tags, exceptions. Native code of a tier addresses the fields of these structures by offset, so they
// are plain, and everything that it needs is at most two loads away from the instance.
//
// Terms
//   context    the state of execution of a store: stack limit, fuel, activations, the pending trap. One per store.
//   activation one entry from C into a tier's code; the place that a trap or an uncaught exception unwinds to.
//   slot       a cv_value: 16 bytes, aligned, whatever the type. Array calls pass slots.
//
// Threads: a store and all in it belong to one thread at a time. Modules are immutable and shared. A shared memory is
// the one object that several stores may hold.
#ifndef COVE_RUNTIME_RUNTIME_H
#define COVE_RUNTIME_RUNTIME_H

#include "base/arena.h"
#include "base/status.h"
#include "runtime/trap.h"
#include "wasm/module.h"

typedef struct cv_context cv_context;
typedef struct cv_store cv_store;
typedef struct cv_instance cv_instance;
typedef struct cv_func cv_func;
typedef struct cv_memory cv_memory;
typedef struct cv_table cv_table;
typedef struct cv_global cv_global;
typedef struct cv_tag cv_tag;
typedef struct cv_exception cv_exception;
typedef struct cv_code cv_code;   // a module made ready by a tier: runtime/tier.h
typedef struct cv_tier cv_tier;   // runtime/tier.h
typedef struct cv_fiber cv_fiber; // runtime/pool.h

// A value of any type. A null reference is a NULL pointer. A funcref is a cv_func *, an exnref a cv_exception *, an
// externref an opaque non-NULL pointer of the store (runtime/extern.h).
typedef union __attribute__((aligned(16))) cv_value {
  int32_t i32;
  uint32_t u32;
  int64_t i64;
  uint64_t u64;
  float f32;
  double f64;
  uint8_t v128[16];
  void *ref;
  cv_func *func;
  cv_exception *exn;
} cv_value;
static_assert(sizeof(cv_value) == 16, "slots are 16 bytes");

// How a call ended. After CV_RUN_TRAP, context->trap says why; after CV_RUN_EXCEPTION, context->exception is the
// exception that nobody has caught yet.
typedef enum cv_run { CV_RUN_OK = 0, CV_RUN_TRAP = 1, CV_RUN_EXCEPTION = 2 } cv_run;

// The array convention, the one every tier and every host function can be called by. `values` holds the arguments and
// has room for the results, which replace them. `caller` is the instance whose code calls, NULL from the host.
typedef cv_run cv_invoke_fn(cv_context *context, cv_func *func, cv_instance *caller, cv_value *values);

// A host function: `env` as given at its making. Traps with cv_trap_set and CV_RUN_TRAP.
typedef cv_run cv_host_fn(void *env, cv_instance *caller, cv_value *values);

// A function instance; a funcref points at one. Offsets are used by native code.
struct cv_func {
  void *code;            // 0: entry in the native convention of the machine (exec/code); NULL when no native tier runs
  cv_instance *instance; // 8: where it was defined; NULL for a host function
  cv_invoke_fn *invoke;  // 16: entry in the array convention
  cv_typeid type;        // 24: canonical id of its type
  uint32_t index;        // 28: function index in the instance's module
  cv_host_fn *host;      // 32: host functions only
  void *host_env;        // 40
  const cv_functype *signature; // 48: value types in canonical ids or abstract
  cv_store *store;              // 56; host functions only: others have their instance's (cv_func_store)
};

struct cv_memory {
  uint8_t *base;      // 0: never moves; the reserved range starts here
  uint64_t size;      // 8: bytes now accessible; grows, atomically when shared
  uint64_t max_bytes; // the least of the type's maximum, the store's limit and the reservation
  uint64_t reserved;  // bytes of address space from base, guard included
  cv_memtype type;    // as declared: the present size is `size`
  cv_store *store;
  struct cv_shared_memory *shared; // counted, NULL unless shared
  struct cv_slot *slot;            // where its address space comes from (runtime/pool.h)
  struct cv_memory *next_view;     // shared: the other stores' objects for the same memory
};

struct cv_table {
  void **elems;  // 0: references; NULL pointers are null
  uint64_t size; // 8: elements
  uint64_t max;  // 16
  uint64_t capacity;
  cv_tabletype type; // elem in canonical ids
  cv_store *store;
};

struct cv_global {
  cv_value value; // 0
  cv_globaltype type;
  cv_store *store;
};
static_assert(sizeof(struct cv_global) == 32, "globals are in the instance's block, one after another");

struct cv_tag {
  cv_typeid type;
  const cv_functype *signature;
  cv_store *store;
};

struct cv_exception {
  cv_exception *next; // all of the store
  const cv_tag *tag;
  uint32_t count; // payload values
  uint16_t pins;  // held by the host, out of sight of the collector
  bool marked;
  cv_value payload[];
};

// An instance is one block: this header, then the arrays that cv_layout places. Objects that the instance defines are
// stored in the block itself; imported ones are pointers there. So native code reaches a defined global, table or
// memory with one addressing mode, and an imported one with one load more.
struct cv_instance {
  cv_context *context;   // 0
  uint8_t *memory0_base; // 8: base of memory 0, NULL without one
  cv_memory *memory0;    // 16
  const cv_module *module;
  cv_code *code;
  cv_store *store;
  void *host_data; // of whoever made it: for WASI the resource context
  const struct cv_layout *layout;
  uint8_t *dropped_elems; // one byte a segment
  uint8_t *dropped_datas;
  uint64_t block_size;
  bool has_elem_funcs;    // the functions of all active element segments are there (cv_instance_func)
  cv_memory *wasi_memory; // a cache of cv_instance_wasi_memory
};

static inline cv_store *cv_func_store(const cv_func *func) {
  return func->instance != NULL ? func->instance->store : func->store;
}

// Where things are in the instance's block, in bytes from its start; depends on the module only.
typedef struct cv_layout {
  uint32_t imported_funcs;    // cv_func *[]
  uint32_t imported_tables;   // cv_table *[]
  uint32_t imported_memories; // cv_memory *[]
  uint32_t imported_globals;  // cv_global *[]
  uint32_t tags;              // cv_tag *[], all tags, imported and defined
  uint32_t tables;            // cv_table[], defined ones
  uint32_t memories;          // cv_memory[], defined ones
  uint32_t globals;           // cv_global[], defined ones
  uint32_t funcs;             // cv_func[], defined ones; filled when first asked for (cv_instance_func)
  uint32_t size;
} cv_layout;
CV_MUST_USE cv_status cv_layout_of(const cv_module *module, cv_layout *layout, cv_diag *diag);

// One entry from C into a tier. Linked from the context, innermost first; lives on the stack of who enters.
typedef enum cv_activation_kind { CV_ACTIVATION_NATIVE, CV_ACTIVATION_INTERP, CV_ACTIVATION_HOST } cv_activation_kind;
typedef struct cv_activation {
  struct cv_activation *outer;
  cv_activation_kind kind;
  void *sp;        // native: stack pointer to restore when unwinding to here
  void *frame;     // native: frame pointer at the last exit to C (host call, helper) or fault; walks start here
  void *pc;        // native: return address at the last exit to C, or the faulting pc
  cv_func *func;   // interp, host: what runs
  uint32_t offset; // interp: offset in the module of the current instruction
  bool faulted;    // `pc` is the faulting instruction itself, not a return address
} cv_activation;

enum { CV_ARG_SLOTS = 1000 };

// A frame that an exception has left. What a place of a native tier means is found when somebody asks.
typedef struct cv_left_frame {
  const cv_instance *instance;
  uint64_t place; // native tiers: a pc inside the call or throw; else function index << 32 | offset in the module
} cv_left_frame;

// The state of execution. Native code addresses it by offset.
struct cv_context {
  uintptr_t stack_limit;   // 0: the stack pointer may not go below; leaves room for helpers and host functions
  int64_t fuel;            // 8: left; used only by code compiled for fuel
  cv_activation *top;      // 16: innermost
  cv_exception *exception; // 24: being thrown
  uint32_t interrupt;      // 32: atomic; cv_trap_kind that a deadline or a cancellation asks for, 0 for none
  uint32_t host_depth;     // 36: nested calls from host functions into wasm
  cv_store *store;         // 40
  cv_fiber *fiber;         // 48: the one that now runs, NULL on the host's stack
  uint32_t thread;         // 56: cv_thread_id of the thread that executes, 0 when none does
  uint32_t call_depth;     // 60: nested calls in the interpreter
  uint32_t max_call_depth;
  uint32_t inherited; // what `interrupt` was set to for a store whose host function made the call that runs, or 0
  bool fuel_enabled;
  bool trap_on_limit;   // memory.grow and table.grow beyond a limit trap
  struct cv_task *task; // the innermost one of the Component Model, NULL when none runs (component/instance.h)
  cv_trap trap;         // the last one
  // The frames that the last thrown exception has left, innermost first: its backtrace if nobody catches it.
  const cv_exception *left_by;
  uint32_t left_total;         // of them the first CV_MAX_BACKTRACE are kept
  cv_value args[CV_ARG_SLOTS]; // parameters and results that do not go in registers; dead except across one call
  cv_left_frame left[CV_MAX_BACKTRACE];
};

// ---- traps ----
// Sets context->trap (kind, formatted sentence or NULL for the kind's own) with the backtrace; returns CV_RUN_TRAP.
CV_COLD CV_PRINTF(3, 4) cv_run cv_trap_set(cv_context *context, cv_trap_kind kind, const char *fmt, ...);
// Completes the sentence of context->trap where it is made of numbers that only the store knows, and returns it. Not
// for signal handlers.
const char *cv_trap_sentence(cv_context *context);
// After CV_RUN_EXCEPTION that the host does not pass on: makes it context->trap, with the frames that it left.
CV_COLD void cv_trap_uncaught(cv_context *context);
// How many frames `exception` has left so far; those of the one before it are forgotten.
static inline uint32_t cv_exception_left(cv_context *context, const cv_exception *exception) {
  if (context->left_by != exception) {
    context->left_by = exception;
    context->left_total = 0;
  }
  return context->left_total;
}
// The frame `number` does not catch it either. The caller counts: context->left_total.
static inline void cv_exception_leaves(cv_context *context, uint32_t number, const cv_instance *instance,
                                       uint64_t place) {
  if (number < CV_MAX_BACKTRACE)
    context->left[number] = (cv_left_frame){instance, place};
}

// ---- calls ----
// Calls `func` from C: enters a fiber when not on one, sets the activation, runs. `values` as in cv_invoke_fn.
CV_MUST_USE cv_run cv_call(cv_context *context, cv_func *func, cv_value *values);
// From C that native code called: leaves the innermost activation, which is native, with `run`; the trap or exception
// is set in the context. Whatever C is in between is skipped, so it holds no lock and owns nothing.
CV_NORETURN void cv_raise(cv_context *context, cv_run run);
CV_NORETURN CV_COLD void cv_raise_trap(cv_context *context, cv_trap_kind kind);

// ---- access for host functions ----
// The function object of a function index; created when first asked for. NULL only when out of memory.
cv_func *cv_instance_func(cv_instance *instance, uint32_t index);
cv_memory *cv_instance_memory(const cv_instance *instance, uint32_t index);
cv_table *cv_instance_table(const cv_instance *instance, uint32_t index);
cv_global *cv_instance_global(const cv_instance *instance, uint32_t index);
cv_tag *cv_instance_tag(const cv_instance *instance, uint32_t index);
// The export of that name and kind, NULL when there is none.
const cv_export *cv_instance_export(const cv_instance *instance, cv_bytes name, cv_extern_kind kind);
void cv_exception_pin(cv_exception *exception); // an exception that the host keeps beyond its next call
void cv_exception_unpin(cv_exception *exception);
// The memory that WASI functions mean: the export "memory", else memory 0, else NULL.
cv_memory *cv_instance_wasi_memory(const cv_instance *instance);
static inline uint64_t cv_memory_size(const cv_memory *memory) {
  return __atomic_load_n(&memory->size, __ATOMIC_ACQUIRE);
}

#endif
