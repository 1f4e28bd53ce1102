// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fault_support.h: the public interface with each allocation failing in turn.
#ifndef COVE_TESTS_FAULT_SUPPORT_H
#define COVE_TESTS_FAULT_SUPPORT_H

#include "api/api.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef enum quota { QUOTA_API, QUOTA_ENGINE, QUOTA_STORE } quota;

// The allocation `nth` of a quota fails, counted from when it is first there; 0 for none.
static inline void arm(cv_mem *mem, uint64_t nth) {
  mem->fail_at = nth == 0 ? 0 : mem->calls + nth;
}

#define STEP(call)                                                                                                     \
  do {                                                                                                                 \
    cove_status step_ = (call);                                                                                        \
    if (step_ != COVE_OK)                                                                                              \
      return step_;                                                                                                    \
  } while (0)

// Tries with the first allocation failing, the second and so on until none does, which is not before `least` tries:
// COVE_NO_MEMORY until then, and nothing is left of a try.
static inline void sweep(cove_status (*attempt)(void *env, quota which, uint64_t nth), void *env, quota which,
                         uint64_t least) {
  uint64_t nth = 1;
  for (uint64_t used = cv_api_mem.used;; nth++) {
    cove_status status = attempt(env, which, nth);
    assert_int_equal(cv_api_mem.used, used);
    if (status == COVE_OK)
      break;
    assert_int_equal(status, COVE_NO_MEMORY);
    assert_in_range(nth, 1, 10000);
  }
  assert_in_range(nth, least, 10000);
}

#endif
