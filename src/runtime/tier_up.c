// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tier_up.c: what is hot, and who compiles it (tier_up.h).
//
// Codes whose flags are seen are on the sampler's list. One whose flag nobody has cleared for some rounds leaves the
// list, its flag set, so that the next poll brings it back; without any code on the list the sampler sleeps. A process
// that polls only a few times starts no thread.
//
// Whoever deletes a code waits for the function of it that is being compiled: the worker reads the module's bytes,
// which may be gone afterwards. It also waits while the upper tier's library is being loaded: after the last code, the
// process may exit, and exit would run destructors of a library whose constructors still run, for what they have
// registered is the newest, before any handler of ours. A process that exits by exit waits for whatever is being
// compiled, since the library of the upper tier must not be destroyed under the worker; cv_tier_up_busy is for those
// who cannot wait.
#include "runtime/tier_up.h"

#include <stdlib.h>

#include "runtime/internal.h"

static const uint64_t ROUND = 1000000; // nanoseconds between samples
enum {
  IDLE_ROUNDS = 20,          // without a poll, then a code leaves the list
  FIRST_POLLS = 64,          // of a code, before anything happens
  HOT = 2,                   // samples
  LARGE = 32 << 10,          // bytes: what takes longer to compile has to be worth it
  LARGE_HOT = 128,           // bytes above that for one sample more
  SEARCH = 512,              // polls
  MOST_MISSES = 3,           // searches for a loop that is ready, until another one is compiled
  MOST_LOOPS = 4,            // of a function
  MOST_SAMPLES = UINT16_MAX, // are counted
  MOST_JOBS = 128,           // that wait
  RANDOM_ONE_IN = 3,         // polls that do something, when that is random
};

typedef enum state { COLD, QUEUED, READY, FAILED } state;

// A function that was sampled in a loop may be entered there.
typedef struct hot_loop {
  uint32_t at;   // offset of the loop instruction in the function's code
  uint32_t next; // of the function, index + 1; 0 ends
  state state;
  const uint8_t *entry;
} hot_loop;

typedef struct hot_func {
  uint8_t state;             // of the function as a whole
  uint16_t samples, entered; // entered: times that a loop of it was
  uint8_t tried;             // loops that were compiled, or could not be
  bool ready;                // one of them is
  uint8_t misses;            // searches that have not come by one of them
  bool waits;                // for a loop to be compiled
  uint32_t loops;            // first hot_loop, index + 1
} hot_func;

// A function was found hot in a loop. The flag stays set for some polls more, to see what it does.
typedef struct search {
  uint32_t left; // polls; 0: no search
  uint32_t func;
  uintptr_t frame;
  bool for_ready;       // just until a loop is come by that can be entered
  bool again;           // the frame was met again
  uint32_t loop, depth; // outermost loop that was met
} search;

struct cv_tier_up {
  cv_code *lower, *upper; // upper: NULL before the first function is compiled
  cv_mem *mem;
  uint32_t *flag;
  uint32_t first_polls; // atomic: still to come
  uint64_t random;      // state of the generator
  bool is_active;
  uint8_t idle;
  cv_tier_up *next;
  uint32_t func_count; // defined ones
  hot_func *funcs;
  CV_VEC(hot_loop) loops;
  search search;
  cv_tier_up_counts counts;
};

typedef struct job {
  cv_tier_up *up;
  uint32_t func, loop;
} job;

static struct {
  cv_lock lock; // of all that follows, and of all hot_func and hot_loop
  cv_tier_up *active;
  bool has_sampler, has_worker;
  bool off; // there is no upper tier, or no thread for it
  job jobs[MOST_JOBS];
  uint32_t job_count;
  uint32_t sampler_word, worker_word; // bumped to wake them
  cv_tier_up *compiling;
  bool loading;   // the worker is looking for the upper tier
  uint32_t forks; // that wait for the job in hand: no other is begun
  uint32_t ended; // jobs; waited for
  bool stopping;  // the process exits
} all;

static void bump(uint32_t *word) {
  __atomic_add_fetch(word, 1, __ATOMIC_RELEASE);
  cv_word_wake(word, UINT32_MAX);
}

static void set_flag(const cv_tier_up *up, bool on) {
  __atomic_store_n(up->flag, on ? UINT32_MAX : 0, __ATOMIC_RELAXED);
}

// ---- threads and processes ----

static bool is_busy(void) {
  return all.compiling != NULL || all.loading;
}

