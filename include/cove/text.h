// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// text.h: core modules and components between the text format (core specification, chapter 6; Component Model,
// Explainer.md) and the binary format.
#ifndef COVE_TEXT_H
#define COVE_TEXT_H

#include <cove/component.h>
#include <cove/module.h>

COVE_BEGIN

// The binary of a module or component in text. Errors carry line and column. It is not validated. `engine` gives the
// features that count where they change what a text means; NULL for the default set.
COVE_API COVE_MUST_USE cove_status cove_text_parse(const cove_engine *engine, const char *text, size_t size,
                                                   cove_buffer *out, cove_error **error);

enum {
  COVE_PRINT_NO_NAMES = 1, // indices instead of the name section's names
  COVE_PRINT_OFFSETS = 2,  // comments with byte offsets
  COVE_PRINT_FOLDED = 4,   // operands inside their instruction where that is certain
};
// The text of a module. Parsing it gives the same module again. `flags` of COVE_PRINT_*.
COVE_API COVE_MUST_USE cove_status cove_text_print(const cove_module *module, unsigned flags, cove_buffer *out,
                                                   cove_error **error);
// The same for a component. Parsing the text gives the same definitions in the same order.
COVE_API COVE_MUST_USE cove_status cove_text_print_component(const cove_component *component, unsigned flags,
                                                             cove_buffer *out, cove_error **error);

COVE_END

#endif
