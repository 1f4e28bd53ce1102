;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (global $ready (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $ready (i32.const 42)))
  (func (export "get") (result i32) (global.get $ready)))
