// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `middle` of things.wit: an interface that is imported and exported. Its resource stands for one of the
// other component.
#include "things.h"

typedef test_things_things_counter inner;
typedef exports_test_things_things_counter outer;
typedef exports_test_things_things_counter_rep rep;

struct exports_test_things_things_counter_rep {
  inner held;
};

static outer wrap(inner held) {
  rep *made = malloc(sizeof *made);
  made->held = held;
  return exports_test_things_things_counter_from_rep(made);
}

// What the handle held is the caller's now.
static inner unwrap(outer handle) {
  rep *r = exports_test_things_things_counter_to_rep(handle);
  inner held = r->held;
  r->held.handle = 0;
  exports_test_things_things_counter_drop(handle);
  return held;
}

void exports_test_things_things_counter_destroy(rep *self) {
  if (self->held.handle != 0)
    test_things_things_counter_drop(self->held);
  free(self);
}

outer exports_test_things_things_counter_new(uint32_t start) {
  return wrap(test_things_things_counter_new(start));
}

uint32_t exports_test_things_things_counter_add(rep *self, uint32_t n) {
  return test_things_things_counter_add(self->held, n);
}

uint32_t exports_test_things_things_counter_drop_(rep *self) {
  return test_things_things_counter_drop_(self->held);
}

uint32_t exports_test_things_things_counter_largest(rep *a, rep *b) {
  return test_things_things_counter_largest(a->held, b->held);
}

outer exports_test_things_things_counter_merge(things_list_exports_test_things_things_counter *all) {
  things_list_test_things_things_counter given = {malloc(all->count * sizeof(inner)), all->count};
  for (size_t i = 0; i < all->count; i++)
    given.data[i] = unwrap(all->data[i]);
  outer merged = wrap(test_things_things_counter_merge(&given));
  // All handles were given away: what remains is memory.
  things_list_test_things_things_counter_free_memory(&given);
  things_list_exports_test_things_things_counter_free_memory(all);
  return merged;
}

things_tuple2_exports_test_things_things_counter_string exports_test_things_things_counter_split(rep *self) {
  things_tuple2_test_things_things_counter_string half = test_things_things_counter_split(self->held);
  return (things_tuple2_exports_test_things_things_counter_string){wrap(half.f0), half.f1};
}

exports_test_things_things_pair exports_test_things_things_make_pair(cove_string note) {
  test_things_things_pair pair = test_things_things_make_pair(note);
  cove_string_free(&note);
  return (exports_test_things_things_pair){wrap(pair.left), wrap(pair.right), pair.note};
}

uint32_t exports_test_things_things_sum(things_list_borrow_exports_test_things_things_counter *all) {
  things_list_test_things_things_counter given = {malloc(all->count * sizeof(inner)), all->count};
  for (size_t i = 0; i < all->count; i++)
    given.data[i] = all->data[i]->held;
  uint32_t sum = test_things_things_sum(&given);
  things_list_test_things_things_counter_free_memory(&given);
  things_list_borrow_exports_test_things_things_counter_free(all);
  return sum;
}

exports_test_things_things_held exports_test_things_things_pass(exports_test_things_things_held *x) {
  test_things_things_held given = {.tag = x->tag};
  if (x->tag == TEST_THINGS_THINGS_HELD_ONE) {
    given.as.one = unwrap(x->as.one);
  } else if (x->tag == TEST_THINGS_THINGS_HELD_NAMED) {
    given.as.named.f0 = x->as.named.f0;
    given.as.named.f1 = unwrap(x->as.named.f1);
  }
  test_things_things_held back = test_things_things_pass(&given);
  test_things_things_held_free_memory(&given);
  exports_test_things_things_held out = {.tag = back.tag};
  if (back.tag == TEST_THINGS_THINGS_HELD_ONE) {
    out.as.one = wrap(back.as.one);
  } else if (back.tag == TEST_THINGS_THINGS_HELD_NAMED) {
    out.as.named.f0 = back.as.named.f0;
    out.as.named.f1 = wrap(back.as.named.f1);
  }
  return out;
}

things_result_exports_test_things_things_counter_string
exports_test_things_things_maybe(things_option_exports_test_things_things_counter *x) {
  things_option_test_things_things_counter given = {x->has, {0}};
  if (x->has)
    given.value = unwrap(x->value);
  things_result_test_things_things_counter_string back = test_things_things_maybe(&given);
  things_result_exports_test_things_things_counter_string out = {.is_error = back.is_error};
  if (back.is_error)
    out.as.error = back.as.error;
  else
    out.as.ok = wrap(back.as.ok);
  return out;
}

uint32_t exports_test_things_things_alive(void) {
  return test_things_things_alive();
}
