// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gen_guest.h: what the files of the guest bindings' generator share, beside gen.h.
//
//   bindgen_guest.c        the whole: interfaces, header, source, the section with the world
//   bindgen_guest_funcs.c  functions that call imports, functions that are exported and call the program's
//   bindgen_guest_flat.c   C values to flat values and back
//   bindgen_guest_own.c    freeing what a value owns; resources
//   bindgen_guest_text.c   text that is the same in all bindings
//
// A C type has the layout that the canonical ABI gives its WIT type in a 32-bit memory, so that values in memory need
// no code. The buffers of cv_gen hold, of the header, `types` all and `protos` the prototypes of the interface at hand;
// of the source, `tables` checks and built-in functions, `finds` helpers, `steps` freeing, `glue` imports, `calls`
// exports.
//
// Names in generated functions that WIT cannot give have an upper case letter: P0 is a flat parameter, F0 a flat value,
// A parameters in memory, R a result.
#ifndef COVE_WIT_GEN_GUEST_H
#define COVE_WIT_GEN_GUEST_H

#include "wit/flat.h"
#include "wit/gen.h"

typedef struct cv_guest_slot {
  cv_wit_core core;
  const char *text; // a C expression
} cv_guest_slot;

typedef struct cv_guest_slots {
  cv_guest_slot slot[CV_GEN_MAX_FLAT_PARAMS];
  uint32_t count;
} cv_guest_slots;

// Statements of a function body.
typedef struct cv_guest_body {
  cv_buf *out;
  unsigned indent;
  uint32_t variables; // F0, F1, ... that exist
} cv_guest_body;

// What a value owns.
enum {
  CV_GUEST_MEMORY = 1,  // strings and lists
  CV_GUEST_HANDLES = 2, // handles of resources, borrowed ones too
};

// ---- bindgen_guest_flat.c ----
// Appends the slots of a type, with the core types only. The type has no more flat values than there is room for.
void cv_guest_flatten(const cv_wit_type *type, cv_guest_slots *slots);
// Appends the expressions of the flat values of `from`, a C expression ("*p" for what p points to), and to `body` the
// statements that they need before.
CV_MUST_USE cv_status cv_guest_lower(cv_gen *g, const cv_wit_type *type, const char *from, cv_guest_slots *slots,
                                     cv_guest_body *body);
// Statements that make `to`, an lvalue, of flat values; the first of them is slots[*at], which moves on.
CV_MUST_USE cv_status cv_guest_lift(cv_gen *g, const cv_wit_type *type, const cv_guest_slots *slots, uint32_t *at,
                                    const char *to, cv_guest_body *body);
const char *cv_guest_core_text(cv_wit_core core); // "int32_t"
CV_PRINTF(2, 3) void cv_guest_line(cv_guest_body *body, const char *fmt, ...);
CV_PRINTF(2, 3) const char *cv_guest_text(cv_gen *g, const char *fmt, ...);

// ---- bindgen_guest_own.c ----
unsigned cv_guest_owns(const cv_gen *g, const cv_wit_type *type);
// "/* own */ " and the like, for the handles in a parameter or result; "" when there are none.
const char *cv_guest_handle_note(const cv_gen *g, const cv_wit_type *type, bool is_export);
// The statement that frees what `at` owns, in full or only its memory; nothing when there is nothing to free.
void cv_guest_put_free(cv_gen *g, const cv_wit_type *type, const char *at, bool only_memory, unsigned indent,
                       cv_buf *out);
// cv_gen.after_type: checks of the layout, and what frees.
CV_MUST_USE cv_status cv_guest_after_type(cv_gen *g, const cv_wit_typedef *def, const cv_wit_type *type,
                                          const char *cname);
// A function that goes with a type: its name with "_free" and the like.
const char *cv_guest_helper(cv_gen *g, const char *cname, const char *suffix);

// ---- bindgen_guest_funcs.c ----
// What surrounds the names of a run of functions.
typedef struct cv_guest_place {
  const char *prefix;      // "wasi_io_streams", "exports_test_shapes_area"
  const char *module;      // imports: "wasi:io/streams@0.2.12"; exports: the same with "#", or "" for the world's own
  const cv_wit_item *item; // NULL for the world's own
} cv_guest_place;

CV_MUST_USE cv_status cv_guest_add_import(cv_gen *g, cv_guest_place place, const cv_wit_func *func);
CV_MUST_USE cv_status cv_guest_add_export(cv_gen *g, cv_guest_place place, const cv_wit_func *func);

// ---- bindgen_guest_text.c ----
extern const char cv_guest_header_text[];  // what a header says first, after its first line
extern const char cv_guest_includes[];     // of the header
extern const char cv_guest_source_text[];  // of the source, before all else
extern const char cv_guest_runtime_text[]; // of the source: memory
extern const char cv_guest_bits_text[];    // of the source: floats as integers, where that is needed

#endif
