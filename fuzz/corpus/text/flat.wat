(func (param i32) (result i64)
  block $a loop $b local.get 0 br_table $a $b 1 end end
  local.get 0 if $c nop else $c nop end $c
  i32.const 0 i64.load offset=8 align=4
  i32.const 0 call_indirect (type 1) drop)
(type (func)) (type (func (result i32)))
(memory i64 1) (table 1 funcref)
