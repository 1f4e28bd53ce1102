;; A result that the flags tell of is not tested again; `and` before a branch is a test.
(module
  (func (param i32 i64) (result i32)
    (block $out
      (br_if $out (i32.and (local.get 0) (i32.const 6)))
      (br_if $out (i64.eqz (i64.and (local.get 1) (i64.const 1))))
      (loop $again
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 3))))))
    (i32.xor (local.get 0) (i32.const -1))))
