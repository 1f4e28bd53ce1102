// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// object.h: makes a function object (exec/code/native.h) of the object file of one function (plugin.h): its code and
// constants, the relocations, what its addresses mean, its landing pads. Everything is checked against the file's
// bounds: a file that is not as expected is refused, not trusted.
#ifndef COVE_EXEC_LLVM_OBJECT_H
#define COVE_EXEC_LLVM_OBJECT_H

#include "exec/code/native.h"
#include "exec/llvm/plugin.h"

// A call at an address in [start, end) goes on at `pad`: offsets in the text.
typedef struct llvm_pad {
  uint32_t start, end, pad;
} llvm_pad;

// A section that is part of the placed code.
typedef struct llvm_part {
  uint32_t section; // its number in the file
  uint32_t at;      // offset from the start of the placed code
} llvm_part;

enum {
  LLVM_MOST_PARTS = 16,
  LLVM_TEXT_AT = 16, // where the text is in the placed code; the external entry is the eight bytes before it
  LLVM_ENTRY_AT = LLVM_TEXT_AT - CV_EXTERNAL_ENTRY,
  LLVM_ALIGNMENT = 64,
};

typedef struct llvm_object {
  const uint8_t *bytes;
  size_t size;
  const uint8_t *sections; // section headers
  uint32_t section_count;
  llvm_part parts[LLVM_MOST_PARTS];
  uint32_t part_count;
  uint32_t placed_size, text_size;
  const uint8_t *lines, *pads; // contents of .debug_line and .gcc_except_table, or NULL
  uint32_t lines_size, pads_size;
} llvm_object;

// False: not such a file.
CV_MUST_USE bool llvm_object_read(llvm_object *o, const uint8_t *bytes, size_t size);
// Makes the function object, in memory of the arena. CV_EUNSUPPORTED: *what is a symbol or a kind of relocation that is
// unknown, NULL when the file is broken.
CV_MUST_USE cv_status llvm_object_make(const llvm_object *o, cv_mem *mem, cv_arena *arena, cv_code_object *out,
                                       const char **what);

// ---- map.c ----
// What machine addresses of a function mean: pairs of varints, in the order of addresses: distance from the last
// address; zigzag distance of the place (offset in the function's code, or in an inlined callee: plugin.h) from the
// last one; for a place in a callee the callee's function index.
CV_MUST_USE cv_status llvm_map_make(const llvm_object *o, cv_mem *mem, cv_arena *arena, cv_code_object *out);
// The place that the machine address `at` (an offset in the text) belongs to; *callee for one in an inlined callee.
uint32_t llvm_map_find(const uint8_t *map, uint32_t map_size, uint32_t at, uint32_t *callee);
CV_MUST_USE cv_status llvm_pads_make(const llvm_object *o, cv_mem *mem, cv_arena *arena, cv_code_object *out);

#endif
