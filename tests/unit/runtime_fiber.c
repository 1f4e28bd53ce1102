// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stacks: running on one, parking and resuming, nesting, finding pointers on it; address space and images; waiting.
#include "runtime_support.h"

#include "runtime/pool.h"
#include "sys/fiber.h"
#include "sys/thread.h"
#include "sys/vm.h"

typedef struct job {
  cv_stack *stack;
  int steps;
  uintptr_t seen;
} job;

static int plain(void *arg) {
  job *j = arg;
  char here;
  j->seen = (uintptr_t)&here;
  return 7;
}

static int parking(void *arg) {
  job *j = arg;
  volatile uint64_t kept = 0x1122334455667788u;
  for (int i = 0; i < 3; i++) {
    j->steps++;
    cv_stack_park(j->stack);
  }
  return kept == 0x1122334455667788u ? 42 : 1;
}

static int nesting(void *arg) {
  cv_stack inner;
  assert_true(cv_stack_new(&inner, 64 << 10));
  job j = {.stack = &inner};
  int result = cv_stack_run(&inner, plain, &j);
  cv_stack_delete(&inner);
  *(bool *)arg = j.seen != 0;
  return result + 1;
}

static void runs_elsewhere(void **state) {
  cv_stack s;
  assert_true(cv_stack_new(&s, 256 << 10));
  job j = {.stack = &s};
  for (int i = 0; i < 100; i++)
    assert_int_equal(cv_stack_run(&s, plain, &j), 7);
#if !defined(__SANITIZE_ADDRESS__)
  assert_true(j.seen >= (uintptr_t)s.low && j.seen < (uintptr_t)s.top);
#endif
  bool nested = false;
  assert_int_equal(cv_stack_run(&s, nesting, &nested), 8);
  assert_true(nested);
  cv_stack_delete(&s);
}

static void parks_and_resumes(void **state) {
  cv_stack s;
  assert_true(cv_stack_new(&s, 256 << 10));
  job j = {.stack = &s};
  assert_int_equal(cv_stack_run(&s, parking, &j), CV_STACK_PARKED);
  assert_int_equal(j.steps, 1);
  assert_int_equal(cv_stack_resume(&s), CV_STACK_PARKED);
  assert_int_equal(cv_stack_resume(&s), CV_STACK_PARKED);
  assert_int_equal(j.steps, 3);
  assert_int_equal(cv_stack_resume(&s), 42);
  cv_stack_delete(&s);
}

static const cv_pool_options pool_options = {.memories = 4, .stacks = 4, .keep_bytes = CV_POOL_KEEP};

static void pooled_fibers_hold_nothing(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_pool pool;
  cv_pool_lack lack;
  assert_int_equal(cv_pool_init(&pool, &mem, &pool_options), CV_OK);
  cv_fiber *f = cv_pool_fiber(&pool, 128 << 10, &lack);
  assert_non_null(f);
  memset(f->stack.low, 0xa5, f->stack.size);
  uint8_t *low = f->stack.low;
  cv_pool_fiber_give(&pool, f);
  f = cv_pool_fiber(&pool, 128 << 10, &lack);
  assert_ptr_equal(f->stack.low, low);
  for (size_t i = 0; i < f->stack.size; i++)
    assert_int_equal(f->stack.low[i], 0);
  cv_pool_fiber_give(&pool, f);
  cv_pool_free(&pool);
  assert_int_equal(mem.used, 0);
}

static void pooled_slots_hold_nothing(void **state) {
  cv_mem mem;
  cv_mem_init(&mem, UINT64_MAX);
  cv_pool pool;
  cv_pool_lack lack;
  assert_int_equal(cv_pool_init(&pool, &mem, &pool_options), CV_OK);
  size_t page = cv_vm_page_size(), reserved = 64 * page;
  static const char contents[] = "initial";
  cv_image image = {.file = cv_vm_image_new("test", page), .id = cv_image_id(), .size = page};
  assert_true(image.file >= 0);
  assert_true(cv_vm_image_write(image.file, contents, sizeof contents, 8));
  // Size in pages, with or without the image, in turn on the same slot.
  static const struct {
    const char *name;
    size_t pages;
    bool image;
  } tenants[] = {{"image", 4, true},           {"image again", 4, true},       {"plain, larger", 9, false},
                 {"plain, smaller", 2, false}, {"image after plain", 4, true}, {"no pages", 0, false}};
  for (size_t t = 0; t < CV_COUNT(tenants); t++) {
    size_t size = tenants[t].pages * page;
    cv_slot *s = cv_pool_slot(&pool, reserved, size, tenants[t].image ? &image : NULL, &lack);
    assert_non_null(s);
    assert_int_equal(pool.free_slots, 0);
    assert_int_equal(s->committed, size);
    for (size_t i = 0; i < size; i++) {
      uint8_t want = tenants[t].image && i >= 8 && i < 8 + sizeof contents ? (uint8_t)contents[i - 8] : 0;
      if (s->base[i] != want)
        fail_msg("%s: byte %zu is %u", tenants[t].name, i, s->base[i]);
    }
    assert_true(cv_slot_grow(s, size + page));
    assert_false(cv_slot_grow(s, reserved + 1));
    memset(s->base, 0x5a, size + page);
    cv_pool_slot_give(&pool, s);
  }
  cv_vm_image_delete(image.file);
  cv_pool_free(&pool);
  assert_int_equal(mem.used, 0);
}

static uint32_t counter;
static cv_lock counter_lock;
static uint32_t finished;

static void *count_up(void *arg) {
  for (int i = 0; i < 10000; i++) {
    cv_lock_take(&counter_lock);
    counter++;
    cv_lock_release(&counter_lock);
  }
  __atomic_add_fetch(&finished, 1, __ATOMIC_RELEASE);
  cv_word_wake(&finished, 1);
  return NULL;
}

static void locks_exclude(void **state) {
  for (int i = 0; i < 4; i++)
    assert_true(cv_thread_start(count_up, NULL));
  for (uint32_t seen; (seen = __atomic_load_n(&finished, __ATOMIC_ACQUIRE)) != 4;)
    cv_word_wait(&finished, seen, UINT64_MAX);
  assert_int_equal(counter, 40000);
}

static void waiting_times_out(void **state) {
  uint32_t word = 5;
  assert_int_equal(cv_word_wait(&word, 4, UINT64_MAX), CV_WAIT_WOKEN);
  assert_int_equal(cv_word_wait(&word, 5, cv_thread_now() + 1000000), CV_WAIT_TIMED_OUT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_elsewhere),
      cmocka_unit_test(parks_and_resumes),
      cmocka_unit_test(pooled_fibers_hold_nothing),
      cmocka_unit_test(pooled_slots_hold_nothing),
      cmocka_unit_test(locks_exclude),
      cmocka_unit_test(waiting_times_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
