(func (v128.const f32x4 nan -inf 1e-40 0x1p-149) (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 -128)
  (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31) (v128.store8_lane 1 offset=3 15 (i32.const 0) (v128.const i64x2 1 2)) drop)
(memory 1) (memory (data "x"))
