// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Straight-line loops over a memory: the tier that compiles with LLVM makes clones of them that it guards, and must
// still trap where the interpreter does, with exactly the same stores made before. Rows at the boundaries first, then
// random loops; COVE_TEST_SEED starts other random ones.
#include <stdio.h>
#include <stdlib.h>

#include "runtime_support.h"

enum { PAGES = 2, BYTES = PAGES << 16, ARGUMENTS = 3 };

typedef struct outcome {
  cv_run run;
  cv_trap_kind trap;
  uint64_t result;
} outcome;

// Two worlds with the same module.
typedef struct pair {
  world worlds[2];
  cv_instance *instances[2];
} pair;

static bool pair_new(pair *p, const char *wat) {
  static const char *const tiers[] = {"interp", "llvm"};
  if (!cv_tier_llvm.available())
    return false;
  for (unsigned i = 0; i < 2; i++) {
    cv_engine_options options = {.tier = tiers[i], .compile.canonical_nan = true};
    p->worlds[i] = world_new(&options, NULL);
    p->instances[i] = instantiate(p->worlds[i].store, wat, NULL, 0);
  }
  return true;
}

static void pair_delete(pair *p) {
  for (unsigned i = 0; i < 2; i++)
    world_delete(&p->worlds[i]);
}

static uint8_t *bytes_of(cv_instance *instance) {
  return cv_instance_memory(instance, 0)->base;
}

static void fill(uint8_t *bytes) {
  uint32_t x = 12345;
  for (uint32_t i = 0; i < BYTES; i++) {
    x = x * 1664525u + 1013904223u;
    bytes[i] = (uint8_t)(x >> 24);
  }
}

static outcome run(cv_instance *instance, const char *name, const uint32_t *arguments) {
  fill(bytes_of(instance));
  cv_value values[16] = {{0}};
  for (unsigned i = 0; i < ARGUMENTS; i++)
    values[i].u32 = arguments[i];
  outcome o = {.run = cv_call(instance->context, exported(instance, name), values)};
  if (o.run == CV_RUN_OK)
    o.result = values[0].u64;
  else
    o.trap = instance->context->trap.kind;
  return o;
}

static void same(pair *p, const char *wat, const char *name, const uint32_t *arguments) {
  outcome a = run(p->instances[0], name, arguments), b = run(p->instances[1], name, arguments);
  bool memories = memcmp(bytes_of(p->instances[0]), bytes_of(p->instances[1]), BYTES) == 0;
  if (memories && a.run == b.run && a.trap == b.trap && a.result == b.result)
    return;
  fprintf(stderr, "%s\n%s(%#x, %#x, %#x): runs %d and %d, traps %d and %d, results %llx and %llx, memories %s\n", wat,
          name, arguments[0], arguments[1], arguments[2], (int)a.run, (int)b.run, (int)a.trap, (int)b.trap,
          (unsigned long long)a.result, (unsigned long long)b.result, memories ? "the same" : "differ");
  fail();
}

// ---- boundaries ----

