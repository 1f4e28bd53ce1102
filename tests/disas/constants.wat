;; Constants are operands of the instructions that use them.
(module
  (func (param i32 i64 f64) (result i64)
    (local.set 0 (i32.mul (i32.and (local.get 0) (i32.const 255)) (i32.const 10)))
    (local.set 1 (i64.add (local.get 1) (i64.const 0x123456789a)))
    (local.set 2 (f64.mul (local.get 2) (f64.const 1.5)))
    (i64.add (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)) (i64.trunc_sat_f64_s (local.get 2)))))
