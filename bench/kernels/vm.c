// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stack machine's interpreter: one big switch (br_table), operands in memory. Its program counts primes and mixes.
#include "kernel.h"

// Code is an array of words: an operation, then its operand where it has one.
enum op { HALT, PUSH, LOAD, STORE, ADD, SUB, MUL, REM, XOR, SHR, LESS, EQUAL, JUMP, JZ, DUP, POP, SWAP, PEEK, POKE };

// Jump targets are indices into this array; each line's first index stands before it.
static const int32_t program[] = {
    /*  0 */ PUSH, 2,   STORE, 0,    PUSH, 0,     STORE, 1,    PUSH,  1,     STORE, 2,  // n = 2, count = 0, mix = 1
    /* 12 */ LOAD, 0,   PUSH,  2000, LESS, JZ,    87,                                   // while (n < 2000)
    /* 19 */ PUSH, 2,   STORE, 3,                                                       // d = 2
    /* 23 */ LOAD, 0,   LOAD,  3,    DUP,  MUL,   LESS,  PUSH, 0,     EQUAL, JZ,    51, // while (!(n < d * d))
    /* 35 */ LOAD, 0,   LOAD,  3,    REM,  JZ,    78,                                   // if (n % d == 0) goto 78
    /* 42 */ LOAD, 3,   PUSH,  1,    ADD,  STORE, 3,     JUMP, 23,                      // d = d + 1
    /* 51 */ LOAD, 1,   PUSH,  1,    ADD,  STORE, 1,                                    // count = count + 1
    /* 58 */ LOAD, 2,   PUSH,  31,   MUL,  LOAD,  0,     XOR,  STORE, 2,                // mix = mix * 31 ^ n
    /* 68 */ LOAD, 2,   LOAD,  1,    POKE, LOAD,  1,     PEEK, STORE, 4, // cell[count] = mix; last = cell[count]
    /* 78 */ LOAD, 0,   PUSH,  1,    ADD,  STORE, 0,     JUMP, 12,       // n = n + 1
    /* 87 */ LOAD, 2,   LOAD,  4,    PUSH, 1,     ADD,   PUSH, 3,     SHR,   SWAP,  SUB, LOAD, 1,
    SWAP,          POP, HALT,
};

static int32_t locals[8], cells[64], stack[64];

static int32_t run(const int32_t *code, uint32_t *steps) {
  const int32_t *pc = code;
  int32_t *sp = stack, a;
  uint32_t count = 0;
  for (;;) {
    count++;
    switch ((enum op) * pc++) {
    case HALT:
      *steps += count;
      return *--sp;
    case PUSH:
      *sp++ = *pc++;
      continue;
    case LOAD:
      *sp++ = locals[*pc++];
      continue;
    case STORE:
      locals[*pc++] = *--sp;
      continue;
    case ADD:
      a = *--sp, sp[-1] = (int32_t)((uint32_t)sp[-1] + (uint32_t)a);
      continue;
    case SUB:
      a = *--sp, sp[-1] = (int32_t)((uint32_t)sp[-1] - (uint32_t)a);
      continue;
    case MUL:
      a = *--sp, sp[-1] = (int32_t)((uint32_t)sp[-1] * (uint32_t)a);
      continue;
    case REM:
      a = *--sp, sp[-1] = a == 0 || a == -1 ? 0 : sp[-1] % a;
      continue;
    case XOR:
      a = *--sp, sp[-1] ^= a;
      continue;
    case SHR:
      a = *--sp, sp[-1] >>= a & 31;
      continue;
    case LESS:
      a = *--sp, sp[-1] = sp[-1] < a;
      continue;
    case EQUAL:
      a = *--sp, sp[-1] = sp[-1] == a;
      continue;
    case JUMP:
      pc = code + *pc;
      continue;
    case JZ:
      a = *--sp;
      pc = a == 0 ? code + *pc : pc + 1;
      continue;
    case DUP:
      *sp = sp[-1], sp++;
      continue;
    case POP:
      sp--;
      continue;
    case SWAP:
      a = sp[-1], sp[-1] = sp[-2], sp[-2] = a;
      continue;
    case PEEK:
      sp[-1] = cells[sp[-1] & 63];
      continue;
    case POKE:
      a = *--sp, cells[a & 63] = *--sp;
      continue;
    }
  }
}

static uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  uint32_t steps = 0;
  for (uint32_t r = 0; r < rounds; r++)
    sum = fold(sum, (uint32_t)run(program, &steps));
  return fold(sum, steps);
}

KERNEL_MAIN(840)