bool cv_tier_up_busy(void) {
  cv_lock_take(&all.lock);
  bool busy = is_busy();
  cv_lock_release(&all.lock);
  return busy;
}

// With the lock held.
static void wait_for_job(void) {
  uint32_t seen = __atomic_load_n(&all.ended, __ATOMIC_ACQUIRE);
  cv_lock_release(&all.lock);
  (void)cv_word_wait(&all.ended, seen, UINT64_MAX);
  cv_lock_take(&all.lock);
}

// A forked process has neither thread. What the worker has in hands is done before, since it would stay as it is in the
// child: locks that are held, code that is half in its place.
static void before_fork(void) {
  cv_lock_take(&all.lock);
  all.forks++;
  while (is_busy())
    wait_for_job();
}

static void after_fork(void) {
  if (--all.forks == 0)
    bump(&all.worker_word);
  cv_lock_release(&all.lock);
}

static void in_child(void) {
  all.off = true;
  all.job_count = 0;
  all.forks = 0;
  cv_lock_release(&all.lock);
}

static void at_exit(void) {
  cv_lock_take(&all.lock);
  all.stopping = true;
  while (is_busy())
    wait_for_job();
  cv_lock_release(&all.lock);
}

static void *sample(void *unused) {
  for (;;) {
    cv_lock_take(&all.lock);
    uint32_t seen = __atomic_load_n(&all.sampler_word, __ATOMIC_ACQUIRE);
    for (cv_tier_up **at = &all.active; *at != NULL;) {
      cv_tier_up *up = *at;
      if (!__atomic_load_n(up->flag, __ATOMIC_RELAXED)) {
        set_flag(up, true);
        up->idle = 0;
      } else if (++up->idle == IDLE_ROUNDS) {
        up->is_active = false;
        *at = up->next;
        continue;
      }
      at = &up->next;
    }
    uint64_t next = all.active != NULL ? cv_thread_now() + ROUND : UINT64_MAX;
    cv_lock_release(&all.lock);
    do {
      (void)cv_word_wait(&all.sampler_word, seen, next);
    } while (next != UINT64_MAX && cv_thread_now() < next);
  }
  return unused;
}

static bool start(void *(*run)(void *)) {
  static bool fork_known;
  if (!fork_known && !cv_thread_at_fork(before_fork, after_fork, in_child))
    return false;
  fork_known = true;
  return cv_thread_start(run, NULL);
}

static void give_up(void) {
  all.off = true;
  all.job_count = 0;
  for (cv_tier_up *up = all.active; up != NULL; up = up->next)
    up->is_active = false;
  all.active = NULL;
}

static void activate(cv_tier_up *up) {
  if (!all.has_sampler && !start(sample)) {
    give_up();
    return;
  }
  all.has_sampler = true;
  up->is_active = true;
  up->idle = 0;
  up->next = all.active;
  all.active = up;
  if (up->next == NULL)
    bump(&all.sampler_word);
}

// ---- compiling ----

// Loads a library perhaps.
static const cv_tier *upper_tier(void) {
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if ((*t)->upper_new != NULL && (*t)->available())
      return *t;
  return NULL;
}

// Threads that poll at random make it at once.
static cv_code *upper_of(const cv_tier *tier, cv_tier_up *up, cv_diag *diag) {
  static cv_lock making;
  cv_lock_take(&making);
  if (up->upper == NULL && tier->upper_new(&up->upper, up->mem, up->lower, diag) == CV_OK)
    up->upper->engine = up->lower->engine;
  cv_code *upper = up->upper;
  cv_lock_release(&making);
  return upper;
}

// Without the lock. NULL: it cannot be done.
static const uint8_t *compile(const cv_tier *tier, const job *j) {
  cv_tier_up *up = j->up;
  cv_diag diag;
  cv_diag_init(&diag);
  cv_code *upper = upper_of(tier, up, &diag);
  const uint8_t *entry;
  if (upper == NULL || tier->upper_compile(upper, j->func, j->loop, &entry, &diag) != CV_OK)
    return NULL;
  if (j->loop == CV_NO_LOOP && up->lower->tier->lead(up->lower, j->func, entry) != CV_OK)
    return NULL;
  return entry;
}

static hot_func *func_of(const cv_tier_up *up, uint32_t func) {
  return &up->funcs[func - up->lower->module->imported_funcs];
}

// NULL when it was never seen.
static hot_loop *find_loop(const cv_tier_up *up, uint32_t func, uint32_t at) {
  for (uint32_t i = func_of(up, func)->loops; i != 0; i = up->loops.data[i - 1].next)
    if (up->loops.data[i - 1].at == at)
      return &up->loops.data[i - 1];
  return NULL;
}

