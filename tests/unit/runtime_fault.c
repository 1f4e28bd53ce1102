// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Faults that are not the guest's: the host's own crash reaches the host's handler, or ends the process as it would
// have; and machines with little address space. Each case runs in a child process.
#include "runtime_support.h"

#include "runtime/internal.h"
#include "sys/vm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

enum { CHILD_OK = 33 };

// Exit status of a child that runs `body`, or minus the signal that ended it.
static int in_child(void (*body)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    signal(SIGSEGV, SIG_DFL); // the test framework has a handler of its own
    body();
    _exit(1);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *inaccessible(void) {
  return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static cv_run crash(void *env, cv_instance *caller, cv_value *values) {
  *(volatile int *)inaccessible() = 1;
  return CV_RUN_OK;
}

static const char crash_wat[] = "(module (import \"h\" \"crash\" (func $crash)) (memory 1)"
                                " (func (export \"f\") (param i32) (result i32) (call $crash) (i32.const 0)))";

static const char *tier_name;

static void crash_in_host_function(void) {
  cv_engine_options options = {.tier = tier_name};
  world w = world_new(&options, NULL);
  cv_extern import = host_func(&w, NULL, 0, NULL, 0, crash, NULL);
  cv_instance *i = instantiate(w.store, crash_wat, &import, 1);
  if (call1(i, "f", 0, NULL) == CV_RUN_TRAP)
    _exit(2); // the crash was taken for the guest's
}

static void host_handler(int number, siginfo_t *info, void *context) {
  _exit(number == SIGSEGV && info->si_addr != NULL ? CHILD_OK : 3);
}

static void crash_with_handler(void) {
  struct sigaction action = {.sa_sigaction = host_handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  crash_in_host_function();
}

static void crash_outside_calls(void) {
  struct sigaction action = {.sa_sigaction = host_handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  world w = world_new(NULL, NULL);
  (void)w;
  *(volatile int *)inaccessible() = 1;
}

#if !defined(SANITIZED)
static void raised_by_hand(void) {
  world w = world_new(NULL, NULL);
  (void)w;
  signal(SIGALRM, SIG_DFL);
  alarm(20); // a handler that loops is a failure, not a hang
  raise(SIGSEGV);
}
#endif

static struct sigaction before_other;

// A handler that gives what it does not know to whoever was there before.
static void other_handler(int number, siginfo_t *info, void *context) {
  before_other.sa_sigaction(number, info, context);
}

static const char load_wat[] =
    "(module (memory 1) (func (export \"f\") (param i32) (result i32) (i32.load (local.get 0))))";

// A host's handler that was installed over ours: the next engine puts ours in front again.
static void replaced_handler(void) {
  cv_engine_options options = {.tier = tier_name};
  world first = world_new(&options, NULL);
  struct sigaction action = {.sa_sigaction = host_handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  world w = world_new(&options, NULL);
  cv_instance *i = instantiate(w.store, load_wat, NULL, 0);
  if (call1(i, "f", 65536, NULL) != CV_RUN_TRAP || w.context->trap.kind != CV_TRAP_MEMORY_BOUNDS)
    _exit(11);
  world_delete(&w);
  world_delete(&first);
  *(volatile int *)inaccessible() = 1;
}

// Two handlers, each of which passes on to the other, end the process all the same.
static void handlers_in_a_ring(void) {
  alarm(20);
  world first = world_new(NULL, NULL);
  struct sigaction action = {.sa_sigaction = other_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, &before_other);
  world w = world_new(NULL, NULL);
  (void)first;
  (void)w;
  *(volatile int *)inaccessible() = 1;
}

static void crashes_stay_the_hosts(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    tier_name = options.tier;
    assert_int_equal(in_child(crash_with_handler), CHILD_OK);
    assert_int_equal(in_child(replaced_handler), CHILD_OK);
#if !defined(SANITIZED)
    assert_int_equal(in_child(crash_in_host_function), -SIGSEGV);
#endif
  }
  assert_int_equal(in_child(crash_outside_calls), CHILD_OK);
  assert_int_equal(in_child(handlers_in_a_ring), -SIGSEGV);
#if !defined(SANITIZED)
  assert_int_equal(in_child(raised_by_hand), -SIGSEGV);
#endif
}

#if !defined(SANITIZED)
static void little_address_space(void) {
  cv_engine_options options = {.tier = tier_name};
  world w = world_new(&options, &(cv_store_options){.stack_bytes = 256 << 10});
  // Half a gigabyte more than there is now: tiers may have reserved some for code.
  unsigned long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f == NULL || fscanf(f, "%lu", &pages) != 1)
    _exit(12);
  fclose(f);
  rlim_t most = pages * cv_vm_page_size() + (512 << 20);
  struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
  if (setrlimit(RLIMIT_AS, &limit) != 0)
    _exit(4);
  static const char wat[] = "(module (memory 1) (func (export \"f\") (param i32) (result i32)"
                            " (i32.store (local.get 0) (i32.const 7)) (i32.load (local.get 0))))";
  cv_instance *i;
  cv_diag diag;
  cv_status status = try_instantiate(w.store, wat, NULL, 0, &i, &diag);
  if (cv_engine_tier(w.engine)->guard_pages) {
    // Code without checks must not run on a memory without its guard: a clear refusal.
    _exit(status == CV_ENOMEM && strstr(diag.text, "address space") != NULL ? CHILD_OK : 5);
  }
  if (status != CV_OK || result1(i, "f", 65532) != 7)
    _exit(6);
  if (call1(i, "f", 65533, NULL) != CV_RUN_TRAP || w.context->trap.kind != CV_TRAP_MEMORY_BOUNDS)
    _exit(7);
  _exit(CHILD_OK);
}

static void short_of_address_space(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    tier_name = options.tier;
    assert_int_equal(in_child(little_address_space), CHILD_OK);
  }
}
#endif

// Not with sanitizers: the one of threads ends a process that starts threads after a fork, and the one of addresses may
// have forked with its allocator locked.
#if !defined(SANITIZED)
static world forked_world;
static cv_instance *forked_instance;

static void deadline_in_child(void) {
  if (cv_context_set_deadline(forked_world.context, 2000000) != CV_OK)
    _exit(8);
  if (call1(forked_instance, "loop", 0, NULL) != CV_RUN_TRAP)
    _exit(9);
  _exit(forked_world.context->trap.kind == CV_TRAP_DEADLINE ? CHILD_OK : 10);
}

// The watcher does not come along in a fork: the child starts its own.
static void deadlines_work_after_a_fork(void **state) {
  static const char wat[] = "(module (func (export \"loop\") (param i32) (result i32) (loop (br 0)) (i32.const 0))"
                            " (func (export \"quick\") (param i32) (result i32) (local.get 0)))";
  cv_engine_options options = {0};
  EACH_TIER(options) {
    forked_world = world_new(&options, NULL);
    forked_instance = instantiate(forked_world.store, wat, NULL, 0);
    assert_int_equal(cv_context_set_deadline(forked_world.context, 3600ull * 1000000000), CV_OK);
    assert_int_equal(result1(forked_instance, "quick", 1), 1);
    assert_int_equal(in_child(deadline_in_child), CHILD_OK);
    world_delete(&forked_world);
  }
}
#endif

#if defined(__x86_64__)
#include <ucontext.h>

// Where the stack pointer was when the guest's trap instruction ran: a host's handler without a stack of its own would
// run there.
static struct sigaction runtime_handler;
static uintptr_t trapped_at;

static void note_stack(int number, siginfo_t *info, void *context) {
  trapped_at = (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
  runtime_handler.sa_sigaction(number, info, context);
}

static void overflow_with_large_frames(void) {
  cv_engine_options options = {.tier = tier_name};
  // One frame is larger than the stack.
  world w = world_new(&options, &(cv_store_options){.stack_bytes = 512 << 10});
  static char wat[512 << 10] = "(module (func $f (export \"f\") (param i32) (result i32) (local";
  for (unsigned i = 0; i < 45000; i++)
    strcat(wat, " v128");
  strcat(wat, ") (i32.add (call $f (local.get 0)) (i32.const 1)))"
              " (func (export \"small\") (param i32) (result i32) (local.get 0)))");
  cv_instance *i = instantiate(w.store, wat, NULL, 0);
  struct sigaction noting = {.sa_sigaction = note_stack, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGILL, &noting, &runtime_handler);
  if (result1(i, "small", 4) != 4)
    _exit(4);
  for (unsigned k = 0; k < 3; k++) {
    trapped_at = 0;
    if (call1(i, "f", 0, NULL) != CV_RUN_TRAP || w.context->trap.kind != CV_TRAP_STACK_OVERFLOW)
      _exit(5);
    // The store keeps the stack that the call ran on.
    uintptr_t low = (uintptr_t)w.store->spare->stack.low;
    if (strcmp(tier_name, "jit") == 0 && (trapped_at < low || trapped_at - low > 512 << 10))
      _exit(6);
  }
  _exit(CHILD_OK);
}

// A function with a large frame asks before it moves the stack pointer.
static void stack_pointer_stays_inside(void **state) {
  cv_engine_options options = {0};
  EACH_TIER(options) {
    tier_name = options.tier;
    assert_int_equal(in_child(overflow_with_large_frames), CHILD_OK);
  }
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(crashes_stay_the_hosts),
#if defined(__x86_64__)
      cmocka_unit_test(stack_pointer_stays_inside),
#endif
#if !defined(SANITIZED)
      cmocka_unit_test(deadlines_work_after_a_fork),
      cmocka_unit_test(short_of_address_space),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
