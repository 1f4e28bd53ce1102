// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// random.h: the randomness that a program sees: none, the host's, or a stream that a seed decides (ChaCha20, RFC 8439,
// with the seed as the key: the same seed gives the same bytes on every machine).
#ifndef COVE_WASI_CORE_RANDOM_H
#define COVE_WASI_CORE_RANDOM_H

#include "sys/entropy.h"

typedef enum cv_random_mode { CV_RANDOM_DENIED, CV_RANDOM_SYSTEM, CV_RANDOM_SEEDED } cv_random_mode;

typedef struct cv_random {
  cv_random_mode mode;
  uint32_t state[16];
  uint8_t block[64];
  unsigned used; // bytes of `block`
} cv_random;

void cv_random_init(cv_random *r, cv_random_mode mode, uint64_t seed);
CV_MUST_USE cv_err cv_random_fill(cv_random *r, void *out, size_t size);
// One block of ChaCha20 (RFC 8439, 2.3) of a state of 16 words.
void cv_chacha20_block(const uint32_t state[16], uint8_t out[64]);

#endif
