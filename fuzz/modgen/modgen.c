// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// modgen.c: type-directed generation. An expression of a wanted type is a tree whose operands are generated first, so
// what comes out is in stack order and valid by construction. gen.h explains the terms.
#include "gen.h"

// ---- parts of a section ----
// Opens a length-prefixed part; close_part() puts the length before it.
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

// ---- what there is ----
static bool same_shape(const shape *a, const shape *b) {
  return a->param_count == b->param_count && a->result_count == b->result_count &&
         memcmp(a->params, b->params, a->param_count) == 0 && memcmp(a->results, b->results, a->result_count) == 0;
}

static unsigned add_type(generator *g, shape *s) {
  for (unsigned i = 0; i < g->type_count; i++)
    if (same_shape(&g->types[i], s))
      return i;
  if (g->type_count == MAX_TYPES)
    return pick(g, MAX_TYPES);
  s->type = (int)g->type_count;
  g->types[g->type_count] = *s;
  return g->type_count++;
}

static unsigned random_type(generator *g) {
  shape s = {.param_count = (uint8_t)(chance(g, 6) ? pick(g, MAX_PARAMS + 1) : pick(g, 4)),
             .result_count = (uint8_t)(chance(g, 8)   ? pick(g, MAX_RESULTS + 1)
                                       : chance(g, 4) ? pick(g, 4)
                                                      : 1)};
  for (unsigned i = 0; i < s.param_count; i++)
    s.params[i] = (uint8_t)pick(g, g->kinds);
  for (unsigned i = 0; i < s.result_count; i++)
    s.results[i] = (uint8_t)pick(g, g->kinds);
  if (g->type_count > 1 && chance(g, 2)) { // functions with the same results call each other's tail
    const shape *other = &g->types[pick(g, g->type_count)];
    s.result_count = other->result_count;
    memcpy(s.results, other->results, sizeof s.results);
  }
  return add_type(g, &s);
}

static void plan(generator *g) {
  add_type(g, &(shape){0});
  g->memory_count = has(g, CV_FEATURE_BIT_MULTI_MEMORY) && chance(g, 2) ? 1 + pick(g, MAX_MEMORIES) : 1;
  for (unsigned i = 0; i < g->memory_count; i++) {
    gen_memory *m = &g->memories[i];
    m->is_64 = has(g, CV_FEATURE_BIT_MEMORY64) && chance(g, 4);
    m->shared = has(g, CV_FEATURE_BIT_THREADS) && chance(g, 3);
    m->bytewise = has(g, CV_FEATURE_BIT_CUSTOM_PAGE_SIZES) && chance(g, 8);
  }
  g->table_count = 1 + pick(g, MAX_TABLES);
  for (unsigned i = 0; i < g->table_count; i++)
    g->table_is_64[i] = has(g, CV_FEATURE_BIT_MEMORY64) && chance(g, 4);
  g->func_count = 1 + pick(g, CV_MIN(g->options->max_functions, MAX_FUNCS));
  for (unsigned i = 0; i < TAGS; i++) {
    shape s = {.param_count = (uint8_t)pick(g, chance(g, 3) ? TAG_PARAMS + 1 : 2)};
    for (unsigned k = 0; k < s.param_count; k++)
      s.params[k] = (uint8_t)pick(g, g->kinds);
    g->tag_type[i] = add_type(g, &s);
  }
  for (unsigned i = 0; i < g->func_count; i++)
    g->func_type[i] = random_type(g);
  for (unsigned n = pick(g, 4); n-- > 0;) // for blocks
    random_type(g);
}

// ---- sections ----
static void declare_locals(generator *g) {
  bool many = chance(g, 8);
  unsigned wanted = many ? 100 + pick(g, MAX_LOCALS - 100) : pick(g, 25), kinds = g->kinds;
  memcpy(g->locals, g->sig->params, g->sig->param_count);
  g->local_count = g->sig->param_count;
  uint8_t run_kind[MAX_LOCALS];
  unsigned run_size[MAX_LOCALS], runs = 0;
  for (unsigned made = 0; made < wanted; runs++) {
    unsigned size = many ? 1 + pick(g, 40) : 1, kind = pick(g, kinds + (g->exnref ? 1 : 0));
    size = CV_MIN(size, wanted - made);
    run_kind[runs] = (uint8_t)(kind == kinds ? (unsigned)EXN : kind);
    run_size[runs] = size;
    memset(g->locals + g->local_count, run_kind[runs], size);
    g->local_count += size;
    made += size;
  }
  u32(g, runs);
  for (unsigned i = 0; i < runs; i++) {
    u32(g, run_size[i]);
    byte(g, gen_kind_code(run_kind[i]));
  }
}

