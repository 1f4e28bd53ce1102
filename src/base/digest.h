// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// digest.h: a number that tells damaged bytes from what they were (XXH3). No protection from who damages on purpose.
#ifndef COVE_BASE_DIGEST_H
#define COVE_BASE_DIGEST_H

#include "base/base.h"

// False where cove was built without xxhash's header: digests are 0 then, and nothing that needs them is offered.
bool cv_digest_available(void);
uint64_t cv_digest(const void *data, size_t size);

#endif
