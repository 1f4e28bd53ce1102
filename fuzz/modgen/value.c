// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// value.c: expressions and statements. Which plain instructions there are, and what they take and give, is read from
// opcodes.def.
#include "gen.h"

static const char letters[KINDS + 1] = "iIfF?v"; // of opcodes.def, by kind; references have none

unsigned gen_kind_code(unsigned kind) {
  static const uint8_t codes[] = {CV_KIND_I32, CV_KIND_I64, CV_KIND_F32, CV_KIND_F64, 0x70, CV_KIND_V128, 0x69};
  return codes[kind];
}

static uint64_t interesting(generator *g) {
  static const uint64_t values[] = {0,
                                    1,
                                    2,
                                    7,
                                    31,
                                    32,
                                    63,
                                    64,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0x7fff,
                                    0x8000,
                                    0xffff,
                                    0x10000,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    0x100000000,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0xffffffffffffffff,
                                    0x3f800000,         // 1.0f
                                    0x7f800000,         // infinity
                                    0x7fc00000,         // NaN
                                    0x4f000000,         // 2^31 as f32
                                    0xcf000000,         // -2^31 as f32
                                    0x3ff0000000000000, // 1.0
                                    0x7ff0000000000000, // infinity
                                    0x7ff8000000000000, // NaN
                                    0xc1e0000000200000, // -2^31 - 1
                                    0x43e0000000000000, // 2^63
                                    0x000fffffffffffff, // greatest subnormal
                                    0x5555555555555555,
                                    0x0123456789abcdef};
  uint64_t v = values[pick(g, CV_COUNT(values))];
  switch (pick(g, 4)) {
  case 0:
    return v + pick(g, 5) - 2;
  case 1:
    return (uint64_t)pick(g, 65536) << 48 | (uint64_t)pick(g, 65536) << 32 | (uint64_t)pick(g, 65536) << 16 |
           pick(g, 65536);
  case 2:
    return pick(g, 256);
  default:
    return v;
  }
}

// ---- constants and variables ----
void gen_constant(generator *g, unsigned kind) {
  uint64_t v = interesting(g), w = interesting(g);
  switch (kind) {
  case I32:
    op(g, CV_OPC_I32_CONST);
    cv_buf_sleb(g->out, (int32_t)v);
    break;
  case I64:
    op(g, CV_OPC_I64_CONST);
    cv_buf_sleb(g->out, (int64_t)v);
    break;
  case F32:
    op(g, CV_OPC_F32_CONST);
    cv_buf_bytes(g->out, &v, 4);
    break;
  case F64:
    op(g, CV_OPC_F64_CONST);
    cv_buf_bytes(g->out, &v, 8);
    break;
  case V128:
    op(g, CV_OPC_V128_CONST);
    cv_buf_bytes(g->out, &v, 8);
    cv_buf_bytes(g->out, &w, 8);
    break;
  default:
    if (kind == REF && (v & 3) != 0) {
      op_u32(g, CV_OPC_REF_FUNC, v % g->func_count);
    } else {
      op(g, CV_OPC_REF_NULL);
      byte(g, gen_kind_code(kind));
    }
  }
}

static bool local_of(generator *g, unsigned kind, uint32_t *out) {
  unsigned start = pick(g, g->local_count);
  for (unsigned i = 0; i < g->local_count; i++) {
    unsigned at = (start + i) % g->local_count;
    if (g->locals[at] == kind) {
      *out = at;
      return true;
    }
  }
  return false;
}

// Globals: the counter, then one of each kind, then one for an exception.
static uint32_t global_of(const generator *g, unsigned kind) {
  return 1 + (kind == EXN ? g->kinds : kind);
}

static void leaf(generator *g, unsigned kind) {
  uint32_t local;
  if (!chance(g, 3) && local_of(g, kind, &local))
    op_u32(g, CV_OPC_LOCAL_GET, local);
  else if (chance(g, 3))
    op_u32(g, CV_OPC_GLOBAL_GET, global_of(g, kind));
  else
    gen_constant(g, kind);
}

