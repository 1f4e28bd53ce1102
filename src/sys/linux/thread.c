// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// thread.c: threads on Linux. Words are waited for with futexes, which a signal interrupts: that is what makes a guest
// in memory.atomic.wait cancellable.
#include "sys/thread.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Thread_local uint32_t own_id __attribute__((tls_model("initial-exec")));

uint32_t cv_thread_id(void) {
  if (CV_UNLIKELY(own_id == 0))
    own_id = (uint32_t)syscall(SYS_gettid);
  return own_id;
}

static void forget_id(void) {
  own_id = 0;
}

bool cv_thread_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
  return pthread_atfork(NULL, NULL, forget_id) == 0 && pthread_atfork(prepare, parent, child) == 0;
}

bool cv_thread_signal(uint32_t thread_id, int signal) {
  return syscall(SYS_tgkill, getpid(), (pid_t)thread_id, signal) == 0;
}

bool cv_thread_start(void *(*run)(void *), void *arg) {
  pthread_attr_t attr;
  if (pthread_attr_init(&attr) != 0)
    return false;
  sigset_t all, before;
  sigfillset(&all);
  pthread_t thread;
  bool ok = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0;
  if (ok) {
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ok = pthread_create(&thread, &attr, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_attr_destroy(&attr);
  return ok;
}

void cv_thread_step_back(void) {
  enum { NICE = 5 }; // a third of another thread's share; on Linux it is the thread's own
  (void)setpriority(PRIO_PROCESS, cv_thread_id(), NICE);
}

uint32_t cv_thread_cores(void) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  return count > 0 ? (uint32_t)count : 1;
}

uint64_t cv_thread_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

cv_wait_result cv_word_wait(uint32_t *word, uint32_t expected, uint64_t deadline) {
  struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u)};
  // FUTEX_WAIT_BITSET takes an absolute time on the monotonic clock.
  long r = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected,
                   deadline == UINT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
  if (r == 0 || errno == EAGAIN)
    return CV_WAIT_WOKEN;
  return errno == ETIMEDOUT ? CV_WAIT_TIMED_OUT : CV_WAIT_INTERRUPTED;
}

void cv_word_wake(uint32_t *word, uint32_t count) {
  uint32_t most = count > INT32_MAX ? INT32_MAX : count;
  (void)syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, most, NULL, NULL, 0);
}

// The three-state lock of Drepper, "Futexes are tricky".
void cv_lock_take(cv_lock *lock) {
  uint32_t expected = 0;
  if (__atomic_compare_exchange_n(&lock->state, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return;
  while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
    (void)cv_word_wait(&lock->state, 2, UINT64_MAX);
}

void cv_lock_release(cv_lock *lock) {
  if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
    cv_word_wake(&lock->state, 1);
}
