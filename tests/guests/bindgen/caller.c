// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `caller` of odd.wit: what `odd` exports, called.
#include "odd.h"

cove_string exports_odd_check(void) {
  test_odd_shared_thing x = test_odd_shared_thing_new(5);
  if (test_odd_other_look(x, TEST_ODD_SHARED_LEVEL_LOW) != TEST_ODD_SHARED_LEVEL_HIGH)
    return cove_string_copy("look");
  odd_tuple2_test_odd_shared_thing_test_odd_shared_thing two = out_twice(x);
  if (test_odd_shared_thing_id(two.f0) != 5 || test_odd_shared_thing_id(two.f1) != 1000)
    return cove_string_copy("twice");
  test_odd_shared_record record = {TEST_ODD_SHARED_LEVEL_LOW, 10, true};
  if (test_odd_other_take(two.f0, &record) != 3 + 10 + 1 + 5)
    return cove_string_copy("take");
  test_odd_shared_thing_drop(two.f1);
  return (cove_string){NULL, 0};
}
