;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Ends with a random number from 0 to 99.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $random (i32.const 0) (i32.const 4)))
    (call $exit (i32.rem_u (i32.load (i32.const 0)) (i32.const 100)))))
