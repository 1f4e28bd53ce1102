;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module (import "env" "puts" (func (param i32) (result i32))) (func (export "_start")))
