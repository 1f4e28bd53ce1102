// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory.c: linear memories (core specification, 4.2.8 and 4.6.9).
//
// A memory with 32-bit addresses and pages of 64 KiB reserves every address that an access can form
// (CV_GUARDED_RESERVATION). Native code needs no check there. All other memories reserve what they may grow to, and are
// checked access by access. When address space is short, the first kind reserves less too, and only tiers that check
// can use it.
#include "runtime/internal.h"

#include "base/text.h"
#include "sys/vm.h"

static const uint64_t LEAST_RESERVATION = 64 << 10;
// A 64-bit memory without a maximum may grow to this many bytes.
static const uint64_t MOST_64 = 64ull << 30;

// Shared by the objects that several stores hold for one memory.
typedef struct cv_shared_memory {
  cv_lock lock;     // growth and the list
  cv_memory *views; // linked by next_view
  cv_slot *slot;
  cv_engine *engine; // counted
  uint64_t size, max_bytes;
} cv_shared_memory;

static bool is_guarded(const cv_memtype *type) {
  return !type->limits.is_64 && type->page_log2 == 16;
}

// The most bytes that the type lets a memory have; the address type bounds it too.
static uint64_t type_bound(const cv_memtype *type) {
  uint64_t most = UINT64_MAX >> type->page_log2;
  if (!type->limits.is_64) // as many pages as memory.size can say
    most = CV_MIN((1ull << 32) >> type->page_log2, (uint64_t)UINT32_MAX);
  if (type->limits.has_max)
    most = CV_MIN(most, type->limits.max);
  uint64_t bytes;
  return cv_mul_overflows(most, 1ull << type->page_log2, &bytes) ? UINT64_MAX : bytes;
}

static bool address_space_for(uint64_t bytes) {
  void *p = cv_vm_reserve(bytes);
  cv_vm_release(p, bytes);
  return p != NULL;
}

// When the wanted reservation is not to be had: half of the largest that is, so that others still have some.
static uint64_t modest(uint64_t want, uint64_t min) {
  do
    want /= 2;
  while (want > LEAST_RESERVATION && !address_space_for(want));
  return cv_vm_page_up(CV_MAX(want / 2, min));
}

static cv_slot *reserve(cv_store *store, const cv_memtype *type, uint64_t min, uint64_t max, const cv_image *image,
                        cv_pool_lack *lack) {
  cv_pool *pool = store->engine->pool;
  bool is_pooled = !pool->options.is_bounded;
  *lack = CV_LACK_MEMORY;
  if (is_guarded(type)) {
    // A shared memory may outlive the store.
    cv_slot *slot = is_pooled || !type->limits.is_shared ? cv_pool_slot(pool, CV_GUARDED_RESERVATION, min, image, lack)
                                                         : cv_pool_slot_plain(pool, CV_GUARDED_RESERVATION, min, image);
    if (slot != NULL || *lack == CV_LACK_SLOT || store->engine->tier->guard_pages)
      return slot;
  }
  uint64_t want = cv_vm_page_up(CV_MAX(CV_MAX(CV_MIN(max, MOST_64), min), LEAST_RESERVATION));
  cv_slot *slot = is_pooled ? cv_pool_slot(pool, want, min, image, lack) : cv_pool_slot_plain(pool, want, min, image);
  if (slot != NULL)
    return slot;
  want = modest(want, CV_MAX(min, LEAST_RESERVATION));
  return is_pooled ? cv_pool_slot(pool, want, min, image, lack) : cv_pool_slot_plain(pool, want, min, image);
}

CV_COLD static cv_status no_slot(cv_store *store, cv_pool_lack lack, uint64_t min, cv_diag *diag) {
  char text[CV_TEXT_SIZE];
  if (lack == CV_LACK_SLOT) {
    uint32_t most = store->engine->pool->options.memories;
    cv_store_refuse(store, most, "the pool of %u memor%s is used up: a store that is deleted gives its memories back",
                    most, most == 1 ? "y" : "ies");
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "%s", store->refusal);
  }
  return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET,
                 "no address space for a memory of %s: is there a limit (ulimit -v)? The interpreter needs less",
                 cv_bytes_text(min, text, sizeof text));
}

// Why the host does not let the memory have `bytes`, as a sentence in the store; false when it does.
static bool over_limit(cv_store *store, uint64_t old_bytes, uint64_t bytes, const char *doing, uint64_t count) {
  char limit[CV_TEXT_SIZE];
  const char *what = "memory limit";
  uint64_t most = store->limits.memory_bytes;
  if (bytes <= most) {
    uint64_t rest = store->limits.memory_total - CV_MIN(store->limits.memory_total, store->memory_used);
    if (bytes - old_bytes <= rest)
      return false;
    what = "limit of all memories";
    most = store->limits.memory_total;
  }
  cv_store_refuse(store, most, "%s %s reached %s %llu page%s", what, cv_bytes_text(most, limit, sizeof limit), doing,
                  (unsigned long long)count, count == 1 ? "" : "s");
  return true;
}

