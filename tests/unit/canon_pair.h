// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_pair.h: two component instances, and one call between them by the generic form of the canonical ABI and by a
// generated adapter. Both must give the callee the same arguments, the caller the same result, both sides the same
// memory and the same calls of realloc. With damage (a few bits of the caller's memory and core values are changed
// before the call) both must trap, or both go on alike.
#ifndef COVE_TESTS_CANON_PAIR_H
#define COVE_TESTS_CANON_PAIR_H

#include "canon_guest.h"
#include "component/canon/adapter.h"

enum {
  OUT = 0x20000, // where the caller wants a result that is not flat: behind what realloc gives
  LOOK = 8192,   // bytes of memory that are compared
};

typedef struct outcome {
  cv_run run;
  cv_cval args[10], result;           // as the callee and as the caller see them
  cv_value slots[CV_MAX_FLAT_PARAMS]; // what the callee got
  bool called;
  uint8_t caller_memory[LOOK], callee_memory[LOOK];
  realloc_call caller_log[64], callee_log[64];
  uint32_t caller_logged, callee_logged;
} outcome;

typedef struct pair {
  world w;
  cv_mem mem;
  cv_arena arena;
  guest caller, callee;
  cv_cinstance parent;
  const cv_cfunctype *type;
  cv_cval result; // what the callee returns
  outcome *now;
  uint64_t damage; // seed; 0 for none
  cv_task caller_task;
  bool keeps; // the callee does not give borrows back
} pair;

static const cv_cresource RESOURCES[] = {{.index = 0}, {.index = 1}};
static const cv_resource_type TYPES[] = {{.key = &TYPES[0]}, {.key = &TYPES[1]}};

static inline unsigned guest_ptr(const guest *g) {
  return g->options.is_64 ? CV_PTR64 : CV_PTR32;
}

// Drops what the callee was lent.
static inline void drop_borrows(pair *p) {
  cv_handles *h = &p->callee.instance.handles;
  for (uint32_t i = 1; i < h->count; i++)
    if (h->entries[i].kind == CV_HANDLE_BORROW) {
      h->entries[i].scope->borrows--;
      cv_handles_remove(&p->callee.instance, i);
    }
}

// The callee's core function: looks at its arguments and lowers the result.
static inline cv_run callee_core(void *env, cv_instance *caller, cv_value *values) {
  pair *p = env;
  (void)caller;
  p->now->called = true;
  cv_flat_functype type;
  cv_flatten_functype(p->type, false, false, guest_ptr(&p->callee), true, &type);
  for (uint32_t i = 0; i < type.param_count; i++) // the upper half of an i32's slot says nothing
    p->now->slots[i].u64 = type.params[i] == CV_I64 || type.params[i] == CV_F64 ? values[i].u64 : values[i].u32;
  cv_canon_call lends;
  cv_canon_call_begin(&lends, &p->callee.instance, &p->callee.options, NULL, NULL);
  cv_canon_context cx = {
      .options = &p->callee.options, .instance = &p->callee.instance, .arena = &p->arena, .call = &lends};
  // Of what it implements itself it gets representations, which are not looked up.
  bool whole = p->callee.resources[0]->impl == NULL;
  if (whole &&
      cv_lift_values(&cx, p->type->params, p->type->param_count, CV_MAX_FLAT_PARAMS, values, p->now->args) != CV_RUN_OK)
    fail_msg("the callee cannot lift its arguments: %s", p->w.context->trap.text);
  cv_canon_call_end(&lends);
  if (!p->keeps)
    drop_borrows(p);
  if (p->type->result == NULL)
    return CV_RUN_OK;
  uint32_t logged = p->callee.logged; // the callee's own allocations do not count
  cv_cfield field = {.type = p->type->result};
  cv_run run = cv_lower_values(&cx, &field, 1, CV_MAX_FLAT_RESULTS, &p->result, NULL, values);
  p->callee.logged = logged;
  return run;
}

static inline void damage(pair *p, cv_value *flat, uint32_t count) {
  uint64_t seed = p->damage;
  for (uint64_t n = next_random(&seed) % 4; n > 0; n--)
    *guest_at(&p->caller, 4096 + next_random(&seed) % 256) ^= (uint8_t)(1u << next_random(&seed) % 8);
  if (count != 0 && next_random(&seed) % 3 == 0)
    flat[next_random(&seed) % count].u64 ^= (uint64_t)1 << next_random(&seed) % (p->caller.options.is_64 ? 64 : 32);
}

