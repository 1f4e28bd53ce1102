// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// target.h: what a fuzz target defines: one run over one input; returns 0. See fuzz/CMakeLists.txt.
#ifndef COVE_FUZZ_TARGET_H
#define COVE_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
