// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tiers.c: the tiers that this library was built with, fastest first.
#include "runtime/engine.h"

const cv_tier *const cv_tiers[] = {&cv_tier_jit, &cv_tier_interp, NULL};