static void function_body(generator *g, unsigned func) {
  size_t start = open_part(g);
  g->sig = &g->types[g->func_type[func]];
  declare_locals(g);
  g->label_count = 0;
  g->nodes = g->options->max_nodes;
  g->max_depth = chance(g, 4) ? 60 : 12;
  g->piles = 2;
  gen_push_label(g, g->sig->results, g->sig->result_count);
  gen_count_turn(g);
  unsigned most = 8 + g->options->max_nodes / 60;
  for (unsigned n = 1 + pick(g, most); n-- > 0;)
    gen_statement(g, 0);
  gen_expressions(g, g->sig->results, g->sig->result_count, 0);
  op(g, CV_OPC_END);
  close_part(g, start);
}

static void type_entry(generator *g, const uint8_t *params, unsigned param_count, const uint8_t *results,
                       unsigned result_count, bool with_exn) {
  byte(g, CV_COMP_FUNC);
  u32(g, param_count);
  for (unsigned i = 0; i < param_count; i++)
    byte(g, gen_kind_code(params[i]));
  u32(g, result_count + with_exn);
  for (unsigned i = 0; i < result_count; i++)
    byte(g, gen_kind_code(results[i]));
  if (with_exn)
    byte(g, gen_kind_code(EXN));
}

// The order of the types is that of control.c: results_shape, handler_shape.
static void types_section(generator *g) {
  byte(g, 1);
  size_t start = open_part(g);
  u32(g, 2 * g->type_count + (g->exnref ? 2 : 1) * TAGS);
  for (unsigned i = 0; i < g->type_count; i++) {
    const shape *s = &g->types[i];
    type_entry(g, s->params, s->param_count, s->results, s->result_count, false);
  }
  for (unsigned i = 0; i < g->type_count; i++)
    type_entry(g, NULL, 0, g->types[i].results, g->types[i].result_count, false);
  for (unsigned i = 0; i < TAGS; i++) {
    const shape *s = &g->types[g->tag_type[i]];
    type_entry(g, NULL, 0, s->params, s->param_count, false);
    if (g->exnref)
      type_entry(g, NULL, 0, s->params, s->param_count, true);
  }
  close_part(g, start);
}

static void memories_section(generator *g) {
  byte(g, 5);
  size_t start = open_part(g);
  u32(g, g->memory_count);
  for (unsigned i = 0; i < g->memory_count; i++) {
    const gen_memory *m = &g->memories[i];
    byte(g, 1u | (unsigned)m->shared << 1 | (unsigned)m->is_64 << 2 | (unsigned)m->bytewise << 3);
    u32(g, m->bytewise ? 65536 + pick(g, 64) : 1);
    u32(g, m->bytewise ? 65664 : 3);
    if (m->bytewise)
      u32(g, 0);
  }
  close_part(g, start);
}

static void tables_section(generator *g) {
  byte(g, 4);
  size_t start = open_part(g);
  u32(g, g->table_count);
  for (unsigned i = 0; i < g->table_count; i++) {
    byte(g, gen_kind_code(REF));
    byte(g, 1u | (unsigned)g->table_is_64[i] << 2);
    u32(g, TABLE_SIZE);
    u32(g, 2 * TABLE_SIZE);
  }
  close_part(g, start);
}

static void tags_section(generator *g) {
  if (!has(g, CV_FEATURE_BIT_EXCEPTIONS) && !has(g, CV_FEATURE_BIT_LEGACY_EXCEPTIONS))
    return;
  byte(g, 13);
  size_t start = open_part(g);
  u32(g, TAGS);
  for (unsigned i = 0; i < TAGS; i++) {
    byte(g, 0);
    u32(g, g->tag_type[i]);
  }
  close_part(g, start);
}

static void global_entry(generator *g, unsigned kind) {
  static const uint8_t nothing[16];
  static const uint32_t codes[KINDS] = {CV_OPC_I32_CONST, CV_OPC_I64_CONST, CV_OPC_F32_CONST,
                                        CV_OPC_F64_CONST, CV_OPC_REF_NULL,  CV_OPC_V128_CONST};
  static const uint8_t sizes[KINDS] = {1, 1, 4, 8, 0, 16};
  byte(g, gen_kind_code(kind));
  byte(g, 1);
  if (kind == REF || kind == EXN) {
    op(g, CV_OPC_REF_NULL);
    byte(g, gen_kind_code(kind));
  } else {
    op(g, codes[kind]);
    cv_buf_bytes(g->out, nothing, sizes[kind]);
  }
  op(g, CV_OPC_END);
}

