// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// canon_guest.h: a component instance for tests of the canonical ABI, made by hand around a core module: a memory, and
// a realloc that logs how it is called.
#ifndef COVE_TESTS_CANON_GUEST_H
#define COVE_TESTS_CANON_GUEST_H

#include "canon_support.h"

typedef struct realloc_call {
  uint64_t old, old_size, align, size;
} realloc_call;

typedef struct guest {
  world w; // borrowed
  cv_instance *core;
  cv_cinstance instance;
  cv_canon_env options;
  realloc_call log[64];
  uint32_t logged;
  const cv_resource_type *resources[4];
} guest;

static inline cv_run log_realloc(void *env, cv_instance *caller, cv_value *values) {
  guest *g = env;
  (void)caller;
  if (g->logged < CV_COUNT(g->log)) {
    realloc_call *call = &g->log[g->logged++];
    *call = g->options.is_64 ? (realloc_call){values[0].u64, values[1].u64, values[2].u64, values[3].u64}
                             : (realloc_call){values[0].u32, values[1].u32, values[2].u32, values[3].u32};
  }
  return CV_RUN_OK;
}

// $T stands for the type of addresses, $M for the memory's. "realloc" keeps what shrinks, moves what grows, and answers
// the global "answer" instead once that is set.
static const char GUEST[] =
    "(module"
    " (import \"\" \"log\" (func $log (param $T $T $T $T)))"
    " (memory (export \"mem\") $M 4)"
    " (global $next (mut $T) ($T.const 4096))"
    " (global (export \"answer\") (mut $T) ($T.const -2))"
    " (func (export \"realloc\") (param $old $T) (param $osize $T) (param $align $T) (param $size $T) (result $T)"
    "  (local $r $T)"
    "  (call $log (local.get $old) (local.get $osize) (local.get $align) (local.get $size))"
    "  (if ($T.ne (global.get 1) ($T.const -2)) (then (return (global.get 1))))"
    "  (if (i32.and ($T.ne (local.get $osize) ($T.const 0)) ($T.le_u (local.get $size) (local.get $osize)))"
    "   (then (return (local.get $old))))"
    "  (global.set $next ($T.and ($T.add (global.get $next) ($T.const 7)) ($T.const -8)))"
    "  (local.set $r (global.get $next))"
    "  (global.set $next ($T.add (global.get $next) (local.get $size)))"
    "  (memory.copy (local.get $r) (local.get $old) (local.get $osize))"
    "  (local.get $r))"
    " (func (export \"reset\") (global.set $next ($T.const 4096)) (global.set 1 ($T.const -2)))"
    ")";

// Replaces $T and $M in WAT.
static inline void fill_in(const char *from, bool is_64, char *out, size_t size) {
  size_t at = 0;
  for (; *from != '\0'; from++) {
    const char *with = NULL;
    if (from[0] == '$' && (from[1] == 'T' || from[1] == 'M') && !((from[2] | 32) >= 'a' && (from[2] | 32) <= 'z'))
      with = from[1] == 'T' ? (is_64 ? "i64" : "i32") : (is_64 ? "i64" : "");
    if (with != NULL) {
      at += (size_t)snprintf(out + at, size - at, "%s", with);
      from++;
    } else {
      out[at++] = *from;
    }
    assert_true(at + 8 < size);
  }
  out[at] = '\0';
}

static inline void guest_init(guest *g, const world *w, bool is_64, cv_string_encoding encoding, cv_cinstance *parent) {
  *g = (guest){.w = *w};
  char wat[4096];
  fill_in(GUEST, is_64, wat, sizeof wat);
  cv_valtype t = is_64 ? CV_I64 : CV_I32;
  const cv_valtype params[4] = {t, t, t, t};
  cv_extern log = host_func(w, params, 4, NULL, 0, log_realloc, g);
  g->core = instantiate(w->store, wat, &log, 1);
  cv_cinstance_init(&g->instance, w->store, NULL, parent);
  g->instance.resources = g->resources;
  g->options = (cv_canon_env){.encoding = encoding,
                              .is_64 = is_64,
                              .memory = cv_instance_memory(g->core, 0),
                              .realloc = exported(g->core, "realloc")};
}

static inline void guest_free(guest *g) {
  cv_handles_free(&g->instance);
}

// Allocation starts anew.
static inline void guest_reset(guest *g) {
  cv_value unused[1];
  assert_int_equal(cv_call(g->w.context, exported(g->core, "reset"), unused), CV_RUN_OK);
  g->logged = 0;
  g->instance.may_leave.value.u64 = g->instance.may_enter.value.u64 = 1;
}

static inline uint8_t *guest_at(const guest *g, uint64_t address) {
  return g->options.memory->base + address;
}

