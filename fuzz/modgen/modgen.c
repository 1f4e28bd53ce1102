// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// modgen.c: type-directed generation. An expression of a wanted type is a tree whose operands are generated first, so
// what comes out is in stack order and valid by construction. Which plain instructions there are, and what they take
// and give, is read from opcodes.def.
//
// Terms: `node` is one expression or statement, counted against a budget; when it is used up, and below MAX_DEPTH,
// only leaves are made.
#include "modgen.h"

#include "wasm/opcodes.h"
#include "wasm/types.h"

enum {
  MAX_DEPTH = 12,
  MAX_LABELS = 64,
  MAX_LOCALS = 24,
  MAX_PARAMS = 12,
  MAX_RESULTS = 3,
  MAX_FUNCS = 8,
  MAX_TYPES = 16,
  TABLE_SIZE = 10,
  MEMORIES = 2,
  TAGS = 2,
  KINDS = 5, // value types, in the order of letters[]
  PASSIVE_DATA_SIZE = 24,
};

static const char letters[KINDS + 1] = "iIfFv";
static const uint8_t kind_code[KINDS] = {CV_KIND_I32, CV_KIND_I64, CV_KIND_F32, CV_KIND_F64, CV_KIND_V128};
enum { I32, I64, F32, F64, V128, NO_KIND };

typedef struct signature {
  uint8_t param_count, result_count;
  uint8_t params[MAX_PARAMS], results[MAX_RESULTS]; // kinds
} signature;

typedef struct label {
  uint8_t kind; // of the value that a branch carries, or NO_KIND
} label;

typedef struct generator {
  cv_buf *out;
  const modgen_options *options;
  const uint8_t *data, *end;
  uint64_t state; // goes on when the data is used up
  unsigned kinds; // KINDS, or KINDS - 1 without SIMD

  signature types[MAX_TYPES];
  unsigned type_count;
  unsigned func_type[MAX_FUNCS];
  unsigned func_count;
  unsigned tag_type[TAGS];
  unsigned void_type; // [] -> []
  bool memory_is_64[MEMORIES];
  unsigned memory_count;
  uint32_t ops[KINDS + 1][CV_OP_INDEX_COUNT]; // plain instructions by kind of result; the last row: no result
  unsigned op_count[KINDS + 1];

  // Of the function that is being made.
  const signature *sig;
  uint8_t locals[MAX_PARAMS + MAX_LOCALS];
  unsigned local_count;
  label labels[MAX_LABELS];
  unsigned label_count;
  unsigned nodes;
} generator;

static void expression(generator *g, unsigned kind, unsigned depth);
static void statement(generator *g, unsigned depth);

// ---- randomness ----
static uint32_t pick(generator *g, uint32_t below) {
  if (below <= 1)
    return 0;
  uint64_t v = 0;
  if (g->end - g->data >= 2) {
    v = cv_load_le16(g->data);
    g->data += 2;
  } else {
    g->state ^= g->state << 13;
    g->state ^= g->state >> 7;
    g->state ^= g->state << 17;
    v = g->state >> 16;
  }
  return (uint32_t)(v % below);
}

