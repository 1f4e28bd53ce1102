// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// aot.h: compiling a program ahead of time: a module or a component becomes a file of its machine code
// (runtime/archive.h).
#ifndef COVE_AOT_AOT_H
#define COVE_AOT_AOT_H

#include "base/buf.h"
#include "component/component.h"
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

// Where the file goes, piece by piece. False: it has failed, for good.
typedef struct cv_aot_sink {
  bool (*write)(void *env, const void *data, size_t size);
  void *env;
} cv_aot_sink;

// ---- entry.c ----

// An entry of a cache for the program of `component`, or of the module of `code` (the other one is NULL), whose code
// was made with cv_archive.keeps: with the functions that were in the former entry, and those that were compiled since.
typedef struct cv_aot_entry {
  cv_bytes program;
  const cv_component *component;
  const cv_code *code;
} cv_aot_entry;
// Whether there is so much more than in the former entry that a new one is worth being written.
bool cv_aot_entry_is_worth_it(const cv_aot_entry *entry);
CV_MUST_USE cv_status cv_aot_write_entry(cv_engine *engine, const cv_aot_entry *entry, const cv_aot_sink *sink,
                                         cv_diag *diag);

// ---- between compile.c, entry.c and write.c ----

// Where the object of one function was left by the thread that made it. Without text: there is none.
typedef struct cv_aot_piece {
  const cv_buf *in; // NULL: at `object.bytes`
  size_t at;
  cv_code_piece object;
} cv_aot_piece;

typedef struct cv_aot_module {
  uint64_t key;     // as in the file
  cv_code *code;    // owned
  cv_module *owned; // NULL when a component owns it
  uint32_t func_count;
  cv_aot_piece *pieces; // of its defined functions
  cv_aot_piece *upper;  // entries: of the tier above; NULL when there are none
} cv_aot_module;

typedef struct cv_aot_program {
  const uint8_t *bytes;
  size_t size;
  bool is_component, is_entry;
  const cv_aot_module *modules;
  uint32_t module_count;
} cv_aot_program;

CV_MUST_USE cv_status cv_aot_write(cv_engine *engine, const cv_aot_program *program, const cv_aot_sink *sink,
                                   cv_diag *diag);

#endif
