// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The thread that compiles in the background counts as busy from its start, also before it has run at all: whoever
// exits or deletes code then must wait for the library that it loads. Threads are started here in place of libc, so
// that this one comes late.
#include "runtime_support.h"

#include <dlfcn.h>
#include <pthread.h>

#include "runtime/tier_up.h"

typedef int create_fn(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);

enum { WORKER = 2 }; // the second thread that is started, behind the sampler

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static unsigned started; // atomic
static void *(*late_run)(void *);

static void *run_late(void *arg) {
  pthread_mutex_lock(&gate);
  pthread_mutex_unlock(&gate);
  return late_run(arg);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg) {
  create_fn *real;
  void *found = dlsym(RTLD_NEXT, "pthread_create");
  memcpy(&real, &found, sizeof real);
  if (__atomic_add_fetch(&started, 1, __ATOMIC_RELAXED) == WORKER) {
    late_run = run;
    run = run_late;
  }
  return real(thread, attr, run, arg);
}

static const char loop[] =
    "(module (func (export \"loop\") (param $n i32) (result i32) (local $i i32)"
    " (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))"
    " (local.get $i)))";

static void busy_before_it_runs(void **state) {
  enum { TURNS = 20000000, MOST_CALLS = 3000 };
  cv_engine_options options = {.tier = "jit", .compile = {.lazy = true, .tier_up = CV_TIER_UP_BACKGROUND}};
  world w = world_new(&options, NULL);
  cv_instance *i = instantiate(w.store, loop, NULL, 0);
  pthread_mutex_lock(&gate);
  for (unsigned k = 0; k < MOST_CALLS && __atomic_load_n(&started, __ATOMIC_RELAXED) < WORKER; k++)
    assert_int_equal(result1(i, "loop", TURNS), TURNS);
  assert_int_equal(__atomic_load_n(&started, __ATOMIC_RELAXED), WORKER);
  bool busy = cv_tier_up_busy();
  pthread_mutex_unlock(&gate);
  assert_true(busy);
  world_delete(&w);
  assert_false(cv_tier_up_busy());
}

int main(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 77; // they start threads in place of libc, too
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
  return 77;
#endif
#endif
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if ((strcmp((*t)->name, "jit") == 0 || strcmp((*t)->name, "llvm") == 0) && !(*t)->available())
      return 77;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(busy_before_it_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
