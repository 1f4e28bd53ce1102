// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// function.c: compiles one function: pins, prologue, instructions, epilogue, and what lies behind the code (trap exits,
// jump-free constants).
//
//   [external entry] [entry: frame, stack check, parameters] [instructions] [trap exits] [constants, 16-aligned]
#include "exec/jit/plan.h"
#include "runtime/fuel.h"
#include "wasm/binary/skip.h"

enum { MAX_INT_PINS = 7, MAX_FLOAT_PINS = 8, ZERO_LOOP = 24 };

static const uint8_t int_pins[MAX_INT_PINS] = {CV_RBX, CV_RSI, CV_RDI, CV_R12, CV_R13, CV_R9, CV_R8};
static const uint8_t float_pins[MAX_FLOAT_PINS] = {CV_XMM0 + 4, CV_XMM0 + 5, CV_XMM0 + 6,  CV_XMM0 + 7,
                                                   CV_XMM0 + 8, CV_XMM0 + 9, CV_XMM0 + 10, CV_XMM0 + 11};

void jit_unsupported(jit *j, uint32_t op) {
  if (!j->unsupported)
    j->unsupported_op = op;
  j->unsupported = true;
}

// ---- pins ----

typedef struct heaviest {
  uint32_t local[MAX_FLOAT_PINS];
  uint32_t weight[MAX_FLOAT_PINS];
  uint32_t count;
} heaviest;

static void keep_heaviest(heaviest *h, uint32_t max, uint32_t local, uint32_t weight) {
  uint32_t i = h->count;
  if (i == max) {
    if (h->weight[max - 1] >= weight)
      return;
    i--;
  } else {
    h->count++;
  }
  for (; i > 0 && h->weight[i - 1] < weight; i--) {
    h->weight[i] = h->weight[i - 1];
    h->local[i] = h->local[i - 1];
  }
  h->weight[i] = weight;
  h->local[i] = local;
}

static void set_pin(jit *j, uint32_t local, unsigned reg, bool weak) {
  j->pin[local] = (int8_t)reg;
  j->pin_local[reg] = local;
  j->pinned |= BIT(reg);
  j->left[reg] = j->facts->local_weight[local] == UINT16_MAX ? UINT32_MAX : j->facts->local_weight[local];
  if (weak)
    j->weak |= BIT(reg);
}

// The register in which a parameter arrives, or a negative number; also for other locals.
static int arrival_of(const jit *j, uint32_t local) {
  cv_param_walk walk = {0, 0};
  int reg = -1;
  if (local >= j->type->param_count)
    return -1;
  for (uint32_t i = 0; i <= local; i++)
    reg = cv_param_reg(&walk, j->locals[i]);
  return reg;
}

// A pin that is kept up across calls costs a store and a load around each, so it is weak unless its local is used more
// than its function calls.
static void choose_pins(jit *j) {
  const cv_func_facts *facts = j->facts;
  heaviest class[2] = {{.count = 0}, {.count = 0}};
  uint64_t strong = 2 * (uint64_t)facts->call_weight + 1;
  memset(j->pin, -1, j->local_count);
  j->pinned = j->weak = 0;
  for (uint32_t l = 0; l < j->local_count; l++) {
    uint32_t weight = facts->local_weight[l];
    if (weight == 0)
      continue;
    bool xmm = type_in_xmm(type_of(j->locals[l]));
    keep_heaviest(&class[xmm], xmm ? MAX_FLOAT_PINS : MAX_INT_PINS, l, weight);
  }
  // Parameters stay where they arrive; those in xmm0 to xmm3, which operations need, go to xmm8 to xmm11.
  uint32_t taken = 0;
  for (unsigned c = 0; c < 2; c++)
    for (uint32_t i = 0; i < class[c].count; i++) {
      uint32_t local = class[c].local[i];
      int reg = arrival_of(j, local);
      if (reg < 0)
        continue;
      set_pin(j, local, (unsigned)(reg >= CV_XMM0 && reg < CV_XMM0 + 4 ? reg + 8 : reg), class[c].weight[i] <= strong);
    }
  // The rest must not sit where a parameter arrives: pinned parameters are moved first, others stored first.
  for (unsigned c = 0; c < 2; c++) {
    for (uint32_t i = 0; i < class[c].count; i++) {
      uint32_t local = class[c].local[i];
      if (j->pin[local] >= 0)
        continue;
      const uint8_t *pool = c ? float_pins : int_pins;
      while (j->pinned & BIT(pool[taken]))
        taken++;
      set_pin(j, local, pool[taken], class[c].weight[i] <= strong);
    }
    taken = 0;
  }
}

