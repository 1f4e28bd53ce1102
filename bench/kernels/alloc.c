// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Allocation without the C library, so that guest and twin do the same: a buddy allocator under a mixed load of blocks
// that live long and short, and a copying collector (Cheney's) that moves a graph of pairs.
#include "kernel.h"

// ---- the buddy allocator: blocks of 32 bytes << order, a free list for each order ----

enum { UNIT_BITS = 5, ORDERS = 12, UNITS = 1 << (ORDERS - 1), LIVE = 512 };

struct block {
  struct block *next, *before;
};

static union {
  uint8_t bytes[UNITS << UNIT_BITS];
  struct block aligned;
} arena;
static struct block heads[ORDERS];
static uint8_t free_order[UNITS]; // order + 1 of a free block at its first unit, else 0
static uint8_t used_order[UNITS]; // order of a block in use, at its first unit

static void push(uint32_t unit, uint32_t order) {
  struct block *b = (struct block *)(void *)(arena.bytes + (unit << UNIT_BITS)), *head = &heads[order];
  b->next = head->next, b->before = head;
  b->next->before = b;
  head->next = b;
  free_order[unit] = (uint8_t)(order + 1);
}

static uint32_t unlink_block(struct block *b) {
  uint32_t unit = (uint32_t)((uint8_t *)b - arena.bytes) >> UNIT_BITS;
  b->before->next = b->next;
  b->next->before = b->before;
  free_order[unit] = 0;
  return unit;
}

static void arena_reset(void) {
  for (uint32_t i = 0; i < ORDERS; i++)
    heads[i].next = heads[i].before = &heads[i];
  memset(free_order, 0, sizeof free_order);
  push(0, ORDERS - 1);
}

static uint8_t *buddy_alloc(uint32_t size) {
  uint32_t order = 0, from;
  while ((32u << order) < size)
    order++;
  for (from = order; from < ORDERS && heads[from].next == &heads[from];)
    from++;
  if (from >= ORDERS)
    return NULL;
  uint32_t unit = unlink_block(heads[from].next);
  while (from > order) {
    from--;
    push(unit + (1u << from), from);
  }
  used_order[unit] = (uint8_t)order;
  return arena.bytes + (unit << UNIT_BITS);
}

static void buddy_free(uint8_t *p) {
  uint32_t unit = (uint32_t)(p - arena.bytes) >> UNIT_BITS, order = used_order[unit];
  for (; order < ORDERS - 1; order++) {
    uint32_t other = unit ^ 1u << order;
    if (free_order[other] != order + 1)
      break;
    unlink_block((struct block *)(void *)(arena.bytes + (other << UNIT_BITS)));
    unit &= other;
  }
  push(unit, order);
}

static uint64_t mixed_load(uint32_t *seed) {
  static uint8_t *live[LIVE];
  uint64_t sum = 0;
  memset(live, 0, sizeof live);
  for (int i = 0; i < 4000; i++) {
    uint32_t r = next_random(seed), slot = r % LIVE;
    if (live[slot] != NULL) {
      sum += live[slot][3];
      buddy_free(live[slot]);
    }
    live[slot] = buddy_alloc(1u << (r >> 20) % 8 | 8 | (r >> 12 & 15));
    if (live[slot] != NULL)
      live[slot][3] = (uint8_t)r;
    else
      sum += 1000;
  }
  for (int i = 0; i < LIVE; i++)
    if (live[i] != NULL)
      buddy_free(live[i]);
  return sum;
}

// ---- the collector: a pair's fields are numbers (odd) or twice the index of a pair ----

enum { PAIRS = 6000, MOVED = -1 };

struct pair {
  int32_t first, second;
};

static struct pair spaces[2][PAIRS];
static struct pair *from_space, *to_space;
static int32_t used;

static int32_t moved(int32_t value) {
  if (value & 1)
    return value;
  struct pair *old = &from_space[value >> 1];
  if (old->first != MOVED * 2) {
    to_space[used] = *old;
    old->first = MOVED * 2, old->second = used++ << 1;
  }
  return old->second;
}

static int32_t collect(int32_t root) {
  used = 0;
  root = moved(root);
  for (int32_t scan = 0; scan < used; scan++) {
    to_space[scan].first = moved(to_space[scan].first);
    to_space[scan].second = moved(to_space[scan].second);
  }
  struct pair *swap = from_space;
  from_space = to_space, to_space = swap;
  return root;
}

static uint64_t collected_lists(uint32_t *seed) {
  int32_t root = 1, collections = 0;
  from_space = spaces[0], to_space = spaces[1], used = 0;
  for (int i = 0; i < 20000; i++) {
    uint32_t r = next_random(seed);
    if (used == PAIRS) {
      root = collect(root);
      collections++;
    }
    from_space[used] = (struct pair){(int32_t)(r | 1), root};
    root = used++ << 1;
    if ((r & 0xff0) == 0) // what was built so far becomes garbage, all but the last two pairs
      from_space[root >> 1].second = 1;
  }
  uint64_t sum = (uint64_t)collections;
  for (int32_t at = root; !(at & 1); at = from_space[at >> 1].second)
    sum = fold(sum, (uint32_t)from_space[at >> 1].first);
  return sum;
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 77;
  uint64_t sum = 0;
  arena_reset();
  for (uint32_t r = 0; r < rounds; r++) {
    sum = fold(sum, mixed_load(&seed));
    sum = fold(sum, collected_lists(&seed));
  }
  return sum;
}

KERNEL_MAIN(3300)
