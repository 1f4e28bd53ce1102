;; A plugin for plugin.c, as compilers make them: it imports what its host provides, and exports what the host calls.
;;
;;   package example:plugin@0.1.0;
;;   interface log { write: func(line: string); }
;;   interface filter { apply: func(text: string) -> result<string, string>; }
;;   world plugin { import log; export filter; }
(component
  (import "example:plugin/log@0.1.0" (instance $log (export "write" (func (param "line" string)))))

  ;; The memory and its allocator come first: lowering `write` needs them, and the program needs the lowered function.
  (core module $Memory
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
                              (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $at) (local.get $size)))
      (local.get $at))
    (func (export "reset") (param i32) (global.set $top (i32.const 1024))))
  (core instance $memory (instantiate $Memory))
  (core func $write (canon lower (func $log "write") (memory (core memory $memory "memory"))))

  (core module $Program
    (import "env" "memory" (memory 1))
    (import "log" "write" (func $write (param i32 i32)))
    (data (i32.const 64) "nothing to do")
    ;; The result at address 16: its discriminant, then the string's address and size.
    (func (export "apply") (param $at i32) (param $size i32) (result i32)
      (local $i i32) (local $c i32)
      (if (i32.eqz (local.get $size))
        (then
          (i32.store (i32.const 16) (i32.const 1))
          (i32.store (i32.const 20) (i32.const 64))
          (i32.store (i32.const 24) (i32.const 13))
          (return (i32.const 16))))
      (loop $next
        (local.set $c (i32.load8_u (i32.add (local.get $at) (local.get $i))))
        (if (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26))
          (then (i32.store8 (i32.add (local.get $at) (local.get $i)) (i32.sub (local.get $c) (i32.const 32)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $size))))
      (call $write (local.get $at) (local.get $size))
      (i32.store (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (local.get $at))
      (i32.store (i32.const 24) (local.get $size))
      (i32.const 16)))
  (core instance $program (instantiate $Program
    (with "env" (instance $memory))
    (with "log" (instance (export "write" (func $write))))))

  (func $apply (param "text" string) (result (result string (error string)))
    (canon lift (core func $program "apply") (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))
      (post-return (core func $memory "reset"))))
  (instance (export "example:plugin/filter@0.1.0") (export "apply" (func $apply))))
