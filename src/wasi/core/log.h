// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// log.h: where a program's messages to the people who look after it go.
#ifndef COVE_WASI_CORE_LOG_H
#define COVE_WASI_CORE_LOG_H

#include "base/base.h"

// From the least to the most; the numbers are those of wasi:logging.
typedef enum cv_log_level {
  CV_LOG_TRACE = 0,
  CV_LOG_DEBUG = 1,
  CV_LOG_INFO = 2,
  CV_LOG_WARN = 3,
  CV_LOG_ERROR = 4,
  CV_LOG_CRITICAL = 5,
} cv_log_level;

// Called in the thread of the instance; the texts are borrowed for the call, and may hold any character.
typedef void cv_log_fn(void *env, cv_log_level level, cv_bytes context, cv_bytes message);

typedef struct cv_log {
  cv_log_fn *fn;      // NULL: not granted
  void *env;          //
  cv_log_level least; // what is below is dropped
} cv_log;

#endif
