// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools of memories and stacks: what a former tenant wrote is gone, whichever way it was cleaned; neighbours are out of
// reach; bounded pools refuse and fall back; threads; forks; failures.
#include "runtime_support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cove/cove.h>

#include "runtime/internal.h"
#include "sys/vm.h"

enum { PAGE = 65536, PAGES = 4, FEW = 3, MANY = 40 };

// Initial contents in the first page and at the end of the third; the fourth page is beyond the image.
#define TENANT(first, second)                                                                                          \
  "(module (memory (export \"m\") 4) (data (i32.const 100) \"" first "\") (data (i32.const 196600) \"" second "\")"    \
  " (func (export \"write\") (param $n i32) (result i32) (local $at i32)"                                              \
  "  (loop $l"                                                                                                         \
  "   (memory.fill (i32.and (i32.mul (local.get $at) (i32.const 20480)) (i32.const 0x3f000))"                          \
  "    (i32.const 0xa5) (i32.const 4096))"                                                                             \
  "   (local.set $at (i32.add (local.get $at) (i32.const 1)))"                                                         \
  "   (br_if $l (i32.lt_u (local.get $at) (local.get $n))))"                                                           \
  "  (i32.const 0))"                                                                                                   \
  " (func (export \"grow\") (param $n i32) (result i32)"                                                               \
  "  (memory.fill (i32.shl (memory.grow (local.get $n)) (i32.const 16)) (i32.const 0xa5)"                              \
  "   (i32.shl (local.get $n) (i32.const 16)))"                                                                        \
  "  (memory.size))"                                                                                                   \
  " (func (export \"load\") (param i32) (result i32) (i32.load8_u (local.get 0)))"                                     \
  " (func (export \"far\") (param i32) (result i32) (i32.load8_u offset=0xffffffff (local.get 0)))"                    \
  " (func (export \"overrun\") (param i32) (result i32)"                                                               \
  "  (loop $l (i32.store8 (local.get 0) (i32.const 0xa5))"                                                             \
  "   (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $l))"                                                    \
  "  (i32.const 0))"                                                                                                   \
  " (func $deep (export \"deep\") (param i32) (result i32)"                                                            \
  "  (if (result i32) (local.get 0)"                                                                                   \
  "   (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0)))))"

static const char first_wat[] = TENANT("hello", "wide"), second_wat[] = TENANT("other", "open");

static uint8_t initial(const char *first, const char *second, uint64_t k) {
  if (k - 100 < 5)
    return (uint8_t)first[k - 100];
  return k - 196600 < 4 ? (uint8_t)second[k - 196600] : 0;
}

static uint64_t wrong_byte(const cv_memory *m, const char *first, const char *second) {
  for (uint64_t k = 0; k < m->size; k++)
    if (m->base[k] != initial(first, second, k))
      return k;
  return UINT64_MAX;
}

typedef struct tenant {
  cv_store *store;
  cv_instance *instance;
  const cv_memory *memory;
} tenant;

static cv_status try_tenant(cv_engine *engine, cv_code *code, tenant *t, cv_diag *diag) {
  cv_diag_init(diag);
  must(cv_store_new(engine, NULL, &t->store, diag), diag);
  cv_status status = cv_instantiate(t->store, code, NULL, 0, NULL, &t->instance, diag);
  t->memory = status == CV_OK ? cv_instance_memory(t->instance, 0) : NULL;
  return status;
}

static tenant tenant_new(cv_engine *engine, cv_code *code) {
  tenant t;
  cv_diag diag;
  must(try_tenant(engine, code, &t, &diag), &diag);
  return t;
}

static cv_engine *engine_of(const cv_engine_options *options) {
  cv_engine *engine;
  cv_diag diag;
  cv_diag_init(&diag);
  must(cv_engine_new(&engine, options, &diag), &diag);
  keep_fault_handlers();
  return engine;
}

