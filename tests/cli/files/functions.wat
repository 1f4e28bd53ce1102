;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module $functions
  (memory (export "memory") 1 2)
  (global (export "counter") (mut i64) (i64.const 0))
  (func (export "add") (param $a i32) (param $b i32) (result i32) (i32.add (local.get $a) (local.get $b)))
  (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
  (func (export "many") (result i32 i64 f32 f64 funcref)
    (i32.const -1) (i64.const -9223372036854775808) (f32.const 0.1) (f64.const inf) (ref.null func)))
