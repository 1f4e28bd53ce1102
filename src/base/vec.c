// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// vec.c: the one out-of-line function of vec.h.
#include "base/vec.h"

cv_status cv_vec_grow(cv_mem *mem, void **data, size_t *capacity, size_t count, size_t extra, size_t size) {
  size_t need, bytes;
  if (cv_add_overflows(count, extra, &need))
    return CV_ENOMEM;
  size_t cap = *capacity < 4 ? 8 : *capacity;
  while (cap < need)
    if (cv_mul_overflows(cap, (size_t)2, &cap))
      return CV_ENOMEM;
  if (cv_mul_overflows(cap, size, &bytes))
    return CV_ENOMEM;
  void *p = cv_mem_realloc(mem, *data, *capacity * size, bytes);
  if (p == NULL)
    return CV_ENOMEM;
  *data = p;
  *capacity = cap;
  return CV_OK;
}
