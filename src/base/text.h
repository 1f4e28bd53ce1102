// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text.h: numbers as people read them, for messages. Each writes into `out` and returns it; CV_TEXT_SIZE bytes are
// enough for any number.
#ifndef COVE_BASE_TEXT_H
#define COVE_BASE_TEXT_H

#include "base/base.h"

enum { CV_TEXT_SIZE = 32 };

// "1,000,000"
const char *cv_count_text(uint64_t count, char *out, size_t size);
// "64 MiB", "100 bytes": the largest unit that divides it
const char *cv_bytes_text(uint64_t bytes, char *out, size_t size);
// "2 s", "1500 ms", from nanoseconds: the largest unit that divides it
const char *cv_duration_text(uint64_t ns, char *out, size_t size);

#endif
