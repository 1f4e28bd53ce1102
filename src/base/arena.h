// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arena.h: memory that is freed all at once: one arena per module or per compile. There is no free path in a pass.
#ifndef COVE_BASE_ARENA_H
#define COVE_BASE_ARENA_H

#include "base/mem.h"

typedef struct cv_arena_chunk cv_arena_chunk;

// Not thread-safe. Zero chunks until first used.
typedef struct cv_arena {
  cv_mem *mem;           // borrowed; outlives the arena
  cv_arena_chunk *chunk; // newest first
  uint8_t *at, *end;     // free part of the newest chunk
} cv_arena;

void cv_arena_init(cv_arena *arena, cv_mem *mem);
void cv_arena_free(cv_arena *arena); // frees all; the arena may be used again

// Aligned to 16 bytes. NULL when out of memory. The plain form is not zeroed.
CV_MUST_USE void *cv_arena_alloc(cv_arena *arena, size_t size);
CV_MUST_USE void *cv_arena_calloc(cv_arena *arena, size_t count, size_t size);
CV_MUST_USE void *cv_arena_copy(cv_arena *arena, const void *data, size_t size);

#define CV_ARENA_NEW(arena, type) ((type *)cv_arena_calloc((arena), 1, sizeof(type)))
#define CV_ARENA_ARRAY(arena, type, count) ((type *)cv_arena_calloc((arena), (count), sizeof(type)))

// Keeps what was allocated before `mark`, frees what came after.
typedef struct cv_arena_mark {
  cv_arena_chunk *chunk;
  uint8_t *at;
} cv_arena_mark;
cv_arena_mark cv_arena_save(const cv_arena *arena);
void cv_arena_restore(cv_arena *arena, cv_arena_mark mark);

#endif
