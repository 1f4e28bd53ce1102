;; A local that nothing uses any more is not stored before a call; one that is still on the operand stack is.
(module
  (func $f (import "m" "f") (param i32 i32) (result i32))
  (func (param i32 i32) (result i32)
    (call $f (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32)
    (i32.add (local.get 0) (call $f (local.get 1) (i32.const 1))))
  (func (param i32 i32) (result i32)
    (loop (result i32)
      (drop (call $f (local.get 0) (local.get 1)))
      (br 0))))
