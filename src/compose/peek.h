// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// peek.h: the core module through which an adapter with a memory of its own reaches the memory of the module that it
// serves. A module can name one memory with ordinary instructions only, so each access is a call.
#ifndef COVE_COMPOSE_PEEK_H
#define COVE_COMPOSE_PEEK_H

#include "base/base.h"

// What adapters import it as.
#define CV_COMPOSE_PEEK "__main_memory__"

// (module
//   (import "env" "memory" (memory 0))
//   (func (export "load8") (param i32) (result i32)) (func (export "load32") (param i32) (result i32))
//   (func (export "load64") (param i32) (result i64))
//   (func (export "store8") (param i32 i32)) (func (export "store16") (param i32 i32))
//   (func (export "store32") (param i32 i32)) (func (export "store64") (param i32 i64)))
cv_bytes cv_compose_peek(void);

#endif
