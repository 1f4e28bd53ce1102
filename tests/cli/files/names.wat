;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Names that a C header cannot take as they are, and an initialiser that is none.
(module $names
  (func (export "_initialize") (param i64 i64) (result i64 i64 i64) (i64.const 1) (i64.const 2) (i64.const 3))
  (func (export "a") (result i64 i64 i64) (i64.const 1) (i64.const 2) (i64.const 3))
  (func (export "a\00b"))
  (func (export "x.y"))
  (func (export "x_y"))
  (func (export "x_y_4"))
  (func (export "x_y_3"))
  (func (export "open"))
  (func (export "\"); ??/\n#error \\")))
