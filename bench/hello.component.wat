;; hello world as a component for the command world of WASI 0.2, with nothing in it that the program does not need.
(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error'))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $out (sub resource)))
    (alias outer 1 $error' (type $error''))
    (export "error" (type $e (eq $error'')))
    (type $failure (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $failure' (eq $failure)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $failure')))))))
  (alias export $streams "output-stream" (type $out))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $out (type $out'))
    (export "output-stream" (type $o (eq $out')))
    (export "get-stdout" (func (result (own $o))))))
  (core module $Memory
    (memory (export "memory") 1)
    (data (i32.const 64) "hello, world\n"))
  (core instance $memory (instantiate $Memory))
  (core func $get (canon lower (func $stdout "get-stdout")))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
    (memory (core memory $memory "memory"))))
  (core func $drop (canon resource.drop $out))
  (core module $Main
    (import "host" "memory" (memory 1))
    (import "host" "get" (func $get (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (func (export "run") (result i32)
      (local $stream i32)
      (local.set $stream (call $get))
      (call $write (local.get $stream) (i32.const 64) (i32.const 13) (i32.const 128))
      (call $drop (local.get $stream))
      (i32.load8_u (i32.const 128))))
  (core instance $main (instantiate $Main (with "host" (instance
    (export "memory" (memory $memory "memory"))
    (export "get" (func $get))
    (export "write" (func $write))
    (export "drop" (func $drop))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $run' (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run')))
