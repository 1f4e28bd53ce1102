// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fatal.h: calling LLVM so that it does not end the process.
#ifndef COVE_EXEC_LLVM_PLUGIN_FATAL_H
#define COVE_EXEC_LLVM_PLUGIN_FATAL_H

#include "base/base.h"

void fatal_install(void); // once for the process
// Runs fn(arg), which may call LLVM. False: it said so, or LLVM gave up in it or before; then `why` has a sentence.
bool fatal_guard(bool (*fn)(void *), void *arg, char *why, size_t size);
// LLVM has given up in this process: nothing of it may be called, so what it made is not freed.
bool fatal_met(void);

#endif
