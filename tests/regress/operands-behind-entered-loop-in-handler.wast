;; The same with handlers, and with a loop behind the first test of another one.
(module
  (memory 1)
  (tag $e (param i32))
  (func $v (param i32) (result i32) (local.get 0) (loop))
  (func $throws (param i32) (if (i32.and (local.get 0) (i32.const 3)) (then) (else (throw $e (local.get 0)))))
  ;; legacy try: a loop in the body, the value below is used behind both arms
  (func (export "try") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $outer
      (call $v (local.get $n))
      (try (result i32)
        (do
          (local.set $i (i32.const 10))
          (loop $in
            (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
            (br_if $in (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
          (call $throws (local.get $n))
          (i32.const 5))
        (catch $e))
      (i32.add)
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "try_table") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $outer
      (call $v (local.get $n))
      (block $caught (result i32)
        (try_table (catch $e $caught)
          (if (i32.and (local.get $n) (i32.const 1))
            (then
              (local.set $i (i32.const 10))
              (loop $in
                (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
                (br_if $in (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))))
          (call $throws (local.get $n)))
        (i32.const 5))
      (i32.add)
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  ;; a cloned loop with another one behind its first test
  (func (export "behind") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
    (loop $outer
      (call $v (local.get $n))
      (f64.convert_i32_s (call $v (local.get $n)))
      (local.set $j (i32.const 6))
      (block $out
        (loop $a
          (local.set $i (i32.const 0))
          (loop $b
            (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $n))
            (br_if $b (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 12)))
            (br_if $out (i32.eqz (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
            (local.set $i (i32.const 7))
            (loop $c
              (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
              (br_if $c (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            (br $b))))
      (i32.trunc_f64_s)
      (i32.add)
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
(assert_return (invoke "try" (i32.const 40)) (i32.const 1590))
(assert_return (invoke "try" (i32.const 40)) (i32.const 1590))
(assert_return (invoke "try_table" (i32.const 40)) (i32.const 1390))
(assert_return (invoke "try_table" (i32.const 40)) (i32.const 1390))
(assert_return (invoke "behind" (i32.const 40)) (i32.const 3040))
(assert_return (invoke "behind" (i32.const 40)) (i32.const 3040))
