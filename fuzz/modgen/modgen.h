// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// modgen.h: makes valid modules from arbitrary bytes, for fuzzing that compares tiers. The same bytes give the same
// module. Every function ends: a counter (global 0) is taken down at each function entry and loop turn, and reaching
// zero is `unreachable`.
//
// What a module exports: functions "f0"..., the memories "m0"..., and each mutable global "g0"... (g0 is the counter).
#ifndef COVE_FUZZ_MODGEN_H
#define COVE_FUZZ_MODGEN_H

#include "base/buf.h"
#include "wasm/features.h"

typedef struct modgen_options {
  cv_features features;   // instructions of other features are not used
  uint32_t max_functions; // at least 1
  uint32_t max_nodes;     // expressions and statements in one function
  int32_t turns;          // start value of the counter
} modgen_options;

// Appends the binary of one module. Fails only by running out of memory (cv_buf_status).
void modgen_module(cv_buf *out, const modgen_options *options, const uint8_t *data, size_t size);

#endif
