;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module
  (func $broken (result i32)
    (i64.const 1)))
