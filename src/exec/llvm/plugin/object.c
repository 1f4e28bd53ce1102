// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// object.c: globals, tables, references, and bulk instructions (core specification, 4.4.4 to 4.4.7).
#include "exec/llvm/plugin/gen.h"
#include "runtime/fuel.h"

// ---- globals ----

static value global_at(gen *g, uint32_t global) {
  uint32_t imported = g->module->imported_globals;
  if (global >= imported)
    return gen_pointer(g, g->instance, g->layout->globals + (size_t)(global - imported) * sizeof(cv_global));
  return gen_field_forever(g, g->t.ptr, g->instance, g->layout->imported_globals + 8 * (size_t)global);
}

static void global_get(gen *g) {
  uint32_t global = read_u32(g);
  const cv_globaltype *t = &g->module->globals[global].type;
  value at = global_at(g, global);
  push(g,
       t->is_mutable ? gen_field(g, gen_type(g, t->type), at, 0) : gen_field_forever(g, gen_type(g, t->type), at, 0));
}

static void global_set(gen *g) {
  uint32_t global = read_u32(g);
  value v = gen_same(g, pop(g), gen_type(g, g->module->globals[global].type.type));
  gen_set_field(g, v, global_at(g, global), 0);
}

// ---- tables ----

value gen_table_object(gen *g, uint32_t table) {
  uint32_t imported = g->module->imported_tables;
  if (table >= imported)
    return gen_pointer(g, g->instance, g->layout->tables + (size_t)(table - imported) * sizeof(cv_table));
  return gen_field_forever(g, g->t.ptr, g->instance, g->layout->imported_tables + 8 * (size_t)table);
}

// A table that cannot grow has its size and its place for ever.
static bool is_fixed(const gen *g, uint32_t table) {
  const cv_limits *limits = &g->module->tables[table].type.limits;
  return limits->has_max && limits->max == limits->min;
}

value gen_table_size(gen *g, uint32_t table) {
  if (is_fixed(g, table))
    return gen_const64(g, g->module->tables[table].type.limits.min);
  return gen_field(g, g->t.i64, gen_table_object(g, table), offsetof(cv_table, size));
}

value gen_table_elements(gen *g, uint32_t table) {
  value object = gen_table_object(g, table);
  return is_fixed(g, table) ? gen_field_forever(g, g->t.ptr, object, offsetof(cv_table, elems))
                            : gen_field(g, g->t.ptr, object, offsetof(cv_table, elems));
}

static bool is_64(const gen *g, uint32_t table) {
  return g->module->tables[table].type.limits.is_64;
}

// An index, a size or a delta of a table as an i64.
static value wide(gen *g, value v) {
  return LLVMTypeOf(v) == g->t.i32 ? LLVMBuildZExt(g->b, v, g->t.i64, "") : v;
}

// Where an element is, checked.
static value element_at(gen *g, uint32_t table, value index) {
  index = wide(g, index);
  gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntUGE, index, gen_table_size(g, table), ""), CV_TRAP_TABLE_BOUNDS);
  return LLVMBuildGEP2(g->b, g->t.i64, gen_table_elements(g, table), &index, 1, "");
}

static void table_get(gen *g) {
  uint32_t table = read_u32(g);
  push(g, gen_field(g, g->t.i64, element_at(g, table, pop(g)), 0));
}

static void table_set(gen *g) {
  uint32_t table = read_u32(g);
  value v = pop(g), index = pop(g);
  gen_set_field(g, v, element_at(g, table, index), 0);
}

static void table_size(gen *g) {
  uint32_t table = read_u32(g);
  value size = gen_table_size(g, table);
  push(g, is_64(g, table) ? size : LLVMBuildTrunc(g->b, size, g->t.i32, ""));
}

