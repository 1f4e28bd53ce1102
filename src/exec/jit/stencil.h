// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stencil.h: copies stencils and fills their holes. Knows the table of stencils and the kinds of hole, nothing of what
// an instruction means; stencils/abi.h has the contract that the copied code keeps.
//
// Use: find the stencil (cv_stencil_of_opcode, or one of CV_STENCIL_X_...), move the operands into the registers of the
// contract, make room for `size` bytes, cv_stencil_copy, then go through the holes that name a place and note them. A
// place's field already holds what is to be added (-1 when one byte of immediate follows it), so it is completed by
// cv_stencil_patch_place wherever the code then lies.
#ifndef COVE_EXEC_JIT_STENCIL_H
#define COVE_EXEC_JIT_STENCIL_H

#include "base/base.h"
#include "exec/jit/stencils/abi.h"
#include "exec/jit/stencils/x64_ids.h"

typedef struct cv_stencil_hole {
  uint16_t at;   // offset of the field in the stencil
  uint16_t kind; // cv_hole
  uint16_t pool; // CV_HOLE_POOL: offset in the pool
} cv_stencil_hole;

typedef struct cv_stencil_code {
  const uint8_t *bytes;
  const cv_stencil_hole *holes; // by rising offset
  uint16_t size;                // bytes
  uint16_t hole_count;
  uint16_t clobbers; // CV_CLOBBER_...
} cv_stencil_code;

// What a field of a single instruction names.
typedef enum cv_stencil_role {
  CV_ROLE_NONE = 0,
  CV_ROLE_RESULT = 1,
  CV_ROLE_DIGIT = 2,    // the reg field is a part of the opcode
  CV_ROLE_OPERAND0 = 3, // operand n of the instruction of WebAssembly, deepest first
  CV_ROLE_OPERAND1 = 4,
} cv_stencil_role;

enum {
  CV_INSN_IMM = 1,      // a byte of immediate follows
  CV_INSN_IMM_HOLE = 2, // and it is CV_HOLE_IMM8
};

// A stencil that is one instruction between registers, for an emitter that can choose them.
typedef struct cv_stencil_insn {
  uint32_t op; // mandatory prefix << 16 | opcode map << 8 | opcode byte
  uint8_t w;
  struct {
    uint8_t reg, vvvv, rm; // cv_stencil_role; vvvv is none in legacy encodings
  } roles;
  uint8_t digit;
  int8_t overwrites; // operand that is in the result's register before, -1 for none
  uint8_t flags;     // CV_INSN_...
  uint8_t imm;
} cv_stencil_insn;

// Values of the immediates, by kind; those that a stencil has no hole for are ignored.
typedef struct cv_stencil_values {
  uint64_t imm8;     // up to 255
  uint64_t imm64[4]; // CV_HOLE_IMM64_A to D
} cv_stencil_values;

// The best level of this CPU.
cv_stencil_level cv_stencil_cpu_level(void);

cv_stencil_code cv_stencil_get(cv_stencil_level level, uint32_t id);

// NULL when the stencil is more than one instruction, or one on memory or without vector registers.
const cv_stencil_insn *cv_stencil_single(cv_stencil_level level, uint32_t id);

// The stencil of an instruction; `lane` is its lane immediate, 0 without one. False when there is none.
bool cv_stencil_of_opcode(uint32_t opcode, unsigned lane, uint32_t *id);

// What i8x16.shuffle by these lanes is best made of, with its immediates; operands and result as of the instruction.
uint32_t cv_stencil_shuffle(const uint8_t lanes[16], cv_stencil_values *values);

// A shift of vectors by a constant. False when the opcode is none.
bool cv_stencil_shift_const(uint32_t opcode, uint32_t count, uint32_t *id, cv_stencil_values *values);

// Copies `code` to `at`, which has room for code->size bytes, and fills the holes for immediates. Returns the end of
// the copy, or NULL when a value does not fit its hole.
CV_MUST_USE uint8_t *cv_stencil_copy(uint8_t *at, const cv_stencil_code *code, const cv_stencil_values *values);

// Fill one hole. False, and nothing written, when the value does not fit the field.
CV_MUST_USE bool cv_stencil_patch_imm8(uint8_t *field, uint64_t value);
void cv_stencil_patch_imm64(uint8_t *field, uint64_t value);
// `runs_at` is where the field is when the code runs, `target` the place meant. Once only for each field.
CV_MUST_USE bool cv_stencil_patch_place(uint8_t *field, uint64_t runs_at, uint64_t target);

// Constants that CV_HOLE_POOL refers to; each code region that uses them holds a copy at a multiple of 16.
extern const uint8_t *const cv_stencil_pool;
extern const size_t cv_stencil_pool_size;

#endif