static cv_pool *pool_of(uint32_t memories, uint32_t stacks, uint64_t keep, bool fallback) {
  cv_pool_options o = {.memories = memories,
                       .stacks = stacks,
                       .memory_reach = CV_GUARDED_RESERVATION,
                       .keep_bytes = keep,
                       .is_bounded = true,
                       .fallback = fallback};
  cv_pool *pool;
  cv_diag diag;
  cv_diag_init(&diag);
  must(cv_pool_new(&o, &pool, &diag), &diag);
  return pool;
}

static void expect_bounds_trap(const tenant *t, const char *func, uint32_t arg) {
  assert_int_equal(call1(t->instance, func, arg, NULL), CV_RUN_TRAP);
  assert_int_equal(cv_store_context(t->store)->trap.kind, CV_TRAP_MEMORY_BOUNDS);
}

// What a tenant may do before it ends.
static void live(const tenant *t, unsigned how) {
  switch (how % 5) {
  case 0: // little: its pages are overwritten
    result1(t->instance, "write", FEW);
    break;
  case 1: // much: all pages are given back
    result1(t->instance, "write", MANY);
    break;
  case 2: // grown pages too
    result1(t->instance, "write", FEW);
    assert_int_equal(result1(t->instance, "grow", 3), PAGES + 3);
    break;
  case 3: // ends by a trap in the middle of writing
    expect_bounds_trap(t, "overrun", PAGES * PAGE - 9000);
    break;
  default: // reads only: pages of the image and of zeros
    for (uint32_t k = 0; k < PAGES * PAGE; k += 4096)
      result1(t->instance, "load", k);
  }
}

// Tenants of two modules take turns in the same slots: each finds its own initial contents and nothing else, and what
// lies beyond its memory cannot be accessed, though the former tenant may have had it.
static void scan(const cv_engine_options *options) {
  cv_engine *engine = engine_of(options);
  cv_code *codes[2] = {compile(engine, first_wat), compile(engine, second_wat)};
  static const char *const texts[2][2] = {{"hello", "wide"}, {"other", "open"}};
  const uint8_t *former = NULL;
  unsigned reused = 0;
  for (unsigned round = 0; round < 40; round++) {
    unsigned which = round / 3 % 2;
    tenant t = tenant_new(engine, codes[which]);
    reused += t.memory->base == former;
    former = t.memory->base;
    assert_int_equal(t.memory->size, PAGES * PAGE);
    uint64_t wrong = wrong_byte(t.memory, texts[which][0], texts[which][1]);
    if (wrong != UINT64_MAX)
      fail_msg("round %u: byte %llu is %u", round, (unsigned long long)wrong, t.memory->base[wrong]);
    expect_bounds_trap(&t, "load", PAGES * PAGE);
    expect_bounds_trap(&t, "load", (PAGES + 2) * PAGE);
    expect_bounds_trap(&t, "load", UINT32_MAX);
    live(&t, round);
    cv_store_delete(t.store);
  }
  assert_true(reused > 20);
  cv_code_release(codes[0]);
  cv_code_release(codes[1]);
  cv_engine_release(engine);
}

static void nothing_of_the_former_tenant(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    options.pool = NULL;
    scan(&options);
    static const uint64_t keeps[] = {0, 4096, 64 << 10, 16 << 20};
    for (size_t k = 0; k < CV_COUNT(keeps); k++) {
      options.pool = pool_of(2, 2, keeps[k], false);
      scan(&options);
      cv_pool_use use = cv_pool_in_use(options.pool);
      assert_int_equal(use.memories, 0);
      assert_int_equal(use.stacks, 0);
      cv_pool_release(options.pool);
    }
  }
}

// A reservation with an image in its first part, of which every other page is a hole.
typedef struct region {
  uint8_t *base;
  size_t page, size, image_size;
  const void *view;
  int image;
} region;

static region region_new(void) {
  size_t page = cv_vm_page_size();
  region r = {.page = page, .size = 200 * page, .image_size = 90 * page};
  r.image = cv_vm_image_new("test", r.image_size);
  assert_true(r.image >= 0);
  for (size_t at = 0; at < r.image_size; at += 2 * page)
    assert_true(cv_vm_image_write(r.image, "text", 4, at + 7));
  r.view = cv_vm_image_view(r.image, r.image_size);
  assert_non_null(r.view);
  r.base = cv_vm_reserve(r.size);
  assert_non_null(r.base);
  assert_true(cv_vm_image_map(r.image, r.base, r.image_size, 0));
  assert_true(cv_vm_commit(r.base + r.image_size, r.size - r.image_size));
  return r;
}

