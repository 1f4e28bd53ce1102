// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instance.h: the run-time objects of the Component Model (CanonicalABI.md, "Runtime State"): component instances,
// their tables of handles, resource types, functions, tasks. They belong to a store, and to its thread, and live as
// long.
//
// Terms
//   resource type  here: of the run time; made by instantiating a component that defines it, or by the host.
//   representation what a handle stands for: an i32 of the defining component, or a pointer of the host.
//   task           one call of a lifted function; counts the borrows that it holds.
//   flag           may_enter and may_leave of an instance: globals of type i32, so that generated adapters import them.
#ifndef COVE_COMPONENT_INSTANCE_H
#define COVE_COMPONENT_INSTANCE_H

#include "base/arena.h"
#include "component/component.h"
#include "runtime/runtime.h"

typedef struct cv_cinstance cv_cinstance;
typedef struct cv_cfunc cv_cfunc;
struct cv_canon_context; // component/canon/canon.h
typedef struct cv_task cv_task;

typedef struct cv_resource_type {
  cv_cinstance *impl; // whose component defines it; NULL for the host's
  bool rep_is_64;     // of a guest's: representations are i64
  cv_func *dtor;      // of a guest's; may be NULL
  // Of the host's:
  const void *key; // identity: the address of a definition; a resource of one key has one type in a store
  void (*drop)(void *env, uint64_t rep); // may be NULL
  void *env;
  cv_bytes name; // for messages
} cv_resource_type;

// What an entry of a component instance's table is. Waitables, waitable sets and error contexts will be further kinds.
typedef enum cv_handle_kind { CV_HANDLE_FREE = 0, CV_HANDLE_OWN = 1, CV_HANDLE_BORROW = 2 } cv_handle_kind;

typedef struct cv_handle_entry {
  uint8_t kind;                 // cv_handle_kind
  uint32_t lends;               // own: borrows handed out that have not come back; free: the next free index
  const cv_resource_type *type; //
  uint64_t rep;
  cv_task *scope; // borrow: the task that it was lent to, which is alive as long as the entry
} cv_handle_entry;

// Indices start at 1 and freed ones are reused last in, first out, as the specification demands.
typedef struct cv_handles {
  cv_handle_entry *entries; // entries[0] is not used
  uint32_t count, capacity; // count includes entry 0 once there is any
  uint32_t free;            // head of the free list, 0 for none
  uint32_t used, limit;     // a guest may hold `limit` at a time
} cv_handles;

// Handles that calls of generated adapters have lent, innermost call last.
typedef struct cv_lent {
  uint32_t *items;
  uint32_t count, capacity;
} cv_lent;

// A canonical option set with its indices resolved.
typedef struct cv_canon_env {
  cv_string_encoding encoding;
  bool is_async;
  bool is_64;        // of `memory`
  cv_memory *memory; // NULL when absent, as below
  cv_func *realloc;
  cv_func *post_return;
  cv_func *callback;
  // In the place of realloc for a memory of the host's own (api/scratch.h): *out is the place of `size` bytes.
  cv_run (*give)(struct cv_canon_context *cx, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size,
                 uint64_t *out);
} cv_canon_env;

typedef enum cv_cfunc_kind {
  CV_CFUNC_LIFTED, // canon lift
  CV_CFUNC_HOST,   // of the host
} cv_cfunc_kind;

typedef struct cv_canon_call cv_canon_call;
typedef struct cv_cval cv_cval; // component/canon/value.h
// A host function in the flat convention (the glue of generated bindings): the core values of the caller's lowered
// signature, replaced by its results. It lifts and lowers itself.
typedef cv_run cv_flat_fn(void *env, cv_canon_call *call, cv_value *values);
// A host function over lifted values. `result` is NULL when the type has none; what it points to must live until the
// function's next call or be of cv_canon_alloc. Sets a trap and returns CV_RUN_TRAP to trap.
typedef cv_run cv_lifted_fn(void *env, cv_canon_call *call, const cv_cval *args, cv_cval *result);

struct cv_cfunc {
  cv_cfunc_kind kind;
  const cv_cfunctype *type; // in the resources of `instance`, or of the host's world
  cv_cinstance *instance;   // lifted: whose; host: NULL
  cv_func *core;            // lifted: what it calls
  cv_canon_env options;     // lifted
  cv_flat_fn *flat;         // host: one of the two, or both: `flat` is for callers with 32-bit memories
  cv_lifted_fn *lifted;
  void *env;                                // of flat, or without it of lifted; beside flat, lifted gets this structure
  cv_bytes name;                            // for messages and traces
  const cv_resource_type *const *resources; // host: those in `type`, by its numbering
  const cv_component *component;            // host: whose numbering that is
  cv_context *context;                      // host: of the store
};

// Whether the component has built-ins that ask for the current task.
typedef enum cv_tasks { CV_TASKS_UNKNOWN, CV_TASKS_USED, CV_TASKS_UNUSED } cv_tasks;

