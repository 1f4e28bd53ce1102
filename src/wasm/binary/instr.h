// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// instr.h: one instruction with its immediates, read from the binary format with all checks, for passes that look at
// instructions one by one: constant expressions, printing, the rarer cases of validation.
#ifndef COVE_WASM_BINARY_INSTR_H
#define COVE_WASM_BINARY_INSTR_H

#include "wasm/binary/reader.h"
#include "wasm/opcodes.h"

// The type of a block: no values, one result, or a function type.
typedef struct cv_block_type {
  uint32_t index;    // of the function type, or CV_NO_TYPE
  cv_valtype result; // without function type: the result, CV_BOT for none
} cv_block_type;

typedef struct cv_memarg {
  uint32_t memory;
  uint32_t align; // log2
  uint64_t offset;
} cv_memarg;

typedef struct cv_catch_clause {
  uint8_t kind;        // CV_CATCH*
  uint32_t tag, label; // no tag for the catch_all kinds
} cv_catch_clause;

// Which fields are set depends on info->imm.
typedef struct cv_instr {
  const cv_op_info *info;
  uint32_t code;
  uint32_t offset;     // of the opcode in the module
  uint32_t index;      // first index: label, function, type, local, ...; destination of a copy
  uint32_t index2;     // second index, or the count of TYPE_COUNT
  uint32_t heap[2];    // HEAP, CAST
  uint8_t lane;        // LANE, MEMARG_LANE; the flags of CAST
  uint64_t bits;       // I32 (sign-extended), I64, F32, F64
  cv_memarg memarg;    // MEMARG, MEMARG_LANE
  cv_block_type block; // BLOCK, TRY_TABLE
  uint32_t count;      // LABELS without the default, SELECT_TYPES, TRY_TABLE
  // V128, SHUFFLE: the 16 bytes. LABELS, SELECT_TYPES, TRY_TABLE: the elements in the binary format, to be read again
  // by cv_leb_u32 (LABELS: count + 1 of them), cv_read_val_type or cv_read_catch.
  const uint8_t *bytes;
} cv_instr;

CV_MUST_USE cv_status cv_read_block_type(cv_reader *r, cv_block_type *out);
CV_MUST_USE cv_status cv_read_memarg(cv_reader *r, cv_memarg *out);
CV_MUST_USE cv_status cv_read_catch(cv_reader *r, cv_catch_clause *out);
// The code of an instruction: its byte, or prefix and sub-opcode. "illegal opcode" when there is none.
CV_MUST_USE cv_status cv_read_opcode(cv_reader *r, uint32_t *code);
// The opcode, then the immediates.
CV_MUST_USE cv_status cv_read_instr(cv_reader *r, cv_instr *out);

// An s32 or s64 of at most four bytes, which is well-formed whatever they are: the place after it, or NULL when it may
// be longer.
static inline const uint8_t *cv_short_leb(const uint8_t *at, const uint8_t *end) {
  if (CV_UNLIKELY(end - at < 4))
    return NULL;
  return at[0] < 0x80 ? at + 1 : at[1] < 0x80 ? at + 2 : at[2] < 0x80 ? at + 3 : at[3] < 0x80 ? at + 4 : NULL;
}

// The place after a constant expression in its commonest form, one short i32.const or i64.const; NULL when it is not
// that. Modules with many data segments consist of these.
static inline const uint8_t *cv_plain_const(const uint8_t *at, const uint8_t *end) {
  if (end - at < 6 || (at[0] != CV_OPC_I32_CONST && at[0] != CV_OPC_I64_CONST))
    return NULL;
  const uint8_t *after = cv_short_leb(at + 1, end);
  return after != NULL && after < end && *after == CV_OPC_END ? after + 1 : NULL;
}

#endif
