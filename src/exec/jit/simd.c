// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd.c: stencils as operations of the planner, and vector instructions: those that are one machine instruction are
// emitted, all others are stencils.
#include "exec/jit/memory.h"
#include "exec/jit/stencil.h"
#include "runtime/nan.h"

// ---- stencils ----

unsigned jit_sig_type(char c) {
  switch (c) {
  case 'i':
    return CV_I32;
  case 'I':
    return CV_I64;
  case 'f':
    return CV_F32;
  case 'F':
    return CV_F64;
  case 'v':
    return CV_V128;
  default:
    return CV_I64; // 'a': an address that was already computed
  }
}

typedef struct stencil_operands {
  ent e[4];
  uint8_t reg[4];
  uint32_t count;
} stencil_operands;

// The registers that a stencil changes beside its results.
static uint32_t clobbered(const cv_stencil_code *code) {
  return (code->clobbers & CV_CLOBBER_RBX ? BIT(CV_RBX) : 0) | (uint32_t)(code->clobbers >> 8) << (CV_XMM0 + 8);
}

static void place_holes(jit *j, const cv_stencil_code *code, uint32_t start) {
  for (uint32_t i = 0; i < code->hole_count; i++) {
    const cv_stencil_hole *hole = &code->holes[i];
    uint32_t field = start + hole->at;
    cv_trap_kind kind = CV_TRAP_NONE;
    switch ((cv_hole)hole->kind) {
    case CV_HOLE_POOL:
      if (cv_vec_push(j->mem, &j->relocs, (cv_code_reloc){field, CV_RELOC_POOL, hole->pool}) != CV_OK)
        j->no_memory = true;
      continue;
    case CV_HOLE_TRAP_CONVERSION:
      kind = CV_TRAP_INVALID_CONVERSION;
      break;
    case CV_HOLE_TRAP_OVERFLOW:
      kind = CV_TRAP_INTEGER_OVERFLOW;
      break;
    case CV_HOLE_TRAP_DIVIDE:
      kind = CV_TRAP_DIVIDE_BY_ZERO;
      break;
    default:
      continue;
    }
    if (cv_vec_push(j->mem, &j->traps, (trap_site){field, j->op_at, kind}) != CV_OK)
      j->no_memory = true;
  }
}

static void emit_stencil_code(jit *j, const cv_stencil_code *code, const cv_stencil_values *values) {
  static const cv_stencil_values none;
  cv_emit_room(&j->e, (size_t)code->size + 64);
  uint32_t start = cv_emit_at(&j->e);
  uint8_t *end = cv_stencil_copy(j->e.p, code, values != NULL ? values : &none);
  if (end == NULL) {
    j->unsupported = true;
    return;
  }
  j->e.p = end;
  place_holes(j, code, start);
}

// Operands by signature, deepest first, into the registers of the contract.
static void take_operands(jit *j, const char *sig, stencil_operands *o, uint32_t clobbers) {
  static const uint8_t ints[] = {CV_RAX, CV_RCX, CV_RDX, CV_R8};
  unsigned n_int = 0, n_xmm = 0;
  o->count = 0;
  for (const char *c = sig; *c != ':'; c++) {
    unsigned type = jit_sig_type(*c);
    o->reg[o->count++] = type_in_xmm(type) ? (uint8_t)(CV_XMM0 + n_xmm++) : ints[n_int++];
  }
  j->avoid = clobbers | BIT(CV_RAX) | BIT(CV_XMM0);
  for (uint32_t i = o->count; i-- > 0;) {
    o->e[i] = pop(j);
    j->avoid |= BIT(o->reg[i]);
  }
  for (uint32_t i = 0; i < o->count; i++)
    flight(j, &o->e[i]);
  for (uint32_t i = 0; i < o->count; i++)
    force(j, &o->e[i], o->reg[i]);
  for (uint32_t m = clobbers & (j->used | j->pinned); m; m &= m - 1)
    jit_vacate(j, (unsigned)__builtin_ctz(m));
}

