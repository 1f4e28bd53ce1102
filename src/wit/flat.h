// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// flat.h: the core types of the flat values of a WIT type, with 32-bit addresses (CanonicalABI.md, "Flattening").
#ifndef COVE_WIT_FLAT_H
#define COVE_WIT_FLAT_H

#include "wit/wit.h"

typedef enum cv_wit_core { CV_WIT_I32, CV_WIT_I64, CV_WIT_F32, CV_WIT_F64 } cv_wit_core;

enum { CV_WIT_MANY_FLAT = 17 }; // one more than a function may have; so many are as good as any more

typedef struct cv_wit_flat {
  cv_wit_core types[CV_WIT_MANY_FLAT];
  uint32_t count; // at most CV_WIT_MANY_FLAT
} cv_wit_flat;

// Appends one; appends those of a type, which may be NULL or absent.
void cv_wit_flat_add(cv_wit_flat *out, cv_wit_core type);
void cv_wit_flatten(const cv_wit_type *type, cv_wit_flat *out);
// Of a type that is no compound: integers, floats, characters, handles.
cv_wit_core cv_wit_scalar_core(uint16_t kind);

#endif
