// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// words.c: a hash table of all keywords, filled once per process.
#include "wasm/text/words.h"

#include <threads.h>

#include "base/map.h"

// Keywords that are no mnemonics. Those of scripts stand with those of modules, as in the reference grammar.
static const char other_words[][40] = {"i8",
                                       "i16",
                                       "i32",
                                       "i64",
                                       "f32",
                                       "f64",
                                       "v128",
                                       "i8x16",
                                       "i16x8",
                                       "i32x4",
                                       "i64x2",
                                       "f32x4",
                                       "f64x2", //
                                       "any",
                                       "anyref",
                                       "none",
                                       "nullref",
                                       "eq",
                                       "eqref",
                                       "i31",
                                       "i31ref",
                                       "structref",
                                       "arrayref",
                                       "nofunc",
                                       "funcref",
                                       "nullfuncref",
                                       "exn",
                                       "noexn",
                                       "exnref",
                                       "nullexnref",
                                       "extern",
                                       "noextern",
                                       "externref",
                                       "nullexternref",
                                       "ref",
                                       "null",
                                       "array",
                                       "struct",
                                       "field",
                                       "mut",
                                       "sub",
                                       "final",
                                       "rec",
                                       "func",
                                       "type",
                                       "param",
                                       "result",
                                       "local",
                                       "global",
                                       "table",
                                       "memory",
                                       "tag",
                                       "elem",
                                       "data",
                                       "offset",
                                       "item",
                                       "import",
                                       "export",
                                       "start",
                                       "module",
                                       "declare",
                                       "shared",
                                       "pagesize",
                                       "then",
                                       "do",
                                       "catch_ref",
                                       "catch_all_ref", //
                                       "binary",
                                       "quote",
                                       "definition",
                                       "instance",
                                       "script",
                                       "register",
                                       "invoke",
                                       "get",
                                       "assert_malformed",
                                       "assert_invalid",
                                       "assert_malformed_custom",
                                       "assert_invalid_custom",
                                       "assert_unlinkable",
                                       "assert_return",
                                       "assert_trap",
                                       "assert_exception",
                                       "assert_exhaustion",
                                       "assert_suspension",
                                       "nan:canonical",
                                       "nan:arithmetic",
                                       "either",
                                       "input",
                                       "output",
                                       "thread",
                                       "wait",
                                       "component",
                                       "ref.extern",
                                       "ref.host",
                                       "ref.struct",
                                       "ref.array",
                                       "ref.exn"};

enum { SLOTS = 4096, WORDS = CV_OP_INDEX_COUNT + CV_COUNT(other_words) };

static cv_word words[WORDS];
static uint16_t slots[SLOTS]; // 1 + index in words
static once_flag once = ONCE_FLAG_INIT;

// The slot of the word, or the free slot where it belongs.
static uint16_t *find_slot(cv_bytes text) {
  for (uint32_t i = cv_hash_bytes(text.data, text.size);; i++) {
    uint16_t *slot = &slots[i % SLOTS];
    if (*slot == 0 || cv_bytes_equal(cv_bytes_of(words[*slot - 1].text), text))
      return slot;
  }
}

static unsigned add_word(unsigned count, const char *text, const cv_op_info *op) {
  uint16_t *slot = find_slot(cv_bytes_of(text));
  if (*slot != 0)
    return count;
  words[count] = (cv_word){text, op};
  *slot = (uint16_t)(count + 1);
  return count + 1;
}

static void fill(void) {
  unsigned count = 0;
  for (uint32_t i = 0; i < CV_OP_INDEX_COUNT; i++)
    if (cv_op_infos[i].mnemonic != 0)
      count = add_word(count, cv_op_mnemonic(&cv_op_infos[i]), &cv_op_infos[i]);
  for (size_t i = 0; i < CV_COUNT(other_words); i++)
    count = add_word(count, other_words[i], NULL);
}

const cv_word *cv_word_find(cv_bytes text) {
  call_once(&once, fill);
  uint16_t slot = *find_slot(text);
  return slot == 0 ? NULL : &words[slot - 1];
}