void gen_consume(generator *g, const uint8_t *kinds, unsigned count) {
  while (count-- > 0) {
    uint32_t local;
    switch (pick(g, 4)) {
    case 0:
      op_u32(g, CV_OPC_GLOBAL_SET, global_of(g, kinds[count]));
      continue;
    case 1:
    case 2:
      if (local_of(g, kinds[count], &local)) {
        op_u32(g, CV_OPC_LOCAL_SET, local);
        continue;
      }
      break;
    default:
      break;
    }
    op(g, CV_OPC_DROP);
  }
}

// ---- plain instructions ----
// The number of lanes that the mnemonic names ("i16x8.add" has 8), or 0.
static unsigned lanes_of(const cv_op_info *info) {
  const char *x = strchr(cv_op_mnemonic(info), 'x');
  return x == NULL ? 0 : x[1] == '1' ? 16 : (unsigned)(x[1] - '0');
}

static bool is_wait(uint32_t code) {
  return code == CV_OPC_MEMORY_ATOMIC_WAIT32 || code == CV_OPC_MEMORY_ATOMIC_WAIT64;
}

static bool usable(const generator *g, const cv_op_info *info) {
  if (info->mnemonic == 0 || info->sig[0] == '*' || !(g->options->features >> info->feature & 1))
    return false;
  switch ((cv_imm)info->imm) {
  case CV_IMM_NONE:
  case CV_IMM_LANE:
  case CV_IMM_SHUFFLE:
  case CV_IMM_MEMARG:
  case CV_IMM_MEMARG_LANE:
  case CV_IMM_MEMORY:
  case CV_IMM_ZERO:
    return true;
  default:
    return false;
  }
}

void gen_collect_ops(generator *g) {
  for (uint32_t i = 0; i < CV_OP_INDEX_COUNT; i++) {
    const cv_op_info *info = &cv_op_infos[i];
    if (!usable(g, info))
      continue;
    char result = strchr(info->sig, ':')[1];
    if (result == 'a')
      result = 'i'; // memory.size and memory.grow: plain() makes it so
    unsigned row = result == 0 ? (unsigned)KINDS : (unsigned)(strchr(letters, result) - letters);
    g->ops[row][g->op_count[row]++] = info->code;
  }
}

static void address(generator *g, bool is_64, unsigned depth) {
  gen_expression(g, is_64 ? I64 : I32, depth + 1);
  if (chance(g, 12))
    return; // anywhere
  index_const(g, is_64, chance(g, 3) ? 0xfff8 : 0xff8);
  op(g, is_64 ? CV_OPC_I64_AND : CV_OPC_I32_AND);
}

static void memarg(generator *g, const cv_op_info *info, unsigned memory) {
  bool atomic = info->code >> 12 == 0xfe;
  unsigned align = atomic ? info->align : pick(g, info->align + 1u);
  u32(g, memory != 0 ? align | 64 : align);
  if (memory != 0)
    u32(g, memory);
  uint64_t offset = chance(g, 40)  ? interesting(g) & (g->memories[memory].is_64 ? UINT64_MAX : UINT32_MAX)
                    : chance(g, 3) ? pick(g, 256) * 8
                                   : 0;
  u32(g, offset);
}

static unsigned memory_for(generator *g, uint32_t code) {
  unsigned start = pick(g, g->memory_count);
  for (unsigned i = 0; i < g->memory_count && is_wait(code) && !chance(g, 10); i++) // others trap
    if (g->memories[(start + i) % g->memory_count].shared)
      return (start + i) % g->memory_count;
  return start;
}

