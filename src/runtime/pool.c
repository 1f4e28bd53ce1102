// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool.c: reuse of address space and stacks.
#include "runtime/pool.h"

#include "base/text.h"
#include "sys/vm.h"

// Room below the limit of wasm code for helpers and host functions: a quarter of the stack within these bounds. A stack
// that is asked to be smaller than LEAST_STACK is made that large: functions of WASI alone take 20 KiB.
enum { ZONE_LEAST = 64 << 10, ZONE_MOST = 256 << 10, LEAST_STACK = 2 * ZONE_LEAST };
static const uint64_t MOST_STACK = 1ull << 46; // more than there is; so that sums do not overflow

static void slot_delete(cv_pool *pool, cv_slot *slot) {
  cv_vm_release(slot->base, slot->reserved);
  cv_mem_free(pool->mem, slot, sizeof *slot);
}

static void fiber_delete(cv_pool *pool, cv_fiber *fiber) {
  cv_stack_delete(&fiber->stack);
  cv_mem_free(pool->mem, fiber, sizeof *fiber);
}

// ---- free slots, with the lock held ----

static cv_slot **bucket(cv_pool *pool, uint64_t image) {
  return &pool->like[image % CV_POOL_BUCKETS];
}

static void insert(cv_pool *pool, cv_slot *slot) {
  slot->newer = NULL;
  slot->older = pool->newest;
  *(pool->newest != NULL ? &pool->newest->newer : &pool->oldest) = slot;
  pool->newest = slot;
  slot->at_like = bucket(pool, slot->image);
  slot->next_like = *slot->at_like;
  if (slot->next_like != NULL)
    slot->next_like->at_like = &slot->next_like;
  *slot->at_like = slot;
  pool->free_slots++;
}

static void extract(cv_pool *pool, cv_slot *slot) {
  *(slot->newer != NULL ? &slot->newer->older : &pool->newest) = slot->older;
  *(slot->older != NULL ? &slot->older->newer : &pool->oldest) = slot->newer;
  *slot->at_like = slot->next_like;
  if (slot->next_like != NULL)
    slot->next_like->at_like = slot->at_like;
  pool->free_slots--;
}

static cv_slot *find_like(cv_pool *pool, uint64_t reserved, uint64_t image) {
  cv_slot *slot = *bucket(pool, image);
  while (slot != NULL && (slot->reserved != reserved || slot->image != image))
    slot = slot->next_like;
  return slot;
}

// The best one has the image mapped already; in the next best nothing is in the way; from the others the image must go
// that was not used for longest.
static cv_slot *find_best(cv_pool *pool, uint64_t reserved, uint64_t image) {
  cv_slot *slot = find_like(pool, reserved, image);
  if (slot == NULL && image != 0)
    slot = find_like(pool, reserved, 0);
  if (slot != NULL)
    return slot;
  for (slot = pool->oldest; slot != NULL && slot->reserved != reserved;)
    slot = slot->newer;
  return slot;
}

static cv_slot *take_free(cv_pool *pool, uint64_t reserved, uint64_t image) {
  cv_lock_take(&pool->lock);
  cv_slot *slot = find_best(pool, reserved, image);
  if (slot != NULL) {
    extract(pool, slot);
    if (slot->is_fixed && ++pool->use.memories > pool->use.memories_most)
      pool->use.memories_most = pool->use.memories;
  }
  cv_lock_release(&pool->lock);
  return slot;
}

// ---- the pool ----

// The slots stand in the free list so that the first is taken first.
static cv_status reserve_region(cv_pool *pool) {
  const cv_pool_options *o = &pool->options;
  if (cv_mul_overflows(o->memory_reach, (uint64_t)o->memories, &pool->region_size))
    return CV_ENOMEM;
  if (pool->region_size != 0 && (pool->region = cv_vm_reserve(pool->region_size)) == NULL)
    return CV_ENOMEM;
  pool->fixed = cv_mem_calloc(pool->mem, o->memories, sizeof *pool->fixed);
  if (pool->fixed == NULL)
    return CV_ENOMEM;
  for (uint32_t i = o->memories; i-- != 0;) {
    cv_slot *slot = &pool->fixed[i];
    *slot = (cv_slot){.base = pool->region + i * o->memory_reach, .reserved = o->memory_reach, .is_fixed = true};
    insert(pool, slot);
  }
  return CV_OK;
}

cv_status cv_pool_init(cv_pool *pool, cv_mem *mem, const cv_pool_options *options) {
  *pool = (cv_pool){.mem = mem, .options = *options};
  cv_status status = options->is_bounded ? reserve_region(pool) : CV_OK;
  if (status != CV_OK)
    cv_pool_free(pool);
  return status;
}

// Gives up every slot that nobody uses.
static void drain(cv_pool *pool) {
  cv_slot *surplus = NULL;
  cv_lock_take(&pool->lock);
  for (cv_slot *slot = pool->oldest, *next; slot != NULL; slot = next) {
    next = slot->newer;
    if (slot->is_fixed)
      continue;
    extract(pool, slot);
    slot->newer = surplus;
    surplus = slot;
  }
  cv_lock_release(&pool->lock);
  while (surplus != NULL) {
    cv_slot *next = surplus->newer;
    slot_delete(pool, surplus);
    surplus = next;
  }
}