static void table_grow(gen *g) {
  uint32_t table = read_u32(g);
  value delta = wide(g, pop(g)), init = pop(g);
  value old = gen_helper(g, CV_NATIVE_TABLE_GROW, (value[]){gen_table_object(g, table), init, delta}, 3);
  push(g, is_64(g, table) ? old : LLVMBuildTrunc(g->b, old, g->t.i32, ""));
}

static void table_fill(gen *g) {
  uint32_t table = read_u32(g);
  value n = wide(g, pop(g)), v = pop(g), d = wide(g, pop(g));
  gen_trap_if_returned(g, gen_helper(g, CV_NATIVE_TABLE_FILL, (value[]){gen_table_object(g, table), d, v, n}, 4));
}

static void table_copy(gen *g) {
  uint32_t to = read_u32(g), from = read_u32(g);
  value n = wide(g, pop(g)), s = wide(g, pop(g)), d = wide(g, pop(g));
  value args[] = {gen_table_object(g, to), gen_table_object(g, from), d, s, n};
  gen_trap_if_returned(g, gen_helper(g, CV_NATIVE_TABLE_COPY, args, 5));
}

// ---- segments ----

static void init(gen *g, cv_native_helper helper) {
  uint32_t segment = read_u32(g), object = read_u32(g);
  value n = wide(g, pop(g)), s = wide(g, pop(g)), d = wide(g, pop(g));
  value args[] = {g->instance, gen_const64(g, object), gen_const64(g, segment), d, s, n};
  gen_trap_if_returned(g, gen_helper(g, helper, args, 6));
}

static void drop_segment(gen *g, cv_native_helper helper) {
  gen_helper(g, helper, (value[]){g->instance, gen_const64(g, read_u32(g))}, 2);
}

// ---- memory.copy, memory.fill ----

// A small size that is known, in a memory whose guard pages do the check: all bytes are loaded before any is stored, so
// that ranges may overlap and a source out of bounds traps first; the highest byte is stored first, so that nothing is
// written where not all can be.
enum { MOST_COPIED = 128, MOST_FILLED = 256 };

static bool is_guarded(const gen *g, uint32_t memory) {
  const cv_memtype *t = &g->module->memories[memory];
  return !t->limits.is_64 && t->page_log2 == 16;
}

static bool is_small(value n, uint64_t most, uint64_t *size) {
  if (!LLVMIsAConstantInt(n))
    return false;
  *size = LLVMConstIntGetZExtValue(n);
  return *size >= 4 && *size <= most;
}

typedef struct pieces {
  type t;
  unsigned size, count, total;
} pieces;

static pieces split(gen *g, uint64_t total) {
  unsigned size = total >= 16 ? 16 : total >= 8 ? 8 : 4;
  type t = size == 16 ? g->t.vector[I64X2] : size == 8 ? g->t.i64 : g->t.i32;
  return (pieces){t, size, (unsigned)(total + size - 1) / size, (unsigned)total};
}

static value piece_at(gen *g, const pieces *p, value start, unsigned i) {
  return gen_pointer(g, start, CV_MIN(i * p->size, p->total - p->size));
}

// LLVM's time grows with the square of straight code.
static bool may_expand(gen *g, uint64_t total) {
  enum { MOST_EXPANDED = 4000 };
  uint32_t count = split(g, total).count;
  if (g->expanded + count > MOST_EXPANDED)
    return false;
  g->expanded += count;
  return true;
}

static void copy_in_place(gen *g, uint32_t to, uint32_t from, uint64_t total, value d, value s) {
  pieces p = split(g, total);
  value kept[MOST_COPIED / 4 + 1];
  memarg source = {.memory = from}, target = {.memory = to};
  value at = gen_address(g, &source, s, 0);
  for (unsigned i = 0; i < p.count; i++)
    kept[i] = gen_load(g, p.t, piece_at(g, &p, at, i));
  at = gen_address(g, &target, d, 0);
  for (unsigned i = p.count; i-- > 0;)
    gen_store(g, kept[i], piece_at(g, &p, at, i));
}

