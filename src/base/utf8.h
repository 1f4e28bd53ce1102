// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// utf8.h: UTF-8 as WebAssembly names want it: no overlong forms, no surrogates, at most U+10FFFF.
#ifndef COVE_BASE_UTF8_H
#define COVE_BASE_UTF8_H

#include "base/base.h"

// Index of the first byte that does not belong to a valid sequence, or `size`.
size_t cv_utf8_valid_prefix(const uint8_t *data, size_t size);
static inline bool cv_utf8_is_valid(cv_bytes s) {
  return cv_utf8_valid_prefix(s.data, s.size) == s.size;
}
// Writes 1 to 4 bytes; 0 when `code_point` is not a Unicode scalar value.
size_t cv_utf8_encode(uint32_t code_point, uint8_t out[4]);
// Decodes one scalar value at `data`; returns its length, 0 when malformed.
size_t cv_utf8_decode(const uint8_t *data, size_t size, uint32_t *code_point);

#endif
