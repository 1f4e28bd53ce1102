// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arena.h: where generated code lives: one range of address space for the process, small enough that any code in it
// reaches any other by a 32-bit displacement. It is handed out in whole pages.
#ifndef COVE_EXEC_CODE_ARENA_H
#define COVE_EXEC_CODE_ARENA_H

#include "base/base.h"

typedef struct cv_code_block {
  uint8_t *write; // where to write
  uint8_t *run;   // where the same bytes run
  size_t size;    // bytes
} cv_code_block;

// True when the process may make code at all. Maps the range at the first call.
bool cv_code_arena_available(void);
// Thread-safe. False when the range is used up.
CV_MUST_USE bool cv_code_block_new(cv_code_block *block, size_t size);
void cv_code_block_delete(cv_code_block *block);
// Call after writing, so that the pages are not resident twice.
void cv_code_block_written(const cv_code_block *block);
// Start of the executable view: addresses of code fit 32 bits counted from here.
uint8_t *cv_code_arena_base(void);
// What to add to an executable address to have the writable one.
intptr_t cv_code_arena_write_delta(void);

#endif
