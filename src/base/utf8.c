// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// utf8.c: validation by the table of well-formed sequences (Unicode, table 3-7).
#include "base/utf8.h"

size_t cv_utf8_decode(const uint8_t *data, size_t size, uint32_t *code_point) {
  if (size == 0)
    return 0;
  uint8_t b = data[0];
  if (b < 0x80) {
    *code_point = b;
    return 1;
  }
  size_t n = b < 0xc2 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf5 ? 4 : 0;
  if (n == 0 || size < n)
    return 0;
  uint8_t low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
  uint8_t high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
  if (data[1] < low || data[1] > high)
    return 0;
  uint32_t cp = b & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((data[i] & 0xc0) != 0x80)
      return 0;
    cp = cp << 6 | (data[i] & 0x3f);
  }
  *code_point = cp;
  return n;
}

size_t cv_utf8_valid_prefix(const uint8_t *data, size_t size) {
  size_t i = 0;
  while (i < size) {
    if (size - i >= 8 && (cv_load_le64(data + i) & 0x8080808080808080ull) == 0) {
      i += 8;
      continue;
    }
    uint32_t cp;
    size_t n = cv_utf8_decode(data + i, size - i, &cp);
    if (n == 0)
      return i;
    i += n;
  }
  return size;
}

size_t cv_utf8_encode(uint32_t cp, uint8_t out[4]) {
  if (cp < 0x80) {
    out[0] = (uint8_t)cp;
    return 1;
  }
  if (cp < 0x800) {
    out[0] = (uint8_t)(0xc0 | cp >> 6);
    out[1] = (uint8_t)(0x80 | (cp & 0x3f));
    return 2;
  }
  if (cp < 0x10000) {
    if (cp >= 0xd800 && cp < 0xe000)
      return 0;
    out[0] = (uint8_t)(0xe0 | cp >> 12);
    out[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (cp & 0x3f));
    return 3;
  }
  if (cp > 0x10ffff)
    return 0;
  out[0] = (uint8_t)(0xf0 | cp >> 18);
  out[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
  out[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
  out[3] = (uint8_t)(0x80 | (cp & 0x3f));
  return 4;
}