struct cv_cinstance {
  cv_global may_enter,
      may_leave; // flags. A trap leaves may_enter at 0 in all that it passed: they are not entered again
  cv_store *store;
  cv_context *context;
  const cv_component *component;
  cv_cinstance *parent; // the instance whose definition made it, NULL for the outermost
  uint32_t level;       // number of ancestors
  uint32_t backpressure;
  cv_tasks tasks;
  uint64_t value_limit; // bytes of lists and strings that one call may bring out of its memory
  cv_handles handles;
  cv_lent lent;                       // of `handles`
  cv_task *spare_tasks;               // of generated adapters that called this instance; linked by `outer`
  const cv_resource_type **resources; // by the component's numbering (cv_component.resource_count)
  // Index spaces, each of cv_component.space_counts; private to instantiate.c.
  struct cv_cspaces *spaces;
};

typedef enum cv_task_state { CV_TASK_STARTED, CV_TASK_RESOLVED } cv_task_state;

// One call of a lifted function, on the stack of whoever calls. The context knows the innermost one.
struct cv_task {
  cv_task *outer; // that ran when this one began, in whatever instance; NULL for the first
  cv_cinstance *instance;
  const cv_cinstance *common; // innermost instance that the caller was in already; NULL from the host
  const cv_cfunc *func;       // NULL for a destructor
  cv_task_state state;
  uint32_t borrows;    // handles of kind borrow in instance->handles whose scope this is
  uint64_t storage[2]; // context.get, context.set
  // Whoever takes the result, when it was lifted, into `arena`; NULL where none is awaited this way.
  cv_run (*resolve)(cv_task *task, const cv_cval *result);
  void *resolve_env;
  cv_arena *arena;
};

// An owned resource of the host that was lifted and has no new owner yet: a trap in between must not lose it. They are
// a ring, known by its newest (NULL for none) whose `next` is the oldest: they get their owners in the order in which
// they were lifted, and each is then found at once.
typedef struct cv_taken {
  struct cv_taken *next;
  const cv_resource_type *type; // NULL: this one is not in use
  uint64_t rep;
} cv_taken;

// One call through `canon lower`: what the caller lent, and scratch memory for the values on their way. Ended by
// cv_canon_call_end whatever the outcome.
struct cv_canon_call {
  cv_memory *memory;           // the component's, NULL without; the public cove_call begins with these three
  void *host;                  // of whoever defined the function
  bool memory_is_64;           //
  bool is_export;              // the host calls; else the component does
  cv_cinstance *instance;      // the component instance on the other side
  const cv_canon_env *options; // its options
  cv_task *task;               // its task
  const cv_cfunctype *type;    // as the component sees it
  cv_arena scratch;
  uint32_t *lenders; // handles whose `lends` this call raised; the first ones here, more in scratch
  uint32_t lender_count, lender_capacity, first_lenders[4];
  uint64_t lifted_bytes;        // by glue, step by step: see cv_canon_count
  cv_taken *taken, first_taken; // by glue: what it lifted, until the host's function or the host's caller has it
};

// Fills what the canonical ABI needs, with the usual limits. The rest is the instantiation's.
void cv_cinstance_init(cv_cinstance *instance, cv_store *store, const cv_component *component, cv_cinstance *parent);
static inline bool cv_cinstance_may_leave(const cv_cinstance *instance) {
  return instance->may_leave.value.i32 != 0;
}
static inline void cv_cinstance_set_may_leave(cv_cinstance *instance, bool may) {
  instance->may_leave.value.u64 = may;
}

// ---- handles.c: the table (CanonicalABI.md, "Table State", "Resource State") ----
// CV_RUN_TRAP with the trap set when the limit is reached or memory is out.
CV_MUST_USE cv_run cv_handles_add(cv_cinstance *instance, const cv_handle_entry *entry, uint32_t *index);
// The entry of a resource handle of this type, or a trap: "unknown handle index 7", "handle index 7 used with the wrong
// type, expected guest-defined resource but found a different guest-defined resource".
CV_MUST_USE cv_run cv_handles_get(cv_cinstance *instance, const cv_resource_type *type, uint32_t index,
                                  cv_handle_entry **out);
void cv_handles_remove(cv_cinstance *instance, uint32_t index); // of an entry that is there
// Ends the instance's table when its store goes: the host's resources that are still owned are dropped.
void cv_handles_free(cv_cinstance *instance);

// ---- resources.c: the built-ins ----
CV_MUST_USE cv_run cv_resource_new(cv_cinstance *instance, const cv_resource_type *type, uint64_t rep, uint32_t *index);
CV_MUST_USE cv_run cv_resource_rep(cv_cinstance *instance, const cv_resource_type *type, uint32_t index, uint64_t *rep);
// Runs the destructor of an owned one, in its defining instance.
CV_MUST_USE cv_run cv_resource_drop(cv_cinstance *instance, const cv_resource_type *type, uint32_t index);
// The same for an owned resource that is in no table (held by the host).
CV_MUST_USE cv_run cv_resource_destroy(cv_context *context, cv_cinstance *caller, const cv_resource_type *type,
                                       uint64_t rep);

#endif
