// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wait.c: memory.atomic.wait and notify (threads proposal). Waiters park in one table for the process, by address. A
// waiter sleeps on a word of its own stack, which a notifier, the time limit or an interrupting signal ends.
#include "runtime/internal.h"

typedef struct waiter {
  struct waiter *next;
  uintptr_t address;
  uint32_t woken; // 1 when a notifier took the waiter out of its list
} waiter;

typedef struct bucket {
  cv_lock lock;
  waiter *first, **last; // in the order of arrival
} bucket;

static bucket buckets[64];

static bucket *bucket_of(uintptr_t address) {
  return &buckets[((address >> 2) * 0x9e3779b97f4a7c15u) >> 58];
}

static void enqueue(bucket *b, waiter *w) {
  if (b->first == NULL)
    b->last = &b->first;
  w->next = NULL;
  *b->last = w;
  b->last = &w->next;
}

static void unlink_waiter(bucket *b, waiter **at) {
  waiter *w = *at;
  *at = w->next;
  if (b->last == &w->next)
    b->last = at;
}

// Sleeps until woken or over; the waiter is in its bucket.
static bool sleep_on(const cv_context *c, bucket *b, waiter *w, uint64_t deadline) {
  while (__atomic_load_n(&w->woken, __ATOMIC_ACQUIRE) == 0 && !cv_context_interrupted(c) &&
         cv_word_wait(&w->woken, 0, deadline) != CV_WAIT_TIMED_OUT) {
  }
  cv_lock_take(&b->lock);
  bool woken = w->woken != 0;
  for (waiter **at = &b->first; !woken && *at != NULL; at = &(*at)->next)
    if (*at == w) {
      unlink_waiter(b, at);
      break;
    }
  cv_lock_release(&b->lock);
  return woken;
}

static cv_trap_kind check(cv_memory *m, uint64_t addr, uint64_t size) {
  if (addr % size != 0)
    return CV_TRAP_UNALIGNED_ATOMIC;
  return cv_range_fits(addr, size, cv_memory_size(m)) ? CV_TRAP_NONE : CV_TRAP_MEMORY_BOUNDS;
}

static uint64_t load(const void *p, uint64_t size) {
  return size == 4 ? __atomic_load_n((const uint32_t *)p, __ATOMIC_SEQ_CST)
                   : __atomic_load_n((const uint64_t *)p, __ATOMIC_SEQ_CST);
}

static cv_trap_kind wait_on(cv_context *c, cv_memory *m, uint64_t addr, uint64_t size, uint64_t expect, int64_t ns,
                            uint32_t *out) {
  cv_trap_kind trap = check(m, addr, size);
  if (trap != CV_TRAP_NONE)
    return trap;
  if (m->shared == NULL)
    return CV_TRAP_EXPECTED_SHARED;
  uint64_t now = ns >= 0 ? cv_thread_now() : 0, deadline;
  if (ns < 0 || cv_add_overflows(now, (uint64_t)ns, &deadline))
    deadline = UINT64_MAX;
  waiter w = {.address = (uintptr_t)m->base + addr};
  bucket *b = bucket_of(w.address);
  cv_lock_take(&b->lock);
  if (load(m->base + addr, size) != expect) {
    cv_lock_release(&b->lock);
    *out = 1;
    return CV_TRAP_NONE;
  }
  enqueue(b, &w);
  cv_lock_release(&b->lock);
  if (sleep_on(c, b, &w, deadline))
    *out = 0;
  else if (cv_context_interrupted(c))
    return (cv_trap_kind)c->interrupt;
  else
    *out = 2;
  return CV_TRAP_NONE;
}

cv_trap_kind cv_helper_wait32(cv_context *c, cv_memory *m, uint64_t addr, uint32_t expect, int64_t ns, uint32_t *out) {
  return wait_on(c, m, addr, 4, expect, ns, out);
}

cv_trap_kind cv_helper_wait64(cv_context *c, cv_memory *m, uint64_t addr, uint64_t expect, int64_t ns, uint32_t *out) {
  return wait_on(c, m, addr, 8, expect, ns, out);
}

cv_trap_kind cv_helper_notify(cv_context *c, cv_memory *m, uint64_t addr, uint32_t count, uint32_t *out) {
  cv_trap_kind trap = check(m, addr, 4);
  if (trap != CV_TRAP_NONE)
    return trap;
  *out = 0;
  if (m->shared == NULL)
    return CV_TRAP_NONE;
  uintptr_t address = (uintptr_t)m->base + addr;
  bucket *b = bucket_of(address);
  cv_lock_take(&b->lock);
  waiter **at = &b->first;
  while (*at != NULL && *out < count) {
    waiter *w = *at;
    if (w->address != address) {
      at = &w->next;
      continue;
    }
    unlink_waiter(b, at);
    __atomic_store_n(&w->woken, 1, __ATOMIC_RELEASE);
    cv_word_wake(&w->woken, 1); // under the lock: the waiter cannot leave its stack frame before we are done
    ++*out;
  }
  cv_lock_release(&b->lock);
  return CV_TRAP_NONE;
}
