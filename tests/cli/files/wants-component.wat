;; Imports what the host has in no such version, in an instance that imports the first of them.
(component
  (import "wasi:clocks/monotonic-clock@0.2.99" (instance (export "now" (func (result u64)))))
  (core module $m (func (export "f")))
  (core instance $c (instantiate $m))
  (func (export "f") (canon lift (core func $c "f"))))
