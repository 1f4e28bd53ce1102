// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// aot.h: compiling a program ahead of time: a module or a component becomes a file of its machine code
// (runtime/archive.h).
#ifndef COVE_AOT_AOT_H
#define COVE_AOT_AOT_H

#include "base/buf.h"
#include "runtime/engine.h"

typedef struct cv_aot_options {
  uint32_t jobs; // threads; 0 for as many as the machine has cores for this process
  // Called now and then by the calling thread; bytes of function bodies. May be NULL.
  void (*progress)(void *env, uint64_t done, uint64_t total);
  void *env;
} cv_aot_options;

// Validates the program (a module or component in the binary format) and compiles all of it with the engine's tier, for
// the CPU that its options name. Appends the file to `out`. CV_EUNSUPPORTED: the tier makes no machine code.
CV_MUST_USE cv_status cv_aot_compile(cv_engine *engine, const uint8_t *bytes, size_t size,
                                     const cv_aot_options *options, cv_buf *out, cv_diag *diag);

// ---- between compile.c and write.c ----

// Where the object of one function was left by the thread that made it.
typedef struct cv_aot_piece {
  const cv_buf *in;
  size_t at;
  uint32_t text_size, reloc_count, map_size, pads_size;
} cv_aot_piece;

typedef struct cv_aot_module {
  uint64_t key;     // as in the file
  cv_code *code;    // owned
  cv_module *owned; // NULL when a component owns it
  uint32_t func_count;
  cv_aot_piece *pieces; // of its defined functions
} cv_aot_module;

typedef struct cv_aot_program {
  const uint8_t *bytes;
  size_t size;
  bool is_component;
  const cv_aot_module *modules;
  uint32_t module_count;
} cv_aot_program;

// Appends the file.
CV_MUST_USE cv_status cv_aot_write(cv_engine *engine, const cv_aot_program *program, cv_buf *out, cv_diag *diag);

#endif
