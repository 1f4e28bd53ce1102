;; cpu: least
;; Shifts by a variable go through cl; bits are counted by stencils; floats have two operands.
(module
  (func (param i32 i32 f64 f64) (result i32)
    (local.set 2 (f64.sub (local.get 3) (local.get 2)))
    (i32.add (i32.shl (local.get 0) (local.get 1))
      (i32.add (i32.popcnt (local.get 1)) (i32.trunc_sat_f64_s (local.get 2))))))