// ---- prologue ----

// lea reg, [rbp - (8 + frame)]: where rsp is in the body.
void jit_frame_lea(jit *j, unsigned reg) {
  cv_emit_opcode(&j->e, CV_X86_LEA, 1, reg, 0, CV_RBP, false);
  e8(&j->e, 0x80 | (reg & 7) << 3 | CV_RBP);
  if (cv_vec_push(j->mem, &j->frame_leas, cv_emit_at(&j->e)) != CV_OK)
    j->no_memory = true;
  e32(&j->e, 0);
}

void jit_frame_field(jit *j) {
  j->frame_fields[j->frame_field_count++] = cv_emit_at(&j->e);
  e32(&j->e, 0);
}

static void zero_locals(jit *j) {
  uint32_t from = j->type->param_count, count = j->local_count - from;
  if (count > ZERO_LOOP) {
    // rax goes up through the slots of the non-parameters; pinned ones are cleared along.
    uint32_t words = count * (j->slot_size / 8);
    cv_emit_rm(&j->e, CV_X86_LEA, 1, CV_RAX, slot_addr(j, j->local_count - 1));
    cv_emit_const(&j->e, CV_RCX, words);
    uint32_t top = cv_emit_at(&j->e);
    cv_emit_rm(&j->e, CV_X86(0, 0, 0xc7), 1, 0, cv_at(CV_RAX, 0));
    e32(&j->e, 0);
    cv_emit_alu_ri(&j->e, CV_OP_ADD, 1, CV_RAX, 8);
    cv_emit_alu_ri(&j->e, CV_OP_SUB, 0, CV_RCX, 1);
    cv_emit_jump_to(&j->e, CV_CC_NE, top);
  }
  for (uint32_t l = from; l < j->local_count; l++) {
    unsigned type = type_of(j->locals[l]);
    if (j->pin[l] >= 0) {
      unsigned reg = (unsigned)j->pin[l];
      if (type_in_xmm(type)) {
        if (j->e.avx)
          cv_emit_vrr(&j->e, CV_X86(0, 1, 0x57), 0, reg, reg, reg);
        else
          cv_emit_rr(&j->e, CV_X86(0, 1, 0x57), 0, reg, reg);
      } else {
        cv_emit_rr(&j->e, CV_X86(0, 0, 0x31), 0, reg, reg);
      }
    } else if (count <= ZERO_LOOP) {
      cv_addr at = slot_addr(j, l);
      for (unsigned half = 0; half < (type == CV_V128 ? 2 : 1); half++, at.disp += 8) {
        cv_emit_rm(&j->e, CV_X86(0, 0, 0xc7), 1, 0, at);
        e32(&j->e, 0);
      }
    }
  }
}

