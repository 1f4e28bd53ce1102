// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bulk.c: memory.copy and memory.fill of a small size that is known, in place, in a memory whose guard pages do the
// check.
//
// The bytes go in pieces of one register each; the last piece may overlap the one before. A copy loads all pieces
// before it stores any, so that the ranges may overlap, and so that a source out of bounds traps first. Stores begin
// with the highest piece: where it is in bounds so are the others, and where it is not, nothing has been written.
#include "exec/jit/memory.h"

enum { MOST_COPIED = 64, MOST_FILLED = 128, FARTHEST = INT32_MAX - MOST_FILLED };

typedef struct pieces {
  unsigned type, size; // of each
  uint32_t count, total;
} pieces;

// False when `total` is not made of pieces.
static bool split(uint64_t total, uint32_t most, pieces *p) {
  if (total < 4 || total > most)
    return false;
  p->size = total >= 16 ? 16 : total >= 8 ? 8 : 4;
  p->type = total >= 16 ? CV_V128 : total >= 8 ? CV_F64 : CV_F32;
  p->total = (uint32_t)total;
  p->count = (p->total + p->size - 1) / p->size;
  return true;
}

static cv_addr piece_at(const pieces *p, cv_addr start, uint32_t i) {
  start.disp += (int32_t)CV_MIN(i * p->size, p->total - p->size);
  return start;
}

static bool is_near(const jit *j, const ent *index) {
  return index->kind != K_CONST || const_of(j, index) <= FARTHEST;
}

static bool size_is_known(const jit *j, const ent *size, uint32_t most, pieces *p) {
  return size->kind == K_CONST && split(const_of(j, size), most, p);
}

static bool memory_is_guarded(const jit *j, memarg *m) {
  const cv_memtype *type = &j->module->memories[0];
  *m = (memarg){.memory = 0};
  return !type->limits.is_64 && type->page_log2 == 16;
}

static cv_addr start_of(jit *j, const memarg *m, ent *index) {
  unsigned temp; // there is none for the first memory
  return jit_address(j, m, index, 0, &temp);
}

static void store_piece(jit *j, const pieces *p, cv_addr at, unsigned reg) {
  jit_memory_access(j);
  cv_emit_xstore(&j->e, p->type, at, reg);
}

bool jit_copy_in_place(jit *j, uint32_t to_memory, uint32_t from_memory) {
  const ent *operands = &j->stack[j->sp - 3];
  pieces p;
  memarg m;
  if (to_memory != 0 || from_memory != 0 || !memory_is_guarded(j, &m) ||
      !size_is_known(j, &operands[2], MOST_COPIED, &p) || !is_near(j, &operands[0]) || !is_near(j, &operands[1]))
    return false;
  pop(j);
  ent from = pop(j), to = pop(j);
  unsigned regs[MOST_COPIED / 16];
  cv_addr source = start_of(j, &m, &from);
  for (uint32_t i = 0; i < p.count; i++) {
    regs[i] = alloc(j, p.type);
    jit_memory_access(j);
    cv_emit_xload(&j->e, p.type, regs[i], piece_at(&p, source, i));
  }
  release(j, &from);
  cv_addr target = start_of(j, &m, &to);
  for (uint32_t i = p.count; i-- > 0;) {
    store_piece(j, &p, piece_at(&p, target, i), regs[i]);
    free_reg(j, regs[i]);
  }
  release(j, &to);
  return true;
}

bool jit_fill_in_place(jit *j, uint32_t memory) {
  const ent *operands = &j->stack[j->sp - 3];
  pieces p;
  memarg m;
  if (memory != 0 || !memory_is_guarded(j, &m) || operands[1].kind != K_CONST ||
      !size_is_known(j, &operands[2], MOST_FILLED, &p) || !is_near(j, &operands[0]))
    return false;
  pop(j);
  ent value = pop(j), to = pop(j);
  uint64_t word = (const_of(j, &value) & 0xff) * 0x0101010101010101u;
  unsigned reg = alloc(j, CV_V128);
  jit_load_vector(j, word, word, reg);
  cv_addr target = start_of(j, &m, &to);
  for (uint32_t i = p.count; i-- > 0;)
    store_piece(j, &p, piece_at(&p, target, i), reg);
  free_reg(j, reg);
  release(j, &to);
  return true;
}
