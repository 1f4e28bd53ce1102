// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text_number.c: literals to bits and back.
#include "text_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "wasm/text/number.h"

static const struct {
  const char *literal;
  uint64_t f32, f64; // UINT64_MAX: out of range
} floats[] = {
    {"0", 0, 0},
    {"-0.0", 0x80000000, 0x8000000000000000},
    {"1", 0x3f800000, 0x3ff0000000000000},
    {"1_000.5e-1_0", 0x33d6db12, 0x3e7adb6236b7ea40},
    {"0.1", 0x3dcccccd, 0x3fb999999999999a},
    {"+inf", 0x7f800000, 0x7ff0000000000000},
    {"-inf", 0xff800000, 0xfff0000000000000},
    {"nan", 0x7fc00000, 0x7ff8000000000000},
    {"-nan:0x1", 0xff800001, 0xfff0000000000001},
    {"nan:0x80_0000", UINT64_MAX, 0x7ff0000000800000},
    {"nan:0x0", UINT64_MAX, UINT64_MAX},
    {"0x1p-149", 0x00000001, 0x36a0000000000000},
    {"0x1p-150", 0x00000000, 0x3690000000000000},        // half of the least: ties to even
    {"0x1.000001p-150", 0x00000001, 0x3690000010000000}, // just over it
    {"0x1.fffffep127", 0x7f7fffff, 0x47efffffe0000000},
    {"0x1.ffffffp127", UINT64_MAX, 0x47effffff0000000}, // rounds up to infinity
    {"0x1.fffffefffffffp127", 0x7f7fffff, 0x47efffffefffffff},
    {"1e39", UINT64_MAX, 0x48078287f49c4a1d},
    {"1e309", UINT64_MAX, UINT64_MAX},
    {"1e-1000000000000", 0, 0},
    {"1e1000000000000", UINT64_MAX, UINT64_MAX},
    {"0x1p99999999999999999999", UINT64_MAX, UINT64_MAX},
    {"2.2250738585072011e-308", 0, 0x000fffffffffffff},
    {"4.9406564584124654e-324", 0, 0x0000000000000001},
    {"2.4703282292062327e-324", 0, 0x0000000000000000}, // just under half of the least
    {"2.4703282292062328e-324", 0, 0x0000000000000001},
    {"9007199254740993", 0x5a000000, 0x4340000000000000}, // 2^53 + 1: a tie
    {"9007199254740993.0000000000000000000000001", 0x5a000000, 0x4340000000000001},
    {"16777217", 0x4b800000, 0x4170000010000000},
    {"0x0.000000000000000000000001p96", 0x3f800000, 0x3ff0000000000000},
    {"0x80000000000000000000000000000001p-127", 0x3f800000, 0x3ff0000000000000},
};

static void read_floats(void **state) {
  for (size_t i = 0; i < CV_COUNT(floats); i++) {
    uint64_t f32 = UINT64_MAX, f64 = UINT64_MAX;
    bool ok32 = cv_text_float(cv_bytes_of(floats[i].literal), 32, &f32);
    bool ok64 = cv_text_float(cv_bytes_of(floats[i].literal), 64, &f64);
    if (f32 != floats[i].f32 || f64 != floats[i].f64)
      print_error("%s: 0x%llx 0x%llx\n", floats[i].literal, (unsigned long long)f32, (unsigned long long)f64);
    assert_true(f32 == floats[i].f32);
    assert_true(f64 == floats[i].f64);
    assert_true(ok32 == (f32 != UINT64_MAX) && ok64 == (f64 != UINT64_MAX));
  }
}

// A decimal of many digits: the digits beyond those that can matter still break a tie.
static void read_long_decimals(void **state) {
  char text[2000];
  uint64_t v;
  int n = snprintf(text, sizeof text, "9007199254740993.");
  memset(text + n, '0', 1500);
  text[n + 1500] = '\0';
  assert_true(cv_text_float(cv_bytes_of(text), 64, &v));
  assert_true(v == 0x4340000000000000);
  text[n + 1499] = '1';
  assert_true(cv_text_float(cv_bytes_of(text), 64, &v));
  assert_true(v == 0x4340000000000001);
}