static void region_free(region *r) {
  cv_vm_release(r->base, r->size);
  cv_vm_release((void *)r->view, r->image_size);
  cv_vm_image_delete(r->image);
}

// Where a byte is not as it was at first, or the size.
static size_t first_wrong(const region *r) {
  for (size_t at = 0; at < r->size; at++) {
    size_t in = at % (2 * r->page);
    if (r->base[at] != (at < r->image_size && in - 7 < 4 ? (uint8_t)"text"[in - 7] : 0))
      return at;
  }
  return r->size;
}

static void expect_clean(const region *r, const char *how, unsigned round) {
  size_t at = first_wrong(r);
  if (at != r->size)
    fail_msg("%s, round %u: byte %zu is %u", how, round, at, r->base[at]);
}

static bool clean(const region *r, size_t keep_pages) {
  return cv_vm_clean(r->base, r->size, r->view, r->image_size, keep_pages * r->page);
}

// The primitive itself: any pattern of written pages, over an image and beyond it.
static void cleaning(void **state) {
  region r = region_new();
  uint32_t random = 1;
  static const size_t keeps[] = {0, 1, 8, 30, 63, 64, 65, 200, 1000};
  for (unsigned round = 0; round < 90; round++) {
    size_t count = round % 60 * 2;
    for (size_t i = 0; i < count; i++) {
      random = random * 1664525 + 1013904223;
      memset(r.base + random % r.size / r.page * r.page + random / 7 % (r.page - 8), 0xa5, 8);
    }
    assert_true(clean(&r, keeps[round % CV_COUNT(keeps)]));
    expect_clean(&r, "written", round);
  }
  region_free(&r);
}

// ---- ways in which a page can have been written, and what can have become of it ----

static void by_the_guest(uint8_t *at, size_t size) {
  memset(at, 0xa5, size);
}

// As a host function that reads from a descriptor into a memory has it.
static void by_the_kernel(uint8_t *at, size_t size) {
  int ends[2];
  uint8_t bytes[64];
  assert_int_equal(pipe(ends), 0);
  memset(bytes, 0x5a, sizeof bytes);
  assert_int_equal(write(ends[1], bytes, sizeof bytes), sizeof bytes);
  assert_int_equal(read(ends[0], at + size - sizeof bytes, sizeof bytes), sizeof bytes);
  close(ends[0]);
  close(ends[1]);
}

static void with_zeros(uint8_t *at, size_t size) {
  memset(at, 0, size);
}

static void and_swapped_out(uint8_t *at, size_t size) {
  by_the_guest(at, size);
  enum { PAGEOUT = 21 }; // MADV_PAGEOUT; only a machine with swap space has somewhere to put it
  (void)!madvise(at, size, PAGEOUT);
}

static void and_shared_with_a_child(uint8_t *at, size_t size) {
  by_the_guest(at, size);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(0);
  assert_int_equal(waitpid(child, NULL, 0), child);
}

static void and_locked(uint8_t *at, size_t size) {
  by_the_guest(at, size);
  (void)!mlock(at, size);
  (void)!munlock(at, size);
}

static void and_split(uint8_t *at, size_t size) {
  by_the_guest(at, size);
  assert_int_equal(mprotect(at, size, PROT_READ), 0);
  assert_int_equal(mprotect(at, size, PROT_READ | PROT_WRITE), 0);
}

