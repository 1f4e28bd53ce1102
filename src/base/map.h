// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// map.h: hash map from a run of bytes to a 64-bit value. Keys are borrowed: they outlive the map.
#ifndef COVE_BASE_MAP_H
#define COVE_BASE_MAP_H

#include "base/mem.h"
#include "base/status.h"

typedef struct cv_map_entry {
  cv_bytes key;
  uint64_t value;
  uint32_t hash;
  bool taken;
} cv_map_entry;

typedef struct cv_map {
  cv_mem *mem;           // borrowed
  cv_map_entry *entries; // capacity of them, open addressing, linear probing
  size_t count, capacity;
} cv_map;

void cv_map_init(cv_map *map, cv_mem *mem);
void cv_map_free(cv_map *map);
// NULL when absent. The pointer lives until the next put.
uint64_t *cv_map_get(const cv_map *map, cv_bytes key);
// Adds or replaces. *existed (may be NULL) says which.
CV_MUST_USE cv_status cv_map_put(cv_map *map, cv_bytes key, uint64_t value, bool *existed);
uint32_t cv_hash_bytes(const void *data, size_t size);

#endif
