// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls through tables of function pointers: objects with methods, and a table indexed by data.
#include "kernel.h"

struct shape;
struct shape_methods {
  int32_t (*area)(const struct shape *);
  void (*grow)(struct shape *, int32_t);
};
struct shape {
  const struct shape_methods *methods;
  int32_t width, height;
};

static int32_t box_area(const struct shape *s) {
  return s->width * s->height;
}

static int32_t triangle_area(const struct shape *s) {
  return s->width * s->height / 2;
}

static int32_t ring_area(const struct shape *s) {
  return 3 * (s->width * s->width - s->height * s->height);
}

static void grow_both(struct shape *s, int32_t by) {
  s->width = (s->width + by) & 255, s->height = (s->height + by) & 127;
}

static void grow_one(struct shape *s, int32_t by) {
  s->width = (s->width + 2 * by) & 255;
}

static const struct shape_methods box = {box_area, grow_both}, triangle = {triangle_area, grow_one},
                                  ring = {ring_area, grow_both};

static uint32_t op_add(uint32_t a, uint32_t b) {
  return a + b;
}
static uint32_t op_xor(uint32_t a, uint32_t b) {
  return a ^ b;
}
static uint32_t op_mul(uint32_t a, uint32_t b) {
  return a * (b | 1);
}
static uint32_t op_rotate(uint32_t a, uint32_t b) {
  return a << (b & 31) | a >> (-b & 31);
}

static uint32_t (*const volatile ops[8])(uint32_t, uint32_t) = {op_add,    op_xor, op_mul, op_rotate,
                                                                op_rotate, op_mul, op_add, op_xor};

enum { SHAPES = 256 };

static uint64_t kernel(uint32_t rounds) {
  static struct shape shapes[SHAPES];
  const struct shape_methods *const kinds[3] = {&box, &triangle, &ring};
  uint32_t seed = 3, acc = 1;
  for (int i = 0; i < SHAPES; i++) {
    shapes[i].methods = kinds[next_random(&seed) % 3];
    shapes[i].width = (int32_t)(next_random(&seed) & 255), shapes[i].height = (int32_t)(next_random(&seed) & 127);
  }
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    int64_t area = 0;
    for (int i = 0; i < SHAPES; i++) {
      struct shape *s = &shapes[i];
      area += s->methods->area(s);
      s->methods->grow(s, (int32_t)(r & 7));
    }
    for (uint32_t i = 0; i < 512; i++)
      acc = ops[(acc ^ i) & 7](acc, i);
    sum = fold(sum, (uint64_t)area ^ acc);
  }
  return sum;
}

KERNEL_MAIN(100000)
