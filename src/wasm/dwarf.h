// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// dwarf.h: source file and line of an instruction, from the DWARF that a module carries in custom sections ("DWARF for
// WebAssembly": addresses are offsets from the start of the code section's contents). Read by libdw, which is loaded
// when first wanted; without it every module is as one without DWARF.
#ifndef COVE_WASM_DWARF_H
#define COVE_WASM_DWARF_H

#include "base/status.h"
#include "wasm/module.h"

typedef struct cv_dwarf cv_dwarf;

typedef struct cv_dwarf_place {
  const char *file; // lives as long as the cv_dwarf
  uint32_t line;    // from 1
  uint32_t column;  // from 1, 0 when unknown
} cv_dwarf_place;

// CV_ENOTFOUND when the module has no DWARF or libdw is not on the machine. The module may go before the result does.
CV_MUST_USE cv_status cv_dwarf_open(cv_dwarf **out, cv_mem *mem, const cv_module *module);
void cv_dwarf_close(cv_dwarf *dwarf);

// `offset` is in module bytes, as in cv_frame. False when nothing is known of it.
bool cv_dwarf_find(cv_dwarf *dwarf, uint32_t offset, cv_dwarf_place *out);

#endif
