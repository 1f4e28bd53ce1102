// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// number.h: numbers of the text format (core specification, 6.3.1, 6.3.2), exactly: literals to bits and bits to
// literals. Own arithmetic, so that neither the locale nor the C library's rounding matters.
#ifndef COVE_WASM_TEXT_NUMBER_H
#define COVE_WASM_TEXT_NUMBER_H

#include "base/buf.h"

// The literal was accepted by the lexer as CV_TOK_NAT, _INT or _FLOAT. False when it is out of range.
// An unsigned literal of at most `max`.
CV_MUST_USE bool cv_text_nat(cv_bytes literal, uint64_t max, uint64_t *value);
// An integer of 8, 16, 32 or 64 bits, signed or unsigned: from -2^(bits-1) to 2^bits - 1, as two's complement in the
// low bits.
CV_MUST_USE bool cv_text_int(cv_bytes literal, unsigned bits, uint64_t *value);
// A float of 32 or 64 bits, rounded to nearest, ties to even. An integer literal is allowed.
CV_MUST_USE bool cv_text_float(cv_bytes literal, unsigned bits, uint64_t *value);

// A literal that reads back as exactly these bits: decimal when it is short, otherwise hexadecimal, nan with payload.
void cv_text_print_float(cv_buf *out, uint64_t value, unsigned bits);

#endif
