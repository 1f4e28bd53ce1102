// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// skip.c: steps over the immediates of validated instructions.
#include "wasm/binary/skip.h"

void cv_skip_immediates(const uint8_t **at, unsigned imm) {
  switch (imm) {
  case CV_IMM_NONE:
    break;
  case CV_IMM_LABELS:
    for (uint32_t n = cv_leb_u32(at) + 1; n > 0; n--)
      cv_leb_skip(at);
    break;
  case CV_IMM_F32:
    *at += 4;
    break;
  case CV_IMM_F64:
    *at += 8;
    break;
  case CV_IMM_V128:
  case CV_IMM_SHUFFLE:
    *at += 16;
    break;
  case CV_IMM_LANE:
  case CV_IMM_ZERO:
    *at += 1;
    break;
  case CV_IMM_MEMARG:
  case CV_IMM_MEMARG_LANE: {
    uint32_t align = cv_leb_u32(at);
    if (align & 64)
      cv_leb_skip(at);
    cv_leb_skip(at);
    *at += imm == CV_IMM_MEMARG_LANE;
    break;
  }
  case CV_IMM_BLOCK:
    cv_skip_block_type(at);
    break;
  case CV_IMM_TRY_TABLE:
    cv_skip_block_type(at);
    cv_skip_catches(at, cv_leb_u32(at));
    break;
  case CV_IMM_SELECT_TYPES:
    for (uint32_t n = cv_leb_u32(at); n > 0; n--)
      cv_skip_val_type(at);
    break;
  case CV_IMM_CALL_INDIRECT:
  case CV_IMM_DATA_MEM:
  case CV_IMM_MEM_MEM:
  case CV_IMM_ELEM_TABLE:
  case CV_IMM_TABLE_TABLE:
  case CV_IMM_TYPE_FIELD:
  case CV_IMM_TYPE_COUNT:
  case CV_IMM_TYPE_DATA:
  case CV_IMM_TYPE_ELEM:
  case CV_IMM_TYPE_TYPE:
    cv_leb_skip(at);
    cv_leb_skip(at);
    break;
  case CV_IMM_CAST:
    *at += 1;
    cv_leb_skip(at);
    cv_leb_skip(at);
    cv_leb_skip(at);
    break;
  default:
    cv_leb_skip(at);
    break;
  }
}