static void give_results(jit *j, const char *sig, stencil_operands *o) {
  for (uint32_t i = 0; i < o->count; i++)
    release(j, &o->e[i]);
  land(j);
  const char *c = sig;
  while (*c++ != ':') {
  }
  for (unsigned n = 0; *c != '\0'; c++, n++) {
    unsigned type = jit_sig_type(*c);
    push_reg(j, type, type_in_xmm(type) ? CV_XMM0 : n == 0 ? CV_RAX : CV_RCX);
  }
}

static bool takes(const stencil_operands *o, unsigned reg) {
  for (uint32_t i = 0; i < o->count; i++) {
    if (o->reg[i] == reg)
      return true;
  }
  return false;
}

static bool results_need(const char *sig, bool xmm) {
  while (*sig++ != ':') {
  }
  return *sig != '\0' && type_in_xmm(jit_sig_type(*sig)) == xmm;
}

// `on_stack`: the result is wanted on the stack, even when the next instruction would put it in a local.
static void run_stencil(jit *j, uint32_t id, const char *sig, const cv_stencil_values *values, bool on_stack) {
  cv_stencil_level level = j->cpu.avx2_level ? CV_LEVEL_AVX2 : CV_LEVEL_SSE41;
  const cv_stencil_insn *insn = cv_stencil_single(level, id);
  if (insn != NULL && !on_stack) {
    jit_single(j, insn, sig, values != NULL ? (unsigned)values->imm8 : 0);
    return;
  }
  cv_stencil_code code = cv_stencil_get(level, id);
  stencil_operands o;
  take_operands(j, sig, &o, clobbered(&code));
  // Where an operand was, nothing else is any more.
  if (results_need(sig, false) && !takes(&o, CV_RAX))
    jit_vacate(j, CV_RAX);
  if (results_need(sig, true) && !takes(&o, CV_XMM0))
    jit_vacate(j, CV_XMM0);
  emit_stencil_code(j, &code, values);
  give_results(j, sig, &o);
}

static void canonical(jit *j, cv_nan_lanes lanes) {
  static const uint16_t ids[] = {0, CV_STENCIL_X_CANON_F32, CV_STENCIL_X_CANON_F64, CV_STENCIL_X_CANON_F32X4,
                                 CV_STENCIL_X_CANON_F64X2};
  static const char *const sigs[] = {"", "f:f", "F:F", "v:v", "v:v"};
  if (lanes != CV_NAN_NONE)
    run_stencil(j, ids[lanes], sigs[lanes], NULL, true);
}

bool jit_stencil(jit *j, uint32_t op, const uint8_t *imm, unsigned lane) {
  uint32_t id;
  cv_stencil_values values = {0};
  bool found;
  if (op == CV_OPC_I8X16_SHUFFLE && imm != NULL) {
    id = cv_stencil_shuffle(imm, &values);
    found = true;
  } else {
    found = cv_stencil_of_opcode(op, lane, &id);
  }
  if (!found) {
    jit_unsupported(j, op);
    return false;
  }
  cv_nan_lanes nans = j->canonical_nan ? cv_nan_made_by(op) : CV_NAN_NONE;
  run_stencil(j, id, cv_op_infos[cv_op_index(op)].sig, &values, nans != CV_NAN_NONE);
  canonical(j, nans);
  return true;
}

// ---- memory ----

// Loads into an xmm register: op reg, [address], with an immediate byte behind when imm >= 0.
static void emit_xmm_memory(jit *j, uint32_t op, unsigned w, unsigned reg, unsigned source, cv_addr at, int imm) {
  jit_memory_access(j);
  if (j->e.avx)
    cv_emit_vrm(&j->e, op, w, reg, source, at);
  else
    cv_emit_rm(&j->e, op, w, reg, at);
  if (imm >= 0)
    e8(&j->e, (unsigned)imm);
}

