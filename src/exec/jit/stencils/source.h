// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// source.h: what a file of stencils is written with. Compiled by tools/gen_stencils only, once per level; never part of
// the library.
//
//   STENCIL(NAME, SIGNATURE, statements)   NAME is that of opcodes.def, or begins with X_ for what is no instruction of
//                                          WebAssembly; SIGNATURE is operands_results in the letters i (i32), I (i64),
//                                          a (host address), f, F, v, n (none). With LANE, one of a row of stencils.
// The statements read and write a b c d (integer operands in order), x y z (floats and vectors); results go to a, b, x.
// TRAP(kind) leaves for good. Meanings are WebAssembly's; opcodes.def and wasm/simd.h state them, this states how.
#ifndef COVE_EXEC_JIT_STENCILS_SOURCE_H
#define COVE_EXEC_JIT_STENCILS_SOURCE_H

#include <immintrin.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long s64;
typedef unsigned __int128 u128;
#define LANES(type, lane) typedef lane type __attribute__((vector_size(16)))
LANES(u8x16, u8);
LANES(u16x8, u16);
LANES(u32x4, u32);
LANES(u64x2, u64);
LANES(s8x16, s8);
LANES(s16x8, s16);
LANES(s32x4, s32);
LANES(s64x2, s64);
LANES(f32x4, float);
LANES(f64x2, double);
typedef u64x2 v128;

// The registers in the order in which preserve_none hands them out (abi.h).
#define PARAMETERS                                                                                                     \
  u64 r12, u64 r13, u64 r14, u64 r15, u64 rdi, u64 rsi, u64 c, u64 b, u64 d, u64 r9, u64 r11, u64 a, v128 x, v128 y,   \
      v128 z, v128 xmm3, v128 xmm4, v128 xmm5, v128 xmm6, v128 xmm7
#define ARGUMENTS r12, r13, r14, r15, rdi, rsi, c, b, d, r9, r11, a, x, y, z, xmm3, xmm4, xmm5, xmm6, xmm7
#define CONVENTION __attribute__((preserve_none))
#define GO(place) __attribute__((musttail)) return place(ARGUMENTS)

CONVENTION void HOLE_CONTINUE(PARAMETERS);
CONVENTION void HOLE_TRAP_CONVERSION(PARAMETERS);
CONVENTION void HOLE_TRAP_OVERFLOW(PARAMETERS);
CONVENTION void HOLE_TRAP_DIVIDE(PARAMETERS);
extern const char HOLE_IMM8[], HOLE_IMM64_A[], HOLE_IMM64_B[], HOLE_IMM64_C[], HOLE_IMM64_D[];

#define TRAP(kind) GO(HOLE_TRAP_##kind)
#define STENCIL(name, signature, ...)                                                                                  \
  CONVENTION void stencil__##name##__##signature(PARAMETERS) {                                                         \
    __VA_ARGS__;                                                                                                       \
    GO(HOLE_CONTINUE);                                                                                                 \
  }
// Number `lane` (a plain decimal) of a row.
#define LANE(name, signature, lane, ...)                                                                               \
  CONVENTION void stencil__##name##__##signature##__##lane(PARAMETERS) {                                               \
    __VA_ARGS__;                                                                                                       \
    GO(HOLE_CONTINUE);                                                                                                 \
  }
#define EACH2(M, ...) M(0, __VA_ARGS__) M(1, __VA_ARGS__)
#define EACH4(M, ...) EACH2(M, __VA_ARGS__) M(2, __VA_ARGS__) M(3, __VA_ARGS__)
#define EACH8(M, ...) EACH4(M, __VA_ARGS__) M(4, __VA_ARGS__) M(5, __VA_ARGS__) M(6, __VA_ARGS__) M(7, __VA_ARGS__)
#define EACH16(M, ...)                                                                                                 \
  EACH8(M, __VA_ARGS__)                                                                                                \
  M(8, __VA_ARGS__)                                                                                                    \
  M(9, __VA_ARGS__) M(10, __VA_ARGS__) M(11, __VA_ARGS__) M(12, __VA_ARGS__) M(13, __VA_ARGS__) M(14, __VA_ARGS__)     \
      M(15, __VA_ARGS__)
#define EACH64(M)                                                                                                      \
  EACH16(M, )                                                                                                          \
  M(16)                                                                                                                \
  M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30) M(31) M(32) M(33) M(34) M(35)    \
      M(36) M(37) M(38) M(39) M(40) M(41) M(42) M(43) M(44) M(45) M(46) M(47) M(48) M(49) M(50) M(51) M(52) M(53)      \
          M(54) M(55) M(56) M(57) M(58) M(59) M(60) M(61) M(62) M(63)

// A scalar in the lowest lane. The others are undefined on purpose, so that no instruction is spent on them.
static inline float f32_of(v128 v) {
  return ((f32x4)v)[0];
}
static inline double f64_of(v128 v) {
  return ((f64x2)v)[0];
}
static inline v128 of_f32(float v) {
  f32x4 t = {v, 0, 0, 0};
  return (v128)__builtin_shufflevector(t, t, 0, -1, -1, -1);
}
static inline v128 of_f64(double v) {
  f64x2 t = {v, 0};
  return (v128)__builtin_shufflevector(t, t, 0, -1);
}
static inline v128 of_u64(u64 v) {
  u64x2 t = {v, 0};
  return __builtin_shufflevector(t, t, 0, -1);
}

// Mask of 32 or 64 bits of a comparison as a vector type.
#define SPLAT(type, value) ((type){0} + (value))
// Where mask has a bit, from p, else from q.
static inline v128 pick(v128 mask, v128 p, v128 q) {
  return (p & mask) | (q & ~mask);
}

#endif