static inline void guest_answer(const guest *g, uint64_t answer) {
  cv_instance_global(g->core, 1)->value.u64 = answer;
}

static inline void expect_trap_text(const world *w, const char *text) {
  if (strncmp(w->context->trap.text, text, strlen(text)) != 0)
    fail_msg("trap \"%s\" instead of \"%s\"", w->context->trap.text, text);
}

// ---- values ----

static inline uint64_t next_random(uint64_t *seed) { // xorshift
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  return *seed ^= *seed << 17;
}

static inline void random_string(cv_arena *arena, uint64_t *seed, cv_cval *v) {
  static const uint32_t tops[] = {0x80, 0x100, 0x800, 0x3000, 0x110000};
  uint32_t top = tops[next_random(seed) % CV_COUNT(tops)], count = (uint32_t)(next_random(seed) % 12);
  char *data = cv_arena_alloc(arena, count * 4);
  assert_non_null(data);
  v->as.string.data = data;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t c = (uint32_t)(next_random(seed) % (next_random(seed) % 3 != 0 ? 0x80 : top));
    c = c >= 0xd800 && c <= 0xdfff ? 0x2603 : c;
    v->as.string.size += cv_utf8_encode(c, (uint8_t *)data + v->as.string.size);
  }
}

// A random value that fits the type. Handles are of `resources`.
static inline void random_value(cv_arena *arena, uint64_t *seed, const cv_ctype *t,
                                const cv_resource_type *const *resources, cv_cval *v) {
  *v = (cv_cval){.kind = t->kind};
  uint64_t bits = next_random(seed);
  bits = next_random(seed) % 4 == 0 ? bits : bits >> (bits % 64); // small ones too
  if (cv_ctype_is_variant(t)) {
    v->which = (uint32_t)(bits % t->count);
    if (t->fields[v->which].type != NULL) {
      v->as.payload = CV_ARENA_NEW(arena, cv_cval);
      random_value(arena, seed, t->fields[v->which].type, resources, v->as.payload);
    }
    return;
  }
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_STRING:
    random_string(arena, seed, v);
    return;
  case CV_CT_LIST:
  case CV_CT_MAP:
  case CV_CT_FIXED_LIST:
  case CV_CT_RECORD:
  case CV_CT_TUPLE: {
    size_t count = t->kind == CV_CT_FIXED_LIST ? t->length : cv_ctype_is_record(t) ? t->count : bits % 5;
    size_t items = t->kind == CV_CT_MAP ? 2 * count : count;
    v->as.list.count = count;
    v->as.list.items = CV_ARENA_ARRAY(arena, cv_cval, items);
    for (size_t i = 0; i < items; i++) {
      size_t part = cv_ctype_is_record(t) ? i : t->kind == CV_CT_MAP ? i % 2 : 0;
      random_value(arena, seed, t->fields[part].type, resources, &v->as.list.items[i]);
    }
    return;
  }
  case CV_CT_CHAR:
    v->as.character = (uint32_t)(bits % 0xd800);
    return;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    v->as.handle.type = resources[t->resource->index];
    v->as.handle.rep = (uint32_t)bits;
    return;
  default:
    cv_scalar_lift(t, bits, v);
  }
}

static inline bool values_equal(const cv_ctype *t, const cv_cval *a, const cv_cval *b) {
  if (a->kind != t->kind || b->kind != t->kind || a->which != b->which)
    return false;
  if (cv_ctype_is_variant(t)) {
    const cv_ctype *payload = t->fields[a->which].type;
    return payload == NULL || values_equal(payload, a->as.payload, b->as.payload);
  }
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_STRING:
    return a->as.string.size == b->as.string.size &&
           (a->as.string.size == 0 || memcmp(a->as.string.data, b->as.string.data, a->as.string.size) == 0);
  case CV_CT_LIST:
  case CV_CT_MAP:
  case CV_CT_FIXED_LIST:
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    if (a->as.list.count != b->as.list.count)
      return false;
    for (size_t i = 0; i < a->as.list.count * (t->kind == CV_CT_MAP ? 2 : 1); i++) {
      size_t part = cv_ctype_is_record(t) ? i : t->kind == CV_CT_MAP ? i % 2 : 0;
      if (!values_equal(t->fields[part].type, &a->as.list.items[i], &b->as.list.items[i]))
        return false;
    }
    return true;
  case CV_CT_OWN:
  case CV_CT_BORROW:
    return a->as.handle.type == b->as.handle.type && a->as.handle.rep == b->as.handle.rep;
  default: {
    uint64_t x, y;
    return cv_scalar_lower(t, a, &x) && cv_scalar_lower(t, b, &y) && x == y;
  }
  }
}

#endif
