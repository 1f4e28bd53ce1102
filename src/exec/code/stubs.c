// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stubs.c: entries, thunks and helper stubs (stubs.h) in the convention of abi.h.
#include "exec/code/stubs.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/vec.h"
#include "exec/code/arena.h"
#include "exec/code/emit.h"
#include "exec/code/poll.h"
#include "exec/code/profile.h"
#include "wasm/limits.h"

// Frame of an entry below its saved registers: the activation, then two words.
enum {
  ENTRY_CONTEXT = sizeof(cv_activation),
  ENTRY_VALUES = ENTRY_CONTEXT + 8,
  ENTRY_FRAME = ENTRY_VALUES + 8,
};
static_assert(sizeof(cv_activation) == 56 && ENTRY_FRAME % 16 == 8, "the stack is aligned at the call");

enum { BLOCK_SIZE = 64 << 10 };

// Entries and thunks are kept for the life of the process, so there is an end to them: signatures beyond these bounds
// take the general ones, which are one each and slower.
enum { MOST_SHAPES = 2048, MOST_SHAPE_VALUES = 32 };

static struct {
  pthread_mutex_t lock;
  pthread_once_t once;
  cv_mem mem;
  cv_map entries, thunks; // machine shape -> code address
  cv_code_block block;    // being filled
  CV_VEC(cv_code_block) full;
  bool announced; // debuggers are told of blocks
  size_t used;
  const uint8_t *helpers[CV_NATIVE_HELPER_COUNT];
  const uint8_t *lazy[2]; // by `external`
  const uint8_t *general_entry, *general_thunk;
  bool ready;
} stubs = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

// What cannot be told for lack of memory is not told: it is for debuggers only.
static void announce(const cv_code_block *block) {
  const cv_code_symbol symbol = {
      .start = (uintptr_t)block->run, .size = block->size, .name = cv_bytes_of("cove_entries_and_thunks")};
  (void)!cv_gdb_register(&stubs.mem, &symbol, 1, true);
}

// The caller holds the lock.
static bool next_block(size_t size) {
  if (stubs.block.write != NULL && cv_vec_push(&stubs.mem, &stubs.full, stubs.block) != CV_OK)
    return false;
  stubs.block = (cv_code_block){0};
  if (!cv_code_block_new(&stubs.block, CV_MAX(size, BLOCK_SIZE)))
    return false;
  stubs.used = 0;
  if (stubs.announced)
    announce(&stubs.block);
  return true;
}

void cv_native_stubs_announce(void) {
  pthread_mutex_lock(&stubs.lock);
  for (size_t i = 0; i < stubs.full.count && !stubs.announced; i++)
    announce(&stubs.full.data[i]);
  if (!stubs.announced && stubs.block.write != NULL)
    announce(&stubs.block);
  stubs.announced = true;
  pthread_mutex_unlock(&stubs.lock);
}

// The caller holds the lock.
static const uint8_t *place(const uint8_t *code, size_t size) {
  if ((stubs.block.write == NULL || stubs.block.size - stubs.used < size) && !next_block(size))
    return NULL;
  const uint8_t *at = stubs.block.run + stubs.used;
  memcpy(stubs.block.write + stubs.used, code, size);
  stubs.used = cv_align_up(stubs.used + size, 16);
  stubs.used = CV_MIN(stubs.used, stubs.block.size);
  return at;
}

const uint8_t *cv_native_place_forever(const uint8_t *code, size_t size) {
  pthread_mutex_lock(&stubs.lock);
  const uint8_t *at = place(code, size);
  pthread_mutex_unlock(&stubs.lock);
  return at;
}

// ---- helper stubs ----

// Stores in the innermost activation where wasm code was left. Changes r10 and rax.
static void emit_exit(cv_emit *e, cv_reg frame, cv_addr pc) {
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_R10, offsetof(cv_context, top)));
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, frame)), frame);
  cv_emit_load(e, CV_I64, CV_RAX, pc);
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, pc)), CV_RAX);
  cv_emit_rm(e, CV_X86(0, 0, 0xc6), 0, 0, cv_at(CV_R10, offsetof(cv_activation, faulted)));
  e8(e, 0);
}

static void emit_helper(cv_emit *e, uint64_t function) {
  emit_exit(e, CV_RBP, cv_at(CV_RSP, 0));
  cv_emit_const(e, CV_RAX, function);
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 4, CV_RAX); // jmp rax
}

