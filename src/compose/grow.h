// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// grow.h: the core module that allocates for an adapter in the memory of the module that it serves, when that module
// has no `cabi_realloc`.
#ifndef COVE_COMPOSE_GROW_H
#define COVE_COMPOSE_GROW_H

#include "base/base.h"

// What adapters import it as: it stands in for the module.
#define CV_COMPOSE_GROW "__main_module__"

// Its one function grows the memory by whole pages each time, and frees none. Most allocators bear that: they ask for
// memory by memory.grow as well, and take what they get.
//
// (module
//   (import "env" "memory" (memory 0))
//   (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result
//   i32)
//     (local $new i32)
//     (local.set $new
//       (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16))
//                             (i32.ne (i32.and (local.get $size) (i32.const 0xffff)) (i32.const 0)))))
//     (if (i32.eq (local.get $new) (i32.const -1)) (then (unreachable)))
//     (local.set $new (i32.shl (local.get $new) (i32.const 16)))
//     (memory.copy (local.get $new) (local.get $old)
//       (select (local.get $old_size) (local.get $size) (i32.lt_u (local.get $old_size) (local.get $size))))
//     (local.get $new)))
cv_bytes cv_compose_grow(void);

#endif
