;; What a loop stores at one place is there when the instruction behind the loop traps, also where a later instruction
;; stores there again: LLVM left the store out, since in the clone of the loop that cannot trap it is not volatile.
(module
  (memory 1)
  (func (export "load") (param $n i32) (local $i i32)
    (loop $again
      (i32.store (i32.const 16) (i32.add (local.get $i) (i32.const 3)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (drop (i32.load offset=1000000 (i32.const 0)))
    (i32.store (i32.const 16) (i32.const 7)))
  (func (export "store") (param $n i32) (local $i i32)
    (loop $again
      (i32.store (i32.const 16) (i32.add (local.get $i) (i32.const 3)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.store offset=1000000 (i32.const 0) (i32.const 1))
    (i32.store (i32.const 16) (i32.const 7)))
  (func (export "get") (result i32) (i32.load (i32.const 16))))
(assert_trap (invoke "load" (i32.const 12)) "out of bounds memory access")
(assert_return (invoke "get") (i32.const 14))
(assert_trap (invoke "store" (i32.const 13)) "out of bounds memory access")
(assert_return (invoke "get") (i32.const 15))