static void load_xmm(jit *j, uint32_t op, unsigned size, unsigned splat) {
  memarg m = jit_read_memarg(j);
  ent index = pop(j);
  unsigned temp;
  cv_addr at = jit_address(j, &m, &index, size, &temp);
  int chosen = dest(j, CV_V128);
  unsigned to = chosen >= 0 ? (unsigned)chosen : alloc(j, CV_V128);
  emit_xmm_memory(j, op, 0, to, 0, at, -1);
  if (splat == 4) { // pshufd
    if (j->e.avx)
      cv_emit_vrr(&j->e, CV_X86(0x66, 1, 0x70), 0, to, 0, to);
    else
      cv_emit_rr(&j->e, CV_X86(0x66, 1, 0x70), 0, to, to);
    e8(&j->e, 0);
  } else if (splat == 8) { // punpcklqdq
    if (j->e.avx)
      cv_emit_vrr(&j->e, CV_X86(0x66, 1, 0x6c), 0, to, to, to);
    else
      cv_emit_rr(&j->e, CV_X86(0x66, 1, 0x6c), 0, to, to);
  }
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  release(j, &index);
  finish(j, CV_V128, to);
}

// Small elements go through an integer register and the splat stencil.
static void load_splat_small(jit *j, bool is_16) {
  memarg m = jit_read_memarg(j);
  ent index = pop(j);
  unsigned temp;
  cv_addr at = jit_address(j, &m, &index, is_16 ? 2 : 1, &temp);
  unsigned to = dying(&index) ? index.reg : alloc(j, CV_I32);
  jit_memory_access(j);
  cv_emit_rm(&j->e, CV_X86(0, 1, is_16 ? 0xb7 : 0xb6), 0, to, at);
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  push_reg(j, CV_I32, to);
  jit_stencil(j, is_16 ? CV_OPC_I16X8_SPLAT : CV_OPC_I8X16_SPLAT, NULL, 0);
}

static void store_v128(jit *j) {
  memarg m = jit_read_memarg(j);
  ent value = pop(j), index = pop(j);
  unsigned reg = reg_of(j, &value), temp;
  cv_addr at = jit_address(j, &m, &index, 16, &temp);
  emit_xmm_memory(j, CV_X86(0, 1, 0x11), 0, reg, 0, at, -1);
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  release(j, &value);
  release(j, &index);
}

typedef struct lane_access {
  uint32_t load, store; // pinsr, pextr with a memory operand
  uint8_t w, size;
} lane_access;
static const lane_access lane_accesses[4] = {{CV_X86(0x66, 3, 0x20), CV_X86(0x66, 3, 0x14), 0, 1},
                                             {CV_X86(0x66, 1, 0xc4), CV_X86(0x66, 3, 0x15), 0, 2},
                                             {CV_X86(0x66, 3, 0x22), CV_X86(0x66, 3, 0x16), 0, 4},
                                             {CV_X86(0x66, 3, 0x22), CV_X86(0x66, 3, 0x16), 1, 8}};

static void load_lane(jit *j, const lane_access *l) {
  memarg m = jit_read_memarg(j);
  int lane = *j->at++;
  ent value = pop(j), index = pop(j);
  unsigned temp;
  unsigned from = reg_of(j, &value);
  cv_addr at = jit_address(j, &m, &index, l->size, &temp);
  unsigned to = dest_over(j, CV_V128, &value);
  if (!j->e.avx)
    emit_move(j, CV_V128, to, from);
  emit_xmm_memory(j, l->load, l->w, to, from, at, lane);
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  release(j, &index);
  done(j, &value, to);
  finish(j, CV_V128, to);
}

static void store_lane(jit *j, const lane_access *l) {
  memarg m = jit_read_memarg(j);
  int lane = *j->at++;
  ent value = pop(j), index = pop(j);
  unsigned temp, reg = reg_of(j, &value);
  cv_addr at = jit_address(j, &m, &index, l->size, &temp);
  emit_xmm_memory(j, l->store, l->w, reg, 0, at, lane);
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  release(j, &value);
  release(j, &index);
}

