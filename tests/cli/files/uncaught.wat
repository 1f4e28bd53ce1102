;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; A cleanup catches what $inner throws and throws it on, as C++ does with a destructor; an exception of another kind
;; was thrown and caught before.
(module
  (tag $e (param i32))
  (tag $other)
  (func $inner (throw $e (i32.const 7)))
  (func $throw-other (throw $other))
  (func $recover (block $h (try_table (catch $other $h) (call $throw-other))))
  (func $cleanup
    (local $caught exnref)
    (block $h (result exnref)
      (try_table (catch_all_ref $h) (call $inner))
      (return))
    (local.set $caught)
    (throw_ref (local.get $caught)))
  (func (export "_start") (call $recover) (call $cleanup)))