void cv_pool_free(cv_pool *pool) {
  drain(pool);
  cv_vm_release(pool->region, pool->region_size);
  cv_mem_free(pool->mem, pool->fixed, pool->options.memories * sizeof *pool->fixed);
  while (pool->fibers != NULL) {
    cv_fiber *next = pool->fibers->next;
    fiber_delete(pool, pool->fibers);
    pool->fibers = next;
  }
}

cv_status cv_pool_new(const cv_pool_options *options, cv_pool **out, cv_diag *diag) {
  *out = NULL;
  cv_mem first;
  cv_mem_init(&first, UINT64_MAX);
  cv_pool *pool = cv_mem_alloc(&first, sizeof *pool);
  if (pool == NULL)
    return cv_fail(diag, CV_ENOMEM, CV_NO_OFFSET, "out of memory for a pool");
  cv_status status = cv_pool_init(pool, &first, options);
  if (status != CV_OK) {
    char text[CV_TEXT_SIZE];
    uint64_t each = options->memory_reach;
    cv_mem_free(&first, pool, sizeof *pool);
    return cv_fail(diag, status, CV_NO_OFFSET,
                   "a pool of %u memories takes %s of address space for each, more than there is in all",
                   options->memories, cv_bytes_text(each, text, sizeof text));
  }
  pool->own_mem = first;
  pool->mem = &pool->own_mem;
  pool->references = 1;
  *out = pool;
  return CV_OK;
}

void cv_pool_retain(cv_pool *pool) {
  __atomic_add_fetch(&pool->references, 1, __ATOMIC_RELAXED);
}

void cv_pool_release(cv_pool *pool) {
  if (pool == NULL || __atomic_sub_fetch(&pool->references, 1, __ATOMIC_ACQ_REL) != 0)
    return;
  cv_pool_free(pool);
  cv_mem mem = pool->own_mem;
  cv_mem_free(&mem, pool, sizeof *pool);
}

cv_pool_use cv_pool_in_use(cv_pool *pool) {
  cv_lock_take(&pool->lock);
  cv_pool_use use = pool->use;
  cv_lock_release(&pool->lock);
  return use;
}

// ---- slots ----

