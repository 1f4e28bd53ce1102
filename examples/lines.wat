;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; lines.wat: counts the lines of a file in the first directory that it was granted:
;; cove run --dir examples:ro examples/lines.wat examples/hello.wat prints how many lines examples/hello.wat has.
;; The name is taken relative to the directory: its part after the last "/".
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 3)
  (data (i32.const 128) "usage: lines.wat FILE, with --dir\n")
  (data (i32.const 192) "cannot open the file\n")

  ;; 0: a run of bytes (address, size). 8: count of bytes moved. 16: the file. 32: digits. 1024: arguments.
  (func $fail (param $text i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $proc_exit (i32.const 1))
    unreachable)

  (func $print (param $number i32)
    (local $at i32)
    (local.set $at (i32.const 63))
    (i32.store8 (i32.const 63) (i32.const 10))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
      (br_if $digit (local.get $number)))
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (i32.sub (i32.const 64) (local.get $at)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  (func $count (result i32)
    (local $lines i32) (local $at i32) (local $end i32)
    (loop $more
      (i32.store (i32.const 0) (i32.const 131072))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $fd_read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $at (i32.const 131072))
      (local.set $end (i32.add (local.get $at) (i32.load (i32.const 8))))
      (block $read
        (loop $byte
          (br_if $read (i32.eq (local.get $at) (local.get $end)))
          (local.set $lines
            (i32.add (local.get $lines) (i32.eq (i32.load8_u (local.get $at)) (i32.const 10))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $byte)))
      (br_if $more (i32.load (i32.const 8))))
    (local.get $lines))

  (func (export "_start")
    (local $name i32) (local $end i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (if (i32.or (i32.ne (i32.load (i32.const 0)) (i32.const 2)) (i32.gt_u (i32.load (i32.const 4)) (i32.const 60000)))
      (then (call $fail (i32.const 128) (i32.const 34))))
    (drop (call $args_get (i32.const 1024) (i32.const 1040)))
    ;; The name begins after the last "/" and ends at the zero.
    (local.set $name (i32.load (i32.const 1028)))
    (local.set $end (local.get $name))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (i32.load8_u (local.get $end))))
        (if (i32.eq (i32.load8_u (local.get $end)) (i32.const 47))
          (then (local.set $name (i32.add (local.get $end) (i32.const 1)))))
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br $next)))
    ;; Descriptor 3 is the first granted directory; 2 is the right to read.
    (if (call $path_open (i32.const 3) (i32.const 0) (local.get $name)
              (i32.sub (local.get $end) (local.get $name)) (i32.const 0) (i64.const 2) (i64.const 0)
              (i32.const 0) (i32.const 16))
      (then (call $fail (i32.const 192) (i32.const 21))))
    (call $print (call $count))))
