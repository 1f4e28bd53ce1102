// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// code_map.c: which code a machine address belongs to. Written under a lock and read without one, in signal handlers
// too: the sorted array is replaced whole. A replaced array is kept until no reader can be in it, which readers tell by
// a counter; a writer that finds readers leaves the array to a later writer.
#include "runtime/tier.h"

#include "base/vec.h"
#include "sys/thread.h"

#include <stdlib.h>

typedef struct range {
  uintptr_t start, end;
  cv_code *code;
} range;

typedef struct table {
  struct table *retired; // replaced tables that may still be read
  size_t count;
  range ranges[];
} table;

static cv_lock lock;
static table *current;
static table *retired;
static uint32_t readers;

static void publish(table *t) {
  table *old = current;
  __atomic_store_n(&current, t, __ATOMIC_SEQ_CST);
  if (old != NULL) {
    old->retired = retired;
    retired = old;
  }
  if (__atomic_load_n(&readers, __ATOMIC_SEQ_CST) != 0)
    return;
  while (retired != NULL) {
    table *next = retired->retired;
    free(retired);
    retired = next;
  }
}

static table *table_new(size_t count) {
  table *t = malloc(sizeof *t + count * sizeof(range));
  if (t != NULL)
    *t = (table){.count = count};
  return t;
}

cv_status cv_code_map_add(uintptr_t start, uintptr_t end, cv_code *code) {
  cv_lock_take(&lock);
  size_t count = current != NULL ? current->count : 0, at = 0;
  table *t = table_new(count + 1);
  if (t != NULL) {
    while (at < count && current->ranges[at].start < start)
      at++;
    if (count != 0) {
      memcpy(t->ranges, current->ranges, at * sizeof(range));
      memcpy(t->ranges + at + 1, current->ranges + at, (count - at) * sizeof(range));
    }
    t->ranges[at] = (range){start, end, code};
    publish(t);
  }
  cv_lock_release(&lock);
  return t != NULL ? CV_OK : CV_ENOMEM;
}

// Without memory for a smaller table the entry stays in place, empty.
void cv_code_map_remove(uintptr_t start) {
  cv_lock_take(&lock);
  size_t count = current != NULL ? current->count : 0, at = 0;
  while (at < count && current->ranges[at].start != start)
    at++;
  if (at < count) {
    table *t = count > 1 ? table_new(count - 1) : NULL;
    if (t != NULL) {
      memcpy(t->ranges, current->ranges, at * sizeof(range));
      memcpy(t->ranges + at, current->ranges + at + 1, (count - at - 1) * sizeof(range));
      publish(t);
    } else if (count == 1)
      publish(NULL);
    else
      __atomic_store_n(&current->ranges[at].end, start, __ATOMIC_RELEASE);
  }
  cv_lock_release(&lock);
}

cv_code *cv_code_map_find(uintptr_t pc) {
  __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
  const table *t = __atomic_load_n(&current, __ATOMIC_SEQ_CST);
  cv_code *found = NULL;
  size_t low = 0, high = t != NULL ? t->count : 0;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (pc < t->ranges[middle].start)
      high = middle;
    else
      low = middle + 1;
  }
  // The last range that starts at or before pc.
  if (low != 0 && pc < __atomic_load_n(&t->ranges[low - 1].end, __ATOMIC_ACQUIRE))
    found = t->ranges[low - 1].code;
  __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
  return found;
}
