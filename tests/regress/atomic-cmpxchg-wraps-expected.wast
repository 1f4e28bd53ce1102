;; A narrow cmpxchg compares at the width of the access: the expected value is wrapped (threads proposal, execution of
;; atomic.rmw.cmpxchg). It was compared at full width, so that one too wide never matched.
(module
  (memory 1)
  (data (i32.const 0) "\11\11\11\11\11\11\11\11")
  (func (export "i32-8") (result i32)
    (i32.atomic.rmw8.cmpxchg_u (i32.const 0) (i32.const 0x11111111) (i32.const 0xcdcdcdcd)))
  (func (export "i32-16") (result i32)
    (i32.atomic.rmw16.cmpxchg_u (i32.const 2) (i32.const 0x22221111) (i32.const 0xabcdcafe)))
  (func (export "i64-32") (result i64)
    (i64.atomic.rmw32.cmpxchg_u (i32.const 4) (i64.const 0x3333333311111111) (i64.const 0x44444444deadbeef)))
  (func (export "memory") (result i64) (i64.load (i32.const 0))))
(assert_return (invoke "i32-8") (i32.const 0x11))
(assert_return (invoke "i32-16") (i32.const 0x1111))
(assert_return (invoke "i64-32") (i64.const 0x11111111))
(assert_return (invoke "memory") (i64.const 0xdeadbeefcafe11cd))
