// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv_memory.c: a bucket in memory, for as long as the context: keys in order, so that a listing goes on behind a key
// whatever has changed. What all buckets of a context hold counts against limits.kv_bytes.
#include "wasi/core/kv.h"

#include <inttypes.h>

enum { ENTRY_COST = 64 }; // bytes that an entry takes beside its key and value

typedef struct entry {
  cv_bytes key, value; // two blocks of their own
  uint64_t version;
} entry;

typedef struct memory_bucket {
  cv_bucket base;
  cv_mem *mem;
  CV_VEC(entry) entries; // in order of their keys
  uint64_t versions;     // given so far
} memory_bucket;

static int compare(cv_bytes a, cv_bytes b) {
  size_t n = CV_MIN(a.size, b.size);
  int order = n != 0 ? memcmp(a.data, b.data, n) : 0;
  return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

// The first entry that is not before `key`.
static size_t lower_bound(const memory_bucket *m, cv_bytes key, bool *found) {
  size_t from = 0, to = m->entries.count;
  while (from < to) {
    size_t at = from + (to - from) / 2;
    if (compare(m->entries.data[at].key, key) < 0)
      from = at + 1;
    else
      to = at;
  }
  *found = from < m->entries.count && compare(m->entries.data[from].key, key) == 0;
  return from;
}

static cv_err memory_get(cv_bucket *b, cv_bytes key, cv_kv_value *out) {
  const memory_bucket *m = (memory_bucket *)b;
  bool found;
  size_t at = lower_bound(m, key, &found);
  *out = found ? (cv_kv_value){m->entries.data[at].value, m->entries.data[at].version} : (cv_kv_value){.version = 0};
  return CV_ERR_OK;
}

static bool copy(cv_mem *mem, cv_bytes from, cv_bytes *out) {
  uint8_t *data = cv_mem_alloc(mem, from.size + 1); // empty ones have an address too
  *out = (cv_bytes){data, from.size};
  if (data != NULL && from.size != 0)
    memcpy(data, from.data, from.size);
  return data != NULL;
}

static void drop(cv_mem *mem, cv_bytes text) {
  if (text.data != NULL)
    cv_mem_free(mem, (void *)(uintptr_t)text.data, text.size + 1);
}

static cv_err check_room(cv_bucket *b, bool is_new, uint64_t before, uint64_t after) {
  const memory_bucket *m = (memory_bucket *)b;
  const cv_wasi_limits *limits = &b->w->limits;
  if (is_new && m->entries.count >= limits->kv_keys)
    return cv_bucket_fail(b, CV_ERR_NOSPC, "the bucket has %zu keys: the limit is %" PRIu32, m->entries.count,
                          limits->kv_keys);
  if (after > before && after - before > limits->kv_bytes - b->w->kv_used)
    return cv_bucket_fail(b, CV_ERR_NOSPC,
                          "buckets in memory hold %" PRIu64 " bytes: the limit is %" PRIu64
                          " (--max-keyvalue SIZE gives them more)",
                          b->w->kv_used, limits->kv_bytes);
  return CV_ERR_OK;
}

static cv_err replace(memory_bucket *m, entry *e, cv_bytes value) {
  cv_bytes fresh;
  CV_ERR_TRY(check_room(&m->base, false, e->value.size, value.size));
  if (!copy(m->mem, value, &fresh))
    return CV_ERR_NOMEM;
  m->base.w->kv_used += (uint64_t)fresh.size - e->value.size;
  drop(m->mem, e->value);
  e->value = fresh;
  e->version = ++m->versions;
  return CV_ERR_OK;
}

static cv_err insert(memory_bucket *m, size_t at, cv_bytes key, cv_bytes value) {
  entry e = {.version = m->versions + 1};
  uint64_t cost = (uint64_t)key.size + value.size + ENTRY_COST;
  CV_ERR_TRY(check_room(&m->base, true, 0, cost));
  if (!copy(m->mem, key, &e.key) || !copy(m->mem, value, &e.value) || cv_vec_reserve(m->mem, &m->entries, 1) != CV_OK) {
    drop(m->mem, e.key);
    drop(m->mem, e.value);
    return CV_ERR_NOMEM;
  }
  memmove(m->entries.data + at + 1, m->entries.data + at, (m->entries.count - at) * sizeof e);
  m->entries.data[at] = e;
  m->entries.count++;
  m->versions++;
  m->base.w->kv_used += cost;
  return CV_ERR_OK;
}

static cv_err memory_set(cv_bucket *b, cv_bytes key, cv_bytes value) {
  memory_bucket *m = (memory_bucket *)b;
  bool found;
  size_t at = lower_bound(m, key, &found);
  return found ? replace(m, &m->entries.data[at], value) : insert(m, at, key, value);
}

static cv_err memory_remove(cv_bucket *b, cv_bytes key) {
  memory_bucket *m = (memory_bucket *)b;
  bool found;
  size_t at = lower_bound(m, key, &found);
  if (!found)
    return CV_ERR_OK;
  entry e = m->entries.data[at];
  m->entries.count--;
  memmove(m->entries.data + at, m->entries.data + at + 1, (m->entries.count - at) * sizeof e);
  b->w->kv_used -= (uint64_t)e.key.size + e.value.size + ENTRY_COST;
  drop(m->mem, e.key);
  drop(m->mem, e.value);
  return CV_ERR_OK;
}

static cv_err memory_list(cv_bucket *b, const cv_bytes *after, cv_kv_key_fn *fn, void *env) {
  const memory_bucket *m = (memory_bucket *)b;
  bool found = false;
  size_t at = after != NULL ? lower_bound(m, *after, &found) + found : 0;
  while (at < m->entries.count && fn(env, m->entries.data[at].key))
    at++;
  return CV_ERR_OK;
}

static void memory_close(cv_bucket *b) {
  memory_bucket *m = (memory_bucket *)b;
  for (size_t i = 0; i < m->entries.count; i++) {
    drop(m->mem, m->entries.data[i].key);
    drop(m->mem, m->entries.data[i].value);
  }
  cv_vec_free(m->mem, &m->entries);
  cv_mem_free(m->mem, m, sizeof *m);
}

cv_err cv_bucket_memory_new(cv_wasi *w, cv_bucket **out) {
  static const cv_bucket_ops ops = {
      .name = "memory",
      .get = memory_get,
      .set = memory_set,
      .remove = memory_remove,
      .list = memory_list,
      .close = memory_close,
  };
  memory_bucket *m = cv_mem_zalloc(w->mem, sizeof *m);
  *out = m != NULL ? &m->base : NULL;
  if (m == NULL)
    return CV_ERR_NOMEM;
  m->base.ops = &ops;
  m->mem = w->mem;
  return CV_ERR_OK;
}
