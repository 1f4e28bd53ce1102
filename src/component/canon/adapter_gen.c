// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adapter_gen.c: writes the core module of an adapter (adapter.h).
//
// The module's first function is the adapter, with the signature of the lowered function. It checks and sets the flags,
// moves the arguments, calls, moves the result, runs post-return and sets the flags back; all inside a try_table, since
// no exception crosses from one component to another. Code that types have in common is in functions behind it.
//
// Terms
//   side     whose memory: CV_SIDE_CALLER, CV_SIDE_CALLEE
//   place    where a value is: a run of locals (flat), or a local with an address and an offset (in memory). Source and
//            target of a move are always of the same sort: the limits of flat values are the same on both sides.
//   slot     one local of a flat place; inside of variants its kind may be wider than the value's
#include "base/vec.h"
#include "component/canon/access.h"
#include "component/canon/adapter.h"
#include "component/canon/scalar.h"
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
  uint32_t memory_index[2];
  uint32_t depth;
  bool failed; // no adapter: too large, or a value that is not handled
} gen;

// Globals.
enum { GLOBAL_MAY_LEAVE = 0, GLOBAL_MAY_ENTER = 2 }; // may_leave by side; then one for each instance entered

// ---- instructions ----

static void op(gen *g, cv_opcode code) {
  cv_buf_byte(&g->code, (uint8_t)code);
}

static void op_u(gen *g, cv_opcode code, uint32_t immediate) {
  op(g, code);
  cv_buf_uleb(&g->code, immediate);
}

static void get(gen *g, uint32_t local) {
  op_u(g, CV_OPC_LOCAL_GET, local);
}

static void set(gen *g, uint32_t local) {
  op_u(g, CV_OPC_LOCAL_SET, local);
}

static void i32(gen *g, uint32_t value) {
  op(g, CV_OPC_I32_CONST);
  cv_buf_sleb(&g->code, (int32_t)value);
}

static void i64(gen *g, uint64_t value) {
  op(g, CV_OPC_I64_CONST);
  cv_buf_sleb(&g->code, (int64_t)value);
}

static void block(gen *g, cv_opcode code) {
  op(g, code);
  cv_buf_byte(&g->code, BLOCK_VOID);
}

static void end(gen *g) {
  op(g, CV_OPC_END);
}

// get(local) + value -> local
static void add_to(gen *g, uint32_t local, uint32_t value) {
  get(g, local);
  i32(g, value);
  op(g, CV_OPC_I32_ADD);
  set(g, local);
}

// A load or store in a side's memory.
static void access(gen *g, cv_opcode code, unsigned align_log2, unsigned side, uint32_t offset) {
  op(g, code);
  uint32_t memory = g->memory_index[side];
  cv_buf_uleb(&g->code, align_log2 | (memory != 0 ? 64 : 0));
  if (memory != 0)
    cv_buf_uleb(&g->code, memory);
  cv_buf_uleb(&g->code, offset);
}

static void call_import(gen *g, cv_adapter_import import) {
  op_u(g, CV_OPC_CALL, g->import_index[import]);
}

static void call_local(gen *g, local_func func, unsigned side) {
  op_u(g, CV_OPC_CALL, g->func_index[side][func]);
}

static uint32_t new_local(gen *g, uint8_t kind) {
  uint32_t index = g->param_count + (uint32_t)g->locals.count;
  if (cv_vec_push(g->mem, &g->locals, kind) != CV_OK)
    g->code.failed = true;
  return index;
}

// With the condition on the stack.
static void trap_if(gen *g, cv_adapter_trap trap) {
  block(g, CV_OPC_IF);
  i32(g, trap);
  call_import(g, CV_ADAPTER_TRAP);
  op(g, CV_OPC_UNREACHABLE);
  end(g);
}

static void set_flag(gen *g, uint32_t global, bool value) {
  i32(g, value);
  op_u(g, CV_OPC_GLOBAL_SET, global);
}

// ---- scalars ----