uint64_t cv_image_id(void) {
  static uint64_t last;
  return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

bool cv_slot_grow(cv_slot *slot, uint64_t size) {
  uint64_t want = cv_vm_page_up(size);
  if (want <= slot->committed)
    return true;
  if (want > slot->reserved || !cv_vm_commit(slot->base + slot->committed, want - slot->committed))
    return false;
  slot->committed = want;
  return true;
}

static cv_slot *slot_new(cv_pool *pool, uint64_t reserved) {
  cv_slot *slot = cv_mem_zalloc(pool->mem, sizeof *slot);
  if (slot == NULL)
    return NULL;
  slot->base = cv_vm_reserve(reserved);
  if (slot->base == NULL) {
    drain(pool);
    slot->base = cv_vm_reserve(reserved);
  }
  if (slot->base == NULL) {
    cv_mem_free(pool->mem, slot, sizeof *slot);
    return NULL;
  }
  slot->reserved = reserved;
  return slot;
}

// Gives the slot the wanted image and size. It holds zeros, or the image it has.
static bool prepare(cv_slot *slot, uint64_t size, const cv_image *image) {
  uint64_t id = image != NULL ? image->id : 0, want = cv_vm_page_up(size);
  if (slot->image != id) {
    if (slot->image != 0 && !cv_vm_decommit(slot->base, slot->committed))
      return false;
    if (slot->image != 0)
      slot->committed = 0;
    slot->image = 0;
    if (image != NULL) {
      if (!cv_vm_image_map(image->file, slot->base, image->size, 0))
        return false;
      slot->image = id;
      slot->committed = CV_MAX(slot->committed, image->size);
    }
  }
  slot->source = image;
  if (slot->committed > want) {
    if (!cv_vm_decommit(slot->base + want, slot->committed - want))
      return false;
    slot->committed = want;
  }
  return cv_slot_grow(slot, size);
}

// A slot that is in no list any more goes back to the system, or loses all that was mapped in it. When not even that is
// possible, nobody gets it again.
static void discard(cv_pool *pool, cv_slot *slot) {
  if (!slot->is_fixed) {
    slot_delete(pool, slot);
    return;
  }
  bool is_clean = cv_vm_decommit(slot->base, slot->reserved);
  slot->committed = slot->image = 0;
  slot->source = NULL;
  cv_lock_take(&pool->lock);
  if (is_clean) {
    insert(pool, slot);
    pool->use.memories--;
  }
  cv_lock_release(&pool->lock);
}

static cv_slot *prepared(cv_pool *pool, cv_slot *slot, uint64_t size, const cv_image *image) {
  if (slot == NULL || prepare(slot, size, image))
    return slot;
  discard(pool, slot);
  return NULL;
}

cv_slot *cv_pool_slot_plain(cv_pool *pool, uint64_t reserved, uint64_t size, const cv_image *image) {
  return prepared(pool, slot_new(pool, reserved), size, image);
}

cv_slot *cv_pool_slot(cv_pool *pool, uint64_t reserved, uint64_t size, const cv_image *image, cv_pool_lack *lack) {
  const cv_pool_options *o = &pool->options;
  bool is_own = o->is_bounded && reserved == o->memory_reach;
  *lack = CV_LACK_MEMORY;
  cv_slot *slot = take_free(pool, reserved, image != NULL ? image->id : 0);
  if (slot == NULL && is_own && !o->fallback) {
    *lack = CV_LACK_SLOT;
    return NULL;
  }
  if (slot == NULL)
    slot = slot_new(pool, reserved);
  return prepared(pool, slot, size, image);
}

static bool clean(const cv_pool *pool, cv_slot *slot) {
  const cv_image *image = slot->source;
  size_t keep = image != NULL && image->view == NULL ? 0 : pool->options.keep_bytes;
  return cv_vm_clean(slot->base, slot->committed, image != NULL ? image->view : NULL, image != NULL ? image->size : 0,
                     keep);
}

void cv_pool_slot_give(cv_pool *pool, cv_slot *slot) {
  if (slot == NULL)
    return;
  // Contents go before anybody else can have the slot; when the system refuses, so does the pool. What a bounded pool
  // had to make besides its own slots it does not keep.
  if ((pool->options.is_bounded && !slot->is_fixed) || !clean(pool, slot)) {
    discard(pool, slot);
    return;
  }
  slot->source = NULL;
  cv_slot *surplus = NULL;
  cv_lock_take(&pool->lock);
  insert(pool, slot);
  if (slot->is_fixed)
    pool->use.memories--;
  else if (pool->free_slots > pool->options.memories)
    extract(pool, surplus = pool->oldest);
  cv_lock_release(&pool->lock);
  if (surplus != NULL)
    slot_delete(pool, surplus);
}

// ---- stacks ----

// With the lock held: a free stack of that size, else leave for one more. False when a bounded pool has no more; then
// *surplus is a free stack of another size, if there is one, which goes for it.
static bool take_fiber(cv_pool *pool, uint64_t size, cv_fiber **out, cv_fiber **surplus) {
  const cv_pool_options *o = &pool->options;
  cv_fiber **at = &pool->fibers;
  while (*at != NULL && (*at)->stack.size != size)
    at = &(*at)->next;
  *surplus = NULL;
  *out = *at;
  if (*at == NULL && o->is_bounded && pool->use.stacks + pool->free_fibers >= o->stacks) {
    at = &pool->fibers;
    *surplus = *at;
    if (*at == NULL && !o->fallback)
      return false;
  }
  if (*at != NULL) {
    *at = (*at)->next;
    pool->free_fibers--;
  }
  if (++pool->use.stacks > pool->use.stacks_most)
    pool->use.stacks_most = pool->use.stacks;
  return true;
}

static cv_fiber *fiber_new(cv_pool *pool, uint64_t size) {
  cv_fiber *fiber = cv_mem_zalloc(pool->mem, sizeof *fiber);
  if (fiber == NULL)
    return NULL;
  if (!cv_stack_new(&fiber->stack, size)) {
    cv_mem_free(pool->mem, fiber, sizeof *fiber);
    return NULL;
  }
  uint64_t zone = CV_MIN(CV_MAX(size / 4, ZONE_LEAST), ZONE_MOST);
  fiber->limit = (uintptr_t)fiber->stack.low + zone;
  return fiber;
}

cv_fiber *cv_pool_fiber(cv_pool *pool, uint64_t stack_bytes, cv_pool_lack *lack) {
  uint64_t size = cv_vm_page_up(CV_MIN(CV_MAX(stack_bytes, (uint64_t)LEAST_STACK), MOST_STACK));
  cv_fiber *fiber, *surplus;
  cv_lock_take(&pool->lock);
  bool is_there = take_fiber(pool, size, &fiber, &surplus);
  cv_lock_release(&pool->lock);
  *lack = is_there ? CV_LACK_MEMORY : CV_LACK_SLOT;
  if (!is_there)
    return NULL;
  if (surplus != NULL)
    fiber_delete(pool, surplus);
  if (fiber == NULL && (fiber = fiber_new(pool, size)) == NULL) {
    cv_lock_take(&pool->lock);
    pool->use.stacks--;
    cv_lock_release(&pool->lock);
  }
  return fiber;
}

void cv_pool_fiber_give(cv_pool *pool, cv_fiber *fiber) {
  if (fiber == NULL)
    return;
  cv_stack_reset(&fiber->stack);
  fiber->outer = NULL;
  cv_lock_take(&pool->lock);
  pool->use.stacks--;
  if (pool->free_fibers < pool->options.stacks) {
    fiber->next = pool->fibers;
    pool->fibers = fiber;
    pool->free_fibers++;
    fiber = NULL;
  }
  cv_lock_release(&pool->lock);
  if (fiber != NULL)
    fiber_delete(pool, fiber);
}
