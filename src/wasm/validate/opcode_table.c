// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// opcode_table.c: see opcode_table.h.
#include "wasm/validate/opcode_table.h"

#define ROW(code, ...) [CV_OP_INDEX(code)] = {__VA_ARGS__},

const cv_plain cv_plain_ops[CV_OP_INDEX_COUNT] = {
#define CV_UNARY(name, code, mnemonic, input, output, feature, expr)                                                   \
  ROW(code, CV_SHAPE_UNARY, {CV_##input}, CV_##output, 0, 0)
#define CV_BINARY(name, code, mnemonic, input, output, feature, expr)                                                  \
  ROW(code, CV_SHAPE_BINARY, {CV_##input, CV_##input}, CV_##output, 0, 0)
#define CV_UNARY_TRAP(name, code, mnemonic, input, output, feature, fn)                                                \
  ROW(code, CV_SHAPE_UNARY, {CV_##input}, CV_##output, 0, 0)
#define CV_BINARY_TRAP(name, code, mnemonic, input, output, feature, fn)                                               \
  ROW(code, CV_SHAPE_BINARY, {CV_##input, CV_##input}, CV_##output, 0, 0)
#define CV_LOAD(name, code, mnemonic, output, ctype, natural, feature)                                                 \
  ROW(code, CV_SHAPE_LOAD, {0}, CV_##output, 0, natural)
#define CV_STORE(name, code, mnemonic, input, ctype, natural, feature)                                                 \
  ROW(code, CV_SHAPE_STORE, {CV_##input}, 0, 0, natural)
#define CV_SIMD_UNARY(name, code, mnemonic, feature, fn) ROW(code, CV_SHAPE_UNARY, {CV_V128}, CV_V128, 0, 0)
#define CV_SIMD_BINARY(name, code, mnemonic, feature, fn) ROW(code, CV_SHAPE_BINARY, {CV_V128, CV_V128}, CV_V128, 0, 0)
#define CV_SIMD_TERNARY(name, code, mnemonic, feature, fn)                                                             \
  ROW(code, CV_SHAPE_TERNARY, {CV_V128, CV_V128, CV_V128}, CV_V128, 0, 0)
#define CV_SIMD_SHIFT(name, code, mnemonic, feature, fn) ROW(code, CV_SHAPE_BINARY, {CV_V128, CV_I32}, CV_V128, 0, 0)
#define CV_SIMD_TEST(name, code, mnemonic, feature, fn) ROW(code, CV_SHAPE_UNARY, {CV_V128}, CV_I32, 0, 0)
#define CV_SIMD_SPLAT(name, code, mnemonic, input, feature, fn) ROW(code, CV_SHAPE_UNARY, {CV_##input}, CV_V128, 0, 0)
#define CV_SIMD_EXTRACT(name, code, mnemonic, output, vtype, count, feature)                                           \
  ROW(code, CV_SHAPE_LANE1, {CV_V128}, CV_##output, count, 0)
#define CV_SIMD_REPLACE(name, code, mnemonic, input, vtype, count, feature)                                            \
  ROW(code, CV_SHAPE_LANE2, {CV_V128, CV_##input}, CV_V128, count, 0)
#define CV_SIMD_LOAD(name, code, mnemonic, ctype, natural, feature, fn)                                                \
  ROW(code, CV_SHAPE_LOAD, {0}, CV_V128, 0, natural)
#define CV_SIMD_LOAD_LANE(name, code, mnemonic, ctype, vtype, count, natural, feature)                                 \
  ROW(code, CV_SHAPE_LOAD_LANE, {CV_V128}, CV_V128, count, natural)
#define CV_SIMD_STORE_LANE(name, code, mnemonic, ctype, vtype, count, natural, feature)                                \
  ROW(code, CV_SHAPE_STORE_LANE, {CV_V128}, 0, count, natural)
#define CV_ATOMIC_LOAD(name, code, mnemonic, type, ctype, natural, feature)                                            \
  ROW(code, CV_SHAPE_ATOMIC_LOAD, {0}, CV_##type, 0, natural)
#define CV_ATOMIC_STORE(name, code, mnemonic, type, ctype, natural, feature)                                           \
  ROW(code, CV_SHAPE_ATOMIC_STORE, {CV_##type}, 0, 0, natural)
#define CV_ATOMIC_RMW(name, code, mnemonic, type, ctype, natural, feature, op)                                         \
  ROW(code, CV_SHAPE_ATOMIC_RMW, {CV_##type}, CV_##type, 0, natural)
#define CV_ATOMIC_CMPXCHG(name, code, mnemonic, type, ctype, natural, feature)                                         \
  ROW(code, CV_SHAPE_ATOMIC_CMPXCHG, {CV_##type, CV_##type}, CV_##type, 0, natural)
#include "wasm/opcodes.def"
};
