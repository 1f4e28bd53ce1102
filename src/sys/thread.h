// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// thread.h: threads as the runtime needs them: identity, a detached background thread, signals to one thread, and
// waiting on a word.
#ifndef COVE_SYS_THREAD_H
#define COVE_SYS_THREAD_H

#include "base/base.h"

// The kernel's number of the calling thread, never 0. Cached; async-signal-safe after the first call on the thread.
uint32_t cv_thread_id(void);
// Sends `signal` to a thread of this process. False when there is no such thread (any more).
bool cv_thread_signal(uint32_t thread_id, int signal);
// Starts a detached thread that gets no signals that were meant for the host's threads.
CV_MUST_USE bool cv_thread_start(void *(*run)(void *), void *arg);

// From now on this thread gets less than the others where they share a core.
void cv_thread_step_back(void);

// How many threads of this process can run at once: the cores that it may use, at least 1.
uint32_t cv_thread_cores(void);

// Has these called around every fork of the process, in the thread that forks; `child` runs in the new process, whose
// only thread has a new number. False when out of memory.
CV_MUST_USE bool cv_thread_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

// A clock that only goes forward, in nanoseconds.
uint64_t cv_thread_now(void);

typedef enum cv_wait_result { CV_WAIT_WOKEN, CV_WAIT_TIMED_OUT, CV_WAIT_INTERRUPTED } cv_wait_result;
// Sleeps while *word is `expected`, until cv_word_wake, a signal, or `deadline` (cv_thread_now's clock; UINT64_MAX for
// none). May wake without reason, as WOKEN: the caller looks at the word again.
cv_wait_result cv_word_wait(uint32_t *word, uint32_t expected, uint64_t deadline);
void cv_word_wake(uint32_t *word, uint32_t count);

// A lock of one word, zero when free. For short critical sections of the runtime.
typedef struct cv_lock {
  uint32_t state; // 0 free, 1 taken, 2 taken and waited for
} cv_lock;
void cv_lock_take(cv_lock *lock);
void cv_lock_release(cv_lock *lock);

#endif
