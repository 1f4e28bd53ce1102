// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// words.h: the keywords of the text format: mnemonics of instructions and the rest. A word that is not here is an
// "unknown operator"; one that is here, but not wanted where it stands, is an "unexpected token".
#ifndef COVE_WASM_TEXT_WORDS_H
#define COVE_WASM_TEXT_WORDS_H

#include "wasm/opcodes.h"

typedef struct cv_word {
  const char *text;
  const cv_op_info *op; // the first instruction with this mnemonic, or NULL
} cv_word;

// NULL when there is no such keyword.
const cv_word *cv_word_find(cv_bytes text);

#endif
