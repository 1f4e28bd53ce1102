// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// hex.h: bytes out of hexadecimal digits.
#ifndef COVE_TESTS_HEX_H
#define COVE_TESTS_HEX_H

#include <stddef.h>
#include <stdint.h>

// Two digits for each byte; blanks are passed over. `out` has room for half as many bytes as there are characters.
static inline size_t hex_bytes(const char *hex, uint8_t *out) {
  size_t digits = 0;
  for (; *hex != '\0'; hex++) {
    int digit = *hex >= '0' && *hex <= '9' ? *hex - '0' : *hex >= 'a' && *hex <= 'f' ? *hex - 'a' + 10 : -1;
    if (digit < 0) {
      assert_int_equal(*hex, ' ');
      continue;
    }
    out[digits / 2] = (uint8_t)(digits % 2 == 0 ? digit << 4 : out[digits / 2] | digit);
    digits++;
  }
  assert_int_equal(digits % 2, 0);
  return digits / 2;
}

#endif