static void however_written(void **state) {
  static const struct {
    const char *name;
    void (*write)(uint8_t *at, size_t size);
  } ways[] = {{"by the guest", by_the_guest},
              {"by the kernel", by_the_kernel},
              {"with zeros", with_zeros},
              {"and swapped out", and_swapped_out},
              {"and shared with a child", and_shared_with_a_child},
              {"and locked", and_locked},
              {"with other protection for a while", and_split}};
  static const size_t pages[] = {0, 1, 2, 88, 89, 90, 91, 198, 199}; // around the image's end
  region r = region_new();
  for (size_t w = 0; w < CV_COUNT(ways); w++)
    for (unsigned keep = 0; keep <= 16; keep += 16) {
      for (size_t p = 0; p < CV_COUNT(pages); p++)
        ways[w].write(r.base + pages[p] * r.page, r.page);
      assert_true(clean(&r, keep));
      expect_clean(&r, ways[w].name, keep);
    }
  region_free(&r);
}

// One page of 2 MiB, where the system gives them.
static void huge_pages(void **state) {
  size_t huge = 2 << 20, size = 3 * huge;
  uint8_t *reserved = cv_vm_reserve(size + huge), *base = (uint8_t *)cv_align_up((uintptr_t)reserved, huge);
  assert_true(cv_vm_commit(base, size));
  (void)!madvise(base, size, MADV_HUGEPAGE);
  for (unsigned round = 0; round < 4; round++) {
    base[5] = base[huge + 4096] = base[size - 1] = 0xa5;
    if (round % 2 != 0) // one of them in parts
      assert_int_equal(madvise(base + huge / 2, 4096, MADV_DONTNEED), 0);
    assert_true(cv_vm_clean(base, size, NULL, 0, round < 2 ? (size_t)64 << 10 : 2 * huge));
    for (size_t k = 0; k < size; k++)
      if (base[k] != 0)
        fail_msg("round %u: byte %zu is %u", round, k, base[k]);
  }
  cv_vm_release(reserved, size + huge);
}

// ---- when the kernel cannot be asked ----

static size_t resident(const region *r) {
  unsigned char in[200];
  size_t count = 0;
  assert_int_equal(mincore(r->base + r->image_size, r->size - r->image_size, in), 0);
  for (size_t k = 0; k < (r->size - r->image_size) / r->page; k++)
    count += in[k] & 1;
  return count;
}

