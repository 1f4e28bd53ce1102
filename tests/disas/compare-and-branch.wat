;; A comparison and what consumes it are one: branch, if, select.
(module
  (func (param i32 i32 f64) (result i32)
    (block $out
      (br_if $out (i32.lt_s (local.get 0) (local.get 1)))
      (br_if $out (i32.eqz (local.get 1)))
      (br_if $out (f64.ge (local.get 2) (f64.const 0)))
      (if (i32.ne (local.get 0) (i32.const 7)) (then (local.set 0 (i32.const 1)))))
    (select (local.get 0) (local.get 1) (i32.gt_u (local.get 0) (local.get 1)))))
