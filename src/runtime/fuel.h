// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fuel.h: what execution costs. The count is part of what a program does: every tier follows this rule to the unit, so
// that a run with a given amount of fuel ends at the same instruction in each.
//
//   1. Every executed instruction costs cv_fuel_cost (0 or 1).
//   2. Costs are summed in the order of execution into a pending sum P, which is 0 when a function is entered.
//   3. At an instruction for which cv_fuel_charges is true, and before it does anything, its own cost is added to P; if
//      P is not 0, P is taken from context->fuel, P becomes 0, and if fuel is then negative the instruction traps with
//      OUT_OF_FUEL. Every place where control flow merges or leaves is such an instruction, so P is always known when
//      the code is compiled, and is 0 after it whichever way was taken.
//   4. Bulk instructions (cv_fuel_bulk_unit is not 0) then take size / unit more, size being their run-time operand,
//      with the same check, still before they do anything.
//   5. An instruction that traps for any other reason loses the P that was not charged yet.
//
// Host functions and allocation cost nothing here: they have limits of their own. Fuel below zero reads as none left.
#ifndef COVE_RUNTIME_FUEL_H
#define COVE_RUNTIME_FUEL_H

#include "wasm/opcodes.h"

// Structure, and what every compiler removes, is free.
static inline uint32_t cv_fuel_cost(uint32_t code) {
  switch (code) {
  case CV_OPC_UNREACHABLE:
  case CV_OPC_NOP:
  case CV_OPC_BLOCK:
  case CV_OPC_LOOP:
  case CV_OPC_ELSE:
  case CV_OPC_END:
  case CV_OPC_TRY:
  case CV_OPC_CATCH:
  case CV_OPC_CATCH_ALL:
  case CV_OPC_DELEGATE:
  case CV_OPC_TRY_TABLE:
  case CV_OPC_DROP:
    return 0;
  default:
    return 1;
  }
}

// Bytes or elements that one more unit of fuel pays for; 0 for an instruction that is not a bulk one. The operand that
// counts is the size (delta for table.grow).
static inline uint32_t cv_fuel_bulk_unit(uint32_t code) {
  switch (code) {
  case CV_OPC_MEMORY_INIT:
  case CV_OPC_MEMORY_COPY:
  case CV_OPC_MEMORY_FILL:
    return 64;
  case CV_OPC_TABLE_INIT:
  case CV_OPC_TABLE_COPY:
  case CV_OPC_TABLE_FILL:
  case CV_OPC_TABLE_GROW:
    return 8;
  default:
    return 0;
  }
}

static inline bool cv_fuel_charges(uint32_t code) {
  switch (code) {
  case CV_OPC_LOOP:
  case CV_OPC_IF:
  case CV_OPC_ELSE:
  case CV_OPC_END:
  case CV_OPC_CATCH:
  case CV_OPC_CATCH_ALL:
  case CV_OPC_DELEGATE:
  case CV_OPC_THROW:
  case CV_OPC_THROW_REF:
  case CV_OPC_RETHROW:
  case CV_OPC_BR:
  case CV_OPC_BR_IF:
  case CV_OPC_BR_TABLE:
  case CV_OPC_BR_ON_NULL:
  case CV_OPC_BR_ON_NON_NULL:
  case CV_OPC_RETURN:
  case CV_OPC_CALL:
  case CV_OPC_CALL_INDIRECT:
  case CV_OPC_CALL_REF:
  case CV_OPC_RETURN_CALL:
  case CV_OPC_RETURN_CALL_INDIRECT:
  case CV_OPC_RETURN_CALL_REF:
    return true;
  default:
    return cv_fuel_bulk_unit(code) != 0;
  }
}

#endif
