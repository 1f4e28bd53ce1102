;; A quotient or remainder goes to a local of which older values are still on the operand stack: tier 1 saved one of
;; them in the register of the result.
(module
  (func (export "rem") (param i64 i64) (result i64)
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 1
    i64.rem_s
    local.tee 0
    i64.add
    i64.add
    i64.add
    i64.add
    i64.add
    i64.add
    i64.add
    i64.add
    i64.add
    i64.add
    local.get 0
    i64.mul)
  (func (export "div") (param i32 i32) (result i32)
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 0
    local.get 1
    i32.div_u
    local.set 0
    i32.add
    i32.add
    i32.add
    i32.add
    i32.add
    i32.add
    i32.add
    i32.add
    i32.add
    i32.add
    i32.add
    local.get 0
    i32.mul))
(assert_return (invoke "rem" (i64.const 17) (i64.const 5)) (i64.const 344))
(assert_return (invoke "div" (i32.const 17) (i32.const 5)) (i32.const 612))
