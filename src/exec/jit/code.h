// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// code.h: a compiled module: where each function's code is, and the tables that explain it.
//
// An eager module is complete before anybody sees it. A lazy one grows while threads run in it: who compiles holds
// `lock`; everybody else, signal handlers too, reads without. What readers follow is written once, before the atomic
// that leads to it: a function and its place in `order` before `placed`, a block before `blocks`, all of that before
// jit_func_code.ready and the function's slot, through which calls come.
#ifndef COVE_EXEC_JIT_CODE_H
#define COVE_EXEC_JIT_CODE_H

#include "base/arena.h"
#include "exec/code/profile.h"
#include "exec/jit/jit.h"
#include "sys/thread.h"

enum { JIT_EXTERNAL_ENTRY = 8 }; // bytes of the external entry; direct calls go behind it

typedef struct jit_func_code {
  uint32_t at;   // offset in the arena of its external entry
  uint32_t size; // bytes; 0 while not placed
  // While not placed: eager, the chain of calls that wait for it; lazy, the offset in the arena of its stub, which
  // stays (0: none).
  uint32_t waits;
  bool ready; // atomic: placed, and may be called
  uint32_t map_size, handler_count;
  const uint8_t *map; // in jit_code.tables, as the handlers
  const handler *handlers;
} jit_func_code;

// One block of the arena. Its functions are order[first] up to the next block's.
typedef struct jit_block {
  cv_code_block block;
  uint32_t first;
  struct jit_block *older;
} jit_block;

typedef struct jit_code {
  cv_code base;
  cv_mem *mem;
  cv_jit_cpu cpu;
  bool reload_after_calls;
  cv_lock lock;
  jit_block *blocks;    // atomic: newest first
  size_t used;          // of the newest
  size_t next_block;    // size of the next block
  intptr_t write_delta; // from the arena's executable view to its writable one
  jit_func_code *funcs; // defined functions
  uint32_t *order;      // indices of the placed ones, in the order of placing
  uint32_t placed;      // atomic
  cv_arena tables;
  jit *compiler;               // lazy: kept from one function to the next; NULL before the first
  uint32_t stub_at, stub_last; // lazy: offset in the arena of the next stub, and the end of the room for stubs
  CV_VEC(cv_gdb_entry *) debug_entries;
} jit_code;

// The arena's copy of the stencils' constants.
extern const uint8_t *jit_stencil_pool;

// ---- compile.c ----
// A compiler for the functions of `code`, with nothing in it yet.
CV_MUST_USE cv_status jit_init(jit *j, const jit_code *code);
void jit_free(jit *j);

// ---- throw.c ----
const uint8_t *jit_pad(const cv_code *base, uintptr_t pc, const cv_instance *instance, const cv_exception *exception);

// ---- place.c ----
// Copies the function in `j` to the arena and makes it callable.
CV_MUST_USE cv_status jit_place_function(jit_code *code, const jit *j, uint32_t index);
// The function whose code holds `pc`. Safe in signal handlers.
const jit_func_code *jit_code_function(const jit_code *code, uintptr_t pc, uint32_t *index);

#endif