static void operand(generator *g, uint32_t code, unsigned memory, const char *letter, unsigned depth) {
  bool is_64 = g->memories[memory].is_64;
  if (code == CV_OPC_MEMORY_GROW) {
    index_const(g, is_64, pick(g, 3));
  } else if (*letter == 'a' && code == CV_OPC_MEMORY_FILL && letter[1] == ':') {
    index_const(g, is_64, pick(g, 300));
  } else if (*letter == 'a') {
    address(g, is_64, depth);
  } else if (is_wait(code) && letter[1] == ':') { // a wait must end soon: nanoseconds
    gen_expression(g, I64, depth + 1);
    index_const(g, true, 0x3ff);
    op(g, CV_OPC_I64_AND);
  } else {
    gen_expression(g, (unsigned)(strchr(letters, *letter) - letters), depth + 1);
  }
}

static void immediates(generator *g, const cv_op_info *info, unsigned memory) {
  switch ((cv_imm)info->imm) {
  case CV_IMM_LANE:
    byte(g, pick(g, lanes_of(info)));
    break;
  case CV_IMM_SHUFFLE:
    for (unsigned i = 0; i < 16; i++)
      byte(g, pick(g, 32));
    break;
  case CV_IMM_MEMARG:
    memarg(g, info, memory);
    break;
  case CV_IMM_MEMARG_LANE:
    memarg(g, info, memory);
    byte(g, pick(g, 16u >> info->align));
    break;
  case CV_IMM_MEMORY:
    u32(g, memory);
    break;
  case CV_IMM_ZERO:
    byte(g, 0);
    break;
  default:
    break;
  }
}

static void plain(generator *g, uint32_t code, unsigned depth) {
  const cv_op_info *info = cv_op_info_of(code);
  unsigned memory = memory_for(g, code);
  const char *s = info->sig;
  for (; *s != ':'; s++)
    operand(g, code, memory, s, depth);
  op(g, code);
  immediates(g, info, memory);
  if (s[1] == 'a' && g->memories[memory].is_64)
    op(g, CV_OPC_I32_WRAP_I64);
  static const uint8_t i64[] = {I64};
  if (s[1] != 0 && s[2] != 0) // wide arithmetic
    gen_consume(g, i64, 1);
}

// What goes through the most registers and slots of all plain instructions.
void gen_atomic(generator *g, unsigned depth) {
  static const uint32_t codes[] = {CV_OPC_MEMORY_ATOMIC_NOTIFY,   CV_OPC_MEMORY_ATOMIC_WAIT32,
                                   CV_OPC_MEMORY_ATOMIC_WAIT64,   CV_OPC_I32_ATOMIC_RMW8_CMPXCHG_U,
                                   CV_OPC_I32_ATOMIC_RMW_CMPXCHG, CV_OPC_I32_ATOMIC_RMW16_SUB_U};
  static const uint8_t i32[] = {I32};
  if (!has(g, CV_FEATURE_BIT_THREADS))
    return;
  plain(g, codes[pick(g, CV_COUNT(codes))], depth);
  gen_consume(g, i32, 1);
}

// ---- expressions ----
static void select(generator *g, unsigned kind, unsigned depth) {
  gen_expression(g, kind, depth + 1);
  gen_expression(g, kind, depth + 1);
  gen_expression(g, I32, depth + 1);
  if (kind == REF || chance(g, 4)) {
    op_u32(g, CV_OPC_SELECT_T, 1);
    byte(g, gen_kind_code(kind));
  } else {
    op(g, CV_OPC_SELECT);
  }
}

static void table_get(generator *g) {
  unsigned table = pick(g, g->table_count);
  index_const(g, g->table_is_64[table], pick(g, TABLE_SIZE));
  op_u32(g, CV_OPC_TABLE_GET, table);
}

// Many operands, then as many operations.
static void tower(generator *g, unsigned kind, unsigned depth) {
  static const uint32_t with[KINDS][2] = {[I32] = {CV_OPC_I32_ADD, CV_OPC_I32_XOR},
                                          [I64] = {CV_OPC_I64_SUB, CV_OPC_I64_ADD},
                                          [F32] = {CV_OPC_F32_ADD, CV_OPC_F32_MUL},
                                          [F64] = {CV_OPC_F64_SUB, CV_OPC_F64_MAX},
                                          [V128] = {CV_OPC_I8X16_ADD, CV_OPC_V128_XOR}};
  unsigned count = 10 + pick(g, 300);
  for (unsigned i = 0; i <= count; i++) {
    if (chance(g, 20))
      gen_expression(g, kind, depth + 1);
    else
      leaf(g, kind);
  }
  while (count-- > 0)
    op(g, with[kind][pick(g, 2)]);
}

