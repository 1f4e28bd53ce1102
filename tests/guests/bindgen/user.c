// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `user` of things.wit: every function of a resource that another component defines.
#include "things.h"

typedef test_things_things_counter counter;

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define NEED(condition)                                                                                                \
  if (!(condition))                                                                                                    \
  return cove_string_copy("line " TEXT(__LINE__) ": " #condition)

static bool is(cove_string text, const char *want) {
  return text.size == strlen(want) && memcmp(text.data, want, text.size) == 0;
}

static cove_string methods(void) {
  counter a = test_things_things_counter_new(40), b = test_things_things_counter_new(7);
  NEED(test_things_things_alive() == 2);
  NEED(test_things_things_counter_add(a, 2) == 42);
  NEED(test_things_things_counter_largest(a, b) == 42);
  NEED(test_things_things_counter_drop_(b) == 7);
  things_tuple2_test_things_things_counter_string half = test_things_things_counter_split(a);
  NEED(is(half.f1, "half"));
  NEED(test_things_things_counter_add(half.f0, 0) == 21);
  things_tuple2_test_things_things_counter_string_free(&half);
  NEED(test_things_things_alive() == 2);
  test_things_things_counter_drop(b);
  test_things_things_counter_drop(a);
  return (cove_string){NULL, 0};
}

static cove_string lists(void) {
  counter three[] = {test_things_things_counter_new(1), test_things_things_counter_new(20),
                     test_things_things_counter_new(300)};
  things_list_test_things_things_counter all = {three, 3};
  NEED(test_things_things_sum(&all) == 321);
  NEED(test_things_things_alive() == 3);
  counter merged = test_things_things_counter_merge(&all);
  NEED(test_things_things_alive() == 1);
  NEED(test_things_things_counter_add(merged, 0) == 321);
  test_things_things_counter_drop(merged);
  return (cove_string){NULL, 0};
}

static cove_string inside(void) {
  test_things_things_pair pair = test_things_things_make_pair(cove_string_of("both"));
  NEED(is(pair.note, "both"));
  NEED(test_things_things_counter_largest(pair.left, pair.right) == 2);
  test_things_things_held held = {TEST_THINGS_THINGS_HELD_NAMED, {.named = {cove_string_of("left"), pair.left}}};
  test_things_things_held back = test_things_things_pass(&held);
  NEED(back.tag == TEST_THINGS_THINGS_HELD_NAMED && is(back.as.named.f0, "left"));
  things_option_test_things_things_counter some = {true, back.as.named.f1};
  things_result_test_things_things_counter_string result = test_things_things_maybe(&some);
  NEED(!result.is_error);
  NEED(test_things_things_counter_add(result.as.ok, 0) == 1);
  cove_string_free(&back.as.named.f0);
  pair.left = result.as.ok;
  test_things_things_pair_free(&pair);
  some.has = false;
  result = test_things_things_maybe(&some);
  NEED(result.is_error && is(result.as.error, "nothing there"));
  things_result_test_things_things_counter_string_free(&result);
  held.tag = TEST_THINGS_THINGS_HELD_NOTHING;
  back = test_things_things_pass(&held);
  NEED(back.tag == TEST_THINGS_THINGS_HELD_NOTHING);
  return (cove_string){NULL, 0};
}

cove_string exports_things_check(void) {
  cove_string (*const parts[])(void) = {methods, lists, inside};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    cove_string wrong = parts[i]();
    if (wrong.size != 0)
      return wrong;
    NEED(test_things_things_alive() == 0);
  }
  return (cove_string){NULL, 0};
}