static void take_parameters(jit *j) {
  bool in_memory_too = false;
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < j->type->param_count; i++) { // stores first, then moves: a pin may be an arrival register
    int reg = cv_param_reg(&walk, j->locals[i]);
    in_memory_too |= reg < 0;
    if (reg >= 0 && j->pin[i] < 0)
      cv_emit_store(&j->e, type_of(j->locals[i]), slot_addr(j, i), (unsigned)reg);
    else if (reg >= CV_XMM0 && j->pin[i] >= CV_XMM0 + 8)
      cv_emit_xmov(&j->e, (unsigned)j->pin[i], (unsigned)reg);
    cv_emit_room(&j->e, 64);
  }
  if (!in_memory_too)
    return;
  cv_emit_load(&j->e, CV_I64, CV_RAX, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  walk = (cv_param_walk){0, 0};
  for (uint32_t i = 0; i < j->type->param_count; i++) {
    if (cv_param_reg(&walk, j->locals[i]) >= 0)
      continue;
    unsigned type = type_of(j->locals[i]);
    unsigned to = j->pin[i] >= 0 ? (unsigned)j->pin[i] : type_in_xmm(type) ? CV_REG_XSCRATCH : CV_REG_SCRATCH;
    cv_emit_load(&j->e, type, to, cv_at(CV_RAX, (int32_t)(offsetof(cv_context, args) + i * sizeof(cv_value))));
    if (j->pin[i] < 0)
      cv_emit_store(&j->e, type, slot_addr(j, i), to);
    cv_emit_room(&j->e, 64);
  }
}

enum {
  LEAF_FRAME = 1024, // bytes that a function may use without asking, below the room that the limit leaves
  PAGE_FRAME = 4096, // a larger frame is compared with the limit before rsp moves: a host's signal handler that runs on
                     // this stack would write below it
};

static void check_stack(jit *j, unsigned reg) {
  cv_emit_load(&j->e, CV_I64, CV_R10, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  cv_emit_rm(&j->e, CV_X86(0, 0, 0x3b), 1, reg, cv_at(CV_R10, offsetof(cv_context, stack_limit)));
  j->op_at = 0;
  jit_trap_if(j, CV_CC_B, CV_TRAP_STACK_OVERFLOW);
}

static void prologue(jit *j) {
  cv_emit *e = &j->e;
  // External entry: the callee's instance comes with the cv_func.
  cv_emit_load(e, CV_I64, CV_REG_INSTANCE, cv_at(CV_REG_CALLEE, offsetof(cv_func, instance)));
  cv_emit_load(e, CV_I64, CV_REG_MEMORY, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, memory0_base)));
  e8(e, 0x55); // push rbp
  cv_emit_mov(e, 1, CV_RBP, CV_RSP);
  e8(e, 0x41); // push r14
  e8(e, 0x56);
  uint64_t most = (uint64_t)j->local_count + extra_position(j, EXTRA_EXCEPTION);
  if (j->facts->flags & CV_FACT_HANDLERS)
    most += j->facts->max_depth; // each arm of a legacy try keeps its exception in a slot
  most *= j->slot_size;
  if (most > PAGE_FRAME) {
    jit_frame_lea(j, CV_RAX);
    check_stack(j, CV_RAX);
    cv_emit_mov(e, 1, CV_RSP, CV_RAX);
  } else {
    cv_emit_opcode(e, CV_X86(0, 0, 0x81), 1, 0, 0, CV_RSP, false); // sub rsp, frame
    e8(e, 0xec);
    jit_frame_field(j);
    if ((j->facts->flags & CV_FACT_CALLS) || most > LEAF_FRAME)
      check_stack(j, CV_RSP);
  }
  take_parameters(j);
  zero_locals(j);
  j->valid = j->pinned;
  j->clean = 0;
  jit_poll_at_entry(j);
}

// ---- behind the code ----

void jit_trap_if(jit *j, int cc, cv_trap_kind kind) {
  if (cc < 0) {
    jit_map_add(j, MAP_TRAP, cv_emit_at(&j->e), kind);
    e8(&j->e, 0x0f);
    e8(&j->e, 0x0b);
    return;
  }
  uint32_t field = cv_emit_jump(&j->e, cc);
  if (cv_vec_push(j->mem, &j->traps, (trap_site){field, j->op_at, kind}) != CV_OK)
    j->no_memory = true;
}

