// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `odd` of odd.wit.
#include "odd.h"

// What the caller lent is dropped before the answer; what it gave away is this component's.
test_odd_shared_level exports_test_odd_other_look(test_odd_shared_thing x, test_odd_shared_level at) {
  odd_both both = {{malloc(sizeof(cove_string)), 1}, at};
  both.words.data[0] = cove_string_copy("some");
  odd_both back = odd_tell(x, &both);
  test_odd_shared_thing_drop(x);
  odd_both_free(&both);
  bool good = back.words.count == 1 && back.words.data[0].size == 4 && memcmp(back.words.data[0].data, "some", 4) == 0;
  test_odd_shared_level level = back.degree == TEST_ODD_SHARED_LEVEL_LOW ? TEST_ODD_SHARED_LEVEL_HIGH : back.degree;
  odd_both_free(&back);
  return good ? level : TEST_ODD_SHARED_LEVEL_LOW;
}

uint32_t exports_test_odd_other_take(test_odd_shared_thing x, test_odd_shared_record *y) {
  local_thing found = local_find(cove_string_of("any"));
  cove_string name = local_thing_name(found);
  uint32_t size = name.size + y->static_ + y->int_;
  cove_string_free(&name);
  local_thing_drop(found);
  size += test_odd_shared_thing_id(x);
  test_odd_shared_thing_drop(x);
  return size;
}

odd_tuple2_test_odd_shared_thing_test_odd_shared_thing exports_out_twice(test_odd_shared_thing x) {
  return (odd_tuple2_test_odd_shared_thing_test_odd_shared_thing){x, test_odd_shared_thing_new_()};
}

uint32_t exports_odd_sum(odd_list_test_odd_shared_thing *all, test_odd_shared_thing one) {
  uint32_t sum = test_odd_shared_thing_id(one);
  for (size_t i = 0; i < all->count; i++)
    sum += test_odd_shared_thing_id(all->data[i]);
  odd_list_test_odd_shared_thing_free(all);
  test_odd_shared_thing_drop(one);
  return sum;
}
