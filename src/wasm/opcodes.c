// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// opcodes.c: the table behind cv_op_info_of, and the checks that keep opcodes.def and the dense index together.
#include "wasm/opcodes.h"

#include "wasm/features.h"

const cv_op_info cv_op_infos[CV_OP_INDEX_COUNT + 1] = {
#define CV_OP(name, code, mnemonic, imm, sig, feature)                                                                 \
  [CV_OP_INDEX(code)] = {mnemonic, sig, code, CV_IMM_##imm, CV_FEATURE_BIT_##feature, 0},
#define CV_MEMOP(name, code, mnemonic, imm, sig, feature, align)                                                       \
  [CV_OP_INDEX(code)] = {mnemonic, sig, code, CV_IMM_##imm, CV_FEATURE_BIT_##feature, align},
#include "wasm/opcodes.def"
};

#define CV_OP(name, code, mnemonic, imm, sig, feature)                                                                 \
  static_assert(CV_OP_INDEX(code) < CV_OP_INDEX_COUNT, "code outside the dense index: " mnemonic);
#include "wasm/opcodes.def"
