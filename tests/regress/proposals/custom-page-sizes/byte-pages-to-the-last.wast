;; A memory with pages of one byte has at most 2^32 - 1 of them, as many as memory.size can say (custom page sizes
;; proposal). The last one could be had by growing, and then the size read as zero.
(module
  (memory 0 (pagesize 1))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size)))
(assert_return (invoke "grow" (i32.const -1)) (i32.const 0))
(assert_return (invoke "grow" (i32.const 1)) (i32.const -1))
(assert_return (invoke "size") (i32.const -1))