static bool chance(generator *g, unsigned one_in) {
  return pick(g, one_in) == 0;
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

// ---- output ----
static void byte(generator *g, unsigned b) {
  cv_buf_byte(g->out, (uint8_t)b);
}

static void u32(generator *g, uint64_t v) {
  cv_buf_uleb(g->out, v);
}

static void op(generator *g, uint32_t code) {
  if (code < 0x100) {
    byte(g, code);
  } else {
    byte(g, code >> 12);
    u32(g, code & 0xfff);
  }
}

// Opens a length-prefixed part; close() puts the length before it.
static size_t open_part(generator *g) {
  return g->out->size;
}

static void close_part(generator *g, size_t start) {
  uint8_t leb[10];
  size_t n = 0, v = g->out->size - start;
  do {
    leb[n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
    v >>= 7;
  } while (v != 0);
  cv_buf_insert(g->out, start, leb, n);
}

static void constant(generator *g, unsigned kind) {
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
  default:
    op(g, CV_OPC_V128_CONST);
    cv_buf_bytes(g->out, &v, 8);
    cv_buf_bytes(g->out, &w, 8);
  }
}

static void i32_const(generator *g, int32_t v) {
  op(g, CV_OPC_I32_CONST);
  cv_buf_sleb(g->out, v);
}

// ---- types ----
static bool same_signature(const signature *a, const signature *b) {
  return a->param_count == b->param_count && a->result_count == b->result_count &&
         memcmp(a->params, b->params, a->param_count) == 0 && memcmp(a->results, b->results, a->result_count) == 0;
}

static unsigned add_type(generator *g, const signature *s) {
  for (unsigned i = 0; i < g->type_count; i++)
    if (same_signature(&g->types[i], s))
      return i;
  if (g->type_count == MAX_TYPES)
    return pick(g, MAX_TYPES);
  g->types[g->type_count] = *s;
  return g->type_count++;
}

static unsigned random_type(generator *g) {
  signature s = {.param_count = (uint8_t)(chance(g, 6) ? pick(g, MAX_PARAMS + 1) : pick(g, 4)),
                 .result_count = (uint8_t)(chance(g, 4) ? pick(g, MAX_RESULTS + 1) : 1)};
  for (unsigned i = 0; i < s.param_count; i++)
    s.params[i] = (uint8_t)pick(g, g->kinds);
  for (unsigned i = 0; i < s.result_count; i++)
    s.results[i] = (uint8_t)pick(g, g->kinds);
  return add_type(g, &s);
}

static void block_type(generator *g, unsigned kind) {
  byte(g, kind == NO_KIND ? 0x40 : kind_code[kind]);
}

static void push_label(generator *g, unsigned kind) {
  g->labels[g->label_count++] = (label){(uint8_t)kind};
}

static void pop_label(generator *g) {
  g->label_count--;
}

// Takes the counter down; ends the run when it is used up.
static void count_turn(generator *g) {
  op(g, CV_OPC_GLOBAL_GET);
  u32(g, 0);
  i32_const(g, 1);
  op(g, CV_OPC_I32_SUB);
  op(g, CV_OPC_GLOBAL_SET);
  u32(g, 0);
  op(g, CV_OPC_GLOBAL_GET);
  u32(g, 0);
  i32_const(g, 0);
  op(g, CV_OPC_I32_LT_S);
  op(g, CV_OPC_IF);
  block_type(g, NO_KIND);
  op(g, CV_OPC_UNREACHABLE);
  op(g, CV_OPC_END);
}

// ---- plain instructions ----
// The number of lanes that the mnemonic names ("i16x8.add" has 8), or 0.
static unsigned lanes_of(const cv_op_info *info) {
  const char *x = strchr(info->mnemonic, 'x');
  return x == NULL ? 0 : x[1] == '1' ? 16 : (unsigned)(x[1] - '0');
}

static bool usable(const generator *g, const cv_op_info *info) {
  if (info->mnemonic == NULL || info->sig[0] == '*' || !(g->options->features >> info->feature & 1))
    return false;
  switch ((cv_imm)info->imm) {
  case CV_IMM_NONE:
  case CV_IMM_LANE:
  case CV_IMM_SHUFFLE:
  case CV_IMM_MEMARG:
  case CV_IMM_MEMARG_LANE:
  case CV_IMM_MEMORY:
    break;
  default:
    return false;
  }
  if (strstr(info->mnemonic, "atomic.wait") != NULL || strcmp(info->mnemonic, "unreachable") == 0)
    return false;
  const char *colon = strchr(info->sig, ':');
  return colon != NULL && strlen(colon + 1) <= 1;
}

static void collect_ops(generator *g) {
  for (uint32_t i = 0; i < CV_OP_INDEX_COUNT; i++) {
    const cv_op_info *info = &cv_op_infos[i];
    if (!usable(g, info))
      continue;
    char result = strchr(info->sig, ':')[1];
    if (result == 'a')
      result = 'i'; // memory.size and memory.grow are made for 32-bit memories here
    const char *at = result != '\0' ? strchr(letters, result) : NULL;
    unsigned row = result == '\0' ? KINDS : at != NULL ? (unsigned)(at - letters) : KINDS + 1;
    if (row <= KINDS)
      g->ops[row][g->op_count[row]++] = info->code;
  }
}

static void address(generator *g, bool is_64, unsigned depth) {
  expression(g, is_64 ? I64 : I32, depth + 1);
  if (chance(g, 12))
    return; // anywhere
  op(g, is_64 ? CV_OPC_I64_CONST : CV_OPC_I32_CONST);
  cv_buf_sleb(g->out, chance(g, 3) ? 0xfff8 : 0xff8);
  op(g, is_64 ? CV_OPC_I64_AND : CV_OPC_I32_AND);
}

static void memarg(generator *g, const cv_op_info *info, unsigned memory) {
  bool atomic = info->code >> 12 == 0xfe;
  unsigned align = atomic ? info->align : pick(g, info->align + 1u);
  u32(g, memory != 0 ? align | 64 : align);
  if (memory != 0)
    u32(g, memory);
  uint64_t offset = chance(g, 40)  ? interesting(g) & (g->memory_is_64[memory] ? UINT64_MAX : UINT32_MAX)
                    : chance(g, 3) ? pick(g, 256) * 8
                                   : 0;
  u32(g, offset);
}

static void plain(generator *g, uint32_t code, unsigned depth) {
  const cv_op_info *info = cv_op_info_of(code);
  bool grows = code == CV_OPC_MEMORY_GROW, sizes = code == CV_OPC_MEMORY_SIZE;
  unsigned memory = grows || sizes ? 0 : pick(g, g->memory_count);
  for (const char *s = info->sig; *s != ':'; s++) {
    if (grows) {
      i32_const(g, (int32_t)pick(g, 3));
    } else if (*s == 'a') {
      address(g, g->memory_is_64[memory], depth);
    } else {
      expression(g, (unsigned)(strchr(letters, *s) - letters), depth + 1);
    }
  }
  op(g, code);
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
  default:
    break;
  }
}

