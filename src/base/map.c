// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// map.c: open addressing, at most three quarters full. The hash is keyed by nothing: callers bound the number of keys
// by the size of their input, and a degenerate input costs a quadratic probe at worst on 32-bit collisions only.
#include "base/map.h"

uint32_t cv_hash_bytes(const void *data, size_t size) {
  const uint8_t *p = data;
  uint64_t h = 0x9e3779b97f4a7c15ull ^ size;
  while (size >= 8) {
    h = (h ^ cv_load_le64(p)) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
    p += 8;
    size -= 8;
  }
  uint64_t tail = 0;
  memcpy(&tail, size != 0 ? p : (const uint8_t *)"", size);
  h = (h ^ tail) * 0xc4ceb9fe1a85ec53ull;
  return (uint32_t)(h ^ h >> 29);
}

void cv_map_init(cv_map *map, cv_mem *mem) {
  *map = (cv_map){.mem = mem};
}

void cv_map_free(cv_map *map) {
  cv_mem_free(map->mem, map->entries, map->capacity * sizeof *map->entries);
  *map = (cv_map){.mem = map->mem};
}

static cv_map_entry *find(const cv_map *map, cv_bytes key, uint32_t hash) {
  size_t mask = map->capacity - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    cv_map_entry *e = &map->entries[i];
    if (!e->taken || (e->hash == hash && cv_bytes_equal(e->key, key)))
      return e;
  }
}

uint64_t *cv_map_get(const cv_map *map, cv_bytes key) {
  if (map->count == 0)
    return NULL;
  cv_map_entry *e = find(map, key, cv_hash_bytes(key.data, key.size));
  return e->taken ? &e->value : NULL;
}

static cv_status grow(cv_map *map) {
  cv_map bigger = {.mem = map->mem, .count = map->count, .capacity = map->capacity != 0 ? map->capacity * 2 : 16};
  bigger.entries = cv_mem_calloc(map->mem, bigger.capacity, sizeof *bigger.entries);
  if (bigger.entries == NULL)
    return CV_ENOMEM;
  for (size_t i = 0; i < map->capacity; i++)
    if (map->entries[i].taken)
      *find(&bigger, map->entries[i].key, map->entries[i].hash) = map->entries[i];
  cv_map_free(map);
  *map = bigger;
  return CV_OK;
}

cv_status cv_map_put(cv_map *map, cv_bytes key, uint64_t value, bool *existed) {
  if ((map->count + 1) * 4 > map->capacity * 3)
    CV_TRY(grow(map));
  uint32_t hash = cv_hash_bytes(key.data, key.size);
  cv_map_entry *e = find(map, key, hash);
  if (existed != NULL)
    *existed = e->taken;
  if (!e->taken)
    map->count++;
  *e = (cv_map_entry){.key = key, .value = value, .hash = hash, .taken = true};
  return CV_OK;
}
