// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// execute.c: the interpreter's loop. Plain instructions are expansions of opcodes.def; control, calls, variables,
// tables and bulk operations are written out below.
//
// In the loop: pc is the next byte to read, op the start of the current instruction, sp the next free operand (sp[-1]
// is the top), side the next entry of the side table. Every memory access goes through `address`.
#include "exec/interp/interp.h"

#include "base/leb.h"
#include "runtime/fuel.h"
#include "runtime/interrupt.h"
#include "runtime/nan.h"
#include "wasm/binary/skip.h"
#include "wasm/numeric.h"
#include "wasm/opcodes.h"
#include "wasm/simd.h"

// ---- values ----

static cv_v128 get_v128(const cv_value *v) {
  cv_v128 x;
  memcpy(&x, v->v128, sizeof x);
  return x;
}

static void set_v128(cv_value *v, cv_v128 x) {
  memcpy(v->v128, &x, sizeof x);
}

static void canonical_f32(void *lane) {
  float x;
  memcpy(&x, lane, sizeof x);
  if (x != x)
    cv_store_le32(lane, CV_CANONICAL_NAN_F32);
}

static void canonical_f64(void *lane) {
  double x;
  memcpy(&x, lane, sizeof x);
  if (x != x)
    cv_store_le64(lane, CV_CANONICAL_NAN_F64);
}

// The option for deterministic NaNs, applied to the result of an instruction.
static void canonical_nans(uint32_t code, cv_value *v) {
  switch (cv_nan_made_by(code)) {
  case CV_NAN_NONE:
    break;
  case CV_NAN_F32:
    canonical_f32(v);
    break;
  case CV_NAN_F64:
    canonical_f64(v);
    break;
  case CV_NAN_F32X4:
    for (unsigned i = 0; i < 4; i++)
      canonical_f32(v->v128 + 4 * i);
    break;
  case CV_NAN_F64X2:
    for (unsigned i = 0; i < 2; i++)
      canonical_f64(v->v128 + 8 * i);
    break;
  }
}

static cv_trap_kind numeric_trap(cv_num_status status) {
  static const cv_trap_kind kinds[] = {[CV_NUM_OK] = CV_TRAP_NONE,
                                       [CV_NUM_DIV_ZERO] = CV_TRAP_DIVIDE_BY_ZERO,
                                       [CV_NUM_OVERFLOW] = CV_TRAP_INTEGER_OVERFLOW,
                                       [CV_NUM_INVALID_CONVERSION] = CV_TRAP_INVALID_CONVERSION};
  return kinds[status];
}

static uint64_t get_index(const cv_value *v, const cv_limits *limits) {
  return limits->is_64 ? v->u64 : v->u32;
}

static void set_index(cv_value *v, const cv_limits *limits, uint64_t index) {
  if (limits->is_64)
    v->u64 = index;
  else
    v->u32 = (uint32_t)index;
}

// ---- memory ----

// Reads a memarg. *effective is the address in the memory; false when it is beyond 64 bits.
static bool effective_address(const cv_interp_frame *f, const uint8_t **pc, const cv_value *operand, cv_memory **memory,
                              uint64_t *effective) {
  uint32_t flags = cv_leb_u32(pc);
  *memory = cv_instance_memory(f->instance, flags & 0x40 ? cv_leb_u32(pc) : 0);
  uint64_t offset = cv_leb_u64(pc);
  uint64_t base = get_index(operand, &(*memory)->type.limits);
  return !cv_add_overflows(base, offset, effective);
}

// The address of `size` bytes at the operand; NULL when they are out of bounds.
static uint8_t *address(const cv_interp_frame *f, const uint8_t **pc, const cv_value *operand, uint64_t size) {
  cv_memory *memory;
  uint64_t effective;
  if (!effective_address(f, pc, operand, &memory, &effective) ||
      !cv_range_fits(effective, size, cv_memory_size(memory)))
    return NULL;
  return memory->base + effective;
}

// Alignment is looked at before bounds.
static uint8_t *atomic_address(const cv_interp_frame *f, const uint8_t **pc, const cv_value *operand, uint64_t size,
                               cv_trap_kind *trap) {
  cv_memory *memory;
  uint64_t effective;
  bool fits =
      effective_address(f, pc, operand, &memory, &effective) && cv_range_fits(effective, size, cv_memory_size(memory));
  *trap = effective % size != 0 ? CV_TRAP_UNALIGNED_ATOMIC : fits ? CV_TRAP_NONE : CV_TRAP_MEMORY_BOUNDS;
  return *trap == CV_TRAP_NONE ? memory->base + effective : NULL;
}

