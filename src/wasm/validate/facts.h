// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// facts.h: what validation learns of a function and the tiers need, so that no tier decodes twice.
//
// Side table (after "A fast in-place interpreter for WebAssembly", Titzer 2022): one entry for each possible branch, in
// the order of the instructions in the code: br, br_if, br_on_null, br_on_non_null: 1; br_table with n labels: n + 1,
// the default last; if: 1 (to the start of the else arm, or past the end); else: 1 (past the end, when the then arm
// falls into it); try_table: 1 for each catch clause; legacy catch, catch_all: 1 (past the end, when the arm before
// falls into it), legacy delegate: none; legacy rethrow: 1, which is no branch: its `height` is the control depth of
// the try whose exception it throws (cv_handler.depth). An interpreter keeps the index of the next entry beside its pc.
// A branch that is not taken skips its entries.
//
// "Past the end" is the instruction after the `end`. A branch to the function's own label goes to its final `end`,
// which then returns. pcs count from the start of the code span; heights count slots of the operand stack, from 0 in an
// empty function body. Entries of code that cannot be reached are there, to be counted, and mean nothing.
#ifndef COVE_WASM_VALIDATE_FACTS_H
#define COVE_WASM_VALIDATE_FACTS_H

#include "wasm/module.h"

typedef struct cv_side_entry {
  uint32_t target_pc;    // offset in the function's code span of the instruction to go on with
  uint32_t target_entry; // index in the side table to go on with
  uint32_t keep;         // values on top of the stack that move with the branch
  uint32_t height;       // operand stack height (slots) below the kept values at the target
} cv_side_entry;

// What catches an exception between two points of the code. Inner handlers come before the ones around them.
typedef enum cv_handler_kind {
  CV_HANDLER_CATCH = 0, // try_table
  CV_HANDLER_CATCH_REF = 1,
  CV_HANDLER_CATCH_ALL = 2,
  CV_HANDLER_CATCH_ALL_REF = 3,
  CV_HANDLER_LEGACY_CATCH = 4, // falls into its arm; the exception stays reachable for rethrow
  CV_HANDLER_LEGACY_CATCH_ALL = 5,
  CV_HANDLER_LEGACY_DELEGATE = 6, // go on with the handlers whose depth is at most `delegate_to`
} cv_handler_kind;

typedef struct cv_handler {
  uint32_t start_pc, end_pc; // protects start_pc <= pc < end_pc, where pc is that of the instruction that throws
  cv_handler_kind kind;
  uint32_t tag;         // tag index, the kinds with a tag only
  uint32_t depth;       // control depth of the protecting try (function body is 0)
  uint32_t delegate_to; // legacy delegate: control depth of the label; 0 is the function body: the caller goes on
  cv_side_entry target; // where to go; `keep` counts the payload, the exception reference of the _REF kinds included
} cv_handler;

enum {
  CV_FACT_LOOPS = 1 << 0, // has a loop
  CV_FACT_CALLS = 1 << 1, // calls anything
  CV_FACT_TAIL_CALLS = 1 << 2,
  CV_FACT_SIMD = 1 << 3,     // touches a v128
  CV_FACT_HANDLERS = 1 << 4, // catches exceptions
  CV_FACT_MEMORY = 1 << 5,   // touches a memory
};

struct cv_func_facts {
  uint32_t local_count;         // parameters included
  uint32_t max_height;          // operand stack slots, one for each value whatever its type
  uint32_t max_depth;           // nested control frames, function body included
  uint32_t flags;               // CV_FACT_*
  const cv_valtype *locals;     // local_count types
  const uint16_t *local_weight; // uses of each local, each counted 8 to the power of its loop depth, saturating
  uint32_t call_weight;         // calls, weighted the same way
  uint64_t calling_loops;    // bit i: the function's loop number i has a call in it; loops after the 64th are not told
  const cv_side_entry *side; // NULL unless side tables were asked for (CV_VALIDATE_SIDE_TABLES)
  uint32_t side_count;
  const cv_handler *handlers;
  uint32_t handler_count;
};

#endif