static void ref_is_null(generator *g, unsigned depth) {
  gen_expression(g, REF, depth + 1);
  op(g, CV_OPC_REF_IS_NULL);
}

static bool must_end(const generator *g, unsigned depth) {
  return depth >= g->max_depth || g->nodes == 0 || g->label_count + 8 > MAX_LABELS;
}

void gen_expression(generator *g, unsigned kind, unsigned depth) {
  if (must_end(g, depth) || kind == EXN) {
    leaf(g, kind);
    return;
  }
  g->nodes--;
  uint32_t index;
  switch (pick(g, 17)) {
  case 0:
  case 1:
    leaf(g, kind);
    return;
  case 2:
  case 3:
  case 4:
    gen_structured(g, kind, depth);
    return;
  case 5:
    if (gen_call(g, kind, depth))
      return;
    break;
  case 6:
    select(g, kind, depth);
    return;
  case 7:
    if (gen_br_if(g, kind, depth))
      return;
    break;
  case 8:
    if (local_of(g, kind, &index)) {
      gen_expression(g, kind, depth + 1);
      op_u32(g, CV_OPC_LOCAL_TEE, index);
      return;
    }
    break;
  case 9:
    if (kind == I32) {
      ref_is_null(g, depth);
      return;
    }
    break;
  case 10:
    if (g->piles != 0 && kind != REF && chance(g, 8)) {
      g->piles--;
      tower(g, kind, depth);
      return;
    }
    break;
  default:
    break;
  }
  if (kind == REF && chance(g, 2))
    table_get(g);
  else if (g->op_count[kind] != 0)
    plain(g, g->ops[kind][pick(g, g->op_count[kind])], depth);
  else
    leaf(g, kind);
}

void gen_expressions(generator *g, const uint8_t *kinds, unsigned count, unsigned depth) {
  for (unsigned i = 0; i < count; i++)
    gen_expression(g, kinds[i], depth);
}

// ---- statements ----
static void copy_memory(generator *g, unsigned depth) {
  unsigned to = pick(g, g->memory_count), from = pick(g, g->memory_count);
  address(g, g->memories[to].is_64, depth);
  address(g, g->memories[from].is_64, depth);
  bool is_64 = g->memories[to].is_64 && g->memories[from].is_64;
  if (chance(g, 4)) {
    gen_expression(g, is_64 ? I64 : I32, depth + 1);
    index_const(g, is_64, 0x1ff);
    op(g, is_64 ? CV_OPC_I64_AND : CV_OPC_I32_AND);
  } else {
    index_const(g, is_64, pick(g, chance(g, 2) ? 80 : 3000));
  }
  op_u32(g, CV_OPC_MEMORY_COPY, to);
  u32(g, from);
}

static void bulk_memory(generator *g, unsigned depth) {
  unsigned to = pick(g, g->memory_count);
  switch (pick(g, 9)) {
  case 0:
    op_u32(g, CV_OPC_DATA_DROP, pick(g, 2));
    break;
  case 1:
  case 2:
    address(g, g->memories[to].is_64, depth);
    i32_const(g, (int32_t)pick(g, 8));
    i32_const(g, (int32_t)pick(g, PASSIVE_DATA_SIZE - 7));
    op_u32(g, CV_OPC_MEMORY_INIT, 0);
    u32(g, to);
    break;
  case 3:
  case 4:
  case 5:
    address(g, g->memories[to].is_64, depth);
    gen_expression(g, I32, depth + 1);
    index_const(g, g->memories[to].is_64, pick(g, 100));
    op_u32(g, CV_OPC_MEMORY_FILL, to);
    break;
  default:
    copy_memory(g, depth);
  }
}

