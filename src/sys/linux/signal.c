// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// signal.c: signals on Linux.
#include "sys/signal.h"

#include "sys/vm.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { ALT_STACK_SIZE = 64 * 1024 };

static cv_fault_handler *fault_handler;
static int interrupt_number;
static const int fault_numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
static struct sigaction previous[CV_COUNT(fault_numbers) + 1]; // of these, then of the interrupt
static bool have_key;
static pthread_key_t alt_stack_key;

int cv_signal_default_interrupt(void) {
  return SIGURG; // ignored by default, so that a stray one does no harm
}

int cv_signal_interrupt(void) {
  return interrupt_number;
}

static void read_registers(const ucontext_t *u, cv_fault *f) {
#if defined(__x86_64__)
  f->pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
  f->frame = (uintptr_t)u->uc_mcontext.gregs[REG_RBP];
  f->stack = (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
  f->pc = (uintptr_t)u->uc_mcontext.pc;
  f->frame = (uintptr_t)u->uc_mcontext.regs[29];
  f->stack = (uintptr_t)u->uc_mcontext.sp;
#endif
}

static void write_registers(ucontext_t *u, const cv_fault *f) {
#if defined(__x86_64__)
  u->uc_mcontext.gregs[REG_RIP] = (greg_t)f->resume_pc;
  u->uc_mcontext.gregs[REG_RDI] = (greg_t)f->arg0;
  u->uc_mcontext.gregs[REG_RSI] = (greg_t)f->arg1;
#elif defined(__aarch64__)
  u->uc_mcontext.pc = f->resume_pc;
  u->uc_mcontext.regs[0] = f->arg0;
  u->uc_mcontext.regs[1] = f->arg1;
#endif
}

// Whether a handler that we passed this very signal to has passed it back: each of the two was installed over the
// other. A handler may have left by longjmp, so what was noted before counts only when it is further up the stack.
static bool passed_back(const void *context) {
  static _Thread_local struct {
    const void *context;
    uintptr_t frame;
  } last __attribute__((tls_model("initial-exec")));
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
  bool again = last.context == context && frame < last.frame;
  last.context = context;
  last.frame = frame;
  return again;
}

static struct sigaction *previous_of(int number) {
  size_t i = 0;
  while (i < CV_COUNT(fault_numbers) && fault_numbers[i] != number)
    i++;
  return &previous[i];
}

// Whoever was there before us. A default action is taken by restoring it and returning: the instruction faults again.
static void pass_on(int number, siginfo_t *info, void *context) {
  static const struct sigaction nobody = {.sa_handler = SIG_DFL};
  const struct sigaction *old = passed_back(context) ? &nobody : previous_of(number);
  if (old->sa_flags & SA_SIGINFO)
    old->sa_sigaction(number, info, context);
  else if (old->sa_handler == SIG_IGN)
    return;
  else if (old->sa_handler != SIG_DFL)
    old->sa_handler(number);
  else if (number != interrupt_number) {
    sigaction(number, &nobody, NULL);
    // A fault that somebody sent (kill) does not come again by itself.
    if (info->si_code <= 0)
      raise(number);
  }
}

static void on_signal(int number, siginfo_t *info, void *context) {
  int saved_errno = errno;
  cv_fault fault = {.kind = CV_FAULT_INTERRUPT};
  if (number == SIGSEGV || number == SIGBUS) {
    fault.kind = CV_FAULT_MEMORY;
    fault.address = (uintptr_t)info->si_addr;
  } else if (number == SIGFPE)
    fault.kind = CV_FAULT_ARITHMETIC;
  else if (number == SIGILL)
    fault.kind = CV_FAULT_INSTRUCTION;
  read_registers(context, &fault);
  // A signal that a process sent is no fault, whatever its number.
  bool real = fault.kind == CV_FAULT_INTERRUPT || info->si_code > 0;
  if (real && fault_handler(&fault)) {
    if (fault.resume_pc != 0)
      write_registers(context, &fault);
  } else
    pass_on(number, info, context);
  errno = saved_errno;
}

// A thread's key destructor: the stack may still be in use by a handler only while the thread runs other destructors.
static void free_alt_stack(void *p) {
  stack_t none = {.ss_flags = SS_DISABLE};
  sigaltstack(&none, NULL);
  munmap(p, ALT_STACK_SIZE);
}

static bool take(int number, int flags) {
  struct sigaction now;
  if (sigaction(number, NULL, &now) != 0)
    return false;
  if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_signal)
    return true;
  *previous_of(number) = now;
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};
  sigemptyset(&action.sa_mask);
  return sigaction(number, &action, NULL) == 0;
}

static bool install(void) {
  if (!have_key && pthread_key_create(&alt_stack_key, free_alt_stack) != 0)
    return false;
  have_key = true;
  for (size_t i = 0; i < CV_COUNT(fault_numbers); i++)
    if (!take(fault_numbers[i], SA_NODEFER))
      return false;
  // No SA_RESTART: a blocking system call of a host function ends with EINTR and looks whether it was interrupted.
  return take(interrupt_number, 0);
}

bool cv_signal_install(cv_fault_handler *handler, int interrupt_signal) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  if (fault_handler == NULL) {
    fault_handler = handler;
    interrupt_number = interrupt_signal > 0 && interrupt_signal <= 64 ? interrupt_signal : SIGURG;
  }
  bool ok = install();
  pthread_mutex_unlock(&lock);
  return ok;
}

bool cv_signal_prepare_thread(void) {
  static _Thread_local bool ready __attribute__((tls_model("initial-exec")));
  if (CV_LIKELY(ready))
    return true;
  stack_t now;
  // A host that has an alternate stack of its own, large enough, keeps it.
  if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE) && now.ss_size >= ALT_STACK_SIZE / 4) {
    ready = true;
    return true;
  }
  void *p = mmap(NULL, ALT_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (p == MAP_FAILED)
    return false;
  stack_t mine = {.ss_sp = p, .ss_size = ALT_STACK_SIZE};
  if (sigaltstack(&mine, NULL) != 0 || pthread_setspecific(alt_stack_key, p) != 0) {
    munmap(p, ALT_STACK_SIZE);
    return false;
  }
  ready = true;
  return true;
}