static cv_trap_kind wait_or_notify(const cv_interp_frame *f, uint32_t code, const uint8_t **pc, cv_value **sp) {
  cv_memory *memory;
  uint64_t effective;
  uint32_t operands = code == CV_OPC_MEMORY_ATOMIC_NOTIFY ? 2 : 3;
  cv_value *v = *sp - operands;
  if (!effective_address(f, pc, v, &memory, &effective))
    effective |= ~(uint64_t)7; // out of bounds, with the alignment it has
  *sp = v + 1;
  switch (code) {
  case CV_OPC_MEMORY_ATOMIC_NOTIFY:
    return cv_helper_notify(f->context, memory, effective, v[1].u32, &v->u32);
  case CV_OPC_MEMORY_ATOMIC_WAIT32:
    return cv_helper_wait32(f->context, memory, effective, v[1].u32, v[2].i64, &v->u32);
  default:
    return cv_helper_wait64(f->context, memory, effective, v[1].u64, v[2].i64, &v->u32);
  }
}

// memory.grow and table.grow: a refusal by a limit traps when the store was told so.
static cv_trap_kind grow(const cv_interp_frame *f, uint32_t code, uint32_t index, cv_value **sp) {
  bool refused;
  cv_trap_kind kind;
  int64_t old;
  const cv_limits *limits;
  cv_value *v = --*sp;
  if (code == CV_OPC_MEMORY_GROW) {
    cv_memory *m = cv_instance_memory(f->instance, index);
    limits = &m->type.limits;
    kind = CV_TRAP_MEMORY_LIMIT;
    old = cv_memory_grow(m, get_index(v, limits), &refused);
  } else {
    cv_table *t = cv_instance_table(f->instance, index);
    limits = &t->type.limits;
    kind = CV_TRAP_TABLE_LIMIT;
    uint64_t delta = get_index(v, limits);
    v = --*sp;
    old = cv_table_grow(t, v->ref, delta, &refused);
  }
  set_index(v, limits, (uint64_t)old);
  ++*sp;
  return refused && f->context->trap_on_limit ? kind : CV_TRAP_NONE;
}

// Fuel that a bulk instruction takes for its size, which is the top operand.
static bool pay_bulk(const cv_interp_frame *f, uint32_t code, uint64_t size) {
  cv_context *c = f->context;
  if (!c->fuel_enabled)
    return true;
  c->fuel -= (int64_t)(size / cv_fuel_bulk_unit(code));
  return c->fuel >= 0;
}

// The bulk instructions that take three operands: destination, source or value, size.
static cv_trap_kind bulk(const cv_interp_frame *f, uint32_t code, const uint8_t **pc, cv_value **sp) {
  cv_instance *i = f->instance;
  uint32_t x = cv_leb_u32(pc), y = code == CV_OPC_MEMORY_FILL || code == CV_OPC_TABLE_FILL ? 0 : cv_leb_u32(pc);
  cv_value *v = *sp -= 3;
  bool init = code == CV_OPC_MEMORY_INIT || code == CV_OPC_TABLE_INIT;
  bool tables = code == CV_OPC_TABLE_INIT || code == CV_OPC_TABLE_COPY || code == CV_OPC_TABLE_FILL;
  uint32_t to_index = init ? y : x;
  const cv_limits *to =
      tables ? &cv_instance_table(i, to_index)->type.limits : &cv_instance_memory(i, to_index)->type.limits;
  const cv_limits *from = to;
  if (code == CV_OPC_MEMORY_COPY)
    from = &cv_instance_memory(i, y)->type.limits;
  else if (code == CV_OPC_TABLE_COPY)
    from = &cv_instance_table(i, y)->type.limits;
  // A size counts in 64 bits only when both sides do; that of init is an i32.
  uint64_t size = init || !to->is_64 || !from->is_64 ? v[2].u32 : v[2].u64;
  uint64_t d = get_index(&v[0], to);
  if (!pay_bulk(f, code, size))
    return CV_TRAP_OUT_OF_FUEL;
  switch (code) {
  case CV_OPC_MEMORY_INIT:
    return cv_helper_memory_init(i, y, x, d, v[1].u32, (uint32_t)size);
  case CV_OPC_MEMORY_COPY:
    return cv_helper_memory_copy(cv_instance_memory(i, x), cv_instance_memory(i, y), d, get_index(&v[1], from), size);
  case CV_OPC_MEMORY_FILL:
    return cv_helper_memory_fill(cv_instance_memory(i, x), d, v[1].u32, size);
  case CV_OPC_TABLE_INIT:
    return cv_helper_table_init(i, y, x, d, v[1].u32, (uint32_t)size);
  case CV_OPC_TABLE_COPY:
    return cv_helper_table_copy(cv_instance_table(i, x), cv_instance_table(i, y), d, get_index(&v[1], from), size);
  default:
    return cv_helper_table_fill(cv_instance_table(i, x), d, v[1].ref, size);
  }
}

