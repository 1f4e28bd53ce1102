// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every benchmark kernel shares: the main function, the clock and a random generator.
//
// A kernel is one C file that includes this header and defines
//     static uint64_t kernel(uint32_t rounds)
// followed by KERNEL_MAIN(default_rounds). The same file builds for wasm32-wasi and, as its twin, natively. Work grows
// in proportion to `rounds`, so that a slow engine can be given less and compared with a twin that was given as little.
//
// Output, all that the runner reads:
//     checksum <16 hex digits>
//     ns <wall> <cpu>          time inside kernel() alone, on the monotonic clock and on the process's CPU clock
// The checksum depends on rounds only; it never depends on the engine. Floating point is held to +, -, *, / and sqrt,
// which IEEE 754 fixes to the bit.
#ifndef COVE_BENCH_KERNEL_H
#define COVE_BENCH_KERNEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __wasi__
#include <wasi/api.h>

static uint64_t clock_ns(int cpu) {
  __wasi_timestamp_t at = 0;
  __wasi_clockid_t id = cpu ? __WASI_CLOCKID_PROCESS_CPUTIME_ID : __WASI_CLOCKID_MONOTONIC;
  return __wasi_clock_time_get(id, 1, &at) == 0 ? at : 0;
}
#else
static uint64_t clock_ns(int cpu) {
  struct timespec at;
  if (clock_gettime(cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &at) != 0)
    return 0;
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}
#endif

// Folds `value` into a running checksum.
static inline uint64_t fold(uint64_t sum, uint64_t value) {
  sum ^= value + 0x9e3779b97f4a7c15u + (sum << 6) + (sum >> 2);
  return sum * 0xff51afd7ed558ccdu;
}

static inline uint64_t fold_f64(uint64_t sum, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return fold(sum, bits);
}

// A small generator (xorshift32), the same sequence everywhere. `state` must not be zero.
static inline uint32_t next_random(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

static inline void *must_alloc(size_t bytes) {
  void *p = malloc(bytes);
  if (p == NULL) {
    fputs("out of memory\n", stderr);
    exit(2);
  }
  return p;
}

#define KERNEL_MAIN(default_rounds)                                                                                    \
  int main(int argc, char **argv) {                                                                                    \
    uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : (default_rounds);                              \
    uint64_t wall = clock_ns(0), cpu = clock_ns(1);                                                                    \
    uint64_t sum = kernel(rounds);                                                                                     \
    cpu = clock_ns(1) - cpu;                                                                                           \
    wall = clock_ns(0) - wall;                                                                                         \
    printf("checksum %016llx\nns %llu %llu\n", (unsigned long long)sum, (unsigned long long)wall,                      \
           (unsigned long long)cpu);                                                                                   \
    return 0;                                                                                                          \
  }

#endif
