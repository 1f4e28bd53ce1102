;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (memory 1)
  (func $inner (param i32) (result i32) (i32.load (local.get 0)))
  (func $outer (result i32) (i32.add (call $inner (i32.const -4)) (i32.const 1)))
  (func (export "_start") (drop (call $outer))))
