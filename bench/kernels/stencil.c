// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Heat over a 128 x 128 plate of floats, five-point stencil with a nonlinear term that keeps it from one plain form.
#include "kernel.h"

enum { SIDE = 128 };
static float plate[2][SIDE][SIDE];

static void step(float (*restrict to)[SIDE], const float (*restrict from)[SIDE]) {
  for (int y = 1; y < SIDE - 1; y++)
    for (int x = 1; x < SIDE - 1; x++) {
      float centre = from[y][x];
      float around = from[y - 1][x] + from[y + 1][x] + from[y][x - 1] + from[y][x + 1];
      float next = centre + 0.2f * (around - 4.0f * centre) - 0.001f * centre * centre;
      to[y][x] = next > 100.0f ? 100.0f : next;
    }
}

static uint64_t kernel(uint32_t rounds) {
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      plate[0][y][x] = plate[1][y][x] = (float)((x * 7 + y * 13) % 101);
  for (uint32_t r = 0; r < rounds; r++) {
    step(plate[1], plate[0]);
    step(plate[0], plate[1]);
  }
  uint64_t sum = 0;
  for (int i = 0; i < SIDE; i++)
    sum = fold_f64(sum, (double)plate[0][i][(i * 31) % SIDE]);
  return sum;
}

KERNEL_MAIN(28000)
