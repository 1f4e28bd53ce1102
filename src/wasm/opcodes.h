// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// opcodes.h: instruction codes, immediate shapes, and a table of what opcodes.def says of each instruction.
//
// A code is the opcode byte, or prefix << 12 | sub-opcode (0xFC00A is memory.copy). cv_op_index maps the codes onto a
// small dense range, so that any per-instruction table is an array of CV_OP_INDEX_COUNT elements.
#ifndef COVE_WASM_OPCODES_H
#define COVE_WASM_OPCODES_H

#include "base/base.h"

typedef enum cv_opcode {
#define CV_OP(name, code, mnemonic, imm, sig, feature) CV_OPC_##name = code,
#include "wasm/opcodes.def"
} cv_opcode;

// What follows the opcode in the binary format, in this order. u32, s32 and so on are LEB128.
typedef enum cv_imm {
  CV_IMM_NONE = 0,
  CV_IMM_BLOCK = 1,         // block type: 0x40, a value type, or a type index as s33
  CV_IMM_LABEL = 2,         // u32
  CV_IMM_LABELS = 3,        // vector of u32, then the default u32
  CV_IMM_FUNC = 4,          // u32
  CV_IMM_CALL_INDIRECT = 5, // type u32, table u32
  CV_IMM_TYPE = 6,          // u32
  CV_IMM_LOCAL = 7,         // u32
  CV_IMM_GLOBAL = 8,        // u32
  CV_IMM_TABLE = 9,         // u32
  CV_IMM_MEMORY = 10,       // u32
  CV_IMM_TAG = 11,          // u32
  CV_IMM_DATA = 12,         // u32
  CV_IMM_ELEM = 13,         // u32
  CV_IMM_I32 = 14,          // s32
  CV_IMM_I64 = 15,          // s64
  CV_IMM_F32 = 16,          // 4 bytes
  CV_IMM_F64 = 17,          // 8 bytes
  CV_IMM_V128 = 18,         // 16 bytes
  CV_IMM_SHUFFLE = 19,      // 16 bytes, each below 32
  CV_IMM_LANE = 20,         // byte
  CV_IMM_MEMARG = 21,       // alignment u32 (+ 64 when a memory u32 follows), offset u64
  CV_IMM_MEMARG_LANE = 22,  // memarg, byte
  CV_IMM_DATA_MEM = 23,     // data u32, memory u32
  CV_IMM_MEM_MEM = 24,      // destination u32, source u32
  CV_IMM_ELEM_TABLE = 25,   // elem u32, table u32
  CV_IMM_TABLE_TABLE = 26,  // destination u32, source u32
  CV_IMM_HEAP = 27,         // heap type as s33
  CV_IMM_SELECT_TYPES = 28, // vector of value types
  CV_IMM_TRY_TABLE = 29,    // block type, vector of catch clauses (kind byte, [tag u32,] label u32)
  CV_IMM_ZERO = 30,         // byte, zero
  CV_IMM_TYPE_FIELD = 31,   // type u32, field u32
  CV_IMM_TYPE_COUNT = 32,   // type u32, count u32
  CV_IMM_TYPE_DATA = 33,    // type u32, data u32
  CV_IMM_TYPE_ELEM = 34,    // type u32, elem u32
  CV_IMM_TYPE_TYPE = 35,    // destination type u32, source type u32
  CV_IMM_CAST = 36,         // flags byte (1: source nullable, 2: target nullable), label u32, two heap types s33
  CV_IMM_COUNT
} cv_imm;

// Kinds of catch clause of try_table.
enum { CV_CATCH = 0, CV_CATCH_REF = 1, CV_CATCH_ALL = 2, CV_CATCH_ALL_REF = 3 };

// Letters of the signatures in opcodes.def.
#define CV_SIG_I32 "i"
#define CV_SIG_I64 "I"
#define CV_SIG_F32 "f"
#define CV_SIG_F64 "F"
#define CV_SIG_V128 "v"

enum { CV_OP_SIG_SIZE = 8 };

// Without pointers: a table of pointers is written to at every start of a program, to relocate it.
typedef struct cv_op_info {
  uint32_t code;
  uint16_t mnemonic;        // where cv_op_mnemonic finds it; 0 for none
  uint8_t imm;              // cv_imm
  uint8_t feature;          // bit of cv_features
  uint8_t align;            // log2 of the natural alignment; 0 where there is no memarg
  char sig[CV_OP_SIG_SIZE]; // "operands:results", or "*"
} cv_op_info;

// Dense index of a code, a constant expression for constant codes. CV_OP_INDEX_NONE for a sub-opcode or prefix out of
// range; an index in range need not be an instruction (its cv_op_info has no mnemonic).
enum {
  CV_OP_FB_COUNT = 31,
  CV_OP_FC_COUNT = 23,
  CV_OP_FD_COUNT = 0x114,
  CV_OP_FE_COUNT = 0x4f,
  CV_OP_FB_START = 256,
  CV_OP_FC_START = CV_OP_FB_START + CV_OP_FB_COUNT,
  CV_OP_FD_START = CV_OP_FC_START + CV_OP_FC_COUNT,
  CV_OP_FE_START = CV_OP_FD_START + CV_OP_FD_COUNT,
  CV_OP_INDEX_COUNT = CV_OP_FE_START + CV_OP_FE_COUNT,
  CV_OP_INDEX_NONE = CV_OP_INDEX_COUNT,
};
#define CV_OP_INDEX_IN_(code, prefix)                                                                                  \
  (((code) & 0xfff) < CV_OP_##prefix##_COUNT ? CV_OP_##prefix##_START + ((code) & 0xfff) : CV_OP_INDEX_NONE)
#define CV_OP_INDEX(code)                                                                                              \
  ((code) < 0x100         ? (code)                                                                                     \
   : (code) >> 12 == 0xfb ? CV_OP_INDEX_IN_(code, FB)                                                                  \
   : (code) >> 12 == 0xfc ? CV_OP_INDEX_IN_(code, FC)                                                                  \
   : (code) >> 12 == 0xfd ? CV_OP_INDEX_IN_(code, FD)                                                                  \
   : (code) >> 12 == 0xfe ? CV_OP_INDEX_IN_(code, FE)                                                                  \
                          : CV_OP_INDEX_NONE)

static inline uint32_t cv_op_index(uint32_t code) {
  return CV_OP_INDEX(code);
}

// By cv_op_index; an entry without mnemonic is no instruction. The one at CV_OP_INDEX_NONE is such an entry.
extern const cv_op_info cv_op_infos[CV_OP_INDEX_COUNT + 1];

// NULL when no instruction has this code.
static inline const cv_op_info *cv_op_info_of(uint32_t code) {
  const cv_op_info *info = &cv_op_infos[cv_op_index(code)];
  return info->mnemonic != 0 ? info : NULL;
}

// The name of an instruction in the text format; "" for an entry that is no instruction.
const char *cv_op_mnemonic(const cv_op_info *info);

// The first byte of a prefixed instruction; a sub-opcode u32 follows it.
static inline bool cv_op_is_prefix(uint8_t byte) {
  return byte >= 0xfb && byte <= 0xfe;
}

#endif