// Parameters: $p, $q, $n. Each returns where $p came to.
static const struct {
  const char *name, *body;
} loops[] = {
    {"copy-words", "(i32.store (local.get $p) (i32.load (local.get $q)))"
                   "(local.set $p (i32.add (local.get $p) (i32.const 4)))"
                   "(local.set $q (i32.add (local.get $q) (i32.const 4)))"
                   "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))"},
    {"fill-down", "(i64.store offset=8 (local.get $p) (i64.const 77))"
                  "(local.set $p (i32.sub (local.get $p) (i32.const 8)))"
                  "(br_if 0 (local.tee $n (i32.add (local.get $n) (i32.const -1))))"},
    {"signed-less", "(i32.store8 (i32.add (local.get $p) (local.get $q)) (local.get $q))"
                    "(br_if 0 (i32.lt_s (local.tee $q (i32.add (local.get $q) (i32.const 3))) (local.get $n)))"},
    {"unsigned-less", "(i32.store8 (i32.add (local.get $p) (local.get $q)) (i32.const 9))"
                      "(br_if 0 (i32.le_u (local.tee $q (i32.add (local.get $q) (i32.const 1))) (local.get $n)))"},
    {"down-to", "(f64.store (i32.add (local.get $p) (i32.shl (local.get $n) (i32.const 3)))"
                "  (f64.add (f64.load (i32.mul (local.get $n) (i32.const 8))) (f64.const 0.5)))"
                "(br_if 0 (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 2))) (local.get $q)))"},
    {"down-to-equal", "(i32.store16 (i32.add (local.get $p) (local.get $n)) (local.get $n))"
                      "(br_if 0 (i32.ge_u (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (local.get $q)))"},
    {"copies", "(i32.store (local.get $p) (i32.mul (i32.load (local.get $q)) (i32.const 3)))"
               "(i32.store offset=4 (local.get $p) (i32.mul (i32.load offset=4 (local.get $q)) (i32.const 3)))"
               "(local.set $p (i32.add (local.get $p) (i32.const 8)))"
               "(local.set $q (i32.add (local.get $q) (i32.const 8)))"
               "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 2))))"},
    {"copies-by-index", "(i32.store (i32.add (local.get $p) (i32.const -4)) (i32.load (local.get $q)))"
                        "(i32.store (local.get $p) (i32.load (i32.add (local.get $q) (i32.const 4))))"
                        "(i32.store (i32.add (local.get $p) (i32.const 4)) (i32.load (i32.add (local.get $q)"
                        "  (i32.const 8))))"
                        "(local.set $p (i32.add (local.get $p) (i32.const 12)))"
                        "(local.set $q (i32.add (local.get $q) (i32.const 12)))"
                        "(br_if 0 (i32.ne (local.tee $n (i32.sub (local.get $n) (i32.const 3))) (i32.const 0)))"},
    {"copies-carry",
     "(i64.store (local.get $p) (i64.add (local.get $c) (local.tee $c (i64.load offset=8 (local.get $q)))))"
     "(i64.store offset=8 (local.get $p) (i64.add (local.tee $d (i64.load (i32.add (local.get $q)"
     "  (i32.const 16)))) (local.get $c))) (local.set $c (local.get $d))"
     "(local.set $p (i32.add (local.get $p) (i32.const 16)))"
     "(local.set $q (i32.add (local.get $q) (i32.const 16)))"
     "(br_if 0 (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))"},
    {"copies-carry-three",
     "(f64.store (local.get $p) (f64.mul (local.get $f) (local.tee $f (f64.load (local.get $q)))))"
     "(f64.store offset=8 (local.get $p) (f64.mul (local.get $f) (local.tee $f (f64.load offset=8 (local.get $q)))))"
     "(f64.store offset=16 (local.get $p) (f64.mul (local.get $f) (local.tee $f (f64.load offset=16 (local.get $q)))))"
     "(local.set $p (i32.add (local.get $p) (i32.const 24)))"
     "(local.set $q (i32.add (local.get $q) (i32.const 24)))"
     "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))"},
    {"copies-sum", "(local.set $c (i64.add (local.get $c) (local.tee $d (i64.load (local.get $q)))))"
                   "(i64.store (local.get $p) (local.get $d))"
                   "(local.set $c (i64.add (local.get $c) (local.tee $d (i64.load offset=8 (local.get $q)))))"
                   "(i64.store offset=8 (local.get $p) (local.get $d))"
                   "(local.set $p (i32.add (local.get $p) (i32.const 16)))"
                   "(local.set $q (i32.add (local.get $q) (i32.const 16)))"
                   "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))"},
    {"far-offset", "(i32.store offset=131000 (local.get $p) (local.get $n))"
                   "(local.set $p (i32.add (local.get $p) (i32.const 4)))"
                   "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))"},
    {"always-the-same", "(i32.store (local.get $p) (i32.add (i32.load (local.get $p)) (local.get $n)))"
                        "(br_if 0 (local.tee $n (i32.and (i32.sub (local.get $n) (i32.const 1)) (i32.const 255))))"},
    {"in-place", "(i32.store (local.get $p) (i32.add (i32.load (local.get $p)) (local.get $q)))"
                 "(br_if 0 (i32.lt_s (local.tee $q (i32.add (local.get $q) (i32.const 1))) (local.get $n)))"},
};

static const uint32_t turns[] = {0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 15, 16, 17, 24, 33, 100};

