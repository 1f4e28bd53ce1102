;; Linked into example_linked_guest: see main.c.
(module
  (import "env" "tell" (func $tell (param i64)))
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $ready (i32.const 1)))
  (func (export "ready") (result i32) (global.get $ready))
  (func (export "factorial") (param $n i32) (result i64)
    (local $product i64)
    (local.set $product (i64.const 1))
    (loop $next
      (if (local.get $n)
        (then
          (local.set $product (i64.mul (local.get $product) (i64.extend_i32_u (local.get $n))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $next))))
    (call $tell (local.get $product))
    (local.get $product))
  (func (export "div-mod") (param $a i32) (param $b i32) (result i32 i32)
    (i32.div_s (local.get $a) (local.get $b))
    (i32.rem_s (local.get $a) (local.get $b)))
  (func (export "div.mod") (param $a f64) (param $b f64) (result f64)
    (f64.div (local.get $a) (local.get $b))))
