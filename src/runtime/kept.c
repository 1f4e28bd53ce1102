// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kept.c: copies of function objects (kept.h).
#include "runtime/kept.h"

#include "base/arena.h"
#include "sys/thread.h"

struct cv_kept {
  cv_lock lock;
  cv_mem *mem;
  cv_arena bytes;
  uint32_t count;
  bool some; // atomic
  cv_code_piece objects[];
};

static size_t size_of(uint32_t func_count) {
  return sizeof(cv_kept) + func_count * sizeof(cv_code_piece);
}

cv_kept *cv_kept_new(cv_mem *mem, uint32_t func_count) {
  cv_kept *kept = cv_mem_zalloc(mem, size_of(func_count));
  if (kept == NULL)
    return NULL;
  kept->mem = mem;
  kept->count = func_count;
  cv_arena_init(&kept->bytes, mem);
  return kept;
}

void cv_kept_delete(cv_kept *kept) {
  if (kept == NULL)
    return;
  cv_arena_free(&kept->bytes);
  cv_mem_free(kept->mem, kept, size_of(kept->count));
}

static bool append(void *env, const void *data, size_t size) {
  uint8_t **at = env;
  memcpy(*at, data, size);
  *at += size;
  return true;
}

void cv_kept_add(cv_kept *kept, uint32_t index, const cv_code_object *object) {
  cv_code_piece piece = cv_code_piece_of(object);
  cv_lock_take(&kept->lock);
  uint8_t *bytes = cv_arena_alloc(&kept->bytes, cv_code_piece_size(&piece)), *at = bytes;
  if (bytes != NULL) {
    cv_code_object_write(object, append, &at);
    piece.bytes = bytes;
    kept->objects[index] = piece;
  }
  __atomic_store_n(&kept->some, true, __ATOMIC_RELAXED);
  cv_lock_release(&kept->lock);
}

bool cv_kept_is_empty(const cv_kept *kept) {
  return !__atomic_load_n(&kept->some, __ATOMIC_RELAXED);
}

cv_code_piece cv_kept_get(cv_kept *kept, uint32_t index) {
  cv_lock_take(&kept->lock);
  cv_code_piece object = kept->objects[index];
  cv_lock_release(&kept->lock);
  return object;
}
