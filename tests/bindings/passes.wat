;; A component that only exports again what it imports.
(component
  (import "test:wide/echo@1.0.0" (instance $echo
    (export "text" (func (param "x" string) (param "n" (list u16)) (result (tuple string (list u16)))))
    (export "nested" (func (param "x" (option (list (tuple u8 string)))) (result (option (list (tuple u8 string))))))
    (export "many" (func (param "a" u64) (param "b" u64) (param "c" u64) (param "d" u64) (param "e" u64) (param "f" u64)
      (param "g" u64) (param "h" u64) (param "i" u64) (param "j" u64) (param "k" u64) (param "l" u64) (param "m" u64)
      (param "n" u64) (param "o" u64) (param "p" string) (result (tuple u64 string))))
    (export "half" (func (param "x" f32) (result f32)))
    (export "fail" (func (param "x" string)))))
  (export "test:wide/echo@1.0.0" (instance $echo)))