static bool is_pagemap(int file) {
  char name[64], target[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  ssize_t size = readlink(name, target, sizeof target - 1);
  target[CV_MAX(size, 0)] = 0;
  return size > 8 && strcmp(target + size - 8, "/pagemap") == 0;
}

// A host that closes descriptors which are not its own, and opens others.
static void lose_the_descriptor(void) {
  int other = open("/dev/null", O_RDONLY);
  for (int file = 0; file < 1024; file++)
    if (is_pagemap(file))
      dup2(other, file);
  close(other);
}

static void let_pages_be_merged(void) {
  enum { SET_MEMORY_MERGE = 67 }; // PR_SET_MEMORY_MERGE, Linux 6.4
  if (prctl(SET_MEMORY_MERGE, 1, 0, 0, 0) != 0)
    _exit(77);
}

// All pages are given back then: none of those that were written stays. In a child, as both last.
static void without_the_scan(void **state) {
  static const struct {
    const char *name;
    void (*before)(void), (*after)(void); // the first cleaning
  } rows[] = {{"the descriptor is lost", NULL, lose_the_descriptor},
              {"pages may be merged", let_pages_be_merged, NULL}};
  region r = region_new();
  for (size_t row = 0; row < CV_COUNT(rows); row++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      if (rows[row].before != NULL)
        rows[row].before();
      memset(r.base, 0xa5, r.page);
      bool is_good = clean(&r, 16) && first_wrong(&r) == r.size;
      if (rows[row].after != NULL)
        rows[row].after();
      for (size_t k = 0; k < r.size; k += 20 * r.page)
        memset(r.base + k, 0xa5, r.page);
      is_good &= clean(&r, 16) && resident(&r) == 0 && first_wrong(&r) == r.size;
      _exit(is_good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
      print_message("%s: not on this system\n", rows[row].name);
    else if (WEXITSTATUS(status) != 0)
      fail_msg("%s: what was written has stayed", rows[row].name);
  }
  region_free(&r);
}

static cv_run scribble(void *env, cv_instance *caller, cv_value *values) {
  volatile uint8_t room[200 << 10];
  for (size_t k = 0; k < *(size_t *)env; k++)
    room[sizeof room - 1 - k] = 0x5a;
  return CV_RUN_OK;
}

// Guests cannot read stacks; what was there is overwritten or given back all the same.
static void stacks_are_clean(void **state) {
  static const char wat[] = "(module (import \"h\" \"f\" (func $f)) (func (export \"f\") (call $f)))";
  static size_t sizes[] = {100, 6000, 190 << 10};
  cv_engine_options options = {0};
  EACH_TIER(options) {
    for (size_t s = 0; s < CV_COUNT(sizes); s++) {
      world w = world_new(&options, NULL);
      cv_extern import = host_func(&w, NULL, 0, NULL, 0, scribble, &sizes[s]);
      cv_instance *i = instantiate(w.store, wat, &import, 1);
      assert_int_equal(call1(i, "f", 0, NULL), CV_RUN_OK);
      const uint8_t *low = w.store->spare->stack.low;
      cv_store_delete(w.store);
      cv_pool_lack lack;
      cv_fiber *fiber = cv_pool_fiber(w.engine->pool, w.engine->stack_bytes, &lack);
      assert_ptr_equal(fiber->stack.low, low);
      for (size_t k = 0; k < fiber->stack.size; k++)
        if (low[k] != 0)
          fail_msg("byte %zu of the stack is %u", k, low[k]);
      cv_pool_fiber_give(w.engine->pool, fiber);
      cv_engine_release(w.engine);
    }
  }
}

// Memories lie side by side: the furthest access of a guest does not reach the next one.
static void neighbours(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    options.pool = pool_of(3, 3, CV_POOL_KEEP, false);
    cv_engine *engine = engine_of(&options);
    cv_code *code = compile(engine, first_wat);
    tenant t[3];
    for (int k = 0; k < 3; k++) {
      t[k] = tenant_new(engine, code);
      assert_ptr_equal(t[k].memory->base, t[0].memory->base + (uint64_t)k * CV_GUARDED_RESERVATION);
    }
    static const uint32_t addresses[] = {0, 1, PAGE, PAGES * PAGE, 0x10000 - 15, UINT32_MAX - 1, UINT32_MAX};
    for (size_t a = 0; a < CV_COUNT(addresses); a++)
      expect_bounds_trap(&t[0], "far", addresses[a]);
    expect_bounds_trap(&t[0], "overrun", PAGES * PAGE - 3);
    assert_int_equal(wrong_byte(t[1].memory, "hello", "wide"), UINT64_MAX);
    assert_int_equal(wrong_byte(t[2].memory, "hello", "wide"), UINT64_MAX);
    for (int k = 0; k < 3; k++)
      cv_store_delete(t[k].store);
    cv_code_release(code);
    cv_engine_release(engine);
    cv_pool_release(options.pool);
  }
}

static void used_up(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    options.pool = pool_of(2, 1, CV_POOL_KEEP, false);
    cv_engine *engine = engine_of(&options);
    cv_code *code = compile(engine, first_wat);
    tenant a = tenant_new(engine, code), b = tenant_new(engine, code), c;
    cv_diag diag;
    char text[300];
    assert_int_equal(try_tenant(engine, code, &c, &diag), CV_ELIMIT);
    assert_string_equal(cv_diag_message(&diag, text, sizeof text),
                        "the pool of 2 memories is used up: a store that is deleted gives its memories back");
    // What is not of the pool's kind needs no slot.
    cv_instance *other = instantiate(c.store, "(module (memory i64 1) (memory 1 2 shared))", NULL, 0);
    assert_non_null(other);
    assert_int_equal(cv_pool_in_use(options.pool).memories, 2);
    // The one stack is the store's that made a call, until that store is deleted.
    result1(a.instance, "write", 1);
    assert_int_equal(call1(b.instance, "write", 1, NULL), CV_RUN_TRAP);
    assert_int_equal(cv_store_context(b.store)->trap.kind, CV_TRAP_OUT_OF_MEMORY);
    assert_string_equal(cv_store_context(b.store)->trap.text, "the pool of 1 stack is used up");
    cv_store_delete(a.store);
    cv_store_delete(c.store);
    result1(b.instance, "write", 1);
    c = tenant_new(engine, code);
    assert_int_equal(wrong_byte(c.memory, "hello", "wide"), UINT64_MAX);
    cv_store_delete(b.store);
    cv_store_delete(c.store);
    cv_pool_use use = cv_pool_in_use(options.pool);
    assert_int_equal(use.memories, 0);
    assert_int_equal(use.memories_most, 2);
    assert_int_equal(use.stacks, 0);
    assert_int_equal(use.stacks_most, 1);
    cv_code_release(code);
    cv_engine_release(engine);
    cv_pool_release(options.pool);
  }
}

