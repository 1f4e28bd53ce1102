// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// walk.h: the sections of a binary that was decoded before, one after another, for whoever writes it again. Modules and
// components have the same shape: a preamble, and sections that say their sizes.
#ifndef COVE_WASM_BINARY_WALK_H
#define COVE_WASM_BINARY_WALK_H

#include "wasm/module.h"

enum { CV_PREAMBLE_SIZE = 8 };

typedef struct cv_section {
  const uint8_t *start;    // its id
  const uint8_t *contents; // `size` bytes
  const uint8_t *after;    // at first: where the first section is
  uint32_t size;
  uint8_t id;
} cv_section;

// Before the first section of a binary.
static inline cv_section cv_section_before(const uint8_t *binary) {
  return (cv_section){.after = binary + CV_PREAMBLE_SIZE};
}
// The section behind the last one; false at the end of the binary.
bool cv_section_next(cv_section *section, const uint8_t *end);

// What a custom section of a module is; NULL for others.
const cv_custom_section *cv_section_custom(const cv_module *module, const cv_section *section);

#endif