static void note_result(const job *j, const uint8_t *entry) {
  state now = entry != NULL ? READY : FAILED;
  cv_tier_up_counts *counts = &j->up->counts;
  ++*(entry == NULL ? &counts->failed : j->loop == CV_NO_LOOP ? &counts->funcs : &counts->loops);
  if (j->loop == CV_NO_LOOP) {
    func_of(j->up, j->func)->state = (uint8_t)now;
    return;
  }
  hot_loop *l = find_loop(j->up, j->func, j->loop);
  l->entry = entry;
  l->state = now;
  hot_func *f = func_of(j->up, j->func);
  f->waits = false;
  f->ready |= entry != NULL;
  f->tried += f->tried != MOST_LOOPS;
}

static uint32_t body_size(const cv_tier_up *up, uint32_t func) {
  return up->lower->module->funcs[func].code.size;
}

// Whether `a` has more samples for what it costs.
static bool is_better(const job *a, const job *b) {
  enum { SMALL = 1 << 10 }; // what any function costs
  uint64_t a_cost = (uint64_t)body_size(a->up, a->func) + SMALL, b_cost = (uint64_t)body_size(b->up, b->func) + SMALL;
  return func_of(a->up, a->func)->samples * b_cost > func_of(b->up, b->func)->samples * a_cost;
}

static job take_job(void) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < all.job_count; i++)
    if (is_better(&all.jobs[i], &all.jobs[best]))
      best = i;
  job j = all.jobs[best];
  all.jobs[best] = all.jobs[--all.job_count];
  return j;
}

static void run_job(const cv_tier *tier) {
  job j = take_job();
  all.compiling = j.up;
  cv_lock_release(&all.lock);
  const uint8_t *entry = compile(tier, &j);
  cv_lock_take(&all.lock);
  note_result(&j, entry);
  all.compiling = NULL;
  bump(&all.ended);
}

// exit runs handlers in the reverse order of their registration: one (start_worker) runs before what the library has
// registered when it was loaded, the other before anything that is there while it is being loaded (cv_tier_up_delete
// has the rest).
static const cv_tier *load(void) {
  const bool wanted = !all.stopping;
  cv_lock_release(&all.lock);
  const cv_tier *tier = wanted ? upper_tier() : NULL;
  bool ok = atexit(at_exit) == 0;
  cv_lock_take(&all.lock);
  all.loading = false;
  bump(&all.ended);
  return ok ? tier : NULL;
}

static void *work(void *unused) {
  cv_thread_step_back();
  cv_lock_take(&all.lock);
  const cv_tier *tier = load();
  if (tier == NULL)
    give_up();
  for (;;) {
    uint32_t seen = __atomic_load_n(&all.worker_word, __ATOMIC_ACQUIRE);
    if (all.job_count != 0 && !all.stopping && all.forks == 0) {
      run_job(tier);
      continue;
    }
    cv_lock_release(&all.lock);
    (void)cv_word_wait(&all.worker_word, seen, UINT64_MAX);
    cv_lock_take(&all.lock);
  }
  return unused;
}

// It is loading from here on, for whoever deletes a code or exits before the thread gets that far.
static bool start_worker(void) {
  all.loading = atexit(at_exit) == 0 && start(work);
  return all.loading;
}

// ---- samples ----

// Nothing is compiled that was compiled once, or could not be.
static bool enqueue(cv_tier_up *up, uint32_t func, uint32_t loop) {
  if (all.job_count == MOST_JOBS)
    return false;
  if (!all.has_worker && !start_worker()) {
    give_up();
    return false;
  }
  all.has_worker = true;
  all.jobs[all.job_count++] = (job){up, func, loop};
  bump(&all.worker_word);
  return true;
}

static void want_func(cv_tier_up *up, hot_func *f, uint32_t func) {
  if (f->state == COLD && enqueue(up, func, CV_NO_LOOP))
    f->state = QUEUED;
}

// NULL when out of memory.
static hot_loop *loop_of(cv_tier_up *up, uint32_t func, uint32_t at) {
  hot_loop *l = find_loop(up, func, at);
  hot_func *f = func_of(up, func);
  if (l != NULL || cv_vec_push(up->mem, &up->loops, (hot_loop){.at = at, .next = f->loops}) != CV_OK)
    return l;
  f->loops = (uint32_t)up->loops.count;
  return &cv_vec_last(&up->loops);
}

