// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WebAssembly's tables as such: table.get, set, grow, fill and copy, and calls through a table that changes all the
// time. The guest does it in assembly, one small function an instruction (built with -mreference-types); the twin has
// an array of function pointers and functions that are not inlined, as the guest's are not.
#include "kernel.h"

typedef uint32_t handler(uint32_t);
enum { SLOTS = 256 };

#ifdef __wasm__
#define FUNCTION(name, signature, body)                                                                                \
  __asm__(".section .text." #name ",\"\",@\n"                                                                          \
          ".globl " #name "\n"                                                                                         \
          ".type " #name ",@function\n" #name ":\n"                                                                    \
          ".functype " #name " " signature "\n" body "\n"                                                              \
          "end_function\n")
__asm__(".tabletype slots, funcref\nslots:\n");
FUNCTION(slots_make, "(i32) -> (i32)", "ref.null_func\n local.get 0\n table.grow slots");
FUNCTION(slot_put, "(i32, i32) -> ()",
         "local.get 0\n local.get 1\n table.get __indirect_function_table\n table.set slots");
FUNCTION(slots_swap, "(i32, i32) -> ()",
         ".local funcref\n local.get 0\n table.get slots\n local.set 2\n local.get 0\n local.get 1\n"
         "table.get slots\n table.set slots\n local.get 1\n local.get 2\n table.set slots");
FUNCTION(slots_copy, "(i32, i32, i32) -> ()", "local.get 0\n local.get 1\n local.get 2\n table.copy slots, slots");
FUNCTION(slots_fill, "(i32, i32, i32) -> ()",
         "local.get 0\n local.get 1\n table.get slots\n local.get 2\n table.fill slots");
FUNCTION(slot_call, "(i32, i32) -> (i32)", "local.get 1\n local.get 0\n call_indirect slots, (i32) -> (i32)");

uint32_t slots_make(uint32_t count);
void slot_put(uint32_t at, handler *what);
void slots_swap(uint32_t a, uint32_t b);
void slots_copy(uint32_t to, uint32_t from, uint32_t count);
void slots_fill(uint32_t at, uint32_t from, uint32_t count);
uint32_t slot_call(uint32_t at, uint32_t argument);
#else
#define APART static __attribute__((noinline))
static handler **slots;

APART uint32_t slots_make(uint32_t count) {
  slots = must_alloc(count * sizeof *slots);
  return 0;
}
APART void slot_put(uint32_t at, handler *what) {
  slots[at] = what;
}
APART void slots_swap(uint32_t a, uint32_t b) {
  handler *kept = slots[a];
  slots[a] = slots[b];
  slots[b] = kept;
}
APART void slots_copy(uint32_t to, uint32_t from, uint32_t count) {
  memmove(slots + to, slots + from, count * sizeof *slots);
}
APART void slots_fill(uint32_t at, uint32_t from, uint32_t count) {
  handler *what = slots[from];
  for (uint32_t i = 0; i < count; i++)
    slots[at + i] = what;
}
APART uint32_t slot_call(uint32_t at, uint32_t argument) {
  return slots[at](argument);
}
#endif

static uint32_t step(uint32_t x) {
  return x + 0x9e3779b9u;
}
static uint32_t turn(uint32_t x) {
  return x << 7 | x >> 25;
}
static uint32_t spread(uint32_t x) {
  return x * 5 + 1;
}
static uint32_t mix(uint32_t x) {
  return x ^ x >> 15;
}

static uint64_t kernel(uint32_t rounds) {
  handler *const handlers[4] = {step, turn, spread, mix};
  uint32_t seed = 9, acc = 1;
  uint64_t sum = slots_make(SLOTS);
  for (uint32_t r = 0; r < rounds; r++) {
    for (uint32_t i = 0; i < SLOTS; i++)
      slot_put(i, handlers[(r + i * i) & 3]);
    for (uint32_t i = 0; i < SLOTS; i++) {
      slots_swap(i, next_random(&seed) % SLOTS);
      acc = slot_call(acc % SLOTS, acc + i);
    }
    slots_fill(r % 200, acc % SLOTS, 40);
    slots_copy(64, 32, 160);
    for (uint32_t i = 0; i < SLOTS; i++)
      acc = slot_call(i, acc);
    sum = fold(sum, acc);
  }
  return sum;
}

KERNEL_MAIN(100000)
