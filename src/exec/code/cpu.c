// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cpu.c: asks the C library. glibc's loader has looked at the CPU before the program starts and shows what it found. To
// look again, as the compiler's __builtin_cpu_supports does in a constructor, takes a dozen CPUID instructions, and in
// a virtual machine each of them is an exit of a microsecond.
#include "exec/code/cpu.h"

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
#include <sys/platform/x86.h>

cv_cpu cv_cpu_detect(void) {
  return (cv_cpu){
      .sse41 = CPU_FEATURE_ACTIVE(SSE4_1),
      .avx = CPU_FEATURE_ACTIVE(AVX),
      .avx2 = CPU_FEATURE_ACTIVE(AVX2),
      .bmi1 = CPU_FEATURE_ACTIVE(BMI1),
      .bmi2 = CPU_FEATURE_ACTIVE(BMI2),
      .lzcnt = CPU_FEATURE_ACTIVE(LZCNT),
      .popcnt = CPU_FEATURE_ACTIVE(POPCNT),
  };
}

#else

cv_cpu cv_cpu_detect(void) {
  __builtin_cpu_init();
  return (cv_cpu){
      .sse41 = __builtin_cpu_supports("sse4.1"),
      .avx = __builtin_cpu_supports("avx"),
      .avx2 = __builtin_cpu_supports("avx2"),
      .bmi1 = __builtin_cpu_supports("bmi"),
      .bmi2 = __builtin_cpu_supports("bmi2"),
      .lzcnt = __builtin_cpu_supports("lzcnt"),
      .popcnt = __builtin_cpu_supports("popcnt"),
  };
}

#endif