static bool simd_memory(jit *j, uint32_t op) {
  switch (op) {
  case CV_OPC_V128_LOAD:
    load_xmm(j, CV_X86(0, 1, 0x10), 16, 0);
    return true;
  case CV_OPC_V128_LOAD8X8_S:
    load_xmm(j, CV_X86(0x66, 2, 0x20), 8, 0);
    return true;
  case CV_OPC_V128_LOAD8X8_U:
    load_xmm(j, CV_X86(0x66, 2, 0x30), 8, 0);
    return true;
  case CV_OPC_V128_LOAD16X4_S:
    load_xmm(j, CV_X86(0x66, 2, 0x23), 8, 0);
    return true;
  case CV_OPC_V128_LOAD16X4_U:
    load_xmm(j, CV_X86(0x66, 2, 0x33), 8, 0);
    return true;
  case CV_OPC_V128_LOAD32X2_S:
    load_xmm(j, CV_X86(0x66, 2, 0x25), 8, 0);
    return true;
  case CV_OPC_V128_LOAD32X2_U:
    load_xmm(j, CV_X86(0x66, 2, 0x35), 8, 0);
    return true;
  case CV_OPC_V128_LOAD8_SPLAT:
  case CV_OPC_V128_LOAD16_SPLAT:
    load_splat_small(j, op == CV_OPC_V128_LOAD16_SPLAT);
    return true;
  case CV_OPC_V128_LOAD32_SPLAT:
    load_xmm(j, CV_X86(0xf3, 1, 0x10), 4, 4);
    return true;
  case CV_OPC_V128_LOAD64_SPLAT:
    load_xmm(j, CV_X86(0xf2, 1, 0x10), 8, 8);
    return true;
  case CV_OPC_V128_LOAD32_ZERO:
    load_xmm(j, CV_X86(0xf3, 1, 0x10), 4, 0);
    return true;
  case CV_OPC_V128_LOAD64_ZERO:
    load_xmm(j, CV_X86(0xf2, 1, 0x10), 8, 0);
    return true;
  case CV_OPC_V128_STORE:
    store_v128(j);
    return true;
  case CV_OPC_V128_LOAD8_LANE ... CV_OPC_V128_LOAD64_LANE:
    load_lane(j, &lane_accesses[op - CV_OPC_V128_LOAD8_LANE]);
    return true;
  case CV_OPC_V128_STORE8_LANE ... CV_OPC_V128_STORE64_LANE:
    store_lane(j, &lane_accesses[op - CV_OPC_V128_STORE8_LANE]);
    return true;
  default:
    return false;
  }
}

// ---- operations that are one instruction ----

typedef struct simd_row {
  uint32_t op;
  uint32_t x86;
  bool commutes;
} simd_row;

