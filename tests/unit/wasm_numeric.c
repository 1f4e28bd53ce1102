// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numeric and vector functions at their edges. The conformance suite has the bulk of the cases; these are the ones
// where compilers, C and the specification disagree, and the fixed meanings of the relaxed operations.
#include <math.h>

#include "wasm/opcodes.h"
#include "wasm/simd.h"
#include "wasm_support.h"

#define SNAN32 0x7fa00000u // signalling
#define QNAN32 0x7fe00000u // the same, quiet

static void divisions(void **state) {
  uint32_t r;
  uint64_t w;
  assert_int_equal(cv_i32_div_s(1, 0, &r), CV_NUM_DIV_ZERO);
  assert_int_equal(cv_i32_div_s(0x80000000, UINT32_MAX, &r), CV_NUM_OVERFLOW);
  assert_int_equal(cv_i32_rem_s(0x80000000, UINT32_MAX, &r), CV_NUM_OK);
  assert_int_equal(r, 0);
  assert_int_equal(cv_i32_rem_s((uint32_t)-7, 2, &r), CV_NUM_OK);
  assert_int_equal(r, (uint32_t)-1);
  assert_int_equal(cv_i32_div_u(0x80000000, UINT32_MAX, &r), CV_NUM_OK);
  assert_int_equal(r, 0);
  assert_int_equal(cv_i64_div_s((uint64_t)INT64_MIN, UINT64_MAX, &w), CV_NUM_OVERFLOW);
  assert_int_equal(cv_i64_rem_s((uint64_t)INT64_MIN, UINT64_MAX, &w), CV_NUM_OK);
  assert_int_equal(w, 0);
  assert_int_equal(cv_i64_rem_u(5, 0, &w), CV_NUM_DIV_ZERO);
}

