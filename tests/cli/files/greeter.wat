;; A component with one import and one export.
(component $greeter
  (import "example:greet/name@1.0.0" (instance $name
    (export "name" (func (result string)))))
  (core module $memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 64))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3)))))
  (core instance $memory (instantiate $memory))
  (core func $name (canon lower (func $name "name")
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core module $main
    (import "env" "name" (func $name (param i32)))
    (func (export "greet") (result i32) (call $name (i32.const 16)) (i32.const 16)))
  (core instance $main (instantiate $main (with "env" (instance (export "name" (func $name))))))
  (func (export "greet") (result string)
    (canon lift (core func $main "greet") (memory (core memory $memory "memory")))))