#define I(code) CV_X86(0x66, 1, code)
#define I38(code) CV_X86(0x66, 2, code)
#define P(code) CV_X86(0, 1, code)
static const simd_row binary_rows[] = {
    {CV_OPC_V128_AND, P(0x54), true},
    {CV_OPC_V128_OR, P(0x56), true},
    {CV_OPC_V128_XOR, P(0x57), true},
    {CV_OPC_I8X16_ADD, I(0xfc), true},
    {CV_OPC_I8X16_ADD_SAT_S, I(0xec), true},
    {CV_OPC_I8X16_ADD_SAT_U, I(0xdc), true},
    {CV_OPC_I8X16_SUB, I(0xf8), false},
    {CV_OPC_I8X16_SUB_SAT_S, I(0xe8), false},
    {CV_OPC_I8X16_SUB_SAT_U, I(0xd8), false},
    {CV_OPC_I8X16_MIN_S, I38(0x38), true},
    {CV_OPC_I8X16_MIN_U, I(0xda), true},
    {CV_OPC_I8X16_MAX_S, I38(0x3c), true},
    {CV_OPC_I8X16_MAX_U, I(0xde), true},
    {CV_OPC_I8X16_AVGR_U, I(0xe0), true},
    {CV_OPC_I8X16_EQ, I(0x74), true},
    {CV_OPC_I8X16_GT_S, I(0x64), false},
    {CV_OPC_I8X16_NARROW_I16X8_S, I(0x63), false},
    {CV_OPC_I8X16_NARROW_I16X8_U, I(0x67), false},
    {CV_OPC_I16X8_ADD, I(0xfd), true},
    {CV_OPC_I16X8_ADD_SAT_S, I(0xed), true},
    {CV_OPC_I16X8_ADD_SAT_U, I(0xdd), true},
    {CV_OPC_I16X8_SUB, I(0xf9), false},
    {CV_OPC_I16X8_SUB_SAT_S, I(0xe9), false},
    {CV_OPC_I16X8_SUB_SAT_U, I(0xd9), false},
    {CV_OPC_I16X8_MUL, I(0xd5), true},
    {CV_OPC_I16X8_MIN_S, I(0xea), true},
    {CV_OPC_I16X8_MIN_U, I38(0x3a), true},
    {CV_OPC_I16X8_MAX_S, I(0xee), true},
    {CV_OPC_I16X8_MAX_U, I38(0x3e), true},
    {CV_OPC_I16X8_AVGR_U, I(0xe3), true},
    {CV_OPC_I16X8_EQ, I(0x75), true},
    {CV_OPC_I16X8_GT_S, I(0x65), false},
    {CV_OPC_I16X8_NARROW_I32X4_S, I(0x6b), false},
    {CV_OPC_I16X8_NARROW_I32X4_U, I38(0x2b), false},
    {CV_OPC_I32X4_ADD, I(0xfe), true},
    {CV_OPC_I32X4_SUB, I(0xfa), false},
    {CV_OPC_I32X4_MUL, I38(0x40), true},
    {CV_OPC_I32X4_MIN_S, I38(0x39), true},
    {CV_OPC_I32X4_MIN_U, I38(0x3b), true},
    {CV_OPC_I32X4_MAX_S, I38(0x3d), true},
    {CV_OPC_I32X4_MAX_U, I38(0x3f), true},
    {CV_OPC_I32X4_DOT_I16X8_S, I(0xf5), true},
    {CV_OPC_I32X4_EQ, I(0x76), true},
    {CV_OPC_I32X4_GT_S, I(0x66), false},
    {CV_OPC_I64X2_ADD, I(0xd4), true},
    {CV_OPC_I64X2_SUB, I(0xfb), false},
    {CV_OPC_I64X2_EQ, I38(0x29), true},
    {CV_OPC_F32X4_ADD, P(0x58), true},
    {CV_OPC_F32X4_SUB, P(0x5c), false},
    {CV_OPC_F32X4_MUL, P(0x59), true},
    {CV_OPC_F32X4_DIV, P(0x5e), false},
    {CV_OPC_F64X2_ADD, I(0x58), true},
    {CV_OPC_F64X2_SUB, I(0x5c), false},
    {CV_OPC_F64X2_MUL, I(0x59), true},
    {CV_OPC_F64X2_DIV, I(0x5e), false},
};
static const simd_row unary_rows[] = {
    {CV_OPC_I8X16_ABS, I38(0x1c), false},
    {CV_OPC_I16X8_ABS, I38(0x1d), false},
    {CV_OPC_I32X4_ABS, I38(0x1e), false},
    {CV_OPC_I16X8_EXTEND_LOW_I8X16_S, I38(0x20), false},
    {CV_OPC_I16X8_EXTEND_LOW_I8X16_U, I38(0x30), false},
    {CV_OPC_I32X4_EXTEND_LOW_I16X8_S, I38(0x23), false},
    {CV_OPC_I32X4_EXTEND_LOW_I16X8_U, I38(0x33), false},
    {CV_OPC_I64X2_EXTEND_LOW_I32X4_S, I38(0x25), false},
    {CV_OPC_I64X2_EXTEND_LOW_I32X4_U, I38(0x35), false},
    {CV_OPC_F32X4_SQRT, P(0x51), false},
    {CV_OPC_F64X2_SQRT, I(0x51), false},
    {CV_OPC_F32X4_CONVERT_I32X4_S, P(0x5b), false},
    {CV_OPC_F64X2_CONVERT_LOW_I32X4_S, CV_X86(0xf3, 1, 0xe6), false},
    {CV_OPC_F64X2_PROMOTE_LOW_F32X4, P(0x5a), false},
    {CV_OPC_F32X4_DEMOTE_F64X2_ZERO, I(0x5a), false},
};
#undef I
#undef I38
#undef P

