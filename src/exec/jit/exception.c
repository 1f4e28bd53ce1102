// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exception.c: throwing and catching. A throw calls C (throw.c), which finds the handler by the return addresses on the
// stack and goes on at its landing pad with the exception in rax and rbp restored. Since every value that outlives a
// call is in its slot, entering and leaving a try costs nothing.
//
// A landing pad sets rsp, r14 and r15, puts the payload where the label wants it, and jumps there; the pad of a legacy
// catch falls into its arm.
#include "exec/jit/plan.h"

static void add_handler(jit *j, const ctl *c, cv_handler_kind kind, uint32_t tag, uint32_t delegate_to) {
  handler h = {.start = c->try_start,
               .end = c->try_end,
               .pad = cv_emit_at(&j->e),
               .tag = tag,
               .depth = (uint32_t)(c - j->ctls),
               .delegate_to = delegate_to,
               .kind = kind};
  if (cv_vec_push(j->mem, &j->handlers, h) != CV_OK)
    j->no_memory = true;
}

// The frame as a call leaves it; r10 is the exception, all pins are in their slots.
static void emit_pad(jit *j) {
  cv_emit_room(&j->e, 256);
  jit_frame_lea(j, CV_RSP);
  jit_reload_instance(j);
  cv_emit_mov(&j->e, 1, CV_R10, CV_RAX);
  jit_after_call(j);
}

static cv_addr payload_addr(uint32_t i) {
  return cv_at(CV_R10, (int32_t)(offsetof(cv_exception, payload) + (size_t)i * sizeof(cv_value)));
}

// Copies the payload (and the exception, when wanted) to the slots from operand position `to`.
static void payload_to_slots(jit *j, const cv_functype *type, bool with_exception, uint32_t to) {
  uint32_t n = type != NULL ? type->param_count : 0;
  for (uint32_t i = 0; i < n; i++) {
    unsigned t = type_of(type->types[i]), reg = type_in_xmm(t) ? CV_REG_XSCRATCH : CV_RCX;
    cv_emit_room(&j->e, 128);
    cv_emit_load(&j->e, t, reg, payload_addr(i));
    cv_emit_store(&j->e, t, slot_addr(j, j->local_count + to + i), reg);
  }
  if (with_exception)
    cv_emit_store(&j->e, CV_I64, slot_addr(j, j->local_count + to + n), CV_R10);
}

static void emit_clause(jit *j, ctl *c, unsigned kind, uint32_t tag, ctl *target) {
  bool with_exception = kind == CV_CATCH_REF || kind == CV_CATCH_ALL_REF;
  const cv_functype *type = NULL;
  if (kind == CV_CATCH || kind == CV_CATCH_REF)
    type = &j->module->types[j->module->tags[tag].type].as.func;
  add_handler(j, c, (cv_handler_kind)kind, tag, 0);
  emit_pad(j);
  if (!jit_label_in_reg(target)) {
    payload_to_slots(j, type, with_exception, target->height);
  } else if (with_exception) {
    cv_emit_mov(&j->e, 1, CV_RAX, CV_R10);
  } else {
    unsigned t = type_of(type->types[0]);
    cv_emit_load(&j->e, t, res_of(t), payload_addr(0));
  }
  jit_validate_and_jump(j, target);
}

// The landing pads of a try_table, at its end.
void jit_handlers_of_try(jit *j, ctl *c) {
  c->try_end = cv_emit_at(&j->e);
  if (c->op != CV_OPC_TRY_TABLE || c->clauses == NULL)
    return;
  const uint8_t *at = c->clauses;
  uint32_t n = cv_leb_u32(&at);
  if (n == 0)
    return;
  uint32_t used = j->used, valid = j->valid, clean = j->clean, around = c->dead ? 0 : cv_emit_jump(&j->e, -1);
  c->try_end = cv_emit_at(&j->e);
  for (; n > 0; n--) {
    unsigned kind = *at++;
    uint32_t tag = kind == CV_CATCH || kind == CV_CATCH_REF ? cv_leb_u32(&at) : 0;
    ctl *target = c - 1 - cv_leb_u32(&at);
    emit_clause(j, c, kind, tag, target);
  }
  if (around != 0)
    cv_emit_bind(&j->e, around);
  j->used = used;
  j->valid = valid;
  j->clean = clean;
}

