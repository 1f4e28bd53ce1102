// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// object.h: function objects: the machine code of one function before it is placed (exec/code/native.h), with its
// tables. They may be kept in a file (runtime/archive.h), and placed in another process: what differs there (addresses,
// canonical type ids) is in relocations.
#ifndef COVE_RUNTIME_OBJECT_H
#define COVE_RUNTIME_OBJECT_H

#include "base/status.h"

// What a 32-bit field leads to, counted from the field's end, or what it is; what the field holds before is added.
typedef enum cv_code_reloc_kind {
  CV_RELOC_FUNC = 0,   // the direct entry of function `value`; the field holds zero
  CV_RELOC_HELPER = 1, // the stub of helper `value`
  CV_RELOC_POOL = 2,   // byte `value` of the tier's pool
  CV_RELOC_TYPE = 3,   // is the canonical id of the module's type `value`
  CV_RELOC_FLAG = 4,   // the flag that polls look at (exec/code/poll.h); in files only in entries of a cache
  CV_RELOC_SLOT = 5,   // the slot of function `value`'s stub (exec/code/native.h); likewise
} cv_code_reloc_kind;
typedef struct cv_code_reloc {
  uint32_t at; // of the field in the text
  uint32_t kind : 4, value : 28;
} cv_code_reloc;
static_assert(sizeof(cv_code_reloc) == 8, "as in files");

// All borrowed.
typedef struct cv_code_object {
  const uint8_t *text;
  const cv_code_reloc *relocs;
  const uint8_t *map; // what addresses mean, in the tier's own form
  const void *pads;   // where exceptions go on, in the tier's own form; aligned to 4
  const void *polls;  // what polls need (exec/code/poll.h), NULL without any that can leave the function
  uint32_t text_size, reloc_count, map_size, pads_size, polls_size;
  bool lasts; // map, pads and polls live as long as the code: they are not copied
} cv_code_object;

// An object in one piece, as it is in files: relocations, pads, polls, text, map.
typedef struct cv_code_piece {
  const uint8_t *bytes; // NULL: there is none, or not here
  uint32_t text_size, reloc_count, map_size, pads_size, polls_size;
} cv_code_piece;
// The piece that an object makes, without its bytes; and these, part by part, until `write` returns false.
cv_code_piece cv_code_piece_of(const cv_code_object *object);
void cv_code_object_write(const cv_code_object *object, bool (*write)(void *env, const void *data, size_t size),
                          void *env);
uint64_t cv_code_piece_size(const cv_code_piece *piece);
// The object whose parts lie at `bytes`.
cv_code_object cv_code_piece_object(const cv_code_piece *piece);

// The function objects of one module in a file. The bytes outlive what uses them.
typedef struct cv_code_objects {
  const uint8_t *bytes; // of the file
  size_t size;
  const uint8_t *index; // NULL: there are none
  uint32_t count;       // defined functions
} cv_code_objects;

// The object of a function, by its index among the defined ones; its text has no bytes when there is none (entries of
// a cache). CV_EMALFORMED when it is not as it was written. Its relocations are not looked at.
CV_MUST_USE cv_status cv_code_objects_get(const cv_code_objects *objects, uint32_t index, cv_code_object *out);

// Bytes of the text of its object, as the file says.
uint32_t cv_code_objects_text_size(const cv_code_objects *objects, uint32_t index);

// Where the instructions of the function are, in the bytes of the module. Safe in signal handlers.
uint32_t cv_code_objects_offset(const cv_code_objects *objects, uint32_t index);

#endif