static void enqueue_loop(cv_tier_up *up, uint32_t func, uint32_t at) {
  hot_loop *l = loop_of(up, func, at);
  if (l != NULL && l->state == COLD && enqueue(up, func, at)) {
    l->state = QUEUED;
    func_of(up, func)->waits = true;
  }
}

// Where the present loop is not ready: either waits for one that is, or looks for the outermost loop that turns often
// enough to be entered soon, since the loops inside of it are then compiled as a whole.
static void begin_search(cv_tier_up *up, const cv_poll *p) {
  hot_func *f = func_of(up, p->func);
  bool for_ready = f->ready && f->misses < MOST_MISSES;
  uint32_t most = f->state == FAILED ? 1 : MOST_LOOPS; // part of a function may cost less than the whole
  if (f->waits || (!for_ready && f->tried >= most))
    return;
  up->search = (search){
      .left = SEARCH, .func = p->func, .frame = p->frame, .for_ready = for_ready, .loop = p->loop, .depth = p->depth};
}

static void end_search(cv_tier_up *up) {
  const search *s = &up->search;
  hot_func *f = func_of(up, s->func);
  if (s->for_ready) {
    f->misses++;
  } else if (s->again) {
    const hot_loop *l = find_loop(up, s->func, s->loop);
    if (l != NULL && l->state != COLD) { // it could not be compiled; or it can be entered, but not where it is met
      f->tried += f->tried != MOST_LOOPS;
      return;
    }
    f->misses = 0;
    enqueue_loop(up, s->func, s->loop);
  }
}

// A function that is called meanwhile is worth compiling as a whole. One that is not, and whose frame is met again, may
// be in it for ever: it is to be entered at a loop.
static void go_on_searching(cv_tier_up *up, const cv_poll *p) {
  search *s = &up->search;
  s->left--;
  if (p->func == s->func && p->loop == CV_NO_LOOP && !s->for_ready) {
    want_func(up, func_of(up, p->func), p->func);
    s->left = 0;
    return;
  }
  if (p->func == s->func && p->frame == s->frame && p->can_enter) {
    s->again = true;
    if (p->depth < s->depth) {
      s->depth = p->depth;
      s->loop = p->loop;
    }
  }
  if (s->left == 0)
    end_search(up);
}

static bool is_hot(const hot_func *f, uint32_t size) {
  return f->samples >= HOT + (size < LARGE ? 0 : (size - LARGE) / LARGE_HOT);
}

static const uint8_t *count(cv_tier_up *up, const cv_poll *p) {
  hot_func *f = func_of(up, p->func);
  hot_loop *l = p->can_enter ? find_loop(up, p->func, p->loop) : NULL;
  if (l != NULL && l->state == READY) {
    up->search.left = 0;
    f->misses = 0;
    f->entered += f->entered != MOST_SAMPLES;
    if (f->entered > 1 || up->lower->options.upper_kept != NULL) // the next run is to begin there
      want_func(up, f, p->func);
    return l->entry;
  }
  if (up->search.left != 0) {
    go_on_searching(up, p);
    return NULL;
  }
  f->samples += f->samples != MOST_SAMPLES;
  if (!is_hot(f, body_size(up, p->func)))
    return NULL;
  if (p->can_enter)
    begin_search(up, p);
  else
    want_func(up, f, p->func);
  return NULL;
}

// ---- for tests: here and now, decided by chance ----

static uint32_t next_random(cv_tier_up *up) {
  up->random ^= up->random << 13;
  up->random ^= up->random >> 7;
  up->random ^= up->random << 17;
  return (uint32_t)(up->random >> 32);
}

// The flag stays set.
static const uint8_t *poll_randomly(cv_tier_up *up, uint32_t func, uint32_t loop) {
  cv_lock_take(&all.lock);
  const uint8_t *entry = NULL;
  hot_loop *l = loop != CV_NO_LOOP ? loop_of(up, func, loop) : NULL;
  bool wanted = next_random(up) % RANDOM_ONE_IN == 0;
  bool cold = loop == CV_NO_LOOP ? func_of(up, func)->state == COLD : l != NULL && l->state == COLD;
  if (wanted && cold) {
    job j = {up, func, loop};
    if (l != NULL)
      l->state = QUEUED;
    else
      func_of(up, func)->state = QUEUED;
    cv_lock_release(&all.lock);
    const cv_tier *tier = upper_tier();
    entry = tier != NULL ? compile(tier, &j) : NULL;
    cv_lock_take(&all.lock);
    note_result(&j, entry);
  } else if (wanted && l != NULL && l->state == READY) {
    entry = l->entry;
  }
  entry = loop != CV_NO_LOOP ? entry : NULL;
  up->counts.entered += entry != NULL;
  cv_lock_release(&all.lock);
  return entry;
}

