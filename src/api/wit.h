// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wit.h: what the implementers of include/cove/wit.h share.
#ifndef COVE_API_WIT_H
#define COVE_API_WIT_H

#include "wit/wit.h"

typedef struct cove_wit cove_wit;

const cv_wit *cv_api_wit(const cove_wit *wit);

#endif
