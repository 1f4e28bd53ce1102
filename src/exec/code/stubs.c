// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// stubs.c: entries, thunks and helper stubs (stubs.h) in the convention of abi.h.
#include "exec/code/stubs.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "exec/code/arena.h"
#include "exec/code/emit.h"
#include "wasm/limits.h"

// Frame of an entry below its saved registers: the activation, then two words.
enum {
  ENTRY_CONTEXT = sizeof(cv_activation),
  ENTRY_VALUES = ENTRY_CONTEXT + 8,
  ENTRY_FRAME = ENTRY_VALUES + 8,
};
static_assert(sizeof(cv_activation) == 56 && ENTRY_FRAME % 16 == 8, "the stack is aligned at the call");

enum { BLOCK_SIZE = 64 << 10 };

static struct {
  pthread_mutex_t lock;
  pthread_once_t once;
  cv_mem mem;
  cv_map entries, thunks; // machine shape -> code address
  cv_code_block block;    // being filled
  size_t used;
  const uint8_t *helpers[CV_NATIVE_HELPER_COUNT];
  const uint8_t *lazy[2]; // by `external`
  bool ready;
} stubs = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

// The caller holds the lock.
static const uint8_t *place(const uint8_t *code, size_t size) {
  if (stubs.block.write == NULL || stubs.block.size - stubs.used < size) {
    if (!cv_code_block_new(&stubs.block, CV_MAX(size, BLOCK_SIZE)))
      return NULL;
    stubs.used = 0;
  }
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
    uint8_t code[128];
    cv_emit e = {.p = code, .start = code, .end = code + sizeof code};
    emit_helper(&e, at[i]);
    stubs.helpers[i] = place(code, cv_emit_at(&e));
    if (stubs.helpers[i] == NULL)
      return;
  }
  stubs.ready = lazy_make();
}

bool cv_native_stubs_ready(void) {
  pthread_once(&stubs.once, stubs_make);
  return stubs.ready;
}

const uint8_t *cv_native_helper_stub(cv_native_helper helper) {
  return stubs.helpers[helper];
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

static void emit_entry(cv_emit *e, const cv_functype *type) {
  static const uint8_t saved[] = {CV_RBX, CV_R12, CV_R13, CV_R14, CV_R15};
  e8(e, 0x55);
  cv_emit_mov(e, 1, CV_RBP, CV_RSP);
  for (unsigned i = 0; i < CV_COUNT(saved); i++)
    cv_emit_opcode(e, CV_X86(0, 0, 0x50 | (saved[i] & 7)), 0, 0, 0, saved[i], false);
  cv_emit_alu_ri(e, CV_OP_SUB, 1, CV_RSP, ENTRY_FRAME);
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
  cv_emit_rm(e, CV_X86_LEA, 1, CV_RAX, cv_at(CV_RSP, ENTRY_FRAME));
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, offsetof(cv_activation, sp)), CV_RAX);
  cv_emit_store(e, CV_I64, cv_at(CV_RSP, offsetof(cv_activation, func)), CV_RSI);
  cv_emit_store(e, CV_I64, cv_at(CV_RDI, offsetof(cv_context, top)), CV_RSP);
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
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_RSP, offsetof(cv_activation, outer)));
  cv_emit_store(e, CV_I64, cv_at(CV_RDX, offsetof(cv_context, top)), CV_R10);
  static_assert(CV_RUN_OK == 0, "returned as a zeroed register");
  cv_emit_rr(e, CV_X86(0, 0, 0x31), 0, CV_RAX, CV_RAX);
  cv_emit_alu_ri(e, CV_OP_ADD, 1, CV_RSP, ENTRY_FRAME);
  for (unsigned i = CV_COUNT(saved); i-- > 0;)
    cv_emit_opcode(e, CV_X86(0, 0, 0x58 | (saved[i] & 7)), 0, 0, 0, saved[i], false);
  e8(e, 0x5d);
  e8(e, 0xc3);
}

// ---- thunks ----

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
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_RDI, offsetof(cv_context, top)));
  cv_emit_load(e, CV_I64, CV_R9, cv_at(CV_RBP, 0));
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, frame)), CV_R9);
  cv_emit_load(e, CV_I64, CV_R9, cv_at(CV_RBP, 8));
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, pc)), CV_R9);
  cv_emit_rm(e, CV_X86(0, 0, 0xc6), 0, 0, cv_at(CV_R10, offsetof(cv_activation, faulted)));
  e8(e, 0);
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
  cv_emit_load(e, CV_I64, CV_RDI, cv_at(CV_RBP, -16));
  cv_emit_mov(e, 0, CV_RSI, CV_RAX);
  cv_emit_const(e, CV_RAX, (uint64_t)(uintptr_t)&cv_native_propagate);
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 2, CV_RAX);
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

static const uint8_t *find(cv_map *map, const cv_functype *type, void (*emit)(cv_emit *, const cv_functype *)) {
  if (!cv_native_stubs_ready())
    return NULL;
  uint8_t shape[4 + CV_MAX_PARAMS + CV_MAX_RESULTS];
  size_t size = (size_t)4 + type->param_count + type->result_count;
  if (size > sizeof shape)
    return NULL;
  shape_of(type, shape);
  const uint8_t *found = NULL;
  pthread_mutex_lock(&stubs.lock);
  uint64_t *known = cv_map_get(map, (cv_bytes){shape, size});
  if (known != NULL) {
    found = (const uint8_t *)(uintptr_t)*known;
  } else {
    uint8_t *key = malloc(size);
    if (key != NULL) {
      memcpy(key, shape, size);
      found = make(type, emit);
      if (found == NULL || cv_map_put(map, (cv_bytes){key, size}, (uint64_t)(uintptr_t)found, NULL) != CV_OK)
        free(key);
    }
  }
  pthread_mutex_unlock(&stubs.lock);
  return found;
}

cv_invoke_fn *cv_native_entry(const cv_functype *signature) {
  return (cv_invoke_fn *)(uintptr_t)find(&stubs.entries, signature, emit_entry);
}

void *cv_native_thunk(const cv_functype *signature) {
  return (void *)(uintptr_t)find(&stubs.thunks, signature, emit_thunk);
}