static void emit_traps(jit *j) {
  for (size_t i = 0; i < j->traps.count; i++) {
    const trap_site *t = &j->traps.data[i];
    cv_emit_room(&j->e, 64);
    cv_emit_bind(&j->e, t->field);
    j->op_at = t->offset;
    if (t->kind != CV_TRAP_NONE) {
      jit_trap_if(j, -1, t->kind);
      continue;
    }
    // The kind is in eax: jit_trap_if_returned.
    cv_emit_mov(&j->e, 0, CV_RSI, CV_RAX);
    cv_emit_load(&j->e, CV_I64, CV_RDI, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
    jit_helper(j, CV_NATIVE_RAISE);
  }
}

static void emit_pool(jit *j) {
  while (cv_emit_at(&j->e) % 16 != 0)
    e8(&j->e, 0xcc);
  uint32_t start = cv_emit_at(&j->e);
  for (size_t i = 0; i < j->pool.count; i++) {
    cv_emit_room(&j->e, 64);
    e64(&j->e, j->pool.data[i]);
  }
  for (size_t i = 0; i < j->const_uses.count; i++) {
    uint8_t *field = j->e.start + j->const_uses.data[i].field;
    uint32_t target = start + 8 * j->const_uses.data[i].index;
    // The field holds minus the bytes that follow it in its instruction.
    cv_store_le32(field, cv_load_le32(field) + target - (j->const_uses.data[i].field + 4));
  }
}

static void patch_frame_size(jit *j) {
  uint32_t size = (uint32_t)cv_align_up((uint64_t)j->slot_size * (j->max_slot + 1), 16) + 8;
  for (uint32_t i = 0; i < j->frame_field_count; i++)
    cv_store_le32(j->e.start + j->frame_fields[i], size);
  for (size_t i = 0; i < j->frame_leas.count; i++)
    cv_store_le32(j->e.start + j->frame_leas.data[i], 0u - (8 + size));
}

// ---- fuel ----

// Adds the cost of instruction `op` and takes what is pending (runtime/fuel.h), when fuel is counted. May change the
// flags.
void jit_fuel_charge(jit *j, uint32_t op) {
  if (CV_LIKELY(!j->fuel))
    return;
  j->fuel_pending += cv_fuel_cost(op);
  if (j->fuel_pending == 0)
    return;
  cv_emit_load(&j->e, CV_I64, CV_R10, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  cv_emit_alu_mi(&j->e, CV_OP_SUB, 1, cv_at(CV_R10, offsetof(cv_context, fuel)), (int32_t)j->fuel_pending);
  jit_trap_if(j, CV_CC_S, CV_TRAP_OUT_OF_FUEL);
  j->fuel_pending = 0;
}

// ---- instructions ----

static void other(jit *j, unsigned op) {
  switch (op) {
  case CV_OPC_NOP:
    break;
  case CV_OPC_DROP: {
    ent a = pop(j);
    release(j, &a);
    break;
  }
  case CV_OPC_SELECT_T: {
    uint32_t n = read_u32(j);
    while (n-- > 0)
      cv_skip_val_type(&j->at);
    jit_condition(j, CV_OPC_SELECT);
    break;
  }
  case CV_OPC_I32_CONST:
    push_const32(j, CV_I32, cv_leb_s32(&j->at));
    break;
  case CV_OPC_I64_CONST:
    jit_push_const64(j, CV_I64, (uint64_t)cv_leb_s64(&j->at));
    break;
  case CV_OPC_F32_CONST:
    push_const32(j, CV_F32, (int32_t)cv_load_le32(j->at));
    j->at += 4;
    break;
  case CV_OPC_F64_CONST:
    jit_push_const64(j, CV_F64, cv_load_le64(j->at));
    j->at += 8;
    break;
  default:
    jit_unsupported(j, op);
    break;
  }
}

static void instruction(jit *j) {
  cv_emit_room(&j->e, 1024);
  j->op_at = (uint32_t)(j->at - j->code);
  unsigned op = *j->at++;
  if (CV_UNLIKELY(j->fuel) && op < 0xfb && !cv_fuel_charges(op))
    j->fuel_pending += cv_fuel_cost(op);
  if (op >= CV_OPC_I32_CLZ && op <= CV_OPC_I64_ROTR) {
    jit_int(j, op);
    return;
  }
  switch (op) {
  case CV_OPC_LOCAL_GET:
    jit_local_get(j, read_u32(j));
    break;
  case CV_OPC_LOCAL_SET:
    jit_local_set(j, read_u32(j), false);
    break;
  case CV_OPC_LOCAL_TEE:
    jit_local_set(j, read_u32(j), true);
    break;
  case CV_OPC_I32_LOAD ... CV_OPC_MEMORY_GROW:
    jit_memory(j, op);
    break;
  case CV_OPC_I32_EQZ ... CV_OPC_I64_GE_U:
  case CV_OPC_I32_WRAP_I64:
  case CV_OPC_I64_EXTEND_I32_S:
  case CV_OPC_I64_EXTEND_I32_U:
  case CV_OPC_I32_EXTEND8_S ... CV_OPC_I64_EXTEND32_S:
    jit_int(j, op);
    break;
  case CV_OPC_F32_EQ ... CV_OPC_F64_GE:
  case CV_OPC_F32_ABS ... CV_OPC_F64_COPYSIGN:
  case CV_OPC_I32_TRUNC_F32_S ... CV_OPC_I32_TRUNC_F64_U:
  case CV_OPC_I64_TRUNC_F32_S ... CV_OPC_F64_REINTERPRET_I64:
    jit_float(j, op);
    break;
  case CV_OPC_SELECT:
  case CV_OPC_IF:
  case CV_OPC_BR_IF:
    jit_condition(j, op);
    break;
  case CV_OPC_CALL:
  case CV_OPC_CALL_INDIRECT:
  case CV_OPC_CALL_REF:
  case CV_OPC_RETURN_CALL:
  case CV_OPC_RETURN_CALL_INDIRECT:
  case CV_OPC_RETURN_CALL_REF:
    jit_call(j, op);
    break;
  case CV_OPC_THROW:
  case CV_OPC_THROW_REF:
  case CV_OPC_RETHROW:
    jit_throw(j, op);
    break;
  case CV_OPC_UNREACHABLE:
  case CV_OPC_BLOCK:
  case CV_OPC_LOOP:
  case CV_OPC_ELSE:
  case CV_OPC_END:
  case CV_OPC_TRY:
  case CV_OPC_CATCH:
  case CV_OPC_CATCH_ALL:
  case CV_OPC_DELEGATE:
  case CV_OPC_TRY_TABLE:
  case CV_OPC_BR:
  case CV_OPC_BR_TABLE:
  case CV_OPC_RETURN:
    jit_control(j, op);
    break;
  case CV_OPC_BR_ON_NULL:
  case CV_OPC_BR_ON_NON_NULL:
    jit_ref_branch(j, op);
    break;
  case CV_OPC_GLOBAL_GET:
  case CV_OPC_GLOBAL_SET:
  case CV_OPC_TABLE_GET:
  case CV_OPC_TABLE_SET:
  case CV_OPC_REF_NULL:
  case CV_OPC_REF_IS_NULL:
  case CV_OPC_REF_FUNC:
  case CV_OPC_REF_AS_NON_NULL:
    jit_object(j, op);
    break;
  case 0xfc:
  case 0xfd:
  case 0xfe: {
    uint32_t code = op << 12 | read_u32(j);
    if (CV_UNLIKELY(j->fuel) && !cv_fuel_charges(code))
      j->fuel_pending += cv_fuel_cost(code);
    if (op == 0xfd)
      jit_simd(j, code);
    else if (op == 0xfe)
      jit_atomic(j, code);
    else
      jit_object(j, code);
    break;
  }
  default:
    other(j, op);
    break;
  }
}

// ---- the function ----

static bool grow(jit *j, void **data, size_t *capacity, size_t count, size_t size) {
  if (*capacity >= count)
    return true;
  size_t wanted = CV_MAX(count, *capacity * 2);
  void *grown = cv_mem_realloc(j->mem, *data, *capacity * size, wanted * size);
  if (grown == NULL)
    return false;
  *data = grown;
  *capacity = wanted;
  return true;
}

// The flag of the facts counts instructions of the vector extension; vectors may also come as locals, or through calls,
// globals and blocks, whose types the module shows.
static bool has_vectors(const jit *j) {
  if ((j->facts->flags & CV_FACT_SIMD) || j->module_has_vectors)
    return true;
  for (uint32_t l = 0; l < j->local_count; l++)
    if (j->locals[l] == CV_V128)
      return true;
  return false;
}

static bool prepare(jit *j, uint32_t func) {
  const cv_module *m = j->module;
  j->func = func;
  j->facts = &m->facts[func - m->imported_funcs];
  j->type = cv_module_func_type(m, func);
  j->code = j->at = cv_span_start(m, m->funcs[func].code);
  j->code_end = j->code + m->funcs[func].code.size;
  j->local_count = j->facts->local_count;
  j->locals = j->facts->locals;
  j->slot_size = has_vectors(j) ? 16 : 8;
  if (!grow(j, (void **)&j->stack, &j->stack_capacity, (size_t)j->facts->max_height + 16, sizeof *j->stack) ||
      !grow(j, (void **)&j->ctls, &j->ctl_capacity, (size_t)j->facts->max_depth + 2, sizeof *j->ctls) ||
      !grow(j, (void **)&j->pin, &j->pin_capacity, (size_t)j->local_count + 1, sizeof *j->pin))
    return false;
  j->e.p = j->e.start;
  j->e.full = false;
  j->used = j->avoid = j->sp = j->max_slot = j->flight_count = 0;
  j->max_slot = j->local_count;
  j->ctl_count = j->loop_count = 0;
  j->frame_field_count = 0;
  j->fuel_pending = 0;
  j->flags_at = 0;
  j->weight = 1;
  j->map_pc = j->map_offset = 0;
  j->unsupported = false;
  j->consts.count = j->pool.count = j->const_uses.count = j->relocs.count = j->traps.count = j->handlers.count =
      j->frame_leas.count = j->polls.count = j->poll_loops.count = j->map.count = 0;
  return true;
}

static bool compile_once(jit *j, uint32_t func) {
  if (!prepare(j, func))
    return false;
  cv_emit_room(&j->e, 4096);
  choose_pins(j);
  prologue(j);
  j->ctls[j->ctl_count++] = (ctl){.op = CV_OPC_BLOCK,
                                  .params = 0,
                                  .results = j->type->result_count,
                                  .types = cv_functype_results(j->type),
                                  .clean = UINT32_MAX};
  while (j->ctl_count > 0 && !j->unsupported && !j->no_memory)
    instruction(j);
  emit_traps(j);
  jit_emit_polls(j);
  emit_pool(j);
  patch_frame_size(j);
  return !j->unsupported && !j->no_memory;
}

bool jit_function(jit *j, uint32_t func) {
  for (;;) {
    bool ok = compile_once(j, func);
    if (!ok || !j->e.full)
      return ok;
    // The code did not fit.
    size_t size = j->buffer_size * 2;
    if (size > (size_t)1 << 30)
      return false;
    uint8_t *buffer = cv_mem_alloc(j->mem, size);
    if (buffer == NULL)
      return false;
    cv_mem_free(j->mem, j->buffer, j->buffer_size);
    j->buffer = j->e.start = buffer;
    j->buffer_size = size;
    j->e.end = buffer + size - CV_EMIT_SLACK;
  }
}
