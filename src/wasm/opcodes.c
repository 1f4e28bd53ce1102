// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// opcodes.c: the table behind cv_op_info_of, and the checks that keep opcodes.def and the dense index together.
#include "wasm/opcodes.h"

#include "wasm/features.h"

// One string after the other; the first is that of no instruction.
typedef struct mnemonic_text {
  char none[1];
#define CV_OP(name, code, mnemonic, imm, sig, feature) char name[sizeof mnemonic];
#include "wasm/opcodes.def"
} mnemonic_text;
static_assert(sizeof(mnemonic_text) <= UINT16_MAX, "the offsets of mnemonics have 16 bits");

static const mnemonic_text mnemonics = {
    "",
#define CV_OP(name, code, mnemonic, imm, sig, feature) mnemonic,
#include "wasm/opcodes.def"
};

const char *cv_op_mnemonic(const cv_op_info *info) {
  return (const char *)&mnemonics + info->mnemonic;
}

#define ROW(name, code, imm, sig, feature, align)                                                                      \
  {code, offsetof(mnemonic_text, name), CV_IMM_##imm, CV_FEATURE_BIT_##feature, align, sig}
const cv_op_info cv_op_infos[CV_OP_INDEX_COUNT + 1] = {
#define CV_OP(name, code, mnemonic, imm, sig, feature) [CV_OP_INDEX(code)] = ROW(name, code, imm, sig, feature, 0),
#define CV_MEMOP(name, code, mnemonic, imm, sig, feature, align)                                                       \
  [CV_OP_INDEX(code)] = ROW(name, code, imm, sig, feature, align),
#include "wasm/opcodes.def"
};
#undef ROW

#define CV_OP(name, code, mnemonic, imm, sig, feature)                                                                 \
  static_assert(CV_OP_INDEX(code) < CV_OP_INDEX_COUNT, "code outside the dense index: " mnemonic);                     \
  static_assert(sizeof sig <= CV_OP_SIG_SIZE, "no room for the signature of " mnemonic);
#include "wasm/opcodes.def"
