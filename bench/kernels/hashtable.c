// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A chained hash table of words, each node from malloc: insert, look up, delete, grow. Pointers and the allocator.
#include "kernel.h"

struct node {
  struct node *next;
  uint32_t hash, value;
  char key[];
};

static struct node **buckets;
static uint32_t capacity, used;

static uint32_t hash_key(const char *key) {
  uint32_t h = 2166136261u;
  for (; *key != 0; key++)
    h = (h ^ (uint8_t)*key) * 16777619u;
  return h;
}

static void grow(void) {
  uint32_t larger = capacity == 0 ? 64 : capacity * 2;
  struct node **fresh = must_alloc(larger * sizeof *fresh);
  for (uint32_t i = 0; i < larger; i++)
    fresh[i] = NULL;
  for (uint32_t i = 0; i < capacity; i++)
    for (struct node *n = buckets[i], *next; n != NULL; n = next) {
      next = n->next;
      n->next = fresh[n->hash & (larger - 1)];
      fresh[n->hash & (larger - 1)] = n;
    }
  free(buckets);
  buckets = fresh, capacity = larger;
}

static struct node **find(const char *key, uint32_t hash) {
  struct node **at = &buckets[hash & (capacity - 1)];
  while (*at != NULL && ((*at)->hash != hash || strcmp((*at)->key, key) != 0))
    at = &(*at)->next;
  return at;
}

static void add(const char *key) {
  if (used >= capacity)
    grow();
  uint32_t hash = hash_key(key);
  struct node **at = find(key, hash);
  if (*at == NULL) {
    size_t length = strlen(key) + 1;
    struct node *n = must_alloc(sizeof *n + length);
    n->next = NULL, n->hash = hash, n->value = 0;
    memcpy(n->key, key, length);
    *at = n;
    used++;
  }
  (*at)->value++;
}

static void discard(const char *key) {
  struct node **at = find(key, hash_key(key)), *n = *at;
  if (n != NULL) {
    *at = n->next;
    used--;
    free(n);
  }
}

static void make_key(char key[16], uint32_t number) {
  int at = 0;
  key[at++] = 'k';
  for (; number != 0; number /= 26)
    key[at++] = (char)('a' + number % 26);
  key[at] = 0;
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t seed = 17;
  uint64_t sum = 0;
  char key[16];
  for (uint32_t r = 0; r < rounds; r++) {
    for (int i = 0; i < 8000; i++) {
      make_key(key, next_random(&seed) % 20000);
      if (next_random(&seed) % 3 == 0 && capacity != 0)
        discard(key);
      else
        add(key);
    }
    sum = fold(sum, used);
  }
  for (uint32_t i = 0; i < capacity; i++)
    for (struct node *n = buckets[i]; n != NULL; n = n->next)
      sum += (uint64_t)n->hash * n->value;
  return sum;
}

KERNEL_MAIN(1000)
