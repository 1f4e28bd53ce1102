// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// poll.c: the slow path of polls, and their flags (poll.h).
#include "exec/code/poll.h"

#include "exec/code/emit.h"
#include "exec/code/native.h"
#include "runtime/tier_up.h"

// What C may change, and the registers of locals that are read from here. The rest of both arrays is not written.
typedef struct registers {
  cv_value floats[16];
  uint64_t ints[16];
} registers;

static const uint8_t saved_ints[] = {CV_RBX, CV_RSI, CV_RDI, CV_R8, CV_R9, CV_R12, CV_R13};
enum { FIRST_FLOAT = 4, LAST_FLOAT = 11 }; // the registers of locals

// ---- the flags ----

enum { FLAG_SIZE = 64, PAGE = 4096, FLAGS_IN_PAGE = PAGE / FLAG_SIZE };

static struct {
  cv_lock lock;
  uint8_t *free; // linked through their first words, as written
} flags;

static bool more_flags(void) {
  cv_code_block page;
  if (!cv_code_block_new(&page, PAGE))
    return false;
  for (unsigned i = 0; i < FLAGS_IN_PAGE; i++) {
    uint8_t *flag = page.write + i * FLAG_SIZE;
    *(uint8_t **)(void *)flag = flags.free;
    flags.free = flag;
  }
  return true;
}

uint32_t *cv_poll_flag_new(const uint8_t **run) {
  cv_lock_take(&flags.lock);
  uint8_t *flag = flags.free;
  if (flag == NULL && more_flags())
    flag = flags.free;
  if (flag != NULL) {
    flags.free = *(uint8_t **)(void *)flag;
    memset(flag, 0, FLAG_SIZE);
    *run = flag - cv_code_arena_write_delta();
  }
  cv_lock_release(&flags.lock);
  return (uint32_t *)(void *)flag;
}

void cv_poll_flag_delete(const uint8_t *run) {
  if (run == NULL)
    return;
  uint8_t *flag = (uint8_t *)(uintptr_t)run + cv_code_arena_write_delta();
  cv_lock_take(&flags.lock);
  *(uint8_t **)(void *)flag = flags.free;
  flags.free = flag;
  cv_lock_release(&flags.lock);
}

// ---- leaving ----

// An upper frame may be larger: where the stack is nearly used up the present one stays.
enum { ENOUGH_STACK = 64 << 10 };

static bool can_enter(const cv_context *c, const cv_poll_table *t, const cv_poll_loop *l, uintptr_t frame) {
  return l->can_enter && t->local_count + l->height <= CV_ARG_SLOTS && frame - c->stack_limit >= ENOUGH_STACK;
}

static void copy_slots(const cv_poll_table *t, uintptr_t frame, uint32_t count, cv_value *to) {
  for (uint32_t i = 0; i < count; i++)
    memcpy(&to[i], (const char *)frame - (size_t)t->slot_size * (i + 2), t->slot_size);
}

static void copy_pins(const cv_poll_table *t, uint32_t valid, const registers *from, cv_value *to) {
  for (uint32_t m = t->pinned & valid; m != 0; m &= m - 1) {
    unsigned reg = (unsigned)__builtin_ctz(m);
    if (reg >= CV_XMM0)
      to[t->pin_local[reg]] = from->floats[reg - CV_XMM0];
    else
      to[t->pin_local[reg]].u64 = from->ints[reg];
  }
}

// Where to go on without the frame, NULL: with it.
static const uint8_t *poll(cv_instance *instance, uint32_t func, uint32_t loop, const registers *from,
                           uintptr_t frame) {
  const cv_native_code *code = (const cv_native_code *)instance->code;
  cv_context *c = instance->context;
  const cv_poll_table *t = code->funcs[func - code->base.module->imported_funcs].polls;
  const cv_poll_loop *l = loop != CV_NO_LOOP && t != NULL ? &t->loops[loop] : NULL;
  cv_poll p = {.func = func, .loop = CV_NO_LOOP, .frame = frame};
  if (l != NULL) {
    p.loop = l->at;
    p.depth = l->depth;
    p.can_enter = can_enter(c, t, l, frame);
  }
  const uint8_t *entry = cv_tier_up_poll(code->base.up, &p);
  if (entry != NULL) {
    copy_slots(t, frame, t->local_count + l->height, c->args);
    copy_pins(t, l->valid, from, c->args);
  }
  return entry;
}

// Walks of the stack that happen meanwhile start at the frame that polls.
static void emit_exit(cv_emit *e, int32_t frame_size) {
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  cv_emit_load(e, CV_I64, CV_R10, cv_at(CV_R10, offsetof(cv_context, top)));
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, frame)), CV_RBP);
  cv_emit_load(e, CV_I64, CV_RAX, cv_at(CV_RSP, frame_size));
  cv_emit_store(e, CV_I64, cv_at(CV_R10, offsetof(cv_activation, pc)), CV_RAX);
  cv_emit_rm(e, CV_X86(0, 0, 0xc6), 0, 0, cv_at(CV_R10, offsetof(cv_activation, faulted)));
  e8(e, 0);
}

static void move_registers(cv_emit *e, bool load) {
  for (unsigned i = 0; i < CV_COUNT(saved_ints); i++) {
    cv_addr at = cv_at(CV_RSP, (int32_t)(offsetof(registers, ints) + 8 * saved_ints[i]));
    if (load)
      cv_emit_load(e, CV_I64, saved_ints[i], at);
    else
      cv_emit_store(e, CV_I64, at, saved_ints[i]);
  }
  for (unsigned i = FIRST_FLOAT; i <= LAST_FLOAT; i++) {
    cv_addr at = cv_at(CV_RSP, (int32_t)(offsetof(registers, floats) + 16 * i));
    if (load)
      cv_emit_xload(e, CV_V128, CV_XMM0 + i, at);
    else
      cv_emit_xstore(e, CV_V128, at, CV_XMM0 + i);
  }
}

void cv_poll_emit_stub(cv_emit *e) {
  enum { FRAME = sizeof(registers) + 8 };
  static_assert(FRAME % 16 == 8, "the stack is aligned at the call");
  cv_emit_alu_ri(e, CV_OP_SUB, 1, CV_RSP, FRAME);
  move_registers(e, false);
  cv_emit_mov(e, 1, CV_RDI, CV_REG_INSTANCE);
  cv_emit_mov(e, 0, CV_RSI, CV_R10);
  cv_emit_mov(e, 0, CV_RDX, CV_R11);
  cv_emit_mov(e, 1, CV_RCX, CV_RSP);
  cv_emit_mov(e, 1, CV_R8, CV_RBP);
  emit_exit(e, FRAME);
  cv_emit_const(e, CV_RAX, (uint64_t)(uintptr_t)&poll);
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 2, CV_RAX); // call rax
  move_registers(e, true);
  cv_emit_alu_ri(e, CV_OP_ADD, 1, CV_RSP, FRAME);
  cv_emit_rr(e, CV_X86_TEST, 1, CV_RAX, CV_RAX);
  uint32_t leave = cv_emit_skip(e, CV_CC_NE);
  e8(e, 0xc3); // ret
  cv_emit_skip_end(e, leave);
  e8(e, 0xc9);                                     // leave: r14 and r15 are as the upper tier wants them
  cv_emit_rr(e, CV_X86(0, 0, 0xff), 0, 4, CV_RAX); // jmp rax
}