static void memory_copy(gen *g) {
  uint32_t to = read_u32(g), from = read_u32(g);
  value n = pop(g), s = pop(g), d = pop(g);
  uint64_t size;
  if (is_guarded(g, to) && is_guarded(g, from) && is_small(n, MOST_COPIED, &size) && may_expand(g, size)) {
    copy_in_place(g, to, from, size, d, s);
    return;
  }
  value args[] = {gen_memory_object(g, to), gen_memory_object(g, from), wide(g, d), wide(g, s), wide(g, n)};
  gen_trap_if_returned(g, gen_helper(g, CV_NATIVE_MEMORY_COPY, args, 5));
}

static void fill_in_place(gen *g, uint32_t memory, uint64_t total, value d, value byte) {
  pieces p = split(g, total);
  value word = LLVMBuildAnd(g->b, wide(g, byte), gen_const64(g, 0xff), "");
  word = LLVMBuildMul(g->b, word, gen_const64(g, 0x0101010101010101u), "");
  value v = word;
  if (p.size == 4)
    v = LLVMBuildTrunc(g->b, word, p.t, "");
  if (p.size == 16) {
    v = LLVMBuildInsertElement(g->b, LLVMGetPoison(p.t), word, gen_const32(g, 0), "");
    v = LLVMBuildInsertElement(g->b, v, word, gen_const32(g, 1), "");
  }
  memarg target = {.memory = memory};
  value at = gen_address(g, &target, d, 0);
  for (unsigned i = p.count; i-- > 0;)
    gen_store(g, v, piece_at(g, &p, at, i));
}

static void memory_fill(gen *g) {
  uint32_t memory = read_u32(g);
  value n = pop(g), byte = pop(g), d = pop(g);
  uint64_t size;
  if (is_guarded(g, memory) && is_small(n, MOST_FILLED, &size) && may_expand(g, size)) {
    fill_in_place(g, memory, size, d, byte);
    return;
  }
  value args[] = {gen_memory_object(g, memory), wide(g, d), wide(g, byte), wide(g, n)};
  gen_trap_if_returned(g, gen_helper(g, CV_NATIVE_MEMORY_FILL, args, 4));
}

// ---- references ----

static void ref_func(gen *g) {
  uint32_t func = read_u32(g);
  if (func < g->module->imported_funcs) {
    push(g, gen_field_forever(g, g->t.i64, g->instance, g->layout->imported_funcs + 8 * (size_t)func));
    return;
  }
  value f = gen_helper(g, CV_NATIVE_REF_FUNC, (value[]){g->instance, gen_const64(g, func)}, 2);
  gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntEQ, f, gen_const64(g, 0), ""), CV_TRAP_OUT_OF_MEMORY);
  push(g, f);
}

static void ref_is_null(gen *g) {
  value is = LLVMBuildICmp(g->b, LLVMIntEQ, pop(g), gen_const64(g, 0), "");
  push(g, LLVMBuildZExt(g->b, is, g->t.i32, ""));
}

static void ref_as_non_null(gen *g) {
  value v = pop(g);
  gen_trap_if(g, LLVMBuildICmp(g->b, LLVMIntEQ, v, gen_const64(g, 0), ""), CV_TRAP_NULL_REFERENCE);
  push(g, v);
}

// ---- 128-bit arithmetic ----

static value join(gen *g, value low, value high) {
  low = LLVMBuildZExt(g->b, low, g->t.i128, "");
  high = LLVMBuildShl(g->b, LLVMBuildZExt(g->b, high, g->t.i128, ""), LLVMConstInt(g->t.i128, 64, false), "");
  return LLVMBuildOr(g->b, low, high, "");
}

static void push_halves(gen *g, value v) {
  push(g, LLVMBuildTrunc(g->b, v, g->t.i64, ""));
  v = LLVMBuildLShr(g->b, v, LLVMConstInt(g->t.i128, 64, false), "");
  push(g, LLVMBuildTrunc(g->b, v, g->t.i64, ""));
}