static void truncations(void **state) {
  static const struct {
    double from;
    cv_num_status s32, u32, s64, u64;
    uint32_t sat_s32, sat_u32;
    uint64_t sat_s64, sat_u64;
  } rows[] = {
      {0.0, 0, 0, 0, 0, 0, 0, 0, 0},
      {-0.9, 0, 0, 0, 0, 0, 0, 0, 0},
      {-1.0, 0, CV_NUM_OVERFLOW, 0, CV_NUM_OVERFLOW, UINT32_MAX, 0, UINT64_MAX, 0},
      {2147483647.9, 0, 0, 0, 0, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX},
      {2147483648.0, CV_NUM_OVERFLOW, 0, 0, 0, INT32_MAX, 1u << 31, 1u << 31, 1u << 31},
      {-2147483648.9, 0, CV_NUM_OVERFLOW, 0, CV_NUM_OVERFLOW, 1u << 31, 0, (uint64_t)INT32_MIN, 0},
      {-2147483649.0, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, 0, CV_NUM_OVERFLOW, 1u << 31, 0, (uint64_t)-2147483649ll, 0},
      {4294967295.9, CV_NUM_OVERFLOW, 0, 0, 0, INT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
      {4294967296.0, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, 0, 0, INT32_MAX, UINT32_MAX, 1ull << 32, 1ull << 32},
      {0x1p63, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, 0, INT32_MAX, UINT32_MAX, INT64_MAX, 1ull << 63},
      {-0x1p63, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, 0, CV_NUM_OVERFLOW, 1u << 31, 0, 1ull << 63, 0},
      {0x1p64, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, INT32_MAX, UINT32_MAX, INT64_MAX,
       UINT64_MAX},
      {INFINITY, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, CV_NUM_OVERFLOW, INT32_MAX, UINT32_MAX, INT64_MAX,
       UINT64_MAX},
      {NAN, CV_NUM_INVALID_CONVERSION, CV_NUM_INVALID_CONVERSION, CV_NUM_INVALID_CONVERSION, CV_NUM_INVALID_CONVERSION,
       0, 0, 0, 0},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    uint32_t r;
    uint64_t w;
    double a = rows[i].from;
    assert_int_equal(cv_i32_trunc_f64_s(a, &r), rows[i].s32);
    assert_int_equal(cv_i32_trunc_f64_u(a, &r), rows[i].u32);
    assert_int_equal(cv_i64_trunc_f64_s(a, &w), rows[i].s64);
    assert_int_equal(cv_i64_trunc_f64_u(a, &w), rows[i].u64);
    assert_int_equal(cv_i32_trunc_sat_f64_s(a), rows[i].sat_s32);
    assert_int_equal(cv_i32_trunc_sat_f64_u(a), rows[i].sat_u32);
    assert_int_equal(cv_i64_trunc_sat_f64_s(a), rows[i].sat_s64);
    assert_int_equal(cv_i64_trunc_sat_f64_u(a), rows[i].sat_u64);
    if (a == (double)(float)a) {
      assert_int_equal(cv_i32_trunc_f32_s((float)a, &r), rows[i].s32);
      assert_int_equal(cv_i64_trunc_f32_u((float)a, &w), rows[i].u64);
      assert_int_equal(cv_i64_trunc_sat_f32_s((float)a), rows[i].sat_s64);
    }
  }
}

// Results as bits: signs of zero and NaN payloads count.
static void floats(void **state) {
  static const struct {
    uint32_t a, b, min, max;
  } pairs[] = {
      {0x80000000, 0x00000000, 0x80000000, 0x00000000},
      {0x00000000, 0x80000000, 0x80000000, 0x00000000},
      {0x3f800000, 0x40000000, 0x3f800000, 0x40000000},
      {0x7f800000, 0xff800000, 0xff800000, 0x7f800000},
      {SNAN32, 0x3f800000, QNAN32, QNAN32},
      {0x3f800000, SNAN32, QNAN32, QNAN32},
      {0x7fc00000, 0x00000000, 0x7fc00000, 0x7fc00000},
  };
  for (size_t i = 0; i < CV_COUNT(pairs); i++) {
    volatile uint32_t a = pairs[i].a, b = pairs[i].b; // computed, not folded
    assert_int_equal(cv_f32_bits(cv_f32_min(cv_f32_of_bits(a), cv_f32_of_bits(b))), pairs[i].min);
    assert_int_equal(cv_f32_bits(cv_f32_max(cv_f32_of_bits(a), cv_f32_of_bits(b))), pairs[i].max);
    cv_v128 x = cv_i32x4_splat(a), y = cv_i32x4_splat(b);
    assert_int_equal(((cv_u32x4)cv_f32x4_min(x, y))[3], pairs[i].min);
    assert_int_equal(((cv_u32x4)cv_f32x4_max(x, y))[0], pairs[i].max);
  }
  volatile uint32_t snan = SNAN32;
  float s = cv_f32_of_bits(snan);
  assert_int_equal(cv_f32_bits(cv_f32_ceil(s)), QNAN32);
  assert_int_equal(cv_f32_bits(cv_f32_floor(s)), QNAN32);
  assert_int_equal(cv_f32_bits(cv_f32_trunc(s)), QNAN32);
  assert_int_equal(cv_f32_bits(cv_f32_nearest(s)), QNAN32);
  assert_int_equal(cv_f32_bits(cv_f32_sqrt(s)), QNAN32);
  assert_int_equal(cv_f32_bits(cv_f32_neg(s)), SNAN32 | 0x80000000);
  assert_int_equal(cv_f32_bits(cv_f32_abs(cv_f32_neg(s))), SNAN32);
  assert_int_equal(cv_f32_bits(cv_f32_copysign(s, -1.0f)), SNAN32 | 0x80000000);
  static const double nearest[][2] = {
      {0.5, 0.0}, {1.5, 2.0}, {2.5, 2.0}, {-0.5, -0.0}, {4503599627370497.5, 4503599627370498.0}};
  for (size_t i = 0; i < CV_COUNT(nearest); i++)
    assert_int_equal(cv_f64_bits(cv_f64_nearest(nearest[i][0])), cv_f64_bits(nearest[i][1]));
  assert_int_equal(cv_f64_bits(cv_f64_ceil(-0.5)), cv_f64_bits(-0.0));
}

static void wide(void **state) {
  cv_i128 sum = cv_i64_add128(UINT64_MAX, 1, 1, 2), difference = cv_i64_sub128(0, 5, 1, 2);
  assert_true(sum.low == 0 && sum.high == 4);
  assert_true(difference.low == UINT64_MAX && difference.high == 2);
  cv_i128 u = cv_i64_mul_wide_u(UINT64_MAX, UINT64_MAX), s = cv_i64_mul_wide_s(UINT64_MAX, UINT64_MAX);
  assert_true(u.low == 1 && u.high == UINT64_MAX - 1);
  assert_true(s.low == 1 && s.high == 0);
}

static cv_v128 bytes(const char *hex) {
  fixture f = {0};
  fixture_hex(&f, hex);
  assert_int_equal(f.size, 16);
  cv_v128 v;
  memcpy(&v, f.bytes, 16);
  free(f.bytes);
  return v;
}

static void vectors(void **state) {
  static const struct {
    const char *name;
    cv_v128 (*fn)(cv_v128, cv_v128);
    const char *a, *b, *result;
  } rows[] = {
      {"swizzle", cv_i8x16_swizzle, "00112233445566778899aabbccddeeff", "0f0e10ff80010000000000000000000f",
       "ffee00000011000000000000000000ff"},
      {"relaxed swizzle", cv_i8x16_relaxed_swizzle, "80112233445566778899aabbccddeeff",
       "0f0e10ff8001000000000000000000 1f", "ffee80000011808080808080808080ff"},
      {"add_sat_s", cv_i8x16_add_sat_s, "7f7f8080010000000000000000000000", "017fff8001000000000000000000 0000",
       "7f7f8080020000000000000000000000"},
      {"sub_sat_s", cv_i8x16_sub_sat_s, "7f80800000000000000000000000 0000", "ff01807f80000000000000000000 0000",
       "7f8000817f0000000000000000000000"},
      {"add_sat_u", cv_i8x16_add_sat_u, "ff80010000000000000000000000 0000", "01800100000000000000000000000000",
       "ffff0200000000000000000000000000"},
      {"sub_sat_u", cv_i16x8_sub_sat_u, "01000200000000000000000000000000", "02000100000000000000000000000000",
       "00000100000000000000000000000000"},
      {"avgr_u", cv_i8x16_avgr_u, "ff00010000000000000000000000 0000", "ff01020000000000000000000000 0000",
       "ff010200000000000000000000000000"},
      {"narrow_s", cv_i8x16_narrow_i16x8_s, "8000 7fff 0001 ff00 0000 0000 0000 0000",
       "00000000000000000000000000000080", "7f80 7f7f 0000 0000 0000 0000 0000 0080"},
      {"narrow_u", cv_i8x16_narrow_i16x8_u, "8000 7fff 0001 ff00 0000 0000 0000 0000",
       "00000000000000000000000000000080", "8000ffff000000000000000000000000"},
      {"q15mulr_sat", cv_i16x8_q15mulr_sat_s, "0080 0040 0000 0000 0000 0000 0000 0000",
       "0080 0040 0000 0000 0000 0000 0000 0000", "ff7f 0020 0000 0000 0000 0000 0000 0000"},
      {"relaxed q15mulr", cv_i16x8_relaxed_q15mulr_s, "0080 0040 0000 0000 0000 0000 0000 0000",
       "0080 0040 0000 0000 0000 0000 0000 0000", "0080 0020 0000 0000 0000 0000 0000 0000"},
      {"dot", cv_i32x4_dot_i16x8_s, "0080 0080 ffff 0200 0000 0000 0000 0000",
       "0080 0080 0300 0400 0000 0000 0000 0000", "00000080 05000000 00000000 00000000"},
      {"relaxed dot", cv_i16x8_relaxed_dot_i8x16_i7x16_s, "7f7f 8080 0102 0000 0000 0000 0000 0000",
       "ffff ffff 0304 0000 0000 0000 0000 0000", "ff7f 0080 0b00 0000 0000 0000 0000 0000"},
      {"extmul_high_u", cv_i16x8_extmul_high_i8x16_u, "0000000000000000 ff02000000000000",
       "0000000000000000 ff03000000000000", "01fe 0600 0000 0000 0000 0000 0000 0000"},
      {"relaxed_min keeps the second", cv_f32x4_relaxed_min, "00000080 0000c07f 0000803f 00000040",
       "00000000 0000803f 0000c07f 0000803f", "00000000 0000803f 0000c07f 0000803f"},
      {"pmin keeps the first", cv_f32x4_pmin, "00000080 0000c07f 0000803f 00000040",
       "00000000 0000803f 0000c07f 0000803f", "00000080 0000c07f 0000803f 0000803f"},
  };
  for (size_t i = 0; i < CV_COUNT(rows); i++) {
    cv_v128 got = rows[i].fn(bytes(rows[i].a), bytes(rows[i].b)), want = bytes(rows[i].result);
    if (memcmp(&got, &want, 16) != 0)
      fail_msg("%s", rows[i].name);
  }
  cv_v128 big = cv_f32x4_splat(3e9f), zero = cv_i32x4_splat(0);
  assert_int_equal(((cv_u32x4)cv_i32x4_relaxed_trunc_f32x4_s(big))[1], 0x80000000);
  assert_int_equal(((cv_u32x4)cv_i32x4_trunc_sat_f32x4_s(big))[1], 0x7fffffff);
  assert_int_equal(((cv_u32x4)cv_i32x4_relaxed_trunc_f32x4_u(big))[1], 3000000000u);
  assert_int_equal(cv_i8x16_bitmask(bytes("80007f ff000000000000000000000080")), 0x8009);
  assert_int_equal(cv_i16x8_all_true(zero), 0);
  assert_int_equal(cv_i64x2_all_true(cv_i64x2_splat(1)), 1);
  assert_int_equal(((cv_u64x2)cv_i64x2_shl(cv_i64x2_splat(1), 65))[0], 2);
  assert_int_equal(((cv_u8x16)cv_i8x16_shr_s(cv_i8x16_splat(0x80), 15))[5], 0xff);
  assert_int_equal(((cv_u64x2)cv_v128_load32x2_s(0x80000000ffffffff))[0], UINT64_MAX);
}

static void opcode_table(void **state) {
  assert_string_equal(cv_op_mnemonic(cv_op_info_of(CV_OPC_MEMORY_COPY)), "memory.copy");
  assert_int_equal(cv_op_info_of(CV_OPC_MEMORY_COPY)->imm, CV_IMM_MEM_MEM);
  assert_string_equal(cv_op_info_of(CV_OPC_I64_ATOMIC_RMW32_CMPXCHG_U)->sig, "aII:I");
  assert_int_equal(cv_op_info_of(CV_OPC_I64_ATOMIC_RMW32_CMPXCHG_U)->align, 2);
  assert_null(cv_op_info_of(0x27));
  assert_null(cv_op_info_of(0xfd09a));
  assert_null(cv_op_info_of(0xfdfff));
  assert_null(cv_op_info_of(0x12345));
  unsigned count = 0;
  for (uint32_t i = 0; i < CV_OP_INDEX_COUNT; i++) {
    if (cv_op_infos[i].mnemonic == 0)
      continue;
    assert_int_equal(cv_op_index(cv_op_infos[i].code), i);
    count++;
  }
  unsigned rows = 0;
#define CV_OP(name, code, mnemonic, imm, sig, feature) rows++;
#include "wasm/opcodes.def"
  assert_int_equal(count, rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(divisions), cmocka_unit_test(truncations), cmocka_unit_test(floats),
      cmocka_unit_test(wide),      cmocka_unit_test(vectors),     cmocka_unit_test(opcode_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