static const struct {
  const char *literal;
  unsigned bits;
  bool ok;
  uint64_t value;
} integers[] = {
    {"0", 32, true, 0},
    {"4294967295", 32, true, 0xffffffff},
    {"4294967296", 32, false, 0},
    {"-2147483648", 32, true, 0x80000000},
    {"-2147483649", 32, false, 0},
    {"-0x8000_0000", 32, true, 0x80000000},
    {"0xffff_ffff_ffff_ffff", 64, true, UINT64_MAX},
    {"18446744073709551616", 64, false, 0},
    {"-9223372036854775808", 64, true, (uint64_t)1 << 63},
    {"-9223372036854775809", 64, false, 0},
    {"255", 8, true, 255},
    {"256", 8, false, 0},
    {"-128", 8, true, 0x80},
    {"-129", 8, false, 0},
    {"+65535", 16, true, 0xffff},
};

static void read_integers(void **state) {
  for (size_t i = 0; i < CV_COUNT(integers); i++) {
    uint64_t v = 0;
    bool ok = cv_text_int(cv_bytes_of(integers[i].literal), integers[i].bits, &v);
    if (ok != integers[i].ok || v != integers[i].value)
      print_error("%s: %d 0x%llx\n", integers[i].literal, ok, (unsigned long long)v);
    assert_true(ok == integers[i].ok && v == integers[i].value);
  }
}

static uint64_t next_random(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  return *seed ^= *seed << 17;
}

static void check_print(uint64_t value, unsigned bits) {
  uint8_t text[128];
  cv_buf out = {.data = text, .capacity = sizeof text};
  cv_text_print_float(&out, value, bits);
  uint64_t back = 0;
  bool ok = cv_text_float((cv_bytes){text, out.size}, bits, &back);
  if (!ok || back != value)
    print_error("0x%llx printed as %.*s\n", (unsigned long long)value, (int)out.size, text);
  assert_true(ok && back == value);
}

static void print_and_read(void **state) {
  uint64_t seed = 88172645463325252u;
  for (size_t i = 0; i < CV_COUNT(floats); i++) {
    if (floats[i].f32 != UINT64_MAX)
      check_print(floats[i].f32, 32);
    if (floats[i].f64 != UINT64_MAX)
      check_print(floats[i].f64, 64);
  }
  for (unsigned i = 0; i < 20000; i++) {
    check_print(next_random(&seed) >> 32, 32);
    check_print(next_random(&seed), 64);
  }
}

// Agrees with the C library, which rounds correctly in the C locale.
static void agree_with_strtod(void **state) {
  uint64_t seed = 1234567891234567u;
  for (unsigned i = 0; i < 20000; i++) {
    char text[64];
    snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)next_random(&seed),
             (unsigned long long)next_random(&seed), (int)(next_random(&seed) % 640) - 340);
    double d = strtod(text, NULL);
    float f = strtof(text, NULL);
    uint64_t want = 0, got = UINT64_MAX, got32 = UINT64_MAX;
    uint32_t want32;
    memcpy(&want, &d, sizeof want);
    memcpy(&want32, &f, sizeof want32);
    bool ok = cv_text_float(cv_bytes_of(text), 64, &got), ok32 = cv_text_float(cv_bytes_of(text), 32, &got32);
    assert_true(ok ? got == want : want == 0x7ff0000000000000);
    assert_true(ok32 ? got32 == want32 : want32 == 0x7f800000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read_floats),    cmocka_unit_test(read_long_decimals), cmocka_unit_test(read_integers),
      cmocka_unit_test(print_and_read), cmocka_unit_test(agree_with_strtod),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
