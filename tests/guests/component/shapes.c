// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world of world.wit with bindings by hand: the exports as the canonical ABI flattens them. No C library: what is
// allocated stays until a call begins, and a call needs little.
#include <stddef.h>
#include <stdint.h>

typedef struct string {
  const char *data;
  uint32_t size;
} string;

typedef struct strings {
  string *data;
  uint32_t count;
} strings;

typedef struct person {
  string name;
  uint32_t age;
  strings tags;
} person;

#define EXPORT(name) __attribute__((export_name(name)))

static _Alignas(16) char heap[1 << 16];
static size_t heap_used;

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  size_t at = (heap_used + align - 1) & ~(align - 1);
  if (at > sizeof heap || size > sizeof heap - at)
    __builtin_trap();
  heap_used = at + size;
  for (size_t i = 0; i < old_size && i < size; i++)
    heap[at + i] = ((char *)old)[i];
  return heap + at;
}

static int equal(string a, string b) {
  uint32_t i = 0;
  while (i < a.size && i < b.size && a.data[i] == b.data[i])
    i++;
  return i == a.size && i == b.size;
}

EXPORT("greet") const string *greet(const char *data, uint32_t size) {
  static const char hello[] = "hello ";
  static string result;
  char *text = cabi_realloc(NULL, 0, 1, sizeof hello - 1 + size);
  for (uint32_t i = 0; i < sizeof hello - 1; i++)
    text[i] = hello[i];
  for (uint32_t i = 0; i < size; i++)
    text[sizeof hello - 1 + i] = data[i];
  result = (string){text, sizeof hello - 1 + size};
  return &result;
}

EXPORT("sum") int32_t sum(const int32_t *xs, uint32_t count) {
  int32_t total = 0;
  for (uint32_t i = 0; i < count; i++)
    total += xs[i];
  return total;
}

EXPORT("area") double area(uint32_t shape, double a, double b) {
  return shape == 0 ? 3 * a * a : shape == 1 ? a * b : 0;
}

EXPORT("people") const void *people(person *xs, uint32_t count) {
  static struct {
    person *data;
    uint32_t count;
  } result;
  for (uint32_t i = 0; i < count; i++) {
    person *p = &xs[i];
    char *name = (char *)p->name.data;
    for (uint32_t k = 0; k < p->name.size; k++)
      if (name[k] >= 'a' && name[k] <= 'z')
        name[k] -= 'a' - 'A';
    p->age++;
    p->tags.data = cabi_realloc(p->tags.data, p->tags.count * sizeof(string), 4, (p->tags.count + 1) * sizeof(string));
    p->tags.data[p->tags.count++] = (string){"seen", 4};
  }
  result.data = xs;
  result.count = count;
  return &result;
}

EXPORT("divide") const void *divide(int32_t a, int32_t b) {
  static struct {
    uint8_t is_error;
    union {
      int32_t quotient;
      string error;
    } as;
  } result;
  result.is_error = b == 0;
  if (b == 0)
    result.as.error = (string){"division by zero", 16};
  else
    result.as.quotient = a / b;
  return &result;
}

EXPORT("find") const void *find(const string *xs, uint32_t count, const char *data, uint32_t size) {
  static struct {
    uint8_t is_some;
    uint32_t index;
  } result;
  string x = {data, size};
  result.is_some = 0;
  for (uint32_t i = 0; i < count && !result.is_some; i++)
    if (equal(xs[i], x)) {
      result.is_some = 1;
      result.index = i;
    }
  return &result;
}

// What a call was given and gave is not needed after it.
#define POST(name) EXPORT("cabi_post_" name) void
POST("greet") post_greet(const void *result) {
  (void)result;
  heap_used = 0;
}
POST("people") post_people(const void *result) {
  (void)result;
  heap_used = 0;
}
