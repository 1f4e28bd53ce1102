// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wat.h: core modules between text and binary.
#ifndef COVE_WASM_TEXT_WAT_H
#define COVE_WASM_TEXT_WAT_H

#include "base/buf.h"
#include "wasm/module.h"
#include "wasm/text/lex.h"

// Appends the binary of a module in text: "(module ...)" or bare fields. Identifiers go to a name section, annotations
// to custom sections. Only what the text format itself forbids is an error here (CV_EMALFORMED, with line and column);
// the binary is then to be decoded and validated as any other. Features matter where they change what the text means.
CV_MUST_USE cv_status cv_wat_parse(const char *text, size_t size, cv_features features, cv_mem *mem, cv_buf *out,
                                   cv_diag *diag);

// The fields of a module inside a larger text: *at is the token after `module`, and then the one after the fields. When
// `open` is the index of the module's parenthesis, an identifier may come first, and the fields end at the closing
// parenthesis, which is passed; UINT32_MAX for bare fields, which end with the text.
CV_MUST_USE cv_status cv_wat_parse_fields(cv_text *text, uint32_t open, uint32_t *at, cv_features features, cv_mem *mem,
                                          cv_buf *out, cv_diag *diag);

typedef struct cv_wat_print_options {
  bool fold;     // operands inside their instruction where that is certain
  bool no_names; // indices instead of the name section's names
  bool offsets;  // a comment with the byte offset of every instruction
} cv_wat_print_options;

// Appends the text of a module. Parsing it again gives the same module, with its names and custom sections. The module
// has been decoded, and validated at least in its structure.
CV_MUST_USE cv_status cv_wat_print(const cv_module *module, const cv_wat_print_options *options, cv_mem *mem,
                                   cv_buf *out, cv_diag *diag);

// A module inside a component.
typedef struct cv_wat_nesting {
  uint32_t depth; // of indentation
  cv_bytes id;    // its identifier there, or no data
  cv_bytes name;  // its name there, where that is not the identifier, else no data
  uint32_t index;
} cv_wat_nesting;
// "(core module ...)" without a newline at its end.
CV_MUST_USE cv_status cv_wat_print_nested(const cv_module *module, const cv_wat_print_options *options,
                                          const cv_wat_nesting *nesting, cv_mem *mem, cv_buf *out, cv_diag *diag);
// cv_wat_parse_fields for a module inside a component, which may have (@own-name).
CV_MUST_USE cv_status cv_wat_parse_nested(cv_text *text, uint32_t open, uint32_t *at, cv_features features, cv_mem *mem,
                                          cv_buf *out, cv_diag *diag);

#endif
