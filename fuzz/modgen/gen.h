// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen.h: what the files of modgen share: the generator's state, its randomness, and its output.
//
//   modgen.c   what a module declares, and its sections
//   value.c    expressions and statements: plain instructions, variables, memories, tables
//   control.c  blocks, branches, calls, exceptions
//
// Terms
//   kind   a value type, as an index: KINDS of them have constants and arithmetic (REF is funcref), EXN is exnref.
//   node   one expression or statement, counted against a budget; when it is used up, and below the greatest depth,
//          only leaves are made.
//   shape  what a block, function or tag takes and gives, with the index of its type in the module.
#ifndef COVE_FUZZ_MODGEN_GEN_H
#define COVE_FUZZ_MODGEN_GEN_H

#include "modgen.h"
#include "wasm/opcodes.h"
#include "wasm/types.h"

enum {
  I32,
  I64,
  F32,
  F64,
  REF,
  V128, // last: there are modules without
  KINDS,
  EXN = KINDS,
  NO_KIND,

  MAX_LABELS = 160,
  MAX_LOCALS = 400,
  MAX_PARAMS = 40,
  MAX_RESULTS = 20,
  MAX_FUNCS = 8,
  MAX_TYPES = 24,
  MAX_MEMORIES = 3,
  MAX_TABLES = 3,
  TABLE_SIZE = 10,
  TAGS = 4,
  TAG_PARAMS = 6,
  PASSIVE_DATA_SIZE = 24,
  NO_TYPE = -1, // the block type of a shape without parameters and with at most one result
};

typedef struct shape {
  int type;
  uint8_t param_count, result_count;
  uint8_t params[MAX_PARAMS], results[MAX_RESULTS]; // kinds
} shape;

typedef struct label {
  uint8_t count; // of the values that a branch carries
  uint8_t kinds[MAX_PARAMS];
  bool catches; // an arm of a legacy try, where rethrow may be
} label;

typedef struct gen_memory {
  bool is_64, shared, bytewise; // bytewise: pages of one byte
} gen_memory;

typedef struct generator {
  cv_buf *out;
  const modgen_options *options;
  const uint8_t *data, *end;
  uint64_t state; // goes on when the data is used up
  unsigned kinds; // KINDS, or KINDS - 1 without SIMD
  bool exnref;    // there are locals and a global of kind EXN

  shape types[MAX_TYPES];
  unsigned type_count;
  unsigned func_type[MAX_FUNCS];
  unsigned func_count;
  unsigned tag_type[TAGS];
  gen_memory memories[MAX_MEMORIES];
  unsigned memory_count;
  bool table_is_64[MAX_TABLES];
  unsigned table_count;
  uint32_t ops[KINDS + 1][CV_OP_INDEX_COUNT]; // plain instructions by kind of first result; the last row: no result
  unsigned op_count[KINDS + 1];

  // Of the function that is being made.
  const shape *sig;
  uint8_t locals[MAX_PARAMS + MAX_LOCALS];
  unsigned local_count;
  label labels[MAX_LABELS];
  unsigned label_count;
  unsigned nodes, max_depth, piles; // piles: many operands at once, still allowed
} generator;

// ---- randomness ----
static inline uint32_t pick(generator *g, uint32_t below) {
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

static inline bool chance(generator *g, unsigned one_in) {
  return pick(g, one_in) == 0;
}

static inline bool has(const generator *g, unsigned feature_bit) {
  return g->options->features >> feature_bit & 1;
}

// ---- output ----
static inline void byte(generator *g, unsigned b) {
  cv_buf_byte(g->out, (uint8_t)b);
}

static inline void u32(generator *g, uint64_t v) {
  cv_buf_uleb(g->out, v);
}

static inline void op(generator *g, uint32_t code) {
  if (code < 0x100) {
    byte(g, code);
  } else {
    byte(g, code >> 12);
    u32(g, code & 0xfff);
  }
}

static inline void op_u32(generator *g, uint32_t code, uint64_t immediate) {
  op(g, code);
  u32(g, immediate);
}

static inline void i32_const(generator *g, int32_t v) {
  op(g, CV_OPC_I32_CONST);
  cv_buf_sleb(g->out, v);
}

// A constant of an address or index type.
static inline void index_const(generator *g, bool is_64, uint64_t v) {
  op(g, is_64 ? CV_OPC_I64_CONST : CV_OPC_I32_CONST);
  cv_buf_sleb(g->out, is_64 ? (int64_t)v : (int32_t)v);
}

unsigned gen_kind_code(unsigned kind);

// ---- value.c ----
void gen_collect_ops(generator *g);
void gen_constant(generator *g, unsigned kind);
void gen_expression(generator *g, unsigned kind, unsigned depth);
void gen_atomic(generator *g, unsigned depth); // as a statement
void gen_expressions(generator *g, const uint8_t *kinds, unsigned count, unsigned depth);
void gen_statement(generator *g, unsigned depth);
void gen_statements(generator *g, unsigned most, unsigned depth);
// Takes the values of these kinds off the stack, the last first: drops some and puts some in variables.
void gen_consume(generator *g, const uint8_t *kinds, unsigned count);

// ---- control.c ----
void gen_push_label(generator *g, const uint8_t *kinds, unsigned count);
void gen_count_turn(generator *g);
// An instruction with a body that gives a value of this kind (NO_KIND: none).
void gen_structured(generator *g, unsigned kind, unsigned depth);
// False, and nothing is made, when no function gives this kind first.
bool gen_call(generator *g, unsigned kind, unsigned depth);
bool gen_br_if(generator *g, unsigned kind, unsigned depth);
void gen_branch(generator *g, unsigned depth);
void gen_leave(generator *g, unsigned depth); // throws, rethrows, returns, tail calls

#endif