// False when the caller has no room for the arguments, or for the result.
static inline bool run_call(pair *p, cv_func *func, const cv_cval *args, outcome *out) {
  guest *guests[] = {&p->caller, &p->callee};
  *out = (outcome){0};
  p->now = out;
  p->parent.may_enter.value.u64 = 1;
  for (size_t i = 0; i < 2; i++) {
    cv_handles_free(&guests[i]->instance);
    guests[i]->instance.handles.limit = 100;
    guest_reset(guests[i]);
    memset(guest_at(guests[i], 0), 0, cv_memory_size(guests[i]->options.memory)); // damage may lead anywhere
  }
  p->caller_task = (cv_task){.instance = &p->caller.instance};
  cv_canon_context cx = {
      .options = &p->caller.options, .instance = &p->caller.instance, .arena = &p->arena, .task = &p->caller_task};
  cv_value flat[CV_MAX_FLAT_PARAMS + 1];
  if (cv_lower_values(&cx, p->type->params, p->type->param_count, CV_MAX_FLAT_PARAMS, args, NULL, flat) != CV_RUN_OK)
    return false;
  cv_flat_functype type;
  cv_flatten_functype(p->type, false, false, guest_ptr(&p->caller), false, &type);
  if (type.results_spilled)
    flat[type.param_count - 1].u64 = OUT;
  if (p->damage != 0)
    damage(p, flat, type.param_count - type.results_spilled);
  p->caller.logged = 0;
  out->run = cv_call(p->w.context, func, flat);
  out->caller_logged = p->caller.logged;
  out->callee_logged = p->callee.logged;
  memcpy(out->caller_log, p->caller.log, sizeof out->caller_log);
  memcpy(out->callee_log, p->callee.log, sizeof out->callee_log);
  memcpy(out->caller_memory, guest_at(&p->caller, 0), LOOK);
  memcpy(out->callee_memory, guest_at(&p->callee, 0), LOOK);
  if (out->run == CV_RUN_OK)
    for (uint32_t i = 1; i < p->caller.instance.handles.count; i++)
      if (p->caller.instance.handles.entries[i].kind != CV_HANDLE_FREE)
        assert_int_equal(p->caller.instance.handles.entries[i].lends, 0);
  if (out->run != CV_RUN_OK)
    drop_borrows(p); // their task is gone
  p->w.context->task = NULL;
  if (out->run != CV_RUN_OK || p->type->result == NULL)
    return true;
  if (cv_instance_global(p->caller.core, 0)->value.u32 > OUT)
    return false;
  cv_cfield field = {.type = p->type->result};
  cv_value address = {.u64 = OUT};
  if (cv_lift_values(&cx, &field, 1, CV_MAX_FLAT_RESULTS, type.results_spilled ? &address : flat, &out->result) !=
      CV_RUN_OK)
    fail_msg("the caller cannot lift the result: %s", p->w.context->trap.text);
  return true;
}

static inline void compare(const pair *p, const char *text, const outcome *a, const outcome *b) {
  if (a->run != b->run || (a->run == CV_RUN_OK && a->called != b->called))
    fail_msg("%s: the generic form ends with %d, the adapter with %d", text, a->run, b->run);
  if (a->run != CV_RUN_OK)
    return;
  for (uint32_t i = 0; i < p->type->param_count && p->callee.resources[0]->impl == NULL; i++)
    if (!values_equal(p->type->params[i].type, &a->args[i], &b->args[i]))
      fail_msg("%s: the callee sees another argument %u", text, i);
  if (p->type->result != NULL && !values_equal(p->type->result, &a->result, &b->result))
    fail_msg("%s: the caller sees another result", text);
  // Damage makes NaNs, which may differ.
  if (p->damage == 0 && memcmp(a->slots, b->slots, sizeof a->slots) != 0)
    fail_msg("%s: the callee gets other core values", text);
  if (p->damage == 0 &&
      (memcmp(a->caller_memory, b->caller_memory, LOOK) != 0 || memcmp(a->callee_memory, b->callee_memory, LOOK) != 0))
    fail_msg("%s: memories differ after the call", text);
  if (a->caller_logged != b->caller_logged || a->callee_logged != b->callee_logged ||
      memcmp(a->caller_log, b->caller_log, a->caller_logged * sizeof a->caller_log[0]) != 0 ||
      memcmp(a->callee_log, b->callee_log, a->callee_logged * sizeof a->callee_log[0]) != 0)
    fail_msg("%s: realloc is called differently", text);
}

// Takes over the world's store.
static inline void pair_init_wide(pair *p, world w, bool caller_is_64, bool callee_is_64) {
  *p = (pair){.w = w};
  cv_mem_init(&p->mem, UINT64_MAX);
  cv_arena_init(&p->arena, &p->mem);
  cv_cinstance_init(&p->parent, p->w.store, NULL, NULL);
  guest_init(&p->caller, &p->w, caller_is_64, CV_UTF8, &p->parent);
  guest_init(&p->callee, &p->w, callee_is_64, CV_UTF8, &p->parent);
  for (size_t i = 0; i < 2; i++)
    p->caller.resources[i] = p->callee.resources[i] = &TYPES[i];
  p->caller.instance.value_limit = p->callee.instance.value_limit = 1 << 20; // more than their memories have
}

static inline void pair_init(pair *p, world w) {
  pair_init_wide(p, w, false, false);
}

static inline void pair_free(pair *p) {
  guest_free(&p->caller);
  guest_free(&p->callee);
  cv_arena_free(&p->arena);
  assert_int_equal(p->mem.used, 0);
}

static inline cv_func *new_func(pair *p, bool is_lift, cv_host_fn *fn, void *env) {
  cv_flat_functype flat;
  cv_flatten_functype(p->type, false, false, guest_ptr(is_lift ? &p->callee : &p->caller), is_lift, &flat);
  return host_func(&p->w, flat.params, flat.param_count, flat.results, flat.result_count, fn, env).as.func;
}

// Both ways; false when there is no adapter for the type, or no room for the values.
static inline bool check_call(pair *p, const char *text, cv_func *generic, cv_func *adapter, const cv_cval *args) {
  outcome *a = CV_ARENA_NEW(&p->arena, outcome), *b = CV_ARENA_NEW(&p->arena, outcome);
  assert_non_null(a);
  assert_non_null(b);
  if (!run_call(p, generic, args, a) || adapter == NULL || !run_call(p, adapter, args, b))
    return false;
  compare(p, text, a, b);
  return true;
}

#endif
