// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// store.h: a store owns instances and all that lives in them, and has the limits of their execution. It belongs to one
// thread at a time; everything in it ends with it.
#ifndef COVE_STORE_H
#define COVE_STORE_H

#include <cove/engine.h>

COVE_BEGIN

typedef struct cove_store cove_store;
typedef struct cove_limits cove_limits;

// Limits of a store, read by cove_store_new. Without a call each has its default. NULL when out of memory.
COVE_API cove_limits *cove_limits_new(void);
COVE_API void cove_limits_delete(cove_limits *limits);
// Bytes of one linear memory. Default: what its type and the machine allow.
COVE_API void cove_limits_set_memory(cove_limits *limits, uint64_t bytes);
// Bytes of all linear memories together. Default: none.
COVE_API void cove_limits_set_memory_total(cove_limits *limits, uint64_t bytes);
// Elements of one table. Default: 10 000 000.
COVE_API void cove_limits_set_table(cove_limits *limits, uint64_t elements);
// Instances. Default: 10 000.
COVE_API void cove_limits_set_instances(cove_limits *limits, uint32_t count);
// Resources that one component instance holds at a time. Default: 1 000 000. One more traps: COVE_TRAP_HANDLE_LIMIT.
COVE_API void cove_limits_set_handles(cove_limits *limits, uint32_t count);
// Bytes of lists and strings that one call brings from one component to another or to the host. Default: 256 MiB. More
// traps: COVE_TRAP_VALUE_LIMIT. What goes from memory to memory without the host's help is not counted.
COVE_API void cove_limits_set_values(cove_limits *limits, uint64_t bytes);
// Bytes of the objects that the store itself allocates, tables and exceptions included. Default: 1 GiB.
COVE_API void cove_limits_set_host_memory(cove_limits *limits, uint64_t bytes);
// Native stack of a call, in bytes, at least 128 KiB. Default: the engine's.
COVE_API void cove_limits_set_stack(cove_limits *limits, uint64_t bytes);
// A growth beyond a limit traps (COVE_TRAP_MEMORY_LIMIT, COVE_TRAP_TABLE_LIMIT) instead of giving -1. Default: -1.
COVE_API void cove_limits_set_trap(cove_limits *limits, bool trap);

// `limits` may be NULL; it is only read.
COVE_API COVE_MUST_USE cove_status cove_store_new(cove_engine *engine, const cove_limits *limits, cove_store **out,
                                                  cove_error **error);
// Not while a call of the store runs.
COVE_API void cove_store_delete(cove_store *store);

// A pointer of the host, NULL at first.
COVE_API void *cove_store_data(const cove_store *store);
COVE_API void cove_store_set_data(cove_store *store, void *data);

// Units of fuel that calls may still use; a call that needs more traps with COVE_TRAP_OUT_OF_FUEL. One unit is about
// one instruction, the same in every tier. COVE_USAGE unless the engine counts fuel (cove_config_set_fuel).
COVE_API COVE_MUST_USE cove_status cove_store_set_fuel(cove_store *store, uint64_t fuel, cove_error **error);
COVE_API uint64_t cove_store_fuel(const cove_store *store);

// Calls of the store end with COVE_TRAP_DEADLINE `after` nanoseconds from now; 0 takes the deadline away. Calls of
// other stores that host functions of this one make end with it, as they do with a cancellation; for them it ends
// there.
COVE_API COVE_MUST_USE cove_status cove_store_set_deadline(cove_store *store, uint64_t after, cove_error **error);

// The last limit that refused something, in a sentence, or "". Lives until the next call into the store.
COVE_API const char *cove_store_refusal(const cove_store *store);

// A handle by which any thread ends the calls of a store. It may outlive the store. NULL when out of memory.
typedef struct cove_canceller cove_canceller;
COVE_API cove_canceller *cove_canceller_new(cove_store *store);
COVE_API void cove_canceller_delete(cove_canceller *canceller);
// The call that now runs, or else the next one, ends with COVE_TRAP_CANCELLED. From any thread; does nothing when the
// store is gone.
COVE_API void cove_canceller_cancel(cove_canceller *canceller);

COVE_END

#endif
