// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "exec/llvm/plugin/gen.h"
void gen_simd(gen *g, uint32_t op) {
  gen_fail(g, "unsupported: vectors in this tier");
}
