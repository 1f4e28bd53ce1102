// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// base.h: what every room may assume: fixed-width types, attributes, checked arithmetic, bit counts.
// No operating system, no WebAssembly.
#ifndef COVE_BASE_BASE_H
#define COVE_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CV_MUST_USE __attribute__((warn_unused_result))
#define CV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CV_COLD __attribute__((cold, noinline))
#define CV_NORETURN __attribute__((noreturn))
#define CV_LIKELY(x) __builtin_expect(!!(x), 1)
#define CV_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define CV_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CV_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define CV_MIN(a, b) ((a) < (b) ? (a) : (b))
#define CV_MAX(a, b) ((a) > (b) ? (a) : (b))

// A borrowed run of bytes; not terminated. Names of the binary format are such runs, in valid UTF-8.
typedef struct cv_bytes {
  const uint8_t *data;
  size_t size;
} cv_bytes;

#define CV_BYTES_LITERAL(s) ((cv_bytes){(const uint8_t *)(s), sizeof(s) - 1})

static inline cv_bytes cv_bytes_of(const char *s) {
  return (cv_bytes){(const uint8_t *)s, strlen(s)};
}
static inline bool cv_bytes_equal(cv_bytes a, cv_bytes b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

// Checked arithmetic: true when the result did not fit (and *out is then unspecified).
#define cv_add_overflows(a, b, out) __builtin_add_overflow((a), (b), (out))
#define cv_sub_overflows(a, b, out) __builtin_sub_overflow((a), (b), (out))
#define cv_mul_overflows(a, b, out) __builtin_mul_overflow((a), (b), (out))

// True when [start, start + len) lies inside [0, limit); no intermediate overflow.
static inline bool cv_range_fits(uint64_t start, uint64_t len, uint64_t limit) {
  return start <= limit && len <= limit - start;
}

static inline uint64_t cv_align_up(uint64_t v, uint64_t power_of_two) {
  return (v + power_of_two - 1) & ~(power_of_two - 1);
}

// Unaligned little-endian access; compiles to one instruction on little-endian machines.
#define CV_DEFINE_LE(bits)                                                                                             \
  static inline uint##bits##_t cv_load_le##bits(const void *p) {                                                       \
    uint##bits##_t v;                                                                                                  \
    memcpy(&v, p, sizeof v);                                                                                           \
    return v;                                                                                                          \
  }                                                                                                                    \
  static inline void cv_store_le##bits(void *p, uint##bits##_t v) {                                                    \
    memcpy(p, &v, sizeof v);                                                                                           \
  }
CV_DEFINE_LE(16)
CV_DEFINE_LE(32)
CV_DEFINE_LE(64)
#undef CV_DEFINE_LE
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "cove supports little-endian hosts only"
#endif

#endif