// ---- legacy ----

// The slot that keeps the exception of a catch arm, for rethrow.
static cv_addr exception_slot(jit *j, const ctl *c) {
  return extra_addr(j, EXTRA_EXCEPTION + (uint32_t)(c - j->ctls));
}

void jit_legacy_catch(jit *j, uint32_t op) {
  ctl *c = &j->ctls[j->ctl_count - 1];
  uint32_t tag = op == CV_OPC_CATCH ? read_u32(j) : 0;
  if (!c->dead) {
    jit_fuel_charge(j, op);
    jit_values_to_label(j, c);
    jit_validate_and_jump(j, c);
  }
  if (c->op == CV_OPC_TRY)
    c->try_end = cv_emit_at(&j->e);
  c->op = CV_OPC_CATCH;
  c->dead = false;
  j->fuel_pending = 0;
  j->sp = c->height;
  add_handler(j, c, op == CV_OPC_CATCH ? CV_HANDLER_LEGACY_CATCH : CV_HANDLER_LEGACY_CATCH_ALL, tag, 0);
  emit_pad(j);
  cv_emit_store(&j->e, CV_I64, exception_slot(j, c), CV_R10);
  if (op != CV_OPC_CATCH)
    return;
  const cv_functype *type = &j->module->types[j->module->tags[tag].type].as.func;
  payload_to_slots(j, type, false, c->height);
  jit_push_results(j, type->types, type->param_count, false);
}

void jit_delegate(jit *j) {
  ctl *c = &j->ctls[j->ctl_count - 1];
  ctl *target = c - 1 - read_u32(j);
  c->try_end = cv_emit_at(&j->e);
  add_handler(j, c, CV_HANDLER_LEGACY_DELEGATE, 0, (uint32_t)(target - j->ctls));
  c->op = CV_OPC_BLOCK;
  jit_end(j);
}

// ---- throw ----

static void context_to_rdi(jit *j) {
  cv_emit_load(&j->e, CV_I64, CV_RDI, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
}

static void throw_tag(jit *j) {
  uint32_t tag = read_u32(j);
  const cv_functype *type = &j->module->types[j->module->tags[tag].type].as.func;
  uint32_t n = type->param_count;
  jit_save_all(j, n);
  for (uint32_t i = 0; i < n; i++)
    jit_store_argument(j, &j->stack[j->sp - n + i], i);
  context_to_rdi(j);
  cv_emit_load(&j->e, CV_I64, CV_RSI, cv_at(CV_REG_INSTANCE, (int32_t)(j->layout->tags + 8 * (size_t)tag)));
  cv_emit_rm(&j->e, CV_X86_LEA, 1, CV_RDX, cv_at(CV_RDI, offsetof(cv_context, args)));
  jit_helper(j, CV_NATIVE_EXCEPTION_NEW);
  cv_emit_rr(&j->e, CV_X86_TEST, 1, CV_RAX, CV_RAX);
  jit_trap_if(j, CV_CC_E, CV_TRAP_OUT_OF_MEMORY);
  cv_emit_mov(&j->e, 1, CV_RSI, CV_RAX);
}

static void throw_ref(jit *j) {
  ent a = pop(j);
  jit_save_all(j, 0);
  into(j, &a, CV_RSI);
  cv_emit_rr(&j->e, CV_X86_TEST, 1, CV_RSI, CV_RSI);
  jit_trap_if(j, CV_CC_E, CV_TRAP_NULL_EXCEPTION);
}

void jit_throw(jit *j, uint32_t op) {
  jit_fuel_charge(j, op);
  if (op == CV_OPC_THROW) {
    throw_tag(j);
  } else if (op == CV_OPC_THROW_REF) {
    throw_ref(j);
  } else {
    const ctl *c = &j->ctls[j->ctl_count - 1 - read_u32(j)];
    jit_save_all(j, 0);
    cv_emit_load(&j->e, CV_I64, CV_RSI, exception_slot(j, c));
  }
  context_to_rdi(j);
  jit_helper(j, CV_NATIVE_THROW);
  e8(&j->e, 0x0f); // the return address above belongs to this function whatever follows
  e8(&j->e, 0x0b);
  jit_skip_dead(j);
}
