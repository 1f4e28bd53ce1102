// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// emit.h: the x86-64 assembler: one inline function per shape of instruction. The instruction itself is a number that
// CV_X86 packs: mandatory prefix, opcode map, opcode byte. Registers are cv_reg (abi.h): 0 to 15 general, 16 to 31 xmm.
//
// Invariants: nothing here checks for room; whoever emits asks for it (cv_emit_room) before. When there is none, `full`
// is set and the output restarts at the buffer's beginning, so that writing stays inside while the caller unwinds.
#ifndef COVE_EXEC_CODE_EMIT_H
#define COVE_EXEC_CODE_EMIT_H

#include "exec/code/abi.h"

typedef struct cv_emit {
  uint8_t *p;           // next byte
  uint8_t *start, *end; // the buffer
  bool full;
  bool avx; // use VEX encodings
} cv_emit;

enum { CV_EMIT_SLACK = 4096 }; // bytes that are always free behind `end`

static inline void cv_emit_room(cv_emit *e, size_t bytes) {
  if (CV_UNLIKELY((size_t)(e->end - e->p) < bytes)) {
    e->full = true;
    e->p = e->start;
  }
}
static inline uint32_t cv_emit_at(const cv_emit *e) {
  return (uint32_t)(e->p - e->start);
}
static inline void e8(cv_emit *e, unsigned v) {
  *e->p++ = (uint8_t)v;
}
static inline void e32(cv_emit *e, uint32_t v) {
  cv_store_le32(e->p, v);
  e->p += 4;
}
static inline void e64(cv_emit *e, uint64_t v) {
  cv_store_le64(e->p, v);
  e->p += 8;
}

// prefix: 0, 0x66, 0xf2, 0xf3; map: 0 one byte, 1 0F, 2 0F38, 3 0F3A. CV_X86_BYTE: the register operands are bytes, so
// that spl to dil need a REX prefix.
#define CV_X86(prefix, map, opcode) ((uint32_t)(prefix) << 16 | (uint32_t)(map) << 8 | (opcode))
#define CV_X86_BYTE (1u << 24)

// An address: [base + index * 2^scale + disp]. base CV_NO_REG with rip: see cv_emit_rip.
enum { CV_NO_REG = 0xff };
typedef struct cv_addr {
  uint8_t base, index, scale;
  int32_t disp;
} cv_addr;
static inline cv_addr cv_at(unsigned base, int32_t disp) {
  return (cv_addr){(uint8_t)base, CV_NO_REG, 0, disp};
}

static inline void cv_emit_opcode(cv_emit *e, uint32_t op, unsigned w, unsigned r, unsigned x, unsigned b, bool force) {
  unsigned prefix = op >> 16 & 0xff, map = op >> 8 & 0xff;
  if (prefix)
    e8(e, prefix);
  unsigned rex = 0x40 | w << 3 | (r >> 3 & 1) << 2 | (x >> 3 & 1) << 1 | (b >> 3 & 1);
  if (rex != 0x40 || force)
    e8(e, rex);
  if (map) {
    e8(e, 0x0f);
    if (map == 2)
      e8(e, 0x38);
    else if (map == 3)
      e8(e, 0x3a);
  }
  e8(e, op);
}

static inline bool cv_emit_forces_rex(uint32_t op, unsigned reg) {
  return (op & CV_X86_BYTE) && reg >= 4;
}

