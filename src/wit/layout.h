// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// layout.h: how the canonical ABI lays WIT types out (CanonicalABI.md, "Alignment", "Element Size", "Flattening").
#ifndef COVE_WIT_LAYOUT_H
#define COVE_WIT_LAYOUT_H

#include "wit/wit.h"

// Size and alignment in a memory with 32-bit addresses, and the number of flat values (CanonicalABI.md).
typedef struct cv_wit_layout {
  uint32_t size, align, flat;
  uint32_t discriminant, payload; // variants: bytes of the discriminant, offset of the payload
} cv_wit_layout;
cv_wit_layout cv_wit_layout_of(const cv_wit_type *type); // NULL: nothing
cv_wit_layout cv_wit_layout_of_def(const cv_wit_typedef *def);

#endif
