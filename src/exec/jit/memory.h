// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// memory.h: addresses of memory accesses, for all instructions that have a memarg.
#ifndef COVE_EXEC_JIT_MEMORY_H
#define COVE_EXEC_JIT_MEMORY_H

#include "exec/jit/plan.h"

typedef struct memarg {
  uint64_t offset;
  uint32_t memory;
  bool is_64, checked;
} memarg;

memarg jit_read_memarg(jit *j);
cv_addr jit_address(jit *j, const memarg *m, ent *index, unsigned size, unsigned *temp);
// Notes that the next instruction accesses a memory.
void jit_memory_access(jit *j);
void jit_memory_object(jit *j, uint32_t memory, unsigned to);
cv_addr jit_memory_field(jit *j, uint32_t memory, size_t field, unsigned temp);

// ---- bulk.c: false when the operands on the stack are not such; nothing has happened then ----
bool jit_copy_in_place(jit *j, uint32_t to_memory, uint32_t from_memory);
bool jit_fill_in_place(jit *j, uint32_t memory);

#endif