// ---- lazy entries ----

// The argument registers that C does not keep go to the frame; r12 to r15 stay.
static void emit_lazy(cv_emit *e, bool external) {
  static const uint8_t ints[] = {CV_RDI, CV_RSI, CV_R8, CV_R9};
  enum { FLOATS_AT = 32, FRAME = FLOATS_AT + 16 * CV_FLOAT_PARAM_REGS };
  static_assert(FRAME % 16 == 0, "the stack is aligned at the call");
  if (external) {
    cv_emit_load(e, CV_I64, CV_REG_INSTANCE, cv_at(CV_REG_CALLEE, offsetof(cv_func, instance)));
    cv_emit_load(e, CV_I64, CV_REG_MEMORY, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, memory0_base)));
    cv_emit_load(e, CV_I32, CV_RCX, cv_at(CV_REG_CALLEE, offsetof(cv_func, index)));
  } else {
    e8(e, 0x59); // pop rcx
    cv_emit_load(e, CV_I32, CV_RCX, cv_at(CV_RCX, CV_LAZY_INDEX));
  }
  e8(e, 0x55); // push rbp
  cv_emit_mov(e, 1, CV_RBP, CV_RSP);
  cv_emit_alu_ri(e, CV_OP_SUB, 1, CV_RSP, FRAME);
  for (unsigned i = 0; i < CV_COUNT(ints); i++)
    cv_emit_store(e, CV_I64, cv_at(CV_RSP, (int32_t)(8 * i)), ints[i]);
  for (unsigned i = 0; i < CV_FLOAT_PARAM_REGS; i++)
    cv_emit_xstore(e, CV_V128, cv_at(CV_RSP, (int32_t)(FLOATS_AT + 16 * i)), CV_XMM0 + i);
  cv_emit_load(e, CV_I64, CV_RDX, cv_at(CV_RBP, 0));
  emit_exit(e, CV_RDX, cv_at(CV_RBP, 8));
  cv_emit_mov(e, 1, CV_RDI, CV_REG_INSTANCE);
  cv_emit_mov(e, 0, CV_RSI, CV_RCX);
  cv_emit_const(e, CV_RAX, (uint64_t)(uintptr_t)&cv_native_compile);
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 2, CV_RAX); // call rax
  for (unsigned i = 0; i < CV_COUNT(ints); i++)
    cv_emit_load(e, CV_I64, ints[i], cv_at(CV_RSP, (int32_t)(8 * i)));
  for (unsigned i = 0; i < CV_FLOAT_PARAM_REGS; i++)
    cv_emit_xload(e, CV_V128, CV_XMM0 + i, cv_at(CV_RSP, (int32_t)(FLOATS_AT + 16 * i)));
  e8(e, 0xc9);                                     // leave
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 4, CV_RAX); // jmp rax
}

static bool lazy_make(void) {
  for (unsigned external = 0; external < 2; external++) {
    uint8_t code[512];
    cv_emit e = {.p = code, .start = code, .end = code + sizeof code};
    emit_lazy(&e, external);
    stubs.lazy[external] = place(code, cv_emit_at(&e));
    if (stubs.lazy[external] == NULL)
      return false;
  }
  return true;
}

const uint8_t *cv_native_lazy_entry(bool external) {
  return stubs.lazy[external];
}

// ---- values between slots and their places ----

static int32_t arg_slot(uint32_t index) {
  return (int32_t)(offsetof(cv_context, args) + (size_t)index * sizeof(cv_value));
}

// Copies a slot, by way of the scratch registers.
static void emit_copy_slot(cv_emit *e, cv_valtype t, cv_addr to, cv_addr from) {
  if (t == CV_V128) {
    cv_emit_xload(e, t, CV_REG_XSCRATCH, from);
    cv_emit_xstore(e, t, to, CV_REG_XSCRATCH);
  } else {
    cv_emit_load(e, CV_I64, CV_R10, from);
    cv_emit_store(e, CV_I64, to, CV_R10);
  }
}

static unsigned result_reg(cv_valtype t) {
  return cv_type_in_xmm(t) ? CV_XMM0 : CV_RAX;
}

// ---- entries ----

static const uint8_t entry_saved[] = {CV_RBX, CV_R12, CV_R13, CV_R14, CV_R15};

