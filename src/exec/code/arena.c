// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arena.c: first fit over a sorted list of free extents. Blocks are few (one or two for a module), so a list does.
#include "exec/code/arena.h"

#include <pthread.h>
#include <stdlib.h>

#include "sys/exec.h"
#include "sys/thread.h"

enum { PAGE = 4096 };
static const size_t arena_sizes[] = {(size_t)1 << 30, (size_t)256 << 20, (size_t)64 << 20};

typedef struct extent {
  size_t start, size; // bytes from the arena's start
} extent;

static struct {
  pthread_mutex_t lock;
  pthread_once_t once;
  uint8_t *write, *run;
  size_t size;
  uint8_t *copy; // while the process is being forked: for the child; NULL when there is no memory for it
  extent *free;  // sorted by start, never adjacent
  size_t free_count, free_capacity;
} arena = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

// ---- forks: each process has code of its own ----

static void before_fork(void) {
  pthread_mutex_lock(&arena.lock);
  arena.copy = cv_exec_copy_new(arena.size);
  size_t at = 0;
  for (size_t i = 0; i <= arena.free_count && arena.copy != NULL; i++) {
    const extent *e = i < arena.free_count ? &arena.free[i] : &(extent){arena.size, 0};
    memcpy(arena.copy + at, arena.run + at, e->start - at);
    at = e->start + e->size;
  }
}

static void after_fork(void) {
  cv_exec_copy_delete(arena.copy, arena.size);
  pthread_mutex_unlock(&arena.lock);
}

static void in_child(void) {
  cv_exec_replace(arena.write, arena.run, arena.size, arena.copy);
  pthread_mutex_unlock(&arena.lock);
}

// ----

static void arena_map(void) {
  for (size_t i = 0; i < CV_COUNT(arena_sizes); i++) {
    if (!cv_exec_map(arena_sizes[i], &arena.write, &arena.run))
      continue;
    arena.free = malloc(16 * sizeof *arena.free);
    arena.size = arena_sizes[i];
    if (arena.free == NULL || !cv_thread_at_fork(before_fork, after_fork, in_child)) {
      arena.run = NULL;
      return;
    }
    arena.free_capacity = 16;
    arena.free[arena.free_count++] = (extent){0, arena_sizes[i]};
    return;
  }
}

bool cv_code_arena_available(void) {
  pthread_once(&arena.once, arena_map);
  return arena.run != NULL;
}

uint8_t *cv_code_arena_base(void) {
  return arena.run;
}

intptr_t cv_code_arena_write_delta(void) {
  return (intptr_t)arena.write - (intptr_t)arena.run;
}

bool cv_code_block_new(cv_code_block *block, size_t size) {
  if (!cv_code_arena_available() || size > SIZE_MAX - PAGE)
    return false;
  size = cv_align_up(CV_MAX(size, 1), PAGE);
  bool found = false;
  pthread_mutex_lock(&arena.lock);
  for (size_t i = 0; i < arena.free_count; i++) {
    extent *e = &arena.free[i];
    if (e->size < size)
      continue;
    *block = (cv_code_block){arena.write + e->start, arena.run + e->start, size};
    e->start += size;
    e->size -= size;
    if (e->size == 0) {
      memmove(e, e + 1, (arena.free_count - i - 1) * sizeof *e);
      arena.free_count--;
    }
    found = true;
    break;
  }
  pthread_mutex_unlock(&arena.lock);
  return found;
}

// Returns an extent to the list. Losing it when the list cannot grow costs address space only.
static void give_back(extent back) {
  size_t i = 0;
  while (i < arena.free_count && arena.free[i].start < back.start)
    i++;
  bool joins_before = i > 0 && arena.free[i - 1].start + arena.free[i - 1].size == back.start;
  bool joins_after = i < arena.free_count && back.start + back.size == arena.free[i].start;
  if (joins_before && joins_after) {
    arena.free[i - 1].size += back.size + arena.free[i].size;
    memmove(&arena.free[i], &arena.free[i + 1], (arena.free_count - i - 1) * sizeof back);
    arena.free_count--;
  } else if (joins_before) {
    arena.free[i - 1].size += back.size;
  } else if (joins_after) {
    arena.free[i].start = back.start;
    arena.free[i].size += back.size;
  } else {
    if (arena.free_count == arena.free_capacity) {
      extent *grown = realloc(arena.free, arena.free_capacity * 2 * sizeof back);
      if (grown == NULL)
        return;
      arena.free = grown;
      arena.free_capacity *= 2;
    }
    memmove(&arena.free[i + 1], &arena.free[i], (arena.free_count - i) * sizeof back);
    arena.free[i] = back;
    arena.free_count++;
  }
}

void cv_code_block_delete(cv_code_block *block) {
  if (block->write == NULL)
    return;
  cv_exec_discard(block->write, block->size);
  pthread_mutex_lock(&arena.lock);
  give_back((extent){(size_t)(block->write - arena.write), block->size});
  pthread_mutex_unlock(&arena.lock);
  *block = (cv_code_block){NULL, NULL, 0};
}

void cv_code_block_written(const cv_code_block *block) {
  cv_exec_unmap_written(block->write, block->size);
}
