// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wasi_input.h: what the fuzz targets of WASI share: bytes and numbers out of the input, and a trace that nobody reads.
#ifndef COVE_FUZZ_WASI_INPUT_H
#define COVE_FUZZ_WASI_INPUT_H

#include "target.h"
#include "wasi/core/trace.h"

typedef struct input {
  const uint8_t *at, *end;
} input;

// Zeros follow the end.
static inline uint8_t next(input *in) {
  return in->at != in->end ? *in->at++ : 0;
}

// Small numbers, addresses of words and in the first pages, addresses near the end of a page, and anything at all.
static inline uint64_t number(input *in) {
  uint8_t kind = next(in);
  uint64_t v = next(in);
  switch (kind & 7) {
  case 0:
  case 1:
    return v;
  case 2:
    return v * 8;
  case 3:
    return v * 1000;
  case 4:
    return 65536 - v;
  case 5:
    return (uint64_t)0 - v;
  case 6:
    return v << (kind >> 2);
  default:
    for (int i = 0; i < 7; i++)
      v = v << 8 | next(in);
    return v;
  }
}

// `env` is a cv_mem.
static inline void ignore_trace(void *env, const cv_trace_call *call) {
  cv_buf line;
  cv_buf_init(&line, env);
  cv_trace_print_text(&line, call);
  cv_trace_print_json(&line, call);
  cv_buf_free(&line);
}

#endif
