// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block.c: the blocks that instances are. Most of the block of a large module are function objects, and to fill those
// that its tables refer to takes longer than all the rest of instantiation. They say nothing of an instance but where
// it is: so the block of an instance that has ended waits, emptied but for them, for the next one of the same code.
#include "runtime/internal.h"

// A small block is made sooner than it is found.
static const uint64_t LEAST_PARKED = 8 << 10;
// Of one code. They count for the engine's quota.
static const uint64_t MOST_PARKED = 16 << 20;

// A block that waits. It stands where the instance's header was.
typedef struct waiting {
  struct waiting *next;
  bool has_elem_funcs;
} waiting;

typedef struct cv_parked {
  cv_lock lock;
  waiting *first;
  uint64_t bytes;
} cv_parked;

// The function objects lie between `low` and `high` of the block.
static void func_range(const cv_code *code, uint64_t *low, uint64_t *high) {
  const cv_module *m = code->module;
  *low = code->layout.funcs;
  *high = *low + (uint64_t)cv_module_defined(m) * sizeof(cv_func);
}

static void clear(const cv_code *code, void *block) {
  uint64_t low, high;
  func_range(code, &low, &high);
  memset(block, 0, low);
  memset((char *)block + high, 0, code->layout.size - high);
}

static cv_parked *parked_of(cv_code *code) {
  cv_parked *p = __atomic_load_n(&code->parked, __ATOMIC_ACQUIRE);
  if (p != NULL)
    return p;
  cv_parked *made = cv_mem_zalloc(&code->engine->mem, sizeof *made);
  if (made == NULL || __atomic_compare_exchange_n(&code->parked, &p, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return made;
  cv_mem_free(&code->engine->mem, made, sizeof *made); // another thread was first
  return p;
}

static waiting *take(cv_code *code) {
  cv_parked *p = __atomic_load_n(&code->parked, __ATOMIC_ACQUIRE);
  if (p == NULL)
    return NULL;
  cv_lock_take(&p->lock);
  waiting *w = p->first;
  if (w != NULL) {
    p->first = w->next;
    p->bytes -= code->layout.size;
  }
  cv_lock_release(&p->lock);
  return w;
}

cv_instance *cv_block_new(cv_store *s, cv_code *code) {
  cv_mem *engine_mem = &code->engine->mem;
  waiting *w = take(code);
  if (w == NULL)
    return cv_mem_zalloc(&s->mem, code->layout.size);
  if (!cv_mem_move(engine_mem, &s->mem, code->layout.size)) {
    cv_mem_free(engine_mem, w, code->layout.size);
    return NULL;
  }
  bool has_elem_funcs = w->has_elem_funcs;
  memset(w, 0, sizeof *w); // the rest was cleared before
  cv_instance *i = (cv_instance *)w;
  i->has_elem_funcs = has_elem_funcs;
  return i;
}

void cv_block_free(cv_store *s, cv_instance *i) {
  cv_mem_free(&s->mem, i, i->block_size);
}

// Modules and code go before what only saves time.
static bool has_room(const cv_mem *engine_mem) {
  uint64_t used = __atomic_load_n(&engine_mem->used, __ATOMIC_RELAXED);
  return engine_mem->limit == UINT64_MAX || used < engine_mem->limit / 2;
}

void cv_block_park(cv_store *s, cv_instance *i) {
  cv_code *code = i->code;
  uint64_t size = i->block_size;
  cv_mem *engine_mem = &code->engine->mem;
  cv_parked *p = size >= LEAST_PARKED && has_room(engine_mem) ? parked_of(code) : NULL;
  if (p == NULL || !cv_mem_move(&s->mem, engine_mem, size)) {
    cv_block_free(s, i);
    return;
  }
  bool has_elem_funcs = i->has_elem_funcs;
  clear(code, i);
  waiting *w = (waiting *)i;
  cv_lock_take(&p->lock);
  bool is_kept = p->bytes + size <= MOST_PARKED;
  if (is_kept) {
    *w = (waiting){p->first, has_elem_funcs};
    p->first = w;
    p->bytes += size;
  }
  cv_lock_release(&p->lock);
  if (!is_kept)
    cv_mem_free(engine_mem, w, size);
}

// Only the code's last reference is left.
void cv_parked_delete(cv_code *code) {
  cv_mem *mem = &code->engine->mem;
  for (waiting *w; (w = take(code)) != NULL;)
    cv_mem_free(mem, w, code->layout.size);
  cv_mem_free(mem, code->parked, sizeof *code->parked);
}