static void table_operation(generator *g, unsigned depth) {
  unsigned to = pick(g, g->table_count), from = pick(g, g->table_count);
  bool to_64 = g->table_is_64[to], from_64 = g->table_is_64[from];
  switch (pick(g, 7)) {
  case 0:
    gen_expression(g, REF, depth + 1);
    index_const(g, to_64, pick(g, 3));
    op_u32(g, CV_OPC_TABLE_GROW, to);
    op(g, CV_OPC_DROP);
    break;
  case 1:
    op_u32(g, CV_OPC_TABLE_SIZE, to);
    if (to_64)
      op(g, CV_OPC_I32_WRAP_I64);
    op_u32(g, CV_OPC_GLOBAL_SET, 1 + I32);
    break;
  case 2:
    index_const(g, to_64, pick(g, TABLE_SIZE + 1));
    index_const(g, from_64, pick(g, TABLE_SIZE));
    index_const(g, to_64 && from_64, pick(g, 3));
    op_u32(g, CV_OPC_TABLE_COPY, to);
    u32(g, from);
    break;
  case 3:
    index_const(g, to_64, pick(g, TABLE_SIZE + 1));
    i32_const(g, (int32_t)pick(g, g->func_count));
    i32_const(g, (int32_t)pick(g, 2));
    op_u32(g, CV_OPC_TABLE_INIT, 0);
    u32(g, to);
    break;
  case 4:
    index_const(g, to_64, pick(g, TABLE_SIZE + 1));
    gen_expression(g, REF, depth + 1);
    index_const(g, to_64, pick(g, 3));
    op_u32(g, CV_OPC_TABLE_FILL, to);
    break;
  default:
    index_const(g, to_64, pick(g, TABLE_SIZE));
    gen_expression(g, REF, depth + 1);
    op_u32(g, CV_OPC_TABLE_SET, to);
  }
}

// Many values of all kinds below statements.
static void pile(generator *g, unsigned depth) {
  enum { MOST = 330 };
  uint8_t kinds[MOST];
  unsigned count = 5 + pick(g, chance(g, 4) ? MOST - 5 : 25);
  for (unsigned i = 0; i < count; i++) {
    kinds[i] = (uint8_t)pick(g, g->kinds);
    if (chance(g, 5))
      gen_expression(g, kinds[i], depth + 1);
    else
      leaf(g, kinds[i]);
  }
  gen_statements(g, 3, depth + 1);
  gen_consume(g, kinds, count);
}

void gen_statements(generator *g, unsigned most, unsigned depth) {
  for (unsigned n = pick(g, most + 1); n-- > 0;)
    gen_statement(g, depth);
}

void gen_statement(generator *g, unsigned depth) {
  if (must_end(g, depth))
    return;
  g->nodes--;
  unsigned kind = pick(g, g->kinds);
  uint32_t index;
  switch (pick(g, 18)) {
  case 0:
  case 1:
  case 2:
    if (local_of(g, kind, &index)) {
      gen_expression(g, kind, depth + 1);
      op_u32(g, CV_OPC_LOCAL_SET, index);
    }
    return;
  case 3:
    gen_expression(g, kind, depth + 1);
    op_u32(g, CV_OPC_GLOBAL_SET, global_of(g, kind));
    return;
  case 4:
  case 5:
  case 6:
    gen_structured(g, NO_KIND, depth);
    return;
  case 7:
    gen_call(g, NO_KIND, depth);
    return;
  case 8:
  case 9:
    gen_branch(g, depth);
    return;
  case 10:
    bulk_memory(g, depth);
    return;
  case 11:
    table_operation(g, depth);
    return;
  case 12:
    gen_leave(g, depth);
    return;
  case 13:
    gen_expression(g, kind, depth + 1);
    op(g, CV_OPC_DROP);
    return;
  case 14:
    if (g->piles != 0) {
      g->piles--;
      pile(g, depth);
      return;
    }
    break;
  default:
    break;
  }
  plain(g, g->ops[KINDS][pick(g, g->op_count[KINDS])], depth);
}
