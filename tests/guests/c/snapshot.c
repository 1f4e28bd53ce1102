// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library that builds tables before it answers: a sieve in static memory, a tree in memory from malloc, functions
// behind pointers, and a file that it has read. `resume` builds what nobody has built yet.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 200000 };

typedef struct node {
  struct node *left, *right;
  unsigned key, count;
} node;

static unsigned char composite[NUMBERS];
static unsigned primes;
static node *tree;
static unsigned (*step)(unsigned);
static char *text;
static double sum;
static unsigned times;

static unsigned halve(unsigned n) {
  return n / 2;
}
static unsigned shuffle(unsigned n) {
  return n * 2654435761u >> 7;
}

static void insert(unsigned key) {
  node **at = &tree;
  while (*at != NULL && (*at)->key != key)
    at = key < (*at)->key ? &(*at)->left : &(*at)->right;
  if (*at == NULL) {
    *at = calloc(1, sizeof **at);
    (*at)->key = key;
  }
  (*at)->count++;
}

static unsigned long walk(const node *n, unsigned depth) {
  return n == NULL ? 0
                   : n->key * (unsigned long)n->count + depth + walk(n->left, depth + 1) + walk(n->right, depth + 1);
}

static void read_text(void) {
  FILE *file = fopen("/data/text", "r");
  text = malloc(100);
  text[0] = '\0';
  if (file != NULL) {
    if (fgets(text, 100, file) == NULL)
      text[0] = '\0';
    fclose(file);
  }
}

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define EXPORT(name)
#endif

EXPORT("wizer.initialize") void build(void) {
  for (unsigned n = 2; n < NUMBERS; n++) {
    if (composite[n])
      continue;
    primes++;
    sum += 1.0 / n;
    for (unsigned long m = (unsigned long)n * n; m < NUMBERS; m += n)
      composite[m] = 1;
  }
  step = shuffle;
  for (unsigned i = 0, key = 1; i < 20000; i++, key = step(key + i))
    insert(key % 5000);
  step = halve;
  read_text();
  times++;
}

EXPORT("resume") void resume(void) {
  if (times == 0)
    build();
  insert(step(10000));
  printf("%u primes, %.12f, tree %lu, step %u, text \"%s\", built %u times\n", primes, sum, walk(tree, 0), step(77),
         text, times);
  char *more = malloc(100000); // beside what was there
  memset(more, 1, 100000);
  printf("%lu\n", walk(tree, 0));
  free(more);
  fflush(stdout);
}

#ifndef __wasm__
int main(void) {
  resume();
}
#endif
