// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool.h: address space and stacks that are used again. What is in a pool holds nothing of its former user: contents
// are given up on the way in, not on the way out.
//
// Every engine has a pool, which keeps a few of what it had. A bounded pool is made by the host for one or more
// engines: it has all its slots from the start, and no more.
//
// A slot is the reservation of one linear memory:
//
//   base                 base + committed                    base + reserved
//   | image, zero pages  | inaccessible: growth, then guard  |
#ifndef COVE_RUNTIME_POOL_H
#define COVE_RUNTIME_POOL_H

#include "base/mem.h"
#include "base/status.h"
#include "sys/fiber.h"
#include "sys/thread.h"

// What a memory with 32-bit addresses and pages of 64 KiB reserves: every address that an access can form, which is 4
// GiB of index and 4 GiB of offset, and a guard for the widest access. So the slots of a bounded pool can lie side by
// side.
static const uint64_t CV_GUARDED_RESERVATION = (8ull << 30) + (64 << 10);

typedef struct cv_slot {
  struct cv_slot *older, *newer;        // free ones by the time that they became free
  struct cv_slot *next_like, **at_like; // free ones in one bucket of images
  uint8_t *base;
  uint64_t reserved;             // bytes of address space
  uint64_t committed;            // bytes from base that can be accessed, whole pages
  uint64_t image;                // id of the image mapped at base, 0 for none
  const struct cv_image *source; // that image while the slot is in use: its module lives as long
  bool is_fixed;                 // one of a bounded pool's own
} cv_slot;

// Initial contents of a memory, mapped copy-on-write. Ids are never used twice in a process, so a pooled slot may still
// map the image of a module that is gone.
typedef struct cv_image {
  int file;
  uint64_t id;
  uint64_t size;    // whole pages
  const void *view; // to read from, NULL when there is none
} cv_image;

// A stack that calls of one store run on.
typedef struct cv_fiber {
  cv_stack stack;
  struct cv_fiber *next;  // in the pool
  struct cv_fiber *outer; // the store's fiber that was left to enter this one
  uintptr_t limit;        // the stack pointer of wasm code may not go below; host functions may
} cv_fiber;

typedef struct cv_pool_options {
  uint32_t memories;     // slots: all there are when bounded, else the most that wait to be used again
  uint32_t stacks;       // likewise
  uint64_t memory_reach; // bounded: bytes of address space of each slot
  uint64_t keep_bytes;   // of a free slot that may stay resident
  bool is_bounded;       // the slots' address space is reserved at the start, and there are no more
  bool fallback;         // bounded: what the pool has no more of is made as if there were no pool
} cv_pool_options;

typedef struct cv_pool_use {
  uint32_t memories, memories_most; // in use now, and at most so far
  uint32_t stacks, stacks_most;
} cv_pool_use;

enum {
  CV_POOL_BUCKETS = 64,
  CV_POOL_KEEP = 64 << 10, // keep_bytes of an engine's own pool
};

// Thread-safe but for its making and its end.
typedef struct cv_pool {
  uint32_t references; // atomic; of a bounded one
  cv_lock lock;
  cv_mem *mem;
  cv_mem own_mem; // what `mem` is for a bounded one
  cv_pool_options options;
  cv_slot *oldest, *newest;       // free slots
  cv_slot *like[CV_POOL_BUCKETS]; // the same by their image's id
  uint32_t free_slots;
  cv_fiber *fibers; // free stacks
  uint32_t free_fibers;
  cv_pool_use use;
  cv_slot *fixed; // bounded: all slots, in their order in `region`
  uint8_t *region;
  uint64_t region_size;
} cv_pool;

// A bounded pool, counted: it starts with one reference, and each of its engines holds one. On failure *out is NULL and
// the diagnostic says what it would have taken.
CV_MUST_USE cv_status cv_pool_new(const cv_pool_options *options, cv_pool **out, cv_diag *diag);
void cv_pool_retain(cv_pool *pool);
void cv_pool_release(cv_pool *pool); // NULL is allowed

// CV_ENOMEM: no memory, or not the address space that a bounded pool needs.
CV_MUST_USE cv_status cv_pool_init(cv_pool *pool, cv_mem *mem, const cv_pool_options *options);
void cv_pool_free(cv_pool *pool);
cv_pool_use cv_pool_in_use(cv_pool *pool);

// Why there is nothing: no memory or address space, or all of a bounded pool is in use.
typedef enum cv_pool_lack { CV_LACK_MEMORY, CV_LACK_SLOT } cv_pool_lack;

// A slot of exactly `reserved` bytes with `size` accessible ones, which are the image (may be NULL) and then zeros.
// NULL with *lack when there is none. In a bounded pool, those of `memory_reach` bytes are its own.
CV_MUST_USE cv_slot *cv_pool_slot(cv_pool *pool, uint64_t reserved, uint64_t size, const cv_image *image,
                                  cv_pool_lack *lack);
// A slot that is no bounded pool's own, whatever its size.
CV_MUST_USE cv_slot *cv_pool_slot_plain(cv_pool *pool, uint64_t reserved, uint64_t size, const cv_image *image);
void cv_pool_slot_give(cv_pool *pool, cv_slot *slot);
// Makes more of a slot accessible. Never moves it.
CV_MUST_USE bool cv_slot_grow(cv_slot *slot, uint64_t size);

CV_MUST_USE cv_fiber *cv_pool_fiber(cv_pool *pool, uint64_t stack_bytes, cv_pool_lack *lack);
void cv_pool_fiber_give(cv_pool *pool, cv_fiber *fiber);

uint64_t cv_image_id(void);

#endif
