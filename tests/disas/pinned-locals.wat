;; Locals live in registers for the whole function; a parameter stays where it arrives.
(module
  (func (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.add (local.get 0) (local.get 1)))
    (i32.sub (local.get 2) (i32.mul (local.get 0) (local.get 1)))))