// Saves the registers of C and links the activation, which is the lowest of `frame` bytes. Changes rax.
static void entry_begin(cv_emit *e, int32_t frame) {
  e8(e, 0x55);
  cv_emit_mov(e, 1, CV_RBP, CV_RSP);
  for (unsigned i = 0; i < CV_COUNT(entry_saved); i++)
    cv_emit_opcode(e, CV_X86(0, 0, 0x50 | (entry_saved[i] & 7)), 0, 0, 0, entry_saved[i], false);
  cv_emit_alu_ri(e, CV_OP_SUB, 1, CV_RSP, frame);
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, ENTRY_CONTEXT), CV_RDI);
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, ENTRY_VALUES), CV_RCX);
  cv_emit_load(e, CV_I64, CV_RAX, cv_at(CV_RDI, offsetof(cv_context, top)));
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, offsetof(cv_activation, outer)), CV_RAX);
  cv_emit_rr(e, CV_X86(0, 0, 0x31), 0, CV_RAX, CV_RAX);
  static_assert(CV_ACTIVATION_NATIVE == 0, "stored from a zeroed register");
  cv_emit_store(e, CV_I32, cv_at(CV_RSP, offsetof(cv_activation, kind)), CV_RAX);
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, offsetof(cv_activation, frame)), CV_RAX);
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, offsetof(cv_activation, pc)), CV_RAX);
  cv_emit_rm(e, CV_X86(0, 0, 0x88), 0, CV_RAX, cv_at(CV_RSP, offsetof(cv_activation, faulted)));
  cv_emit_rm(e, CV_X86_LEA, 1, CV_RAX, cv_at(CV_RSP, frame));
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, offsetof(cv_activation, sp)), CV_RAX);
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, offsetof(cv_activation, func)), CV_RSI);
  cv_emit_store(e, CV_I64, cv_at(CV_RDI, offsetof(cv_context, top)), CV_RSP);
}

// Unlinks the activation; rdx is the context. Returns CV_RUN_OK.
static void entry_end(cv_emit *e, int32_t frame) {
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_RSP, offsetof(cv_activation, outer)));
  cv_emit_store(e, CV_I64, cv_at(CV_RDX, offsetof(cv_context, top)), CV_R10);
  static_assert(CV_RUN_OK == 0, "returned as a zeroed register");
  cv_emit_rr(e, CV_X86(0, 0, 0x31), 0, CV_RAX, CV_RAX);
  cv_emit_alu_ri(e, CV_OP_ADD, 1, CV_RSP, frame);
  for (unsigned i = CV_COUNT(entry_saved); i-- > 0;)
    cv_emit_opcode(e, CV_X86(0, 0, 0x58 | (entry_saved[i] & 7)), 0, 0, 0, entry_saved[i], false);
  e8(e, 0x5d);
  e8(e, 0xc3);
}

static void emit_entry(cv_emit *e, const cv_functype *type) {
  entry_begin(e, ENTRY_FRAME);
  cv_emit_mov(e, 1, CV_REG_CALLEE, CV_RSI);
  cv_emit_mov(e, 1, CV_REG_CALLER, CV_RDX);

  const cv_valtype *types = cv_functype_params(type);
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < type->param_count; i++) // those without register first: rdi is still the context
    if (cv_param_reg(&walk, types[i]) < 0)
      emit_copy_slot(e, types[i], cv_at(CV_RDI, arg_slot(i)), cv_at(CV_RCX, (int32_t)(i * sizeof(cv_value))));
  walk = (cv_param_walk){0, 0};
  for (uint32_t i = 0; i < type->param_count; i++) {
    int reg = cv_param_reg(&walk, types[i]);
    if (reg >= 0)
      cv_emit_load(e, types[i], (unsigned)reg, cv_at(CV_RCX, (int32_t)(i * sizeof(cv_value))));
  }
  cv_emit_rm(e, CV_X86(0, 0, 0xff), 0, 2, cv_at(CV_REG_CALLEE, offsetof(cv_func, code)));

  cv_emit_load(e, CV_I64, CV_RCX, cv_at(CV_RSP, ENTRY_VALUES));
  cv_emit_load(e, CV_I64, CV_RDX, cv_at(CV_RSP, ENTRY_CONTEXT));
  types = cv_functype_results(type);
  if (type->result_count > 0)
    cv_emit_store(e, types[0], cv_at(CV_RCX, 0), result_reg(types[0]));
  for (uint32_t i = 1; i < type->result_count; i++)
    emit_copy_slot(e, types[i], cv_at(CV_RCX, (int32_t)(i * sizeof(cv_value))), cv_at(CV_RDX, arg_slot(i)));
  entry_end(e, ENTRY_FRAME);
}

