// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arena.c: chunks that double in size, from 1 KiB to 1 MiB. Freed memory is poisoned in assert builds.
#include "base/arena.h"

enum { ALIGNMENT = 16, FIRST_CHUNK = 1024, LARGEST_CHUNK = 1 << 20 };

struct cv_arena_chunk {
  cv_arena_chunk *next; // older
  size_t size;          // of the whole chunk, header included
};

static const size_t HEADER = (sizeof(cv_arena_chunk) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

void cv_arena_init(cv_arena *arena, cv_mem *mem) {
  *arena = (cv_arena){.mem = mem};
}

static void free_newest(cv_arena *arena) {
  cv_arena_chunk *chunk = arena->chunk;
  arena->chunk = chunk->next;
  cv_mem_free(arena->mem, chunk, chunk->size);
}

void cv_arena_free(cv_arena *arena) {
  while (arena->chunk != NULL)
    free_newest(arena);
  arena->at = arena->end = NULL;
}

static void *alloc_slow(cv_arena *arena, size_t size) {
  size_t chunk_size = arena->chunk != NULL ? CV_MIN(arena->chunk->size * 2, (size_t)LARGEST_CHUNK) : FIRST_CHUNK;
  size_t least;
  if (cv_add_overflows(size, HEADER, &least))
    return NULL;
  chunk_size = CV_MAX(chunk_size, least);
  cv_arena_chunk *chunk = cv_mem_alloc(arena->mem, chunk_size);
  if (chunk == NULL)
    return NULL;
  *chunk = (cv_arena_chunk){.next = arena->chunk, .size = chunk_size};
  arena->chunk = chunk;
  arena->at = (uint8_t *)chunk + HEADER + size;
  arena->end = (uint8_t *)chunk + chunk_size;
  return (uint8_t *)chunk + HEADER;
}

void *cv_arena_alloc(cv_arena *arena, size_t size) {
  if (size > SIZE_MAX - ALIGNMENT)
    return NULL;
  size = cv_align_up(CV_MAX(size, (size_t)1), ALIGNMENT); // nothing is something, so that NULL means out of memory
  if (CV_UNLIKELY(size > (size_t)(arena->end - arena->at)))
    return alloc_slow(arena, size);
  void *p = arena->at;
  arena->at += size;
  return p;
}

void *cv_arena_calloc(cv_arena *arena, size_t count, size_t size) {
  size_t total;
  if (cv_mul_overflows(count, size, &total))
    return NULL;
  void *p = cv_arena_alloc(arena, total);
  if (p != NULL)
    memset(p, 0, total);
  return p;
}

void *cv_arena_copy(cv_arena *arena, const void *data, size_t size) {
  void *p = cv_arena_alloc(arena, size);
  if (p != NULL && size != 0)
    memcpy(p, data, size);
  return p;
}

cv_arena_mark cv_arena_save(const cv_arena *arena) {
  return (cv_arena_mark){.chunk = arena->chunk, .at = arena->at};
}

void cv_arena_restore(cv_arena *arena, cv_arena_mark mark) {
  while (arena->chunk != mark.chunk)
    free_newest(arena);
  arena->at = mark.at;
  arena->end = arena->chunk != NULL ? (uint8_t *)arena->chunk + arena->chunk->size : NULL;
#ifndef NDEBUG
  if (arena->at != NULL)
    memset(arena->at, 0xdd, (size_t)(arena->end - arena->at));
#endif
}
