(module
  (rec (type $a (sub (struct (field $x i8) (field (mut (ref null $b))))))
       (type $b (sub final $a (array (mut i16)))))
  (type $c (func (param (ref $a) anyref) (result (ref null struct))))
  (func $s (type $c) (struct.get_s $a $x (local.get 0)) (ref.cast (ref null $b) (local.get 1)) drop drop unreachable)
  (tag $e (param i32)) (table i64 1 2 (ref null $c) (ref.null $c))
  (func (block $h (try_table (catch $e $h) (catch_all 0) (throw $e (i32.const 1)))) unreachable))
