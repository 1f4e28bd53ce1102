;; A loop that is entered in the tier that compiles with LLVM while it runs, inside an arm or a handler: what lies below on
;; the operand stack was, behind that arm, what it had been at the loop's last turn, or nothing at all.
(module
  (func $v (param i32) (result i32) (local.get 0) (loop) )
  (func (export "f") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $outer
      (call $v (local.get $n))
      (if (i32.and (local.get $n) (i32.const 1))
        (then
          (local.set $i (i32.const 20))
          (loop $in
            (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
            (br_if $in (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
        (else
          (local.set $sum (i32.add (local.get $sum) (i32.const 1000)))))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "g") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $outer
      (call $v (local.get $n))
      (if (i32.and (local.get $n) (i32.const 1))
        (then
          (local.set $i (i32.const 20))
          (loop $in
            (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
            (br_if $in (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
(assert_return (invoke "f" (i32.const 100)) (i32.const 56050))
(assert_return (invoke "f" (i32.const 100)) (i32.const 56050))
(assert_return (invoke "f" (i32.const 101)) (i32.const 56171))
(assert_return (invoke "g" (i32.const 100)) (i32.const 6050))
(assert_return (invoke "g" (i32.const 100)) (i32.const 6050))
(assert_return (invoke "g" (i32.const 101)) (i32.const 6171))