static void falls_back(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    options.pool = pool_of(1, 1, CV_POOL_KEEP, true);
    cv_engine *engine = engine_of(&options);
    cv_pool_release(options.pool); // the engine has it
    cv_code *code = compile(engine, first_wat);
    for (int round = 0; round < 3; round++) {
      tenant t[3];
      for (int k = 0; k < 3; k++) {
        t[k] = tenant_new(engine, code);
        assert_int_equal(wrong_byte(t[k].memory, "hello", "wide"), UINT64_MAX);
        live(&t[k], (unsigned)k);
      }
      assert_int_equal(cv_pool_in_use(options.pool).memories, 1);
      for (int k = 0; k < 3; k++)
        cv_store_delete(t[k].store);
    }
    cv_code_release(code);
    cv_engine_release(engine);
  }
}

typedef struct job {
  cv_engine *engine;
  cv_code *code;
  unsigned number;
  uint64_t wrong; // bytes
} job;

static void *many_lives(void *p) {
  job *j = p;
  for (unsigned round = 0; round < 60; round++) {
    tenant t = tenant_new(j->engine, j->code);
    j->wrong += wrong_byte(t.memory, "hello", "wide") != UINT64_MAX;
    live(&t, round + j->number);
    cv_store_delete(t.store);
  }
  return NULL;
}

static void several_threads(void **state) {
  cv_engine_options options = {.pool = pool_of(4, 4, CV_POOL_KEEP, false)};
  cv_engine *engine = engine_of(&options);
  cv_code *code = compile(engine, first_wat);
  pthread_t threads[4];
  job jobs[4];
  for (unsigned k = 0; k < 4; k++) {
    jobs[k] = (job){engine, code, k, 0};
    assert_int_equal(pthread_create(&threads[k], NULL, many_lives, &jobs[k]), 0);
  }
  for (unsigned k = 0; k < 4; k++) {
    pthread_join(threads[k], NULL);
    assert_int_equal(jobs[k].wrong, 0);
  }
  assert_int_equal(cv_pool_in_use(options.pool).memories, 0);
  cv_code_release(code);
  cv_engine_release(engine);
  cv_pool_release(options.pool);
}

// A child looks at its own pages, not at its parent's, when it cleans.
static void after_a_fork(void **state) {
  cv_engine_options options = {.pool = pool_of(2, 2, CV_POOL_KEEP, false)};
  cv_engine *engine = engine_of(&options);
  cv_code *code = compile(engine, first_wat);
  for (int k = 0; k < 3; k++) {
    tenant t = tenant_new(engine, code);
    live(&t, 0);
    cv_store_delete(t.store);
  }
  pid_t child = fork();
  assert_true(child >= 0);
  for (unsigned round = 0; round < 10; round++) {
    tenant t = tenant_new(engine, code);
    bool good = wrong_byte(t.memory, "hello", "wide") == UINT64_MAX;
    if (child == 0 && !good)
      _exit(1);
    assert_true(good);
    // The two processes write different pages.
    memset(t.memory->base + (child == 0 ? 9u : 40u) * 4096, 0xa5, 5000);
    cv_store_delete(t.store);
  }
  if (child == 0)
    _exit(0);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  cv_code_release(code);
  cv_engine_release(engine);
  cv_pool_release(options.pool);
}

