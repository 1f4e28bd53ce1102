;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (drop (memory.grow (i32.const 1))) (br $again))))
