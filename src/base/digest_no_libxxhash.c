// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// digest_no_libxxhash.c: stands in where cove is built without xxhash's header.
#include "base/digest.h"

bool cv_digest_available(void) {
  return false;
}

uint64_t cv_digest(const void *data, size_t size) {
  (void)data, (void)size;
  return 0;
}
