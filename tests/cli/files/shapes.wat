;; A component that fits the world plugin of wit/shapes.wit.
(component
  (import "test:shapes/log@1.0.0" (instance (export "write" (func (param "line" string)))))
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "area") (param i32 i32 i32) (result i32) unreachable))
  (core instance $i (instantiate $m))
  (type $point (record (field "x" s32) (field "y" s32)))
  (type $shape (variant (case "dot") (case "circle" u32) (case "polygon" (list $point))))
  (func $area (param "of" $shape) (result (result f64 (error string)))
    (canon lift (core func $i "area") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (component $names ;; gives the types of the function their names
    (type $p (record (field "x" s32) (field "y" s32)))
    (import "point" (type $point (eq $p)))
    (type $s (variant (case "dot") (case "circle" u32) (case "polygon" (list $point))))
    (import "shape" (type $shape (eq $s)))
    (import "area" (func $area (param "of" $shape) (result (result f64 (error string)))))
    (type $p2 (record (field "x" s32) (field "y" s32)))
    (export $point2 "point" (type $p2))
    (type $s2 (variant (case "dot") (case "circle" u32) (case "polygon" (list $point2))))
    (export $shape2 "shape" (type $s2))
    (export "area" (func $area) (func (param "of" $shape2) (result (result f64 (error string))))))
  (instance $shapes (instantiate $names
    (with "point" (type $point)) (with "shape" (type $shape)) (with "area" (func $area))))
  (export "test:shapes/shapes@1.0.0" (instance $shapes)))
