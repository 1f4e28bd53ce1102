;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Logs one message of each level.
(component
  (import "wasi:logging/logging@0.1.0-draft" (instance $logging
    (type $l (enum "trace" "debug" "info" "warn" "error" "critical"))
    (export "level" (type $level (eq $l)))
    (export "log" (func (param "level" $level) (param "context" string) (param "message" string)))))
  (core module $libc (memory (export "memory") 1) (data (i32.const 16) "stepone\0atwo"))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias export $logging "log" (func $log))
  (core func $log (canon lower (func $log) (memory $memory)))
  (core module $program
    (import "" "log" (func $log (param i32 i32 i32 i32 i32)))
    (func (export "run") (result i32) (local $level i32)
      (loop $next
        (call $log (local.get $level) (i32.const 16) (i32.const 4) (i32.const 20) (i32.const 7))
        (br_if $next (i32.ne (local.tee $level (i32.add (local.get $level) (i32.const 1))) (i32.const 6))))
      (i32.const 0)))
  (core instance $program (instantiate $program (with "" (instance (export "log" (func $log))))))
  (alias core export $program "run" (core func $run))
  (func $lifted (result (result)) (canon lift (core func $run)))
  (instance $run (export "run" (func $lifted)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
