// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mem.h: allocation that is passed, counted and limited. Every allocation may fail and is freed by size, so a store
// has an exact quota, and tests fail each site in turn (cv_mem.fail_at).
#ifndef COVE_BASE_MEM_H
#define COVE_BASE_MEM_H

#include "base/base.h"

// One quota. The counters are atomic, so threads may share it.
typedef struct cv_mem {
  uint64_t used;    // bytes now allocated
  uint64_t peak;    // the most that `used` has been
  uint64_t limit;   // bytes; UINT64_MAX for none
  uint64_t calls;   // allocations asked for so far
  uint64_t fail_at; // the allocation with this number (from 1) and all later ones fail; 0 for none
} cv_mem;

void cv_mem_init(cv_mem *mem, uint64_t limit);

// NULL is a failure, and nothing else: the quota or the system has no more. Zero bytes give a pointer, too, which is to
// be freed like any other, so callers need not tell an empty array from a failure.
CV_MUST_USE void *cv_mem_alloc(cv_mem *mem, size_t size);
CV_MUST_USE void *cv_mem_zalloc(cv_mem *mem, size_t size);
// Array of `count` objects of `size` bytes, zeroed; the product is checked.
CV_MUST_USE void *cv_mem_calloc(cv_mem *mem, size_t count, size_t size);
// On failure the old block is untouched.
CV_MUST_USE void *cv_mem_realloc(cv_mem *mem, void *ptr, size_t old_size, size_t new_size);
// `size` is what was asked for. NULL is allowed.
void cv_mem_free(cv_mem *mem, void *ptr, size_t size);
// A block of this size now counts for `to`; it is freed there. False, and nothing has changed, when its quota has no
// more.
CV_MUST_USE bool cv_mem_move(cv_mem *from, cv_mem *to, size_t size);

#endif
