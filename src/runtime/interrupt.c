// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// interrupt.c: the watcher: one thread per process, started when a deadline or a cancellation is first asked for.
//
// A store is on the watcher's list while it has a deadline or an interrupt that has not been taken. The watcher signals
// the executing thread every few milliseconds, so a signal that finds C code is no loss. The thread writes
// context->thread and then reads context->interrupt; the watcher writes interrupt and then reads thread; neither pays
// for a barrier. A write is seen by all threads long before the watcher's next round, so seeing no thread in two rounds
// means that a later call will see the interrupt.
#include "runtime/internal.h"

static const uint64_t ROUND = 2000000; // nanoseconds between signals

static cv_lock lock;
static cv_store *watched; // linked by next_watched
static bool started;
static uint32_t changes; // bumped to wake the watcher
static int signal_number;

void cv_watcher_signal_number(int number) {
  signal_number = number;
}

// One look at a store; *next is the earliest time to look again. False when it leaves the list.
static bool look(cv_store *s, uint64_t now, uint64_t *next) {
  cv_context *c = &s->context;
  uint32_t interrupt = __atomic_load_n(&c->interrupt, __ATOMIC_ACQUIRE);
  if (interrupt == 0 && s->deadline != 0) {
    if (now < s->deadline) {
      *next = CV_MIN(*next, s->deadline);
      return true;
    }
    if (__atomic_compare_exchange_n(&c->interrupt, &interrupt, CV_TRAP_DEADLINE, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
      interrupt = CV_TRAP_DEADLINE;
    s->idle_rounds = 0;
  }
  if (interrupt == 0)
    return false;
  uint32_t thread = __atomic_load_n(&c->thread, __ATOMIC_ACQUIRE);
  if (thread != 0) {
    s->idle_rounds = 0;
    (void)cv_thread_signal(thread, signal_number);
  } else if (++s->idle_rounds >= 2) {
    // A deadline behind us stays set; a deadline beside a cancellation is still to come.
    if (interrupt == CV_TRAP_DEADLINE || s->deadline == 0)
      return false;
    *next = CV_MIN(*next, CV_MAX(s->deadline, now + ROUND));
    return true;
  }
  *next = CV_MIN(*next, now + ROUND);
  return true;
}

static void *watch(void *unused) {
  for (;;) {
    uint32_t seen = __atomic_load_n(&changes, __ATOMIC_ACQUIRE);
    uint64_t now = cv_thread_now(), next = UINT64_MAX;
    cv_lock_take(&lock);
    for (cv_store **at = &watched; *at != NULL;) {
      cv_store *s = *at;
      if (look(s, now, &next)) {
        at = &s->next_watched;
      } else {
        *at = s->next_watched;
        s->watched = false;
      }
    }
    cv_lock_release(&lock);
    (void)cv_word_wait(&changes, seen, next);
  }
  return unused;
}

// A forked process has no watcher, and its one thread has another number.
static void before_fork(void) {
  cv_lock_take(&lock);
}

static void after_fork(void) {
  cv_lock_release(&lock);
}

static void in_child(void) {
  started = false;
  cv_this_thread.id = 0;
  cv_lock_release(&lock);
}

static bool start(void) {
  static bool fork_known;
  if (!fork_known && !cv_thread_at_fork(before_fork, after_fork, in_child))
    return false;
  fork_known = true;
  return cv_thread_start(watch, NULL);
}

// With the lock held.
static cv_status add(cv_store *s) {
  if (!started) {
    if (!start())
      return CV_ENOMEM;
    started = true;
  }
  s->idle_rounds = 0;
  if (!s->watched) {
    s->watched = true;
    s->next_watched = watched;
    watched = s;
  }
  return CV_OK;
}

static void wake(void) {
  __atomic_add_fetch(&changes, 1, __ATOMIC_RELEASE);
  cv_word_wake(&changes, 1);
}

void cv_watcher_forget(cv_store *s) {
  cv_lock_take(&lock);
  for (cv_store **at = &watched; s->watched && *at != NULL; at = &(*at)->next_watched)
    if (*at == s) {
      *at = s->next_watched;
      s->watched = false;
      break;
    }
  cv_lock_release(&lock);
}

cv_status cv_context_set_deadline(cv_context *c, uint64_t after_ns) {
  cv_store *s = c->store;
  cv_lock_take(&lock);
  uint64_t deadline = 0;
  if (after_ns != 0 && cv_add_overflows(cv_thread_now(), after_ns, &deadline))
    deadline = UINT64_MAX;
  s->deadline = deadline;
  s->deadline_after = after_ns;
  uint32_t passed = CV_TRAP_DEADLINE; // a former deadline asks for nothing any more
  __atomic_compare_exchange_n(&c->interrupt, &passed, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  cv_status status = deadline != 0 ? add(s) : CV_OK;
  cv_lock_release(&lock);
  if (status == CV_OK && deadline != 0)
    wake();
  return status;
}

void cv_context_set_fuel(cv_context *c, uint64_t fuel) {
  c->fuel = (int64_t)CV_MIN(fuel, (uint64_t)INT64_MAX);
  c->store->fuel_given = fuel;
}

cv_status cv_context_cancel(cv_context *c) {
  cv_lock_take(&lock);
  __atomic_store_n(&c->interrupt, CV_TRAP_CANCELLED, __ATOMIC_RELEASE);
  cv_status status = add(c->store);
  cv_lock_release(&lock);
  if (status == CV_OK)
    wake();
  return status;
}

cv_run cv_context_interrupt_trap(cv_context *c) {
  return cv_trap_set(c, (cv_trap_kind)__atomic_load_n(&c->interrupt, __ATOMIC_ACQUIRE), NULL);
}
