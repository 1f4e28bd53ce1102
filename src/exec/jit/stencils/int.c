// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// int.c: scalar integer operations of more than a couple of instructions, wide arithmetic, atomics.
#include "source.h"

// ---- counting bits ----
STENCIL(I32_CLZ, i_i, a = (u32)__builtin_clzg((u32)a, 32))
STENCIL(I32_CTZ, i_i, a = (u32)__builtin_ctzg((u32)a, 32))
STENCIL(I32_POPCNT, i_i, a = (u32)__builtin_popcount((u32)a))
STENCIL(I64_CLZ, I_I, a = (u64)__builtin_clzg(a, 64))
STENCIL(I64_CTZ, I_I, a = (u64)__builtin_ctzg(a, 64))
STENCIL(I64_POPCNT, I_I, a = (u64)__builtin_popcountl(a))

// ---- division; the smallest number by -1 overflows, and its remainder is 0 ----
// The tests are on a copy that the compiler cannot see through: else it would load constants that it then knows into
// registers that are to be left alone.
#define DIVISION(T, letter, unsigned_t, signed_t, smallest)                                                            \
  STENCIL(T##_DIV_S, letter##letter##_##letter, {                                                                      \
    signed_t divisor = (signed_t)b, dividend = (signed_t)a;                                                            \
    asm("" : "+r"(divisor));                                                                                           \
    if (divisor == 0)                                                                                                  \
      TRAP(DIVIDE);                                                                                                    \
    if (__builtin_expect(divisor == -1, 0)) {                                                                          \
      asm("" : "+r"(dividend));                                                                                        \
      if (dividend == (smallest))                                                                                      \
        TRAP(OVERFLOW);                                                                                                \
    }                                                                                                                  \
    a = (unsigned_t)((signed_t)a / (signed_t)b);                                                                       \
  })                                                                                                                   \
  STENCIL(T##_DIV_U, letter##letter##_##letter, {                                                                      \
    unsigned_t divisor = (unsigned_t)b;                                                                                \
    asm("" : "+r"(divisor));                                                                                           \
    if (divisor == 0)                                                                                                  \
      TRAP(DIVIDE);                                                                                                    \
    a = (unsigned_t)a / (unsigned_t)b;                                                                                 \
  })                                                                                                                   \
  STENCIL(T##_REM_S, letter##letter##_##letter, {                                                                      \
    signed_t divisor = (signed_t)b;                                                                                    \
    asm("" : "+r"(divisor));                                                                                           \
    if (divisor == 0)                                                                                                  \
      TRAP(DIVIDE);                                                                                                    \
    if (__builtin_expect(divisor == -1, 0))                                                                            \
      a = 0;                                                                                                           \
    else                                                                                                               \
      a = (unsigned_t)((signed_t)a % (signed_t)b);                                                                     \
  })                                                                                                                   \
  STENCIL(T##_REM_U, letter##letter##_##letter, {                                                                      \
    unsigned_t divisor = (unsigned_t)b;                                                                                \
    asm("" : "+r"(divisor));                                                                                           \
    if (divisor == 0)                                                                                                  \
      TRAP(DIVIDE);                                                                                                    \
    a = (unsigned_t)a % (unsigned_t)b;                                                                                 \
  })
DIVISION(I32, i, u32, s32, (s32)0x80000000)
DIVISION(I64, I, u64, s64, (s64)1 << 63)

// ---- wide arithmetic: low half first ----
#define PAIR(low, high) ((u128)(high) << 64 | (low))
#define RESULT(value)                                                                                                  \
  u128 wide = (value);                                                                                                 \
  a = (u64)wide;                                                                                                       \
  b = (u64)(wide >> 64)
STENCIL(I64_ADD128, IIII_II, RESULT(PAIR(a, b) + PAIR(c, d)))
STENCIL(I64_SUB128, IIII_II, RESULT(PAIR(a, b) - PAIR(c, d)))
STENCIL(I64_MUL_WIDE_U, II_II, RESULT((u128)a *b))
STENCIL(I64_MUL_WIDE_S, II_II, RESULT((u128)((__int128)(s64)a *(s64)b)))

// ---- atomics: a is a host address, aligned and in bounds ----
#define AT(type) ((type *)a)
#define LOAD(name, out, type) STENCIL(name, a_##out, a = __atomic_load_n(AT(const type), __ATOMIC_SEQ_CST))
#define STORE(name, in, type) STENCIL(name, a##in##_n, __atomic_store_n(AT(type), (type)b, __ATOMIC_SEQ_CST))
#define CHANGE(name, t, type, op) STENCIL(name, a##t##_##t, a = __atomic_##op(AT(type), (type)b, __ATOMIC_SEQ_CST))
#define EXCHANGE(name, t, type)                                                                                        \
  STENCIL(name, a##t##t##_##t, {                                                                                       \
    type expected = (type)b;                                                                                           \
    __atomic_compare_exchange_n(AT(type), &expected, (type)c, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                  \
    a = expected;                                                                                                      \
  })
#define EACH_WIDTH(M, before, after, ...)                                                                              \
  M(I32_ATOMIC_##before##after, i, u32, ##__VA_ARGS__)                                                                 \
  M(I64_ATOMIC_##before##after, I, u64, ##__VA_ARGS__)
#define EACH_NARROW(M, before, after, ...)                                                                             \
  M(I32_ATOMIC_##before##8##after##_U, i, u8, ##__VA_ARGS__)                                                           \
  M(I32_ATOMIC_##before##16##after##_U, i, u16, ##__VA_ARGS__)                                                         \
  M(I64_ATOMIC_##before##8##after##_U, I, u8, ##__VA_ARGS__)                                                           \
  M(I64_ATOMIC_##before##16##after##_U, I, u16, ##__VA_ARGS__)                                                         \
  M(I64_ATOMIC_##before##32##after##_U, I, u32, ##__VA_ARGS__)
EACH_WIDTH(LOAD, LOAD, )
EACH_NARROW(LOAD, LOAD, )
EACH_WIDTH(STORE, STORE, )
STORE(I32_ATOMIC_STORE8, i, u8)
STORE(I32_ATOMIC_STORE16, i, u16)
STORE(I64_ATOMIC_STORE8, I, u8)
STORE(I64_ATOMIC_STORE16, I, u16)
STORE(I64_ATOMIC_STORE32, I, u32)
#define EVERY(M, what, ...) EACH_WIDTH(M, RMW, what, ##__VA_ARGS__) EACH_NARROW(M, RMW, what, ##__VA_ARGS__)
EVERY(CHANGE, _ADD, fetch_add)
EVERY(CHANGE, _SUB, fetch_sub)
EVERY(CHANGE, _AND, fetch_and)
EVERY(CHANGE, _OR, fetch_or)
EVERY(CHANGE, _XOR, fetch_xor)
EVERY(CHANGE, _XCHG, exchange_n)
EVERY(EXCHANGE, _CMPXCHG)
STENCIL(ATOMIC_FENCE, n_n, __atomic_thread_fence(__ATOMIC_SEQ_CST))
