// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool.h: a bounded pool of what instances are made of and what is expensive to make: the address space of linear
// memories, and the stacks that calls run on. For hosts that make many short instances and want to know beforehand how
// many there can be at a time.
//
// Every engine has a pool of its own, which keeps what up to 64 stores had for the next ones. A pool that the host
// makes differs in that its memories are reserved at the start, that there are never more of them, and that several
// engines can share it.
//
// A memory comes from the pool as its module has it at the start: its initial contents are mapped copy-on-write, and
// all that a former tenant wrote was overwritten or given back to the system before the memory was free again. What it
// had grown by cannot be accessed. Memories lie so far apart (8 GiB and a guard) that no access of a guest reaches the
// next. A memory that is shared, has 64-bit addresses or pages of another size is not from the pool: it is mapped for
// itself and not counted. Tables and other objects are in the C heap, under the store's limit
// (cove_limits_set_host_memory).
//
// All functions here may be called by any thread at any time, cove_pool_config_* excepted.
#ifndef COVE_POOL_H
#define COVE_POOL_H

#include <cove/status.h>

COVE_BEGIN

typedef struct cove_pool cove_pool;
typedef struct cove_pool_config cove_pool_config;

// Read by cove_pool_new. Without a call each has its default. NULL when out of memory.
COVE_API cove_pool_config *cove_pool_config_new(void);
COVE_API void cove_pool_config_delete(cove_pool_config *config);
// Linear memories in use at a time. Default: 1000. Each takes 8 GiB of address space, and no memory until it is used;
// where a process has 128 TiB (x86-64 Linux), there can be about 16,000. One that is in use takes three to four of the
// mappings that the system allows a process (Linux: vm.max_map_count, 65,530 unless changed).
COVE_API void cove_pool_config_set_memories(cove_pool_config *config, uint32_t count);
// Stacks in use at a time: one for each store that has made a call, and one more for each call of the store that waits
// on the way. Default: as many as memories. They are made when first used.
COVE_API void cove_pool_config_set_stacks(cove_pool_config *config, uint32_t count);
// A memory in which fewer bytes of pages than this were written has them overwritten when it is free again, and keeps
// them: that is several times faster than giving them back and getting others. Default: 64 KiB; 0 gives all back.
COVE_API void cove_pool_config_set_keep(cove_pool_config *config, uint64_t bytes);
// What the pool has no more of is made as without a pool. Default: it is refused, with COVE_LIMIT for a memory ("the
// pool of 1000 memories is used up") and COVE_TRAP_OUT_OF_MEMORY for a stack.
COVE_API void cove_pool_config_set_fallback(cove_pool_config *config, bool fallback);

// `config` may be NULL for the defaults. COVE_NO_MEMORY when there is not so much address space.
COVE_API COVE_MUST_USE cove_status cove_pool_new(const cove_pool_config *config, cove_pool **out, cove_error **error);
// Engines keep the pool that they were made with: the order of deletion is free.
COVE_API void cove_pool_delete(cove_pool *pool);

// How many are in use now; *most (may be NULL) is how many were at the same time at most.
COVE_API uint32_t cove_pool_memories(const cove_pool *pool, uint32_t *most);
COVE_API uint32_t cove_pool_stacks(const cove_pool *pool, uint32_t *most);

COVE_END

#endif