static void boundaries(void **state) {
  for (size_t i = 0; i < CV_COUNT(loops); i++) {
    char wat[2048];
    snprintf(wat, sizeof wat,
             "(module (memory %d) (func (export \"f\") (param $p i32) (param $q i32) (param $n i32) (result i64)"
             " (local $c i64) (local $d i64) (local $f f64) (local.set $f (f64.const 3))"
             " (loop %s) (i64.add (i64.add (local.get $c) (i64.reinterpret_f64 (local.get $f)))"
             "  (i64.extend_i32_u (i32.add (local.get $p) (i32.mul (local.get $q) (i32.const 7))))))) ",
             PAGES, loops[i].body);
    pair p;
    if (!pair_new(&p, wat))
      skip();
    for (size_t t = 0; t < CV_COUNT(turns); t++)
      for (int32_t from = -20; from <= 20; from += from < -2 || from > 1 ? 3 : 1) {
        uint32_t n = turns[t];
        same(&p, wat, "f", (uint32_t[]){BYTES - n * 4 + (uint32_t)from, 64, n});  // ends at the end of the memory
        same(&p, wat, "f", (uint32_t[]){BYTES - n * 8 + (uint32_t)from, 0, n});   // the same for wider ones
        same(&p, wat, "f", (uint32_t[]){(uint32_t)from, BYTES - n * 4 - 1, n});   // around address 0
        same(&p, wat, "f", (uint32_t[]){n * 8 + (uint32_t)from, 0, n});           // down to address 0
        same(&p, wat, "f", (uint32_t[]){BYTES - n + (uint32_t)from, 0, n});       // bytes
        same(&p, wat, "f", (uint32_t[]){64, (uint32_t)from, n + (uint32_t)from}); // indices that are negative
        same(&p, wat, "f", (uint32_t[]){64 + (uint32_t)from, 64, n});             // overlap
      }
    pair_delete(&p);
  }
}

// ---- random loops ----

static uint32_t state_;
static uint32_t draw(uint32_t below) {
  state_ ^= state_ << 13, state_ ^= state_ >> 17, state_ ^= state_ << 5;
  return (state_ >> 4) % below;
}

typedef struct text {
  char *at, *end;
} text;

CV_PRINTF(2, 3) static void put(text *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(t->at, (size_t)(t->end - t->at), format, args);
  va_end(args);
  assert_true(n >= 0 && n < t->end - t->at);
  t->at += n;
}

static const struct {
  const char *load, *store, *type;
  uint32_t size;
} accesses[] = {{"i32.load", "i32.store", "i32", 4},       {"i32.load8_u", "i32.store8", "i32", 1},
                {"i32.load16_s", "i32.store16", "i32", 2}, {"i64.load", "i64.store", "i64", 8},
                {"i64.load32_s", "i64.store32", "i64", 4}, {"f32.load", "f32.store", "f32", 4},
                {"f64.load", "f64.store", "f64", 8},       {"v128.load", "v128.store", "v128", 16}};

// One statement of a copy: an access's kind, the pointers and offsets.
typedef struct statement {
  uint32_t access, operation, to, from, to_offset, from_offset;
} statement;

typedef struct shape {
  uint32_t copies, size, count; // size: bytes between copies
  bool down, carries;
  statement statements[3];
} shape;

static void put_pointer(text *t, uint32_t which, uint32_t by) {
  static const char *const pointers[] = {"(local.get $p)", "(local.get $q)", "(i32.add (local.get $p) (local.get $i))",
                                         "(i32.add (i32.mul (local.get $i) (i32.const 1)) (local.get $q))"};
  put(t, "(i32.add %s (i32.const %d))", pointers[which], (int32_t)by);
}

static void put_operation(text *t, const statement *s, const shape *h) {
  static const char *const integers[] = {"add", "xor", "mul"}, *const floats[] = {"add", "mul", "max"};
  const char *type = accesses[s->access].type;
  if (type[0] == 'v')
    put(t, "(i32x4.%s", s->operation == 0 ? "add" : "mul");
  else
    put(t, "(%s.%s", type, type[0] == 'f' ? floats[s->operation] : integers[s->operation]);
  if (h->carries && type[0] != 'v')
    put(t, " (local.get $%s)", type);
  else if (type[0] == 'v')
    put(t, " (v128.const i32x4 1 2 3 4)");
  else
    put(t, " (%s.const 3)", type);
}

