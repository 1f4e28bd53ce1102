// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A mix in the spirit of embedded benchmarks, our own program: linked list find, reverse and sort; small integer matrix
// work; a state machine over number formats; a 16-bit checksum threads through all three and steers them.
#include "kernel.h"

struct item {
  struct item *next;
  int16_t value, index;
};

static uint16_t crc16(uint16_t crc, uint16_t value) {
  for (int i = 0; i < 16; i++) {
    uint16_t bit = (crc ^ value) & 1;
    crc >>= 1, value >>= 1;
    if (bit != 0)
      crc ^= 0xa001;
  }
  return crc;
}

enum { ITEMS = 200, N = 12 };
static struct item items[ITEMS];
static int16_t left[N][N], right[N][N];
static int32_t product[N][N];

static int by_value(const struct item *a, const struct item *b) {
  return a->value - b->value;
}

static int by_index(const struct item *a, const struct item *b) {
  return a->index - b->index;
}

static struct item *merge(struct item *a, struct item *b, int (*compare)(const struct item *, const struct item *)) {
  struct item head, *tail = &head;
  while (a != NULL && b != NULL) {
    struct item **lesser = compare(a, b) <= 0 ? &a : &b;
    tail = tail->next = *lesser;
    *lesser = (*lesser)->next;
  }
  tail->next = a != NULL ? a : b;
  return head.next;
}

static struct item *sort_list(struct item *list, int (*compare)(const struct item *, const struct item *)) {
  if (list == NULL || list->next == NULL)
    return list;
  struct item *slow = list, *fast = list->next;
  while (fast != NULL && fast->next != NULL)
    slow = slow->next, fast = fast->next->next;
  struct item *half = slow->next;
  slow->next = NULL;
  return merge(sort_list(list, compare), sort_list(half, compare), compare);
}

static struct item *reverse(struct item *list) {
  struct item *done = NULL;
  while (list != NULL) {
    struct item *next = list->next;
    list->next = done;
    done = list, list = next;
  }
  return done;
}

static uint16_t list_work(uint16_t crc) {
  struct item *list = NULL;
  for (int i = 0; i < ITEMS; i++) {
    items[i].value = (int16_t)(crc * (i + 7) & 0x3ff), items[i].index = (int16_t)i;
    items[i].next = list, list = &items[i];
  }
  for (int16_t wanted = 0; wanted < 40; wanted++) {
    const struct item *at = list;
    while (at != NULL && at->value != wanted * 17)
      at = at->next;
    crc = crc16(crc, at == NULL ? 1 : (uint16_t)at->index);
    list = reverse(list);
  }
  list = sort_list(list, by_value);
  for (const struct item *at = list; at != NULL; at = at->next)
    crc = crc16(crc, (uint16_t)at->index);
  list = sort_list(list, by_index);
  return crc16(crc, (uint16_t)list->value);
}

static uint16_t matrix_work(uint16_t crc) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      left[i][j] = (int16_t)(crc + i * j), right[i][j] = (int16_t)((crc ^ i) + j);
  for (int pass = 0; pass < 3; pass++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        int32_t sum = 0;
        for (int k = 0; k < N; k++) {
          int32_t p = left[i][k] * right[k][j];
          sum += pass == 2 ? (p >> 2 & 15) * (p >> 5 & 127) : p >> pass;
        }
        product[i][j] = sum;
      }
  int32_t run = 0, last = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      run += product[i][j] > last ? 10 : product[i][j] & 3;
      last = product[i][j];
      if (run > 500)
        crc = crc16(crc, (uint16_t)run), run = 0;
    }
  return crc16(crc, (uint16_t)last);
}

static uint16_t state_work(uint16_t crc) {
  static const char *const samples[8] = {"5012",     "-874",     "+122",     "35.54400",
                                         ".1234500", "-1.5e+13", "T0.3e-1F", "1.e.2"};
  enum { BEGIN, SIGN, WHOLE, POINT, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID } state;
  uint16_t visits[8] = {0};
  for (int i = 0; i < 24; i++) {
    state = BEGIN;
    for (const char *p = samples[(crc >> (i & 7) ^ i) & 7]; *p != 0 && state != INVALID; p++) {
      int digit = *p >= '0' && *p <= '9', sign = *p == '+' || *p == '-';
      switch (state) {
      case BEGIN:
        state = digit ? WHOLE : sign ? SIGN : *p == '.' ? POINT : INVALID;
        break;
      case SIGN:
        state = digit ? WHOLE : *p == '.' ? POINT : INVALID;
        break;
      case WHOLE:
        state = digit ? WHOLE : *p == '.' ? POINT : *p == 'e' ? EXPONENT : INVALID;
        break;
      case POINT:
        state = digit ? POINT : *p == 'e' ? EXPONENT : INVALID;
        break;
      case EXPONENT:
        state = sign ? EXPONENT_SIGN : INVALID;
        break;
      case EXPONENT_SIGN:
      case SCIENTIFIC:
        state = digit ? SCIENTIFIC : INVALID;
        break;
      case INVALID:
        break;
      }
      visits[state]++;
    }
  }
  for (int i = 0; i < 8; i++)
    crc = crc16(crc, visits[i]);
  return crc;
}

static uint64_t kernel(uint32_t rounds) {
  uint16_t crc = 0x1d0f;
  uint64_t sum = 0;
  for (uint32_t r = 0; r < rounds; r++) {
    crc = list_work(crc);
    crc = matrix_work(crc);
    crc = state_work(crc);
    sum = fold(sum, crc);
  }
  return sum;
}

KERNEL_MAIN(7500)
