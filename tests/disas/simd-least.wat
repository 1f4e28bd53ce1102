;; cpu: least
;; Without AVX an instruction overwrites its first operand.
(module
  (memory 1)
  (func (param i32 v128) (result v128)
    (i32x4.add (v128.load (local.get 0)) (i32x4.sub (local.get 1) (v128.load offset=16 (local.get 0))))))