static cv_trap_kind table_access(const cv_interp_frame *f, uint32_t code, uint32_t index, cv_value **sp) {
  cv_table *t = cv_instance_table(f->instance, index);
  cv_value *v = *sp - (code == CV_OPC_TABLE_SET ? 2 : 1);
  uint64_t at = get_index(v, &t->type.limits);
  if (at >= t->size)
    return CV_TRAP_TABLE_BOUNDS;
  if (code == CV_OPC_TABLE_GET) {
    v->ref = t->elems[at];
  } else {
    t->elems[at] = v[1].ref;
    *sp = v;
  }
  return CV_TRAP_NONE;
}

// ---- control ----

static void take(const cv_interp_frame *f, const cv_side_entry *entry, cv_interp_point *at) {
  cv_value *base = f->stack + entry->height, *kept = at->sp - entry->keep;
  if (base != kept && entry->keep != 0)
    memmove(base, kept, entry->keep * sizeof *base);
  *at = (cv_interp_point){f->code + entry->target_pc, f->facts->side + entry->target_entry, base + entry->keep};
}

// The function that a call instruction names; operands that only name it are popped. NULL with *trap set.
static cv_func *callee(const cv_interp_frame *f, uint32_t code, const uint8_t **pc, cv_value **sp, cv_trap_kind *trap) {
  uint32_t x = cv_leb_u32(pc);
  cv_func *func;
  switch (code) {
  case CV_OPC_CALL:
  case CV_OPC_RETURN_CALL:
    return cv_instance_func(f->instance, x);
  case CV_OPC_CALL_REF:
  case CV_OPC_RETURN_CALL_REF:
    func = (--*sp)->func;
    *trap = CV_TRAP_NULL_FUNCTION;
    return func;
  default: {
    const cv_table *t = cv_instance_table(f->instance, cv_leb_u32(pc));
    uint64_t at = get_index(--*sp, &t->type.limits);
    *trap = CV_TRAP_UNDEFINED_ELEMENT;
    if (at >= t->size)
      return NULL;
    func = t->elems[at];
    *trap = CV_TRAP_UNINITIALIZED_ELEMENT;
    if (func == NULL)
      return NULL;
    *trap = CV_TRAP_INDIRECT_TYPE;
    return cv_helper_type_matches(f->instance, func->type, f->module->types[x].id) ? func : NULL;
  }
  }
}

// throw and its kin: the exception thrown, NULL with *trap set.
static cv_exception *thrown(const cv_interp_frame *f, uint32_t code, const uint8_t *pc, const cv_side_entry *side,
                            cv_value *sp, cv_trap_kind *trap) {
  if (code == CV_OPC_RETHROW)
    return f->caught[side->height];
  if (code == CV_OPC_THROW_REF) {
    *trap = CV_TRAP_NULL_EXCEPTION;
    return sp[-1].exn;
  }
  const cv_tag *tag = cv_instance_tag(f->instance, cv_leb_u32(&pc));
  *trap = CV_TRAP_OUT_OF_MEMORY;
  return cv_exception_new(f->context, tag, sp - tag->signature->param_count);
}

static uint32_t peek_u32(const uint8_t *pc) {
  return cv_leb_u32(&pc);
}

static void wide(uint32_t code, cv_value **sp) {
  cv_value *v;
  cv_i128 r;
  if (code == CV_OPC_I64_ADD128 || code == CV_OPC_I64_SUB128) {
    v = *sp -= 4;
    r = code == CV_OPC_I64_ADD128 ? cv_i64_add128(v[0].u64, v[1].u64, v[2].u64, v[3].u64)
                                  : cv_i64_sub128(v[0].u64, v[1].u64, v[2].u64, v[3].u64);
  } else {
    v = *sp -= 2;
    r = code == CV_OPC_I64_MUL_WIDE_S ? cv_i64_mul_wide_s(v[0].u64, v[1].u64) : cv_i64_mul_wide_u(v[0].u64, v[1].u64);
  }
  v[0].u64 = r.low;
  v[1].u64 = r.high;
  *sp += 2;
}

