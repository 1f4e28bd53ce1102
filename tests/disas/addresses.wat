;; A 32-bit memory needs no check: index, offset and width are one operand.
(module
  (memory 1)
  (func (param i32) (result i32)
    (i32.store offset=16 (local.get 0) (i32.const 1))
    (i32.store8 (i32.const 64) (i32.load8_u offset=4 (local.get 0)))
    (i32.load offset=8 (i32.add (local.get 0) (i32.shl (local.get 0) (i32.const 2))))))
