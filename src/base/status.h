// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// status.h: what an internal function returns when it can fail, and the diagnostic that carries the text.
// The status is the cheap path; the diagnostic has the byte offset and the sentence, and the earliest one wins.
#ifndef COVE_BASE_STATUS_H
#define COVE_BASE_STATUS_H

#include "base/base.h"

typedef enum cv_status {
#define CV_STATUS(name, value, text) CV_E##name = value,
#include "base/status.def"
} cv_status;
#define CV_OK CV_EOK

#define CV_TRY(expr)                                                                                                   \
  do {                                                                                                                 \
    cv_status cv_try_status_ = (expr);                                                                                 \
    if (CV_UNLIKELY(cv_try_status_ != CV_OK))                                                                          \
      return cv_try_status_;                                                                                           \
  } while (0)

#define CV_NO_OFFSET UINT64_MAX
#define CV_NO_INDEX UINT32_MAX

// Filled by the first failure; later ones leave it alone. Owned by the caller, no allocation.
typedef struct cv_diag {
  cv_status status;
  uint64_t offset;    // byte offset in the binary, or CV_NO_OFFSET
  uint32_t line;      // 1-based in a text, 0 when the input is binary
  uint32_t column;    // 1-based, 0 when unknown
  uint32_t func;      // function index, or CV_NO_INDEX
  char func_name[64]; // its name from the name section, cut, or ""
  char text[512];     // a sentence without offset, no final newline
} cv_diag;

const char *cv_status_text(cv_status status);

void cv_diag_init(cv_diag *diag);

// Records a failure and is `status`, so that `return cv_fail(...)` reads well. `diag` may be NULL; `status` is
// evaluated twice: the value is in the caller's sight, so that the compiler knows that it is not CV_OK.
#define cv_fail(diag, status, ...) (cv_diag_record((diag), (status), __VA_ARGS__), cv_status_given(status))
CV_COLD CV_PRINTF(4, 5) void cv_diag_record(cv_diag *diag, cv_status status, uint64_t offset, const char *fmt, ...);
static inline cv_status cv_status_given(cv_status status) {
  return status;
}

// The whole message with place: "line 3:7: ..." or "offset 0x1f: function 2 (name): ...". Returns `out`.
const char *cv_diag_message(const cv_diag *diag, char *out, size_t out_size);

#endif
