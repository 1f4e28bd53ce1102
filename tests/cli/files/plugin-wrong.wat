(module
  (import "test:shapes/log@1.0.0" "wrote" (func (param i32 i32)))
  (memory (export "memory") 1))
