// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool.c: reuse of address space and stacks.
#include "runtime/pool.h"

#include "sys/vm.h"

// Room below the limit of wasm code for helpers and host functions: a quarter of the stack within these bounds. A stack
// that is asked to be smaller than LEAST_STACK is made that large: functions of WASI alone take 20 KiB.
enum { ZONE_LEAST = 64 << 10, ZONE_MOST = 256 << 10, LEAST_STACK = 2 * ZONE_LEAST };
static const uint64_t MOST_STACK = 1ull << 46; // more than there is; so that sums do not overflow

void cv_pool_init(cv_pool *pool, cv_mem *mem, uint32_t most) {
  *pool = (cv_pool){.mem = mem, .slot_most = most, .fiber_most = most};
}

static void slot_delete(cv_pool *pool, cv_slot *slot) {
  cv_vm_release(slot->base, slot->reserved);
  cv_mem_free(pool->mem, slot, sizeof *slot);
}

static void fiber_delete(cv_pool *pool, cv_fiber *fiber) {
  cv_stack_delete(&fiber->stack);
  cv_mem_free(pool->mem, fiber, sizeof *fiber);
}

void cv_pool_free(cv_pool *pool) {
  while (pool->slots != NULL) {
    cv_slot *next = pool->slots->next;
    slot_delete(pool, pool->slots);
    pool->slots = next;
  }
  while (pool->fibers != NULL) {
    cv_fiber *next = pool->fibers->next;
    fiber_delete(pool, pool->fibers);
    pool->fibers = next;
  }
}

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

// How well a pooled slot fits: 2 when the image is mapped already, 1 when nothing is in the way, 0 when another image
// must go first.
static int fitness(const cv_slot *slot, uint64_t image) {
  if (slot->image == image)
    return 2;
  return slot->image == 0 ? 1 : 0;
}

static cv_slot *take_pooled(cv_pool *pool, uint64_t reserved, uint64_t image) {
  cv_slot **best = NULL;
  cv_lock_take(&pool->lock);
  for (cv_slot **at = &pool->slots; *at != NULL; at = &(*at)->next)
    if ((*at)->reserved == reserved && (best == NULL || fitness(*at, image) > fitness(*best, image))) {
      best = at;
      if (fitness(*at, image) == 2)
        break;
    }
  cv_slot *slot = best != NULL ? *best : NULL;
  if (slot != NULL) {
    *best = slot->next;
    pool->slot_count--;
  }
  cv_lock_release(&pool->lock);
  return slot;
}

// Gives up every slot that nobody uses.
static void drain(cv_pool *pool) {
  cv_lock_take(&pool->lock);
  cv_slot *slots = pool->slots;
  pool->slots = NULL;
  pool->slot_count = 0;
  cv_lock_release(&pool->lock);
  while (slots != NULL) {
    cv_slot *next = slots->next;
    slot_delete(pool, slots);
    slots = next;
  }
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
  if (slot->committed > want) {
    if (!cv_vm_decommit(slot->base + want, slot->committed - want))
      return false;
    slot->committed = want;
  }
  return cv_slot_grow(slot, size);
}

cv_slot *cv_pool_slot(cv_pool *pool, uint64_t reserved, uint64_t size, const cv_image *image) {
  cv_slot *slot = take_pooled(pool, reserved, image != NULL ? image->id : 0);
  if (slot == NULL)
    slot = slot_new(pool, reserved);
  if (slot != NULL && !prepare(slot, size, image)) {
    slot_delete(pool, slot);
    return NULL;
  }
  return slot;
}

// With the lock held: the slot that was not used for longest.
static cv_slot *take_oldest(cv_pool *pool) {
  cv_slot **at = &pool->slots;
  while ((*at)->next != NULL)
    at = &(*at)->next;
  cv_slot *slot = *at;
  *at = NULL;
  pool->slot_count--;
  return slot;
}

void cv_pool_slot_give(cv_pool *pool, cv_slot *slot) {
  if (slot == NULL)
    return;
  // Contents go before anybody else can have the slot; when the system refuses, so does the pool.
  if (!cv_vm_reset(slot->base, slot->committed)) {
    slot_delete(pool, slot);
    return;
  }
  cv_lock_take(&pool->lock);
  slot->next = pool->slots;
  pool->slots = slot;
  pool->slot_count++;
  cv_slot *surplus = pool->slot_count > pool->slot_most ? take_oldest(pool) : NULL;
  cv_lock_release(&pool->lock);
  if (surplus != NULL)
    slot_delete(pool, surplus);
}

cv_fiber *cv_pool_fiber(cv_pool *pool, uint64_t stack_bytes) {
  uint64_t size = cv_vm_page_up(CV_MIN(CV_MAX(stack_bytes, (uint64_t)LEAST_STACK), MOST_STACK));
  cv_lock_take(&pool->lock);
  cv_fiber **at = &pool->fibers;
  while (*at != NULL && (*at)->stack.size != size)
    at = &(*at)->next;
  cv_fiber *fiber = *at;
  if (fiber != NULL) {
    *at = fiber->next;
    pool->fiber_count--;
  }
  cv_lock_release(&pool->lock);
  if (fiber != NULL)
    return fiber;
  fiber = cv_mem_zalloc(pool->mem, sizeof *fiber);
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

void cv_pool_fiber_give(cv_pool *pool, cv_fiber *fiber) {
  if (fiber == NULL)
    return;
  cv_stack_reset(&fiber->stack);
  fiber->outer = NULL;
  cv_lock_take(&pool->lock);
  if (pool->fiber_count < pool->fiber_most) {
    fiber->next = pool->fibers;
    pool->fibers = fiber;
    pool->fiber_count++;
    fiber = NULL;
  }
  cv_lock_release(&pool->lock);
  if (fiber != NULL)
    fiber_delete(pool, fiber);
}