// ---- thunks ----

// From here C code runs: notes where wasm code was left. rdi is the context; changes r9 and r10.
static void leave_wasm(cv_emit *e) {
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_RDI, offsetof(cv_context, top)));
  cv_emit_load(e, CV_I64, CV_R9, cv_at(CV_RBP, 0));
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, frame)), CV_R9);
  cv_emit_load(e, CV_I64, CV_R9, cv_at(CV_RBP, 8));
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, pc)), CV_R9);
  cv_emit_rm(e, CV_X86(0, 0, 0xc6), 0, 0, cv_at(CV_R10, offsetof(cv_activation, faulted)));
  e8(e, 0);
}

// The end of a thunk whose callee failed: the cv_run is in eax, the context at rbp - 16.
static void propagate(cv_emit *e) {
  cv_emit_load(e, CV_I64, CV_RDI, cv_at(CV_RBP, -16));
  cv_emit_mov(e, 0, CV_RSI, CV_RAX);
  cv_emit_const(e, CV_RAX, (uint64_t)(uintptr_t)&cv_native_propagate);
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 2, CV_RAX);
}

// Frame, down from rbp: caller's instance, context, then the slots at rsp.
static void emit_thunk(cv_emit *e, const cv_functype *type) {
  uint32_t slots = CV_MAX(type->param_count, type->result_count);
  e8(e, 0x55);
  cv_emit_mov(e, 1, CV_RBP, CV_RSP);
  cv_emit_alu_ri(e, CV_OP_SUB, 1, CV_RSP, (int32_t)(slots * sizeof(cv_value) + 16));
  cv_emit_store(e, CV_I64, cv_at(CV_RBP, -8), CV_REG_CALLER);
  const cv_valtype *types = cv_functype_params(type);
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < type->param_count; i++) {
    int reg = cv_param_reg(&walk, types[i]);
    if (reg >= 0)
      cv_emit_store(e, types[i] == CV_I32 ? CV_I64 : types[i], cv_at(CV_RSP, (int32_t)(i * sizeof(cv_value))),
                    (unsigned)reg);
  }
  cv_emit_load(e, CV_I64, CV_RDI, cv_at(CV_REG_CALLER, offsetof(cv_instance, context)));
  cv_emit_store(e, CV_I64, cv_at(CV_RBP, -16), CV_RDI);
  walk = (cv_param_walk){0, 0};
  for (uint32_t i = 0; i < type->param_count; i++)
    if (cv_param_reg(&walk, types[i]) < 0)
      emit_copy_slot(e, types[i], cv_at(CV_RSP, (int32_t)(i * sizeof(cv_value))), cv_at(CV_RDI, arg_slot(i)));
  cv_emit_mov(e, 1, CV_RSI, CV_REG_CALLEE);
  cv_emit_mov(e, 1, CV_RDX, CV_REG_CALLER);
  cv_emit_mov(e, 1, CV_RCX, CV_RSP);
  leave_wasm(e);
  cv_emit_rm(e, CV_X86(0, 0, 0xff), 0, 2, cv_at(CV_REG_CALLEE, offsetof(cv_func, invoke)));
  cv_emit_rr(e, CV_X86_TEST, 0, CV_RAX, CV_RAX);
  uint32_t fail = cv_emit_jump(e, CV_CC_NE);

  types = cv_functype_results(type);
  if (type->result_count > 1) {
    cv_emit_load(e, CV_I64, CV_RDI, cv_at(CV_RBP, -16));
    for (uint32_t i = 1; i < type->result_count; i++)
      emit_copy_slot(e, types[i], cv_at(CV_RDI, arg_slot(i)), cv_at(CV_RSP, (int32_t)(i * sizeof(cv_value))));
  }
  if (type->result_count > 0)
    cv_emit_load(e, types[0], result_reg(types[0]), cv_at(CV_RSP, 0));
  e8(e, 0xc9);
  e8(e, 0xc3);

  cv_emit_bind(e, fail);
  propagate(e);
}

// ---- the general ones ----

