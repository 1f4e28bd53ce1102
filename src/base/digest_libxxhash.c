// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// digest_libxxhash.c: digests by xxHash, whose header has all of it.
#include "base/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

bool cv_digest_available(void) {
  return true;
}

uint64_t cv_digest(const void *data, size_t size) {
  return XXH3_64bits(data, size);
}
