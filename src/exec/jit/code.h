// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// code.h: a compiled module: where each function's code is, and the tables that explain it.
#ifndef COVE_EXEC_JIT_CODE_H
#define COVE_EXEC_JIT_CODE_H

#include "exec/code/profile.h"
#include "exec/jit/jit.h"

typedef struct jit_func_code {
  uint32_t at;   // offset in the arena of its external entry; while size is 0, the chain of calls that wait for it
  uint32_t size; // bytes; 0 while not placed
  uint32_t map, map_size; // bytes in jit_code.map
  uint32_t handlers, handler_count;
} jit_func_code;

typedef struct jit_code {
  cv_code base;
  cv_mem *mem;
  cv_jit_cpu cpu;
  bool reload_after_calls;
  bool sorted; // functions in `order` have ascending addresses
  CV_VEC(cv_code_block) blocks;
  size_t used;          // of the last block
  size_t next_block;    // size of the next block
  intptr_t write_delta; // from the arena's executable view to its writable one
  jit_func_code *funcs; // defined functions
  uint32_t *order;      // indices of the placed ones, in the order of placing
  uint32_t placed;
  CV_VEC(uint8_t) map;
  CV_VEC(handler) handlers;
  CV_VEC(cv_gdb_entry *) debug_entries;
} jit_code;

const jit_func_code *jit_code_function(const jit_code *code, uintptr_t pc, uint32_t *index);

#endif
