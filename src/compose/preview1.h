// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// preview1.h: our adapter for wasi_snapshot_preview1, made by adapter/build.
#ifndef COVE_COMPOSE_PREVIEW1_H
#define COVE_COMPOSE_PREVIEW1_H

#include "wasm/module.h"

extern const uint8_t cv_preview1_with_files[], cv_preview1_without_files[];
extern const size_t cv_preview1_with_files_size, cv_preview1_without_files_size;

#define CV_PREVIEW1_NAME "wasi_snapshot_preview1"

// The adapter for a program: the one without files when the program imports nothing that opens one.
cv_bytes cv_preview1_adapter(const cv_module *main);

#endif
