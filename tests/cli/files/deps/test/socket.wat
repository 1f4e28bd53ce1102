;; Wants to add, and doubles with it.
(component
  (import "test:math/ops@1.0.0" (instance $ops
    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
  (core func $add (canon lower (func $ops "add")))
  (core module $code
    (import "ops" "add" (func $add (param i32 i32) (result i32)))
    (func (export "twice") (param i32) (result i32) (call $add (local.get 0) (local.get 0))))
  (core instance $i (instantiate $code (with "ops" (instance (export "add" (func $add))))))
  (func (export "twice") (param "x" u32) (result u32) (canon lift (core func $i "twice"))))
