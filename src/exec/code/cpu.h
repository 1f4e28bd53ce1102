// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cpu.h: what the CPU can do, as far as generated code makes use of it: sets of the features in cpu_features.def.
#ifndef COVE_EXEC_CODE_CPU_H
#define COVE_EXEC_CODE_CPU_H

#include "base/base.h"

typedef enum cv_cpu_feature {
#define CV_CPU_FEATURE(number, name, text, leaf, reg, bit, wide) CV_CPU_##name = number,
#include "exec/code/cpu_features.def"
} cv_cpu_feature;
#define CV_CPU_BIT(name) (1ull << CV_CPU_##name)

// x86-64-v3, the present common level, as far as code has a use for it.
#define CV_CPU_V3                                                                                                      \
  (CV_CPU_BIT(SSE3) | CV_CPU_BIT(SSSE3) | CV_CPU_BIT(SSE4_1) | CV_CPU_BIT(SSE4_2) | CV_CPU_BIT(POPCNT) |               \
   CV_CPU_BIT(CMPXCHG16B) | CV_CPU_BIT(LAHF64_SAHF64) | CV_CPU_BIT(MOVBE) | CV_CPU_BIT(AVX) | CV_CPU_BIT(AVX2) |       \
   CV_CPU_BIT(BMI1) | CV_CPU_BIT(BMI2) | CV_CPU_BIT(F16C) | CV_CPU_BIT(FMA) | CV_CPU_BIT(LZCNT))

// Costs no instruction that a virtual machine traps, where the C library knows the answer already.
uint64_t cv_cpu_detect(void);
// The name of a feature of the set that this CPU has not, or NULL.
const char *cv_cpu_lacks(uint64_t features);

static inline bool cv_cpu_has(uint64_t features, uint64_t wanted) {
  return (features & wanted) == wanted;
}

#endif
