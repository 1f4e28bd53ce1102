;; A local that only a loop more than ten deep uses: the weights of uses overflowed to 0 there, and tier 1 took the local
;; for dead at the call, whose caller then lost it.
(module
  (func $nothing)
  (func (export "run") (param i32) (result i32) (local i32 i32)
    (local.set 1 (i32.add (local.get 0) (i32.const 40)))
    (call $nothing)
    (loop (loop (loop (loop (loop (loop (loop (loop (loop (loop (loop (loop
      (local.set 2 (local.get 1))))))))))))))
    (local.get 2))
  (func (export "ten") (param i32) (result i32) (local i32 i32)
    (local.set 1 (i32.add (local.get 0) (i32.const 40)))
    (call $nothing)
    (loop (loop (loop (loop (loop (loop (loop (loop (loop (loop
      (local.set 2 (local.get 1))))))))))))
    (local.get 2)))
(assert_return (invoke "run" (i32.const 2)) (i32.const 42))
(assert_return (invoke "ten" (i32.const 2)) (i32.const 42))
