// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// leb.h: LEB128 of bytes that were already validated, for passes that run after validation. The checking reader, which
// reports offsets and "integer too large", is wasm/binary/reader.h.
#ifndef COVE_BASE_LEB_H
#define COVE_BASE_LEB_H

#include "base/base.h"

static inline uint64_t cv_leb_u64(const uint8_t **at) {
  const uint8_t *p = *at;
  uint64_t byte = *p++, value = byte & 0x7f;
  for (unsigned shift = 7; CV_UNLIKELY(byte & 0x80); shift += 7) {
    byte = *p++;
    value |= (byte & 0x7f) << shift;
  }
  *at = p;
  return value;
}

static inline uint32_t cv_leb_u32(const uint8_t **at) {
  return (uint32_t)cv_leb_u64(at);
}

static inline int64_t cv_leb_s64(const uint8_t **at) {
  const uint8_t *p = *at;
  uint64_t value = 0, byte;
  unsigned shift = 0;
  do {
    byte = *p++;
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80);
  if (shift < 64 && (byte & 0x40))
    value |= ~0ull << shift;
  *at = p;
  return (int64_t)value;
}

static inline int32_t cv_leb_s32(const uint8_t **at) {
  return (int32_t)cv_leb_s64(at);
}

static inline void cv_leb_skip(const uint8_t **at) {
  const uint8_t *p = *at;
  while (*p++ & 0x80) {
  }
  *at = p;
}

#endif