static void place_at(cv_interp_frame *f, const uint8_t *op) {
  f->activation.offset = f->code_offset + (uint32_t)(op - f->code);
}

// ---- the loop ----

// C type of an operand, and the member of cv_value that has it.
#define C_I32 uint32_t
#define C_I64 uint64_t
#define C_F32 float
#define C_F64 double
#define GET_I32(v) ((v)->u32)
#define GET_I64(v) ((v)->u64)
#define GET_F32(v) ((v)->f32)
#define GET_F64(v) ((v)->f64)
#define GET_V128(v) get_v128(v)
#define SET_I32(v, x) ((v)->u32 = (uint32_t)(x))
#define SET_I64(v, x) ((v)->u64 = (uint64_t)(x))
#define SET_F32(v, x) ((v)->f32 = (x))
#define SET_F64(v, x) ((v)->f64 = (x))
#define SET_V128(v, x) set_v128(v, x)

#define TRAP(kind)                                                                                                     \
  do {                                                                                                                 \
    trap = (kind);                                                                                                     \
    goto trapped;                                                                                                      \
  } while (0)
#define CHECK(expr)                                                                                                    \
  do {                                                                                                                 \
    trap = (expr);                                                                                                     \
    if (CV_UNLIKELY(trap != CV_TRAP_NONE))                                                                             \
      goto trapped;                                                                                                    \
  } while (0)