static void wide_arithmetic(gen *g, uint32_t op) {
  if (op == CV_OPC_I64_ADD128 || op == CV_OPC_I64_SUB128) {
    value bh = pop(g), bl = pop(g), ah = pop(g), al = pop(g);
    value a = join(g, al, ah), b = join(g, bl, bh);
    push_halves(g, op == CV_OPC_I64_ADD128 ? LLVMBuildAdd(g->b, a, b, "") : LLVMBuildSub(g->b, a, b, ""));
    return;
  }
  value b = pop(g), a = pop(g);
  LLVMOpcode extend = op == CV_OPC_I64_MUL_WIDE_S ? LLVMSExt : LLVMZExt;
  a = LLVMBuildCast(g->b, extend, a, g->t.i128, "");
  b = LLVMBuildCast(g->b, extend, b, g->t.i128, "");
  push_halves(g, LLVMBuildMul(g->b, a, b, ""));
}

// ----

static void bulk_fuel(gen *g, uint32_t op) {
  if (CV_LIKELY(!g->fuel))
    return;
  gen_fuel(g, op);
  value units = LLVMBuildLShr(g->b, wide(g, g->stack[g->sp - 1]),
                              gen_const64(g, (unsigned)__builtin_ctz(cv_fuel_bulk_unit(op))), "");
  gen_fuel_take(g, units);
}

void gen_object(gen *g, uint32_t op) {
  gen_place(g);
  if (cv_fuel_bulk_unit(op) != 0)
    bulk_fuel(g, op);
  switch (op) {
  case CV_OPC_GLOBAL_GET:
    global_get(g);
    break;
  case CV_OPC_GLOBAL_SET:
    global_set(g);
    break;
  case CV_OPC_TABLE_GET:
    table_get(g);
    break;
  case CV_OPC_TABLE_SET:
    table_set(g);
    break;
  case CV_OPC_TABLE_SIZE:
    table_size(g);
    break;
  case CV_OPC_TABLE_GROW:
    table_grow(g);
    break;
  case CV_OPC_TABLE_FILL:
    table_fill(g);
    break;
  case CV_OPC_TABLE_COPY:
    table_copy(g);
    break;
  case CV_OPC_TABLE_INIT:
    init(g, CV_NATIVE_TABLE_INIT);
    break;
  case CV_OPC_ELEM_DROP:
    drop_segment(g, CV_NATIVE_ELEM_DROP);
    break;
  case CV_OPC_MEMORY_INIT:
    init(g, CV_NATIVE_MEMORY_INIT);
    break;
  case CV_OPC_MEMORY_COPY:
    memory_copy(g);
    break;
  case CV_OPC_MEMORY_FILL:
    memory_fill(g);
    break;
  case CV_OPC_DATA_DROP:
    drop_segment(g, CV_NATIVE_DATA_DROP);
    break;
  case CV_OPC_REF_NULL:
    cv_leb_skip(&g->at);
    push(g, gen_const64(g, 0));
    break;
  case CV_OPC_REF_IS_NULL:
    ref_is_null(g);
    break;
  case CV_OPC_REF_FUNC:
    ref_func(g);
    break;
  case CV_OPC_REF_AS_NON_NULL:
    ref_as_non_null(g);
    break;
  case CV_OPC_I64_ADD128:
  case CV_OPC_I64_SUB128:
  case CV_OPC_I64_MUL_WIDE_S:
  case CV_OPC_I64_MUL_WIDE_U:
    wide_arithmetic(g, op);
    break;
  default:
    if (op >= CV_OPC_I32_TRUNC_SAT_F32_S && op <= CV_OPC_I64_TRUNC_SAT_F64_U)
      gen_float(g, op);
    else
      gen_fail(g, "unsupported: an instruction of the 0xFC group in this tier");
    break;
  }
}
