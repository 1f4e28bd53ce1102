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
  cv_kept_object objects[];
};

static size_t size_of(uint32_t func_count) {
  return sizeof(cv_kept) + func_count * sizeof(cv_kept_object);
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

static uint8_t *append(uint8_t *at, const void *data, size_t size) {
  if (size != 0)
    memcpy(at, data, size);
  return at + size;
}

void cv_kept_add(cv_kept *kept, uint32_t index, const cv_code_object *object) {
  size_t relocs = object->reloc_count * sizeof *object->relocs;
  cv_lock_take(&kept->lock);
  size_t size = relocs + object->pads_size + object->polls_size + object->text_size + object->map_size;
  uint8_t *bytes = cv_arena_alloc(&kept->bytes, size);
  if (bytes != NULL) {
    uint8_t *at = append(bytes, object->relocs, relocs);
    at = append(at, object->pads, object->pads_size);
    at = append(at, object->polls, object->polls_size);
    at = append(at, object->text, object->text_size);
    append(at, object->map, object->map_size);
    kept->objects[index] = (cv_kept_object){
        .bytes = bytes,
        .text_size = object->text_size,
        .reloc_count = object->reloc_count,
        .map_size = object->map_size,
        .pads_size = object->pads_size,
        .polls_size = object->polls_size,
    };
  }
  __atomic_store_n(&kept->some, true, __ATOMIC_RELAXED);
  cv_lock_release(&kept->lock);
}

bool cv_kept_is_empty(const cv_kept *kept) {
  return !__atomic_load_n(&kept->some, __ATOMIC_RELAXED);
}

cv_kept_object cv_kept_get(cv_kept *kept, uint32_t index) {
  cv_lock_take(&kept->lock);
  cv_kept_object object = kept->objects[index];
  cv_lock_release(&kept->lock);
  return object;
}