// The argument registers in memory. Results go back in the first of their class.
typedef struct registers {
  cv_value floats[CV_FLOAT_PARAM_REGS];
  uint64_t ints[CV_INT_PARAM_REGS];
} registers;
static_assert(sizeof(registers) % 16 == 0, "the stack is aligned at the call");

enum {
  GENERAL_REGISTERS = ENTRY_FRAME + 8, // of an entry, from rsp; 16-aligned
  GENERAL_ENTRY_FRAME = GENERAL_REGISTERS + 8 + sizeof(registers),
  GENERAL_THUNK_FRAME = 16 + sizeof(registers),
};

// i32 values are zero-extended in registers.
static uint64_t int_image(cv_valtype t, const cv_value *v) {
  return t == CV_I32 ? v->u32 : v->u64;
}

static unsigned register_index(int reg) {
  static const uint8_t ints[CV_INT_PARAM_REGS] = CV_INT_PARAM_LIST;
  unsigned i = 0;
  while (ints[i] != reg)
    i++;
  return i;
}

// From slots to registers and context->args.
static void spread(cv_context *context, const cv_func *func, const cv_value *values, registers *to) {
  const cv_functype *type = func->signature;
  cv_param_walk walk = {0, 0};
  for (uint32_t i = 0; i < type->param_count; i++) {
    int reg = cv_param_reg(&walk, type->types[i]);
    if (reg < 0)
      context->args[i] = values[i];
    else if (reg >= CV_XMM0)
      to->floats[reg - CV_XMM0] = values[i];
    else
      to->ints[register_index(reg)] = int_image(type->types[i], &values[i]);
  }
}

static void put_first_result(const cv_functype *type, cv_value *value, registers *at, bool to_registers) {
  if (type->result_count == 0)
    return;
  cv_valtype t = cv_functype_results(type)[0];
  if (cv_type_in_xmm(t) && to_registers)
    at->floats[0] = *value;
  else if (cv_type_in_xmm(t))
    *value = at->floats[0];
  else if (to_registers)
    at->ints[0] = int_image(t, value);
  else
    value->u64 = at->ints[0];
}

// The results of a native function, to slots.
static void gather(const cv_context *context, const cv_func *func, cv_value *values, registers *from) {
  const cv_functype *type = func->signature;
  put_first_result(type, values, from, false);
  for (uint32_t i = 1; i < type->result_count; i++)
    values[i] = context->args[i];
}

// What a thunk does, for any signature.
static cv_run forward(cv_context *context, cv_func *func, cv_instance *caller, registers *at) {
  const cv_functype *type = func->signature;
  cv_param_walk walk = {0, 0};
  size_t count = CV_MAX(type->param_count, type->result_count);
  cv_value *values = __builtin_alloca_with_align((count + 1) * sizeof *values, 8 * sizeof *values);
  for (uint32_t i = 0; i < type->param_count; i++) {
    int reg = cv_param_reg(&walk, type->types[i]);
    if (reg < 0)
      values[i] = context->args[i];
    else if (reg >= CV_XMM0)
      values[i] = at->floats[reg - CV_XMM0];
    else
      values[i].u64 = at->ints[register_index(reg)];
  }
  cv_run run = func->invoke(context, func, caller, values);
  if (run != CV_RUN_OK)
    return run;
  put_first_result(type, values, at, true);
  for (uint32_t i = 1; i < type->result_count; i++)
    context->args[i] = values[i];
  return CV_RUN_OK;
}

// Moves the argument registers from or to their image at rsp + `at`.
static void move_registers(cv_emit *e, int32_t at, bool load) {
  static const uint8_t ints[CV_INT_PARAM_REGS] = CV_INT_PARAM_LIST;
  for (unsigned i = 0; i < CV_FLOAT_PARAM_REGS; i++) {
    cv_addr slot = cv_at(CV_RSP, at + (int32_t)(offsetof(registers, floats) + i * sizeof(cv_value)));
    if (load)
      cv_emit_xload(e, CV_V128, CV_XMM0 + i, slot);
    else
      cv_emit_xstore(e, CV_V128, slot, CV_XMM0 + i);
  }
  for (unsigned i = 0; i < CV_INT_PARAM_REGS; i++) {
    cv_addr slot = cv_at(CV_RSP, at + (int32_t)(offsetof(registers, ints) + i * sizeof(uint64_t)));
    if (load)
      cv_emit_load(e, CV_I64, ints[i], slot);
    else
      cv_emit_store(e, CV_I64, slot, ints[i]);
  }
}

