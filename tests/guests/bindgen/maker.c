// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `maker` of things.wit: a resource of its own.
#include "things.h"

#define COUNTER(name) exports_test_things_things_counter##name
#define THINGS(name) exports_test_things_things_##name

struct COUNTER(_rep) {
  uint32_t count;
};

static uint32_t alive;

COUNTER() COUNTER(_new)(uint32_t start) {
  COUNTER(_rep) *made = malloc(sizeof *made);
  made->count = start;
  alive++;
  return COUNTER(_from_rep)(made);
}

void COUNTER(_destroy)(COUNTER(_rep) * self) {
  alive--;
  free(self);
}

uint32_t COUNTER(_add)(COUNTER(_rep) * self, uint32_t n) {
  return self->count += n;
}

uint32_t COUNTER(_drop_)(COUNTER(_rep) * self) {
  uint32_t count = self->count;
  self->count = 0;
  return count;
}

uint32_t COUNTER(_largest)(COUNTER(_rep) * a, COUNTER(_rep) * b) {
  return a->count > b->count ? a->count : b->count;
}

COUNTER() COUNTER(_merge)(things_list_exports_test_things_things_counter *all) {
  uint32_t sum = 0;
  for (size_t i = 0; i < all->count; i++)
    sum += COUNTER(_to_rep)(all->data[i])->count;
  things_list_exports_test_things_things_counter_free(all);
  return COUNTER(_new)(sum);
}

things_tuple2_exports_test_things_things_counter_string COUNTER(_split)(COUNTER(_rep) * self) {
  uint32_t half = self->count / 2;
  self->count -= half;
  return (things_tuple2_exports_test_things_things_counter_string){COUNTER(_new)(half), cove_string_copy("half")};
}

THINGS(pair) THINGS(make_pair)(cove_string note) {
  return (THINGS(pair)){COUNTER(_new)(1), COUNTER(_new)(2), note};
}

uint32_t THINGS(sum)(things_list_borrow_exports_test_things_things_counter *all) {
  uint32_t sum = 0;
  for (size_t i = 0; i < all->count; i++)
    sum += all->data[i]->count;
  things_list_borrow_exports_test_things_things_counter_free(all);
  return sum;
}

THINGS(held) THINGS(pass)(THINGS(held) * x) {
  return *x;
}

things_result_exports_test_things_things_counter_string
THINGS(maybe)(things_option_exports_test_things_things_counter *x) {
  if (!x->has)
    return (things_result_exports_test_things_things_counter_string){true,
                                                                     {.error = cove_string_copy("nothing there")}};
  return (things_result_exports_test_things_things_counter_string){false, {.ok = x->value}};
}

uint32_t THINGS(alive)(void) {
  return alive;
}
