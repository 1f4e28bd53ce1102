;; Division by a constant is multiplication, a mask or a shift; otherwise traps are told apart by the address.
(module
  (func (param i32 i32) (result i32)
    (local.set 0 (i32.add (i32.div_u (local.get 0) (i32.const 10)) (i32.rem_u (local.get 0) (i32.const 8))))
    (i32.div_s (local.get 0) (local.get 1))))
