// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// late.c: the facts of single functions, when they are wanted, of modules that were validated in a former run.
#include "sys/thread.h"
#include "wasm/validate/validate.h"

// One for the process: rarely waited for, since who asks compiles next, which takes longer.
static cv_lock lock;

static bool are_there(const cv_func_facts *facts) {
  return __atomic_load_n(&facts->max_depth, __ATOMIC_ACQUIRE) != 0; // the body of a function counts as one
}

cv_status cv_func_facts_late(const cv_module *module, uint32_t func, cv_diag *diag) {
  cv_module *m = (cv_module *)(uintptr_t)module; // its arena and its facts are written under the lock alone
  cv_func_facts *facts = &m->facts[func - m->imported_funcs], made;
  if (are_there(facts))
    return CV_OK;
  cv_status status = CV_OK;
  cv_lock_take(&lock);
  if (!are_there(facts)) {
    cv_validator *validator = cv_validator_new(m, m->mem, 0);
    status = validator != NULL ? cv_func_validate(validator, func, &m->arena, &made, diag) : CV_ENOMEM;
    cv_validator_delete(validator);
    if (status == CV_OK) {
      uint32_t depth = made.max_depth;
      made.max_depth = 0;
      *facts = made;
      __atomic_store_n(&facts->max_depth, depth, __ATOMIC_RELEASE);
    }
  }
  cv_lock_release(&lock);
  return status;
}
