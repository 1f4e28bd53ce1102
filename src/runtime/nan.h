// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nan.h: which instructions can make a NaN, for the option that makes every such NaN the canonical one. Instructions
// that only move or change the sign of a number (abs, neg, copysign, pmin, pmax, loads, reinterpretation) keep theirs.
#ifndef COVE_RUNTIME_NAN_H
#define COVE_RUNTIME_NAN_H

#include "wasm/opcodes.h"

typedef enum cv_nan_lanes { CV_NAN_NONE, CV_NAN_F32, CV_NAN_F64, CV_NAN_F32X4, CV_NAN_F64X2 } cv_nan_lanes;

#define CV_CANONICAL_NAN_F32 0x7fc00000u
#define CV_CANONICAL_NAN_F64 0x7ff8000000000000ull

// What the result is to be looked through as.
static inline cv_nan_lanes cv_nan_made_by(uint32_t code) {
  switch (code) {
  case CV_OPC_F32_CEIL:
  case CV_OPC_F32_FLOOR:
  case CV_OPC_F32_TRUNC:
  case CV_OPC_F32_NEAREST:
  case CV_OPC_F32_SQRT:
  case CV_OPC_F32_ADD:
  case CV_OPC_F32_SUB:
  case CV_OPC_F32_MUL:
  case CV_OPC_F32_DIV:
  case CV_OPC_F32_MIN:
  case CV_OPC_F32_MAX:
  case CV_OPC_F32_DEMOTE_F64:
    return CV_NAN_F32;
  case CV_OPC_F64_CEIL:
  case CV_OPC_F64_FLOOR:
  case CV_OPC_F64_TRUNC:
  case CV_OPC_F64_NEAREST:
  case CV_OPC_F64_SQRT:
  case CV_OPC_F64_ADD:
  case CV_OPC_F64_SUB:
  case CV_OPC_F64_MUL:
  case CV_OPC_F64_DIV:
  case CV_OPC_F64_MIN:
  case CV_OPC_F64_MAX:
  case CV_OPC_F64_PROMOTE_F32:
    return CV_NAN_F64;
  case CV_OPC_F32X4_CEIL:
  case CV_OPC_F32X4_FLOOR:
  case CV_OPC_F32X4_TRUNC:
  case CV_OPC_F32X4_NEAREST:
  case CV_OPC_F32X4_SQRT:
  case CV_OPC_F32X4_ADD:
  case CV_OPC_F32X4_SUB:
  case CV_OPC_F32X4_MUL:
  case CV_OPC_F32X4_DIV:
  case CV_OPC_F32X4_MIN:
  case CV_OPC_F32X4_MAX:
  case CV_OPC_F32X4_DEMOTE_F64X2_ZERO:
  case CV_OPC_F32X4_RELAXED_MADD:
  case CV_OPC_F32X4_RELAXED_NMADD:
  case CV_OPC_F32X4_RELAXED_MIN:
  case CV_OPC_F32X4_RELAXED_MAX:
    return CV_NAN_F32X4;
  case CV_OPC_F64X2_CEIL:
  case CV_OPC_F64X2_FLOOR:
  case CV_OPC_F64X2_TRUNC:
  case CV_OPC_F64X2_NEAREST:
  case CV_OPC_F64X2_SQRT:
  case CV_OPC_F64X2_ADD:
  case CV_OPC_F64X2_SUB:
  case CV_OPC_F64X2_MUL:
  case CV_OPC_F64X2_DIV:
  case CV_OPC_F64X2_MIN:
  case CV_OPC_F64X2_MAX:
  case CV_OPC_F64X2_PROMOTE_LOW_F32X4:
  case CV_OPC_F64X2_RELAXED_MADD:
  case CV_OPC_F64X2_RELAXED_NMADD:
  case CV_OPC_F64X2_RELAXED_MIN:
  case CV_OPC_F64X2_RELAXED_MAX:
    return CV_NAN_F64X2;
  default:
    return CV_NAN_NONE;
  }
}

#endif
