// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory.copy and memory.fill (built with -mbulk-memory): structures of a size that the compiler knows, from 24 to 512
// bytes; short runs of a size that it does not; pages of 4 KiB. The twin calls memcpy, memmove and memset.
#include "kernel.h"

enum { RECORDS = 256, PAGE = 4096, PAGES = 16 };

struct small {
  uint32_t key[6];
};
struct middle {
  uint32_t key[25];
};
struct large {
  uint32_t key[128];
};

static struct small smalls[RECORDS];
static struct middle middles[RECORDS];
static struct large larges[RECORDS];
static uint8_t text[PAGE * PAGES + 64], pages[PAGE * PAGES];

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 15;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < sizeof text; i++)
    text[i] = (uint8_t)next_random(&seed);
  for (uint32_t r = 0; r < rounds; r++) {
    for (uint32_t i = 0; i < RECORDS; i++) {
      uint32_t at = (i * 7 + r) % RECORDS, word = r + i;
      smalls[at] = smalls[i];
      smalls[i].key[word % 6] += word;
      middles[at] = middles[i];
      middles[i].key[word % 25] += smalls[at].key[1];
      if ((i & 3) == 0) {
        larges[at] = larges[i];
        larges[i].key[word % 128] ^= word;
        memset(&larges[at].key[32], (int)(word & 127), 64);
      }
    }
    for (uint32_t i = 0; i < 512; i++) {
      uint32_t n = 1 + (i * 13 + r) % 60, to = i * 97 % (PAGE * PAGES - 64), from = i * 61 % (PAGE * PAGES - 64);
      if (i & 1)
        memcpy(pages + to, text + from, n);
      else
        memmove(text + to, text + to + 3, n);
    }
    memcpy(pages + (r % PAGES) * PAGE, text + (r * 3 % PAGES) * PAGE, PAGE);
    memset(pages + (r * 5 % PAGES) * PAGE, (int)(r & 255), PAGE / 4);
    sum = fold(sum, larges[r % RECORDS].key[40] + middles[r % RECORDS].key[3] + pages[r * 31 % sizeof pages] +
                        text[r % PAGE]);
  }
  return sum;
}

KERNEL_MAIN(80000)
