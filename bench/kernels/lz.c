// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An LZ77 compressor with a hash table and its decompressor, over text that repeats itself; the round trip is checked.
#include "kernel.h"

enum { SIZE = 65536, HASH_BITS = 13, MIN_MATCH = 4 };
static uint8_t input[SIZE], packed[SIZE + SIZE / 16 + 64], output[SIZE];
static uint32_t heads[1 << HASH_BITS];

static uint32_t load32(const uint8_t *p) {
  uint32_t x;
  memcpy(&x, p, 4);
  return x;
}

static uint8_t *put_length(uint8_t *to, uint32_t n) {
  for (; n >= 255; n -= 255)
    *to++ = 255;
  *to++ = (uint8_t)n;
  return to;
}

// A sequence is: literal count, literals, then (unless at the end) distance in two bytes and match length.
static size_t compress(void) {
  const uint8_t *literals = input;
  uint8_t *to = packed;
  memset(heads, 0, sizeof heads);
  uint32_t at = 1;
  while (at + MIN_MATCH < SIZE) {
    uint32_t slot = load32(input + at) * 2654435761u >> (32 - HASH_BITS), candidate = heads[slot];
    heads[slot] = at;
    if (at - candidate >= 65535 || load32(input + candidate) != load32(input + at)) {
      at++;
      continue;
    }
    uint32_t length = MIN_MATCH;
    while (at + length < SIZE && input[candidate + length] == input[at + length])
      length++;
    uint32_t pending = (uint32_t)(input + at - literals);
    to = put_length(to, pending);
    memcpy(to, literals, pending);
    to += pending;
    *to++ = (uint8_t)(at - candidate), *to++ = (uint8_t)((at - candidate) >> 8);
    to = put_length(to, length - MIN_MATCH);
    at += length;
    literals = input + at;
  }
  uint32_t pending = (uint32_t)(input + SIZE - literals);
  to = put_length(to, pending);
  memcpy(to, literals, pending);
  return (size_t)(to + pending - packed);
}

static uint32_t get_length(const uint8_t **from) {
  uint32_t n = 0, byte;
  do {
    byte = *(*from)++;
    n += byte;
  } while (byte == 255);
  return n;
}

static size_t decompress(const uint8_t *from, const uint8_t *end) {
  uint8_t *to = output;
  for (;;) {
    uint32_t n = get_length(&from);
    memcpy(to, from, n);
    to += n, from += n;
    if (from >= end)
      return (size_t)(to - output);
    uint32_t distance = from[0] | (uint32_t)from[1] << 8;
    from += 2;
    n = get_length(&from) + MIN_MATCH;
    for (const uint8_t *source = to - distance; n > 0; n--)
      *to++ = *source++;
  }
}

static void generate(void) {
  uint32_t seed = 77;
  for (uint32_t at = 0; at < SIZE;) {
    if (at > 100 && next_random(&seed) % 3 != 0) {
      uint32_t from = next_random(&seed) % (at - 40), n = next_random(&seed) % 36;
      while (n-- > 0 && at < SIZE)
        input[at++] = input[from++];
    } else {
      for (uint32_t n = next_random(&seed) % 12; n > 0 && at < SIZE; n--)
        input[at++] = (uint8_t)('a' + next_random(&seed) % 20);
    }
  }
}

static uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  generate();
  for (uint32_t r = 0; r < rounds; r++) {
    input[r * 6151 % SIZE] ^= (uint8_t)(r | 1);
    size_t n = compress();
    size_t back = decompress(packed, packed + n);
    sum = fold(sum, n + (back == SIZE && memcmp(input, output, SIZE) == 0));
  }
  return sum;
}

KERNEL_MAIN(1000)
