// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bench.h: what the measuring programs share. A figure is the best of several batches, since a batch can only be
// disturbed upwards.
#ifndef COVE_BENCH_H
#define COVE_BENCH_H

#include <cove/cove.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline uint64_t now_ns(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

// Ends the program with the error's message unless the status is good.
static inline void check_status(cove_status status, cove_error *error) {
  if (status == COVE_OK)
    return;
  fprintf(stderr, "bench: %s\n", error != NULL ? cove_error_message(error) : cove_status_text(status));
  cove_error_delete(error);
  exit(1);
}

// The call comes first: it is what sets the error.
#define check(call, error)                                                                                             \
  do {                                                                                                                 \
    cove_status status_ = (call);                                                                                      \
    check_status(status_, error);                                                                                      \
  } while (0)

// Compiles whole modules at once. `tier` may be NULL.
static inline cove_engine *make_engine(const char *tier) {
  cove_error *error = NULL;
  cove_engine *engine = NULL;
  cove_config *config = cove_config_new();
  if (config == NULL)
    exit(1);
  if (tier != NULL)
    check(cove_config_set_tier(config, tier, &error), error);
  cove_config_set_lazy(config, false);
  check(cove_engine_new(config, &engine, &error), error);
  cove_config_delete(config);
  return engine;
}

enum { BATCHES = 9, CALLS = 400000 };

// Prints a line `NAME NS`: the least of several batches, in ns for each of `count` things that one batch does.
#define BEST(name, count, ...)                                                                                         \
  do {                                                                                                                 \
    uint64_t best = UINT64_MAX;                                                                                        \
    for (int batch = 0; batch < BATCHES; batch++) {                                                                    \
      uint64_t start = now_ns(CLOCK_MONOTONIC);                                                                        \
      __VA_ARGS__;                                                                                                     \
      uint64_t passed = now_ns(CLOCK_MONOTONIC) - start;                                                               \
      best = passed < best ? passed : best;                                                                            \
    }                                                                                                                  \
    printf("%s %.2f\n", name, (double)best / (count));                                                                 \
  } while (0)

#endif
