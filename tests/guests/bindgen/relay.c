// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `relay` of values.wit: the host is asked, and what it says is the result. What was given is freed, which
// shows in a memory that does not grow.
#include "values.h"

#define VALUE(name, type)                                                                                              \
  type exports_test_values_values_echo_##name(type x) {                                                                \
    return test_values_values_echo_##name(x);                                                                          \
  }
#define PLAIN(name, type)                                                                                              \
  type exports_test_values_values_echo_##name(type *x) {                                                               \
    return test_values_values_echo_##name(x);                                                                          \
  }
#define OWNED(name, type)                                                                                              \
  type exports_test_values_values_echo_##name(type *x) {                                                               \
    type answer = test_values_values_echo_##name(x);                                                                   \
    type##_free(x);                                                                                                    \
    return answer;                                                                                                     \
  }
#include "functions.def"

cove_string exports_test_values_values_echo_string(cove_string x) {
  cove_string answer = test_values_values_echo_string(x);
  cove_string_free(&x);
  return answer;
}

values_tuple6_tuple4_u8_u16_u32_u64_test_values_values_joined_string_tuple3_f32_f64_char_bool_u8
exports_test_values_values_full(values_tuple4_u8_u16_u32_u64 *a, test_values_values_joined *b, cove_string c,
                                values_tuple3_f32_f64_char *d, bool e, uint8_t f) {
  values_tuple6_tuple4_u8_u16_u32_u64_test_values_values_joined_string_tuple3_f32_f64_char_bool_u8 answer =
      test_values_values_full(a, b, c, d, e, f);
  test_values_values_joined_free(b);
  cove_string_free(&c);
  return answer;
}

values_tuple7_tuple4_u8_u16_u32_u64_test_values_values_joined_string_tuple3_f32_f64_char_bool_u8_s8
exports_test_values_values_spilled(values_tuple4_u8_u16_u32_u64 *a, test_values_values_joined *b, cove_string c,
                                   values_tuple3_f32_f64_char *d, bool e, uint8_t f, int8_t g) {
  values_tuple7_tuple4_u8_u16_u32_u64_test_values_values_joined_string_tuple3_f32_f64_char_bool_u8_s8 answer =
      test_values_values_spilled(a, b, c, d, e, f, g);
  test_values_values_joined_free(b);
  cove_string_free(&c);
  return answer;
}

void exports_test_values_values_nothing(void) {
  test_values_values_nothing();
}