static void put_loop(text *t, uint32_t number) {
  shape h = {.copies = 1 + draw(4), .count = 1 + draw(3), .down = draw(4) == 0, .carries = draw(4) == 0};
  for (uint32_t i = 0; i < h.count; i++) {
    statement *s = &h.statements[i];
    *s = (statement){draw(CV_COUNT(accesses)), draw(3), draw(4), draw(4), draw(5) * 4, draw(40)};
    h.size = CV_MAX(h.size, accesses[s->access].size);
  }
  if (draw(3) == 0)
    h.size += draw(9);
  int32_t step = (int32_t)(h.size * h.copies) * (h.down ? -1 : 1);
  bool by_index = draw(2) == 0;
  if (by_index) // something moves, so that no loop goes on for long
    h.statements[0].to = 2 + draw(2);
  put(t,
      "(func (export \"f%u\") (param $p i32) (param $q i32) (param $n i32) (result i64)"
      "(local $i i32) (local $i32 i32) (local $i64 i64) (local $f32 f32) (local $f64 f64) (local $v128 v128)"
      "(local.set $i (i32.const %d)) (loop ",
      number, (int32_t)draw(3) * (int32_t)h.size);
  for (uint32_t c = 0; c < h.copies; c++)
    for (uint32_t i = 0; i < h.count; i++) {
      const statement *s = &h.statements[i];
      uint32_t by = draw(60) == 0 ? 1 : c * h.size * (h.down ? UINT32_MAX : 1); // not a copy now and then
      const char *type = accesses[s->access].type;
      put(t, "(%s ", accesses[s->access].store);
      put_pointer(t, s->to, s->to_offset + by);
      if (h.carries)
        put(t, "(local.tee $%s ", type);
      put_operation(t, s, &h);
      put(t, "(%s offset=%u ", accesses[s->access].load, draw(30) == 0 ? 8 : 0);
      put_pointer(t, s->from, s->from_offset + by);
      put(t, h.carries ? "))))" : ")))");
    }
  put(t, "(local.set $i (i32.add (local.get $i) (i32.const %d)))", step);
  if (!by_index)
    put(t,
        "(local.set $p (i32.add (local.get $p) (i32.const %d))) (local.set $q (i32.add (local.get $q) (i32.const %d)))",
        step, step);
  switch (draw(4)) {
  case 0:
    put(t, "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const %u))))", draw(2) == 0 ? 1 : h.copies);
    break;
  case 1:
    put(t, "(br_if 0 (i32.ne (local.get $i) (i32.mul (local.get $n) (i32.const %d))))", step);
    break;
  case 2:
    put(t, h.down ? "(br_if 0 (i32.gt_s (local.get $i) (i32.sub (i32.const 0) (local.get $n))))"
                  : "(br_if 0 (i32.lt_s (local.get $i) (local.get $n)))");
    break;
  default:
    put(t, h.down ? "(br_if 0 (i32.le_u (i32.const 40) (local.get $i)))"
                  : "(br_if 0 (i32.ge_u (local.get $n) (local.get $i)))");
    break;
  }
  put(t, ") (i64.xor (i64.add (i64.extend_i32_u (local.get $i)) (i64.mul (i64.extend_i32_u (local.get $p)) (i64.const"
         " 31))) (i64.xor (local.get $i64) (i64.extend_i32_u (local.get $i32)))))");
}

static void random_loops(void **state) {
  enum { MODULES = 10, FUNCTIONS = 6, TRIES = 12, ROOM = 40000 };
  const char *seed = getenv("COVE_TEST_SEED");
  state_ = 2463534242u + (seed != NULL ? (uint32_t)strtoul(seed, NULL, 10) * 7919 : 0);
  char *wat = malloc(ROOM);
  assert_non_null(wat);
  for (unsigned m = 0; m < MODULES; m++) {
    text t = {wat, wat + ROOM};
    put(&t, "(module (memory %d) ", PAGES);
    for (uint32_t f = 0; f < FUNCTIONS; f++)
      put_loop(&t, f);
    put(&t, ")");
    pair p;
    if (!pair_new(&p, wat)) {
      free(wat);
      skip();
    }
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
      char name[16];
      snprintf(name, sizeof name, "f%u", f);
      for (unsigned k = 0; k < TRIES; k++) {
        uint32_t n = turns[1 + draw(CV_COUNT(turns) - 1)] * (1 + draw(4));
        const uint32_t places[] = {draw(200), 1000 + draw(300), BYTES - n * (1 + draw(16)) - draw(30), 0u - draw(100),
                                   40000};
        same(&p, wat, name, (uint32_t[]){places[draw(5)], places[draw(5)], n});
      }
    }
    pair_delete(&p);
  }
  free(wat);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(boundaries), cmocka_unit_test(random_loops)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
