;; Two components: $callee has functions that do nothing with what they get, $caller calls them in loops, and functions
;; of the host that do as much. All strings
;; and lists of a component lie in one place, so that what is measured is the crossing and not an allocator.
(component
  (import "host" (instance $host
    (export "same" (func (param "a" u32) (result u32)))
    (export "echo" (func (param "a" string) (result string)))))
  (component $Callee
    (core module $M
      (memory (export "memory") 200)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
      (func (export "same") (param i32) (result i32) (local.get 0))
      (func (export "echo") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0))
        (i32.store (i32.const 20) (local.get 1))
        (i32.const 16))
      (func (export "list") (param i32 i32)))
    (core instance $m (instantiate $M))
    (alias core export $m "memory" (core memory $memory))
    (alias core export $m "realloc" (core func $realloc))
    (func (export "same") (param "a" u32) (result u32) (canon lift (core func $m "same")))
    (func (export "echo") (param "a" string) (result string)
      (canon lift (core func $m "echo") (memory $memory) (realloc $realloc)))
    (func (export "bytes") (param "a" (list u8))
      (canon lift (core func $m "list") (memory $memory) (realloc $realloc)))
    (func (export "records") (param "a" (list (tuple u8 u32 u16)))
      (canon lift (core func $m "list") (memory $memory) (realloc $realloc))))
  (component $Caller
    (import "same" (func $same (param "a" u32) (result u32)))
    (import "echo" (func $echo (param "a" string) (result string)))
    (import "bytes" (func $bytes (param "a" (list u8))))
    (import "records" (func $records (param "a" (list (tuple u8 u32 u16)))))
    (import "host-same" (func $host-same (param "a" u32) (result u32)))
    (import "host-echo" (func $host-echo (param "a" string) (result string)))
    (core module $Memory
      (memory (export "memory") 200)
      (data (i32.const 64) "abcdefghijklmnopqrstuvwxyz012345")
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048)))
    (core instance $m (instantiate $Memory))
    (alias core export $m "memory" (core memory $memory))
    (alias core export $m "realloc" (core func $realloc))
    (core func $same' (canon lower (func $same)))
    (core func $echo' (canon lower (func $echo) (memory $memory) (realloc $realloc)))
    (core func $bytes' (canon lower (func $bytes) (memory $memory)))
    (core func $records' (canon lower (func $records) (memory $memory)))
    (core func $host-same' (canon lower (func $host-same)))
    (core func $host-echo' (canon lower (func $host-echo) (memory $memory) (realloc $realloc)))
    (core module $Loops
      (import "callee" "same" (func $same (param i32) (result i32)))
      (import "callee" "echo" (func $echo (param i32 i32 i32)))
      (import "callee" "bytes" (func $bytes (param i32 i32)))
      (import "callee" "records" (func $records (param i32 i32)))
      (import "host" "same" (func $host-same (param i32) (result i32)))
      (import "host" "echo" (func $host-echo (param i32 i32 i32)))
      (func (export "same") (param $n i32)
        (loop $again
          (drop (call $same (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "echo") (param $n i32)
        (loop $again
          (call $echo (i32.const 64) (i32.const 32) (i32.const 32))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "bytes") (param $n i32)
        (loop $again
          (call $bytes (i32.const 65536) (i32.const 1000000))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "records") (param $n i32)
        (loop $again
          (call $records (i32.const 65536) (i32.const 1000000))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "host-same") (param $n i32)
        (loop $again
          (drop (call $host-same (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "host-echo") (param $n i32)
        (loop $again
          (call $host-echo (i32.const 64) (i32.const 32) (i32.const 32))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
    (core instance $loops (instantiate $Loops
      (with "callee" (instance
        (export "same" (func $same'))
        (export "echo" (func $echo'))
        (export "bytes" (func $bytes'))
        (export "records" (func $records'))))
      (with "host" (instance
        (export "same" (func $host-same'))
        (export "echo" (func $host-echo'))))))
    (func (export "same") (param "n" u32) (canon lift (core func $loops "same")))
    (func (export "echo") (param "n" u32) (canon lift (core func $loops "echo")))
    (func (export "bytes") (param "n" u32) (canon lift (core func $loops "bytes")))
    (func (export "records") (param "n" u32) (canon lift (core func $loops "records")))
    (func (export "host-same") (param "n" u32) (canon lift (core func $loops "host-same")))
    (func (export "host-echo") (param "n" u32) (canon lift (core func $loops "host-echo"))))
  (instance $callee (instantiate $Callee))
  (instance $caller (instantiate $Caller
    (with "same" (func $callee "same"))
    (with "echo" (func $callee "echo"))
    (with "bytes" (func $callee "bytes"))
    (with "records" (func $callee "records"))
    (with "host-same" (func $host "same"))
    (with "host-echo" (func $host "echo"))))
  (export "loop" (instance $caller))
  (export "callee" (instance $callee)))
