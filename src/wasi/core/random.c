// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// random.c: the host's randomness, or a seeded stream.
#include "wasi/core/random.h"

static uint32_t rotate(uint32_t v, unsigned n) {
  return v << n | v >> (32 - n);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
  *a += *b, *d = rotate(*d ^ *a, 16);
  *c += *d, *b = rotate(*b ^ *c, 12);
  *a += *b, *d = rotate(*d ^ *a, 8);
  *c += *d, *b = rotate(*b ^ *c, 7);
}

void cv_chacha20_block(const uint32_t state[16], uint8_t out[64]) {
  uint32_t x[16];
  memcpy(x, state, sizeof x);
  for (int i = 0; i < 10; i++) {
    for (int k = 0; k < 4; k++)
      quarter_round(&x[k], &x[4 + k], &x[8 + k], &x[12 + k]);
    for (int k = 0; k < 4; k++)
      quarter_round(&x[k], &x[4 + (k + 1) % 4], &x[8 + (k + 2) % 4], &x[12 + (k + 3) % 4]);
  }
  for (int i = 0; i < 16; i++)
    cv_store_le32(out + 4 * i, x[i] + state[i]);
}

void cv_random_init(cv_random *r, cv_random_mode mode, uint64_t seed) {
  *r = (cv_random){.mode = mode, .used = sizeof r->block};
  static const char constant[] = "expand 32-byte k";
  for (int i = 0; i < 4; i++)
    r->state[i] = cv_load_le32(constant + 4 * i);
  r->state[4] = (uint32_t)seed;
  r->state[5] = (uint32_t)(seed >> 32);
}

cv_err cv_random_fill(cv_random *r, void *out, size_t size) {
  if (r->mode == CV_RANDOM_DENIED)
    return CV_ERR_NOTCAPABLE;
  if (r->mode == CV_RANDOM_SYSTEM)
    return cv_sys_random(out, size);
  uint8_t *at = out;
  while (size != 0) {
    if (r->used == sizeof r->block) {
      cv_chacha20_block(r->state, r->block);
      // The block counter: 64 bits in words 12 and 13.
      r->state[12]++;
      r->state[13] += r->state[12] == 0;
      r->used = 0;
    }
    size_t n = CV_MIN(size, sizeof r->block - r->used);
    memcpy(at, r->block + r->used, n);
    r->used += (unsigned)n;
    at += n;
    size -= n;
  }
  return CV_ERR_OK;
}
