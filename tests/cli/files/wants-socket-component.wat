;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Asks for a TCP socket, and fails when it gets none.
(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (type $e (enum
       "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout" "concurrency-conflict"
       "not-in-progress" "would-block" "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use"
       "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large"
       "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type (eq $e)))
    (type $f (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $f)))))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "tcp-socket" (type (sub resource)))))
  (alias export $network "error-code" (type $error))
  (alias export $network "ip-address-family" (type $family))
  (alias export $tcp "tcp-socket" (type $socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (export "error-code" (type $e (eq $error)))
    (export "ip-address-family" (type $f (eq $family)))
    (export "tcp-socket" (type $s (eq $socket)))
    (type $r (result (own $s) (error $e)))
    (export "create-tcp-socket" (func (param "address-family" $f) (result $r)))))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias export $create "create-tcp-socket" (func $open))
  (core func $open (canon lower (func $open) (memory $memory)))
  (core module $program
    (import "" "open" (func $open (param i32 i32)))
    (import "" "memory" (memory 1))
    (func (export "run") (result i32)
      (call $open (i32.const 0) (i32.const 64))
      (i32.load8_u (i32.const 64))))
  (core instance $program (instantiate $program (with "" (instance
    (export "open" (func $open)) (export "memory" (memory $memory))))))
  (alias core export $program "run" (core func $run))
  (func $lifted (result (result)) (canon lift (core func $run)))
  (instance $run (export "run" (func $lifted)))
  (export "wasi:cli/run@0.2.0" (instance $run)))
