// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// code.h: a module compiled with LLVM: where each function's code is, and the tables that explain it.
//
// An eager module is complete before anybody sees it. A lazy one grows while threads run in it: who compiles holds
// `lock`; everybody else, signal handlers too, reads without. What readers follow is written once, before the atomic
// that leads to it: a function and its place in `order` before `placed`, a block before `blocks`, all of that before
// llvm_func_code.ready and the function's slot, through which calls come.
#ifndef COVE_EXEC_LLVM_CODE_H
#define COVE_EXEC_LLVM_CODE_H

#include "exec/code/arena.h"
#include "exec/llvm/object.h"
#include "sys/thread.h"

enum { LLVM_EXTERNAL_ENTRY = 8 }; // bytes of the external entry; direct calls go behind it

typedef struct llvm_func_code {
  uint32_t at;   // offset in the arena of its external entry
  uint32_t size; // bytes from there; 0 while not placed
  uint32_t stub; // offset in the arena of the stub that calls made before it was placed go to; 0: none
  bool ready;    // atomic: placed, and may be called
  uint32_t map_size, pad_count;
  const uint8_t *map;
  const llvm_pad *pads;
} llvm_func_code;

// One block of the arena. Its functions are order[first] up to the next block's.
typedef struct llvm_block {
  cv_code_block block;
  uint32_t first;
  struct llvm_block *older;
} llvm_block;

// Eager: a call of a function that was not placed yet.
typedef struct llvm_call {
  uint32_t field; // offset in the arena of its 32-bit displacement
  uint32_t callee;
} llvm_call;

typedef struct llvm_code {
  cv_code base;
  cv_mem *mem;
  cv_lock lock;
  cv_llvm_compiler *compiler; // NULL before the first function
  llvm_block *blocks;         // atomic: newest first
  size_t used;                // of the newest
  llvm_func_code *funcs;      // defined functions
  uint32_t *order;            // indices of the placed ones, in the order of placing
  uint32_t placed;            // atomic
  CV_VEC(llvm_call) calls;    // eager
  cv_arena tables;
  uint32_t stub_at, stub_last; // offset in the arena of the next stub, and the end of the room for stubs
} llvm_code;

// ---- place.c ----
bool llvm_place_ready(void); // false: no executable memory
CV_MUST_USE cv_status llvm_place_begin(llvm_code *code);
// Copies function `index` (among the defined ones) to the arena and makes it callable.
CV_MUST_USE cv_status llvm_place(llvm_code *code, uint32_t index, const cv_llvm_object *object, cv_diag *diag);
void llvm_place_all(llvm_code *code); // nothing will be placed any more
void llvm_place_end(llvm_code *code);
// The function whose code holds `pc`, and where in its text. Safe in signal handlers.
const llvm_func_code *llvm_code_function(const llvm_code *code, uintptr_t pc, uint32_t *index, uint32_t *at);

#endif
