// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cpu.c: asks the C library. glibc's loader has looked at the CPU before the program starts and shows what it found. To
// look again, as the compiler's __builtin_cpu_supports does in a constructor, takes a dozen CPUID instructions, and in
// a virtual machine each of them is an exit of a microsecond.
#include "exec/code/cpu.h"

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
#include <sys/platform/x86.h>

// glibc's numbers count bits of the registers of one leaf after another. (Its own functions shift a signed 1 by 31.)
static uint64_t has(unsigned feature, bool saved) {
  enum { REGISTER_BITS = 32, LEAF_BITS = 4 * REGISTER_BITS };
  const struct cpuid_feature *leaf = __x86_get_cpuid_feature_leaf(feature / LEAF_BITS);
  unsigned reg = feature % LEAF_BITS / REGISTER_BITS;
  return (saved ? leaf->active_array[reg] : leaf->cpuid_array[reg]) >> feature % REGISTER_BITS & 1;
}

uint64_t cv_cpu_detect(void) {
  uint64_t found = 0;
#define CV_CPU_FEATURE(number, name, text, leaf, reg, bit, wide) found |= has(x86_cpu_##name, wide) << number;
#include "exec/code/cpu_features.def"
  return found;
}

#else

#include <cpuid.h>

// Registers of CPUID's leaf, with a subleaf in the upper half of its number; 0 where there is none.
typedef struct leaf_registers {
  unsigned eax, ebx, ecx, edx;
} leaf_registers;

static leaf_registers leaf_of(unsigned number) {
  leaf_registers r = {0};
  unsigned subleaf = number < 0x80000000 ? number >> 16 : 0, leaf = number < 0x80000000 ? number & 0xffff : number;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0)
    r = (leaf_registers){0};
  return r;
}

// 1 when the system saves the registers of AVX, 2 when those of AVX-512 as well.
static unsigned saved_registers(void) {
  unsigned low, high;
  if ((leaf_of(1).ecx >> 27 & 1) == 0)
    return 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 0x6) != 0x6 ? 0 : (low & 0xe6) == 0xe6 ? 2 : 1;
}

uint64_t cv_cpu_detect(void) {
  uint64_t found = 0;
  unsigned saved = saved_registers();
#define CV_CPU_FEATURE(number, name, text, leaf, reg, bit, wide)                                                       \
  found |= (uint64_t)(wide <= saved ? leaf_of(leaf).reg >> bit & 1 : 0) << number;
#include "exec/code/cpu_features.def"
  return found;
}

#endif

const char *cv_cpu_lacks(uint64_t features) {
  uint64_t lacking = features & ~cv_cpu_detect();
#define CV_CPU_FEATURE(number, name, text, leaf, reg, bit, wide)                                                       \
  if (lacking >> number & 1)                                                                                           \
    return text;
#include "exec/code/cpu_features.def"
  return lacking != 0 ? "a feature that this version of cove does not know" : NULL;
}