static cv_status init_shared(cv_store *store, cv_memory *m) {
  cv_engine *engine = store->engine;
  cv_shared_memory *shared = cv_mem_zalloc(&engine->mem, sizeof *shared);
  if (shared == NULL)
    return CV_ENOMEM;
  *shared =
      (cv_shared_memory){.views = m, .slot = m->slot, .engine = engine, .size = m->size, .max_bytes = m->max_bytes};
  cv_engine_retain(engine);
  m->shared = shared;
  return CV_OK;
}

cv_status cv_memory_init(cv_store *store, cv_memory *m, const cv_memtype *type, const cv_image *image, cv_diag *diag) {
  uint64_t min;
  if (cv_mul_overflows(type->limits.min, 1ull << type->page_log2, &min))
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "memory of %llu pages is larger than this machine's address space",
                   (unsigned long long)type->limits.min);
  if (over_limit(store, 0, min, "making a memory of", type->limits.min))
    return cv_fail(diag, CV_ELIMIT, CV_NO_OFFSET, "%s", store->refusal);
  CV_TRY(cv_vec_reserve(&store->mem, &store->memories, 1));
  uint64_t max = CV_MIN(type_bound(type), store->limits.memory_bytes);
  cv_pool_lack lack;
  cv_slot *slot = reserve(store, type, min, max, image, &lack);
  if (slot == NULL)
    return no_slot(store, lack, min, diag);
  *m = (cv_memory){.base = slot->base,
                   .size = min,
                   .max_bytes = CV_MIN(max, slot->reserved),
                   .reserved = slot->reserved,
                   .type = *type,
                   .store = store,
                   .slot = slot};
  if (type->limits.is_shared && init_shared(store, m) != CV_OK) {
    cv_pool_slot_give(store->engine->pool, slot);
    return CV_ENOMEM;
  }
  store->memories.data[store->memories.count++] = m;
  store->memory_used += min;
  return CV_OK;
}

void cv_memory_free(cv_memory *m) {
  cv_shared_memory *shared = m->shared;
  if (shared == NULL) {
    cv_pool_slot_give(m->store->engine->pool, m->slot);
    return;
  }
  cv_lock_take(&shared->lock);
  cv_memory **at = &shared->views;
  while (*at != m)
    at = &(*at)->next_view;
  *at = m->next_view;
  bool last = shared->views == NULL;
  cv_lock_release(&shared->lock);
  if (!last)
    return;
  cv_engine *engine = shared->engine;
  cv_pool_slot_give(engine->pool, shared->slot);
  cv_mem_free(&engine->mem, shared, sizeof *shared);
  cv_engine_release(engine);
}

cv_status cv_store_memory_share(cv_store *store, cv_memory *other, cv_memory **out, cv_diag *diag) {
  cv_shared_memory *shared = other->shared;
  if (shared == NULL || shared->engine != store->engine)
    return cv_fail(diag, CV_EUSAGE, CV_NO_OFFSET, "only a shared memory of the same engine can be in several stores");
  CV_TRY(cv_vec_reserve(&store->mem, &store->memories, 1));
  cv_memory *view = CV_ARENA_NEW(&store->arena, cv_memory);
  if (view == NULL)
    return CV_ENOMEM;
  cv_lock_take(&shared->lock);
  *view = *other;
  view->store = store;
  view->size = shared->size;
  view->next_view = shared->views;
  shared->views = view;
  cv_lock_release(&shared->lock);
  store->memories.data[store->memories.count++] = view;
  *out = view;
  return CV_OK;
}

cv_memtype cv_memory_present_type(const cv_memory *m) {
  cv_memtype type = m->type;
  type.limits.min = cv_memory_size(m) >> type.page_log2;
  return type;
}

static void publish(cv_memory *m, uint64_t size) {
  if (m->shared == NULL) {
    m->size = size;
    return;
  }
  m->shared->size = size;
  for (cv_memory *v = m->shared->views; v != NULL; v = v->next_view)
    __atomic_store_n(&v->size, size, __ATOMIC_RELEASE);
}

static int64_t grow_locked(cv_memory *m, uint64_t delta, bool *refused) {
  uint64_t old = cv_memory_size(m), added, size;
  unsigned log2 = m->type.page_log2;
  if (cv_mul_overflows(delta, 1ull << log2, &added) || cv_add_overflows(old, added, &size) ||
      size > type_bound(&m->type))
    return -1;
  if (delta == 0)
    return (int64_t)(old >> log2);
  cv_store *store = m->store;
  if (over_limit(store, old, size, "growing by", delta)) {
    *refused = true;
    return -1;
  }
  if (size > m->reserved || !cv_slot_grow(m->slot, size)) {
    char text[CV_TEXT_SIZE];
    cv_store_refuse(store, size, "no host memory for a linear memory of %s", cv_bytes_text(size, text, sizeof text));
    return -1;
  }
  store->memory_used += added;
  publish(m, size);
  return (int64_t)(old >> log2);
}

int64_t cv_memory_grow(cv_memory *m, uint64_t delta, bool *refused) {
  *refused = false;
  if (m->shared == NULL)
    return grow_locked(m, delta, refused);
  cv_lock_take(&m->shared->lock);
  int64_t old = grow_locked(m, delta, refused);
  cv_lock_release(&m->shared->lock);
  return old;
}
