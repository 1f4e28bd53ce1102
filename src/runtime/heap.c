// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// heap.c: exceptions and externref boxes: the objects that a guest can make without end, so the store must find out
// which ones are out of reach. Mark and sweep, run from an allocation when the number of objects has doubled.
//
// Roots: pinned objects, the exception being thrown, the argument slots, globals, tables, and every word on the stacks
// that calls of the store run on (conservatively: a word that happens to look like an object keeps it). Values of the
// interpreter are on these stacks too. An object is only found by its start address.
#include "runtime/extern.h"
#include "runtime/internal.h"
#include "wasm/canon.h"

#include <stdlib.h>

enum { COLLECT_LEAST = 1024 };

typedef struct object {
  uintptr_t address;
  cv_exception *exception; // or
  cv_externref *box;
} object;

typedef struct marking {
  object *objects; // all, sorted by address
  size_t count;
  cv_exception **work; // marked, payload not looked at yet
  size_t work_count;
} marking;

static int by_address(const void *a, const void *b) {
  uintptr_t x = ((const object *)a)->address, y = ((const object *)b)->address;
  return x < y ? -1 : x > y;
}

static void mark(marking *m, uintptr_t address) {
  size_t low = 0, high = m->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (m->objects[middle].address < address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == m->count || m->objects[low].address != address)
    return;
  object *o = &m->objects[low];
  if (o->box != NULL)
    o->box->marked = true;
  else if (!o->exception->marked) {
    o->exception->marked = true;
    m->work[m->work_count++] = o->exception;
  }
}

// Reads whole frames, red zones of sanitizers included.
__attribute__((no_sanitize("address"))) static void scan(void *arg, void *const *low, void *const *high) {
  low = (void *const *)cv_align_up((uintptr_t)low, sizeof *low);
  for (void *const *at = low; at < high; at++)
    mark(arg, (uintptr_t)*at);
}

static void mark_values(marking *m, const cv_value *values, size_t count) {
  for (size_t i = 0; i < count; i++)
    mark(m, (uintptr_t)values[i].ref);
}

static void mark_stacks(marking *m, cv_context *c) {
  cv_fiber *fiber = c->fiber;
  if (fiber == NULL)
    return;
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  if (cv_stack_has(fiber, here)) {
    cv_stack_scan(fiber->stack.top, scan, m);
    fiber = fiber->outer;
  }
  // Stacks that were left: how far down they are in use is known to whoever left them only.
  for (; fiber != NULL; fiber = fiber->outer)
    scan(m, (void *const *)fiber->stack.low, (void *const *)fiber->stack.top);
}

static void mark_roots(marking *m, cv_store *s) {
  for (cv_exception *e = s->exceptions; e != NULL; e = e->next)
    if (e->pins != 0)
      mark(m, (uintptr_t)e);
  for (cv_externref *b = s->externrefs; b != NULL; b = b->next)
    if (b->pins != 0)
      b->marked = true;
  mark(m, (uintptr_t)s->context.exception);
  mark_values(m, s->context.args, CV_ARG_SLOTS);
  for (size_t i = 0; i < s->instances.count; i++) {
    const cv_instance *instance = s->instances.data[i];
    for (uint32_t g = 0; g < instance->module->global_count; g++)
      mark_values(m, &cv_instance_global(instance, g)->value, 1);
  }
  for (size_t i = 0; i < s->tables.count; i++) {
    const cv_table *t = s->tables.data[i];
    if (cv_type_heap(t->type.elem) == CV_HEAP_EXN || cv_type_heap(t->type.elem) == CV_HEAP_EXTERN)
      for (uint64_t k = 0; k < t->size; k++)
        mark(m, (uintptr_t)t->elems[k]);
  }
  for (size_t i = 0; i < s->globals.count; i++)
    mark_values(m, &s->globals.data[i]->value, 1);
  mark_stacks(m, &s->context);
}

static void exception_delete(cv_store *s, cv_exception *e) {
  cv_mem_free(&s->mem, e, sizeof *e + e->count * sizeof(cv_value));
  s->exception_count--;
}

static void box_delete(cv_store *s, cv_externref *b) {
  void (*finalize)(void *) = b->finalize;
  void *data = b->data;
  cv_mem_free(&s->mem, b, sizeof *b);
  if (finalize != NULL)
    finalize(data);
}

