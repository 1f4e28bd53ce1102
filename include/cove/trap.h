// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// trap.h: what ended a guest's call from inside: its kind, a sentence, and the WebAssembly frames. A trap is a value:
// it belongs to its error (cove_error_trap) and lives as long.
#ifndef COVE_TRAP_H
#define COVE_TRAP_H

#include <cove/status.h>

COVE_BEGIN

typedef enum cove_trap_kind {
  // Of the specification.
  COVE_TRAP_UNREACHABLE = 1,
  COVE_TRAP_DIVIDE_BY_ZERO = 2,
  COVE_TRAP_INTEGER_OVERFLOW = 3,
  COVE_TRAP_INVALID_CONVERSION = 4,
  COVE_TRAP_MEMORY_BOUNDS = 5,
  COVE_TRAP_TABLE_BOUNDS = 6,
  COVE_TRAP_UNDEFINED_ELEMENT = 7,
  COVE_TRAP_UNINITIALIZED_ELEMENT = 8,
  COVE_TRAP_INDIRECT_TYPE = 9,
  COVE_TRAP_NULL_REFERENCE = 10,
  COVE_TRAP_NULL_FUNCTION = 11,
  COVE_TRAP_NULL_EXCEPTION = 12,
  COVE_TRAP_STACK_OVERFLOW = 13,
  COVE_TRAP_UNALIGNED_ATOMIC = 14,
  COVE_TRAP_EXPECTED_SHARED = 15,
  COVE_TRAP_UNCAUGHT_EXCEPTION = 16,
  COVE_TRAP_COMPONENT = 17, // a rule of the Component Model's canonical ABI
  // Limits that the host set.
  COVE_TRAP_OUT_OF_FUEL = 32,
  COVE_TRAP_DEADLINE = 33,
  COVE_TRAP_CANCELLED = 34,
  COVE_TRAP_MEMORY_LIMIT = 35,
  COVE_TRAP_TABLE_LIMIT = 36,
  COVE_TRAP_OUTPUT_LIMIT = 37,
  COVE_TRAP_OUT_OF_MEMORY = 38,
  COVE_TRAP_HANDLE_LIMIT = 39,   // resources that one component instance holds
  COVE_TRAP_VALUE_LIMIT = 40,    // bytes of lists and strings in one call
  COVE_TRAP_RESOURCE_LIMIT = 41, // what the host of WASI 0.2 holds for a program, or does for it in one call
  // Of the host.
  COVE_TRAP_HOST = 49, // a host function said so
  COVE_TRAP_UNSUPPORTED = 50,
} cove_trap_kind;

// The fixed text of a kind, in the specification's words where it has some: "out of bounds memory access".
COVE_API const char *cove_trap_kind_text(cove_trap_kind kind);
// True for the kinds that are limits of the host.
COVE_API bool cove_trap_kind_is_limit(cove_trap_kind kind);

COVE_API cove_trap_kind cove_trap_kind_of(const cove_trap *trap);
// The sentence: "memory limit 64 MiB reached growing by 1 page".
COVE_API const char *cove_trap_message(const cove_trap *trap);
// The number of the limit that was reached: units of fuel, nanoseconds of a deadline, bytes of memory or of output,
// table elements. False for other traps, and for a limit that is not of the trapped call's own store.
COVE_API bool cove_trap_limit(const cove_trap *trap, uint64_t *limit);

// One frame, innermost first.
typedef struct cove_frame {
  uint32_t func;        // function index in its module
  uint32_t offset;      // byte offset in the module of the instruction, 0 when unknown
  cove_bytes func_name; // from the name section, or empty
  cove_bytes module_name;
  const char *file; // source file, where the module has DWARF and libdw is on the machine; or NULL
  uint32_t line;    // from 1, 0 when unknown
  uint32_t column;
} cove_frame;

// Frames that can be asked for; the stack may have had more of them: *total (may be NULL).
COVE_API size_t cove_trap_frame_count(const cove_trap *trap, size_t *total);
// False when `index` is out of range.
COVE_API bool cove_trap_frame(const cove_trap *trap, size_t index, cove_frame *out);

COVE_END

#endif