// Result of arithmetic in place: the top operand.
#define DONE(name)                                                                                                     \
  if (CV_UNLIKELY(canonical))                                                                                          \
    canonical_nans(CV_OPC_##name, sp - 1);                                                                             \
  break
#define BRANCH(entry)                                                                                                  \
  do {                                                                                                                 \
    cv_interp_point to_ = {pc, side, sp};                                                                              \
    take(f, (entry), &to_);                                                                                            \
    bool back_ = to_.pc <= op;                                                                                         \
    pc = to_.pc;                                                                                                       \
    side = to_.side;                                                                                                   \
    sp = to_.sp;                                                                                                       \
    if (back_ && CV_UNLIKELY(cv_context_interrupted(c)))                                                               \
      TRAP((cv_trap_kind)c->interrupt);                                                                                \
  } while (0)

int cv_interp_execute(cv_interp_frame *f, cv_value *locals, cv_func **tail) {
  cv_context *const c = f->context;
  cv_instance *const instance = f->instance;
  const bool canonical = instance->code->options.canonical_nan, metered = c->fuel_enabled;
  const uint8_t *pc = f->code, *op;
  const cv_side_entry *side = f->facts->side;
  cv_value *sp = f->stack;
  int64_t pending = 0; // fuel, runtime/fuel.h
  cv_trap_kind trap = CV_TRAP_NONE;
  cv_exception *exception;

  for (;;) {
    op = pc;
    uint32_t code = *pc++;
    if (CV_UNLIKELY(cv_op_is_prefix((uint8_t)code)))
      code = code << 12 | cv_leb_u32(&pc);
    if (CV_UNLIKELY(metered)) {
      pending += cv_fuel_cost(code);
      if (cv_fuel_charges(code) && pending != 0) {
        c->fuel -= pending;
        pending = 0;
        if (c->fuel < 0)
          TRAP(CV_TRAP_OUT_OF_FUEL);
      }
    }
    switch (code) {
#define CV_UNARY(name, code, mnemonic, in, out, feature, expr)                                                         \
  case CV_OPC_##name: {                                                                                                \
    C_##in a = GET_##in(sp - 1);                                                                                       \
    SET_##out(sp - 1, expr);                                                                                           \
    DONE(name);                                                                                                        \
  }
#define CV_BINARY(name, code, mnemonic, in, out, feature, expr)                                                        \
  case CV_OPC_##name: {                                                                                                \
    C_##in a = GET_##in(sp - 2), b = GET_##in(sp - 1);                                                                 \
    sp--;                                                                                                              \
    SET_##out(sp - 1, expr);                                                                                           \
    DONE(name);                                                                                                        \
  }
#define CV_UNARY_TRAP(name, code, mnemonic, in, out, feature, fn)                                                      \
  case CV_OPC_##name: {                                                                                                \
    C_##out result = 0;                                                                                                \
    CHECK(numeric_trap(fn(GET_##in(sp - 1), &result)));                                                                \
    SET_##out(sp - 1, result);                                                                                         \
    break;                                                                                                             \
  }
#define CV_BINARY_TRAP(name, code, mnemonic, in, out, feature, fn)                                                     \
  case CV_OPC_##name: {                                                                                                \
    C_##out result = 0;                                                                                                \
    CHECK(numeric_trap(fn(GET_##in(sp - 2), GET_##in(sp - 1), &result)));                                              \
    sp--;                                                                                                              \
    SET_##out(sp - 1, result);                                                                                         \
    break;                                                                                                             \
  }
#define ADDRESS(operand, ctype)                                                                                        \
  uint8_t *p = address(f, &pc, (operand), sizeof(ctype));                                                              \
  if (CV_UNLIKELY(p == NULL))                                                                                          \
  TRAP(CV_TRAP_MEMORY_BOUNDS)
#define CV_LOAD(name, code, mnemonic, out, ctype, align, feature)                                                      \
  case CV_OPC_##name: {                                                                                                \
    ADDRESS(sp - 1, ctype);                                                                                            \
    ctype x;                                                                                                           \
    memcpy(&x, p, sizeof x);                                                                                           \
    SET_##out(sp - 1, x);                                                                                              \
    break;                                                                                                             \
  }
#define CV_STORE(name, code, mnemonic, in, ctype, align, feature)                                                      \
  case CV_OPC_##name: {                                                                                                \
    ADDRESS(sp - 2, ctype);                                                                                            \
    ctype x = (ctype)GET_##in(sp - 1);                                                                                 \
    memcpy(p, &x, sizeof x);                                                                                           \
    sp -= 2;                                                                                                           \
    break;                                                                                                             \
  }
#define CV_SIMD_UNARY(name, code, mnemonic, feature, fn)                                                               \
  case CV_OPC_##name: {                                                                                                \
    set_v128(sp - 1, fn(get_v128(sp - 1)));                                                                            \
    DONE(name);                                                                                                        \
  }
#define CV_SIMD_BINARY(name, code, mnemonic, feature, fn)                                                              \
  case CV_OPC_##name: {                                                                                                \
    sp--;                                                                                                              \
    set_v128(sp - 1, fn(get_v128(sp - 1), get_v128(sp)));                                                              \
    DONE(name);                                                                                                        \
  }
#define CV_SIMD_TERNARY(name, code, mnemonic, feature, fn)                                                             \
  case CV_OPC_##name: {                                                                                                \
    sp -= 2;                                                                                                           \
    set_v128(sp - 1, fn(get_v128(sp - 1), get_v128(sp), get_v128(sp + 1)));                                            \
    DONE(name);                                                                                                        \
  }
#define CV_SIMD_SHIFT(name, code, mnemonic, feature, fn)                                                               \
  case CV_OPC_##name: {                                                                                                \
    sp--;                                                                                                              \
    set_v128(sp - 1, fn(get_v128(sp - 1), sp->u32));                                                                   \
    break;                                                                                                             \
  }
#define CV_SIMD_TEST(name, code, mnemonic, feature, fn)                                                                \
  case CV_OPC_##name: {                                                                                                \
    SET_I32(sp - 1, fn(get_v128(sp - 1)));                                                                             \
    break;                                                                                                             \
  }
#define CV_SIMD_SPLAT(name, code, mnemonic, in, feature, fn)                                                           \
  case CV_OPC_##name: {                                                                                                \
    set_v128(sp - 1, fn(GET_##in(sp - 1)));                                                                            \
    break;                                                                                                             \
  }
#define CV_SIMD_EXTRACT(name, code, mnemonic, out, vtype, lanes, feature)                                              \
  case CV_OPC_##name: {                                                                                                \
    vtype x = (vtype)get_v128(sp - 1);                                                                                 \
    SET_##out(sp - 1, x[*pc++]);                                                                                       \
    break;                                                                                                             \
  }
#define CV_SIMD_REPLACE(name, code, mnemonic, in, vtype, lanes, feature)                                               \
  case CV_OPC_##name: {                                                                                                \
    sp--;                                                                                                              \
    vtype x = (vtype)get_v128(sp - 1);                                                                                 \
    x[*pc++] = GET_##in(sp);                                                                                           \
    set_v128(sp - 1, (cv_v128)x);                                                                                      \
    break;                                                                                                             \
  }
