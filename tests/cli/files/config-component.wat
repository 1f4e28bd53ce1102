;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Prints nothing; fails unless the setting "color" is "blue".
(component
  (import "wasi:config/store@0.2.0-draft" (instance $store
    (type $e (variant (case "upstream" string) (case "io" string)))
    (export "error" (type $error (eq $e)))
    (type $o (option string))
    (type $r (result $o (error $error)))
    (export "get" (func (param "key" string) (result $r)))))
  (core module $libc
    (memory (export "memory") 1)
    (data (i32.const 16) "color")
    (global $at (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $at) (global.set $at (i32.add (global.get $at) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (alias export $store "get" (func $get))
  (core func $get (canon lower (func $get) (memory $memory) (realloc $realloc)))
  (core module $program
    (import "" "get" (func $get (param i32 i32 i32)))
    (import "" "memory" (memory 1))
    (func (export "run") (result i32)
      (call $get (i32.const 16) (i32.const 5) (i32.const 64))
      (i32.eqz (i32.and
        (i32.eq (i32.load (i32.const 76)) (i32.const 4))
        (i32.eq (i32.load (i32.load (i32.const 72))) (i32.const 0x65756c62))))))
  (core instance $program (instantiate $program (with "" (instance
    (export "get" (func $get)) (export "memory" (memory $memory))))))
  (alias core export $program "run" (core func $run))
  (func $lifted (result (result)) (canon lift (core func $run)))
  (instance $run (export "run" (func $lifted)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
