;; A 64-bit memory is checked against its present size.
(module
  (memory i64 1)
  (func (param i64 i64) (result i64)
    (i64.store offset=8 (local.get 0) (local.get 1))
    (i64.load (local.get 0))))
