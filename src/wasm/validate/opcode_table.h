// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// opcode_table.h: operand types of the plain instructions, an expansion of opcodes.def; internal to wasm/validate.
#ifndef COVE_WASM_VALIDATE_OPCODE_TABLE_H
#define COVE_WASM_VALIDATE_OPCODE_TABLE_H

#include "wasm/opcodes.h"
#include "wasm/types.h"

typedef enum cv_shape {
  CV_SHAPE_OTHER = 0, // by a function of its own
  CV_SHAPE_UNARY,
  CV_SHAPE_BINARY,
  CV_SHAPE_TERNARY,
  CV_SHAPE_LANE1, // a lane index and one operand
  CV_SHAPE_LANE2,
  CV_SHAPE_LOAD,
  CV_SHAPE_STORE,
  CV_SHAPE_LOAD_LANE,
  CV_SHAPE_STORE_LANE,
  CV_SHAPE_ATOMIC_LOAD, // atomics: alignment must be natural
  CV_SHAPE_ATOMIC_STORE,
  CV_SHAPE_ATOMIC_RMW,
  CV_SHAPE_ATOMIC_CMPXCHG,
} cv_shape;

// Types are kind bytes, which the number types are as value types too; 0 is none. Addresses are not among the
// operands.
typedef struct cv_plain {
  uint8_t shape; // cv_shape
  uint8_t in[3]; // in the order of the stack
  uint8_t out;
  uint8_t lanes; // lane indices are below
  uint8_t align; // log2 of the natural alignment
} cv_plain;

extern const cv_plain cv_plain_ops[CV_OP_INDEX_COUNT]; // by cv_op_index

#endif
