;; Vectors: registers of the planner, stencils with fixed ones, memory operands.
(module
  (memory 1)
  (func (param i32 v128) (result v128)
    (v128.store offset=32 (local.get 0) (i32x4.add (v128.load (local.get 0)) (local.get 1)))
    (local.set 1 (i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12 (local.get 1) (local.get 1)))
    (i32x4.mul (f32x4.sqrt (local.get 1)) (i32x4.splat (local.get 0)))))
