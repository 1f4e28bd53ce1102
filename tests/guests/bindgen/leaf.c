// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The world `leaf` of values.wit: what is given is the result, memory and all.
#include "values.h"

#define VALUE(name, type)                                                                                              \
  type exports_test_values_values_echo_##name(type x) {                                                                \
    return x;                                                                                                          \
  }
#define PLAIN(name, type)                                                                                              \
  type exports_test_values_values_echo_##name(type *x) {                                                               \
    return *x;                                                                                                         \
  }
#define OWNED PLAIN
#include "functions.def"

cove_string exports_test_values_values_echo_string(cove_string x) {
  return x;
}

#define FULL values_tuple6_tuple4_u8_u16_u32_u64_test_values_values_joined_string_tuple3_f32_f64_char_bool_u8
FULL exports_test_values_values_full(values_tuple4_u8_u16_u32_u64 *a, test_values_values_joined *b, cove_string c,
                                     values_tuple3_f32_f64_char *d, bool e, uint8_t f) {
  return (FULL){*a, *b, c, *d, e, f};
}

#define SPILLED values_tuple7_tuple4_u8_u16_u32_u64_test_values_values_joined_string_tuple3_f32_f64_char_bool_u8_s8
SPILLED exports_test_values_values_spilled(values_tuple4_u8_u16_u32_u64 *a, test_values_values_joined *b, cove_string c,
                                           values_tuple3_f32_f64_char *d, bool e, uint8_t f, int8_t g) {
  return (SPILLED){*a, *b, c, *d, e, f, g};
}

void exports_test_values_values_nothing(void) {
}