// ---- calls ----
static bool has(const generator *g, unsigned feature_bit) {
  return g->options->features >> feature_bit & 1;
}

static void arguments(generator *g, const signature *s, unsigned depth) {
  for (unsigned i = 0; i < s->param_count; i++)
    expression(g, s->params[i], depth + 1);
}

// Puts the target of a call by reference or by table on the stack and writes the call.
static void call_instruction(generator *g, unsigned func, bool tail, unsigned depth) {
  unsigned how = pick(g, 3), type = g->func_type[func];
  if (how == 1) {
    if (chance(g, 10))
      expression(g, I32, depth + 1);
    else
      i32_const(g, (int32_t)func); // element i of the table is function i
    op(g, tail ? CV_OPC_RETURN_CALL_INDIRECT : CV_OPC_CALL_INDIRECT);
    u32(g, type);
    u32(g, 0);
  } else if (how == 2 && has(g, CV_FEATURE_BIT_FUNCTION_REFERENCES)) {
    op(g, CV_OPC_REF_FUNC);
    u32(g, func);
    op(g, tail ? CV_OPC_RETURN_CALL_REF : CV_OPC_CALL_REF);
    u32(g, type);
  } else {
    op(g, tail ? CV_OPC_RETURN_CALL : CV_OPC_CALL);
    u32(g, func);
  }
}

// A call whose results are taken off the stack, but the first when it is of the wanted kind.
static bool call_for(generator *g, unsigned kind, unsigned depth) {
  unsigned func = pick(g, g->func_count);
  const signature *s = &g->types[g->func_type[func]];
  if (kind != NO_KIND && (s->result_count == 0 || s->results[0] != kind))
    return false;
  arguments(g, s, depth);
  call_instruction(g, func, false, depth);
  for (unsigned i = s->result_count; i-- > (kind != NO_KIND ? 1u : 0u);)
    op(g, CV_OPC_DROP);
  return true;
}