// ----

const uint8_t *cv_tier_up_poll(cv_tier_up *up, const cv_poll *poll) {
  if (CV_UNLIKELY(up->lower->options.tier_up == CV_TIER_UP_RANDOM))
    return poll_randomly(up, poll->func, poll->can_enter ? poll->loop : CV_NO_LOOP);
  uint32_t first = __atomic_load_n(&up->first_polls, __ATOMIC_RELAXED);
  if (first != 0) {
    __atomic_store_n(&up->first_polls, first - 1, __ATOMIC_RELAXED);
    return NULL;
  }
  const uint8_t *entry = NULL;
  cv_lock_take(&all.lock);
  if (!all.off && up->is_active)
    entry = count(up, poll);
  else if (!all.off)
    activate(up);
  if (all.off || up->search.left == 0)
    set_flag(up, false);
  up->counts.entered += entry != NULL;
  cv_lock_release(&all.lock);
  return entry;
}

// Without loading a library.
static const cv_tier *placing_tier(void) {
  for (const cv_tier *const *t = cv_tiers; *t != NULL; t++)
    if ((*t)->upper_take != NULL && (*t)->maker->can_place())
      return *t;
  return NULL;
}

bool cv_tier_up_take(cv_tier_up *up, uint32_t func) {
  const cv_code_objects *objects = &up->lower->options.upper_objects;
  if (objects->index == NULL || cv_code_objects_text_size(objects, func - up->lower->module->imported_funcs) == 0)
    return false;
  cv_diag diag;
  cv_diag_init(&diag);
  const cv_tier *tier = placing_tier();
  cv_code *upper = tier != NULL ? upper_of(tier, up, &diag) : NULL;
  const uint8_t *entry;
  if (upper == NULL || tier->upper_take(upper, func, &entry, &diag) != CV_OK ||
      up->lower->tier->lead(up->lower, func, entry) != CV_OK)
    return false;
  cv_lock_take(&all.lock);
  func_of(up, func)->state = READY;
  cv_lock_release(&all.lock);
  return true;
}

cv_tier_up_counts cv_tier_up_count(const cv_code *lower) {
  cv_lock_take(&all.lock);
  cv_tier_up_counts counts = lower->up != NULL ? lower->up->counts : (cv_tier_up_counts){0};
  cv_lock_release(&all.lock);
  return counts;
}

cv_tier_up *cv_tier_up_new(cv_code *lower, cv_mem *mem, uint32_t *flag) {
  cv_tier_up *up = cv_mem_zalloc(mem, sizeof *up);
  if (up == NULL)
    return NULL;
  *up = (cv_tier_up){.lower = lower,
                     .mem = mem,
                     .flag = flag,
                     .first_polls = FIRST_POLLS,
                     .func_count = cv_module_defined(lower->module)};
  static uint64_t made; // so that chance is not the same in each module
  up->random = 0x9e3779b97f4a7c15u * (lower->options.tier_up_seed + 1u) ^
               (__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED) * 0xd1342543de82ef95u);
  up->funcs = cv_mem_calloc(mem, up->func_count, sizeof *up->funcs);
  if (up->funcs == NULL) {
    cv_mem_free(mem, up, sizeof *up);
    return NULL;
  }
  set_flag(up, true);
  return up;
}

void cv_tier_up_delete(cv_tier_up *up) {
  if (up == NULL)
    return;
  cv_lock_take(&all.lock);
  for (uint32_t i = all.job_count; i-- > 0;)
    if (all.jobs[i].up == up)
      all.jobs[i] = all.jobs[--all.job_count];
  while (all.compiling == up || all.loading)
    wait_for_job();
  for (cv_tier_up **at = &all.active; up->is_active && *at != NULL; at = &(*at)->next)
    if (*at == up) {
      *at = up->next;
      break;
    }
  cv_lock_release(&all.lock);
  if (up->upper != NULL)
    up->upper->tier->code_delete(up->upper, up->mem);
  cv_vec_free(up->mem, &up->loops);
  cv_mem_free(up->mem, up->funcs, up->func_count * sizeof *up->funcs);
  cv_mem_free(up->mem, up, sizeof *up);
}
