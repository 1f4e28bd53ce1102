// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// abi.h: the contract between the stencils of x86-64, their generator (tools/gen_stencils), the copier
// (exec/jit/stencil.c) and the planner of tier 1.
//
// Terms
//   stencil   machine code of one operation, compiled at development time, copied at run time. It is entered at its
//             first byte and left behind its last byte: what follows in memory is what runs next.
//   hole      a field inside the copied bytes that gets its value at run time. The kinds are a closed list.
//   level     which instructions a stencil may use. Each level has a table of its own; the CPU chooses.
//
// Registers. A stencil is compiled as a preserve_none function that tail-calls its continuation with all of its
// arguments, so the arguments are the registers that it passes through:
//     r12 r13 r14 r15 rdi rsi rdx rcx r8 r9 r11 rax   and   xmm0 to xmm7
// rsp and rbp are kept too, and no stencil touches the stack. So a stencil changes its results, flags, the bits above
// 127 of vector registers, and at most rbx, r10, xmm8 to xmm15; each says in a mask which of those it does change,
// so that a planner may keep values in the others. The generator reads the generated code and refuses all other writes.
//
// Operands and results have fixed registers. In the order of WebAssembly's stack (deepest operand first), integers and
// references are in rax, rcx, rdx, r8, floating-point numbers and vectors in xmm0, xmm1, xmm2, each class counted for
// itself; results likewise (first result in rax or xmm0, a second integer result in rcx). Operands that are not results
// are left as they were.
//   i32       bits 32 to 63 of an operand are ignored; those of a result are zero
//   f32, f64  bits above the value are ignored in operands and arbitrary in results
//   address   (loads, stores, atomics) a host address, in the place of WebAssembly's address operand: bounds and
//             alignment are already checked by whoever emitted the code before
//   lane      the immediate of lane operations chooses among consecutive stencils
//
// Holes that name a place are relative, as the machine has it: value = place - address of the field - 4 - bytes of the
// instruction behind the field. The field of a copy already holds minus the last.
#ifndef COVE_EXEC_JIT_STENCILS_ABI_H
#define COVE_EXEC_JIT_STENCILS_ABI_H

// Values are part of the generated table.
typedef enum cv_stencil_level {
  CV_LEVEL_SSE41 = 0, // x86-64 with SSE4.1 (so SSSE3): legacy encodings
  CV_LEVEL_AVX2 = 1,  // AVX2, BMI1, BMI2, LZCNT, POPCNT, and an operating system that saves ymm: VEX encodings
} cv_stencil_level;
enum { CV_LEVEL_COUNT = 2 };

// Closed list. A jump to the continuation is no hole: the generator drops it or makes it a jump to the stencil's end.
typedef enum cv_hole {
  CV_HOLE_IMM8 = 0,            // 1 byte: count or selector immediate of the machine instruction, 0 to 255
  CV_HOLE_IMM64_A = 2,         // 8 bytes: up to four full words (a shuffle's selectors)
  CV_HOLE_IMM64_B = 3,         //
  CV_HOLE_IMM64_C = 4,         //
  CV_HOLE_IMM64_D = 5,         //
  CV_HOLE_POOL = 6,            // 4 bytes, relative: into a copy of cv_stencil_pool, 16-byte aligned, within 2 GiB
  CV_HOLE_TRAP_CONVERSION = 7, // 4 bytes, relative: exit for CV_TRAP_INVALID_CONVERSION
  CV_HOLE_TRAP_OVERFLOW = 8,   // 4 bytes, relative: exit for CV_TRAP_INTEGER_OVERFLOW
  CV_HOLE_TRAP_DIVIDE = 9,     // 4 bytes, relative: exit for CV_TRAP_DIVIDE_BY_ZERO
} cv_hole;
enum { CV_HOLE_LIMIT = 10 }; // above the last value

// Bits of a stencil's mask of registers that it changes beside its results.
enum {
  CV_CLOBBER_RBX = 1 << 0,
  CV_CLOBBER_R10 = 1 << 1,
  CV_CLOBBER_XMM8 = 1 << 8, // xmm9 is the next bit, and so on up to xmm15
};

#endif