#define CV_SIMD_LOAD(name, code, mnemonic, ctype, align, feature, fn)                                                  \
  case CV_OPC_##name: {                                                                                                \
    ADDRESS(sp - 1, ctype);                                                                                            \
    ctype x;                                                                                                           \
    memcpy(&x, p, sizeof x);                                                                                           \
    set_v128(sp - 1, fn(x));                                                                                           \
    break;                                                                                                             \
  }
#define CV_SIMD_LOAD_LANE(name, code, mnemonic, ctype, vtype, lanes, align, feature)                                   \
  case CV_OPC_##name: {                                                                                                \
    ADDRESS(sp - 2, ctype);                                                                                            \
    vtype x = (vtype)get_v128(sp - 1);                                                                                 \
    ctype lane;                                                                                                        \
    memcpy(&lane, p, sizeof lane);                                                                                     \
    x[*pc++] = lane;                                                                                                   \
    sp--;                                                                                                              \
    set_v128(sp - 1, (cv_v128)x);                                                                                      \
    break;                                                                                                             \
  }
#define CV_SIMD_STORE_LANE(name, code, mnemonic, ctype, vtype, lanes, align, feature)                                  \
  case CV_OPC_##name: {                                                                                                \
    ADDRESS(sp - 2, ctype);                                                                                            \
    vtype x = (vtype)get_v128(sp - 1);                                                                                 \
    ctype lane = x[*pc++];                                                                                             \
    memcpy(p, &lane, sizeof lane);                                                                                     \
    sp -= 2;                                                                                                           \
    break;                                                                                                             \
  }
#define ATOMIC(operand, ctype)                                                                                         \
  ctype *p = (ctype *)(void *)atomic_address(f, &pc, (operand), sizeof(ctype), &trap);                                 \
  if (CV_UNLIKELY(trap != CV_TRAP_NONE))                                                                               \
  goto trapped
#define CV_ATOMIC_LOAD(name, code, mnemonic, type, ctype, align, feature)                                              \
  case CV_OPC_##name: {                                                                                                \
    ATOMIC(sp - 1, ctype);                                                                                             \
    SET_##type(sp - 1, __atomic_load_n(p, __ATOMIC_SEQ_CST));                                                          \
    break;                                                                                                             \
  }
#define CV_ATOMIC_STORE(name, code, mnemonic, type, ctype, align, feature)                                             \
  case CV_OPC_##name: {                                                                                                \
    ATOMIC(sp - 2, ctype);                                                                                             \
    __atomic_store_n(p, (ctype)GET_##type(sp - 1), __ATOMIC_SEQ_CST);                                                  \
    sp -= 2;                                                                                                           \
    break;                                                                                                             \
  }
#define CV_ATOMIC_RMW(name, code, mnemonic, type, ctype, align, feature, operation)                                    \
  case CV_OPC_##name: {                                                                                                \
    ATOMIC(sp - 2, ctype);                                                                                             \
    sp--;                                                                                                              \
    SET_##type(sp - 1, __atomic_##operation(p, (ctype)GET_##type(sp), __ATOMIC_SEQ_CST));                              \
    break;                                                                                                             \
  }
      // The expected value is wrapped to the width of the access (threads proposal, execution of atomic.rmw.cmpxchg).
#define CV_ATOMIC_CMPXCHG(name, code, mnemonic, type, ctype, align, feature)                                           \
  case CV_OPC_##name: {                                                                                                \
    ATOMIC(sp - 3, ctype);                                                                                             \
    sp -= 2;                                                                                                           \
    ctype seen = (ctype)GET_##type(sp);                                                                                \
    __atomic_compare_exchange_n(p, &seen, (ctype)GET_##type(sp + 1), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
    SET_##type(sp - 1, seen);                                                                                          \
    break;                                                                                                             \
  }
