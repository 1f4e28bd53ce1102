// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mem.c: the counted allocator over malloc. Counters are relaxed atomics: a quota may be shared by threads, and two
// racing allocations may both succeed within one allocation of the limit.
#include "base/mem.h"

#include <stdlib.h>

void cv_mem_init(cv_mem *mem, uint64_t limit) {
  *mem = (cv_mem){.limit = limit};
}

static bool charge(cv_mem *mem, size_t size) {
  uint64_t call = __atomic_add_fetch(&mem->calls, 1, __ATOMIC_RELAXED);
  if (CV_UNLIKELY(mem->fail_at != 0 && call >= mem->fail_at))
    return false;
  uint64_t used = __atomic_add_fetch(&mem->used, size, __ATOMIC_RELAXED);
  if (CV_UNLIKELY(used > mem->limit || used < size)) {
    __atomic_sub_fetch(&mem->used, size, __ATOMIC_RELAXED);
    return false;
  }
  if (used > __atomic_load_n(&mem->peak, __ATOMIC_RELAXED))
    __atomic_store_n(&mem->peak, used, __ATOMIC_RELAXED);
  return true;
}

static void credit(cv_mem *mem, size_t size) {
  __atomic_sub_fetch(&mem->used, size, __ATOMIC_RELAXED);
}

void *cv_mem_alloc(cv_mem *mem, size_t size) {
  if (!charge(mem, size))
    return NULL;
  void *p = malloc(size != 0 ? size : 1);
  if (p == NULL)
    credit(mem, size);
  return p;
}

void *cv_mem_zalloc(cv_mem *mem, size_t size) {
  return cv_mem_calloc(mem, 1, size);
}

void *cv_mem_calloc(cv_mem *mem, size_t count, size_t size) {
  size_t total;
  if (cv_mul_overflows(count, size, &total) || !charge(mem, total))
    return NULL;
  void *p = calloc(1, total != 0 ? total : 1);
  if (p == NULL)
    credit(mem, total);
  return p;
}

void *cv_mem_realloc(cv_mem *mem, void *ptr, size_t old_size, size_t new_size) {
  if (ptr == NULL)
    return cv_mem_alloc(mem, new_size);
  if (!charge(mem, new_size))
    return NULL;
  void *p = realloc(ptr, new_size != 0 ? new_size : 1);
  credit(mem, p != NULL ? old_size : new_size);
  return p;
}

void cv_mem_free(cv_mem *mem, void *ptr, size_t size) {
  if (ptr == NULL)
    return;
  credit(mem, size);
  free(ptr);
}

bool cv_mem_move(cv_mem *from, cv_mem *to, size_t size) {
  if (!charge(to, size))
    return false;
  credit(from, size);
  return true;
}
