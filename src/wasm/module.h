// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// module.h: a decoded core module: what every later pass reads. Immutable once decoded and validated, so that threads
// share it. All pointers lead into the module's arena or into its bytes, which it owns.
//
//   wasm/binary decodes  ->  wasm/validate checks and emits facts (cv_func_facts)  ->  tiers and runtime read both
//
// Index spaces put imports first: function index i is import i when i < imported_funcs, else code i - imported_funcs.
#ifndef COVE_WASM_MODULE_H
#define COVE_WASM_MODULE_H

#include "base/arena.h"
#include "base/status.h"
#include "wasm/features.h"
#include "wasm/types.h"

typedef struct cv_type_registry cv_type_registry; // wasm/canon.h

// A run of the module's bytes: expression with its `end`, function body, segment contents.
typedef struct cv_span {
  uint32_t offset, size; // in module bytes
} cv_span;

// A constant expression; runtime/const_expr.c evaluates it.
typedef struct cv_const_expr {
  cv_span code; // includes the final `end`
} cv_const_expr;

typedef struct cv_import {
  cv_bytes module, name;
  cv_extern_kind kind;
  uint32_t index; // in its own index space
  uint32_t entry; // where its entry is in the module
} cv_import;

typedef struct cv_export {
  cv_bytes name;
  cv_extern_kind kind;
  uint32_t index;
  uint32_t entry; // where its entry is in the module
} cv_export;

typedef struct cv_local_run {
  uint32_t count;
  cv_valtype type;
} cv_local_run;

// Section ids of the binary format.
enum {
  CV_SECT_CUSTOM = 0,
  CV_SECT_TYPE = 1,
  CV_SECT_IMPORT = 2,
  CV_SECT_FUNCTION = 3,
  CV_SECT_TABLE = 4,
  CV_SECT_MEMORY = 5,
  CV_SECT_GLOBAL = 6,
  CV_SECT_EXPORT = 7,
  CV_SECT_START = 8,
  CV_SECT_ELEMENT = 9,
  CV_SECT_CODE = 10,
  CV_SECT_DATA = 11,
  CV_SECT_DATA_COUNT = 12,
  CV_SECT_TAG = 13,
  CV_SECT_COUNT = 14,
};

// Facts that validation leaves for the tiers: see wasm/validate/facts.h.
typedef struct cv_func_facts cv_func_facts;

typedef struct cv_func_decl {
  uint32_t type;        // type index
  cv_span body;         // whole body with its local declarations, without its size field; {0,0} for imports
  cv_span code;         // instructions, with the final `end`
  uint32_t local_count; // declared locals, parameters not among them
  bool is_declared;     // named outside function bodies, so that ref.func may name it
  uint32_t entry;       // where its entry is in the module: function section or import
  cv_bytes name;        // from the name section, or empty
} cv_func_decl;

typedef struct cv_table_decl {
  cv_tabletype type;
  bool has_init;
  cv_const_expr init;
  uint32_t entry; // where its entry is in the module
} cv_table_decl;

typedef struct cv_global_decl {
  cv_globaltype type;
  cv_const_expr init; // empty for imports
  uint32_t entry;     // where its entry is in the module
} cv_global_decl;

typedef struct cv_tag_decl {
  uint32_t type;  // index of a function type
  uint32_t entry; // where its entry is in the module
} cv_tag_decl;

typedef enum cv_segment_mode { CV_SEGMENT_ACTIVE, CV_SEGMENT_PASSIVE, CV_SEGMENT_DECLARATIVE } cv_segment_mode;

typedef struct cv_elem_decl {
  cv_segment_mode mode;
  uint32_t table;
  cv_const_expr offset; // active only
  cv_valtype type;
  uint32_t count;
  const uint32_t *funcs;      // function indices, or NULL when the segment has expressions
  const cv_const_expr *exprs; // or NULL
  uint32_t entry;             // where its entry is in the module
} cv_elem_decl;

typedef struct cv_data_decl {
  cv_segment_mode mode;
  uint32_t memory;
  cv_const_expr offset; // active only
  cv_span bytes;
  uint32_t entry; // where its entry is in the module
} cv_data_decl;

typedef struct cv_custom_section {
  cv_bytes name;
  cv_span bytes;  // contents after the name
  uint32_t after; // id of the last non-custom section before it, 0 for none
} cv_custom_section;

// metadata.code.branch_hint (branch hinting proposal): sorted by function, then offset.
typedef struct cv_branch_hint {
  uint32_t func;   // function index
  uint32_t offset; // of the branch, from the start of the body
  bool likely;
} cv_branch_hint;

typedef struct cv_module {
  cv_mem *mem;                // borrowed quota
  cv_arena arena;             // owns everything below
  cv_type_registry *registry; // borrowed from the engine
  cv_features features;       // those it was validated with

  const uint8_t *bytes; // the whole binary, owned (bytes_owned) or mapped by the caller for the module's life
  size_t size;
  bool bytes_owned;

  const cv_type *types;
  uint32_t type_count;
  const cv_import *imports;
  uint32_t import_count;
  const cv_export *exports;
  uint32_t export_count;
  const cv_func_decl *funcs; // imports first
  uint32_t func_count, imported_funcs;
  const cv_table_decl *tables;
  uint32_t table_count, imported_tables;
  const cv_memtype *memories;
  uint32_t memory_count, imported_memories;
  const cv_global_decl *globals;
  uint32_t global_count, imported_globals;
  const cv_tag_decl *tags;
  uint32_t tag_count, imported_tags;
  const cv_elem_decl *elems;
  uint32_t elem_count;
  const cv_data_decl *datas;
  uint32_t data_count;
  bool has_data_count;
  bool has_start;
  uint32_t start;

  const cv_custom_section *customs;
  uint32_t custom_count;
  const cv_branch_hint *hints;
  uint32_t hint_count;
  cv_bytes name;                   // of the module, from the name section
  cv_span sections[CV_SECT_COUNT]; // contents by section id; {0, 0} where there is none, and for custom ones
  cv_span code_section;            // contents of section 10, for offsets and speed figures

  bool without_bodies;  // compiled before: spans of bodies and facts are zero
  cv_func_facts *facts; // one per defined function, after validation; NULL before
} cv_module;

static inline const cv_func_decl *cv_module_func(const cv_module *m, uint32_t index) {
  return &m->funcs[index];
}
// Functions that are not imported.
static inline uint32_t cv_module_defined(const cv_module *m) {
  return m->func_count - m->imported_funcs;
}
static inline const cv_functype *cv_module_func_type(const cv_module *m, uint32_t index) {
  return &m->types[m->funcs[index].type].as.func;
}
static inline const uint8_t *cv_span_start(const cv_module *m, cv_span s) {
  return m->bytes + s.offset;
}

#endif