// ---- structured control ----
static void body_of(generator *g, unsigned kind, unsigned depth) {
  for (unsigned n = pick(g, 3); n-- > 0;)
    statement(g, depth + 1);
  if (kind != NO_KIND)
    expression(g, kind, depth + 1);
}

static void block(generator *g, unsigned kind, unsigned depth) {
  bool loop = chance(g, 3);
  op(g, loop ? CV_OPC_LOOP : CV_OPC_BLOCK);
  block_type(g, kind);
  push_label(g, loop ? NO_KIND : kind);
  if (loop)
    count_turn(g);
  body_of(g, kind, depth);
  if (loop && chance(g, 2)) { // go round while a condition holds; the value stays below for the next turn's drop
    expression(g, I32, depth + 1);
    op(g, CV_OPC_BR_IF);
    u32(g, 0);
  }
  op(g, CV_OPC_END);
  pop_label(g);
}

static void if_else(generator *g, unsigned kind, unsigned depth) {
  expression(g, I32, depth + 1);
  op(g, CV_OPC_IF);
  block_type(g, kind);
  push_label(g, kind);
  body_of(g, kind, depth);
  if (kind != NO_KIND || chance(g, 2)) {
    op(g, CV_OPC_ELSE);
    body_of(g, kind, depth);
  }
  op(g, CV_OPC_END);
  pop_label(g);
}

static void drop_payload(generator *g, unsigned tag, unsigned extra) {
  for (unsigned n = g->types[g->tag_type[tag]].param_count + extra; n-- > 0;)
    op(g, CV_OPC_DROP);
}

// block (result kind) block (result payload) try_table (result kind) (catch tag 0) ... end br 1 end drop... value end
static void try_table(generator *g, unsigned kind, unsigned depth) {
  unsigned tag = pick(g, TAGS);
  bool all = chance(g, 3);
  op(g, CV_OPC_BLOCK);
  block_type(g, kind);
  push_label(g, kind);
  op(g, CV_OPC_BLOCK);
  if (all)
    block_type(g, NO_KIND);
  else
    cv_buf_sleb(g->out, (int64_t)(g->type_count + tag)); // the types [] -> payload come after the others
  push_label(g, NO_KIND);
  g->labels[g->label_count - 1].kind = KINDS + 1; // not a target for plain branches
  op(g, CV_OPC_TRY_TABLE);
  block_type(g, kind);
  u32(g, 1);
  byte(g, all ? CV_CATCH_ALL : CV_CATCH);
  if (!all)
    u32(g, tag);
  u32(g, 0);
  push_label(g, kind);
  body_of(g, kind, depth);
  op(g, CV_OPC_END);
  pop_label(g);
  op(g, CV_OPC_BR);
  u32(g, 1);
  op(g, CV_OPC_END);
  pop_label(g);
  if (!all)
    drop_payload(g, tag, 0);
  if (kind != NO_KIND)
    expression(g, kind, depth + 1);
  op(g, CV_OPC_END);
  pop_label(g);
}

static void legacy_try(generator *g, unsigned kind, unsigned depth) {
  op(g, CV_OPC_TRY);
  block_type(g, kind);
  push_label(g, kind);
  body_of(g, kind, depth);
  for (unsigned n = pick(g, 3); n-- > 0;) {
    unsigned tag = pick(g, TAGS);
    op(g, CV_OPC_CATCH);
    u32(g, tag);
    drop_payload(g, tag, 0);
    if (chance(g, 6)) {
      op(g, CV_OPC_RETHROW);
      u32(g, 0);
    }
    body_of(g, kind, depth);
  }
  if (chance(g, 2)) {
    op(g, CV_OPC_CATCH_ALL);
    body_of(g, kind, depth);
  }
  op(g, CV_OPC_END);
  pop_label(g);
}

