;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; hello.wat: greets whom its first argument names: cove run examples/hello.wat you
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "hello, ")
  (data (i32.const 8) "world")
  (data (i32.const 16) "\n")

  ;; At 32: number of arguments, size of their bytes. At 40: three runs of bytes to write. At 1024: the arguments.
  (func $length (param $text i32) (result i32)
    (local $at i32)
    (local.set $at (local.get $text))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.sub (local.get $at) (local.get $text)))

  (func $piece (param $at i32) (param $text i32) (param $size i32)
    (i32.store (local.get $at) (local.get $text))
    (i32.store offset=4 (local.get $at) (local.get $size)))

  (func (export "_start")
    (local $name i32)
    (local.set $name (i32.const 8))
    (drop (call $args_sizes_get (i32.const 32) (i32.const 36)))
    ;; Room for the pointers and the bytes is one page.
    (if (i32.and (i32.gt_u (i32.load (i32.const 32)) (i32.const 1))
                 (i32.lt_u (i32.add (i32.mul (i32.load (i32.const 32)) (i32.const 4)) (i32.load (i32.const 36)))
                           (i32.const 65536)))
      (then
        (drop (call $args_get
          (i32.const 1024)
          (i32.add (i32.const 1024) (i32.mul (i32.load (i32.const 32)) (i32.const 4)))))
        (local.set $name (i32.load (i32.const 1028)))))
    (call $piece (i32.const 40) (i32.const 0) (i32.const 7))
    (call $piece (i32.const 48) (local.get $name) (call $length (local.get $name)))
    (call $piece (i32.const 56) (i32.const 16) (i32.const 1))
    (drop (call $fd_write (i32.const 1) (i32.const 40) (i32.const 3) (i32.const 64)))))
