;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
(module (func $spin (loop $again (br $again))) (func (export "_start") (call $spin)))
