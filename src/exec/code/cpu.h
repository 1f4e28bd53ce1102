// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cpu.h: what the CPU can do, as far as generated code makes use of it.
#ifndef COVE_EXEC_CODE_CPU_H
#define COVE_EXEC_CODE_CPU_H

#include "base/base.h"

typedef struct cv_cpu {
  bool sse41; // all that is needed
  bool avx, avx2, bmi1, bmi2, lzcnt, popcnt;
} cv_cpu;

// Costs no instruction that a virtual machine traps, where the C library knows the answer already.
cv_cpu cv_cpu_detect(void);

#endif
