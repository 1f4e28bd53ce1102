// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_emit.h: what the files that write the core module of an adapter share (adapter.h): the state of writing, and
// instructions.
//
//   adapter_module.c  the module around its functions
//   adapter_call.c    its first function, which is the adapter
//   adapter_values.c  moves values from one side to the other
//   adapter_lists.c   likewise what is in memory of its own: lists, strings; and handles
//   adapter_funcs.c   functions that moving calls
//
// The first function has the signature of the lowered function. It checks and sets the flags, moves the arguments,
// calls, moves the result, runs post-return and sets the flags back; all inside a try_table, since no exception crosses
// from one component to another. Code that types have in common is in functions behind it.
//
// Terms
//   side     whose memory: CV_SIDE_CALLER, CV_SIDE_CALLEE
//   place    where a value is: a run of locals (flat), or a local with an address and an offset (in memory). Source and
//            target of a move are always of the same sort: the limits of flat values are the same on both sides.
//   address  of the width of its side's memory; sizes in bytes are i32, once they are checked
//   slot     one local of a flat place; inside of variants its kind may be wider than the value's
#ifndef COVE_COMPONENT_CANON_ADAPTER_EMIT_H
#define COVE_COMPONENT_CANON_ADAPTER_EMIT_H

#include "base/vec.h"
#include "component/canon/access.h"
#include "component/canon/adapter.h"
#include "wasm/opcodes.h"

enum {
  MAX_CODE = 1 << 16, // bytes of the adapter function: beyond, calls are rare and the generic form does
  INLINE_BYTES = 64,  // strings up to this are checked and copied by wasm, longer ones by C
  MAX_DEPTH = 32,     // of types, likewise: adapters are made on the stack of the call that wants them
  UNROLL = 8,         // elements of fixed lists, cases of variants
  BLOCK_VOID = 0x40,
};

// Functions that the adapter calls, each for a side.
typedef enum local_func {
  FUNC_CHECK,  // (address, bytes, alignment - 1, trap): traps unless the range is in memory
  FUNC_ALLOC,  // (alignment, bytes, trap) -> address
  FUNC_STRING, // (address, units) -> address on the other side
  FUNC_COPY,   // (to, from, bytes): to the other side
  FUNC_COUNT,
} local_func;

typedef struct slot {
  uint32_t local;
  uint8_t kind;
} slot;

typedef struct place {
  unsigned side;
  bool in_memory;
  uint32_t base, offset; // local with an address
  const slot *slots;     // flat
} place;

typedef struct gen {
  const cv_adapter_plan *plan;
  cv_mem *mem;
  cv_buf code; // of the function that is written
  CV_VEC(uint8_t) locals;
  uint32_t param_count;
  uint32_t import_index[CV_ADAPTER_IMPORT_COUNT];
  uint32_t func_index[2][FUNC_COUNT];
  uint32_t mark; // local: what CV_ADAPTER_BEGIN gave
  bool is_64[2]; // addresses of a side
  uint32_t memory_index[2];
  uint32_t depth;
  bool failed; // no adapter: too large, or a value that is not handled
} gen;

// Globals.
enum { GLOBAL_MAY_LEAVE = 0, GLOBAL_MAY_ENTER = 2 }; // may_leave by side; then one for each instance entered

// ---- adapter_values.c, adapter_lists.c ----
// `ts` and `tt` are the same type but for the numbering of resources.
void cv_adapter_move(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to);
void cv_adapter_move_fields(gen *g, const cv_cfield *fs, const cv_cfield *ft, uint32_t count, const place *from,
                            const place *to);
// Elements at two addresses; `bytes` is a local with the size of all of them where they come from.
void cv_adapter_move_elements(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to,
                              uint32_t bytes);
void cv_adapter_move_list(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to);
void cv_adapter_move_string(gen *g, const place *from, const place *to);
void cv_adapter_move_handle(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to);

// ---- adapter_call.c ----
// The body of the adapter function.
void cv_adapter_write(gen *g, const cv_flat_functype *lower, const cv_flat_functype *lift);

// ---- adapter_funcs.c ----
// Signatures are letters with a colon before the results: i for i32, I for i64, p for an address of the function's
// side, q for one of the other.
typedef struct cv_adapter_local {
  const char *sig;
  void (*write)(gen *g, unsigned side);
} cv_adapter_local;
extern const cv_adapter_local cv_adapter_funcs[FUNC_COUNT];

