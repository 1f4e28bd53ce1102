// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// profile.h: tells profilers and debuggers the names of generated functions: perf's map file, perf's jitdump file, and
// gdb's JIT interface. All three are off unless asked for, and a failure to write is told once and ends the reporting:
// a guest runs the same without it.
#ifndef COVE_EXEC_CODE_PROFILE_H
#define COVE_EXEC_CODE_PROFILE_H

#include "base/mem.h"
#include "base/status.h"

// One named range of machine code.
typedef struct cv_code_symbol {
  uintptr_t start;
  size_t size;
  cv_bytes name;  // from the name section; may be empty
  uint32_t index; // function index, names a function without a name
} cv_code_symbol;

// Writes symbols to /tmp/perf-PID.map (`mode` "perfmap") or to jit-PID.dump in the working directory ("jitdump"; give
// it to `perf inject --jit`). The code must be in place: jitdump copies it. Thread-safe. CV_EUSAGE for another mode,
// CV_EIO when the file cannot be written.
CV_MUST_USE cv_status cv_profile_symbols(const char *mode, const cv_code_symbol *symbols, size_t count);

// A batch of symbols that gdb knows, as an object file in memory, with what it needs to walk their frames: each begins
// with `push rbp; mov rbp, rsp`, or, with `pieces`, is many that do. NULL when out of memory. Thread-safe.
typedef struct cv_gdb_entry cv_gdb_entry;
CV_MUST_USE cv_gdb_entry *cv_gdb_register(cv_mem *mem, const cv_code_symbol *symbols, size_t count, bool pieces);
void cv_gdb_unregister(cv_mem *mem, cv_gdb_entry *entry);

#endif
