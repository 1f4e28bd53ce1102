// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world of world.wit with the bindings of `cove bindgen guest`. No C library.
#include "shapes.h"

static bool equal(cove_string a, cove_string b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

cove_string exports_shapes_greet(cove_string name) {
  static const char hello[] = "hello ";
  cove_string text = {malloc(sizeof hello - 1 + name.size), sizeof hello - 1 + name.size};
  memcpy(text.data, hello, sizeof hello - 1);
  memcpy(text.data + sizeof hello - 1, name.data, name.size);
  cove_string_free(&name);
  return text;
}

int32_t exports_shapes_sum(shapes_list_s32 *xs) {
  int32_t total = 0;
  for (size_t i = 0; i < xs->count; i++)
    total += xs->data[i];
  shapes_list_s32_free(xs);
  return total;
}

double exports_shapes_area(shapes_shape *s) {
  switch (s->tag) {
  case SHAPES_SHAPE_CIRCLE:
    return 3 * s->as.circle.radius * s->as.circle.radius;
  case SHAPES_SHAPE_RECTANGLE:
    return s->as.rectangle.f0 * s->as.rectangle.f1;
  default:
    return 0;
  }
}

// What came in goes out, with changes.
shapes_list_shapes_person exports_shapes_people(shapes_list_shapes_person *xs) {
  for (size_t i = 0; i < xs->count; i++) {
    shapes_person *p = &xs->data[i];
    for (size_t k = 0; k < p->name.size; k++)
      if (p->name.data[k] >= 'a' && p->name.data[k] <= 'z')
        p->name.data[k] -= 'a' - 'A';
    p->age++;
    shapes_list_string tags = {malloc((p->tags.count + 1) * sizeof(cove_string)), p->tags.count + 1};
    memcpy(tags.data, p->tags.data, p->tags.count * sizeof(cove_string));
    tags.data[p->tags.count] = cove_string_copy("seen");
    if (p->tags.count != 0)
      free(p->tags.data);
    p->tags = tags;
  }
  return *xs;
}

shapes_result_s32_string exports_shapes_divide(int32_t a, int32_t b) {
  if (b == 0)
    return (shapes_result_s32_string){true, {.error = cove_string_copy("division by zero")}};
  return (shapes_result_s32_string){false, {.ok = a / b}};
}

shapes_option_u32 exports_shapes_find(shapes_list_string *xs, cove_string x) {
  shapes_option_u32 found = {false, 0};
  for (size_t i = 0; i < xs->count && !found.has; i++)
    if (equal(xs->data[i], x))
      found = (shapes_option_u32){true, (uint32_t)i};
  shapes_list_string_free(xs);
  cove_string_free(&x);
  return found;
}
