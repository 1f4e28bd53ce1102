;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module (import "game" "draw" (func (param i32))) (func (export "_start")))