// op reg, rm (in the direction that the opcode has)
static inline void cv_emit_rr(cv_emit *e, uint32_t op, unsigned w, unsigned reg, unsigned rm) {
  reg &= 15, rm &= 15;
  cv_emit_opcode(e, op, w, reg, 0, rm, (op & CV_X86_BYTE) && (reg >= 4 || rm >= 4));
  e8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void cv_emit_modrm(cv_emit *e, unsigned reg, cv_addr a) {
  unsigned r = (reg & 7) << 3, base = a.base & 7;
  bool sib = a.index != CV_NO_REG || base == 4;
  unsigned mod = a.disp == 0 && base != 5 ? 0 : a.disp == (int8_t)a.disp ? 0x40 : 0x80;
  e8(e, mod | r | (sib ? 4 : base));
  if (sib)
    e8(e, (unsigned)a.scale << 6 | (a.index == CV_NO_REG ? 4 : a.index & 7) << 3 | base);
  if (mod == 0x40)
    e8(e, (uint8_t)a.disp);
  else if (mod == 0x80)
    e32(e, (uint32_t)a.disp);
}

// op reg, [a]
static inline void cv_emit_rm(cv_emit *e, uint32_t op, unsigned w, unsigned reg, cv_addr a) {
  reg &= 15;
  cv_emit_opcode(e, op, w, reg, a.index == CV_NO_REG ? 0 : a.index, a.base, cv_emit_forces_rex(op, reg));
  cv_emit_modrm(e, reg, a);
}

// op reg, [rip + field]: returns the place of the 4-byte field, which is relative to the byte behind field + `after`.
static inline uint32_t cv_emit_rip(cv_emit *e, uint32_t op, unsigned w, unsigned reg, unsigned after) {
  reg &= 15;
  cv_emit_opcode(e, op, w, reg, 0, 0, false);
  e8(e, (reg & 7) << 3 | 5);
  uint32_t at = cv_emit_at(e);
  e32(e, (uint32_t)-(int32_t)after);
  return at;
}

static inline void cv_emit_vex(cv_emit *e, uint32_t op, unsigned w, unsigned r, unsigned x, unsigned b, unsigned v) {
  unsigned prefix = op >> 16 & 0xff, map = op >> 8 & 0xff;
  unsigned pp = prefix == 0x66 ? 1 : prefix == 0xf3 ? 2 : prefix == 0xf2 ? 3 : 0;
  if (map == 1 && !w && x < 8 && b < 8) {
    e8(e, 0xc5);
    e8(e, (r < 8) << 7 | (~v & 15) << 3 | pp);
  } else {
    e8(e, 0xc4);
    e8(e, (unsigned)(r < 8) << 7 | (unsigned)(x < 8) << 6 | (unsigned)(b < 8) << 5 | map);
    e8(e, w << 7 | (~v & 15) << 3 | pp);
  }
  e8(e, op);
}
// VEX op reg, v, rm; 128 bits. An instruction without second source passes v = 0.
static inline void cv_emit_vrr(cv_emit *e, uint32_t op, unsigned w, unsigned reg, unsigned v, unsigned rm) {
  reg &= 15, rm &= 15;
  cv_emit_vex(e, op, w, reg, 0, rm, v & 15);
  e8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}
static inline void cv_emit_vrm(cv_emit *e, uint32_t op, unsigned w, unsigned reg, unsigned v, cv_addr a) {
  reg &= 15;
  cv_emit_vex(e, op, w, reg, a.index == CV_NO_REG ? 0 : a.index, a.base, v & 15);
  cv_emit_modrm(e, reg, a);
}
static inline uint32_t cv_emit_vrip(cv_emit *e, uint32_t op, unsigned w, unsigned reg, unsigned v, unsigned after) {
  reg &= 15;
  cv_emit_vex(e, op, w, reg, 0, 0, v & 15);
  e8(e, (reg & 7) << 3 | 5);
  uint32_t at = cv_emit_at(e);
  e32(e, (uint32_t)-(int32_t)after);
  return at;
}

// ---- the instructions that more than one file needs ----
enum {
  CV_OP_ADD = 0,
  CV_OP_OR = 1,
  CV_OP_AND = 4,
  CV_OP_SUB = 5,
  CV_OP_XOR = 6,
  CV_OP_CMP = 7, // also the /digit of 81 and 83
};
#define CV_X86_ALU(n) CV_X86(0, 0, (n) * 8 + 3) // reg, rm
#define CV_X86_MOV CV_X86(0, 0, 0x8b)
#define CV_X86_MOV_TO CV_X86(0, 0, 0x89)
#define CV_X86_LEA CV_X86(0, 0, 0x8d)
#define CV_X86_TEST CV_X86(0, 0, 0x85)

static inline void cv_emit_alu_ri(cv_emit *e, unsigned op, unsigned w, unsigned reg, int32_t imm) {
  bool small = imm == (int8_t)imm;
  if (!small && reg == CV_RAX) {
    if (w)
      e8(e, 0x48);
    e8(e, op * 8 + 5);
    e32(e, (uint32_t)imm);
    return;
  }
  cv_emit_rr(e, CV_X86(0, 0, small ? 0x83 : 0x81), w, op, reg);
  if (small)
    e8(e, (uint8_t)imm);
  else
    e32(e, (uint32_t)imm);
}
static inline void cv_emit_alu_mi(cv_emit *e, unsigned op, unsigned w, cv_addr a, int32_t imm) {
  bool small = imm == (int8_t)imm;
  cv_emit_rm(e, CV_X86(0, 0, small ? 0x83 : 0x81), w, op, a);
  if (small)
    e8(e, (uint8_t)imm);
  else
    e32(e, (uint32_t)imm);
}
// A 64-bit constant in the shortest form that leaves the flags alone.
static inline void cv_emit_const(cv_emit *e, unsigned reg, uint64_t v) {
  if (v <= UINT32_MAX) {
    cv_emit_opcode(e, CV_X86(0, 0, 0xb8 | (reg & 7)), 0, 0, 0, reg, false);
    e32(e, (uint32_t)v);
  } else if ((int64_t)v == (int32_t)v) {
    cv_emit_rr(e, CV_X86(0, 0, 0xc7), 1, 0, reg);
    e32(e, (uint32_t)v);
  } else {
    cv_emit_opcode(e, CV_X86(0, 0, 0xb8 | (reg & 7)), 1, 0, 0, reg, false);
    e64(e, v);
  }
}
static inline void cv_emit_mov(cv_emit *e, unsigned w, unsigned to, unsigned from) {
  cv_emit_rr(e, CV_X86_MOV, w, to, from);
}
// Condition codes of jcc, setcc, cmovcc; the opposite is code ^ 1.
enum {
  CV_CC_O = 0,
  CV_CC_B = 2,
  CV_CC_AE = 3,
  CV_CC_E = 4,
  CV_CC_NE = 5,
  CV_CC_BE = 6,
  CV_CC_A = 7,
  CV_CC_S = 8,
  CV_CC_P = 10,
  CV_CC_NP = 11,
  CV_CC_L = 12,
  CV_CC_GE = 13,
  CV_CC_LE = 14,
  CV_CC_G = 15,
};
// jcc or jmp (cc -1) with a 4-byte field; returns the field's place.
static inline uint32_t cv_emit_jump(cv_emit *e, int cc) {
  if (cc < 0) {
    e8(e, 0xe9);
  } else {
    e8(e, 0x0f);
    e8(e, 0x80 | (unsigned)cc);
  }
  e32(e, 0);
  return cv_emit_at(e) - 4;
}
static inline void cv_emit_jump_to(cv_emit *e, int cc, uint32_t target) {
  int32_t d = (int32_t)(target - cv_emit_at(e) - 2);
  if (d == (int8_t)d) {
    e8(e, cc < 0 ? 0xeb : 0x70 | (unsigned)cc);
    e8(e, (uint8_t)d);
  } else {
    uint32_t field = cv_emit_jump(e, cc);
    cv_store_le32(e->start + field, target - (field + 4));
  }
}
static inline void cv_emit_bind(cv_emit *e, uint32_t field) {
  cv_store_le32(e->start + field, cv_emit_at(e) - (field + 4));
}
// A short forward jump over a few instructions; returns the place of its 1-byte field.
static inline uint32_t cv_emit_skip(cv_emit *e, int cc) {
  e8(e, cc < 0 ? 0xeb : 0x70 | (unsigned)cc);
  e8(e, 0);
  return cv_emit_at(e) - 1;
}
static inline void cv_emit_skip_end(cv_emit *e, uint32_t field) {
  e->start[field] = (uint8_t)(cv_emit_at(e) - (field + 1));
}

// Moves between xmm registers and memory by value type; the whole register is copied between registers.
static inline void cv_emit_xmov(cv_emit *e, unsigned to, unsigned from) {
  if (e->avx)
    cv_emit_vrr(e, CV_X86(0, 1, 0x28), 0, to, 0, from);
  else
    cv_emit_rr(e, CV_X86(0, 1, 0x28), 0, to, from);
}
static inline uint32_t cv_x86_xload(cv_valtype t) {
  unsigned kind = cv_type_kind(t);
  return kind == CV_KIND_F32 ? CV_X86(0xf3, 1, 0x10) : kind == CV_KIND_F64 ? CV_X86(0xf2, 1, 0x10) : CV_X86(0, 1, 0x10);
}
static inline void cv_emit_xload(cv_emit *e, cv_valtype t, unsigned to, cv_addr a) {
  if (e->avx)
    cv_emit_vrm(e, cv_x86_xload(t), 0, to, 0, a);
  else
    cv_emit_rm(e, cv_x86_xload(t), 0, to, a);
}
static inline void cv_emit_xstore(cv_emit *e, cv_valtype t, cv_addr a, unsigned from) {
  if (e->avx)
    cv_emit_vrm(e, cv_x86_xload(t) + 1, 0, from, 0, a);
  else
    cv_emit_rm(e, cv_x86_xload(t) + 1, 0, from, a);
}
// Loads or stores a value of type t in either class; i32 as 32 bits.
static inline void cv_emit_load(cv_emit *e, cv_valtype t, unsigned to, cv_addr a) {
  if (to >= CV_XMM0)
    cv_emit_xload(e, t, to, a);
  else
    cv_emit_rm(e, CV_X86_MOV, t != CV_I32, to, a);
}
static inline void cv_emit_store(cv_emit *e, cv_valtype t, cv_addr a, unsigned from) {
  if (from >= CV_XMM0)
    cv_emit_xstore(e, t, a, from);
  else
    cv_emit_rm(e, CV_X86_MOV_TO, t != CV_I32, from, a);
}

#endif