static void call_c(cv_emit *e, uint64_t function) {
  cv_emit_const(e, CV_RAX, function);
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 2, CV_RAX);
}

static cv_addr general_register(size_t offset) {
  return cv_at(CV_RSP, (int32_t)(GENERAL_REGISTERS + offset));
}

static void emit_general_entry(cv_emit *e) {
  entry_begin(e, GENERAL_ENTRY_FRAME);
  cv_emit_mov(e, 1, CV_RBX, CV_RDX); // the caller
  cv_emit_mov(e, 1, CV_RDX, CV_RCX);
  cv_emit_rm(e, CV_X86_LEA, 1, CV_RCX, general_register(0));
  call_c(e, (uint64_t)(uintptr_t)&spread);
  move_registers(e, GENERAL_REGISTERS, true);
  cv_emit_load(e, CV_I64, CV_REG_CALLEE, cv_at(CV_RSP, offsetof(cv_activation, func)));
  cv_emit_mov(e, 1, CV_REG_CALLER, CV_RBX);
  cv_emit_rm(e, CV_X86(0, 0, 0xff), 0, 2, cv_at(CV_REG_CALLEE, offsetof(cv_func, code)));
  cv_emit_store(e, CV_I64, general_register(offsetof(registers, ints)), CV_RAX);
  cv_emit_xstore(e, CV_V128, general_register(offsetof(registers, floats)), CV_XMM0);
  cv_emit_load(e, CV_I64, CV_RDI, cv_at(CV_RSP, ENTRY_CONTEXT));
  cv_emit_load(e, CV_I64, CV_RSI, cv_at(CV_RSP, offsetof(cv_activation, func)));
  cv_emit_load(e, CV_I64, CV_RDX, cv_at(CV_RSP, ENTRY_VALUES));
  cv_emit_rm(e, CV_X86_LEA, 1, CV_RCX, general_register(0));
  call_c(e, (uint64_t)(uintptr_t)&gather);
  cv_emit_load(e, CV_I64, CV_RDX, cv_at(CV_RSP, ENTRY_CONTEXT));
  entry_end(e, GENERAL_ENTRY_FRAME);
}

static void emit_general_thunk(cv_emit *e) {
  e8(e, 0x55);
  cv_emit_mov(e, 1, CV_RBP, CV_RSP);
  cv_emit_alu_ri(e, CV_OP_SUB, 1, CV_RSP, GENERAL_THUNK_FRAME);
  cv_emit_store(e, CV_I64, cv_at(CV_RBP, -8), CV_REG_CALLER);
  move_registers(e, 0, false);
  cv_emit_load(e, CV_I64, CV_RDI, cv_at(CV_REG_CALLER, offsetof(cv_instance, context)));
  cv_emit_store(e, CV_I64, cv_at(CV_RBP, -16), CV_RDI);
  cv_emit_mov(e, 1, CV_RSI, CV_REG_CALLEE);
  cv_emit_mov(e, 1, CV_RDX, CV_REG_CALLER);
  cv_emit_mov(e, 1, CV_RCX, CV_RSP);
  leave_wasm(e);
  call_c(e, (uint64_t)(uintptr_t)&forward);
  cv_emit_rr(e, CV_X86_TEST, 0, CV_RAX, CV_RAX);
  uint32_t fail = cv_emit_jump(e, CV_CC_NE);
  cv_emit_load(e, CV_I64, CV_RAX, cv_at(CV_RSP, offsetof(registers, ints)));
  cv_emit_xload(e, CV_V128, CV_XMM0, cv_at(CV_RSP, offsetof(registers, floats)));
  e8(e, 0xc9);
  e8(e, 0xc3);
  cv_emit_bind(e, fail);
  propagate(e);
}

static const uint8_t *make_general(void (*emit)(cv_emit *)) {
  uint8_t code[1024];
  cv_emit e = {.p = code, .start = code, .end = code + sizeof code};
  emit(&e);
  return place(code, cv_emit_at(&e));
}

// ---- making them ----