// Returns the boxes that nobody reaches, out of the store's list: their finalizers may make new ones.
static cv_externref *sweep(cv_store *s) {
  cv_externref *dead = NULL;
  for (cv_exception **at = &s->exceptions; *at != NULL;) {
    cv_exception *e = *at;
    if (e->marked) {
      e->marked = false;
      at = &e->next;
    } else {
      *at = e->next;
      exception_delete(s, e);
    }
  }
  for (cv_externref **at = &s->externrefs; *at != NULL;) {
    cv_externref *b = *at;
    if (b->marked) {
      b->marked = false;
      at = &b->next;
    } else {
      *at = b->next;
      b->next = dead;
      dead = b;
      s->externref_count--;
    }
  }
  return dead;
}

void cv_heap_collect(cv_store *s) {
  size_t count = (size_t)s->exception_count + s->externref_count;
  marking m = {.objects = cv_mem_calloc(&s->mem, count, sizeof *m.objects),
               .work = cv_mem_calloc(&s->mem, count, sizeof *m.work)};
  cv_externref *dead = NULL;
  // Without memory to collect nothing is collected.
  if (m.objects != NULL && m.work != NULL) {
    for (cv_exception *e = s->exceptions; e != NULL; e = e->next)
      m.objects[m.count++] = (object){.address = (uintptr_t)e, .exception = e};
    for (cv_externref *b = s->externrefs; b != NULL; b = b->next)
      m.objects[m.count++] = (object){.address = (uintptr_t)b, .box = b};
    qsort(m.objects, m.count, sizeof *m.objects, by_address);
    mark_roots(&m, s);
    while (m.work_count != 0) {
      const cv_exception *e = m.work[--m.work_count];
      mark_values(&m, e->payload, e->count);
    }
    dead = sweep(s);
  }
  cv_mem_free(&s->mem, m.objects, count * sizeof *m.objects);
  cv_mem_free(&s->mem, m.work, count * sizeof *m.work);
  s->collect_at = CV_MAX(COLLECT_LEAST, 2 * (s->exception_count + s->externref_count));
  while (dead != NULL) {
    cv_externref *b = dead;
    dead = b->next;
    box_delete(s, b);
  }
}

static void collect_when_due(cv_store *s) {
  if (CV_UNLIKELY(s->exception_count + s->externref_count >= CV_MAX(COLLECT_LEAST, s->collect_at)))
    cv_heap_collect(s);
}

cv_exception *cv_exception_new(cv_context *c, const cv_tag *tag, const cv_value *payload) {
  cv_store *s = c->store;
  collect_when_due(s);
  if (s->exception_count >= s->limits.exceptions) {
    cv_heap_collect(s);
    if (s->exception_count >= s->limits.exceptions) {
      cv_store_refuse(s, s->limits.exceptions, "limit of %u exceptions alive reached", s->limits.exceptions);
      return NULL;
    }
  }
  uint32_t count = tag->signature->param_count;
  size_t size = sizeof(cv_exception) + count * sizeof *payload;
  cv_exception *e = cv_mem_alloc(&s->mem, size);
  if (e == NULL) {
    cv_heap_collect(s);
    e = cv_mem_alloc(&s->mem, size);
  }
  if (e == NULL)
    return NULL;
  *e = (cv_exception){.next = s->exceptions, .tag = tag, .count = count};
  if (count != 0)
    memcpy(e->payload, payload, count * sizeof *payload);
  if (c->left_by == e) // of a collected one, which was here before
    c->left_by = NULL;
  s->exceptions = e;
  s->exception_count++;
  return e;
}

void cv_exception_pin(cv_exception *e) {
  e->pins++;
}

void cv_exception_unpin(cv_exception *e) {
  e->pins--;
}

void *cv_externref_new(cv_store *s, void *data, void (*finalize)(void *data)) {
  collect_when_due(s);
  cv_externref *b = cv_mem_alloc(&s->mem, sizeof *b);
  if (b == NULL)
    return NULL;
  *b = (cv_externref){.next = s->externrefs, .data = data, .finalize = finalize, .store = s, .pins = 1};
  s->externrefs = b;
  s->externref_count++;
  return b;
}

void *cv_externref_data(void *ref) {
  return ref != NULL ? ((cv_externref *)ref)->data : NULL;
}

void cv_externref_pin(void *ref) {
  if (ref != NULL)
    ((cv_externref *)ref)->pins++;
}

void cv_externref_unpin(void *ref) {
  if (ref != NULL)
    ((cv_externref *)ref)->pins--;
}

void cv_heap_free(cv_store *s) {
  while (s->exceptions != NULL) {
    cv_exception *e = s->exceptions;
    s->exceptions = e->next;
    exception_delete(s, e);
  }
  while (s->externrefs != NULL) {
    cv_externref *b = s->externrefs;
    s->externrefs = b->next;
    box_delete(s, b);
  }
}
