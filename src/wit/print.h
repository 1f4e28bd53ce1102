// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// print.h: WIT as text.
#ifndef COVE_WIT_PRINT_H
#define COVE_WIT_PRINT_H

#include "wit/wit.h"

// Appends a document that parses back to the same packages: `first` (may be NULL) as the root package, then the others
// in braces. Types come before functions.
void cv_wit_print(const cv_wit *wit, const cv_wit_package *first, cv_buf *out);
// One type: "result<list<u8>, stream-error>".
void cv_wit_print_type(const cv_wit_type *type, cv_buf *out);

// One function: "item.merge: static func(a: item, b: borrow<item>) -> item".
void cv_wit_print_func(const cv_wit_func *func, cv_buf *out);

#endif
