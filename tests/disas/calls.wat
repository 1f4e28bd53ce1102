;; Arguments and results travel in registers; a pin is stored before a call if it changed, and loaded after it when used.
(module
  (type $t (func (param i32) (result i32)))
  (table 4 funcref)
  (func $callee (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
  (func (param i32 i32) (result i32)
    (local.set 1 (i32.add (call $callee (local.get 0)) (local.get 1)))
    (call_indirect (type $t) (local.get 1) (local.get 0)))
  (func (param i32) (result i32)
    (return_call $callee (i32.add (local.get 0) (i32.const 1)))))
