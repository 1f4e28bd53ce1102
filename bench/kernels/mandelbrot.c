// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Mandelbrot set on a 64 x 64 grid: a short loop of doubles whose exit depends on the data.
#include "kernel.h"

static uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    double zoom = 1.0 / (1.0 + (double)r * 0.05);
    for (int py = 0; py < 64; py++)
      for (int px = 0; px < 64; px++) {
        double cx = -0.745 + (px - 32) / 24.0 * zoom, cy = 0.113 + (py - 32) / 24.0 * zoom;
        double x = 0, y = 0, xx = 0, yy = 0;
        int n = 0;
        while (n < 256 && xx + yy <= 4.0) {
          y = 2 * x * y + cy;
          x = xx - yy + cx;
          xx = x * x, yy = y * y;
          n++;
        }
        sum += (uint64_t)n * (uint64_t)(px + 64 * py + 1);
      }
  }
  return sum;
}

KERNEL_MAIN(115)
