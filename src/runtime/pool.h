// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool.h: address space and stacks that are used again. What is in a pool holds nothing of its former user: contents
// are given up on the way in, not on the way out.
//
// A slot is the reservation of one linear memory:
//
//   base                 base + committed                    base + reserved
//   | image, zero pages  | inaccessible: growth, then guard  |
#ifndef COVE_RUNTIME_POOL_H
#define COVE_RUNTIME_POOL_H

#include "base/mem.h"
#include "sys/fiber.h"
#include "sys/thread.h"

typedef struct cv_slot {
  struct cv_slot *next;
  uint8_t *base;
  uint64_t reserved;  // bytes of address space
  uint64_t committed; // bytes from base that can be accessed, whole pages
  uint64_t image;     // id of the image mapped at base, 0 for none
} cv_slot;

// Initial contents of a memory, mapped copy-on-write. Ids are never used twice in a process, so a pooled slot may still
// map the image of a module that is gone.
typedef struct cv_image {
  int file;
  uint64_t id;
  uint64_t size; // whole pages
} cv_image;

// A stack that calls of one store run on.
typedef struct cv_fiber {
  cv_stack stack;
  struct cv_fiber *next;  // in the pool
  struct cv_fiber *outer; // the store's fiber that was left to enter this one
  uintptr_t limit;        // the stack pointer of wasm code may not go below; host functions may
} cv_fiber;

typedef struct cv_pool {
  cv_lock lock;
  cv_mem *mem;
  cv_slot *slots;
  uint32_t slot_count, slot_most;
  cv_fiber *fibers;
  uint32_t fiber_count, fiber_most;
} cv_pool;

void cv_pool_init(cv_pool *pool, cv_mem *mem, uint32_t most);
void cv_pool_free(cv_pool *pool);

// A slot of exactly `reserved` bytes with `size` accessible ones, which are the image (may be NULL) and then zeros.
// NULL when memory or address space is out.
CV_MUST_USE cv_slot *cv_pool_slot(cv_pool *pool, uint64_t reserved, uint64_t size, const cv_image *image);
void cv_pool_slot_give(cv_pool *pool, cv_slot *slot);
// Makes more of a slot accessible. Never moves it.
CV_MUST_USE bool cv_slot_grow(cv_slot *slot, uint64_t size);

CV_MUST_USE cv_fiber *cv_pool_fiber(cv_pool *pool, uint64_t stack_bytes);
void cv_pool_fiber_give(cv_pool *pool, cv_fiber *fiber);

uint64_t cv_image_id(void);

#endif
