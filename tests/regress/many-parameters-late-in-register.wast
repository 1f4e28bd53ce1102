;; A parameter behind the fourteenth that still arrived in a register was looked for elsewhere: tier 1 gave its register
;; to another local, or the local another register without a move.
(module
  (func $eighth (param i64 i32 f32 i64 f32 f32 f64 i32 f64 f32 i32 i32 f64 i32 f32) (result f32)
    local.get 14)
  (func $with_work (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 f64 f64) (result f64)
    (local f64)
    (local.set 17 (f64.mul (local.get 16) (f64.const 2)))
    (f64.add (f64.add (local.get 15) (local.get 15)) (f64.add (local.get 17) (local.get 16))))
  (func (export "eighth") (result f32)
    (call $eighth (i64.const 1) (i32.const 2) (f32.const 3) (i64.const 4) (f32.const 5) (f32.const 6) (f64.const 7)
      (i32.const 8) (f64.const 9) (f32.const 10) (i32.const 11) (i32.const 12) (f64.const 13) (i32.const 14)
      (f32.const 15)))
  (func (export "with_work") (result f64)
    (call $with_work (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7)
      (i32.const 8) (i32.const 9) (i32.const 10) (i32.const 11) (i32.const 12) (i32.const 13) (i32.const 14)
      (i32.const 15) (f64.const 100) (f64.const 1))))
(assert_return (invoke "eighth") (f32.const 15))
(assert_return (invoke "with_work") (f64.const 203))
