// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// error.h: the error domain of the OS surface and of the resource core (error.def), independent of any OS's numbers.
#ifndef COVE_SYS_ERROR_H
#define COVE_SYS_ERROR_H

#include "base/base.h"

typedef enum cv_err {
#define CV_ERR(name, value, text) CV_ERR_##name = value,
#include "sys/error.def"
} cv_err;

enum { CV_ERR_COUNT = 60 };

const char *cv_err_text(cv_err err);
const char *cv_err_name(cv_err err); // "NOENT"

// Like CV_TRY, for functions that return cv_err.
#define CV_ERR_TRY(expr)                                                                                               \
  do {                                                                                                                 \
    cv_err cv_try_err_ = (expr);                                                                                       \
    if (CV_UNLIKELY(cv_try_err_ != CV_ERR_OK))                                                                         \
      return cv_try_err_;                                                                                              \
  } while (0)

// The error that the OS reported last in this thread (errno), or any number of its domain.
cv_err cv_sys_error(int os_error);
cv_err cv_sys_last_error(void);

#endif
