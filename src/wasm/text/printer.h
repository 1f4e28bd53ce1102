// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// printer.h: what the files of the printer share.
//
// Every definition has an identifier or none. The name section's name is the identifier when it can be and is not
// taken; otherwise the identifier is made unique and a (@name "...") annotation keeps the name itself.
#ifndef COVE_WASM_TEXT_PRINTER_H
#define COVE_WASM_TEXT_PRINTER_H

#include "base/map.h"
#include "wasm/binary/instr.h"
#include "wasm/text/names.h"
#include "wasm/text/wat.h"

// The identifiers of one index space.
typedef struct cv_ids {
  uint32_t count;
  const cv_bytes *ids;   // empty where there is none; NULL for a space without names
  const cv_bytes *names; // where the name section differs from the identifier, else NULL data
} cv_ids;

// An open block of the body being printed.
typedef struct cv_print_block {
  cv_bytes name; // empty where there is none
  uint8_t code;  // of the instruction that opened it, or of the last arm of an `if` or a legacy `try`
} cv_print_block;

typedef enum cv_print_space {
  CV_PRINT_FUNC,
  CV_PRINT_TABLE,
  CV_PRINT_MEMORY,
  CV_PRINT_GLOBAL,
  CV_PRINT_TAG,
  CV_PRINT_ELEM,
  CV_PRINT_DATA,
  CV_PRINT_TYPE,
  CV_PRINT_SPACES,
} cv_print_space;

// The folded form: instructions of a straight stretch of code that wait to become operands (print_fold.c).
typedef struct cv_print_node {
  uint32_t text, size; // mnemonic and immediates, in cv_print_fold.text
  uint32_t child;      // first operand
  uint32_t next;       // next operand of the same instruction
  uint32_t width;      // of the whole on one line, cut
  const char *hint;    // annotation before it, or NULL
  bool is_operand;     // pushes one value
} cv_print_node;

typedef struct cv_print_step {
  uint32_t node, child;
} cv_print_step;

typedef struct cv_print_fold {
  CV_VEC(cv_print_node) nodes;
  CV_VEC(uint32_t) items; // the nodes that are nobody's operand yet
  CV_VEC(cv_print_step) path;
  cv_buf text;
} cv_print_fold;

typedef struct cv_printer {
  const cv_module *m;
  const cv_wat_print_options *options;
  cv_mem *mem;
  cv_buf *out;
  cv_diag *diag;
  uint32_t depth;      // of the module in what is around it
  cv_arena arena;      // for the whole module
  cv_arena func_arena; // for one function
  cv_names names;
  cv_ids spaces[CV_PRINT_SPACES];
  cv_ids locals;           // of the function being printed
  uint32_t func;           // its index, UINT32_MAX outside
  uint32_t body_start;     // its offset in the module
  uint32_t label_count;    // block instructions of it so far
  uint32_t hint, hint_end; // its hints
  bool print_hints;        // as annotations
  CV_VEC(cv_print_block) labels;
  cv_print_fold fold;
  cv_map label_names; // -> 1 + index of the innermost label of that name
} cv_printer;

// ---- print_util.c --------------------------------------------------------------------------------------------------

// Identifiers for `count` things whose names are under (kind, outer).
CV_MUST_USE cv_status cv_print_make_ids(cv_printer *p, cv_arena *arena, uint32_t kind, uint32_t outer, uint32_t count,
                                        cv_ids *ids);
void cv_print_string(cv_buf *out, cv_bytes bytes, bool is_text); // with quotes; text is UTF-8 and stays so
void cv_print_id(cv_buf *out, cv_bytes id);                      // with its dollar sign
// " $x", " $x (@name "y")" or nothing, where an index is defined.
void cv_print_binding(cv_printer *p, const cv_ids *ids, uint32_t index);
// The same, and " (;3;)".
void cv_print_definition(cv_printer *p, const cv_ids *ids, uint32_t index);
// " $x (@name "y") (@own-name "z") (;3;)" of a module or component inside a component, as far as these are needed.
// `own` has no data when it has no name of its own.
void cv_print_nesting(cv_buf *out, const cv_wat_nesting *nesting, cv_bytes own);
// "$x" or "3" where it is used.
void cv_print_use(cv_printer *p, const cv_ids *ids, uint32_t index);
void cv_print_space_use(cv_printer *p, cv_print_space space, uint32_t index);
void cv_print_heap_type(cv_printer *p, uint32_t heap);
void cv_print_val_type(cv_printer *p, cv_valtype type);
void cv_print_newline(cv_printer *p, size_t depth);

// ---- print.c, for components ---------------------------------------------------------------------------------------

// " (func (param i32))", " (sub final 1 (struct))"; `index` is where its fields have their names.
CV_MUST_USE cv_status cv_print_composite(cv_printer *p, const cv_type *type, uint32_t index);
void cv_print_table_type(cv_printer *p, const cv_tabletype *type);
void cv_print_memory_type(cv_printer *p, const cv_memtype *type);
void cv_print_global_type(cv_printer *p, const cv_globaltype *type);

// ---- print_instr.c -------------------------------------------------------------------------------------------------

// A constant expression, "(i32.const 1)" or "global.get $x i32.const 1 i32.add", after a space.
CV_MUST_USE cv_status cv_print_const_expr(cv_printer *p, cv_span code);
// The instructions of a body, each on a line.
CV_MUST_USE cv_status cv_print_body(cv_printer *p, cv_span code);
// ---- print_fold.c --------------------------------------------------------------------------------------------------

// Takes the instruction whose text has just been put at `text` of the fold's buffer.
CV_MUST_USE cv_status cv_print_fold_add(cv_printer *p, const cv_instr *in, uint32_t text, const char *hint);
// Prints what waits.
CV_MUST_USE cv_status cv_print_fold_flush(cv_printer *p);
void cv_print_fold_free(cv_printer *p);

// ---- print_instr.c, for print.c ------------------------------------------------------------------------------------

// Whether every hint of the module stands at a branch that can carry it.
CV_MUST_USE cv_status cv_print_check_hints(cv_printer *p, bool *good);

#endif