// ---- instructions ----

static inline void op(gen *g, cv_opcode code) {
  cv_buf_byte(&g->code, (uint8_t)code);
}

static inline void op_u(gen *g, cv_opcode code, uint32_t immediate) {
  op(g, code);
  cv_buf_uleb(&g->code, immediate);
}

static inline void get(gen *g, uint32_t local) {
  op_u(g, CV_OPC_LOCAL_GET, local);
}

static inline void set(gen *g, uint32_t local) {
  op_u(g, CV_OPC_LOCAL_SET, local);
}

static inline void i32(gen *g, uint32_t value) {
  op(g, CV_OPC_I32_CONST);
  cv_buf_sleb(&g->code, (int32_t)value);
}

static inline void i64(gen *g, uint64_t value) {
  op(g, CV_OPC_I64_CONST);
  cv_buf_sleb(&g->code, (int64_t)value);
}

static inline void block(gen *g, cv_opcode code) {
  op(g, code);
  cv_buf_byte(&g->code, BLOCK_VOID);
}

static inline void end(gen *g) {
  op(g, CV_OPC_END);
}

static inline uint8_t address_kind(const gen *g, unsigned side) {
  return g->is_64[side] ? CV_KIND_I64 : CV_KIND_I32;
}

static inline const cv_clayout *layout_of(const gen *g, unsigned side, const cv_ctype *t) {
  return &t->layout[g->is_64[side] ? CV_PTR64 : CV_PTR32];
}

// What stands for one of two instructions, by the width of a side's addresses.
static inline void address_op(gen *g, unsigned side, cv_opcode narrow, cv_opcode wide) {
  op(g, g->is_64[side] ? wide : narrow);
}

static inline void address(gen *g, unsigned side, uint32_t value) {
  if (g->is_64[side])
    i64(g, value);
  else
    i32(g, value);
}

// An i32 to an address, and back.
static inline void widen(gen *g, unsigned side) {
  if (g->is_64[side])
    op(g, CV_OPC_I64_EXTEND_I32_U);
}

static inline void narrow(gen *g, unsigned side) {
  if (g->is_64[side])
    op(g, CV_OPC_I32_WRAP_I64);
}

// local + value -> local, an address
static inline void add_to(gen *g, unsigned side, uint32_t local, int32_t value) {
  get(g, local);
  if (g->is_64[side])
    i64(g, (uint64_t)(int64_t)value);
  else
    i32(g, (uint32_t)value);
  address_op(g, side, CV_OPC_I32_ADD, CV_OPC_I64_ADD);
  set(g, local);
}

// local + bytes -> to
static inline void set_sum(gen *g, unsigned side, uint32_t local, uint32_t bytes, uint32_t to) {
  get(g, local);
  get(g, bytes);
  widen(g, side);
  address_op(g, side, CV_OPC_I32_ADD, CV_OPC_I64_ADD);
  set(g, to);
}

// A load or store in a side's memory.
static inline void access(gen *g, cv_opcode code, unsigned align_log2, unsigned side, uint32_t offset) {
  op(g, code);
  uint32_t memory = g->memory_index[side];
  cv_buf_uleb(&g->code, align_log2 | (memory != 0 ? 64 : 0));
  if (memory != 0)
    cv_buf_uleb(&g->code, memory);
  cv_buf_uleb(&g->code, offset);
}

static inline void call_import(gen *g, cv_adapter_import import) {
  op_u(g, CV_OPC_CALL, g->import_index[import]);
}

static inline void call_local(gen *g, local_func func, unsigned side) {
  op_u(g, CV_OPC_CALL, g->func_index[side][func]);
}

static inline uint32_t new_local(gen *g, uint8_t kind) {
  uint32_t index = g->param_count + (uint32_t)g->locals.count;
  if (cv_vec_push(g->mem, &g->locals, kind) != CV_OK)
    g->code.failed = true;
  return index;
}

// With the condition on the stack.
static inline void trap_if(gen *g, cv_adapter_trap trap) {
  block(g, CV_OPC_IF);
  i32(g, trap);
  call_import(g, CV_ADAPTER_TRAP);
  op(g, CV_OPC_UNREACHABLE);
  end(g);
}

