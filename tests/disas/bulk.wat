;; Copies and fills of a small known size are made in place: all loads first, the highest store first.
(module
  (memory 1)
  (func (param i32 i32)
    (memory.copy (local.get 0) (local.get 1) (i32.const 20))
    (memory.copy (i32.const 8) (local.get 1) (i32.const 7))
    (memory.fill (local.get 0) (i32.const 0) (i32.const 32))))
