// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// skip.h: steps over parts of code that has been validated, without looking at it again. For passes that run or compile
// code in place.
#ifndef COVE_WASM_BINARY_SKIP_H
#define COVE_WASM_BINARY_SKIP_H

#include "base/leb.h"
#include "wasm/opcodes.h"
#include "wasm/types.h"

// A value type: a byte, and the heap type of a reference written in two parts.
static inline void cv_skip_val_type(const uint8_t **at) {
  uint8_t byte = *(*at)++;
  if (byte == CV_KIND_REF || byte == CV_KIND_REF_NULL)
    cv_leb_skip(at);
}

// A block type: a value type, 0x40, or a type index in one byte or more.
static inline void cv_skip_block_type(const uint8_t **at) {
  if (**at & 0x80)
    cv_leb_skip(at);
  else
    cv_skip_val_type(at);
}

// `count` clauses of a try_table.
static inline void cv_skip_catches(const uint8_t **at, uint32_t count) {
  for (; count != 0; count--) {
    uint8_t kind = *(*at)++;
    if (kind == CV_CATCH || kind == CV_CATCH_REF)
      cv_leb_skip(at);
    cv_leb_skip(at);
  }
}

// The immediates of an instruction, a cv_imm of opcodes.h.
void cv_skip_immediates(const uint8_t **at, unsigned imm);

#endif
