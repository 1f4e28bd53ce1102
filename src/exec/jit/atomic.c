// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// atomic.c: atomic memory accesses (threads proposal). The address is computed and its alignment checked here; the
// access is a stencil, whose every instruction may fault on the memory's guard.
#include "exec/jit/memory.h"

// Pops the index and pushes the address of the access, checked; `m` holds the memory's argument.
static void push_address(jit *j, const memarg *m, unsigned size) {
  ent index = pop(j);
  unsigned temp;
  cv_emit *e = &j->e;
  unsigned to = alloc(j, CV_I64);
  if (size > 1) { // the alignment of the effective address comes first
    unsigned reg = reg_of(j, &index);
    cv_emit_const(e, to, m->offset & (size - 1));
    cv_emit_rr(e, CV_X86_ALU(CV_OP_ADD), 1, to, reg);
    cv_emit_rr(e, CV_X86(0, 0, 0xf7), 0, 0, to); // test to, size - 1
    e32(e, size - 1);
    jit_trap_if(j, CV_CC_NE, CV_TRAP_UNALIGNED_ATOMIC);
  }
  cv_addr at = jit_address(j, m, &index, size, &temp);
  cv_emit_rm(e, CV_X86_LEA, 1, to, at);
  if (temp != CV_NO_REG)
    free_reg(j, temp);
  release(j, &index);
  push_reg(j, CV_I64, to);
}

static void push_again(jit *j, const ent *a) {
  if (a->kind == K_REG)
    push_reg(j, a->type, a->reg);
  else
    push(j, *a);
}

// A popped value from its register to its slot.
static void to_slot(jit *j, ent *a) {
  if (a->kind != K_REG)
    return;
  cv_emit_store(&j->e, a->type, stack_addr(j, a->v), a->reg);
  release(j, a);
  a->kind = K_SLOT;
}

static void access(jit *j, uint32_t op) {
  const cv_op_info *info = &cv_op_infos[cv_op_index(op)];
  memarg m = jit_read_memarg(j);
  unsigned values = (unsigned)(strchr(info->sig, ':') - info->sig) - 1;
  ent v[2];
  for (unsigned i = values; i-- > 0;)
    v[i] = pop(j);
  // Two values, the index, the address and its parts are more than what pins may leave; so is one value where the base
  // of the memory or the bounds check takes a register.
  bool many = values == 2 || m.memory != 0 || m.is_64;
  for (unsigned i = 0; many && i < values; i++)
    to_slot(j, &v[i]);
  push_address(j, &m, 1u << info->align);
  for (unsigned i = 0; i < values; i++)
    push_again(j, &v[i]);
  cv_emit_room(&j->e, 1024);
  uint32_t before = cv_emit_at(&j->e);
  jit_map_add(j, MAP_REGION, before, CV_TRAP_NONE);
  jit_stencil(j, op, NULL, 0);
  jit_map_add(j, MAP_TRAP, cv_emit_at(&j->e), CV_TRAP_NONE);
}

// wait and notify: helper(context, memory, address, operands..., &result)
static void wait_or_notify(jit *j, uint32_t op) {
  memarg m = jit_read_memarg(j);
  bool notify = op == CV_OPC_MEMORY_ATOMIC_NOTIFY;
  cv_native_helper helper = notify                              ? CV_NATIVE_NOTIFY
                            : op == CV_OPC_MEMORY_ATOMIC_WAIT32 ? CV_NATIVE_WAIT32
                                                                : CV_NATIVE_WAIT64;
  ent timeout = {0}, value, index;
  if (!notify)
    timeout = pop(j);
  value = pop(j);
  index = pop(j);
  jit_save_all(j, 0);
  // The operands' registers may be each other's destinations: by way of the frame's slots.
  const ent *operands[3] = {&index, &value, &timeout};
  for (unsigned i = 0; i < (notify ? 2u : 3u); i++) {
    const ent *a = operands[i];
    unsigned reg = CV_REG_SCRATCH;
    into(j, a, reg);
    cv_emit_store(&j->e, CV_I64, extra_addr(j, EXTRA_ATOMIC + i), reg);
    release(j, a);
  }
  cv_emit_load(&j->e, CV_I64, CV_RDX, extra_addr(j, EXTRA_ATOMIC));
  cv_emit_const(&j->e, CV_R10, m.offset);
  cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_ADD), 1, CV_RDX, CV_R10);
  if (m.is_64) { // beyond 64 bits: an address out of bounds, with the alignment it has, which is looked at first
    cv_emit_rr(&j->e, CV_X86_ALU(3), 1, CV_R10, CV_R10); // sbb
    cv_emit_alu_ri(&j->e, CV_OP_AND, 1, CV_R10, -8);
    cv_emit_rr(&j->e, CV_X86_ALU(CV_OP_OR), 1, CV_RDX, CV_R10);
  }
  cv_emit_load(&j->e, CV_I64, CV_RCX, extra_addr(j, EXTRA_ATOMIC + 1));
  if (!notify)
    cv_emit_load(&j->e, CV_I64, CV_R8, extra_addr(j, EXTRA_ATOMIC + 2));
  cv_emit_load(&j->e, CV_I64, CV_RDI, cv_at(CV_REG_INSTANCE, offsetof(cv_instance, context)));
  jit_memory_object(j, m.memory, CV_RSI);
  cv_emit_rm(&j->e, CV_X86_LEA, 1, notify ? CV_R8 : CV_R9, extra_addr(j, EXTRA_ATOMIC));
  jit_helper(j, helper);
  jit_trap_if_returned(j);
  jit_after_call(j);
  cv_emit_load(&j->e, CV_I32, CV_RAX, extra_addr(j, EXTRA_ATOMIC));
  push_reg(j, CV_I32, CV_RAX);
}

void jit_atomic(jit *j, uint32_t op) {
  switch (op) {
  case CV_OPC_MEMORY_ATOMIC_NOTIFY:
  case CV_OPC_MEMORY_ATOMIC_WAIT32:
  case CV_OPC_MEMORY_ATOMIC_WAIT64:
    wait_or_notify(j, op);
    break;
  case CV_OPC_ATOMIC_FENCE:
    j->at++;
    jit_stencil(j, op, NULL, 0);
    break;
  default:
    if (cv_op_infos[cv_op_index(op)].mnemonic == 0)
      jit_unsupported(j, op);
    else
      access(j, op);
    break;
  }
}