#include "wasm/opcodes.def"

    // ---- control ----
    case CV_OPC_UNREACHABLE:
      TRAP(CV_TRAP_UNREACHABLE);
    case CV_OPC_NOP:
      break;
    case CV_OPC_END:
      if (pc == f->end)
        goto returned;
      break;
    case CV_OPC_BLOCK:
    case CV_OPC_LOOP:
    case CV_OPC_TRY:
      cv_skip_block_type(&pc);
      break;
    case CV_OPC_DELEGATE: // reached in order, it is an end
      cv_leb_skip(&pc);
      break;
    case CV_OPC_TRY_TABLE: {
      cv_skip_block_type(&pc);
      uint32_t count = cv_leb_u32(&pc);
      cv_skip_catches(&pc, count);
      side += count;
      break;
    }
    case CV_OPC_IF:
      cv_skip_block_type(&pc);
      if ((--sp)->u32 == 0)
        BRANCH(side);
      else
        side++;
      break;
    case CV_OPC_ELSE:
    case CV_OPC_CATCH:
    case CV_OPC_CATCH_ALL:
    case CV_OPC_BR:
      BRANCH(side);
      break;
    case CV_OPC_BR_IF:
      cv_leb_skip(&pc);
      if ((--sp)->u32 != 0)
        BRANCH(side);
      else
        side++;
      break;
    case CV_OPC_BR_TABLE: {
      uint32_t count = cv_leb_u32(&pc), index = (--sp)->u32;
      BRANCH(side + CV_MIN(index, count));
      break;
    }
    case CV_OPC_BR_ON_NULL:
      cv_leb_skip(&pc);
      if (sp[-1].ref == NULL) {
        sp--;
        BRANCH(side);
      } else
        side++;
      break;
    case CV_OPC_BR_ON_NON_NULL:
      cv_leb_skip(&pc);
      if (sp[-1].ref != NULL)
        BRANCH(side);
      else {
        sp--;
        side++;
      }
      break;
    case CV_OPC_RETURN:
      goto returned;
    case CV_OPC_THROW:
    case CV_OPC_THROW_REF:
    case CV_OPC_RETHROW:
      place_at(f, op);
      exception = thrown(f, code, pc, side, sp, &trap);
      if (exception == NULL)
        goto trapped;
      goto throwing;
    case CV_OPC_CALL:
    case CV_OPC_CALL_INDIRECT:
    case CV_OPC_CALL_REF: {
      place_at(f, op);
      cv_func *func = callee(f, code, &pc, &sp, &trap);
      if (CV_UNLIKELY(func == NULL))
        goto trapped;
      sp -= func->signature->param_count;
      cv_run run = func->invoke(c, func, instance, sp);
      if (CV_UNLIKELY(run != CV_RUN_OK)) {
        if (run == CV_RUN_TRAP)
          return CV_RUN_TRAP;
        exception = c->exception;
        goto throwing;
      }
      sp += func->signature->result_count;
      break;
    }
    case CV_OPC_RETURN_CALL:
    case CV_OPC_RETURN_CALL_INDIRECT:
    case CV_OPC_RETURN_CALL_REF: {
      cv_func *func = callee(f, code, &pc, &sp, &trap);
      if (CV_UNLIKELY(func == NULL))
        goto trapped;
      if (CV_UNLIKELY(cv_context_interrupted(c)))
        TRAP((cv_trap_kind)c->interrupt);
      uint32_t count = func->signature->param_count;
      if (count != 0)
        memcpy(c->args, sp - count, count * sizeof *sp);
      *tail = func;
      return CV_INTERP_TAIL_CALL;
    }

    // ---- parametric, variables ----
    case CV_OPC_DROP:
      sp--;
      break;
    case CV_OPC_SELECT_T:
      for (uint32_t count = cv_leb_u32(&pc); count != 0; count--)
        cv_skip_val_type(&pc);
      // fall through
    case CV_OPC_SELECT:
      sp -= 2;
      if (sp[1].u32 == 0)
        sp[-1] = sp[0];
      break;
    case CV_OPC_LOCAL_GET:
      *sp++ = locals[cv_leb_u32(&pc)];
      break;
    case CV_OPC_LOCAL_SET:
      locals[cv_leb_u32(&pc)] = *--sp;
      break;
    case CV_OPC_LOCAL_TEE:
      locals[cv_leb_u32(&pc)] = sp[-1];
      break;
    case CV_OPC_GLOBAL_GET:
      *sp++ = cv_instance_global(instance, cv_leb_u32(&pc))->value;
      break;
    case CV_OPC_GLOBAL_SET:
      cv_instance_global(instance, cv_leb_u32(&pc))->value = *--sp;
      break;

    // ---- constants ----
    case CV_OPC_I32_CONST:
      (sp++)->u64 = (uint32_t)cv_leb_s32(&pc);
      break;
    case CV_OPC_I64_CONST:
      (sp++)->i64 = cv_leb_s64(&pc);
      break;
    case CV_OPC_F32_CONST:
      (sp++)->u64 = cv_load_le32(pc);
      pc += 4;
      break;
    case CV_OPC_F64_CONST:
      (sp++)->u64 = cv_load_le64(pc);
      pc += 8;
      break;
    case CV_OPC_V128_CONST:
      memcpy((sp++)->v128, pc, 16);
      pc += 16;
      break;
    case CV_OPC_I8X16_SHUFFLE:
      sp--;
      set_v128(sp - 1, cv_i8x16_shuffle(get_v128(sp - 1), get_v128(sp), pc));
      pc += 16;
      break;

    // ---- references ----
    case CV_OPC_REF_NULL:
      cv_leb_skip(&pc);
      (sp++)->ref = NULL;
      break;
    case CV_OPC_REF_IS_NULL:
      sp[-1].u32 = sp[-1].ref == NULL;
      break;
    case CV_OPC_REF_FUNC:
      (sp++)->func = cv_instance_func(instance, cv_leb_u32(&pc));
      break;
    case CV_OPC_REF_AS_NON_NULL:
      if (sp[-1].ref == NULL)
        TRAP(CV_TRAP_NULL_REFERENCE);
      break;

    // ---- tables and memories ----
    case CV_OPC_TABLE_GET:
    case CV_OPC_TABLE_SET:
      CHECK(table_access(f, code, cv_leb_u32(&pc), &sp));
      break;
    case CV_OPC_TABLE_SIZE: {
      const cv_table *t = cv_instance_table(instance, cv_leb_u32(&pc));
      set_index(sp++, &t->type.limits, t->size);
      break;
    }
    case CV_OPC_MEMORY_SIZE: {
      const cv_memory *m = cv_instance_memory(instance, cv_leb_u32(&pc));
      set_index(sp++, &m->type.limits, cv_memory_size(m) >> m->type.page_log2);
      break;
    }
    case CV_OPC_TABLE_GROW:
      if (!pay_bulk(f, code, get_index(sp - 1, &cv_instance_table(instance, peek_u32(pc))->type.limits)))
        TRAP(CV_TRAP_OUT_OF_FUEL);
      // fall through
    case CV_OPC_MEMORY_GROW:
      CHECK(grow(f, code, cv_leb_u32(&pc), &sp));
      break;
    case CV_OPC_MEMORY_INIT:
    case CV_OPC_MEMORY_COPY:
    case CV_OPC_MEMORY_FILL:
    case CV_OPC_TABLE_INIT:
    case CV_OPC_TABLE_COPY:
    case CV_OPC_TABLE_FILL:
      CHECK(bulk(f, code, &pc, &sp));
      break;
    case CV_OPC_DATA_DROP:
      cv_helper_data_drop(instance, cv_leb_u32(&pc));
      break;
    case CV_OPC_ELEM_DROP:
      cv_helper_elem_drop(instance, cv_leb_u32(&pc));
      break;

    // ---- threads, wide arithmetic ----
    case CV_OPC_MEMORY_ATOMIC_NOTIFY:
    case CV_OPC_MEMORY_ATOMIC_WAIT32:
    case CV_OPC_MEMORY_ATOMIC_WAIT64:
      CHECK(wait_or_notify(f, code, &pc, &sp));
      break;
    case CV_OPC_ATOMIC_FENCE:
      pc++;
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
      break;
    case CV_OPC_I64_ADD128:
    case CV_OPC_I64_SUB128:
    case CV_OPC_I64_MUL_WIDE_S:
    case CV_OPC_I64_MUL_WIDE_U:
      wide(code, &sp);
      break;
    default: // garbage collection: validation lets none of it pass
      TRAP(CV_TRAP_UNSUPPORTED);
    }
    continue;

  throwing: {
    cv_interp_point point;
    if (!cv_interp_catch(f, op, exception, &point)) {
      c->exception = exception;
      uint32_t left = cv_exception_left(c, exception), offset = f->code_offset + (uint32_t)(op - f->code);
      cv_exception_leaves(c, left, instance, (uint64_t)f->activation.func->index << 32 | offset);
      c->left_total = left + 1;
      return CV_RUN_EXCEPTION;
    }
    c->exception = NULL;
    pc = point.pc;
    side = point.side;
    sp = point.sp;
  }
  }

trapped:
  place_at(f, op);
  cv_trap_set(c, trap, NULL);
  return CV_RUN_TRAP;

returned: {
  uint32_t count = f->activation.func->signature->result_count;
  if (count != 0 && sp - count != f->stack)
    memmove(f->stack, sp - count, count * sizeof *sp);
  return CV_RUN_OK;
}
}
