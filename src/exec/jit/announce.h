// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// announce.h: telling profilers and debuggers of compiled functions.
#ifndef COVE_EXEC_JIT_ANNOUNCE_H
#define COVE_EXEC_JIT_ANNOUNCE_H

#include "exec/jit/code.h"

// Announces the functions placed since `first` of them were; their code is final. Does nothing unless asked for.
CV_MUST_USE cv_status jit_announce(jit_code *code, uint32_t first);
void jit_announce_end(jit_code *code);

#endif
