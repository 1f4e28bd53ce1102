;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Fails unless the bucket "cache" can be opened.
(component
  (import "wasi:keyvalue/store@0.2.0-draft2" (instance $store
    (type $e (variant (case "no-such-store") (case "access-denied") (case "other" string)))
    (export "error" (type $error (eq $e)))
    (export "bucket" (type $bucket (sub resource)))
    (type $r (result (own $bucket) (error $error)))
    (export "open" (func (param "identifier" string) (result $r)))))
  (core module $libc
    (memory (export "memory") 1)
    (data (i32.const 16) "cache")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (alias export $store "open" (func $open))
  (core func $open (canon lower (func $open) (memory $memory) (realloc $realloc)))
  (core module $program
    (import "" "open" (func $open (param i32 i32 i32)))
    (import "" "memory" (memory 1))
    (func (export "run") (result i32)
      (call $open (i32.const 16) (i32.const 5) (i32.const 64))
      (i32.load8_u (i32.const 64))))
  (core instance $program (instantiate $program (with "" (instance
    (export "open" (func $open)) (export "memory" (memory $memory))))))
  (alias core export $program "run" (core func $run))
  (func $lifted (result (result)) (canon lift (core func $run)))
  (instance $run (export "run" (func $lifted)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