// The counter, then one of each kind.
static void globals_section(generator *g) {
  byte(g, 6);
  size_t start = open_part(g);
  u32(g, 1 + g->kinds + g->exnref);
  byte(g, CV_KIND_I32);
  byte(g, 1);
  i32_const(g, g->options->turns);
  op(g, CV_OPC_END);
  for (unsigned i = 0; i < g->kinds; i++)
    global_entry(g, i);
  if (g->exnref)
    global_entry(g, EXN);
  close_part(g, start);
}

static void export_entry(generator *g, char letter, unsigned number, unsigned kind, unsigned index) {
  u32(g, 2);
  byte(g, (unsigned char)letter);
  byte(g, '0' + number);
  byte(g, kind);
  u32(g, index);
}

static void exports_section(generator *g) {
  byte(g, 7);
  size_t start = open_part(g);
  u32(g, g->func_count + g->memory_count + 1 + g->kinds);
  for (unsigned i = 0; i < g->func_count; i++)
    export_entry(g, 'f', i, CV_EXTERN_FUNC, i);
  for (unsigned i = 0; i < g->memory_count; i++)
    export_entry(g, 'm', i, CV_EXTERN_MEMORY, i);
  for (unsigned i = 0; i < 1 + g->kinds; i++)
    export_entry(g, 'g', i, CV_EXTERN_GLOBAL, i);
  close_part(g, start);
}

// A passive segment, then one for each table: function i is element i.
static void elements_section(generator *g) {
  byte(g, 9);
  size_t start = open_part(g);
  u32(g, 1 + g->table_count);
  for (unsigned i = 0; i <= g->table_count; i++) {
    byte(g, i == 0 ? 1 : 2);
    if (i > 0) {
      u32(g, i - 1);
      index_const(g, g->table_is_64[i - 1], 0);
      op(g, CV_OPC_END);
    }
    byte(g, 0); // functions
    u32(g, g->func_count);
    for (unsigned k = 0; k < g->func_count; k++)
      u32(g, k);
  }
  close_part(g, start);
}

// A passive segment, then one for each memory, so that none is all zero.
static void data_section(generator *g) {
  byte(g, 11);
  size_t start = open_part(g);
  u32(g, 1 + g->memory_count);
  byte(g, 1);
  u32(g, PASSIVE_DATA_SIZE);
  for (unsigned i = 0; i < PASSIVE_DATA_SIZE; i++)
    byte(g, i * 37u + 5u);
  for (unsigned i = 0; i < g->memory_count; i++) {
    byte(g, 2);
    u32(g, i);
    index_const(g, g->memories[i].is_64, 64);
    op(g, CV_OPC_END);
    u32(g, 64);
    for (unsigned k = 0; k < 64; k++)
      byte(g, pick(g, 256));
  }
  close_part(g, start);
}

static void declarations(generator *g) {
  types_section(g);
  byte(g, 3); // functions
  size_t start = open_part(g);
  u32(g, g->func_count);
  for (unsigned i = 0; i < g->func_count; i++)
    u32(g, g->func_type[i]);
  close_part(g, start);
  tables_section(g);
  memories_section(g);
  tags_section(g);
  globals_section(g);
  exports_section(g);
  elements_section(g);
  byte(g, 12); // data count
  start = open_part(g);
  u32(g, 1 + g->memory_count);
  close_part(g, start);
}

void modgen_module(cv_buf *out, const modgen_options *options, const uint8_t *data, size_t size) {
  static const uint8_t preamble[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  static generator state; // large
  generator *g = &state;
  *g = (generator){.out = out, .options = options, .data = data, .end = data + size};
  g->state = 0x9e3779b97f4a7c15u ^ size;
  for (size_t i = 0; i < size; i++)
    g->state = (g->state ^ data[i]) * 0x100000001b3u;
  g->state |= 1;
  g->kinds = has(g, CV_FEATURE_BIT_SIMD) ? KINDS : KINDS - 1;
  g->exnref = has(g, CV_FEATURE_BIT_EXCEPTIONS);
  gen_collect_ops(g);
  plan(g);
  cv_buf_bytes(out, preamble, sizeof preamble);
  declarations(g);
  byte(g, 10); // code
  size_t start = open_part(g);
  u32(g, g->func_count);
  for (unsigned i = 0; i < g->func_count; i++)
    function_body(g, i);
  close_part(g, start);
  data_section(g);
}
