// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A treap: build, look up, split and walk, with nodes from malloc. Recursion over pointers.
#include "kernel.h"

struct tree {
  struct tree *left, *right;
  uint32_t key, priority, size;
};

static uint32_t size_of(const struct tree *t) {
  return t == NULL ? 0 : t->size;
}

static void update(struct tree *t) {
  t->size = 1 + size_of(t->left) + size_of(t->right);
}

static void split(struct tree *t, uint32_t key, struct tree **less, struct tree **rest) {
  if (t == NULL) {
    *less = *rest = NULL;
  } else if (t->key < key) {
    split(t->right, key, &t->right, rest);
    update(t);
    *less = t;
  } else {
    split(t->left, key, less, &t->left);
    update(t);
    *rest = t;
  }
}

static struct tree *join(struct tree *a, struct tree *b) {
  if (a == NULL || b == NULL)
    return a == NULL ? b : a;
  if (a->priority > b->priority) {
    a->right = join(a->right, b);
    update(a);
    return a;
  }
  b->left = join(a, b->left);
  update(b);
  return b;
}

static const struct tree *look_up(const struct tree *t, uint32_t key) {
  while (t != NULL && t->key != key)
    t = key < t->key ? t->left : t->right;
  return t;
}

static uint64_t walk(const struct tree *t, uint64_t sum) {
  if (t == NULL)
    return sum;
  sum = walk(t->left, sum);
  sum = sum * 31 + t->key;
  return walk(t->right, sum);
}

static void release(struct tree *t) {
  if (t != NULL) {
    release(t->left);
    release(t->right);
    free(t);
  }
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 13;
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    struct tree *root = NULL, *less, *rest;
    for (int i = 0; i < 3000; i++) {
      struct tree *node = must_alloc(sizeof *node);
      node->left = node->right = NULL, node->size = 1;
      node->key = next_random(&seed) % 100000, node->priority = next_random(&seed);
      split(root, node->key, &less, &rest);
      root = join(join(less, node), rest);
    }
    uint32_t hits = 0;
    for (int i = 0; i < 6000; i++)
      hits += look_up(root, next_random(&seed) % 100000) != NULL;
    sum = fold(sum, walk(root, hits));
    release(root);
  }
  return sum;
}

KERNEL_MAIN(270)