static void stubs_make(void) {
  cv_mem_init(&stubs.mem, UINT64_MAX);
  cv_map_init(&stubs.entries, &stubs.mem);
  cv_map_init(&stubs.thunks, &stubs.mem);
  static const uint64_t functions[CV_NATIVE_HELPER_COUNT] = {
#define CV_HELPER(name, function) 0,
      CV_HELPER_LIST(CV_HELPER)
#undef CV_HELPER
  };
  uint64_t at[CV_NATIVE_HELPER_COUNT];
  memcpy(at, functions, sizeof at);
#define CV_HELPER(name, function) at[CV_NATIVE_##name] = (uint64_t)(uintptr_t)&function;
  CV_HELPER_LIST(CV_HELPER)
#undef CV_HELPER
  for (unsigned i = 0; i < CV_NATIVE_HELPER_COUNT; i++) {
    uint8_t code[512];
    cv_emit e = {.p = code, .start = code, .end = code + sizeof code};
    if (i == CV_NATIVE_POLL)
      cv_poll_emit_stub(&e);
    else
      emit_helper(&e, at[i]);
    stubs.helpers[i] = place(code, cv_emit_at(&e));
    if (stubs.helpers[i] == NULL)
      return;
  }
  stubs.general_entry = make_general(emit_general_entry);
  stubs.general_thunk = make_general(emit_general_thunk);
  stubs.ready = lazy_make() && stubs.general_entry != NULL && stubs.general_thunk != NULL;
}

bool cv_native_stubs_ready(void) {
  pthread_once(&stubs.once, stubs_make);
  return stubs.ready;
}

const uint8_t *cv_native_helper_stub(cv_native_helper helper) {
  return stubs.helpers[helper];
}

// ---- the caches ----

// The machine shape of a signature, one byte a value: all references are alike.
static void shape_of(const cv_functype *type, uint8_t *out) {
  cv_store_le32(out, type->param_count);
  for (uint32_t i = 0; i < type->param_count + type->result_count; i++)
    out[4 + i] = cv_type_is_ref(type->types[i]) ? CV_KIND_I64 : (uint8_t)cv_type_kind(type->types[i]);
}

static const uint8_t *make(const cv_functype *type, void (*emit)(cv_emit *, const cv_functype *)) {
  size_t size = 1024 + (size_t)40 * (type->param_count + type->result_count);
  uint8_t *buffer = malloc(size);
  if (buffer == NULL)
    return NULL;
  cv_emit e = {.p = buffer, .start = buffer, .end = buffer + size};
  emit(&e, type);
  const uint8_t *at = place(buffer, cv_emit_at(&e));
  free(buffer);
  return at;
}

// The piece for this shape, made when there is none and room for one; else the general one. NULL when there is neither.
static const uint8_t *find(cv_map *map, const cv_functype *type, void (*emit)(cv_emit *, const cv_functype *),
                           const uint8_t *const *general) {
  if (!cv_native_stubs_ready())
    return NULL;
  uint8_t shape[4 + MOST_SHAPE_VALUES];
  size_t size = (size_t)4 + type->param_count + type->result_count;
  if (size > sizeof shape)
    return *general;
  shape_of(type, shape);
  const uint8_t *found = NULL;
  pthread_mutex_lock(&stubs.lock);
  uint64_t *known = cv_map_get(map, (cv_bytes){shape, size});
  if (known != NULL) {
    found = (const uint8_t *)(uintptr_t)*known;
  } else if (map->count < MOST_SHAPES) {
    uint8_t *key = malloc(size);
    if (key != NULL) {
      memcpy(key, shape, size);
      found = make(type, emit);
      if (found == NULL || cv_map_put(map, (cv_bytes){key, size}, (uint64_t)(uintptr_t)found, NULL) != CV_OK)
        free(key);
    }
  }
  pthread_mutex_unlock(&stubs.lock);
  return found != NULL ? found : *general;
}

cv_invoke_fn *cv_native_entry(const cv_functype *signature) {
  return (cv_invoke_fn *)(uintptr_t)find(&stubs.entries, signature, emit_entry, &stubs.general_entry);
}

void *cv_native_thunk(const cv_functype *signature) {
  return (void *)(uintptr_t)find(&stubs.thunks, signature, emit_thunk, &stubs.general_thunk);
}

size_t cv_native_shape_count(void) {
  pthread_mutex_lock(&stubs.lock);
  size_t count = stubs.entries.count + stubs.thunks.count;
  pthread_mutex_unlock(&stubs.lock);
  return count;
}