// From the kind of a slot to the kind of the value in it, or back ("lift_flat_variant", "lower_flat_variant").
static void from_slot(gen *g, uint8_t have, uint8_t want) {
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

static void to_slot(gen *g, uint8_t have, uint8_t want) {
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

static void load(gen *g, const place *from, uint32_t size, uint8_t kind, uint32_t offset) {
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
static void store(gen *g, const place *to, uint32_t size, uint8_t kind, uint32_t offset) {
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
static void read_core(gen *g, const place *from, uint32_t index, uint32_t size, uint8_t kind, uint32_t offset) {
  if (from->in_memory) {
    load(g, from, size, kind, offset);
  } else {
    get(g, from->slots[index].local);
    from_slot(g, from->slots[index].kind, kind);
  }
}

static void begin_write(gen *g, const place *to) {
  if (to->in_memory)
    get(g, to->base);
}

static void end_write(gen *g, const place *to, uint32_t index, uint32_t size, uint8_t kind, uint32_t offset) {
  if (to->in_memory) {
    store(g, to, size, kind, offset);
  } else {
    to_slot(g, kind, to->slots[index].kind);
    set(g, to->slots[index].local);
  }
}

static void write_local(gen *g, const place *to, uint32_t index, uint32_t offset, uint32_t local) {
  begin_write(g, to);
  get(g, local);
  end_write(g, to, index, 4, CV_KIND_I32, offset);
}

// What lifting makes of the core value on the stack: cut to its width, or checked.
static void normalise(gen *g, const cv_ctype *t, bool from_memory) {
  switch ((cv_ctype_kind)t->kind) {
  case CV_CT_BOOL:
    i32(g, 0);
    op(g, CV_OPC_I32_NE);
    break;
  case CV_CT_S8:
    op(g, CV_OPC_I32_EXTEND8_S); // of memory too: it was loaded without sign
    break;
  case CV_CT_S16:
    op(g, CV_OPC_I32_EXTEND16_S);
    break;
  case CV_CT_U8:
  case CV_CT_U16:
    if (!from_memory) {
      i32(g, t->kind == CV_CT_U8 ? 0xff : 0xffff);
      op(g, CV_OPC_I32_AND);
    }
    break;
  case CV_CT_FLAGS:
    if (t->count != 32 && !(from_memory && (t->count == 8 || t->count == 16))) {
      i32(g, cv_flags_mask(t->count));
      op(g, CV_OPC_I32_AND);
    }
    break;
  case CV_CT_CHAR: {
    // A scalar value is below 0xd800, or from 0xe000 on and below 0x110000.
    uint32_t c = new_local(g, CV_KIND_I32);
    set(g, c);
    get(g, c);
    i32(g, 0x110000);
    op(g, CV_OPC_I32_GE_U);
    get(g, c);
    i32(g, 0xd800);
    op(g, CV_OPC_I32_SUB);
    i32(g, 0x800);
    op(g, CV_OPC_I32_LT_U);
    op(g, CV_OPC_I32_OR);
    trap_if(g, CV_ADAPTER_TRAP_CHAR);
    get(g, c);
    break;
  }
  default: // every bit pattern is a value; NaNs may become any NaN
    break;
  }
}

static void move_scalar(gen *g, const cv_ctype *t, const place *from, const place *to) {
  uint32_t size = t->layout[CV_PTR32].size;
  uint8_t kind = t->flat[CV_PTR32][0];
  begin_write(g, to);
  read_core(g, from, 0, size, kind, 0);
  normalise(g, t, from->in_memory);
  end_write(g, to, 0, size, kind, 0);
}

// ---- compound values ----

// `ts` and `tt` are the same type but for the numbering of resources.
static void move(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to);

static place part_of(const place *p, const cv_ctype *t, uint64_t *offset, uint32_t *slots) {
  place part = *p;
  const cv_clayout *layout = &t->layout[CV_PTR32];
  *offset = cv_align_up(*offset, layout->align);
  if (p->in_memory)
    part.offset += (uint32_t)*offset;
  else
    part.slots += *slots;
  return part;
}

static void move_fields(gen *g, const cv_cfield *fs, const cv_cfield *ft, uint32_t count, const place *from,
                        const place *to) {
  uint64_t offset = 0;
  uint32_t slots = 0;
  for (uint32_t i = 0; i < count && !g->failed; i++) {
    place f = part_of(from, fs[i].type, &offset, &slots), t = part_of(to, ft[i].type, &offset, &slots);
    move(g, fs[i].type, ft[i].type, &f, &t);
    offset += fs[i].type->layout[CV_PTR32].size;
    slots += fs[i].type->flat_count;
  }
}

static void move_case(gen *g, const cv_ctype *ts, const cv_ctype *tt, uint32_t which, const place *from,
                      const place *to) {
  place f = *from, t = *to;
  if (f.in_memory) {
    f.offset += ts->layout[CV_PTR32].payload_offset;
    t.offset += tt->layout[CV_PTR32].payload_offset;
  } else {
    f.slots++;
    t.slots++;
  }
  move(g, ts->fields[which].type, tt->fields[which].type, &f, &t);
}

// One after another where few cases have payloads, else by a table: block N ... block 0, br_table; case i is what
// follows the end of block i.
static void move_cases(gen *g, const cv_ctype *ts, const cv_ctype *tt, uint32_t which, const place *from,
                       const place *to) {
  uint32_t with_payload = 0;
  for (uint32_t i = 0; i < ts->count; i++)
    with_payload += ts->fields[i].type != NULL;
  if (with_payload <= UNROLL) {
    for (uint32_t i = 0; i < ts->count && !g->failed; i++)
      if (ts->fields[i].type != NULL) {
        get(g, which);
        i32(g, i);
        op(g, CV_OPC_I32_EQ);
        block(g, CV_OPC_IF);
        move_case(g, ts, tt, i, from, to);
        end(g);
      }
    return;
  }
  block(g, CV_OPC_BLOCK);
  for (uint32_t i = 0; i < ts->count; i++)
    block(g, CV_OPC_BLOCK);
  get(g, which);
  op_u(g, CV_OPC_BR_TABLE, ts->count - 1);
  for (uint32_t i = 0; i < ts->count; i++)
    cv_buf_uleb(&g->code, i);
  for (uint32_t i = 0; i < ts->count && !g->failed; i++) {
    end(g);
    if (ts->fields[i].type != NULL)
      move_case(g, ts, tt, i, from, to);
    op_u(g, CV_OPC_BR, ts->count - 1 - i);
  }
  end(g);
}

// The slots that a case leaves alone are zero: locals begin so, and flat values are moved once in a call.
static void move_variant(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  uint32_t which = new_local(g, CV_KIND_I32);
  read_core(g, from, 0, ts->discriminant, CV_KIND_I32, 0);
  set(g, which);
  get(g, which);
  i32(g, ts->count);
  op(g, CV_OPC_I32_GE_U);
  trap_if(g, CV_ADAPTER_TRAP_DISCRIMINANT);
  begin_write(g, to);
  get(g, which);
  end_write(g, to, 0, ts->discriminant, CV_KIND_I32, 0);
  move_cases(g, ts, tt, which, from, to);
}

// Elements at two addresses, which are moved along; `bytes` is a local with their size together.
static void move_elements(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to,
                          uint32_t bytes) {
  place f = {.side = from->side, .in_memory = true, .base = new_local(g, CV_KIND_I32)};
  place t = {.side = to->side, .in_memory = true, .base = new_local(g, CV_KIND_I32)};
  uint32_t stop = new_local(g, CV_KIND_I32), size = ts->layout[CV_PTR32].size;
  const place *ends[2] = {from, to};
  const uint32_t bases[2] = {f.base, t.base};
  for (int i = 0; i < 2; i++) {
    get(g, ends[i]->base);
    i32(g, ends[i]->offset);
    op(g, CV_OPC_I32_ADD);
    set(g, bases[i]);
  }
  get(g, f.base);
  get(g, bytes);
  op(g, CV_OPC_I32_ADD);
  set(g, stop);
  block(g, CV_OPC_BLOCK);
  block(g, CV_OPC_LOOP);
  get(g, f.base);
  get(g, stop);
  op(g, CV_OPC_I32_EQ);
  op_u(g, CV_OPC_BR_IF, 1);
  move(g, ts, tt, &f, &t);
  add_to(g, f.base, size);
  add_to(g, t.base, size);
  op_u(g, CV_OPC_BR, 0);
  end(g);
  end(g);
}

static void move_fixed_list(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  const cv_ctype *es = ts->fields[0].type, *et = tt->fields[0].type;
  if (from->in_memory && ts->length > UNROLL) {
    uint32_t bytes = new_local(g, CV_KIND_I32);
    i32(g, ts->length * es->layout[CV_PTR32].size);
    set(g, bytes);
    move_elements(g, es, et, from, to, bytes);
    return;
  }
  uint64_t offset = 0;
  uint32_t slots = 0;
  for (uint32_t i = 0; i < ts->length && !g->failed; i++) {
    place f = part_of(from, es, &offset, &slots), t = part_of(to, et, &offset, &slots);
    move(g, es, et, &f, &t);
    offset += es->layout[CV_PTR32].size;
    slots += es->flat_count;
  }
}

static void move_list(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  const cv_ctype *es = ts->kind == CV_CT_MAP ? ts->entry : ts->fields[0].type;
  const cv_ctype *et = tt->kind == CV_CT_MAP ? tt->entry : tt->fields[0].type;
  const cv_clayout *layout = &es->layout[CV_PTR32];
  uint32_t address = new_local(g, CV_KIND_I32), count = new_local(g, CV_KIND_I32), bytes = new_local(g, CV_KIND_I32);
  uint32_t there = new_local(g, CV_KIND_I32);
  read_core(g, from, 0, 4, CV_KIND_I32, 0);
  set(g, address);
  read_core(g, from, 1, 4, CV_KIND_I32, 4);
  set(g, count);
  get(g, count);
  i32(g, CV_MAX_VALUE_BYTES / layout->size);
  op(g, CV_OPC_I32_GT_U);
  trap_if(g, CV_ADAPTER_TRAP_LIST_SIZE);
  get(g, count);
  i32(g, layout->size);
  op(g, CV_OPC_I32_MUL);
  set(g, bytes);
  get(g, address);
  get(g, bytes);
  i32(g, layout->align - 1);
  i32(g, CV_ADAPTER_TRAP_LIST);
  call_local(g, FUNC_CHECK, from->side);
  i32(g, layout->align);
  get(g, bytes);
  i32(g, CV_ADAPTER_TRAP_LIST);
  call_local(g, FUNC_ALLOC, to->side);
  set(g, there);
  place f = {.side = from->side, .in_memory = true, .base = address};
  place t = {.side = to->side, .in_memory = true, .base = there};
  if (es->is_plain) {
    get(g, there);
    get(g, address);
    get(g, bytes);
    call_local(g, FUNC_COPY, from->side);
  } else {
    move_elements(g, es, et, &f, &t, bytes);
  }
  write_local(g, to, 0, 0, there);
  write_local(g, to, 1, 4, count);
}

static bool same_encoding(const gen *g) {
  const cv_lowered *l = g->plan->lowered;
  return l->options.encoding == l->func->options.encoding && l->options.encoding != CV_LATIN1_UTF16;
}

static void move_string(gen *g, const place *from, const place *to) {
  uint32_t address = new_local(g, CV_KIND_I32), units = new_local(g, CV_KIND_I32);
  read_core(g, from, 0, 4, CV_KIND_I32, 0);
  set(g, address);
  read_core(g, from, 1, 4, CV_KIND_I32, 4);
  set(g, units);
  if (same_encoding(g)) {
    get(g, address);
    get(g, units);
    call_local(g, FUNC_STRING, from->side);
    set(g, address);
  } else {
    uint32_t both = new_local(g, CV_KIND_I64);
    i32(g, from->side);
    get(g, address);
    get(g, units);
    call_import(g, CV_ADAPTER_STRING);
    set(g, both);
    get(g, both);
    op(g, CV_OPC_I32_WRAP_I64);
    set(g, address);
    get(g, both);
    i64(g, 32);
    op(g, CV_OPC_I64_SHR_U);
    op(g, CV_OPC_I32_WRAP_I64);
    set(g, units);
  }
  write_local(g, to, 0, 0, address);
  write_local(g, to, 1, 4, units);
}

static void move_own(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  begin_write(g, to);
  i32(g, from->side);
  i32(g, ts->resource->index);
  i32(g, tt->resource->index);
  read_core(g, from, 0, 4, CV_KIND_I32, 0);
  call_import(g, CV_ADAPTER_OWN);
  end_write(g, to, 0, 4, CV_KIND_I32, 0);
}

static void move(gen *g, const cv_ctype *ts, const cv_ctype *tt, const place *from, const place *to) {
  if (g->code.size > MAX_CODE || g->depth >= MAX_DEPTH)
    g->failed = true;
  if (g->failed)
    return;
  g->depth++;
  switch ((cv_ctype_kind)ts->kind) {
  case CV_CT_STRING:
    move_string(g, from, to);
    break;
  case CV_CT_LIST:
  case CV_CT_MAP:
    move_list(g, ts, tt, from, to);
    break;
  case CV_CT_FIXED_LIST:
    move_fixed_list(g, ts, tt, from, to);
    break;
  case CV_CT_RECORD:
  case CV_CT_TUPLE:
    move_fields(g, ts->fields, tt->fields, ts->count, from, to);
    break;
  case CV_CT_VARIANT:
  case CV_CT_ENUM:
  case CV_CT_OPTION:
  case CV_CT_RESULT:
    move_variant(g, ts, tt, from, to);
    break;
  case CV_CT_OWN:
    move_own(g, ts, tt, from, to);
    break;
  case CV_CT_BORROW:
  case CV_CT_STREAM:
  case CV_CT_FUTURE:
  case CV_CT_ERROR_CONTEXT:
    g->failed = true;
    break;
  default:
    move_scalar(g, ts, from, to);
  }
  g->depth--;
}

// ---- the adapter function ----

// A check of `size` bytes at the address in a local, which spilled values have.
static void check_range(gen *g, unsigned side, uint32_t local, const cv_tuple_layout *layout) {
  get(g, local);
  i32(g, (uint32_t)layout->size);
  i32(g, layout->align - 1);
  i32(g, CV_ADAPTER_TRAP_POINTER);
  call_local(g, FUNC_CHECK, side);
}

static void enter(gen *g) {
  op_u(g, CV_OPC_GLOBAL_GET, GLOBAL_MAY_LEAVE + CV_SIDE_CALLER);
  op(g, CV_OPC_I32_EQZ);
  trap_if(g, CV_ADAPTER_TRAP_LEAVE);
  for (uint32_t i = 0; i < g->plan->entered; i++) {
    op_u(g, CV_OPC_GLOBAL_GET, GLOBAL_MAY_ENTER + i);
    op(g, CV_OPC_I32_EQZ);
    trap_if(g, CV_ADAPTER_TRAP_ENTER);
  }
  for (uint32_t i = 0; i < g->plan->entered; i++)
    set_flag(g, GLOBAL_MAY_ENTER + i, false);
}

// A borrow of a resource that the callee implements: it gets what the handle stands for. True when `t` is one.
static bool move_borrow(gen *g, const cv_ctype *t, const slot *from, const slot *to) {
  if (t->kind != CV_CT_BORROW)
    return false;
  i32(g, t->resource->index);
  get(g, from->local);
  call_import(g, CV_ADAPTER_BORROW);
  set(g, to->local);
  return true;
}

static void move_params(gen *g, const cv_flat_functype *lift, const slot *params, slot *args) {
  const cv_cfunctype *ts = g->plan->lowered->type, *tt = g->plan->lowered->func->type;
  for (uint32_t i = 0; i < lift->param_count; i++)
    args[i] = (slot){new_local(g, (uint8_t)lift->params[i]), (uint8_t)lift->params[i]};
  place from = {.side = CV_SIDE_CALLER, .slots = params}, to = {.side = CV_SIDE_CALLEE, .slots = args};
  if (lift->params_spilled) {
    cv_tuple_layout layout = cv_fields_layout(ts->params, ts->param_count, CV_PTR32);
    g->failed |= layout.size > CV_MAX_TYPE_SIZE;
    from = (place){.side = CV_SIDE_CALLER, .in_memory = true, .base = params[0].local};
    to = (place){.side = CV_SIDE_CALLEE, .in_memory = true, .base = args[0].local};
    check_range(g, CV_SIDE_CALLER, from.base, &layout);
    i32(g, layout.align);
    i32(g, (uint32_t)layout.size);
    i32(g, CV_ADAPTER_TRAP_POINTER);
    call_local(g, FUNC_ALLOC, CV_SIDE_CALLEE);
    set(g, to.base);
    move_fields(g, ts->params, tt->params, ts->param_count, &from, &to);
    return;
  }
  for (uint32_t i = 0; i < ts->param_count && !g->failed; i++) {
    const cv_ctype *t = ts->params[i].type;
    if (!move_borrow(g, t, from.slots, to.slots))
      move(g, t, tt->params[i].type, &from, &to);
    from.slots += t->flat_count;
    to.slots += t->flat_count;
  }
}

// The result, from what the callee returned (`ret`) to the adapter's own result or the address in `out`.
static void move_result(gen *g, const cv_flat_functype *lower, const slot *ret, uint32_t out, slot *result) {
  const cv_ctype *ts = g->plan->lowered->func->type->result, *tt = g->plan->lowered->type->result;
  if (ts == NULL)
    return;
  place from = {.side = CV_SIDE_CALLEE, .slots = ret}, to = {.side = CV_SIDE_CALLER, .slots = result};
  if (lower->results_spilled) {
    const cv_clayout *l = &ts->layout[CV_PTR32];
    cv_tuple_layout layout = {.size = l->size, .align = l->align};
    from = (place){.side = CV_SIDE_CALLEE, .in_memory = true, .base = ret->local};
    to = (place){.side = CV_SIDE_CALLER, .in_memory = true, .base = out};
    check_range(g, CV_SIDE_CALLEE, from.base, &layout);
    check_range(g, CV_SIDE_CALLER, to.base, &layout);
  } else {
    *result = (slot){new_local(g, (uint8_t)lower->results[0]), (uint8_t)lower->results[0]};
  }
  move(g, ts, tt, &from, &to);
}

static void leave(gen *g, const cv_flat_functype *lift, const slot *ret, const slot *params) {
  if (g->plan->imports[CV_ADAPTER_POST_RETURN]) {
    set_flag(g, GLOBAL_MAY_LEAVE + CV_SIDE_CALLEE, false);
    if (lift->result_count != 0)
      get(g, ret->local);
    call_import(g, CV_ADAPTER_POST_RETURN);
    set_flag(g, GLOBAL_MAY_LEAVE + CV_SIDE_CALLEE, true);
  }
  for (uint32_t i = 0; i < g->plan->entered; i++)
    set_flag(g, GLOBAL_MAY_ENTER + i, true);
  const cv_cfunctype *type = g->plan->lowered->type;
  for (uint32_t i = 0; i < type->param_count && !lift->params_spilled; i++) {
    if (type->params[i].type->kind == CV_CT_BORROW) {
      get(g, params->local);
      call_import(g, CV_ADAPTER_GIVE_BACK);
    }
    params += type->params[i].type->flat_count;
  }
}

static void write_adapter(gen *g, const cv_flat_functype *lower, const cv_flat_functype *lift) {
  slot params[CV_MAX_FLAT_PARAMS + 1], args[CV_MAX_FLAT_PARAMS], ret = {0, 0}, result = {0, 0};
  for (uint32_t i = 0; i < lower->param_count; i++)
    params[i] = (slot){i, (uint8_t)lower->params[i]};
  // No exception crosses: block $caught (try_table (catch_all $caught) ... return)
  block(g, CV_OPC_BLOCK);
  block(g, CV_OPC_TRY_TABLE);
  cv_buf_byte(&g->code, 1);
  cv_buf_byte(&g->code, CV_CATCH_ALL);
  cv_buf_byte(&g->code, 0);
  enter(g);
  move_params(g, lift, params, args);
  for (uint32_t i = 0; i < lift->param_count; i++)
    get(g, args[i].local);
  call_import(g, CV_ADAPTER_CALLEE);
  if (lift->result_count != 0) {
    ret = (slot){new_local(g, (uint8_t)lift->results[0]), (uint8_t)lift->results[0]};
    set(g, ret.local);
  }
  move_result(g, lower, &ret, lower->param_count - (lower->results_spilled ? 1 : 0), &result);
  leave(g, lift, &ret, params);
  if (lower->result_count != 0)
    get(g, result.local);
  op(g, CV_OPC_RETURN);
  end(g);
  op(g, CV_OPC_UNREACHABLE);
  end(g);
  i32(g, CV_ADAPTER_TRAP_EXCEPTION);
  call_import(g, CV_ADAPTER_TRAP);
  op(g, CV_OPC_UNREACHABLE);
}

// ---- functions that it calls ----

// (address, bytes, mask, trap)
static void write_check(gen *g, unsigned side) {
  get(g, 0);
  get(g, 2);
  op(g, CV_OPC_I32_AND);
  trap_if(g, CV_ADAPTER_TRAP_UNALIGNED);
  get(g, 0);
  op(g, CV_OPC_I64_EXTEND_I32_U);
  get(g, 1);
  op(g, CV_OPC_I64_EXTEND_I32_U);
  op(g, CV_OPC_I64_ADD);
  op_u(g, CV_OPC_MEMORY_SIZE, g->memory_index[side]);
  op(g, CV_OPC_I64_EXTEND_I32_U);
  i64(g, 16);
  op(g, CV_OPC_I64_SHL);
  op(g, CV_OPC_I64_GT_U);
  block(g, CV_OPC_IF);
  get(g, 3);
  call_import(g, CV_ADAPTER_TRAP);
  op(g, CV_OPC_UNREACHABLE);
  end(g);
}

// (alignment, bytes, trap) -> address
static void write_alloc(gen *g, unsigned side) {
  uint32_t address = new_local(g, CV_KIND_I32);
  set_flag(g, GLOBAL_MAY_LEAVE + side, false);
  i32(g, 0);
  i32(g, 0);
  get(g, 0);
  get(g, 1);
  call_import(g, side == CV_SIDE_CALLER ? CV_ADAPTER_REALLOC_CALLER : CV_ADAPTER_REALLOC_CALLEE);
  set(g, address);
  set_flag(g, GLOBAL_MAY_LEAVE + side, true);
  get(g, address);
  get(g, 1);
  get(g, 0);
  i32(g, 1);
  op(g, CV_OPC_I32_SUB);
  get(g, 2);
  call_local(g, FUNC_CHECK, side);
  get(g, address);
}

// while (at < stop) { body; at += step; } around what `body` writes. Open: close_while.
static void open_while(gen *g, uint32_t at, uint32_t stop) {
  block(g, CV_OPC_BLOCK);
  block(g, CV_OPC_LOOP);
  get(g, at);
  get(g, stop);
  op(g, CV_OPC_I32_GE_U);
  op_u(g, CV_OPC_BR_IF, 1);
}

static void close_while(gen *g, uint32_t at, uint32_t step) {
  add_to(g, at, step);
  op_u(g, CV_OPC_BR, 0);
  end(g);
  end(g);
}

// Address and size are locals 0 and 1: all bytes of a short string, or-ed together, into the local `all`. Eight at a
// time, the last eight overlapping those before; fewer than eight one by one.
static void or_bytes(gen *g, unsigned side, uint32_t all) {
  uint32_t at = new_local(g, CV_KIND_I32), stop = new_local(g, CV_KIND_I32);
  get(g, 0);
  set(g, at);
  get(g, 0);
  get(g, 1);
  op(g, CV_OPC_I32_ADD);
  set(g, stop);
  get(g, 1);
  i32(g, 8);
  op(g, CV_OPC_I32_LT_U);
  block(g, CV_OPC_IF);
  for (int wide = 0; wide < 2; wide++) {
    if (wide) {
      op(g, CV_OPC_ELSE);
      add_to(g, stop, (uint32_t)-8);
      get(g, stop);
      access(g, CV_OPC_I64_LOAD, 0, side, 0);
      set(g, all);
    }
    open_while(g, at, stop);
    get(g, all);
    get(g, at);
    access(g, wide ? CV_OPC_I64_LOAD : CV_OPC_I64_LOAD8_U, 0, side, 0);
    op(g, CV_OPC_I64_OR);
    set(g, all);
    close_while(g, at, wide ? 8 : 1);
  }
  end(g);
}

// Leaves out the call of C for a short string of ASCII.
static void check_utf8(gen *g, unsigned side) {
  uint32_t all = new_local(g, CV_KIND_I64);
  block(g, CV_OPC_BLOCK);
  get(g, 1);
  i32(g, INLINE_BYTES);
  op(g, CV_OPC_I32_LE_U);
  block(g, CV_OPC_IF);
  or_bytes(g, side, all);
  get(g, all);
  i64(g, 0x8080808080808080);
  op(g, CV_OPC_I64_AND);
  op(g, CV_OPC_I64_EQZ);
  op_u(g, CV_OPC_BR_IF, 1);
  end(g);
  i32(g, side);
  get(g, 0);
  get(g, 1);
  call_import(g, CV_ADAPTER_UTF8);
  end(g);
}

// (address, units) -> address on the other side
static void write_string(gen *g, unsigned side) {
  unsigned wide = g->plan->lowered->options.encoding == CV_UTF16; // log2 of a unit's size
  uint32_t bytes = new_local(g, CV_KIND_I32), there = new_local(g, CV_KIND_I32);
  get(g, 1);
  i32(g, CV_MAX_VALUE_BYTES >> wide);
  op(g, CV_OPC_I32_GT_U);
  trap_if(g, CV_ADAPTER_TRAP_STRING_SIZE);
  get(g, 1);
  i32(g, wide);
  op(g, CV_OPC_I32_SHL);
  set(g, bytes);
  get(g, 0);
  get(g, bytes);
  i32(g, wide);
  i32(g, CV_ADAPTER_TRAP_STRING);
  call_local(g, FUNC_CHECK, side);
  if (wide) {
    i32(g, side);
    get(g, 0);
    get(g, 1);
    call_import(g, CV_ADAPTER_UTF16);
  } else {
    check_utf8(g, side);
  }
  i32(g, 1 + wide);
  get(g, bytes);
  i32(g, CV_ADAPTER_TRAP_STRING);
  call_local(g, FUNC_ALLOC, !side);
  set(g, there);
  get(g, there);
  get(g, 0);
  get(g, bytes);
  call_local(g, FUNC_COPY, side);
  get(g, there);
}

// (to, from, bytes). Short runs as in or_bytes.
static void write_copy(gen *g, unsigned side) {
  uint32_t stop = new_local(g, CV_KIND_I32);
  get(g, 2);
  i32(g, INLINE_BYTES);
  op(g, CV_OPC_I32_GT_U);
  block(g, CV_OPC_IF);
  get(g, 0);
  get(g, 1);
  get(g, 2);
  cv_buf_byte(&g->code, 0xfc);
  cv_buf_uleb(&g->code, CV_OPC_MEMORY_COPY & 0xfff);
  cv_buf_uleb(&g->code, g->memory_index[!side]);
  cv_buf_uleb(&g->code, g->memory_index[side]);
  op(g, CV_OPC_RETURN);
  end(g);
  get(g, 1);
  get(g, 2);
  op(g, CV_OPC_I32_ADD);
  set(g, stop);
  get(g, 2);
  i32(g, 8);
  op(g, CV_OPC_I32_GE_U);
  block(g, CV_OPC_IF);
  get(g, 0);
  get(g, 2);
  op(g, CV_OPC_I32_ADD);
  i32(g, 8);
  op(g, CV_OPC_I32_SUB);
  add_to(g, stop, (uint32_t)-8);
  get(g, stop);
  access(g, CV_OPC_I64_LOAD, 0, side, 0);
  access(g, CV_OPC_I64_STORE, 0, !side, 0);
  for (int wide = 1; wide >= 0; wide--) {
    open_while(g, 1, stop);
    get(g, 0);
    get(g, 1);
    access(g, wide ? CV_OPC_I64_LOAD : CV_OPC_I32_LOAD8_U, 0, side, 0);
    access(g, wide ? CV_OPC_I64_STORE : CV_OPC_I32_STORE8, 0, !side, 0);
    add_to(g, 0, wide ? 8 : 1);
    close_while(g, 1, wide ? 8 : 1);
    if (wide)
      op(g, CV_OPC_ELSE);
  }
  end(g);
}

// ---- the module ----

static uint32_t sig_letters(const char *sig, cv_valtype *params, cv_valtype *results, uint32_t *result_count) {
  uint32_t n = 0;
  for (; *sig != ':'; sig++)
    params[n++] = *sig == 'I' ? CV_I64 : CV_I32;
  *result_count = 0;
  for (sig++; *sig != '\0'; sig++)
    results[(*result_count)++] = *sig == 'I' ? CV_I64 : CV_I32;
  return n;
}

static const char *const IMPORT_SIGS[CV_ADAPTER_IMPORT_COUNT] = {
    [CV_ADAPTER_TRAP] = "i:",
    [CV_ADAPTER_REALLOC_CALLER] = "iiii:i",
    [CV_ADAPTER_REALLOC_CALLEE] = "iiii:i",
    [CV_ADAPTER_UTF8] = "iii:",
    [CV_ADAPTER_UTF16] = "iii:",
    [CV_ADAPTER_STRING] = "iii:I",
    [CV_ADAPTER_OWN] = "iiii:i",
    [CV_ADAPTER_BORROW] = "ii:i",
    [CV_ADAPTER_GIVE_BACK] = "i:",
};

static const struct {
  const char *sig;
  void (*write)(gen *g, unsigned side);
} LOCAL_FUNCS[FUNC_COUNT] = {
    [FUNC_CHECK] = {"iiii:", write_check},
    [FUNC_ALLOC] = {"iii:i", write_alloc},
    [FUNC_STRING] = {"ii:i", write_string},
    [FUNC_COPY] = {"iii:", write_copy},
};

void cv_adapter_import_type(const cv_adapter_plan *plan, cv_adapter_import import, cv_flat_functype *out) {
  const cv_lowered *l = plan->lowered;
  *out = (cv_flat_functype){0};
  if (IMPORT_SIGS[import] != NULL) {
    out->param_count = sig_letters(IMPORT_SIGS[import], out->params, out->results, &out->result_count);
    return;
  }
  cv_flatten_functype(l->func->type, false, false, CV_PTR32, true, out);
  if (import == CV_ADAPTER_POST_RETURN) { // the results of the core function
    memcpy(out->params, out->results, sizeof out->results);
    out->param_count = out->result_count;
    out->result_count = 0;
  }
}

// Whether a function of the adapter is there: those that only what is imported can need.
static bool has_func(const cv_adapter_plan *plan, local_func func, unsigned side) {
  bool allocs[2] = {plan->imports[CV_ADAPTER_REALLOC_CALLER], plan->imports[CV_ADAPTER_REALLOC_CALLEE]};
  switch (func) {
  case FUNC_CHECK:
    return plan->memories[side];
  case FUNC_ALLOC:
    return allocs[side];
  case FUNC_COPY:
    return allocs[!side];
  default:
    return allocs[!side] && (plan->imports[CV_ADAPTER_UTF8] || plan->imports[CV_ADAPTER_UTF16]);
  }
}

static void put_functype(cv_buf *b, const cv_flat_functype *f) {
  cv_buf_byte(b, CV_COMP_FUNC);
  cv_buf_uleb(b, f->param_count);
  for (uint32_t i = 0; i < f->param_count; i++)
    cv_buf_byte(b, (uint8_t)f->params[i]);
  cv_buf_uleb(b, f->result_count);
  for (uint32_t i = 0; i < f->result_count; i++)
    cv_buf_byte(b, (uint8_t)f->results[i]);
}

static void put_section(cv_buf *out, uint8_t id, cv_buf *content) {
  cv_buf_byte(out, id);
  cv_buf_uleb(out, content->size);
  cv_buf_bytes(out, content->data, content->size);
  out->failed |= content->failed;
  content->size = 0;
}

// An import with empty names: what is imported is known by its place.
static void put_import(cv_buf *b, cv_extern_kind kind) {
  cv_buf_byte(b, 0);
  cv_buf_byte(b, 0);
  cv_buf_byte(b, (uint8_t)kind);
}

// The head: type, import, function and export sections. Types are in the order of functions, one for each.
static void put_head(gen *g, const cv_flat_functype *lower, cv_buf *out, cv_buf *section) {
  const cv_adapter_plan *plan = g->plan;
  uint32_t funcs = 0, imports = 0, memories = (uint32_t)plan->memories[0] + plan->memories[1];
  for (unsigned i = 0; i < CV_ADAPTER_IMPORT_COUNT; i++)
    if (plan->imports[i])
      g->import_index[i] = funcs++;
  imports = funcs++;
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      if (has_func(plan, (local_func)f, side))
        g->func_index[side][f] = funcs++;
  cv_buf_bytes(out, "\0asm\1\0\0\0", 8);
  cv_buf_uleb(section, funcs);
  for (unsigned i = 0; i < CV_ADAPTER_IMPORT_COUNT; i++)
    if (plan->imports[i]) {
      cv_flat_functype type;
      cv_adapter_import_type(plan, (cv_adapter_import)i, &type);
      put_functype(section, &type);
    }
  put_functype(section, lower);
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      if (has_func(plan, (local_func)f, side)) {
        cv_flat_functype type = {0};
        type.param_count = sig_letters(LOCAL_FUNCS[f].sig, type.params, type.results, &type.result_count);
        put_functype(section, &type);
      }
  put_section(out, 1, section);
  cv_buf_uleb(section, memories + 2 + plan->entered + imports);
  for (unsigned side = 0, index = 0; side < 2; side++)
    if (plan->memories[side]) {
      g->memory_index[side] = index++;
      put_import(section, CV_EXTERN_MEMORY);
      cv_buf_bytes(section, "\0\0", 2);
    }
  for (uint32_t i = 0; i < 2 + plan->entered; i++) {
    put_import(section, CV_EXTERN_GLOBAL);
    cv_buf_byte(section, CV_KIND_I32);
    cv_buf_byte(section, 1);
  }
  for (uint32_t i = 0; i < imports; i++) {
    put_import(section, CV_EXTERN_FUNC);
    cv_buf_uleb(section, i);
  }
  put_section(out, 2, section);
  cv_buf_uleb(section, funcs - imports);
  for (uint32_t i = imports; i < funcs; i++)
    cv_buf_uleb(section, i);
  put_section(out, 3, section);
  cv_buf_bytes(section, "\1\0\0", 3); // one export, without a name: a function
  cv_buf_uleb(section, imports);
  put_section(out, 7, section);
}

static void begin_func(gen *g, uint32_t param_count) {
  g->param_count = param_count;
  g->locals.count = 0;
  g->code.size = 0;
}

static void put_func(gen *g, cv_buf *section) {
  end(g);
  cv_buf locals;
  cv_buf_init(&locals, g->mem);
  uint32_t runs = 0;
  for (size_t i = 0; i < g->locals.count; i++)
    runs += i == 0 || g->locals.data[i] != g->locals.data[i - 1];
  cv_buf_uleb(&locals, runs);
  for (size_t i = 0, start = 0; i < g->locals.count; i++)
    if (i + 1 == g->locals.count || g->locals.data[i + 1] != g->locals.data[i]) {
      cv_buf_uleb(&locals, i + 1 - start);
      cv_buf_byte(&locals, g->locals.data[i]);
      start = i + 1;
    }
  cv_buf_uleb(section, locals.size + g->code.size);
  cv_buf_bytes(section, locals.data, locals.size);
  cv_buf_bytes(section, g->code.data, g->code.size);
  section->failed |= locals.failed || g->code.failed;
  cv_buf_free(&locals);
}

bool cv_adapter_generate(const cv_adapter_plan *plan, cv_mem *mem, cv_buf *out) {
  gen g = {.plan = plan, .mem = mem};
  cv_flat_functype lower, lift;
  cv_flatten_functype(plan->lowered->type, false, false, CV_PTR32, false, &lower);
  cv_flatten_functype(plan->lowered->func->type, false, false, CV_PTR32, true, &lift);
  cv_buf section;
  cv_buf_init(&section, mem);
  cv_buf_init(&g.code, mem);
  put_head(&g, &lower, out, &section);
  uint32_t count = 1;
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      count += has_func(plan, (local_func)f, side);
  cv_buf_uleb(&section, count);
  begin_func(&g, lower.param_count);
  write_adapter(&g, &lower, &lift);
  put_func(&g, &section);
  for (unsigned side = 0; side < 2; side++)
    for (unsigned f = 0; f < FUNC_COUNT; f++)
      if (has_func(plan, (local_func)f, side)) {
        begin_func(&g, (uint32_t)strcspn(LOCAL_FUNCS[f].sig, ":"));
        LOCAL_FUNCS[f].write(&g, side);
        put_func(&g, &section);
      }
  put_section(out, 10, &section);
  cv_buf_free(&section);
  cv_buf_free(&g.code);
  cv_vec_free(mem, &g.locals);
  return !g.failed;
}