// Index of an opcode's row + 1, by sub-opcode; filled from the rows.
static uint8_t row_of(uint32_t op, bool *unary) {
  static uint8_t table[CV_OP_FD_COUNT];
  static _Atomic bool ready;
  enum { UNARY = 128 };
  if (!ready) { // racing threads write the same
    for (unsigned i = 0; i < CV_COUNT(binary_rows); i++)
      table[binary_rows[i].op & 0xfff] = (uint8_t)(i + 1);
    for (unsigned i = 0; i < CV_COUNT(unary_rows); i++)
      table[unary_rows[i].op & 0xfff] = (uint8_t)(UNARY | (i + 1));
    ready = true;
  }
  uint32_t sub = op & 0xfff;
  uint8_t row = sub < CV_OP_FD_COUNT ? table[sub] : 0;
  *unary = row >= UNARY;
  return row & (UNARY - 1);
}

static void binary(jit *j, const simd_row *row) {
  ent b = pop(j), a = pop(j);
  unsigned rb = reg_of(j, &b), ra = reg_of(j, &a);
  int chosen = dest(j, CV_V128);
  unsigned to = chosen >= 0                                ? (unsigned)chosen
                : dying(&a)                                ? a.reg
                : dying(&b) && (row->commutes || j->e.avx) ? b.reg
                                                           : alloc(j, CV_V128);
  if (!j->e.avx && row->commutes && to == rb)
    cv_emit_rr(&j->e, row->x86, 0, to, ra);
  else
    jit_xmm_op3(j, row->x86, to, ra, rb);
  done(j, &a, to);
  done(j, &b, to);
  finish(j, CV_V128, to);
}

static void unary(jit *j, const simd_row *row) {
  ent a = pop(j);
  unsigned from = reg_of(j, &a), to = dest_over(j, CV_V128, &a);
  if (j->e.avx)
    cv_emit_vrr(&j->e, row->x86, 0, to, 0, from);
  else
    cv_emit_rr(&j->e, row->x86, 0, to, from);
  done(j, &a, to);
  finish(j, CV_V128, to);
}

static void constant(jit *j) {
  uint64_t low = cv_load_le64(j->at), high = cv_load_le64(j->at + 8);
  j->at += 16;
  if (low == 0 && high == 0) {
    push_const32(j, CV_V128, 0);
    return;
  }
  uint32_t index = (uint32_t)j->consts.count;
  if (cv_vec_push(j->mem, &j->consts, low) != CV_OK || cv_vec_push(j->mem, &j->consts, high) != CV_OK) {
    j->no_memory = true;
    return;
  }
  push(j, (ent){K_CONST, CV_V128, 0, true, index});
}

// A shift whose count is known.
static bool shift_const(jit *j, uint32_t op) {
  const ent *count = &j->stack[j->sp - 1];
  uint32_t id;
  cv_stencil_values values = {0};
  if (count->kind != K_CONST || !cv_stencil_shift_const(op, count->v, &id, &values))
    return false;
  pop(j);
  run_stencil(j, id, "v:v", &values, false);
  return true;
}

void jit_simd(jit *j, uint32_t op) {
  if (simd_memory(j, op))
    return;
  const cv_op_info *info = &cv_op_infos[cv_op_index(op)];
  if (op == CV_OPC_V128_CONST) {
    constant(j);
    return;
  }
  if (op == CV_OPC_I8X16_SHUFFLE) {
    j->at += 16;
    jit_stencil(j, op, j->at - 16, 0);
    return;
  }
  if (info->imm == CV_IMM_LANE) {
    unsigned lane = *j->at++;
    jit_stencil(j, op, NULL, lane);
    return;
  }
  bool is_unary;
  uint8_t row = row_of(op, &is_unary);
  if (row != 0 && !(j->canonical_nan && cv_nan_made_by(op) != CV_NAN_NONE)) {
    if (is_unary)
      unary(j, &unary_rows[row - 1]);
    else
      binary(j, &binary_rows[row - 1]);
    return;
  }
  if (j->sp > 0 && shift_const(j, op))
    return;
  jit_stencil(j, op, NULL, 0);
}
