// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// entropy.c: getrandom(2), in pieces that a signal may cut.
#include "sys/entropy.h"

#include <errno.h>
#include <sys/random.h>

cv_err cv_sys_random(void *out, size_t size) {
  uint8_t *at = out;
  while (size != 0) {
    ssize_t n = getrandom(at, CV_MIN(size, (size_t)1 << 20), 0);
    if (n < 0) {
      if (errno == EINTR)
        continue;
      return cv_sys_last_error();
    }
    at += n;
    size -= (size_t)n;
  }
  return CV_ERR_OK;
}