static inline void set_flag(gen *g, uint32_t global, bool value) {
  i32(g, value);
  op_u(g, CV_OPC_GLOBAL_SET, global);
}

// ---- core values ----

// From the kind of a slot to the kind of the value in it, or back ("lift_flat_variant", "lower_flat_variant").
static inline void from_slot(gen *g, uint8_t have, uint8_t want) {
  if (have == want)
    return;
  if (have == CV_KIND_I64 && want == CV_KIND_F64) {
    op(g, CV_OPC_F64_REINTERPRET_I64);
    return;
  }
  if (have == CV_KIND_I64)
    op(g, CV_OPC_I32_WRAP_I64);
  if (want == CV_KIND_F32)
    op(g, CV_OPC_F32_REINTERPRET_I32);
}

static inline void to_slot(gen *g, uint8_t have, uint8_t want) {
  if (have == want)
    return;
  if (have == CV_KIND_F64) {
    op(g, CV_OPC_I64_REINTERPRET_F64);
    return;
  }
  if (have == CV_KIND_F32)
    op(g, CV_OPC_I32_REINTERPRET_F32);
  if (want == CV_KIND_I64)
    op(g, CV_OPC_I64_EXTEND_I32_U);
}

static inline void load(gen *g, const place *from, uint32_t size, uint8_t kind, uint32_t offset) {
  get(g, from->base);
  offset += from->offset;
  if (kind == CV_KIND_F32)
    access(g, CV_OPC_F32_LOAD, 2, from->side, offset);
  else if (kind == CV_KIND_F64)
    access(g, CV_OPC_F64_LOAD, 3, from->side, offset);
  else if (size == 8)
    access(g, CV_OPC_I64_LOAD, 3, from->side, offset);
  else if (size == 4)
    access(g, CV_OPC_I32_LOAD, 2, from->side, offset);
  else if (size == 2)
    access(g, CV_OPC_I32_LOAD16_U, 1, from->side, offset);
  else
    access(g, CV_OPC_I32_LOAD8_U, 0, from->side, offset);
}

// With the address of `to` under the value.
static inline void store(gen *g, const place *to, uint32_t size, uint8_t kind, uint32_t offset) {
  offset += to->offset;
  if (kind == CV_KIND_F32)
    access(g, CV_OPC_F32_STORE, 2, to->side, offset);
  else if (kind == CV_KIND_F64)
    access(g, CV_OPC_F64_STORE, 3, to->side, offset);
  else if (size == 8)
    access(g, CV_OPC_I64_STORE, 3, to->side, offset);
  else if (size == 4)
    access(g, CV_OPC_I32_STORE, 2, to->side, offset);
  else if (size == 2)
    access(g, CV_OPC_I32_STORE16, 1, to->side, offset);
  else
    access(g, CV_OPC_I32_STORE8, 0, to->side, offset);
}

// Core value number `index` of a value, which has `size` bytes at `offset` when it is in memory.
static inline void read_core(gen *g, const place *from, uint32_t index, uint32_t size, uint8_t kind, uint32_t offset) {
  if (from->in_memory) {
    load(g, from, size, kind, offset);
  } else {
    get(g, from->slots[index].local);
    from_slot(g, from->slots[index].kind, kind);
  }
}

static inline void begin_write(gen *g, const place *to) {
  if (to->in_memory)
    get(g, to->base);
}

static inline void end_write(gen *g, const place *to, uint32_t index, uint32_t size, uint8_t kind, uint32_t offset) {
  if (to->in_memory) {
    store(g, to, size, kind, offset);
  } else {
    to_slot(g, kind, to->slots[index].kind);
    set(g, to->slots[index].local);
  }
}

// Number `index` of the two that strings and lists are: address and length, both of the width of addresses.
static inline void read_pointer(gen *g, const place *from, uint32_t index, uint32_t local) {
  uint32_t size = g->is_64[from->side] ? 8 : 4;
  read_core(g, from, index, size, address_kind(g, from->side), index * size);
  set(g, local);
}

static inline void write_pointer(gen *g, const place *to, uint32_t index, uint32_t local) {
  uint32_t size = g->is_64[to->side] ? 8 : 4;
  begin_write(g, to);
  get(g, local);
  end_write(g, to, index, size, address_kind(g, to->side), index * size);
}

#endif
