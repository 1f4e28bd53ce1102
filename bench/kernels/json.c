// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser of JSON-like text into a tree of nodes, and a printer back; nodes come from an arena.
#include "kernel.h"

enum kind { NOTHING, BOOL, NUMBER, STRING, ARRAY, OBJECT };

struct value {
  struct value *next, *first;
  const char *key, *text;
  uint32_t key_length, text_length;
  double number;
  enum kind kind;
};

enum { ARENA = 16384, SIZE = 32768 };
static struct value arena[ARENA];
static char source[SIZE + 512], printed[SIZE * 2];
static uint32_t used;
static const char *at;

static void skip_blank(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t')
    at++;
}

static struct value *fresh(enum kind kind) {
  struct value *v = &arena[used++ % ARENA];
  memset(v, 0, sizeof *v);
  v->kind = kind;
  return v;
}

static uint32_t parse_string(const char **text) {
  *text = ++at;
  while (*at != '"')
    at += *at == '\\' ? 2 : 1;
  return (uint32_t)(at++ - *text);
}

static double parse_number(void) {
  double sign = 1, value = 0, scale = 1;
  if (*at == '-')
    sign = -1, at++;
  for (; *at >= '0' && *at <= '9'; at++)
    value = value * 10 + (*at - '0');
  if (*at == '.')
    for (at++; *at >= '0' && *at <= '9'; at++)
      value = value * 10 + (*at - '0'), scale *= 10;
  return sign * value / scale;
}

static struct value *parse_value(void) {
  struct value *v, **link;
  char close;
  skip_blank();
  switch (*at) {
  case '{':
  case '[':
    v = fresh(*at == '{' ? OBJECT : ARRAY);
    close = *at++ == '{' ? '}' : ']';
    link = &v->first;
    for (skip_blank(); *at != close; skip_blank()) {
      const char *key = NULL;
      uint32_t key_length = 0;
      if (close == '}') {
        key_length = parse_string(&key);
        skip_blank();
        at++; // the colon
      }
      *link = parse_value();
      (*link)->key = key, (*link)->key_length = key_length;
      link = &(*link)->next;
      skip_blank();
      if (*at == ',')
        at++;
    }
    at++;
    return v;
  case '"':
    v = fresh(STRING);
    v->text_length = parse_string(&v->text);
    return v;
  case 't':
    at += 4;
    v = fresh(BOOL);
    v->number = 1;
    return v;
  case 'f':
    at += 5;
    return fresh(BOOL);
  case 'n':
    at += 4;
    return fresh(NOTHING);
  default:
    v = fresh(NUMBER);
    v->number = parse_number();
    return v;
  }
}

static char *put(char *to, const char *text, uint32_t n) {
  memcpy(to, text, n);
  return to + n;
}

static char *put_number(char *to, double value) {
  char digits[24];
  int n = 0;
  if (value < 0)
    *to++ = '-', value = -value;
  uint64_t whole = (uint64_t)value;
  do
    digits[n++] = (char)('0' + whole % 10);
  while ((whole /= 10) != 0);
  while (n > 0)
    *to++ = digits[--n];
  return to;
}

static char *print(char *to, const struct value *v) {
  switch (v->kind) {
  case NOTHING:
    return put(to, "null", 4);
  case BOOL:
    return v->number != 0 ? put(to, "true", 4) : put(to, "false", 5);
  case NUMBER:
    return put_number(to, v->number);
  case STRING:
    *to++ = '"';
    to = put(to, v->text, v->text_length);
    *to++ = '"';
    return to;
  case ARRAY:
  case OBJECT:
    *to++ = v->kind == OBJECT ? '{' : '[';
    for (const struct value *i = v->first; i != NULL; i = i->next) {
      if (i->key != NULL) {
        *to++ = '"';
        to = put(to, i->key, i->key_length);
        to = put(to, "\":", 2);
      }
      to = print(to, i);
      if (i->next != NULL)
        *to++ = ',';
    }
    *to++ = v->kind == OBJECT ? '}' : ']';
    return to;
  }
  return to;
}

static void generate(void) {
  uint32_t seed = 31;
  char *to = put(source, "[\n", 2);
  for (uint32_t id = 0; to < source + SIZE - 512; id++) {
    to = put(to, id == 0 ? "  {\"id\": " : ",\n  {\"id\": ", id == 0 ? 9 : 11);
    to = put_number(to, id);
    to = put(to, ", \"name\": \"item \\\"", 18);
    to = put_number(to, next_random(&seed) % 1000);
    to = put(to, "\\\"\", \"price\": -", 15);
    to = put_number(to, next_random(&seed) % 10000);
    to = put(to, ".125, \"tags\": [true, false, null, [", 35);
    for (uint32_t n = next_random(&seed) % 8; n > 0; n--) {
      to = put_number(to, next_random(&seed));
      to = put(to, n > 1 ? ", " : "", n > 1 ? 2 : 0);
    }
    to = put(to, "]], \"size\": {\"w\": 3, \"h\": 4.5}}", 31);
  }
  to = put(to, "\n]\n", 3);
  *to = 0;
}

static uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  generate();
  for (uint32_t r = 0; r < rounds; r++) {
    used = 0;
    at = source;
    const struct value *v = parse_value();
    size_t n = (size_t)(print(printed, v) - printed);
    uint32_t h = r;
    for (size_t i = 0; i < n; i++)
      h = (h ^ (uint8_t)printed[i]) * 16777619u;
    sum = fold(sum, h + used);
  }
  return sum;
}

KERNEL_MAIN(3400)
