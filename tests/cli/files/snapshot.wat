;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Counts what has initialised it; `get` says what there is, `_start` ends with it. The other functions are initialisers
;; for cove snapshot --init: `random` asks for a random number, `open` leaves a file of its first directory open.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 256) "text.txt")
  (func $add (param i32) (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0))))
  (func (export "_initialize") (call $add (i32.const 1)))
  (func (export "wizer.initialize") (call $add (i32.const 10)))
  (func (export "other") (call $add (i32.const 20)))
  (func (export "random")
    (call $add (i32.add (i32.const 40) (call $random (i32.const 16) (i32.const 4)))))
  (func (export "open")
    (drop (call $path_open (i32.const 3) (i32.const 1) (i32.const 256) (i32.const 8)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))))
  (func (export "leaves") (call $exit (i32.const 3)))
  (func (export "traps") unreachable)
  (func (export "takes") (param i32))
  (func (export "get") (result i32) (i32.load (i32.const 8)))
  (func (export "_start") (call $exit (i32.const 99)))
  (func (export "resume") (call $exit (i32.load (i32.const 8)))))
