// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Five bodies under gravity, semi-implicit Euler: doubles, sqrt, division, structures in memory.
#include "kernel.h"
#include <math.h>

struct body {
  double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[5] = {
    {0, 0, 0, 0.001, -0.002, 0, 39.47},
    {4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037},
    {8.34, 4.12, -0.40, -1.01, 1.82, 0.008, 0.011},
    {12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017},
    {15.37, -25.9, 0.18, 0.97, 0.59, -0.03, 0.002},
};

static void advance(double dt) {
  for (int i = 0; i < 5; i++) {
    struct body *p = &bodies[i];
    for (int j = i + 1; j < 5; j++) {
      struct body *q = &bodies[j];
      double dx = p->x - q->x, dy = p->y - q->y, dz = p->z - q->z;
      double d2 = dx * dx + dy * dy + dz * dz, mag = dt / (d2 * sqrt(d2));
      p->vx -= dx * q->mass * mag, p->vy -= dy * q->mass * mag, p->vz -= dz * q->mass * mag;
      q->vx += dx * p->mass * mag, q->vy += dy * p->mass * mag, q->vz += dz * p->mass * mag;
    }
  }
  for (int i = 0; i < 5; i++) {
    struct body *p = &bodies[i];
    p->x += dt * p->vx, p->y += dt * p->vy, p->z += dt * p->vz;
  }
}

static uint64_t kernel(uint32_t rounds) {
  for (uint32_t r = 0; r < rounds; r++)
    for (int i = 0; i < 1000; i++)
      advance(0.001);
  uint64_t sum = 0;
  for (int i = 0; i < 5; i++)
    sum = fold_f64(fold_f64(fold_f64(sum, bodies[i].x), bodies[i].y), bodies[i].z);
  return sum;
}

KERNEL_MAIN(4000)
