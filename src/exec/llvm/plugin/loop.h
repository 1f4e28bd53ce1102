// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// loop.h: a straight-line loop over memory 0, as a clone that cannot trap wants it.
//
//   loop_scan.c    what a turn of the loop does: addresses, counters, the test at its end
//   loop_reroll.c  whether a turn is several copies of one shorter turn
//   loop_clone.c   the guard and the clone
//
// An access of memory may trap, so it is volatile, and LLVM does little with a loop of such accesses. The clone is a
// second version of the loop with plain accesses, entered when a guard has found that no access of it leaves the
// memory; the loop as it was is there for all other cases.
//
// Terms
//   turn      one execution of the loop's body, up to the br_if that goes back
//   linear    an i32 that is a constant plus multiples of locals, as they are when a turn starts
//   counter   a local that each turn changes by the same step
//   group     accesses whose addresses differ by constants only
//
// Why the guard is right. An address is a linear value modulo 2^32. Let g be the lowest of a group in the first turn,
// as an unsigned number. If g plus the group's extent plus stride times turns, computed without wrapping, stays within
// the memory (which has at most 2^32 bytes), and nothing goes below zero, then the same sums modulo 2^32 never wrapped:
// both numbers are congruent and in the same range. So one comparison says that all is in bounds, and that the
// addresses are what 64-bit arithmetic gives.
#ifndef COVE_EXEC_LLVM_LOOP_H
#define COVE_EXEC_LLVM_LOOP_H

#include "exec/llvm/plugin/gen.h"

enum {
  LOOP_TERMS = 4,
  LOOP_NODES = 600,
  LOOP_ACCESSES = 64,
  LOOP_LOCALS = 48,
  LOOP_STACK = 32,
  LOOP_GROUPS = 10,
  LOOP_MOST_STRIDE = 1 << 20,
};

// constant + sum of factor * local, modulo 2^32; terms in the order of locals, no factor is zero.
typedef struct loop_linear {
  uint32_t constant, count;
  struct {
    uint32_t local, factor;
  } terms[LOOP_TERMS];
} loop_linear;

typedef enum loop_node_kind {
  LOOP_LINEAR, // `linear`
  LOOP_LOADED, // `index`: of the access
  LOOP_ENTRY,  // `index`: the local whose value at the start of the turn it is; not an i32
  LOOP_OTHER,  // an instruction, with its operands and immediates
} loop_node_kind;

typedef struct loop_node {
  loop_node_kind kind;
  uint32_t op, index;
  const uint8_t *immediates;
  uint32_t immediates_size, operand_count;
  uint32_t operands[3]; // nodes
  loop_linear linear;
} loop_node;

typedef struct loop_access {
  uint32_t op;
  bool is_store;
  uint32_t stored; // node
  loop_linear address;
  uint64_t offset;
  uint32_t size;
  uint32_t group;
  int64_t from; // bytes from the group's lowest address, offset included
} loop_access;

typedef struct loop_local {
  uint32_t local;
  uint32_t start, now; // nodes: at the start of the turn, and so far
  bool assigned;
  bool is_read;    // as it was at the start of the turn
  bool is_counter; // or not assigned at all: step 0
  bool is_carried; // of copies: what the access `carried` of one loads is what the next one starts with
  uint32_t carried;
  int32_t step;
} loop_local;

typedef struct loop_group {
  loop_linear lowest; // the lowest address in the first turn
  uint64_t extent;    // bytes from there that one turn touches
  int32_t stride;
} loop_group;

// How the number of turns follows from the test at the end: "go on while x < y", or "while x != 0".
typedef struct loop_test {
  bool is_less, is_signed;
  loop_linear x, y; // in the first turn; of a comparison, before what is added to y
  uint32_t y_more;  // 1: y is one more than the linear value, without wrapping
  int32_t step;     // of x; when y_moves, of y
  bool y_moves;
} loop_test;

typedef struct loop_body {
  const uint8_t *start, *end; // from the first instruction up to the br_if
  loop_node nodes[LOOP_NODES];
  uint32_t node_count;
  loop_access accesses[LOOP_ACCESSES];
  uint32_t access_count;
  loop_local locals[LOOP_LOCALS];
  uint32_t local_count;
  loop_group groups[LOOP_GROUPS];
  uint32_t group_count;
  loop_test test;
  uint32_t copies; // of a shorter turn; 1 when there is none
} loop_body;

// The clone that is being generated.
typedef struct loop_clone {
  const loop_body *body;
  value turn;               // i64
  value bases[LOOP_GROUPS]; // pointers to the lowest address of each group
  uint32_t next;            // access
  value loaded[LOOP_ACCESSES];
} loop_clone;

// Reads the loop whose body starts at g->at. False: it has no clone.
bool gen_loop_scan(gen *g, loop_body *b);
// The step of a linear value of a turn; false when it depends on what is no counter.
bool gen_loop_step(const loop_body *b, const loop_linear *l, int32_t *step);
// Sets b->copies.
void gen_loop_reroll(loop_body *b);

#endif
