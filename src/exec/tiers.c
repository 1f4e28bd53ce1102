// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tiers.c: the tiers that this library was built with, in the order in which one is chosen when none is asked for. The
// last one always can run; what comes after it is for those who ask.
#include "runtime/engine.h"

const cv_tier *const cv_tiers[] = {&cv_tier_jit, &cv_tier_interp, &cv_tier_llvm, NULL};
