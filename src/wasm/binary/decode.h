// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// decode.h: from the binary format (core specification, chapter 5) to a cv_module. Decoding finds what is malformed
// outside function bodies; instructions are read, and types checked, by wasm/validate.
#ifndef COVE_WASM_BINARY_DECODE_H
#define COVE_WASM_BINARY_DECODE_H

#include "wasm/module.h"

typedef enum cv_decode_bytes {
  CV_DECODE_BORROW = 0, // the caller keeps the bytes, unchanged, until the module is deleted
  CV_DECODE_COPY = 1,   // the module has its own copy
  // As CV_DECODE_BORROW, for a module whose code is there already: bodies are not looked at (cv_module.without_bodies).
  CV_DECODE_WITHOUT_BODIES = 2,
} cv_decode_bytes;

// Decodes a core module. On success *out is a new module, to be validated (wasm/validate/validate.h) before anything
// else reads it, and to be deleted. On failure *out is NULL and the status is CV_EMALFORMED, CV_EUNSUPPORTED,
// CV_ELIMIT or CV_ENOMEM, with the text in *diag. `mem` and `registry` are borrowed and outlive the module;
// a module that is never validated needs no registry.
CV_MUST_USE cv_status cv_module_decode(cv_module **out, cv_mem *mem, cv_type_registry *registry, cv_features features,
                                       const uint8_t *bytes, size_t size, cv_decode_bytes mode, cv_diag *diag);
// NULL is allowed. Releases the module's types.
void cv_module_delete(cv_module *module);

// What a file is, from its first bytes.
typedef enum cv_binary_kind {
  CV_BINARY_MODULE = 0,    // a core module, of a version we know or not
  CV_BINARY_COMPONENT = 1, // a component
  CV_BINARY_TEXT = 2,      // probably the text format: begins with "(" after white space and comments
  CV_BINARY_OTHER = 3,
  CV_BINARY_COMPILED = 4, // a compiled program (runtime/archive.h)
} cv_binary_kind;

// *looks_like (may be NULL) is a static phrase that ends "this is ...": "an ELF program or library".
cv_binary_kind cv_binary_kind_of(const uint8_t *bytes, size_t size, const char **looks_like);

// One subsection of the name section, found in its contents: cv_module.customs has them. Contents that are malformed
// read as absent.
enum {
  CV_NAMES_MODULE = 0,
  CV_NAMES_FUNCTION = 1,
  CV_NAMES_LOCAL = 2, // indirect: a name map for each function
  CV_NAMES_LABEL = 3, // indirect
  CV_NAMES_TYPE = 4,
  CV_NAMES_TABLE = 5,
  CV_NAMES_MEMORY = 6,
  CV_NAMES_GLOBAL = 7,
  CV_NAMES_ELEM = 8,
  CV_NAMES_DATA = 9,
  CV_NAMES_FIELD = 10, // indirect
  CV_NAMES_TAG = 11,
};
// A cursor over the names of one subsection: (index, name), or (outer, index, name) for the indirect ones.
typedef struct cv_name_cursor {
  const uint8_t *at, *end; // of what is left
  uint32_t left;           // names left in this map
  uint32_t outer_left;     // maps left, indirect ones only
  bool is_indirect;
  uint32_t outer, index; // of the name last given
  cv_bytes name;
} cv_name_cursor;
void cv_name_cursor_init(cv_name_cursor *cursor, const cv_module *module, uint32_t subsection);
// False at the end. Names come in the order of the file, each in valid UTF-8; indices may be any number.
bool cv_name_cursor_next(cv_name_cursor *cursor);

#endif