static void failures(void **state) {
  cv_diag diag;
  char text[300];
  cv_pool *pool;
  cv_pool_options o = {.memories = UINT32_MAX, .memory_reach = CV_GUARDED_RESERVATION, .is_bounded = true};
  cv_diag_init(&diag);
  assert_int_equal(cv_pool_new(&o, &pool, &diag), CV_ENOMEM);
  assert_null(pool);
  assert_non_null(strstr(cv_diag_message(&diag, text, sizeof text), "a pool of 4294967295 memories takes"));
  // A stack that cannot be made is not in use.
  cv_engine_options options = {.pool = pool_of(2, 2, CV_POOL_KEEP, false)};
  world w = world_new(&options, NULL);
  cv_instance *i = instantiate(w.store, first_wat, NULL, 0);
  options.pool->mem->fail_at = options.pool->mem->calls + 1;
  assert_int_equal(call1(i, "write", 1, NULL), CV_RUN_TRAP);
  assert_int_equal(w.context->trap.kind, CV_TRAP_OUT_OF_MEMORY);
  assert_int_equal(cv_pool_in_use(options.pool).stacks, 0);
  options.pool->mem->fail_at = 0;
  assert_int_equal(result1(i, "write", 1), 0);
  world_delete(&w);
  assert_int_equal(cv_pool_in_use(options.pool).memories, 0);
  cv_pool_release(options.pool);
}

static void public_interface(void **state) {
  static const char wat[] = "(module (memory 1))";
  cove_error *error = NULL;
  cove_pool_config *pool_config = cove_pool_config_new();
  cove_config *config = cove_config_new();
  cove_pool *pool = NULL;
  cove_engine *engine = NULL;
  cove_pool_config_set_memories(pool_config, 1);
  cove_pool_config_set_keep(pool_config, 0);
  assert_int_equal(cove_pool_new(pool_config, &pool, &error), COVE_OK);
  cove_config_set_pool(config, pool);
  assert_int_equal(cove_engine_new(config, &engine, &error), COVE_OK);
  cove_config_delete(config);
  cove_pool_config_delete(pool_config);
  cove_module *module = NULL;
  cove_buffer binary;
  assert_int_equal(cove_text_parse(engine, wat, strlen(wat), &binary, &error), COVE_OK);
  assert_int_equal(cove_module_new(engine, binary.data, binary.size, &module, &error), COVE_OK);
  cove_store *stores[2];
  for (int k = 0; k < 2; k++) {
    cove_instance *instance = NULL;
    assert_int_equal(cove_store_new(engine, NULL, &stores[k], &error), COVE_OK);
    cove_linker *linker = cove_linker_new(stores[k]);
    cove_status status = cove_linker_instantiate(linker, module, &instance, &error);
    assert_int_equal(status, k == 0 ? COVE_OK : COVE_LIMIT);
    cove_linker_delete(linker);
  }
  static const char used[] = "the pool of 1 memory is used up: a store that is deleted gives its memories back";
  assert_string_equal(cove_error_message(error), used);
  assert_string_equal(cove_store_refusal(stores[1]), used);
  cove_error_delete(error);
  uint32_t most = 0;
  assert_int_equal(cove_pool_memories(pool, &most), 1);
  assert_int_equal(most, 1);
  assert_int_equal(cove_pool_stacks(pool, NULL), 0);
  cove_pool_delete(pool);
  cove_store_delete(stores[0]);
  cove_store_delete(stores[1]);
  cove_buffer_delete(&binary);
  cove_module_delete(module);
  cove_engine_delete(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cleaning),
      cmocka_unit_test(however_written),
      cmocka_unit_test(huge_pages),
      cmocka_unit_test(without_the_scan),
      cmocka_unit_test(nothing_of_the_former_tenant),
      cmocka_unit_test(stacks_are_clean),
      cmocka_unit_test(neighbours),
      cmocka_unit_test(used_up),
      cmocka_unit_test(falls_back),
      cmocka_unit_test(after_a_fork),
      cmocka_unit_test(several_threads),
      cmocka_unit_test(failures),
      cmocka_unit_test(public_interface),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
