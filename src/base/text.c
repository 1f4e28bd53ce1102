// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text.c: numbers as people read them.
#include "base/text.h"

#include <stdio.h>

const char *cv_count_text(uint64_t count, char *out, size_t size) {
  char digits[CV_TEXT_SIZE];
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
  size_t used = 0;
  for (int i = 0; i < length; i++) {
    if (i != 0 && (length - i) % 3 == 0 && used + 1 < size)
      out[used++] = ',';
    if (used + 1 < size)
      out[used++] = digits[i];
  }
  out[used] = '\0';
  return out;
}

// `value` in the largest unit that divides it; each unit is `step` of the one before.
static const char *in_unit(uint64_t value, unsigned step, const char *const *units, unsigned unit_count, char *out,
                           size_t size) {
  unsigned u = 0;
  while (u + 1 < unit_count && value >= step && value % step == 0) {
    value /= step;
    u++;
  }
  snprintf(out, size, "%llu %s", (unsigned long long)value, units[u]);
  return out;
}

const char *cv_bytes_text(uint64_t bytes, char *out, size_t size) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes == 1) {
    snprintf(out, size, "1 byte");
    return out;
  }
  return in_unit(bytes, 1024, units, CV_COUNT(units), out, size);
}

const char *cv_duration_text(uint64_t ns, char *out, size_t size) {
  static const char *const units[] = {"ns", "us", "ms", "s"};
  return in_unit(ns, 1000, units, CV_COUNT(units), out, size);
}
