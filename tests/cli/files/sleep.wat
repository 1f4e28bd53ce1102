;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Sleeps for a nanosecond by the wall clock, as sleep of C libraries does, and ends with the error of that.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i64.store (i32.const 24) (i64.const 1))
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
    (call $exit (i32.load16_u (i32.const 72)))))
