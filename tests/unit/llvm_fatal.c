// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// When LLVM would end the process: the function traps, code that is there keeps running, later functions are refused by
// name. This program's LLVMRunPasses comes before LLVM's own, and gives up as LLVM itself does when it is told to.
#include "runtime_support.h"

#include <dlfcn.h>

static bool give_up;

// LLVM-C's signature, without its headers.
__attribute__((visibility("default"))) void *LLVMRunPasses(void *module, const char *passes, void *machine,
                                                           void *options);
void *LLVMRunPasses(void *module, const char *passes, void *machine, void *options) {
  void *(*real)(void *, const char *, void *, void *);
  void (*fatal)(const char *, bool);
  void *llvm = dlopen("libLLVM.so.19.1", RTLD_LAZY | RTLD_NOLOAD);
  *(void **)&real = dlsym(llvm, "LLVMRunPasses");
  *(void **)&fatal = dlsym(llvm, "_ZN4llvm18report_fatal_errorEPKcb"); // llvm::report_fatal_error(const char *, bool)
  if (give_up && fatal != NULL)
    fatal("as the test wants it", false);
  return real(module, passes, machine, options);
}

// What LLVM held when it gave up is lost, on purpose.
void __lsan_disable(void) __attribute__((weak));

static void the_process_lives(void **state) {
  static const cv_engine_options lazy = {.tier = "llvm", .features = CV_FEATURES_ALL, .compile = {.lazy = true}};
  if (__lsan_disable != NULL)
    __lsan_disable();
  world w = world_new(&lazy, NULL);
  cv_instance *i = instantiate(w.store,
                               "(module (func (export \"a\") (result i32) (i32.const 1))"
                               " (func (export \"b\") (result i32) (i32.const 2))"
                               " (func (export \"c\") (result i32) (i32.const 3)))",
                               NULL, 0);
  assert_int_equal(result1(i, "a", 0), 1);
  give_up = true;
  assert_int_equal(call1(i, "b", 0, NULL), CV_RUN_TRAP);
  assert_non_null(strstr(cv_trap_sentence(w.context), "LLVM gave up: as the test wants it"));
  give_up = false;
  assert_int_equal(call1(i, "c", 0, NULL), CV_RUN_TRAP);
  assert_non_null(strstr(cv_trap_sentence(w.context), "LLVM gave up on an earlier function"));
  assert_int_equal(result1(i, "a", 0), 1);
  world_delete(&w);
}

int main(void) {
  if (!tier_here("llvm"))
    return 77;
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_process_lives)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