// A label (as a relative depth) whose branches carry `kind`, or UINT32_MAX.
static uint32_t label_for(generator *g, unsigned kind) {
  unsigned start = pick(g, g->label_count);
  for (unsigned i = 0; i < g->label_count; i++) {
    unsigned at = (start + i) % g->label_count;
    if (g->labels[at].kind == kind)
      return g->label_count - 1 - at;
  }
  return UINT32_MAX;
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

static void leaf(generator *g, unsigned kind) {
  uint32_t local;
  if (!chance(g, 3) && local_of(g, kind, &local)) {
    op(g, CV_OPC_LOCAL_GET);
    u32(g, local);
  } else if (chance(g, 3)) {
    op(g, CV_OPC_GLOBAL_GET);
    u32(g, 1 + kind);
  } else {
    constant(g, kind);
  }
}

static void expression(generator *g, unsigned kind, unsigned depth) {
  if (depth >= MAX_DEPTH || g->nodes == 0 || g->label_count + 4 > MAX_LABELS) {
    leaf(g, kind);
    return;
  }
  g->nodes--;
  uint32_t index;
  switch (pick(g, 16)) {
  case 0:
  case 1:
    leaf(g, kind);
    return;
  case 2:
    block(g, kind, depth);
    return;
  case 3:
    if_else(g, kind, depth);
    return;
  case 4:
    if (call_for(g, kind, depth))
      return;
    break;
  case 5:
    expression(g, kind, depth + 1);
    expression(g, kind, depth + 1);
    expression(g, I32, depth + 1);
    op(g, CV_OPC_SELECT);
    return;
  case 6:
    if ((index = label_for(g, kind)) != UINT32_MAX) {
      expression(g, kind, depth + 1);
      expression(g, I32, depth + 1);
      op(g, CV_OPC_BR_IF);
      u32(g, index);
      return;
    }
    break;
  case 7:
    if (local_of(g, kind, &index)) {
      expression(g, kind, depth + 1);
      op(g, CV_OPC_LOCAL_TEE);
      u32(g, index);
      return;
    }
    break;
  case 8:
    if (has(g, CV_FEATURE_BIT_EXCEPTIONS) && chance(g, 3)) {
      try_table(g, kind, depth);
      return;
    }
    if (has(g, CV_FEATURE_BIT_LEGACY_EXCEPTIONS) && chance(g, 3)) {
      legacy_try(g, kind, depth);
      return;
    }
    break;
  default:
    break;
  }
  if (g->op_count[kind] != 0)
    plain(g, g->ops[kind][pick(g, g->op_count[kind])], depth);
  else
    leaf(g, kind);
}

// ---- statements ----
static void br_table(generator *g, unsigned depth) {
  uint32_t def = label_for(g, NO_KIND), count = 1 + pick(g, 4);
  if (def == UINT32_MAX)
    return;
  expression(g, I32, depth + 1);
  op(g, CV_OPC_BR_TABLE);
  u32(g, count);
  for (uint32_t i = 0; i < count; i++)
    u32(g, label_for(g, NO_KIND));
  u32(g, def);
}

static void bulk_memory(generator *g, unsigned depth) {
  unsigned to = pick(g, g->memory_count), from = pick(g, g->memory_count);
  bool narrow = !g->memory_is_64[to] || !g->memory_is_64[from];
  switch (pick(g, 3)) {
  case 0:
    address(g, g->memory_is_64[to], depth);
    address(g, g->memory_is_64[from], depth);
    op(g, narrow ? CV_OPC_I32_CONST : CV_OPC_I64_CONST);
    cv_buf_sleb(g->out, (int64_t)pick(g, 300));
    op(g, CV_OPC_MEMORY_COPY);
    u32(g, to);
    u32(g, from);
    break;
  case 1:
    address(g, g->memory_is_64[to], depth);
    expression(g, I32, depth + 1);
    op(g, g->memory_is_64[to] ? CV_OPC_I64_CONST : CV_OPC_I32_CONST);
    cv_buf_sleb(g->out, (int64_t)pick(g, 300));
    op(g, CV_OPC_MEMORY_FILL);
    u32(g, to);
    break;
  default:
    address(g, g->memory_is_64[to], depth);
    i32_const(g, (int32_t)pick(g, 8));
    i32_const(g, (int32_t)pick(g, PASSIVE_DATA_SIZE));
    op(g, CV_OPC_MEMORY_INIT);
    u32(g, 0);
    u32(g, to);
  }
}

static void table_operation(generator *g) {
  i32_const(g, (int32_t)pick(g, TABLE_SIZE + 1));
  switch (pick(g, 3)) {
  case 0: // an element moves onto another, so functions change places
    i32_const(g, (int32_t)pick(g, TABLE_SIZE));
    op(g, CV_OPC_TABLE_GET);
    u32(g, 0);
    op(g, CV_OPC_TABLE_SET);
    u32(g, 0);
    break;
  case 1:
    i32_const(g, (int32_t)pick(g, TABLE_SIZE));
    i32_const(g, (int32_t)pick(g, 3));
    op(g, CV_OPC_TABLE_COPY);
    u32(g, 0);
    u32(g, 0);
    break;
  default:
    op(g, CV_OPC_REF_FUNC);
    u32(g, pick(g, g->func_count));
    i32_const(g, (int32_t)pick(g, 3));
    op(g, CV_OPC_TABLE_FILL);
    u32(g, 0);
  }
}

static void throw_tag(generator *g, unsigned depth) {
  unsigned tag = pick(g, TAGS);
  arguments(g, &g->types[g->tag_type[tag]], depth);
  op(g, CV_OPC_THROW);
  u32(g, tag);
}

// if (condition) { return_call f(arguments) }
static void tail_call(generator *g, unsigned depth) {
  unsigned func = pick(g, g->func_count);
  const signature *s = &g->types[g->func_type[func]];
  if (s->result_count != g->sig->result_count || memcmp(s->results, g->sig->results, s->result_count) != 0)
    return;
  expression(g, I32, depth + 1);
  op(g, CV_OPC_IF);
  block_type(g, NO_KIND);
  push_label(g, NO_KIND);
  arguments(g, s, depth);
  call_instruction(g, func, true, depth);
  op(g, CV_OPC_END);
  pop_label(g);
}

static void statement(generator *g, unsigned depth) {
  if (depth >= MAX_DEPTH || g->nodes == 0 || g->label_count + 4 > MAX_LABELS)
    return;
  g->nodes--;
  unsigned kind = pick(g, g->kinds);
  uint32_t index;
  switch (pick(g, 18)) {
  case 0:
  case 1:
  case 2:
    if (local_of(g, kind, &index)) {
      expression(g, kind, depth + 1);
      op(g, CV_OPC_LOCAL_SET);
      u32(g, index);
    }
    return;
  case 3:
    expression(g, kind, depth + 1);
    op(g, CV_OPC_GLOBAL_SET);
    u32(g, 1 + kind);
    return;
  case 4:
    block(g, NO_KIND, depth);
    return;
  case 5:
    if_else(g, NO_KIND, depth);
    return;
  case 6:
    call_for(g, NO_KIND, depth);
    return;
  case 7:
    if ((index = label_for(g, NO_KIND)) != UINT32_MAX) {
      expression(g, I32, depth + 1);
      op(g, CV_OPC_BR_IF);
      u32(g, index);
    }
    return;
  case 8:
    if (chance(g, 3) && (index = label_for(g, kind)) != UINT32_MAX) {
      expression(g, kind, depth + 1);
      op(g, CV_OPC_BR);
      u32(g, index);
    }
    return;
  case 9:
    br_table(g, depth);
    return;
  case 10:
    if (has(g, CV_FEATURE_BIT_BULK_MEMORY))
      bulk_memory(g, depth);
    return;
  case 11:
    if (has(g, CV_FEATURE_BIT_REFERENCE_TYPES))
      table_operation(g);
    return;
  case 12:
    if (has(g, CV_FEATURE_BIT_EXCEPTIONS) && chance(g, 2))
      throw_tag(g, depth);
    else if (has(g, CV_FEATURE_BIT_EXCEPTIONS))
      try_table(g, NO_KIND, depth);
    return;
  case 13:
    if (has(g, CV_FEATURE_BIT_TAIL_CALL))
      tail_call(g, depth);
    return;
  case 14:
    expression(g, kind, depth + 1);
    op(g, CV_OPC_DROP);
    return;
  default:
    plain(g, g->ops[KINDS][pick(g, g->op_count[KINDS])], depth);
  }
}

// ---- sections ----
static void function_body(generator *g, unsigned func) {
  size_t start = open_part(g);
  g->sig = &g->types[g->func_type[func]];
  unsigned declared = pick(g, MAX_LOCALS + 1);
  memcpy(g->locals, g->sig->params, g->sig->param_count);
  g->local_count = g->sig->param_count + declared;
  u32(g, declared);
  for (unsigned i = 0; i < declared; i++) {
    unsigned kind = pick(g, g->kinds);
    g->locals[g->sig->param_count + i] = (uint8_t)kind;
    u32(g, 1);
    byte(g, kind_code[kind]);
  }
  g->label_count = 0;
  g->nodes = g->options->max_nodes;
  push_label(g, g->sig->result_count == 0 ? NO_KIND : g->sig->result_count == 1 ? g->sig->results[0] : KINDS + 1);
  count_turn(g);
  for (unsigned n = 1 + pick(g, 8); n-- > 0;)
    statement(g, 0);
  for (unsigned i = 0; i < g->sig->result_count; i++)
    expression(g, g->sig->results[i], 0);
  op(g, CV_OPC_END);
  close_part(g, start);
}

static void type_entry(generator *g, unsigned param_count, const uint8_t *params, unsigned result_count,
                       const uint8_t *results) {
  byte(g, CV_COMP_FUNC);
  u32(g, param_count);
  for (unsigned i = 0; i < param_count; i++)
    byte(g, kind_code[params[i]]);
  u32(g, result_count);
  for (unsigned i = 0; i < result_count; i++)
    byte(g, kind_code[results[i]]);
}

static void export_entry(generator *g, char letter, unsigned number, unsigned kind, unsigned index) {
  u32(g, 2);
  byte(g, (unsigned char)letter);
  byte(g, '0' + number);
  byte(g, kind);
  u32(g, index);
}

static void zero(generator *g, unsigned kind) {
  static const uint8_t nothing[16];
  static const uint32_t codes[KINDS] = {CV_OPC_I32_CONST, CV_OPC_I64_CONST, CV_OPC_F32_CONST, CV_OPC_F64_CONST,
                                        CV_OPC_V128_CONST};
  static const uint8_t sizes[KINDS] = {1, 1, 4, 8, 16};
  op(g, codes[kind]);
  cv_buf_bytes(g->out, nothing, sizes[kind]);
  op(g, CV_OPC_END);
}

static void plan(generator *g) {
  g->void_type = add_type(g, &(signature){0});
  g->memory_count = has(g, CV_FEATURE_BIT_MULTI_MEMORY) ? 1 + pick(g, MEMORIES) : 1;
  if (g->memory_count > 1)
    g->memory_is_64[1] = has(g, CV_FEATURE_BIT_MEMORY64) && chance(g, 2);
  g->func_count = 1 + pick(g, CV_MIN(g->options->max_functions, MAX_FUNCS));
  for (unsigned i = 0; i < TAGS; i++) {
    signature s = {.param_count = (uint8_t)pick(g, 3)};
    for (unsigned k = 0; k < s.param_count; k++)
      s.params[k] = (uint8_t)pick(g, g->kinds);
    g->tag_type[i] = add_type(g, &s);
  }
  for (unsigned i = 0; i < g->func_count; i++)
    g->func_type[i] = random_type(g);
}

static void declarations(generator *g) {
  size_t start;
  byte(g, 1); // types; after them, for catch blocks: [] -> payload of each tag
  start = open_part(g);
  u32(g, g->type_count + TAGS);
  for (unsigned i = 0; i < g->type_count; i++)
    type_entry(g, g->types[i].param_count, g->types[i].params, g->types[i].result_count, g->types[i].results);
  for (unsigned i = 0; i < TAGS; i++) {
    const signature *s = &g->types[g->tag_type[i]];
    type_entry(g, 0, NULL, s->param_count, s->params);
  }
  close_part(g, start);
  byte(g, 3); // functions
  start = open_part(g);
  u32(g, g->func_count);
  for (unsigned i = 0; i < g->func_count; i++)
    u32(g, g->func_type[i]);
  close_part(g, start);
  byte(g, 4); // one table
  start = open_part(g);
  u32(g, 1);
  byte(g, 0x70);
  byte(g, 0);
  u32(g, TABLE_SIZE);
  close_part(g, start);
  byte(g, 5); // memories
  start = open_part(g);
  u32(g, g->memory_count);
  for (unsigned i = 0; i < g->memory_count; i++) {
    byte(g, g->memory_is_64[i] ? 5 : 1);
    u32(g, 1);
    u32(g, 3);
  }
  close_part(g, start);
  if (has(g, CV_FEATURE_BIT_EXCEPTIONS) || has(g, CV_FEATURE_BIT_LEGACY_EXCEPTIONS)) {
    byte(g, 13); // tags
    start = open_part(g);
    u32(g, TAGS);
    for (unsigned i = 0; i < TAGS; i++) {
      byte(g, 0);
      u32(g, g->tag_type[i]);
    }
    close_part(g, start);
  }
  byte(g, 6); // globals: the counter, then one of each kind
  start = open_part(g);
  u32(g, 1 + g->kinds);
  byte(g, CV_KIND_I32);
  byte(g, 1);
  i32_const(g, g->options->turns);
  op(g, CV_OPC_END);
  for (unsigned i = 0; i < g->kinds; i++) {
    byte(g, kind_code[i]);
    byte(g, 1);
    zero(g, i);
  }
  close_part(g, start);
  byte(g, 7); // exports
  start = open_part(g);
  u32(g, g->func_count + g->memory_count + 1 + g->kinds);
  for (unsigned i = 0; i < g->func_count; i++)
    export_entry(g, 'f', i, CV_EXTERN_FUNC, i);
  for (unsigned i = 0; i < g->memory_count; i++)
    export_entry(g, 'm', i, CV_EXTERN_MEMORY, i);
  for (unsigned i = 0; i < 1 + g->kinds; i++)
    export_entry(g, 'g', i, CV_EXTERN_GLOBAL, i);
  close_part(g, start);
  byte(g, 9); // elements: function i at element i
  start = open_part(g);
  u32(g, 1);
  u32(g, 0);
  i32_const(g, 0);
  op(g, CV_OPC_END);
  u32(g, g->func_count);
  for (unsigned i = 0; i < g->func_count; i++)
    u32(g, i);
  close_part(g, start);
}

void modgen_module(cv_buf *out, const modgen_options *options, const uint8_t *data, size_t size) {
  static const uint8_t preamble[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  generator g = {.out = out, .options = options, .data = data, .end = data + size};
  g.state = 0x9e3779b97f4a7c15u ^ size;
  for (size_t i = 0; i < size; i++)
    g.state = (g.state ^ data[i]) * 0x100000001b3u;
  g.state |= 1;
  g.kinds = has(&g, CV_FEATURE_BIT_SIMD) ? KINDS : KINDS - 1;
  collect_ops(&g);
  plan(&g);
  cv_buf_bytes(out, preamble, sizeof preamble);
  declarations(&g);
  byte(&g, 12); // data count
  size_t start = open_part(&g);
  u32(&g, 2);
  close_part(&g, start);
  byte(&g, 10); // code
  start = open_part(&g);
  u32(&g, g.func_count);
  for (unsigned i = 0; i < g.func_count; i++)
    function_body(&g, i);
  close_part(&g, start);
  byte(&g, 11); // data: a passive segment, and an active one so that memory is not all zero
  start = open_part(&g);
  u32(&g, 2);
  byte(&g, 1);
  u32(&g, PASSIVE_DATA_SIZE);
  for (unsigned i = 0; i < PASSIVE_DATA_SIZE; i++)
    byte(&g, i * 37u + 5u);
  byte(&g, 0);
  i32_const(&g, 64);
  op(&g, CV_OPC_END);
  u32(&g, 64);
  for (unsigned i = 0; i < 64; i++)
    byte(&g, pick(&g, 256));
  close_part(&g, start);
}
