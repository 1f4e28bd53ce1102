;; The arm of a catch_all, to which two calls may come with different values of a local, and which does not look at the
;; exception: LLVM 19 put the arithmetic on that local, in a loop, where it was not executed.
(module
  (memory 1)
  (tag $e)
  (func $throws (throw $e))
  (func (export "f") (param i32) (result i64) (local i64)
    (loop $again
      (try
        (do
          (if (i32.and (local.get 0) (i32.const 1))
            (then
              (local.set 1 (i64.const -4760477282856268878))
              (call $throws)
              (unreachable))
            (else
              (local.set 1 (i64.load (i32.const 8)))
              (call $throws)
              (unreachable))))
        (catch_all
          (i64.store (i32.const 0) (i64.and (local.get 1) (i64.const 0x2d8f2b5bb2e6cb8d)))))
      (br_if $again (i32.ge_s (local.tee 0 (i32.sub (local.get 0) (i32.const 2))) (i32.const 0))))
    (i64.load (i32.const 0)))
  (data (i32.const 8) "\01\02\03\04\05\06\07\08"))
(assert_return (invoke "f" (i32.const 7)) (i64.const 0x2d8f230222000b80))
(assert_return (invoke "f" (i32.const 6)) (i64.const 0x0807020100020201))
