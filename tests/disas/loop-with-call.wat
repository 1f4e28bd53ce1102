;; A pin that is used more than calls happen is valid at the loop's head; another is loaded when it is wanted.
(module
  (func $f (import "m" "f") (param i32))
  (func (param $n i32) (param $rare i32) (result i32) (local $i i32)
    (loop $again
      (call $f (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $i (i32.xor (local.get $i) (i32.const 0)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $rare)))
