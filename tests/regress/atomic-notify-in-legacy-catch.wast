;; The operands of notify went through the slot that keeps the exception of a legacy catch arm, so that the guest chose
;; what rethrow threw.
(module
  (memory 1 1 shared)
  (tag $t (param i32))
  (func $inner (param i32)
    try
      local.get 0
      throw $t
    catch $t
      drop
      (drop (memory.atomic.notify (i32.const 8) (i32.const 0x41414141)))
      rethrow 0
    end)
  (func (export "run") (param i32) (result i32)
    try (result i32)
      local.get 0
      call $inner
      i32.const 0
    catch $t
    end))
(assert_return (invoke "run" (i32.const 77)) (i32.const 77))
